#include "bench/scale_store.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/block_store.h"
#include "base/status.h"
#include "ottl/condition.h"
#include "slo/group_counts.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/api/keys.h"

namespace slowburn::bench {
namespace {

using namespace std::chrono_literals;

constexpr uint64_t kPerFiveMinutes = 10;
constexpr size_t kPutsPerWrite = 200'000;
constexpr std::chrono::seconds kWindows[] = {5min, 30min, 1h, 2h, 6h, 24h, 72h, 30 * 24h, 90 * 24h};

// Of the slices before `end`.
uint64_t GoodBefore(slo::Slice end) {
  return (uint64_t{end} + slo::kSlicesPerDaySlot - 1) / slo::kSlicesPerDaySlot * kPerFiveMinutes;
}

std::string HourBlock() {
  slo::SliceBlock block(slo::kHourSlots);
  for (uint32_t slot = 0; slot < slo::kHourSlots; slot += slo::kSlicesPerDaySlot)
    block.Set(slot, {kPerFiveMinutes, 0});
  return block.Encode();
}
std::string DayBlock() {
  slo::SliceBlock block(slo::kDaySlots);
  for (uint32_t slot = 0; slot < slo::kDaySlots; ++slot) block.Set(slot, {kPerFiveMinutes, 0});
  return block.Encode();
}
// The open hour, up to the slice of the state.
std::string OpenBlock(slo::Slice through) {
  slo::SliceBlock block(slo::kHourSlots);
  for (uint32_t slot = 0; slot <= through % slo::kSlicesPerHour; slot += slo::kSlicesPerDaySlot)
    block.Set(slot, {kPerFiveMinutes, 0});
  return block.Encode();
}

std::string StateOf(slo::Slice through, uint32_t days) {
  store::v1::GroupState state;
  const slo::Slice first = through - days * slo::kSlicesPerDay;
  state.set_through_slice(through);
  state.set_first_slice(first - first % slo::kSlicesPerDaySlot);
  state.set_days_rolled(through / slo::kSlicesPerDay - 1);
  state.set_last_event_unix_seconds(slo::SliceStart(through).time_since_epoch().count());
  state.set_lifetime_good(GoodBefore(through + 1) - GoodBefore(first));
  for (const std::chrono::seconds window : kWindows) {
    store::v1::WindowSum& sum = *state.add_sums();
    sum.set_window(slo::Window::Rolling(window).Text());
    const slo::Slice begin = std::max(through - slo::SlicesIn(window), state.first_slice());
    sum.set_good(GoodBefore(through + 1) - GoodBefore(begin));
  }
  return state.SerializeAsString();
}

std::set<uint32_t> EdgeHours(uint32_t open_hour) {
  std::set<uint32_t> hours;
  for (const std::chrono::seconds window : kWindows) {
    const auto back = static_cast<uint32_t>(window / 1h);
    for (uint32_t h = 0; h < 5; ++h) hours.insert(open_hour - back - 2 + h);
  }
  return hours;
}

}  // namespace

// Writes in pieces: a batch of all would not fit memory.
class ScaleWriter {
 public:
  explicit ScaleWriter(storage::Store& store) : store_(store) {}
  absl::Status Put(storage::Family family, std::string key, std::string value) {
    batch_.Put(family, std::move(key), std::move(value));
    return batch_.operations().size() < kPutsPerWrite ? absl::OkStatus() : Flush();
  }
  absl::Status Flush() {
    storage::Batch batch = std::move(batch_);
    batch_ = {};
    return store_.WriteDirect(std::move(batch));
  }

