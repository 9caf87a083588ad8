// app/load_run.h: carries out a plan: one thread for each sender, each with one request at a time.
//
// Room     app
// Uses     app/, forward/backoff.h
// Threads  thread-safe; the senders' threads are its own
// Units    chrono
// Source   OTLP specification, Failures and Throttling
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "app/load_payload.h"
#include "app/load_plan.h"
#include "app/load_sender.h"
#include "app/load_tally.h"
#include "base/clock.h"
#include "forward/backoff.h"

namespace slowburn::app {

// A request waits for no answer but those of its own sender: with a rate, one that no sender is
// free for is late, and its latency shows it, as it counts from the moment that was planned.
// Requests are made and compressed before that moment. What may be sent again is, with the same
// bytes, after the server's delay or a back-off, until `retry_for` has passed.
class LoadRun {
 public:
  struct Options {
    std::chrono::milliseconds timeout{10'000};  // of one sending
    std::chrono::milliseconds retry_for{30'000};
    std::chrono::milliseconds backoff_min{100};
    std::chrono::milliseconds backoff_max{5'000};
    uint64_t seed = 0;  // of the back-off's jitter
  };
  // How long after the end of its duration a planned request may still begin.
  static constexpr std::chrono::seconds kLate{1};

  // One payload for each stream of the plan. Begins at once.
  LoadRun(Options options, LoadPlan plan, std::vector<std::unique_ptr<LoadPayload>> payloads,
          std::vector<std::unique_ptr<LoadSender>> senders, size_t services,
          const base::Clock& clock);
  // Stops and waits for the answers under way.
  ~LoadRun();

  // Begins no request and no further try any more.
  void RequestStop() { stop_.request_stop(); }
  // Whether all is over before `timeout` has passed.
  bool WaitFor(std::chrono::milliseconds timeout);

  LoadTally& tally() { return tally_; }
  const LoadPlan& plan() const { return plan_; }
  std::chrono::nanoseconds Elapsed() const { return clock_.Monotonic() - start_; }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void Work(size_t sender);
  std::optional<LoadPlan::Step> Next();
  LoadTally::Request Prepare(const LoadPlan::Step& step, LoadSender& sender, std::string& body);
  void Deliver(const LoadTally::Request& request, SteadyTime planned, LoadSender& sender,
               forward::Backoff& backoff);
  // False when it was stopped before.
  bool SleepUntil(SteadyTime time);

  const Options options_;
  const LoadPlan plan_;
  const std::vector<std::unique_ptr<LoadPayload>> payloads_;
  const std::vector<std::unique_ptr<LoadSender>> senders_;
  const base::Clock& clock_;
  const SteadyTime start_;
  LoadTally tally_;
  std::atomic<uint64_t> next_{0};
  std::stop_source stop_;

  std::mutex mutex_;
  std::condition_variable over_;
  size_t working_ ABSL_GUARDED_BY(mutex_);

  std::vector<std::jthread> threads_;  // last: they use all the others
};

}  // namespace slowburn::app
