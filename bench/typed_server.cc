// The peer of grpc/100: what a server costs that is built as the documentation of gRPC shows: the
// generated classes, the typed service, one thread a call. It reads of each span what an SLO needs
// and counts it in memory: no matching, no commit, no disk.
//
// Prints slowburn's ready line, so that one launcher starts both.
#include <atomic>
#include <cstdio>

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace slowburn::bench {
namespace {

namespace trace_v1 = opentelemetry::proto::collector::trace::v1;
using opentelemetry::proto::trace::v1::Status;

class TypedService final : public trace_v1::TraceService::Service {
 public:
  grpc::Status Export(grpc::ServerContext*, const trace_v1::ExportTraceServiceRequest* request,
                      trace_v1::ExportTraceServiceResponse*) override {
    uint64_t good = 0;
    uint64_t bad = 0;
    for (const auto& resource_spans : request->resource_spans()) {
      for (const auto& scope_spans : resource_spans.scope_spans()) {
        for (const auto& span : scope_spans.spans()) {
          const bool is_slow =
              span.end_time_unix_nano() - span.start_time_unix_nano() > 995'000'000;
          const bool is_bad = span.status().code() == Status::STATUS_CODE_ERROR || is_slow;
          ++(is_bad ? bad : good);
        }
      }
    }
    good_ += good;
    bad_ += bad;
    return grpc::Status::OK;
  }

 private:
  std::atomic<uint64_t> good_{0};
  std::atomic<uint64_t> bad_{0};
};

int Main() {
  TypedService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(64 << 20);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  fmt::print("slowburn ready http=127.0.0.1:1 otlp_grpc=127.0.0.1:{} otlp_http=127.0.0.1:1\n",
             port);
  std::fflush(stdout);
  server->Wait();  // Until its launcher kills it.
  return 0;
}

}  // namespace
}  // namespace slowburn::bench

int main() { return slowburn::bench::Main(); }
