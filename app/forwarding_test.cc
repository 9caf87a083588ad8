// Goal: a downstream gets every accepted item of its signals once, whatever the client sends twice,
// wrongly or as JSON, and the ledger says so. Method: requests through the pipeline and the real
// loop to gRPC services that keep what comes.
#include <future>
#include <mutex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "app/pipeline.h"
#include "app/testing/core_fixture.h"
#include "base/testing/manual_clock.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h"

namespace slowburn::app {
namespace {

namespace otlp_logs = opentelemetry::proto::collector::logs::v1;
namespace otlp_metrics = opentelemetry::proto::collector::metrics::v1;
using collector::BodyEncoding;
using collector::ExportAnswer;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;
using enum model::Signal;

// Keeps the values of the points and the texts of the records that it is sent, a list per request.
class Backend final {
 public:
  Backend() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&metrics_);
    builder.RegisterService(&logs_);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
  }
  std::string endpoint() const { return fmt::format("127.0.0.1:{}", port_); }
  std::vector<std::vector<int64_t>> points() { return metrics_.Requests(); }
  std::vector<std::vector<std::string>> records() { return logs_.Requests(); }

 private:
  template <typename Item>
  class Kept {
   public:
    void Keep(std::vector<Item> request) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    std::vector<std::vector<Item>> Requests() {
      const std::lock_guard lock(mutex_);
      return requests_;
    }

   private:
    std::mutex mutex_;
    std::vector<std::vector<Item>> requests_;
  };
  struct Metrics final : otlp_metrics::MetricsService::Service, Kept<int64_t> {
    grpc::Status Export(grpc::ServerContext*,
                        const otlp_metrics::ExportMetricsServiceRequest* request,
                        otlp_metrics::ExportMetricsServiceResponse*) override {
      std::vector<int64_t> values;
      for (const auto& resource : request->resource_metrics())
        for (const auto& scope : resource.scope_metrics())
          for (const auto& metric : scope.metrics())
            for (const auto& point : metric.sum().data_points()) values.push_back(point.as_int());
      Keep(std::move(values));
      return grpc::Status::OK;
    }
  } metrics_;
  struct Logs final : otlp_logs::LogsService::Service, Kept<std::string> {
    grpc::Status Export(grpc::ServerContext*, const otlp_logs::ExportLogsServiceRequest* request,
                        otlp_logs::ExportLogsServiceResponse*) override {
      std::vector<std::string> texts;
      for (const auto& resource : request->resource_logs())
        for (const auto& scope : resource.scope_logs())
          for (const auto& record : scope.log_records()) texts.push_back(record.severity_text());
      Keep(std::move(texts));
      return grpc::Status::OK;
    }
  } logs_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

uint64_t Nanos(base::UnixNanos time) {
  return static_cast<uint64_t>(time.time_since_epoch().count());
}

struct TestPoint {
  uint64_t stream = 0;
  int64_t value = 0;
  base::UnixNanos time = kStart;
};

// A cumulative counter's points, encoded, and as the collector decodes them.
std::string Encode(const std::vector<TestPoint>& points, model::MetricBatch& batch) {
  otlp_metrics::ExportMetricsServiceRequest request;
  auto* sum = request.add_resource_metrics()->add_scope_metrics()->add_metrics()->mutable_sum();
  for (const TestPoint& point : points) {
    auto* encoded = sum->add_data_points();
    encoded->set_time_unix_nano(Nanos(point.time));
    encoded->set_as_int(point.value);
    model::MetricPoint decoded;
    decoded.stream = {point.stream, point.stream};
    decoded.time_unix_nano = Nanos(point.time);
    decoded.is_int = true;
    decoded.as_int = point.value;
    decoded.ordinal = static_cast<uint32_t>(batch.points.size());
    batch.points.push_back(decoded);
  }
  batch.metrics.resize(1);
  batch.metrics[0].type = model::MetricType::kSum;
  batch.metrics[0].temporality = model::Temporality::kCumulative;
  batch.metrics[0].point_end = static_cast<uint32_t>(batch.points.size());
  return request.SerializeAsString();
}

struct TestRecord {
  std::string text;
  base::UnixNanos time = kStart;
};

void Decode(const std::vector<TestRecord>& records, model::LogBatch& batch) {
  for (const TestRecord& record : records) {
    model::LogRecord decoded;
    decoded.time_unix_nano = Nanos(record.time);
    decoded.ordinal = static_cast<uint32_t>(batch.records.size());
    batch.records.push_back(decoded);
  }
  batch.scopes.resize(1);
  batch.scopes[0].item_end = static_cast<uint32_t>(batch.records.size());
}

std::string EncodeJson(const std::vector<TestRecord>& records) {
  std::string list;
  for (const TestRecord& record : records) {
    list += fmt::format(R"({}{{"timeUnixNano":"{}","severityText":"{}"}})", list.empty() ? "" : ",",
                        Nanos(record.time), record.text);
  }
  return fmt::format(R"({{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}})", list);
}

class ForwardingTest : public CoreFixture {
 protected:
  void Start(std::set<model::Signal> signals = {kTraces, kMetrics, kLogs}) {
    options_.downstreams = {{"backend", signals}};
    Open(kStart);
    forward::OtlpExporter::Options options;
    options.name = "backend";
    options.endpoint = backend_.endpoint();
    options.signals = signals;
    options.in_flight_max = 1;  // in order
    exporter_ = std::make_unique<forward::OtlpExporter>(options, registry_);
    loop_ = std::make_unique<CommitLoop>(CommitLoop::Options{}, *core_, *store_,
                                         CommitLoop::Downstreams{nullptr, {exporter_.get()}},
                                         clock_, registry_);
    pipeline_ = std::make_unique<Pipeline>(*loop_, clock_);
    loop_->Start();
  }
  ~ForwardingTest() override {
    if (loop_ != nullptr) loop_->Stop();
  }

