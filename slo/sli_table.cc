#include "slo/sli_table.h"

#include <algorithm>
#include <tuple>

#include "base/duration_text.h"
#include "base/mutant.h"
#include "base/status.h"
#include "model/label_set.h"

namespace slowburn::slo {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// An hour more than the lateness: a commit that is under way still counts by the time it was
// planned.
constexpr std::chrono::seconds kRollMargin{3600};
constexpr size_t kLateChangesMax = 10'000;
constexpr size_t kRollScanMax = 100'000;  // groups looked at in one call
constexpr size_t kRollMadeMax = 1'000;    // days made in one call: some 24,000 reads
// Groups are prepared for an hour until a minute before it begins, at most this share of them in a
// second. What the seconds that are left do not suffice for is done at once: when the program
// starts late in an hour it starts for longer, and no step has to wait.
constexpr std::chrono::seconds kHour{3600};
constexpr std::chrono::seconds kPreparedBefore{60};
constexpr size_t kPrepareShare = 300;
constexpr size_t kAgedPerCheckpoint = 2000;  // some 12 ms

// Those of a checkpoint that need nothing but their length: replay keeps their sums up to date.
WindowSet RollingWindows(const GroupRunningState& state) {
  WindowSet windows;
  for (const GroupRunningState::Sum& sum : state.sums) {
    const auto length = base::ParseDuration(sum.key);
    if (!length.ok()) continue;
    windows.emplace_back(
        CountView{}, Window::Rolling(std::chrono::duration_cast<std::chrono::seconds>(*length)));
  }
  return windows;
}

constexpr std::chrono::seconds kDay{24 * 3600};

std::chrono::seconds SilenceOf(const WindowSet& windows) {
  std::chrono::seconds longest{0};
  for (const ViewedWindow& window : windows) longest = std::max(longest, window.window().longest());
  return longest + kDay;
}

// Its days up to here are to be rolled: after its last event an idle group has none.
uint32_t RolledUntil(const GroupCounts& counts, bool is_idle, uint32_t until) {
  if (!is_idle) return until;
  return std::min(until, SliceOf(*counts.last_event()) / kSlicesPerDay + 1);
}

std::string OverflowKey(size_t names) {
  std::string key;
  for (size_t i = 0; i < names; ++i) AppendGroupValue(key, kOverflowGroup);
  return key;
}

bool IsOverflow(const std::vector<std::string>& values) {
  return !values.empty() && std::all_of(values.begin(), values.end(), [](const std::string& value) {
    return value == kOverflowGroup;
  });
}

// Takes those of `entry` off the front of `counts`, where no earlier entry's are left.
LatencyHistogram TakeLatencies(uint32_t entry, std::span<const LatencyCount>& counts) {
  LatencyHistogram histogram;
  for (; !counts.empty() && counts.front().entry == entry; counts = counts.subspan(1))
    histogram.Append(counts.front().bucket, counts.front().count);
  return histogram;
}

}  // namespace

// What one Plan has decided so far.
struct SliTable::Planning {
  CountPlan plan;
  absl::flat_hash_map<std::string, GroupId> admitted;  // sli and key
  absl::flat_hash_map<uint32_t, uint32_t>
      next_group;  // by sli: one past the newest, admissions included
  absl::flat_hash_map<uint32_t, uint32_t> places;            // by sli: taken, also by this plan
  absl::flat_hash_set<std::pair<uint32_t, uint32_t>> woken;  // sli, group: back from idleness
  absl::flat_hash_map<uint32_t, GroupId> overflow;  // by sli: its __overflow__, if admitted here
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t, uint32_t>, size_t> change_at;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t, uint32_t>, size_t> latency_at;

  // Latencies of metrics may have a slice in which no event is counted: there was none then.
  void Count(SliId sli, GroupId group, const SliDelta::Entry& entry) {
    if (entry.counts == SliCounts{}) return;
    const auto [at, is_new] = change_at.try_emplace(
        {static_cast<uint32_t>(sli), static_cast<uint32_t>(group), entry.slice},
        plan.changes.size());
    if (is_new) plan.changes.push_back({sli, group, entry.slice, 0, {}});
    SliceChange& change = plan.changes[at->second];
    change.counts += entry.counts;
    change.last_offset_seconds = std::max(change.last_offset_seconds, entry.last_offset_seconds);
  }

