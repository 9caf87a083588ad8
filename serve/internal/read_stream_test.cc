// Goal: a remote read in chunks gives every sample once however much it is, and holds little of it.
// Method: series in memory that make several parts; frames are read with protozero, samples counted
// chunk by chunk; the same by the route, from a pool of threads.
#include "serve/internal/read_stream.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "base/testing/manual_clock.h"
#include "net/snappy_block.h"
#include "promql/testing/memory_series.h"
#include "serve/prometheus_api.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve::internal {
namespace {

using testing::HasSubstr;

constexpr int64_t kNowMs = 1'700'000'000'000;
constexpr int64_t kDayMs = 86'400'000;

class NoRuleGroups : public RuleSource {
 public:
  std::vector<RuleGroupReading> RuleGroups() const override { return {}; }
};

struct ReadChunk {
  int64_t query = 0;
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  int count = 0;
};
using Read = std::map<std::string, std::vector<ReadChunk>>;  // by labels, as they came

void AddChunks(protozero::pbf_reader series, int64_t query, Read& read) {
  std::string labels;
  while (series.next()) {
    protozero::pbf_reader part = series.get_message();
    if (series.tag() == 1) {
      part.next(1);
      labels += part.get_string() + "=";
      part.next(2);
      labels += part.get_string() + " ";
      continue;
    }
    ReadChunk& chunk = read[labels].emplace_back();
    chunk.query = query;
    part.next(1);
    chunk.first_ms = part.get_int64();
    part.next(2);
    chunk.last_ms = part.get_int64();
    part.next(4);
    const std::string data = part.get_string();
    chunk.count = static_cast<uint8_t>(data[0]) * 256 + static_cast<uint8_t>(data[1]);
  }
}

// Lengths as they are said; checksums are read_messages_test.cc's.
void AddFrames(std::string_view frames, Read& read) {
  while (!frames.empty()) {
    const char* at = frames.data();
    const uint64_t size = protozero::decode_varint(&at, at + frames.size());
    frames.remove_prefix(static_cast<size_t>(at - frames.data()) + 4);
    ASSERT_LE(size, frames.size());
    protozero::pbf_reader response(frames.data(), size);
    int64_t query = 0;
    std::vector<protozero::pbf_reader> series;
    while (response.next()) {
      if (response.tag() == 1) {
        series.push_back(response.get_message());
      } else {
        query = response.get_int64();
      }
    }
    for (const protozero::pbf_reader& one : series) AddChunks(one, query, read);
    frames.remove_prefix(size);
  }
}

int CountOf(const std::vector<ReadChunk>& chunks) {
  int count = 0;
  for (const ReadChunk& chunk : chunks) count += chunk.count;
  return count;
}

storage::Matchers Named(std::string name) {
  return {
      *model::LabelMatcher::Create("__name__", model::LabelMatcher::Op::kEqual, std::move(name))};
}

class ReadStreamTest : public testing::Test {
 protected:
  ReadStreamTest() : clock_(base::UnixNanos(std::chrono::milliseconds(kNowMs))) {}

  // `count` series "x" of `samples` numbers each that hardly compress.
  void AddSeries(int count, int samples) {
    for (int i = 0; i < count; ++i) {
      const model::LabelSet labels{{"__name__", "x"}, {"i", fmt::format("{:04}", i)}};
      for (int s = 0; s < samples; ++s)
        series_.Append(labels, kNowMs - 1000 * (samples - s), 1.0 / (1 + i + s * 7919));
    }
  }

  ReadStream Open(std::vector<ReadQuery> queries) {
    const ApiContext context{.sources = sources_,
                             .options = options_,
                             .stop = {},
                             .asked = clock_.Monotonic(),
                             .begun = clock_.Monotonic()};
    return ReadStream(context, {.queries = std::move(queries), .takes_chunks = true});
  }

  promql::testing::MemorySeries series_;
  const FakeQueries queries_;
  const NoRuleGroups rules_;
  base::ManualClock clock_;
  const PrometheusSources sources_{series_, queries_, rules_, clock_};
  PrometheusOptions options_;
};

TEST_F(ReadStreamTest, MakesAPartAtATime) {
  AddSeries(400, 1200);  // of about 10 bytes each
  ReadStream stream = Open({{{0, kNowMs}, Named("x")}});
  Read read;
  int parts = 0;
  for (bool goes_on = true; goes_on; ++parts) {
    std::string frames;
    const auto more = stream.Append(frames, {});
    ASSERT_TRUE(more.ok()) << more.status();
    goes_on = *more;
    EXPECT_LT(frames.size(), 2 * ReadStream::kPartBytes);
    if (goes_on) {
      EXPECT_GE(frames.size(), ReadStream::kPartBytes);
    }
    AddFrames(frames, read);
  }
  EXPECT_GT(parts, 2);
  ASSERT_EQ(read.size(), 400U);
  for (const auto& [labels, chunks] : read) EXPECT_EQ(CountOf(chunks), 1200) << labels;
}

TEST_F(ReadStreamTest, AnswersEachQueryAndNothing) {
  AddSeries(2, 5);
  series_.Append({{"__name__", "y"}}, kNowMs, 1);
  std::string frames;
  ReadStream stream = Open({{{0, kNowMs - 3000}, Named("x")},
                            {{0, kNowMs}, Named("none")},
                            {{kNowMs, 0}, Named("y")},
                            {{kNowMs, kNowMs + 1}, Named("y")}});
  const auto more = stream.Append(frames, {});
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(*more);
  Read read;
  AddFrames(frames, read);
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read["__name__=x i=0000 "].front().count, 2);
  EXPECT_EQ(read["__name__=y "].size(), 1U);
  EXPECT_EQ(read["__name__=y "].front().query, 3);
}

