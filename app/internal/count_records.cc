#include "app/internal/count_records.h"

namespace slowburn::app::internal {

void AppendCounts(const slo::CountPlan& plan, store::v1::LogRecord& record) {
  for (const slo::GroupAdmission& admission : plan.admissions) {
    store::v1::GroupAdmission& group = *record.add_groups();
    group.set_sli(static_cast<uint32_t>(admission.sli));
    group.set_group(static_cast<uint32_t>(admission.group));
    for (const std::string& value : admission.values) group.add_values(value);
  }
  for (const slo::SliceChange& change : plan.changes) {
    store::v1::SliceChange& slice = *record.add_slices();
    slice.set_sli(static_cast<uint32_t>(change.sli));
    slice.set_group(static_cast<uint32_t>(change.group));
    slice.set_slice(change.slice);
    slice.set_good(change.counts.good);
    slice.set_bad(change.counts.bad);
    slice.set_last_offset_seconds(change.last_offset_seconds);
  }
}

slo::GroupAdmission ReadAdmission(const store::v1::GroupAdmission& group) {
  return {static_cast<slo::SliId>(group.sli()),
          static_cast<slo::GroupId>(group.group()),
          {group.values().begin(), group.values().end()}};
}

slo::CountPlan ReadCounts(const store::v1::LogRecord& record) {
  slo::CountPlan plan;
  for (const store::v1::GroupAdmission& group : record.groups())
    plan.admissions.push_back(ReadAdmission(group));
  for (const store::v1::SliceChange& slice : record.slices()) {
    plan.changes.push_back({static_cast<slo::SliId>(slice.sli()),
                            static_cast<slo::GroupId>(slice.group()),
                            slice.slice(),
                            static_cast<uint8_t>(slice.last_offset_seconds()),
                            {slice.good(), slice.bad()}});
  }
  return plan;
}

std::string EncodeState(const slo::GroupRunningState& running) {
  store::v1::GroupState state;
  state.set_through_slice(running.through);
  state.set_first_slice(running.first);
  state.set_days_rolled(running.days_rolled);
  state.set_lifetime_good(running.lifetime.good);
  state.set_lifetime_bad(running.lifetime.bad);
  state.set_last_event_unix_seconds(running.last_event.time_since_epoch().count());
  for (const slo::GroupRunningState::Sum& sum : running.sums) {
    store::v1::WindowSum& window = *state.add_sums();
    window.set_window(sum.key);
    window.set_good(sum.counts.good);
    window.set_bad(sum.counts.bad);
  }
  return state.SerializeAsString();
}

slo::GroupRunningState ReadState(const store::v1::GroupState& state) {
  slo::GroupRunningState running;
  running.through = state.through_slice();
  running.first = state.first_slice();
  running.days_rolled = state.days_rolled();
  running.lifetime = {state.lifetime_good(), state.lifetime_bad()};
  running.last_event =
      std::chrono::sys_seconds(std::chrono::seconds(state.last_event_unix_seconds()));
  for (const store::v1::WindowSum& sum : state.sums()) {
    running.sums.push_back({sum.window(), {sum.good(), sum.bad()}});
  }
  return running;
}

}  // namespace slowburn::app::internal
