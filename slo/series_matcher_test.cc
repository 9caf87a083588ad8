// Goal: series that come with labels alone feed counter and gauge SLIs by the rules of
// docs/metrics_sli.md, and a series that is known has its labels read no more. Method: batches by
// hand through the matcher and the states that count.
#include "slo/series_matcher.h"

#include <limits>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "model/sample.h"
#include "slo/metric_streams.h"

namespace slowburn::slo {
namespace {

using model::LabelSet;

constexpr int64_t kT0 = 1'700'000'000;  // seconds, a slice bound

model::SeriesSelector Selector(std::string_view text) {
  auto selector = model::SeriesSelector::Parse(text);
  EXPECT_TRUE(selector.ok()) << selector.status();
  return *std::move(selector);
}

// Series in the order in which they first came, with their samples.
class Batch {
 public:
  Batch& Series(LabelSet labels) {
    model::SeriesBatch::Series series;
    const std::string text = labels.Text();
    series.labels_hash_high = std::hash<std::string>{}(text);
    series.labels_hash_low = series.labels_hash_high + 1;
    series.samples_end = static_cast<uint32_t>(batch_.samples.size());
    batch_.series.push_back(series);
    labels_[series.labels_hash_high] = std::move(labels);
    return *this;
  }
  Batch& Sample(int64_t seconds, double value) {
    batch_.samples.push_back({(kT0 + seconds) * 1000, value});
    ++batch_.series.back().samples_end;
    return *this;
  }
  MetricDelta Match(const SeriesMatcher& matcher, SeriesMatcher::Scratch& scratch) {
    return matcher.Match(
        batch_, (kT0 + 3600) * 1000,
        [&](const model::SeriesBatch::Series& series, LabelSet& labels) {
          ++reads_;
          labels = labels_[series.labels_hash_high];
          return !labels.empty();
        },
        scratch);
  }
  int reads() const { return reads_; }

 private:
  model::SeriesBatch batch_;
  std::map<uint64_t, LabelSet> labels_;
  int reads_ = 0;
};

class SeriesMatcherTest : public ::testing::Test {
 protected:
  // What all that came so far counts for an SLI.
  SliCounts Count(Batch& batch, SliId sli) {
    const MetricDelta delta = batch.Match(matcher(), scratch_);
    const MetricStreams::Request request{.delta = &delta, .left_out = {}};
    auto plan =
        streams_.MakePlan({&request, 1}, std::chrono::sys_seconds(std::chrono::seconds(kT0 + 300)));
    streams_.Apply(plan);
    SliCounts counts;
    for (const SliDelta::Entry& entry : plan.counts.entries()) {
      if (entry.sli != sli) continue;
      counts.good += entry.counts.good;
      counts.bad += entry.counts.bad;
    }
    return counts;
  }
  const SeriesMatcher& matcher() {
    if (matcher_ == nullptr) matcher_ = std::make_unique<SeriesMatcher>(slis_);
    return *matcher_;
  }

