// Goal: gRPC clients get the answers of the contract, whoever is slow, gone or hostile. Method:
// gRPC's own client stubs against our routes on a net::Http2Server, with a fake sink behind; raw
// bytes through a generic stub where a typed one cannot send them.
#include "collector/otlp_grpc.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "collector/testing/fake_sink.h"
#include "google/rpc/status.pb.h"
#include "net/content_coding.h"
#include "net/http2_server.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace slowburn::collector {
namespace {

namespace trace_v1 = opentelemetry::proto::collector::trace::v1;
namespace metrics_v1 = opentelemetry::proto::collector::metrics::v1;
namespace logs_v1 = opentelemetry::proto::collector::logs::v1;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr char kExport[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr size_t kRequestBytesMax = 1 << 20;

trace_v1::ExportTraceServiceRequest Request(int spans) {
  Random random(1);
  trace_v1::ExportTraceServiceRequest request;
  request.ParseFromString(TypicalTraces(spans, random).SerializeAsString());
  return request;
}

struct Answered {
  grpc::Status status;
  std::string response;
};

class OtlpGrpcTest : public testing::Test {
 protected:
  void StartServer(FakeSink::OnIngest on_ingest = FakeSink::AcceptAll) {
    sink_ = std::make_unique<FakeSink>(std::move(on_ingest));
    net::ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "otlp_grpc";
    options.threads = 2;
    options.budget = &budget_;
    auto server = net::Http2Server::Start(
        options, OtlpGrpcRoutes({.request_bytes_max = kRequestBytesMax}, *sink_, registry_),
        registry_);
    ASSERT_TRUE(server.ok()) << base::Message(server.status());
    server_ = *std::move(server);
    channel_ = NewChannel();
  }

  std::shared_ptr<grpc::Channel> NewChannel() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    auto channel = grpc::CreateCustomChannel(server_->address().Text(),
                                             grpc::InsecureChannelCredentials(), arguments);
    // On a busy machine a connection of gRPC 1.51 may fail with ENOENT, and with it the calls that
    // are made before it tries again.
    EXPECT_TRUE(channel->WaitForConnected(std::chrono::system_clock::now() + seconds(20)));
    return channel;
  }

  static void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + seconds(20));
  }

  grpc::Status Export(const trace_v1::ExportTraceServiceRequest& request,
                      trace_v1::ExportTraceServiceResponse* response,
                      grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
    grpc::ClientContext context;
    SetDeadline(context);
    context.set_compression_algorithm(compression);
    return trace_v1::TraceService::NewStub(channel_)->Export(&context, request, response);
  }

  // These bytes as the message.
  Answered ExportBytes(std::string_view bytes, const std::string& method = kExport) {
    const grpc::Slice slice(bytes.data(), bytes.size());
    const grpc::ByteBuffer message(&slice, 1);
    grpc::ClientContext context;
    SetDeadline(context);
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel_);
    const auto call = stub.PrepareUnaryCall(&context, method, message, &queue);
    call->StartCall();
    Answered answered;
    grpc::ByteBuffer response;
    call->Finish(&response, &answered.status, &answered);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    std::vector<grpc::Slice> slices;
    if (answered.status.ok() && response.Dump(&slices).ok()) {
      for (const grpc::Slice& part : slices) {
        answered.response.append(reinterpret_cast<const char*>(part.begin()), part.size());
      }
    }
    return answered;
  }

  std::string Metrics() const {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

  prometheus::Registry registry_;
  std::unique_ptr<FakeSink> sink_;
  base::MemoryBudget budget_{256 << 20};
  std::unique_ptr<net::Http2Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  return details;
}

// --- Answers ----------------------------------------------------------------------------------

