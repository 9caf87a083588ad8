#include "tests/kill/kill_fixture.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "base/status.h"
#include "net/http_client.h"

namespace slowburn::kill {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::chrono::milliseconds kReadyTimeout{60'000};

// The SLOs of traffic.h.
constexpr std::string_view kSlos = R"(apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  sli:
    spans:
      match: resource.attributes["service.name"] == "checkout"
      bad: span.status.code == STATUS_CODE_ERROR
    group_by: [http.route]
  objective: 99.9%
  window: 30d
  alerting: {policy: slowburn}
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: latency}
spec:
  service: search
  sli:
    spans:
      match: resource.attributes["service.name"] == "search"
      latency: {max: 300ms}
  objective: 99%
  window: 7d
)";

int64_t UnixNow() {
  return std::chrono::floor<seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

uint64_t ToCount(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? 0 : value->to_number<uint64_t>();
}

std::string Text(const slo::SliCounts& counts) {
  return fmt::format("good {} bad {}", counts.good, counts.bad);
}

}  // namespace

uint64_t SeedOfRun() {
  const char* const given = std::getenv("SLOWBURN_KILL_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

KillFixture::KillFixture()
    : seed_(SeedOfRun()),
      trace_(__FILE__, __LINE__, fmt::format("run again with SLOWBURN_KILL_SEED={}", seed_)) {}

void KillFixture::WriteConfig(const std::string& commit, const std::filesystem::path& data_dir) {
  std::ofstream(directory() / "slos.yaml") << kSlos;
  std::ofstream(directory() / "slowburn.yaml") << fmt::format(
      "data_dir: {}\n"
      "listen: {{http: 127.0.0.1:0, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0}}\n"
      "slos: [slos.yaml]\n"
      "commit: {}\n",
      data_dir.empty() ? "data" : data_dir.string(), commit);
}

absl::StatusOr<Program> KillFixture::Spawn() const {
  return Program::Spawn(
      {.arguments = {"serve", "--config", (directory() / "slowburn.yaml").string()},
       .log = directory() / "slowburn.log"});
}

std::optional<Program> KillFixture::Start(Traffic& traffic) {
  absl::StatusOr<Program> program = Spawn();
  if (!program.ok()) {
    ADD_FAILURE() << program.status();
    return std::nullopt;
  }
  const auto addresses = program->AwaitReady(kReadyTimeout);
  if (!addresses.ok()) {
    ADD_FAILURE() << addresses.status();
    return std::nullopt;
  }
  api_ = addresses->http;
  traffic.SendTo(addresses->otlp_http);
  return *std::move(program);
}

void KillFixture::AwaitRequests(const Traffic& traffic, uint64_t more) {
  const uint64_t want = traffic.acked().requests + more;
  const auto deadline = std::chrono::steady_clock::now() + kReadyTimeout;
  while (traffic.acked().requests < want) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "no acks";
    std::this_thread::yield();
  }
}

json::object KillFixture::Get(const std::string& path) const {
  const auto result = net::Call({.url = "http://" + api_ + path});
  if (!result.ok() || result->status != 200) {
    ADD_FAILURE() << path << ": "
                  << (result.ok() ? fmt::format("{} {}", result->status, result->body)
                                  : result.status().ToString());
    return {};
  }
  boost::system::error_code error;
  json::value value = json::parse(result->body, error);
  if (error || !value.is_object()) {
    ADD_FAILURE() << path << " is no JSON object: " << result->body;
    return {};
  }
  return std::move(value.as_object());
}

int KillFixture::GetStatus(const std::string& path) const {
  const auto result = net::Call({.url = "http://" + api_ + path});
  return result.ok() ? result->status : 0;
}

slo::SliCounts KillFixture::Counts(const std::string& slo, const std::string& group, int64_t start,
                                   int64_t end) const {
  std::string path = fmt::format("/api/slo/v1/slos/{}/counts?start={}&end={}", slo, start, end);
  if (!group.empty()) path += "&group.http.route=" + net::PercentEncode(group);
  const json::object answer = Get(path);
  return {.good = ToCount(answer, "good"), .bad = ToCount(answer, "bad")};
}

void KillFixture::ExpectEverythingCounted(const Acked& acked) const {
  const int64_t end = UnixNow() / 10 * 10 + 20;
  std::map<std::string, size_t> groups;
  for (const auto& [key, counts] : acked.Sums()) {
    const auto& [slo, group] = key;
    ++groups[slo];
    EXPECT_EQ(Text(Counts(slo, group, end - 26 * 3600, end)), Text(counts))
        << slo << " group \"" << group << '"';
  }
  for (const auto& [slo, count] : groups) {
    const json::object shown = Get("/api/slo/v1/slos/" + slo);
    const json::value* const list = shown.if_contains("groups");
    EXPECT_EQ(list == nullptr ? 0 : list->as_array().size(), count) << slo;
  }
  EXPECT_EQ(ToCount(Get("/api/slo/v1/ledger"), "imbalance"), 0u);
  const json::object traces = TracesLedger();
  EXPECT_EQ(ToCount(traces, "accepted"), acked.spans) << json::serialize(traces);
  EXPECT_EQ(ToCount(traces, "too_late"), 0u) << json::serialize(traces);
}

void KillFixture::ExpectCountedBetween(const Acked& least, const Acked& most) const {
  const int64_t end = UnixNow() / 10 * 10 + 20;
  const auto lower = least.Sums();
  for (const auto& [key, upper] : most.Sums()) {
    const auto& [slo, group] = key;
    const auto found = lower.find(key);
    const slo::SliCounts from = found == lower.end() ? slo::SliCounts() : found->second;
    // A group that nothing was counted for is not there yet.
    const slo::SliCounts counted =
        found == lower.end() ? from : Counts(slo, group, end - 26 * 3600, end);
    EXPECT_TRUE(from.good <= counted.good && counted.good <= upper.good)
        << slo << ' ' << group << ' ' << Text(counted);
    EXPECT_TRUE(from.bad <= counted.bad && counted.bad <= upper.bad)
        << slo << ' ' << group << ' ' << Text(counted);
  }
  uint64_t in_totals = 0;
  for (const std::string_view slo : {kGroupedSlo, kLatencySlo}) {
    const slo::SliCounts total = Counts(std::string(slo), "", end - 26 * 3600, end);
    in_totals += total.good + total.bad;
  }
  EXPECT_EQ(ToCount(Get("/api/slo/v1/ledger"), "imbalance"), 0u);
  const uint64_t accepted = ToCount(TracesLedger(), "accepted");
  EXPECT_LE(least.spans, accepted);
  EXPECT_LE(accepted, most.spans);
  // Each span counts in one SLO: no commit is there by half.
  EXPECT_EQ(in_totals, accepted);
}

json::object KillFixture::TracesLedger() const {
  const json::object ledger = Get("/api/slo/v1/ledger");
  const json::value* const signals = ledger.if_contains("signals");
  if (signals == nullptr) return {};
  const json::value* const traces = signals->as_object().if_contains("traces");
  return traces == nullptr ? json::object() : traces->as_object();
}

uint64_t KillFixture::DuplicateSpans() const { return ToCount(TracesLedger(), "duplicate"); }

void KillFixture::ExpectEveryHourCounted(const Acked& acked) const {
  for (const auto& [key, counts] : acked.counts) {
    const auto& [slo, group, hour] = key;
    EXPECT_EQ(Text(Counts(slo, group, hour * 3600, (hour + 1) * 3600)), Text(counts))
        << slo << " group \"" << group << "\" in the hour that begins at " << hour * 3600;
  }
}

}  // namespace slowburn::kill