// A sample a day, from before there was anything to far ahead.
TEST_F(ReadStreamTest, ReadsLongRangesPieceByPiece) {
  const std::vector<int64_t> odd = {-5, 0, kNowMs - 5000 * kDayMs, kNowMs + 9 * kDayMs};
  for (const int64_t time_ms : odd) series_.Append({{"__name__", "x"}}, time_ms, 1);
  for (int day = 0; day < 60; ++day) series_.Append({{"__name__", "x"}}, kNowMs - day * kDayMs, 1);
  ReadStream stream = Open({{storage::TimeRange(), Named("x")}});
  std::string frames;
  const auto more = stream.Append(frames, {});
  ASSERT_TRUE(more.ok() && !*more);
  Read read;
  AddFrames(frames, read);
  const std::vector<ReadChunk>& chunks = read["__name__=x "];
  EXPECT_EQ(CountOf(chunks), 64);
  EXPECT_GE(chunks.size(), 1U + 60 / 16 + 1);
  for (size_t i = 1; i < chunks.size(); ++i) EXPECT_GT(chunks[i].first_ms, chunks[i - 1].last_ms);
  for (const ReadChunk& chunk : chunks) {
    if (chunk.first_ms > kNowMs - 100 * kDayMs) {
      EXPECT_LE(chunk.count, 16);
    }
  }
}

TEST_F(ReadStreamTest, EndsWhenItTakesTooLong) {
  AddSeries(400, 1200);
  ReadStream stream = Open({{{0, kNowMs}, Named("x")}});
  std::string frames;
  ASSERT_TRUE(stream.Append(frames, {}).value());
  clock_.Advance(options_.engine.timeout + std::chrono::milliseconds(1));
  frames.clear();
  const auto late = stream.Append(frames, {});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(base::Message(late.status())), HasSubstr("120000 ms"));
}

TEST_F(ReadStreamTest, EndsWhenNobodyWantsIt) {
  AddSeries(1, 1);
  std::stop_source gone;
  gone.request_stop();
  std::string frames;
  EXPECT_EQ(Open({{{0, kNowMs}, Named("x")}}).Append(frames, gone.get_token()).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(ReadStreamTest, HasTheLabelsThatOthersSee) {
  series_.Append({{"__name__", "x"}}, kNowMs - 1, 1);
  options_.external_labels = {{"cluster", "eu"}};
  storage::Matchers matchers = Named("x");
  matchers.push_back(
      *model::LabelMatcher::Create("cluster", model::LabelMatcher::Op::kEqual, "eu"));
  ReadStream stream = Open({{{0, kNowMs}, matchers}});
  std::string frames;
  ASSERT_TRUE(stream.Append(frames, {}).ok());
  Read read;
  AddFrames(frames, read);
  EXPECT_EQ(read.count("__name__=x cluster=eu "), 1U);
}

TEST_F(ReadStreamTest, IsTheAnswerOfTheRoute) {
  AddSeries(400, 1200);
  net::RouteTable table([](const net::HttpRequest&, int status, std::string_view) {
    net::HttpResponse response;
    response.status = status;
    return response;
  });
  AddPrometheusRoutes(table, sources_, options_);
  std::string request;
  {
    protozero::pbf_writer message(request);
    {
      protozero::pbf_writer query(message, 1);
      query.add_int64(2, kNowMs);
      protozero::pbf_writer matcher(query, 3);
      matcher.add_string(2, "__name__");
      matcher.add_string(3, "x");
    }
    message.add_enum(2, 1);
  }
  const net::HttpResponse response =
      Begin(table, "POST", "/api/v1/read", net::EncodeSnappyBlock(request)).Wait();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type,
            "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  EXPECT_GT(response.body.size(), 3 * ReadStream::kPartBytes);
  Read read;
  AddFrames(response.body, read);
  ASSERT_EQ(read.size(), 400U);
  for (const auto& [labels, chunks] : read) EXPECT_EQ(CountOf(chunks), 1200) << labels;
}

}  // namespace
}  // namespace slowburn::serve::internal