  const SliSpec counter_{CounterSli{.good = std::nullopt,
                                    .bad = Selector(R"(http_requests_total{code=~"5.."})"),
                                    .total = Selector("http_requests_total")},
                         {"http.route"}};
  const SliSpec gauge_{GaugeSli{.metric = Selector("up")}, {}};
  const SliSpec bucket_{CounterSli{.good = Selector(R"(latency_bucket{le="0.3"})"),
                                   .bad = std::nullopt,
                                   .total = Selector("latency_count")},
                        {}};
  const std::vector<IdentifiedSli> slis_{
      {SliId{1}, &counter_}, {SliId{2}, &gauge_}, {SliId{3}, &bucket_}};
  std::unique_ptr<SeriesMatcher> matcher_;
  SeriesMatcher::Scratch scratch_;
  MetricStreams streams_{{}};
};

LabelSet Requests(std::string_view code) {
  return {{"__name__", "http_requests_total"},
          {"job", "checkout"},
          {"http_route", "/pay"},
          {"code", std::string(code)}};
}

TEST_F(SeriesMatcherTest, CountersCountWhatTheyGain) {
  Batch batch;
  batch.Series(Requests("200")).Sample(0, 100).Sample(15, 130);
  batch.Series(Requests("503")).Sample(0, 5).Sample(15, 7);
  batch.Series({{"__name__", "other_total"}}).Sample(0, 5).Sample(15, 7);
  EXPECT_EQ(Count(batch, SliId{1}), (SliCounts{30, 2}));
  // A value that falls is a new beginning: all of it counts.
  Batch later;
  later.Series(Requests("200")).Sample(30, 4);
  EXPECT_EQ(Count(later, SliId{1}), (SliCounts{4, 0}));
  // The same again counts nothing.
  EXPECT_EQ(Count(later, SliId{1}), (SliCounts{0, 0}));
}

TEST_F(SeriesMatcherTest, GroupsByALabelOrItsAttribute) {
  Batch batch;
  batch.Series(Requests("200")).Sample(0, 1);
  const MetricDelta delta = batch.Match(matcher(), scratch_);
  ASSERT_EQ(delta.observations().size(), 1u);
  std::string key;
  AppendGroupValue(key, "/pay");
  EXPECT_EQ(delta.key(delta.observations()[0]), key);
}

TEST_F(SeriesMatcherTest, BucketsAreCountersAndLeIsANumber) {
  Batch batch;
  batch.Series({{"__name__", "latency_bucket"}, {"le", "0.30"}}).Sample(0, 10).Sample(15, 18);
  batch.Series({{"__name__", "latency_bucket"}, {"le", "0.5"}}).Sample(0, 10).Sample(15, 19);
  batch.Series({{"__name__", "latency_count"}}).Sample(0, 10).Sample(15, 20);
  EXPECT_EQ(Count(batch, SliId{3}), (SliCounts{8, 2}));
}

TEST_F(SeriesMatcherTest, GaugesAreJudgedAndMarkersAreNoSamples) {
  Batch batch;
  batch.Series({{"__name__", "up"}, {"instance", "a"}})
      .Sample(1, 1)
      .Sample(11, 0)
      .Sample(21, model::StaleMarker())
      .Sample(7200, 1);  // too far ahead
  EXPECT_EQ(Count(batch, SliId{2}), (SliCounts{1, 1}));
}

TEST_F(SeriesMatcherTest, WhatCannotBeCountedIsCountedAsInvalid) {
  Batch batch;
  batch.Series(Requests("200")).Sample(0, -1).Sample(1, std::numeric_limits<double>::quiet_NaN());
  const MetricDelta delta = batch.Match(matcher(), scratch_);
  EXPECT_EQ(delta.invalid, 2u);
  EXPECT_TRUE(delta.observations().empty());
}

TEST_F(SeriesMatcherTest, LabelsAreReadOnce) {
  Batch batch;
  batch.Series(Requests("200")).Sample(0, 1);
  batch.Series({{"__name__", "other"}}).Sample(0, 1);
  batch.Series({}).Sample(0, 1);
  for (int i = 0; i < 5; ++i) batch.Match(matcher(), scratch_);
  EXPECT_EQ(batch.reads(), 3);
}

TEST_F(SeriesMatcherTest, FewSeriesAreRemembered) {
  const SeriesMatcher matcher(slis_, {.series_per_thread_max = 1});
  Batch batch;
  batch.Series(Requests("200")).Sample(0, 1);
  batch.Series(Requests("503")).Sample(0, 1);
  EXPECT_EQ(batch.Match(matcher, scratch_).observations().size(), 3u);
  EXPECT_EQ(batch.Match(matcher, scratch_).observations().size(), 3u);
  EXPECT_EQ(batch.reads(), 4);
}

}  // namespace
}  // namespace slowburn::slo