  void AddLatencies(SliId sli, GroupId group, LatencySlot slot, const LatencyHistogram& histogram) {
    const auto [at, is_new] = latency_at.try_emplace(
        {static_cast<uint32_t>(sli), static_cast<uint32_t>(group), slot}, plan.latencies.size());
    if (is_new) plan.latencies.push_back({sli, group, slot, {}});
    plan.latencies[at->second].histogram.Merge(histogram);
  }
};

std::optional<SliId> SliTable::Find(std::string_view canonical) const {
  const auto found = by_canonical_.find(View(canonical));
  if (found == by_canonical_.end()) return std::nullopt;
  return found->second;
}

absl::Status SliTable::Register(SliId id, std::string_view canonical) {
  if (id != NextId()) {
    return base::DataLoss(
        "SLI {} is registered where {} should come next; the log has lost a record",
        static_cast<uint32_t>(id), static_cast<uint32_t>(NextId()));
  }
  Sli sli;
  sli.id = id;
  sli.canonical = canonical;
  sli.groups.emplace_back(id, kTotalGroup);
  sli.groups.back().counts.set_hours_kept_from(hours_kept_from_);
  slis_.push_back(std::move(sli));
  by_canonical_.emplace(canonical, id);
  return absl::OkStatus();
}

absl::Status SliTable::Admit(const GroupAdmission& admission) {
  if (!Knows(admission.sli) || Index(admission.group) != At(admission.sli).groups.size()) {
    return base::DataLoss("group {} of SLI {} is admitted out of order; the log has lost a record",
                          static_cast<uint32_t>(admission.group),
                          static_cast<uint32_t>(admission.sli));
  }
  Sli& sli = At(admission.sli);
  std::string key;
  for (const std::string& value : admission.values) AppendGroupValue(key, value);
  sli.by_key.emplace(std::move(key), admission.group);
  if (!IsOverflow(admission.values)) ++sli.places;
  Group group(sli.id, admission.group);
  group.values = admission.values;
  group.counts.set_hours_kept_from(hours_kept_from_);
  // It has the windows of the total, is as far in time, and empty until then.
  group.counts.Begin(sli.groups.front().counts.through(), sli.windows);
  sli.groups.push_back(std::move(group));
  return absl::OkStatus();
}

std::string SliTable::CleanKey(std::string_view raw_key) const {
  std::string key;
  for (const std::string& raw : SplitGroupKey(raw_key)) {
    // First valid, then cut: a byte that is replaced takes three.
    std::string value = model::ValidUtf8(raw);
    if (value.size() > options_.group_value_bytes_max) {
      size_t end = options_.group_value_bytes_max;
      while (end > 0 && (static_cast<uint8_t>(value[end]) & 0xC0) == 0x80)
        --end;  // not inside a character
      value.resize(end);
    }
    AppendGroupValue(key, value);
  }
  return key;
}

// An idle group comes back, if there is a place for it.
GroupId SliTable::KnownGroup(const Sli& sli, GroupId group, Planning& planning) const {
  const Group& known = sli.groups[Index(group)];
  if (!known.is_idle || IsOverflow(known.values)) return group;
  const auto id = static_cast<uint32_t>(sli.id);
  if (planning.woken.contains({id, static_cast<uint32_t>(group)})) return group;
  uint32_t& places = planning.places.try_emplace(id, sli.places).first->second;
  if (places > options_.groups_per_sli_max)
    return GroupFor(sli, OverflowKey(known.values.size()), planning);
  ++places;
  planning.woken.insert({id, static_cast<uint32_t>(group)});
  return group;
}

