// serve/internal/query_pool.h: threads that answer queries, so that no server thread waits for one.
//
// Room     serve
// Uses     base/
// Threads  thread-safe
// Units    none
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <absl/functional/function_ref.h>

#include "base/clock.h"

namespace slowburn::serve::internal {

// First come, first served. Its end cancels what runs and drops what waits, with its reply. What
// nobody wants any more is cancelled while it runs, and dropped while it waits.
class QueryPool {
 public:
  struct Options {
    size_t threads = 2;
    size_t waiting_max = 256;
  };
  // When it was asked, and whether it is still wanted.
  struct Turn {
    std::chrono::steady_clock::time_point asked;
    std::stop_token stop;
  };
  using Job = absl::AnyInvocable<void(const Turn&)>;

  // `clock` must outlive the pool.
  QueryPool(const Options& options, const base::Clock& clock);
  ~QueryPool();

  // Gives `reply` what `work` makes of its Turn. `gone` is asked for once nobody wants the answer.
  // False, and `reply` as it was, where as many wait as may.
  template <typename Work, typename Reply>
  bool Push(Work work, Reply& reply, std::stop_token gone = {}) {
    return PushJob(
        [&]() -> Job {
          return [work = std::move(work), reply = std::move(reply)](const Turn& turn) mutable {
            std::move(reply)(work(turn));
          };
        },
        std::move(gone));
  }
  // What goes on with an answer that was begun: it waits its turn, but is never refused.
  void GoOn(Job job);

  const Options& options() const { return options_; }

 private:
  struct Waiting {
    Job job;
    std::chrono::steady_clock::time_point asked;
    std::stop_token gone;
  };

  // `make` is called where there is room.
  bool PushJob(absl::FunctionRef<Job()> make, std::stop_token gone);
  void Run(const std::stop_token& stop);
  void DropUnwanted(std::deque<Waiting>& unwanted) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;  // Last: they use all of the above.
};

}  // namespace slowburn::serve::internal
