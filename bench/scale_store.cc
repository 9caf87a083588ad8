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

// Writes in pieces: a batch of all would not fit memory.
class Writer {
 public:
  explicit Writer(storage::Store& store) : store_(store) {}
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
  const slo::SloSet slos = Slos();
  const slo::Slice through = slo::SliceOf(saved);
  const uint32_t open_hour = through / slo::kSlicesPerHour;
  const std::string state = StateOf(through, days);
  const std::string hour_block = HourBlock(), day_block = DayBlock(), open = OpenBlock(through);
  std::set<uint32_t> hours = EdgeHours(open_hour);
  for (uint32_t h = 0; !only_edges && h < days * 24; ++h) hours.insert(open_hour - h);
  Writer writer(store);
  for (uint32_t sli = 1; sli <= slis(); ++sli) {
    store::v1::SliRegistration registration;
    registration.set_sli(sli);
    registration.set_canonical(slos[2 * (sli - 1)].sli.CanonicalText());
    SB_RETURN_IF_ERROR(
        writer.Put(storage::Family::kMeta, storage::SliKey(sli), registration.SerializeAsString()));
    for (uint32_t group = 0; group < groups_of(sli - 1); ++group) {
      const auto id = static_cast<slo::SliId>(sli);
      const auto group_id = static_cast<slo::GroupId>(group);
      if (group > 0) {
        store::v1::GroupAdmission admission;
        admission.set_sli(sli);
        admission.set_group(group);
        admission.add_values(fmt::format("/route/{}", group));
        SB_RETURN_IF_ERROR(writer.Put(storage::Family::kMeta, storage::GroupKey(sli, group),
                                      admission.SerializeAsString()));
      }
      SB_RETURN_IF_ERROR(
          writer.Put(storage::Family::kMeta, storage::GroupStateKey(sli, group), state));
      for (const uint32_t hour : hours) {
        if (hour > open_hour || hour + 24 * days < open_hour) continue;
        SB_RETURN_IF_ERROR(writer.Put(storage::Family::kSlices,
                                      app::BlockStore::HourKey(id, group_id, hour),
                                      hour == open_hour ? open : hour_block));
      }
      for (uint32_t day = open_hour / 24 - days; !only_edges && day + 1 < open_hour / 24; ++day) {
        SB_RETURN_IF_ERROR(writer.Put(storage::Family::kSlices,
                                      app::BlockStore::DayKey(id, group_id, day), day_block));
      }
    }
  }
  return writer.Flush();
}

}  // namespace slowburn::bench
