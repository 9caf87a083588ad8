#include "app/ledger.h"

#include <charconv>

#include <fmt/format.h>

#include "model/signal.h"

namespace slowburn::app {
namespace {

// "a/b/c" -> "a", "b/c".
std::pair<std::string_view, std::string_view> Split(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {name, {}};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

void ReadSignal(serve::SignalLedger& signal, std::string_view name, uint64_t count) {
  const auto [verb, reason] = Split(name);
  if (verb == "decoded") signal.decoded = count;
  if (verb == "accepted") signal.accepted = count;
  if (verb == "duplicate") signal.duplicate = count;
  if (verb == "too_late") signal.too_late = count;
  if (verb == "rejected") signal.rejected[std::string(reason)] = count;
}

void ReadDownstream(serve::DownstreamLedger& downstream, std::string_view name, uint64_t count) {
  const auto [verb, reason] = Split(name);
  if (verb == "routed") downstream.routed = count;
  if (verb == "delivered") downstream.delivered = count;
  if (verb == "dropped") downstream.dropped[std::string(reason)] = count;
}

// "12-15"
void ReadLost(std::vector<serve::LostRecords>& lost, std::string_view range, uint64_t count) {
  serve::LostRecords records{.records = count};
  const char* const end = range.data() + range.size();
  const auto from = std::from_chars(range.data(), end, records.from);
  if (from.ec != std::errc() || from.ptr == end) return;
  if (std::from_chars(from.ptr + 1, end, records.to).ec == std::errc()) lost.push_back(records);
}

uint64_t Sum(const std::map<std::string, uint64_t>& counts) {
  uint64_t sum = 0;
  for (const auto& [reason, count] : counts) sum += count;
  return sum;
}

}  // namespace

void Ledger::Apply(const store::v1::LedgerDelta& delta) {
  counters_[delta.counter()] += static_cast<uint64_t>(delta.count());
}

uint64_t Ledger::Get(std::string_view counter) const {
  const auto found = counters_.find(counter);
  return found == counters_.end() ? 0 : found->second;
}

store::v1::Ledger Ledger::State() const {
  store::v1::Ledger state;
  for (const auto& [counter, count] : counters_) {
    store::v1::LedgerDelta& value = *state.add_counters();
    value.set_counter(counter);
    value.set_count(static_cast<int64_t>(count));
  }
  return state;
}

void Ledger::Restore(const store::v1::Ledger& state) {
  counters_.clear();
  for (const store::v1::LedgerDelta& value : state.counters()) Apply(value);
}

std::vector<store::v1::LedgerDelta> Ledger::LostWithLastProcess() const {
  std::vector<store::v1::LedgerDelta> deltas;
  for (const auto& [name, downstream] : Reading().downstreams) {
    const uint64_t lost = downstream.routed - downstream.delivered - Sum(downstream.dropped);
    if (lost == 0) continue;
    store::v1::LedgerDelta& delta = deltas.emplace_back();
    delta.set_counter("forward/" + name + "/dropped/restart");
    delta.set_count(static_cast<int64_t>(lost));
  }
  return deltas;
}

serve::LedgerReading Ledger::Reading() const {
  serve::LedgerReading reading;
  for (const model::Signal signal : model::kSignals)
    reading.signals[std::string(model::SignalName(signal))];
  for (const auto& [counter, count] : counters_) {
    const auto [area, rest] = Split(counter);
    const auto [name, verb] = Split(rest);
    if (area == "forward") {
      ReadDownstream(reading.downstreams[std::string(name)], verb, count);
    } else if (area == "requests") {
      reading.refused_requests[std::string(verb)] = count;
    } else if (area == "lost") {
      ReadLost(reading.lost, rest, count);
    } else {
      ReadSignal(reading.signals[std::string(area)], rest, count);
    }
  }
  return reading;
}

std::string LostRecordsCounter(uint64_t from, uint64_t to) {
  return fmt::format("lost/{}-{}", from, to);
}

void AddToLedger(store::v1::LogRecord& record, std::string_view counter, uint64_t count) {
  if (count == 0) return;
  store::v1::LedgerDelta& delta = *record.add_ledger();
  delta.set_counter(std::string(counter));
  delta.set_count(static_cast<int64_t>(count));
}

}  // namespace slowburn::app
