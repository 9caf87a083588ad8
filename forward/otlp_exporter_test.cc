// Goal: every item offered is delivered, pending or dropped with its reason, and the endpoint gets
// the bytes unchanged. Method: a real gRPC TraceService on a free port answers by a script, and
// once all three services do; every check includes the ledger's equation.
#include "forward/otlp_exporter.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <protozero/pbf_writer.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace slowburn::forward {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;
namespace otlp_logs = opentelemetry::proto::collector::logs::v1;
namespace otlp_metrics = opentelemetry::proto::collector::metrics::v1;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr model::Signal kTraces = model::Signal::kTraces;
constexpr seconds kPatience{30};  // of a test; nothing waits that long when all is well

using Answer = std::function<grpc::Status(otlp::ExportTraceServiceResponse&)>;

Answer Fails(grpc::StatusCode code, std::string details = "") {
  return [=](auto&) { return grpc::Status(code, "scripted", details); };
}

Answer Rejects(int64_t spans) {
  return [=](otlp::ExportTraceServiceResponse& response) {
    response.mutable_partial_success()->set_rejected_spans(spans);
    response.mutable_partial_success()->set_error_message("scripted");
    return grpc::Status::OK;
  };
}

std::string RetryDetails(std::chrono::nanoseconds delay) {
  std::string duration, info, any, status;
  protozero::pbf_writer duration_writer(duration);
  duration_writer.add_int64(1, delay / seconds(1));
  duration_writer.add_int32(2, static_cast<int32_t>((delay % seconds(1)).count()));
  protozero::pbf_writer(info).add_message(1, duration);
  protozero::pbf_writer any_writer(any);
  any_writer.add_string(1, "type.googleapis.com/google.rpc.RetryInfo");
  any_writer.add_message(2, info);
  protozero::pbf_writer(status).add_message(3, any);
  return status;
}

