// promql/testing/random_tree.h: trees of any shape that a query can have.
//
// Room     promql/testing: tests only
// Uses     promql/
// Threads  one thread at a time
// Units    none
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "promql/ast.h"

namespace slowburn::promql::testing {

// Types are right: what it makes is what Parse would give for the printed text. Source ranges are
// not set.
class RandomTree {
 public:
  explicit RandomTree(uint64_t seed) : random_(seed) {}

  ExprPtr Make(ValueType type, int depth);

 private:
  ExprPtr MakeScalar(int depth);
  ExprPtr MakeVector(int depth);
  ExprPtr MakeMatrix(int depth);
  ExprPtr MakeString();
  ExprPtr MakeBinary(ValueType type, int depth);
  ExprPtr MakeCall(ValueType type, int depth);
  ExprPtr MakeAggregate(int depth);
  std::unique_ptr<VectorSelector> MakeSelector(bool in_range);
  DurationExprPtr MakeDuration(int depth);
  DurationExprPtr MakeOffset(int depth);
  TimeShift MakeShift();
  VectorMatching MakeMatching(BinaryOp op);
  std::vector<std::string> MakeLabels();
  // In parentheses where another operator could tear it apart.
  ExprPtr Operand(ExprPtr expr);

  uint64_t Below(uint64_t count) { return random_() % count; }
  bool OneIn(uint64_t count) { return Below(count) == 0; }
  std::string Text();

  std::mt19937_64 random_;
};

}  // namespace slowburn::promql::testing
