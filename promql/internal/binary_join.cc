// Arithmetic and comparison between two vectors. Partners are found once; then each pair is
// combined over all steps.
#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "promql/internal/binary_evaluation.h"
#include "promql/internal/binary_numbers.h"
#include "promql/internal/evaluator.h"
#include "promql/internal/label_key.h"
#include "promql/internal/name_dropping.h"
#include "promql/internal/vector_matching.h"

namespace slowburn::promql {
namespace {

using Cardinality = VectorMatching::Cardinality;

absl::Status MatchError(std::string_view text) {
  return absl::FailedPreconditionError(fmt::format("multiple matches for labels: {}", text));
}

// The steps of the first and the last point. Series that come and go share a match group with
// thousands that they never meet.
struct Extent {
  size_t first = 1, last = 0;  // none
};

std::vector<Extent> ExtentsOf(const std::vector<Column>& series) {
  std::vector<Extent> extents(series.size());
  for (size_t i = 0; i < series.size(); ++i) {
    const Column& column = series[i];
    size_t first = 0;
    while (first < column.steps() && !column.HasPoint(first)) ++first;
    if (first == column.steps()) continue;
    size_t last = column.steps() - 1;
    while (!column.HasPoint(last)) --last;
    extents[i] = {first, last};
  }
  return extents;
}

bool Overlap(const Extent& a, const Extent& b) { return a.first <= b.last && b.first <= a.last; }

// "Many" is the side whose series the results are; of one-to-one the left.
class Join {
 public:
  Join(QueryContext& context, const Binary& binary, const StepGrid& grid)
      : context_(context),
        binary_(binary),
        grid_(grid),
        matching_(*binary.matching),
        many_is_left_(binary.matching->cardinality != Cardinality::kOneToMany),
        results_(context.meter()) {}

  absl::Status Eval(ColumnSink sink) {
    auto left = CollectVector(context_, *binary_.left, grid_);
    if (!left.ok()) return left.status();
    auto right = CollectVector(context_, *binary_.right, grid_);
    if (!right.ok()) return right.status();
    for (Columns* side : {&*left, &*right}) {
      for (Column& column : side->series) context_.SettleName(column);
    }
    many_ = many_is_left_ ? &left->series : &right->series;
    one_ = many_is_left_ ? &right->series : &left->series;
    many_extents_ = ExtentsOf(*many_);
    one_extents_ = ExtentsOf(*one_);
    for (const MatchGroup& group : matching_.Groups(left->series, right->series)) {
      absl::Status status = context_.CheckTime();
      const std::vector<size_t>& many = many_is_left_ ? group.left : group.right;
      const std::vector<size_t>& one = many_is_left_ ? group.right : group.left;
      if (status.ok() && one.size() > 1) status.Update(CheckUnique(one));
      if (status.ok()) status.Update(JoinGroup(many, one));
      if (!status.ok()) return status;
    }
    told_.Tell(binary_, context_.notes());
    return Emit(sink);
  }

 private:
  // No two series of the "one" side at one step; unless the other side has nothing at all there.
  absl::Status CheckUnique(const std::vector<size_t>& one) {
    if (many_present_.empty()) {
      many_present_.resize(grid_.count);
      for (const Column& column : *many_) {
        for (size_t step = 0; step < grid_.count; ++step) {
          if (column.HasPoint(step)) many_present_[step] = true;
        }
      }
    }
    for (size_t step = 0; step < grid_.count; ++step) {
      if (!many_present_[step]) continue;
      const Column* first = nullptr;
      for (const size_t i : one) {
        const Column& column = (*one_)[i];
        if (!column.HasPoint(step)) continue;
        if (first != nullptr) return DuplicateError(*first, column);
        first = &column;
      }
    }
    return absl::OkStatus();
  }

  absl::Status DuplicateError(const Column& first, const Column& second) const {
    std::string a = first.labels->Text();
    std::string b = second.labels->Text();
    if (b < a) std::swap(a, b);
    return absl::FailedPreconditionError(fmt::format(
        "found duplicate series for the match group {} on the {} hand-side of the operation: [{}, "
        "{}];many-to-many matching not allowed: matching labels must be unique on one side",
        matching_.MatchedLabels(*first.labels).Text(), many_is_left_ ? "right" : "left", a, b));
  }

  // Which steps have a result by now, for each name that a result can have.
  using TakenSteps = std::unordered_map<std::string, std::vector<bool>>;

