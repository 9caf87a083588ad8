// Goal: what a query wants twice is read once, and only where that costs no more. Method: a reader
// that counts, asked by whole queries.
#include "promql/internal/selection.h"

#include <atomic>

#include <gtest/gtest.h>

#include "promql/engine.h"
#include "promql/testing/memory_series.h"

namespace slowburn::promql {
namespace {

using testing::MemorySeries;

constexpr int64_t kHour = 3'600'000;

struct Counts {
  std::atomic<int> selects = 0, reads = 0;
};

class CountingSnapshot : public storage::SeriesSnapshot {
 public:
  CountingSnapshot(std::unique_ptr<SeriesSnapshot> inner, Counts& counts)
      : inner_(std::move(inner)), counts_(counts) {}

  absl::StatusOr<std::vector<storage::SelectedSeries>> Select(
      const storage::Matchers& matchers, storage::TimeRange range) const override {
    ++counts_.selects;
    return inner_->Select(matchers, range);
  }
  absl::Status ReadSamples(uint64_t id, storage::TimeRange range,
                           storage::SampleColumns& samples) const override {
    ++counts_.reads;
    return inner_->ReadSamples(id, range, samples);
  }
  absl::StatusOr<std::vector<std::string>> LabelNames(const storage::Matchers& matchers,
                                                      storage::TimeRange range,
                                                      uint64_t limit) const override {
    return inner_->LabelNames(matchers, range, limit);
  }
  absl::StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                       const storage::Matchers& matchers,
                                                       storage::TimeRange range,
                                                       uint64_t limit) const override {
    return inner_->LabelValues(name, matchers, range, limit);
  }
  absl::StatusOr<std::vector<storage::MetricMetadata>> Metadata(
      std::string_view metric) const override {
    return inner_->Metadata(metric);
  }
  absl::StatusOr<std::vector<storage::SeriesExemplars>> Exemplars(
      const storage::Matchers& matchers, storage::TimeRange range) const override {
    return inner_->Exemplars(matchers, range);
  }
  absl::StatusOr<storage::SeriesStatistics> Statistics(uint64_t top) const override {
    return inner_->Statistics(top);
  }

 private:
  std::unique_ptr<SeriesSnapshot> inner_;
  Counts& counts_;
};

class CountingReader : public storage::SeriesReader {
 public:
  explicit CountingReader(const MemorySeries& series) : series_(series) {}

  std::unique_ptr<storage::SeriesSnapshot> TakeSnapshot(const storage::ReadLimits& limits,
                                                        std::stop_token stop) const override {
    return std::make_unique<CountingSnapshot>(series_.TakeSnapshot(limits, stop), counts);
  }

  mutable Counts counts;

 private:
  const MemorySeries& series_;
};

struct SharingCase {
  std::string name;
  std::string query;
  int want_selects, want_reads;
};

class SharingTest : public ::testing::TestWithParam<SharingCase> {};

TEST_P(SharingTest, ReadsOnce) {
  MemorySeries series;
  for (int64_t time = 0; time <= kHour; time += 30'000) {
    series.Append({{"__name__", "m"}, {"a", "1"}}, time, static_cast<double>(time));
    series.Append({{"__name__", "m"}, {"a", "2"}}, time, static_cast<double>(time));
  }
  const CountingReader reader(series);
  const Engine engine(EngineOptions(), base::SystemClock());
  const RangeQuery query{GetParam().query, kHour / 2, kHour, 60'000};
  const auto got = engine.Range(reader, query);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(reader.counts.selects, GetParam().want_selects);
  EXPECT_EQ(reader.counts.reads, GetParam().want_reads);
}

INSTANTIATE_TEST_SUITE_P(Rows, SharingTest,
                         ::testing::ValuesIn<SharingCase>({
                             {"Once", "m", 1, 2},
                             {"Twice", "m + m", 1, 2},
                             {"RangesThatOverlap", "rate(m[10m]) / rate(m[5m]) + m", 1, 2},
                             {"OtherMatchers", "m + on (a) m{a=\"1\"}", 2, 3},
                             // One read of both would read the day between as well.
                             {"FarApart", "m - m offset 1d", 2, 2},
                             {"StepInvariant", "m @ 60 + m @ 60", 1, 2},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql
