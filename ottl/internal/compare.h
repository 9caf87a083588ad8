// ottl/internal/compare.h: when two values are equal, and which comes first.
//
// Room     ottl, internal
// Uses     model/attribute_value.h
// Threads  pure functions
// Units    none
#pragma once

#include <compare>
#include <cstdint>

#include "model/attribute_value.h"
#include "ottl/condition.h"

namespace slowburn::ottl::internal {

// Exact: 2^53 + 1 is greater than the double 2^53. Unordered for NaN.
std::partial_ordering CompareIntDouble(int64_t integer, double number);

// Equal values of one type (integers and doubles are one); nil equals nil; NaN and composites equal
// nothing.
bool AreEqual(const model::AttributeValue& left, const model::AttributeValue& right);

// For numbers, strings (bytewise) and bytes; unordered for other types, for two types and for NaN.
std::partial_ordering Order(const model::AttributeValue& left, const model::AttributeValue& right);

// `left op right` by the two functions above.
bool Holds(const model::AttributeValue& left, Node::Op op, const model::AttributeValue& right);

}  // namespace slowburn::ottl::internal
