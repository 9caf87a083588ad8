// Goal: a listener at its limits still serves who comes with a request, whatever others hold
// (faults 22, 23 and 36). Method: an HTTP/1.1 server with small maxima and raw sockets from two
// addresses; a process without file descriptors.
#include "net/internal/listener.h"

#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "net/testing/server_fixture.h"

namespace slowburn::net {
namespace {

const std::string kHello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kLate = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";

class ListenerTest : public ServerFixture {
 protected:
  // A connection that has sent one byte, which the server has read.
  RawConnection ConnectSlowly(uint32_t source = 1) {
    RawConnection slow(server_->address(), source);
    slow.Send("G");
    bytes_ += 1;
    EXPECT_TRUE(MetricReaches("slowburn_net_request_bytes_total", bytes_));
    return slow;
  }
  // Connects until it is taken, as number `accepted`. For a moment after its answer a request
  // counts as open and its connection makes no room: how often that was so is added to `too_early`.
  RawConnection ConnectTaken(double accepted, int& too_early) {
    const auto tried = [this] {
      return Metric("slowburn_net_connections_accepted_total") +
             Metric("slowburn_net_connections_refused_total");
    };
    // Those before it are counted after they are served.
    EXPECT_TRUE(MetricReaches("slowburn_net_connections_accepted_total", accepted - 1));
    for (;;) {
      const double before = tried();
      RawConnection connection = Connect();
      while (tried() == before) std::this_thread::yield();
      if (Metric("slowburn_net_connections_accepted_total") == accepted) return connection;
      ++too_early;
    }
  }

  int Hello(RawConnection& connection) {
    connection.Send(kHello);
    bytes_ += static_cast<double>(kHello.size());
    return connection.Read().status;
  }

 private:
  double bytes_ = 0;
};

TEST_F(ListenerTest, AtTheMaximumTheIdleMakeRoomAndTheBusyStay) {
  ServerOptions options = Defaults();
  options.connections_max = 2;
  Start(options);
  RawConnection busy = Connect();
  busy.Send(kLate);
  Reply first = kept_->Take();
  RawConnection idle = Connect();
  idle.Send(kHello);
  EXPECT_EQ(idle.Read().status, 200);
  int too_early = 0;
  RawConnection newcomer = ConnectTaken(/*accepted=*/3, too_early);
  newcomer.Send(kLate);
  Reply second = kept_->Take();
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_EQ(Metric("slowburn_net_connections_evicted_total"), 1);
  EXPECT_EQ(Connect().ReadToEnd(), "");
  EXPECT_EQ(Metric("slowburn_net_connections_refused_total"), too_early + 1);
  EXPECT_EQ(Metric("slowburn_net_connections_accepted_total"), 3);
  std::move(first)(TextResponse("first"));
  std::move(second)(TextResponse("second"));
  EXPECT_EQ(busy.Read().body, "first");
  EXPECT_EQ(newcomer.Read().body, "second");
}

TEST_F(ListenerTest, SlowConnectionsDoNotLockOthersOut) {
  ServerOptions options = Defaults();
  options.connections_max = 20;
  Start(options);
  RawConnection regular = Connect();
  EXPECT_EQ(Hello(regular), 200);
  std::vector<RawConnection> slow;
  for (int i = 0; i < 60; ++i) slow.push_back(ConnectSlowly());
  RawConnection newcomer = Connect();
  EXPECT_EQ(Hello(newcomer), 200);
  EXPECT_EQ(Hello(regular), 200);
  // The oldest had to go.
  for (size_t i = 0; i < 42; ++i) EXPECT_EQ(slow[i].ReadToEnd(), "") << i;
  EXPECT_EQ(Metric("slowburn_net_connections_evicted_total"), 42);
  EXPECT_TRUE(MetricReaches("slowburn_net_connections", 20));
  EXPECT_EQ(Metric("slowburn_net_connections_refused_total"), 0);
}

TEST_F(ListenerTest, AnAddressAtItsMaximumMakesRoomForItself) {
  ServerOptions options = Defaults();
  options.connections_per_address_max = 2;
  Start(options);
  RawConnection other = ConnectSlowly(2);
  RawConnection first = ConnectSlowly(1);
  RawConnection second = ConnectSlowly(1);
  RawConnection third = ConnectSlowly(1);
  EXPECT_EQ(first.ReadToEnd(), "");
  EXPECT_EQ(Metric("slowburn_net_connections_evicted_total"), 1);
  for (RawConnection* const connection : {&other, &second, &third}) {
    connection->Send(kHello.substr(1));
    EXPECT_EQ(connection->Read().status, 200);
  }
}

TEST_F(ListenerTest, AnAddressFullOfRequestsIsRefusedAlone) {
  ServerOptions options = Defaults();
  options.connections_per_address_max = 1;
  Start(options);
  RawConnection busy = Connect();
  busy.Send(kLate);
  Reply reply = kept_->Take();
  EXPECT_EQ(Connect().ReadToEnd(), "");
  EXPECT_EQ(Metric("slowburn_net_connections_refused_total"), 1);
  RawConnection other(server_->address(), 2);
  EXPECT_EQ(Hello(other), 200);
  std::move(reply)(TextResponse("done"));
  EXPECT_EQ(busy.Read().body, "done");
}

TEST_F(ListenerTest, TheAddressThatHoldsMostMakesRoom) {
  ServerOptions options = Defaults();
  options.connections_max = 3;
  Start(options);
  RawConnection lonely = ConnectSlowly(2);
  RawConnection first = ConnectSlowly(1);
  RawConnection second = ConnectSlowly(1);
  RawConnection newcomer(server_->address(), 3);
  EXPECT_EQ(Hello(newcomer), 200);
  EXPECT_EQ(first.ReadToEnd(), "");
  lonely.Send(kHello.substr(1));
  EXPECT_EQ(lonely.Read().status, 200);
}

// No descriptor is free, while in scope.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 1024);
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = Open(); fd >= 0; fd = Open()) held_.push_back(fd);
  }
  ~NoDescriptorsLeft() {
    for (const int fd : held_) ::close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  static int Open() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

  rlimit before_{};
  std::vector<int> held_;
};

TEST_F(ListenerTest, WithoutDescriptorsNobodyIsLeftWaiting) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan probes memory through a pipe, and reports what is not there without one";
#endif
  Start();
  RawConnection regular = Connect();
  EXPECT_EQ(Hello(regular), 200);
  std::vector<TestSocket> sockets(3);
  {
    const NoDescriptorsLeft none;
    const sockaddr_in address = LoopbackAddress(server_->address().port);
    for (size_t i = 0; i < sockets.size(); ++i) {
      const int fd = sockets[i].fd();
      ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      char byte;
      EXPECT_EQ(::recv(fd, &byte, 1, 0), 0);  // Closed; our end stays, so that none gets free.
      EXPECT_TRUE(
          MetricReaches("slowburn_net_connections_refused_total", static_cast<double>(i + 1)));
    }
    EXPECT_EQ(Hello(regular), 200);
    // Nobody waits now: it looks again ten times a second, and does not spin.
    const auto begin = std::chrono::steady_clock::now();
    const double before = Metric("slowburn_net_accept_errors_total");
    ASSERT_TRUE(MetricReaches("slowburn_net_accept_errors_total", before + 3));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(150));
  }
  RawConnection connection = Connect();
  EXPECT_EQ(Hello(connection), 200);
}

}  // namespace
}  // namespace slowburn::net
