#include "net/cors_policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <absl/strings/match.h>
#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/status.h"

namespace slowburn::net {
namespace {

constexpr std::string_view kAllowOrigin = "Access-Control-Allow-Origin";
// A page may set these without asking; with unusual values it asks all the same.
constexpr std::array<std::string_view, 5> kSafelistedHeaders = {
    "accept", "accept-language", "content-language", "content-type", "range"};

bool EqualsFolded(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// The members of "a, b" that are not empty.
std::vector<std::string_view> ListItems(std::string_view list) {
  std::vector<std::string_view> items;
  for (;;) {
    const std::string_view item = list.substr(0, list.find(','));
    if (const std::string_view trimmed = Trimmed(item); !trimmed.empty()) items.push_back(trimmed);
    if (item.size() == list.size()) return items;
    list.remove_prefix(item.size() + 1);
  }
}

// "shop.example.org": labels as browsers write them, none empty.
bool IsHost(std::string_view text) {
  const bool has_empty_label = text.empty() || text.front() == '.' || text.back() == '.' ||
                               text.find("..") != std::string_view::npos;
  return !has_empty_label && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool IsBracketedIpv6(std::string_view host) {
  if (!host.starts_with('[') || !host.ends_with(']')) return false;
  in6_addr address{};
  return inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), &address) == 1;
}

bool Matches(std::string_view pattern, std::string_view origin) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == origin;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  // Whole labels only: "https://*example.org" would let evil-example.org in.
  if (!before.ends_with("://") || !after.starts_with('.')) return false;
  if (origin.size() <= before.size() + after.size() || !origin.starts_with(before) ||
      !origin.ends_with(after)) {
    return false;
  }
  return IsHost(origin.substr(before.size(), origin.size() - before.size() - after.size()));
}

bool AllowsEveryOrigin(const CorsPolicy& policy) {
  return std::ranges::find(policy.origins, "*") != policy.origins.end();
}

bool AllowsHeader(const CorsPolicy& policy, std::string_view name) {
  const auto is_it = [name](std::string_view allowed) { return EqualsFolded(allowed, name); };
  return std::ranges::any_of(policy.headers, is_it) ||
         std::ranges::any_of(kSafelistedHeaders, is_it);
}

// The policy's, then the safelisted ones: always the same, so that nothing varies by it.
std::string AllowedHeaders(const CorsPolicy& policy) {
  std::string list = fmt::format("{}", fmt::join(policy.headers, ", "));
  for (const std::string_view name : kSafelistedHeaders) {
    const auto is_it = [name](std::string_view listed) { return EqualsFolded(listed, name); };
    if (std::ranges::any_of(policy.headers, is_it)) continue;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", name);
  }
  return list;
}

// What an answer says depends on the origin, also where it says nothing.
void AddVary(const CorsPolicy& policy, HttpResponse& response) {
  if (policy.origins.empty() || AllowsEveryOrigin(policy)) return;
  const bool has_it = std::ranges::any_of(response.headers, [](const HttpHeader& header) {
    return EqualsFolded(header.name, "Vary") && EqualsFolded(header.value, "Origin");
  });
  if (!has_it) response.headers.push_back({"Vary", "Origin"});
}

absl::Status Refuse(std::string_view origin, std::string_view why) {
  return base::InvalidArgument("\"{}\" is no origin of web pages: {}", origin, why);
}

absl::Status ValidatePort(std::string_view origin, std::string_view scheme, std::string_view port) {
  uint16_t number = 0;
  const char* const end = port.data() + port.size();
  const auto [stop, error] = std::from_chars(port.data(), end, number);
  if (port.empty() || stop != end || error != std::errc() || number == 0 || port.front() == '0') {
    return Refuse(origin,
                  "its port is not a number from 1 to 65535; write one, or leave the ':' out");
  }
  if ((scheme == "https" && number == 443) || (scheme == "http" && number == 80)) {
    return Refuse(origin, fmt::format("browsers leave out the usual port; leave out :{}", number));
  }
  return absl::OkStatus();
}

absl::Status ValidateHost(std::string_view origin, std::string_view host) {
  if (IsBracketedIpv6(host)) return absl::OkStatus();
  std::string_view labels = host;
  if (labels.starts_with("*.")) {
    labels.remove_prefix(2);
    if (labels.find('.') == std::string_view::npos && labels != "localhost") {
      return Refuse(origin,
                    "'*' would stand for all of a top-level domain; write https://*.example.org");
    }
  }
  if (labels.find('*') != std::string_view::npos) {
    return Refuse(origin, "'*' stands for whole leftmost labels only; write https://*.example.org");
  }
  if (!IsHost(labels)) {
    return Refuse(origin,
                  "its host is not one as browsers write it; write a name like shop.example.org, "
                  "non-ASCII ones as xn--..., or an address");
  }
  return absl::OkStatus();
}

}  // namespace

