// Goal: pending and firing alerts are in the series that Prometheus has of its own, and end there
// when they end. Method: an alert through its life, second by second, over a series store in
// memory.
#include "app/alert_series.h"

#include <algorithm>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/sample.h"
#include "storage/series/series_store.h"
#include "storage/series/testing/memory_store.h"

namespace slowburn::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using namespace std::chrono_literals;

constexpr std::chrono::sys_seconds kStart{1'700'000'010s};  // a bound of 15 s
constexpr double kEnd = -1;                                 // stands for a stale marker

model::AlertCondition Condition(const std::string& severity, std::chrono::seconds hold) {
  model::AlertCondition condition;
  condition.labels = {{"alertname", "SLOBurnRate"}, {"service", "web"}, {"severity", severity}};
  condition.tier = "1h/5m";
  condition.hold = hold;
  return condition;
}

class AlertSeriesTest : public testing::Test {
 protected:
  // `conditions` are true from now on; a second for each of `seconds`.
  void Run(std::chrono::seconds seconds, const std::vector<model::AlertCondition>& conditions) {
    for (auto i = 0s; i < seconds; i += 1s, now_ += 1s) {
      for (const auto& change : book_.Plan(conditions, base::UnixNanos(now_)))
        book_.Apply(change.record);
      const std::unique_ptr<SeriesWrite> write = series_.Look(book_, now_);
      if (write == nullptr) continue;
      const auto plan = store_.Plan(UnixMillis(base::UnixNanos(now_)));
      SeriesOutcome outcome;
      ASSERT_TRUE(write->AddTo(*plan, outcome).ok());
      EXPECT_EQ(SeriesOutcome::Refused(outcome.samples), 0u);
      plan->Apply(plan->Encode().size());
    }
  }
  // Seconds after kStart and values of each series.
  std::map<std::string, std::vector<std::pair<int64_t, double>>> Stored() const {
    const auto snapshot = store_.TakeSnapshot({}, {});
    const auto selected = snapshot->Select({}, {});
    std::map<std::string, std::vector<std::pair<int64_t, double>>> all;
    storage::SampleColumns columns;
    for (const storage::SelectedSeries& series : selected.value()) {
      EXPECT_TRUE(snapshot->ReadSamples(series.id, {}, columns).ok());
      for (size_t i = 0; i < columns.times_ms.size(); ++i) {
        const double value = columns.values[i];
        all[series.labels->Text()].emplace_back(
            columns.times_ms[i] / 1000 - kStart.time_since_epoch().count(),
            model::IsStale(value) ? kEnd : value);
      }
    }
    return all;
  }

  std::chrono::sys_seconds now_ = kStart;
  rules::AlertBook book_{{}};
  storage::MemoryStore memory_;
  storage::SeriesStore store_{{}, memory_};
  AlertSeries series_;
};

TEST_F(AlertSeriesTest, AnAlertIsPendingFiresAndEnds) {
  const double begun = 1'700'000'010 + 5;
  Run(5s, {});
  EXPECT_THAT(Stored(), IsEmpty());
  Run(50s, {Condition("page", 30s)});  // from +5 s on, so it fires at +35 s
  Run(20s, {});
  const auto name = [](const std::string& metric, std::string_view state) {
    model::LabelSet labels{{"__name__", metric},
                           {"alertname", "SLOBurnRate"},
                           {"service", "web"},
                           {"severity", "page"}};
    if (!state.empty()) labels.Set("alertstate", state);
    return labels.Text();
  };
  EXPECT_THAT(
      Stored(),
      testing::UnorderedElementsAre(
          Pair(name("ALERTS", "pending"), ElementsAre(Pair(15, 1), Pair(30, 1), Pair(45, kEnd))),
          Pair(name("ALERTS", "firing"), ElementsAre(Pair(45, 1), Pair(60, kEnd))),
          Pair(name("ALERTS_FOR_STATE", ""),
               ElementsAre(Pair(15, begun), Pair(30, begun), Pair(45, begun), Pair(60, kEnd)))));
}

TEST_F(AlertSeriesTest, WhatEndedWhileTheProgramDidNotRunEnds) {
  // At the crash one fires that was pending at the last look, one is over, and one fires.
  Run(22s, {Condition("fires", 20s), Condition("over", 0s), Condition("goes_on", 0s)});
  Run(3s, {Condition("fires", 20s), Condition("goes_on", 0s)});
  series_ = AlertSeries();
  series_.Continue(book_);
  now_ += 10s;
  Run(20s, {Condition("goes_on", 0s)});
  size_t ended = 0;
  for (const auto& [labels, values] : Stored()) {
    const bool goes_on = labels.find("goes_on") != std::string::npos;
    EXPECT_EQ(values.back().second == kEnd, !goes_on) << labels;
    ended += !goes_on;
    EXPECT_EQ(std::count_if(values.begin(), values.end(),
                            [](const auto& value) { return value.second == kEnd; }),
              goes_on ? 0 : 1)
        << labels;
  }
  EXPECT_EQ(ended, 4u) << "of each its state and since when it holds";
  const auto before = Stored();
  series_ = AlertSeries();
  series_.Continue(book_);
  Run(1s, {Condition("goes_on", 0s)});
  for (const auto& [labels, values] : Stored()) {
    if (values.back().second == kEnd) {
      EXPECT_EQ(values, before.at(labels)) << "ended once more";
    }
  }
}

TEST_F(AlertSeriesTest, AlertsEndAlone) {
  Run(16s, {Condition("page", 0s), Condition("ticket", 0s)});
  Run(15s, {Condition("ticket", 0s)});
  for (const auto& [labels, values] : Stored()) {
    const bool is_page = labels.find("severity=\"page\"") != std::string::npos;
    EXPECT_EQ(values.back().second == kEnd, is_page) << labels;
    EXPECT_EQ(values.size(), 3u) << labels;
  }
}

}  // namespace
}  // namespace slowburn::app
