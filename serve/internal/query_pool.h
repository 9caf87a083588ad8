// serve/internal/query_pool.h: threads that answer queries, so that no server thread waits for one.
//
// Room     serve
// Uses     base/, net/
// Threads  thread-safe
// Units    none
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "base/clock.h"
#include "net/route_table.h"

namespace slowburn::serve::internal {

// First come, first served. Its end cancels what runs and drops what waits, which answers 503. What
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
  using Work = std::function<net::HttpResponse(const Turn&)>;

  // `clock` must outlive the pool.
  QueryPool(const Options& options, const base::Clock& clock);
  ~QueryPool();

  // `gone` is asked for once nobody wants the answer. False, and `reply` as it was, where as many
  // wait as may.
  bool Push(Work work, net::Reply& reply, std::stop_token gone = {});

  const Options& options() const { return options_; }

 private:
  struct Waiting {
    Work work;
    net::Reply reply;
    std::chrono::steady_clock::time_point asked;
    std::stop_token gone;
  };

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
