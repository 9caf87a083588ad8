// Goal: columns align for text of any script, and a hostile name stays in its cell. Method: compare
// whole tables.
#include "app/table.h"

#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

TEST(TableTest, AlignsByCharacters) {
  Table table({"SLO", "STATE"});
  table.Add({"café/x", "ok"});
  table.Add({"a"});
  EXPECT_EQ(table.Text(), "SLO     STATE\ncafé/x  ok\na\n");
}

TEST(TableTest, ControlCharactersCannotLeaveTheirCell) {
  Table table({"A"});
  table.Add({"x\x1b[2J\ny"});
  EXPECT_EQ(table.Text(), "A\nx?[2J?y\n");
}

}  // namespace
}  // namespace slowburn::app
