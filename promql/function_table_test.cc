// Goal: the table is Prometheus' list. Method: counts of the inventory, and what the parser and the
// evaluator count on for every row.
#include "promql/function_table.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace slowburn::promql {
namespace {

TEST(FunctionTableTest, HasAllFunctions) {
  const auto experimental = std::ranges::count_if(AllFunctions(), &Function::experimental);
  EXPECT_EQ(experimental, 17);
  EXPECT_EQ(AllFunctions().size() - static_cast<size_t>(experimental), 73u);
}

TEST(FunctionTableTest, FindsByNameAndId) {
  for (const Function& function : AllFunctions()) {
    EXPECT_EQ(FindFunction(function.name), &function) << function.name;
    EXPECT_EQ(&AllFunctions()[static_cast<size_t>(function.id)], &function) << function.name;
    EXPECT_TRUE(function.variadic == 0 || function.arg_count > 0) << function.name;
  }
  EXPECT_EQ(FindFunction("holt_winters"), nullptr);
  EXPECT_EQ(FindFunction("Rate"), nullptr);
  EXPECT_EQ(FindFunction(""), nullptr);
}

}  // namespace
}  // namespace slowburn::promql
