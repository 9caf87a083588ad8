#include "net/internal/zstd_frame.h"

#include <algorithm>

namespace slowburn::net::internal {
namespace {

constexpr uint64_t kMagic = 0xfd2fb528;
constexpr uint64_t kSkippableMagic = 0x184d2a5;  // and any last digit
constexpr size_t kMagicBytes = 4;
constexpr size_t kSkippableHeaderBytes = 8;
constexpr size_t kBlockHeaderBytes = 3;
constexpr uint64_t kBlockBytesMax = 128 << 10;

uint64_t LittleEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = bytes.size(); i > 0; --i) {
    number = number << 8 | static_cast<uint8_t>(bytes[i - 1]);
  }
  return number;
}

uint64_t WindowBytes(uint8_t descriptor) {
  const uint64_t base = uint64_t{1} << (10 + (descriptor >> 3));
  return base + base / 8 * (descriptor & 7);
}

uint64_t BlocksHoldMax(std::string_view blocks, uint64_t block_bytes_max) {
  constexpr uint64_t kRunLength = 1;
  constexpr uint64_t kCompressed = 2;
  uint64_t held = 0;
  while (blocks.size() >= kBlockHeaderBytes) {
    const uint64_t header = LittleEndian(blocks.substr(0, kBlockHeaderBytes));
    const bool is_last = (header & 1) != 0;
    const uint64_t type = header >> 1 & 3;
    const uint64_t size = header >> 3;
    held += type == kCompressed ? block_bytes_max : size;
    const uint64_t bytes = kBlockHeaderBytes + (type == kRunLength ? 1 : size);
    if (is_last || bytes > blocks.size()) break;
    blocks.remove_prefix(bytes);
  }
  return held;
}

}  // namespace

std::optional<ZstdHeader> ReadZstdHeader(std::string_view frame) {
  constexpr size_t kContentBytes[] = {0, 2, 4, 8};
  constexpr size_t kDictionaryIdBytes[] = {0, 1, 2, 4};
  constexpr size_t kDescriptorAt = kMagicBytes;
  constexpr size_t kWindowAt = kDescriptorAt + 1;
  if (frame.size() <= kDescriptorAt || LittleEndian(frame.substr(0, kMagicBytes)) != kMagic) {
    return std::nullopt;
  }
  const auto descriptor = static_cast<uint8_t>(frame[kDescriptorAt]);
  const bool is_single_segment = (descriptor & 0x20) != 0;
  const size_t content_flag = descriptor >> 6;
  const size_t content_bytes =
      content_flag == 0 && is_single_segment ? 1 : kContentBytes[content_flag];
  const size_t content_at =
      kWindowAt + (is_single_segment ? 0 : 1) + kDictionaryIdBytes[descriptor & 3];
  ZstdHeader header;
  header.bytes = content_at + content_bytes;
  if (frame.size() < header.bytes) return std::nullopt;
  if (content_bytes > 0) {
    const uint64_t stored = LittleEndian(frame.substr(content_at, content_bytes));
    header.content = content_bytes == 2 ? stored + 256 : stored;
  }
  header.window =
      is_single_segment ? *header.content : WindowBytes(static_cast<uint8_t>(frame[kWindowAt]));
  return header;
}

uint64_t ZstdFrameHoldsMax(std::string_view frame) {
  const std::optional<ZstdHeader> header = ReadZstdHeader(frame);
  if (!header) return 0;
  if (header->content) return *header->content;
  return BlocksHoldMax(frame.substr(header->bytes), std::min(header->window, kBlockBytesMax));
}

std::optional<size_t> SkippableZstdBytes(std::string_view bytes) {
  size_t at = 0;
  while (bytes.size() - at >= kMagicBytes &&
         LittleEndian(bytes.substr(at, kMagicBytes)) >> 4 == kSkippableMagic) {
    if (bytes.size() - at < kSkippableHeaderBytes) return std::nullopt;
    const uint64_t frame_bytes =
        kSkippableHeaderBytes + LittleEndian(bytes.substr(at + kMagicBytes, 4));
    if (bytes.size() - at < frame_bytes) return std::nullopt;
    at += frame_bytes;
  }
  return at;
}

}  // namespace slowburn::net::internal
