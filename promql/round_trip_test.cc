// Goal: what is printed reads back as the same tree, in both forms. Method: trees of any shape from
// a seed, printed and parsed; no oracle is needed. PROMQL_SEED repeats a failure.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "promql/parser.h"
#include "promql/printer.h"
#include "promql/testing/random_tree.h"

namespace slowburn::promql {
namespace {

uint64_t Seed() {
  const char* seed = std::getenv("PROMQL_SEED");
  return seed == nullptr ? std::random_device()() : std::strtoull(seed, nullptr, 10);
}

TEST(RoundTripTest, ParsedTextIsTheTreeThatWasPrinted) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(::testing::Message() << "PROMQL_SEED=" << seed);
  testing::RandomTree trees(seed);
  constexpr ValueType kTypes[] = {ValueType::kScalar, ValueType::kVector, ValueType::kMatrix,
                                  ValueType::kString};
  for (int i = 0; i < 5000; ++i) {
    const ExprPtr tree = trees.Make(kTypes[i % 4], i % 7);
    const std::string text = Print(*tree);
    const auto again = Parse(text, ParserOptions::Everything());
    ASSERT_TRUE(again.ok()) << text << "\n" << again.status();
    ASSERT_TRUE(SameTree(**again, *tree)) << text << "\n" << Print(**again);
    const std::string pretty = PrettyPrint(*tree);
    const auto from_pretty = Parse(pretty, ParserOptions::Everything());
    ASSERT_TRUE(from_pretty.ok()) << pretty << "\n" << from_pretty.status();
    ASSERT_TRUE(SameTree(**from_pretty, *tree)) << pretty;
    ASSERT_TRUE(SameTree(*Clone(*tree), *tree)) << text;
  }
}

}  // namespace
}  // namespace slowburn::promql
