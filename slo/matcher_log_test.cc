// Goal: log records count like spans: as DESIGN section 4, "Exact meanings", says, at their own
// time, for the groups they belong to. Method: rows; a count by hand beside random batches.
#include <map>
#include <random>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/matcher.h"
#include "slo/testing/batch_builder.h"
#include "slo/testing/build_slo.h"

namespace slowburn::slo {
namespace {

using model::AttributeValue;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kTime = 1'702'080'003 * kSecond;  // 3 s into its slice
constexpr Slice kSlice = 170'208'000;
constexpr std::chrono::sys_seconds kReceived{1'702'099'999s};
constexpr int32_t kInfo = 9;
constexpr int32_t kError = 17;
constexpr std::string_view kIsError = "log.severity_number >= SEVERITY_NUMBER_ERROR";

SliSpec LogSli(SliArgs args) {
  args.signal = model::Signal::kLogs;
  return BuildSli(args);
}

model::LogRecord RecordOf(std::string_view event, int32_t severity = kInfo) {
  model::LogRecord record;
  record.event_name = event;
  record.severity_number = severity;
  record.time_unix_nano = kTime;
  return record;
}

// Ids 1, 2, ... for these SLIs.
std::vector<IdentifiedSli> Identified(const std::vector<SliSpec>& specs) {
  std::vector<IdentifiedSli> slis;
  for (const SliSpec& spec : specs) slis.push_back({static_cast<SliId>(slis.size() + 1), &spec});
  return slis;
}

// "1:/pay 3/1": SLI, group values, good/bad.
std::vector<std::string> Match(const LogMatcher& matcher, const model::LogBatch& batch) {
  LogMatcher::Scratch scratch(matcher);
  const SliDelta delta = matcher.Match(batch, kReceived, scratch);
  EXPECT_EQ(delta.signal(), model::Signal::kLogs);
  std::vector<std::string> texts;
  for (const SliDelta::Entry& entry : delta.entries()) {
    std::string text = fmt::format("{}:", static_cast<uint32_t>(entry.sli));
    for (const std::string& value : SplitGroupKey(delta.key(entry))) text += value + " ";
    texts.push_back(text + fmt::format("{}/{}", entry.counts.good, entry.counts.bad));
  }
  return texts;
}

struct MeaningCase {
  std::string name;
  std::string_view bad, good;
  bool is_bad, is_good;  // whether the conditions hold for the record
  std::string want;      // "good", "bad" or "" for not counted
};
class LogMeaningTest : public testing::TestWithParam<MeaningCase> {};

TEST_P(LogMeaningTest, Counts) {
  const MeaningCase& c = GetParam();
  const std::vector<SliSpec> specs = {
      LogSli({.match = "log.event_name == \"paid\"", .bad = c.bad, .good = c.good})};
  const LogMatcher matcher(Identified(specs));
  LogBatchBuilder builder(matcher.projection());
  builder.Service("checkout")
      .Add(RecordOf("paid"),
           {{"b", AttributeValue::Bool(c.is_bad)}, {"g", AttributeValue::Bool(c.is_good)}})
      .Add(RecordOf("another"), {{"b", AttributeValue::Bool(true)}});
  const std::vector<std::string> got = Match(matcher, builder.batch());
  if (c.want.empty()) {
    EXPECT_THAT(got, IsEmpty());
  } else {
    EXPECT_THAT(got, ElementsAre(c.want == "good" ? "1:1/0" : "1:0/1"));
  }
}

constexpr std::string_view kBad = "log.attributes[\"b\"] == true";
constexpr std::string_view kGood = "log.attributes[\"g\"] == true";

INSTANTIATE_TEST_SUITE_P(Design, LogMeaningTest,
                         testing::ValuesIn<MeaningCase>({
                             // name      bad    good   is_bad is_good want
                             {"BadTrue", kBad, "", true, false, "bad"},
                             {"BadFalse", kBad, "", false, true, "good"},
                             {"GoodTrue", "", kGood, true, true, "good"},
                             {"GoodFalse", "", kGood, false, false, "bad"},
                             {"BothNeither", kBad, kGood, false, false, ""},
                             {"BothTrue", kBad, kGood, true, true, "bad"},
                             {"BothBad", kBad, kGood, true, false, "bad"},
                             {"BothGood", kBad, kGood, false, true, "good"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(MatcherLogTest, EachSignalHasItsOwnSlis) {
  const std::vector<SliSpec> specs = {BuildSli({.bad = "span.status.code == STATUS_CODE_ERROR"}),
                                      LogSli({.bad = kIsError})};
  const Matchers matchers(Identified(specs));
  LogBatchBuilder logs(matchers.logs.projection());
  logs.Service("checkout").Add(RecordOf("a")).Add(RecordOf("a", kError));
  EXPECT_THAT(Match(matchers.logs, logs.batch()), ElementsAre("2:1/1"));
  SpanBatchBuilder spans(matchers.spans.projection());
  spans.Service("checkout").Add(model::Span{});
  SpanMatcher::Scratch scratch(matchers.spans);
  const SliDelta delta = matchers.spans.Match(spans.batch(), kReceived, scratch);
  ASSERT_EQ(delta.entries().size(), 1u);
  EXPECT_EQ(delta.entries()[0].sli, SliId{1});
  EXPECT_EQ(delta.signal(), model::Signal::kTraces);
}

TEST(MatcherLogTest, FindsSlisByServiceAndResource) {
  const std::string checkout = R"(resource.attributes["service.name"] == "checkout")";
  const std::vector<SliSpec> specs = {
      LogSli({.match = checkout, .bad = "false"}),
      LogSli({.match = checkout + R"( and resource.attributes["region"] == "eu")", .bad = "false"}),
      LogSli({.match = checkout + R"( and IsMatch(log.body, "refused"))", .bad = "false"}),
      LogSli({.match = kIsError, .bad = "false"}),
      LogSli({.match = R"(resource.attributes["service.name"] == "nobody")", .bad = "false"}),
  };
  const LogMatcher matcher(Identified(specs));
  LogBatchBuilder builder(matcher.projection());
  model::LogRecord refused = RecordOf("a", kError);
  refused.body = AttributeValue::String("payment refused");
  builder.Service("checkout").Add(RecordOf("a")).Add(refused);
  builder
      .Resource({{"service.name", AttributeValue::String("checkout")},
                 {"region", AttributeValue::String("eu")}})
      .Add(RecordOf("a"));
  builder.Service("cart").Add(refused).Add(RecordOf("b"));
  EXPECT_THAT(Match(matcher, builder.batch()),
              UnorderedElementsAre("1:3/0", "2:1/0", "3:1/0", "4:2/0"));
}

TEST(MatcherLogTest, GroupsByRecordThenResource) {
  const std::vector<SliSpec> specs = {LogSli({.bad = "false", .group_by = {"v"}})};
  const LogMatcher matcher(Identified(specs));
  LogBatchBuilder builder(matcher.projection());
  builder
      .Resource({{"service.name", AttributeValue::String("checkout")},
                 {"v", AttributeValue::String("eu")}})
      .Add(RecordOf("a"), {{"v", AttributeValue::Int(7)}})
      .Add(RecordOf("a"));
  builder.Service("checkout").Add(RecordOf("a"));
  EXPECT_THAT(Match(matcher, builder.batch()),
              UnorderedElementsAre("1:7 1/0", "1:eu 1/0", "1:__none__ 1/0"));
}

TEST(MatcherLogTest, CountsWhenItHappenedElseWhenItWasSeenElseWhenItCame) {
  struct Case {
    std::string name;
    uint64_t time, observed;
    Slice want_slice;
    uint8_t want_offset;
  };
  const std::vector<SliSpec> specs = {LogSli({.bad = "false"})};
  const LogMatcher matcher(Identified(specs));
  LogMatcher::Scratch scratch(matcher);
  for (const Case& c : {
           Case{"Time", kTime, 0, kSlice, 3},
           Case{"TimeBeforeObserved", kTime, kTime + 60 * kSecond, kSlice, 3},
           Case{"Observed", 0, kTime + 11 * kSecond, kSlice + 1, 4},
           Case{"Neither", 0, 0, SliceOf(kReceived), 9},
       }) {
    model::LogRecord record = RecordOf("a");
    record.time_unix_nano = c.time;
    record.observed_time_unix_nano = c.observed;
    LogBatchBuilder builder(matcher.projection());
    builder.Service("checkout").Add(record);
    const SliDelta delta = matcher.Match(builder.batch(), kReceived, scratch);
    ASSERT_EQ(delta.entries().size(), 1u) << c.name;
    EXPECT_EQ(delta.entries()[0].slice, c.want_slice) << c.name;
    EXPECT_EQ(delta.entries()[0].last_offset_seconds, c.want_offset) << c.name;
  }
}

// Random batches over services, scopes, severities, texts, groups and times, beside a map that is
// filled by plain comparisons.
TEST(MatcherLogTest, RandomBatchesCountLikeAMap) {
  const std::vector<SliSpec> specs = {
      LogSli({.bad = kIsError, .group_by = {"route"}}),
      LogSli({.match = R"(resource.attributes["service.name"] == "cart" and log.body == "paid")",
              .bad = "log.trace_id == nil",
              .good = "log.severity_number < SEVERITY_NUMBER_WARN"}),
      LogSli({.match = R"(HasPrefix(scope.name, "io."))", .good = "log.body != nil"}),
  };
  const LogMatcher matcher(Identified(specs));
  LogMatcher::Scratch scratch(matcher);
  const std::vector<std::string> routes = {"/a", "/b", "/c", ""};
  std::mt19937 random(17);
  for (int round = 0; round < 200; ++round) {
    LogBatchBuilder builder(matcher.projection());
    std::map<std::tuple<uint32_t, Slice, std::string>, SliCounts> want;
    const auto count = [&](uint32_t sli, Slice slice, const std::string& key, bool good) {
      want[{sli, slice, key}] += good ? SliCounts{1, 0} : SliCounts{0, 1};
    };
    for (uint32_t r = 0; r < 1 + random() % 4; ++r) {
      const bool is_cart = random() % 2 == 0;
      builder.Service(is_cart ? "cart" : "checkout");
      for (uint32_t s = 0; s < random() % 3; ++s) {
        const bool is_io = random() % 2 == 0;
        builder.Scope(is_io ? "io.pay" : "java.util");
        for (uint32_t i = 0; i < random() % 20; ++i) {
          model::LogRecord record = RecordOf("a", static_cast<int32_t>(random() % 25));
          const auto body = random() % 3;
          if (body > 0) record.body = AttributeValue::String(body == 1 ? "paid" : "refused");
          if (random() % 2 == 0) record.trace_id = "0123456789abcdef";
          record.time_unix_nano = random() % 2 == 0 ? 0 : kTime + random() % 3 * 10 * kSecond;
          record.observed_time_unix_nano = random() % 2 == 0 ? 0 : kTime + 40 * kSecond;
          const std::string& route = routes[random() % routes.size()];
          builder.Add(record, {{"route", AttributeValue::String(route)}});

          const uint64_t at = record.time_unix_nano != 0            ? record.time_unix_nano
                              : record.observed_time_unix_nano != 0 ? record.observed_time_unix_nano
                                                                    : 0;
          const Slice slice = at == 0 ? SliceOf(kReceived) : static_cast<Slice>(at / kSecond / 10);
          std::string key;
          AppendGroupValue(key, route.empty() ? "__none__" : route);
          if (!is_cart) count(1, slice, key, record.severity_number < kError);
          if (is_cart && body == 1) {
            if (record.trace_id.empty()) {
              count(2, slice, "", false);
            } else if (record.severity_number < 13) {
              count(2, slice, "", true);
            }
          }
          if (is_io) count(3, slice, "", body > 0);
        }
      }
    }
    const SliDelta delta = matcher.Match(builder.batch(), kReceived, scratch);
    ASSERT_EQ(delta.entries().size(), want.size()) << "round " << round;
    for (const SliDelta::Entry& entry : delta.entries()) {
      const auto found =
          want.find({static_cast<uint32_t>(entry.sli), entry.slice, std::string(delta.key(entry))});
      ASSERT_NE(found, want.end()) << "round " << round;
      ASSERT_EQ(entry.counts, found->second) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace slowburn::slo
