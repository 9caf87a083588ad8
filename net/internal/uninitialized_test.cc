// Goal: a string is as long as it was asked to be, and keeps what it had. Method: every size from
// every size, also where the room for it is made by doubling.
#include "net/internal/uninitialized.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace slowburn::net::internal {
namespace {

TEST(UninitializedTest, EverySizeFromEverySize) {
  for (size_t before = 0; before < 100; ++before) {
    for (size_t after = 0; after < 200; ++after) {
      std::string bytes(before, 'x');
      ResizeUninitialized(bytes, after);
      ASSERT_EQ(bytes.size(), after) << "from " << before;
      ASSERT_EQ(bytes.substr(0, before), std::string(std::min(before, after), 'x'));
      ASSERT_EQ(bytes.c_str()[after], '\0');
    }
  }
}

}  // namespace
}  // namespace slowburn::net::internal
