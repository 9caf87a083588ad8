// net/internal/connection.h: what a server knows of a connection, whatever it speaks.
//
// Room     net/internal
// Uses     net/internal
// Threads  the virtual methods are called on the connection's worker; Use is thread-safe
// Units    none
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "net/internal/worker.h"

namespace slowburn::net::internal {

// How useful a connection has been; read by the listener when it needs room.
struct Use {
  enum class State : uint8_t {
    kOpen,
    kLeaving,  // chosen to make room; its worker has yet to abort it
    kClosed,   // set by Worker::Leave()
  };

  std::atomic<State> state{State::kOpen};
  std::atomic<int64_t> last_active_ns{0};  // steady clock: accepted, or a request ended
  std::atomic<uint32_t> requests_done{0};  // reached their handler and were answered
  std::atomic<uint32_t> requests_open{0};  // from the whole request to the end of the answer
};

// Owned by its own coroutines through shared_ptr (replies may outlive them).
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(std::shared_ptr<Use> use) : use_(std::move(use)) {}
  virtual ~Connection() = default;

  // Deadlines: looked at several times a second.
  virtual void Expire(SteadyTime now) = 0;
  // The server drains: ends now if it waits for a request.
  virtual void CloseIfIdle() = 0;
  // Ends at once. Harmless where it has ended.
  virtual void Abort() = 0;

  Use& use() { return *use_; }

 private:
  std::shared_ptr<Use> use_;  // Shared with the listener's table, which may look a moment later.
};

}  // namespace slowburn::net::internal
