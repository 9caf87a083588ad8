#include "storage/series/sealed_chunk.h"

#include <memory>

#include <zstd.h>

#include "base/status.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage {
namespace {

constexpr char kFormat = 1;
// The coding is any of these together.
constexpr uint8_t kZstd = 1;  // the block is compressed
constexpr uint8_t kBits = 2;  // there are bits beside it
constexpr int kLevel = 1;
// Below it compression costs more than it saves, as measured.
constexpr size_t kCompressBytesMin = 64;
// More than a block of the most and largest histograms comes to, at ten bytes a bucket; a chunk
// that claims more is no chunk.
constexpr uint64_t kBlockBytesMax = uint64_t{256} << 20;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

absl::Status Broken(std::string_view why) {
  return base::DataLoss("a chunk is broken ({}); restore it from a backup", why);
}

struct Opened {
  ChunkHeader header;
  bool is_compressed = false;
  uint64_t block_bytes = 0;
  std::string_view bits;
  std::string_view payload;
};

absl::StatusOr<Opened> ReadHead(std::string_view chunk) {
  internal::ByteReader in(chunk);
  Opened opened;
  if (in.Byte() != kFormat) return Broken("another format");
  const uint8_t coding = in.Byte();
  opened.header.samples = in.Varint();
  const uint64_t span = in.Varint();
  opened.header.span_ms = static_cast<int64_t>(span);
  opened.block_bytes = in.Varint();
  opened.is_compressed = (coding & kZstd) != 0;
  if ((coding & kBits) != 0) opened.bits = in.String();
  opened.payload = in.Rest();
  if (!in.ok() || coding > (kZstd | kBits) || opened.header.span_ms < 0 ||
      opened.block_bytes > kBlockBytesMax ||
      (!opened.is_compressed && opened.block_bytes != opened.payload.size())) {
    return Broken("a header that cannot be");
  }
  return opened;
}

ZSTD_CCtx* NewCompressor() {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel);
  return context;
}

// One frame; empty where it would not be smaller. zstd says anew for each of its blocks how often
// each byte is in it: one of them ends at each cut.
std::string Compress(std::string_view block, std::span<const size_t> cuts) {
  if (block.size() < kCompressBytesMin) return {};
  // One for each thread: to make one costs more than to use it.
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(NewCompressor());
  ZSTD_CCtx_reset(context.get(), ZSTD_reset_session_only);
  ZSTD_CCtx_setPledgedSrcSize(context.get(), block.size());
  std::string packed(ZSTD_compressBound(block.size()), '\0');
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  ZSTD_inBuffer in{block.data(), 0, 0};
  for (size_t part = 0; part <= cuts.size(); ++part) {
    const bool is_last = part == cuts.size();
    in.size = is_last ? block.size() : cuts[part];
    const size_t left =
        ZSTD_compressStream2(context.get(), &out, &in, is_last ? ZSTD_e_end : ZSTD_e_flush);
    if (left != 0) return {};  // an error, or there is no room, and so it is not smaller
  }
  packed.resize(out.pos < block.size() ? out.pos : 0);
  return packed;
}

}  // namespace

std::string SealChunk(const ChunkHeader& header, std::string_view block, std::string_view bits,
                      std::span<const size_t> cuts) {
  const std::string packed = Compress(block, cuts);
  const bool is_compressed = !packed.empty();
  std::string chunk(1, kFormat);
  chunk.push_back(static_cast<char>((is_compressed ? kZstd : 0) | (bits.empty() ? 0 : kBits)));
  internal::PutVarint(chunk, header.samples);
  internal::PutVarint(chunk, static_cast<uint64_t>(header.span_ms));
  internal::PutVarint(chunk, block.size());
  if (!bits.empty()) internal::PutString(chunk, bits);
  chunk.append(is_compressed ? std::string_view(packed) : block);
  return chunk;
}

absl::StatusOr<ChunkHeader> ReadChunkHeader(std::string_view chunk) {
  SB_ASSIGN_OR_RETURN(const Opened opened, ReadHead(chunk));
  return opened.header;
}

absl::StatusOr<OpenedChunk> OpenChunk(std::string_view chunk, std::string& scratch) {
  SB_ASSIGN_OR_RETURN(const Opened opened, ReadHead(chunk));
  if (!opened.is_compressed) return OpenedChunk{opened.payload, opened.bits};
  // The frame says its size itself: what the header claims is not made room for before that agrees.
  if (ZSTD_getFrameContentSize(opened.payload.data(), opened.payload.size()) !=
      opened.block_bytes) {
    return Broken("two sizes that differ");
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeCompressor> context(ZSTD_createDCtx());
  scratch.resize(opened.block_bytes);
  const size_t size = ZSTD_decompressDCtx(context.get(), scratch.data(), scratch.size(),
                                          opened.payload.data(), opened.payload.size());
  if (ZSTD_isError(size) != 0 || size != opened.block_bytes) return Broken("compressed bytes");
  return OpenedChunk{scratch, opened.bits};
}

}  // namespace slowburn::storage
