// Goal: a damaged directory is refused until a person accepts the loss, and then the program goes
// on with a state of whole commits and says in its ledger what is missing. Method: the built
// program under load, killed; a byte of its log of writes flipped, or the log cut; its commands.
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/kill/kill_fixture.h"

namespace slowburn::kill {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using std::chrono::milliseconds;

class RecoverTest : public KillFixture {
 protected:
  fs::path data() const { return directory() / "data"; }
  // Some hundred requests, and the end of a process.
  Acked RunAndKill() {
    WriteConfig("{mode: durable}");
    Traffic traffic(seed(), 4);
    std::optional<Program> program = Start(traffic);
    if (!program.has_value()) return {};
    AwaitRequests(traffic, 300);
    EXPECT_TRUE(traffic.Drain(milliseconds(60'000)).ok());
    program->Kill();
    return traffic.acked();
  }
  // Until it is raised above what it is now.
  void AwaitHighWater() const {
    const auto read = [&] { return base::ReadFile(data() / "HIGH_WATER", 1000).value_or(""); };
    const std::string before = read();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (read() == before) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }
  fs::path NewestLog() const {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(data() / "db")) {
      if (entry.path().extension() == ".log") newest = std::max(newest, entry.path());
    }
    return newest;
  }
  Outcome Recover(std::vector<std::string> more) const {
    more.insert(more.begin(), {"recover", "--data-dir", data().string()});
    return RunToEnd(more);
  }
  std::map<std::string, uintmax_t> Files() const {
    std::map<std::string, uintmax_t> files;
    for (const auto& entry : fs::recursive_directory_iterator(data())) {
      if (entry.is_regular_file()) files[entry.path().string()] = entry.file_size();
    }
    return files;
  }
  void ExpectRefused() {
    const Outcome served =
        RunToEnd({"serve", "--config", (directory() / "slowburn.yaml").string()});
    EXPECT_EQ(served.code, 5) << served.output;
    EXPECT_NE(served.output.find("slowburn recover"), std::string::npos) << served.output;
  }
  // How many records the ledger says are lost.
  uint64_t Lost() const {
    uint64_t lost = 0;
    const json::object ledger = Get("/api/slo/v1/ledger");
    const json::value* const list = ledger.if_contains("lost");
    if (list == nullptr) return 0;
    for (const json::value& range : list->as_array()) {
      lost += range.at("records").to_number<uint64_t>();
      EXPECT_EQ(range.at("records").to_number<uint64_t>(),
                range.at("to").to_number<uint64_t>() - range.at("from").to_number<uint64_t>() + 1);
    }
    return lost;
  }
  void RecoverAndCompare(const Acked& acked) {
    ExpectRefused();
    const auto before = Files();
    const Outcome looked = Recover({});
    EXPECT_EQ(looked.code, 5) << looked.output;
    EXPECT_NE(looked.output.find("nothing was changed"), std::string::npos) << looked.output;
    EXPECT_NE(looked.output.find("lost: records "), std::string::npos) << looked.output;
    EXPECT_EQ(Files(), before);
    ExpectRefused();
    const Outcome recovered = Recover({"--accept-loss", "--output", "json"});
    ASSERT_EQ(recovered.code, 0) << recovered.output;
    const json::value report = json::parse(recovered.output);
    EXPECT_TRUE(report.at("done").as_bool());
    const uint64_t lost = report.at("lost").at("records").to_number<uint64_t>();
    EXPECT_TRUE(fs::is_directory(report.at("aside").as_string().c_str())) << recovered.output;

    Traffic nobody(seed(), 0);
    std::optional<Program> program = Start(nobody);
    ASSERT_TRUE(program.has_value());
    EXPECT_EQ(Lost(), lost);
    ExpectCountedBetween(Acked(), acked);
    program->Kill();
    const Outcome again = Recover({});
    EXPECT_EQ(again.code, 0) << again.output;
    EXPECT_NE(again.output.find("is whole"), std::string::npos) << again.output;
  }
};

TEST_F(RecoverTest, FlippedByteInTheLogOfWrites) {
  const Acked acked = RunAndKill();
  const fs::path log = NewestLog();
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(fs::file_size(log) / 2);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 0x10));
  }
  RecoverAndCompare(acked);
}

// Cut to a third: without HIGH_WATER, which is raised once a second, it would be a torn tail that
// nobody was told of.
TEST_F(RecoverTest, TheEndOfTheLogOfWritesIsGone) {
  Acked acked;
  {
    WriteConfig("{mode: durable}");
    Traffic traffic(seed(), 4);
    std::optional<Program> program = Start(traffic);
    ASSERT_TRUE(program.has_value());
    AwaitRequests(traffic, 300);
    AwaitHighWater();
    ASSERT_TRUE(traffic.Drain(milliseconds(60'000)).ok());
    program->Kill();
    acked = traffic.acked();
  }
  fs::resize_file(NewestLog(), fs::file_size(NewestLog()) / 3);
  RecoverAndCompare(acked);
}

TEST_F(RecoverTest, AWholeDirectoryIsLeftAlone) {
  RunAndKill();
  const Outcome recovered = Recover({"--accept-loss"});
  EXPECT_EQ(recovered.code, 0) << recovered.output;
  EXPECT_NE(recovered.output.find("is whole"), std::string::npos) << recovered.output;
}

}  // namespace
}  // namespace slowburn::kill
