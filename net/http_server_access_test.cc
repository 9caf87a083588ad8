// Goal: only who may call a route reaches it, and nothing else of a request is looked at before
// that (section 4, "Auth" and "CORS"). Method: every role against every route, by token and by
// password; one row per form of request from another origin.
#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <openssl/sha.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/testing/temp_dir.h"
#include "net/testing/server_fixture.h"

namespace slowburn::net {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string TokenLine(const std::string& name, const std::string& roles, const std::string& token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return fmt::format("{} {} sha256:{:02x}\n", name, roles, fmt::join(hash, ""));
}

// The password is "Hello world!": the example of the SHA-crypt specification.
const std::string kPasswordLine =
    "viewer read $6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnI"
    "FNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1\n";
const std::string kRightPassword = "Basic dmlld2VyOkhlbGxvIHdvcmxkIQ==";
const std::string kWrongPassword = "Basic dmlld2VyOkhlbGxvIHdvcmxkPw==";

// One route for each role: GET and POST /public, /read, /write and /admin answer with who calls.
class HttpServerAccessTest : public ServerFixture {
 protected:
  void Start() {
    const std::string lines = TokenLine("reader", "read", "r-token") +
                              TokenLine("writer", "write", "w-token") +
                              TokenLine("both", "read,write", "b-token") +
                              TokenLine("root", "admin", "a-token") + kPasswordLine;
    const std::filesystem::path file = folder_.path() / "credentials";
    ASSERT_TRUE(base::WriteFileAtomically(file, lines).ok());
    auto access = AccessFile::Load(file, base::SystemClock(), registry_);
    ASSERT_TRUE(access.ok()) << access.status();
    access_ = *std::move(access);
    RouteTable routes = Routes();
    for (const Role role : {Role::kPublic, Role::kRead, Role::kWrite, Role::kAdmin}) {
      for (const std::string method : {"GET", "POST"}) {
        routes.Add({role, method, fmt::format("/{}", RoleName(role)),
                    [](HttpRequest request, Reply reply) {
                      std::move(reply)(TextResponse(fmt::format("{}|{}", request.principal,
                                                                request.Header("Authorization"))));
                    }});
      }
    }
    ServerOptions options = Defaults();
    options.access = access_.get();
    auto server = HttpServer::Start(options, std::move(routes), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  base::TempDir folder_;
  std::unique_ptr<AccessFile> access_;
};

std::string Get(std::string_view path, std::string_view authorization) {
  std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n", path);
  if (!authorization.empty()) request += fmt::format("Authorization: {}\r\n", authorization);
  return request + "\r\n";
}

struct CallerCase {
  std::string name;
  std::string authorization;
  std::string principal;
  int want_read = 401;
  int want_write = 401;
  int want_admin = 401;
};
class HttpServerRolesTest : public HttpServerAccessTest,
                            public testing::WithParamInterface<CallerCase> {};

TEST_P(HttpServerRolesTest, EachRouteLetsInItsRole) {
  const CallerCase& row = GetParam();
  Start();
  RawConnection connection = Connect();
  connection.Send(Get("/public", row.authorization));
  EXPECT_EQ(connection.Read().body, "|");
  const std::pair<std::string, int> routes[] = {
      {"/read", row.want_read}, {"/write", row.want_write}, {"/admin", row.want_admin}};
  for (const auto& [path, want] : routes) {
    connection.Send(Get(path, row.authorization));
    const RawResponse response = connection.Read();
    EXPECT_EQ(response.status, want) << path;
    if (want == 200) {
      EXPECT_EQ(response.body, row.principal + "|") << path;
    } else {
      EXPECT_THAT(response.body, HasSubstr(fmt::format("error {} {}: ", want, path)));
    }
    for (const std::string_view challenge : {"Basic realm=\"slowburn\"", "Bearer"}) {
      const std::string field = fmt::format("\r\nWWW-Authenticate: {}\r\n", challenge);
      EXPECT_EQ(response.head.find(field) != std::string::npos, want == 401) << path << field;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Callers, HttpServerRolesTest,
                         testing::ValuesIn<CallerCase>({
                             {"Nobody", "", ""},
                             {"UnknownToken", "Bearer x-token", ""},
                             {"OtherScheme", "Digest r-token", ""},
                             {"Reader", "Bearer r-token", "reader", 200, 403, 403},
                             {"Writer", "Bearer w-token", "writer", 403, 200, 403},
                             {"ReaderAndWriter", "Bearer b-token", "both", 200, 200, 403},
                             {"Admin", "Bearer a-token", "root", 200, 200, 200},
                             {"Password", kRightPassword, "viewer", 200, 403, 403},
                             {"WrongPassword", kWrongPassword, ""},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST_F(HttpServerAccessTest, RefusalsAreCounted) {
  Start();
  EXPECT_EQ(Ask(Get("/read", "")).status, 401);
  EXPECT_EQ(Ask(Get("/admin", "Bearer r-token")).status, 403);
  EXPECT_EQ(Metric("slowburn_net_requests_refused_total", "access"), 2);
}

TEST_F(HttpServerAccessTest, GuessingIsSlowedDown) {
  Start();
  RawResponse response;
  for (int i = 0; i < 20 && response.status != 429; ++i) {
    const std::string password = absl::Base64Escape(fmt::format("viewer:{}", i));
    response = Ask(Get("/read", "Basic " + password));
    EXPECT_THAT(response.status, testing::AnyOf(401, 429));
  }
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.head, testing::ContainsRegex("\r\nRetry-After: [1-9][0-9]*\r\n"));
}

TEST_F(HttpServerAccessTest, NobodyIsToldToContinueWhoMayNotCall) {
  Start();
  RawConnection connection = Connect();
  connection.Send(
      "POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.Read().status, 401);
}

TEST_F(HttpServerAccessTest, ARefusedSenderMayTryAgainOnItsConnection) {
  Start();
  RawConnection connection = Connect();
  connection.Send("POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(connection.Read().status, 401);
  connection.Send(
      "POST /write HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer w-token\r\n"
      "Content-Length: 4\r\n\r\nbody");
  EXPECT_EQ(connection.Read().body, "writer|");
}

TEST_F(HttpServerAccessTest, PathsAndSizesAreCheckedFirst) {
  Start();
  EXPECT_EQ(Ask(Get("/nothing", "")).status, 404);
  EXPECT_EQ(Ask("PUT /admin HTTP/1.1\r\nHost: a\r\n\r\n").status, 405);
  EXPECT_EQ(Ask("POST /admin HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n").status, 413);
}

TEST_F(HttpServerAccessTest, WhoLeavesWhileThePasswordIsCheckedHarmsNobody) {
  Start();
  for (int i = 0; i < 5; ++i) Connect().Send(Get("/read", kRightPassword));
  EXPECT_TRUE(MetricReaches("slowburn_net_connections", 0));
  EXPECT_EQ(Ask(Get("/read", kRightPassword)).status, 200);
}

struct OriginCase {
  std::string name;
  std::vector<std::string> origins;
  std::string request;
  int want_status = 0;
  std::vector<std::string> want_fields;  // none: no field of this kind at all
};
class HttpServerCorsTest : public ServerFixture, public testing::WithParamInterface<OriginCase> {};

TEST_P(HttpServerCorsTest, AnswersOtherOrigins) {
  ServerOptions options = Defaults();
  options.cors.origins = GetParam().origins;
  Start(options);
  const RawResponse response = Ask(GetParam().request);
  EXPECT_EQ(response.status, GetParam().want_status);
  for (const std::string& field : GetParam().want_fields) {
    EXPECT_THAT(response.head, HasSubstr("\r\n" + field + "\r\n"));
  }
  if (GetParam().want_fields.empty()) {
    EXPECT_THAT(response.head, Not(HasSubstr("Access-Control-")));
  }
}

std::string From(std::string_view start, std::string_view origin, std::string_view more = "") {
  return fmt::format("{} HTTP/1.1\r\nHost: a\r\nOrigin: {}\r\n{}\r\n", start, origin, more);
}
const std::string kShop = "https://shop.example.org";
const std::string kAsksPost = "Access-Control-Request-Method: POST\r\n";
const std::string kShopAllowed = "Access-Control-Allow-Origin: https://shop.example.org";

INSTANTIATE_TEST_SUITE_P(
    Requests, HttpServerCorsTest,
    testing::ValuesIn<OriginCase>({
        {"Preflight",
         {kShop},
         From("OPTIONS /echo", kShop, kAsksPost),
         204,
         {kShopAllowed, "Access-Control-Allow-Methods: POST", "Vary: Origin"}},
        {"PreflightFromElsewhere",
         {kShop},
         From("OPTIONS /echo", "https://evil.org", kAsksPost),
         403},
        {"PreflightNowhere", {kShop}, From("OPTIONS /nothing", "https://evil.org", kAsksPost), 403},
        {"PreflightWhereOff", {}, From("OPTIONS /echo", kShop, kAsksPost), 405},
        {"OptionsWithoutQuestion", {kShop}, From("OPTIONS /echo", kShop), 405, {kShopAllowed}},
        {"Answer", {kShop}, From("GET /hello", kShop), 200, {kShopAllowed, "Vary: Origin"}},
        {"Error", {kShop}, From("GET /nothing", kShop), 404, {kShopAllowed}},
        {"HandlerError", {kShop}, From("GET /throws", kShop), 500, {kShopAllowed}},
        {"Broken", {kShop}, From("GET /hello", kShop, "Host: b\r\n"), 400, {kShopAllowed}},
        {"AnswerToElsewhere", {kShop}, From("GET /hello", "https://evil.org"), 200},
        {"AnswerWhereOff", {}, From("GET /hello", kShop), 200},
        {"NoOrigin", {kShop}, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(HttpServerAccessTest, PreflightsNeedNoLogin) {
  Start();
  ServerOptions options = Defaults();
  options.cors.origins = {kShop};
  options.access = access_.get();
  auto server = HttpServer::Start(options, Routes(), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  RawConnection connection((*server)->address());
  connection.Send(From("OPTIONS /echo", kShop, kAsksPost));
  EXPECT_EQ(connection.Read(true).status, 204);
  connection.Send(From("POST /echo", kShop));
  const RawResponse response = connection.Read();
  EXPECT_EQ(response.status, 401);
  EXPECT_THAT(response.head, HasSubstr(kShopAllowed));
}

// With the right login, as a browser sends it for whatever page it shows.
TEST_F(HttpServerAccessTest, APageOfAnotherOriginAdministersNothing) {
  Start();
  const auto post = [&](std::string_view path, std::string_view origin) {
    return Ask(
        fmt::format("POST {} HTTP/1.1\r\nHost: slowburn.example.org:7560\r\n"
                    "Content-Length: 0\r\nAuthorization: Bearer a-token\r\n{}\r\n",
                    path, origin));
  };
  for (const std::string_view origin :
       {"https://evil.example.org", "http://slowburn.example.org", "https://example.org:7560",
        "null", "http://slowburn.example.org:7560.evil.example.org"}) {
    const RawResponse response = post("/admin", fmt::format("Origin: {}\r\n", origin));
    EXPECT_EQ(response.status, 403) << origin;
    EXPECT_THAT(response.body, HasSubstr("another origin")) << origin;
  }
  // A name that anybody may let lead here: without TLS nothing shows that it is ours.
  EXPECT_EQ(post("/admin", "Origin: http://slowburn.example.org:7560\r\n").status, 403);
  EXPECT_EQ(post("/admin", "Origin: https://Slowburn.example.org:7560\r\n").status, 200);
  EXPECT_EQ(post("/admin", "").status, 200);
  EXPECT_EQ(post("/write", "Origin: https://evil.example.org\r\n").status, 200);
}

TEST_F(HttpServerAccessTest, APageOfThisMachinesOwnMayAdministerWithoutTls) {
  Start();
  const auto status = [&](std::string_view host) {
    return Ask(fmt::format("POST /admin HTTP/1.1\r\nHost: {0}\r\nContent-Length: 0\r\n"
                           "Authorization: Bearer a-token\r\nOrigin: http://{0}\r\n\r\n",
                           host))
        .status;
  };
  for (const std::string_view ours : {"127.0.0.1:7560", "127.0.0.1", "[::1]:7560", "localhost:7560",
                                      "LocalHost", "slo.localhost:7560"}) {
    EXPECT_EQ(status(ours), 200) << ours;
  }
  for (const std::string_view other :
       {"evil.example.org:7560", "evil.example.org", "127.0.0.1.evil.example.org:7560",
        "localhost.evil.example.org", "notlocalhost:7560"}) {
    EXPECT_EQ(status(other), 403) << other;
  }
}

}  // namespace
}  // namespace slowburn::net
