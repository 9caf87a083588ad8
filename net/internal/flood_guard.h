// net/internal/flood_guard.h: how many frames that cost us more than their sender one HTTP/2
// connection may send.
//
// Room     net/internal
// Uses     nghttp2 (its names for frames)
// Threads  one thread at a time
// Units    frames, bytes; time is an argument
// Source   RFC 9113, section 10.5; CVE-2019-9511 to 9518, CVE-2023-44487 (rapid reset),
// CVE-2024-27316
//          (CONTINUATION), CVE-2025-8671 (resets that the server is made to send)
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <nghttp2/nghttp2.h>

namespace slowburn::net::internal {

enum class Flood : uint8_t {
  kResets,         // streams that were reset, by either side
  kPings,          // without requests or answers between them
  kSettings,       // SETTINGS
  kContinuations,  // CONTINUATION frames of one header block
  kHeaderBytes,    // of one header block, far beyond what is answered 431
  kEmptyFrames,    // frames that carry nothing
  kUnreadAnswers,  // acknowledgements that the client asks for and does not read
};
inline constexpr size_t kFloods = 7;
std::string_view FloodName(Flood flood);

// A header that is too large is answered 431; what is this many times too large is a flood.
inline constexpr size_t kHeaderFloodFactor = 4;

// `burst` at once, `per_second` over time.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  TokenBucket(double burst, double per_second, Time now)
      : burst_(burst), per_second_(per_second), tokens_(burst), filled_(now) {}

  // False where none is left.
  bool Take(Time now);
  // Earned ones go beyond the burst.
  void Add(double tokens) { tokens_ += tokens; }

 private:
  const double burst_;
  const double per_second_;
  double tokens_;
  Time filled_;
};

class FloodGuard {
 public:
  using Time = TokenBucket::Time;

  // A compressed header block of more than `block_bytes_max` is a flood.
  FloodGuard(size_t block_bytes_max, Time now);

  // Each tells of what there was too much, if so: then the connection is to be ended.
  // A frame came.
  std::optional<Flood> Received(const nghttp2_frame_hd& frame, Time now);
  // We reset a stream for what its client did.
  std::optional<Flood> SentReset(Time now);

  // Bytes of an answer's body were sent: its reader may tell of its window, and measure its path.
  void SentData(size_t bytes);

 private:
  std::optional<Flood> ReceivedHeaders(const nghttp2_frame_hd& frame);
  std::optional<Flood> ReceivedContinuation(const nghttp2_frame_hd& frame, Time now);

  const size_t block_bytes_max_;
  TokenBucket resets_;
  TokenBucket pings_;
  TokenBucket settings_;
  TokenBucket empty_;
  bool is_ping_due_ = false;  // DATA or HEADERS went either way since the last PING
  // Of the header block at hand:
  size_t continuations_ = 0;
  size_t block_bytes_ = 0;
};

}  // namespace slowburn::net::internal
