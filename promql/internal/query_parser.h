// promql/internal/query_parser.h: tokens to a tree, by recursive descent.
//
// Room     promql, internal
// Uses     promql/
// Threads  one thread at a time
// Units    bytes of the query; milliseconds; seconds in duration expressions
// Source   Prometheus 3 documentation, "Querying basics", "Operators"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "promql/internal/lexer.h"
#include "promql/parser.h"

namespace slowburn::promql::internal {

// One query. The first thing that is wrong ends it.
class QueryParser {
 public:
  QueryParser(std::string_view query, const ParserOptions& options)
      : query_(query), options_(options), lexer_(query) {}

  // The tree, whose types are not checked yet.
  absl::StatusOr<ExprPtr> Parse();

 private:
  // A tree and how many levels it has.
  struct Parsed {
    ExprPtr expr;
    int height = 1;
  };
  struct ParsedDuration {
    DurationExprPtr expr;
    int height = 1;
  };
  // The innermost construct that says what it expects; a message ends with it.
  struct Context {
    std::string_view construct;  // "offset"
    std::string_view expected;   // "label"; "" if nothing in particular
  };
  class ContextScope;
  class DepthScope;

  // query_parser.cc: expressions.
  absl::StatusOr<Parsed> ParseExpression(int precedence_min);
  absl::StatusOr<Parsed> ParseUnary();
  absl::StatusOr<Parsed> ParseOperand();  // and what follows it: [5m], offset, @
  absl::StatusOr<Parsed> ParsePrimary();
  absl::StatusOr<Parsed> ParseParen();
  absl::StatusOr<Parsed> ParseCall(const Token& name);
  absl::StatusOr<Parsed> ParseAggregate(const Token& op);
  absl::StatusOr<Parsed> ParseNumber();
  absl::StatusOr<Parsed> ParseString();
  absl::StatusOr<std::vector<Parsed>> ParseArguments();
  absl::StatusOr<Parsed> ParseBinary(Parsed left, BinaryOp op);
  absl::StatusOr<Parsed> FinishAggregate(std::unique_ptr<Aggregate> aggregate,
                                         std::vector<Parsed> args);

  // selector_parser.cc: selectors, their modifiers, lists of labels.
  absl::StatusOr<Parsed> ParseSelector(const Token& name);
  absl::StatusOr<Parsed> ParseBrackets(Parsed operand);
  absl::Status ParseMatchers(VectorSelector& selector);
  absl::Status ParseMatcher(VectorSelector& selector);
  absl::Status AddMatcher(VectorSelector& selector, const Token& at, std::string name,
                          model::LabelMatcher::Op op, std::string value);
  absl::Status ParseOffset(Expr& operand);
  absl::Status ParseAt(Expr& operand);
  absl::Status ParseExtension(Expr& operand);
  absl::StatusOr<std::vector<std::string>> ParseLabels();
  absl::StatusOr<std::string> ParseLabel();

  // binary_modifier_parser.cc: bool, on, ignoring, group_left, group_right, fill.
  absl::Status ParseBinaryModifiers(Binary& binary);
  absl::Status ParseFills(VectorMatching& matching);
  absl::StatusOr<double> ParseFillValue();

  // duration_parser.cc
  absl::StatusOr<ParsedDuration> ParseDuration(int precedence_min);
  absl::StatusOr<ParsedDuration> ParseDurationPrimary();
  absl::StatusOr<ParsedDuration> ParseDurationParen();
  absl::StatusOr<ParsedDuration> ParseDurationCall(const Token& name);
  absl::StatusOr<ParsedDuration> ParseOffsetDuration();
  absl::StatusOr<ParsedDuration> NegatedDuration(const Token& sign, ParsedDuration operand);
  absl::Status ReadPositiveDuration(int64_t& ms, DurationExprPtr& expr);
  // A number, or the seconds of a duration.
  absl::StatusOr<double> ReadNumber(const Token& token) const;
  absl::StatusOr<double> ReadSignedNumber();
  absl::StatusOr<std::string> ReadString(const Token& token) const;

  const Token& Peek();
  Token PeekSecond();
  Token Take();
  bool PeekIs(TokenType type) { return Peek().type == type; }
  bool TakeIf(TokenType type);
  absl::Status Expect(TokenType type);  // takes it
  // What the lexer found wrong, or the next token as unexpected here.
  absl::Status Unexpected();
  absl::Status Unexpected(Context context);
  absl::Status Error(uint32_t at, std::string_view text) const;
  absl::StatusOr<Parsed> Grown(ExprPtr expr, int height_below) const;
  absl::Status CheckHeight(int height, uint32_t at) const;

  std::string_view query_;
  const ParserOptions& options_;
  Lexer lexer_;
  std::optional<Token> peeked_;
  uint32_t last_end_ = 0;  // of the token taken last
  int depth_ = 0;
  size_t regexes_ = 0;
  std::vector<Context> contexts_;
};

class QueryParser::ContextScope {
 public:
  ContextScope(QueryParser& parser, Context context) : parser_(parser) {
    parser_.contexts_.push_back(context);
  }
  ~ContextScope() { parser_.contexts_.pop_back(); }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  QueryParser& parser_;
};

class QueryParser::DepthScope {
 public:
  explicit DepthScope(QueryParser& parser) : parser_(parser) { ++parser_.depth_; }
  ~DepthScope() { --parser_.depth_; }
  DepthScope(const DepthScope&) = delete;
  DepthScope& operator=(const DepthScope&) = delete;

 private:
  QueryParser& parser_;
};

// Prometheus' words of a failed parse.
absl::Status ParseError(std::string_view query, uint32_t at, std::string_view text);

// From low to high, as yacc's table has them; right is for ^ alone.
int Precedence(BinaryOp op);
inline constexpr int kLowestPrecedence = 1;
inline constexpr int kPowerPrecedence = 6;

}  // namespace slowburn::promql::internal
