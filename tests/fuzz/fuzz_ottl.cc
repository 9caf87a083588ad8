// A condition of an SLI: parsed, compiled, evaluated on a span or a log record.
#include "model/item_cursor.h"
#include "ottl/condition.h"
#include "ottl/predicate.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace slowburn;

template <typename Item>
void Try(std::string_view input, ottl::Context context, const Item& item) {
  const auto condition = ottl::Condition::Parse(input, context);
  if (!condition.ok()) return;
  // Its text means the same.
  const auto again = ottl::Condition::Parse(condition->CanonicalText(), context);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(again->CanonicalText() == condition->CanonicalText());

  model::AttributeProjection projection;
  const ottl::Predicate predicate = ottl::Predicate::Compile(*condition, projection);
  const ottl::Predicate twin = ottl::Predicate::Compile(*again, projection);
  model::SignalBatch batch;
  batch.resources.resize(1);
  batch.scopes.resize(1);
  model::ItemCursor<Item> cursor(projection);
  cursor.EnterResource(batch, batch.resources[0]);
  cursor.EnterScope(batch, batch.scopes[0]);
  cursor.EnterItem(batch, item);
  FUZZ_CHECK(predicate.Eval(cursor) == twin.Eval(cursor));
}

}  // namespace

void Fuzz(std::string_view input) {
  model::Span span;
  span.name = "GET /cart";
  span.kind = 2;
  span.trace_id = "0123456789abcdef";
  span.span_id = "01234567";
  span.start_time_unix_nano = 1;
  span.end_time_unix_nano = 300'000'001;
  Try(input, ottl::Context::kSpan, span);
  model::LogRecord record;
  record.body = model::AttributeValue::String("payment refused");
  record.severity_number = 17;
  record.trace_id = "0123456789abcdef";
  record.time_unix_nano = 1;
  Try(input, ottl::Context::kLog, record);
}
