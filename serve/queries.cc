#include "serve/queries.h"

namespace slowburn::serve {
namespace {

uint64_t Sum(const std::map<std::string, uint64_t>& by_reason) {
  uint64_t sum = 0;
  for (const auto& [reason, items] : by_reason) sum += items;
  return sum;
}

}  // namespace

int64_t SignalLedger::imbalance() const {
  return static_cast<int64_t>(decoded - accepted - duplicate - Sum(rejected));
}

int64_t DownstreamLedger::imbalance() const {
  return static_cast<int64_t>(routed - delivered - pending - Sum(dropped));
}

}  // namespace slowburn::serve
