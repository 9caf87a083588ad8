// Goal: what the API is given reads as the file's form does, and every mistake is told in its
// words. Method: rows of JSON, the good ones against the same exclusion as a document.
#include "rules/exclusion_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "rules/spec_file.h"

namespace slowburn::rules {
namespace {

using testing::HasSubstr;

TEST(ExclusionTextTest, IsTheExclusionThatAFileHas) {
  const auto read = ReadExclusionText(
      R"({"id":"deploy","description":"weekly \u00e9","slos":["checkout/*"],"labels":{"team":"a"},)"
      R"("start":"2026-01-04T02:00:00","duration":"2h","rrule":"FREQ=WEEKLY;BYDAY=SU",)"
      R"("time_zone":"Europe/Paris"})",
      "unused");
  ASSERT_TRUE(read.ok()) << read.status();
  const SpecFileResult file = ReadSpecText(
      "{apiVersion: slowburn/v1, kind: Exclusion, metadata: {name: deploy}, spec: {description: "
      "weekly \xc3\xa9, slos: ['checkout/*'], labels: {team: a}, start: '2026-01-04T02:00:00', "
      "duration: 2h, rrule: 'FREQ=WEEKLY;BYDAY=SU', time_zone: Europe/Paris}}",
      "x.yaml");
  ASSERT_TRUE(file.errors.empty()) << file.errors.front();
  slo::Exclusion want = file.exclusions.at(0);
  want.source = "api";
  EXPECT_EQ(read->exclusion, want);
}

TEST(ExclusionTextTest, ItsIdIsTheOneItGivesOrTheOneThatWasMade) {
  const char* const body = R"({"start":"2026-01-04T02:00:00Z","end":"2026-01-04T04:00:00Z"})";
  EXPECT_EQ(ReadExclusionText(body, "made").value().exclusion.id, "made");
  EXPECT_EQ(
      ReadExclusionText(
          R"({"id":"mine","start":"2026-01-04T02:00:00Z","end":"2026-01-04T04:00:00Z"})", "made")
          .value()
          .exclusion.id,
      "mine");
}

TEST(ExclusionTextTest, ATimeThatClocksShowTwiceIsAWarning) {
  const auto read = ReadExclusionText(
      R"({"start":"2026-10-25T02:30:00","duration":"1h","time_zone":"Europe/Paris"})", "made");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->warnings.size(), 1u);
  EXPECT_THAT(read->warnings[0], HasSubstr("show twice"));
}

struct RefusedCase {
  std::string name, body, want;
};

class ExclusionTextRefusesTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(ExclusionTextRefusesTest, InTheReadersWords) {
  const auto read = ReadExclusionText(GetParam().body, "made");
  ASSERT_FALSE(read.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(read.status()));
  EXPECT_THAT(std::string(base::Message(read.status())), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, ExclusionTextRefusesTest,
    testing::ValuesIn<RefusedCase>({
        {"Empty", "{}", "exclusion.start"},
        {"NoLength", R"({"start":"2026-01-04T02:00:00Z"})", "exclusion does not say how long"},
        {"BothLengths",
         R"({"start":"2026-01-04T02:00:00Z","end":"2026-01-04T03:00:00Z","duration":"1h"})",
         "exclude each other"},
        {"Typo", R"({"start":"2026-01-04T02:00:00Z","duratoin":"1h"})", "duration"},
        {"BadId", R"({"id":"a b","start":"2026-01-04T02:00:00Z","duration":"1h"})", "exclusion.id"},
        {"BadRule", R"({"start":"2026-01-04T02:00:00Z","duration":"1h","rrule":"FREQ=HOURLY"})",
         "exclusion.rrule"},
        {"NoSlos", R"({"slos":[],"start":"2026-01-04T02:00:00Z","duration":"1h"})",
         "exclusion.slos is empty"},
        {"List", "[]", ""},
        {"Number", "7", ""},
        {"Null", "null", "exclusion"},
        {"Nothing", "", ""},
        {"TwoDocuments", "{}}\n---\n{a: {}", ""},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::rules
