// tests/flood/attackers.h: hostile clients on the loopback, bounded in number and time.
//
// Room     tests/flood
// Uses     net/ (compression), POSIX sockets
// Threads  each attacker has its own; counters are thread-safe
// Units    none
// Source   faults 22 to 26, 36
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace slowburn::flood {

struct Target {
  uint16_t http = 0;  // OTLP/HTTP
  uint16_t grpc = 0;  // OTLP/gRPC
};

// One kind of attack, repeated until it is destroyed.
struct Attack {
  std::string name;
  // One round, until it is over or `stop`.
  std::function<void(const Target&, const std::stop_token& stop)> round;
};

// Compressed bombs, bodies without end, bodies larger than promised, broken frames and requests,
// connections that drip bytes or never speak, streams that are reset: over HTTP/1.1 and HTTP/2.
// `idle_connections` are held open at once by one of them.
std::vector<Attack> MakeAttacks(int idle_connections);

class Attackers {
 public:
  // Each attack in a thread of its own, from construction on.
  Attackers(const Target& target, std::vector<Attack> attacks);
  ~Attackers();

  // Rounds until now, by attack.
  std::vector<std::pair<std::string, uint64_t>> rounds() const;

 private:
  struct Running {
    Attack attack;
    std::atomic<uint64_t> rounds{0};
    std::jthread thread;
  };
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace slowburn::flood
