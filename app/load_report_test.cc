// Goal: a report has every figure in both forms, and the file of requests can be read by a program.
// Method: a tally by hand, and what the texts make of it.
#include "app/load_report.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

LoadReport Report() {
  LoadTally tally(2, 11);
  const auto request = [](size_t stream, uint64_t number) {
    return LoadTally::Request{.stream = stream,
                              .number = number,
                              .service = 3,
                              .items = 8,
                              .bad = 1,
                              .bytes_plain = 500,
                              .bytes_sent = 200};
  };
  const LoadAnswer ok{.kind = LoadAnswer::Kind::kAcked};
  for (uint64_t number = 0; number < 5; ++number) tally.Sent(request(0, number));
  tally.Sent(request(1, 0));
  for (const uint64_t number : {0, 1, 3}) {
    tally.Acked(request(0, number), ok, milliseconds(number + 1));
  }
  tally.Failed(request(0, 2), {.reason = "400", .message = "no"});
  tally.Unacknowledged(request(0, 4), {.kind = LoadAnswer::Kind::kRetry, .reason = "no answer"});
  tally.Acked(request(1, 0), {.kind = LoadAnswer::Kind::kAcked, .rejected = 8}, microseconds(90));
  LoadReport report;
  report.target = "http://127.0.0.1:4318";
  report.protocol = "http";
  report.encoding = "protobuf";
  report.compression = "gzip";
  report.seed = 42;
  report.streams = {{model::Signal::kTraces, 8}, {model::Signal::kMetrics, 8}};
  report.totals = tally.totals();
  report.elapsed = std::chrono::seconds(2);
  report.cpu = milliseconds(250);
  return report;
}

TEST(LoadReportTest, JsonHasEveryFigure) {
  LoadReport report = Report();
  report.items_per_second = 24;
  report.not_sent = 16;
  const boost::json::value json = boost::json::parse(LoadReportJson(report));
  const boost::json::value want = boost::json::parse(R"({
    "target": "http://127.0.0.1:4318", "protocol": "http", "encoding": "protobuf",
    "compression": "gzip", "seed": 42, "elapsed_seconds": 2.0, "cpu_seconds": 0.25,
    "asked_items_per_second": 24.0, "acked_items_per_second": 12.0,
    "items": {"sent": 48, "acked": 24, "rejected": 8, "failed": 8, "unacknowledged": 8,
              "retried": 0},
    "requests": {"sent": 6, "acked": 4, "rejected": 0, "failed": 1, "unacknowledged": 1,
                 "retried": 0},
    "items_not_sent": 16, "bytes_plain": 3000, "bytes_sent": 1200,
    "errors": {"400": 1, "no answer": 1}, "last_error": "no answer"
  })");
  for (const auto& [key, value] : want.as_object()) {
    EXPECT_EQ(json.at(key), value) << key;
  }
  EXPECT_NEAR(json.at("latency_seconds").at("max").as_double(), 0.004, 1e-9);
  EXPECT_NEAR(json.at("latency_seconds").at("p50").as_double(), 0.001, 1e-5);
  EXPECT_NEAR(json.at("latency_seconds").at("mean").as_double(), 0.0017725, 1e-9);
  for (const char* const key : {"p90", "p99", "p99.9"}) {
    EXPECT_NEAR(json.at("latency_seconds").at(key).as_double(), 0.004, 1e-5);
  }
  const boost::json::value& traces = json.at("signals").at("traces");
  EXPECT_EQ(traces.at("items_per_request"), 8);
  EXPECT_EQ(traces.at("items").at("acked"), 24);
  EXPECT_EQ(traces.at("services").as_object().size(), 11u);
  EXPECT_EQ(traces.at("services").at("load-03"),
            boost::json::parse(R"({"good": 21, "bad": 3, "uncertain": 0})"));
  EXPECT_FALSE(json.at("signals").at("metrics").as_object().contains("services"));
}

TEST(LoadReportTest, JsonHasNullWhereNothingIsKnown) {
  LoadReport report = Report();
  report.totals.bytes_sent.reset();
  report.totals.latency.Clear();
  const boost::json::value json = boost::json::parse(LoadReportJson(report));
  EXPECT_TRUE(json.at("bytes_sent").is_null());
  EXPECT_TRUE(json.at("latency_seconds").is_null());
  EXPECT_TRUE(json.at("asked_items_per_second").is_null());
  EXPECT_TRUE(json.at("items_not_sent").is_null());
}

TEST(LoadReportTest, TableIsForPeople) {
  LoadReport report = Report();
  const std::string table = LoadReportTable(report);
  EXPECT_THAT(table, HasSubstr("SIGNAL   SENT  ACKED  REJECTED  FAILED  UNACKNOWLEDGED  RETRIED"));
  EXPECT_THAT(table, HasSubstr("traces   40    24     0         8       8               0"));
  EXPECT_THAT(table, HasSubstr("all      48    24     8         8       8               0"));
  EXPECT_THAT(table, HasSubstr("latency max         4.00 ms"));
  EXPECT_THAT(table, HasSubstr("answered no answer  1 times"));
  EXPECT_THAT(table, Not(HasSubstr("not sent")));
  report.not_sent = 16;
  EXPECT_THAT(LoadReportTable(report), HasSubstr("not sent            16 items"));
}

TEST(LoadReportTest, RequestsAreRangesByOutcome) {
  const std::string text = LoadRequestsText(Report());
  EXPECT_THAT(text, HasSubstr("seed 42"));
  EXPECT_THAT(text, HasSubstr(" traces 8 metrics 8\n"));
  EXPECT_EQ(text.substr(text.find("\ntraces") + 1),
            "traces acked 0 1\ntraces acked 3 3\ntraces failed 2 2\ntraces unacknowledged 4 4\n"
            "metrics partial 0 0\n");
}

TEST(LoadReportTest, ProgressIsOneLine) {
  LoadProgress progress;
  progress.items = {.sent = 30'000, .acked = 20'000, .rejected = 5, .failed = 7, .retried = 9};
  progress.acked_meanwhile = 6'000;
  progress.p99 = microseconds(4'210);
  EXPECT_EQ(LoadProgressLine(progress, std::chrono::seconds(12), milliseconds(500), 0.55),
            "[###########---------] 12 s  12000 items/s  acked 20000  rejected 5  retried 9  "
            "failed 7  p99 4.21 ms");
  EXPECT_THAT(LoadProgressLine(progress, milliseconds(1), milliseconds(1), 7),
              HasSubstr("[####################]"));
}

}  // namespace
}  // namespace slowburn::app
