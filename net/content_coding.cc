#include "net/content_coding.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <libdeflate.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/status.h"
#include "net/internal/zstd_frame.h"

namespace slowburn::net {
namespace {

// A body is one or more parts that stand alone: gzip's members, zstd's frames, the one stream of
// deflate. All bytes of a part are there before it is opened, so it is opened in one go, straight
// into `out`: neither libdeflate nor zstd then keeps a window beside it. A part that finds too
// little room starts over in twice as much, which costs at most as much again as the last try.
//
// The first room is what the part says it holds, if that is at most kTrustedRatio times the bytes
// that came: a liar pays for the memory as if he had sent real content.

constexpr size_t kTrustedRatio = 32;    // Telemetry reaches 20: one pass for what clients send.
constexpr size_t kUnknownRatio = 8;     // OTLP compresses 5 to 15 times, where a part does not say.
constexpr size_t kRoomMin = 4096;       // from a second try on
constexpr size_t kRatioFree = 1 << 20;  // ratio_max begins here
constexpr size_t kPartsMax = 65'536;    // An empty one is 9 to 20 bytes and costs up to 1 us.
constexpr uint64_t kWindowBytesMax = 8 << 20;  // RFC 9659; windowLog 23

enum class Step { kDone, kNoRoom, kBroken, kWindowTooLarge };

struct Opened {
  Step step = Step::kBroken;
  size_t used = 0;
  size_t produced = 0;
};

// How one coding is opened. `rest` begins with a part.
struct Format {
  std::string_view coding;
  std::string_view part;
  bool has_several = true;
  // What the part says it holds, or may hold at most.
  uint64_t (*claimed)(std::string_view rest);
  Opened (*open)(std::string_view rest, char* into, size_t room);
};

struct FreeContext {
  void operator()(libdeflate_decompressor* c) const { libdeflate_free_decompressor(c); }
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  void operator()(ZSTD_DCtx* c) const { ZSTD_freeDCtx(c); }
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
};

template <typename Context>
using Owned = std::unique_ptr<Context, FreeContext>;

template <typename Context>
Context* NotNull(const Owned<Context>& context) {
  if (context == nullptr) throw std::bad_alloc();  // As the string beside it would.
  return context.get();
}

// A thread keeps its contexts. None grows with what it works on: the largest is that which writes
// zstd, 583 KB at most at level 1; the one that opens it has 96 KB.

libdeflate_decompressor* Inflater() {
  thread_local const Owned<libdeflate_decompressor> context(libdeflate_alloc_decompressor());
  return NotNull(context);
}

ZSTD_DCtx* ZstdInflater() {
  thread_local const Owned<ZSTD_DCtx> context(ZSTD_createDCtx());
  return NotNull(context);
}

libdeflate_compressor* Deflater() {
  thread_local const Owned<libdeflate_compressor> context(libdeflate_alloc_compressor(1));
  return NotNull(context);
}

ZSTD_CCtx* ZstdDeflater() {
  thread_local const Owned<ZSTD_CCtx> context(ZSTD_createCCtx());
  return NotNull(context);
}

Opened FromLibdeflate(libdeflate_result result, size_t used, size_t produced) {
  if (result == LIBDEFLATE_SUCCESS) return {Step::kDone, used, produced};
  return {result == LIBDEFLATE_INSUFFICIENT_SPACE ? Step::kNoRoom : Step::kBroken};
}

// The trailer of the last member: ISIZE.
uint64_t GzipClaimed(std::string_view rest) {
  uint64_t claimed = 0;
  for (size_t i = 1; i <= 4 && i <= rest.size(); ++i) {
    claimed = claimed << 8 | static_cast<uint8_t>(rest[rest.size() - i]);
  }
  return claimed;
}

Opened OpenGzip(std::string_view rest, char* into, size_t room) {
  size_t used = 0;
  size_t produced = 0;
  const libdeflate_result result = libdeflate_gzip_decompress_ex(
      Inflater(), rest.data(), rest.size(), into, room, &used, &produced);
  return FromLibdeflate(result, used, produced);
}

uint64_t DeflateClaimed(std::string_view rest) { return kUnknownRatio * rest.size(); }

// RFC 1950, section 2.2. As raw deflate such bytes would be a stored block with bits set in its
// padding, which nobody writes: what looks like zlib's format is.
bool IsZlib(std::string_view rest) {
  if (rest.size() < 2 || (rest[0] & 0x0f) != 8) return false;
  return (static_cast<uint8_t>(rest[0]) * 256 + static_cast<uint8_t>(rest[1])) % 31 == 0;
}

Opened OpenDeflate(std::string_view rest, char* into, size_t room) {
  size_t used = 0;
  size_t produced = 0;
  const auto open = IsZlib(rest) ? libdeflate_zlib_decompress_ex : libdeflate_deflate_decompress_ex;
  const libdeflate_result result =
      open(Inflater(), rest.data(), rest.size(), into, room, &used, &produced);
  return FromLibdeflate(result, used, produced);
}

Opened OpenZstd(std::string_view rest, char* into, size_t room) {
  // A run of skippable frames counts as one part: millions cost nothing but to step over.
  const std::optional<size_t> skippable = internal::SkippableZstdBytes(rest);
  if (!skippable) return {Step::kBroken};
  if (*skippable > 0) return {Step::kDone, *skippable, 0};
  const std::optional<internal::ZstdHeader> header = internal::ReadZstdHeader(rest);
  if (!header) return {Step::kBroken};
  if (header->window > kWindowBytesMax) return {Step::kWindowTooLarge};
  const size_t frame_bytes = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
  if (ZSTD_isError(frame_bytes) != 0) return {Step::kBroken};
  const size_t produced = ZSTD_decompressDCtx(ZstdInflater(), into, room, rest.data(), frame_bytes);
  if (ZSTD_isError(produced) == 0) return {Step::kDone, frame_bytes, produced};
  const bool is_small = ZSTD_getErrorCode(produced) == ZSTD_error_dstSize_tooSmall;
  return {is_small ? Step::kNoRoom : Step::kBroken};
}

constexpr Format kGzipFormat{"gzip", "gzip member", true, GzipClaimed, OpenGzip};
constexpr Format kDeflateFormat{"deflate", "deflate stream", false, DeflateClaimed, OpenDeflate};
constexpr Format kZstdFormat{"zstd", "zstd frame", true, internal::ZstdFrameHoldsMax, OpenZstd};

// The content so far, and the memory for it.
class Output {
 public:
  Output(size_t bytes_max, base::MemoryLease& lease, std::string& out)
      : bytes_max_(bytes_max), lease_(lease), charged_before_(lease.bytes()), out_(out) {}

