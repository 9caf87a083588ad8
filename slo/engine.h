// slo/engine.h: the SLOs in force: their states, burn rates and alert conditions, from the counts
// of their SLIs.
//
// Room     slo
// Uses     model/, slo/
// Threads  one thread at a time; the caller lets readers in between steps
// Units    engine time is unix seconds and never goes back
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include "model/alert.h"
#include "slo/composite_sums.h"
#include "slo/exclusion.h"
#include "slo/group_figures.h"
#include "slo/matcher.h"
#include "slo/metric_streams.h"
#include "slo/sli_table.h"
#include "slo/slo_spec.h"
#include "slo/slo_status.h"

namespace slowburn::slo {

class Engine {
 public:
  struct Options {
    SliTable::Options counting;
    size_t metric_series_max = 200'000;  // what the SLIs read of more is not counted
    std::string external_url;            // alert links lead to it
  };
  // `source` must outlive the engine.
  Engine(Options options, const BlockSource& source)
      : options_(std::move(options)),
        table_(options_.counting, source),
        metric_streams_(
            {.max_late = options_.counting.max_late, .streams_max = options_.metric_series_max}) {}

  void set_external_url(std::string url) { options_.external_url = std::move(url); }
  const std::string& external_url() const { return options_.external_url; }

  SliTable& table() { return table_; }
  const SliTable& table() const { return table_; }
  // What becomes counts of the table.
  MetricStreams& metric_streams() { return metric_streams_; }
  const MetricStreams& metric_streams() const { return metric_streams_; }

  // The SLIs of `slos` that have no id yet, as canonical texts: the caller registers them, durably,
  // before Install.
  std::vector<std::string> UnknownSlis(const SloSet& slos) const;
  // These SLOs and exclusions are in force from now on. SLIs that no SLO uses keep their counts,
  // without windows. kInvalidArgument, and nothing has changed, when the exclusions of an SLO cover
  // more stretches than a mask has.
  absl::Status Install(std::shared_ptr<const SloSet> slos,
                       std::shared_ptr<const ExclusionSet> exclusions,
                       std::chrono::sys_seconds now);
  // The same, with the exclusions that are.
  absl::Status Install(std::shared_ptr<const SloSet> slos, std::chrono::sys_seconds now) {
    return Install(std::move(slos), exclusions_, now);
  }
  // The past of the SLI is being counted, the newest slices first, and known from this one on; 0:
  // as far as it ever will be. Meanwhile no tier is judged and no state alert decided whose window
  // begins before: their conditions are unknown.
  void SetKnownFrom(SliId sli, Slice slice);
  // Matchers for the SLIs of the SLOs in force.
  std::shared_ptr<const Matchers> MakeMatchers() const;

  // Engine time becomes `now` (an earlier one changes nothing), windows slide, states are taken.
  // Call it each second.
  void Step(std::chrono::sys_seconds now);
  std::chrono::sys_seconds now() const { return now_; }

  // Every alert condition that is true as of the last Step, and as unknown those of budgets whose
  // counts cannot be read.
  std::vector<model::AlertCondition> Conditions() const;

  const std::shared_ptr<const SloSet>& slos() const { return slos_; }
  const std::shared_ptr<const ExclusionSet>& exclusions() const { return exclusions_; }
  // Why these could not be installed together, or OK: what Install would find before it changes
  // anything.
  absl::Status CheckExclusions(const SloSet& slos, const ExclusionSet& exclusions,
                               std::chrono::sys_seconds now) const;
  std::optional<size_t> FindSlo(std::string_view id) const;
  // 0 for a composite.
  SliId sli_of(size_t slo) const { return runtimes_[slo].sli; }
  // The members of a composite, else null.
  const CompositeSums* composite_of(size_t slo) const { return runtimes_[slo].composite.get(); }
  // How the SLO's budget is summed; of no composite.
  const ViewedWindow& budget_of(size_t slo) const {
    return table_.windows(runtimes_[slo].sli)[runtimes_[slo].window.budget];
  }
  // How far percentiles of the SLO may be away from an event, as a share of it.
  double latency_error_of(size_t slo) const {
    return metric_streams_.LatencyError(runtimes_[slo].sli);
  }
  // With every applied change in it.
  SloStatus Status(size_t slo) const;
  // Also of an idle group, which is not among those of Status: it has no events in its windows.
  GroupStatus StatusOf(size_t slo, GroupId group) const;
  // The figures of every budget of the SLO that is not idle, the total first, until `visit` returns
  // false. They are the same object each time. `from` is 0 or where the last visit stopped; where
  // this one did: nothing when it has seen all.
  std::optional<size_t> VisitFigures(
      size_t slo, size_t from,
      const std::function<bool(GroupId, const GroupFigures&)>& visit) const;
  // The policy's windows, ascending: those of burn_rates.
  std::vector<std::chrono::seconds> burn_windows_of(size_t slo) const;
  // The values of group_by that a group of the SLO has.
  const std::vector<std::string>& group_values(size_t slo, GroupId group) const {
    return ValuesOf(runtimes_[slo], group);
  }
  // The longest window of any SLO in force.
  std::chrono::seconds longest_window() const;

