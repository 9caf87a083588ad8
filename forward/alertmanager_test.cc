// Goal: every Alertmanager hears the newest state, whatever the others do. Method: the real client
// and thread against a real HTTP server that plays Alertmanager; time is moved by hand, and every
// wait is for an event.
#include "forward/alertmanager.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_dir.h"
#include "net/http_server.h"
#include "net/testing/certificates.h"
#include "net/testing/tls_peer.h"

namespace slowburn::forward {
namespace {

using model::Alert;
using model::AlertState;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr seconds kPatience{30};  // of a test; nothing waits that long when all is well
const base::UnixNanos kStart{seconds(1'700'000'000)};

Alert MakeAlert(std::string_view name, AlertState state = AlertState::kFiring) {
  Alert alert;
  alert.labels.Set("alertname", name);
  alert.state = state;
  alert.active_at = alert.fired_at = kStart - seconds(60);
  if (state == AlertState::kInactive) alert.resolved_at = kStart;
  return alert;
}

// Answers POST /api/v2/alerts by `answer`, a status or nothing: then the request stays open.
class FakeAlertmanager {
 public:
  using Answer = std::function<std::optional<int>(const std::vector<std::string>& names)>;

  explicit FakeAlertmanager(
      Answer answer = [](const auto&) { return 200; }, uint16_t port = 0)
      : answer_(std::move(answer)) {
    net::RouteTable routes([](const net::HttpRequest&, int status, std::string_view message) {
      return net::HttpResponse{.status = status, .headers = {}, .body = std::string(message)};
    });
    routes.Add({.role = net::Role::kPublic,
                .method = "POST",
                .pattern = "/api/v2/alerts",
                .handler = [this](net::HttpRequest request, net::Reply reply) {
                  Take(std::move(request), std::move(reply));
                }});
    net::ServerOptions options;
    options.address = {"127.0.0.1", port};
    options.name = "alertmanager";
    auto server = net::HttpServer::Start(std::move(options), std::move(routes), registry_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  ~FakeAlertmanager() {
    ReleaseHeld();
    server_->Shutdown(seconds(0));
  }

  uint16_t port() const { return server_->address().port; }
  std::string url() const { return fmt::format("http://{}/", server_->address().Text()); }

  struct Post {
    std::vector<std::string> names;
    std::vector<bool> resolved;
    std::string user_agent;
    std::string content_type;
  };
  std::vector<Post> posts() const {
    const std::lock_guard lock(mutex_);
    return posts_;
  }
  // The posts, once there are `count`.
  std::vector<Post> AwaitPosts(size_t count) const {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return posts_.size() >= count; }))
        << "waited for post " << count;
    return posts_;
  }
  void ReleaseHeld() {
    std::vector<net::Reply> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (net::Reply& reply : held) std::move(reply)({});
  }

 private:
  void Take(net::HttpRequest request, net::Reply reply) {
    Post post;
    const boost::json::value body = boost::json::parse(request.body);
    for (const auto& alert : body.as_array()) {
      post.names.emplace_back(alert.at("labels").at("alertname").as_string());
      post.resolved.push_back(alert.at("endsAt").as_string() <= "2023-11-14T22:13:20.000Z");
    }
    post.user_agent = request.Header("User-Agent");
    post.content_type = request.Header("Content-Type");
    const std::optional<int> status = answer_(post.names);
    {
      const std::lock_guard lock(mutex_);
      posts_.push_back(std::move(post));
      if (!status.has_value()) held_.push_back(std::move(reply));
      changed_.notify_all();
    }
    if (status.has_value()) {
      std::move(reply)({.status = *status, .headers = {}, .body = "says no <\xFF>"});
    }
  }

  const Answer answer_;
  prometheus::Registry registry_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Post> posts_;
  std::vector<net::Reply> held_;
  std::unique_ptr<net::HttpServer> server_;  // last: its threads call Take
};

class AlertmanagerForwarderTest : public testing::Test {
 protected:
  std::unique_ptr<AlertmanagerForwarder> Start(std::vector<std::string> urls,
                                               size_t batch_max = 256,
                                               net::TlsClientOptions tls = {}) {
    AlertmanagerForwarder::Options options;
    options.urls = std::move(urls);
    options.message.external_url = "http://slo.example";
    options.timeout = kPatience;
    options.batch_max = batch_max;
    options.tls = std::move(tls);
    return std::make_unique<AlertmanagerForwarder>(std::move(options), clock_, registry_);
  }

  // The value of slowburn_forward_`name` for this Alertmanager.
  double Metric(const std::string& name, const std::string& url) {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "slowburn_forward_" + name) continue;
      for (const auto& metric : family.metric) {
        if (metric.label.at(0).value == url) return metric.counter.value + metric.gauge.value;
      }
    }
    ADD_FAILURE() << "no metric " << name << " for " << url;
    return -1;
  }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
};

TEST_F(AlertmanagerForwarderTest, TellsFiringOnceAndAgainAfterResend) {
  FakeAlertmanager peer;
  auto forwarder = Start({peer.url()});
  forwarder->Publish({MakeAlert("a"), MakeAlert("waits", AlertState::kPending)});
  forwarder->Drain(kPatience);
  ASSERT_EQ(peer.posts().size(), 1u);
  EXPECT_THAT(peer.posts()[0].names, ElementsAre("a"));
  EXPECT_EQ(peer.posts()[0].user_agent, "slowburn");
  EXPECT_EQ(peer.posts()[0].content_type, "application/json");

  clock_.Advance(seconds(60));
  forwarder->Drain(kPatience);
  EXPECT_EQ(peer.posts().size(), 1u) << "not later than resend, but exactly";
  clock_.Advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(peer.AwaitPosts(2).size(), 2u) << "without anybody asking";

  forwarder->Publish({MakeAlert("a", AlertState::kInactive)});
  forwarder->Drain(kPatience);
  ASSERT_EQ(peer.posts().size(), 3u);
  EXPECT_THAT(peer.posts()[2].resolved, ElementsAre(true));
  EXPECT_EQ(Metric("alerts_sent_total", peer.url()), 3);
  EXPECT_EQ(Metric("alerts_send_failed_total", peer.url()), 0);
  EXPECT_EQ(Metric("alertmanager_last_success_timestamp_seconds", peer.url()),
            base::FloorSeconds(clock_.Now()).time_since_epoch().count());
}

TEST_F(AlertmanagerForwarderTest, OneThatWasAwayHearsTheCurrentState) {
  FakeAlertmanager up;
  auto down = std::make_unique<FakeAlertmanager>();
  const uint16_t port = down->port();
  const std::string down_url = down->url();
  down.reset();

  auto forwarder = Start({up.url(), down_url});
  forwarder->Publish({MakeAlert("first")});
  forwarder->Drain(kPatience);
  EXPECT_THAT(up.posts().at(0).names, ElementsAre("first"));
  EXPECT_EQ(Metric("alerts_send_failed_total", down_url), 1);
  forwarder->Publish({MakeAlert("first", AlertState::kInactive), MakeAlert("second")});
  forwarder->Drain(kPatience);

  FakeAlertmanager back([](const auto&) { return 200; }, port);
  const auto posts = back.AwaitPosts(1);  // by its own back-off: nobody asks
  EXPECT_THAT(posts[0].names, ElementsAre("first", "second"));
  EXPECT_THAT(posts[0].resolved, ElementsAre(true, false));
  forwarder->Drain(kPatience);
  EXPECT_EQ(back.posts().size(), 1u) << "the past is not replayed";
  EXPECT_EQ(up.posts().size(), 2u);
}

TEST_F(AlertmanagerForwarderTest, AnErrorIsTriedAgain) {
  std::atomic<int> asked = 0;
  FakeAlertmanager peer([&](const auto&) { return ++asked == 1 ? 500 : 200; });
  auto forwarder = Start({peer.url()});
  forwarder->Publish({MakeAlert("a")});
  const auto posts = peer.AwaitPosts(2);
  EXPECT_EQ(posts[0].names, posts[1].names);
  forwarder->Drain(kPatience);
  EXPECT_EQ(peer.posts().size(), 2u);
  EXPECT_EQ(Metric("alerts_sent_total", peer.url()), 1);
  EXPECT_EQ(Metric("alerts_send_failed_total", peer.url()), 1);
}

TEST_F(AlertmanagerForwarderTest, ARefusedAlertHoldsBackNoOther) {
  FakeAlertmanager peer([](const std::vector<std::string>& names) {
    return std::ranges::count(names, "bad") > 0 ? 400 : 200;
  });
  auto forwarder = Start({peer.url()});
  forwarder->Publish({MakeAlert("a"), MakeAlert("b"), MakeAlert("bad"), MakeAlert("c")});
  forwarder->Drain(kPatience);
  std::vector<std::vector<std::string>> names;
  for (const auto& post : peer.posts()) names.push_back(post.names);
  EXPECT_THAT(names, ElementsAre(ElementsAre("a", "b", "bad", "c"), ElementsAre("a", "b"),
                                 ElementsAre("bad", "c"), ElementsAre("bad"), ElementsAre("c")));
  EXPECT_EQ(Metric("alerts_sent_total", peer.url()), 3);
  forwarder->Drain(kPatience);
  EXPECT_EQ(peer.posts().size(), 5u) << "the refused one waits for resend like any other";
}

TEST_F(AlertmanagerForwarderTest, SendsBatches) {
  FakeAlertmanager peer;
  auto forwarder = Start({peer.url()}, 2);
  forwarder->Publish(
      {MakeAlert("a"), MakeAlert("b"), MakeAlert("c"), MakeAlert("d"), MakeAlert("e")});
  forwarder->Drain(kPatience);
  std::vector<size_t> sizes;
  for (const auto& post : peer.posts()) sizes.push_back(post.names.size());
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
}

TEST_F(AlertmanagerForwarderTest, PublishDoesNotWaitForAPeerThatIsSilent) {
  FakeAlertmanager silent([](const auto&) -> std::optional<int> { return std::nullopt; });
  FakeAlertmanager well;
  auto forwarder = Start({silent.url(), well.url()});
  forwarder->Publish({MakeAlert("a")});
  silent.AwaitPosts(1);
  for (int i = 0; i < 100; ++i) forwarder->Publish({MakeAlert(fmt::format("b{}", i))});
  // All of these returned while the first request is still open; the newest is what counts.
  forwarder->Drain(milliseconds(1));
  EXPECT_EQ(silent.posts().size(), 1u);
  well.AwaitPosts(1);
  while (!testing::Value(well.posts().back().names, ElementsAre("b99"))) {
    well.AwaitPosts(well.posts().size() + 1);
  }
  silent.ReleaseHeld();
  EXPECT_THAT(silent.AwaitPosts(2)[1].names, ElementsAre("b99"));
  silent.ReleaseHeld();
}

TEST_F(AlertmanagerForwarderTest, DrainGivesUpOnAPeerThatIsDown) {
  std::string url;
  {
    FakeAlertmanager gone;
    url = gone.url();
  }
  auto forwarder = Start({url});
  forwarder->Publish({MakeAlert("a")});
  const auto begin = std::chrono::steady_clock::now();
  forwarder->Drain(kPatience);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
  EXPECT_EQ(Metric("alerts_sent_total", url), 0);
}

TEST_F(AlertmanagerForwarderTest, TheDestructorTellsWhatIsNewest) {
  FakeAlertmanager peer;
  auto forwarder = Start({peer.url()});
  forwarder->Publish({MakeAlert("last words")});
  forwarder.reset();
  ASSERT_EQ(peer.posts().size(), 1u);
  EXPECT_THAT(peer.posts()[0].names, ElementsAre("last words"));
}

TEST_F(AlertmanagerForwarderTest, SpeaksHttpsToWhomItTrusts) {
  const base::TempDir dir;
  const net::TestAuthority authority(dir.path());
  const net::CertificateFiles files = authority.Issue();
  net::TlsServerContext::Options options;
  options.certificate = files.certificate;
  options.key = files.key;
  const auto server = net::TlsServerContext::Load(options);
  ASSERT_TRUE(server.ok()) << server.status();
  net::TlsPeer peer((*server)->current(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const std::string url = peer.Url("localhost", "/");
  auto forwarder = Start({url}, 256, {.ca = authority.certificate()});
  forwarder->Publish({MakeAlert("a")});
  const net::TlsPeer::Seen seen = peer.Wait();
  EXPECT_THAT(seen.request, testing::StartsWith("POST /api/v2/alerts HTTP/1.1\r\n"));
  EXPECT_THAT(seen.request, HasSubstr("\"alertname\":\"a\""));
  forwarder->Drain(kPatience);
  EXPECT_EQ(Metric("alerts_sent_total", url), 1);
}

TEST_F(AlertmanagerForwarderTest, NoAlertmanagerIsFine) {
  auto forwarder = Start({});
  forwarder->Publish({MakeAlert("a")});
  forwarder->Drain(kPatience);
}

TEST(PostAlertsTest, SaysWhatWentWrong) {
  struct Case {
    int status;
    absl::StatusCode want;
  };
  const Alert alert = MakeAlert("a");
  for (const Case& c :
       {Case{200, absl::StatusCode::kOk}, Case{204, absl::StatusCode::kOk},
        Case{301, absl::StatusCode::kUnavailable}, Case{400, absl::StatusCode::kInvalidArgument},
        Case{404, absl::StatusCode::kUnavailable}, Case{422, absl::StatusCode::kInvalidArgument},
        Case{503, absl::StatusCode::kUnavailable}}) {
    FakeAlertmanager peer([&](const auto&) { return c.status; });
    const absl::Status status = PostAlerts(peer.url(), {&alert}, {}, kStart, kPatience);
    EXPECT_EQ(status.code(), c.want) << c.status << ": " << status;
    if (status.ok()) continue;
    EXPECT_THAT(
        std::string(base::Message(status)),
        testing::AllOf(HasSubstr(peer.url() + "api/v2/alerts"), HasSubstr(std::to_string(c.status)),
                       HasSubstr("says no <\xEF\xBF\xBD>")));
  }
}

TEST(PostAlertsTest, AUrlThatCannotBeUsedIsNotTheAlertsFault) {
  const Alert alert = MakeAlert("a");
  EXPECT_EQ(PostAlerts("nonsense", {&alert}, {}, kStart, kPatience).code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace slowburn::forward