  // Room for `bytes` in all, or for bytes_max. False when the lease cannot grow so far.
  bool Reserve(size_t bytes);
  bool Double() { return Reserve(std::max(2 * room_, kRoomMin)); }
  void Wrote(size_t bytes) { written_ += bytes; }

  char* end() { return out_.data() + written_; }
  size_t left() const { return room_ - written_; }
  size_t room() const { return room_; }
  size_t written() const { return written_; }
  bool at_maximum() const { return room_ == bytes_max_; }

  void Finish() { out_.resize(written_); }
  void Abandon() {
    std::string().swap(out_);
    lease_.ShrinkTo(charged_before_);
  }

 private:
  const size_t bytes_max_;
  base::MemoryLease& lease_;
  const uint64_t charged_before_;
  // At least room_ long; what an earlier call left in it is room that needs no filling with zeros.
  std::string& out_;
  size_t room_ = 0;
  size_t written_ = 0;
};

bool Output::Reserve(size_t bytes) {
  bytes = std::min(bytes, bytes_max_);
  if (bytes <= room_) return true;
  const uint64_t charge = charged_before_ + bytes;
  const size_t padded = bytes + HttpRequest::kBodyPadding;
  if (padded <= out_.capacity()) {
    if (!lease_.GrowTo(charge)) return false;
  } else {
    if (written_ == 0) std::string().swap(out_);
    // While what is written moves, both are held. A string that grew by itself would double, past
    // the maximum too.
    if (!lease_.GrowTo(written_ == 0 ? charge : charge + room_)) return false;
    std::string grown;
    grown.reserve(padded);
    grown.append(out_, 0, written_);
    out_ = std::move(grown);
    lease_.ShrinkTo(charge);
  }
  if (out_.size() < bytes) out_.resize(bytes);
  room_ = bytes;
  return true;
}

// How much may come out, and which limit says so.
struct Maximum {
  size_t bytes = 0;
  size_t ratio = 0;  // 0: bytes_max does
};

Maximum MaximumOf(size_t compressed_bytes, const DecodeLimits& limits) {
  if (limits.ratio_max > 0 && compressed_bytes > limits.bytes_max / limits.ratio_max) {
    return {limits.bytes_max};
  }
  const size_t by_ratio = std::max(kRatioFree, limits.ratio_max * compressed_bytes);
  if (by_ratio >= limits.bytes_max) return {limits.bytes_max};
  return {by_ratio, limits.ratio_max};
}

absl::Status TooLarge(std::string_view coding, size_t compressed_bytes, const Maximum& maximum) {
  if (maximum.ratio > 0) {
    return absl::ResourceExhaustedError(fmt::format(
        "{} bytes of {} hold more than {} bytes, over {} times as many (ratio_max); send "
        "what compresses so well uncompressed",
        compressed_bytes, coding, maximum.bytes, maximum.ratio));
  }
  return absl::ResourceExhaustedError(
      fmt::format("{} bytes of {} hold more than {} bytes (bytes_max); send smaller requests",
                  compressed_bytes, coding, maximum.bytes));
}

absl::Status NoMemory(std::string_view coding, size_t compressed_bytes) {
  return base::Unavailable(
      "the memory for requests does not suffice to open {} bytes of {} now; send them again later",
      compressed_bytes, coding);
}

absl::Status OpenParts(const Format& format, std::string_view compressed, const Maximum& maximum,
                       Output& output) {
  const size_t trusted = std::max(kTrustedRatio * compressed.size(), kRoomMin);
  size_t parts = 0;
  for (size_t at = 0; parts == 0 || at < compressed.size(); ++parts) {
    if (parts == (format.has_several ? kPartsMax : 1)) {
      if (!format.has_several) {
        return base::InvalidArgument("{} bytes follow the {}; send it alone",
                                     compressed.size() - at, format.part);
      }
      return absl::ResourceExhaustedError(fmt::format(
          "more than {} {}s in one request; compress it as one", kPartsMax, format.part));
    }
    const std::string_view rest = compressed.substr(at);
    const size_t want = output.written() + std::min<uint64_t>(format.claimed(rest), trusted);
    // By doubling, or many small parts would move what is there again and again.
    if (want > output.room() && !output.Reserve(std::max(want, 2 * output.room()))) {
      return NoMemory(format.coding, compressed.size());
    }
    Opened opened = format.open(rest, output.end(), output.left());
    while (opened.step == Step::kNoRoom && !output.at_maximum()) {
      if (!output.Double()) return NoMemory(format.coding, compressed.size());
      opened = format.open(rest, output.end(), output.left());
    }
    switch (opened.step) {
      case Step::kDone:
        break;
      case Step::kNoRoom:
        return TooLarge(format.coding, compressed.size(), maximum);
      case Step::kWindowTooLarge:
        return absl::ResourceExhaustedError(
            fmt::format("the {} at offset {} wants a window of more than {} bytes; compress with a "
                        "smaller window (RFC 9659)",
                        format.part, at, kWindowBytesMax));
      case Step::kBroken:
        return base::InvalidArgument(
            "the {} bytes from offset {} are not a whole {}; send them compressed again",
            rest.size(), at, format.part);
    }
    output.Wrote(opened.produced);
    at += opened.used;
  }
  return absl::OkStatus();
}

absl::Status Copy(std::string_view content, const Maximum& maximum, Output& output) {
  if (content.size() > maximum.bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("{} bytes are more than {} (bytes_max); send smaller requests", content.size(),
                    maximum.bytes));
  }
  if (!output.Reserve(content.size())) return NoMemory("content", content.size());
  content.copy(output.end(), content.size());
  output.Wrote(content.size());
  return absl::OkStatus();
}

absl::Status Decode(ContentCoding coding, std::string_view compressed, const Maximum& maximum,
                    Output& output) {
  switch (coding) {
    case ContentCoding::kIdentity:
      return Copy(compressed, maximum, output);
    case ContentCoding::kGzip:
      return OpenParts(kGzipFormat, compressed, maximum, output);
    case ContentCoding::kDeflate:
      return OpenParts(kDeflateFormat, compressed, maximum, output);
    case ContentCoding::kZstd:
      return OpenParts(kZstdFormat, compressed, maximum, output);
  }
  return base::Internal("content coding {} is unknown", static_cast<int>(coding));
}

template <typename Bound, typename Compress>
std::string Deflated(std::string_view content, Bound bound, Compress compress) {
  libdeflate_compressor* const deflater = Deflater();
  std::string out(bound(deflater, content.size()), '\0');
  out.resize(compress(deflater, content.data(), content.size(), out.data(), out.size()));
  return out;
}

std::string Zstd(std::string_view content) {
  ZSTD_CCtx* const deflater = ZstdDeflater();
  ZSTD_CCtx_setParameter(deflater, ZSTD_c_compressionLevel, 1);
  ZSTD_CCtx_setParameter(deflater, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(content.size()), '\0');
  const size_t bytes =
      ZSTD_compress2(deflater, out.data(), out.size(), content.data(), content.size());
  if (ZSTD_isError(bytes) != 0) throw std::bad_alloc();  // There is room: nothing else can fail.
  out.resize(bytes);
  return out;
}

}  // namespace