// Answers each call by the next of the script, OK when it is at its end.
class FakeTraceService final : public otlp::TraceService::Service {
 public:
  explicit FakeTraceService(std::deque<Answer> script = {}, int port = 0)
      : script_(std::move(script)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(fmt::format("127.0.0.1:{}", port), grpc::InsecureServerCredentials(),
                             &port_);
    builder.SetMaxReceiveMessageSize(-1);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr) << "port " << port;
  }
  ~FakeTraceService() override {
    Release();
    server_->Shutdown(std::chrono::system_clock::now());
  }

  std::string endpoint() const { return fmt::format("127.0.0.1:{}", port_); }

  struct Arrival {
    std::string bytes;  // the request, serialized again: unknown fields are kept
    Steady::time_point at;
    std::string user_agent;
  };
  std::vector<Arrival> arrivals() const {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }
  std::vector<Arrival> AwaitArrivals(size_t count) const {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return arrivals_.size() >= count; }))
        << "waited for call " << count;
    return arrivals_;
  }
  // Calls that arrive from now on stay open until Release; returns how many came before.
  size_t Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
    return arrivals_.size();
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

 private:
  grpc::Status Export(grpc::ServerContext* context, const otlp::ExportTraceServiceRequest* request,
                      otlp::ExportTraceServiceResponse* response) override {
    std::unique_lock lock(mutex_);
    const auto agent = context->client_metadata().find("user-agent");
    arrivals_.push_back({request->SerializeAsString(), Steady::now(),
                         std::string(agent->second.data(), agent->second.size())});
    Answer answer = [](auto&) { return grpc::Status::OK; };
    if (!script_.empty()) {
      answer = std::move(script_.front());
      script_.pop_front();
    }
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    return answer(*response);
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Answer> script_;
  std::vector<Arrival> arrivals_;
  bool held_ = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// A port at which nobody answers and which stays ours: bound, not listened on. gRPC can listen
// beside it.
class ReservedPort {
 public:
  ReservedPort() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~ReservedPort() { close(fd_); }
  int port() const { return port_; }
  std::string endpoint() const { return fmt::format("127.0.0.1:{}", port_); }

 private:
  int fd_;
  int port_ = 0;
};

// A request with `spans` spans, different for each `seed`, with a field that OTLP does not have.
std::shared_ptr<const std::string> MakeRequest(int seed, int spans, size_t name_bytes = 8) {
  otlp::ExportTraceServiceRequest request;
  auto* resource = request.add_resource_spans();
  resource->set_schema_url("https://opentelemetry.io/schemas/1.26.0");
  auto* scope = resource->add_scope_spans();
  for (int i = 0; i < spans; ++i) {
    auto* span = scope->add_spans();
    span->set_trace_id(fmt::format("trace{:011}", seed));
    span->set_span_id(fmt::format("span{:04}", i));
    span->set_trace_state("vendor=1");
    span->set_name(std::string(name_bytes, 'n'));
    span->set_end_time_unix_nano(1'700'000'000'000'000'000u + static_cast<uint64_t>(i));
    span->GetReflection()->MutableUnknownFields(span)->AddLengthDelimited(1999, "future");
  }
  return std::make_shared<const std::string>(request.SerializeAsString());
}

uint64_t Sum(const OtlpExporter::Totals& totals) {
  uint64_t sum = totals.delivered + totals.pending;
  for (const auto& [reason, items] : totals.dropped) sum += items;
  return sum;
}

OtlpExporter::Totals Balanced(const OtlpExporter& exporter) {
  OtlpExporter::Totals totals = exporter.totals();
  EXPECT_EQ(totals.routed, Sum(totals));
  return totals;
}

// What has no event to wait for: the exporter's own counters.
template <typename Condition>
void AwaitThat(Condition holds) {
  const auto deadline = Steady::now() + kPatience;
  while (!holds()) {
    ASSERT_LT(Steady::now(), deadline);
    std::this_thread::sleep_for(milliseconds(1));
  }
}

// Without waits worth a test's time; one call at a time makes the order certain.
OtlpExporter::Options Quick(const std::string& endpoint, int in_flight_max = 1) {
  OtlpExporter::Options options;
  options.name = "jaeger";
  options.endpoint = endpoint;
  options.in_flight_max = in_flight_max;
  options.timeout = kPatience;
  options.backoff_min = milliseconds(1);
  options.backoff_max = milliseconds(20);
  return options;
}

// Of traces where the signals are apart.
double Metric(prometheus::Registry& registry, const std::string& name,
              model::Signal signal = kTraces) {
  for (const auto& family : registry.Collect()) {
    if (family.name != "slowburn_forward_" + name) continue;
    for (const auto& metric : family.metric) {
      EXPECT_EQ(metric.label.at(0).value, "jaeger");
      if (metric.label.size() > 1 && metric.label[1].value != model::SignalName(signal)) continue;
      return metric.counter.value + metric.gauge.value;
    }
  }
  ADD_FAILURE() << "no metric " << name << " of " << model::SignalName(signal);
  return -1;
}

TEST(OtlpExporterTest, EverySpanArrivesUnchanged) {
  FakeTraceService service;
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(service.endpoint(), 4), registry);
  std::vector<std::string> want;
  for (int i = 0; i < 50; ++i) {
    const auto request = MakeRequest(i, 3);
    want.push_back(*request);
    exporter.Offer(kTraces, request, 3);
    Balanced(exporter);
  }
  exporter.Shutdown(kPatience);
  std::vector<std::string> got;
  for (const auto& arrival : service.arrivals()) got.push_back(arrival.bytes);
  EXPECT_THAT(got, testing::UnorderedElementsAreArray(want));
  EXPECT_THAT(service.arrivals()[0].user_agent, testing::StartsWith("slowburn "));
  const auto totals = Balanced(exporter);
  EXPECT_EQ(totals.delivered, 150u);
  EXPECT_THAT(totals.dropped, IsEmpty());
  EXPECT_EQ(Metric(registry, "items_sent_total"), 150);
  EXPECT_EQ(Metric(registry, "queue_items"), 0);
  EXPECT_EQ(Metric(registry, "queue_bytes"), 0);
}

