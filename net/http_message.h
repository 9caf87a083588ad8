// net/http_message.h: HTTP requests and responses as plain values: no Beast type leaves this room.
//
// Room     net
// Uses     base/
// Threads  values
// Units    bodies in bytes
// Source   RFC 9110
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory_budget.h"

namespace slowburn::net {

struct HttpHeader {
  std::string name;
  std::string value;
};

// The value of the first header called `name` (ASCII case folded), "" where absent.
std::string_view FindHeader(const std::vector<HttpHeader>& headers, std::string_view name);

// Moved, never copied: it may hold its share of the memory budget.
struct HttpRequest {
  // A body that was read from a connection has this much room behind its end: who scans it in words
  // need not copy it.
  static constexpr size_t kBodyPadding = 64;

  std::string method;  // as sent: "GET"
  std::string path;    // percent-decoded, without the query; begins with '/'
  std::string query;   // raw, without '?'
  std::vector<HttpHeader> headers;
  std::string body;
  std::string peer;         // "127.0.0.1:54321"
  std::string principal;    // who asks, where the listener has logins; else ""
  base::MemoryLease lease;  // holds at least the body; released with the request
  // What the route's {name} segments matched, percent-decoded.
  std::vector<std::pair<std::string, std::string>> path_parameters;
  // Asked for once nobody can take the answer any more; see Route::watches_peer.
  std::stop_token gone;

  std::string_view Header(std::string_view name) const { return FindHeader(headers, name); }
  // "" where the route has no such segment.
  std::string_view PathParameter(std::string_view name) const;
};

// name=value pairs of a query string or an application/x-www-form-urlencoded body, decoded ('+' is
// a space), in order.
std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query);
// The first value of `name`, or nothing.
std::optional<std::string> QueryParameter(const HttpRequest& request, std::string_view name);
// "%2F" -> "/". A '%' without two hex digits stays as it is.
std::string PercentDecode(std::string_view text);
// Everything but unreserved characters (RFC 3986) is encoded.
std::string PercentEncode(std::string_view text);

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<HttpHeader>
      headers;  // beyond Content-Type, Content-Length, Connection, Date, which the server writes
  std::string body;
  std::vector<HttpHeader> trailers;  // HTTP/2 only: after the body
};

// "Not Found" for 404; "" for a number that RFC 9110 does not name.
std::string_view StatusText(int status);

}  // namespace slowburn::net