std::optional<ContentCoding> ParseContentCoding(std::string_view token) {
  constexpr std::pair<std::string_view, ContentCoding> kTokens[] = {
      {"", ContentCoding::kIdentity},       {"identity", ContentCoding::kIdentity},
      {"gzip", ContentCoding::kGzip},       {"x-gzip", ContentCoding::kGzip},
      {"deflate", ContentCoding::kDeflate}, {"zstd", ContentCoding::kZstd},
  };
  for (const auto& [name, coding] : kTokens) {
    if (std::ranges::equal(token, name, {}, [](char c) {
          return absl::ascii_tolower(static_cast<unsigned char>(c));
        })) {
      return coding;
    }
  }
  return std::nullopt;
}

std::string ContentEncodingOf(const std::vector<HttpHeader>& headers) {
  std::string list;
  for (const HttpHeader& header : headers) {
    if (!absl::EqualsIgnoreCase({header.name.data(), header.name.size()}, "content-encoding"))
      continue;
    if (!list.empty()) list += ", ";
    list += header.value;
  }
  return list;
}

std::optional<ContentCoding> ParseContentCodings(std::string_view list) {
  constexpr std::string_view kSpace = " \t";
  auto found = ContentCoding::kIdentity;
  while (!list.empty()) {
    std::string_view element = list.substr(0, list.find(','));
    list.remove_prefix(std::min(element.size() + 1, list.size()));
    element.remove_prefix(std::min(element.find_first_not_of(kSpace), element.size()));
    element = element.substr(0, element.find_last_not_of(kSpace) + 1);
    const std::optional<ContentCoding> coding = ParseContentCoding(element);
    if (!coding.has_value()) return std::nullopt;
    if (*coding == ContentCoding::kIdentity) continue;
    if (found != ContentCoding::kIdentity) return std::nullopt;
    found = *coding;
  }
  return found;
}

