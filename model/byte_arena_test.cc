// Goal: what the arena gave out stays where it is until Clear. Method: more than the first block.
#include "model/byte_arena.h"

#include <string>

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(ByteArenaTest, KeepsEveryCopyInPlace) {
  ByteArena arena;
  std::vector<std::string_view> copies;
  for (int i = 0; i < 10'000; ++i) copies.push_back(arena.Copy(std::to_string(i)));
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(copies[static_cast<size_t>(i)], std::to_string(i));
}

TEST(ByteArenaTest, TakesWhatIsLargerThanABlock) {
  ByteArena arena;
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(arena.Copy(large), large);
  EXPECT_GE(arena.memory_bytes(), large.size());
}

TEST(ByteArenaTest, AdoptedBytesStayWhereTheyAreUntilClear) {
  ByteArena arena;
  std::string bytes(100, 'x');
  const std::string_view view = bytes;
  arena.Adopt(std::move(bytes));
  EXPECT_EQ(view, std::string(100, 'x'));
  EXPECT_GE(arena.memory_bytes(), 100u);
  arena.Clear();
  EXPECT_EQ(arena.memory_bytes(), 0u);
}

TEST(ByteArenaTest, ClearGivesTheLargeBlocksBack) {
  ByteArena arena;
  arena.Copy("small");
  const size_t at_first = arena.memory_bytes();
  arena.Copy(std::string(1 << 20, 'x'));
  arena.Clear();
  EXPECT_EQ(arena.memory_bytes(), at_first);
  EXPECT_EQ(arena.Copy("again"), "again");
}

}  // namespace
}  // namespace slowburn::model
