// Goal: a remote write becomes samples of the series that it names, its refusals are told one by
// one, and it costs the memory that it holds. Method: requests on the wire, decoded and handed to
// the pipeline, over the real loop and store.
#include "app/remote_write_series.h"

#include <future>

#include <gmock/gmock.h>
#include <protozero/pbf_writer.hpp>

#include "app/pipeline.h"
#include "app/testing/core_fixture.h"
#include "app/testing/sample_write.h"
#include "base/testing/manual_clock.h"
#include "collector/remote_write.h"

namespace slowburn::app {
namespace {

using collector::SeriesAnswer;
using protozero::pbf_writer;
using testing::HasSubstr;
using namespace std::chrono_literals;
using Outcome = collector::ExportAnswer::Outcome;

void AddLabels(pbf_writer& out, const std::vector<model::Label>& labels) {
  for (const model::Label& label : labels) {
    pbf_writer message(out, 1);
    message.add_string(1, label.name);
    message.add_string(2, label.value);
  }
}

// One series with its samples, as a client writes it.
std::string SeriesBytes(const std::vector<model::Label>& labels,
                        const std::vector<model::Sample>& samples) {
  std::string body;
  pbf_writer request(body);
  pbf_writer series(request, 1);
  AddLabels(series, labels);
  for (const model::Sample& sample : samples) {
    pbf_writer out(series, 2);
    out.add_double(1, sample.value);
    out.add_int64(2, sample.time_ms);
  }
  return body;
}

class RemoteWriteSeriesTest : public CoreFixture {
 protected:
  RemoteWriteSeriesTest()
      : loop_({}, *core_, *store_, {}, clock_, registry_), pipeline_(loop_, clock_) {
    loop_.Start();
  }