  template <typename Batch>
  static ExportAnswer Ingest(const collector::BatchSink<Batch>& sink, std::string body,
                             Batch& batch, BodyEncoding encoding = BodyEncoding::kProtobuf) {
    std::promise<ExportAnswer> promise;
    std::future<ExportAnswer> answer = promise.get_future();
    base::MemoryLease lease;
    sink.Ingest({.storage = body, .encoding = encoding, .lease = lease}, batch,
                [&promise](ExportAnswer given) { promise.set_value(std::move(given)); });
    return answer.get();
  }
  ExportAnswer SendPoints(const std::vector<TestPoint>& points) {
    model::MetricBatch batch;
    std::string body = Encode(points, batch);
    return Ingest(*pipeline_->metrics(), std::move(body), batch);
  }
  ExportAnswer SendJson(const std::vector<TestRecord>& records, std::string body) {
    model::LogBatch batch;
    Decode(records, batch);
    return Ingest(*pipeline_->logs(), std::move(body), batch, BodyEncoding::kJson);
  }
  // Once everything that was offered has been delivered.
  serve::LedgerReading Delivered() {
    exporter_->Shutdown(30s);
    serve::LedgerReading ledger = loop_->ReadLedger();
    EXPECT_EQ(ledger.imbalance(), 0u);
    EXPECT_EQ(ledger.downstreams.at("backend").pending, 0u);
    return ledger;
  }

