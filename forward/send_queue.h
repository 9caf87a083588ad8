// forward/send_queue.h: what waits for one downstream.
//
// Room     forward
// Uses     model/
// Threads  thread-safe
// Units    bytes, items (spans, log records, data points)
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/signal.h"

namespace slowburn::forward {

struct Payload {
  // Shared: one request goes to several downstreams and is never changed.
  std::shared_ptr<const std::string> bytes;
  model::Signal signal = model::Signal::kTraces;
  uint32_t items = 0;
  std::chrono::steady_clock::time_point enqueued_at{};
};

// The seam between routing and sending: memory today; a queue that survives a restart has the same
// face.
class SendQueue {
 public:
  virtual ~SendQueue() = default;
  // Takes the payload. Full: the oldest waiting ones are dropped for it, and returned; or the
  // payload itself, if it does not fit.
  virtual std::vector<Payload> Push(Payload payload) = 0;
  // The oldest payload, or nothing at `deadline` or after Close. It counts as pending until Done.
  virtual std::optional<Payload> Pop(std::chrono::steady_clock::time_point deadline) = 0;
  // The popped payload is delivered or given up.
  virtual void Done(const Payload& payload) = 0;
  // Wakes every Pop; Push takes nothing more.
  virtual void Close() = 0;

  virtual uint64_t pending_items() const = 0;
  virtual uint64_t pending_bytes() const = 0;
};

// Bounded in bytes; lost when the process ends.
std::unique_ptr<SendQueue> MakeMemoryQueue(size_t bytes_max);

}  // namespace slowburn::forward
