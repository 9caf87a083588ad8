// Goal: the room that is kept is there, is given away once, and comes back. Method: the file
// itself, and a store whose file system is full on command.
#include "storage/rocksdb/internal/space_reserve.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/testing/temp_dir.h"
#include "storage/rocksdb/internal/open_store.h"
#include "storage/rocksdb/testing/faulty_file_system.h"
#include "storage/rocksdb/testing/recovery_listener.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;
using Reserve = StoreCondition::Reserve;

constexpr uint64_t kBytes = 1 << 20;

class SpaceReserveTest : public testing::Test {
 protected:
  fs::path file() const { return dir_.path() / "reserve"; }
  // What the file takes of the disk; 0 where it is not there.
  uint64_t TakenBytes() const {
    struct stat status = {};
    return stat(file().c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_blocks) * 512 : 0;
  }

  // The state, and that the bytes agree with it.
  static Reserve StateOf(SpaceReserve& reserve, uint64_t wanted = kBytes) {
    StoreCondition condition;
    reserve.AddTo(condition);
    EXPECT_EQ(condition.reserve_wanted_bytes, wanted);
    EXPECT_EQ(condition.reserve_held_bytes, condition.reserve == Reserve::kWhole ? wanted : 0);
    return condition.reserve;
  }

  base::TempDir dir_;
};

TEST_F(SpaceReserveTest, IsTakenGivenAwayAndTakenAgain) {
  SpaceReserve reserve(file(), kBytes);
  EXPECT_TRUE(reserve.Check().ok());  // there would be room
  EXPECT_EQ(TakenBytes(), 0u);
  EXPECT_EQ(StateOf(reserve), Reserve::kNotMade);
  reserve.TakeIfThereIsRoom();
  EXPECT_TRUE(reserve.Check().ok());
  EXPECT_GE(TakenBytes(), kBytes);
  EXPECT_EQ(StateOf(reserve), Reserve::kWhole);
  reserve.Release();
  EXPECT_EQ(TakenBytes(), 0u);
  EXPECT_EQ(StateOf(reserve), Reserve::kInUse);
  reserve.TakeIfThereIsRoom();
  EXPECT_TRUE(reserve.Check().ok());
  EXPECT_GE(TakenBytes(), kBytes);
  EXPECT_EQ(StateOf(reserve), Reserve::kWhole);
}

TEST_F(SpaceReserveTest, IsMadeAnewWhenSomebodyRemovedIt) {
  SpaceReserve reserve(file(), kBytes);
  reserve.TakeIfThereIsRoom();
  fs::remove(file());
  EXPECT_EQ(StateOf(reserve), Reserve::kNotMade);
  reserve.TakeIfThereIsRoom();
  EXPECT_GE(TakenBytes(), kBytes);
  EXPECT_EQ(StateOf(reserve), Reserve::kWhole);
}

TEST_F(SpaceReserveTest, SaysThatItCouldNotBeMade) {
  fs::create_directory(file());  // where it should be, something stands that is no file
  SpaceReserve reserve(file(), kBytes);
  reserve.TakeIfThereIsRoom();
  EXPECT_EQ(StateOf(reserve), Reserve::kNotMade);
}

TEST_F(SpaceReserveTest, IsTakenOverByTheNextProcess) {
  SpaceReserve(file(), kBytes).TakeIfThereIsRoom();
  const fs::file_time_type made = fs::last_write_time(file());
  SpaceReserve(file(), kBytes).TakeIfThereIsRoom();
  EXPECT_EQ(fs::last_write_time(file()), made);
  // Another size is another reserve.
  SpaceReserve other(file(), 2 * kBytes);
  EXPECT_EQ(fs::file_size(file()), kBytes);
  other.TakeIfThereIsRoom();
  EXPECT_EQ(fs::file_size(file()), 2 * kBytes);
}

TEST_F(SpaceReserveTest, NoneIsWanted) {
  std::ofstream(file()) << "of another configuration";
  SpaceReserve reserve(file(), 0);
  reserve.TakeIfThereIsRoom();
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_TRUE(reserve.Check().ok());
  EXPECT_EQ(StateOf(reserve, 0), Reserve::kNone);
}

TEST_F(SpaceReserveTest, WhoOnlyLooksLeavesItAlone) {
  SpaceReserve(file(), kBytes).TakeIfThereIsRoom();
  SpaceReserve looking(file(), std::nullopt);
  looking.TakeIfThereIsRoom();
  EXPECT_TRUE(looking.Check().ok());
  looking.Release();
  EXPECT_EQ(fs::file_size(file()), kBytes);
}

// A folder that is gone has no room, as a full disk has none.
TEST_F(SpaceReserveTest, WithoutRoomItSaysWhatIsMissing) {
  SpaceReserve reserve(file(), kBytes);
  fs::remove_all(dir_.path());
  const absl::Status missing = reserve.Check();
  EXPECT_TRUE(absl::IsResourceExhausted(missing));
  EXPECT_NE(missing.message().find("has 0 bytes free, and 2097152 are needed"), std::string::npos)
      << missing;
}

TEST_F(SpaceReserveTest, AStoreGivesItAwayWhenItsDiskIsFull) {
  const auto disk = std::make_shared<FaultyFileSystem>();
  RocksdbOptions options = TestOptions(dir_.path() / "data");
  options.reserve_bytes = kBytes;
  const auto listener = std::make_shared<RecoveryListener>();
  auto store = OpenStore(options, {.file_system = disk, .listeners = {listener}});
  ASSERT_TRUE(store.ok()) << store.status();
  const fs::path reserve = dir_.path() / "data" / "reserve";
  EXPECT_TRUE(fs::exists(reserve));
  ASSERT_TRUE((*store)->RoomForIntake().ok());
  EXPECT_EQ((*store)->condition().reserve, Reserve::kWhole);
  EXPECT_LT((*store)->statistics().disk_bytes, kBytes);
  disk->Set(DiskFault::kFullAtSync);
  EXPECT_TRUE(absl::IsResourceExhausted((*store)->AppendLog("record", Durability::kSynced)));
  EXPECT_FALSE(fs::exists(reserve));
  EXPECT_EQ((*store)->condition().reserve, Reserve::kInUse);
  // The disk under it has room: with the first write that succeeds it is there again.
  EXPECT_TRUE((*store)->RoomForIntake().ok());
  disk->Set(DiskFault::kNone);
  ASSERT_TRUE(listener->Await(1));
  EXPECT_TRUE((*store)->AppendLog("record", Durability::kSynced).ok());
  EXPECT_TRUE(fs::exists(reserve));
  EXPECT_EQ((*store)->condition().reserve, Reserve::kWhole);
}

}  // namespace
}  // namespace slowburn::storage