bool CorsPolicy::Allows(std::string_view origin) const {
  if (origin.empty()) return false;
  return std::ranges::any_of(origins, [origin](std::string_view allowed) {
    return allowed == "*" || Matches(allowed, origin);
  });
}

absl::Status ValidateCorsOrigin(std::string_view origin) {
  if (origin == "*") return absl::OkStatus();
  if (origin == "null") return Refuse(origin, "any page can make itself that; leave it out");
  const size_t colon = origin.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return Refuse(origin, "it has no scheme; write one like https://shop.example.org");
  }
  if (std::ranges::any_of(origin, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return Refuse(origin, "browsers send origins in lower case; write it so");
  }
  const std::string_view scheme = origin.substr(0, colon);
  const bool is_scheme =
      scheme.front() >= 'a' && scheme.front() <= 'z' && std::ranges::all_of(scheme, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
      });
  if (!is_scheme) return Refuse(origin, "its scheme is none; write http or https");
  const std::string_view address = origin.substr(colon + 3);
  if (address.find_first_of("/?#@\\") != std::string_view::npos) {
    return Refuse(origin, "an origin ends with its host or port; leave the rest out");
  }
  const size_t host_end = address.starts_with('[') ? address.find(']') : 0;
  const size_t port_at = address.find(':', std::min(host_end, address.size()));
  SB_RETURN_IF_ERROR(ValidateHost(origin, address.substr(0, port_at)));
  if (port_at == std::string_view::npos) return absl::OkStatus();
  return ValidatePort(origin, scheme, address.substr(port_at + 1));
}

bool IsPreflight(const HttpRequest& request) {
  return request.method == "OPTIONS" && !request.Header("Origin").empty() &&
         !request.Header("Access-Control-Request-Method").empty();
}

HttpResponse AnswerPreflight(const CorsPolicy& policy, const HttpRequest& request,
                             std::string_view methods) {
  const std::string_view origin = request.Header("Origin");
  const std::string_view method = request.Header("Access-Control-Request-Method");
  const std::vector<std::string_view> allowed = ListItems(methods);
  const std::vector<std::string_view> headers =
      ListItems(request.Header("Access-Control-Request-Headers"));
  HttpResponse response;
  const bool is_allowed =
      policy.Allows(origin) && std::ranges::find(allowed, method) != allowed.end() &&
      std::ranges::all_of(headers,
                          [&](std::string_view name) { return AllowsHeader(policy, name); });
  if (!is_allowed) {
    response.status = 403;
    response.body = "this origin, method or header is not allowed across origins here\n";
    AddVary(policy, response);
    return response;
  }
  response.status = 204;
  AddCorsHeaders(policy, origin, response);
  response.headers.push_back(
      {"Access-Control-Allow-Methods", fmt::format("{}", fmt::join(allowed, ", "))});
  response.headers.push_back({"Access-Control-Allow-Headers", AllowedHeaders(policy)});
  response.headers.push_back({"Access-Control-Max-Age", fmt::format("{}", policy.max_age.count())});
  return response;
}

void AddCorsHeaders(const CorsPolicy& policy, std::string_view origin, HttpResponse& response) {
  if (policy.origins.empty()) return;
  AddVary(policy, response);
  if (!policy.Allows(origin) || !FindHeader(response.headers, kAllowOrigin).empty()) return;
  response.headers.push_back(
      {std::string(kAllowOrigin), AllowsEveryOrigin(policy) ? "*" : std::string(origin)});
  if (!FindHeader(response.headers, "Retry-After").empty()) {
    response.headers.push_back({"Access-Control-Expose-Headers", "Retry-After"});
  }
}

}  // namespace slowburn::net