GroupId SliTable::GroupFor(const Sli& sli, std::string_view raw_key, Planning& planning) const {
  // Most keys are clean and known: 86 ns a change instead of 168, on a 2.6 GHz EPYC.
  if (const auto known = sli.by_key.find(View(raw_key)); known != sli.by_key.end())
    return KnownGroup(sli, known->second, planning);
  std::string key = CleanKey(raw_key);
  if (const auto known = sli.by_key.find(key); known != sli.by_key.end())
    return KnownGroup(sli, known->second, planning);
  const auto id = static_cast<uint32_t>(sli.id);
  const std::string scoped = std::to_string(id) + "/" + key;
  if (const auto known = planning.admitted.find(scoped); known != planning.admitted.end())
    return known->second;
  uint32_t& next =
      planning.next_group.try_emplace(id, static_cast<uint32_t>(sli.groups.size())).first->second;
  uint32_t& places = planning.places.try_emplace(id, sli.places).first->second;
  std::vector<std::string> values = SplitGroupKey(key);
  const bool is_full = places > options_.groups_per_sli_max ||
                       next / options_.known_groups_factor > options_.groups_per_sli_max;
  if (is_full && SB_MUTANT("overflow_into_total")) return kTotalGroup;
  if (is_full && !IsOverflow(values)) return GroupFor(sli, OverflowKey(values.size()), planning);
  const auto group = static_cast<GroupId>(next++);
  if (IsOverflow(values)) {
    planning.overflow.emplace(id, group);
  } else {
    ++places;
  }
  planning.plan.admissions.push_back({sli.id, group, std::move(values)});
  planning.admitted.emplace(scoped, group);
  return group;
}

absl::StatusOr<CountPlan> SliTable::Plan(std::span<const SliDelta* const> deltas,
                                         std::chrono::sys_seconds now) {
  const Slice now_slice = SliceOf(now);
  const uint32_t late = SlicesIn(options_.max_late);
  return PlanFrom(now_slice > late ? now_slice - late : 0, deltas);
}

absl::StatusOr<CountPlan> SliTable::PlanFrom(Slice oldest,
                                             std::span<const SliDelta* const> deltas) {
  Planning planning;
  for (const SliDelta* delta : deltas) {
    std::span<const LatencyCount> latencies_left(delta->latencies());
    for (uint32_t i = 0; i < delta->entries().size(); ++i) {
      const SliDelta::Entry& entry = delta->entries()[i];
      const LatencyHistogram latencies = TakeLatencies(i, latencies_left);
      if (!Knows(entry.sli)) {
        return base::Internal("a request counts for SLI {}, which was never registered",
                              static_cast<uint32_t>(entry.sli));
      }
      if (entry.slice < oldest && !SB_MUTANT("count_too_late")) {
        planning.plan.too_late[static_cast<size_t>(delta->signal())] += entry.counts.total();
        continue;
      }
      Sli& sli = At(entry.sli);
      planning.Count(sli.id, kTotalGroup, entry);
      GroupId group = kTotalGroup;
      if (entry.key_size != 0) {
        group = GroupFor(sli, delta->key(entry), planning);
        planning.Count(sli.id, group, entry);
      }
      if (!latencies.empty())
        planning.AddLatencies(sli.id, group, LatencySlotOf(entry.slice), latencies);
    }
  }
  for (const SliceChange& change : planning.plan.changes) {
    Sli& sli = At(change.sli);
    if (Index(change.group) >= sli.groups.size()) {
      // About to be admitted: it has nothing to load.
      const auto overflow = planning.overflow.find(static_cast<uint32_t>(sli.id));
      if (overflow != planning.overflow.end() && overflow->second == change.group)
        planning.plan.overflowed += change.counts.total();
      continue;
    }
    Group& group = sli.groups[Index(change.group)];
    SB_RETURN_IF_ERROR(group.counts.Load(change.slice, source_));
    if (IsOverflow(group.values)) planning.plan.overflowed += change.counts.total();
  }
  return std::move(planning.plan);
}

