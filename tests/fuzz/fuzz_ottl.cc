// A condition of an SLI: parsed, compiled, evaluated on a span.
#include "model/span_cursor.h"
#include "ottl/condition.h"
#include "ottl/predicate.h"
#include "tests/fuzz/fuzz_target.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  const auto condition = ottl::Condition::Parse(input);
  if (!condition.ok()) return;
  // Its text means the same.
  const auto again = ottl::Condition::Parse(condition->CanonicalText());
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(again->CanonicalText() == condition->CanonicalText());

  model::AttributeProjection projection;
  const ottl::Predicate predicate = ottl::Predicate::Compile(*condition, projection);
  const ottl::Predicate twin = ottl::Predicate::Compile(*again, projection);
  model::SpanBatch batch;
  batch.resources.resize(1);
  batch.scopes.resize(1);
  model::Span& span = batch.spans.emplace_back();
  span.name = "GET /cart";
  span.kind = 2;
  span.trace_id = "0123456789abcdef";
  span.span_id = "01234567";
  span.start_time_unix_nano = 1;
  span.end_time_unix_nano = 300'000'001;
  model::SpanCursor cursor(projection);
  cursor.EnterResource(batch, batch.resources[0]);
  cursor.EnterScope(batch, batch.scopes[0]);
  cursor.EnterSpan(batch, span);
  FUZZ_CHECK(predicate.Eval(cursor) == twin.Eval(cursor));
}
