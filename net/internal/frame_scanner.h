// net/internal/frame_scanner.h: where the frames of an HTTP/2 connection begin, seen from its bytes
// alone.
//
// Room     net/internal
// Uses     nghttp2 (its names for frames)
// Threads  one thread at a time
// Units    bytes
// Source   RFC 9113, sections 3.4, 4.1 and 4.3
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <nghttp2/nghttp2.h>

namespace slowburn::net::internal {

// Looks at what a client sends before nghttp2 does, which is silent about CONTINUATION frames and
// about all that it ignores: a flood of those would go unseen.
class FrameScanner {
 public:
  // The header of the next frame that begins in `bytes`, which loses what was read. Nothing once
  // all of it was, or the client's preface is wrong.
  std::optional<nghttp2_frame_hd> Next(std::string_view& bytes);

  bool is_http2() const { return !is_wrong_; }
  bool has_preface() const { return !in_preface_; }
  // No frame and no header block has begun and not ended; the preface is there.
  bool is_between() const { return left_ == 0 && header_bytes_ == 0 && !in_block_; }
  // In the payload of a DATA frame.
  bool in_data() const { return !in_preface_ && left_ > 0 && type_ == NGHTTP2_DATA; }
  // Of headers; a frame that continues a header block does not count.
  uint64_t frames() const { return frames_; }

 private:
  // False where the preface is wrong.
  bool SkipPreface(std::string_view& bytes);

  static constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  size_t left_ = kPreface.size();  // of the preface, then of a frame's payload
  std::array<uint8_t, 9> header_{};
  size_t header_bytes_ = 0;
  uint64_t frames_ = 0;
  uint8_t type_ = 0;
  bool in_preface_ = true;
  bool in_block_ = false;
  bool is_wrong_ = false;
};

}  // namespace slowburn::net::internal
