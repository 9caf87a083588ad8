// Goal: room is made by the connection of least use, never by one with an open request. Method: one
// row per table of connections and newcomer; no sockets.
#include "net/internal/connection_table.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::net::internal {
namespace {

using State = Use::State;

struct Peer {
  int address = 1;  // the last number of 10.0.0.*
  int64_t last_active = 0;
  uint32_t done = 0;
  uint32_t open = 0;
  State state = State::kOpen;
};

ConnectionTable::Address AddressOf(const std::string& text) {
  return ConnectionTable::AddressOf(asio::ip::make_address(text));
}
ConnectionTable::Address Ten(int last) { return AddressOf(fmt::format("10.0.0.{}", last)); }

// A table whose connections are called by their number, from 0.
class Peers {
 public:
  Peers(ConnectionTable::Limits limits, const std::vector<Peer>& peers) : table_(limits) {
    for (const Peer& peer : peers) Add(peer);
  }

  void Add(const Peer& peer) {
    auto use = std::make_shared<Use>();
    use->last_active_ns = peer.last_active;
    use->requests_done = peer.done;
    use->requests_open = peer.open;
    use->state = peer.state;
    uses_.push_back(use);
    table_.Add({Ten(peer.address), std::move(use), {}, nullptr});
  }

  // "0 3": who leaves; "": nobody; "full".
  std::string MakeRoom(int address) {
    const auto leaving = table_.MakeRoom(Ten(address));
    if (!leaving) return "full";
    std::vector<size_t> numbers;
    for (const ConnectionTable::Entry& entry : *leaving) {
      EXPECT_EQ(entry.use->state, State::kLeaving);
      numbers.push_back(static_cast<size_t>(std::ranges::find(uses_, entry.use) - uses_.begin()));
    }
    return fmt::format("{}", fmt::join(numbers, " "));
  }

  Use& use(size_t number) { return *uses_[number]; }

 private:
  ConnectionTable table_;
  std::vector<std::shared_ptr<Use>> uses_;
};

struct RoomCase {
  std::string name;
  ConnectionTable::Limits limits;
  std::vector<Peer> peers;
  int newcomer = 1;
  std::string want;
};
class ConnectionTableTest : public testing::TestWithParam<RoomCase> {};

TEST_P(ConnectionTableTest, MakesRoom) {
  Peers peers(GetParam().limits, GetParam().peers);
  EXPECT_EQ(peers.MakeRoom(GetParam().newcomer), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Tables, ConnectionTableTest,
    testing::ValuesIn<RoomCase>({
        {"Empty", {2, 2}, {}, 1, ""},
        {"BelowBoth", {3, 2}, {{1}, {2}}, 1, ""},
        {"NeverFinishedOldestFirst", {3, 9}, {{1, 30}, {1, 10}, {1, 20}}, 1, "1"},
        {"NeverFinishedBeforeIdle", {3, 9}, {{1, 1, 5}, {1, 90}, {1, 2, 1}}, 1, "1"},
        {"ThenIdleLongest", {3, 9}, {{1, 30, 1}, {1, 10, 900}, {1, 20, 1}}, 1, "1"},
        {"NeverTheBusy", {3, 9}, {{1, 10, 0, 1}, {1, 20, 1, 3}, {1, 30, 1}}, 1, "2"},
        {"AllBusy", {2, 9}, {{1, 10, 0, 1}, {1, 20, 1, 1}}, 1, "full"},
        {"ClosedAreNotThere", {2, 9}, {{1, 10, 0, 0, State::kClosed}, {1, 20}}, 1, ""},
        {"LeavingAreNotThere", {2, 9}, {{1, 10, 0, 0, State::kLeaving}, {1, 20}}, 1, ""},
        {"OwnAddressOnly", {9, 2}, {{2, 1}, {1, 20}, {2, 2}, {1, 10}}, 1, "3"},
        {"OwnAddressBusy", {9, 2}, {{2, 1}, {1, 20, 0, 1}, {1, 10, 0, 1}}, 1, "full"},
        {"OwnAddressClosed", {9, 2}, {{1, 20, 0, 0, State::kClosed}, {1, 10}}, 1, ""},
        {"FromTheLargestAddress", {4, 9}, {{1, 1}, {2, 50, 9}, {2, 40, 9}, {3, 2}}, 4, "2"},
        {"NotFromTheLargestIfBusy", {4, 9}, {{1, 20}, {2, 5, 9, 1}, {2, 4, 9, 1}, {3, 10}}, 4, "3"},
        {"AmongEqualAddressesTheLeastUseful", {3, 9}, {{1, 1, 1}, {2, 90}, {3, 2, 1}}, 4, "1"},
        {"TheLargestMayBeTheNewcomers", {3, 9}, {{1, 9}, {1, 8}, {2, 1}}, 1, "1"},
        {"LargestCountsTheOpenOnly",
         {3, 9},
         {{1, 9, 0, 0, State::kClosed}, {1, 8, 0, 0, State::kClosed}, {1, 7}, {2, 5}, {2, 6}},
         3,
         "3"},
        {"BothMaximaByOne", {3, 2}, {{1, 9}, {1, 8}, {2, 1}}, 1, "1"},
        {"MoreThanOneTooMany", {2, 9}, {{1, 4}, {1, 3}, {1, 2}, {1, 1}}, 1, "3 2 1"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(ConnectionTableStateTest, WhoWasToLeaveButBecameBusyCountsAgain) {
  Peers peers({2, 9}, {{1, 1}, {1, 2}});
  EXPECT_EQ(peers.MakeRoom(1), "0");
  peers.use(0).requests_open = 1;
  peers.use(0).state = State::kOpen;
  peers.Add({1, 3});
  EXPECT_EQ(peers.MakeRoom(1), "1 2");
}

TEST(ConnectionTableStateTest, NobodyIsLeavingWhereTheNewcomerIsRefused) {
  Peers peers({1, 9}, {{1, 1}, {1, 2, 0, 1}});
  EXPECT_EQ(peers.MakeRoom(1), "full");
  EXPECT_EQ(peers.use(0).state, State::kOpen);
  peers.use(1).requests_open = 0;
  EXPECT_EQ(peers.MakeRoom(1), "0 1");
}

TEST(ConnectionTableStateTest, ChurnLeavesNothingBehind) {
  Peers peers({3, 3}, {});
  for (size_t i = 0; i < 100; ++i) {
    ASSERT_EQ(peers.MakeRoom(1), "");
    peers.Add({1, static_cast<int64_t>(i)});
    if (i >= 2) peers.use(i - 2).state = State::kClosed;
  }
}

TEST(ConnectionTableAddressTest, OneNetworkOfVersionSixIsOneAddress) {
  EXPECT_EQ(AddressOf("2001:db8::1"), AddressOf("2001:db8::ffff:1"));
  EXPECT_NE(AddressOf("2001:db8::1"), AddressOf("2001:db8:0:1::1"));
  EXPECT_EQ(AddressOf("::ffff:10.0.0.1"), AddressOf("10.0.0.1"));
  EXPECT_NE(AddressOf("10.0.0.1"), AddressOf("10.0.0.2"));
  EXPECT_NE(AddressOf("::1"), AddressOf("127.0.0.1"));
}

}  // namespace
}  // namespace slowburn::net::internal
