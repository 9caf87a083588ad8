// Goal: a batch becomes one request: what is of the future refused, spans and log records matched
// by their own generation. Method: batches by hand, the real loop.
#include "app/pipeline.h"

#include <future>
#include <map>
#include <utility>
#include <vector>

#include <protozero/pbf_writer.hpp>

#include "app/testing/core_fixture.h"
#include "base/testing/manual_clock.h"
#include "collector/remote_write.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::app {
namespace {

using collector::ExportAnswer;
using namespace std::chrono_literals;

class PipelineTest : public CoreFixture {
 protected:
  PipelineTest() : loop_({}, *core_, *store_, {}, clock_, registry_), pipeline_(loop_, clock_) {
    pipeline_.Use(core_->engine().MakeMatchers());
    loop_.Start();
  }

  // One span of checkout per end time, decoded for `sink`.
  static model::SpanBatch Batch(const collector::TraceSink& sink,
                                const std::vector<base::UnixNanos>& ends) {
    model::SpanBatch batch;
    const int slot = sink.projection().Find(model::AttributeScope::kResource, "service.name");
    batch.attributes.push_back(
        {static_cast<uint32_t>(slot), model::AttributeValue::String("checkout")});
    batch.resources.resize(1);
    batch.resources[0].attributes = {0, 1};
    batch.resources[0].scope_end = 1;
    batch.scopes.resize(1);
    for (const base::UnixNanos end : ends) {
      model::Span span;
      span.start_time_unix_nano =
          static_cast<uint64_t>(std::max<int64_t>(0, end.time_since_epoch().count() - 1));
      span.end_time_unix_nano = static_cast<uint64_t>(end.time_since_epoch().count());
      span.ordinal = static_cast<uint32_t>(batch.spans.size());
      batch.spans.push_back(span);
    }
    batch.scopes[0].item_end = static_cast<uint32_t>(batch.spans.size());
    return batch;
  }
  template <typename Batch>
  static ExportAnswer Ingest(const collector::BatchSink<Batch>& sink, std::string body,
                             Batch batch) {
    std::promise<ExportAnswer> promise;
    std::future<ExportAnswer> answer = promise.get_future();
    base::MemoryLease lease;
    sink.Ingest({.storage = body, .lease = lease}, batch,
                [&promise](ExportAnswer given) { promise.set_value(std::move(given)); });
    return answer.get();
  }
  slo::SliCounts Counts(size_t slo) {
    return loop_.Read(
        [&](const Core& core) { return core.engine().StatusOf(slo, slo::kTotalGroup).in_window; });
  }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  CommitLoop loop_;
  Pipeline pipeline_;
};

TEST_F(PipelineTest, CountsForEverySliAndRefusesTheFuture) {
  const auto sink = pipeline_.traces();
  const ExportAnswer answer =
      Ingest(*sink, "a", Batch(*sink, {kStart - 1s, kStart, kStart + 10min, kStart + 10min + 1ns}));
  EXPECT_EQ(answer.outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(answer.rejected, 1);
  EXPECT_NE(answer.message.find("more than 10 minutes in the future"), std::string::npos);
  EXPECT_EQ(Counts(0), (slo::SliCounts{2, 0}));  // the third counts once now reaches it
  EXPECT_EQ(Counts(1), (slo::SliCounts{2, 0}));
  const auto ledger = loop_.Read([](const Core& core) { return core.ledger().Reading(); });
  EXPECT_EQ(ledger.signals.at("traces").rejected.at("too_new"), 1u);
  EXPECT_EQ(ledger.signals.at("traces").accepted, 3u);
}

TEST_F(PipelineTest, ARequestKeepsItsGenerationAcrossAReload) {
  const auto before = pipeline_.traces();
  model::SpanBatch batch = Batch(*before, {kStart});
  slo::SloSet one = {slos_[1]};
  ASSERT_TRUE(loop_
                  .Run([&] {
                    const absl::Status installed =
                        loop_.Install(std::make_shared<const slo::SloSet>(one));
                    pipeline_.Use(core_->engine().MakeMatchers());
                    return installed;
                  })
                  .ok());
  EXPECT_NE(pipeline_.traces(), before);
  EXPECT_FALSE(pipeline_.EarlierAreDone()) << "somebody is still decoding for it";
  EXPECT_EQ(Ingest(*before, "b", std::move(batch)).outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(Counts(0), (slo::SliCounts{1, 0}));
}

TEST_F(PipelineTest, EarlierRequestsAreDoneOnceTheyAreCommitted) {
  std::promise<void> may_go;
  std::shared_future<void> go = may_go.get_future().share();
  std::promise<void> is_held;
  // The loop is busy: what comes waits behind it.
  std::jthread busy([&] {
    (void)loop_.Run([&] {
      is_held.set_value();
      go.wait();
      return absl::OkStatus();
    });
  });
  is_held.get_future().wait();
  auto answer = std::make_shared<std::promise<void>>();
  {
    auto sink = pipeline_.metrics();
    model::MetricBatch batch;
    base::MemoryLease lease;
    std::string body = "x";
    sink->Ingest({.storage = body, .lease = lease}, batch,
                 [answer](ExportAnswer) { answer->set_value(); });
  }
  pipeline_.Use(core_->engine().MakeMatchers());
  EXPECT_FALSE(pipeline_.EarlierAreDone());
  may_go.set_value();
  // The answer comes from the commit; once a command runs, the requests before it are gone.
  answer->get_future().wait();
  ASSERT_TRUE(loop_.Run([] { return absl::OkStatus(); }).ok());
  EXPECT_TRUE(pipeline_.EarlierAreDone());
}

TEST_F(PipelineTest, WithoutTimesARequestIsCountedEachTime) {
  const auto sink = pipeline_.traces();
  for (int i = 0; i < 2; ++i) {
    model::SpanBatch batch = Batch(*sink, {base::UnixNanos{}});
    batch.has_item_without_time = true;
    Ingest(*sink, "same", std::move(batch));
  }
  EXPECT_EQ(Counts(0), (slo::SliCounts{2, 0}));
  for (int i = 0; i < 2; ++i) Ingest(*sink, "timed", Batch(*sink, {kStart}));
  EXPECT_EQ(Counts(0), (slo::SliCounts{3, 0}));
}

// One record of the future by the time at which it was seen, and one without times.
model::LogBatch TwoRecords() {
  model::LogBatch batch;
  batch.records.resize(2);
  batch.records[0].observed_time_unix_nano =
      static_cast<uint64_t>((kStart + 11min).time_since_epoch().count());
  batch.records[1].ordinal = 1;
  batch.scopes.resize(1);
  batch.scopes[0].item_end = 2;
  batch.has_item_without_time = true;
  return batch;
}

// One point of a delta sum, and one that the decoder refused.
model::MetricBatch TwoPoints() {
  model::MetricBatch batch;
  batch.points.resize(1);
  batch.points[0].time_unix_nano = 1;
  batch.rejected = {{.ordinal = 1, .reason = model::Rejection::kNoTime}};
  batch.metrics.resize(1);
  batch.metrics[0].temporality = model::Temporality::kDelta;
  batch.metrics[0].point_end = 1;
  return batch;
}

TEST_F(PipelineTest, LogsAndMetricsAreCountedAndRefusedLikeSpans) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Ingest(*pipeline_.metrics(), "m", TwoPoints()).rejected, 1);
    const ExportAnswer answer = Ingest(*pipeline_.logs(), "l", TwoRecords());
    EXPECT_EQ(answer.rejected, 1);
    EXPECT_EQ(answer.message.find("1 log record has a time more than 10 minutes"), 0u);
  }
  const serve::LedgerReading ledger = loop_.ReadLedger();
  EXPECT_EQ(ledger.imbalance(), 0u);
  EXPECT_EQ(ledger.signals.at("logs").accepted, 2u) << "without times it is counted each time";
  EXPECT_EQ(ledger.signals.at("logs").rejected.at("too_new"), 2u);
  EXPECT_EQ(ledger.signals.at("metrics").accepted, 1u);
  EXPECT_EQ(ledger.signals.at("metrics").duplicate, 2u) << "the resent request, rejected point too";
  EXPECT_EQ(ledger.signals.at("metrics").rejected.at("no_time"), 1u);
}

