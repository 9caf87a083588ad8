#include "net/gzip.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

#include <libdeflate.h>

#include "base/status.h"

namespace slowburn::net {
namespace {

// libdeflate wants room for a whole member before it begins, and starts over when there was too
// little. The trailer of an honest single member says how much; it is believed up to kTrustedRatio
// times the bytes that really came, and from there the room doubles, so that no memory is taken
// that a liar did not nearly pay for.

constexpr size_t kTrustedRatio =
    16;  // OTLP compresses 5 to 15 times: one pass for what clients send.
constexpr size_t kRoomMin = 4096;
constexpr size_t kTrailerBytes = 8;     // CRC32 and ISIZE
constexpr size_t kMembersMax = 65'536;  // An empty member is 20 bytes and costs a microsecond.

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};

libdeflate_decompressor* ThreadDecompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  return decompressor.get();
}

libdeflate_compressor* ThreadCompressor() {
  thread_local const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(1));
  if (compressor == nullptr) throw std::bad_alloc();  // As the string beside it would.
  return compressor.get();
}

size_t FirstGuess(std::string_view compressed, size_t bytes_max) {
  size_t claimed = 0;
  if (compressed.size() >= kTrailerBytes) {
    for (size_t i = 1; i <= 4; ++i) {
      claimed = claimed << 8 | static_cast<uint8_t>(compressed[compressed.size() - i]);
    }
  }
  const size_t guess = std::clamp(claimed, kRoomMin, kTrustedRatio * compressed.size() + kRoomMin);
  return std::min(guess, bytes_max);
}

// Makes `out` `bytes` long and keeps its first `keep`. A string that grows by itself would double
// past the cap.
void SetRoom(std::string& out, size_t keep, size_t bytes) {
  if (bytes <= out.capacity()) {
    out.resize(bytes);
    return;
  }
  const std::string kept = out.substr(0, keep);
  std::string().swap(out);
  out.reserve(bytes);
  out = kept;
  out.resize(bytes);
}

absl::Status Gunzip(std::string_view compressed, size_t bytes_max, std::string& out,
                    size_t& written) {
  libdeflate_decompressor* const decompressor = ThreadDecompressor();
  if (decompressor == nullptr) return absl::ResourceExhaustedError("no memory to decompress");
  const size_t guess = FirstGuess(compressed, bytes_max);
  // What an earlier call left is room already: no filling with zeros.
  if (out.size() < guess || out.size() > bytes_max) SetRoom(out, 0, guess);
  size_t at = 0;
  for (size_t members = 0; members == 0 || at < compressed.size();) {
    size_t used = 0;
    size_t produced = 0;
    const libdeflate_result result =
        libdeflate_gzip_decompress_ex(decompressor, compressed.data() + at, compressed.size() - at,
                                      out.data() + written, out.size() - written, &used, &produced);
    if (result == LIBDEFLATE_SUCCESS) {
      at += used;
      written += produced;
      if (++members > kMembersMax) {
        return base::InvalidArgument("more than {} gzip members; compress as one", kMembersMax);
      }
    } else if (result == LIBDEFLATE_INSUFFICIENT_SPACE && out.size() < bytes_max) {
      const size_t more = std::max({2 * out.size(), out.capacity(), kRoomMin});
      SetRoom(out, written, std::min(more, bytes_max));
    } else if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      return absl::ResourceExhaustedError(
          fmt::format("{} bytes of gzip hold more than {} bytes; send smaller requests",
                      compressed.size(), bytes_max));
    } else {
      return base::InvalidArgument(
          "the {} bytes from offset {} are not a whole gzip member; send them compressed again",
          compressed.size() - at, at);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GunzipTo(std::string_view compressed, size_t bytes_max, std::string& out) {
  size_t written = 0;
  const absl::Status status = Gunzip(compressed, bytes_max, out, written);
  out.resize(status.ok() ? written : 0);
  return status;
}

std::string Gzip(std::string_view content) {
  libdeflate_compressor* const compressor = ThreadCompressor();
  std::string out;
  out.resize(libdeflate_gzip_compress_bound(compressor, content.size()));
  out.resize(
      libdeflate_gzip_compress(compressor, content.data(), content.size(), out.data(), out.size()));
  return out;
}

}  // namespace slowburn::net
