#include "promql/value_type.h"

namespace slowburn::promql {

std::string_view DocumentedName(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
    case ValueType::kString:
      break;
  }
  return "string";
}

std::string_view ApiName(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
    case ValueType::kString:
      break;
  }
  return "string";
}

}  // namespace slowburn::promql
