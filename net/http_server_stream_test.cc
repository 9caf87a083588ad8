// Goal: a body that is made while it is sent arrives whole or is seen not to be, and no more of it
// is made than the peer takes. Method: sources that answer at once, later or not at all; a raw
// socket that sees the chunks.
#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "net/testing/server_fixture.h"

namespace slowburn::net {
namespace {

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kAsk = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr size_t kMegabyte = 1 << 20;

// Tells when the last copy of it goes.
struct Presence {
  std::promise<void> gone;
  ~Presence() { gone.set_value(); }
};

class HttpServerStreamTest : public ServerFixture {
 protected:
  // GET /stream answers `first`, and what `source` gives.
  void StartWith(std::string first, BodySource source, int threads = 1) {
    RouteTable routes = Routes();
    routes.Add({.role = Role::kRead,
                .method = "GET",
                .pattern = "/stream",
                .handler = nullptr,
                .stream_handler = [first, source](const HttpRequest&, StreamReply reply) {
                  StreamedResponse response;
                  response.body = first;
                  response.rest = source;
                  std::move(reply)(std::move(response));
                }});
    ServerOptions options = Defaults();
    options.threads = threads;
    auto server = HttpServer::Start(options, std::move(routes), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Gives these, one at each time that it is asked.
  static BodySource Parts(std::vector<BodyPart> parts) {
    // Shared, as what a std::function holds is copied.
    auto left = std::make_shared<std::deque<BodyPart>>(parts.begin(), parts.end());
    return [left](BodyPartReply reply) {
      std::move(reply)(std::move(left->front()));
      left->pop_front();
    };
  }

  // What comes on a connection of its own until it is closed.
  std::string AskToEnd(std::string_view request) {
    RawConnection connection = Connect();
    connection.Send(request);
    return connection.ReadToEnd();
  }
};

TEST_F(HttpServerStreamTest, SendsChunksAndKeepsTheConnection) {
  StartWith("first",
            Parts({{.bytes = "the second"}, {.bytes = ""}, {.bytes = "3", .is_last = true}}));
  RawConnection connection = Connect();
  connection.Send(kAsk);
  connection.Send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = connection.ReadToEnd();
  EXPECT_THAT(all, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(all, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(
      all, HasSubstr("\r\n\r\n5\r\nfirst\r\na\r\nthe second\r\n1\r\n3\r\n0\r\n\r\nHTTP/1.1 200"));
  EXPECT_THAT(all.substr(0, all.find("\r\n\r\n")), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(all, EndsWith("hello"));
}

TEST_F(HttpServerStreamTest, SendsAWholeBodyAsAnyOther) {
  StartWith("first", nullptr);
  const RawResponse response = Ask(kAsk);
  EXPECT_EQ(response.body, "first");
  EXPECT_THAT(response.head, HasSubstr("Content-Length: 5\r\n"));
}

TEST_F(HttpServerStreamTest, SendsNothingThatIsNothing) {
  StartWith("", Parts({{.is_last = true}}));
  EXPECT_THAT(AskToEnd("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              EndsWith("\r\n\r\n0\r\n\r\n"));
}

TEST_F(HttpServerStreamTest, EndsWithTheConnectionWhereChunksAreUnknown) {
  StartWith("first ", Parts({{.bytes = "and last", .is_last = true}}));
  const std::string all = AskToEnd("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(all, EndsWith("\r\n\r\nfirst and last"));
}

TEST_F(HttpServerStreamTest, AsksForNothingThatIsNotSent) {
  StartWith("first", [](BodyPartReply) { ADD_FAILURE() << "a part of no body"; });
  RawConnection connection = Connect();
  connection.Send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Read(/*without_body=*/true).status, 200);
  connection.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Read().body, "hello");
}

// One thread serves all: it would make every part before it answers another connection, did it not
// wait for the peer, whose kernel takes some megabytes.
TEST_F(HttpServerStreamTest, MakesNoMoreThanThePeerTakes) {
  constexpr int kParts = 200;
  std::atomic<int> made = 0;
  StartWith("", [&made](BodyPartReply reply) {
    const int number = ++made;
    std::move(reply)({.bytes = std::string(kMegabyte, 'x'), .is_last = number == kParts});
  });
  RawConnection slow = Connect();
  slow.Send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  std::vector<char> some(kMegabyte);
  ASSERT_GT(slow.ReceiveSome(some), 0);
  EXPECT_EQ(Ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").body, "hello");
  EXPECT_GT(made, 0);
  EXPECT_LT(made, kParts / 2);
  EXPECT_GT(slow.ReadToEnd().size(), (kParts - 1) * kMegabyte);
  EXPECT_EQ(made, kParts);
}

TEST_F(HttpServerStreamTest, WaitsForAPartFromAnotherThread) {
  std::promise<BodyPartReply> asked;
  StartWith("first", [&asked](BodyPartReply reply) { asked.set_value(std::move(reply)); });
  RawConnection connection = Connect();
  connection.Send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  BodyPartReply reply = asked.get_future().get();
  EXPECT_EQ(Ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").body, "hello");
  std::move(reply)({.bytes = "late", .is_last = true});
  EXPECT_THAT(connection.ReadToEnd(), EndsWith("5\r\nfirst\r\n4\r\nlate\r\n0\r\n\r\n"));
}

struct BreakCase {
  std::string name;
  BodySource source;
};
class HttpServerBrokenStreamTest : public HttpServerStreamTest,
                                   public testing::WithParamInterface<BreakCase> {};

TEST_P(HttpServerBrokenStreamTest, IsSeenNotToBeWhole) {
  StartWith("first", GetParam().source);
  const std::string all = AskToEnd(kAsk);
  EXPECT_THAT(all, EndsWith("\r\n\r\n5\r\nfirst"));
  EXPECT_TRUE(MetricReaches("slowburn_net_handler_errors_total", 1));
}

INSTANTIATE_TEST_SUITE_P(
    Sources, HttpServerBrokenStreamTest,
    testing::ValuesIn<BreakCase>({
        {"Fails", [](BodyPartReply reply) { std::move(reply)({.status = 0}); }},
        {"DropsItsReply", [](const BodyPartReply&) {}},
        {"Throws", [](const BodyPartReply&) { throw std::runtime_error("source bug"); }},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(HttpServerStreamTest, LetsTheSourceGoWithThePeer) {
  auto presence = std::make_shared<Presence>();
  std::future<void> gone = presence->gone.get_future();
  RouteTable routes = Routes();
  routes.Add({.role = Role::kRead,
              .method = "GET",
              .pattern = "/stream",
              .handler = nullptr,
              .stream_handler = [&presence](const HttpRequest&, StreamReply reply) {
                StreamedResponse response;
                response.rest = [kept = std::exchange(presence, nullptr)](BodyPartReply next) {
                  std::move(next)({.bytes = std::string(kMegabyte, 'x')});
                };
                std::move(reply)(std::move(response));
              }});
  auto server = HttpServer::Start(Defaults(), std::move(routes), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  std::optional<RawConnection> connection(Connect());
  connection->Send(kAsk);
  std::vector<char> some(1000);
  ASSERT_GT(connection->ReceiveSome(some), 0);
  connection.reset();
  EXPECT_EQ(gone.wait_for(seconds(10)), std::future_status::ready);
}

TEST_F(HttpServerStreamTest, EndsWithTheServerWhileItWaits) {
  std::promise<BodyPartReply> asked;
  StartWith("first", [&asked](BodyPartReply reply) { asked.set_value(std::move(reply)); });
  RawConnection connection = Connect();
  connection.Send(kAsk);
  BodyPartReply reply = asked.get_future().get();
  server_->Shutdown(seconds(0));
  EXPECT_THAT(connection.ReadToEnd(), Not(HasSubstr("0\r\n\r\n")));
  std::move(reply)({.bytes = "to nobody", .is_last = true});
}

}  // namespace
}  // namespace slowburn::net
