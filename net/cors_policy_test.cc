// Goal: pages of allowed origins can call, all others cannot, and no cache mixes them up. Method:
// rows of origins and patterns; the preflight matrix; every answer is searched for credentials.
#include "net/cors_policy.h"

#include <gmock/gmock.h>

#include "base/status.h"

namespace slowburn::net {
namespace {

using testing::HasSubstr;

struct OriginCase {
  std::string name;
  std::string allowed;
  std::string origin;
  bool want;
};
class CorsOriginTest : public testing::TestWithParam<OriginCase> {};

TEST_P(CorsOriginTest, IsAllowed) {
  const OriginCase& c = GetParam();
  const CorsPolicy policy{.origins = {"https://other.example", c.allowed}};
  EXPECT_EQ(policy.Allows(c.origin), c.want);
}

INSTANTIATE_TEST_SUITE_P(
    Origins, CorsOriginTest,
    testing::ValuesIn<OriginCase>({
        {"Exact", "https://shop.example.org", "https://shop.example.org", true},
        {"ExactWithPort", "http://localhost:3000", "http://localhost:3000", true},
        {"OtherScheme", "https://shop.example.org", "http://shop.example.org", false},
        {"OtherPort", "https://shop.example.org", "https://shop.example.org:8443", false},
        {"OtherHost", "https://shop.example.org", "https://example.org", false},
        {"Longer", "https://shop.example.org", "https://shop.example.org.evil.com", false},
        {"WithPath", "https://shop.example.org", "https://shop.example.org/", false},
        {"UpperCase", "https://shop.example.org", "https://SHOP.example.org", false},
        {"Subdomain", "https://*.example.org", "https://shop.example.org", true},
        {"SeveralLabels", "https://*.example.org", "https://a.b.example.org", true},
        {"NotItself", "https://*.example.org", "https://example.org", false},
        {"NoLabel", "https://*.example.org", "https://.example.org", false},
        {"EmptyLabel", "https://*.example.org", "https://a..example.org", false},
        {"LabelEndsElsewhere", "https://*.example.org", "https://evilexample.org", false},
        {"SubdomainOfOther", "https://*.example.org", "https://a.example.org.evil.com", false},
        {"SubdomainWithScheme", "https://*.example.org", "http://a.example.org", false},
        {"SubdomainWithPort", "https://*.example.org", "https://a.example.org:444", false},
        {"PatternWithPort", "https://*.example.org:444", "https://a.example.org:444", true},
        {"PatternWithOtherPort", "https://*.example.org:444", "https://a.example.org:445", false},
        {"UserInfo", "https://*.example.org", "https://evil.com@a.example.org", false},
        {"PathBefore", "https://*.example.org", "https://evil.com/.example.org", false},
        {"PortBefore", "https://*.example.org", "https://evil.com:1.example.org", false},
        {"FragmentBefore", "https://*.example.org", "https://evil.com#.example.org", false},
        {"NulBefore", "https://*.example.org", std::string("https://a\0.example.org", 22), false},
        {"StarItself", "https://*.example.org", "https://*.example.org", false},
        {"PatternInsideALabel", "https://*example.org", "https://evilexample.org", false},
        {"PatternBehindALabel", "https://a*.example.org", "https://ab.example.org", false},
        {"AnyScheme", "*://a.example.org", "https://a.example.org", false},
        {"Every", "*", "https://anything.example", true},
        {"EveryNull", "*", "null", true},
        {"EveryButNoOrigin", "*", "", false},
        {"Null", "https://*.example.org", "null", false},
        {"Nothing", "https://*.example.org", "", false},
    }),
    [](const auto& info) { return info.param.name; });

TEST(CorsPolicyTest, IsOffByDefault) {
  EXPECT_FALSE(CorsPolicy().Allows("https://shop.example.org"));
  EXPECT_FALSE(CorsPolicy().Allows(""));
}

struct PatternCase {
  std::string name;
  std::string origin;
  std::string want;  // part of the error, "" where it is valid
};
class ValidateCorsOriginTest : public testing::TestWithParam<PatternCase> {};

TEST_P(ValidateCorsOriginTest, Says) {
  const absl::Status status = ValidateCorsOrigin(GetParam().origin);
  if (GetParam().want.empty()) {
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(base::Message(status), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(Patterns, ValidateCorsOriginTest,
                         testing::ValuesIn<PatternCase>({
                             {"Https", "https://shop.example.org", ""},
                             {"Port", "http://localhost:3000", ""},
                             {"Ipv4", "http://192.0.2.1:8080", ""},
                             {"Ipv6", "http://[2001:db8::1]", ""},
                             {"Ipv6Port", "http://[::1]:8080", ""},
                             {"Extension", "chrome-extension://abcdefghijklmnop", ""},
                             {"Star", "*", ""},
                             {"Subdomains", "https://*.example.org", ""},
                             {"SubdomainsWithPort", "https://*.example.org:8443", ""},
                             {"SubdomainsOfLocalhost", "http://*.localhost:3000", ""},
                             {"Empty", "", "no scheme"},
                             {"NoScheme", "shop.example.org", "no scheme"},
                             {"EmptyScheme", "://shop.example.org", "no scheme"},
                             {"OddScheme", "1http://shop.example.org", "scheme"},
                             {"StarScheme", "*://shop.example.org", "scheme"},
                             {"Null", "null", "any page"},
                             {"Slash", "https://shop.example.org/", "leave the rest out"},
                             {"Query", "https://shop.example.org?x", "leave the rest out"},
                             {"UserInfo", "https://a@shop.example.org", "leave the rest out"},
                             {"UpperCase", "https://Shop.example.org", "lower case"},
                             {"UpperCaseScheme", "HTTPS://shop.example.org", "lower case"},
                             {"UsualPort", "https://shop.example.org:443", "leave out :443"},
                             {"UsualHttpPort", "http://shop.example.org:80", "leave out :80"},
                             {"HttpsOn80", "https://shop.example.org:80", ""},
                             {"NoPort", "https://shop.example.org:", "port"},
                             {"PortZero", "https://shop.example.org:0", "port"},
                             {"PortTooLarge", "https://shop.example.org:65536", "port"},
                             {"PortWithZero", "https://shop.example.org:08", "port"},
                             {"PortStar", "https://shop.example.org:*", "port"},
                             {"NoHost", "https://", "host"},
                             {"NoHostButPort", "https://:8443", "host"},
                             {"Unicode", "https://m\xc3\xbcller.example", "xn--"},
                             {"Blank", "https://shop.example.org ", "host"},
                             {"EmptyLabel", "https://shop..example.org", "host"},
                             {"TrailingDot", "https://shop.example.org.", "host"},
                             {"OpenBracket", "http://[::1", "host"},
                             {"NoIpv6", "http://[xyz]", "host"},
                             {"TopLevel", "https://*.org", "top-level"},
                             {"StarAlone", "https://*", "leftmost"},
                             {"StarInLabel", "https://shop*.example.org", "leftmost"},
                             {"StarInside", "https://shop.*.org", "leftmost"},
                             {"TwoStars", "https://*.*.example.org", "leftmost"},
                         }),
                         [](const auto& info) { return info.param.name; });

HttpRequest Preflight(std::string origin, std::string method, std::string headers) {
  HttpRequest request;
  request.method = "OPTIONS";
  request.path = "/v1/traces";
  if (!origin.empty()) request.headers.push_back({"origin", std::move(origin)});
  if (!method.empty()) {
    request.headers.push_back({"access-control-request-method", std::move(method)});
  }
  if (!headers.empty()) {
    request.headers.push_back({"access-control-request-headers", std::move(headers)});
  }
  return request;
}

struct PreflightCase {
  std::string name;
  std::string origin;
  std::string method;
  std::string headers;
  int want;
};
class CorsPreflightTest : public testing::TestWithParam<PreflightCase> {};

TEST_P(CorsPreflightTest, Answers) {
  const PreflightCase& c = GetParam();
  const CorsPolicy policy{.origins = {"https://shop.example.org", "https://*.example.com"},
                          .headers = {"X-Tenant", "Content-Encoding"},
                          .max_age = std::chrono::seconds(600)};
  const HttpRequest request = Preflight(c.origin, c.method, c.headers);
  ASSERT_TRUE(IsPreflight(request));
  const HttpResponse response = AnswerPreflight(policy, request, "GET, POST");
  const auto header = [&](std::string_view name) { return FindHeader(response.headers, name); };
  EXPECT_EQ(response.status, c.want);
  EXPECT_EQ(header("Vary"), "Origin");
  EXPECT_EQ(header("Access-Control-Allow-Credentials"), "");
  if (c.want != 204) {
    EXPECT_EQ(header("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(header("Access-Control-Allow-Methods"), "");
    return;
  }
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(header("Access-Control-Allow-Origin"), c.origin);
  EXPECT_EQ(header("Access-Control-Allow-Methods"), "GET, POST");
  EXPECT_EQ(header("Access-Control-Allow-Headers"),
            "X-Tenant, Content-Encoding, accept, accept-language, content-language, content-type, "
            "range");
  EXPECT_EQ(header("Access-Control-Max-Age"), "600");
}

INSTANTIATE_TEST_SUITE_P(Matrix, CorsPreflightTest,
                         testing::ValuesIn<PreflightCase>({
                             {"Allowed", "https://shop.example.org", "POST", "x-tenant", 204},
                             {"AllowedByPattern", "https://a.example.com", "POST", "", 204},
                             {"OtherMethodOfThePath", "https://shop.example.org", "GET", "", 204},
                             {"SeveralHeaders", "https://shop.example.org", "POST",
                              "content-encoding,content-type, x-tenant", 204},
                             {"Safelisted", "https://shop.example.org", "POST",
                              "Accept,Accept-Language,Content-Language,Content-Type,Range", 204},
                             {"EmptyItems", "https://shop.example.org", "POST", ",x-tenant,,", 204},
                             {"OtherOrigin", "https://example.org", "POST", "", 403},
                             {"OtherScheme", "http://shop.example.org", "POST", "", 403},
                             {"OtherPort", "https://shop.example.org:8443", "POST", "", 403},
                             {"Null", "null", "POST", "", 403},
                             {"MethodNotTaken", "https://shop.example.org", "DELETE", "", 403},
                             {"MethodInLowerCase", "https://shop.example.org", "post", "", 403},
                             {"PartOfAMethod", "https://shop.example.org", "POS", "", 403},
                             {"HeaderNotAllowed", "https://shop.example.org", "POST",
                              "x-tenant,cookie", 403},
                             {"HeaderStar", "https://shop.example.org", "POST", "*", 403},
                             {"PartOfAHeader", "https://shop.example.org", "POST", "x-tenan", 403},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(IsPreflightTest, TakesAllThree) {
  EXPECT_TRUE(IsPreflight(Preflight("https://a.example", "POST", "")));
  EXPECT_FALSE(IsPreflight(Preflight("", "POST", "")));
  EXPECT_FALSE(IsPreflight(Preflight("https://a.example", "", "x")));
  HttpRequest post = Preflight("https://a.example", "POST", "");
  post.method = "POST";
  EXPECT_FALSE(IsPreflight(post));
}

TEST(CorsPolicyTest, APathWithoutMethodsAllowsNothing) {
  const CorsPolicy policy{.origins = {"*"}};
  EXPECT_EQ(AnswerPreflight(policy, Preflight("https://a.example", "POST", ""), "").status, 403);
}

std::vector<std::string> HeadersAfter(const CorsPolicy& policy, std::string_view origin,
                                      std::vector<HttpHeader> before = {}) {
  HttpResponse response;
  response.headers = std::move(before);
  AddCorsHeaders(policy, origin, response);
  AddCorsHeaders(policy, origin, response);  // Changes nothing.
  std::vector<std::string> lines;
  for (const auto& [name, value] : response.headers) lines.push_back(name + ": " + value);
  return lines;
}

TEST(AddCorsHeadersTest, AllowsTheOriginAndVaries) {
  const CorsPolicy policy{.origins = {"https://shop.example.org"}};
  EXPECT_THAT(HeadersAfter(policy, "https://shop.example.org"),
              testing::ElementsAre("Vary: Origin",
                                   "Access-Control-Allow-Origin: https://shop.example.org"));
  EXPECT_THAT(HeadersAfter(policy, "https://evil.example"), testing::ElementsAre("Vary: Origin"));
  EXPECT_THAT(HeadersAfter(policy, ""), testing::ElementsAre("Vary: Origin"));
  EXPECT_THAT(HeadersAfter(CorsPolicy(), "https://shop.example.org"), testing::IsEmpty());
}

TEST(AddCorsHeadersTest, KeepsWhatElseVaries) {
  const CorsPolicy policy{.origins = {"https://shop.example.org"}};
  EXPECT_THAT(HeadersAfter(policy, "", {{"Vary", "Accept-Encoding"}}),
              testing::ElementsAre("Vary: Accept-Encoding", "Vary: Origin"));
}

TEST(AddCorsHeadersTest, EveryOriginIsTheSameForAll) {
  const CorsPolicy policy{.origins = {"https://shop.example.org", "*"}};
  EXPECT_THAT(HeadersAfter(policy, "https://shop.example.org"),
              testing::ElementsAre("Access-Control-Allow-Origin: *"));
}

TEST(AddCorsHeadersTest, ThePageSeesWhenToComeAgain) {
  const CorsPolicy policy{.origins = {"https://shop.example.org"}};
  EXPECT_THAT(HeadersAfter(policy, "https://shop.example.org", {{"Retry-After", "1"}}),
              testing::Contains("Access-Control-Expose-Headers: Retry-After"));
}

}  // namespace
}  // namespace slowburn::net
