// Goal: what a request may take is decided before it takes it, and given back (fault 37; section 4,
// "Auth"). Method: raw sockets against small maxima; leases and budget are read from outside.
#include <gmock/gmock.h>

#include "net/testing/server_fixture.h"

namespace slowburn::net {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kLate = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPost = "POST /echo HTTP/1.1\r\nHost: a\r\n";

class HttpServerAdmissionTest : public ServerFixture {
 protected:
  double Refused(const std::string& limit) {
    return Metric("slowburn_net_requests_refused_total", limit);
  }
};

TEST_F(HttpServerAdmissionTest, RequestsBeyondTheMaximumAreRefusedAndTheirConnectionsKept) {
  ServerOptions options = Defaults();
  options.requests_max = 2;
  Start(options);
  RawConnection busy[2] = {Connect(), Connect()};
  std::vector<Reply> replies;
  for (RawConnection& connection : busy) {
    connection.Send(kLate);
    replies.push_back(kept_->Take());
  }
  RawConnection refused = Connect();
  refused.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(refused.Read().body,
            "error 503 /hello: the server is busy with other requests; send it again later");
  refused.Send(kPost + "Content-Length: 4\r\n\r\nbody");
  const RawResponse response = refused.Read();
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.head, Not(HasSubstr("Connection:")));
  EXPECT_EQ(Refused("requests_max"), 2);
  for (Reply& reply : replies) std::move(reply)(TextResponse("done"));
  for (RawConnection& connection : busy) EXPECT_EQ(connection.Read().body, "done");
  // An answer is there a moment before its request stops counting.
  int status = 503;
  while (status == 503) {
    refused.Send(kPost + "Content-Length: 4\r\n\r\nbody");
    status = refused.Read().status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(HttpServerAdmissionTest, ARefusedRequestCountsForNothing) {
  ServerOptions options = Defaults();
  options.requests_max = 1;
  Start(options);
  RawConnection slow = Connect();
  slow.Send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(slow.Read().status, 404);
  // Its body is still awaited, but others need not wait for that.
  RawConnection connection = Connect();
  int status = 503;
  while (status == 503) {
    connection.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    status = connection.Read().status;
  }
  EXPECT_EQ(status, 200);
}

struct UnreadCase {
  std::string name;
  std::string request;
  bool want_kept = false;
};
class HttpServerUnreadBodyTest : public ServerFixture,
                                 public testing::WithParamInterface<UnreadCase> {};

TEST_P(HttpServerUnreadBodyTest, IsSkippedOrEndsTheConnection) {
  Start();
  RawConnection connection = Connect();
  connection.Send(GetParam().request);
  const RawResponse response = connection.Read();
  EXPECT_EQ(response.status, 404);
  if (GetParam().want_kept) {
    connection.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(connection.Read().body, "hello");
  } else {
    EXPECT_THAT(response.head, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_EQ(connection.ReadToEnd(), "");
  }
}

const std::string kNowhere = "POST /nothing HTTP/1.1\r\nHost: a\r\n";

INSTANTIATE_TEST_SUITE_P(
    Bodies, HttpServerUnreadBodyTest,
    testing::ValuesIn<UnreadCase>({
        {"None", kNowhere + "\r\n", true},
        {"Small", kNowhere + "Content-Length: 2\r\n\r\nab", true},
        {"LooksLikeARequest",
         kNowhere + "Content-Length: 33\r\n\r\nGET /late HTTP/1.1\r\nHost: a\r\n\r\n..", true},
        {"LargestSkipped", kNowhere + "Content-Length: 65536\r\n\r\n" + std::string(65536, 'x'),
         true},
        {"TooLargeToSkip", kNowhere + "Content-Length: 65537\r\n\r\n" + std::string(65537, 'x')},
        {"Chunked", kNowhere + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"MayNotCome", kNowhere + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"},
        {"AskedToClose", kNowhere + "Content-Length: 2\r\nConnection: close\r\n\r\nab"},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(HttpServerAdmissionTest, NobodyIsToldToContinueWhoIsRefused) {
  ServerOptions options = Defaults();
  options.requests_max = 1;
  Start(options);
  RawConnection busy = Connect();
  busy.Send(kLate);
  const Reply reply = kept_->Take();
  EXPECT_EQ(Ask(kPost + "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n").status, 503);
}

TEST_F(HttpServerAdmissionTest, CredentialsGoNoFurtherThanTheServer) {
  RouteTable routes([](const HttpRequest& request, int status, std::string_view) {
    return TextResponse(
        fmt::format("{} {}", request.headers.size(), request.Header("Authorization")), status);
  });
  AddRoute(routes, "POST", "/show", [](HttpRequest request, Reply reply) {
    std::move(reply)(TextResponse(
        fmt::format("{} {}", request.headers.size(), request.Header("Authorization"))));
  });
  auto server = HttpServer::Start(Defaults(), std::move(routes), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string fields =
      " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\nAUTHORIZATION: Basic c2VjcmV0\r\n";
  for (const std::string_view start : {"POST /show", "POST /nothing", "PUT /show"}) {
    RawConnection connection((*server)->address());
    connection.Send(std::string(start) + fields + "\r\n");
    EXPECT_EQ(connection.Read().body, "1 ") << start;
  }
  // Broken before its header ends.
  RawConnection broken((*server)->address());
  broken.Send("POST /show" + fields + "no colon\r\n\r\n");
  EXPECT_EQ(broken.Read().body, "1 ");
}

// Requests that a handler put aside, with what they hold.
class HttpServerMemoryTest : public HttpServerAdmissionTest {
 protected:
  void StartKeeping(uint64_t bytes_max) {
    budget_ = std::make_unique<base::MemoryBudget>(bytes_max);
    RouteTable routes = Routes();
    AddRoute(
        routes, "POST", "/keep",
        [this](HttpRequest request, Reply reply) {
          const std::lock_guard lock(mutex_);
          requests_.push_back(std::move(request));
          std::move(reply)(TextResponse("kept"));
        },
        64 << 20);
    ServerOptions options = Defaults();
    options.budget = budget_.get();
    auto server = HttpServer::Start(options, std::move(routes), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  bool UsedReaches(uint64_t bytes) const {
    for (int i = 0; i < 1000; ++i) {
      if (budget_->used() == bytes) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::unique_ptr<base::MemoryBudget> budget_;
  std::mutex mutex_;
  std::vector<HttpRequest> requests_;
};

const std::string kKeep = "POST /keep HTTP/1.1\r\nHost: a\r\n";

std::string Sized(size_t bytes) {
  return kKeep + fmt::format("Content-Length: {}\r\n\r\n", bytes) + std::string(bytes, 'x');
}
std::string Chunked(size_t bytes) {
  return kKeep + fmt::format("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", bytes) +
         std::string(bytes, 'x') + "\r\n0\r\n\r\n";
}

TEST_F(HttpServerMemoryTest, ARequestHoldsWhatItsBodyTakes) {
  StartKeeping(64 << 20);
  for (const size_t bytes : {1, 100, 65536, 65537, 1 << 20, 3'000'001}) {
    for (const std::string& request : {Sized(bytes), Chunked(bytes)}) {
      ASSERT_EQ(Ask(request).body, "kept");
      const std::lock_guard lock(mutex_);
      ASSERT_EQ(requests_.size(), 1U);
      EXPECT_EQ(requests_[0].body.size(), bytes);
      EXPECT_GE(requests_[0].lease.bytes(), bytes);
      EXPECT_LE(requests_[0].lease.bytes(), std::max(requests_[0].body.capacity(), bytes));
      EXPECT_LE(requests_[0].lease.bytes(), 2 * bytes + (128 << 10));
      EXPECT_EQ(budget_->used(), requests_[0].lease.bytes());
      requests_.clear();
      EXPECT_EQ(budget_->used(), 0U);
    }
  }
}

TEST_F(HttpServerMemoryTest, APromiseCostsNoMoreThanOneStep) {
  StartKeeping(64 << 20);
  {
    RawConnection connection = Connect();
    connection.Send(kKeep + "Content-Length: 60000000\r\n\r\nbegun");
    EXPECT_TRUE(UsedReaches(64 << 10));
  }
  EXPECT_TRUE(UsedReaches(0));
}

struct ShortCase {
  std::string name;
  std::string request;
};
class HttpServerShortOfMemoryTest : public HttpServerMemoryTest,
                                    public testing::WithParamInterface<ShortCase> {};

TEST_P(HttpServerShortOfMemoryTest, RefusesAndRecovers) {
  StartKeeping(300'000);
  RawConnection connection = Connect();
  std::thread sender([&] { connection.Send(GetParam().request); });
  const RawResponse response = connection.Read();
  sender.join();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "error 503 /keep: the server is short of memory; send it again later");
  EXPECT_THAT(response.head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(Refused("memory"), 1);
  EXPECT_GE(budget_->refusals(), 1U);
  EXPECT_TRUE(UsedReaches(0));
  EXPECT_EQ(Ask(Sized(100'000)).body, "kept");
}

INSTANTIATE_TEST_SUITE_P(Bodies, HttpServerShortOfMemoryTest,
                         testing::ValuesIn<ShortCase>({
                             {"Sized", Sized(1'000'000)},
                             {"Chunked", Chunked(1'000'000)},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST_F(HttpServerMemoryTest, OthersWaitForWhatOneHolds) {
  StartKeeping(150'000);
  ASSERT_EQ(Ask(Sized(100'000)).body, "kept");
  EXPECT_EQ(Ask(Sized(100'000)).status, 503);
  // A small body does not cost its connection.
  RawConnection connection = Connect();
  connection.Send(Sized(60'000));
  EXPECT_EQ(connection.Read().status, 503);
  connection.Send(Sized(40'000));
  EXPECT_EQ(connection.Read().body, "kept");
  {
    const std::lock_guard lock(mutex_);
    requests_.clear();
  }
  EXPECT_EQ(Ask(Sized(100'000)).body, "kept");
}

TEST_F(HttpServerMemoryTest, WhoGoesAwayGivesBack) {
  StartKeeping(64 << 20);
  {
    RawConnection sized = Connect();
    sized.Send(kKeep + "Content-Length: 2000000\r\n\r\n" + std::string(200'000, 'x'));
    RawConnection chunked = Connect();
    chunked.Send(kKeep + "Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + std::string(200'000, 'x'));
    ASSERT_TRUE(MetricReaches("slowburn_net_connections", 2));
  }
  EXPECT_TRUE(MetricReaches("slowburn_net_connections", 0));
  EXPECT_EQ(budget_->used(), 0U);
  RawConnection aborted = Connect();
  aborted.Send(kKeep + "Content-Length: 2000000\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_TRUE(UsedReaches(64 << 10));
  server_.reset();
  EXPECT_EQ(budget_->used(), 0U);
}

}  // namespace
}  // namespace slowburn::net
