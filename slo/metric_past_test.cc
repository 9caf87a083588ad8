// Goal: what a store has of the past comes to the slices that would have been counted live, in
// whatever pieces, and an SLI that begins in the middle counts each event once. Method: exports of
// a process in OTLP, counted live; the same as series in memory, under the names and labels that
// they have in Prometheus; a run that is cut at every so many points.
#include "slo/metric_past.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/status.h"
#include "slo/metric_matcher.h"
#include "slo/series_matcher.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::MetricBatchBuilder;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kBegin = 1'700'002'800;  // a whole hour
constexpr SliId kSli{1};
constexpr Slice kFirst = kBegin / 10, kHour = kFirst + kSlicesPerHour;

class MemoryHistory final : public MetricHistory {
 public:
  void Add(const model::LabelSet& labels, const HistorySample& sample) {
    Insert(series_[labels].samples, sample);
  }
  void Add(const model::LabelSet& labels, uint64_t time, model::NativeHistogram histogram) {
    Insert(series_[labels].histograms,
           HistoryHistogram{time, &natives_.emplace_back(std::move(histogram))});
  }

  absl::Status Read(const model::SeriesSelector& selector, const Stretch& stretch,
                    const Visit& visit) const override {
    for (const auto& [labels, all] : series_) {
      if (!selector.Matches(labels)) continue;
      const auto samples = Cut(all.samples, stretch);
      const auto histograms = Cut(all.histograms, stretch);
      if (samples.empty() && histograms.empty()) continue;
      SB_RETURN_IF_ERROR(visit({labels, samples, histograms}));
    }
    return absl::OkStatus();
  }

 private:
  struct Series {
    std::vector<HistorySample> samples;
    std::vector<HistoryHistogram> histograms;
  };

  // In the order of time, as a store has what comes late.
  template <typename Sample>
  static void Insert(std::vector<Sample>& samples, const Sample& sample) {
    const auto at = std::ranges::upper_bound(samples, sample.time, {}, &Sample::time);
    samples.insert(at, sample);
  }
  template <typename Sample>
  static std::vector<Sample> Cut(const std::vector<Sample>& all, const Stretch& stretch) {
    std::vector<Sample> cut;
    bool is_there = stretch.with_ended;
    for (const Sample& sample : all) {
      if (sample.time >= stretch.to || sample.time + stretch.before < stretch.from) continue;
      if (sample.time < stretch.from) cut.clear();
      is_there = is_there || sample.time >= stretch.from;
      cut.push_back(sample);
    }
    return is_there ? cut : std::vector<Sample>();
  }

  std::map<model::LabelSet, Series> series_;
  std::deque<model::NativeHistogram> natives_;
};

// Two hours of a process with requests, their latencies and its health, every 15 s; it begins anew
// now and then.
class World {
 public:
  explicit World(uint64_t seed) {
    std::mt19937_64 random(seed);
    uint64_t start = kBegin - 10;
    std::map<std::string, std::vector<uint64_t>> latencies;
    for (uint64_t time = kBegin + 5; time < kBegin + 7200; time += 15) {
      if (random() % 60 == 0) {
        latencies.clear();
        start = time - 3;
      }
      MetricBatchBuilder& batch = exports_.emplace_back();
      batch.Resource({{"service.name", "pay"}})
          .Metric("latency", "s", model::MetricType::kHistogram, model::Temporality::kCumulative);
      for (const char* route : {"/a", "/b"}) {
        std::vector<uint64_t>& buckets = latencies.try_emplace(route, 3, 0).first->second;
        for (uint64_t& bucket : buckets) bucket += random() % 10;
        batch.Histogram(start, time, {0.1, 0.5}, buckets, {{"route", route}});
        uint64_t upto = 0;
        const char* const les[] = {"0.1", "0.5", "+Inf"};
        for (size_t i = 0; i < 3; ++i) {
          upto += buckets[i];
          Keep("latency_seconds_bucket", {{"route", route}, {"le", les[i]}}, time, upto, start);
        }
        Keep("latency_seconds_count", {{"route", route}}, time, upto, start);
      }
      const uint64_t up = random() % 4 == 0 ? 0 : 1;
      batch.Gauge("up").Int(0, time, static_cast<int64_t>(up));
      Keep("up", {}, time, up, 0);
    }
  }

  const std::deque<MetricBatchBuilder>& exports() const { return exports_; }
  const MemoryHistory& history() const { return history_; }

 private:
  void Keep(const char* name, model::LabelSet labels, uint64_t time, uint64_t value,
            uint64_t start) {
    labels.Set("__name__", name);
    labels.Set("job", "pay");
    history_.Add(
        labels,
        {.time = time * kSecond, .value = static_cast<double>(value), .start = start * kSecond});
  }

