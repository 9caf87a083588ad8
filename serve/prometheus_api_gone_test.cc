// Goal: a query whose client has gone ends, and so does one that takes too long. Method: the calls
// behind a real server, or alone; series whose snapshot is not there before the query is stopped.
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "base/clock.h"
#include "net/http_server.h"
#include "net/testing/raw_http.h"
#include "promql/testing/memory_series.h"
#include "serve/prometheus_api.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve {
namespace {

class SlowSeries : public promql::testing::MemorySeries {
 public:
  std::unique_ptr<storage::SeriesSnapshot> TakeSnapshot(const storage::ReadLimits& limits,
                                                        std::stop_token stop) const override {
    begun.set_value();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, stop, [] { return false; });
    ended.set_value();
    return MemorySeries::TakeSnapshot(limits, std::move(stop));
  }

  mutable std::promise<void> begun, ended;
};

class NoRuleGroups : public RuleSource {
 public:
  std::vector<RuleGroupReading> RuleGroups() const override { return {}; }
};

TEST(PrometheusApiGoneTest, CancelsTheQuery) {
  const SlowSeries series;
  const FakeQueries queries;
  const NoRuleGroups rules;
  net::RouteTable table([](const net::HttpRequest&, int status, std::string_view) {
    net::HttpResponse response;
    response.status = status;
    return response;
  });
  AddPrometheusRoutes(table, {series, queries, rules, base::SystemClock()}, {});
  prometheus::Registry registry;
  net::ServerOptions options;
  options.address = {"127.0.0.1", 0};
  options.name = "api";
  const auto server = net::HttpServer::Start(options, std::move(table), registry);
  ASSERT_TRUE(server.ok()) << server.status();

  std::optional<net::RawConnection> client((*server)->address());
  client->Send("GET /api/v1/query?query=up HTTP/1.1\r\nHost: a\r\n\r\n");
  series.begun.get_future().wait();
  std::future<void> ended = series.ended.get_future();
  client.reset();
  EXPECT_EQ(ended.wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(PrometheusApiGoneTest, EndsWhatTakesTooLong) {
  const FakeQueries queries;
  const NoRuleGroups rules;
  for (const std::string_view target :
       {"/api/v1/series?match[]=up", "/api/v1/labels", "/api/v1/labels?match[]=up",
        "/api/v1/label/job/values", "/federate?match[]=up"}) {
    const SlowSeries series;
    net::RouteTable table([](const net::HttpRequest&, int status, std::string_view) {
      net::HttpResponse response;
      response.status = status;
      return response;
    });
    AddPrometheusRoutes(table, {series, queries, rules, base::SystemClock()},
                        {.engine = {.timeout = std::chrono::milliseconds(10)}});
    const net::HttpResponse got = Ask(table, target);
    EXPECT_EQ(got.status, 503) << target;
    EXPECT_NE(got.body.find("query timed out in query execution"), std::string::npos) << got.body;
  }
}

}  // namespace
}  // namespace slowburn::serve
