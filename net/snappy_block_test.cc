// Goal: a block comes out whole or not at all, and what it claims to hold costs nothing before it
// was held against the limits. Method: rows of bytes against limits; all cuts of a small block;
// bytes flipped under a seed.
#include "net/snappy_block.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::net {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

TEST(SnappyBlockTest, ContentComesBackAndIsPaidFor) {
  for (const std::string& content : {std::string(), std::string("up"), std::string(24, 'x'),
                                     std::string(1 << 20, 'x'), std::string(3 << 20, '\0')}) {
    base::MemoryBudget budget(64 << 20);
    base::MemoryLease lease(&budget);
    ASSERT_TRUE(lease.GrowTo(100));
    std::string out = "what was there";
    ASSERT_TRUE(DecodeSnappyBlock(EncodeSnappyBlock(content), {}, lease, out).ok());
    EXPECT_EQ(out, content);
    EXPECT_EQ(lease.bytes(), 100 + content.size());
  }
}

struct RefusedCase {
  std::string name;
  std::string block;
  DecodeLimits limits;
  uint64_t budget;
  StatusCode want;
  std::string want_message;
};
class SnappyRefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(SnappyRefusedTest, SaysWhyAndHoldsNothing) {
  const RefusedCase& row = GetParam();
  base::MemoryBudget budget(row.budget);
  base::MemoryLease lease(&budget);
  std::string out = "what was there";
  const absl::Status status = DecodeSnappyBlock(row.block, row.limits, lease, out);
  EXPECT_EQ(status.code(), row.want);
  EXPECT_THAT(base::Message(status), HasSubstr(row.want_message));
  EXPECT_TRUE(out.empty());
  EXPECT_LE(out.capacity(), 64u);
  EXPECT_EQ(lease.bytes(), 0u);
  EXPECT_LE(budget.refusals(), row.want == StatusCode::kUnavailable ? 1u : 0u);
}

const std::string kTwoMillion = EncodeSnappyBlock(std::string(2'000'000, 'x'));

INSTANTIATE_TEST_SUITE_P(
    Blocks, SnappyRefusedTest,
    testing::ValuesIn<RefusedCase>({
        {"Nothing", "", {}, 1 << 20, StatusCode::kInvalidArgument, "no whole snappy block"},
        {"NoLength",
         std::string(6, '\xff'),
         {},
         1 << 20,
         StatusCode::kInvalidArgument,
         "no whole snappy block"},
        {"LyingLength",
         Varint(60 << 20) + "abc",
         {},
         1 << 20,
         StatusCode::kInvalidArgument,
         "cannot hold more than 22 times as many"},
        {"LongerThanItIs",
         Varint(20) + std::string("\x08") + "abc",
         {},
         1 << 20,
         StatusCode::kInvalidArgument,
         "no whole snappy block"},
        {"OverTheLimit",
         kTwoMillion,
         {.bytes_max = 1'999'999},
         64 << 20,
         StatusCode::kResourceExhausted,
         "bytes_max"},
        {"OverTheRatio",
         kTwoMillion,
         {.ratio_max = 10},
         64 << 20,
         StatusCode::kResourceExhausted,
         "ratio_max"},
        {"NoMemory", kTwoMillion, {}, 1'000'000, StatusCode::kUnavailable, "send them again later"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SnappyBlockTest, AtTheLimitIsTaken) {
  base::MemoryLease lease;
  std::string out;
  EXPECT_TRUE(
      DecodeSnappyBlock(kTwoMillion, {.bytes_max = 2'000'000, .ratio_max = 22}, lease, out).ok());
  EXPECT_EQ(out.size(), 2'000'000u);
}

TEST(SnappyBlockTest, OtherBytesAreAnswered) {
  const std::string block = EncodeSnappyBlock("a block with words, and words with a block");
  base::MemoryLease lease;
  std::string out;
  for (size_t size = 0; size < block.size(); ++size) {
    EXPECT_EQ(DecodeSnappyBlock(std::string_view(block).substr(0, size), {}, lease, out).code(),
              StatusCode::kInvalidArgument)
        << size;
  }
  std::mt19937 random(1);
  for (int run = 0; run < 20'000; ++run) {
    std::string other = block;
    other[random() % other.size()] ^= static_cast<char>(1 << random() % 8);
    const bool opened = DecodeSnappyBlock(other, {}, lease, out).ok();
    EXPECT_TRUE(opened || out.empty());
  }
}

}  // namespace
}  // namespace slowburn::net
