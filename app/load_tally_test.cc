// Goal: every item that was sent is in exactly one place at the end. Method: each way a request can
// end, and the sum over all of them.
#include "app/load_tally.h"

#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using std::chrono::milliseconds;
using Kind = LoadAnswer::Kind;
using Request = LoadTally::Request;

Request Of(uint64_t number, size_t stream = 0) {
  return {.stream = stream,
          .number = number,
          .service = number % 2,
          .items = 10,
          .bad = 3,
          .bytes_plain = 1000,
          .bytes_sent = 100};
}

const LoadAnswer kOk{.kind = Kind::kAcked};
const LoadAnswer kUnavailable{.kind = Kind::kRetry, .reason = "503", .message = "busy"};
const LoadAnswer kBad{.kind = Kind::kFailed, .reason = "400"};

LoadAnswer Partial(uint64_t rejected) {
  return {.kind = Kind::kAcked, .rejected = rejected, .reason = "partial success"};
}

TEST(LoadTallyTest, EveryItemIsSomewhere) {
  LoadTally tally(2, 2);
  for (uint64_t number = 0; number < 6; ++number) tally.Sent(Of(number));
  tally.Sent(Of(0, 1));
  tally.Acked(Of(0), kOk, milliseconds(5));
  tally.Retried(Of(1), kUnavailable);
  tally.Retried(Of(1), kUnavailable);
  tally.Acked(Of(1), kOk, milliseconds(500));
  tally.Acked(Of(2), Partial(4), milliseconds(5));
  tally.Failed(Of(3), kBad);
  tally.Unacknowledged(Of(4), kUnavailable);
  tally.Acked(Of(5), Partial(11), milliseconds(5));  // more than were sent
  tally.Acked(Of(0, 1), kOk, milliseconds(5));
  const LoadTotals totals = tally.totals();
  const LoadCounts items = totals.Items();
  EXPECT_EQ(items.sent, 70u);
  EXPECT_EQ(items.acked, 36u);
  EXPECT_EQ(items.rejected, 14u);
  EXPECT_EQ(items.failed, 10u);
  EXPECT_EQ(items.unacknowledged, 10u);
  EXPECT_EQ(items.retried, 20u);
  EXPECT_EQ(items.lost(), 20u);
  EXPECT_EQ(items.sent, items.acked + items.rejected + items.failed + items.unacknowledged);
  const LoadCounts requests = totals.Requests();
  EXPECT_EQ(requests.sent, 7u);
  EXPECT_EQ(requests.acked, 5u);
  EXPECT_EQ(requests.retried, 2u);
  const LoadStreamCounts& stream = totals.streams[0];
  EXPECT_EQ(stream.acked.ranges(), (std::map<uint64_t, uint64_t>{{0, 1}}));
  EXPECT_EQ(stream.partial.count(), 2u);
  EXPECT_TRUE(stream.failed.Contains(3));
  EXPECT_TRUE(stream.unacknowledged.Contains(4));
  EXPECT_EQ(totals.streams[1].items.acked, 10u);
  EXPECT_EQ(totals.bytes_plain, 7000u);
  EXPECT_EQ(totals.bytes_sent, 900u);  // seven, and two once more
  EXPECT_EQ(totals.errors,
            (std::map<std::string, uint64_t>{{"400", 1}, {"503", 3}, {"partial success", 2}}));
  EXPECT_EQ(totals.latency.count(), 5u);
  EXPECT_EQ(totals.latency.max(), milliseconds(500));
}

TEST(LoadTallyTest, ServicesHaveWhatIsCertain) {
  LoadTally tally(1, 2);
  tally.Acked(Of(0), kOk, milliseconds(1));
  tally.Acked(Of(2), kOk, milliseconds(1));
  tally.Acked(Of(1), Partial(4), milliseconds(1));
  tally.Failed(Of(3), kBad);
  const std::vector<LoadServiceCounts> services = tally.totals().streams[0].services;
  EXPECT_EQ(services[0].good, 14u);
  EXPECT_EQ(services[0].bad, 6u);
  EXPECT_EQ(services[0].uncertain, 0u);
  EXPECT_EQ(services[1].good, 0u);
  EXPECT_EQ(services[1].bad, 0u);
  EXPECT_EQ(services[1].uncertain, 6u);
}

TEST(LoadTallyTest, ProgressIsSinceTheLastLook) {
  LoadTally tally(1, 2);
  tally.Sent(Of(0));
  tally.Acked(Of(0), kOk, milliseconds(900));
  EXPECT_EQ(tally.TakeProgress().acked_meanwhile, 10u);
  tally.Sent(Of(1));
  tally.Acked(Of(1), kOk, milliseconds(5));
  const LoadProgress progress = tally.TakeProgress();
  EXPECT_EQ(progress.acked_meanwhile, 10u);
  EXPECT_EQ(progress.items.acked, 20u);
  EXPECT_EQ(progress.requests_sent, 2u);
  EXPECT_EQ(progress.p99, milliseconds(5));
  EXPECT_EQ(tally.TakeProgress().acked_meanwhile, 0u);
}

TEST(LoadTallyTest, BytesThatNobodyKnowsAreNotGuessed) {
  LoadTally tally(1, 2);
  Request request = Of(0);
  tally.Sent(request);
  request.bytes_sent.reset();
  tally.Sent(request);
  tally.Sent(Of(1));
  EXPECT_FALSE(tally.totals().bytes_sent.has_value());
  EXPECT_EQ(tally.totals().bytes_plain, 3000u);
}

TEST(LoadTallyTest, TheLastTroubleIsKept) {
  LoadTally tally(1, 2);
  tally.Retried(Of(0), kUnavailable);
  EXPECT_EQ(tally.totals().last_error, "503: busy");
  tally.Failed(Of(0), kBad);
  EXPECT_EQ(tally.totals().last_error, "400");
}

}  // namespace
}  // namespace slowburn::app
