// promql/internal/binary_numbers.h: a binary operator on two columns, or on two points.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  pure functions
// Units    none
// Source   Prometheus documentation, "Operators"
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "promql/ast.h"
#include "promql/internal/column.h"
#include "promql/internal/notes.h"

namespace slowburn::promql {

// Which side's value a comparison keeps: the vector's, if the other one is a scalar.
enum class KeepSide : uint8_t { kLeft, kRight };

// What can be told about the points of a binary operation, each once.
struct BinaryNotes {
  std::string_view left_type, right_type;  // of operands that do not go together; else empty
  bool incompatible_layouts = false;
  bool reset_collision = false;
  bool bounds_reconciled = false;

  void Tell(const Binary& binary, Notes& notes) const;
};

// Numbers only: absent where either is absent, or where a comparison filters it out.
void CombineNumbers(const Binary& binary, std::span<const double> left,
                    std::span<const double> right, KeepSide keep, std::span<double> out);

// The points of two columns; one of them may stand for a scalar. `out` has their steps; what it
// holds before does not matter. Labels stay as they are.
void CombineColumns(const Binary& binary, const Column& left, const Column& right, KeepSide keep,
                    BinaryNotes& told, Column& out);

// Arithmetic changes what the numbers mean, comparisons only with bool.
bool DropsName(const Binary& binary);

}  // namespace slowburn::promql
