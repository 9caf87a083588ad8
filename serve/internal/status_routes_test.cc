// Goal: alert book, ledger and status as JSON, field by field. Method: the whole value against the
// one that is wanted.
#include "serve/internal/status_routes.h"

#include <gtest/gtest.h>

#include "serve/internal/json_error.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

class StatusRoutesTest : public testing::Test {
 protected:
  StatusRoutesTest() { AddStatusRoutes(table_, queries_); }

  FakeQueries queries_;
  net::RouteTable table_{[](const net::HttpRequest&, int status, std::string_view message) {
    return ErrorResponse(status, message);
  }};
};

TEST_F(StatusRoutesTest, Alerts) {
  const json::value alerts = AskJson(table_, "/api/slo/v1/alerts").at("alerts");
  ASSERT_EQ(alerts.as_array().size(), 4u);
  EXPECT_EQ(alerts.at(0).at("labels"), (json::object{{"alertname", "Elsewhere"}}));
  const json::object annotations{{"summary", "checkout/availability burns"}, {"tier", "1h/5m"}};
  EXPECT_EQ(alerts.at(1), (json::object{{"labels",
                                         {{"alertname", "SLOBurnRate"},
                                          {"http_route", "/pay"},
                                          {"service", "checkout"},
                                          {"severity", "page"},
                                          {"slo", "availability"},
                                          {"team", "payments"}}},
                                        {"annotations", annotations},
                                        {"state", "firing"},
                                        {"active_at", 1'699'999'903},
                                        {"fired_at", 1'699'999'952.75},
                                        {"resolved_at", nullptr}}));
  EXPECT_EQ(alerts.at(2).at("state"), "pending");
  EXPECT_TRUE(alerts.at(2).at("fired_at").is_null());
  EXPECT_EQ(alerts.at(3).at("state"), "inactive");
  EXPECT_EQ(alerts.at(3).at("resolved_at"), 1'699'999'983);
}

TEST_F(StatusRoutesTest, Ledger) {
  queries_.ledger.signals["traces"] = {
      .decoded = 10, .accepted = 8, .duplicate = 1, .rejected = {{"too_new", 4}}, .too_late = 2};
  queries_.ledger.downstreams["jaeger"] = {
      .routed = 9, .delivered = 5, .pending = 1, .dropped = {{"queue_full", 1}}};
  queries_.ledger.refused_requests = {{"too_large", 3}};
  queries_.ledger.lost = {{.from = 12, .to = 15, .records = 4}};
  EXPECT_EQ(AskJson(table_, "/api/slo/v1/ledger"),
            (json::object{{"signals",
                           {{"traces",
                             {{"decoded", 10},
                              {"accepted", 8},
                              {"duplicate", 1},
                              {"rejected", {{"too_new", 4}}},
                              {"too_late", 2},
                              {"imbalance", -3}}}}},
                          {"downstreams",
                           {{"jaeger",
                             {{"routed", 9},
                              {"delivered", 5},
                              {"pending", 1},
                              {"dropped", {{"queue_full", 1}}},
                              {"imbalance", 2}}}}},
                          {"refused_requests", {{"too_large", 3}}},
                          {"lost", json::array{{{"from", 12}, {"to", 15}, {"records", 4}}}},
                          {"imbalance", 5}}));
}

TEST_F(StatusRoutesTest, Status) {
  queries_.server.config_ok = false;
  queries_.server.config_error = "a.yaml:1: x";
  EXPECT_EQ(AskJson(table_, "/api/slo/v1/status"),
            (json::object{
                {"version", "1.2.3"},
                {"ready", true},
                {"not_ready_because", ""},
                {"started", 1'699'999'943},
                {"uptime_seconds", 60},
                {"engine_time", 1'700'000'003},
                {"listen",
                 {{"http", "127.0.0.1:7560"},
                  {"otlp_grpc", "127.0.0.1:4317"},
                  {"otlp_http", "127.0.0.1:4318"}}},
                {"data_dir", "slowburn-data"},
                {"sequence", 42},
                {"checkpoint_sequence", 40},
                {"store_disk_bytes", 4096},
                {"slos", 2},
                {"slis", 2},
                {"groups", 4},
                {"slice_memory_bytes", 1024},
                {"latency_memory_bytes", 2048},
                {"series", 70},
                {"series_samples", 9000},
                {"series_bytes", 4096},
                {"dedup_window_seconds", 600},
                {"limits", {{"request_bytes", 67108864}}},
                {"config", {{"loaded", 1'699'999'973}, {"ok", false}, {"error", "a.yaml:1: x"}}}}));
}

TEST_F(StatusRoutesTest, UptimeIsNeverNegative) {
  queries_.server.engine_time = {};
  EXPECT_EQ(AskJson(table_, "/api/slo/v1/status").at("uptime_seconds"), 0);
}

}  // namespace
}  // namespace slowburn::serve::internal
