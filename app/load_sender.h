// app/load_sender.h: one request at a time to an OTLP endpoint, waited for.
//
// Room     app
// Uses     net/, gRPC, model/
// Threads  one thread at a time for each sender; senders of one gRPC connection share it
// Units    timeouts in chrono, sizes in bytes
// Source   OTLP specification, OTLP/gRPC and OTLP/HTTP
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "app/load_answer.h"
#include "app/load_template.h"
#include "base/clock.h"
#include "model/signal.h"
#include "net/content_coding.h"
#include "net/host_port.h"

namespace slowburn::app {

enum class LoadProtocol : uint8_t { kHttp, kGrpc };

struct LoadTarget {
  LoadProtocol protocol = LoadProtocol::kHttp;
  net::HostPort address;
  bool tls = false;
  std::string path;                                 // HTTP: what comes before /v1/traces
  LoadEncoding encoding = LoadEncoding::kProtobuf;  // gRPC: protobuf alone
  net::ContentCoding compression = net::ContentCoding::kIdentity;  // gRPC: gzip alone
  std::string token;                                               // bearer; "" for none
  // PEM files, each "" for none: who signed the server's certificate (else the system's
  // authorities), and the client's own certificate and key.
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

class LoadSender {
 public:
  virtual ~LoadSender() = default;

  // So that the first request does not pay for it. kUnavailable, kDeadlineExceeded.
  virtual absl::Status Connect(std::chrono::milliseconds timeout) = 0;
  // The next request, which must live until the one after it. Returns how many bytes of body go
  // over the wire each time it is sent; nothing where only gRPC knows.
  virtual std::optional<size_t> Take(model::Signal signal, std::string_view body) = 0;
  // Sends it; again and again if need be, and the bytes are always the same.
  virtual LoadAnswer Send(std::chrono::milliseconds timeout) = 0;
};

// `connections` connections with `in_flight` senders each; HTTP/1.1 has one. kInvalidArgument and
// the like for a certificate or key that cannot be used; nothing is connected yet.
absl::StatusOr<std::vector<std::unique_ptr<LoadSender>>> MakeLoadSenders(const LoadTarget& target,
                                                                         size_t connections,
                                                                         size_t in_flight,
                                                                         const base::Clock& clock);

// Of one protocol each.
absl::StatusOr<std::vector<std::unique_ptr<LoadSender>>> MakeHttpSenders(const LoadTarget& target,
                                                                         size_t connections,
                                                                         const base::Clock& clock);
absl::StatusOr<std::vector<std::unique_ptr<LoadSender>>> MakeGrpcSenders(const LoadTarget& target,
                                                                         size_t connections,
                                                                         size_t in_flight);

}  // namespace slowburn::app
