// Goal: gzip comes apart whole or not at all, and a bomb costs no more memory than the cap. Method:
// rows of bytes, against caps.
#include "net/gzip.h"

#include <random>

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::net {
namespace {

constexpr size_t kCap = 1 << 20;
constexpr size_t kPage = 4096;

std::string Noise(size_t bytes) {
  std::mt19937 random(42);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

struct GunzipCase {
  std::string name;
  std::string compressed;
  size_t bytes_max = kCap;
  std::string want;
  absl::StatusCode want_code = absl::StatusCode::kOk;
};
class GunzipToTest : public testing::TestWithParam<GunzipCase> {};

TEST_P(GunzipToTest, GivesContentOrRefuses) {
  const GunzipCase& row = GetParam();
  std::string out = "left over";
  const absl::Status status = GunzipTo(row.compressed, row.bytes_max, out);
  EXPECT_EQ(status.code(), row.want_code) << status;
  EXPECT_TRUE(out == row.want) << out.size() << " bytes, want " << row.want.size();
  EXPECT_LE(out.capacity(), row.bytes_max + kPage);
}

std::string Cut(const std::string& text, size_t from_end) {
  return text.substr(0, text.size() - from_end);
}

// A trailer that claims another size: ISIZE is the last four bytes.
std::string Claiming(std::string compressed, uint32_t size) {
  for (size_t i = 0; i < 4; ++i) {
    compressed[compressed.size() - 4 + i] = static_cast<char>(size >> (8 * i));
  }
  return compressed;
}

std::string Broken(std::string compressed, size_t at) {
  compressed[at] = static_cast<char>(compressed[at] ^ 0x55);
  return compressed;
}

using absl::StatusCode;
const std::string kText = "the budget is spent";

INSTANTIATE_TEST_SUITE_P(
    Members, GunzipToTest,
    testing::ValuesIn<GunzipCase>({
        {"One", Gzip(kText), kCap, kText},
        {"EmptyContent", Gzip(""), kCap, ""},
        {"EmptyContentNoRoom", Gzip(""), 0, ""},
        {"Noise", Gzip(Noise(300'000)), kCap, Noise(300'000)},
        {"Two", Gzip(kText) + Gzip("!"), kCap, kText + "!"},
        {"ManyLarge", Gzip(Noise(200'000)) + Gzip(Noise(200'000)) + Gzip(""), kCap,
         Noise(200'000) + Noise(200'000)},
        {"HighRatio", Gzip(std::string(kCap, 'x')), kCap, std::string(kCap, 'x')},
        {"CapExactly", Gzip(Noise(5000)), 5000, Noise(5000)},
        {"CapOneLess", Gzip(Noise(5000)), 4999, "", StatusCode::kResourceExhausted},
        {"CapOverTwoMembers", Gzip(Noise(5000)) + Gzip("x"), 5000, "",
         StatusCode::kResourceExhausted},
        {"CapExactlyOverTwoMembers", Gzip(Noise(5000)) + Gzip("x"), 5001, Noise(5000) + "x"},
        {"NoBytes", "", kCap, "", StatusCode::kInvalidArgument},
        {"NotGzip", "plain text, long enough for a header", kCap, "", StatusCode::kInvalidArgument},
        {"HeaderOnly", Gzip(kText).substr(0, 10), kCap, "", StatusCode::kInvalidArgument},
        {"Truncated", Cut(Gzip(Noise(5000)), 9), kCap, "", StatusCode::kInvalidArgument},
        {"NoTrailer", Cut(Gzip(kText), 1), kCap, "", StatusCode::kInvalidArgument},
        {"TrailingGarbage", Gzip(kText) + "garbage", kCap, "", StatusCode::kInvalidArgument},
        {"SecondTruncated", Gzip(kText) + Cut(Gzip(kText), 3), kCap, "",
         StatusCode::kInvalidArgument},
        {"WrongCrc", Broken(Gzip(kText), Gzip(kText).size() - 5), kCap, "",
         StatusCode::kInvalidArgument},
        {"ClaimsFourGigabytes", Claiming(Gzip(kText), 0xffffffff), kCap, "",
         StatusCode::kInvalidArgument},
        {"ClaimsNothing", Claiming(Gzip(Noise(5000)), 0), kCap, "", StatusCode::kInvalidArgument},
    }),
    [](const auto& info) { return info.param.name; });

TEST(GunzipToTest, BombIsRefusedWithinTheCap) {
  const std::string bomb = Gzip(std::string(256 << 20, '\0'));
  ASSERT_LT(bomb.size(), 2u << 20);
  std::string out;
  EXPECT_EQ(GunzipTo(bomb, kCap, out).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LE(out.capacity(), kCap + kPage);
}

TEST(GunzipToTest, LyingTrailerTakesNoMemory) {
  std::string out;
  EXPECT_FALSE(GunzipTo(Claiming(Gzip(kText), 0xffffffff), size_t{1} << 40, out).ok());
  EXPECT_LE(out.capacity(), 64u << 10);
}

TEST(GunzipToTest, MembersAreCounted) {
  std::string members;
  for (int i = 0; i < 65'537; ++i)
    members += "\x1f\x8b\x08" + std::string(6, '\0') + "\x03\x03" + std::string(9, '\0');
  std::string out;
  const absl::Status status = GunzipTo(members, kCap, out);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(base::Message(status).find("more than 65536"), std::string_view::npos) << status;
}

TEST(GunzipToTest, RoomIsUsedAgain) {
  std::string out;
  ASSERT_TRUE(GunzipTo(Gzip(Noise(300'000)), kCap, out).ok());
  const char* const room = out.data();
  ASSERT_TRUE(GunzipTo(Gzip(Noise(200'000)), kCap, out).ok());
  EXPECT_EQ(out.data(), room);
  EXPECT_EQ(out.size(), 200'000u);
  // A smaller cap than the room that is left over still holds.
  EXPECT_EQ(GunzipTo(Gzip(Noise(5000)), 4999, out).code(), absl::StatusCode::kResourceExhausted);
}

TEST(LooksGzippedTest, NeedsTheMagic) {
  EXPECT_TRUE(LooksGzipped(Gzip("")));
  EXPECT_FALSE(LooksGzipped("\x1f"));
  EXPECT_FALSE(LooksGzipped("{\"a\":1}"));
}

}  // namespace
}  // namespace slowburn::net
