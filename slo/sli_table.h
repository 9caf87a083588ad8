// slo/sli_table.h: every SLI with its groups and their counts.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time; readers copy a GroupView under the caller's lock
// Units    events, slices
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/status/statusor.h>

#include "slo/block_source.h"
#include "slo/group_counts.h"
#include "slo/sli_delta.h"

namespace slowburn::slo {

inline constexpr std::string_view kOverflowGroup = "__overflow__";

// The counts of the program. A group without an event for a day longer than the longest window of
// its SLI is idle: it is out of memory but for what names it, in no list, and takes no place among
// the groups of its SLI. Its id, its counts and its history stay, and its next event brings it
// back, if there is room. Who is idle follows from the last events and needs no record.
//
// A commit is planned (nothing changes), made durable by the caller,
// then applied: replay applies the same changes and comes to the same state.
class SliTable {
 public:
  struct Options {
    std::chrono::seconds max_late{24 * 3600};
    uint32_t groups_per_sli_max = 1000;  // more become __overflow__; the total stays exact
    // Idle ones are known as well, so many times as many: after that, new ones become __overflow__.
    uint32_t known_groups_factor = 50;
    uint32_t group_value_bytes_max = kGroupValueBytesMax;  // longer values are cut
  };
  // `source` must outlive the table.
  SliTable(Options options, const BlockSource& source) : options_(options), source_(source) {}

  // --- identity
  std::optional<SliId> Find(std::string_view canonical) const;
  // The id a new SLI would get.
  SliId NextId() const { return static_cast<SliId>(slis_.size() + 1); }
  // Ids come in order, from 1. kDataLoss when they do not.
  absl::Status Register(SliId id, std::string_view canonical);
  absl::Status Admit(const GroupAdmission& admission);
  size_t size() const { return slis_.size(); }
  const std::string& canonical(SliId sli) const { return At(sli).canonical; }

  // --- counting
  // What these requests change at engine time `now`. Loads the hours they touch, so Apply cannot
  // fail after it. kDataLoss when one of them cannot be read.
  absl::StatusOr<CountPlan> Plan(std::span<const SliDelta* const> deltas,
                                 std::chrono::sys_seconds now);
  // Likewise of a past that is counted afterwards: however old, it is not too late.
  absl::StatusOr<CountPlan> PlanPast(std::span<const SliDelta* const> deltas) {
    return PlanFrom(0, deltas);
  }
  absl::Status Apply(const CountPlan& plan);

  // Slices that were over when something was counted in them, of the totals of these SLIs, since
  // the last call: for those who keep verdicts of their own. With `all` it is not known which.
  struct LateChanges {
    std::vector<std::pair<SliId, Slice>> slices;
    bool all = false;
  };
  void Watch(absl::flat_hash_set<SliId> slis) { watched_ = std::move(slis), late_.all = true; }
  LateChanges TakeLateChanges() { return std::exchange(late_, {}); }

  // --- windows and time
  // The windows (distinct) to keep sums of for this SLI, at engine time `now`.
  absl::Status SetWindows(SliId sli, WindowSet windows, std::chrono::sys_seconds now);
  const WindowSet& windows(SliId sli) const { return *At(sli).windows; }
  // Moves every group's sums to the slice of `now`. A group whose counts cannot be read stays
  // behind and is reported once it is asked for. Also prepares a few groups for the next hour (see
  // GroupCounts::Prepare), so that every one had its turn when it begins; the first call, late in
  // an hour, many.
  void Advance(std::chrono::sys_seconds now);
  // Which groups may have other sums than at the last ForgetTouched: all, or of each SLI these.
  bool all_touched() const { return all_touched_; }
  const std::vector<GroupId>& touched(SliId sli) const { return At(sli).touched; }
  void ForgetTouched();

  // --- groups: 0 is the total
  // Ids that were given, idle ones included.
  size_t groups(SliId sli) const { return At(sli).groups.size(); }
  bool is_idle(SliId sli, GroupId group) const { return At(sli).groups[Index(group)].is_idle; }
  const BlockSource& source() const { return source_; }
  const GroupCounts& counts(SliId sli, GroupId group) const {
    return At(sli).groups[Index(group)].counts;
  }
  const std::vector<std::string>& values(SliId sli, GroupId group) const {
    return At(sli).groups[Index(group)].values;
  }
  // Why the counts are not to be trusted (a block of the store is broken), or OK.
  const absl::Status& error(SliId sli, GroupId group) const {
    return At(sli).groups[Index(group)].error;
  }
  std::optional<GroupId> FindGroup(SliId sli, const std::vector<std::string>& values) const;

