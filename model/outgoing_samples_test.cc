// Goal: what is added to a series is found with it, and what it takes of memory is told. Method:
// series of every kind, one after the other.
#include "model/outgoing_samples.h"

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

LabelSet LabelsOf(const OutgoingSamples::View& view) {
  LabelSet labels;
  OutgoingSamples::VisitLabels(
      view.labels, [&](std::string_view name, std::string_view value) { labels.Set(name, value); });
  return labels;
}

TEST(OutgoingSamplesTest, EachSeriesHasItsOwn) {
  OutgoingSamples samples;
  EXPECT_TRUE(samples.empty());
  samples.BeginSeries();
  samples.AddLabel("__name__", "up");
  samples.AddLabel("job", std::string(70'000, 'x'));
  samples.AddSample({1000, 1});
  samples.AddSample({2000, 0});
  samples.BeginSeries();
  samples.AddLabel("__name__", "latency");
  samples.AddHistogram(3000, {.count = 4, .sum = 2});
  samples.AddExemplar(2900, 0.5, {{"trace_id", "abc"}});
  const uint32_t known = samples.AddMetadata({"latency", "histogram", "How long", "seconds"});
  samples.SetMetadata(known);
  samples.BeginSeries();  // one of no label
  samples.AddSample({4000, 7});

  EXPECT_EQ(samples.items(), 5u);
  ASSERT_EQ(samples.series(), 3u);
  const OutgoingSamples::View up = samples.At(0);
  EXPECT_EQ(LabelsOf(up), (LabelSet{{"__name__", "up"}, {"job", std::string(70'000, 'x')}}));
  ASSERT_EQ(up.samples.size(), 2u);
  EXPECT_EQ(up.samples[1].time_ms, 2000);
  EXPECT_TRUE(up.histograms.empty());
  EXPECT_TRUE(up.exemplars.empty());
  const OutgoingSamples::View latency = samples.At(1);
  EXPECT_TRUE(latency.samples.empty());
  ASSERT_EQ(latency.histograms.size(), 1u);
  EXPECT_EQ(latency.histograms[0].value.count, 4);
  ASSERT_EQ(latency.exemplars.size(), 1u);
  EXPECT_EQ(latency.exemplars[0].labels, (LabelSet{{"trace_id", "abc"}}));
  EXPECT_EQ(up.metadata, nullptr);
  ASSERT_NE(latency.metadata, nullptr);
  EXPECT_EQ(latency.metadata->help, "How long");
  EXPECT_TRUE(LabelsOf(samples.At(2)).empty());
  EXPECT_EQ(samples.At(2).samples[0].value, 7);
}

TEST(OutgoingSamplesTest, MemoryGrowsWithWhatIsAdded) {
  OutgoingSamples samples;
  const size_t empty = samples.memory_bytes();
  samples.BeginSeries();
  samples.AddLabel("__name__", std::string(1000, 'a'));
  const size_t named = samples.memory_bytes();
  EXPECT_GE(named, empty + 1000);
  samples.AddHistogram(
      1, {.positive_spans = {{0, 100}}, .positive_counts = std::vector<double>(100, 1)});
  const size_t with_histogram = samples.memory_bytes();
  EXPECT_GE(with_histogram, named + 800 + sizeof(NativeHistogram));
  samples.AddMetadata({"a", "gauge", std::string(500, 'h'), ""});
  EXPECT_GE(samples.memory_bytes(), with_histogram + 500);
}

}  // namespace
}  // namespace slowburn::model