std::string_view ContentCodingName(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kIdentity:
      return "identity";
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kDeflate:
      return "deflate";
    case ContentCoding::kZstd:
      return "zstd";
  }
  return "unknown";
}

absl::Status DecodeContent(ContentCoding coding, std::string_view compressed,
                           const DecodeLimits& limits, base::MemoryLease& lease, std::string& out) {
  const Maximum maximum = coding == ContentCoding::kIdentity ? Maximum{limits.bytes_max}
                                                             : MaximumOf(compressed.size(), limits);
  Output output(maximum.bytes, lease, out);
  absl::Status status = Decode(coding, compressed, maximum, output);
  if (status.ok()) {
    output.Finish();
  } else {
    output.Abandon();
  }
  return status;
}

std::string EncodeContent(ContentCoding coding, std::string_view content) {
  switch (coding) {
    case ContentCoding::kGzip:
      return Deflated(content, libdeflate_gzip_compress_bound, libdeflate_gzip_compress);
    case ContentCoding::kDeflate:
      return Deflated(content, libdeflate_zlib_compress_bound, libdeflate_zlib_compress);
    case ContentCoding::kZstd:
      return Zstd(content);
    case ContentCoding::kIdentity:
      break;
  }
  return std::string(content);
}

}  // namespace slowburn::net