  Backend backend_;
  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  std::unique_ptr<forward::OtlpExporter> exporter_;
  std::unique_ptr<CommitLoop> loop_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(ForwardingTest, PointsThatCameBeforeAreNotPassedOnAgain) {
  Start();
  EXPECT_EQ(SendPoints({{1, 10}, {2, 20}}).rejected, 0);
  // Packed anew behind a point of the future, which goes first, so that places shift: one point is
  // there already, one is of a second writer.
  const ExportAnswer answer =
      SendPoints({{9, 90, kStart + 1h}, {1, 10}, {3, 30}, {2, 21}, {4, 40}});
  EXPECT_EQ(answer.rejected, 2);
  EXPECT_NE(answer.message.find("more than 10 minutes in the future"), std::string::npos);
  EXPECT_NE(answer.message.find("another value"), std::string::npos);
  SendPoints({{4, 40}, {3, 30}});  // nothing new: nothing to send
  SendPoints({{4, 41, kStart + 10s}});
  const serve::LedgerReading ledger = Delivered();
  EXPECT_THAT(backend_.points(),
              ElementsAre(ElementsAre(10, 20), ElementsAre(30, 40), ElementsAre(41)));
  const serve::SignalLedger& metrics = ledger.signals.at("metrics");
  EXPECT_EQ(metrics.decoded, 10u);
  EXPECT_EQ(metrics.accepted, 5u);
  EXPECT_EQ(metrics.duplicate, 3u);
  EXPECT_EQ(metrics.rejected.at("too_new"), 1u);
  EXPECT_EQ(metrics.rejected.at("conflict"), 1u);
  EXPECT_EQ(ledger.downstreams.at("backend").routed, 5u);
  EXPECT_EQ(ledger.downstreams.at("backend").delivered, 5u);
}

TEST_F(ForwardingTest, TwoRequestsOfOneCommitDoNotPassAPointOnTwice) {
  Start();
  // The loop is busy with a command while both come, so that they share a commit.
  std::promise<void> busy, go_on;
  std::jthread command([&] {
    EXPECT_TRUE(loop_
                    ->Run([&] {
                      busy.set_value();
                      go_on.get_future().wait();
                      return absl::OkStatus();
                    })
                    .ok());
  });
  busy.get_future().wait();
  std::vector<std::future<ExportAnswer>> answers;
  for (const std::vector<TestPoint>& points :
       {std::vector<TestPoint>{{1, 10}, {2, 20}}, std::vector<TestPoint>{{2, 20}, {3, 30}}}) {
    auto promise = std::make_shared<std::promise<ExportAnswer>>();
    answers.push_back(promise->get_future());
    model::MetricBatch batch;
    std::string body = Encode(points, batch);
    base::MemoryLease lease;
    pipeline_->metrics()->Ingest(
        {.storage = body, .lease = lease}, batch,
        [promise](ExportAnswer given) { promise->set_value(std::move(given)); });
  }
  go_on.set_value();
  for (auto& answer : answers) EXPECT_EQ(answer.get().rejected, 0);
  Delivered();
  EXPECT_THAT(backend_.points(), ElementsAre(ElementsAre(10, 20), ElementsAre(30)));
}

TEST_F(ForwardingTest, JsonIsPassedOnAsProtobufWithoutWhatWasRejected) {
  Start();
  const std::vector<TestRecord> records = {{"a"}, {"future", kStart + 1h}, {"b"}};
  EXPECT_EQ(SendJson(records, EncodeJson(records)).rejected, 1);
  EXPECT_EQ(SendJson(records, EncodeJson(records)).rejected, 1);  // resent
  Delivered();
  EXPECT_THAT(backend_.records(), ElementsAre(ElementsAre("a", "b")));
}

TEST_F(ForwardingTest, JsonThatCannotBePassedOnIsCountedAndTheClientIsToldNothing) {
  Start();
  const std::vector<TestRecord> records = {{"a"}, {"b"}};
  std::string body = EncodeJson(records);
  body.insert(body.find("\"severityText\""), R"("flags":"broken",)");
  const ExportAnswer answer = SendJson(records, body);
  EXPECT_EQ(answer.outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(answer.rejected, 0);
  const serve::LedgerReading ledger = Delivered();
  EXPECT_THAT(backend_.records(), IsEmpty());
  EXPECT_EQ(ledger.signals.at("logs").accepted, 2u);
  EXPECT_EQ(ledger.downstreams.at("backend").routed, 2u);
  EXPECT_EQ(ledger.downstreams.at("backend").dropped.at("not_transcodable"), 2u);
}

TEST_F(ForwardingTest, ASignalThatNobodyTakesIsCountedAndKeptFromAll) {
  Start({kMetrics});
  EXPECT_FALSE(loop_->Forwards(kLogs));
  EXPECT_TRUE(loop_->Forwards(kMetrics));
  SendJson({{"a"}}, "{not JSON, and nobody looks}");
  SendPoints({{1, 10}});
  const serve::LedgerReading ledger = Delivered();
  EXPECT_THAT(backend_.records(), IsEmpty());
  EXPECT_THAT(backend_.points(), ElementsAre(ElementsAre(10)));
  EXPECT_EQ(ledger.signals.at("logs").accepted, 1u);
  EXPECT_EQ(ledger.downstreams.at("backend").routed, 1u);
}

}  // namespace
}  // namespace slowburn::app
