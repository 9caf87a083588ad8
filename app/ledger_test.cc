// Goal: counters come back by what they are, across a checkpoint, and nothing is added for nothing.
// Method: a few deltas.
#include "app/ledger.h"

#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

TEST(LedgerTest, ReadsCountersByTheirNames) {
  store::v1::LogRecord record;
  AddToLedger(record, "traces/decoded", 10);
  AddToLedger(record, "traces/accepted", 7);
  AddToLedger(record, "traces/duplicate", 0);
  AddToLedger(record, "traces/rejected/too_new", 3);
  AddToLedger(record, "metrics/rejected/conflict", 1);
  AddToLedger(record, "logs/accepted", 4);
  AddToLedger(record, "requests/refused/undecodable", 2);
  AddToLedger(record, "forward/jaeger.eu/routed", 7);
  AddToLedger(record, "forward/jaeger.eu/dropped/queue_full", 1);
  AddToLedger(record, LostRecordsCounter(66'052, 66'060), 9);
  EXPECT_EQ(record.ledger_size(), 9);
  Ledger ledger;
  for (const auto& delta : record.ledger()) ledger.Apply(delta);
  Ledger restored;
  restored.Restore(ledger.State());
  const serve::LedgerReading reading = restored.Reading();
  EXPECT_EQ(reading.signals.at("traces").decoded, 10u);
  EXPECT_EQ(reading.signals.at("traces").rejected.at("too_new"), 3u);
  EXPECT_EQ(reading.signals.at("traces").imbalance(), 0);
  EXPECT_EQ(reading.signals.at("metrics").rejected.at("conflict"), 1u);
  EXPECT_EQ(reading.signals.at("logs").accepted, 4u);
  EXPECT_EQ(reading.refused_requests.at("undecodable"), 2u);
  EXPECT_EQ(reading.downstreams.at("jaeger.eu").dropped.at("queue_full"), 1u);
  ASSERT_EQ(reading.lost.size(), 1u);
  EXPECT_EQ(reading.lost[0].from, 66'052u);
  EXPECT_EQ(reading.lost[0].to, 66'060u);
  EXPECT_EQ(reading.lost[0].records, 9u);
  ASSERT_EQ(restored.LostWithLastProcess().size(), 1u);
  EXPECT_EQ(restored.LostWithLastProcess()[0].count(), 6);
}

TEST(LedgerTest, AnEmptyLedgerBalances) {
  const serve::LedgerReading reading = Ledger().Reading();
  EXPECT_EQ(reading.signals.size(), 3u) << "all signals, also those that never came";
  EXPECT_EQ(reading.imbalance(), 0u);
  EXPECT_EQ(Ledger().Get("traces/decoded"), 0u);
  EXPECT_TRUE(Ledger().LostWithLastProcess().empty());
}

}  // namespace
}  // namespace slowburn::app
