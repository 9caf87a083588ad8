// serve/testing/sample_slos.h: SLOs to show, and a program that answers with what a test wants.
//
// Room     serve/testing
// Uses     serve/queries.h
// Threads  FakeQueries is read only once set up; FakeCommands is thread-safe
// Units    as serve/queries.h
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "serve/queries.h"

namespace slowburn::serve {

inline constexpr std::chrono::sys_seconds kSampleNow{std::chrono::seconds(1'700'000'003)};

// `service`/`name`, 99.9 % over 30d by the policy sre-workbook, labels {team="payments"}.
slo::SloSpec SampleSpec(std::string_view service, std::string_view name,
                        std::vector<std::string> group_by = {});

// `counts` in every window; group 0 when `values` is empty.
slo::GroupStatus SampleGroup(const slo::SloSpec& spec, std::vector<std::string> values,
                             slo::SliCounts counts);

// Appends the SLO. The groups' states are by counts; the SLO's is the worst.
void AddSlo(SloReading& reading, slo::SloSpec spec, std::vector<slo::GroupStatus> groups);

// An alert since 100 s (pending), 50.25 s (firing) or 20 s (resolved) before kSampleNow.
model::Alert SampleAlert(model::LabelSet labels, model::AlertState state);

// checkout/availability by http.route (burning; groups /cart and /pay, of which /pay alerts) and
// search/latency (without events), labels {team="search"}.
SloReading SampleReading();

// "made" of the API for checkout/*, over the hour around kSampleNow.
slo::Exclusion SampleExclusion();

// As SampleReading, with markup, quotes, line breaks and broken UTF-8 wherever a client or an
// owner can put text.
SloReading HostileReading();

// One SLO for each way to count, each with 50 bad of 100,000 events: shop/slices (timeslices of 1m,
// 95 %: 2 bad of 40), shop/ratios (ratio_timeslices of 5m in the month of Europe/Paris: half a
// timeslice bad of 2.5), and web/journey, the mean of both by 3 and 1 (a quarter bad of 4).
SloReading BudgetsReading();

class FakeQueries final : public Queries {
 public:
  SloReading reading = SampleReading();
  ServerReading server = ReadyServer();
  LedgerReading ledger;
  absl::StatusOr<CountsReading> counts = CountsReading{.counts = {.good = 990, .bad = 10}};
  absl::StatusOr<std::vector<slo::HistoryPoint>> history = std::vector<slo::HistoryPoint>();
  // By default nothing lasted anything.
  absl::StatusOr<std::vector<slo::LatencyPercentiles>> percentiles =
      std::vector<slo::LatencyPercentiles>(1);
  // What was asked last.
  struct Asked {
    std::string id;
    GroupSelector group;
    std::optional<uint32_t> epoch;
    std::chrono::sys_seconds start{};
    std::chrono::sys_seconds end{};
    std::chrono::seconds step{};
  };
  mutable Asked asked;

  SloReading AllSlos() const override { return reading; }
  absl::StatusOr<SloReading> OneSlo(std::string_view id, const GroupSelector& group) const override;
  absl::StatusOr<CountsReading> Counts(std::string_view id, const GroupSelector& group,
                                       std::optional<uint32_t> epoch,
                                       std::chrono::sys_seconds start,
                                       std::chrono::sys_seconds end) const override {
    asked = {std::string(id), group, epoch, start, end, {}};
    return counts;
  }
  absl::StatusOr<std::vector<slo::HistoryPoint>> History(std::string_view id,
                                                         const GroupSelector& group,
                                                         std::optional<uint32_t> epoch,
                                                         std::chrono::sys_seconds start,
                                                         std::chrono::sys_seconds end,
                                                         std::chrono::seconds step) const override {
    asked = {std::string(id), group, epoch, start, end, step};
    return history;
  }
  absl::StatusOr<std::vector<slo::LatencyPercentiles>> Percentiles(
      std::string_view id, const GroupSelector& group, std::chrono::sys_seconds start,
      std::chrono::sys_seconds end, std::optional<std::chrono::seconds> step) const override {
    asked = {std::string(id), group, {}, start, end, step.value_or(std::chrono::seconds(0))};
    return percentiles;
  }
  ExclusionReading Exclusions() const override {
    return {reading.exclusions, reading.slos, reading.now};
  }
  LedgerReading Ledger() const override { return ledger; }
  ServerReading Server() const override { return server; }

  static ServerReading ReadyServer();
};

class FakeCommands final : public Commands {
 public:
  absl::Status result;  // of every command; set it before any
  // What was asked last.
  std::string added;
  std::string removed;

  absl::Status Reload() override;
  // One of checkout/* over the hour of kSampleNow, with the id "made".
  absl::StatusOr<AddedExclusion> AddExclusion(const std::string& document) override;
  absl::Status RemoveExclusion(const std::string& id) override;
  // Reloads do not end until Release.
  void Hold();
  void Release();
  // Waits until this many reloads have begun, ten seconds at most.
  bool WaitForBegun(int count);
  int most_at_once() const { return most_at_once_; }  // once all have ended

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  int begun_ ABSL_GUARDED_BY(mutex_) = 0;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  int most_at_once_ = 0;
};

}  // namespace slowburn::serve
