// Goal: matchers find the series that they find when each series is asked, in the head and in days
// of the store alike, absent labels and every kind of expression included; the shortcuts change
// nothing but the time. Method: seeded random label sets and matchers against a loop over all
// series; rows for the shortcuts; hostile bytes for the blocks.
#include "storage/series/postings.h"

#include <random>

#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/series/day_postings.h"
#include "storage/series/head_postings.h"
#include "storage/series/matcher_shortcut.h"
#include "storage/series/packed_labels.h"
#include "storage/series/postings_block.h"
#include "storage/series/testing/memory_store.h"

namespace slowburn::storage {
namespace {

using model::LabelMatcher;
using model::LabelSet;
using Op = LabelMatcher::Op;
using testing::ElementsAre;

LabelMatcher Matcher(std::string name, Op op, std::string value) {
  return LabelMatcher::Create(std::move(name), op, std::move(value)).value();
}

struct LiteralsCase {
  std::string pattern;
  std::optional<std::vector<std::string>> want;
  std::string want_prefix;
};
class ShortcutTest : public testing::TestWithParam<LiteralsCase> {};

TEST_P(ShortcutTest, SaysNoMoreThanIsCertain) {
  EXPECT_EQ(RegexLiterals(GetParam().pattern), GetParam().want);
  EXPECT_EQ(RegexPrefix(GetParam().pattern), GetParam().want_prefix);
}

using L = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(Patterns, ShortcutTest,
                         testing::ValuesIn<LiteralsCase>({
                             {"", L{""}, ""},
                             {"api", L{"api"}, "api"},
                             {"b|a|b", L{"a", "b"}, ""},
                             {"(a|b)", L{"a", "b"}, ""},
                             {"(?:a|b)", L{"a", "b"}, ""},
                             {"a|", L{"", "a"}, ""},
                             {R"(a\.b|c)", L{"a.b", "c"}, ""},
                             {R"(a\.b)", L{"a.b"}, "a.b"},
                             {"api.*", std::nullopt, "api"},
                             {"api.+", std::nullopt, "api"},
                             {"apis?", std::nullopt, "api"},
                             {"ab*", std::nullopt, "a"},
                             {"ab+", std::nullopt, "ab"},
                             {"ab{0,2}", std::nullopt, "a"},
                             {R"(a\.*)", std::nullopt, "a"},
                             {R"(\d+)", std::nullopt, ""},
                             {"5..", std::nullopt, "5"},
                             {".*", std::nullopt, ""},
                             {"(?i)api", std::nullopt, ""},
                             {"(a|b)c", std::nullopt, ""},
                             {"(a)|(b)", std::nullopt, ""},
                             {"a(b|c)", std::nullopt, ""},
                             {"[ab]", std::nullopt, ""},
                             {"^a$", std::nullopt, ""},
                             {"é?", std::nullopt, ""},
                             {"aé*", std::nullopt, "a"},
                             {"é", L{"é"}, "é"},
                         }));

// A head and a day of a store that hold the same series; numbers are 1 to n.
class PostingsTest : public testing::Test {
 protected:
  PostingsTest() : state_(SeriesOptions(), store_) {}

  void Add(const LabelSet& labels) {
    all_.push_back(labels);
    const std::string packed = PackLabels(labels);
    auto series = std::make_unique<HeadSeries>(all_.size(), packed);
    state_.head.Add(std::move(series));
    writer_.Add(7, all_.size(), packed);
  }
  void Write() {
    Batch batch;
    ASSERT_TRUE(writer_.Put(store_, batch).ok());
    ASSERT_TRUE(store_.WriteDirect(std::move(batch)).ok());
  }

  std::vector<LabelSet> Wanted(const Matchers& matchers) const {
    std::vector<LabelSet> wanted;
    for (const LabelSet& labels : all_) {
      const bool matches = std::all_of(
          matchers.begin(), matchers.end(),
          [&](const LabelMatcher& matcher) { return matcher.Matches(labels.Get(matcher.name())); });
      if (matches) wanted.push_back(labels);
    }
    return wanted;
  }
  std::vector<LabelSet> OfHead(const Matchers& matchers) const {
    const auto found = FindSeries(HeadPostings(state_, {}), matchers);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<LabelSet> labels;
    for (const uint64_t slot : *found) labels.push_back(all_[slot]);
    return labels;
  }
  std::vector<LabelSet> OfDay(const Matchers& matchers, uint32_t day = 7) const {
    const auto snapshot = store_.TakeSnapshot();
    const auto found = FindSeries(DayPostings(*snapshot, day, {}), matchers);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<LabelSet> labels;
    for (const uint64_t id : *found) labels.push_back(all_[id - 1]);
    return labels;
  }

