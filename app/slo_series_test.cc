// Goal: how SLOs stand is stored every 15 seconds under the names that /metrics has, ends with a
// stale marker when its SLO, group or figure does, and never holds up what is counted. Method: a
// commit step on a real store, stepped second by second.
#include "app/slo_series.h"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "app/commit_step.h"
#include "app/testing/core_fixture.h"
#include "base/testing/manual_clock.h"
#include "model/sample.h"

namespace slowburn::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

// The samples of a series, seconds after kStart.
using Values = std::vector<std::pair<int64_t, double>>;

class SloSeriesTest : public CoreFixture, private CommitOutlet {
 protected:
  SloSeriesTest() { Start(); }

  void Start() {
    step_.reset();
    options_.dead_man = false;
    Open(clock_.Now());
    registry_ = std::make_unique<prometheus::Registry>();
    step_ = std::make_unique<CommitStep>(CommitStep::Options{.slo_series = true}, *core_, *store_,
                                         static_cast<CommitOutlet&>(*this), clock_, *registry_);
  }
  void Run(std::chrono::seconds seconds) {
    for (auto i = 0s; i < seconds; i += 1s) {
      clock_.Advance(1s);
      step_->Tick();
    }
  }
  void Install(slo::SloSet slos) {
    ASSERT_TRUE(step_->Install(std::make_shared<const slo::SloSet>(std::move(slos))).ok());
  }
  void Count(std::string_view route, int good, int bad) {
    std::vector<SubmittedRequest> group(1);
    group[0].counted = Request(++id_, route, base::FloorSeconds(clock_.Now()), good, bad);
    group[0].answer = [](collector::ExportAnswer) {};
    step_->CommitGroup(std::move(group));
  }
  // Of every series that has these labels.
  std::map<std::string, Values> Read(const model::LabelSet& labels) const {
    storage::Matchers matchers;
    for (const model::Label& label : labels) {
      matchers.push_back(
          model::LabelMatcher::Create(label.name, model::LabelMatcher::Op::kEqual, label.value)
              .value());
    }
    const auto snapshot = core_->series().TakeSnapshot({}, {});
    std::map<std::string, Values> all;
    storage::SampleColumns columns;
    const auto selected = snapshot->Select(matchers, {});
    for (const storage::SelectedSeries& series : selected.value()) {
      EXPECT_TRUE(snapshot->ReadSamples(series.id, {}, columns).ok());
      Values& values = all[series.labels->Text()];
      for (size_t i = 0; i < columns.times_ms.size(); ++i) {
        values.emplace_back(columns.times_ms[i] / 1000 - 1'700'000'000, columns.values[i]);
      }
    }
    return all;
  }
  Values One(const model::LabelSet& labels) const {
    const auto all = Read(labels);
    EXPECT_EQ(all.size(), 1u) << labels.Text();
    return all.empty() ? Values{} : all.begin()->second;
  }
  // The last one of each is a stale marker, or of none.
  static void ExpectEnded(const std::map<std::string, Values>& all, bool ended) {
    EXPECT_FALSE(all.empty());
    for (const auto& [labels, values] : all)
      EXPECT_EQ(model::IsStale(values.back().second), ended) << labels;
  }

  void Prepare(std::vector<SubmittedRequest>&, const RequestPlan&) override {}
  void Route(std::vector<SubmittedRequest>&, const RequestPlan&) override {}
  DownstreamTotals Totals() const override { return {}; }
  void Publish(std::vector<model::Alert>) override {}

  base::ManualClock clock_{kStart};
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<CommitStep> step_;
  uint64_t id_ = 0;
};

TEST_F(SloSeriesTest, EverySloHasItsSeriesEvery15Seconds) {
  Count("/pay", 95, 5);
  Run(20s);  // kStart is 5 s after a bound of 15 s: looks at once, at +10 s, and then at +25 s
  const model::LabelSet availability{{"service", "checkout"}, {"slo", "availability"}};
  const auto of = [&](std::string_view name, std::string_view label = "",
                      std::string_view value = "") {
    model::LabelSet labels = availability;
    labels.Set("__name__", name);
    if (!label.empty()) labels.Set(label, value);
    return One(labels);
  };
  EXPECT_THAT(of("slowburn_slo_objective_ratio"),
              ElementsAre(testing::Pair(1, 0.999), testing::Pair(10, 0.999)));
  EXPECT_EQ(of("slowburn_slo_events_total", "outcome", "good").back().second, 95);
  EXPECT_EQ(of("slowburn_slo_events_total", "outcome", "bad").back().second, 5);
  EXPECT_EQ(of("slowburn_slo_sli_ratio", "window", "30d").back().second, 0.95);
  EXPECT_EQ(of("slowburn_slo_sli_ratio", "window", "5m").back().second, 0.95);
  EXPECT_NEAR(of("slowburn_slo_burn_rate", "window", "1h").back().second, 50, 1e-9);
  EXPECT_NEAR(of("slowburn_slo_error_budget_remaining_ratio").back().second, 1 - 50, 1e-9);
  EXPECT_EQ(of("slowburn_slo_group_events_total", "outcome", "bad").back().second, 5);
  EXPECT_EQ(
      One({{"__name__", "slowburn_slo_group_objective_ratio"}, {"http_route", "/pay"}}).size(), 2u);
  // Without an event there is no ratio, and no series of one.
  EXPECT_THAT(Read({{"__name__", "slowburn_slo_sli_ratio"}, {"slo", "latency"}}), IsEmpty());
  EXPECT_EQ(One({{"__name__", "slowburn_slo_objective_ratio"}, {"slo", "latency"}}).size(), 2u);
  Run(5s);
  EXPECT_EQ(of("slowburn_slo_objective_ratio").back().first, 25);
}

TEST_F(SloSeriesTest, TheTotalHasWhatItsAlertsAreHeldAgainst) {
  Count("/pay", 95, 5);
  Run(2s);
  const auto threshold = [&](const std::string& slo, const std::string& tier) {
    return One({{"__name__", "slowburn_slo_burn_rate_threshold"}, {"slo", slo}, {"tier", tier}})
        .back()
        .second;
  };
  EXPECT_EQ(threshold("availability", "1m/10s"), 144);
  EXPECT_EQ(threshold("availability", "1h/5m"), 14.4);
  EXPECT_EQ(threshold("latency", "1h/5m"), 3.36);  // of 7 days
  EXPECT_EQ(One({{"__name__", "slowburn_slo_burn_rate_threshold"},
                 {"slo", "availability"},
                 {"severity", "ticket"},
                 {"window", "3d"},
                 {"short_window", "6h"}})
                .size(),
            1u);
  EXPECT_THAT(Read({{"__name__", "slowburn_slo_group_burn_rate_threshold"}}), IsEmpty());
}

// Beside our own, and of the total alone; a reload that asks no more ends them.
TEST_F(SloSeriesTest, BoardsOfOtherProgramsHaveTheirSeries) {
  slo::SloSet asking = slos_;
  asking[0].compat = {.sloth = true, .pyrra = true};
  asking[0].labels = {{"team", "payments"}};
  Install(asking);
  Count("/pay", 95, 5);
  Run(20s);
  const model::LabelSet sloth{{"sloth_service", "checkout"}, {"sloth_slo", "availability"}};
  EXPECT_EQ(Read(sloth).size(), 15u);
  const auto last = [&](model::LabelSet labels, std::string_view name) {
    labels.Set("__name__", name);
    labels.Set("team", "payments");
    return One(labels).back().second;
  };
  EXPECT_EQ(last(sloth, "slo:sli_error:ratio_rate5m"), 0.05);
  EXPECT_EQ(last(sloth, "slo:sli_error:ratio_rate30d"), 0.05);
  EXPECT_NEAR(last(sloth, "slo:current_burn_rate:ratio"), 50, 1e-9);
  EXPECT_NEAR(last(sloth, "slo:period_error_budget_remaining:ratio"), 1 - 50, 1e-9);
  const model::LabelSet pyrra{{"service", "checkout"}, {"slo", "availability"}};
  EXPECT_EQ(last(pyrra, "pyrra_availability"), 0.95);
  EXPECT_EQ(last(pyrra, "pyrra_requests_total"), 100);
  EXPECT_THAT(Read({{"__name__", "pyrra_objective"}}), testing::SizeIs(1));
  EXPECT_THAT(One({{"__name__", "sloth_slo_info"}}),
              ElementsAre(testing::Pair(1, 1), testing::Pair(10, 1)));
  Install(slos_);
  Run(15s);
  ExpectEnded(Read(sloth), true);
  ExpectEnded(Read({{"__name__", "pyrra_availability"}}), true);
  ExpectEnded(Read({{"__name__", "slowburn_slo_objective_ratio"}}), false);
}

TEST_F(SloSeriesTest, ALatencyHasItsThresholdAndRecentPercentiles) {
  const auto of = [&](const std::string& name, std::string_view quantile = "") {
    model::LabelSet labels{{"__name__", name}, {"slo", "latency"}};
    if (!quantile.empty()) labels.Set("quantile", quantile);
    return labels;
  };
  Run(2s);
  EXPECT_EQ(One(of("slowburn_slo_latency_threshold_seconds")).back().second, 0.3);
  EXPECT_THAT(Read(of("slowburn_slo_latency_seconds")), IsEmpty());
  std::vector<SubmittedRequest> group(1);
  slo::SliDelta& delta = group[0].counted.delta;
  const uint32_t entry = delta.Append(slo::SliId{2}, slo::SliceOf(base::FloorSeconds(kStart)), "");
  slo::LatencyTally tally;
  for (int ms = 1; ms <= 100; ++ms) {
    delta.Count(entry, true, 0);
    tally.Add(entry, static_cast<uint64_t>(ms) * 1'000'000);
  }
  delta.set_latencies(tally.Take());
  group[0].counted.hash = {77, 78};
  group[0].counted.items = 100;
  group[0].answer = [](collector::ExportAnswer) {};
  step_->CommitGroup(std::move(group));
  Run(15s);
  EXPECT_EQ(Read(of("slowburn_slo_latency_seconds")).size(), 5u);
  EXPECT_NEAR(One(of("slowburn_slo_latency_seconds", "0.5")).back().second, 0.05, 0.05 * 0.0217);
  EXPECT_NEAR(One(of("slowburn_slo_latency_seconds", "0.99")).back().second, 0.099, 0.099 * 0.0217);
  // Ten minutes later it is not recent any more.
  Run(600s);
  ExpectEnded(Read(of("slowburn_slo_latency_seconds")), true);
  EXPECT_EQ(Read({{"__name__", "slowburn_slo_latency_seconds"}}).size(), 5u);  // of one SLO
}

TEST_F(SloSeriesTest, FiringAlertsAreSeriesToo) {
  for (int i = 0; i < 30; ++i) {
    Count("/pay", 50, 50);
    Run(1s);
  }
  const Values firing = One({{"__name__", "ALERTS"},
                             {"alertname", "SLOBurnRate"},
                             {"alertstate", "firing"},
                             {"slo", "availability"},
                             {"severity", "page"}});
  EXPECT_EQ(firing.back(), (std::pair<int64_t, double>(25, 1)));
  const Values since = One({{"__name__", "ALERTS_FOR_STATE"}, {"slo", "availability"}});
  EXPECT_GE(since.back().second, 1'700'000'000);
  EXPECT_LT(since.back().second, 1'700'000'026);
}

TEST_F(SloSeriesTest, WhatEndsGetsAStaleMarker) {
  Count("/pay", 95, 5);
  Run(10s);
  // The short window's ratio ends with its last event, and only that.
  const model::LabelSet five{{"__name__", "slowburn_slo_burn_rate"}, {"window", "5m"}};
  ExpectEnded(Read(five), false);
  Run(330s);
  ExpectEnded(Read(five), true);
  ExpectEnded(Read({{"__name__", "slowburn_slo_burn_rate"}, {"window", "1h"}}), false);
  const size_t count =
      One({{"__name__", "slowburn_slo_burn_rate"}, {"window", "5m"}, {"slo", "availability"}})
          .size();
  Run(60s);
  EXPECT_EQ(One({{"__name__", "slowburn_slo_burn_rate"}, {"window", "5m"}, {"slo", "availability"}})
                .size(),
            count)
      << "one marker is enough";
  // An SLO that goes takes all of its series with it, and no other one's.
  Install({slos_[1]});
  Run(2s);
  ExpectEnded(Read({{"slo", "availability"}}), true);
  ExpectEnded(Read({{"__name__", "slowburn_slo_objective_ratio"}, {"slo", "latency"}}), false);
  // It comes back as the series that it was.
  Install(slos_);
  Run(1s);
  ExpectEnded(Read({{"__name__", "slowburn_slo_objective_ratio"}}), false);
}

TEST_F(SloSeriesTest, AReloadThatChangesWindowsEndsOnlyTheirSeries) {
  Count("/pay", 95, 5);
  Run(10s);
  slo::SloSet changed = slos_;
  rules::SpecFileResult read = rules::ReadSpecText(
      R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  sli:
    spans:
      match: resource.attributes["service.name"] == "checkout"
      bad: span.status.code == STATUS_CODE_ERROR
    group_by: [http.route]
  objective: 99.9%
  window: 30d
  alerting: {policy: sre-workbook}
)",
      "test.yaml");
  ASSERT_TRUE(read.errors.empty()) << read.errors.front();
  changed[0] = read.slos[0];
  Install(std::move(changed));
  Run(1s);
  // The outage tier's windows are gone, the others go on.
  ExpectEnded(Read({{"__name__", "slowburn_slo_burn_rate"}, {"window", "1m"}}), true);
  ExpectEnded(Read({{"__name__", "slowburn_slo_burn_rate"}, {"window", "5m"}}), false);
  ExpectEnded(Read({{"__name__", "slowburn_slo_events_total"}}), false);
}

TEST_F(SloSeriesTest, ACompositeHasItsSeriesToo) {
  slo::SloSpec composite = slos_[0];
  composite.name = "journey";
  composite.sli = {.source = slo::CompositeSli{.method = slo::CompositeMethod::kWorstOf,
                                               .members = {{.slo = slos_[0].id(), .weight = 1}},
                                               .timeslice = 0},
                   .group_by = {}};
  slo::SloSet slos = slos_;
  slos.push_back(composite);
  Install(std::move(slos));
  Run(16s);
  const Values objective = One({{"__name__", "slowburn_slo_objective_ratio"}, {"slo", "journey"}});
  EXPECT_EQ(objective.size(), 2u);
}

// With 3,500 budgets the first round takes half a minute. Then a thousand a second are looked at: a
// round takes four seconds, and waits for the next.
TEST_F(SloSeriesTest, ManyBudgetsAreSpreadOverTheSeconds) {
  slo::SloSet many;
  for (int i = 0; i < 3500; ++i) {
    many.push_back(slos_[1]);
    many.back().name = fmt::format("latency-{}", i);
  }
  Install(std::move(many));
  const auto objectives = [&] { return Read({{"__name__", "slowburn_slo_objective_ratio"}}); };
  for (size_t second = 1; second <= 30; ++second) {
    Run(1s);
    EXPECT_EQ(objectives().size(), std::min<size_t>(120 * second, 3500));
  }
  const auto seen_twice = [&] {
    return std::ranges::count_if(objectives(),
                                 [](const auto& series) { return series.second.size() == 2; });
  };
  const auto before = seen_twice();
  Run(1s);
  EXPECT_EQ(seen_twice() - before, 1000);
  Run(3s);
  EXPECT_EQ(seen_twice(), 3500);
  Run(3s);
  EXPECT_EQ(seen_twice(), 3500);
}

TEST_F(SloSeriesTest, ARestartGoesOnWithTheSameSeries) {
  Count("/pay", 95, 5);
  Run(10s);
  const size_t series = Read({}).size();
  Start();
  Run(15s);
  EXPECT_EQ(Read({}).size(), series);
  EXPECT_EQ(One({{"__name__", "slowburn_slo_objective_ratio"}, {"slo", "latency"}}).size(), 4u);
}

}  // namespace
}  // namespace slowburn::app
