// Goal: every path goes to the one handler that is meant. Method: one row per request against a
// table like the API's.
#include "net/route_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::net {
namespace {

RouteTable Table() {
  RouteTable table([](const HttpRequest&, int status, std::string_view) {
    HttpResponse response;
    response.status = status;
    return response;
  });
  const auto add = [&](std::string method, std::string pattern) {
    table.Add({Role::kRead, std::move(method), std::move(pattern), [](HttpRequest, Reply) {}});
  };
  add("GET", "/");
  add("GET", "/slos/{service}/{name}");
  add("GET", "/slos/{service}/{name}/counts");
  add("GET", "/slos/list/all");
  add("GET", "/query");
  add("POST", "/query");
  add("GET", "/probe");
  add("HEAD", "/probe");
  return table;
}

struct FindCase {
  std::string name;
  std::string method;
  std::string path;
  std::string want;  // "GET /pattern x=1", or "404", or "405 GET, POST"
};
class RouteTableFindTest : public testing::TestWithParam<FindCase> {};

std::string Text(const RouteTable::Match& match) {
  if (match.route == nullptr) {
    return match.allow.empty() ? fmt::format("{}", match.status)
                               : fmt::format("{} {}", match.status, match.allow);
  }
  std::string text = fmt::format("{} {}", match.route->method, match.route->pattern);
  for (const auto& [name, value] : match.path_parameters)
    text += fmt::format(" {}={}", name, value);
  return text;
}

TEST_P(RouteTableFindTest, Finds) {
  const RouteTable table = Table();
  EXPECT_EQ(Text(table.Find(GetParam().method, GetParam().path)), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, RouteTableFindTest,
    testing::ValuesIn<FindCase>({
        {"Root", "GET", "/", "GET /"},
        {"Parameters", "GET", "/slos/pay/avail",
         "GET /slos/{service}/{name} service=pay name=avail"},
        {"ParameterThenLiteral", "GET", "/slos/pay/avail/counts",
         "GET /slos/{service}/{name}/counts service=pay name=avail"},
        {"EncodedSlashStaysInside", "GET", "/slos/a%2Fb/c",
         "GET /slos/{service}/{name} service=a/b name=c"},
        {"EncodedLiteral", "GET", "/%71uery", "GET /query"},
        {"LiteralBeforeParameter", "GET", "/slos/list/all", "GET /slos/list/all"},
        {"HalfLiteralIsParameters", "GET", "/slos/list/x",
         "GET /slos/{service}/{name} service=list name=x"},
        {"HeadByGet", "HEAD", "/query", "GET /query"},
        {"HeadByTheMoreLiteralGet", "HEAD", "/slos/list/all", "GET /slos/list/all"},
        {"HeadOfItsOwn", "HEAD", "/probe", "HEAD /probe"},
        {"GetBesideHead", "GET", "/probe", "GET /probe"},
        {"SecondMethod", "POST", "/query", "POST /query"},
        {"Unknown", "GET", "/nothing", "404"},
        {"TrailingSlash", "GET", "/query/", "404"},
        {"EmptySegment", "GET", "/slos//avail", "404"},
        {"TooDeep", "GET", "/slos/a/b/c/d", "404"},
        {"DotsAreNames", "GET", "/x/../query", "404"},
        {"NoSlash", "GET", "query", "404"},
        {"EmptyPath", "GET", "", "404"},
        {"WrongMethod", "DELETE", "/query", "405 GET, POST"},
        {"MethodIsCaseSensitive", "get", "/slos/a/b", "405 GET"},
        {"AllowNamesEachOnce", "PUT", "/slos/list/all", "405 GET"},
    }),
    [](const auto& info) { return info.param.name; });

struct BadRouteCase {
  std::string name;
  std::string method;
  std::string pattern;
  std::string want_error;
};
class RouteTableAddTest : public testing::TestWithParam<BadRouteCase> {};

TEST_P(RouteTableAddTest, EndsTheProgram) {
  RouteTable table = Table();
  Route route{Role::kRead, GetParam().method, GetParam().pattern, [](HttpRequest, Reply) {}};
  EXPECT_DEATH(table.Add(std::move(route)), GetParam().want_error);
}

INSTANTIATE_TEST_SUITE_P(Bugs, RouteTableAddTest,
                         testing::ValuesIn<BadRouteCase>({
                             {"Twice", "POST", "/query", "route POST /query: added twice"},
                             {"TwiceByOtherNames", "GET", "/slos/{a}/{b}", "added twice"},
                             {"NoSlash", "GET", "query", "begins with"},
                             {"HalfParameter", "GET", "/a{b}", "whole segment"},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::net
