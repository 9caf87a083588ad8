// Goal: a range query is nothing but the instant queries at its steps. Method: random series with
// gaps, ends, resets and histograms, in which every operator is asked both ways. The seed is
// printed; SLOWBURN_SEED=n repeats it.
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "promql/engine.h"
#include "promql/internal/histogram_buckets.h"
#include "promql/testing/histogram_parts.h"
#include "promql/testing/memory_series.h"
#include "promql/testing/result_text.h"

namespace slowburn::promql {
namespace {

using testing::MakeHistogram;
using testing::MemorySeries;

constexpr int64_t kEndMs = 3'600'000;

constexpr const char* kQueries[] = {
    "m",
    "m offset 3m",
    "m @ 1000",
    "m @ end() - m",
    "-m",
    "m > 5",
    "m >= bool 5",
    "m + m",
    "m / on (a, b) group_left () m",
    "sum(m)",
    "sum by (a) (m)",
    "avg without (b) (m)",
    "min(m)",
    "max by (a) (m)",
    "count(m)",
    "stddev by (a) (m)",
    "quantile(0.3, m)",
    "topk(2, m)",
    "bottomk by (a) (1, m)",
    "count_values(\"v\", round(m, 5))",
    "m and m > 5",
    "m unless m > 5",
    "m{a=\"1\"} or m",
    "rate(m[5m])",
    "increase(m[7m] offset 1m)",
    "delta(m[4m])",
    "irate(m[5m])",
    "idelta(m[5m])",
    "resets(m[10m])",
    "changes(m[10m])",
    "sum_over_time(m[5m])",
    "avg_over_time(m[5m])",
    "min_over_time(m[5m])",
    "max_over_time(m[11m])",
    "ts_of_max_over_time(m[11m])",
    "count_over_time(m[5m])",
    "last_over_time(m[5m])",
    "first_over_time(m[5m])",
    "present_over_time(m[3m])",
    "stddev_over_time(m[5m])",
    "quantile_over_time(0.7, m[5m])",
    "mad_over_time(m[5m])",
    "deriv(m[5m])",
    "predict_linear(m[5m], 60)",
    "absent(m{a=\"1\",b=\"0\"})",
    "absent_over_time(m{a=\"1\"}[1m])",
    "max_over_time(sum by (a) (m)[10m:1m])",
    "rate(m[5m:30s])",
    "sum_over_time(m[10m:1m] offset 2m)",
    "timestamp(m)",
    "scalar(sum(m)) + m",
    "clamp(m, 3, 8)",
    "abs(m - 5)",
    "label_replace(m, \"c\", \"$1\", \"a\", \"(.*)\")",
    "hour(m * 1000)",
    "sum by (a) (rate(m[5m])) / on (a) sum by (a) (m)",
    "h",
    "rate(h[5m])",
    "irate(h[5m])",
    "sum(h)",
    "avg(h)",
    "histogram_quantile(0.9, h)",
    "histogram_quantile(0.9, sum(rate(h[5m])))",
    "histogram_count(h)",
    "histogram_fraction(1, 3, h)",
    "sum_over_time(h[4m])",
    "h * 2",
    "h >/ 1.5",
    "count(h)",
};

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

MemorySeries MakeSeries(Random& random) {
  MemorySeries series;
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 2; ++b) {
      const model::LabelSet labels = {
          {"__name__", "m"}, {"a", std::to_string(a)}, {"b", std::to_string(b)}};
      double value = 0;
      for (int64_t time = random.Between(0, 60'000); time < kEndMs;
           time += random.Between(10'000, 25'000)) {
        const int64_t what = random.Between(0, 99);
        if (what < 3) time += random.Between(0, 900'000);
        value = what < 10 ? 0 : value + static_cast<double>(random.Between(0, 3));
        const double special = what == 98 ? std::nan("") : value;
        series.Append(labels, time, what < 3 ? model::StaleMarker() : special);
      }
    }
  }
  double count = 0;
  for (int64_t time = 0; time < kEndMs; time += random.Between(15'000, 60'000)) {
    count = random.Between(0, 9) == 0 ? 1 : count + static_cast<double>(random.Between(0, 5));
    series.Append(
        {{"__name__", "h"}}, time,
        MakeHistogram(
            {.count = 2 * count, .sum = 3 * count, .offset = 1, .buckets = {count, count}}));
  }
  return series;
}

// By labels, the point of one step; results of instant queries may come in any order.
using Points = std::map<std::string, std::string>;

std::string PointText(const ResultSeries& series, size_t point) {
  if (const auto* histogram = series.HistogramAt(point)) return HistogramText(*histogram);
  return fmt::format("{:.12g}", series.values[point]);
}

Points PointsAt(const QueryResult& result, size_t step) {
  Points points;
  for (const ResultSeries& series : result.series) {
    if (series.HasPoint(step)) points[series.labels.Text()] = PointText(series, step);
  }
  return points;
}

uint64_t Seed() {
  const char* given = std::getenv("SLOWBURN_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

TEST(EnginePropertyTest, RangeIsInstantAtEachStep) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("SLOWBURN_SEED={}", seed));
  Random random(seed);
  const MemorySeries series = MakeSeries(random);
  for (const uint32_t threads : {1u, 2u}) {
    EngineOptions options;
    options.parser = ParserOptions::Everything();
    options.threads = threads;
    options.delayed_name_removal = threads == 2;
    const Engine engine(options, base::SystemClock());
    for (std::string query : kQueries) {
      const int64_t start = random.Between(0, kEndMs / 2);
      const int64_t step = random.Between(1000, 120'000);
      const int64_t steps = random.Between(1, 25);
      const int64_t end = start + steps * step;
      const auto range = engine.Range(series, {query, start, end, step});
      ASSERT_TRUE(range.ok()) << query << ": " << range.status();
      // In an instant query end() would be another time.
      if (const size_t at = query.find("end()"); at != std::string::npos) {
        query.replace(at, 5, fmt::format("{:.3f}", static_cast<double>(end) / 1000));
      }
      for (size_t i = 0; i <= static_cast<size_t>(steps); ++i) {
        const auto instant = engine.Instant(series, {query, range->steps.TimeAt(i)});
        ASSERT_TRUE(instant.ok()) << query << ": " << instant.status();
        ASSERT_EQ(PointsAt(*range, i), PointsAt(*instant, 0))
            << query << " at " << range->steps.TimeAt(i) << ", " << threads << " threads";
      }
    }
  }
}

}  // namespace
}  // namespace slowburn::promql
