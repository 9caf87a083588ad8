// net/internal/connection_table.h: which connections a listener has, by address, and which of them
// go first when room is needed.
//
// Room     net/internal
// Uses     net/internal
// Threads  one thread at a time; connections change their Use meanwhile
// Units    none
// Source   faults 22, 23
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <boost/asio/ip/address.hpp>

#include "net/internal/connection.h"

namespace slowburn::net::internal {

// Least useful are connections that never finished a request, oldest first; then those that are
// idle for longest. One with an open request is never chosen. At most `connections_max` entries
// that are open, and as many again at worst that have closed since the last look.
class ConnectionTable {
 public:
  // IPv4, or the /64 of IPv6: whoever has one address of it has them all.
  using Address = std::array<unsigned char, 16>;
  static Address AddressOf(const asio::ip::address& address);

  struct Entry {
    Address address{};
    std::shared_ptr<Use> use;
    std::weak_ptr<Connection> connection;
    Worker* worker = nullptr;
  };
  struct Limits {
    size_t connections_max = 0;
    size_t per_address_max = 0;
  };
  explicit ConnectionTable(Limits limits) : limits_(limits) {}

  // Who must leave so that one more from `address` can come: mostly nobody. Nothing where all are
  // busy: then it cannot. Under the address' maximum only those of `address` are chosen from, under
  // the total one those of the address that holds most. The chosen are marked Use::kLeaving; one
  // that got a request meanwhile may be marked kOpen again, and stays.
  std::optional<std::vector<Entry>> MakeRoom(const Address& address);
  void Add(Entry entry);

 private:
  struct Group {
    std::vector<Entry> entries;
    size_t open = 0;  // those that were, at the last look
  };

  // Forgets the closed, and counts the open anew.
  void Look(Group& group);
  void LookAtAll();
  Entry* LeastUseful(Group& group);
  Entry* LeastUsefulOfLargest();

  const Limits limits_;
  absl::flat_hash_map<Address, Group> groups_;
  size_t open_ = 0;  // in all groups
};

}  // namespace slowburn::net::internal
