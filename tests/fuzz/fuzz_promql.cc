// A query: read, printed in both forms, read again, made ready for an evaluation.
#include "promql/parser.h"
#include "promql/prepare.h"
#include "promql/printer.h"
#include "tests/fuzz/fuzz_target.h"

using namespace slowburn;

void Fuzz(std::string_view input) {
  const auto options = promql::ParserOptions::Everything();
  const auto expr = promql::Parse(input, options);
  if (!expr.ok()) return;
  // What was read without experimental features is read the same with them.
  const auto stable = promql::Parse(input);
  FUZZ_CHECK(!stable.ok() || promql::SameTree(**stable, **expr));

  const std::string text = promql::Print(**expr);
  const auto again = promql::Parse(text, options);
  // Escapes and plain numbers can be longer than what they stand for.
  if (text.size() <= promql::kQueryBytesMax) {
    FUZZ_CHECK(again.ok());
    FUZZ_CHECK(promql::Print(**again) == text);
  }
  const std::string pretty = promql::PrettyPrint(**expr);
  if (pretty.size() <= promql::kQueryBytesMax) {
    const auto read = promql::Parse(pretty, options);
    FUZZ_CHECK(read.ok());
    FUZZ_CHECK(promql::Print(**read) == text);
  }
  const promql::ExprPtr copy = promql::Clone(**expr);
  FUZZ_CHECK(promql::SameTree(*copy, **expr));
  const auto prepared =
      promql::Prepare(**expr, input, {.start_ms = 0, .end_ms = 60'000, .step_ms = 15'000});
  FUZZ_CHECK(!prepared.ok() || promql::TypeOf(**prepared) == promql::TypeOf(**expr));
}