  SeriesAnswer Write(std::string body, uint64_t budget_bytes = 1 << 20) {
    const auto budget = std::make_unique<base::MemoryBudget>(budget_bytes);
    std::promise<SeriesAnswer> promise;
    std::future<SeriesAnswer> answer = promise.get_future();
    {
      auto received = std::make_unique<collector::ReceivedSeries>();
      received->body = std::move(body);
      received->lease = base::MemoryLease(budget.get());
      EXPECT_TRUE(collector::DecodeRemoteWrite(received->body, received->batch).ok());
      pipeline_.Ingest(std::move(received), [&](SeriesAnswer given) {
        EXPECT_EQ(budget->used(), 0u) << "what it held is free before it is answered";
        promise.set_value(std::move(given));
      });
    }
    SeriesAnswer got = answer.get();
    // Whoever was answered may still have a hand on it.
    EXPECT_TRUE(loop_.Run([] { return absl::OkStatus(); }).ok());
    return got;
  }
  static int64_t Ms(std::chrono::milliseconds after) { return UnixMillis(kStart + after); }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  CommitLoop loop_;
  Pipeline pipeline_;
};

TEST_F(RemoteWriteSeriesTest, SamplesAreStoredOnceAndRefusalsAreNamed) {
  const std::vector<model::Label> up = {{"__name__", "up"}, {"job", "api"}};
  SeriesAnswer answer = Write(
      SeriesBytes(up, {{Ms(0s), 1}, {Ms(1s), 2}}) + SeriesBytes({{"job", "api"}}, {{Ms(0s), 1}}) +
      SeriesBytes({{"__name__", "a"}, {"x", "1"}, {"x", "2"}}, {{Ms(0s), 1}}));
  EXPECT_EQ(answer.outcome, Outcome::kAccepted);
  EXPECT_EQ(answer.samples_written, 2u);
  EXPECT_EQ(answer.refused, 2u);
  EXPECT_THAT(answer.message, HasSubstr("2 of 4 samples are not stored; the first, of "
                                        "{job=\"api\"}: its labels are no labels"));
  // Again, and one more: what is there already is written, for a client that repeats itself.
  answer = Write(SeriesBytes(up, {{Ms(0s), 1}, {Ms(1s), 3}, {Ms(2s), 3}}));
  EXPECT_EQ(answer.samples_written, 2u);
  EXPECT_EQ(answer.refused, 1u);
  EXPECT_THAT(answer.message, HasSubstr("another value is stored at this time"));
  EXPECT_EQ(ReadAllSamples(*core_),
            (StoredSamples{{"up", {{Ms(0s), 1}, {Ms(1s), 2}, {Ms(2s), 3}}}}));
  const serve::SignalLedger ledger = loop_.ReadLedger().signals.at("remote_write");
  EXPECT_EQ(ledger.decoded, 7u);
  EXPECT_EQ(ledger.accepted, 3u);
  EXPECT_EQ(ledger.duplicate, 1u);
  EXPECT_EQ(ledger.imbalance(), 0);
}

TEST_F(RemoteWriteSeriesTest, HistogramsExemplarsAndMetadataAreStored) {
  std::string body;
  {
    pbf_writer request(body);
    {
      pbf_writer series(request, 1);
      AddLabels(series, {{"__name__", "lat"}});
      {
        pbf_writer exemplar(series, 3);
        AddLabels(exemplar, {{"trace_id", "ab"}});
        exemplar.add_double(2, 0.25);
        exemplar.add_int64(3, Ms(0s));
      }
      pbf_writer histogram(series, 4);
      histogram.add_uint64(1, 3);
      histogram.add_double(3, 2.5);
      histogram.add_uint64(6, 3);
      histogram.add_int64(15, Ms(0s));
    }
    pbf_writer metadata(request, 3);
    metadata.add_enum(1, 3);
    metadata.add_string(2, "lat");
    metadata.add_string(4, "how long");
  }
  const SeriesAnswer answer = Write(body);
  EXPECT_EQ(answer.histograms_written, 1u);
  EXPECT_EQ(answer.exemplars_written, 1u);
  EXPECT_EQ(answer.refused, 0u);
  const auto snapshot = core_->series().TakeSnapshot({}, {});
  storage::SampleColumns columns;
  ASSERT_TRUE(snapshot->ReadSamples(snapshot->Select({}, {})->at(0).id, {}, columns).ok());
  ASSERT_EQ(columns.histograms.size(), 1u);
  EXPECT_EQ(columns.histograms[0].sum, 2.5);
  const auto exemplars = snapshot->Exemplars({}, {});
  ASSERT_EQ(exemplars->size(), 1u);
  EXPECT_EQ(exemplars->at(0).exemplars.at(0).labels.Get("trace_id"), "ab");
  EXPECT_EQ(snapshot->Metadata("lat")->at(0).help, "how long");
}

TEST_F(RemoteWriteSeriesTest, AHistogramThatContradictsItselfIsRefusedWithTheReason) {
  std::string body;
  {
    pbf_writer request(body);
    pbf_writer series(request, 1);
    AddLabels(series, {{"__name__", "lat"}});
    for (const uint64_t count : {3, 4}) {
      pbf_writer histogram(series, 4);
      histogram.add_uint64(1, count);
      histogram.add_uint64(6, 3);
      histogram.add_int64(15, Ms(std::chrono::seconds(count)));
    }
  }
  const SeriesAnswer answer = Write(body);
  EXPECT_EQ(answer.histograms_written, 1u);
  EXPECT_EQ(answer.refused, 1u);
  EXPECT_EQ(answer.message,
            "1 of 2 samples are not stored; the first, of {__name__=\"lat\"}: its buckets do not "
            "make up its count");
  EXPECT_EQ(loop_.ReadLedger().signals.at("remote_write").imbalance(), 0);
}

TEST_F(RemoteWriteSeriesTest, ExemplarsThatCannotBeAreNamedAndOldOnesAreNot) {
  const auto series_with = [](std::string_view label, std::vector<int64_t> times) {
    std::string body;
    pbf_writer request(body);
    pbf_writer series(request, 1);
    AddLabels(series, {{"__name__", "up"}});
    {
      pbf_writer sample(series, 2);
      sample.add_double(1, 1);
      sample.add_int64(2, Ms(0s));
    }
    for (const int64_t time_ms : times) {
      pbf_writer exemplar(series, 3);
      AddLabels(exemplar, {{std::string(label), "1"}});
      exemplar.add_int64(3, time_ms);
    }
    return body;
  };
  SeriesAnswer answer = Write(series_with("a", {Ms(1s), Ms(1s), Ms(0s)}));
  EXPECT_EQ(answer.exemplars_written, 1u);
  EXPECT_EQ(answer.exemplars_refused, 0u);
  EXPECT_EQ(answer.message, "");
  answer = Write(series_with("", {Ms(2s)}) + series_with("a", {Ms(1h)}));
  EXPECT_EQ(answer.exemplars_written, 0u);
  EXPECT_EQ(answer.exemplars_refused, 2u);
  EXPECT_EQ(answer.refused, 0u);
  EXPECT_EQ(answer.message,
            "2 of 2 exemplars are not stored; the first, of {__name__=\"up\"}: a label without a "
            "name");
  EXPECT_EQ(loop_.ReadLedger().signals.at("remote_write").imbalance(), 0);
}

TEST_F(RemoteWriteSeriesTest, WithoutMemoryItIsNotTaken) {
  const SeriesAnswer answer = Write(SeriesBytes({{"__name__", "up"}}, {{Ms(0s), 1}}), 64);
  EXPECT_EQ(answer.outcome, Outcome::kUnavailable);
  EXPECT_THAT(answer.message, HasSubstr("short of memory"));
  EXPECT_TRUE(ReadAllSamples(*core_).empty());
}

}  // namespace
}  // namespace slowburn::app