  std::deque<MetricBatchBuilder> exports_;
  MemoryHistory history_;
};

using Counts = std::map<std::pair<std::string, Slice>, SliCounts>;  // by group key

void AddTo(Counts& counts, const SliDelta& delta) {
  for (const SliDelta::Entry& entry : delta.entries()) {
    SliCounts& sum = counts[{std::string(delta.key(entry)), entry.slice}];
    sum += entry.counts;
    if (sum == SliCounts{}) counts.erase({std::string(delta.key(entry)), entry.slice});
  }
}

SliCounts SumOf(const Counts& counts) {
  SliCounts sum;
  for (const auto& [at, count] : counts) sum += count;
  return sum;
}

Counts CountLive(const SliSpec& spec, const World& world) {
  const IdentifiedSli sli{kSli, &spec};
  const MetricMatcher matcher(std::span(&sli, 1));
  MetricMatcher::Scratch scratch;
  MetricStreams streams{{}};
  Counts counts;
  for (const MetricBatchBuilder& batch : world.exports()) {
    const MetricDelta delta = matcher.Match(batch.batch(), scratch);
    const MetricStreams::Request request{.delta = &delta, .left_out = {}};
    const MetricStreams::Plan plan = streams.MakePlan(
        std::span(&request, 1),
        sys_seconds(seconds(batch.batch().points.front().time_unix_nano / kSecond)));
    AddTo(counts, plan.counts);
    streams.Apply(plan);
  }
  return counts;
}

model::SeriesSelector Selector(const char* text) {
  return model::SeriesSelector::Parse(text).value();
}

void CountRange(const SliSpec& spec, const MetricHistory& history, SliceRange range,
                size_t entries_max, Counts& counts) {
  const auto piece = CountPiece({kSli, &spec}, history, range, UINT32_MAX / 2, {}, entries_max);
  ASSERT_TRUE(piece.ok()) << piece.status();
  EXPECT_EQ(piece->tally.invalid, 0u);
  Slice end = range.end;
  for (const PastPiece::Part& part : piece->parts) {
    ASSERT_LT(part.begin, end);
    for (const SliDelta::Entry& entry : part.counts.entries()) {
      ASSERT_GE(entry.slice, part.begin);
      ASSERT_LT(entry.slice, end);
    }
    end = part.begin;
    AddTo(counts, part.counts);
  }
  EXPECT_EQ(end, range.begin);
}

TEST(MetricPastTest, PiecesAreWhatWouldHaveBeenCounted) {
  const World world(11);
  const SliSpec specs[] = {
      {.source = HistogramSli{.metric = Selector(R"(latency_seconds{job="pay"})"), .max = 0.3},
       .group_by = {"route"}},
      {.source = CounterSli{.good = Selector(R"(latency_seconds_bucket{le="0.5"})"),
                            .bad = std::nullopt,
                            .total = Selector("latency_seconds_count")},
       .group_by = {"route"}},
      {.source = GaugeSli{.metric = Selector(R"(up{job="pay"})")}, .group_by = {}},
  };
  for (const SliSpec& spec : specs) {
    Counts live = CountLive(spec, world);
    ASSERT_GT(SumOf(live).total(), 200u);
    Counts whole;
    CountRange(spec, world.history(), {kFirst - 360, kFirst + 1080}, 1000, whole);
    EXPECT_EQ(whole, live) << spec.CanonicalText();
    Counts pieces;
    for (const SliceRange range : {SliceRange{kHour + 7, kFirst + 1080},
                                   {kHour - 100, kHour + 7},
                                   {kFirst + 3, kHour - 100},
                                   {kFirst - 360, kFirst + 3}}) {
      CountRange(spec, world.history(), range, 20, pieces);
    }
    EXPECT_EQ(SumOf(pieces).total(), SumOf(live).total()) << spec.CanonicalText();
    const bool is_estimate = spec.histogram() != nullptr;  // It is rounded anew in each piece.
    if (!is_estimate) {
      EXPECT_EQ(pieces, live) << spec.CanonicalText();
    }
  }
}

TEST(MetricPastTest, SaysWhyItCannotCount) {
  const World world(12);
  const auto why = [&](const SliSpec& spec) {
    return CountTail({kSli, &spec}, world.history(), kFirst, {}).status();
  };
  const SliSpec nameless{
      .source = HistogramSli{.metric = Selector(R"({__name__=~"latency.*"})"), .max = 1},
      .group_by = {}};
  EXPECT_TRUE(absl::IsInvalidArgument(why(nameless)));
  const SliSpec composite{.source = CompositeSli{}, .group_by = {}};
  EXPECT_TRUE(absl::IsInvalidArgument(why(composite)));
}

