// tests/kill/traffic.h: clients that send random spans until each request is acked, and remember
// what was.
//
// Room     tests
// Uses     net/, slo/ (counts), the generated OTLP classes
// Threads  its methods by one owner; the clients are threads of its own
// Units    events; hours are unix hours
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <absl/status/status.h>

#include "slo/slice.h"

namespace slowburn::kill {

// The two SLOs that the traffic is for, and what they count: kill_fixture.h writes their files.
inline constexpr std::string_view kGroupedSlo = "checkout/availability";  // by http.route
inline constexpr std::string_view kLatencySlo = "search/latency";         // ungrouped, 300 ms
inline constexpr std::chrono::nanoseconds kLatencyMax = std::chrono::milliseconds(300);

// What the program has said it has: the other half of every comparison.
struct Acked {
  // SLO, group ("" for the total), unix hour.
  using Key = std::tuple<std::string, std::string, int64_t>;
  std::map<Key, slo::SliCounts> counts;
  uint64_t spans = 0;
  uint64_t requests = 0;

  // Over all hours.
  std::map<std::pair<std::string, std::string>, slo::SliCounts> Sums() const;
};

// Every span is unique, every request is sent with the same bytes until a 200 comes.
class Traffic {
 public:
  Traffic(uint64_t seed, int clients);
  ~Traffic();

  // Where the program listens from now on.
  void SendTo(std::string otlp_http);
  // Begins no new request and waits until those begun are acked. kDeadlineExceeded when one is not.
  absl::Status Drain(std::chrono::milliseconds timeout);
  void Resume();
  // Waits until some request has been answered 503. kDeadlineExceeded when none is.
  absl::Status AwaitUnavailable(std::chrono::milliseconds timeout);

  Acked acked() const;
  // Sendings beyond the first of their request: the kills that hit something.
  uint64_t resent() const;
  // Answers that no client should get: neither 200 nor to be tried again.
  std::vector<std::string> troubles() const;

 private:
  struct Request;
  void RunClient(const std::stop_token& stop, int client, uint64_t seed);
  bool AwaitTurn(const std::stop_token& stop);
  void SendUntilAcked(const std::stop_token& stop, const Request& request);

  mutable std::mutex mutex_;  // of all members up to clients_
  std::condition_variable_any changed_;
  std::string otlp_http_;
  uint64_t address_generation_ = 0;
  bool paused_ = false;
  int busy_ = 0;  // clients with a request that is not acked
  Acked acked_;
  uint64_t resent_ = 0;
  uint64_t unavailable_ = 0;
  std::vector<std::string> troubles_;

  std::vector<std::jthread> clients_;
};

}  // namespace slowburn::kill
