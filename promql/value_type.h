// promql/value_type.h: the types that a PromQL expression can have.
//
// Room     promql
// Uses     standard library
// Threads  pure functions
// Units    none
// Source   Prometheus documentation, "Expression language data types"
#pragma once

#include <cstdint>
#include <string_view>

namespace slowburn::promql {

enum class ValueType : uint8_t { kScalar, kVector, kMatrix, kString };

// As messages write it: "scalar", "instant vector", "range vector", "string".
std::string_view DocumentedName(ValueType type);
// As the HTTP API writes it: "scalar", "vector", "matrix", "string".
std::string_view ApiName(ValueType type);

}  // namespace slowburn::promql
