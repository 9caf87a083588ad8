// net/internal/worker.h: one thread of a server: its event loop and the connections that live on
// it.
//
// Room     net
// Uses     base/, Boost.Asio
// Threads  Run() is the thread; everything else is called on it, but for `context`, which is
//          thread-safe
// Units    none
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_set.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace slowburn::net::internal {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

// Asio's types on a plain io_context: its default is an executor behind a virtual call.
using Executor = asio::io_context::executor_type;
template <typename T>
using Awaitable = asio::awaitable<T, Executor>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kAwait{};

class Connection;

// Held by a shared_ptr: a Reply that is called after its server has gone still posts to `context`,
// harmlessly.
class Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker();

  // Returns after AllowEnd(), once nothing is left to do.
  void Run();
  // From any thread.
  void AllowEnd() { guard_.reset(); }

  // Every connection is entered while it runs.
  void Enter(Connection& connection);
  void Leave(Connection& connection);

  // Closes the connections that wait for a request.
  void CloseIdle();
  // Closes all, now and to come.
  void AbortAll();
  bool aborted() const { return aborted_; }

  // For the Date field; made anew each second.
  std::string_view Date();

  // At most one line in ten seconds; the next one says how many were left out.
  void LogHandlerError(std::string_view listener, std::string_view path, std::string_view what);

  asio::io_context context;

 private:
  void ArmSweep();

  asio::executor_work_guard<Executor> guard_;
  // One timer for all deadlines of the thread: a request then costs no timer of its own.
  Timer sweep_;
  absl::flat_hash_set<Connection*> connections_;
  bool aborted_ = false;
  std::chrono::sys_seconds date_second_{};
  std::string date_;
  SteadyTime next_log_ = SteadyTime::min();
  uint64_t suppressed_ = 0;
};

}  // namespace slowburn::net::internal