TEST(OtlpExporterTest, LargeRequestsAreSharedNotCopiedAndLetGo) {
  FakeTraceService service;
  prometheus::Registry registry;
  auto request = MakeRequest(1, 1, 8 << 20);
  std::weak_ptr<const std::string> watch = request;
  {
    OtlpExporter exporter(Quick(service.endpoint()), registry);
    exporter.Offer(kTraces, request, 1);
    exporter.Shutdown(kPatience);
    EXPECT_EQ(Balanced(exporter).delivered, 1u);
  }
  EXPECT_EQ(service.arrivals().at(0).bytes, *request);
  request.reset();
  AwaitThat([&] { return watch.expired(); });  // gRPC's threads may be the last to let go
}

struct StatusCase {
  std::string name;
  Answer answer;
  bool want_retry;
};

class OtlpExporterStatusTest : public testing::TestWithParam<StatusCase> {};

TEST_P(OtlpExporterStatusTest, IsRetriedOrDropped) {
  const StatusCase& c = GetParam();
  FakeTraceService service({c.answer});
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(service.endpoint()), registry);
  exporter.Offer(kTraces, MakeRequest(1, 2), 2);
  exporter.Offer(kTraces, MakeRequest(2, 5), 5);
  exporter.Shutdown(kPatience);
  const auto totals = Balanced(exporter);
  EXPECT_EQ(service.arrivals().size(), c.want_retry ? 3u : 2u);
  EXPECT_EQ(totals.delivered, c.want_retry ? 7u : 5u);
  if (c.want_retry) {
    EXPECT_THAT(totals.dropped, IsEmpty());
  } else {
    EXPECT_THAT(totals.dropped, ElementsAre(Pair("rejected", 2)));
  }
  EXPECT_EQ(Metric(registry, "items_send_failed_total"), 2);
  EXPECT_EQ(Metric(registry, "items_dropped_total"), c.want_retry ? 0 : 2);
}

INSTANTIATE_TEST_SUITE_P(
    OtlpTable, OtlpExporterStatusTest,
    testing::ValuesIn<StatusCase>({
        {"Cancelled", Fails(grpc::StatusCode::CANCELLED), true},
        {"DeadlineExceeded", Fails(grpc::StatusCode::DEADLINE_EXCEEDED), true},
        {"Aborted", Fails(grpc::StatusCode::ABORTED), true},
        {"OutOfRange", Fails(grpc::StatusCode::OUT_OF_RANGE), true},
        {"Unavailable", Fails(grpc::StatusCode::UNAVAILABLE), true},
        {"DataLoss", Fails(grpc::StatusCode::DATA_LOSS), true},
        {"ExhaustedWithRetryInfo",
         Fails(grpc::StatusCode::RESOURCE_EXHAUSTED, RetryDetails(milliseconds(1))), true},
        {"Exhausted", Fails(grpc::StatusCode::RESOURCE_EXHAUSTED), false},
        {"Unknown", Fails(grpc::StatusCode::UNKNOWN), false},
        {"InvalidArgument", Fails(grpc::StatusCode::INVALID_ARGUMENT), false},
        {"InvalidArgumentWithRetryInfo",
         Fails(grpc::StatusCode::INVALID_ARGUMENT, RetryDetails(milliseconds(1))), false},
        {"NotFound", Fails(grpc::StatusCode::NOT_FOUND), false},
        {"AlreadyExists", Fails(grpc::StatusCode::ALREADY_EXISTS), false},
        {"PermissionDenied", Fails(grpc::StatusCode::PERMISSION_DENIED), false},
        {"FailedPrecondition", Fails(grpc::StatusCode::FAILED_PRECONDITION), false},
        {"Unimplemented", Fails(grpc::StatusCode::UNIMPLEMENTED), false},
        {"Internal", Fails(grpc::StatusCode::INTERNAL), false},
        {"Unauthenticated", Fails(grpc::StatusCode::UNAUTHENTICATED), false},
    }),
    [](const auto& info) { return info.param.name; });