// A histogram that is not whole at some time, and values that no counter has.
TEST(MetricPastTest, LeavesOutWhatCannotBeCounted) {
  MemoryHistory history;
  const auto add = [&](const char* name, const char* le, uint64_t after, double value) {
    history.Add({{"__name__", name}, {"le", le}},
                {.time = (kBegin + after) * kSecond, .value = value});
  };
  for (uint64_t i = 0; i < 4; ++i) {
    add("latency_seconds_bucket", "0.1", 60 * i, static_cast<double>(10 * i));
    if (i != 2) add("latency_seconds_bucket", "+Inf", 60 * i, static_cast<double>(20 * i));
    add("latency_seconds_bucket", "many", 60 * i, 1);
  }
  const SliSpec spec{
      .source = HistogramSli{.metric = Selector("latency_seconds_count"), .max = 0.1},
      .group_by = {}};
  const auto piece = CountPiece({kSli, &spec}, history, {kFirst, kHour}, UINT32_MAX / 2, {}, 1000);
  ASSERT_TRUE(piece.ok());
  EXPECT_EQ(piece->tally.counted, 2u) << "after the first, which is a base";
  EXPECT_EQ(piece->tally.invalid, 1u);
  EXPECT_EQ(piece->oldest, kBegin * kSecond);
  Counts counts;
  for (const PastPiece::Part& part : piece->parts) AddTo(counts, part.counts);
  EXPECT_EQ(SumOf(counts), (SliCounts{30, 30}));
}

// (2^-2, 2^-1] holds 4, (2^-1, 1] 3, (1, 2] 2 of them at first, twice as many then.
TEST(MetricPastTest, ReadsNativeHistograms) {
  MemoryHistory history;
  for (uint64_t i = 1; i <= 2; ++i) {
    const auto n = static_cast<double>(i);
    model::NativeHistogram histogram;
    histogram.zero_count = n;
    histogram.count = 10 * n;
    histogram.positive_spans = {{-1, 2}, {0, 1}};
    histogram.positive_counts = {4 * n, 3 * n, 2 * n};
    history.Add({{"__name__", "size"}, {"route", "/a"}}, (kBegin + 60 * i) * kSecond,
                std::move(histogram));
  }
  const std::pair<SliSpec, SliCounts> cases[] = {
      {{.source = HistogramSli{.metric = Selector("size"), .max = 1}, .group_by = {"route"}},
       {8, 2}},
      {{.source = HistogramSli{.metric = Selector("size_count"), .max = 0.5}, .group_by = {}},
       {5, 5}},
      {{.source =
            CounterSli{
                .good = std::nullopt, .bad = Selector("nothing"), .total = Selector("size_count")},
        .group_by = {}},
       {10, 0}},
  };
  for (const auto& [spec, wanted] : cases) {
    Counts counts;
    CountRange(spec, history, {kFirst, kHour}, 1000, counts);
    EXPECT_EQ(SumOf(counts), wanted) << spec.CanonicalText();
  }
}

// --- an SLI that begins in the middle

// A counter, a histogram and a gauge of two pods that are sent as series, with late samples, resets
// and a pod that is hours behind.
class SentSeries {
 public:
  struct Sent {
    model::LabelSet labels;
    uint64_t time = 0;  // seconds
    double value = 0;
  };

  explicit SentSeries(uint64_t seed) {
    std::mt19937_64 random(seed);
    std::map<std::string, double> values;
    for (uint64_t time = kBegin; time < kBegin + 3 * 3600; time += 15) {
      for (const char* pod : {"a", "b", "behind"}) {
        const uint64_t at = *pod == 'b' && pod[1] != 0 ? time - 4 * 3600 : time;
        for (const char* code : {"200", "503"}) {
          model::LabelSet labels{{"__name__", "requests_total"}, {"code", code}, {"pod", pod}};
          double& value = values[labels.Text()];
          value += static_cast<double>(random() % 20);
          sent_.push_back({labels, at, value});
        }
        sent_.push_back({{{"__name__", "up"}, {"pod", pod}}, at, random() % 9 == 0 ? 0.0 : 1.0});
      }
    }
    // Some come late, but none before the first of its series.
    for (size_t i = 9; i + 9 * 3 < sent_.size(); ++i) {
      if (random() % 10 == 0) std::swap(sent_[i], sent_[i + 9 * (1 + random() % 3)]);
    }
  }
  const std::vector<Sent>& sent() const { return sent_; }

