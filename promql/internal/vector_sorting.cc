#include "promql/internal/vector_sorting.h"

#include <algorithm>
#include <cmath>

namespace slowburn::promql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The digits, or what is no digit, that `text` begins with.
std::string_view TakeRun(std::string_view& text) {
  size_t length = 1;
  while (length < text.size() && IsDigit(text[length]) == IsDigit(text[0])) ++length;
  const std::string_view run = text.substr(0, length);
  text.remove_prefix(length);
  return run;
}

int CompareDigits(std::string_view a, std::string_view b) {
  const auto significant = [](std::string_view digits) {
    const size_t at = digits.find_first_not_of('0');
    return at == std::string_view::npos ? std::string_view() : digits.substr(at);
  };
  const std::string_view x = significant(a);
  const std::string_view y = significant(b);
  if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
  if (const int order = x.compare(y); order != 0) return order;
  return static_cast<int>(a.size()) - static_cast<int>(b.size());
}

int CompareNaturally(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const bool digits = IsDigit(a[0]) && IsDigit(b[0]);
    const std::string_view x = TakeRun(a);
    const std::string_view y = TakeRun(b);
    const int order = digits ? CompareDigits(x, y) : x.compare(y);
    if (order != 0) return order;
  }
  return static_cast<int>(a.size() > 0) - static_cast<int>(b.size() > 0);
}

}  // namespace

void SortByValue(bool descending, std::vector<Column>& series) {
  std::ranges::stable_sort(series, [&](const Column& a, const Column& b) {
    const double x = a.values.front();
    const double y = b.values.front();
    if (std::isnan(x)) return false;
    return std::isnan(y) || (descending ? x > y : x < y);
  });
}

void SortByLabels(std::span<const std::string_view> names, bool descending,
                  std::vector<Column>& series) {
  std::ranges::stable_sort(series, [&](const Column& a, const Column& b) {
    for (const std::string_view name : names) {
      const int order = CompareNaturally(a.labels->Get(name), b.labels->Get(name));
      if (order != 0) return descending ? order > 0 : order < 0;
    }
    return descending ? *b.labels < *a.labels : *a.labels < *b.labels;
  });
}

}  // namespace slowburn::promql