TEST(OtlpExporterTest, WaitsAsLongAsRetryInfoSays) {
  constexpr milliseconds kDelay{300};
  FakeTraceService service({Fails(grpc::StatusCode::UNAVAILABLE, RetryDetails(kDelay))});
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(service.endpoint()), registry);  // its own back-off is 1 to 20 ms
  exporter.Offer(kTraces, MakeRequest(1, 1), 1);
  const auto arrivals = service.AwaitArrivals(2);
  EXPECT_GE(arrivals[1].at - arrivals[0].at, kDelay);
}

TEST(OtlpExporterTest, PartialSuccessIsCountedAndNotRetried) {
  struct Case {
    int64_t rejected;
    uint64_t want_delivered;
  };
  for (const Case& c : {Case{0, 10}, Case{3, 7}, Case{10, 0}, Case{11, 0}, Case{-1, 10}}) {
    FakeTraceService service({Rejects(c.rejected)});
    prometheus::Registry registry;
    OtlpExporter exporter(Quick(service.endpoint()), registry);
    exporter.Offer(kTraces, MakeRequest(1, 10), 10);
    exporter.Shutdown(kPatience);
    const auto totals = Balanced(exporter);
    EXPECT_EQ(totals.delivered, c.want_delivered) << c.rejected;
    EXPECT_EQ(totals.dropped.contains("rejected"), c.want_delivered < 10) << c.rejected;
    EXPECT_EQ(service.arrivals().size(), 1u) << c.rejected;
  }
}

// The Export method of one signal: keeps what comes, and rejects one item of each request.
template <typename Service, typename Request, typename Response, void (*Reject)(Response& response)>
class SignalService final : public Service::Service {
 public:
  std::vector<std::string> requests;

 private:
  grpc::Status Export(grpc::ServerContext*, const Request* request, Response* response) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(request->SerializeAsString());
    Reject(*response);
    return grpc::Status::OK;
  }
  std::mutex mutex_;
};
void RejectSpan(otlp::ExportTraceServiceResponse& response) {
  response.mutable_partial_success()->set_rejected_spans(1);
}
void RejectPoint(otlp_metrics::ExportMetricsServiceResponse& response) {
  response.mutable_partial_success()->set_rejected_data_points(1);
}
void RejectRecord(otlp_logs::ExportLogsServiceResponse& response) {
  response.mutable_partial_success()->set_rejected_log_records(1);
}

