// Goal: every sample that is offered is delivered, pending or dropped with its reason; those of a
// series arrive in their order; a receiver that is away is waited for. Method: the real sender and
// client against a real HTTP server that answers by a script; every wait is for an event.
#include "forward/prometheus_remote_write.h"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <numeric>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"
#include "base/testing/temp_dir.h"
#include "net/http_server.h"
#include "net/snappy_block.h"
#include "net/testing/access_fixture.h"
#include "net/testing/certificates.h"
#include "slowburn/remote_write/v1/write_request.pb.h"
#include "slowburn/remote_write/v2/request.pb.h"

namespace slowburn::forward {
namespace {

namespace write1 = slowburn::remote_write::v1;
namespace write2 = slowburn::remote_write::v2;
using model::OutgoingSamples;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr seconds kPatience{30};  // of a test; nothing waits that long when all is well

// What a request had, the values of its samples among it.
struct Received {
  std::string type;
  std::string version;
  std::string tenant;
  std::vector<double> values;
  std::vector<std::string> described;  // metrics that 1.0 has metadata of
};

// Answers one request after the other by a script, and 204 behind its end. An answer without a
// status keeps its request open.
class Receiver {
 public:
  struct Answer {
    std::optional<int> status;
    std::vector<net::HttpHeader> headers;
  };

  // Who may come in.
  struct Lock {
    const net::TlsServerContext* tls = nullptr;
    net::AccessFile* access = nullptr;
  };

  explicit Receiver(std::vector<Answer> script = {}, uint16_t port = 0)
      : Receiver(std::move(script), port, Lock()) {}
  Receiver(std::vector<Answer> script, uint16_t port, const Lock& lock)
      : scheme_(lock.tls == nullptr ? "http" : "https"), script_(script.begin(), script.end()) {
    net::RouteTable routes([](const net::HttpRequest&, int status, std::string_view message) {
      return net::HttpResponse{.status = status, .headers = {}, .body = std::string(message)};
    });
    routes.Add({.role = net::Role::kWrite,
                .method = "POST",
                .pattern = "/api/v1/write",
                .handler = [this](net::HttpRequest request, net::Reply reply) {
                  Take(request, std::move(reply));
                }});
    net::ServerOptions options;
    options.address = {"127.0.0.1", port};
    options.name = "receiver";
    options.tls = lock.tls;
    options.access = lock.access;
    auto server = net::HttpServer::Start(std::move(options), std::move(routes), registry_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~Receiver() {
    Release(503);
    server_->Shutdown(seconds(0));
  }

  uint16_t port() const { return server_->address().port; }
  std::string url() const {
    return fmt::format("{}://{}/api/v1/write", scheme_, server_->address().Text());
  }

  // The requests, once there are `count`.
  std::vector<Received> Await(size_t count) const {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return received_.size() >= count; }))
        << "waited for request " << count;
    return received_;
  }
  // Answers what is open.
  void Release(int status) {
    std::vector<net::Reply> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (net::Reply& reply : held)
      std::move(reply)({.status = status, .headers = {}, .body = "released"});
  }

 private:
  static Received Read(const net::HttpRequest& request) {
    Received received{.type = std::string(request.Header("Content-Type")),
                      .version = std::string(request.Header("X-Prometheus-Remote-Write-Version")),
                      .tenant = std::string(request.Header("X-Scope-OrgID")),
                      .values = {},
                      .described = {}};
    EXPECT_EQ(request.Header("Content-Encoding"), "snappy");
    base::MemoryLease lease;
    std::string body;
    EXPECT_TRUE(net::DecodeSnappyBlock(request.body, {.bytes_max = 64 << 20}, lease, body).ok());
    const auto add = [&](const auto& parsed) {
      for (const auto& series : parsed.timeseries()) {
        for (const auto& sample : series.samples()) received.values.push_back(sample.value());
      }
    };
    write1::WriteRequest v1;
    write2::Request v2;
    if (received.version == "0.1.0") {
      EXPECT_TRUE(v1.ParseFromString(body));
      add(v1);
      for (const auto& metadata : v1.metadata())
        received.described.push_back(metadata.metric_family_name());
    } else {
      EXPECT_TRUE(v2.ParseFromString(body));
      add(v2);
    }
    return received;
  }

