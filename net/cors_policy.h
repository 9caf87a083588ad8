// net/cors_policy.h: which web pages of other origins may call a listener.
//
// Room     net
// Uses     net/
// Threads  immutable
// Units    chrono
// Source   Fetch standard, "CORS protocol"; requirement H19; faults section 4, "CORS"
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "net/http_message.h"

namespace slowburn::net {

// Off where `origins` is empty. An origin is exact ("https://shop.example.org") or has one '*' for
// the leftmost labels of its host, one or more ("https://*.example.org"); "*" alone allows every
// page, which is for listeners without logins only (the config sees to that). Scheme, host and port
// are compared as browsers write them, byte for byte.
//
// Credentials that the browser adds by itself are never allowed; a page may set an Authorization
// header.
struct CorsPolicy {
  std::vector<std::string> origins;
  std::vector<std::string> headers = {"content-type", "content-encoding", "authorization"};
  std::chrono::seconds max_age{7200};

  bool Allows(std::string_view origin) const;
};

// Whether `origin` can stand in CorsPolicy::origins; kInvalidArgument with what to write instead,
// also for what no browser would ever send.
absl::Status ValidateCorsOrigin(std::string_view origin);

// Whether `request` is a preflight: OPTIONS with Origin and Access-Control-Request-Method.
bool IsPreflight(const HttpRequest& request);
// 204 with what is allowed; 403 where the origin, the method or one of the headers is not.
// `methods` is what the path takes: "POST", "GET, POST".
HttpResponse AnswerPreflight(const CorsPolicy& policy, const HttpRequest& request,
                             std::string_view methods);
// Adds Access-Control-Allow-Origin to an answer, and lets the page see its Retry-After; nothing of
// that where the origin is not allowed. Vary: Origin comes with both, unless every page is allowed.
// Twice is harmless.
void AddCorsHeaders(const CorsPolicy& policy, std::string_view origin, HttpResponse& response);

}  // namespace slowburn::net
