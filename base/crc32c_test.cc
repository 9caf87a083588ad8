// Goal: the checksum is the one that others compute. Method: the published examples.
#include "base/crc32c.h"

#include <string>

#include <gtest/gtest.h>

namespace slowburn::base {
namespace {

TEST(Crc32cTest, MatchesRfc3720) {
  std::string rising;
  for (char byte = 0; byte < 32; ++byte) rising += byte;
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(Crc32c(std::string(rising.rbegin(), rising.rend())), 0x113fdb5cu);
}

TEST(Crc32cTest, OfNothingIsZero) { EXPECT_EQ(Crc32c(""), 0u); }

}  // namespace
}  // namespace slowburn::base
