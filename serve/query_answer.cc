#include "serve/query_answer.h"

#include "serve/internal/api_answer.h"
#include "serve/internal/api_json.h"

namespace slowburn::serve {

std::string QueryAnswerJson(const promql::QueryResult& result) {
  internal::ResultLimit all;
  return internal::EnvelopeOf(
             internal::ApiAnswer{.data = "{" + internal::QueryResultJson(result, all) + "}",
                                 .annotations = result.annotations})
      .body;
}

}  // namespace slowburn::serve
