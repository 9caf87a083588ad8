// Goal: health and readiness tell the truth, reloads run one at a time and each is answered.
// Method: handlers over a program whose reload waits until the test lets it go.
#include "serve/internal/health_routes.h"

#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "serve/internal/command_queue.h"
#include "serve/internal/json_error.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;
using testing::StartsWith;

class HealthRoutesTest : public testing::Test {
 protected:
  HealthRoutesTest() {
    table_.emplace([](const net::HttpRequest&, int status, std::string_view message) {
      return ErrorResponse(status, message);
    });
    AddHealthRoutes(*table_, queries_, commands_);
  }

  FakeQueries queries_;
  FakeCommands commands_;
  std::optional<net::RouteTable> table_;
};

TEST_F(HealthRoutesTest, HealthyAlways) {
  queries_.server.ready = false;
  const net::HttpResponse response = Ask(*table_, "/-/healthy");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "slowburn is healthy.\n");
}

TEST_F(HealthRoutesTest, ReadyWithReason) {
  EXPECT_EQ(Ask(*table_, "/-/ready").status, 200);
  EXPECT_EQ(Ask(*table_, "/-/ready").body, "slowburn is ready.\n");
  queries_.server.ready = false;
  queries_.server.not_ready_because = "recovering";
  const net::HttpResponse response = Ask(*table_, "/-/ready");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body),
            (json::object{{"status", "error"},
                          {"errorType", "unavailable"},
                          {"error", "slowburn is not ready: recovering"}}));
}

TEST_F(HealthRoutesTest, ReloadSucceeds) {
  for (const char* const method : {"POST", "PUT"}) {
    EXPECT_EQ(Begin(*table_, method, "/-/reload").Wait().status, 200) << method;
  }
  EXPECT_EQ(Ask(*table_, "/-/reload").status, 405);
  EXPECT_TRUE(commands_.WaitForBegun(2));
}

TEST_F(HealthRoutesTest, ReloadTellsEveryError) {
  struct Case {
    absl::Status result;
    int want_status;
    const char* want_type;
  };
  for (const Case& c : std::vector<Case>{
           {base::InvalidArgument("a.yaml:1: x; write y\nb.yaml:2: z"), 400, "bad_data"},
           {base::NotFound("c.yaml: no such file"), 400, "bad_data"},
           {base::Unavailable("shutting down"), 503, "unavailable"},
           {base::DataLoss("crc"), 500, "internal"},
       }) {
    commands_.result = c.result;
    const net::HttpResponse response = Begin(*table_, "POST", "/-/reload").Wait();
    EXPECT_EQ(response.status, c.want_status);
    const json::value error = json::parse(response.body);
    EXPECT_EQ(error.at("errorType"), c.want_type);
    EXPECT_EQ(std::string_view(error.at("error").as_string()), base::Message(c.result));
  }
}

TEST_F(HealthRoutesTest, ReloadsWaitTheirTurn) {
  commands_.Hold();
  std::vector<Answer> answers;
  answers.push_back(Begin(*table_, "POST", "/-/reload"));
  ASSERT_TRUE(commands_.WaitForBegun(1));
  for (size_t i = 0; i < CommandQueue::kWaitingMax; ++i) {
    answers.push_back(Begin(*table_, "PUT", "/-/reload"));
  }
  EXPECT_EQ(Begin(*table_, "POST", "/-/reload").Wait().status, 503);
  for (Answer& answer : answers) EXPECT_FALSE(answer.IsThere());
  commands_.Release();
  for (Answer& answer : answers) EXPECT_EQ(answer.Wait().status, 200);
  EXPECT_TRUE(commands_.WaitForBegun(1 + CommandQueue::kWaitingMax));
  EXPECT_EQ(commands_.most_at_once(), 1);
}

TEST_F(HealthRoutesTest, EndsWithTheReloadThatRunsAndDropsTheRest) {
  commands_.Hold();
  Answer running = Begin(*table_, "POST", "/-/reload");
  ASSERT_TRUE(commands_.WaitForBegun(1));
  Answer waiting = Begin(*table_, "POST", "/-/reload");
  std::jthread end([this] { table_.reset(); });
  // The table can only end once its reload has; the release may come before or after it begins to.
  commands_.Release();
  end.join();
  EXPECT_EQ(running.Wait().status, 200);
  EXPECT_THAT(waiting.Wait().status, testing::AnyOf(0, 200));
}

}  // namespace
}  // namespace slowburn::serve::internal
