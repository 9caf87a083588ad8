// promql/internal/vector_sorting.h: instant vectors in an order that was asked for.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  pure functions
// Units    none
// Source   Prometheus documentation, "sort()", "sort_by_label()"
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "promql/internal/column.h"

namespace slowburn::promql {

// By the number at the only step. NaN comes last either way.
void SortByValue(bool descending, std::vector<Column>& series);

// In natural order, in which 10 comes after 9; what is equal in all of them by all labels.
void SortByLabels(std::span<const std::string_view> names, bool descending,
                  std::vector<Column>& series);

}  // namespace slowburn::promql