  void Take(const net::HttpRequest& request, net::Reply reply) {
    Received received = Read(request);
    Answer answer{204, {}};
    {
      const std::lock_guard lock(mutex_);
      received_.push_back(std::move(received));
      if (!script_.empty()) {
        answer = script_.front();
        script_.pop_front();
      }
      if (!answer.status.has_value()) held_.push_back(std::move(reply));
      changed_.notify_all();
    }
    if (answer.status.has_value())
      std::move(reply)({.status = *answer.status, .headers = answer.headers, .body = "scripted"});
  }

  const std::string scheme_;
  prometheus::Registry registry_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Answer> script_;
  std::vector<Received> received_;
  std::vector<net::Reply> held_;
  std::unique_ptr<net::HttpServer> server_;  // last: its threads call Take
};

using Script = std::vector<Receiver::Answer>;

// Samples of one series with these values.
OutgoingSamples Samples(const std::vector<double>& values) {
  OutgoingSamples samples;
  samples.BeginSeries();
  samples.AddLabel("__name__", "up");
  for (const double value : values) {
    samples.AddSample({static_cast<int64_t>(value) * 1000, value});
  }
  return samples;
}

class PrometheusRemoteWriteTest : public testing::Test {
 protected:
  static PrometheusRemoteWrite::Options OptionsFor(std::string url) {
    PrometheusRemoteWrite::Options options;
    options.name = "prometheus";
    options.url = std::move(url);
    options.delay = milliseconds(0);
    options.backoff_min = options.backoff_max = milliseconds(1);
    return options;
  }
  void Start(PrometheusRemoteWrite::Options options) {
    sender_ = std::make_unique<PrometheusRemoteWrite>(std::move(options), clock_, registry_);
  }
  void Start(const Receiver& receiver) { Start(OptionsFor(receiver.url())); }

  // At the end: all is settled.
  ForwardTotals Drain() {
    sender_->Shutdown(kPatience);
    ForwardTotals totals = sender_->totals();
    EXPECT_EQ(totals.pending, 0u);
    ExpectBalance(totals);
    return totals;
  }
  static void ExpectBalance(const ForwardTotals& totals) {
    uint64_t sum = totals.delivered + totals.pending;
    for (const auto& [reason, items] : totals.dropped) sum += items;
    EXPECT_EQ(totals.routed, sum);
  }
  double Counter(const std::string& name) {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      if (family.name != name) continue;
      return std::accumulate(family.metric.begin(), family.metric.end(), 0.0,
                             [](double sum, const prometheus::ClientMetric& metric) {
                               return sum + metric.counter.value + metric.gauge.value;
                             });
    }
    return -1;
  }