// The SLO of a service that tells in its log how it fares, grouped by a name.
slo::SloSet LogSlo() {
  rules::SpecFileResult read = rules::ReadSpecText(R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: mails}
spec:
  service: mailer
  sli:
    logs:
      match: resource.attributes["service.name"] == "mailer" and log.event_name == "mail"
      bad: log.severity_number >= SEVERITY_NUMBER_ERROR
    group_by: [provider]
  objective: 99%
  window: 7d
)",
                                                   "test.yaml");
  EXPECT_TRUE(read.errors.empty()) << read.errors.front();
  return std::move(read.slos);
}

// A record of a mail, decoded for `sink`: good, unless it is an error.
struct Mail {
  base::UnixNanos time{}, observed{};
  bool is_error = false;
};
model::LogBatch Mails(const collector::LogSink& sink, const std::vector<Mail>& mails) {
  const model::AttributeProjection& read = sink.projection();
  const int service = read.Find(model::AttributeScope::kResource, "service.name");
  const int provider = read.Find(model::AttributeScope::kItem, "provider");
  model::LogBatch batch;
  batch.attributes = {{static_cast<uint32_t>(service), model::AttributeValue::String("mailer")},
                      {static_cast<uint32_t>(provider), model::AttributeValue::String("post")}};
  batch.resources.resize(1);
  batch.resources[0].attributes = {0, 1};
  batch.resources[0].scope_end = 1;
  batch.scopes.resize(1);
  batch.scopes[0].item_end = static_cast<uint32_t>(mails.size());
  for (const Mail& mail : mails) {
    model::LogRecord record;
    record.event_name = "mail";
    record.severity_number = mail.is_error ? 17 : 9;
    record.time_unix_nano = static_cast<uint64_t>(mail.time.time_since_epoch().count());
    record.observed_time_unix_nano =
        static_cast<uint64_t>(mail.observed.time_since_epoch().count());
    record.ordinal = static_cast<uint32_t>(batch.records.size());
    record.attributes = {1, 2};
    batch.has_item_without_time |= record.event_time_unix_nano() == 0;
    batch.records.push_back(record);
  }
  return batch;
}

