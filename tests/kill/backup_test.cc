// Goal: a backup of a server under load is a state that it was in, with all that it had
// acknowledged when it was asked; after kill -9 a new directory comes up from it; damage is found,
// and what is cut short leaves nothing half. Method: the built program and its commands, clients
// that remember what was acked, kills at bad moments.
#include <chrono>
#include <fstream>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "net/http_client.h"
#include "tests/kill/kill_fixture.h"

namespace slowburn::kill {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kTimeout{60'000};

class BackupTest : public KillFixture {
 protected:
  void WriteBackupConfig() {
    WriteConfig("{mode: durable}");
    std::ofstream(directory() / "slowburn.yaml", std::ios::app)
        << "backup: {directory: backups, keep: 5}\n";
  }
  fs::path backups() const { return directory() / "backups"; }

  Outcome Backup(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "backup");
    return RunToEnd(arguments);
  }
  // By the server that runs.
  json::object Create() const {
    const Outcome made = Backup({"create", "--server", "http://" + api(), "--output", "json"});
    EXPECT_EQ(made.code, 0) << made.output;
    boost::system::error_code error;
    json::value value = json::parse(made.output, error);
    return error || !value.is_object() ? json::object() : std::move(value.as_object());
  }
  Outcome Verify(const std::string& which) const {
    return Backup({"verify", which, "--backups", backups().string()});
  }
  // A server on what is restored of it, and how long both took.
  std::optional<Program> StartRestored(const std::string& id, Traffic& traffic) {
    const fs::path into = directory() / ("restored-" + id);
    const auto begun = std::chrono::steady_clock::now();
    const Outcome restored =
        Backup({"restore", id, "--backups", backups().string(), "--into", into.string()});
    EXPECT_EQ(restored.code, 0) << restored.output;
    WriteConfig("{mode: durable}", into);
    std::optional<Program> program = Start(traffic);
    RecordProperty("restored_and_ready_ms_" + id,
                   std::to_string(std::chrono::duration_cast<milliseconds>(
                                      std::chrono::steady_clock::now() - begun)
                                      .count()));
    return program;
  }
  uint64_t Bytes(const json::object& backup, const char* name) const {
    const json::value* const value = backup.if_contains(name);
    return value == nullptr ? 0 : value->to_number<uint64_t>();
  }
};

TEST_F(BackupTest, UnderLoadThenKilledThenRestored) {
  WriteBackupConfig();
  Acked before;  // the first backup was asked for
  Acked after;   // it was made
  Acked drained;
  {
    Traffic traffic(seed(), 4);
    std::optional<Program> program = Start(traffic);
    ASSERT_TRUE(program.has_value());
    AwaitRequests(traffic, 200);
    before = traffic.acked();
    const json::object first = Create();
    AwaitRequests(traffic, 50);
    ASSERT_TRUE(traffic.Drain(kTimeout).ok());
    after = traffic.acked();
    EXPECT_GT(after.spans, before.spans);
    traffic.Resume();
    AwaitRequests(traffic, 20);
    ASSERT_TRUE(traffic.Drain(kTimeout).ok());
    drained = traffic.acked();
    const json::object second = Create();
    // What a second costs: lists, and tables of what came since.
    EXPECT_LT(Bytes(second, "added_bytes"), Bytes(second, "bytes"));
    RecordProperty("first_added_bytes", std::to_string(Bytes(first, "added_bytes")));
    RecordProperty("second_added_bytes", std::to_string(Bytes(second, "added_bytes")));
    traffic.Resume();
    AwaitRequests(traffic, 20);
    program->Kill();
  }
  const Outcome verified = Verify("--all");
  EXPECT_EQ(verified.code, 0) << verified.output;
  Traffic nobody(seed(), 0);
  {
    const std::optional<Program> program = StartRestored("1", nobody);
    ASSERT_TRUE(program.has_value());
    ExpectCountedBetween(before, after);
  }
  const std::optional<Program> program = StartRestored("2", nobody);
  ASSERT_TRUE(program.has_value());
  ExpectEverythingCounted(drained);
  ExpectEveryHourCounted(drained);
}

TEST_F(BackupTest, AStoppedDirectoryIsBackedUpToo) {
  WriteBackupConfig();
  Acked acked;
  {
    Traffic traffic(seed(), 2);
    std::optional<Program> program = Start(traffic);
    ASSERT_TRUE(program.has_value());
    AwaitRequests(traffic, 30);
    ASSERT_TRUE(traffic.Drain(kTimeout).ok());
    acked = traffic.acked();
    program->Kill();
  }
  const std::string config = (directory() / "slowburn.yaml").string();
  const Outcome made = Backup({"create", "--config", config});
  ASSERT_EQ(made.code, 0) << made.output;
  const Outcome listed = Backup({"list", "--config", config});
  EXPECT_NE(listed.output.find("RECORDS UP TO"), std::string::npos) << listed.output;
  Traffic nobody(seed(), 0);
  const std::optional<Program> program = StartRestored("1", nobody);
  ASSERT_TRUE(program.has_value());
  ExpectEverythingCounted(acked);
}

TEST_F(BackupTest, DamageIsFoundAndNotRestored) {
  WriteBackupConfig();
  {
    Traffic traffic(seed(), 2);
    std::optional<Program> program = Start(traffic);
    ASSERT_TRUE(program.has_value());
    AwaitRequests(traffic, 30);
    Create();
  }
  ASSERT_EQ(Verify("1").code, 0);
  fs::path largest;
  for (const auto& entry : fs::directory_iterator(backups() / "shared_checksum")) {
    if (largest.empty() || fs::file_size(entry) > fs::file_size(largest)) largest = entry.path();
  }
  {
    std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(40);
    const int byte = file.get();
    file.seekp(40);
    file.put(static_cast<char>(byte ^ 0x10));
  }
  const Outcome verified = Verify("1");
  EXPECT_EQ(verified.code, 5);
  EXPECT_NE(verified.output.find(largest.filename().string()), std::string::npos)
      << verified.output;
  const fs::path into = directory() / "restored";
  const Outcome restored =
      Backup({"restore", "--backups", backups().string(), "--into", into.string()});
  EXPECT_EQ(restored.code, 5) << restored.output;
  EXPECT_FALSE(fs::exists(into));
}

TEST_F(BackupTest, KilledWhileItIsMade) {
  WriteBackupConfig();
  Traffic traffic(seed(), 2);
  for (int round = 0; round < 6; ++round) {
    std::optional<Program> program = Start(traffic);
    ASSERT_TRUE(program.has_value());
    AwaitRequests(traffic, 10);
    const auto begun =
        net::Call({.method = "POST", .url = "http://" + api() + "/api/slo/v1/backups"});
    ASSERT_TRUE(begun.ok()) << begun.status();
    EXPECT_EQ(begun->status, 202) << begun->body;
    // The moment is the point, not an event to wait for.
    std::this_thread::sleep_for(milliseconds(round * 8));
    program->Kill();
  }
  const std::optional<Program> program = Start(traffic);
  ASSERT_TRUE(program.has_value());
  Create();
  const Outcome verified = Verify("--all");
  EXPECT_EQ(verified.code, 0) << verified.output;
}

}  // namespace
}  // namespace slowburn::kill
