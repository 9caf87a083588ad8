// Goal: each point feeds the SLIs whose selectors mean its series, with the value that the series
// has in Prometheus. Method: rows of one metric against one SLI; then keys, groups, caches.
#include "slo/metric_matcher.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <set>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/sli_delta.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::slo {
namespace {

using model::MetricType;
using model::Temporality;
using testing::MetricBatchBuilder;

model::SeriesSelector Selector(std::string_view text) {
  return model::SeriesSelector::Parse(text).value();
}
CounterSli BadOf(std::string_view bad, std::string_view total) {
  return {.good = std::nullopt, .bad = Selector(bad), .total = Selector(total)};
}

MetricDelta Match(const SliSpec& spec, const model::MetricBatch& batch) {
  const IdentifiedSli sli{SliId{7}, &spec};
  const MetricMatcher matcher(std::span(&sli, 1));
  MetricMatcher::Scratch scratch;
  return matcher.Match(batch, scratch);
}

// The values of all observations, in order; -1 for what was invalid.
std::vector<double> Values(const SliSpec& spec, const model::MetricBatch& batch) {
  const MetricDelta delta = Match(spec, batch);
  std::vector<double> values;
  for (const MetricObservation& observation : delta.observations()) {
    EXPECT_EQ(observation.sli, SliId{7});
    values.push_back(static_cast<double>(observation.point.total.whole) +
                     observation.point.total.fraction);
  }
  for (uint64_t i = 0; i < delta.invalid; ++i) values.push_back(-1);
  return values;
}

struct CounterCase {
  const char* name;
  const char* selector;  // of `total`; `bad` selects nothing
  std::function<void(MetricBatchBuilder&)> build;
  std::vector<double> want;
};
class CounterTest : public ::testing::TestWithParam<CounterCase> {};

TEST_P(CounterTest, Reads) {
  MetricBatchBuilder builder;
  builder.Resource({{"service.name", "pay"}, {"k8s.pod.name", "pod-1"}});
  GetParam().build(builder);
  const SliSpec spec{.source = BadOf("nothing_total", GetParam().selector), .group_by = {}};
  EXPECT_EQ(Values(spec, builder.batch()), GetParam().want);
}

void Requests(MetricBatchBuilder& builder) {
  builder.Counter("http.requests")
      .Int(1, 10, 5, {{"code", "200"}})
      .Int(1, 10, 2, {{"code", "500"}});
}
void Durations(MetricBatchBuilder& builder) {
  builder.Metric("http.duration", "s", MetricType::kHistogram, Temporality::kCumulative)
      .Histogram(1, 10, {0.1, 0.5, 5}, {3, 4, 2, 1});
}
void Sizes(MetricBatchBuilder& builder) {
  builder.Metric("size", "By", MetricType::kExponentialHistogram, Temporality::kDelta)
      .Exponential(1, 10, 0, 0, {2, 3}, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CounterTest,
    ::testing::ValuesIn<CounterCase>({
        {"ByName", "http_requests_total", Requests, {5, 2}},
        {"ByLabel", R"(http_requests_total{code=~"5.."})", Requests, {2}},
        {"ByJob", R"(http_requests_total{job="pay"})", Requests, {5, 2}},
        {"ByOtherJob", R"(http_requests_total{job="ship"})", Requests, {}},
        {"ByNotJob", R"(http_requests_total{job!="ship"})", Requests, {5, 2}},
        {"ByResource", R"(http_requests_total{k8s_pod_name="pod-1"})", Requests, {5, 2}},
        {"ByResourceAsWritten",
         R"({"http_requests_total","k8s.pod.name"="pod-1"})",
         Requests,
         {5, 2}},
        {"ByOtherResource", R"(http_requests_total{k8s_pod_name="pod-2"})", Requests, {}},
        {"ByNameExpression", R"({__name__=~"http_.*",code="200"})", Requests, {5}},
        {"ByLabelAlone", R"({code="500"})", Requests, {2}},
        {"TheOtlpName", R"({"http.requests"})", Requests, {}},
        {"UpDown",
         "queue",
         [](MetricBatchBuilder& b) {
           b.Metric("queue", "", MetricType::kSum, Temporality::kCumulative).Int(1, 10, 5);
         },
         {}},
        {"UntypedIsAGauge",
         "requests",
         [](MetricBatchBuilder& b) { b.Gauge("requests").Double(1, 10, 5.5); },
         {5.5}},
        {"BelowZero",
         "requests",
         [](MetricBatchBuilder& b) { b.Gauge("requests").Double(1, 10, -1); },
         {-1}},
        {"BelowZeroInteger",
         "requests",
         [](MetricBatchBuilder& b) { b.Gauge("requests").Int(1, 10, -1); },
         {-1}},
        {"NotANumber",
         "requests",
         [](MetricBatchBuilder& b) { b.Gauge("requests").Double(1, 10, std::nan("")); },
         {-1}},
        {"NoRecordedValue",
         "http_requests_total",
         [](MetricBatchBuilder& b) {
           Requests(b);
           b.last_point().no_recorded_value = true;
         },
         {5}},
        {"HistogramCount", "http_duration_seconds_count", Durations, {10}},
        {"HistogramItself", "http_duration_seconds", Durations, {}},
        {"HistogramSum", "http_duration_seconds_sum", Durations, {}},
        {"Bucket", R"(http_duration_seconds_bucket{le="0.5"})", Durations, {7}},
        {"BucketInOtherDigits", R"(http_duration_seconds_bucket{le="0.50"})", Durations, {7}},
        {"BucketAsFloat", R"(http_duration_seconds_bucket{le="5.0"})", Durations, {9}},
        {"BucketExpressionAsFloat",
         R"(http_duration_seconds_bucket{le=~"5\\.0|0\\.1"})",
         Durations,
         {12}},
        {"BucketOfAll", R"(http_duration_seconds_bucket{le="+Inf"})", Durations, {10}},
        {"BucketThatIsNone", R"(http_duration_seconds_bucket{le="0.3"})", Durations, {}},
        {"AllBuckets", "http_duration_seconds_bucket", Durations, {3 + 7 + 9 + 10}},
        {"CountHasNoLe", R"(http_duration_seconds_count{le="0.5"})", Durations, {}},
        {"ScrapedBucket",
         R"(x_bucket{le="1"})",
         [](MetricBatchBuilder& b) {
           b.Metric("x_bucket", "", MetricType::kGauge, Temporality::kNone)
               .Double(1, 10, 4, {{"le", "1.0"}})
               .Double(1, 10, 9, {{"le", "2.0"}});
         },
         {4}},
        {"ExponentialCount", "size_bytes_count", Sizes, {6}},
        {"ExponentialBucket", R"(size_bytes_bucket{le="2"})", Sizes, {}},
        {"SummaryCount",
         "rpc_count",
         [](MetricBatchBuilder& b) {
           b.Metric("rpc", "", MetricType::kSummary, Temporality::kNone).Summary(1, 10, 9);
         },
         {9}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(HistogramTest, IsFoundByAnyOfItsNames) {
  for (const char* name : {"http_duration_seconds", "http_duration_seconds_bucket",
                           "http_duration_seconds_count", R"({__name__=~"http_duration_.*"})"}) {
    MetricBatchBuilder builder;
    Durations(builder.Resource({}));
    const SliSpec spec{.source = HistogramSli{.metric = Selector(name), .max = 0.3},
                       .group_by = {}};
    const MetricDelta delta = Match(spec, builder.batch());
    ASSERT_EQ(delta.observations().size(), 1u) << name;
    const MetricObservation& observation = delta.observations()[0];
    EXPECT_EQ(observation.point.total, (CounterValue{.whole = 10, .fraction = 0}));
    const CounterValue& good = observation.point.good;
    EXPECT_NEAR(static_cast<double>(good.whole) + good.fraction, 5, 1e-9);
    EXPECT_FALSE(observation.point.is_exact);
    EXPECT_NE(observation.point.layout, 0u);
    EXPECT_TRUE(observation.effect.has_good);
    EXPECT_EQ(observation.kind, ObservationKind::kCumulative);
  }
}

TEST(HistogramTest, MayBeExponential) {
  MetricBatchBuilder builder;
  Sizes(builder.Resource({}));
  const SliSpec spec{.source = HistogramSli{.metric = Selector("size_bytes"), .max = 2},
                     .group_by = {}};
  const MetricDelta delta = Match(spec, builder.batch());
  ASSERT_EQ(delta.observations().size(), 1u);
  EXPECT_EQ(delta.observations()[0].point.good.whole, 3u);
  EXPECT_TRUE(delta.observations()[0].point.is_exact);
  EXPECT_EQ(delta.observations()[0].kind, ObservationKind::kDelta);
}

struct GaugeCase {
  const char* name;
  GaugeSli::Test test;
  double threshold;
  double value;
  bool bad;
};
class GaugeTest : public ::testing::TestWithParam<GaugeCase> {};

TEST_P(GaugeTest, IsJudged) {
  const GaugeCase& row = GetParam();
  MetricBatchBuilder builder;
  builder.Resource({}).Gauge("g").Double(0, 10, row.value);
  const SliSpec spec{
      .source = GaugeSli{.metric = Selector("g"), .test = row.test, .threshold = row.threshold},
      .group_by = {}};
  const MetricDelta delta = Match(spec, builder.batch());
  ASSERT_EQ(delta.observations().size(), 1u);
  EXPECT_EQ(delta.observations()[0].is_bad, row.bad);
  EXPECT_EQ(delta.observations()[0].kind, ObservationKind::kGauge);
}

INSTANTIATE_TEST_SUITE_P(Rows, GaugeTest,
                         ::testing::ValuesIn<GaugeCase>({
                             {"One", GaugeSli::Test::kNotZero, 0, 1, false},
                             {"Zero", GaugeSli::Test::kNotZero, 0, 0, true},
                             {"AtMost", GaugeSli::Test::kAtMost, 5, 5, false},
                             {"More", GaugeSli::Test::kAtMost, 5, 5.1, true},
                             {"Infinite", GaugeSli::Test::kAtMost, 5,
                              std::numeric_limits<double>::infinity(), true},
                             {"AtLeast", GaugeSli::Test::kAtLeast, 5, 5, false},
                             {"Less", GaugeSli::Test::kAtLeast, 5, 4.9, true},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(GaugeTest, ReadsNoDelta) {
  MetricBatchBuilder builder;
  builder.Resource({}).Metric("g", "", MetricType::kSum, Temporality::kDelta).Int(1, 10, 1);
  const SliSpec spec{.source = GaugeSli{.metric = Selector("g")}, .group_by = {}};
  EXPECT_TRUE(Match(spec, builder.batch()).empty());
}

TEST(MetricMatcherTest, SaysWhatAnIncrementAdds) {
  MetricBatchBuilder builder;
  builder.Resource({}).Counter("a").Int(1, 10, 1).Counter("b").Int(1, 10, 1);
  const auto effects = [&](CounterSli sli) {
    const SliSpec spec{.source = std::move(sli), .group_by = {}};
    const MetricDelta delta = Match(spec, builder.batch());
    std::vector<std::pair<int, int>> found;
    for (const MetricObservation& observation : delta.observations())
      found.emplace_back(observation.effect.total_to_good, observation.effect.total_to_bad);
    return found;
  };
  using ::testing::ElementsAre;
  using ::testing::Pair;
  const auto a = Selector("a_total"), b = Selector("b_total");
  EXPECT_THAT(effects({.good = a, .bad = b, .total = {}}), ElementsAre(Pair(1, 0), Pair(0, 1)));
  EXPECT_THAT(effects({.good = {}, .bad = a, .total = b}), ElementsAre(Pair(-1, 1), Pair(1, 0)));
  EXPECT_THAT(effects({.good = a, .bad = {}, .total = b}), ElementsAre(Pair(1, -1), Pair(0, 1)));
}

TEST(MetricMatcherTest, GroupsByLabelsAndResourceAttributes) {
  MetricBatchBuilder builder;
  builder.Resource({{"service.name", "pay"}, {"k8s.pod.name", "pod-1"}})
      .Counter("a")
      .Int(1, 10, 1, {{"http.route", "/pay"}});
  const SliSpec spec{
      .source = BadOf("b_total", "a_total"),
      .group_by = {"http_route", "http.route", "k8s.pod.name", "k8s_pod_name", "job", "none"}};
  const MetricDelta delta = Match(spec, builder.batch());
  ASSERT_EQ(delta.observations().size(), 1u);
  EXPECT_THAT(SplitGroupKey(delta.key(delta.observations()[0])),
              ::testing::ElementsAre("/pay", "/pay", "pod-1", "pod-1", "pay", "__none__"));
}

TEST(MetricMatcherTest, KnowsASeriesWhateverItsTemporality) {
  const SliSpec spec{.source = BadOf("b_total", "a_total"), .group_by = {}};
  std::set<StreamKey> keys;
  for (const Temporality temporality : {Temporality::kCumulative, Temporality::kDelta}) {
    MetricBatchBuilder builder;
    builder.Resource({{"x", "1"}})
        .Metric("a", "", MetricType::kSum, temporality, true)
        .Int(1, 10, 1);
    const MetricDelta delta = Match(spec, builder.batch());
    keys.insert(delta.observations().at(0).stream);
  }
  EXPECT_EQ(keys.size(), 1u);
}

TEST(MetricMatcherTest, TellsSeriesSlisAndRolesApart) {
  const SliSpec spec{.source = BadOf("a_total", "a_total"), .group_by = {}};
  const IdentifiedSli slis[] = {{SliId{1}, &spec}, {SliId{2}, &spec}};
  const MetricMatcher matcher(slis);
  MetricMatcher::Scratch scratch;
  MetricBatchBuilder builder;
  for (const char* x : {"1", "2"}) {
    builder.Resource({{"x", x}}).Counter("a");
    for (const char* y : {"1", "2"}) builder.Int(1, 10, 1, {{"y", y}});
  }
  std::set<StreamKey> keys;
  std::set<uint64_t> writers;
  for (int round = 0; round < 2; ++round) {
    const MetricDelta delta = matcher.Match(builder.batch(), scratch);
    EXPECT_EQ(delta.observations().size(), 16u);
    for (const MetricObservation& observation : delta.observations()) {
      keys.insert(observation.stream);
      writers.insert(observation.writer);
    }
  }
  EXPECT_EQ(keys.size(), 16u);
  EXPECT_EQ(writers.size(), 2u);
}

// What is around a point is looked at once for all that have it, and for no others.
TEST(MetricMatcherTest, TellsResourcesAndScopesApart) {
  const SliSpec spec{.source = BadOf("b_total", "a_total"),
                     .group_by = {"service.name", "otel_scope_team", "code"}};
  const auto add = [](MetricBatchBuilder& builder, const char* service, const char* team) {
    builder.Resource({{"service.name", service}})
        .Counter("a")
        .Int(1, 10, 1, {{"code", "200"}})
        .Scope({{"team", team}})
        .Counter("a")
        .Int(1, 10, 1, {{"code", "200"}})
        .Int(1, 10, 1, {{"code", "500"}});
  };
  const auto seen = [&](const MetricBatchBuilder& builder) {
    std::vector<std::tuple<StreamKey, uint64_t, StreamKey, std::string>> all;
    const MetricDelta delta = Match(spec, builder.batch());
    for (const MetricObservation& observation : delta.observations()) {
      all.emplace_back(observation.stream, observation.writer, observation.stored_stream,
                       std::string(delta.key(observation)));
    }
    return all;
  };
  MetricBatchBuilder both, pay, cart;
  add(both, "pay", "x");
  add(both, "cart", "y");
  add(pay, "pay", "x");
  add(cart, "cart", "y");
  auto alone = seen(pay);
  std::ranges::copy(seen(cart), std::back_inserter(alone));
  EXPECT_EQ(seen(both), alone);
  EXPECT_EQ(alone.size(), 6u);
  EXPECT_EQ(
      (std::set<StreamKey>{std::get<0>(alone[0]), std::get<0>(alone[1]), std::get<0>(alone[2]),
                           std::get<0>(alone[3]), std::get<0>(alone[4]), std::get<0>(alone[5])}
           .size()),
      6u);
  std::string key;
  for (const char* value : {"cart", "y", "500"}) AppendGroupValue(key, value);
  EXPECT_EQ(std::get<3>(alone.back()), key);
}

TEST(MetricMatcherTest, GoesOnWhenItsCachesAreFull) {
  const SliSpec spec{.source = BadOf("b_total", R"({__name__=~"a.*"})"), .group_by = {}};
  const IdentifiedSli sli{SliId{1}, &spec};
  const MetricMatcher matcher(std::span(&sli, 1),
                              {.metrics_per_thread_max = 2, .series_per_thread_max = 3});
  MetricMatcher::Scratch scratch;
  MetricBatchBuilder builder;
  builder.Resource({});
  for (int i = 0; i < 10; ++i) {
    builder.Counter("a" + std::to_string(i));
    for (int k = 0; k < 5; ++k) builder.Int(1, 10, 1, {{"k", std::to_string(k)}});
  }
  for (int round = 0; round < 3; ++round)
    EXPECT_EQ(matcher.Match(builder.batch(), scratch).observations().size(), 50u);
}

TEST(MetricMatcherTest, PicksBucketsAnewForOtherBounds) {
  const SliSpec spec{.source = BadOf("b_total", R"(a_bucket{le="1"})"), .group_by = {}};
  const IdentifiedSli sli{SliId{1}, &spec};
  const MetricMatcher matcher(std::span(&sli, 1));
  MetricMatcher::Scratch scratch;
  const auto value = [&](const std::vector<double>& bounds, const std::vector<uint64_t>& counts) {
    MetricBatchBuilder builder;
    builder.Resource({})
        .Metric("a", "", MetricType::kHistogram, Temporality::kCumulative)
        .Histogram(1, 10, bounds, counts);
    const MetricDelta delta = matcher.Match(builder.batch(), scratch);
    return delta.empty() ? uint64_t{999} : delta.observations()[0].point.total.whole;
  };
  EXPECT_EQ(value({1, 2}, {3, 4, 5}), 3u);
  EXPECT_EQ(value({0.5, 1}, {3, 4, 5}), 7u);
  EXPECT_EQ(value({0.5, 2}, {3, 4, 5}), 999u);
  EXPECT_EQ(value({1, 2}, {6, 4, 5}), 6u);
}

TEST(MetricMatcherTest, KeepsTheLatenciesOfExponentialHistogramsOfTime) {
  const auto latencies = [&](const char* selector, auto add) -> std::optional<uint64_t> {
    const SliSpec spec{
        .source = HistogramSli{.metric = model::SeriesSelector::Parse(selector).value(), .max = 1},
        .group_by = {}};
    MetricBatchBuilder builder;
    add(builder.Resource({}));
    const MetricDelta delta = Match(spec, builder.batch());
    const MetricLatencies* const found = delta.latencies(delta.observations().at(0));
    if (found == nullptr) return std::nullopt;
    return found->histogram.count();
  };
  const auto exponential = [](std::string_view unit, int32_t scale) {
    return [unit, scale](MetricBatchBuilder& builder) {
      builder.Metric("a", unit, MetricType::kExponentialHistogram, Temporality::kCumulative)
          .Exponential(1, 10, scale, -3, {3, 4}, 5);
    };
  };
  EXPECT_EQ(latencies("a_seconds", exponential("s", 5)), 12u);
  EXPECT_EQ(latencies("a_milliseconds_count", exponential("ms", 0)), 12u);
  EXPECT_EQ(latencies("a_seconds", exponential("s", -1)), std::nullopt) << "too coarse";
  EXPECT_EQ(latencies("a_bytes", exponential("By", 5)), std::nullopt) << "nothing that lasts";
  EXPECT_EQ(latencies("a_seconds",
                      [](MetricBatchBuilder& builder) {
                        builder.Metric("a", "s", MetricType::kHistogram, Temporality::kCumulative)
                            .Histogram(1, 10, {0.1, 1}, {3, 4, 5});
                      }),
            std::nullopt)
      << "bounds are too far apart";
}

TEST(MetricMatcherTest, CostsNothingWithoutSlis) {
  const MetricMatcher matcher({});
  EXPECT_TRUE(matcher.empty());
  MetricMatcher::Scratch scratch;
  MetricBatchBuilder builder;
  builder.Resource({}).Counter("a").Int(1, 10, 1);
  EXPECT_TRUE(matcher.Match(builder.batch(), scratch).empty());
}

}  // namespace
}  // namespace slowburn::slo
