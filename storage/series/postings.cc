// A matcher that takes "" also takes series without its label, so it can only take away: those that
// have the label with a value it does not take. Any other says who may stay. Those come first, the
// cheapest first, so that mostly a small set is left from which the others take away.
#include "storage/series/postings.h"

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "storage/series/matcher_shortcut.h"

namespace slowburn::storage {
namespace {

using model::LabelMatcher;
using Op = LabelMatcher::Op;

bool TakesAbsent(const LabelMatcher& matcher) { return matcher.Matches(""); }

absl::Status AddValues(const Postings& postings, const std::string& name,
                       const std::vector<std::string>& values, IdSet& set) {
  for (const std::string& value : values) {
    if (value.empty()) continue;  // no series has it
    SB_RETURN_IF_ERROR(postings.AddWithValue(name, value, set));
  }
  return absl::OkStatus();
}

// Series that have the label with a value that the matcher takes.
absl::Status AddTaken(const Postings& postings, const LabelMatcher& matcher, IdSet& set) {
  const auto wants = [&](std::string_view value) { return matcher.Matches(value); };
  if (matcher.op() == Op::kEqual) {
    return AddValues(postings, matcher.name(), {matcher.value()}, set);
  }
  if (matcher.op() == Op::kRegex) {
    if (const auto literals = RegexLiterals(matcher.value())) {
      return AddValues(postings, matcher.name(), *literals, set);
    }
    return postings.AddWhere(matcher.name(), RegexPrefix(matcher.value()), wants, set);
  }
  return postings.AddWhere(matcher.name(), "", wants, set);
}

// Series that have the label with a value that the matcher does not take.
absl::Status AddRefused(const Postings& postings, const LabelMatcher& matcher, IdSet& set) {
  const auto refuses = [&](std::string_view value) { return !matcher.Matches(value); };
  if (matcher.op() == Op::kNotEqual) {
    return AddValues(postings, matcher.name(), {matcher.value()}, set);
  }
  if (matcher.op() == Op::kNotRegex) {
    if (const auto literals = RegexLiterals(matcher.value())) {
      return AddValues(postings, matcher.name(), *literals, set);
    }
    return postings.AddWhere(matcher.name(), RegexPrefix(matcher.value()), refuses, set);
  }
  return postings.AddWhere(matcher.name(), "", refuses, set);
}

// Less is cheaper, and mostly finds fewer.
int Cost(const LabelMatcher& matcher) {
  if (matcher.op() == Op::kEqual) return matcher.name() == model::kMetricNameLabel ? 1 : 0;
  return matcher.op() == Op::kRegex ? 2 : 3;
}

}  // namespace

absl::StatusOr<IdSet> FindSeries(const Postings& postings, const Matchers& matchers) {
  std::vector<const LabelMatcher*> positive;
  std::vector<const LabelMatcher*> negative;
  for (const LabelMatcher& matcher : matchers) {
    (TakesAbsent(matcher) ? negative : positive).push_back(&matcher);
  }
  std::stable_sort(
      positive.begin(), positive.end(),
      [](const LabelMatcher* a, const LabelMatcher* b) { return Cost(*a) < Cost(*b); });
  IdSet found;
  if (positive.empty()) SB_RETURN_IF_ERROR(postings.AddAll(found));
  for (size_t i = 0; i < positive.size(); ++i) {
    IdSet taken;
    SB_RETURN_IF_ERROR(AddTaken(postings, *positive[i], taken));
    if (i == 0) {
      found = std::move(taken);
    } else {
      found &= taken;
    }
    if (found.isEmpty()) return found;
  }
  for (const LabelMatcher* matcher : negative) {
    if (found.isEmpty()) return found;
    IdSet refused;
    SB_RETURN_IF_ERROR(AddRefused(postings, *matcher, refused));
    found -= refused;
  }
  return found;
}

}  // namespace slowburn::storage
