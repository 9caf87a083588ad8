// A remote read: a request as it came out of its snappy block.
#include "serve/read_messages.h"
#include "tests/fuzz/fuzz_target.h"

using namespace slowburn;

void Fuzz(std::string_view input) {
  const auto request = serve::ParseReadRequest(input);
  if (!request.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(request.status()));
    return;
  }
  FUZZ_CHECK(request->queries.size() <= 256);
  for (const serve::ReadQuery& query : request->queries) {
    FUZZ_CHECK(query.matchers.size() <= 64);
    for (const model::LabelMatcher& matcher : query.matchers) (void)matcher.Matches("5xx");
  }
}