  absl::Status JoinGroup(const std::vector<size_t>& many, const std::vector<size_t>& one) {
    const VectorMatching& matching = *binary_.matching;
    TakenSteps taken;
    absl::Status status;
    for (const size_t m : many) {
      if (status.ok()) status = context_.CheckTime();
      for (const size_t o : one) {
        if (!status.ok() || !Overlap(many_extents_[m], one_extents_[o])) continue;
        status = Add((*many_)[m], (*one_)[o], many.size() > 1, taken);
      }
    }
    // As Prometheus has it: with group_right too "left" is the side of the many, which is on the
    // right there.
    const std::optional<double>& one_fill = matching.fill_right;
    const std::optional<double>& many_fill = matching.fill_left;
    for (size_t i = 0; one_fill.has_value() && i < many.size() && status.ok(); ++i) {
      const Column& mine = (*many_)[many[i]];
      status = Add(mine, Filler(mine, *one_, one, *one_fill), many.size() > 1, taken);
    }
    for (size_t i = 0; many_fill.has_value() && i < one.size() && status.ok(); ++i) {
      const Column& theirs = (*one_)[one[i]];
      status = Add(Filler(theirs, *many_, many, *many_fill), theirs, false, taken);
    }
    return status;
  }

  // Stands for a partner of `column` where none of those that could be one has a point.
  Column Filler(const Column& column, const std::vector<Column>& side,
                const std::vector<size_t>& partners, double value) {
    Column filler{.labels = context_.Keep(matching_.MatchedLabels(*column.labels))};
    filler.Reset(grid_.count);
    for (size_t step = 0; step < grid_.count; ++step) {
      const bool matched = std::ranges::any_of(
          partners, [&](size_t partner) { return side[partner].HasPoint(step); });
      if (column.HasPoint(step) && !matched) filler.values[step] = value;
    }
    return filler;
  }

  absl::Status Add(const Column& mine, const Column& theirs, bool may_repeat, TakenSteps& taken) {
    Column result = Combine(mine, theirs);
    if (may_repeat) {
      const bool one_to_one = binary_.matching->cardinality == Cardinality::kOneToOne;
      std::vector<bool>& steps = taken[one_to_one ? std::string() : LabelKey(*result.labels)];
      if (!TakeSteps(mine, theirs, steps)) {
        return one_to_one
                   ? MatchError("many-to-one matching must be explicit (group_left/group_right)")
                   : MatchError("grouping labels must ensure unique matches");
      }
    }
    return IsEmpty(result) ? absl::OkStatus() : results_.Add(std::move(result));
  }

  // False where a step has had a match already.
  bool TakeSteps(const Column& mine, const Column& theirs, std::vector<bool>& steps) const {
    steps.resize(grid_.count);
    for (size_t step = 0; step < grid_.count; ++step) {
      if (!mine.HasPoint(step) || !theirs.HasPoint(step)) continue;
      if (steps[step]) return false;
      steps[step] = true;
    }
    return true;
  }

  Column Combine(const Column& mine, const Column& theirs) {
    Column result;
    const Column& left = many_is_left_ ? mine : theirs;
    const Column& right = many_is_left_ ? theirs : mine;
    CombineColumns(binary_, left, right, KeepSide::kLeft, told_, result);
    const bool drops = DropsName(binary_) || mine.drops_name;
    const bool at_once = drops && !context_.delays_names();
    const model::LabelSet labels = at_once ? context_.WithoutName(*mine.labels) : *mine.labels;
    result.labels = context_.Keep(matching_.ResultLabels(labels, *theirs.labels));
    // After that there is a name only where group_left asked for that of the one.
    result.drops_name = at_once ? binary_.returns_bool : drops;
    return result;
  }

  absl::Status Emit(ColumnSink sink) {
    absl::Status status = MergeEqualLabels(context_, results_);
    for (Column& column : results_.series) {
      if (status.ok()) status.Update(sink(column));
    }
    return status;
  }

  QueryContext& context_;
  const Binary& binary_;
  const StepGrid& grid_;
  const Matching matching_;
  const bool many_is_left_;
  const std::vector<Column>* many_ = nullptr;
  const std::vector<Column>* one_ = nullptr;
  std::vector<Extent> many_extents_, one_extents_;
  std::vector<bool> many_present_;  // by step; empty until it matters
  BinaryNotes told_;
  Columns results_;
};

}  // namespace

absl::Status EvalJoin(QueryContext& context, const Binary& binary, const StepGrid& grid,
                      ColumnSink sink) {
  return Join(context, binary, grid).Eval(sink);
}

}  // namespace slowburn::promql