 private:
  storage::Store& store_;
  storage::Batch batch_;
};

slo::SloSet ScaleStore::Slos() const {
  slo::SloSet slos;
  for (size_t sli = 0; sli < slis(); ++sli) {
    for (const auto window : {30 * 24h, 90 * 24h}) {
      slo::EventSli events{
          .signal = model::Signal::kTraces,
          .match = ottl::Condition::Parse(fmt::format("span.name == \"bench-{}\"", sli)).value(),
          .bad = ottl::Condition::Parse("span.status.code == STATUS_CODE_ERROR").value(),
          .good = {},
          .latency_max = {}};
      const slo::Objective objective = slo::Objective::Parse("99.9%").value();
      slos.push_back({.service = fmt::format("bench-{}", sli),
                      .name = fmt::format("availability-{}", window / 24h),
                      .description = {},
                      .runbook_url = {},
                      .labels = {},
                      .sli = {.source = std::move(events), .group_by = {"http.route"}},
                      .objective = objective,
                      .window = slo::Window::Rolling(window),
                      .window_text = fmt::format("{}d", window / 24h),
                      .budgeting = {},
                      .alerting = {.scope = slo::AlertScope::kGroups, .state_alerts = {}},
                      .policy = slo::MakeAlertPolicy("sre-workbook", objective, window).value(),
                      .source = "bench.yaml:1",
                      .text = {}});
    }
  }
  return slos;
}

absl::Status ScaleStore::Write(storage::Store& store) const {
  ScaleWriter writer(store);
  SB_RETURN_IF_ERROR(WriteGroups(writer));
  SB_RETURN_IF_ERROR(WriteBlocks(writer));
  return writer.Flush();
}

absl::Status ScaleStore::WriteGroups(ScaleWriter& writer) const {
  const slo::SloSet slos = Slos();
  const std::string state = StateOf(slo::SliceOf(saved), days);
  for (uint32_t sli = 1; sli <= slis(); ++sli) {
    store::v1::SliRegistration registration;
    registration.set_sli(sli);
    registration.set_canonical(slos[2 * (sli - 1)].sli.CanonicalText());
    SB_RETURN_IF_ERROR(
        writer.Put(storage::Family::kMeta, storage::SliKey(sli), registration.SerializeAsString()));
    for (uint32_t group = 0; group < groups_of(sli - 1); ++group) {
      SB_RETURN_IF_ERROR(
          writer.Put(storage::Family::kMeta, storage::GroupStateKey(sli, group), state));
      if (group == 0) continue;
      store::v1::GroupAdmission admission;
      admission.set_sli(sli);
      admission.set_group(group);
      admission.add_values(fmt::format("/route/{}", group));
      SB_RETURN_IF_ERROR(writer.Put(storage::Family::kMeta, storage::GroupKey(sli, group),
                                    admission.SerializeAsString()));
    }
  }
  return absl::OkStatus();
}

// In the order of the keys, a day after the other, as a server has written them: files of the store
// that overlap would all be compacted again and again.
absl::Status ScaleStore::WriteBlocks(ScaleWriter& writer) const {
  const slo::Slice through = slo::SliceOf(saved);
  const uint32_t open_hour = through / slo::kSlicesPerHour;
  const std::string hour_block = HourBlock(), day_block = DayBlock(), open = OpenBlock(through);
  const uint32_t today = open_hour / 24;
  const std::set<uint32_t> edges = EdgeHours(open_hour);
  for (uint32_t day = today - days; day <= today; ++day) {
    std::vector<uint32_t> hours;
    for (uint32_t hour = day * 24; hour < (day + 1) * 24; ++hour) {
      const bool is_held = hour <= open_hour && hour + 24 * days >= open_hour;
      if (is_held && (!only_edges || edges.contains(hour))) hours.push_back(hour);
    }
    const auto of_each_group = [&](auto put) -> absl::Status {
      for (uint32_t sli = 1; sli <= slis(); ++sli) {
        for (uint32_t group = 0; group < groups_of(sli - 1); ++group)
          SB_RETURN_IF_ERROR(put(static_cast<slo::SliId>(sli), static_cast<slo::GroupId>(group)));
      }
      return absl::OkStatus();
    };
    SB_RETURN_IF_ERROR(of_each_group([&](slo::SliId sli, slo::GroupId group) -> absl::Status {
      for (const uint32_t hour : hours) {
        SB_RETURN_IF_ERROR(writer.Put(storage::Family::kSlices,
                                      app::BlockStore::HourKey(sli, group, hour),
                                      hour == open_hour ? open : hour_block));
      }
      return absl::OkStatus();
    }));
    if (only_edges || day + 1 >= today) continue;
    SB_RETURN_IF_ERROR(of_each_group([&](slo::SliId sli, slo::GroupId group) {
      return writer.Put(storage::Family::kSlices, app::BlockStore::DayKey(sli, group, day),
                        day_block);
    }));
  }
  return absl::OkStatus();
}

}  // namespace slowburn::bench
