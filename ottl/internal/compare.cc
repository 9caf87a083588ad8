#include "ottl/internal/compare.h"

#include <cmath>

namespace slowburn::ottl::internal {
namespace {

using model::AttributeValue;
using Kind = AttributeValue::Kind;

bool IsNumber(const AttributeValue& value) {
  return value.kind() == Kind::kInt || value.kind() == Kind::kDouble;
}

std::partial_ordering OrderNumbers(const AttributeValue& left, const AttributeValue& right) {
  if (left.kind() == Kind::kInt && right.kind() == Kind::kInt) {
    return left.integer() <=> right.integer();
  }
  if (left.kind() == Kind::kDouble && right.kind() == Kind::kDouble) {
    return left.number() <=> right.number();
  }
  if (left.kind() == Kind::kInt) return CompareIntDouble(left.integer(), right.number());
  return 0 <=> CompareIntDouble(right.integer(), left.number());
}

}  // namespace

std::partial_ordering CompareIntDouble(int64_t integer, double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (std::isnan(number)) return std::partial_ordering::unordered;
  if (number >= kTwoTo63) return std::partial_ordering::less;
  if (number < -kTwoTo63) return std::partial_ordering::greater;
  // Within the range of int64, so its whole part is exact, and what is left decides.
  const double whole = std::trunc(number);
  const auto truncated = static_cast<int64_t>(whole);
  if (integer != truncated) return integer <=> truncated;
  return whole <=> number;
}

bool AreEqual(const AttributeValue& left, const AttributeValue& right) {
  if (IsNumber(left) && IsNumber(right)) return OrderNumbers(left, right) == 0;
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::kNil:
      return true;
    case Kind::kBool:
      return left.boolean() == right.boolean();
    case Kind::kString:
    case Kind::kBytes:
      return left.text() == right.text();
    case Kind::kInt:
    case Kind::kDouble:
    case Kind::kComposite:
      break;
  }
  return false;
}

std::partial_ordering Order(const AttributeValue& left, const AttributeValue& right) {
  if (IsNumber(left) && IsNumber(right)) return OrderNumbers(left, right);
  const bool is_text = left.kind() == Kind::kString || left.kind() == Kind::kBytes;
  if (!is_text || left.kind() != right.kind()) return std::partial_ordering::unordered;
  return left.text() <=> right.text();
}

bool Holds(const AttributeValue& left, Node::Op op, const AttributeValue& right) {
  switch (op) {
    case Node::Op::kEqual:
      return AreEqual(left, right);
    case Node::Op::kNotEqual:
      return !AreEqual(left, right);
    case Node::Op::kLess:
      return Order(left, right) < 0;
    case Node::Op::kLessOrEqual:
      return Order(left, right) <= 0;
    case Node::Op::kGreater:
      return Order(left, right) > 0;
    case Node::Op::kGreaterOrEqual:
      return Order(left, right) >= 0;
  }
  return false;
}

}  // namespace slowburn::ottl::internal
