// net/internal/http_session.h: one connection of an HTTP server, from accept to close.
//
// Room     net
// Uses     base/, net/, Boost.Asio
// Threads  lives on its worker's thread; only a Reply comes from elsewhere, and posts itself there
// Units    bytes, chrono
// Source   RFC 9112; faults 22 to 24
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <absl/base/thread_annotations.h>

#include "net/http_server.h"
#include "net/internal/read_buffer.h"
#include "net/internal/request_parser.h"
#include "net/internal/server_metrics.h"
#include "net/internal/worker.h"

namespace slowburn::net::internal {

// Coroutines that a server has running. Thread-safe.
class OpenCount {
 public:
  void Add();
  void Remove();
  size_t now() const;
  // False once `timeout` has passed.
  bool WaitForNone(std::chrono::milliseconds timeout);

 private:
  mutable std::mutex mutex_;
  std::condition_variable none_;
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What all connections of one server see. Outlives its workers' threads.
struct SessionShared {
  const HttpServer::Options& options;
  const RouteTable& routes;
  ServerMetrics& metrics;
  std::atomic<bool> stopping{false};
  OpenCount open;
};

// Reads a request, has it answered, writes the answer, and again. Held by a shared_ptr because its
// replies may outlive it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  // `socket` belongs to the loop of `worker`.
  Session(Worker& worker, SessionShared& shared, Socket socket, std::string peer);

  // The life of the connection. Counted in SessionShared::open by the caller, and until it ends.
  static Awaitable<void> Run(std::shared_ptr<Session> session);

  // By the worker:
  void Expire(SteadyTime now);
  void CloseIfIdle();
  void Abort();

  // By the reply to request `number`; nothing where it was dropped.
  void Answer(uint64_t number, std::optional<HttpResponse> response);

 private:
  class Presence;
  enum class Phase { kIdle, kHeader, kBody, kHandling, kWriting, kLingering };
  enum class Reading { kDone, kGone, kTimeout, kBroken, kHeaderTooLarge, kBodyTooLarge };
  struct Refusal {
    int status = 0;
    std::string message;
    std::string allow;
  };

  // Each returns false once the connection is to be closed.
  Awaitable<bool> ServeOne();
  Awaitable<bool> Handle(RouteTable::Match match);
  // `unread`: there is more of the request to come, so that the connection cannot be used again.
  Awaitable<bool> Refuse(Refusal refusal, bool unread);
  Awaitable<bool> Write(HttpResponse response);

  Awaitable<Reading> ReadHeader();
  Awaitable<Reading> ReadBody(size_t bytes_max);
  Awaitable<Reading> ReadSized(uint64_t length);
  Awaitable<Reading> ReadChunked(size_t bytes_max);
  // 0: the peer has gone, or the deadline has passed.
  Awaitable<size_t> ReadSome(char* into, size_t bytes);
  Awaitable<void> Linger();

  void Enter(Phase phase, std::chrono::seconds timeout);
  // A further 64 KiB moved: the deadline begins again.
  void CountProgress(size_t bytes, std::chrono::seconds timeout);
  Reading FailedRead() const { return expired_ ? Reading::kTimeout : Reading::kGone; }
  // What can be refused before the body is read.
  std::optional<Refusal> CheckHeader(const RouteTable::Match& match);
  Refusal RefusalOf(Reading reading, size_t body_bytes_max);
  HttpResponse Error(int status, std::string_view message);
  void CallHandler(const RouteTable::Match& match);
  void CountHandlerError(std::string_view what);

  // Both are there while Run() runs; nothing touches them later.
  Worker& worker_;
  SessionShared& shared_;
  Socket socket_;
  std::string peer_;
  Timer answered_;  // never expires; cancelled by Answer()
  ReadBuffer buffer_;
  RequestParser parser_;

  Phase phase_ = Phase::kIdle;
  SteadyTime deadline_ = SteadyTime::max();
  size_t progress_ = 0;
  bool expired_ = false;
  bool aborted_ = false;

  // Of the request at hand:
  HttpRequest asked_;  // what ErrorWriter gets once the handler has the rest
  uint64_t number_ = 0;
  bool is_answered_ = false;
  std::optional<HttpResponse> response_;
  bool is_head_ = false;
  bool keep_alive_ = false;
};

}  // namespace slowburn::net::internal