TEST(OtlpExporterTest, EachSignalGoesToItsOwnMethodAndIsCountedApart) {
  SignalService<otlp::TraceService, otlp::ExportTraceServiceRequest,
                otlp::ExportTraceServiceResponse, RejectSpan>
      traces;
  SignalService<otlp_metrics::MetricsService, otlp_metrics::ExportMetricsServiceRequest,
                otlp_metrics::ExportMetricsServiceResponse, RejectPoint>
      metrics;
  SignalService<otlp_logs::LogsService, otlp_logs::ExportLogsServiceRequest,
                otlp_logs::ExportLogsServiceResponse, RejectRecord>
      logs;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&traces);
  builder.RegisterService(&metrics);
  builder.RegisterService(&logs);
  const auto server = builder.BuildAndStart();
  otlp_metrics::ExportMetricsServiceRequest points;
  points.add_resource_metrics()->add_scope_metrics()->add_metrics()->set_name("requests");
  otlp_logs::ExportLogsServiceRequest records;
  records.add_resource_logs()->add_scope_logs()->add_log_records()->set_event_name("paid");
  const auto bytes = [](const auto& message) {
    return std::make_shared<const std::string>(message.SerializeAsString());
  };
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(fmt::format("127.0.0.1:{}", port)), registry);
  exporter.Offer(kTraces, MakeRequest(1, 2), 2);
  exporter.Offer(model::Signal::kMetrics, bytes(points), 3);
  exporter.Offer(model::Signal::kLogs, bytes(records), 4);
  exporter.Shutdown(kPatience);
  EXPECT_THAT(traces.requests, ElementsAre(*MakeRequest(1, 2)));
  EXPECT_THAT(metrics.requests, ElementsAre(points.SerializeAsString()));
  EXPECT_THAT(logs.requests, ElementsAre(records.SerializeAsString()));
  const auto totals = Balanced(exporter);
  EXPECT_EQ(totals.routed, 9u);
  EXPECT_EQ(totals.delivered, 6u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("rejected", 3)));
  double sent = 0;
  for (const model::Signal signal : model::kSignals) {
    EXPECT_EQ(Metric(registry, "items_sent_total", signal), ++sent) << model::SignalName(signal);
    EXPECT_EQ(Metric(registry, "items_dropped_total", signal), 1) << model::SignalName(signal);
  }
}

TEST(OtlpExporterTest, TakesTheSignalsItIsToldTo) {
  const ReservedPort nobody;
  prometheus::Registry registry;
  OtlpExporter::Options options = Quick(nobody.endpoint());
  for (const model::Signal signal : model::kSignals)
    EXPECT_TRUE(OtlpExporter(options, registry).Takes(signal));
  options.signals = {model::Signal::kLogs};
  const OtlpExporter exporter(options, registry);
  EXPECT_TRUE(exporter.Takes(model::Signal::kLogs));
  EXPECT_FALSE(exporter.Takes(kTraces));
}

TEST(OtlpExporterTest, AnAnswerOverFourMebibytesIsNotRetried) {
  FakeTraceService service({[](otlp::ExportTraceServiceResponse& response) {
    response.mutable_partial_success()->set_error_message(std::string(5 << 20, 'x'));
    return grpc::Status::OK;
  }});
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(service.endpoint()), registry);
  exporter.Offer(kTraces, MakeRequest(1, 4), 4);
  exporter.Shutdown(kPatience);
  EXPECT_EQ(service.arrivals().size(), 1u);
  EXPECT_THAT(Balanced(exporter).dropped, ElementsAre(Pair("rejected", 4)));
}

TEST(OtlpExporterTest, AFullQueueDropsTheOldestThatWait) {
  FakeTraceService service;
  service.Hold();
  prometheus::Registry registry;
  const size_t size = MakeRequest(0, 1)->size();
  OtlpExporter::Options options = Quick(service.endpoint());
  options.queue_bytes_max = 3 * size;
  OtlpExporter exporter(options, registry);
  exporter.Offer(kTraces, MakeRequest(0, 1), 1);
  service.AwaitArrivals(1);  // in flight: it cannot be dropped
  for (int i = 1; i <= 6; ++i) {
    exporter.Offer(kTraces, MakeRequest(i, 1), 1);
    Balanced(exporter);
  }
  EXPECT_EQ(Balanced(exporter).pending, 3u);
  EXPECT_EQ(Metric(registry, "queue_bytes"), static_cast<double>(3 * size));
  service.Release();
  exporter.Shutdown(kPatience);
  std::vector<std::string> got;
  for (const auto& arrival : service.arrivals()) got.push_back(arrival.bytes);
  EXPECT_THAT(got, ElementsAre(*MakeRequest(0, 1), *MakeRequest(5, 1), *MakeRequest(6, 1)));
  const auto totals = Balanced(exporter);
  EXPECT_EQ(totals.delivered, 3u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("queue_full", 4)));
}

