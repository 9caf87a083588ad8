// serve/internal/api_answer.h: what a call to Prometheus' API gives, and the envelope around it.
//
// Room     serve
// Uses     net/, promql/
// Threads  values
// Units    HTTP status codes
// Source   Prometheus 3, "HTTP API", "Format overview"
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "net/http_message.h"
#include "promql/annotations.h"

namespace slowburn::serve::internal {

// The warning of an answer that has less than there is.
inline constexpr std::string_view kTruncatedNote = "results truncated due to limit";

struct ApiAnswer {
  // JSON; of text calls (federate) the body. "" is 204 without a body.
  std::string data;
  promql::Annotations annotations;
  std::string_view content_type;  // of text calls
};

// {"status":"success","data":...,"warnings":[...],"infos":[...]}, or {"status":"error",
// "errorType":...,"error":...}. The code of an error says its type and HTTP status:
// kInvalidArgument bad_data 400, kFailedPrecondition and kResourceExhausted execution 422,
// kCancelled canceled 499, kDeadlineExceeded timeout 503, kNotFound not_found 404, kUnavailable
// unavailable 503, anything else internal 500.
net::HttpResponse EnvelopeOf(absl::StatusOr<ApiAnswer> answer);

// The answer of a text call: errors are plain text too.
net::HttpResponse TextOf(absl::StatusOr<ApiAnswer> answer);

// Replaces a body of some size by its gzip form where `accepted` (Accept-Encoding) has gzip.
void CompressFor(std::string_view accepted, net::HttpResponse& response);

}  // namespace slowburn::serve::internal
