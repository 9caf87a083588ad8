// net/internal/response_head.h: everything of a response before its body, as it goes on the wire.
//
// Room     net
// Uses     net/
// Threads  pure functions
// Units    none
// Source   RFC 9112, section 4; RFC 9110, sections 6.6.1 and 8.6
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http_message.h"

namespace slowburn::net::internal {

enum class ConnectionField { kNone, kClose, kKeepAlive };
// How a reader finds the end of the body.
enum class BodyEnd { kLength, kChunked, kClose };

// 1xx, 204 and 304 have neither body nor Content-Length.
bool StatusHasBody(int status);

// Status line and fields with the empty line that ends them. Line breaks in header values become
// spaces, so that no value can add a field or a response.
std::string ResponseHead(const HttpResponse& response, std::string_view date,
                         ConnectionField connection, BodyEnd end = BodyEnd::kLength);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string HttpDate(std::chrono::sys_seconds time);

}  // namespace slowburn::net::internal