TEST(OtlpExporterTest, AnEndpointThatComesLaterGetsAll) {
  const ReservedPort port;
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(port.endpoint(), 4), registry);
  for (int i = 0; i < 20; ++i) exporter.Offer(kTraces, MakeRequest(i, 1), 1);
  AwaitThat([&] { return Metric(registry, "items_send_failed_total") >= 3; });
  EXPECT_EQ(Balanced(exporter).pending, 20u);
  FakeTraceService service({}, port.port());
  service.AwaitArrivals(20);
  exporter.Shutdown(kPatience);
  EXPECT_EQ(Balanced(exporter).delivered, 20u);
  EXPECT_EQ(service.arrivals().size(), 20u);
}

TEST(OtlpExporterTest, WhileItFailsOneCallAtATimeTriesIt) {
  std::deque<Answer> script(30, Fails(grpc::StatusCode::UNAVAILABLE));
  FakeTraceService service(std::move(script));
  prometheus::Registry registry;
  OtlpExporter::Options options = Quick(service.endpoint(), 4);
  options.backoff_min = options.backoff_max = milliseconds(5);
  OtlpExporter exporter(options, registry);
  // The first alone makes it known that the endpoint fails; then all four take their turns.
  exporter.Offer(kTraces, MakeRequest(0, 1), 1);
  service.AwaitArrivals(1);
  AwaitThat([&] { return Metric(registry, "items_send_failed_total") >= 1; });
  const size_t before = service.Hold();
  for (int i = 1; i < 4; ++i) exporter.Offer(kTraces, MakeRequest(i, 1), 1);
  service.AwaitArrivals(before + 1);
  std::this_thread::sleep_for(milliseconds(50));  // ten back-offs: time enough for a second one
  EXPECT_LE(service.arrivals().size(), before + 1);
  service.Release();
  exporter.Shutdown(kPatience);
  EXPECT_EQ(Balanced(exporter).delivered, 4u);
  EXPECT_EQ(service.arrivals().size(), 34u) << "30 failures and 4 deliveries";
}

TEST(OtlpExporterTest, APayloadThatAlwaysFailsHoldsBackNoOther) {
  // The request with two spans fails for ever, every other one on its first try.
  class PickyService final : public otlp::TraceService::Service {
   public:
    grpc::Status Export(grpc::ServerContext*, const otlp::ExportTraceServiceRequest* request,
                        otlp::ExportTraceServiceResponse*) override {
      const std::lock_guard lock(mutex_);
      const bool first_try = tried_.insert(request->SerializeAsString()).second;
      const bool stumbles = request->resource_spans(0).scope_spans(0).spans_size() == 2;
      return first_try || stumbles ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "stumbled")
                                   : grpc::Status::OK;
    }

   private:
    std::mutex mutex_;
    std::set<std::string> tried_;
  } service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(fmt::format("127.0.0.1:{}", port), 2), registry);
  exporter.Offer(kTraces, MakeRequest(0, 2), 2);
  for (int i = 1; i <= 20; ++i) exporter.Offer(kTraces, MakeRequest(i, 1), 1);
  AwaitThat([&] { return Balanced(exporter).delivered == 20; });
  EXPECT_EQ(Balanced(exporter).pending, 2u);
}

TEST(OtlpExporterTest, GivesUpWhatIsTooOld) {
  const ReservedPort nobody;
  prometheus::Registry registry;
  OtlpExporter::Options options = Quick(nobody.endpoint(), 2);
  options.give_up_after = seconds(1);
  OtlpExporter exporter(options, registry);
  const auto begin = Steady::now();
  for (int i = 0; i < 5; ++i) exporter.Offer(kTraces, MakeRequest(i, 1), 1);
  AwaitThat([&] { return Balanced(exporter).pending == 0; });
  EXPECT_GE(Steady::now() - begin, seconds(1));
  EXPECT_THAT(Balanced(exporter).dropped, ElementsAre(Pair("too_old", 5)));
}

