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
retention: 90d
max_late: 6h
external_url: https://slo.example.org/
external_labels: {cluster: eu-1}
alerting: {resend: 30s, dead_man: false}
limits: {request_bytes: 8MiB, groups_per_sli: 50, dedup_bytes: 64MiB, commit_queue_bytes: 1MiB, forward_queue_bytes: 2MiB}
forward:
  alertmanager: [{url: "http://127.0.0.1:9093/prefix/"}]
  otlp: [{name: jaeger, endpoint: "http://127.0.0.1:14317", protocol: grpc, signals: [traces]}]
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
  EXPECT_EQ(config.retention, std::chrono::hours(90 * 24));
  EXPECT_EQ(config.max_late, std::chrono::hours(6));
  EXPECT_EQ(config.external_url, "https://slo.example.org");
  EXPECT_EQ(config.external_labels.Get("cluster"), "eu-1");
  EXPECT_EQ(config.resend, std::chrono::seconds(30));
  EXPECT_FALSE(config.dead_man);
  EXPECT_EQ(config.limits.request_bytes, 8u << 20);
  EXPECT_EQ(config.limits.groups_per_sli, 50u);
  EXPECT_THAT(config.alertmanagers, ElementsAre("http://127.0.0.1:9093/prefix"));
  ASSERT_EQ(config.otlp.size(), 1u);
  EXPECT_EQ(config.otlp[0].endpoint.Text(), "127.0.0.1:14317");
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
      "  otlp: [{name: j, endpoint: \"https://h:1\", protocol: http, signals: [logs]}]\n"
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
           AllOf(StartsWith("conf/slowburn.yaml:8: "), HasSubstr("write [traces]")),
           AllOf(StartsWith("conf/slowburn.yaml:9: "), HasSubstr("UNSET"))}));
}

TEST(ConfigTest, OnlyLoopbackUnlessToldOtherwise) {
  EXPECT_THAT(Read("listen: {http: 0.0.0.0:7560}").errors,
              ElementsAre(HasSubstr("insecure: true")));
  EXPECT_THAT(Read("listen: {http: 0.0.0.0:7560, insecure: true}").errors, IsEmpty());
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
