#include "net/route_table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace slowburn::net {
namespace {

// A path is compared segment by segment, each decoded alone: "/a%2Fb/c" has two segments, "a/b" and
// "c". A table has some tens of routes, so a scan is cheaper than anything clever.

[[noreturn]] void EndProgram(const Route& route, std::string_view why) {
  fmt::print(stderr, "route {} {}: {}\n", route.method, route.pattern, why);
  std::abort();
}

// "/a/b" -> "a", "b"; "/a/" -> "a", "". `path` begins with '/'.
std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.push_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

bool IsParameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool Matches(const std::vector<std::string_view>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (IsParameter(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return false;
  }
  return true;
}

// Of two patterns that match one path, the one whose first differing segment is literal:
// "/slos/list" before "/slos/{id}".
bool IsMoreLiteral(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (IsParameter(a[i]) != IsParameter(b[i])) return IsParameter(b[i]);
  }
  return false;
}

bool IsSamePattern(std::string_view a, std::string_view b) {
  const auto same = [](std::string_view x, std::string_view y) {
    return x == y || (IsParameter(x) && IsParameter(y));
  };
  return std::ranges::equal(Segments(a), Segments(b), same);
}

// Better first: the method itself, then GET for HEAD.
bool Serves(const Route& route, std::string_view method) {
  return route.method == method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

void RouteTable::Add(Route route) {
  if (!route.pattern.starts_with('/')) EndProgram(route, "a pattern begins with '/'");
  for (const std::string_view segment : Segments(route.pattern)) {
    const bool braces = segment.find_first_of("{}") != std::string_view::npos;
    if (braces && !IsParameter(segment)) EndProgram(route, "a parameter is a whole segment");
  }
  for (const Route& other : routes_) {
    if (other.method == route.method && IsSamePattern(other.pattern, route.pattern)) {
      EndProgram(route, "added twice");
    }
  }
  routes_.push_back(std::move(route));
}

RouteTable::Match RouteTable::Find(std::string_view method, std::string_view raw_path) const {
  Match match;
  if (!raw_path.starts_with('/')) return match;
  std::vector<std::string> path;
  for (const std::string_view segment : Segments(raw_path)) path.push_back(PercentDecode(segment));

  std::vector<std::string_view> best;
  std::vector<std::string_view> allowed;
  for (const Route& route : routes_) {
    const std::vector<std::string_view> pattern = Segments(route.pattern);
    if (!Matches(pattern, path)) continue;
    if (std::ranges::find(allowed, route.method) == allowed.end()) allowed.push_back(route.method);
    if (!Serves(route, method)) continue;
    const bool better = match.route == nullptr || IsMoreLiteral(pattern, best) ||
                        (!IsMoreLiteral(best, pattern) && route.method == method);
    if (!better) continue;
    match.route = &route;
    best = pattern;
  }
  if (match.route == nullptr) {
    if (!allowed.empty()) match.status = 405;
    match.allow = fmt::format("{}", fmt::join(allowed, ", "));
    return match;
  }
  match.status = 200;
  for (size_t i = 0; i < best.size(); ++i) {
    if (!IsParameter(best[i])) continue;
    const std::string_view name = best[i].substr(1, best[i].size() - 2);
    match.path_parameters.emplace_back(std::string(name), path[i]);
  }
  return match;
}

}  // namespace slowburn::net