 private:
  // By what the exclusions are.
  using Masks = absl::flat_hash_map<std::string, std::shared_ptr<const SliceMask>>;
  // Where in the SloSet an SLO is.
  using ById = absl::flat_hash_map<std::string, size_t>;
  // Where among its SLI's windows the two sums of a window are: as its budget counts, and as events
  // (the same where it counts events).
  struct Sums {
    size_t budget = 0;
    size_t events = 0;
  };
  struct TierSums {
    Sums in_long, in_short;
  };
  struct BurnSums {
    std::chrono::seconds window{0};
    Sums sums;
  };
  // What Install works out so that a step only adds and compares.
  struct Runtime {
    SliId sli{};                               // 0: a composite
    std::unique_ptr<CompositeSums> composite;  // null: the sums are those of the SLI
    CountView events;                          // what is left out
    Sums window;
    Sums hour;
    std::vector<TierSums> tiers;
    std::vector<BurnSums> burns;             // the policy's windows, ascending
    std::vector<BurnSums> compat;            // CompatWindows
    std::vector<SliId> metric_slis;          // itself, or members that read metrics
    std::chrono::seconds point_interval{0};  // as it was at the last Step
    struct GroupRuntime {
      SloState state = SloState::kNoData;
      bool has_conditions = false;  // of its tiers
      std::chrono::sys_seconds since{};
    };
    std::vector<GroupRuntime> groups;
  };

  static absl::StatusOr<Masks> MakeMasks(const SloSet& slos, const ExclusionSet& exclusions,
                                         std::chrono::sys_seconds now);
  CountView ViewOf(const SloSpec& slo, const Masks& masks) const;
  static void PlaceWindows(const SloSpec& slo, const std::function<Sums(const Window&)>& place,
                           Runtime& runtime);
  absl::StatusOr<Runtime> PlaceCounted(const SloSpec& slo, const CountView& view,
                                       std::vector<WindowSet>& windows) const;
  absl::StatusOr<Runtime> PlaceComposite(const SloSpec& slo, const SloSet& slos, const ById& by_id,
                                         const CountView& events,
                                         std::vector<WindowSet>& windows) const;
  void RenewMasks();
  // The longest of its SLIs'.
  std::chrono::seconds PointIntervalOf(const Runtime& runtime) const;
  // Whether events are still to be counted that a window of this length holds.
  bool IsFilling(const Runtime& runtime, const Window& window) const;
  size_t BudgetsOf(const Runtime& runtime) const;
  SliCounts BudgetSum(const Runtime& runtime, GroupId group, const Sums& sums) const;
  SliCounts EventSum(const Runtime& runtime, GroupId group, const Sums& sums) const;
  Slice FirstOf(const Runtime& runtime, GroupId group) const;
  std::optional<std::chrono::sys_seconds> LastEventOf(const Runtime& runtime, GroupId group) const;
  bool IsReadable(const Runtime& runtime, GroupId group) const;
  bool IsIdle(const Runtime& runtime, GroupId group) const;
  const std::vector<std::string>& ValuesOf(const Runtime& runtime, GroupId group) const;
  TierFigures FiguresOf(const AlertTier& tier, const TierSums& sums, const Runtime& runtime,
                        GroupId group) const;
  BudgetFigures FiguresOf(const SloSpec& slo, const Runtime& runtime, GroupId group) const;
  void ReadFigures(const SloSpec& slo, const Runtime& runtime, GroupId group,
                   GroupFigures& figures) const;
  struct Verdict {
    SloState state = SloState::kNoData;
    bool has_conditions = false;  // some tier burns or is unknown, and is not disabled
  };
  Verdict Judge(const SloSpec& slo, const Runtime& runtime, GroupId group) const;
  void JudgeAgain(size_t slo, GroupId group);
  bool Alerts(const SloSpec& slo, GroupId group) const;
  void AddConditions(size_t slo, GroupId group,
                     std::vector<model::AlertCondition>& conditions) const;

  Options options_;
  SliTable table_;
  MetricStreams metric_streams_;
  // Shared: readers and matchers of the generation before may still hold it.
  std::shared_ptr<const SloSet> slos_ = std::make_shared<const SloSet>();
  std::shared_ptr<const ExclusionSet> exclusions_ = std::make_shared<const ExclusionSet>();
  std::chrono::sys_seconds masks_until_{};
  absl::flat_hash_map<SliId, Slice> known_from_;  // of those whose past is being counted
  bool known_from_changed_ = false;               // since the last Step
  std::vector<Runtime> runtimes_;                 // by index in slos_
  ById by_id_;
  std::chrono::sys_seconds now_{};
};

}  // namespace slowburn::slo
