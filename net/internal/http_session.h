// net/internal/http_session.h: one connection of an HTTP server, from accept to close.
//
// Room     net
// Uses     base/, net/, Boost.Asio
// Threads  lives on its worker's thread; only replies and access decisions come from elsewhere, and
//          post themselves there
// Units    bytes, chrono
// Source   RFC 9112; faults 22 to 24, 37; section 4, "Auth"
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "net/internal/connection.h"
#include "net/internal/listener.h"
#include "net/internal/read_buffer.h"
#include "net/internal/refusal.h"
#include "net/internal/request_parser.h"
#include "net/internal/server_shared.h"

namespace slowburn::net::internal {

// Reads a request, has it answered, writes the answer, and again.
class Session final : public Connection {
 public:
  Session(ServerShared& shared, Listener::Accepted accepted);

  // The life of the connection. Counted in ServerShared::open by the caller, and until it ends.
  static Awaitable<void> Run(std::shared_ptr<Session> session);

  void Expire(SteadyTime now) override;
  void CloseIfIdle() override;
  void Abort() override;

  // For wait `number`, by what it waited for; status 0 where that was dropped.
  void Take(uint64_t number, HttpResponse response);
  void Take(uint64_t number, StreamedResponse response);
  void Take(uint64_t number, BodyPart part);
  void Take(uint64_t number, AccessDecision decision);

 private:
  enum class Phase { kHandshake, kIdle, kHeader, kBody, kHandling, kWriting, kLingering };
  enum class Reading { kDone, kGone, kTimeout, kBroken, kHeaderTooLarge, kBodyTooLarge, kNoMemory };
  // What comes after an answer.
  enum class Next { kRequest, kSkipBody, kLinger, kClose };

  // False once the connection is to be closed.
  Awaitable<bool> Handshake();
  Awaitable<bool> ServeOne();
  Awaitable<Next> AnswerOne(Reading header);
  Awaitable<Next> Handle(RouteTable::Match match, OpenRequest& open);
  Awaitable<Next> Refuse(Refusal refusal, Next next);
  // `next` says what is still unread of the request.
  Awaitable<Next> AnswerUnread(HttpResponse response, Next next);
  Awaitable<bool> Write(HttpResponse response, BodySource rest = nullptr);
  // What is behind the head of a body that has `rest`, part by part.
  Awaitable<bool> WriteParts(std::string first, BodySource rest);
  // False where it threw.
  bool AskForPart(const BodySource& rest);
  Awaitable<bool> WriteAll(std::string_view first, std::string_view second);
  // Asks who the caller is.
  Awaitable<std::optional<Refusal>> CheckCaller(Role needed);
  // Until Take() for the newest wait; false where the connection is to end instead.
  Awaitable<bool> WaitUntilTaken();

  Awaitable<Reading> ReadHeader();
  Awaitable<Reading> ReadBody(size_t bytes_max);
  Awaitable<Reading> ReadSized(uint64_t length);
  Awaitable<Reading> ReadChunked(size_t bytes_max);
  // 0: the peer has gone, or the deadline has passed.
  Awaitable<size_t> ReadSome(char* into, size_t bytes);
  Awaitable<Next> SkipBody();
  Awaitable<void> Linger();

  void Enter(Phase phase, std::chrono::seconds timeout);
  // A further 64 KiB moved: the deadline begins again.
  void CountProgress(size_t bytes, std::chrono::seconds timeout);
  Reading FailedRead() const { return expired_ ? Reading::kTimeout : Reading::kGone; }
  // Gives the number of a new wait.
  uint64_t BeginWait();
  std::shared_ptr<Session> Self() { return std::static_pointer_cast<Session>(shared_from_this()); }
  // What can be refused before the body is read, but for the caller.
  std::optional<Refusal> CheckHeader(const RouteTable::Match& match) const;
  Refusal RefusalOf(Reading reading, size_t body_bytes_max) const;
  // After an answer that comes before the body was read.
  Next NextWithoutBody() const;
  // False for want of memory.
  struct BodyRoom {
    size_t charged = 0;
    size_t reserved = 0;
    size_t most = 0;  // what the body can become
  };
  bool GrowBody(const BodyRoom& room);
  HttpResponse Error(int status, std::string_view message);
  void CallHandler(const RouteTable::Match& match);
  // Tells a handler that looks at it.
  void GiveUp();
  void CountHandlerError(std::string_view what);

  // Both are there while Run() runs; nothing touches them later.
  Worker& worker_;
  ServerShared& shared_;
  Stream stream_;
  std::string peer_;
  std::vector<std::string> certificate_names_;  // where logins are asked for
  Timer taken_;                                 // never expires; cancelled by Take()
  ReadBuffer buffer_;
  bool has_spoken_ = false;
  RequestParser parser_;

  Phase phase_ = Phase::kHandshake;
  SteadyTime deadline_ = SteadyTime::max();
  size_t progress_ = 0;
  bool expired_ = false;
  bool aborted_ = false;

  uint64_t wait_ = 0;  // its number; what comes for another one is late
  bool is_taken_ = false;

  // Of the request at hand:
  HttpRequest asked_;             // what ErrorWriter gets once the handler has the rest
  const Route* route_ = nullptr;  // once it is known
  std::string origin_;
  AccessDecision decision_;
  HttpResponse response_;
  BodySource rest_;  // of `response_`
  BodyPart part_;
  std::stop_source gone_{std::nostopstate};  // of a route that watches its peer
  bool is_head_ = false;
  bool keep_alive_ = false;
};

}  // namespace slowburn::net::internal
