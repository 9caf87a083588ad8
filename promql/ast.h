// promql/ast.h: a PromQL expression as a tree, e.g. sum by (job) (rate(http_requests_total[5m])).
//
// Room     promql: the language and its evaluation over storage/api
// Uses     base/, model/
// Threads  a tree that no one changes may be read by any number of threads
// Units    offsets, ranges and times are milliseconds; a source range counts bytes of the query
// Source   Prometheus 3 documentation, "Querying basics", "Operators"
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_matcher.h"
#include "promql/function_table.h"
#include "promql/value_type.h"

namespace slowburn::promql {

// [begin, end) of the query's text.
struct SourceRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// What every node is. Ask for its kind, then `As<Call>(expr)`. The depth of a parsed tree is at
// most kDepthMax (promql/parser.h), so recursion over it is bounded.
struct Expr {
  enum class Kind : uint8_t {
    kNumber,
    kString,
    kParen,
    kUnary,
    kBinary,
    kVectorSelector,
    kMatrixSelector,
    kSubquery,
    kCall,
    kAggregate,
    kStepInvariant,
  };

  virtual ~Expr() = default;

  const Kind kind;
  SourceRange range;

 protected:
  explicit Expr(Kind the_kind) : kind(the_kind) {}
};
using ExprPtr = std::unique_ptr<Expr>;

// The node as its own type, which its kind must be.
template <typename Node>
const Node& As(const Expr& expr) {
  return static_cast<const Node&>(expr);
}
template <typename Node>
Node& As(Expr& expr) {
  return static_cast<Node&>(expr);
}

// A duration that is computed: [5m * 2], offset -step(). Literals too are kept in seconds.
struct DurationExpr {
  enum class Op : uint8_t {
    kSeconds,  // seconds
    kStep,     // step()
    kRange,    // range(): end - start of the query
    kNegate,   // left
    kAdd,      // from here on left and right
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kPower,
    kMin,  // min_of()
    kMax,  // max_of()
  };
  Op op = Op::kSeconds;
  double seconds = 0;
  bool is_duration = false;  // written as 5m rather than 300
  bool in_parens = false;
  SourceRange range;
  std::unique_ptr<DurationExpr> left, right;
};
using DurationExprPtr = std::unique_ptr<DurationExpr>;

// offset and @ of a selector or subquery. What is evaluated at T reads at (@ or else T) - offset.
struct TimeShift {
  enum class At : uint8_t { kEvaluation, kTimestamp, kStart, kEnd };
  int64_t offset_ms = 0;        // negative looks ahead
  DurationExprPtr offset_expr;  // where the offset is computed; Prepare makes it offset_ms
  At at = At::kEvaluation;      // Prepare leaves kEvaluation and kTimestamp only
  int64_t at_ms = 0;            // kTimestamp
};

struct NumberLiteral : Expr {
  NumberLiteral() : Expr(Kind::kNumber) {}
  double value = 0;
  bool is_duration = false;  // written as 5m rather than 300
};

struct StringLiteral : Expr {
  StringLiteral() : Expr(Kind::kString) {}
  std::string text;
};

struct Paren : Expr {
  Paren() : Expr(Kind::kParen) {}
  ExprPtr expr;
};

struct Unary : Expr {
  Unary() : Expr(Kind::kUnary) {}
  bool negates = false;  // else +
  ExprPtr expr;
};

enum class BinaryOp : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kAtan2,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  kUnless,
  kTrimUpper,  // </: keep observations below
  kTrimLower,  // >/: keep observations above
};
std::string_view BinaryOpText(BinaryOp op);
bool IsComparison(BinaryOp op);   // == != < <= > >=
bool IsSetOperator(BinaryOp op);  // and or unless

// How two instant vectors find their partners.
struct VectorMatching {
  enum class Cardinality : uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
  Cardinality cardinality = Cardinality::kOneToOne;  // group_left is kManyToOne
  bool on = false;                                   // else ignoring
  std::vector<std::string> labels;                   // of on or ignoring
  std::vector<std::string> include;                  // of group_left or group_right
  std::optional<double> fill_left, fill_right;       // experimental: instead of a missing partner
};

struct Binary : Expr {
  Binary() : Expr(Kind::kBinary) {}
  BinaryOp op = BinaryOp::kAdd;
  bool returns_bool = false;
  std::optional<VectorMatching> matching;  // iff both sides are instant vectors
  ExprPtr left, right;
};

struct VectorSelector : Expr {
  VectorSelector() : Expr(Kind::kVectorSelector) {}
  std::string name;                           // written before the braces; "" if it is not
  std::vector<model::LabelMatcher> matchers;  // as written; of `name` too, as the last
  TimeShift shift;
  bool anchored = false, smoothed = false;  // experimental
};

struct MatrixSelector : Expr {
  MatrixSelector() : Expr(Kind::kMatrixSelector) {}
  std::unique_ptr<VectorSelector> vector;  // offset and @ are its own
  int64_t range_ms = 0;                    // (T - range, T]
  DurationExprPtr range_expr;              // as offset_expr
};

struct Subquery : Expr {
  Subquery() : Expr(Kind::kSubquery) {}
  ExprPtr expr;
  int64_t range_ms = 0;
  DurationExprPtr range_expr;
  int64_t step_ms = 0;  // 0: the engine's default
  DurationExprPtr step_expr;
  TimeShift shift;
};

struct Call : Expr {
  Call() : Expr(Kind::kCall) {}
  const Function* function = nullptr;  // of the table, never null
  std::vector<ExprPtr> args;
};

enum class AggregateOp : uint8_t {
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
  kLimitk,
  kLimitRatio,  // experimental
};
std::string_view AggregateOpText(AggregateOp op);

struct Aggregate : Expr {
  Aggregate() : Expr(Kind::kAggregate) {}
  AggregateOp op = AggregateOp::kSum;
  bool without = false;               // else by
  std::vector<std::string> grouping;  // as written
  ExprPtr param;                      // k of topk, label of count_values; else null
  ExprPtr expr;
};

// What has the same value at every step, so it is evaluated once. Only Prepare makes it.
struct StepInvariant : Expr {
  StepInvariant() : Expr(Kind::kStepInvariant) {}
  ExprPtr expr;
};

ValueType TypeOf(const Expr& expr);

// The nodes right below, in the order of evaluation; a matrix selector has its vector selector.
std::vector<const Expr*> ChildrenOf(const Expr& expr);

ExprPtr Clone(const Expr& expr);
// Equal but for source ranges.
bool SameTree(const Expr& a, const Expr& b);

}  // namespace slowburn::promql
