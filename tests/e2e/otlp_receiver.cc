// A backend that takes OTLP/gRPC and tells what came: what slowburn forwards to.
//
//   otlp_receiver
//   ready 127.0.0.1:PORT          once it listens, on a free port
//   span TRACEID SPANID           for each span, in hex
//   point METRIC STREAM           for each data point, with the text of its attribute "stream"
//   log BODY                      for each log record, with the text of its body
//
// It ends on SIGTERM or SIGINT, and when its standard input does: it cannot outlive its test.
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace {

namespace trace_v1 = opentelemetry::proto::collector::trace::v1;
namespace metrics_v1 = opentelemetry::proto::collector::metrics::v1;
namespace logs_v1 = opentelemetry::proto::collector::logs::v1;

constexpr int kMessageBytesMax = 64 << 20;

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

// Printed before the answer: what was acknowledged is known to the test.
grpc::Status Print(const std::string& lines) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::fwrite(lines.data(), 1, lines.size(), stdout);
  std::fflush(stdout);
  return grpc::Status::OK;
}

class Traces final : public trace_v1::TraceService::Service {
 public:
  grpc::Status Export(grpc::ServerContext*, const trace_v1::ExportTraceServiceRequest* request,
                      trace_v1::ExportTraceServiceResponse*) override {
    std::string lines;
    for (const auto& resource : request->resource_spans()) {
      for (const auto& scope : resource.scope_spans()) {
        for (const auto& span : scope.spans()) {
          lines += fmt::format("span {} {}\n", Hex(span.trace_id()), Hex(span.span_id()));
        }
      }
    }
    return Print(lines);
  }
};

template <typename Points>
void AppendPoints(const std::string& metric, const Points& points, std::string& lines) {
  for (const auto& point : points) {
    for (const auto& attribute : point.attributes()) {
      if (attribute.key() != "stream") continue;
      lines += fmt::format("point {} {}\n", metric, attribute.value().string_value());
    }
  }
}

class Metrics final : public metrics_v1::MetricsService::Service {
 public:
  grpc::Status Export(grpc::ServerContext*, const metrics_v1::ExportMetricsServiceRequest* request,
                      metrics_v1::ExportMetricsServiceResponse*) override {
    std::string lines;
    for (const auto& resource : request->resource_metrics()) {
      for (const auto& scope : resource.scope_metrics()) {
        for (const auto& metric : scope.metrics()) {
          AppendPoints(metric.name(), metric.gauge().data_points(), lines);
          AppendPoints(metric.name(), metric.sum().data_points(), lines);
          AppendPoints(metric.name(), metric.histogram().data_points(), lines);
          AppendPoints(metric.name(), metric.exponential_histogram().data_points(), lines);
          AppendPoints(metric.name(), metric.summary().data_points(), lines);
        }
      }
    }
    return Print(lines);
  }
};

class Logs final : public logs_v1::LogsService::Service {
 public:
  grpc::Status Export(grpc::ServerContext*, const logs_v1::ExportLogsServiceRequest* request,
                      logs_v1::ExportLogsServiceResponse*) override {
    std::string lines;
    for (const auto& resource : request->resource_logs()) {
      for (const auto& scope : resource.scope_logs()) {
        for (const auto& record : scope.log_records()) {
          lines += fmt::format("log {}\n", record.body().string_value());
        }
      }
    }
    return Print(lines);
  }
};

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// Returns at one of `signals` (blocked in every thread), or at the end of standard input.
void WaitForEnd(const sigset_t& signals) {
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  for (;;) {
    pollfd events[] = {{signal_fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(events, 2, -1) < 0) continue;
    if (events[0].revents != 0) break;
    char ignored[256];
    if (events[1].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) break;
  }
  close(signal_fd);
}

}  // namespace

int main() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Before gRPC's threads, which inherit it.
  Traces traces;
  Metrics metrics;
  Logs logs;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.RegisterService(&traces);
  builder.RegisterService(&metrics);
  builder.RegisterService(&logs);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    fmt::print(stderr, "no port of 127.0.0.1 can be opened; is the loopback interface up?\n");
    return 1;
  }
  fmt::print("ready 127.0.0.1:{}\n", port);
  std::fflush(stdout);
  WaitForEnd(signals);
  server->Shutdown();
  return 0;
}