absl::Status SliTable::Apply(const CountPlan& plan) {
  for (const GroupAdmission& admission : plan.admissions) SB_RETURN_IF_ERROR(Admit(admission));
  for (const SliceChange& change : plan.changes) {
    if (!Knows(change.sli) || Index(change.group) >= At(change.sli).groups.size()) {
      return base::DataLoss(
          "counts for group {} of SLI {}, which is not known; the log has lost a record",
          static_cast<uint32_t>(change.group), static_cast<uint32_t>(change.sli));
    }
    Sli& sli = At(change.sli);
    Group& group = sli.groups[Index(change.group)];
    GroupCounts& counts = group.counts;
    if (group.is_idle) group.error = Wake(sli, group);
    SB_RETURN_IF_ERROR(counts.Load(change.slice, source_));
    counts.Add(change, source_);
    if (!std::exchange(group.touched, true)) sli.touched.push_back(change.group);
    if (change.group == kTotalGroup && change.slice < counts.through()) NoteLate(change);
  }
  return absl::OkStatus();
}

void SliTable::NoteLate(const SliceChange& change) {
  if (!watched_.contains(change.sli)) return;
  const std::pair<SliId, Slice> slice{change.sli, change.slice};
  if (late_.all || (!late_.slices.empty() && late_.slices.back() == slice)) return;
  if (late_.slices.size() < kLateChangesMax) {
    late_.slices.push_back(slice);
  } else {
    late_ = {.slices = {}, .all = true};
  }
}

absl::Status SliTable::SetWindows(SliId id, WindowSet windows, std::chrono::sys_seconds now) {
  Sli& sli = At(id);
  all_touched_ = true;
  sli.windows = std::make_shared<const WindowSet>(std::move(windows));
  sli.silence = SilenceOf(*sli.windows);
  for (Group& group : sli.groups) {
    // The total, which is first, is always there, and as far as the others are to come.
    const bool is_total = &group == &sli.groups.front();
    if (!is_total && group.counts.IsSilent(sli.silence, SliceOf(now))) {
      Sleep(sli, group);
      continue;
    }
    if (group.is_idle) {
      // Longer windows may hold its events again.
      group.counts.Sleep(sli.windows);
      if (HasPlace(sli, group)) group.error = Wake(sli, group);
      continue;
    }
    group.counts.Rewind(SliceOf(now));
    // Windows first: sums that are known move with time, instead of being read anew.
    group.error = group.counts.SetWindows(sli.windows, source_);
    if (group.error.ok()) group.error = group.counts.Advance(SliceOf(now), source_);
  }
  return absl::OkStatus();
}

void SliTable::Advance(std::chrono::sys_seconds now) {
  const Slice to = SliceOf(now);
  // Within a slice all are there: what came meanwhile began where its total is. A read that failed
  // is tried again, once a slice: the disk may be well again.
  if (to != advanced_to_) {
    all_touched_ = true;
    for (Sli& sli : slis_) {
      for (Group& group : sli.groups) {
        if (!group.is_idle) group.error = group.counts.Advance(to, source_);
      }
    }
    advanced_to_ = to;
  }
  Prepare(now);
}

// From the place that this time of the hour has, so that a program that is started again and again
// comes to all of them.
void SliTable::BeginPreparing(std::chrono::seconds into_hour) {
  prepare_left_ = known_count();
  size_t at =
      prepare_left_ * static_cast<size_t>(into_hour.count()) / static_cast<size_t>(kHour.count());
  prepare_sli_ = 0;
  while (prepare_sli_ < slis_.size() && at >= slis_[prepare_sli_].groups.size())
    at -= slis_[prepare_sli_++].groups.size();
  prepare_group_ = at;
}