  // What grew, over all series.
  SliCounts Grown() const {
    std::map<std::string, std::pair<double, double>> ends;  // least, most
    for (const Sent& one : sent_) {
      if (one.labels.Get("__name__") != "requests_total") continue;
      auto [at, is_new] = ends.try_emplace(one.labels.Text(), one.value, one.value);
      at->second = {std::min(at->second.first, one.value), std::max(at->second.second, one.value)};
    }
    SliCounts grown;
    for (const auto& [text, end] : ends) {
      const auto count = static_cast<uint64_t>(end.second - end.first);
      (text.find("503") != std::string::npos ? grown.bad : grown.good) += count;
    }
    return grown;
  }

 private:
  std::vector<Sent> sent_;
};

class BeginningTest : public ::testing::TestWithParam<size_t> {
 protected:
  // Counts `sent` as an SLI would that begins after `before` of them.
  static Counts CountFrom(const SliSpec& spec, const std::vector<SentSeries::Sent>& sent,
                          size_t before) {
    const IdentifiedSli sli{kSli, &spec};
    MemoryHistory history;
    for (size_t i = 0; i < before; ++i) Keep(sent[i], history);
    uint64_t newest = kBegin;
    for (size_t i = 0; i < before; ++i) newest = std::max(newest, sent[i].time);
    const sys_seconds now{seconds(newest)};
    const Slice from = SliceOf(now - std::chrono::hours(1)) / kSlicesPerHour * kSlicesPerHour;
    auto tail = CountTail(sli, history, from, now);
    EXPECT_TRUE(tail.ok()) << tail.status();
    Counts counts;
    AddTo(counts, tail->counts);
    // Half of what is live comes before the pieces are read, which see it in the store as well.
    const size_t half = before + (sent.size() - before) / 2;
    CountLive(sli,
              {sent.begin() + static_cast<std::ptrdiff_t>(before),
               sent.begin() + static_cast<std::ptrdiff_t>(half)},
              *tail->streams, counts);
    for (size_t i = before; i < half; ++i) Keep(sent[i], history);
    for (Slice end = from; end > kFirst - 6 * kSlicesPerHour; end -= 120) {
      const auto piece = CountPiece(sli, history, {end - 120, end}, from, tail->edges, 1000);
      EXPECT_TRUE(piece.ok()) << piece.status();
      for (const PastPiece::Part& part : piece->parts) AddTo(counts, part.counts);
    }
    CountLive(sli, {sent.begin() + static_cast<std::ptrdiff_t>(half), sent.end()}, *tail->streams,
              counts);
    return counts;
  }

 private:
  static void Keep(const SentSeries::Sent& one, MemoryHistory& history) {
    history.Add(one.labels, {.time = one.time * kSecond, .value = one.value});
  }

  static void CountLive(const IdentifiedSli& sli, const std::vector<SentSeries::Sent>& sent,
                        MetricStreams& streams, Counts& counts) {
    const SeriesMatcher matcher(std::span(&sli, 1));
    SeriesMatcher::Scratch scratch;
    for (const SentSeries::Sent& one : sent) {
      model::SeriesBatch batch;
      batch.samples.push_back({static_cast<int64_t>(one.time) * 1000, one.value});
      batch.series.push_back({.labels_hash_high = std::hash<std::string>{}(one.labels.Text()),
                              .labels_hash_low = 0,
                              .message = {},
                              .samples_end = 1});
      const MetricDelta delta = matcher.Match(
          batch, INT64_MAX,
          [&](const model::SeriesBatch::Series&, model::LabelSet& labels) {
            labels = one.labels;
            return true;
          },
          scratch);
      const MetricStreams::Request request{.delta = &delta, .left_out = {}};
      const MetricStreams::Plan plan =
          streams.MakePlan(std::span(&request, 1), sys_seconds(seconds(one.time)));
      streams.Apply(plan);
      AddTo(counts, plan.counts);
    }
  }
};