TEST(OtlpExporterTest, ShutdownDropsAndCountsWhatIsLeft) {
  FakeTraceService service;
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(service.endpoint()), registry);
  exporter.Offer(kTraces, MakeRequest(0, 1), 1);
  service.AwaitArrivals(1);
  service.Hold();
  for (int i = 1; i < 5; ++i) exporter.Offer(kTraces, MakeRequest(i, 10), 10);
  service.AwaitArrivals(2);  // so the first was delivered; the second hangs
  exporter.Shutdown(seconds(0));
  auto totals = Balanced(exporter);
  EXPECT_EQ(totals.delivered, 1u);
  EXPECT_EQ(totals.pending, 0u);
  EXPECT_THAT(totals.dropped, ElementsAre(Pair("shutdown", 40)));
  exporter.Shutdown(kPatience);
  exporter.Offer(kTraces, MakeRequest(9, 3), 3);
  EXPECT_THAT(Balanced(exporter).dropped, ElementsAre(Pair("shutdown", 43)));
}

TEST(OtlpExporterTest, ShutdownOfADeadEndpointDoesNotOutlastItsDrain) {
  const ReservedPort nobody;
  prometheus::Registry registry;
  OtlpExporter exporter(Quick(nobody.endpoint(), 4), registry);
  for (int i = 0; i < 10; ++i) exporter.Offer(kTraces, MakeRequest(i, 1), 1);
  exporter.Shutdown(seconds(1));
  EXPECT_THAT(Balanced(exporter).dropped, ElementsAre(Pair("shutdown", 10)));
}

TEST(OtlpExporterTest, RefusesWhatOtlpForbidsToSend) {
  FakeTraceService service;
  prometheus::Registry registry;
  OtlpExporter::Options options = Quick(service.endpoint());
  options.queue_bytes_max = 256 << 20;
  OtlpExporter exporter(options, registry);
  exporter.Offer(kTraces, std::make_shared<const std::string>((64 << 20) + 1, 'x'), 6);
  exporter.Offer(kTraces, std::make_shared<const std::string>(), 0);  // an empty envelope
  EXPECT_THAT(Balanced(exporter).dropped, ElementsAre(Pair("rejected", 6)));
  exporter.Shutdown(kPatience);
  EXPECT_EQ(Balanced(exporter).routed, 6u);
  EXPECT_THAT(service.arrivals(), IsEmpty());
}

TEST(OtlpExporterTest, TheSumsHoldWhileAllIsInMotion) {
  std::deque<Answer> script;
  for (int i = 0; i < 200; ++i) {
    script.push_back(i % 4 == 0   ? Fails(grpc::StatusCode::UNAVAILABLE)
                     : i % 4 == 1 ? Rejects(1)
                     : i % 4 == 2 ? Fails(grpc::StatusCode::INVALID_ARGUMENT)
                                  : Rejects(0));
  }
  FakeTraceService service(std::move(script));
  prometheus::Registry registry;
  OtlpExporter::Options options = Quick(service.endpoint(), 4);
  options.queue_bytes_max = 50 * MakeRequest(0, 2)->size();
  OtlpExporter exporter(options, registry);
  std::atomic<bool> done = false;
  std::jthread watcher([&] {
    while (!done) Balanced(exporter);
  });
  {
    std::vector<std::jthread> senders;
    for (int thread = 0; thread < 2; ++thread) {
      senders.emplace_back([&] {
        for (int i = 0; i < 300; ++i) exporter.Offer(kTraces, MakeRequest(i, 2), 2);
      });
    }
  }
  exporter.Shutdown(kPatience);
  done = true;
  watcher.join();
  const auto totals = Balanced(exporter);
  EXPECT_EQ(totals.routed, 1200u);
  EXPECT_EQ(totals.pending, 0u);
  EXPECT_EQ(Metric(registry, "items_sent_total"), static_cast<double>(totals.delivered));
}

}  // namespace
}  // namespace slowburn::forward
