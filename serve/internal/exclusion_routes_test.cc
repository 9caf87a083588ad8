// Goal: maintenance windows are shown whole, made and removed by whom may do it, and every refusal
// has its status and words. Method: answers of the handlers over a program that says what the test
// wants.
#include "serve/internal/exclusion_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "serve/internal/json_error.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

const std::string kPath = "/api/slo/v1/exclusions";

class ExclusionRoutesTest : public testing::Test {
 protected:
  ExclusionRoutesTest() { AddExclusionRoutes(table_, queries_, commands_); }

  net::HttpResponse Post(std::string body) {
    return Begin(table_, "POST", kPath, std::move(body)).Wait();
  }
  net::HttpResponse Delete(std::string_view target) {
    return Begin(table_, "DELETE", target).Wait();
  }
  static std::string Error(const net::HttpResponse& response) {
    return std::string(json::parse(response.body).at("error").as_string());
  }

  FakeQueries queries_;
  FakeCommands commands_;
  net::RouteTable table_{[](const net::HttpRequest&, int status, std::string_view message) {
    return ErrorResponse(status, message);
  }};
};

TEST_F(ExclusionRoutesTest, ListHasOneOffAndRecurringOnesWhole) {
  slo::Exclusion weekly{.id = "weekly",
                        .description = "",
                        .when = slo::Recurrence::Parse("FREQ=WEEKLY;BYDAY=SU",
                                                       absl::CivilSecond(2023, 11, 5, 2, 0, 0),
                                                       "Europe/Paris", std::chrono::hours(2))
                                    .value(),
                        .slos = {},
                        .labels = {{"team", "payments"}},
                        .source = "x/deploy.yaml:3"};
  queries_.reading.exclusions =
      std::make_shared<const slo::ExclusionSet>(slo::ExclusionSet{SampleExclusion(), weekly});
  const json::value list = AskJson(table_, kPath).at("exclusions");
  const json::object hour{{"start", 1'699'998'203}, {"end", 1'700'001'803}};
  EXPECT_EQ(list.at(0), (json::object{{"id", "made"},
                                      {"description", "new disks"},
                                      {"slos", json::array{"checkout/*"}},
                                      {"labels", json::object()},
                                      {"start", 1'699'998'203},
                                      {"end", 1'700'001'803},
                                      {"duration_seconds", 3600},
                                      {"rrule", nullptr},
                                      {"time_zone", nullptr},
                                      {"source", "api"},
                                      {"place", nullptr},
                                      {"active", true},
                                      {"current", hour},
                                      {"next", nullptr}}));
  EXPECT_EQ(list.at(1).at("labels"), (json::object{{"team", "payments"}}));
  EXPECT_EQ(list.at(1).at("start"), 1'699'146'000);  // 2023-11-05 02:00 in Paris
  EXPECT_EQ(list.at(1).at("rrule"), "FREQ=WEEKLY;BYDAY=SU");
  EXPECT_EQ(list.at(1).at("time_zone"), "Europe/Paris");
  EXPECT_EQ(list.at(1).at("source"), "file");
  EXPECT_EQ(list.at(1).at("place"), "x/deploy.yaml:3");
  EXPECT_EQ(list.at(1).at("active"), false);
  EXPECT_EQ(list.at(1).at("next"),
            (json::object{{"start", 1'700'355'600}, {"end", 1'700'362'800}}));  // 2023-11-19
}

TEST_F(ExclusionRoutesTest, MakingOneAnswersTheWholeOfItAndWhatItAppliesTo) {
  const net::HttpResponse response = Post(R"( {"slos": ["checkout/*"], "duration": "1h"} )");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(commands_.added, R"({"slos":["checkout/*"],"duration":"1h"})");
  const json::value made = json::parse(response.body);
  EXPECT_EQ(made.at("id"), "made");
  EXPECT_EQ(made.at("applies_to"), (json::array{"checkout/availability"}));
  EXPECT_EQ(made.at("warnings"), (json::array{"a warning"}));
}

TEST_F(ExclusionRoutesTest, OneThatAppliesToNoneIsToldSo) {
  queries_.reading.slos = std::make_shared<const slo::SloSet>();
  const json::value made = json::parse(Post("{}").body);
  EXPECT_EQ(made.at("applies_to"), json::array());
  EXPECT_THAT(std::string(made.at("warnings").at(1).as_string()), HasSubstr("applies to no SLO"));
}

TEST_F(ExclusionRoutesTest, ABodyThatIsNoObjectIsNotHandedOn) {
  for (const char* const body : {"", "[]", "7", "{", "{}{}", "start: now", "{\"a\": \"\xff\"}"}) {
    const net::HttpResponse response = Post(body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(Error(response), HasSubstr("no JSON object")) << body;
  }
  EXPECT_EQ(commands_.added, "");
}

TEST_F(ExclusionRoutesTest, RemovesByPathOrQuery) {
  EXPECT_EQ(Delete(kPath + "/a%2Eb").status, 200);
  EXPECT_EQ(commands_.removed, "a.b");
  EXPECT_EQ(Delete(kPath + "?id=c").status, 200);
  EXPECT_EQ(commands_.removed, "c");
  EXPECT_EQ(Delete(kPath).status, 400);
}

TEST_F(ExclusionRoutesTest, RefusalsHaveTheirStatusAndWords) {
  struct Case {
    absl::Status result;
    int status;
    std::string_view type;
    std::string_view retry_after = {};
  };
  for (const Case& c : {Case{absl::InvalidArgumentError("words"), 400, "bad_data"},
                        Case{absl::NotFoundError("words"), 404, "not_found"},
                        Case{absl::AlreadyExistsError("words"), 409, "conflict"},
                        Case{absl::FailedPreconditionError("words"), 409, "conflict"},
                        Case{absl::UnavailableError("words"), 503, "unavailable", "1"},
                        Case{absl::ResourceExhaustedError("words"), 503, "unavailable", "5"},
                        Case{absl::DataLossError("words"), 500, "internal"}}) {
    commands_.result = c.result;
    for (const net::HttpResponse& response : {Post("{}"), Delete(kPath + "/a")}) {
      EXPECT_EQ(response.status, c.status);
      EXPECT_EQ(net::FindHeader(response.headers, "Retry-After"), c.retry_after);
      EXPECT_EQ(json::parse(response.body),
                (json::object{{"status", "error"},
                              {"errorType", json::string(c.type.data(), c.type.size())},
                              {"error", "words"}}));
    }
  }
}

TEST_F(ExclusionRoutesTest, OnlyAnAdminChangesAnything) {
  EXPECT_EQ(table_.Find("GET", kPath).route->role, net::Role::kRead);
  EXPECT_EQ(table_.Find("POST", kPath).route->role, net::Role::kAdmin);
  EXPECT_EQ(table_.Find("DELETE", kPath).route->role, net::Role::kAdmin);
  EXPECT_EQ(table_.Find("DELETE", kPath + "/x").route->role, net::Role::kAdmin);
}

}  // namespace
}  // namespace slowburn::serve::internal