TEST_F(OtlpGrpcTest, G1_R7_AcceptedIsAnEmptyResponse) {
  StartServer();
  trace_v1::ExportTraceServiceResponse response;
  const grpc::Status status = Export(Request(50), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(response.has_partial_success());
  EXPECT_EQ(sink_->items(model::Signal::kTraces), 50u);
  EXPECT_EQ(ExportBytes(Request(1).SerializeAsString()).response, "");
}

TEST_F(OtlpGrpcTest, E1_EmptyMessageIsOk) {
  StartServer();
  const Answered answered = ExportBytes("");
  EXPECT_TRUE(answered.status.ok()) << answered.status.error_message();
  EXPECT_EQ(answered.response, "");
}

TEST_F(OtlpGrpcTest, E6_R8_PartialSuccessCountsTheInvalidSpan) {
  StartServer();
  auto request = Request(2);
  request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(1)->clear_trace_id();
  trace_v1::ExportTraceServiceResponse response;
  ASSERT_TRUE(Export(request, &response).ok());
  EXPECT_EQ(response.partial_success().rejected_spans(), 1);
  EXPECT_EQ(response.partial_success().error_message(), "an item is not valid");
  EXPECT_THAT(Metrics(), HasSubstr("outcome=\"partial\",signal=\"traces\",transport=\"grpc\"} 1"));
}

TEST_F(OtlpGrpcTest, E5_G5_UndecodableIsInvalidArgument) {
  StartServer();
  const Answered answered = ExportBytes("\x0a\xff");
  EXPECT_EQ(answered.status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(answered.status.error_message(), HasSubstr("request at byte 0"));
  google::rpc::BadRequest bad;
  const google::rpc::Status details = Details(answered.status);
  ASSERT_EQ(details.details_size(), 1);
  ASSERT_TRUE(details.details(0).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(0).description(), answered.status.error_message());
  EXPECT_EQ(sink_->refused(RequestRefusal::kUndecodable), 1);
}

TEST_F(OtlpGrpcTest, CallWithoutMessageIsInvalidArgument) {
  StartServer();
  grpc::ClientContext context;
  SetDeadline(context);
  grpc::CompletionQueue queue;
  const auto call = grpc::GenericStub(channel_).PrepareCall(&context, kExport, &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  call->WritesDone(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << status.error_message();
  EXPECT_EQ(sink_->refused(RequestRefusal::kUndecodable), 1);
}

TEST_F(OtlpGrpcTest, G4_UnavailableCarriesRetryInfo) {
  StartServer([](RequestBody, model::SignalBatch&, AnswerFn answer) {
    std::move(answer)({.outcome = ExportAnswer::Outcome::kUnavailable,
                       .message = "the store is full",
                       .retry_delay = std::chrono::milliseconds(1500)});
  });
  trace_v1::ExportTraceServiceResponse response;
  const grpc::Status status = Export(Request(1), &response);
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "the store is full");
  const google::rpc::Status details = Details(status);
  google::rpc::RetryInfo retry;
  ASSERT_EQ(details.details_size(), 1);
  ASSERT_TRUE(details.details(0).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST_F(OtlpGrpcTest, LongErrorTextStillReachesTheClient) {
  StartServer([](RequestBody, model::SignalBatch&, AnswerFn answer) {
    std::move(answer)(
        {.outcome = ExportAnswer::Outcome::kUnavailable, .message = std::string(100'000, '\n')});
  });
  trace_v1::ExportTraceServiceResponse response;
  EXPECT_EQ(Export(Request(1), &response).error_code(), grpc::UNAVAILABLE);
}

TEST_F(OtlpGrpcTest, DroppedAnswerIsUnavailable) {
  StartServer([](RequestBody, model::SignalBatch&, AnswerFn) {});
  trace_v1::ExportTraceServiceResponse response;
  const grpc::Status status = Export(Request(1), &response);
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(Details(status).details_size(), 1);
}

TEST_F(OtlpGrpcTest, G1_EverySignalHasItsService) {
  StartServer();
  metrics_v1::ExportMetricsServiceRequest metrics;
  auto& metric = *metrics.add_resource_metrics()->add_scope_metrics()->add_metrics();
  metric.set_name("requests");
  auto& point = *metric.mutable_gauge()->add_data_points();
  point.set_time_unix_nano(1);
  point.set_as_int(7);
  metrics_v1::ExportMetricsServiceResponse metrics_response;
  grpc::ClientContext metrics_context;
  SetDeadline(metrics_context);
  EXPECT_TRUE(metrics_v1::MetricsService::NewStub(channel_)
                  ->Export(&metrics_context, metrics, &metrics_response)
                  .ok());
  EXPECT_EQ(sink_->items(model::Signal::kMetrics), 1u);

  logs_v1::ExportLogsServiceRequest logs;
  logs.add_resource_logs()->add_scope_logs()->add_log_records()->set_severity_text("INFO");
  logs_v1::ExportLogsServiceResponse logs_response;
  grpc::ClientContext logs_context;
  SetDeadline(logs_context);
  EXPECT_TRUE(
      logs_v1::LogsService::NewStub(channel_)->Export(&logs_context, logs, &logs_response).ok());
  EXPECT_EQ(sink_->items(model::Signal::kLogs), 1u);
}

TEST_F(OtlpGrpcTest, G2_ProfilesAreUnimplemented) {
  StartServer();
  const Answered answered = ExportBytes(
      "", "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export");
  EXPECT_EQ(answered.status.error_code(), grpc::UNIMPLEMENTED);
  EXPECT_THAT(answered.status.error_message(), HasSubstr("traces, metrics and logs"));
  EXPECT_EQ(sink_->refused(RequestRefusal::kUnsupported), 1);
}

TEST_F(OtlpGrpcTest, G6_OverloadedIsUnavailableWithADelay) {
  StartServer();
  sink_->set_overloaded("memory is short");
  trace_v1::ExportTraceServiceResponse response;
  const grpc::Status status = Export(Request(1), &response);
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "memory is short; send the request again");
  EXPECT_EQ(Details(status).details_size(), 1);
  EXPECT_EQ(sink_->refused(RequestRefusal::kOverloaded), 1);
  EXPECT_EQ(budget_.used(), 0u);
}

// --- Size and compression ---------------------------------------------------------------------

TEST_F(OtlpGrpcTest, R1_GzipIsOpened) {
  StartServer();
  trace_v1::ExportTraceServiceResponse response;
  const grpc::Status status = Export(Request(40), &response, GRPC_COMPRESS_GZIP);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(sink_->bodies().at(0), Request(40).SerializeAsString());
}

TEST_F(OtlpGrpcTest, R1_DeflateIsOpened) {
  StartServer();
  trace_v1::ExportTraceServiceResponse response;
  const grpc::Status status = Export(Request(40), &response, GRPC_COMPRESS_DEFLATE);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(sink_->bodies().at(0), Request(40).SerializeAsString());
}

// A request that is exactly kRequestBytesMax bytes long: one unknown field with a length of three
// bytes.
std::string BodyAtLimit() {
  std::string body;
  protozero::pbf_writer(body).add_bytes(15, std::string(kRequestBytesMax - 4, 'x'));
  EXPECT_EQ(body.size(), kRequestBytesMax);
  return body;
}

TEST_F(OtlpGrpcTest, E10_G3_LimitIsExactOnTheWire) {
  StartServer();
  const Answered over = ExportBytes(std::string(kRequestBytesMax + 1, 'x'));
  EXPECT_EQ(over.status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(over.status.error_details(), testing::Not(HasSubstr("RetryInfo")));
  EXPECT_EQ(sink_->refused(RequestRefusal::kTooLarge), 1);
  const Answered exact = ExportBytes(BodyAtLimit());
  EXPECT_TRUE(exact.status.ok()) << exact.status.error_message();
}

// --- Threads and clients that go --------------------------------------------------------------

// Answers from a thread of its own, when told.
class LaterAnswers {
 public:
  FakeSink::OnIngest Keep() {
    return [this](RequestBody body, model::SignalBatch&, AnswerFn answer) {
      const std::string taken = body.Take();  // as a sink that forwards does
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
    };
  }
  void AcceptAllKept() {
    std::vector<AnswerFn> answers = Take();
    std::jthread([&] {
      for (AnswerFn& answer : answers) std::move(answer)({});
    }).join();
  }
  std::vector<AnswerFn> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return answers_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<AnswerFn> answers_;
};

TEST_F(OtlpGrpcTest, AnswerMayComeFromAnotherThread) {
  LaterAnswers later;
  StartServer(later.Keep());
  auto status = std::async(std::launch::async, [&] {
    trace_v1::ExportTraceServiceResponse response;
    return Export(Request(3), &response);
  });
  sink_->AwaitRequests(1);
  while (later.size() < 1) std::this_thread::yield();
  later.AcceptAllKept();
  EXPECT_TRUE(status.get().ok());
}

TEST_F(OtlpGrpcTest, ClientThatLeavesHarmsNobody) {
  LaterAnswers later;
  StartServer(later.Keep());
  grpc::ClientContext context;
  auto left = std::async(std::launch::async, [&] {
    trace_v1::ExportTraceServiceResponse response;
    return trace_v1::TraceService::NewStub(channel_)->Export(&context, Request(1), &response);
  });
  sink_->AwaitRequests(1);
  context.TryCancel();
  EXPECT_EQ(left.get().error_code(), grpc::CANCELLED);
  while (later.size() < 1) std::this_thread::yield();
  later.AcceptAllKept();
  auto next = std::async(std::launch::async, [&] {
    trace_v1::ExportTraceServiceResponse response;
    return Export(Request(1), &response);
  });
  sink_->AwaitRequests(2);
  while (later.size() < 1) std::this_thread::yield();
  later.AcceptAllKept();
  EXPECT_TRUE(next.get().ok());
}

TEST_F(OtlpGrpcTest, G8_ManyCallsAtOnceAreEachAnswered) {
  LaterAnswers later;
  StartServer(later.Keep());
  constexpr size_t kThreads = 8;
  constexpr size_t kCallsEach = 100;  // the streams of one connection
  std::vector<std::jthread> clients;
  std::atomic<size_t> accepted = 0;
  for (size_t t = 0; t < kThreads; ++t) {
    clients.emplace_back([&, channel = NewChannel()] {
      const auto stub = trace_v1::TraceService::NewStub(channel);
      const auto request = Request(1);
      std::vector<grpc::ClientContext> contexts(kCallsEach);
      std::vector<trace_v1::ExportTraceServiceResponse> responses(kCallsEach);
      std::vector<grpc::Status> statuses(kCallsEach);
      std::vector<
          std::unique_ptr<grpc::ClientAsyncResponseReader<trace_v1::ExportTraceServiceResponse>>>
          calls;
      grpc::CompletionQueue queue;
      for (size_t i = 0; i < kCallsEach; ++i) {
        SetDeadline(contexts[i]);
        calls.push_back(stub->AsyncExport(&contexts[i], request, &queue));
        calls[i]->Finish(&responses[i], &statuses[i], &statuses[i]);
      }
      void* tag = nullptr;
      bool ok = false;
      for (size_t i = 0; i < kCallsEach; ++i) {
        queue.Next(&tag, &ok);
        const auto& status = *static_cast<grpc::Status*>(tag);
        EXPECT_TRUE(status.ok()) << status.error_message();
        if (status.ok()) ++accepted;
      }
    });
  }
  sink_->AwaitRequests(kThreads * kCallsEach);
  while (later.size() < kThreads * kCallsEach) std::this_thread::yield();
  later.AcceptAllKept();
  clients.clear();
  EXPECT_EQ(accepted, kThreads * kCallsEach);
  EXPECT_THAT(Metrics(),
              HasSubstr("outcome=\"accepted\",signal=\"traces\",transport=\"grpc\"} 800"));
}

TEST_F(OtlpGrpcTest, CallsAreReusedOverAndOver) {
  StartServer();
  for (int i = 0; i < 2'500; ++i) {
    ASSERT_TRUE(ExportBytes("").status.ok()) << i;
  }
  EXPECT_EQ(sink_->bodies().size(), 2'500u);
}

// --- Shutdown -----------------------------------------------------------------------

TEST_F(OtlpGrpcTest, G12_ShutdownWaitsForCallsInProgress) {
  LaterAnswers later;
  StartServer(later.Keep());
  auto status = std::async(std::launch::async, [&] {
    trace_v1::ExportTraceServiceResponse response;
    return Export(Request(1), &response);
  });
  sink_->AwaitRequests(1);
  while (later.size() < 1) std::this_thread::yield();
  auto shutdown = std::async(std::launch::async, [&] { server_->Shutdown(seconds(20)); });
  EXPECT_EQ(shutdown.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  later.AcceptAllKept();
  EXPECT_TRUE(status.get().ok());
  shutdown.get();
  server_->Shutdown(seconds(0));
}

TEST_F(OtlpGrpcTest, G12_ShutdownGivesUpWhatIsNeverAnswered) {
  LaterAnswers later;
  StartServer(later.Keep());
  auto status = std::async(std::launch::async, [&] {
    trace_v1::ExportTraceServiceResponse response;
    return Export(Request(1), &response);
  });
  sink_->AwaitRequests(1);
  while (later.size() < 1) std::this_thread::yield();
  server_->Shutdown(seconds(0));
  EXPECT_FALSE(status.get().ok());
  later.AcceptAllKept();  // too late, and harmless
}

}  // namespace
}  // namespace slowburn::collector