class LogPipelineTest : public PipelineTest {
 protected:
  LogPipelineTest() {
    const absl::Status installed = loop_.Run([&] {
      const absl::Status status = loop_.Install(std::make_shared<const slo::SloSet>(LogSlo()));
      pipeline_.Use(core_->engine().MakeMatchers());
      return status;
    });
    EXPECT_TRUE(installed.ok()) << installed;
  }
  ExportAnswer Send(std::string body, const std::vector<Mail>& mails) {
    const auto sink = pipeline_.logs();
    return Ingest(*sink, std::move(body), Mails(*sink, mails));
  }
};

TEST_F(LogPipelineTest, LogRecordsFeedAnSlo) {
  EXPECT_EQ(Send("a", {{.time = kStart},
                       {.time = kStart - 1h, .is_error = true},
                       {.observed = kStart - 1s, .is_error = true},
                       {.time = kStart + 11min}})
                .rejected,
            1);
  EXPECT_EQ(Counts(0), (slo::SliCounts{1, 2}));
  const auto groups = loop_.Read(
      [](const Core& core) { return core.engine().StatusOf(0, slo::GroupId{1}).in_window; });
  EXPECT_EQ(groups, (slo::SliCounts{1, 2})) << "its one group has all of them";
  // Sent again it is recognised; spans do not count here.
  EXPECT_EQ(Send("a", {{.time = kStart}}).rejected, 1);
  Ingest(*pipeline_.traces(), "s", Batch(*pipeline_.traces(), {kStart}));
  EXPECT_EQ(Counts(0), (slo::SliCounts{1, 2}));
  const serve::LedgerReading ledger = loop_.ReadLedger();
  EXPECT_EQ(ledger.imbalance(), 0u);
  EXPECT_EQ(ledger.signals.at("logs").accepted, 3u);
  EXPECT_EQ(ledger.signals.at("logs").duplicate, 1u);
}

TEST_F(LogPipelineTest, RecordsWithoutTimesCountAsTheyComeAndEachTime) {
  for (int i = 0; i < 2; ++i) Send("timeless", {{.is_error = true}, {.time = kStart}});
  EXPECT_EQ(Counts(0), (slo::SliCounts{2, 2}));
}

