// Goal: content comes out whole or not at all, bombs cost no more memory than the limits and the
// budget allow, and whatever the bytes are there is an answer. Method: rows of bytes for each
// coding, against limits; all cuts of a small body; bytes flipped under a seed.
#include "net/content_coding.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>
#include <zstd.h>

#include "base/status.h"
#include "net/http_message.h"

namespace slowburn::net {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr ContentCoding kGzip = ContentCoding::kGzip;
constexpr ContentCoding kDeflate = ContentCoding::kDeflate;
constexpr ContentCoding kZstd = ContentCoding::kZstd;
constexpr ContentCoding kCompressed[] = {kGzip, kDeflate, kZstd};

constexpr size_t kCap = 1 << 20;
constexpr size_t kPage = 4096;
const std::string kText = "the budget is spent";

std::string Gzip(std::string_view content) { return EncodeContent(kGzip, content); }
std::string Deflate(std::string_view content) { return EncodeContent(kDeflate, content); }
std::string Zstd(std::string_view content) { return EncodeContent(kZstd, content); }

std::string Noise(size_t bytes) {
  std::mt19937 random(42);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

// Compresses about five times, as telemetry does.
std::string Words(size_t bytes) {
  constexpr std::string_view kWords[] = {"http.route", "checkout", "/pay", "GET", "200", "eu-1"};
  std::mt19937 random(42);
  std::string words;
  while (words.size() < bytes) words += kWords[random() % std::size(kWords)];
  words.resize(bytes);
  return words;
}

std::string RawDeflate(std::string_view content) {
  const std::string zlib = Deflate(content);
  return zlib.substr(2, zlib.size() - 6);
}

// As streaming senders write it: without the content's size, in pieces of any length.
std::string ZstdStream(std::string_view content, int window_log, size_t piece_bytes) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(),
                                                                   ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(content.size()) + content.size() / piece_bytes * 16 + 64,
                  '\0');
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  for (size_t at = 0; at < content.size(); at += piece_bytes) {
    const std::string_view piece = content.substr(at, piece_bytes);
    ZSTD_inBuffer from{piece.data(), piece.size(), 0};
    EXPECT_EQ(ZSTD_compressStream2(context.get(), &to, &from, ZSTD_e_flush), 0u);
  }
  ZSTD_inBuffer nothing{nullptr, 0, 0};
  EXPECT_EQ(ZSTD_compressStream2(context.get(), &to, &nothing, ZSTD_e_end), 0u);
  out.resize(to.pos);
  return out;
}

std::string LittleEndian(uint64_t number, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}

constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";

std::string Skippable(size_t bytes, char last_digit = '\x50') {
  return last_digit + std::string("\x2a\x4d\x18") + LittleEndian(bytes, 4) +
         std::string(bytes, 'x');
}

// A frame of one run of zeros, with a window of 128 KiB and no word of its size.
std::string ZstdRun(size_t bytes) {
  return std::string(kMagic) + std::string("\x00\x38", 2) + LittleEndian(bytes << 3 | 2 | 1, 3) +
         std::string(1, '\0');
}

// The smallest frame: a single segment of no content, one empty block.
std::string EmptyZstd() { return std::string(kMagic) + std::string("\x20\x00\x01\x00\x00", 5); }

// The smallest member: one empty block of static codes.
std::string EmptyGzip() {
  return "\x1f\x8b\x08" + std::string(6, '\0') + "\x03\x03" + std::string(9, '\0');
}

