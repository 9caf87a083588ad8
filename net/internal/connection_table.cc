#include "net/internal/connection_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace slowburn::net::internal {
namespace {

// Smaller goes first.
std::tuple<bool, int64_t> Usefulness(const ConnectionTable::Entry& entry) {
  return {entry.use->requests_done > 0, entry.use->last_active_ns};
}

bool CanLeave(const ConnectionTable::Entry& entry) {
  return entry.use->state == Use::State::kOpen && entry.use->requests_open == 0;
}

// False where it has closed meanwhile.
bool Mark(const ConnectionTable::Entry& entry, Use::State from, Use::State to) {
  return entry.use->state.compare_exchange_strong(from, to);
}

}  // namespace

ConnectionTable::Address ConnectionTable::AddressOf(const asio::ip::address& address) {
  using asio::ip::address_v6;
  if (address.is_v4()) {
    return asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()).to_bytes();
  }
  Address bytes = address.to_v6().to_bytes();
  if (!address.to_v6().is_v4_mapped()) std::fill(bytes.begin() + 8, bytes.end(), 0);
  return bytes;
}

std::optional<std::vector<ConnectionTable::Entry>> ConnectionTable::MakeRoom(
    const Address& address) {
  std::vector<Entry> leaving;
  const auto leave = [&](Entry* chosen) {
    if (chosen == nullptr) {
      for (const Entry& entry : leaving) Mark(entry, Use::State::kLeaving, Use::State::kOpen);
      return false;
    }
    if (Mark(*chosen, Use::State::kOpen, Use::State::kLeaving)) leaving.push_back(*chosen);
    --groups_.at(chosen->address).open;
    --open_;
    return true;
  };

  const auto own = groups_.find(address);
  if (own != groups_.end() && own->second.open >= limits_.per_address_max) {
    Look(own->second);
    while (own->second.open >= limits_.per_address_max) {
      if (!leave(LeastUseful(own->second))) return std::nullopt;
    }
  }
  if (open_ >= limits_.connections_max) {
    LookAtAll();
    while (open_ >= limits_.connections_max) {
      if (!leave(LeastUsefulOfLargest())) return std::nullopt;
    }
  }
  return leaving;
}

void ConnectionTable::Add(Entry entry) {
  Group& group = groups_[entry.address];
  group.entries.push_back(std::move(entry));
  ++group.open;
  ++open_;
}

void ConnectionTable::Look(Group& group) {
  std::erase_if(group.entries,
                [](const Entry& entry) { return entry.use->state == Use::State::kClosed; });
  open_ -= group.open;
  group.open = static_cast<size_t>(std::ranges::count_if(
      group.entries, [](const Entry& entry) { return entry.use->state == Use::State::kOpen; }));
  open_ += group.open;
}

void ConnectionTable::LookAtAll() {
  for (auto& [address, group] : groups_) Look(group);
  absl::erase_if(groups_, [](const auto& pair) { return pair.second.entries.empty(); });
}

ConnectionTable::Entry* ConnectionTable::LeastUseful(Group& group) {
  Entry* least = nullptr;
  for (Entry& entry : group.entries) {
    if (!CanLeave(entry)) continue;
    if (least == nullptr || Usefulness(entry) < Usefulness(*least)) least = &entry;
  }
  return least;
}

ConnectionTable::Entry* ConnectionTable::LeastUsefulOfLargest() {
  Entry* chosen = nullptr;
  size_t largest = 0;
  for (auto& [address, group] : groups_) {
    if (group.open < largest) continue;
    Entry* const least = LeastUseful(group);
    if (least == nullptr) continue;
    const bool is_better =
        chosen == nullptr || group.open > largest || Usefulness(*least) < Usefulness(*chosen);
    if (!is_better) continue;
    chosen = least;
    largest = group.open;
  }
  return chosen;
}

}  // namespace slowburn::net::internal