TEST_F(LogPipelineTest, LateRecordsAreOfTheirSignalInTheLedger) {
  Send("late", {{.time = kStart - 25h}, {.time = kStart}});
  EXPECT_EQ(Counts(0), (slo::SliCounts{1, 0}));
  const serve::LedgerReading ledger = loop_.ReadLedger();
  EXPECT_EQ(ledger.signals.at("logs").too_late, 1u);
  EXPECT_EQ(ledger.signals.at("logs").accepted, 2u) << "late ones are accepted all the same";
  EXPECT_EQ(ledger.signals.at("traces").too_late, 0u);
}

// The SLO of a service that counts its requests, and those that failed.
slo::SloSet CounterSlo() {
  rules::SpecFileResult read = rules::ReadSpecText(R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: requests}
spec:
  service: payer
  sli:
    counter: {total: 'requests_total{job="payer"}', bad: 'requests_total{job="payer",code="500"}'}
    group_by: [route]
  objective: 99%
  window: 7d
)",
                                                   "test.yaml");
  EXPECT_TRUE(read.errors.empty()) << read.errors.front();
  return std::move(read.slos);
}

class MetricPipelineTest : public PipelineTest {
 protected:
  MetricPipelineTest() {
    const absl::Status installed = loop_.Run([&] {
      const absl::Status status = loop_.Install(std::make_shared<const slo::SloSet>(CounterSlo()));
      pipeline_.Use(core_->engine().MakeMatchers());
      return status;
    });
    EXPECT_TRUE(installed.ok()) << installed;
  }
  // One export, `seconds` after a start two minutes ago.
  ExportAnswer Send(std::string body, uint64_t seconds, int64_t good, int64_t bad) {
    const uint64_t start = 1'700'000'000 - 120;
    slo::testing::MetricBatchBuilder builder;
    builder.Resource({{"service.name", "payer"}})
        .Counter("requests")
        .Int(start, start + seconds, good, {{"code", "200"}, {"route", "/pay"}})
        .Int(start, start + seconds, bad, {{"code", "500"}, {"route", "/pay"}});
    // What the batch points into is the builder's, until the answer.
    return Ingest(*pipeline_.metrics(), std::move(body), std::move(builder.batch()));
  }
};

TEST_F(MetricPipelineTest, PointsFeedAnSlo) {
  EXPECT_EQ(Send("a", 60, 90, 10).rejected, 0);
  EXPECT_EQ(Counts(0), (slo::SliCounts{90, 10}));
  const auto group = loop_.Read(
      [](const Core& core) { return core.engine().StatusOf(0, slo::GroupId{1}).in_window; });
  EXPECT_EQ(group, (slo::SliCounts{90, 10}));
  EXPECT_EQ(Send("b", 120, 95, 11).rejected, 0);
  EXPECT_EQ(Counts(0), (slo::SliCounts{95, 11}));
  // Sent again: as a request, and as points of another one.
  Send("b", 120, 95, 11);
  Send("c", 120, 95, 11);
  EXPECT_EQ(Counts(0), (slo::SliCounts{95, 11}));
  // Another value for a point that was taken.
  EXPECT_EQ(Send("d", 120, 96, 11).rejected, 1);
  EXPECT_EQ(Counts(0), (slo::SliCounts{95, 11}));
  const serve::LedgerReading ledger = loop_.ReadLedger();
  EXPECT_EQ(ledger.imbalance(), 0u);
  EXPECT_EQ(ledger.signals.at("metrics").accepted, 4u);
}

TEST_F(MetricPipelineTest, PointsAreStored) {
  Send("a", 60, 90, 10);
  Send("b", 120, 95, 11);
  const auto snapshot = core_->series().TakeSnapshot({}, {});
  const auto selected = snapshot->Select({}, {});
  ASSERT_TRUE(selected.ok());
  std::map<std::string, std::vector<double>> stored;
  storage::SampleColumns columns;
  for (const storage::SelectedSeries& series : *selected) {
    ASSERT_TRUE(snapshot->ReadSamples(series.id, {}, columns).ok());
    stored[std::string(series.labels->Get("__name__")) + "/" +
           std::string(series.labels->Get("code"))] = columns.values;
  }
  EXPECT_EQ(stored, (std::map<std::string, std::vector<double>>{{"requests_total/200", {90, 95}},
                                                                {"requests_total/500", {10, 11}}}));
  EXPECT_EQ(pipeline_.otlp_series().counts().identities_made, 2u);
}