TEST_P(BeginningTest, EachEventCountsOnce) {
  const SliSpec counter{.source = CounterSli{.good = std::nullopt,
                                             .bad = Selector(R"(requests_total{code="503"})"),
                                             .total = Selector("requests_total")},
                        .group_by = {"pod"}};
  const SliSpec gauge{.source = GaugeSli{.metric = Selector("up")}, .group_by = {"pod"}};
  for (const uint64_t seed : {1, 2, 3}) {
    const SentSeries series(seed);
    const size_t before = series.sent().size() * GetParam() / 100 + seed;
    const Counts counted = CountFrom(counter, series.sent(), before);
    EXPECT_EQ(SumOf(counted), series.Grown()) << "seed " << seed;
    const Counts whole = CountFrom(counter, series.sent(), series.sent().size());
    EXPECT_EQ(SumOf(whole), series.Grown()) << "seed " << seed;
    EXPECT_EQ(CountFrom(gauge, series.sent(), before),
              CountFrom(gauge, series.sent(), series.sent().size()))
        << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Percent, BeginningTest, ::testing::Values(1, 20, 50, 77, 99));

// The same process as the store and as OTLP know it.
TEST(MetricPastTest, OtlpGoesOnWithWhatTheStoreHas) {
  const auto make = [](uint64_t time, int64_t value, model::Temporality temporality) {
    MetricBatchBuilder batch;
    const bool is_delta = temporality == model::Temporality::kDelta;
    batch.Resource({{"service.name", "pay"}, {"service.instance.id", "7"}, {"zone", "x"}})
        .Metric("requests", "", model::MetricType::kSum, temporality, true)
        .Int(is_delta ? time - 15 : kBegin - 90'000, time, value, {{"code", "200"}});
    batch.Metric("latency", "s", model::MetricType::kHistogram, temporality)
        .Histogram(is_delta ? time - 15 : kBegin - 90'000, time, {0.1, 0.5},
                   {static_cast<uint64_t>(value), 0, static_cast<uint64_t>(value)});
    return batch;
  };
  MemoryHistory history;
  const auto keep = [&](std::string_view name, std::string_view le, double value) {
    model::LabelSet labels{{"job", "pay"}, {"instance", "7"}};
    labels.Set("__name__", name);
    if (name == "requests_total") labels.Set("code", "200");
    labels.Set("le", le);
    history.Add(labels, {.time = (kBegin + 15) * kSecond, .value = value});
  };
  keep("requests_total", "", 100);
  keep("latency_seconds_bucket", "0.1", 100);
  keep("latency_seconds_bucket", "0.5", 100);
  keep("latency_seconds_bucket", "+Inf", 200);
  keep("latency_seconds_count", "", 200);
  const SliSpec specs[] = {
      {.source = CounterSli{.good = Selector("requests_total"),
                            .bad = Selector("nothing"),
                            .total = std::nullopt},
       .group_by = {}},
      {.source = CounterSli{.good = Selector(R"(latency_seconds_bucket{le="0.5"})"),
                            .bad = Selector("nothing"),
                            .total = std::nullopt},
       .group_by = {}},
      {.source = CounterSli{.good = Selector("latency_seconds_count"),
                            .bad = Selector("nothing"),
                            .total = std::nullopt},
       .group_by = {}},
      {.source = HistogramSli{.metric = Selector("latency_seconds"), .max = 0.5}, .group_by = {}},
  };
  const SliCounts wanted[] = {{5, 0}, {5, 0}, {10, 0}, {5, 5}};
  for (size_t i = 0; i < std::size(specs); ++i) {
    const IdentifiedSli sli{kSli, &specs[i]};
    for (const model::Temporality temporality :
         {model::Temporality::kCumulative, model::Temporality::kDelta}) {
      const bool is_delta = temporality == model::Temporality::kDelta;
      const auto tail = CountTail(sli, history, kFirst, sys_seconds(seconds(kBegin + 16)));
      ASSERT_TRUE(tail.ok());
      EXPECT_TRUE(tail->counts.empty()) << "a base";
      EXPECT_EQ(tail->streams->size(), 1u);
      const MetricMatcher matcher(std::span(&sli, 1));
      MetricMatcher::Scratch scratch;
      Counts counts;
      // The store has the first one.
      const std::pair<uint64_t, int64_t> exports[] = {
          {15, is_delta ? 100 : 100}, {30, is_delta ? 2 : 102}, {45, is_delta ? 3 : 105}};
      for (const auto& [after, value] : exports) {
        const MetricBatchBuilder batch = make(kBegin + after, value, temporality);
        const MetricDelta delta = matcher.Match(batch.batch(), scratch);
        const MetricStreams::Request request{.delta = &delta, .left_out = {}};
        const auto plan =
            tail->streams->MakePlan(std::span(&request, 1), sys_seconds(seconds(kBegin + after)));
        EXPECT_EQ(plan.tally.temporality_changes, 0u);
        EXPECT_EQ(plan.tally.layout_changes, 0u);
        tail->streams->Apply(plan);
        AddTo(counts, plan.counts);
      }
      EXPECT_EQ(SumOf(counts), wanted[i]) << specs[i].CanonicalText() << (is_delta ? " delta" : "");
      EXPECT_EQ(tail->streams->size(), 1u) << "history went over into it";
    }
  }
}

}  // namespace
}  // namespace slowburn::slo
