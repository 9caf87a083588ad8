// Goal: a handler that works long learns that its peer has gone, and only then. Method: handlers
// that keep their reply; raw connections that close; futures, no sleeps.
#include <future>
#include <list>
#include <optional>

#include <gtest/gtest.h>

#include "net/testing/server_fixture.h"

namespace slowburn::net {
namespace {

using std::chrono::seconds;

// What a handler was told.
struct Watched {
  std::stop_token token;
  std::promise<void> gone;
  std::optional<std::stop_callback<std::function<void()>>> when_gone;
};

class HttpServerGoneTest : public ServerFixture {
 protected:
  void StartWatching() {
    RouteTable routes = Routes();
    routes.Add({.role = Role::kRead,
                .method = "GET",
                .pattern = "/watched",
                .handler =
                    [this](const HttpRequest& request, Reply reply) {
                      Watched& watched = watched_.emplace_back();
                      watched.token = request.gone;
                      watched.when_gone.emplace(request.gone,
                                                [&watched] { watched.gone.set_value(); });
                      kept_->Put(std::move(reply));
                    },
                .watches_peer = true});
    ServerOptions options = Defaults();
    options.threads = 1;  // Then what one connection is told was looked at for all.
    auto server = HttpServer::Start(options, std::move(routes), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  bool IsToldSoon(Watched& watched) {
    return watched.gone.get_future().wait_for(seconds(10)) == std::future_status::ready;
  }

  std::list<Watched> watched_;  // by the server's thread, before its reply is kept
};

constexpr std::string_view kAsk = "GET /watched HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(HttpServerGoneTest, TellsTheHandlerThatThePeerHasGone) {
  StartWatching();
  std::optional<RawConnection> connection(Connect());
  connection->Send(kAsk);
  Reply reply = kept_->Take();
  EXPECT_FALSE(watched_.front().token.stop_requested());
  connection.reset();
  EXPECT_TRUE(IsToldSoon(watched_.front()));
  EXPECT_TRUE(MetricReaches("slowburn_net_requests_abandoned_total", 1));
  std::move(reply)(TextResponse("to nobody"));
}

TEST_F(HttpServerGoneTest, APeerThatSendsOnIsThere) {
  StartWatching();
  RawConnection patient = Connect();
  patient.Send(kAsk);
  Reply first = kept_->Take();
  patient.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  std::optional<RawConnection> hasty(Connect());
  hasty->Send(kAsk);
  Reply second = kept_->Take();
  hasty.reset();
  EXPECT_TRUE(IsToldSoon(watched_.back()));
  EXPECT_FALSE(watched_.front().token.stop_requested());
  std::move(first)(TextResponse("late"));
  EXPECT_EQ(patient.Read().body, "late");
  EXPECT_EQ(patient.Read().body, "hello");
  EXPECT_EQ(Metric("slowburn_net_requests_abandoned_total"), 1);
}

TEST_F(HttpServerGoneTest, APeerThatSentItsNextRequestMayGoToo) {
  StartWatching();
  std::optional<RawConnection> connection(Connect());
  connection->Send(kAsk);
  Reply reply = kept_->Take();
  connection->Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  connection.reset();
  EXPECT_TRUE(IsToldSoon(watched_.front()));
}

TEST_F(HttpServerGoneTest, TheEndOfTheServerIsToldToo) {
  StartWatching();
  RawConnection connection = Connect();
  connection.Send(kAsk);
  Reply reply = kept_->Take();
  server_->Shutdown(seconds(0));
  EXPECT_TRUE(IsToldSoon(watched_.front()));
}

TEST_F(HttpServerGoneTest, OtherRoutesHaveNothingToLookAt) {
  RouteTable routes = Routes();
  bool is_possible = true;
  AddRoute(routes, "GET", "/plain", [&is_possible](const HttpRequest& request, Reply reply) {
    is_possible = request.gone.stop_possible();
    std::move(reply)(TextResponse("plain"));
  });
  auto server = HttpServer::Start(Defaults(), std::move(routes), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  EXPECT_EQ(Ask("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n").body, "plain");
  EXPECT_FALSE(is_possible);
}

}  // namespace
}  // namespace slowburn::net
