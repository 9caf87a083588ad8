#include "serve/queries.h"

namespace slowburn::serve {
namespace {

uint64_t Sum(const std::map<std::string, uint64_t>& by_reason) {
  uint64_t sum = 0;
  for (const auto& [reason, items] : by_reason) sum += items;
  return sum;
}

uint64_t Magnitude(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}

}  // namespace

int64_t SignalLedger::imbalance() const {
  return static_cast<int64_t>(decoded - accepted - duplicate - Sum(rejected));
}

int64_t DownstreamLedger::imbalance() const {
  return static_cast<int64_t>(routed - delivered - pending - Sum(dropped));
}

uint64_t LedgerReading::imbalance() const {
  uint64_t sum = 0;
  for (const auto& [name, signal] : signals) sum += Magnitude(signal.imbalance());
  for (const auto& [name, downstream] : downstreams) sum += Magnitude(downstream.imbalance());
  return sum;
}

}  // namespace slowburn::serve
