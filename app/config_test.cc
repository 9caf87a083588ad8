// Goal: a config is read as written, and every slip is told with its line. Method: whole texts.
#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::optional<std::string> Lookup(const std::string& name) {
  if (name == "PORT") return "7777";
  return std::nullopt;
}

ConfigResult Read(std::string_view text) {
  return ReadConfigText(text, "conf/slowburn.yaml", Lookup);
}

TEST(ConfigTest, DefaultsAreLoopbackAndNoDownstreams) {
  const ConfigResult result = Read("");
  ASSERT_THAT(result.errors, IsEmpty());
  EXPECT_EQ(result.config.http.Text(), "127.0.0.1:7560");
  EXPECT_EQ(result.config.data_dir, "conf/slowburn-data");
  EXPECT_TRUE(result.config.otlp.empty());
}

TEST(ConfigTest, ReadsEveryKey) {
  const ConfigResult result = Read(R"(
data_dir: /var/lib/slowburn
listen: {http: "127.0.0.1:${PORT}", otlp_grpc: "[::1]:0", otlp_http: localhost:4318}
slos: [slos/*.yaml, one.yaml]
commit: {mode: interval, interval: 250ms}
backup: {directory: /mnt/backups, keep: 3, bytes_per_second: 8MiB}
retention: 90d
max_late: 6h
external_url: https://slo.example.org/
external_labels: {cluster: eu-1}
alerting: {resend: 30s, dead_man: false}
limits: {memory_bytes: 4GiB, in_flight_bytes: 1GiB, request_bytes: 8MiB, compression_ratio: 50, groups_per_sli: 50, alerts: 20000,
         dedup_bytes: 64MiB, commit_queue_bytes: 1MiB, forward_queue_bytes: 2MiB, streams: 7, metric_series: 17, series: 18,
         label_bytes: 22MiB, series_disk_bytes: 1GiB, disk_reserve_bytes: 5MiB, query_memory_bytes: 19MiB, query_samples: 2000, query_timeout: 21s, connections: 8,
         connections_per_address: 9, requests_in_flight: 11, header_timeout: 1s, body_timeout: 2s, idle_timeout: 3s,
         write_timeout: 4s}
forward:
  alertmanager: [{url: "http://127.0.0.1:9093/prefix/"}]
  otlp: [{name: jaeger, endpoint: "http://127.0.0.1:14317", protocol: grpc, signals: [traces, logs]}]
  prometheus:
    - url: http://127.0.0.1:9090/api/v1/write
    - url: https://mimir.example.org/api/v1/push
      name: mimir
      protobuf_message: io.prometheus.write.v2.Request
      match: [up, '{job="checkout"}']
      headers: {X-Scope-OrgID: shop}
      tls: {ca: ca.pem, cert: own.pem, key: own.key}
)");
  ASSERT_THAT(result.errors, IsEmpty());
  const Config& config = result.config;
  EXPECT_EQ(config.data_dir, "/var/lib/slowburn");
  EXPECT_EQ(config.http.port, 7777);
  EXPECT_EQ(config.otlp_grpc.Text(), "[::1]:0");
  EXPECT_THAT(config.slos, ElementsAre("slos/*.yaml", "one.yaml"));
  EXPECT_EQ(config.base_directory, "conf");
  EXPECT_EQ(config.commit_mode, CommitMode::kInterval);
  EXPECT_EQ(config.commit_interval, std::chrono::milliseconds(250));
  EXPECT_EQ(config.backup_directory, "/mnt/backups");
  EXPECT_EQ(config.backups_kept, 3u);
  EXPECT_EQ(config.backup_bytes_per_second, 8u << 20);
  EXPECT_EQ(config.retention, std::chrono::hours(90 * 24));
  EXPECT_EQ(config.max_late, std::chrono::hours(6));
  EXPECT_EQ(config.external_url, "https://slo.example.org");
  EXPECT_EQ(config.external_labels.Get("cluster"), "eu-1");
  EXPECT_EQ(config.resend, std::chrono::seconds(30));
  EXPECT_FALSE(config.dead_man);
  ASSERT_EQ(config.prometheus.size(), 2u);
  EXPECT_EQ(config.prometheus[0].name, "127.0.0.1:9090");
  EXPECT_EQ(config.prometheus[0].protocol, forward::RemoteWriteProtocol::kV1);
  const PrometheusForwardConfig& mimir = config.prometheus[1];
  EXPECT_EQ(mimir.name, "mimir");
  EXPECT_EQ(mimir.url, "https://mimir.example.org/api/v1/push");
  EXPECT_EQ(mimir.protocol, forward::RemoteWriteProtocol::kV2);
  ASSERT_EQ(mimir.match.size(), 2u);
  EXPECT_EQ(mimir.match[1].CanonicalText(), "{job=\"checkout\"}");
  ASSERT_EQ(mimir.headers.size(), 1u);
  EXPECT_EQ(mimir.headers[0].value, "shop");
  EXPECT_EQ(mimir.tls.ca, "conf/ca.pem");
  EXPECT_EQ(config.limits.request_bytes, 8u << 20);
  EXPECT_EQ(config.limits.memory_bytes, uint64_t{4} << 30);
  EXPECT_EQ(config.limits.in_flight_bytes, 1u << 30);
  EXPECT_EQ(config.limits.compression_ratio, 50u);
  EXPECT_EQ(config.limits.groups_per_sli, 50u);
  EXPECT_EQ(config.limits.alerts, 20'000u);
  EXPECT_EQ(config.limits.streams, 7u);
  EXPECT_EQ(config.limits.metric_series, 17u);
  EXPECT_EQ(config.limits.series, 18u);
  EXPECT_EQ(config.limits.label_bytes, 22u << 20);
  EXPECT_EQ(config.limits.series_disk_bytes, 1u << 30);
  EXPECT_EQ(config.limits.disk_reserve_bytes, 5u << 20);
  EXPECT_EQ(config.limits.query_memory_bytes, 19u << 20);
  EXPECT_EQ(config.limits.query_samples, 2000u);
  EXPECT_EQ(config.limits.query_timeout, std::chrono::seconds(21));
  EXPECT_EQ(config.limits.connections, 8u);
  EXPECT_EQ(config.limits.connections_per_address, 9u);
  EXPECT_EQ(config.limits.requests_in_flight, 11u);
  EXPECT_EQ(config.limits.header_timeout, std::chrono::seconds(1));
  EXPECT_EQ(config.limits.body_timeout, std::chrono::seconds(2));
  EXPECT_EQ(config.limits.idle_timeout, std::chrono::seconds(3));
  EXPECT_EQ(config.limits.write_timeout, std::chrono::seconds(4));
  EXPECT_THAT(config.alertmanagers, ElementsAre("http://127.0.0.1:9093/prefix"));
  ASSERT_EQ(config.otlp.size(), 1u);
  EXPECT_EQ(config.otlp[0].endpoint.Text(), "127.0.0.1:14317");
  EXPECT_THAT(config.otlp[0].signals, ElementsAre(model::Signal::kTraces, model::Signal::kLogs));
}

TEST(ConfigTest, TellsEveryErrorWithItsLine) {
  const ConfigResult result = Read(
      "data_dri: x\n"
      "listen: {http: nonsense}\n"
      "retention: 5s\n"
      "commit: {mode: fast}\n"
      "limits: {request_bytes: 1}\n"
      "external_labels: {\"a-b\": c}\n"
      "forward:\n"
      "  otlp: [{name: j, endpoint: \"https://h:1\", protocol: http, signals: [profiles]}]\n"
      "external_url: \"${UNSET}\"\n");
  EXPECT_THAT(
      result.errors,
      testing::IsSupersetOf(
          {AllOf(StartsWith("conf/slowburn.yaml:1: "), HasSubstr("did you mean \"data_dir\"")),
           AllOf(StartsWith("conf/slowburn.yaml:2: "), HasSubstr("nonsense")),
           AllOf(StartsWith("conf/slowburn.yaml:3: "), HasSubstr("retention")),
           AllOf(StartsWith("conf/slowburn.yaml:4: "), HasSubstr("write durable or interval")),
           AllOf(StartsWith("conf/slowburn.yaml:5: "), HasSubstr("request_bytes")),
           AllOf(StartsWith("conf/slowburn.yaml:6: "), HasSubstr("a-b")),
           AllOf(StartsWith("conf/slowburn.yaml:8: "), HasSubstr("https endpoints")),
           AllOf(StartsWith("conf/slowburn.yaml:8: "), HasSubstr("write grpc")),
           AllOf(StartsWith("conf/slowburn.yaml:8: "), HasSubstr("write traces, metrics or logs")),
           AllOf(StartsWith("conf/slowburn.yaml:9: "), HasSubstr("UNSET"))}));
  const ConfigResult forward = Read(
      "forward:\n"
      "  prometheus:\n"
      "    - {url: \"http://a:1/w\", protobuf_message: v3, tls: {cert: x}}\n"
      "    - {url: \"http://a:1/v\", match: [\"up[5m]\"]}\n"
      "    - {url: ftp, name: b, headers: {Content-Type: text}}\n"
      "    - {url: \"http://c:1/w\", headers: {\"X Y\": z}}\n");
  EXPECT_THAT(
      forward.errors,
      testing::IsSupersetOf(
          {AllOf(StartsWith("conf/slowburn.yaml:3: "), HasSubstr("write prometheus.WriteRequest")),
           AllOf(StartsWith("conf/slowburn.yaml:3: "), HasSubstr("write both, or none")),
           AllOf(StartsWith("conf/slowburn.yaml:4: "), HasSubstr("two downstreams are called")),
           AllOf(StartsWith("conf/slowburn.yaml:4: "), HasSubstr("column 3")),
           AllOf(StartsWith("conf/slowburn.yaml:5: "), HasSubstr("ftp")),
           AllOf(StartsWith("conf/slowburn.yaml:5: "), HasSubstr("by slowburn itself")),
           AllOf(StartsWith("conf/slowburn.yaml:6: "), HasSubstr("\"X Y\" is no header"))}));
}

// What it takes to listen beyond loopback.
struct OpenCase {
  std::string name;
  std::string text;
  std::string want_error;  // part of it; empty: none
};

class OpenTest : public testing::TestWithParam<OpenCase> {};

TEST_P(OpenTest, IsRefusedWithoutLocks) {
  const ConfigResult result = Read(GetParam().text);
  if (GetParam().want_error.empty()) {
    EXPECT_THAT(result.errors, IsEmpty());
  } else {
    EXPECT_THAT(result.errors, ElementsAre(HasSubstr(GetParam().want_error)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Configs, OpenTest,
    testing::ValuesIn<OpenCase>({
        {"Nothing", "listen: {http: 0.0.0.0:7560}", "without TLS"},
        {"LoopbackNeedsNothing", "listen: {http: \"[::1]:7560\"}", ""},
        {"ToldSo", "listen: {http: 0.0.0.0:7560, insecure: true}", ""},
        {"TlsAlone", "listen: {otlp_grpc: 0.0.0.0:4317, tls: {cert: c, key: k}}", "without logins"},
        {"LoginsAlone", "listen: {otlp_http: 10.0.0.1:4318}\nauth: {file: a}", "without TLS"},
        {"TlsAndLogins", "listen: {http: 0.0.0.0:7560, tls: {cert: c, key: k}}\nauth: {file: a}",
         ""},
        {"ClientCertificates",
         "listen: {http: 0.0.0.0:7560, tls: {cert: c, key: k, client_ca: ca}}", ""},
        {"OptionalClientCertificates",
         "listen: {http: 0.0.0.0:7560, tls: {cert: c, key: k, client_ca: ca, client_auth: "
         "optional}}",
         "without logins"},
        {"AnyOriginWithLogins", "listen: {cors: {origins: [\"*\"]}}\nauth: {file: a}",
         "name the origins"},
        {"AnyOriginWithoutLogins", "listen: {cors: {origins: [\"*\"]}}", ""},
        {"KeyWithoutCertificate", "listen: {tls: {key: k}}", "cert"},
        {"ClientAuthWithoutAuthority", "listen: {tls: {cert: c, key: k, client_auth: required}}",
         "needs client_ca"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(ConfigTest, PathsOfLocksAreRelativeToTheFile) {
  const ConfigResult result = Read(
      "listen: {tls: {cert: tls/cert.pem, key: /etc/key.pem, client_ca: ca.pem, client_auth: "
      "optional}}\nauth: {file: access.txt}");
  ASSERT_THAT(result.errors, IsEmpty());
  ASSERT_TRUE(result.config.tls.has_value());
  EXPECT_EQ(result.config.tls->certificate, "conf/tls/cert.pem");
  EXPECT_EQ(result.config.tls->key, "/etc/key.pem");
  EXPECT_EQ(result.config.tls->client_ca, "conf/ca.pem");
  EXPECT_FALSE(result.config.tls->client_required);
  EXPECT_EQ(result.config.access_file, "conf/access.txt");
  EXPECT_EQ(ExternalUrl(result.config, {"127.0.0.1", 7560}), "https://127.0.0.1:7560");
}

TEST(ConfigTest, LimitsShrinkWithTheMemory) {
  const ConfigResult result = Read("limits: {memory_bytes: 256MiB}");
  ASSERT_THAT(result.errors, IsEmpty());
  const Config::Limits& limits = result.config.limits;
  EXPECT_EQ(limits.in_flight_bytes, 64u << 20);
  EXPECT_EQ(limits.series, 65'536u);
  EXPECT_EQ(limits.label_bytes, 32u << 20);
  EXPECT_EQ(limits.query_memory_bytes, 32u << 20);
  EXPECT_EQ(limits.request_bytes, 8u << 20);
  EXPECT_EQ(limits.dedup_bytes, 32u << 20);
  EXPECT_EQ(limits.streams, 131'072u);
  EXPECT_EQ(limits.metric_series, 32'768u);
}

TEST(ConfigTest, ARequestMustFitWithWhatItDecodesTo) {
  EXPECT_THAT(Read("limits: {memory_bytes: 256MiB, request_bytes: 64MiB}").errors,
              ElementsAre(HasSubstr("lower request_bytes or raise memory_bytes")));
  EXPECT_THAT(Read("limits: {memory_bytes: 256MiB, in_flight_bytes: 200MiB}").errors,
              ElementsAre(HasSubstr("at most half of memory_bytes")));
}

TEST(ConfigTest, AnIntervalWithoutItsModeIsAnError) {
  EXPECT_THAT(Read("commit: {mode: durable, interval: 1s}").errors,
              ElementsAre(HasSubstr("only with mode: interval")));
}

TEST(ConfigTest, AMissingFileIsAnError) {
  EXPECT_THAT(ReadConfigFile("/nonexistent/slowburn.yaml").errors,
              ElementsAre(HasSubstr("--config")));
}

}  // namespace
}  // namespace slowburn::app
