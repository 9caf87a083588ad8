// tests/sim/exclusion_config.h: maintenance windows as an owner writes them, in a file or by the
// API, and the file that holds them beside SLOs.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  values; a generator has one owner
// Units    unix seconds
// Source   docs/exclusions.md
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/random.h"
#include "tests/sim/reference_exclusions.h"
#include "tests/sim/slo_config.h"

namespace slowburn::sim {

// The keys of `spec`, as one JSON object, which is YAML too.
std::string DocumentOf(const ReferenceExclusion& exclusion);

// What one file holds.
struct SpecFile {
  SloConfigs slos;
  ExclusionMap exclusions;

  const SloConfig& Find(const std::string& slo) const;  // which is there
  std::string Text() const;
};

class ExclusionGenerator {
 public:
  explicit ExclusionGenerator(uint64_t seed) : random_(seed, "exclusions") {}
  // One about `now`, for some of these SLOs.
  ReferenceExclusion Draw(int64_t now, const SloConfigs& slos);
  std::string NextId() { return "x" + std::to_string(made_++); }

 private:
  void DrawRule(ReferenceExclusion& exclusion);
  void DrawYearlyRule(ReferenceExclusion& exclusion);
  void DrawEnd(ReferenceExclusion& exclusion);

  Random random_;
  uint64_t made_ = 0;
};

}  // namespace slowburn::sim
