// Goal: a real Prometheus takes what the sender writes, and has it as it was: floats, stale
// markers, native histograms, exemplars; also while it starts, and where it knows 1.0 alone.
// Method: Debian's Prometheus with its receiver on, asked by its own API; every wait is for the
// sender's end.
#include "forward/prometheus_remote_write.h"

#include <filesystem>
#include <fstream>
#include <limits>

#include <arpa/inet.h>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/testing/temp_dir.h"
#include "net/http_client.h"
#include "tests/kill/program.h"

namespace slowburn {
namespace {

namespace json = boost::json;
using forward::ForwardTotals;
using forward::PrometheusRemoteWrite;
using forward::RemoteWriteProtocol;
using model::OutgoingSamples;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kBinary = "/usr/bin/prometheus";
constexpr std::chrono::seconds kPatience{60};

// That nobody has: Prometheus cannot choose one and say which.
uint16_t FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(socket);
  return ntohs(address.sin_port);
}

class PrometheusPeerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kBinary)) GTEST_SKIP() << "Debian's prometheus is not installed";
    url_ = fmt::format("http://127.0.0.1:{}", FreePort());
    const std::filesystem::path config = directory_.path() / "prometheus.yml";
    std::ofstream(config) << "scrape_configs: []\n";
    auto program = kill::Program::Spawn(
        {.binary = kBinary,
         .arguments = {"--config.file=" + config.string(),
                       "--storage.tsdb.path=" + (directory_.path() / "data").string(),
                       "--web.listen-address=" + url_.substr(7),
                       "--web.enable-remote-write-receiver",
                       "--enable-feature=native-histograms,exemplar-storage"},
         .log = directory_.path() / "log"});
    ASSERT_TRUE(program.ok()) << program.status();
    prometheus_.emplace(*std::move(program));
    now_ms_ = base::SystemClock().Now().time_since_epoch().count() / 1'000'000;
  }

  // It starts while Prometheus does, which refuses connections and then is not ready.
  std::unique_ptr<PrometheusRemoteWrite> MakeSender(RemoteWriteProtocol protocol) {
    PrometheusRemoteWrite::Options options;
    options.name = "prometheus";
    options.url = url_ + "/api/v1/write";
    options.protocol = protocol;
    options.external_labels = {{"cluster", "eu"}};
    options.delay = std::chrono::milliseconds(0);
    options.backoff_min = std::chrono::milliseconds(10);
    options.backoff_max = std::chrono::milliseconds(100);
    return std::make_unique<PrometheusRemoteWrite>(options, base::SystemClock(), registry_);
  }

  static void Begin(OutgoingSamples& out, const std::string& name) {
    out.BeginSeries();
    out.AddLabel("__name__", name);
    out.AddLabel("job", "test");
  }

  json::value Ask(const std::string& path) const {
    const auto result = net::Call({.url = url_ + path});
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->status, 200) << result->body;
    return json::parse(result->body).at("data");
  }
  // The value of the only series that the expression has at the newest time; "" without one.
  std::string Value(const std::string& expression) const {
    const json::value data =
        Ask(fmt::format("/api/v1/query?query={}&time={}", net::PercentEncode(expression),
                        static_cast<double>(now_ms_) / 1000));
    const json::array& result = data.at("result").as_array();
    if (result.empty()) return "";
    EXPECT_EQ(result.size(), 1u);
    return std::string(result[0].at("value").at(1).as_string());
  }

  const base::TempDir directory_;
  prometheus::Registry registry_;
  std::string url_;
  std::optional<kill::Program> prometheus_;
  int64_t now_ms_ = 0;
};

TEST_F(PrometheusPeerTest, HasAllThatWasSent) {
  // 2.0 is asked for: this Prometheus takes such a request, finds nothing in it and says 204.
  const auto sender = MakeSender(RemoteWriteProtocol::kV2);
  OutgoingSamples samples;
  Begin(samples, "ticks_total");
  for (int i = 0; i < 1000; ++i) samples.AddSample({now_ms_ - 1000 + i, i + 0.25});
  samples.AddExemplar(now_ms_ - 500, 0.75, {{"trace_id", "abc"}});
  Begin(samples, "gone");
  samples.AddSample({now_ms_ - 2000, 1});
  samples.AddSample({now_ms_ - 1000, model::StaleMarker()});
  Begin(samples, "infinite");
  samples.AddSample({now_ms_, std::numeric_limits<double>::infinity()});
  Begin(samples, "latency");
  samples.AddHistogram(now_ms_, {.schema = 1,
                                 .zero_threshold = 0.001,
                                 .zero_count = 1,
                                 .count = 8,
                                 .sum = 20.5,
                                 .positive_spans = {{0, 2}, {3, 1}},
                                 .positive_counts = {1, 2, 4}});
  Begin(samples, "latency_rate");
  samples.AddHistogram(now_ms_, {.schema = 1,
                                 .reset_hint = model::NativeHistogram::ResetHint::kGauge,
                                 .is_float = true,
                                 .count = 1.5,
                                 .sum = 2.5,
                                 .positive_spans = {{0, 1}},
                                 .positive_counts = {1.5}});
  const size_t items = samples.items();
  sender->Offer(std::move(samples));
  sender->Shutdown(kPatience);
  const ForwardTotals totals = sender->totals();
  EXPECT_EQ(totals.delivered, items);
  EXPECT_THAT(totals.dropped, IsEmpty());

  EXPECT_EQ(Value("count_over_time(ticks_total{cluster='eu',job='test'}[1m])"), "1000");
  EXPECT_EQ(Value("sum_over_time(ticks_total[1m])"), "499750");
  EXPECT_EQ(Value("gone"), "") << "its stale marker ends it";
  EXPECT_EQ(Value("count_over_time(gone[1m])"), "1");
  EXPECT_EQ(Value("infinite"), "+Inf");
  EXPECT_EQ(Value("histogram_count(latency)"), "8");
  EXPECT_EQ(Value("histogram_sum(latency)"), "20.5");
  EXPECT_EQ(Value("histogram_count(latency_rate)"), "1.5");
  const json::value exemplars =
      Ask(fmt::format("/api/v1/query_exemplars?query=ticks_total&start={}&end={}",
                      now_ms_ / 1000 - 60, now_ms_ / 1000 + 60));
  ASSERT_EQ(exemplars.as_array().size(), 1u);
  EXPECT_EQ(exemplars.at(0).at("exemplars").at(0).at("labels").at("trace_id").as_string(), "abc");
}

TEST_F(PrometheusPeerTest, WhatItRefusesTakesNothingElseWithIt) {
  const auto sender = MakeSender(RemoteWriteProtocol::kV1);
  const auto offer = [&](int64_t time_ms, bool is_late) {
    OutgoingSamples samples;
    Begin(samples, "up");
    samples.AddSample({time_ms, 1});
    samples.is_late = is_late;
    sender->Offer(std::move(samples));
  };
  offer(now_ms_ - 3000, false);
  offer(now_ms_ - 2000, false);
  offer(now_ms_ - 2500, true);  // it takes nothing out of order
  offer(now_ms_ - 1000, false);
  sender->Shutdown(kPatience);
  const ForwardTotals totals = sender->totals();
  EXPECT_EQ(totals.delivered, 3u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("rejected", 1)));
  EXPECT_EQ(Value("count_over_time(up[1m])"), "3");
}

}  // namespace
}  // namespace slowburn