std::string Repeat(const std::string& text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string Cut(const std::string& text, size_t from_end) {
  return text.substr(0, text.size() - from_end);
}

std::string Broken(std::string compressed, size_t from_end) {
  compressed[compressed.size() - from_end] ^= 0x55;
  return compressed;
}

std::string With(std::string compressed, size_t at, const std::string& bytes) {
  return compressed.replace(at, bytes.size(), bytes);
}

// A trailer that claims another size: ISIZE is the last four bytes.
std::string GzipClaiming(const std::string& compressed, uint32_t size) {
  return With(compressed, compressed.size() - 4, LittleEndian(size, 4));
}

// Zstd(kText) is a single segment of one byte of size after five; this makes it eight.
std::string ZstdClaiming(uint64_t size) {
  return std::string(kMagic) + "\xe4" + LittleEndian(size, 8) + Zstd(kText).substr(6);
}

// The header of Words() with another window, with nothing but that changed.
std::string ZstdWithWindow(uint8_t descriptor) {
  return With(ZstdStream(Words(2000), 20, 2000), 5, std::string(1, static_cast<char>(descriptor)));
}

struct DecodeCase {
  std::string name;
  ContentCoding coding = kGzip;
  std::string compressed;
  size_t bytes_max = kCap;
  std::string want;
  StatusCode want_code = StatusCode::kOk;
  std::string want_error;
};
class DecodeContentTest : public testing::TestWithParam<DecodeCase> {};

TEST_P(DecodeContentTest, GivesContentOrRefuses) {
  const DecodeCase& row = GetParam();
  base::MemoryBudget budget(uint64_t{64} << 20);
  base::MemoryLease lease(&budget);
  ASSERT_TRUE(lease.GrowTo(row.compressed.size()));
  std::string out = "left over";
  const absl::Status status =
      DecodeContent(row.coding, row.compressed, {.bytes_max = row.bytes_max}, lease, out);
  EXPECT_EQ(status.code(), row.want_code) << status;
  EXPECT_TRUE(out == row.want) << out.size() << " bytes, want " << row.want.size();
  EXPECT_THAT(std::string(base::Message(status)), HasSubstr(row.want_error));
  EXPECT_LE(out.capacity(), row.bytes_max + kPage);
  const uint64_t charged = lease.bytes() - row.compressed.size();
  EXPECT_EQ(budget.used(), lease.bytes());
  EXPECT_GE(charged, out.size());
  if (!status.ok()) {
    EXPECT_EQ(charged, 0u);
  }
}

const auto kRowName = [](const auto& info) { return info.param.name; };
constexpr StatusCode kBroken = StatusCode::kInvalidArgument;
constexpr StatusCode kTooLarge = StatusCode::kResourceExhausted;

INSTANTIATE_TEST_SUITE_P(Identity, DecodeContentTest,
                         testing::ValuesIn<DecodeCase>({
                             {"Text", ContentCoding::kIdentity, kText, kCap, kText},
                             {"Nothing", ContentCoding::kIdentity, "", kCap, ""},
                             {"AtTheLimit", ContentCoding::kIdentity, kText, kText.size(), kText},
                             {"OverTheLimit", ContentCoding::kIdentity, kText, kText.size() - 1, "",
                              kTooLarge, "bytes_max"},
                         }),
                         kRowName);

INSTANTIATE_TEST_SUITE_P(
    Gzip, DecodeContentTest,
    testing::ValuesIn<DecodeCase>({
        {"One", kGzip, Gzip(kText), kCap, kText},
        {"EmptyContent", kGzip, Gzip(""), kCap, ""},
        {"EmptyContentNoRoom", kGzip, Gzip(""), 0, ""},
        {"Noise", kGzip, Gzip(Noise(300'000)), kCap, Noise(300'000)},
        {"Two", kGzip, Gzip(kText) + Gzip("!"), kCap, kText + "!"},
        {"ManyLarge", kGzip, Gzip(Noise(200'000)) + Gzip(Noise(200'000)) + Gzip(""), kCap,
         Noise(200'000) + Noise(200'000)},
        {"ManySmall", kGzip, Repeat(Gzip(Words(500)), 300), kCap, Repeat(Words(500), 300)},
        {"HighRatio", kGzip, Gzip(std::string(kCap, 'x')), kCap, std::string(kCap, 'x')},
        {"AtTheLimit", kGzip, Gzip(Noise(5000)), 5000, Noise(5000)},
        {"OverTheLimit", kGzip, Gzip(Noise(5000)), 4999, "", kTooLarge, "4999 bytes (bytes_max)"},
        {"OverTheLimitByTwo", kGzip, Gzip(Noise(5000)) + Gzip("x"), 5000, "", kTooLarge},
        {"AtTheLimitByTwo", kGzip, Gzip(Noise(5000)) + Gzip("x"), 5001, Noise(5000) + "x"},
        {"NoBytes", kGzip, "", kCap, "", kBroken, "gzip"},
        {"NotGzip", kGzip, "plain text, long enough for a header", kCap, "", kBroken, "gzip"},
        {"OtherCoding", kGzip, Zstd(Words(5000)), kCap, "", kBroken, "gzip"},
        {"HeaderOnly", kGzip, Gzip(kText).substr(0, 10), kCap, "", kBroken},
        {"TrailingGarbage", kGzip, Gzip(kText) + "garbage", kCap, "", kBroken,
         fmt::format("offset {}", Gzip(kText).size())},
        {"SecondTruncated", kGzip, Gzip(kText) + Cut(Gzip(kText), 3), kCap, "", kBroken},
        {"WrongCrc", kGzip, Broken(Gzip(kText), 5), kCap, "", kBroken},
        {"ClaimsFourGigabytes", kGzip, GzipClaiming(Gzip(kText), 0xffffffff), kCap, "", kBroken},
        {"ClaimsNothing", kGzip, GzipClaiming(Gzip(Noise(5000)), 0), kCap, "", kBroken},
        {"LastClaimsForAll", kGzip, Gzip(Noise(5000)) + Gzip("") + EmptyGzip(), kCap, Noise(5000)},
        {"PartsAtTheLimit", kGzip, Repeat(EmptyGzip(), 65'536), kCap, ""},
        {"PartsOverTheLimit", kGzip, Repeat(EmptyGzip(), 65'537), kCap, "", kTooLarge,
         "more than 65536 gzip members"},
        {"GzipInGzipIsOpenedOnce", kGzip, Gzip(Gzip(kText)), kCap, Gzip(kText)},
    }),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Deflate, DecodeContentTest,
    testing::ValuesIn<DecodeCase>({
        {"Zlib", kDeflate, Deflate(kText), kCap, kText},
        {"ZlibEmptyContent", kDeflate, Deflate(""), kCap, ""},
        {"ZlibWords", kDeflate, Deflate(Words(300'000)), kCap, Words(300'000)},
        {"ZlibNoise", kDeflate, Deflate(Noise(300'000)), kCap, Noise(300'000)},
        {"ZlibHighRatio", kDeflate, Deflate(std::string(kCap, 'x')), kCap, std::string(kCap, 'x')},
        {"Raw", kDeflate, RawDeflate(Words(300'000)), kCap, Words(300'000)},
        {"RawStored", kDeflate, std::string("\x01\x02\x00\xfd\xffok", 7), kCap, "ok"},
        {"RawEmptyContent", kDeflate, std::string("\x03\x00", 2), kCap, ""},
        {"AtTheLimit", kDeflate, Deflate(Noise(5000)), 5000, Noise(5000)},
        {"OverTheLimit", kDeflate, Deflate(Noise(5000)), 4999, "", kTooLarge, "bytes of deflate"},
        {"RawOverTheLimit", kDeflate, RawDeflate(Noise(5000)), 4999, "", kTooLarge},
        {"NoBytes", kDeflate, "", kCap, "", kBroken, "deflate"},
        {"OneByte", kDeflate, "\x78", kCap, "", kBroken, "deflate"},
        {"Text", kDeflate, "plain text, long enough", kCap, "", kBroken, "deflate"},
        {"OtherCoding", kDeflate, Gzip(kText), kCap, "", kBroken, "deflate"},
        {"WrongAdler", kDeflate, Broken(Deflate(kText), 1), kCap, "", kBroken, "deflate"},
        {"NeedsADictionary", kDeflate, With(Deflate(kText), 0, "\x78\x20"), kCap, "", kBroken},
        {"TwoStreams", kDeflate, Deflate(kText) + Deflate(kText), kCap, "", kBroken,
         fmt::format("{} bytes follow the deflate stream", Deflate(kText).size())},
        {"RawTwoStreams", kDeflate, RawDeflate(kText) + RawDeflate(kText), kCap, "", kBroken},
        {"RawTruncated", kDeflate, Cut(RawDeflate(Words(5000)), 3), kCap, "", kBroken},
    }),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Zstd, DecodeContentTest,
    testing::ValuesIn<DecodeCase>({
        {"One", kZstd, Zstd(kText), kCap, kText},
        {"EmptyContent", kZstd, Zstd(""), kCap, ""},
        {"EmptyContentNoRoom", kZstd, Zstd(""), 0, ""},
        {"Noise", kZstd, Zstd(Noise(300'000)), kCap, Noise(300'000)},
        {"Words", kZstd, Zstd(Words(300'000)), kCap, Words(300'000)},
        {"Streamed", kZstd, ZstdStream(Words(300'000), 20, 70'000), kCap, Words(300'000)},
        {"StreamedWindowAtTheLimit", kZstd, ZstdStream(Words(300'000), 23, 300'000), kCap,
         Words(300'000)},
        {"StreamedTinyPieces", kZstd, ZstdStream(Words(5000), 20, 7), kCap, Words(5000)},
        {"StreamedHighRatio", kZstd, ZstdStream(std::string(kCap, 'x'), 20, kCap), kCap,
         std::string(kCap, 'x')},
        {"StreamedAtTheLimit", kZstd, ZstdStream(Noise(5000), 20, 999), 5000, Noise(5000)},
        {"StreamedOverTheLimit", kZstd, ZstdStream(Noise(5000), 20, 999), 4999, "", kTooLarge,
         "4999 bytes (bytes_max)"},
        {"Two", kZstd, Zstd(kText) + Zstd("!"), kCap, kText + "!"},
        {"ManyLarge", kZstd, Zstd(Noise(200'000)) + ZstdStream(Noise(200'000), 20, 9000) + Zstd(""),
         kCap, Noise(200'000) + Noise(200'000)},
        {"ManySmall", kZstd, Repeat(Zstd(Words(500)), 300), kCap, Repeat(Words(500), 300)},
        {"Run", kZstd, ZstdRun(100'000), kCap, std::string(100'000, '\0')},
        {"AtTheLimit", kZstd, Zstd(Noise(5000)), 5000, Noise(5000)},
        {"OverTheLimit", kZstd, Zstd(Noise(5000)), 4999, "", kTooLarge, "bytes of zstd"},
        {"OverTheLimitByTwo", kZstd, Zstd(Noise(5000)) + Zstd("x"), 5000, "", kTooLarge},
        {"AtTheLimitByTwo", kZstd, Zstd(Noise(5000)) + Zstd("x"), 5001, Noise(5000) + "x"},
        {"SkippableBetween", kZstd,
         Skippable(3) + Zstd(kText) + Skippable(0) + Skippable(9, '\x5f') + Zstd("!"), kCap,
         kText + "!"},
        {"SkippableAlone", kZstd, Skippable(100), kCap, ""},
        {"SkippableTruncated", kZstd, Zstd(kText) + Cut(Skippable(9), 1), kCap, "", kBroken},
        {"SkippableHeaderTruncated", kZstd, Zstd(kText) + Skippable(0).substr(0, 7), kCap, "",
         kBroken},
        {"NoBytes", kZstd, "", kCap, "", kBroken, "zstd"},
        {"NotZstd", kZstd, "plain text, long enough for a header", kCap, "", kBroken, "zstd"},
        {"OtherCoding", kZstd, Gzip(kText), kCap, "", kBroken, "zstd"},
        {"BeforeVersionOne", kZstd, With(Zstd(kText), 0, "\x27"), kCap, "", kBroken},
        {"TrailingGarbage", kZstd, Zstd(kText) + "garbage", kCap, "", kBroken},
        {"WrongChecksum", kZstd, Broken(Zstd(kText), 1), kCap, "", kBroken, "zstd"},
        {"SecondTruncated", kZstd, Zstd(kText) + Cut(Zstd(kText), 1), kCap, "", kBroken},
        {"SaysItsSize", kZstd, ZstdClaiming(kText.size()), kCap, kText},
        {"ClaimsOneMore", kZstd, ZstdClaiming(kText.size() + 1), kCap, "", kBroken},
        {"ClaimsOneLess", kZstd, ZstdClaiming(kText.size() - 1), kCap, "", kBroken},
        {"ClaimsNothing", kZstd, ZstdClaiming(0), kCap, "", kBroken},
        {"WindowAtTheLimit", kZstd, ZstdWithWindow(13 << 3), kCap, Words(2000)},
        {"WindowOverTheLimit", kZstd, ZstdWithWindow(13 << 3 | 1), kCap, "", kTooLarge,
         "window of more than 8388608 bytes"},
        {"HugeWindow", kZstd, ZstdWithWindow(0xff), kCap, "", kTooLarge, "window"},
        // A single segment is its own window.
        {"ClaimsTheLargestSegment", kZstd, ZstdClaiming(~uint64_t{0}), kCap, "", kTooLarge,
         "window"},
        {"ReservedBit", kZstd, With(Zstd(kText), 4, "\x2c"), kCap, "", kBroken},
        {"NeedsADictionary", kZstd,
         std::string(kMagic) + "\x25\x07" + std::string(Zstd(kText).substr(5)), kCap, "", kBroken},
        {"PartsAtTheLimit", kZstd, Repeat(EmptyZstd(), 65'536), kCap, ""},
        {"PartsOverTheLimit", kZstd, Repeat(EmptyZstd(), 65'537), kCap, "", kTooLarge,
         "more than 65536 zstd frames"},
        {"MillionsOfSkippable", kZstd, Repeat(Skippable(0), 4'000'000) + Zstd(kText), kCap, kText},
        {"MillionsOfEmptyBlocks", kZstd,
         std::string(kMagic) + std::string("\x00\x38", 2) +
             Repeat(std::string(3, '\0'), 2'000'000) + std::string("\x01\x00\x00", 3),
         kCap, ""},
    }),
    kRowName);

struct BombCase {
  std::string name;
  ContentCoding coding = kGzip;
  std::string compressed;
  std::string want_error;
};
class DecodeContentBombTest : public testing::TestWithParam<BombCase> {};

TEST_P(DecodeContentBombTest, IsRefusedWithinTheLimits) {
  const BombCase& row = GetParam();
  constexpr DecodeLimits kLimits{.bytes_max = 8 << 20};
  const size_t most =
      std::clamp<size_t>(kLimits.ratio_max * row.compressed.size(), 1 << 20, kLimits.bytes_max);
  // Twice for content that moves; a byte less than one step more would not do.
  base::MemoryBudget budget(2 * most);
  base::MemoryLease lease(&budget);
  std::string out;
  const absl::Status status = DecodeContent(row.coding, row.compressed, kLimits, lease, out);
  EXPECT_EQ(status.code(), kTooLarge) << status;
  EXPECT_THAT(std::string(base::Message(status)), HasSubstr(row.want_error));
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_EQ(budget.refusals(), 0u);
  EXPECT_LE(out.capacity(), kPage);
}

const std::string& Zeros() {
  static const std::string zeros(64 << 20, '\0');
  return zeros;
}

INSTANTIATE_TEST_SUITE_P(
    Bombs, DecodeContentBombTest,
    testing::ValuesIn<BombCase>({
        {"Gzip", kGzip, Gzip(Zeros()), "100 times as many (ratio_max)"},
        {"GzipSmall", kGzip, Gzip(std::string(3 << 20, 'x')), "1048576 bytes, over 100 times"},
        {"GzipMembers", kGzip, Repeat(Gzip(std::string(1 << 20, 'x')), 64), "ratio_max"},
        {"GzipPadded", kGzip, Gzip(Noise(90'000)) + Gzip(Zeros()), "8388608 bytes (bytes_max)"},
        {"GzipClaimsLittle", kGzip, GzipClaiming(Gzip(Zeros()), 1), "ratio_max"},
        {"Zlib", kDeflate, Deflate(Zeros()), "ratio_max"},
        {"RawDeflate", kDeflate, RawDeflate(Zeros()), "ratio_max"},
        {"Zstd", kZstd, Zstd(Zeros()), "ratio_max"},
        {"ZstdStreamed", kZstd, ZstdStream(Zeros(), 20, 64 << 20), "ratio_max"},
        {"ZstdRuns", kZstd, Repeat(ZstdRun(128 << 10), 600), "ratio_max"},
        {"ZstdPadded", kZstd, Skippable(100'000) + Zstd(Zeros()), "8388608 bytes (bytes_max)"},
    }),
    kRowName);

TEST(DecodeContentTest, BombsAreWhatTheyAreSaidToBe) {
  EXPECT_GT(Zeros().size() / Gzip(Zeros()).size(), 200u);
  EXPECT_GT(Zeros().size() / Zstd(Zeros()).size(), 10'000u);
}

TEST(DecodeContentTest, RatioIsFreeToOneMebibyteAndHoldsBeyond) {
  for (const ContentCoding coding : kCompressed) {
    SCOPED_TRACE(ContentCodingName(coding));
    // Zeros are the most that comes out of a byte; noise before them sets the ratio.
    const std::string content = Noise(20'000) + std::string(1'480'000, '\0');
    const std::string compressed = EncodeContent(coding, content);
    const size_t ratio = content.size() / compressed.size();
    ASSERT_GT(ratio, 50u);
    base::MemoryLease lease;
    std::string out;
    EXPECT_TRUE(DecodeContent(coding, compressed, {.ratio_max = ratio + 1}, lease, out).ok());
    EXPECT_EQ(out, content);
    const absl::Status over = DecodeContent(coding, compressed, {.ratio_max = ratio}, lease, out);
    EXPECT_EQ(over.code(), kTooLarge) << over;
    const std::string small = EncodeContent(coding, std::string(1 << 20, '\0'));
    EXPECT_TRUE(DecodeContent(coding, small, {.ratio_max = 1}, lease, out).ok());
    const std::string larger = EncodeContent(coding, std::string((1 << 20) + 1, '\0'));
    EXPECT_EQ(DecodeContent(coding, larger, {.ratio_max = 1}, lease, out).code(), kTooLarge);
  }
}

TEST(DecodeContentTest, BudgetIsAskedFirst) {
  const std::string content = Words(300'000);
  for (const ContentCoding coding : {ContentCoding::kIdentity, kGzip, kDeflate, kZstd}) {
    SCOPED_TRACE(ContentCodingName(coding));
    const std::string compressed = EncodeContent(coding, content);
    base::MemoryBudget budget(compressed.size() + content.size() - 1);
    std::string out = "left over";
    {
      base::MemoryLease lease(&budget);
      ASSERT_TRUE(lease.GrowTo(compressed.size()));
      const absl::Status status = DecodeContent(coding, compressed, {}, lease, out);
      EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status;
      EXPECT_EQ(out, "");
      EXPECT_LE(out.capacity(), kPage);
      EXPECT_EQ(lease.bytes(), compressed.size());
      EXPECT_EQ(budget.refusals(), 1u);
    }
    EXPECT_EQ(budget.used(), 0u);
  }
}

TEST(DecodeContentTest, WhatSaysItsSizeCostsNoMore) {
  const std::string content = Words(300'000);
  for (const ContentCoding coding : {ContentCoding::kIdentity, kGzip, kZstd}) {
    SCOPED_TRACE(ContentCodingName(coding));
    base::MemoryBudget budget(content.size());
    base::MemoryLease lease(&budget);
    std::string out;
    const absl::Status status =
        DecodeContent(coding, EncodeContent(coding, content), {}, lease, out);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(lease.bytes(), content.size());
    EXPECT_LE(out.capacity(), content.size() + kPage);
    // Who scans it in words need not copy it.
    EXPECT_GE(out.capacity(), content.size() + HttpRequest::kBodyPadding);
  }
}

TEST(DecodeContentTest, LiarsGetNoMemory) {
  // 20 bytes that claim gigabytes, with a limit that would allow them.
  const DecodeLimits limits{.bytes_max = size_t{1} << 40, .ratio_max = size_t{1} << 30};
  const std::string zstd = With(ZstdStream(kText, 20, 100), 4, std::string("\xc0\x38", 2)) +
                           LittleEndian(uint64_t{1} << 33, 8);
  for (const auto& [coding, compressed] : std::vector<std::pair<ContentCoding, std::string>>{
           {kGzip, GzipClaiming(Gzip(kText), 0xffffffff)}, {kZstd, zstd}}) {
    SCOPED_TRACE(ContentCodingName(coding));
    base::MemoryBudget budget(64 << 10);
    base::MemoryLease lease(&budget);
    std::string out;
    EXPECT_EQ(DecodeContent(coding, compressed, limits, lease, out).code(), kBroken);
    EXPECT_EQ(budget.refusals(), 0u);
  }
}

TEST(DecodeContentTest, MemoryIsUsedAgain) {
  for (const ContentCoding coding : kCompressed) {
    SCOPED_TRACE(ContentCodingName(coding));
    base::MemoryLease lease;
    std::string out;
    ASSERT_TRUE(DecodeContent(coding, EncodeContent(coding, Noise(300'000)), {}, lease, out).ok());
    const char* const memory = out.data();
    const std::string less = EncodeContent(coding, Words(30'000));
    ASSERT_TRUE(DecodeContent(coding, less, {}, lease, out).ok());
    EXPECT_EQ(out.data(), memory);
    EXPECT_EQ(out, Words(30'000));
    // What is left over is more than the limit, which still holds.
    EXPECT_EQ(DecodeContent(coding, less, {.bytes_max = 29'999}, lease, out).code(), kTooLarge);
  }
}

// A body whose every byte is covered by a checksum, but for a few of its header.
std::string Checked(ContentCoding coding) {
  return EncodeContent(coding, Words(300)) +
         (coding == kDeflate ? "" : EncodeContent(coding, Noise(100)));
}
std::string CheckedContent(ContentCoding coding) {
  return Words(300) + (coding == kDeflate ? "" : Noise(100));
}

TEST(DecodeContentTest, EveryCutIsRefused) {
  for (const ContentCoding coding : kCompressed) {
    SCOPED_TRACE(ContentCodingName(coding));
    const std::string whole = Checked(coding);
    const size_t first_bytes = EncodeContent(coding, Words(300)).size();
    base::MemoryLease lease;
    std::string out;
    ASSERT_TRUE(DecodeContent(coding, whole, {}, lease, out).ok());
    for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
      if (bytes == first_bytes) continue;  // A whole part is whole.
      const absl::Status status = DecodeContent(coding, whole.substr(0, bytes), {}, lease, out);
      ASSERT_EQ(status.code(), kBroken) << "cut to " << bytes << ": " << status;
      ASSERT_EQ(out, "");
    }
  }
}

TEST(DecodeContentTest, FlippedBytesNeverGiveOtherContent) {
  for (const ContentCoding coding : kCompressed) {
    const std::string whole = Checked(coding);
    const std::string content = CheckedContent(coding);
    int refused = 0;
    for (uint32_t seed = 0; seed < 20'000; ++seed) {
      std::mt19937 random(seed);
      std::string flipped = whole;
      for (auto flips = 1 + random() % 3; flips > 0; --flips) {
        flipped[random() % flipped.size()] ^= static_cast<char>(1u << (random() % 8));
      }
      base::MemoryBudget budget(1 << 20);
      base::MemoryLease lease(&budget);
      std::string out;
      const absl::Status status = DecodeContent(coding, flipped, {.bytes_max = kCap}, lease, out);
      if (status.ok()) {
        // Raw deflate, which a flip of the first two bytes makes of zlib's format, has no checksum.
        if (coding == kDeflate && flipped.substr(0, 2) != whole.substr(0, 2)) continue;
        ASSERT_EQ(out, content) << ContentCodingName(coding) << ", seed " << seed;
      } else {
        ASSERT_EQ(lease.bytes(), 0u) << ContentCodingName(coding) << ", seed " << seed;
        ++refused;
      }
    }
    EXPECT_GT(refused, 15'000) << ContentCodingName(coding);
  }
}

TEST(DecodeContentTest, NoiseIsAnswered) {
  std::mt19937 random(7);
  for (int i = 0; i < 30'000; ++i) {
    const ContentCoding coding = kCompressed[random() % std::size(kCompressed)];
    std::string noise(random() % 200, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    // Past the magic, where most would end.
    if (coding == kGzip) noise = EmptyGzip().substr(0, 10) + noise;
    if (coding == kZstd) noise = std::string(kMagic) + noise;
    base::MemoryBudget budget(2 << 20);
    base::MemoryLease lease(&budget);
    std::string out;
    const absl::Status status = DecodeContent(coding, noise, {.bytes_max = kCap}, lease, out);
    ASSERT_TRUE(status.ok() || status.code() == kBroken || status.code() == kTooLarge) << status;
    ASSERT_GE(lease.bytes(), out.size());
  }
}

TEST(EncodeContentTest, RoundTrips) {
  for (const ContentCoding coding : {ContentCoding::kIdentity, kGzip, kDeflate, kZstd}) {
    for (const std::string& content : {std::string(), kText, Words(300'000), Noise(70'000)}) {
      SCOPED_TRACE(fmt::format("{} of {} bytes", ContentCodingName(coding), content.size()));
      base::MemoryLease lease;
      std::string out;
      const absl::Status status =
          DecodeContent(coding, EncodeContent(coding, content), {}, lease, out);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(out, content);
    }
    if (coding != ContentCoding::kIdentity) {
      EXPECT_LT(EncodeContent(coding, Words(300'000)).size(), 150'000u);
    }
  }
}

TEST(ParseContentCodingTest, TakesOneKnownToken) {
  const std::vector<std::pair<std::string_view, std::optional<ContentCoding>>> rows = {
      {"", ContentCoding::kIdentity},
      {"identity", ContentCoding::kIdentity},
      {"gzip", kGzip},
      {"x-gzip", kGzip},
      {"GZip", kGzip},
      {"deflate", kDeflate},
      {"zstd", kZstd},
      {"ZSTD", kZstd},
      {"br", std::nullopt},
      {"gzip, gzip", std::nullopt},
      {"gzip,", std::nullopt},
      {"gzi", std::nullopt},
      {"gzipp", std::nullopt},
      {"snappy", std::nullopt},
  };
  for (const auto& [token, want] : rows) EXPECT_EQ(ParseContentCoding(token), want) << token;
  for (const ContentCoding coding : {ContentCoding::kIdentity, kGzip, kDeflate, kZstd}) {
    EXPECT_EQ(ParseContentCoding(ContentCodingName(coding)), coding);
  }
}

TEST(ContentEncodingOfTest, JoinsItsFields) {
  EXPECT_EQ(ContentEncodingOf({{"Content-Type", "gzip"}}), "");
  EXPECT_EQ(ContentEncodingOf({{"content-ENCODING", "identity"}, {"Content-Encoding", "gzip"}}),
            "identity, gzip");
}

TEST(ParseContentCodingsTest, TakesAListWithOneThatChangesAnything) {
  const std::vector<std::pair<std::string_view, std::optional<ContentCoding>>> rows = {
      {"", ContentCoding::kIdentity},
      {"gzip", kGzip},
      {"identity, identity", ContentCoding::kIdentity},
      {"identity, gzip", kGzip},
      {"Zstd ,\tIdentity", kZstd},
      {", gzip ,,", kGzip},  // RFC 9110, section 5.6.1.2
      {"gzip, gzip", std::nullopt},
      {"gzip, deflate", std::nullopt},
      {"gzip, br", std::nullopt},
      {"gzip deflate", std::nullopt},
      {"gzip;q=1", std::nullopt},
  };
  for (const auto& [list, want] : rows) EXPECT_EQ(ParseContentCodings(list), want) << list;
}

}  // namespace
}  // namespace slowburn::net