void SliTable::Prepare(std::chrono::sys_seconds now) {
  const std::chrono::seconds into_hour = now.time_since_epoch() % kHour;
  const int64_t hour = now.time_since_epoch() / kHour;
  if (hour != preparing_hour_) {
    BeginPreparing(into_hour);
    preparing_hour_ = hour;
  }
  const auto time_left =
      static_cast<size_t>(std::max<int64_t>(1, (kHour - into_hour - kPreparedBefore).count()));
  const size_t most = known_count() / kPrepareShare + 1;
  const size_t later = most * static_cast<size_t>((kHour - into_hour).count() - 1);
  size_t groups = std::max(std::min((prepare_left_ + time_left - 1) / time_left, most),
                           prepare_left_ - std::min(prepare_left_, later));
  prepare_left_ -= std::min(prepare_left_, groups);
  for (size_t empty = 0; groups > 0 && empty <= slis_.size();) {
    if (prepare_sli_ >= slis_.size()) prepare_sli_ = 0;
    Sli& sli = slis_[prepare_sli_];
    if (prepare_group_ >= sli.groups.size()) {
      ++prepare_sli_;
      prepare_group_ = 0;
      ++empty;
      continue;
    }
    Group& group = sli.groups[prepare_group_++];
    --groups;
    if (prepare_group_ > 1 && group.counts.IsSilent(sli.silence, advanced_to_)) {
      Sleep(sli, group);
    } else if (!group.is_idle) {
      group.counts.Prepare(source_);
    } else if (HasPlace(sli, group)) {
      group.error = Wake(sli, group);  // Longer windows reach it, and there was no place then.
      all_touched_ = true;
    }
  }
}

bool SliTable::HasPlace(const Sli& sli, const Group& group) const {
  return sli.places <= options_.groups_per_sli_max || IsOverflow(group.values);
}

void SliTable::Sleep(Sli& sli, Group& group) {
  group.counts.Sleep(sli.windows);
  group.error = absl::OkStatus();
  if (std::exchange(group.is_idle, true)) return;
  ++sli.idle;
  if (!IsOverflow(group.values)) --sli.places;
}

absl::Status SliTable::Wake(Sli& sli, Group& group) {
  group.is_idle = false;
  --sli.idle;
  if (!IsOverflow(group.values)) ++sli.places;
  return group.counts.Wake(sli.groups.front().counts.through(), source_);
}

void SliTable::ForgetTouched() {
  all_touched_ = false;
  for (Sli& sli : slis_) {
    for (const GroupId group : sli.touched) sli.groups[Index(group)].touched = false;
    sli.touched.clear();
  }
}

std::optional<GroupId> SliTable::FindGroup(SliId sli,
                                           const std::vector<std::string>& values) const {
  std::string key;
  for (const std::string& value : values) AppendGroupValue(key, value);
  const auto found = At(sli).by_key.find(key);
  if (found == At(sli).by_key.end()) return std::nullopt;
  return found->second;
}

absl::Status SliTable::SetHour(SliId sli, GroupId group, uint32_t hour, SliceBlock block) {
  GroupCounts& counts = At(sli).groups[Index(group)].counts;
  SB_RETURN_IF_ERROR(counts.Load(hour * kSlicesPerHour, source_));
  counts.SetHour(hour, std::move(block));
  return absl::OkStatus();
}

absl::Status SliTable::Resum(SliId id) {
  Sli& sli = At(id);
  all_touched_ = true;
  absl::Status first_error;
  for (Group& group : sli.groups) {
    if (!group.is_idle) {
      group.error = group.counts.Resum(source_);
    } else if (!group.counts.IsSilent(sli.silence, sli.groups.front().counts.through()) &&
               HasPlace(sli, group)) {
      group.error = Wake(sli, group);  // It has events in its windows now.
    }
    first_error.Update(group.error);
  }
  return first_error;
}

void SliTable::Restore(SliId id, GroupId group, const GroupRunningState& state) {
  Sli& sli = At(id);
  WindowSet plain = RollingWindows(state);
  // Mostly all groups have the same: they share them.
  if (*sli.windows != plain) sli.windows = std::make_shared<const WindowSet>(std::move(plain));
  sli.groups[Index(group)].counts.Restore(state, sli.windows);
}

template <typename Slis, typename Visit>
void SliTable::ForEachDue(Slis& slis, Visit visit) {
  size_t aged_left = kAgedPerCheckpoint;
  for (auto& sli : slis) {
    for (size_t i = 0; i < sli.groups.size(); ++i) {
      const GroupCounts& counts = sli.groups[i].counts;
      const bool is_its_turn = !counts.changed() && counts.aged() && aged_left > 0;
      if (is_its_turn) --aged_left;
      if (counts.changed() || is_its_turn) visit(sli, static_cast<GroupId>(i), sli.groups[i]);
    }
  }
}

