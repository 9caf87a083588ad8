// Goal: backups are listed whole, one is begun without waiting for it, and what is refused says
// why. Method: answers of the handlers over backups that say what the test wants.
#include "serve/backups.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "serve/internal/json_error.h"
#include "serve/testing/ask.h"

namespace slowburn::serve {
namespace {

namespace json = boost::json;

const std::string kPath = "/api/slo/v1/backups";

class FakeBackups final : public Backups {
 public:
  absl::StatusOr<BackupRun> Begin() override { return begun; }
  absl::StatusOr<BackupReading> Read() const override { return reading; }

  absl::StatusOr<BackupRun> begun = BackupRun{};
  absl::StatusOr<BackupReading> reading = BackupReading{};
};

class BackupRoutesTest : public testing::Test {
 protected:
  BackupRoutesTest() { AddBackupRoutes(table_, backups_); }
  net::HttpResponse Ask(std::string_view method) {
    return Begin(table_, std::string(method), kPath).Wait();
  }

  FakeBackups backups_;
  net::RouteTable table_{[](const net::HttpRequest&, int status, std::string_view message) {
    return internal::ErrorResponse(status, message);
  }};
};

const storage::Backup kBackup{.id = 3,
                              .time_unix_seconds = 1'795'219'200,
                              .sequence = 66'051,
                              .format = 5,
                              .bytes = 1000,
                              .added_bytes = 10,
                              .files = 12};
const json::object kBackupJson{{"id", 3},     {"time", 1'795'219'200}, {"sequence", 66'051},
                               {"format", 5}, {"bytes", 1000},         {"added_bytes", 10},
                               {"files", 12}};

TEST_F(BackupRoutesTest, ListHasEachAndTheLastRun) {
  backups_.reading =
      BackupReading{.folder = "/var/backups/slowburn",
                    .backups = {kBackup},
                    .damaged = {2},
                    .run = BackupRun{.number = 1,
                                     .started = std::chrono::sys_seconds(std::chrono::seconds(100)),
                                     .ended = std::chrono::sys_seconds(std::chrono::seconds(107)),
                                     .bytes_copied = 1010,
                                     .made = kBackup}};
  const net::HttpResponse response = Ask("GET");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json::parse(response.body), (json::object{{"backups", json::array{kBackupJson}},
                                                      {"damaged", json::array{2}},
                                                      {"folder", "/var/backups/slowburn"},
                                                      {"run", json::object{{"number", 1},
                                                                           {"state", "done"},
                                                                           {"started", 100},
                                                                           {"ended", 107},
                                                                           {"bytes_copied", 1010},
                                                                           {"backup", kBackupJson},
                                                                           {"error", ""}}}}));
}

TEST_F(BackupRoutesTest, ListSaysWhyTheLastFailed) {
  backups_.reading = BackupReading{
      .folder = "b",
      .run = BackupRun{.number = 2,
                       .ended = std::chrono::sys_seconds(std::chrono::seconds(9)),
                       .made = absl::ResourceExhaustedError("make a backup in 'b': no space")}};
  const json::value run = json::parse(Ask("GET").body).at("run");
  EXPECT_EQ(run.at("state"), "failed");
  EXPECT_EQ(run.at("error"), "make a backup in 'b': no space");
  EXPECT_TRUE(run.at("backup").is_null());
}

TEST_F(BackupRoutesTest, BeginAnswersAtOnce) {
  backups_.begun = BackupRun{.number = 4};
  const net::HttpResponse response = Ask("POST");
  EXPECT_EQ(response.status, 202);
  const json::value run = json::parse(response.body).at("run");
  EXPECT_EQ(run.at("number"), 4);
  EXPECT_EQ(run.at("state"), "running");
  EXPECT_TRUE(run.at("ended").is_null());
  EXPECT_EQ(run.at("error"), "");
}

TEST_F(BackupRoutesTest, OneAtATime) {
  backups_.begun = base::FailedPrecondition("a backup is under way");
  const net::HttpResponse response = Ask("POST");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(json::parse(response.body).at("error"), "a backup is under way");
}

TEST_F(BackupRoutesTest, BeginNeedsTheRoleAdmin) {
  const net::RouteTable::Match post = table_.Find("POST", kPath);
  ASSERT_NE(post.route, nullptr);
  EXPECT_EQ(post.route->role, net::Role::kAdmin);
  EXPECT_EQ(table_.Find("GET", kPath).route->role, net::Role::kRead);
}

}  // namespace
}  // namespace slowburn::serve
