// A backend that takes traces over OTLP/gRPC and tells what came: what slowburn forwards to.
//
//   otlp_receiver
//   ready 127.0.0.1:PORT          once it listens, on a free port
//   span TRACEID SPANID           for each span, in hex
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

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;

constexpr int kMessageBytesMax = 64 << 20;

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

class Printer final : public collector::TraceService::Service {
 public:
  grpc::Status Export(grpc::ServerContext*, const collector::ExportTraceServiceRequest* request,
                      collector::ExportTraceServiceResponse*) override {
    std::string lines;
    for (const auto& resource : request->resource_spans()) {
      for (const auto& scope : resource.scope_spans()) {
        for (const auto& span : scope.spans()) {
          lines += fmt::format("span {} {}\n", Hex(span.trace_id()), Hex(span.span_id()));
        }
      }
    }
    // Printed before the answer: what was acknowledged is known to the test.
    const std::lock_guard lock(mutex_);
    std::fwrite(lines.data(), 1, lines.size(), stdout);
    std::fflush(stdout);
    return grpc::Status::OK;
  }

 private:
  std::mutex mutex_;
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
  Printer printer;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.RegisterService(&printer);
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