void SliTable::VisitChanged(
    const std::function<void(SliId, GroupId, const GroupCounts&)>& visit) const {
  ForEachDue(slis_, [&](const Sli& sli, GroupId group, const Group& due) {
    visit(sli.id, group, due.counts);
  });
}

void SliTable::MarkClean() {
  ForEachDue(slis_, [](const Sli& sli, GroupId, Group& due) {
    due.counts.MarkClean();
    if (due.is_idle) due.counts.Sleep(sli.windows);
  });
}

uint32_t SliTable::RollableDay(std::chrono::sys_seconds now) const {
  return SliceOf(now - options_.max_late - kRollMargin) / kSlicesPerDay;
}

absl::StatusOr<std::vector<SliTable::RolledDay>> SliTable::RollDays(std::chrono::sys_seconds now,
                                                                    size_t groups_max) {
  std::vector<RolledDay> rolled;
  const uint32_t until = RollableDay(now);
  size_t made = 0;  // empty ones too: each reads a day of hours
  for (size_t looked = 0; looked < kRollScanMax && rolled.size() < groups_max &&
                          made < kRollMadeMax && roll_sli_ < slis_.size();
       ++looked) {
    Sli& sli = slis_[roll_sli_];
    if (roll_group_ >= sli.groups.size()) {
      ++roll_sli_;
      roll_group_ = 0;
      continue;
    }
    GroupCounts& counts = sli.groups[roll_group_].counts;
    const uint32_t first_day = counts.first() / kSlicesPerDay;
    const uint32_t day = std::max(counts.days_rolled(), first_day);
    if (counts.first() == 0 || !sli.groups[roll_group_].error.ok() ||
        day >= RolledUntil(counts, sli.groups[roll_group_].is_idle, until)) {
      ++roll_group_;
      continue;
    }
    auto block = counts.MakeDay(day, source_);
    ++made;
    if (!block.ok()) {
      sli.groups[roll_group_].error = block.status();
      continue;
    }
    counts.set_days_rolled(day + 1);
    if (!block->empty())
      rolled.push_back({sli.id, static_cast<GroupId>(roll_group_), day, *std::move(block)});
  }
  if (roll_sli_ >= slis_.size()) roll_sli_ = roll_group_ = 0;
  return rolled;
}

void SliTable::Unroll(const std::vector<RolledDay>& rolled) {
  for (const RolledDay& day : rolled) {
    GroupCounts& counts = At(day.sli).groups[Index(day.group)].counts;
    counts.set_days_rolled(std::min(counts.days_rolled(), day.day));
  }
}

uint32_t SliTable::FirstUnrolledDay(std::chrono::sys_seconds now) const {
  uint32_t first = RollableDay(now);
  for (const Sli& sli : slis_) {
    for (const Group& group : sli.groups) {
      if (group.counts.first() == 0) continue;
      const uint32_t day =
          std::max(group.counts.days_rolled(), group.counts.first() / kSlicesPerDay);
      if (day < RolledUntil(group.counts, group.is_idle, first)) first = day;
    }
  }
  return first;
}

void SliTable::SetHoursKeptFrom(uint32_t day) {
  hours_kept_from_ = std::max(hours_kept_from_, day);  // What is gone does not come back.
  for (Sli& sli : slis_) {
    for (Group& group : sli.groups) group.counts.set_hours_kept_from(hours_kept_from_);
  }
}

size_t SliTable::memory_bytes() const {
  size_t bytes = 0;
  for (const Sli& sli : slis_) {
    for (const Group& group : sli.groups)
      bytes += sizeof(Group) - sizeof(GroupCounts) + group.counts.memory_bytes();
  }
  return bytes;
}

size_t SliTable::known_count() const {
  size_t count = 0;
  for (const Sli& sli : slis_) count += sli.groups.size();
  return count;
}

size_t SliTable::idle_count() const {
  size_t count = 0;
  for (const Sli& sli : slis_) count += sli.idle;
  return count;
}

}  // namespace slowburn::slo
