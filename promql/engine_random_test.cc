// Goal: whatever a query asks, it is answered or refused in words, and the answer keeps its
// promises. Method: trees of any shape over series of every kind, from a seed (PROMQL_SEED repeats
// it); small limits, so that monstrous ones are refused soon.
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "promql/engine.h"
#include "promql/printer.h"
#include "promql/testing/histogram_parts.h"
#include "promql/testing/memory_series.h"
#include "promql/testing/random_tree.h"

namespace slowburn::promql {
namespace {

using testing::MakeHistogram;
using testing::MemorySeries;

constexpr int64_t kMinute = 60'000;
constexpr int64_t kStart = 100 * kMinute;

uint64_t Seed() {
  const char* seed = std::getenv("PROMQL_SEED");
  return seed == nullptr ? std::random_device()() : std::strtoull(seed, nullptr, 10);
}

model::NativeHistogram SomeHistogram(uint64_t what) {
  const auto count = static_cast<double>(what % 7);
  const int schema = static_cast<int>(what % 3) - 1;
  switch (what % 5) {
    case 0:
      return MakeHistogram({.schema = -53,
                            .count = 2 * count,
                            .sum = count,
                            .buckets = {count, count},
                            .custom_bounds = {1, 5}});
    case 1:
      return MakeHistogram({.schema = -53,
                            .count = count,
                            .sum = count,
                            .buckets = {count},
                            .custom_bounds = {5, 7}});
    case 2:
      return MakeHistogram({.schema = schema,
                            .count = 2 * count,
                            .zero_count = count,
                            .zero_threshold = 0.5,
                            .offset = -2,
                            .buckets = {count}});
    case 3:
      return MakeHistogram({.hint = model::NativeHistogram::ResetHint::kGauge});
    default:
      return MakeHistogram({.schema = schema,
                            .count = 2 * count,
                            .sum = std::nan(""),
                            .buckets = {count},
                            .negative_offset = 1,
                            .negative_buckets = {count}});
  }
}

// Numbers, histograms and stale markers in any mixture; some series are buckets.
MemorySeries MakeSeries(uint64_t seed) {
  std::mt19937_64 random(seed);
  MemorySeries series;
  for (const char* metric : {"foo", "up", "sum", "_x", "start", "job:errors:rate5m"}) {
    for (int i = 0; i < 4; ++i) {
      model::LabelSet labels = {{"__name__", metric}, {"job", i % 2 == 0 ? "5xx" : "a.x"}};
      labels.Set("le", i < 2 ? "" : i == 2 ? "1" : "+Inf");
      const bool mixes = random() % 3 == 0;
      for (int64_t time = kStart - 60 * kMinute; time < kStart + 60 * kMinute;
           time += static_cast<int64_t>(10'000 + random() % 120'000)) {
        const uint64_t what = random() % 40;
        if (what == 0) {
          series.Append(labels, time, model::StaleMarker());
        } else if (mixes && what < 20) {
          series.Append(labels, time, SomeHistogram(random()));
        } else {
          series.Append(labels, time, what == 1 ? std::nan("") : static_cast<double>(what));
        }
      }
    }
  }
  return series;
}

bool IsRefusal(absl::StatusCode code) {
  return code == absl::StatusCode::kInvalidArgument ||
         code == absl::StatusCode::kFailedPrecondition ||
         code == absl::StatusCode::kResourceExhausted ||
         code == absl::StatusCode::kDeadlineExceeded;
}

void CheckAnswer(const absl::StatusOr<QueryResult>& answer) {
  if (!answer.ok()) {
    EXPECT_TRUE(IsRefusal(answer.status().code()) ||
                answer.status().code() == absl::StatusCode::kUnimplemented)
        << answer.status();
    EXPECT_FALSE(answer.status().message().empty());
    return;
  }
  std::set<model::LabelSet> labels;
  for (const ResultSeries& series : answer->series) {
    EXPECT_TRUE(labels.insert(series.labels).second) << series.labels.Text();
    bool any = false;
    for (size_t point = 0; point < series.values.size(); ++point) any |= series.HasPoint(point);
    EXPECT_TRUE(any);
    EXPECT_TRUE(series.histograms.empty() || series.histograms.size() == series.values.size());
  }
}

TEST(EngineRandomTest, AnswersOrRefuses) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(::testing::Message() << "PROMQL_SEED=" << seed);
  const MemorySeries series = MakeSeries(seed);
  testing::RandomTree trees(seed);
  constexpr ValueType kTypes[] = {ValueType::kVector, ValueType::kScalar, ValueType::kVector,
                                  ValueType::kMatrix};
  for (const bool delayed : {false, true}) {
    EngineOptions options;
    options.parser = ParserOptions::Everything();
    options.delayed_name_removal = delayed;
    options.type_and_unit_labels = delayed;
    options.steps_max = 2000;
    options.timeout = std::chrono::seconds(1);
    const Engine engine(options, base::SystemClock());
    for (int i = 0; i < 2000; ++i) {
      const ValueType type = kTypes[i % 4];
      const ExprPtr tree = trees.Make(type, i % 6);
      const std::string query = Print(*tree);
      SCOPED_TRACE(query);
      CheckAnswer(engine.Instant(series, {query, kStart}));
      CheckAnswer(engine.Range(series, {query, kStart, kStart + 5 * kMinute, kMinute}));
      ASSERT_FALSE(HasFailure());
    }
  }
}

}  // namespace
}  // namespace slowburn::promql
