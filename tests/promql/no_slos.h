// tests/promql/no_slos.h: a server without SLOs and rules, for who asks about series alone.
//
// Room     tests
// Uses     serve/
// Threads  immutable
// Units    none
#pragma once

#include <vector>

#include "base/status.h"
#include "serve/queries.h"
#include "serve/rule_source.h"

namespace slowburn::promql {

class NoSlos final : public serve::Queries {
 public:
  serve::SloReading AllSlos() const override { return {}; }
  absl::StatusOr<serve::SloReading> OneSlo(std::string_view,
                                           const serve::GroupSelector&) const override {
    return None();
  }
  absl::StatusOr<serve::CountsReading> Counts(std::string_view, const serve::GroupSelector&,
                                              std::optional<uint32_t>, std::chrono::sys_seconds,
                                              std::chrono::sys_seconds) const override {
    return None();
  }
  absl::StatusOr<std::vector<slo::HistoryPoint>> History(
      std::string_view, const serve::GroupSelector&, std::optional<uint32_t>,
      std::chrono::sys_seconds, std::chrono::sys_seconds, std::chrono::seconds) const override {
    return None();
  }
  absl::StatusOr<std::vector<slo::LatencyPercentiles>> Percentiles(
      std::string_view, const serve::GroupSelector&, std::chrono::sys_seconds,
      std::chrono::sys_seconds, std::optional<std::chrono::seconds>) const override {
    return None();
  }
  serve::ExclusionReading Exclusions() const override { return {}; }
  serve::LedgerReading Ledger() const override { return {}; }
  serve::ServerReading Server() const override { return {}; }

 private:
  static absl::Status None() { return absl::NotFoundError("there are no SLOs"); }
};

class NoRules final : public serve::RuleSource {
 public:
  std::vector<serve::RuleGroupReading> RuleGroups() const override { return {}; }
};

}  // namespace slowburn::promql
