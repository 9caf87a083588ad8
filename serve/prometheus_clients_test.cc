// Goal: what Grafana, Flagger, KEDA and promtool send is understood as they send it: forms,
// escapes, headers, parameters that are nobody's, probes. Method: their requests as they were
// recorded, against series in memory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"
#include "promql/testing/memory_series.h"
#include "serve/prometheus_api.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve {
namespace {

constexpr int64_t kNowMs = 1'435'781'451'781;
constexpr std::string_view kForm = "application/x-www-form-urlencoded";

class NoRuleGroups : public RuleSource {
 public:
  std::vector<RuleGroupReading> RuleGroups() const override { return {}; }
};

struct Recorded {
  std::string_view who;
  std::string_view method;
  std::string_view target;
  std::string_view body;  // of a form
  std::string_view data;  // of the answer
};

class PrometheusClientsTest : public testing::Test {
 protected:
  PrometheusClientsTest()
      : clock_(base::UnixNanos(std::chrono::milliseconds(kNowMs))),
        table_([](const net::HttpRequest&, int status, std::string_view) {
          net::HttpResponse response;
          response.status = status;
          return response;
        }) {
    for (const auto& [job, value] : {std::pair{"api", 1.0}, std::pair{"web", 0.0}}) {
      const model::LabelSet labels{{"__name__", "up"}, {"http.method", "GET"}, {"job", job}};
      for (int64_t at = kNowMs - 60'000; at <= kNowMs; at += 15'000)
        series_.Append(labels, at, value);
    }
    AddPrometheusRoutes(table_, {series_, queries_, rules_, clock_}, {});
  }

  net::HttpResponse Send(const Recorded& recorded, std::string_view content_type) const {
    net::HttpRequest request;
    request.method = recorded.method;
    const size_t mark = recorded.target.find('?');
    const std::string_view path = recorded.target.substr(0, mark);
    request.path = net::PercentDecode(path);
    if (mark != std::string_view::npos) request.query = recorded.target.substr(mark + 1);
    request.body = recorded.body;
    request.headers = {{"User-Agent", "Grafana/11.2.0"},
                       {"X-Grafana-Org-Id", "1"},
                       {"Accept", "application/json, text/plain, */*"}};
    if (!recorded.body.empty())
      request.headers.push_back({"Content-Type", std::string(content_type)});
    net::RouteTable::Match match = table_.Find(request.method, path);
    Answer answer;
    if (match.route == nullptr) {
      answer.reply()(table_.errors(match.route)(request, match.status, ""));
      return answer.Wait();
    }
    request.path_parameters = std::move(match.path_parameters);
    match.route->handler(std::move(request), answer.reply());
    return answer.Wait();
  }

