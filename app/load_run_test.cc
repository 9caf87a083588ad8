// Goal: a run sends what is planned, again where it may, and knows at the end what became of every
// item. Method: senders that follow a script and move the clock themselves; then real servers over
// HTTP and gRPC that refuse, break off and partly reject by a seeded choice, and remember what they
// took.
#include "app/load_run.h"

#include <deque>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "base/files.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_dir.h"
#include "net/content_coding.h"
#include "net/testing/certificates.h"
#include "net/testing/raw_http.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace slowburn::app {
namespace {

using base::ManualClock;
using model::Signal;
using opentelemetry::proto::trace::v1::TracesData;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;
using Kind = LoadAnswer::Kind;

constexpr size_t kItems = 8;
constexpr size_t kServices = 3;
constexpr milliseconds kPatience{60'000};

std::vector<std::unique_ptr<LoadPayload>> Payloads(uint64_t seed) {
  std::vector<std::unique_ptr<LoadPayload>> payloads;
  payloads.push_back(MakeLoadPayload({.signal = Signal::kTraces,
                                      .encoding = LoadEncoding::kProtobuf,
                                      .items = kItems,
                                      .services = kServices,
                                      .cardinality = 5,
                                      .error_ratio = 0.3,
                                      .latency = *LoadLatency::Parse("20,200"),
                                      .attributes = 3,
                                      .seed = seed,
                                      .start = {}}));
  return payloads;
}

LoadPlan Plan(std::optional<double> rate, std::optional<nanoseconds> duration,
              std::optional<uint64_t> requests) {
  return LoadPlan({{{Signal::kTraces, kItems}}, rate, duration, requests});
}

// Answers by its script, the last answer again and again, each after a second of the test's clock.
// What the run waits for lies in the past of the real clock, so nothing really waits.
class ScriptedSender final : public LoadSender {
 public:
  struct Log {
    std::vector<std::string> bodies;  // as taken
    int sendings = 0;
    std::function<void()> on_send = [] {};
  };
  ScriptedSender(std::deque<LoadAnswer> script, ManualClock& clock, Log& log)
      : script_(std::move(script)), clock_(clock), log_(log) {}

  absl::Status Connect(milliseconds) override { return absl::OkStatus(); }
  std::optional<size_t> Take(Signal, std::string_view body) override {
    log_.bodies.emplace_back(body);
    return body.size();
  }
  LoadAnswer Send(milliseconds) override {
    ++log_.sendings;
    clock_.Advance(1s);
    log_.on_send();
    const LoadAnswer answer = script_.front();
    if (script_.size() > 1) script_.pop_front();
    return answer;
  }

 private:
  std::deque<LoadAnswer> script_;
  ManualClock& clock_;
  Log& log_;
};

const LoadAnswer kAcked{.kind = Kind::kAcked};
const LoadAnswer kFailed{.kind = Kind::kFailed, .reason = "400"};
LoadAnswer Retry(std::optional<nanoseconds> delay = {}) {
  return {.kind = Kind::kRetry, .delay = delay, .reason = "503"};
}

class LoadRunTest : public testing::Test {
 protected:
  std::unique_ptr<LoadRun> Start(LoadPlan plan, std::deque<LoadAnswer> script) {
    std::vector<std::unique_ptr<LoadSender>> senders;
    senders.push_back(std::make_unique<ScriptedSender>(std::move(script), clock_, log_));
    return std::make_unique<LoadRun>(LoadRun::Options{.retry_for = retry_for_}, std::move(plan),
                                     Payloads(1), std::move(senders), kServices, clock_);
  }
  LoadTotals Run(LoadPlan plan, std::deque<LoadAnswer> script) {
    const auto run = Start(std::move(plan), std::move(script));
    EXPECT_TRUE(run->WaitFor(kPatience));
    return run->tally().totals();
  }

  milliseconds retry_for_ = 30s;
  ManualClock clock_{base::UnixNanos(seconds(1'790'000'000))};
  ScriptedSender::Log log_;
};

TEST_F(LoadRunTest, LatencyCountsFromThePlannedMoment) {
  // Planned at 0, 0.1 and 0.2 s; answered at 1, 2 and 3 s.
  const LoadTotals totals = Run(Plan(80.0, {}, 3), {kAcked});
  EXPECT_EQ(totals.latency.count(), 3u);
  EXPECT_NEAR(static_cast<double>(totals.latency.Percentile(0.01).count()), 1.0e9, 2e6);
  EXPECT_NEAR(static_cast<double>(totals.latency.Percentile(0.5).count()), 1.9e9, 2e6);
  EXPECT_EQ(totals.latency.max(), 2800ms);
}

TEST_F(LoadRunTest, WithoutARateItCountsFromTheSending) {
  const LoadTotals totals = Run(Plan({}, {}, 3), {kAcked});
  EXPECT_EQ(totals.latency.count(), 3u);
  EXPECT_EQ(totals.latency.max(), 1s);
}

TEST_F(LoadRunTest, WithoutARateItEndsWithTheDuration) {
  const LoadTotals totals = Run(Plan({}, 5s, {}), {kAcked});
  EXPECT_EQ(totals.Requests().acked, 5u);
}

TEST_F(LoadRunTest, WhatIsLateAtTheEndIsNotBegun) {
  // Ten are planned within a second; after 0, 1 and 2 s the third would be too late.
  const LoadTotals totals = Run(Plan(80.0, 1s, {}), {kAcked});
  EXPECT_EQ(totals.Requests().sent, 2u);
  EXPECT_EQ(totals.Requests().acked, 2u);
}

TEST_F(LoadRunTest, PayloadsAreOfThePlannedMoment) {
  Run(Plan(80.0, {}, 2), {kAcked});
  ASSERT_EQ(log_.bodies.size(), 2u);
  TracesData second;
  ASSERT_TRUE(second.ParseFromString(log_.bodies[1]));
  const auto& spans = second.resource_spans(0).scope_spans(0).spans();
  EXPECT_EQ(spans[kItems - 1].end_time_unix_nano(), 1'790'000'000'100'000'000u);
}

TEST_F(LoadRunTest, RetriesUntilItIsAcked) {
  const LoadTotals totals = Run(Plan({}, {}, 2), {Retry(), Retry(2s), kAcked});
  const LoadCounts items = totals.Items();
  EXPECT_EQ(items.sent, 2 * kItems);
  EXPECT_EQ(items.acked, 2 * kItems);
  EXPECT_EQ(items.retried, 2 * kItems);
  EXPECT_EQ(totals.Requests().retried, 2u);
  EXPECT_EQ(log_.sendings, 4);
  EXPECT_EQ(log_.bodies.size(), 2u);  // each was taken once: the bytes cannot differ
  EXPECT_EQ(totals.errors.at("503"), 2u);
  EXPECT_EQ(totals.latency.max(), 3s);
}

TEST_F(LoadRunTest, GivesUpWhenItsTimeIsOver) {
  const LoadTotals totals = Run(Plan({}, {}, 1), {Retry()});
  EXPECT_EQ(totals.Items().unacknowledged, kItems);
  EXPECT_EQ(totals.Items().acked, 0u);
  EXPECT_GE(log_.sendings, 25);  // a second each, of 30 less the longest back-off
  EXPECT_LE(log_.sendings, 30);
  EXPECT_TRUE(totals.streams[0].unacknowledged.Contains(0));
}

TEST_F(LoadRunTest, AnAckEndsTheBackOff) {
  // A second for the first try leaves 200 ms: room for a first back-off, hardly for later ones.
  retry_for_ = 1200ms;
  std::deque<LoadAnswer> script;
  for (int i = 0; i < 20; ++i) script.insert(script.end(), {Retry(), kAcked});
  const LoadTotals totals = Run(Plan({}, {}, 20), script);
  EXPECT_EQ(totals.Requests().acked, 20u);
  EXPECT_EQ(totals.Requests().retried, 20u);
}

TEST_F(LoadRunTest, ADelayPastItsTimeIsTheEnd) {
  const LoadTotals totals = Run(Plan({}, {}, 1), {Retry(1h)});
  EXPECT_EQ(totals.Items().unacknowledged, kItems);
  EXPECT_EQ(log_.sendings, 1);
}

TEST_F(LoadRunTest, FailedIsNotTriedAgain) {
  const LoadTotals totals = Run(Plan({}, {}, 3), {kAcked, kFailed, kAcked});
  EXPECT_EQ(totals.Items().failed, kItems);
  EXPECT_EQ(totals.Items().acked, 2 * kItems);
  EXPECT_TRUE(totals.streams[0].failed.Contains(1));
  EXPECT_EQ(log_.sendings, 3);
}

TEST_F(LoadRunTest, StoppingEndsRetriesAndBeginsNothing) {
  std::promise<LoadRun*> started;
  auto running = started.get_future().share();
  log_.on_send = [&] {
    if (log_.sendings == 2) running.get()->RequestStop();
  };
  const auto run = Start(Plan({}, {}, 100), {kAcked, Retry()});
  started.set_value(run.get());
  ASSERT_TRUE(run->WaitFor(kPatience));
  const LoadTotals totals = run->tally().totals();
  EXPECT_EQ(totals.Items().sent, 2 * kItems);
  EXPECT_EQ(totals.Items().acked, kItems);
  EXPECT_EQ(totals.Items().unacknowledged, kItems);
  EXPECT_EQ(log_.sendings, 2);
}

// What a server took, whatever the transport: each request once, however often it came.
class Taken {
 public:
  enum class Fate { kTake, kRefuse, kTakeWithoutAnswer, kReject };

  // By a seeded choice; what was decided for a body's first coming does not bind its later ones.
  Fate Decide(const std::string& body) {
    const std::lock_guard lock(mutex_);
    ++arrivals_;
    const uint64_t choice = refusing_ ? random_() % 10 : 9;
    if (choice < 3) return Fate::kRefuse;
    const bool is_new = bodies_.insert(body).second;
    if (choice == 3) return Fate::kTakeWithoutAnswer;
    // A server that deduplicates gives its first answer again; this one rejects nothing twice.
    return choice == 4 && is_new && rejecting_ ? Fate::kReject : Fate::kTake;
  }
  void RejectSome() { rejecting_ = true; }
  void RefuseNone() { refusing_ = false; }

  struct Counts {
    uint64_t spans = 0;
    std::map<std::string, std::pair<uint64_t, uint64_t>> services;  // good, bad
    std::set<std::string> ids;
  };
  Counts Count() const {
    const std::lock_guard lock(mutex_);
    Counts counts;
    for (const std::string& body : bodies_) {
      TracesData data;
      EXPECT_TRUE(data.ParseFromString(body));
      const auto& resource = data.resource_spans(0);
      auto& [good, bad] = counts.services[resource.resource().attributes(0).value().string_value()];
      for (const auto& span : resource.scope_spans(0).spans()) {
        ++(span.status().code() == 2 ? bad : good);
        ++counts.spans;
        counts.ids.insert(span.trace_id() + span.span_id());
      }
    }
    return counts;
  }
  uint64_t arrivals() const {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> bodies_;
  std::mt19937_64 random_{11};
  uint64_t arrivals_ = 0;
  bool rejecting_ = false;
  bool refusing_ = true;
};

constexpr std::string_view kContentEncoding = "Content-Encoding: ";  // gzip or zstd

// rejected_spans: 1
constexpr std::string_view kOneRejected("\x0a\x02\x08\x01", 4);

class HttpStub {
 public:
  explicit HttpStub(Taken& taken) : taken_(taken), acceptor_([this] { Accept(); }) {}
  ~HttpStub() {
    closing_ = true;
    { const net::RawConnection wake(listener_.address()); }
    acceptor_.join();
    sessions_.clear();
  }
  const net::HostPort& address() const { return listener_.address(); }

 private:
  void Accept() {
    while (true) {
      net::RawConnection peer = listener_.Accept();
      if (closing_) return;
      sessions_.emplace_back([this, peer = std::move(peer)]() mutable { Serve(peer); });
    }
  }
  void Serve(net::RawConnection& peer) {
    while (true) {
      const net::RawResponse request = peer.Read();
      if (request.status == 0 && request.head.empty()) return;
      EXPECT_TRUE(request.head.starts_with("POST /v1/traces HTTP/1.1\r\n"));
      EXPECT_NE(request.head.find("Authorization: Bearer secret\r\n"), std::string::npos);
      std::string body = request.body;
      const size_t coding = request.head.find(kContentEncoding);
      if (coding != std::string::npos) {
        const std::string_view rest = std::string_view(request.head).substr(coding);
        const std::string_view name = rest.substr(kContentEncoding.size(), 4);
        base::MemoryLease lease;
        EXPECT_TRUE(
            net::DecodeContent(net::ParseContentCoding(name).value(), request.body, {}, lease, body)
                .ok());
      }
      switch (taken_.Decide(body)) {
        case Taken::Fate::kRefuse:
          peer.Send("HTTP/1.1 503 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
          break;
        case Taken::Fate::kTakeWithoutAnswer:
          return;  // closes
        case Taken::Fate::kReject:
          peer.Send(
              fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                          "Content-Length: {}\r\n\r\n{}",
                          kOneRejected.size(), kOneRejected));
          break;
        case Taken::Fate::kTake:
          peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
          break;
      }
    }
  }

  Taken& taken_;
  net::RawListener listener_;
  std::atomic<bool> closing_ = false;
  std::list<std::jthread> sessions_;
  std::thread acceptor_;  // last: it uses all the others
};

namespace trace_service = opentelemetry::proto::collector::trace::v1;

class GrpcStub final : public trace_service::TraceService::Service {
 public:
  explicit GrpcStub(Taken& taken,
                    const std::shared_ptr<grpc::ServerCredentials>& credentials =
                        grpc::InsecureServerCredentials(),
                    const net::HostPort& address = {"127.0.0.1", 0})
      : taken_(taken) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address.Text(), credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  net::HostPort address() const { return {"127.0.0.1", static_cast<uint16_t>(port_)}; }

 private:
  grpc::Status Export(grpc::ServerContext* context,
                      const trace_service::ExportTraceServiceRequest* request,
                      trace_service::ExportTraceServiceResponse* response) override {
    const auto token = context->client_metadata().find("authorization");
    EXPECT_TRUE(token != context->client_metadata().end() && token->second == "Bearer secret");
    switch (taken_.Decide(request->SerializeAsString())) {
      case Taken::Fate::kRefuse:
        return {grpc::StatusCode::UNAVAILABLE, "busy"};
      case Taken::Fate::kTakeWithoutAnswer:
        return {grpc::StatusCode::DATA_LOSS, "gone"};
      case Taken::Fate::kReject:
        response->mutable_partial_success()->set_rejected_spans(1);
        return grpc::Status::OK;
      case Taken::Fate::kTake:
        return grpc::Status::OK;
    }
    return grpc::Status::OK;
  }

  Taken& taken_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

LoadTotals RunAgainst(const LoadTarget& target, size_t connections, size_t in_flight,
                      const LoadPlan& plan) {
  const base::Clock& clock = base::SystemClock();
  auto senders = MakeLoadSenders(target, connections, in_flight, clock);
  EXPECT_TRUE(senders.ok()) << senders.status();
  for (const auto& sender : *senders) EXPECT_TRUE(sender->Connect(10s).ok());
  LoadRun run({.backoff_min = 1ms, .backoff_max = 2ms}, plan, Payloads(2), *std::move(senders),
              kServices, clock);
  EXPECT_TRUE(run.WaitFor(kPatience));
  return run.tally().totals();
}

constexpr uint64_t kRequests = 200;

// Everything that was sent was taken once, and both sides count the same.
void ExpectAllAcked(const LoadTotals& totals, const Taken& taken) {
  const LoadCounts items = totals.Items();
  EXPECT_EQ(items.sent, kRequests * kItems);
  EXPECT_EQ(items.acked, kRequests * kItems);
  EXPECT_EQ(items.lost(), 0u);
  EXPECT_EQ(totals.streams[0].acked.ranges(), (std::map<uint64_t, uint64_t>{{0, kRequests - 1}}));
  EXPECT_EQ(totals.Requests().retried, taken.arrivals() - kRequests);
  EXPECT_GT(totals.Requests().retried, kRequests / 10);
  const Taken::Counts counts = taken.Count();
  EXPECT_EQ(counts.spans, kRequests * kItems);
  EXPECT_EQ(counts.ids.size(), kRequests * kItems);
  for (size_t i = 0; i < kServices; ++i) {
    const LoadServiceCounts& service = totals.streams[0].services[i];
    const auto [good, bad] = counts.services.at(LoadServiceName(i, kServices));
    EXPECT_EQ(service.good, good);
    EXPECT_EQ(service.bad, bad);
    EXPECT_EQ(service.uncertain, 0u);
  }
}

struct Transport {
  std::string name;
  LoadProtocol protocol;
  net::ContentCoding compression;
};
class LoadRunTransportTest : public testing::TestWithParam<Transport> {
 protected:
  LoadTarget Target(const net::HostPort& address) const {
    return {.protocol = GetParam().protocol,
            .address = address,
            .compression = GetParam().compression,
            .token = "secret"};
  }
};

TEST_P(LoadRunTransportTest, EverythingIsAckedOnceThroughErrors) {
  Taken taken;
  LoadTotals totals;
  if (GetParam().protocol == LoadProtocol::kHttp) {
    const HttpStub server(taken);
    totals = RunAgainst(Target(server.address()), 3, 1, Plan({}, {}, kRequests));
    EXPECT_GT(totals.errors.at("503"), 0u);
    EXPECT_GT(totals.errors.at("no answer"), 0u);
  } else {
    const GrpcStub server(taken);
    totals = RunAgainst(Target(server.address()), 2, 2, Plan({}, {}, kRequests));
    EXPECT_GT(totals.errors.at("UNAVAILABLE"), 0u);
    EXPECT_GT(totals.errors.at("DATA_LOSS"), 0u);
  }
  ExpectAllAcked(totals, taken);
}

TEST_P(LoadRunTransportTest, AtARateTheSameIsAcked) {
  Taken taken;
  LoadTotals totals;
  const LoadPlan plan = Plan(static_cast<double>(kRequests * kItems) / 0.2, 200ms, {});
  ASSERT_EQ(plan.requests(), kRequests);
  if (GetParam().protocol == LoadProtocol::kHttp) {
    const HttpStub server(taken);
    totals = RunAgainst(Target(server.address()), 8, 1, plan);
  } else {
    const GrpcStub server(taken);
    totals = RunAgainst(Target(server.address()), 4, 2, plan);
  }
  ExpectAllAcked(totals, taken);
}

TEST_P(LoadRunTransportTest, RejectedItemsAreCounted) {
  Taken taken;
  taken.RejectSome();
  LoadTotals totals;
  if (GetParam().protocol == LoadProtocol::kHttp) {
    const HttpStub server(taken);
    totals = RunAgainst(Target(server.address()), 3, 1, Plan({}, {}, kRequests));
  } else {
    const GrpcStub server(taken);
    totals = RunAgainst(Target(server.address()), 2, 2, Plan({}, {}, kRequests));
  }
  const LoadCounts items = totals.Items();
  EXPECT_GT(items.rejected, 0u);
  EXPECT_EQ(items.acked + items.rejected, kRequests * kItems);
  EXPECT_EQ(totals.streams[0].partial.count(), items.rejected);  // one in each
  EXPECT_EQ(totals.errors.at("partial success"), items.rejected);
}

INSTANTIATE_TEST_SUITE_P(
    Transports, LoadRunTransportTest,
    testing::ValuesIn<Transport>({{"Http", LoadProtocol::kHttp, net::ContentCoding::kIdentity},
                                  {"HttpGzip", LoadProtocol::kHttp, net::ContentCoding::kGzip},
                                  {"HttpZstd", LoadProtocol::kHttp, net::ContentCoding::kZstd},
                                  {"Grpc", LoadProtocol::kGrpc, net::ContentCoding::kIdentity},
                                  {"GrpcGzip", LoadProtocol::kGrpc, net::ContentCoding::kGzip}}),
    [](const auto& info) { return info.param.name; });

std::string FileText(const std::filesystem::path& path) { return *base::ReadFile(path, 1 << 20); }

TEST(LoadRunGrpcTlsTest, BothSidesShowCertificates) {
  const base::TempDir folder;
  const net::TestAuthority authority(folder.path());
  const net::CertificateFiles server_files = authority.Issue();
  const net::CertificateFiles client_files = authority.Issue({.file = "client", .is_client = true});
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = FileText(authority.certificate());
  options.pem_key_cert_pairs = {{FileText(server_files.key), FileText(server_files.certificate)}};
  Taken taken;
  const GrpcStub server(taken, grpc::SslServerCredentials(options));
  LoadTarget target;
  target.protocol = LoadProtocol::kGrpc;
  target.address = server.address();
  target.tls = true;
  target.token = "secret";
  target.ca = authority.certificate();
  target.certificate = client_files.certificate;
  target.key = client_files.key;
  ExpectAllAcked(RunAgainst(target, 2, 2, Plan({}, {}, kRequests)), taken);

  target.ca = net::TestAuthority(folder.path(), "stranger").certificate();
  const auto senders = MakeLoadSenders(target, 1, 1, base::SystemClock());
  ASSERT_TRUE(senders.ok()) << senders.status();
  const absl::Status connected = senders->front()->Connect(10s);
  EXPECT_NE(connected.message().find("its certificate is not trusted"), absl::string_view::npos)
      << connected;
}

// A peer that says nothing for now.
class SilentPeer : public net::RawConnection {
 public:
  explicit SilentPeer(net::RawConnection connection) : RawConnection(std::move(connection)) {}
  bool LeavesWithin(milliseconds time) const {
    pollfd waiting{.fd = fd(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&waiting, 1, static_cast<int>(time.count())) != 0;
  }
};

// Between two tries nobody waits on the channel, as in a run, which sleeps then.
TEST(LoadSendersTest, AGrpcServerThatComesBackIsFound) {
  Taken taken;
  taken.RefuseNone();
  auto server = std::make_unique<GrpcStub>(taken);
  const net::HostPort address = server->address();
  auto senders =
      MakeLoadSenders({.protocol = LoadProtocol::kGrpc, .address = address, .token = "secret"}, 1,
                      1, base::SystemClock());
  ASSERT_TRUE(senders.ok());
  LoadSender& sender = *senders->front();
  ASSERT_TRUE(sender.Connect(10s).ok());
  sender.Take(Signal::kTraces, "");
  ASSERT_EQ(sender.Send(10s).kind, Kind::kAcked);
  server.reset();
  ASSERT_EQ(sender.Send(10s).kind, Kind::kRetry);

  server = std::make_unique<GrpcStub>(taken, grpc::InsecureServerCredentials(), address);
  LoadAnswer answer = sender.Send(10s);
  for (int tries = 1; tries < 20 && answer.kind == Kind::kRetry; ++tries) answer = sender.Send(10s);
  EXPECT_EQ(answer.kind, Kind::kAcked) << answer.message;
}

// On a busy machine, or a long way off, a handshake with certificates takes longer than the pause
// between two attempts.
TEST(LoadSendersTest, ASlowGrpcServerIsWaitedFor) {
  net::RawListener listener;
  auto senders = MakeLoadSenders({.protocol = LoadProtocol::kGrpc, .address = listener.address()},
                                 1, 1, base::SystemClock());
  ASSERT_TRUE(senders.ok());
  const std::jthread server([&] {
    SilentPeer peer(listener.Accept());
    EXPECT_FALSE(peer.LeavesWithin(400ms));
    constexpr std::string_view kEmptySettings("\0\0\0\4\0\0\0\0\0", 9);
    peer.Send(kEmptySettings);
    peer.ReadToEnd();
  });
  const absl::Status connected = senders->front()->Connect(10s);
  EXPECT_TRUE(connected.ok()) << connected;
  senders->clear();
}

TEST(LoadSendersTest, NobodyThereIsSaid) {
  for (const LoadProtocol protocol : {LoadProtocol::kHttp, LoadProtocol::kGrpc}) {
    net::RawListener listener;
    listener.Close();
    const auto senders = MakeLoadSenders({.protocol = protocol, .address = listener.address()}, 1,
                                         1, base::SystemClock());
    ASSERT_TRUE(senders.ok());
    const absl::Status connected = senders->front()->Connect(milliseconds(200));
    EXPECT_EQ(connected.code(), absl::StatusCode::kUnavailable) << connected;
    EXPECT_NE(connected.message().find(listener.address().Text()), absl::string_view::npos);
  }
}

TEST(LoadSendersTest, FilesThatAreNoCertificatesAreRefused) {
  const base::TempDir folder;
  const net::TestAuthority authority(folder.path());
  const net::CertificateFiles client = authority.Issue({.file = "client", .is_client = true});
  const net::CertificateFiles other = authority.Issue({.file = "other", .is_client = true});
  LoadTarget target;
  target.address = {"127.0.0.1", 1};
  target.tls = true;
  const auto expect_refused = [&target](std::string_view file) {
    for (const LoadProtocol protocol : {LoadProtocol::kHttp, LoadProtocol::kGrpc}) {
      target.protocol = protocol;
      const auto senders = MakeLoadSenders(target, 1, 1, base::SystemClock());
      ASSERT_FALSE(senders.ok());
      EXPECT_THAT(std::string(senders.status().message()), testing::HasSubstr(std::string(file)));
    }
  };
  target.ca = "/no/such/ca.pem";
  expect_refused("/no/such/ca.pem");
  target.ca = client.key;
  expect_refused("holds no certificate");
  target.ca = authority.certificate();
  target.certificate = client.certificate;
  target.key = other.key;
  expect_refused("is not the key");
}

}  // namespace
}  // namespace slowburn::app
