#include "serve/internal/json_error.h"

#include "base/status.h"
#include "serve/internal/json_text.h"

namespace slowburn::serve::internal {
namespace {

std::string_view ErrorType(int status) {
  if (status == 404) return "not_found";
  if (status == 408) return "timeout";
  if (status == 409) return "conflict";
  if (status == 503) return "unavailable";
  return status >= 500 ? "internal" : "bad_data";
}

// The store looks for space on a full disk this often.
constexpr const char* kRetryWhenFull = "5";
constexpr const char* kRetry = "1";

int HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

net::HttpResponse JsonResponse(const boost::json::value& value) {
  net::HttpResponse response;
  response.content_type = "application/json";
  response.body = JsonText(value);
  return response;
}

net::HttpResponse ErrorResponse(int status, std::string_view message) {
  boost::json::object error;
  error["status"] = "error";
  error["errorType"] = ErrorType(status);
  error["error"] = message;
  net::HttpResponse response = JsonResponse(error);
  response.status = status;
  return response;
}

net::HttpResponse StatusResponse(const absl::Status& status) {
  net::HttpResponse response = ErrorResponse(HttpStatus(status.code()), base::Message(status));
  if (response.status == 503) {
    response.headers.push_back(
        {"Retry-After", absl::IsResourceExhausted(status) ? kRetryWhenFull : kRetry});
  }
  return response;
}

}  // namespace slowburn::serve::internal
