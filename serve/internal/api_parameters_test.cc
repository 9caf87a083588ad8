// Goal: requests are read as Prometheus reads them, and refused in its words. Method: rows of texts
// with what they mean or the error.
#include "serve/internal/api_parameters.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::milliseconds;

net::HttpRequest Request(std::string query, std::string body = "", std::string type = "") {
  net::HttpRequest request;
  request.query = std::move(query);
  request.body = std::move(body);
  if (!type.empty()) request.headers = {{"Content-Type", std::move(type)}};
  return request;
}

TEST(ApiParametersTest, ReadsTimes) {
  struct Row {
    std::string_view text;
    std::optional<int64_t> time_ms;
  };
  for (const Row& row :
       std::vector<Row>{{"4", 4000},
                        {"1435781451.781", 1435781451781},
                        {"1435781451.7814", 1435781451781},
                        {"-1.5", -1500},
                        {"1e3", 1'000'000},
                        {"1600000000000", 1'600'000'000'000'000},  // Grafana's probe
                        {"2015-07-01T20:10:51.781Z", 1435781451781},
                        {"2015-07-01T22:10:51+02:00", 1435781451000},
                        {"0001-01-01T00:00:00Z", -62'135'596'800'000},
                        {"1969-12-31T23:59:59.9999Z", -1},
                        {"9999-12-31T23:59:59.999999999Z", 253'402'300'799'999},
                        {"-292273086-05-16T16:47:06Z", kMinTimeMs},
                        {"292277025-08-18T07:12:54.999999999Z", kMaxTimeMs},
                        {"", std::nullopt},
                        {"abc", std::nullopt},
                        {"nan", std::nullopt},
                        {"inf", std::nullopt},
                        {"1e300", std::nullopt},
                        {"2015-07-01", std::nullopt}}) {
    const absl::StatusOr<int64_t> time = ParseApiTime(row.text);
    EXPECT_EQ(time.ok() ? std::optional(*time) : std::nullopt, row.time_ms) << row.text;
    if (!time.ok()) {
      EXPECT_EQ(base::Message(time.status()),
                fmt::format("cannot parse \"{}\" to a valid timestamp", row.text));
    }
  }
}

TEST(ApiParametersTest, ReadsDurations) {
  struct Row {
    std::string_view text;
    std::optional<milliseconds> duration;
  };
  for (const Row& row : std::vector<Row>{{"15", milliseconds(15'000)},
                                         {"0.5", milliseconds(500)},
                                         {"-1", milliseconds(-1000)},
                                         {"1m30s", milliseconds(90'000)},
                                         {"1h0m0s", milliseconds(3'600'000)},
                                         {"250ms", milliseconds(250)},
                                         {"9223372036", milliseconds(9'223'372'036'000)},
                                         {"9223372037", std::nullopt},
                                         {"1us", std::nullopt},
                                         {"1m1ns", std::nullopt},
                                         {"", std::nullopt},
                                         {"x", std::nullopt},
                                         {"1e30", std::nullopt}}) {
    const absl::StatusOr<milliseconds> duration = ParseApiDuration(row.text);
    EXPECT_EQ(duration.ok() ? std::optional(*duration) : std::nullopt, row.duration) << row.text;
  }
  EXPECT_EQ(base::Message(ParseApiDuration("1e30").status()),
            "cannot parse \"1e30\" to a valid duration. It overflows int64");
}

TEST(ApiParametersTest, TakesTheFormBeforeTheUrl) {
  const std::string form = "application/x-www-form-urlencoded";
  const ApiParameters both(Request("query=b&match[]=y", "query=a&match[]=x", form));
  EXPECT_EQ(both.First("query"), "a");
  EXPECT_THAT(both.All("match[]"), testing::ElementsAre("x", "y"));
  EXPECT_EQ(ApiParameters(Request("", "query=a", form + "; charset=UTF-8")).First("query"), "a");
  EXPECT_EQ(
      ApiParameters(Request("", "query=a", "Application/X-WWW-form-urlencoded")).First("query"),
      "a");
  EXPECT_EQ(ApiParameters(Request("query=b", "query=a", "text/plain")).First("query"), "b");
  net::HttpRequest get = Request("query=b", "query=a", form);
  get.method = "GET";
  EXPECT_EQ(ApiParameters(get).First("query"), "b");
}

TEST(ApiParametersTest, CountsTheRegularExpressionsOfAllSelectors) {
  std::string query = "match[]=up";
  for (int i = 0; i < 200; ++i) query += "&match[]={a=~\"x.%2B\"}";
  const auto some = ApiParameters(Request(query)).Matchers();
  ASSERT_TRUE(some.ok()) << base::Message(some.status());
  EXPECT_EQ(some->size(), 201u);
  const auto more = ApiParameters(Request(query + "&match[]={a!~\"x\",b=\"y\"}")).Matchers();
  EXPECT_TRUE(absl::IsInvalidArgument(more.status()));
  EXPECT_EQ(base::Message(more.status()),
            "invalid parameter \"match[]\": there are more than 200 regular expressions; ask "
            "several times");
}

TEST(ApiParametersTest, UnescapesLabelNames) {
  struct Row {
    std::string_view escaped, name;
  };
  for (const Row& row : std::vector<Row>{{"job", "job"},
                                         {"U__http_2e_method", "http.method"},
                                         {"U__a__b", "a_b"},
                                         {"U__caf_e9_", "café"},
                                         {"U___1f600_", "😀"},
                                         {"U__bad_zz_", "U__bad_zz_"},
                                         {"U__open_2e", "U__open_2e"},
                                         {"U__", ""}}) {
    EXPECT_EQ(UnescapedLabelName(row.escaped), row.name) << row.escaped;
  }
}

}  // namespace
}  // namespace slowburn::serve::internal
