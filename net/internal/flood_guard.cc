#include "net/internal/flood_guard.h"

#include <algorithm>
#include <array>
#include <utility>

namespace slowburn::net::internal {
namespace {

// Resets: a client whose 100 calls run into their deadline, twice at once. Pings: gRPC's default
// server takes 2 without data in 5 minutes; we are kinder, as each costs 20 ns.
constexpr double kResetsBurst = 200;
constexpr double kResetsPerSecond = 50;
constexpr double kPingsBurst = 20;
constexpr double kPingsPerSecond = 2;
// gRPC changes its windows by SETTINGS as it learns of its path, at most with each ping.
constexpr double kSettingsBurst = 50;
constexpr double kSettingsPerSecond = 5;
// Mostly WINDOW_UPDATE. Clients send up to four for an answer (stream and connection, for its
// HEADERS and DATA), and two for each 4 KiB of a body (the least that Go's client waits for).
constexpr double kEmptyBurst = 1000;
constexpr double kEmptyPerSecond = 100;
constexpr double kEmptyPerRequest = 4;
constexpr double kBytesPerEmpty = 1024;
// As many as nghttp2 takes. 16 KiB of header fields, which is all that we do, need one.
constexpr size_t kContinuationsMax = 8;
// So much padding hides that a DATA frame has no data.
constexpr size_t kPaddingMax = 256;

constexpr std::array<std::string_view, kFloods> kNames = {
    "resets",       "pings",        "settings",      "continuations",
    "header_bytes", "empty_frames", "unread_answers"};

bool CarriesData(const nghttp2_frame_hd& frame) {
  const bool is_padded = (frame.flags & NGHTTP2_FLAG_PADDED) != 0;
  return frame.length > (is_padded ? kPaddingMax : 0);
}

std::optional<Flood> TakeOr(TokenBucket& bucket, Flood flood, TokenBucket::Time now) {
  if (bucket.Take(now)) return std::nullopt;
  return flood;
}

}  // namespace

std::string_view FloodName(Flood flood) { return kNames[static_cast<size_t>(flood)]; }

bool TokenBucket::Take(Time now) {
  const double seconds = std::chrono::duration<double>(now - filled_).count();
  filled_ = now;
  if (tokens_ < burst_) tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

FloodGuard::FloodGuard(size_t block_bytes_max, Time now)
    : block_bytes_max_(block_bytes_max),
      resets_(kResetsBurst, kResetsPerSecond, now),
      pings_(kPingsBurst, kPingsPerSecond, now),
      settings_(kSettingsBurst, kSettingsPerSecond, now),
      empty_(kEmptyBurst, kEmptyPerSecond, now) {}

std::optional<Flood> FloodGuard::Received(const nghttp2_frame_hd& frame, Time now) {
  switch (frame.type) {
    case NGHTTP2_DATA:
      is_ping_due_ = true;
      if (CarriesData(frame) || (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0) return std::nullopt;
      break;
    case NGHTTP2_HEADERS:
      return ReceivedHeaders(frame);
    case NGHTTP2_CONTINUATION:
      return ReceivedContinuation(frame, now);
    case NGHTTP2_RST_STREAM:
      return TakeOr(resets_, Flood::kResets, now);
    case NGHTTP2_SETTINGS:
      return TakeOr(settings_, Flood::kSettings, now);
    case NGHTTP2_PING:
      if (std::exchange(is_ping_due_, false)) return std::nullopt;
      return TakeOr(pings_, Flood::kPings, now);
    default:  // PRIORITY, WINDOW_UPDATE, and what nobody knows.
      break;
  }
  return TakeOr(empty_, Flood::kEmptyFrames, now);
}

std::optional<Flood> FloodGuard::SentReset(Time now) {
  return TakeOr(resets_, Flood::kResets, now);
}

void FloodGuard::SentData(size_t bytes) {
  is_ping_due_ = true;
  empty_.Add(static_cast<double>(bytes) / kBytesPerEmpty);
}

std::optional<Flood> FloodGuard::ReceivedHeaders(const nghttp2_frame_hd& frame) {
  is_ping_due_ = true;
  empty_.Add(kEmptyPerRequest);
  continuations_ = 0;
  block_bytes_ = frame.length;
  if (block_bytes_ > block_bytes_max_) return Flood::kHeaderBytes;
  return std::nullopt;
}

std::optional<Flood> FloodGuard::ReceivedContinuation(const nghttp2_frame_hd& frame, Time now) {
  if (++continuations_ > kContinuationsMax) return Flood::kContinuations;
  block_bytes_ += frame.length;
  if (block_bytes_ > block_bytes_max_) return Flood::kHeaderBytes;
  if (frame.length > 0) return std::nullopt;
  return TakeOr(empty_, Flood::kEmptyFrames, now);
}

}  // namespace slowburn::net::internal
