// slo/testing/engine_rig.h: an Engine over a map of blocks, fed with counts.
//
// Room     slo, tests only
// Uses     slo/
// Threads  one owner
// Units    unix seconds; counts are events
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "slo/engine.h"
#include "slo/testing/build_delta.h"
#include "slo/testing/map_block_source.h"

namespace slowburn::slo {

// Plays the program around the engine: registers SLIs, commits counts, writes checkpoints.
class EngineRig {
 public:
  explicit EngineRig(Engine::Options options = {.counting = {},
                                                .external_url = "http://127.0.0.1:7560"})
      : engine_(std::move(options), source_) {}

  void Install(std::vector<SloSpec> slos, std::chrono::sys_seconds now) {
    auto set = std::make_shared<const SloSet>(std::move(slos));
    for (const std::string& canonical : engine_.UnknownSlis(*set))
      ASSERT_TRUE(engine_.table().Register(engine_.table().NextId(), canonical).ok());
    const absl::Status installed = engine_.Install(std::move(set), now);
    ASSERT_TRUE(installed.ok()) << installed;
  }
  // Counts for the SLI of the SLO in the slice of `time`, at the engine's time or `time`, whichever
  // is later.
  void Count(std::string_view slo, std::chrono::sys_seconds time, SliCounts counts,
             std::vector<std::string> values = {}) {
    const SliId sli = engine_.sli_of(engine_.FindSlo(slo).value());
    const auto offset = static_cast<uint8_t>(time.time_since_epoch().count() % 10);
    // Beyond some thousands, counting one by one is slow: the plan is made by hand of one event.
    const auto plan = PlanOf(
        BuildDelta({{sli, SliceOf(time), {counts.good > 0, counts.bad > 0}, values, offset}}),
        std::max(engine_.now(), time));
    ASSERT_TRUE(plan.ok()) << plan.status();
    CountPlan scaled = *plan;
    for (SliceChange& change : scaled.changes) change.counts = counts;
    ASSERT_TRUE(engine_.table().Apply(scaled).ok());
  }
  void Checkpoint() {
    engine_.table().VisitChanged([&](SliId sli, GroupId group, const GroupCounts& counts) {
      for (const ResidentHour& hour : counts.view().hours) {
        if (hour.dirty) source_.PutHour(sli, group, hour.hour, hour.block);
      }
    });
    engine_.table().MarkClean();
  }
  // The group of these values, the total when there are none.
  GroupStatus Status(std::string_view slo, const std::vector<std::string>& values = {}) const {
    const size_t at = engine_.FindSlo(slo).value();
    if (values.empty()) return engine_.StatusOf(at, kTotalGroup);
    return engine_.StatusOf(at, engine_.table().FindGroup(engine_.sli_of(at), values).value());
  }

  Engine& engine() { return engine_; }
  MapBlockSource& source() { return source_; }

 private:
  absl::StatusOr<CountPlan> PlanOf(const SliDelta& delta, std::chrono::sys_seconds now) {
    const SliDelta* deltas[] = {&delta};
    return engine_.table().Plan(deltas, now);
  }

  MapBlockSource source_;
  Engine engine_;
};

}  // namespace slowburn::slo
