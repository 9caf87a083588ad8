// app/readings.h: the program's answers to the HTTP API.
//
// Room     app
// Uses     serve/ (the interface it implements), app/
// Threads  thread-safe
// Units    as serve/queries.h
#pragma once

#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "app/commit_loop.h"
#include "app/config.h"
#include "serve/queries.h"
#include "slo/composite_history.h"

namespace slowburn::app {

class Readings final : public serve::Queries {
 public:
  // What only the server knows: addresses, readiness, the config's fate.
  using FillServer = std::function<void(serve::ServerReading&)>;

  // All references must outlive it.
  Readings(const CommitLoop& loop, const storage::Store& store, const base::Clock& clock,
           FillServer fill_server);

  serve::SloReading AllSlos() const override;
  absl::StatusOr<serve::SloReading> OneSlo(std::string_view id,
                                           const serve::GroupSelector& group) const override;
  serve::ExclusionReading Exclusions() const override;
  absl::StatusOr<serve::CountsReading> Counts(std::string_view id,
                                              const serve::GroupSelector& group,
                                              std::optional<uint32_t> epoch,
                                              std::chrono::sys_seconds start,
                                              std::chrono::sys_seconds end) const override;
  absl::StatusOr<std::vector<slo::HistoryPoint>> History(std::string_view id,
                                                         const serve::GroupSelector& group,
                                                         std::optional<uint32_t> epoch,
                                                         std::chrono::sys_seconds start,
                                                         std::chrono::sys_seconds end,
                                                         std::chrono::seconds step) const override;
  absl::StatusOr<std::vector<slo::LatencyPercentiles>> Percentiles(
      std::string_view id, const serve::GroupSelector& group, std::chrono::sys_seconds start,
      std::chrono::sys_seconds end, std::optional<std::chrono::seconds> step) const override;
  serve::LedgerReading Ledger() const override;
  serve::ServerReading Server() const override;

 private:
  // A budget's counts as they are now, copied so that reading the store happens outside the lock.
  struct BudgetCopy {
    std::vector<slo::GroupView> views;  // the group's; of a composite its members' totals
    std::vector<slo::ResidentLatencyHour> latencies;  // of the hours that were asked for
    slo::SloSpec spec;
    double latency_error = 0;  // of its percentiles
    std::variant<slo::ViewedWindow, slo::CompositeBudget> budget;
    std::chrono::sys_seconds retained_from{};
    std::unique_ptr<storage::Snapshot>
        snapshot;  // of the same moment: both edges of a window read the same counts
  };
  // What of a budget is to be copied.
  struct Wanted {
    std::optional<uint32_t> epoch;  // nothing: the SLI that the SLO has now
    // The hours whose latencies are copied too.
    std::chrono::sys_seconds latency_start;
    std::chrono::sys_seconds latency_end;
  };
  absl::StatusOr<BudgetCopy> CopyGroup(const Core& core, size_t slo,
                                       const serve::GroupSelector& group,
                                       const Wanted& wanted) const;
  absl::StatusOr<BudgetCopy> CopyMembers(const Core& core, size_t slo,
                                         const serve::GroupSelector& group) const;
  absl::StatusOr<BudgetCopy> CopyBudget(std::string_view id, const serve::GroupSelector& group,
                                        const Wanted& wanted) const;

  const CommitLoop& loop_;
  const storage::Store& store_;
  const base::Clock& clock_;
  const FillServer fill_server_;
};

}  // namespace slowburn::app
