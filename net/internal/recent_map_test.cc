// Goal: a full map forgets what came first. Method: a map of three.
#include "net/internal/recent_map.h"

#include <gtest/gtest.h>

namespace slowburn::net::internal {
namespace {

TEST(RecentMapTest, ForgetsTheOldest) {
  RecentMap<int, char> map(3);
  for (int i = 0; i < 4; ++i) map.Put(i, static_cast<char>('a' + i));
  EXPECT_EQ(map.Find(0), nullptr);
  ASSERT_NE(map.Find(1), nullptr);
  EXPECT_EQ(*map.Find(1), 'b');
  map.Put(1, 'z');  // Known: nothing goes, and it stays the oldest.
  EXPECT_EQ(*map.Find(1), 'z');
  EXPECT_EQ(*map.Find(2), 'c');
  map.Put(4, 'e');
  EXPECT_EQ(map.Find(1), nullptr);
  map.Clear();
  EXPECT_EQ(map.Find(4), nullptr);
  map.Put(5, 'f');
  EXPECT_EQ(*map.Find(5), 'f');
}

}  // namespace
}  // namespace slowburn::net::internal