  base::ManualClock clock_{base::UnixNanos(seconds(1'700'000'000))};
  prometheus::Registry registry_;
  std::unique_ptr<PrometheusRemoteWrite> sender_;
};

TEST_F(PrometheusRemoteWriteTest, SendsWhatIsOffered) {
  Receiver receiver;
  PrometheusRemoteWrite::Options options = OptionsFor(receiver.url());
  options.headers = {{"X-Scope-OrgID", "shop"}};
  Start(options);
  sender_->Offer(OutgoingSamples());
  sender_->Offer(Samples({1, 2, 3}));
  const std::vector<Received> received = receiver.Await(1);
  EXPECT_EQ(received[0].type, "application/x-protobuf");
  EXPECT_EQ(received[0].version, "0.1.0");
  EXPECT_EQ(received[0].tenant, "shop");
  EXPECT_THAT(received[0].values, ElementsAre(1, 2, 3));
  const ForwardTotals totals = Drain();
  EXPECT_EQ(totals.routed, 3u);
  EXPECT_EQ(totals.delivered, 3u);
  EXPECT_THAT(totals.dropped, IsEmpty());
  EXPECT_EQ(Counter("slowburn_forward_items_sent_total"), 3);
  EXPECT_EQ(Counter("slowburn_forward_queue_items"), 0);
  EXPECT_EQ(Counter("slowburn_forward_queue_bytes"), 0);
}

// A login is a header like any other.
TEST_F(PrometheusRemoteWriteTest, BringsItsLogin) {
  const base::TempDir folder;
  const std::filesystem::path file = folder.path() / "access.txt";
  std::ofstream(file) << fmt::format("alice write {}\nrobot write sha256:{}\n", net::kHorseHash,
                                     net::kTroubadorSha256);
  auto access = net::AccessFile::Load(file, clock_, registry_);
  ASSERT_TRUE(access.ok()) << access.status();
  struct Row {
    std::string login;
    bool is_taken;
  };
  for (const Row& row : {Row{net::Basic("alice", "correct horse"), true},
                         Row{"Bearer Tr0ub4dor", true}, Row{"Bearer wrong", false}}) {
    Receiver receiver(Script(), 0, Receiver::Lock{.access = access->get()});
    PrometheusRemoteWrite::Options options = OptionsFor(receiver.url());
    options.headers = {{"Authorization", row.login}};
    Start(options);
    sender_->Offer(Samples({1}));
    const ForwardTotals totals = Drain();
    EXPECT_EQ(totals.delivered, row.is_taken ? 1u : 0u) << row.login;
    if (!row.is_taken) {
      EXPECT_THAT(totals.dropped, ElementsAre(Pair("rejected", 1)));
    }
    EXPECT_EQ(receiver.Await(0).size(), totals.delivered);
    sender_.reset();
  }
}

// A receiver with a certificate of its own authority, which asks clients for theirs.
class RemoteWriteTlsTest : public PrometheusRemoteWriteTest {
 protected:
  RemoteWriteTlsTest() {
    const net::CertificateFiles server = authority_.Issue({.file = "receiver"});
    auto context = net::TlsServerContext::Load({.certificate = server.certificate,
                                                .key = server.key,
                                                .client_ca = authority_.certificate()});
    EXPECT_TRUE(context.ok()) << context.status();
    context_ = *std::move(context);
    receiver_ = std::make_unique<Receiver>(Script(), 0, Receiver::Lock{.tls = context_.get()});
  }
  PrometheusRemoteWrite::Options TlsOptions() const {
    const net::CertificateFiles own =
        authority_.Issue({.file = "sender", .common_name = "sender", .is_client = true});
    PrometheusRemoteWrite::Options options = OptionsFor(receiver_->url());
    options.tls = {.ca = authority_.certificate(), .certificate = own.certificate, .key = own.key};
    return options;
  }
  // It is tried again and again, and nothing arrives.
  void ExpectNoneArrives(PrometheusRemoteWrite::Options options) {
    Start(std::move(options));
    sender_->Offer(Samples({1}));
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (Counter("slowburn_forward_items_send_failed_total") < 2 &&
           std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    EXPECT_GE(Counter("slowburn_forward_items_send_failed_total"), 2);
    sender_->Shutdown(seconds(0));
    const ForwardTotals totals = sender_->totals();
    ExpectBalance(totals);
    EXPECT_THAT(totals.dropped, ElementsAre(Pair("shutdown", 1)));
    EXPECT_THAT(receiver_->Await(0), IsEmpty());
  }

  const base::TempDir folder_;
  const net::TestAuthority authority_{folder_.path()};
  std::unique_ptr<net::TlsServerContext> context_;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(RemoteWriteTlsTest, GoesWithACertificateToOneThatItTrusts) {
  Start(TlsOptions());
  sender_->Offer(Samples({1, 2}));
  EXPECT_THAT(receiver_->Await(1)[0].values, ElementsAre(1, 2));
  EXPECT_EQ(Drain().delivered, 2u);
}

TEST_F(RemoteWriteTlsTest, TellsNothingToOneThatItDoesNotTrust) {
  const net::TestAuthority other(folder_.path(), "other");
  PrometheusRemoteWrite::Options options = TlsOptions();
  options.tls.ca = other.certificate();
  ExpectNoneArrives(std::move(options));
}

TEST_F(RemoteWriteTlsTest, WithoutACertificateTheReceiverTakesNothing) {
  PrometheusRemoteWrite::Options options = TlsOptions();
  options.tls.certificate = options.tls.key = "";
  ExpectNoneArrives(std::move(options));
}

// With samples of its metric, once; only what a receiver took counts as told.
TEST_F(PrometheusRemoteWriteTest, TellsMetadataOnceWhereTheyAreTaken) {
  const auto described = [](double value, const char* metric) {
    OutgoingSamples samples = Samples({value});
    samples.SetMetadata(samples.AddMetadata({metric, "gauge", "Whether it is up", ""}));
    return samples;
  };
  Receiver receiver(Script{{400, {}}, {503, {}}});
  Start(receiver);
  sender_->Offer(described(1, "up"));  // refused
  receiver.Await(1);
  sender_->Offer(described(2, "up"));  // taken the second time
  receiver.Await(3);
  sender_->Offer(described(3, "up"));
  receiver.Await(4);
  sender_->Offer(described(4, "other"));
  EXPECT_EQ(Drain().delivered, 3u);
  std::vector<std::vector<std::string>> told;
  for (const Received& received : receiver.Await(5)) told.push_back(received.described);
  EXPECT_THAT(told, ElementsAre(ElementsAre("up"), ElementsAre("up"), ElementsAre("up"), IsEmpty(),
                                ElementsAre("other")));
}

TEST_F(PrometheusRemoteWriteTest, RetriesInOrderUntilItIsAnswered) {
  Receiver receiver(Script{{503, {{"Retry-After", "0"}}}, {429, {}}, {500, {}}});
  Start(receiver);
  sender_->Offer(Samples({1}));
  receiver.Await(1);
  sender_->Offer(Samples({2}));
  sender_->Offer(Samples({3}));
  const ForwardTotals totals = Drain();
  EXPECT_EQ(totals.delivered, 3u);
  std::vector<double> taken;
  const std::vector<Received> received = receiver.Await(5);
  for (size_t i = 0; i < 4; ++i) EXPECT_THAT(received[i].values, ElementsAre(1)) << i;
  EXPECT_THAT(received[4].values, ElementsAre(2, 3)) << "what waited goes together";
  EXPECT_EQ(Counter("slowburn_forward_items_send_failed_total"), 3);
}

TEST_F(PrometheusRemoteWriteTest, WaitsForAReceiverThatIsNotThere) {
  uint16_t port = 0;
  {
    const Receiver before;
    port = before.port();
  }
  Start(OptionsFor(fmt::format("http://127.0.0.1:{}/api/v1/write", port)));
  sender_->Offer(Samples({1}));
  const Receiver receiver(Script(), port);
  EXPECT_THAT(receiver.Await(1)[0].values, ElementsAre(1));
  EXPECT_EQ(Drain().delivered, 1u);
}

TEST_F(PrometheusRemoteWriteTest, ComesNoSoonerThanRetryAfterSays) {
  Receiver receiver(Script{{503, {{"Retry-After", "3600"}}}});
  Start(receiver);
  sender_->Offer(Samples({1}));
  receiver.Await(1);
  // No try would come before the end, so the end need not be waited for.
  const ForwardTotals totals = Drain();
  EXPECT_EQ(totals.delivered, 0u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("shutdown", 1)));
  EXPECT_EQ(receiver.Await(1).size(), 1u);
}

TEST_F(PrometheusRemoteWriteTest, WhatIsRefusedIsDroppedAndTheNextGoesOn) {
  Receiver receiver(Script{{400, {}}, {401, {}}});
  Start(receiver);
  sender_->Offer(Samples({1, 2}));
  receiver.Await(1);
  sender_->Offer(Samples({3}));
  receiver.Await(2);
  sender_->Offer(Samples({4}));
  const ForwardTotals totals = Drain();
  EXPECT_EQ(totals.delivered, 1u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("rejected", 3)));
  EXPECT_EQ(Counter("slowburn_forward_items_dropped_total"), 3);
}

TEST_F(PrometheusRemoteWriteTest, Version2SaysWhatIsWritten) {
  Receiver receiver(Script{{204, {{"X-Prometheus-Remote-Write-Samples-Written", "2"}}},
                           {400, {{"X-Prometheus-Remote-Write-Samples-Written", "1"}}}});
  PrometheusRemoteWrite::Options options = OptionsFor(receiver.url());
  options.protocol = RemoteWriteProtocol::kV2;
  Start(options);
  sender_->Offer(Samples({1, 2}));
  EXPECT_EQ(receiver.Await(1)[0].type,
            "application/x-protobuf;proto=io.prometheus.write.v2.Request");
  sender_->Offer(Samples({3, 4}));
  const ForwardTotals totals = Drain();
  EXPECT_EQ(receiver.Await(2)[1].version, "2.0.0");
  EXPECT_EQ(totals.delivered, 3u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("rejected", 1)));
}

TEST_F(PrometheusRemoteWriteTest, GoesBackToVersion1) {
  for (const int status : {415, 204}) {
    SCOPED_TRACE(status);
    Receiver receiver(Script{{status, {}}});
    PrometheusRemoteWrite::Options options = OptionsFor(receiver.url());
    options.protocol = RemoteWriteProtocol::kV2;
    Start(options);
    sender_->Offer(Samples({1}));
    receiver.Await(2);
    sender_->Offer(Samples({2}));
    EXPECT_EQ(Drain().delivered, 2u);
    const std::vector<Received> received = receiver.Await(3);
    EXPECT_EQ(received[0].version, "2.0.0");
    EXPECT_EQ(received[1].version, "0.1.0");
    EXPECT_THAT(received[1].values, ElementsAre(1));
    EXPECT_EQ(received[2].version, "0.1.0");
    sender_.reset();
  }
}

TEST_F(PrometheusRemoteWriteTest, AFullQueueLosesItsOldest) {
  Receiver receiver(Script{{std::nullopt, {}}});
  PrometheusRemoteWrite::Options options = OptionsFor(receiver.url());
  options.queue_bytes_max = 3 * Samples({1}).memory_bytes() + 8;
  Start(options);
  sender_->Offer(Samples({1}));
  receiver.Await(1);  // it is under way
  for (const double value : {2, 3, 4, 5}) sender_->Offer(Samples({value}));
  ForwardTotals totals = sender_->totals();
  ExpectBalance(totals);
  EXPECT_EQ(totals.pending, 3u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("queue_full", 2)));
  sender_->Offer(Samples(std::vector<double>(1000, 6)));  // larger than there is room
  totals = sender_->totals();
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("queue_full", 1004)));
  receiver.Release(204);
  totals = Drain();
  EXPECT_EQ(totals.delivered, 1u);
}

