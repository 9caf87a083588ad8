// serve/internal/json_error.h: answers in JSON: values, and errors in their one form.
//
// Room     serve
// Uses     net/, base/
// Threads  pure functions
// Units    HTTP status codes
// Source   DESIGN section 6: {"status":"error","errorType","error"}
#pragma once

#include <string_view>

#include <absl/status/status.h>
#include <boost/json.hpp>

#include "net/http_message.h"

namespace slowburn::serve::internal {

net::HttpResponse JsonResponse(const boost::json::value& value);

// errorType follows from the status: bad_data, not_found, conflict, timeout, unavailable or
// internal.
net::HttpResponse ErrorResponse(int status, std::string_view message);

// kInvalidArgument 400, kNotFound 404, kAlreadyExists and kFailedPrecondition 409, kUnavailable and
// kResourceExhausted (the disk is full) 503 with a Retry-After, anything else 500.
net::HttpResponse StatusResponse(const absl::Status& status);

}  // namespace slowburn::serve::internal
