// app/past_counter.h: counts the past of SLIs on metrics that are new, from the time series, beside
// all that the server does.
//
// Room     app
// Uses     app/, slo/, prometheus-cpp
// Threads  Wake from any; its own one reads and counts, and commits by the loop's
// Units    slices; unix time
// Source   docs/metrics_sli.md, "The past"
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include <absl/status/status.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "app/commit_loop.h"
#include "base/clock.h"
#include "slo/metric_past.h"

namespace slowburn::app {

// The series are read from snapshots, without the core's lock, and each commit is a bounded part.
class PastCounter {
 public:
  struct Options {
    std::chrono::seconds piece{6 * 3600};  // whole hours: what is read at once
    size_t part_entries_max = 50'000;      // groups and slices of one record
  };
  // Whether every request that was matched before the SLOs that are in force is committed: the past
  // of an SLI ends there.
  using EarlierAreDone = std::function<bool()>;
  // `loop` and `core` must outlive it.
  PastCounter(Options options, CommitLoop& loop, Core& core, EarlierAreDone earlier_are_done,
              const base::Clock& clock, prometheus::Registry& registry);
  ~PastCounter();  // Stop()

  // Begins to count what is left. The loop runs.
  void Start();
  // There are other SLOs.
  void Wake();
  // In the middle of whatever it does: the next process goes on. Before the loop stops.
  void Stop();

 private:
  using Task = SliPasts::Task;

  void Run(const std::stop_token& stop);
  bool CountNext(const std::stop_token& stop);
  absl::Status CountTail(const Task& task, const std::stop_token& stop);
  absl::Status CountPiece(const Task& task, const std::stop_token& stop);
  absl::StatusOr<slo::PastPiece> ReadPiece(const Task& task, slo::SliceRange range,
                                           const std::stop_token& stop) const;
  absl::Status CommitPiece(const Task& task, slo::Slice end, const slo::PastPiece& piece,
                           const std::stop_token& stop);
  absl::Status LeaveOut(const Task& task, slo::SliceRange range, const absl::Status& why);
  absl::Status CommitRecord(
      const std::function<absl::StatusOr<store::v1::LogRecord>(SliPasts&)>& plan);
  bool Sleep(std::chrono::milliseconds time, const std::stop_token& stop);
  void Show();
  void Note(const Task& task, slo::Slice counted_from);

  const Options options_;
  CommitLoop& loop_;
  Core& core_;
  const EarlierAreDone earlier_are_done_;
  const base::Clock& clock_;
  prometheus::Gauge& slis_;
  prometheus::Gauge& seconds_;
  prometheus::Counter& points_;
  prometheus::Counter& left_out_;
  std::chrono::steady_clock::time_point next_note_{};

  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool is_woken_ = false;
  std::jthread thread_;
};

}  // namespace slowburn::app