  base::ManualClock clock_;
  promql::testing::MemorySeries series_;
  FakeQueries queries_;
  NoRuleGroups rules_;
  net::RouteTable table_;
};

constexpr std::string_view kUpByJob =
    R"({"resultType":"matrix","result":[{"metric":{"job":"api"},"values":[[1435781430,"1"],[1435781445,"1"]]},{"metric":{"job":"web"},"values":[[1435781430,"0"],[1435781445,"0"]]}]})";
constexpr std::string_view kSum =
    R"({"resultType":"vector","result":[{"metric":{},"value":[1435781451.781,"1"]}]})";
constexpr std::string_view kUpWeb = R"([{"__name__":"up","http.method":"GET","job":"web"}])";
constexpr std::string_view kNames = R"(["__name__","http.method","job"])";

TEST_F(PrometheusClientsTest, AreAnswered) {
  for (const Recorded& recorded : std::vector<Recorded>{
           {"Grafana, save and test", "POST", "/api/v1/query", "query=1%2B1&time=4",
            R"({"resultType":"scalar","result":[4,"2"]})"},
           {"Grafana, save and test by GET", "GET", "/api/v1/query?query=1%2B1&time=4", "",
            R"({"resultType":"scalar","result":[4,"2"]})"},
           {"Grafana, a panel", "POST", "/api/v1/query_range",
            "end=1435781445&query=sum+by+%28job%29+%28max_over_time%28up%5B1m0s%5D%29%29&"
            "start=1435781430&step=15",
            kUpByJob},
           {"Grafana, a panel in halves", "POST", "/api/v1/query_range?timeout=60s",
            "end=1435781445.000&query=sum%20by%20(job)%20(up)&start=1435781430.000&step=15.000",
            kUpByJob},
           {"Grafana, an alert rule", "POST", "/api/v1/query",
            "query=sum%28up%29&time=1435781451.781", kSum},
           {"Grafana, exemplars, its probe", "POST", "/api/v1/query_exemplars",
            "end=1435781451781&query=test&start=1435777851781", "[]"},
           {"Grafana, metrics", "GET",
            "/api/v1/label/__name__/values?start=1435777851&end=1435781451&limit=40000", "",
            R"(["up"])"},
           {"Grafana, label names", "POST", "/api/v1/labels",
            "end=1435781451&limit=40000&match%5B%5D=%7B__name__%3D%22up%22%7D&start=1435777851",
            kNames},
           {"Grafana, label names by GET", "GET",
            "/api/v1/labels?match[]={__name__%3D%22up%22}&start=1435777851&end=1435781451", "",
            kNames},
           {"Grafana, values of an escaped name", "GET",
            "/api/v1/label/U__http_2e_method/values?match%5B%5D=up&start=1435777851&end=1435781451",
            "", R"(["GET"])"},
           {"Grafana, series", "POST", "/api/v1/series",
            "match%5B%5D=%7B__name__%21%3D%22%22%2Cjob%3D%22web%22%7D&start=1435777851&"
            "end=1435781451&limit=40000",
            kUpWeb},
           {"Grafana, series by GET", "GET",
            "/api/v1/series?match[]=up%7Bjob%3D%22web%22%7D&start=1435777851&end=1435781451", "",
            kUpWeb},
           {"Grafana, metadata", "GET", "/api/v1/metadata?limit_per_metric=1", "", "{}"},
           {"Grafana, rules", "GET", "/api/v1/rules", "", R"({"groups":[]})"},
           {"Grafana, alerts", "GET", "/api/v1/alerts", "", R"({"alerts":[]})"},
           {"Flagger, its probe", "GET", "/api/v1/query?query=vector%281%29", "", kSum},
           {"Flagger, a metric", "GET",
            "/api/v1/query?query=sum%28+max_over_time%28+up%7B+job%3D~%22api%7Cweb%22+%7D%5B1m%5D+"
            "%29+%29",
            "", kSum},
           {"KEDA", "GET",
            "/api/v1/query?query=sum%28up%29&time=2015-07-01T20:10:51Z&namespace=shop&x=y", "",
            R"({"resultType":"vector","result":[{"metric":{},"value":[1435781451,"1"]}]})"},
           {"promtool query instant", "POST", "/api/v1/query",
            "query=sum%28up%29&time=1435781451.781&timeout=10s", kSum},
           {"promtool query series", "POST", "/api/v1/series",
            "end=1435781451.781&match%5B%5D=up%7Bjob%3D%22web%22%7D&start=1435781391.781", kUpWeb},
           {"promtool query labels", "GET",
            "/api/v1/label/job/values?end=1435781451.781&start=1435781391.781", "",
            R"(["api","web"])"},
       }) {
    for (const std::string_view content_type :
         {kForm, std::string_view("application/x-www-form-urlencoded; charset=UTF-8")}) {
      const net::HttpResponse got = Send(recorded, content_type);
      EXPECT_EQ(got.status, 200) << recorded.who;
      EXPECT_EQ(got.body, fmt::format(R"({{"status":"success","data":{}}})", recorded.data))
          << recorded.who;
    }
  }
}

// Grafana takes a map of features for another product, and whoever has no buildinfo too.
TEST_F(PrometheusClientsTest, GrafanaSeesAPrometheus) {
  const boost::json::value info =
      boost::json::parse(Send({"", "GET", "/api/v1/status/buildinfo", "", ""}, kForm).body);
  EXPECT_FALSE(info.at("data").as_object().contains("features"));
  EXPECT_EQ(Send({"", "GET", "/api/v1/query?query=prometheus_build_info", "", ""}, kForm).status,
            200);
}

// It asks again by GET where a POST is 405, so the two must not be mixed up.
TEST_F(PrometheusClientsTest, WhatIsReadIsNotPosted) {
  for (const std::string_view target :
       {"/api/v1/label/job/values", "/api/v1/metadata", "/api/v1/rules", "/api/v1/alerts",
        "/api/v1/status/buildinfo", "/api/v1/targets"}) {
    EXPECT_EQ(Send({"", "POST", target, "x=y", ""}, kForm).status, 405) << target;
  }
  EXPECT_EQ(Send({"", "GET", "/api/v1/read", "", ""}, kForm).status, 405);
}

}  // namespace
}  // namespace slowburn::serve