  MemoryStore store_;
  HeadState state_;
  PostingsWriter writer_;
  std::vector<LabelSet> all_;
};

TEST_F(PostingsTest, FindWhatAskingEachSeriesFinds) {
  std::mt19937_64 random(3);
  const std::vector<std::string> values = {"",    "a", "ab",  "abc", "b",  "x.y",
                                           "x-y", "é", "500", "503", "404"};
  for (int i = 0; i < 300; ++i) {
    LabelSet labels = {{"__name__", i % 2 == 0 ? "up" : "down"}, {"n", std::to_string(i)}};
    for (const std::string name : {"p", "q"}) labels.Set(name, values[random() % values.size()]);
    Add(labels);
  }
  Write();
  const std::vector<std::string> patterns = {
      "",        "a",  "a|b",     "ab.*", ".*",      ".+",     "5..",  "x.y",
      R"(x\.y)", "a?", "(a|b)c?", "b|",   "4..|5..", "[0-9]+", "none", "é+"};
  for (int run = 0; run < 3000; ++run) {
    Matchers matchers;
    const size_t count = random() % 4;
    for (size_t i = 0; i < count; ++i) {
      const Op op = std::array{Op::kEqual, Op::kNotEqual, Op::kRegex, Op::kNotRegex}[random() % 4];
      const std::string name = std::array{"p", "q", "__name__", "absent"}[random() % 4];
      const bool is_regex = op == Op::kRegex || op == Op::kNotRegex;
      matchers.push_back(Matcher(
          name, op,
          is_regex ? patterns[random() % patterns.size()] : values[random() % values.size()]));
    }
    std::string text;
    for (const LabelMatcher& matcher : matchers) text += matcher.CanonicalText() + " ";
    const auto wanted = Wanted(matchers);
    ASSERT_EQ(OfHead(matchers), wanted) << text;
    ASSERT_EQ(OfDay(matchers), wanted) << text;
    ASSERT_TRUE(OfDay(matchers, 8).empty());
  }
}

TEST_F(PostingsTest, BlocksGrowOverSeveralWrites) {
  for (int i = 0; i < 50; ++i) {
    Add({{"__name__", "up"}, {"n", std::to_string(i)}});
    if (i % 7 == 0) Write();
  }
  Write();
  EXPECT_EQ(OfDay({Matcher("__name__", Op::kEqual, "up")}).size(), 50u);
  std::vector<std::string> names;
  std::vector<std::string> values;
  const auto snapshot = store_.TakeSnapshot();
  const DayPostings day(*snapshot, 7, {});
  ASSERT_TRUE(day.VisitNames([&](std::string_view name) { names.emplace_back(name); }).ok());
  ASSERT_TRUE(
      day.VisitValues("n", [&](std::string_view value) { values.emplace_back(value); }).ok());
  EXPECT_THAT(names, ElementsAre("__name__", "n"));
  EXPECT_EQ(values.size(), 50u);
}

TEST_F(PostingsTest, StopWhenAsked) {
  Add({{"__name__", "up"}});
  Write();
  std::stop_source source;
  source.request_stop();
  const auto snapshot = store_.TakeSnapshot();
  EXPECT_EQ(FindSeries(DayPostings(*snapshot, 7, source.get_token()), {}).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(FindSeries(HeadPostings(state_, source.get_token()), {}).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(PostingsTest, DamagedBlocksAreNamed) {
  Add({{"__name__", "up"}});
  Write();
  Batch batch;
  batch.Put(Family::kPostings, PostingsKey{7, "__name__", "up", 0}.Encode(), "\x01\xff");
  ASSERT_TRUE(store_.WriteDirect(std::move(batch)).ok());
  const auto snapshot = store_.TakeSnapshot();
  const auto found =
      FindSeries(DayPostings(*snapshot, 7, {}), {Matcher("__name__", Op::kEqual, "up")});
  EXPECT_EQ(found.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(found.status().message()), testing::HasSubstr("'postings', day 7"));
}

TEST(PostingsBlockTest, ComesBackAndRefusesOtherBytes) {
  std::mt19937_64 random(9);
  for (int run = 0; run < 2000; ++run) {
    std::vector<uint16_t> numbers;
    uint32_t next = static_cast<uint32_t>(random() % 100);
    while (next < kPostingsBlock && numbers.size() < 300) {
      numbers.push_back(static_cast<uint16_t>(next));
      next += random() % 4 == 0 ? static_cast<uint32_t>(1 + random() % 1000) : 1;
    }
    std::string bytes = EncodePostings(numbers);
    std::vector<uint16_t> got;
    ASSERT_TRUE(DecodePostings(bytes, got).ok());
    ASSERT_EQ(got, numbers);
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    got.clear();
    if (!DecodePostings(bytes, got).ok()) continue;
    for (size_t i = 1; i < got.size(); ++i) ASSERT_LT(got[i - 1], got[i]);
  }
  const std::string bytes = EncodePostings({3, 4, 5, 65535});
  EXPECT_EQ(absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size())),
            "010302f9ff0300");
  std::vector<uint16_t> got;
  for (const std::string_view other : {"", "\x01", "\x02\x03\x02", "\x01\x03"}) {
    EXPECT_EQ(DecodePostings(other, got).code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace slowburn::storage
