// Goal: each endpoint gets what a commit stored of the series that it selects, once, and the ledger
// says so. Method: requests through the real loop and store to HTTP servers that keep what comes.
#include "app/series_forwarder.h"

#include <future>
#include <mutex>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "app/commit_loop.h"
#include "app/testing/core_fixture.h"
#include "app/testing/sample_write.h"
#include "base/testing/manual_clock.h"
#include "net/http_server.h"
#include "net/snappy_block.h"
#include "slowburn/remote_write/v1/write_request.pb.h"

namespace slowburn::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using namespace std::chrono_literals;

// Keeps what it is sent; refuses every request that has this series.
class Receiver {
 public:
  explicit Receiver(std::string refused = "") : refused_(std::move(refused)) {
    net::RouteTable routes([](const net::HttpRequest&, int status, std::string_view message) {
      return net::HttpResponse{.status = status, .headers = {}, .body = std::string(message)};
    });
    routes.Add({.role = net::Role::kPublic,
                .method = "POST",
                .pattern = "/write",
                .handler = [this](net::HttpRequest request, net::Reply reply) {
                  std::move(reply)({.status = Take(request), .headers = {}, .body = ""});
                }});
    net::ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "receiver";
    auto server = net::HttpServer::Start(std::move(options), std::move(routes), registry_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~Receiver() { server_->Shutdown(0s); }

  std::string url() const { return fmt::format("http://{}/write", server_->address().Text()); }
  StoredSamples samples() const {
    const std::lock_guard lock(mutex_);
    return samples_;
  }
  // "up|gauge|Whether it is up|", in the order in which they came.
  std::vector<std::string> metadata() const {
    const std::lock_guard lock(mutex_);
    return metadata_;
  }

 private:
  int Take(const net::HttpRequest& request) {
    base::MemoryLease lease;
    std::string body;
    EXPECT_TRUE(net::DecodeSnappyBlock(request.body, {}, lease, body).ok());
    remote_write::v1::WriteRequest parsed;
    EXPECT_TRUE(parsed.ParseFromString(body));
    const std::lock_guard lock(mutex_);
    for (const auto& series : parsed.timeseries()) {
      if (series.labels(0).value() == refused_) return 400;
    }
    for (const auto& one : parsed.metadata()) {
      metadata_.push_back(fmt::format("{}|{}|{}|{}", one.metric_family_name(),
                                      static_cast<int>(one.type()), one.help(), one.unit()));
    }
    for (const auto& series : parsed.timeseries()) {
      for (const auto& sample : series.samples()) {
        const bool is_new =
            samples_[series.labels(0).value()].emplace(sample.timestamp(), sample.value()).second;
        EXPECT_TRUE(is_new) << "sent twice";
      }
    }
    return 204;
  }

  const std::string refused_;
  prometheus::Registry registry_;
  mutable std::mutex mutex_;
  StoredSamples samples_;
  std::vector<std::string> metadata_;
  std::unique_ptr<net::HttpServer> server_;  // last: its threads call Take
};

// A write that brings metadata too.
class DescribedWrite final : public SeriesWrite {
 public:
  DescribedWrite(std::unique_ptr<SeriesWrite> samples,
                 std::vector<storage::MetricMetadata> metadata)
      : samples_(std::move(samples)), metadata_(std::move(metadata)) {}

  absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) override {
    for (const storage::MetricMetadata& one : metadata_) plan.AddMetadata(one);
    return samples_->AddTo(plan, outcome);
  }
  size_t memory_bytes() const override { return samples_->memory_bytes(); }

 private:
  const std::unique_ptr<SeriesWrite> samples_;
  const std::vector<storage::MetricMetadata> metadata_;
};

class SeriesForwarderTest : public CoreFixture {
 protected:
  SeriesForwarder::Endpoint To(const Receiver& receiver, std::string name,
                               const std::vector<std::string>& match) {
    forward::PrometheusRemoteWrite::Options options;
    options.name = std::move(name);
    options.url = receiver.url();
    SeriesForwarder::Endpoint endpoint;
    endpoint.sender =
        std::make_unique<forward::PrometheusRemoteWrite>(std::move(options), clock_, registry_);
    for (const std::string& text : match) {
      auto selector = model::SeriesSelector::Parse(text);
      EXPECT_TRUE(selector.ok()) << selector.status();
      endpoint.match.push_back(*std::move(selector));
    }
    return endpoint;
  }
  void Start(std::vector<SeriesForwarder::Endpoint> endpoints) {
    forwarder_ = std::make_unique<SeriesForwarder>(std::move(endpoints));
    loop_ = std::make_unique<CommitLoop>(CommitLoop::Options{}, *core_, *store_,
                                         CommitLoop::Downstreams{nullptr, {}, forwarder_.get()},
                                         clock_, registry_);
    loop_->Start();
  }
  void Write(std::vector<FloatSample> samples, std::vector<storage::MetricMetadata> metadata = {}) {
    SubmittedRequest request;
    request.counted = RemoteWrite(std::move(samples));
    request.counted.series =
        std::make_unique<DescribedWrite>(std::move(request.counted.series), std::move(metadata));
    std::promise<collector::SeriesAnswer> answer;
    request.series_answer = [&](collector::SeriesAnswer given) {
      answer.set_value(std::move(given));
    };
    loop_->Submit(std::move(request));
    answer.get_future().wait();
  }
  static int64_t Ms(std::chrono::milliseconds after) { return UnixMillis(kStart + after); }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  std::unique_ptr<SeriesForwarder> forwarder_;
  std::unique_ptr<CommitLoop> loop_;
};

TEST_F(SeriesForwarderTest, EachEndpointGetsWhatItSelects) {
  const Receiver of_slos;
  const Receiver of_more;
  std::vector<SeriesForwarder::Endpoint> endpoints;
  endpoints.push_back(To(of_slos, "slos", {}));
  endpoints.push_back(To(of_more, "more", {"up", "{__name__=~\"http_.*\"}"}));
  Start(std::move(endpoints));
  Write({{"up", Ms(0s), 1},
         {"slowburn_slo_sli_ratio", Ms(0s), 0.5},
         {"http_requests_total", Ms(0s), 7},
         {"other", Ms(0s), 3}});
  Write({{"up", Ms(15s), 2}, {"up", Ms(0s), 1}, {"up", Ms(0s), 9}});  // new, known, a conflict
  forwarder_->Shutdown(30s);
  EXPECT_EQ(of_slos.samples(), (StoredSamples{{"slowburn_slo_sli_ratio", {{Ms(0s), 0.5}}}}));
  EXPECT_EQ(of_more.samples(), (StoredSamples{{"up", {{Ms(0s), 1}, {Ms(15s), 2}}},
                                              {"slowburn_slo_sli_ratio", {{Ms(0s), 0.5}}},
                                              {"http_requests_total", {{Ms(0s), 7}}}}));
  serve::LedgerReading ledger = loop_->ReadLedger();
  EXPECT_EQ(ledger.downstreams.at("slos").routed, 1u);
  EXPECT_EQ(ledger.downstreams.at("more").routed, 4u);
  EXPECT_EQ(ledger.downstreams.at("more").delivered, 4u);
  EXPECT_EQ(ledger.imbalance(), 0u);
  loop_->Stop();  // books what the senders say
  ledger = loop_->ReadLedger();
  EXPECT_EQ(ledger.downstreams.at("more").routed, 4u);
  EXPECT_EQ(ledger.downstreams.at("more").delivered, 4u);
  EXPECT_EQ(ledger.imbalance(), 0u);
}

// Metadata go with the series that they are of: those that came with the samples, and those that
// were there before. Of a metric that is not sent, nothing is told.
TEST_F(SeriesForwarderTest, SeriesBringTheMetadataOfTheirMetric) {
  const Receiver receiver;
  std::vector<SeriesForwarder::Endpoint> endpoints;
  endpoints.push_back(To(receiver, "all", {"{__name__=~\"up|latency_.+|jobs_count\"}"}));
  Start(std::move(endpoints));
  Write({{"up", Ms(0s), 1}, {"secret", Ms(0s), 1}},
        {{"up", "gauge", "Whether it is up", ""}, {"secret", "gauge", "", ""}});
  Write({{"other", Ms(0s), 1}},
        {{"latency", "histogram", "How long", "seconds"}, {"jobs", "gauge", "Not of these", ""}});
  Write({{"latency_bucket", Ms(0s), 1}, {"latency_sum", Ms(0s), 1}, {"jobs_count", Ms(0s), 1}});
  forwarder_->Shutdown(30s);
  EXPECT_EQ(receiver.samples().size(), 4u);
  EXPECT_THAT(receiver.metadata(),
              ElementsAre("up|2|Whether it is up|", "latency|3|How long|seconds"));
}

TEST_F(SeriesForwarderTest, ALateSampleLeavesTheOthersAlone) {
  const Receiver receiver("late");
  std::vector<SeriesForwarder::Endpoint> endpoints;
  endpoints.push_back(To(receiver, "all", {"{__name__=~\".+\"}"}));
  Start(std::move(endpoints));
  Write({{"late", Ms(0s), 1}});
  forwarder_->Shutdown(30s);
  loop_.reset();
  // The first of its series is refused with its request; what else came is not.
  endpoints.clear();
  endpoints.push_back(To(receiver, "all", {"{__name__=~\".+\"}"}));
  Start(std::move(endpoints));
  Write({{"late", Ms(-10s), 1}, {"up", Ms(0s), 1}});
  forwarder_->Shutdown(30s);
  EXPECT_EQ(receiver.samples(), (StoredSamples{{"up", {{Ms(0s), 1}}}}));
  EXPECT_EQ(loop_->ReadLedger().downstreams.at("all").dropped.at("rejected"), 2u);
}

TEST_F(SeriesForwarderTest, ManySamplesGoInPieces) {
  const Receiver receiver;
  std::vector<SeriesForwarder::Endpoint> endpoints;
  endpoints.push_back(To(receiver, "all", {"up"}));
  Start(std::move(endpoints));
  std::vector<FloatSample> samples;
  for (int i = 0; i < 5000; ++i) samples.push_back({"up", Ms(std::chrono::milliseconds(i)), 1.0});
  Write(std::move(samples));
  forwarder_->Shutdown(30s);
  EXPECT_EQ(receiver.samples().at("up").size(), 5000u);
  EXPECT_EQ(loop_->ReadLedger().downstreams.at("all").delivered, 5000u);
}

// What was stored before is not sent again by a program that starts.
TEST_F(SeriesForwarderTest, ARestartSendsNothingAgain) {
  const Receiver receiver;
  std::vector<SeriesForwarder::Endpoint> endpoints;
  endpoints.push_back(To(receiver, "all", {"up"}));
  Start(std::move(endpoints));
  Write({{"up", Ms(0s), 1}});
  forwarder_->Shutdown(30s);
  loop_.reset();
  Open(kStart + 1s);
  endpoints.clear();
  endpoints.push_back(To(receiver, "all", {"up"}));
  Start(std::move(endpoints));
  Write({{"up", Ms(0s), 1}, {"up", Ms(1s), 2}});
  forwarder_->Shutdown(30s);
  EXPECT_EQ(receiver.samples(), (StoredSamples{{"up", {{Ms(0s), 1}, {Ms(1s), 2}}}}));
}

}  // namespace
}  // namespace slowburn::app