TEST_F(PrometheusRemoteWriteTest, ALongerQueueMakesLargerRequestsWithinTheirBounds) {
  Receiver receiver(Script{{std::nullopt, {}}});
  PrometheusRemoteWrite::Options options = OptionsFor(receiver.url());
  options.items_max = 3;
  Start(options);
  sender_->Offer(Samples({0}));
  receiver.Await(1);
  for (const double value : {1, 2, 3, 4, 5}) sender_->Offer(Samples({value}));
  sender_->Offer(Samples({6, 7, 8, 9}));  // alone it may be larger
  receiver.Release(204);
  EXPECT_EQ(Drain().delivered, 10u);
  const std::vector<Received> received = receiver.Await(4);
  EXPECT_THAT(received[1].values, ElementsAre(1, 2, 3));
  EXPECT_THAT(received[2].values, ElementsAre(4, 5));
  EXPECT_THAT(received[3].values, ElementsAre(6, 7, 8, 9));
}

TEST_F(PrometheusRemoteWriteTest, LateOnesGoAlone) {
  Receiver receiver(Script{{std::nullopt, {}}, {204, {}}, {400, {}}});
  Start(receiver);
  sender_->Offer(Samples({10}));
  receiver.Await(1);
  sender_->Offer(Samples({11}));
  OutgoingSamples late = Samples({5});
  late.is_late = true;
  sender_->Offer(std::move(late));
  sender_->Offer(Samples({12}));
  receiver.Release(204);
  const ForwardTotals totals = Drain();
  EXPECT_EQ(totals.delivered, 3u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("rejected", 1)));
  const std::vector<Received> received = receiver.Await(4);
  EXPECT_THAT(received[1].values, ElementsAre(11));
  EXPECT_THAT(received[2].values, ElementsAre(5));
  EXPECT_THAT(received[3].values, ElementsAre(12));
}

