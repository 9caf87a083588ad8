#include "serve/internal/ledger_series.h"

#include <string_view>

#include "serve/internal/exposition.h"

namespace slowburn::serve::internal {
namespace {

void Sample(Exposition& page, std::string_view label, std::string_view name, double value) {
  std::string labels;
  AppendLabel(labels, label, name);
  page.Sample(labels, value);
}

void Outcome(Exposition& page, std::string_view label, std::string_view name,
             std::string_view outcome, uint64_t items) {
  std::string labels;
  AppendLabel(labels, label, name);
  AppendLabel(labels, "outcome", outcome);
  page.Sample(labels, static_cast<double>(items));
}

void Outcome(Exposition& page, std::string_view label, std::string_view name,
             std::string_view outcome, const std::map<std::string, uint64_t>& by_reason) {
  for (const auto& [reason, items] : by_reason) {
    std::string labels;
    AppendLabel(labels, label, name);
    AppendLabel(labels, "outcome", outcome);
    AppendLabel(labels, "reason", reason);
    page.Sample(labels, static_cast<double>(items));
  }
}

void WriteSignals(Exposition& page, const LedgerReading& reading) {
  page.Begin({"slowburn_ledger_decoded_items_total", "counter", "Items that came, ever."});
  for (const auto& [name, signal] : reading.signals)
    Sample(page, "signal", name, static_cast<double>(signal.decoded));
  page.Begin({"slowburn_ledger_items_total", "counter", "What became of them."});
  for (const auto& [name, signal] : reading.signals) {
    Outcome(page, "signal", name, "accepted", signal.accepted);
    Outcome(page, "signal", name, "duplicate", signal.duplicate);
    Outcome(page, "signal", name, "rejected", signal.rejected);
  }
  page.Begin(
      {"slowburn_ledger_refused_requests_total", "counter", "Requests that never became items."});
  for (const auto& [reason, requests] : reading.refused_requests)
    Sample(page, "reason", reason, static_cast<double>(requests));
}

void WriteDownstreams(Exposition& page, const LedgerReading& reading) {
  page.Begin({"slowburn_ledger_routed_items_total", "counter",
              "Accepted items that a downstream is to get."});
  for (const auto& [name, downstream] : reading.downstreams)
    Sample(page, "downstream", name, static_cast<double>(downstream.routed));
  page.Begin({"slowburn_ledger_forwarded_items_total", "counter", "What became of those."});
  for (const auto& [name, downstream] : reading.downstreams) {
    Outcome(page, "downstream", name, "delivered", downstream.delivered);
    Outcome(page, "downstream", name, "dropped", downstream.dropped);
  }
  page.Begin({"slowburn_ledger_pending_items", "gauge", "Of those, waiting or in flight."});
  for (const auto& [name, downstream] : reading.downstreams)
    Sample(page, "downstream", name, static_cast<double>(downstream.pending));
}

}  // namespace

std::string LedgerSeriesText(const LedgerReading& reading) {
  Exposition page;
  WriteSignals(page, reading);
  WriteDownstreams(page, reading);
  page.Begin({"slowburn_ledger_lost_records_total", "counter",
              "Log records that were lost with a damaged store, and accepted as lost."});
  uint64_t lost = 0;
  for (const LostRecords& range : reading.lost) lost += range.records;
  page.Sample("", static_cast<double>(lost));
  page.Begin({"slowburn_ledger_imbalance", "gauge",
              "Items whose fate nobody knows, or that were counted twice (below 0)."});
  for (const auto& [name, signal] : reading.signals)
    Sample(page, "signal", name, static_cast<double>(signal.imbalance()));
  for (const auto& [name, downstream] : reading.downstreams)
    Sample(page, "downstream", name, static_cast<double>(downstream.imbalance()));
  return page.Take();
}

}  // namespace slowburn::serve::internal