// What comes by remote write says no start: the first value is a base.
TEST_F(MetricPipelineTest, RemoteWritesFeedAnSlo) {
  const auto write = [&](std::chrono::seconds after, std::string_view code, double value) {
    auto received = std::make_unique<collector::ReceivedSeries>();
    {
      protozero::pbf_writer request(received->body);
      protozero::pbf_writer series(request, 1);
      for (const auto& [name, text] :
           std::vector<std::pair<std::string, std::string>>{{"__name__", "requests_total"},
                                                            {"code", std::string(code)},
                                                            {"job", "payer"},
                                                            {"route", "/pay"}}) {
        protozero::pbf_writer label(series, 1);
        label.add_string(1, name);
        label.add_string(2, text);
      }
      protozero::pbf_writer sample(series, 2);
      sample.add_double(1, value);
      sample.add_int64(2, UnixMillis(kStart + after));
    }
    ASSERT_TRUE(collector::DecodeRemoteWrite(received->body, received->batch).ok());
    std::promise<void> answered;
    pipeline_.Ingest(std::move(received), [&](collector::SeriesAnswer) { answered.set_value(); });
    answered.get_future().get();
  };
  write(-60s, "200", 1000);
  write(-60s, "500", 7);
  write(-45s, "200", 1040);
  write(-45s, "500", 9);
  write(-30s, "200", 3);  // it began anew
  EXPECT_EQ(Counts(0), (slo::SliCounts{43, 2}));
  write(-30s, "200", 3);
  EXPECT_EQ(Counts(0), (slo::SliCounts{43, 2}));
}

TEST_F(MetricPipelineTest, CountsOnAcrossAReload) {
  const auto before = pipeline_.metrics();
  ASSERT_TRUE(loop_
                  .Run([&] {
                    pipeline_.Use(core_->engine().MakeMatchers());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_NE(pipeline_.metrics(), before);
  EXPECT_EQ(Send("a", 60, 90, 10).rejected, 0);
  EXPECT_EQ(Counts(0), (slo::SliCounts{90, 10}));
}

TEST_F(PipelineTest, IsOverloadedWhenItIsTold) {
  EXPECT_EQ(pipeline_.overloaded(), "");
  std::string_view why = "memory is short";
  const Pipeline guarded(loop_, clock_, [&why] { return why; });
  EXPECT_EQ(guarded.overloaded(), "memory is short");
  why = "";
  EXPECT_EQ(guarded.overloaded(), "");
}

TEST_F(PipelineTest, TheLeaseIsHeldUntilTheAnswer) {
  base::MemoryBudget budget(100'000);
  base::MemoryLease lease(&budget);
  ASSERT_TRUE(lease.GrowTo(60'000));
  const auto sink = pipeline_.traces();
  model::SpanBatch batch = Batch(*sink, {kStart});
  std::string body = "a";
  std::promise<uint64_t> used;
  sink->Ingest({.storage = body, .lease = lease}, batch,
               [&](ExportAnswer) { used.set_value(budget.used()); });
  EXPECT_EQ(lease.bytes(), 0u) << "the request has it";
  EXPECT_EQ(used.get_future().get(), 0u);
}

TEST_F(PipelineTest, WithoutMemoryToWaitARequestIsRefused) {
  base::MemoryBudget budget(100);
  base::MemoryLease lease(&budget);
  ASSERT_TRUE(lease.GrowTo(1));
  const auto sink = pipeline_.traces();
  model::SpanBatch batch = Batch(*sink, {kStart});
  std::string body = "a";
  std::promise<ExportAnswer> answer;
  sink->Ingest({.storage = body, .lease = lease}, batch,
               [&](ExportAnswer given) { answer.set_value(std::move(given)); });
  const ExportAnswer given = answer.get_future().get();
  EXPECT_EQ(given.outcome, ExportAnswer::Outcome::kUnavailable);
  EXPECT_NE(given.message.find("short of memory"), std::string::npos);
  EXPECT_EQ(Counts(0), (slo::SliCounts{0, 0}));
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace slowburn::app