TEST_F(PrometheusRemoteWriteTest, WaitsForMoreUntilTheDelay) {
  Receiver receiver;
  PrometheusRemoteWrite::Options options = OptionsFor(receiver.url());
  options.delay = std::chrono::hours(1);
  options.items_min = 3;
  Start(options);
  sender_->Offer(Samples({1}));
  sender_->Offer(Samples({2, 3}));
  EXPECT_THAT(receiver.Await(1)[0].values, ElementsAre(1, 2, 3));
  sender_->Offer(Samples({4}));
  EXPECT_EQ(Drain().delivered, 4u) << "the end does not wait for the delay";
}

TEST_F(PrometheusRemoteWriteTest, WhatNoVersion1CanSayIsCounted) {
  Receiver receiver;
  Start(receiver);
  OutgoingSamples samples;
  samples.BeginSeries();
  samples.AddLabel("__name__", "latency");
  samples.AddHistogram(1, {.schema = model::NativeHistogram::kCustomBuckets});
  sender_->Offer(std::move(samples));
  const ForwardTotals totals = Drain();
  EXPECT_EQ(totals.delivered, 0u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("unsupported", 1)));
}

TEST_F(PrometheusRemoteWriteTest, WhatComesAfterTheEndIsCounted) {
  Receiver receiver;
  Start(receiver);
  Drain();
  sender_->Offer(Samples({1}));
  const ForwardTotals totals = Drain();
  EXPECT_EQ(totals.routed, 1u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("shutdown", 1)));
}

}  // namespace
}  // namespace slowburn::forward
