// Goal: what is lost or counted twice shows in the imbalance, with its sign. Method: rows.
#include "serve/queries.h"

#include <gtest/gtest.h>

namespace slowburn::serve {
namespace {

TEST(LedgerTest, SignalImbalance) {
  const SignalLedger balanced{
      .decoded = 10, .accepted = 6, .duplicate = 1, .rejected = {{"too_new", 2}, {"bad_id", 1}}};
  EXPECT_EQ(balanced.imbalance(), 0);
  SignalLedger lost = balanced;
  lost.decoded = 13;
  EXPECT_EQ(lost.imbalance(), 3);
  SignalLedger doubled = balanced;
  doubled.rejected["too_new"] = 4;
  EXPECT_EQ(doubled.imbalance(), -2);
  SignalLedger late = balanced;
  late.too_late = 5;  // They are among the accepted.
  EXPECT_EQ(late.imbalance(), 0);
}

TEST(LedgerTest, DownstreamImbalance) {
  const DownstreamLedger balanced{
      .routed = 10, .delivered = 5, .pending = 2, .dropped = {{"queue_full", 2}, {"refused", 1}}};
  EXPECT_EQ(balanced.imbalance(), 0);
  DownstreamLedger lost = balanced;
  lost.pending = 0;
  EXPECT_EQ(lost.imbalance(), 2);
  DownstreamLedger doubled = balanced;
  doubled.delivered = 9;
  EXPECT_EQ(doubled.imbalance(), -4);
}

TEST(LedgerTest, TheWholeImbalanceIsTheSumOfAllWithoutSigns) {
  LedgerReading reading;
  EXPECT_EQ(reading.imbalance(), 0u);
  reading.signals["traces"] = {.decoded = 3};
  reading.signals["logs"] = {.accepted = 2};
  reading.downstreams["jaeger"] = {.routed = 1, .pending = 5};
  EXPECT_EQ(reading.imbalance(), 3u + 2 + 4);
}

}  // namespace
}  // namespace slowburn::serve
