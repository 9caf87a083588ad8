// tests/sim/slo_generator.h: draws sets of SLOs, and edits them as owners do.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  one owner
// Units    as tests/sim/slo_config.h
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "tests/sim/random.h"
#include "tests/sim/slo_config.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

class SloGenerator {
 public:
  struct Options {
    uint32_t services = 1;
    std::vector<MetricKind> metrics;  // that some SLIs count
    bool logs = false;                // some SLIs count them
    bool composites = false;
  };
  SloGenerator(uint64_t seed, Options options)
      : random_(seed, "slos"), source_random_(seed, "sources"), options_(std::move(options)) {}
  SloConfigs Draw();
  // Adds, removes or changes one or two.
  SloConfigs Edit(SloConfigs slos);

 private:
  SliConfig DrawSli();
  SliConfig DrawMetricSli(std::optional<uint32_t> service);
  SloConfig DrawSlo();
  void Change(SloConfig& slo);
  void DrawWindow(SloConfig& slo);
  void DrawBudgeting(SloConfig& slo);
  void DrawAlerting(SloConfig& slo);
  void DrawPolicy(SloConfig& slo);
  TierConfig DrawTier(int64_t window_seconds);
  TierKeys DrawKeys();
  void DrawStateAlerts(SloConfig& slo);
  void DrawMembers(SloConfig& slo, const SloConfigs& slos);
  void AddComposite(SloConfigs& slos);
  void MendComposites(SloConfigs& slos);

  Random random_;
  Random source_random_;  // of what is beside spans
  const Options options_;
  uint32_t names_ = 0;
};

}  // namespace slowburn::sim
