// ottl/predicate.h: a condition compiled to run on spans or log records.
//
// Room     ottl
// Uses     model/, RE2
// Threads  immutable; Eval from any thread
// Units    as ottl/condition.h
#pragma once

#include <memory>
#include <vector>

#include "model/attribute_projection.h"
#include "model/item_cursor.h"
#include "ottl/condition.h"

namespace slowburn::ottl {

// Knows which attributes it reads: compiling adds them to the projection. No allocation, no
// exception in Eval; time linear in the condition and, for IsMatch, in the text.
class Predicate {
 public:
  // `projection` must be the one that the batches given to Eval were decoded with.
  static Predicate Compile(const Condition& condition, model::AttributeProjection& projection);
  Predicate(Predicate&&) noexcept;
  Predicate& operator=(Predicate&&) noexcept;
  ~Predicate();

  // The cursor stands on an item of the condition's context; or on a resource alone when the
  // condition reads only the resource.
  bool Eval(const model::SpanCursor& cursor) const;
  bool Eval(const model::LogCursor& cursor) const;

 private:
  struct Program;
  explicit Predicate(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

}  // namespace slowburn::ottl
