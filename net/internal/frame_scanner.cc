#include "net/internal/frame_scanner.h"

#include <algorithm>

namespace slowburn::net::internal {
namespace {

// Nine bytes: length (24 bits), type, flags, stream (31 bits).
nghttp2_frame_hd Parse(const std::array<uint8_t, 9>& bytes) {
  const auto big_endian = [&bytes](size_t at, size_t count) {
    uint32_t value = 0;
    for (size_t i = at; i < at + count; ++i) value = value << 8 | bytes[i];
    return value;
  };
  nghttp2_frame_hd header{};
  header.length = big_endian(0, 3);
  header.type = bytes[3];
  header.flags = bytes[4];
  header.stream_id = static_cast<int32_t>(big_endian(5, 4) & 0x7fffffff);
  return header;
}

}  // namespace

std::optional<nghttp2_frame_hd> FrameScanner::Next(std::string_view& bytes) {
  if (in_preface_ && !SkipPreface(bytes)) return std::nullopt;
  const size_t skipped = std::min(left_, bytes.size());
  bytes.remove_prefix(skipped);
  left_ -= skipped;
  const size_t taken = std::min(header_.size() - header_bytes_, bytes.size());
  if (taken == 0) return std::nullopt;
  std::copy_n(bytes.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
  bytes.remove_prefix(taken);
  header_bytes_ += taken;
  if (header_bytes_ < header_.size()) return std::nullopt;

  const nghttp2_frame_hd header = Parse(header_);
  header_bytes_ = 0;
  left_ = header.length;
  type_ = header.type;
  if (header.type == NGHTTP2_HEADERS || header.type == NGHTTP2_CONTINUATION) {
    in_block_ = (header.flags & NGHTTP2_FLAG_END_HEADERS) == 0;
  }
  if (header.type != NGHTTP2_CONTINUATION) ++frames_;
  return header;
}

bool FrameScanner::SkipPreface(std::string_view& bytes) {
  const size_t compared = std::min(left_, bytes.size());
  is_wrong_ =
      is_wrong_ || kPreface.substr(kPreface.size() - left_, compared) != bytes.substr(0, compared);
  if (is_wrong_) return false;
  bytes.remove_prefix(compared);
  left_ -= compared;
  in_preface_ = left_ > 0;
  return !in_preface_;
}

}  // namespace slowburn::net::internal
