// Goal: over HTTP/2 only who may call a route reaches it, and nothing of a body is kept for long
// before that. Method: a credentials file, callers of each kind, and a thread that hashes when the
// test lets it.
#include <gmock/gmock.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/testing/temp_dir.h"
#include "net/testing/access_fixture.h"
#include "net/testing/http2_fixture.h"

namespace slowburn::net {
namespace {

constexpr size_t kMib = 1 << 20;

class Http2AccessTest : public Http2Fixture {
 protected:
  void SetUp() override {
    const std::filesystem::path file = folder_.path() / "credentials";
    const std::string lines =
        fmt::format("reader read sha256:{}\nviewer read {}\n", kTroubadorSha256, kHorseHash);
    ASSERT_TRUE(base::WriteFileAtomically(file, lines).ok());
    auto access = AccessFile::Load(file, base::SystemClock(), registry_);
    ASSERT_TRUE(access.ok()) << access.status();
    access_ = *std::move(access);

    RouteTable routes = Http2Routes();  // For readers.
    for (const Role role : {Role::kPublic, Role::kRead, Role::kWrite}) {
      routes.Add(
          {role, "GET", fmt::format("/{}", RoleName(role)), [](HttpRequest request, Reply reply) {
             std::move(reply)(TextResponse(
                 fmt::format("{}|{}", request.principal, request.Header("authorization"))));
           }});
    }
    ServerOptions options = Defaults();
    options.access = access_.get();
    options.budget = &budget_;
    auto server = Http2Server::Start(std::move(options), std::move(routes), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    http2_ = *std::move(server);
  }

  // Nobody's password is looked at until LetGo().
  void HoldHashing() {
    held_ = std::make_unique<HeldThread>(*access_, RequestBy(Basic("viewer", "wrong")));
  }

  const HttpHeader password_{"authorization", Basic("viewer", "correct horse")};
  base::TempDir folder_;
  base::MemoryBudget budget_{16 * kMib};
  std::unique_ptr<AccessFile> access_;
  std::unique_ptr<HeldThread> held_;
};

struct CallerCase {
  const char* name;
  std::string authorization;
  const char* path;
  int want_status;
  const char* want_body;
};

class Http2CallerTest : public Http2AccessTest, public testing::WithParamInterface<CallerCase> {};

TEST_P(Http2CallerTest, IsLetInByRole) {
  const CallerCase& caller = GetParam();
  std::vector<HttpHeader> fields;
  if (!caller.authorization.empty()) fields = {{"authorization", caller.authorization}};
  const Http2Reply reply = Client().Ask("GET", caller.path, fields);
  EXPECT_EQ(reply.status, caller.want_status);
  if (caller.want_status == 200) {
    EXPECT_EQ(reply.body, caller.want_body);
  }
  EXPECT_EQ(FindHeader(reply.headers, "www-authenticate").empty(), caller.want_status != 401);
  EXPECT_EQ(Metric("slowburn_net_requests_refused_total", "access"),
            caller.want_status == 200 ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(Callers, Http2CallerTest,
                         testing::ValuesIn<CallerCase>({
                             {"NobodyReadsPublic", "", "/public", 200, "|"},
                             {"NobodyReads", "", "/read", 401, ""},
                             {"WrongToken", "Bearer guess", "/read", 401, ""},
                             {"Token", "Bearer Tr0ub4dor", "/read", 200, "reader|"},
                             {"TokenOfAnotherRole", "Bearer Tr0ub4dor", "/write", 403, ""},
                             {"Password", Basic("viewer", "correct horse"), "/read", 200,
                              "viewer|"},
                             {"WrongPassword", Basic("viewer", "horse"), "/read", 401, ""},
                         }),
                         [](const auto& info) { return info.param.name; });

// No more than one window of it comes before it is known who sends it.
TEST_F(Http2AccessTest, BodyWaitsForItsCaller) {
  HoldHashing();
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/size", {password_}, false);
  EXPECT_EQ(client.Ask("GET", "/public").status, 200);  // Has read how large the windows are.
  EXPECT_EQ(client.window(1), kMib);
  EXPECT_TRUE(client.SendBody(1, std::string(kMib, 'x'), false));
  EXPECT_EQ(client.Ask("GET", "/public").status, 200);
  EXPECT_EQ(client.window(1), 0);
  EXPECT_GE(budget_.used(), kMib) << "it is charged before it is known";
  held_->LetGo();
  EXPECT_TRUE(client.SendBody(1, std::string(2 * kMib, 'x')));
  EXPECT_EQ(client.Await(1).body, fmt::format("{}", 3 * kMib));
  EXPECT_EQ(budget_.used(), 0);
}

TEST_F(Http2AccessTest, WholeBodyWaitsForItsCaller) {
  HoldHashing();
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/echo", {password_}, false);
  client.SendBody(1, "body");
  EXPECT_EQ(client.Ask("GET", "/public").status, 200);
  EXPECT_FALSE(client.reply(1).is_over());
  held_->LetGo();
  EXPECT_EQ(client.Await(1).body, "body");
}

// Four callers whose bodies fill the connection's window, and then are not let in.
TEST_F(Http2AccessTest, RefusedCallersKeepNoWindow) {
  HoldHashing();
  Http2Client client = Client();
  EXPECT_EQ(client.Ask("GET", "/public").status, 200);
  const HttpHeader wrong{"authorization", Basic("viewer", "staple")};
  for (int32_t stream = 1'101; stream < 1'109; stream += 2) {
    client.SendRequest(stream, "POST", "/size", {wrong}, false);
    client.SendBody(stream, std::string(kMib, 'x'), false);
  }
  held_->LetGo();
  for (int32_t stream = 1'101; stream < 1'109; stream += 2) {
    EXPECT_EQ(client.Await(stream).status, 401);
  }
  client.SendRequest(1'201, "POST", "/size", {password_}, false);
  EXPECT_TRUE(client.SendBody(1'201, std::string(5 * kMib, 'x')));
  EXPECT_EQ(client.Await(1'201).body, fmt::format("{}", 5 * kMib));
}

TEST_F(Http2AccessTest, CallerMayLeaveBeforeTheDecision) {
  HoldHashing();
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/size", {password_}, false);
  client.SendBody(1, std::string(10'000, 'x'), false);
  client.SendFrame(NGHTTP2_RST_STREAM, 0, 1, Uint32(NGHTTP2_CANCEL));
  EXPECT_EQ(client.Ask("GET", "/public").status, 200);
  EXPECT_EQ(budget_.used(), 0);
  {
    Http2Client gone = Client();
    gone.SendRequest(1, "POST", "/size", {password_}, false);
    EXPECT_EQ(gone.Ask("GET", "/public").status, 200);
  }
  ASSERT_TRUE(MetricReaches("slowburn_net_connections", 1));
  held_->LetGo();
  EXPECT_EQ(client.Ask("GET", "/read", {password_}).status, 200);
}

}  // namespace
}  // namespace slowburn::net
