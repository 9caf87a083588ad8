// Goal: spans count as DESIGN section 4, "Exact meanings", says, for the groups they belong to, and
// finding SLIs by service changes nothing but the cost. Method: rows; a count by hand beside random
// batches.
#include "slo/matcher.h"

#include <map>
#include <random>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/batch_builder.h"
#include "slo/testing/build_slo.h"

namespace slowburn::slo {
namespace {

using model::AttributeValue;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kEnd = 1'702'080'003 * kSecond;  // 3 s into its slice
constexpr Slice kSlice = 170'208'000;
constexpr std::chrono::sys_seconds kReceived{1'702'099'999s};
constexpr int32_t kError = static_cast<int32_t>(model::SpanStatusCode::kError);

model::Span SpanOf(std::string_view name, int32_t status = 0, uint64_t duration = 0) {
  model::Span span;
  span.name = name;
  span.status_code = status;
  span.start_time_unix_nano = kEnd - duration;
  span.end_time_unix_nano = kEnd;
  return span;
}

// A matcher with ids 1, 2, ... for these SLIs.
SpanMatcher MatcherOf(const std::vector<SliSpec>& specs) {
  std::vector<IdentifiedSli> slis;
  for (const SliSpec& spec : specs) slis.push_back({static_cast<SliId>(slis.size() + 1), &spec});
  return SpanMatcher(slis);
}

// "1:/pay 3/1": SLI, group values, good/bad.
std::vector<std::string> Texts(const SliDelta& delta) {
  std::vector<std::string> texts;
  for (const SliDelta::Entry& entry : delta.entries()) {
    std::string text = fmt::format("{}:", static_cast<uint32_t>(entry.sli));
    for (const std::string& value : SplitGroupKey(delta.key(entry))) text += value + " ";
    texts.push_back(text + fmt::format("{}/{}", entry.counts.good, entry.counts.bad));
  }
  return texts;
}

std::vector<std::string> Match(const SpanMatcher& matcher, const model::SpanBatch& batch) {
  SpanMatcher::Scratch scratch(matcher);
  return Texts(matcher.Match(batch, kReceived, scratch));
}

// --- what is good

struct MeaningCase {
  std::string name;
  std::string_view bad, good;
  std::optional<std::chrono::nanoseconds> latency_max;
  bool is_bad, is_good;  // whether the conditions hold for the span
  int64_t duration;      // nanoseconds; negative: it ends before it starts
  std::string want;      // "good", "bad" or "" for not counted
};
class MatcherMeaningTest : public testing::TestWithParam<MeaningCase> {};

TEST_P(MatcherMeaningTest, Counts) {
  const MeaningCase& c = GetParam();
  const SpanMatcher matcher = MatcherOf({BuildSli({.match = "span.name == \"pay\"",
                                                   .bad = c.bad,
                                                   .good = c.good,
                                                   .latency_max = c.latency_max})});
  model::Span span = SpanOf("pay");
  span.start_time_unix_nano = kEnd - static_cast<uint64_t>(c.duration);
  SpanBatchBuilder builder(matcher.projection());
  builder.Service("checkout")
      .Add(span, {{"b", AttributeValue::Bool(c.is_bad)}, {"g", AttributeValue::Bool(c.is_good)}})
      .Add(SpanOf("another"), {{"b", AttributeValue::Bool(true)}});
  const std::vector<std::string> got = Match(matcher, builder.batch());
  if (c.want.empty()) {
    EXPECT_THAT(got, IsEmpty());
  } else {
    EXPECT_THAT(got, ElementsAre(c.want == "good" ? "1:1/0" : "1:0/1"));
  }
}

constexpr std::string_view kBad = "span.attributes[\"b\"] == true";
constexpr std::string_view kGood = "span.attributes[\"g\"] == true";

INSTANTIATE_TEST_SUITE_P(
    Design, MatcherMeaningTest,
    testing::ValuesIn<MeaningCase>({
        // name              bad    good   latency  is_bad is_good duration     want
        {"BadTrue", kBad, "", {}, true, false, 0, "bad"},
        {"BadFalse", kBad, "", {}, false, true, 0, "good"},
        {"GoodTrue", "", kGood, {}, true, true, 0, "good"},
        {"GoodFalse", "", kGood, {}, false, false, 0, "bad"},
        {"BothNeither", kBad, kGood, {}, false, false, 0, ""},
        {"BothTrue", kBad, kGood, {}, true, true, 0, "bad"},
        {"BothBad", kBad, kGood, {}, true, false, 0, "bad"},
        {"BothGood", kBad, kGood, {}, false, true, 0, "good"},
        {"LatencyUnder", "", "", 300ms, true, false, 299'999'999, "good"},
        {"LatencyExactly", "", "", 300ms, true, false, 300'000'000, "good"},
        {"LatencyOver", "", "", 300ms, false, true, 300'000'001, "bad"},
        {"EndsBeforeStart", "", "", 1ns, true, false, -5'000, "good"},
        {"LatencyOrBad", kBad, "", 300ms, true, false, 1, "bad"},
        {"LatencyOverAlone", kBad, "", 300ms, false, false, 300'000'001, "bad"},
        {"LatencyNorBad", kBad, "", 300ms, false, false, 300'000'000, "good"},
    }),
    [](const auto& info) { return info.param.name; });

// --- which spans

TEST(MatcherTest, FindsSlisByServiceAndResource) {
  const std::string checkout = R"(resource.attributes["service.name"] == "checkout")";
  const std::string in_eu = checkout + R"( and resource.attributes["region"] == "eu")";
  const std::string server = checkout + " and span.kind == SPAN_KIND_SERVER";
  const std::string both =
      checkout + R"( and resource.attributes["service.name"] == "cart")";  // never
  const std::string either = checkout + R"( or resource.attributes["service.name"] == "cart")";
  const SpanMatcher matcher = MatcherOf({
      BuildSli({.match = checkout, .bad = "false"}),
      BuildSli({.match = in_eu, .bad = "false"}),
      BuildSli({.match = server, .bad = "false"}),
      BuildSli({.match = both, .bad = "false"}),
      BuildSli({.match = either, .bad = "false"}),
      BuildSli({.match = R"(resource.attributes["region"] == "eu")", .bad = "false"}),
      BuildSli({.match = "span.kind == SPAN_KIND_SERVER", .bad = "false"}),
      BuildSli({.match = R"(resource.attributes["service.name"] == "nobody")", .bad = "false"}),
  });
  model::Span served = SpanOf("a");
  served.kind = static_cast<int32_t>(model::SpanKind::kServer);
  SpanBatchBuilder builder(matcher.projection());
  builder.Service("checkout").Add(SpanOf("a")).Add(served);
  builder
      .Resource({{"service.name", AttributeValue::String("checkout")},
                 {"region", AttributeValue::String("eu")}})
      .Add(SpanOf("a"));
  builder.Service("cart").Add(SpanOf("a")).Add(SpanOf("b"));
  builder.Resource({{"region", AttributeValue::String("eu")}}).Add(served);
  builder.Resource({{"service.name", AttributeValue::Int(7)}}).Add(SpanOf("a"));
  EXPECT_THAT(Match(matcher, builder.batch()),
              UnorderedElementsAre("1:3/0", "2:1/0", "3:1/0", "5:5/0", "6:2/0", "7:2/0"));
}

TEST(MatcherTest, EverySpanOfEveryScopeCounts) {
  const SpanMatcher matcher =
      MatcherOf({BuildSli({.bad = "span.status.code == STATUS_CODE_ERROR"})});
  SpanBatchBuilder builder(matcher.projection());
  builder.Service("checkout").Scope("one").Add(SpanOf("a")).Add(SpanOf("a", kError));
  builder.Scope("two").Add(SpanOf("a", kError)).Scope("empty").Scope("three").Add(SpanOf("a"));
  builder.Service("checkout").Add(SpanOf("a"));
  EXPECT_THAT(Match(matcher, builder.batch()), ElementsAre("1:3/2"));
}

TEST(MatcherTest, NothingMatchesAndNothingIsCounted) {
  const SpanMatcher none{std::span<const IdentifiedSli>{}};
  SpanBatchBuilder builder(none.projection());
  builder.Service("checkout").Add(SpanOf("a"));
  EXPECT_THAT(Match(none, builder.batch()), IsEmpty());
  EXPECT_THAT(Match(none, model::SpanBatch{}), IsEmpty());
}

// --- groups

TEST(MatcherTest, GroupsBySpanThenResourceAsText) {
  const SpanMatcher matcher = MatcherOf({BuildSli({.bad = "false", .group_by = {"v"}})});
  struct Case {
    std::string name;
    AttributeValue of_span, of_resource;
    std::string want;
  };
  const AttributeValue nil{};
  for (const Case& c : {
           Case{"Span", AttributeValue::String("/pay"), nil, "/pay"},
           Case{"Resource", nil, AttributeValue::String("eu"), "eu"},
           Case{"SpanFirst", AttributeValue::String("/pay"), AttributeValue::String("eu"), "/pay"},
           Case{"Absent", nil, nil, "__none__"},
           Case{"EmptyText", AttributeValue::String(""), nil, "__none__"},
           Case{"Int", AttributeValue::Int(-503), nil, "-503"},
           Case{"True", AttributeValue::Bool(true), nil, "true"},
           Case{"False", AttributeValue::Bool(false), nil, "false"},
           Case{"Double", AttributeValue::Double(2.5), nil, "2.5"},
           Case{"WholeDouble", AttributeValue::Double(3), nil, "3"},
           Case{"Bytes", AttributeValue::Bytes("ab"), nil, "__none__"},
           Case{"Composite", AttributeValue::Composite(), nil, "__none__"},
       }) {
    SpanBatchBuilder builder(matcher.projection());
    builder.Resource({{"service.name", AttributeValue::String("checkout")}, {"v", c.of_resource}})
        .Add(SpanOf("a"), {{"v", c.of_span}});
    EXPECT_THAT(Match(matcher, builder.batch()), ElementsAre("1:" + c.want + " 1/0")) << c.name;
  }
}

TEST(MatcherTest, SeveralNamesKeepTheirOrder) {
  const SpanMatcher matcher =
      MatcherOf({BuildSli({.bad = "false", .group_by = {"http.route", "service.version"}})});
  SpanBatchBuilder builder(matcher.projection());
  builder
      .Resource({{"service.name", AttributeValue::String("checkout")},
                 {"service.version", AttributeValue::String("v2")}})
      .Add(SpanOf("a"), {{"http.route", AttributeValue::String("/pay")}})
      .Add(SpanOf("a"))
      .Add(SpanOf("a"), {{"http.route", AttributeValue::String("/pay")}});
  EXPECT_THAT(Match(matcher, builder.batch()),
              UnorderedElementsAre("1:/pay v2 2/0", "1:__none__ v2 1/0"));
}

// --- time

TEST(MatcherTest, CountsAtTheEndTimeOrWhenItWasReceived) {
  const SpanMatcher matcher = MatcherOf({BuildSli({.bad = "false"})});
  model::Span timeless = SpanOf("a");
  timeless.end_time_unix_nano = 0;
  model::Span later = SpanOf("a");
  later.end_time_unix_nano += 4 * kSecond + kSecond - 1;
  SpanBatchBuilder builder(matcher.projection());
  builder.Service("checkout").Add(later).Add(SpanOf("a")).Add(timeless);
  SpanMatcher::Scratch scratch(matcher);
  const SliDelta delta = matcher.Match(builder.batch(), kReceived, scratch);
  ASSERT_THAT(delta.entries(), SizeIs(2));
  EXPECT_EQ(delta.entries()[0].slice, kSlice);
  EXPECT_EQ(delta.entries()[0].counts, (SliCounts{2, 0}));
  EXPECT_EQ(delta.entries()[0].last_offset_seconds, 7) << "the latest, not the last";
  EXPECT_EQ(delta.entries()[1].slice, SliceOf(kReceived));
  EXPECT_EQ(delta.entries()[1].last_offset_seconds, 9);
}

// --- many

TEST(MatcherTest, ManySlicesAndGroupsCountLikeAMapAndScratchIsReused) {
  const std::vector<SliSpec> specs = {
      BuildSli({.bad = "span.status.code == STATUS_CODE_ERROR", .group_by = {"v"}}),
      BuildSli({.bad = "span.status.code == STATUS_CODE_ERROR"}),
      BuildSli({.match = R"(span.attributes["v"] == "g1")",
                .bad = "span.status.code == STATUS_CODE_ERROR",
                .group_by = {"v"}}),
      BuildSli({.bad = "span.status.code == STATUS_CODE_ERROR", .group_by = {"w", "v"}}),
  };
  const SpanMatcher matcher = MatcherOf(specs);
  SpanMatcher::Scratch scratch(matcher);
  std::vector<std::string> names;  // of which a third end alike, and a third begin alike
  for (int i = 0; i < 300; ++i) {
    const std::string name = "g" + std::to_string(i);
    names.push_back(i % 3 == 0 ? name + "/cart/{id}" : i % 3 == 1 ? name : "/cart/{id}/" + name);
  }
  std::mt19937 random(9);
  for (int round = 0; round < 30; ++round) {
    // From a few entries to tens of thousands and back: the table grows and is used again.
    const uint32_t spans = round % 3 == 0 ? 20'000 : 50;
    const uint32_t slices = round % 2 == 0 ? 200 : 2;
    SpanBatchBuilder builder(matcher.projection());
    builder.Service("checkout");
    std::map<std::tuple<uint32_t, Slice, std::string>, SliCounts> want;
    for (uint32_t i = 0; i < spans; ++i) {
      const std::string& name = names[random() % names.size()];
      model::Span span = SpanOf("a", random() % 3 == 0 ? kError : 0);
      const auto slice = static_cast<Slice>(kSlice + random() % slices);
      span.end_time_unix_nano = slice * 10 * kSecond + random() % (10 * kSecond);
      const std::string_view other = random() % 2 == 0 ? "a" : "b";
      builder.Add(span,
                  {{"v", AttributeValue::String(name)}, {"w", AttributeValue::String(other)}});
      const SliCounts one = span.status_code == kError ? SliCounts{0, 1} : SliCounts{1, 0};
      std::string key;
      AppendGroupValue(key, name);
      want[{1, slice, key}] += one;
      want[{2, slice, ""}] += one;
      if (name == "g1") want[{3, slice, key}] += one;
      std::string both;
      AppendGroupValue(both, other);
      want[{4, slice, both + key}] += one;
    }
    const SliDelta delta = matcher.Match(builder.batch(), kReceived, scratch);
    ASSERT_EQ(delta.entries().size(), want.size()) << "at most one entry each";
    for (const SliDelta::Entry& entry : delta.entries()) {
      const auto found =
          want.find({static_cast<uint32_t>(entry.sli), entry.slice, std::string(delta.key(entry))});
      ASSERT_NE(found, want.end());
      ASSERT_EQ(entry.counts, found->second);
    }
  }
}

// --- how long

TEST(MatcherTest, TheLatencyOfEveryCountedSpanIsRecordedForSlisThatHaveOne) {
  const std::vector<SliSpec> specs = {
      BuildSli({.bad = "span.name == \"bad\"", .latency_max = 100ns, .group_by = {"v"}}),
      BuildSli({.bad = "span.name == \"bad\""}),  // without a latency
      BuildSli({.match = "span.name != \"other\"", .latency_max = 1s}),
  };
  const SpanMatcher matcher = MatcherOf(specs);
  SpanMatcher::Scratch scratch(matcher);
  for (int round = 0; round < 2; ++round) {  // what one request recorded is not in the next
    SpanBatchBuilder builder(matcher.projection());
    const SpanBatchBuilder::Attributes a = {{"v", AttributeValue::String("a")}};
    builder.Service("checkout")
        .Add(SpanOf("ok", 0, 90), a)
        .Add(SpanOf("slow", 0, 3000), a)
        .Add(SpanOf("bad", 0, 90), a)
        .Add(SpanOf("other", 0, 90));
    const SliDelta delta = matcher.Match(builder.batch(), kReceived, scratch);
    // Entries in the order of first appearance: 1/a, 2, 3, 1/__none__.
    ASSERT_THAT(Texts(delta), ElementsAre("1:a 1/2", "2:3/1", "3:3/0", "1:__none__ 1/0"));
    const int32_t fast = LatencyBucketOf(90), slow = LatencyBucketOf(3000);
    EXPECT_THAT(delta.latencies(), ElementsAre(LatencyCount{0, fast, 2}, LatencyCount{0, slow, 1},
                                               LatencyCount{2, fast, 2}, LatencyCount{2, slow, 1},
                                               LatencyCount{3, fast, 1}));
    EXPECT_GT(delta.memory_bytes(), delta.latencies().size() * sizeof(LatencyCount));
  }
}

TEST(MatcherTest, ASpanThatIsNotCountedHasNoLatency) {
  const SpanMatcher matcher =
      MatcherOf({BuildSli({.match = "span.name == \"pay\"", .latency_max = 1s})});
  SpanBatchBuilder builder(matcher.projection());
  builder.Service("checkout").Add(SpanOf("other", 0, 9));
  SpanMatcher::Scratch scratch(matcher);
  EXPECT_THAT(matcher.Match(builder.batch(), kReceived, scratch).latencies(), IsEmpty());
}

}  // namespace
}  // namespace slowburn::slo
