#include "net/internal/refusal.h"

#include <algorithm>
#include <chrono>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <fmt/format.h>

namespace slowburn::net::internal {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// An address, or the name that browsers keep for the loopback. Any other name may be of somebody
// who lets it lead here (DNS rebinding): then his page has our Host for its origin. He has no
// certificate for it that a proxy or we would show, so over TLS a name is as good as an address.
bool NamesThisMachine(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.rfind(':'));
  const bool is_address = !host.empty() && std::ranges::all_of(host, [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.';
  });
  return is_address || absl::EqualsIgnoreCase(View(host), "localhost") ||
         absl::EndsWithIgnoreCase(View(host), ".localhost");
}

// A browser sends a form, and a login that it remembers, for whatever page it shows; but it says
// which page that is. Programs say nothing.
bool IsFromAnotherPage(const HttpRequest& request) {
  std::string_view origin = request.Header("Origin");
  if (origin.empty()) return false;
  const size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return true;  // "null"
  const bool is_encrypted = absl::EqualsIgnoreCase(View(origin.substr(0, scheme)), "https");
  origin.remove_prefix(scheme + 3);
  if (!absl::EqualsIgnoreCase(View(origin), View(request.Header("Host")))) return true;
  return !is_encrypted && !NamesThisMachine(origin);
}

}  // namespace

std::optional<Refusal> RefuseRoute(const RouteTable::Match& match, const HttpRequest& request,
                                   uint64_t content_length) {
  if (match.route == nullptr && match.status == 405) {
    return Refusal{
        405,
        fmt::format("\"{}\" does not take {}; use {}", request.path, request.method, match.allow),
        std::nullopt,
        {{"Allow", match.allow}}};
  }
  if (match.route == nullptr) {
    return Refusal{404, fmt::format("no such path: \"{}\"", request.path)};
  }
  if (static_cast<Role>(match.route->role) == Role::kAdmin && IsFromAnotherPage(request)) {
    return Refusal{403,
                   "a page of another origin, or of a name without TLS, may not do this; "
                   "send it without Origin"};
  }
  if (content_length > match.route->body_bytes_max) {
    return BodyTooLarge(match.route->body_bytes_max);
  }
  return std::nullopt;
}

std::optional<Refusal> RefuseCaller(const AccessDecision& decision) {
  if (decision.status == 200) return std::nullopt;
  Refusal refusal{decision.status, decision.message, Limit::kAccess};
  if (decision.status == 401) {
    refusal.headers = {{"WWW-Authenticate", "Basic realm=\"slowburn\""},
                       {"WWW-Authenticate", "Bearer"}};
  }
  if (decision.status == 429) {
    const auto seconds = std::max(decision.retry_after, std::chrono::seconds(1));
    refusal.headers = {{"Retry-After", fmt::format("{}", seconds.count())}};
  }
  return refusal;
}

Refusal HeaderTooLarge(size_t header_bytes_max) {
  return {431,
          fmt::format("the header is larger than {} bytes; send fewer or shorter fields",
                      header_bytes_max),
          Limit::kHeaderBytes};
}

Refusal BodyTooLarge(size_t body_bytes_max) {
  return {413,
          fmt::format("the body is larger than {} bytes; send smaller requests", body_bytes_max),
          Limit::kBodyBytes};
}

Refusal TooSlow() { return {408, "the request came too slowly; send it at once", Limit::kTime}; }

Refusal TooManyRequests() {
  return {503, "the server is busy with other requests; send it again later", Limit::kRequestsMax};
}

Refusal OutOfMemory() {
  return {503, "the server is short of memory; send it again later", Limit::kMemory};
}

Refusal ShuttingDown() { return {503, "shutting down; try again later"}; }

void RemoveCredentials(HttpRequest& request) {
  std::erase_if(request.headers, [](const HttpHeader& header) {
    return absl::EqualsIgnoreCase({header.name.data(), header.name.size()}, "authorization");
  });
}

}  // namespace slowburn::net::internal
