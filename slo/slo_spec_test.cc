// Goal: names, windows and groups are checked as the contract says, and an SLI's identity ignores
// spelling. Method: rows.
#include "slo/slo_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(SloSpecTest, Names) {
  for (const std::string_view good : {"a", "checkout", "Check.out_2-b", "0"})
    EXPECT_TRUE(IsValidSloName(good)) << good;
  for (const std::string_view bad : {"", "-a", "a-", "a b", "a/b", "é", ".."})
    EXPECT_FALSE(IsValidSloName(bad)) << bad;
  EXPECT_TRUE(IsValidSloName(std::string(128, 'a')));
  EXPECT_FALSE(IsValidSloName(std::string(129, 'a')));
}

TEST(SloSpecTest, Windows) {
  EXPECT_TRUE(CheckWindow(60s).ok());
  EXPECT_TRUE(CheckWindow(400 * 24h).ok());
  EXPECT_THAT(std::string(base::Message(CheckWindow(65s))), HasSubstr("multiple of 10s"));
  EXPECT_THAT(std::string(base::Message(CheckWindow(60s + 1ns))), HasSubstr("multiple of 10s"));
  EXPECT_THAT(std::string(base::Message(CheckWindow(50s))), HasSubstr("at least 1m"));
  EXPECT_THAT(std::string(base::Message(CheckWindow(400 * 24h + 10s))), HasSubstr("at most 400d"));
}

TEST(SloSpecTest, GroupBy) {
  EXPECT_TRUE(CheckGroupBy({}).ok());
  EXPECT_TRUE(CheckGroupBy({"http.route", "service.version"}).ok());
  EXPECT_THAT(std::string(base::Message(CheckGroupBy({"slo"}))), HasSubstr("already use"));
  EXPECT_THAT(std::string(base::Message(CheckGroupBy({"http.route", "http_route"}))),
              HasSubstr("\"http_route\""));
  EXPECT_THAT(std::string(base::Message(CheckGroupBy({""}))), HasSubstr("empty name"));
  EXPECT_FALSE(CheckGroupBy(std::vector<std::string>(9, "x")).ok());
}

SliSpec Sli(std::string_view match) {
  return {.source = EventSli{.signal = model::Signal::kTraces,
                             .match = *ottl::Condition::Parse(match),
                             .bad = {},
                             .good = {},
                             .latency_max = {}},
          .group_by = {}};
}

TEST(SliSpecTest, IdentityIgnoresSpellingAndTellsApartTheRest) {
  EXPECT_EQ(Sli("span.name == \"a\"").CanonicalText(), Sli("( span.name==\"a\" )").CanonicalText());
  SliSpec latency = Sli("span.name == \"a\"");
  std::get<EventSli>(latency.source).latency_max = 300ms;
  SliSpec bad = Sli("span.name == \"a\"");
  std::get<EventSli>(bad.source).bad =
      ottl::Condition::Parse("span.status.code == STATUS_CODE_ERROR").value();
  SliSpec grouped = Sli("span.name == \"a\"");
  grouped.group_by = {"a b"};
  SliSpec grouped_twice = Sli("span.name == \"a\"");
  grouped_twice.group_by = {"a", "b"};
  EXPECT_NE(latency.CanonicalText(), bad.CanonicalText());
  EXPECT_NE(grouped.CanonicalText(), grouped_twice.CanonicalText());
  EXPECT_NE(grouped.CanonicalText(), Sli("span.name == \"a\"").CanonicalText());
}

}  // namespace
}  // namespace slowburn::slo
