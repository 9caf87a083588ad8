// tests/sim/slo_config.h: SLOs as plain data: the generator draws them, the reference computes with
// them, the program reads them as YAML.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  values
// Units    seconds; a budget is 1 - objective in units of 10^-8
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/random.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

enum class Verdict : uint8_t {
  kBadIfError,        // bad: status is an error
  kGoodUnlessError,   // good: status is no error
  kByOutcome,         // good: and bad: by an attribute; neither is not counted, both is bad
  kByLatency,         // latency: {max}
  kByLatencyOrError,  // latency: and bad:
};

struct SliConfig {
  std::optional<uint32_t> service;  // none: spans of every service
  bool server_only = false;
  Verdict verdict = Verdict::kBadIfError;
  int64_t latency_max_millis = 0;     // of the two that have one
  std::vector<std::string> group_by;  // "http.route", "cloud.region"

  friend auto operator<=>(const SliConfig&, const SliConfig&) = default;
};

struct SeverityConfig {
  bool disabled = false;
  std::map<std::string, std::string> labels;
};

struct SloConfig {
  std::string service;
  std::string name;
  SliConfig sli;
  uint32_t budget_units = 0;  // 100,000: an objective of 99.9 %
  int64_t window_seconds = 0;
  std::string policy;  // "sre-workbook", "slowburn"
  std::string scope;   // "groups", "total", "both", or "": as it comes
  std::map<std::string, std::string> labels;
  SeverityConfig page;
  SeverityConfig ticket;
  bool rewritten = false;  // the same in other words: it must be the same SLI

  std::string id() const { return service + "/" + name; }
};
using SloConfigs = std::vector<SloConfig>;

// The file an owner would write.
std::string SpecText(const SloConfigs& slos);

// Draws sets of SLOs, and edits them as owners do.
class SloGenerator {
 public:
  SloGenerator(uint64_t seed, uint32_t services) : random_(seed, "slos"), services_(services) {}
  SloConfigs Draw();
  // Adds, removes or changes one or two.
  SloConfigs Edit(SloConfigs slos);

 private:
  SliConfig DrawSli();
  SloConfig DrawSlo();
  void Change(SloConfig& slo);
  void DrawAlerting(SloConfig& slo);

  Random random_;
  const uint32_t services_;
  uint32_t names_ = 0;
};

}  // namespace slowburn::sim