  // --- backfill: replaces the counts of whole hours; then Resum
  absl::Status SetHour(SliId sli, GroupId group, uint32_t hour, SliceBlock block);
  absl::Status Resum(SliId sli);

  // --- checkpoint
  void Restore(SliId sli, GroupId group, const GroupRunningState& state);
  // Calls `visit` for every group that changed since MarkClean, and for some that are only older: a
  // checkpoint must not have to hold all that an hour tidied up. MarkClean is for these.
  void VisitChanged(const std::function<void(SliId, GroupId, const GroupCounts&)>& visit) const;
  void MarkClean();
  // Makes at most `groups_max` day blocks of days that no event can reach any more.
  struct RolledDay {
    SliId sli{};
    GroupId group{};
    uint32_t day = 0;
    SliceBlock block{kDaySlots};
  };
  absl::StatusOr<std::vector<RolledDay>> RollDays(std::chrono::sys_seconds now, size_t groups_max);
  // Takes a RollDays back whose blocks did not reach the store: the days are to be rolled again.
  void Unroll(const std::vector<RolledDay>& rolled);
  // The first day that some group still has to roll: hour blocks before it may go once no window
  // needs them.
  uint32_t FirstUnrolledDay(std::chrono::sys_seconds now) const;
  // Hour blocks of days before `day` are gone.
  void SetHoursKeptFrom(uint32_t day);

  size_t memory_bytes() const;
  // Of all SLIs, totals included, without the idle ones; and these.
  size_t group_count() const { return known_count() - idle_count(); }
  size_t idle_count() const;

 private:
  struct Group {
    Group(SliId sli, GroupId id) : counts(sli, id) {}
    std::vector<std::string> values;
    GroupCounts counts;
    absl::Status error;
    bool touched = false;
    bool is_idle = false;
  };
  struct Sli {
    SliId id{};
    std::string canonical;
    // Shared with its groups.
    std::shared_ptr<const WindowSet> windows = std::make_shared<const WindowSet>();
    std::vector<Group> groups;                         // by GroupId
    absl::flat_hash_map<std::string, GroupId> by_key;  // by group key of cleaned values
    std::vector<GroupId> touched;                      // those with the flag
    // A group is idle after it. Nothing is before SetWindows says what windows there are.
    std::chrono::seconds silence = std::chrono::seconds::max() / 2;
    uint32_t idle = 0;
    uint32_t places = 1;  // taken: groups that are not idle, the total included, __overflow__ not
  };
  struct Planning;

  static size_t Index(GroupId group) { return static_cast<size_t>(group); }
  const Sli& At(SliId sli) const { return slis_[static_cast<size_t>(sli) - 1]; }
  Sli& At(SliId sli) { return slis_[static_cast<size_t>(sli) - 1]; }
  bool Knows(SliId sli) const {
    return static_cast<size_t>(sli) >= 1 && static_cast<size_t>(sli) <= slis_.size();
  }
  absl::StatusOr<CountPlan> PlanFrom(Slice oldest, std::span<const SliDelta* const> deltas);
  std::string CleanKey(std::string_view raw_key) const;
  void NoteLate(const SliceChange& change);
  void Prepare(std::chrono::sys_seconds now);
  void BeginPreparing(std::chrono::seconds into_hour);
  GroupId GroupFor(const Sli& sli, std::string_view raw_key, Planning& planning) const;
  GroupId KnownGroup(const Sli& sli, GroupId group, Planning& planning) const;
  bool HasPlace(const Sli& sli, const Group& group) const;
  static void Sleep(Sli& sli, Group& group);
  absl::Status Wake(Sli& sli, Group& group);
  size_t known_count() const;
  uint32_t RollableDay(std::chrono::sys_seconds now) const;
  // Calls `visit(sli, group id, group)` for each that a checkpoint has next.
  template <typename Slis, typename Visit>
  static void ForEachDue(Slis& slis, Visit visit);

  Options options_;
  const BlockSource& source_;
  std::vector<Sli> slis_;  // by SliId - 1
  absl::flat_hash_map<std::string, SliId> by_canonical_;
  uint32_t hours_kept_from_ = 0;
  Slice advanced_to_ = 0;
  absl::flat_hash_set<SliId> watched_;
  LateChanges late_;
  bool all_touched_ = true;
  size_t roll_sli_ = 0, roll_group_ = 0;  // where RollDays goes on
  // Where Prepare goes on, and how many groups it has not come to in this hour.
  int64_t preparing_hour_ = 0;
  size_t prepare_sli_ = 0, prepare_group_ = 0, prepare_left_ = 0;
};

}  // namespace slowburn::slo
