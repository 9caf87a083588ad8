// Goal: a read request says what it says, what is none is refused in words, and answers are whole
// messages within their bounds. Method: messages made by protozero's writer, frames taken apart.
#include "serve/read_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"

namespace slowburn::serve {
namespace {

using protozero::pbf_writer;
using testing::HasSubstr;

struct MatcherParts {
  int32_t type;
  std::string_view name, value;
};

std::string Query(int64_t start, int64_t end, const std::vector<MatcherParts>& matchers) {
  std::string query;
  pbf_writer writer(query);
  writer.add_int64(1, start);
  writer.add_int64(2, end);
  for (const auto& [type, name, value] : matchers) {
    pbf_writer matcher(writer, 3);
    matcher.add_enum(1, type);
    matcher.add_string(2, name.data(), name.size());
    matcher.add_string(3, value.data(), value.size());
  }
  pbf_writer(writer, 4).add_string(2, "rate");  // a hint
  return query;
}

std::string Request(const std::vector<std::string>& queries) {
  std::string request;
  for (const std::string& query : queries) pbf_writer(request).add_message(1, query);
  return request;
}

TEST(ReadRequestTest, IsRead) {
  const auto got = ParseReadRequest(
      Request({Query(-5, 10, {{0, "a", "x"}, {1, "b", "y"}, {2, "c", "z.*"}, {3, "d", "w"}}),
               Query(0, std::numeric_limits<int64_t>::max(), {})}));
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->queries.size(), 2U);
  EXPECT_FALSE(got->takes_chunks);
  EXPECT_EQ(got->queries[0].range.begin_ms, -5);
  EXPECT_EQ(got->queries[0].range.end_ms, 11);  // The end belongs to it.
  std::string matchers;
  for (const auto& matcher : got->queries[0].matchers) matchers += matcher.CanonicalText() + ",";
  EXPECT_EQ(matchers, R"(a="x",b!="y",c=~"z.*",d!~"w",)");
  EXPECT_EQ(got->queries[1].range.end_ms, std::numeric_limits<int64_t>::max());
}

TEST(ReadRequestTest, TheFirstFormThatIsAcceptedAndKnownCounts) {
  const auto takes_chunks = [](const std::vector<int32_t>& types, bool is_packed) {
    std::string request;
    pbf_writer writer(request);
    if (is_packed) writer.add_packed_enum(2, types.begin(), types.end());
    for (const int32_t type : types) {
      if (!is_packed) writer.add_enum(2, type);
    }
    const auto got = ParseReadRequest(request);
    return got.ok() && got->takes_chunks;
  };
  for (const bool is_packed : {false, true}) {
    EXPECT_TRUE(takes_chunks({1, 0}, is_packed));
    EXPECT_FALSE(takes_chunks({0, 1}, is_packed));
    EXPECT_TRUE(takes_chunks({7, 1, 0}, is_packed));
    EXPECT_FALSE(takes_chunks({7, 0, 1}, is_packed));
    EXPECT_FALSE(takes_chunks({}, is_packed));
  }
}

// Found by fuzzing: they were read as if they were of the type that the field has.
TEST(ReadRequestTest, AFieldOfAnotherWireTypeIsNotKnown) {
  std::string matcher;
  pbf_writer matcher_writer(matcher);
  matcher_writer.add_enum(1, 1);
  matcher_writer.add_string(2, "a");
  matcher_writer.add_string(3, "x");
  matcher_writer.add_fixed32(1, 0);
  matcher_writer.add_uint64(2, 1);
  matcher_writer.add_fixed64(3, 1);
  std::string query;
  pbf_writer query_writer(query);
  query_writer.add_int64(1, 5);
  query_writer.add_int64(2, 10);
  query_writer.add_fixed64(1, 77);
  query_writer.add_string(2, "text");
  query_writer.add_uint64(3, 1);
  query_writer.add_message(3, matcher);
  std::string request = Request({query});
  pbf_writer request_writer(request);
  request_writer.add_uint64(1, 7);
  request_writer.add_fixed32(2, 1);

  const auto got = ParseReadRequest(request);
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->queries.size(), 1U);
  EXPECT_FALSE(got->takes_chunks);
  EXPECT_EQ(got->queries[0].range.begin_ms, 5);
  EXPECT_EQ(got->queries[0].range.end_ms, 11);
  ASSERT_EQ(got->queries[0].matchers.size(), 1U);
  EXPECT_EQ(got->queries[0].matchers[0].CanonicalText(), R"(a!="x")");
}

TEST(ReadRequestTest, RefusesToAnswerInAFormThatNobodyAccepts) {
  std::string request;
  pbf_writer writer(request);
  writer.add_enum(2, 7);
  const auto got = ParseReadRequest(request);
  EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(base::Message(got.status()), HasSubstr("accepts answers of type 7"));
}

TEST(ReadRequestTest, RefusesWhatItIsNot) {
  struct Case {
    std::string request;
    std::string_view what;
  };
  for (const auto& [request, what] : std::vector<Case>{
           {"\x0f\x0f", "no prometheus.ReadRequest"},
           {"\x0a\x7f", "no prometheus.ReadRequest"},
           {Request({Query(0, 1, {{4, "a", "x"}})}), "4 is no type of a matcher"},
           {Request({Query(0, 1, {{2, "a", "("}})}), "("},
           {Request({Query(0, 1, std::vector<MatcherParts>(65, {0, "a", "x"}))}),
            "more than 64 matchers"},
           {Request(std::vector<std::string>(
                4, Query(0, 1, std::vector<MatcherParts>(51, {3, "a", "x.*"})))),
            "more than 200 regular expressions"},
           {Request(std::vector<std::string>(257, Query(0, 1, {}))), "more than 256 queries"}}) {
    const auto got = ParseReadRequest(request);
    EXPECT_TRUE(absl::IsInvalidArgument(got.status())) << what;
    EXPECT_THAT(std::string(base::Message(got.status())), HasSubstr(what));
  }
}

TEST(ReadRequestTest, TakesManyMatchersAndSomeRegularExpressions) {
  std::vector<MatcherParts> matchers(50, {2, "a", "x.*"});
  matchers.insert(matchers.end(), 14, {1, "a", "x"});
  const auto got = ParseReadRequest(Request(std::vector<std::string>(4, Query(0, 1, matchers))));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->queries[3].matchers.size(), 64U);
}

TEST(ReadAnswerTest, TellsWholeHistogramsByDifferences) {
  storage::SampleColumns samples;
  samples.histogram_times_ms = {7};
  samples.histograms.push_back(
      {.count = 9, .sum = 2.5, .positive_spans = {{1, 3}}, .positive_counts = {4, 3, 2}});
  std::string result;
  AppendTimeSeries(result, {{"a", "b"}}, samples);
  protozero::pbf_reader query_result(result);
  ASSERT_TRUE(query_result.next(1));
  protozero::pbf_reader series = query_result.get_message();
  ASSERT_TRUE(series.next(4));
  protozero::pbf_reader histogram = series.get_message();
  std::vector<int64_t> deltas;
  while (histogram.next()) {
    if (histogram.tag() == 1) {
      EXPECT_EQ(histogram.get_uint64(), 9U);
    } else if (histogram.tag() == 12) {
      for (const int64_t delta : histogram.get_packed_sint64()) deltas.push_back(delta);
    } else {
      EXPECT_NE(histogram.tag(), 13U);
      histogram.skip();
    }
  }
  EXPECT_EQ(deltas, (std::vector<int64_t>{4, -1, -1}));
}

// Numbers before, between and behind histograms; more than a frame holds.
TEST(ReadAnswerTest, CutsChunksAndMessages) {
  storage::SampleColumns samples;
  for (int64_t i = 0; i < 500'000; ++i) {
    samples.times_ms.push_back(2 * i);
    samples.values.push_back(static_cast<double>(i * i) * 1.7);
  }
  samples.histogram_times_ms = {1, 3, 2'000'001};
  samples.histograms.resize(3);
  size_t messages = 0;
  std::vector<std::pair<int64_t, int64_t>> chunks;
  std::vector<int32_t> types;
  EachChunkedResponse({{"a", "b"}}, samples, 3, [&](std::string_view message) {
    ++messages;
    EXPECT_LE(message.size(), 1U << 20);
    protozero::pbf_reader response(message.data(), message.size());
    EXPECT_TRUE(response.next(1));
    protozero::pbf_reader series = response.get_message();
    EXPECT_TRUE(response.next(2));
    EXPECT_EQ(response.get_int64(), 3);
    EXPECT_TRUE(series.next(1));
    series.skip();
    while (series.next(2)) {
      protozero::pbf_reader chunk = series.get_message();
      EXPECT_TRUE(chunk.next(1));
      const int64_t first = chunk.get_int64();
      EXPECT_TRUE(chunk.next(2));
      chunks.emplace_back(first, chunk.get_int64());
      EXPECT_TRUE(chunk.next(3));
      types.push_back(chunk.get_enum());
    }
    return true;
  });
  EXPECT_GT(messages, 2U);
  EXPECT_TRUE(std::ranges::is_sorted(chunks));
  ASSERT_GT(types.size(), 6U);
  EXPECT_EQ(std::vector<int32_t>(types.begin(), types.begin() + 5),
            (std::vector<int32_t>{1, 2, 1, 2, 1}));
  EXPECT_EQ(types.back(), 2);
  EXPECT_EQ(chunks[4], std::pair(int64_t{4}, int64_t{4 + 2 * 119}));
  size_t begun = 0;
  EachChunkedResponse({{"a", "b"}}, samples, 0, [&](std::string_view) { return ++begun < 2; });
  EXPECT_EQ(begun, 2U);
}

TEST(ReadAnswerTest, FramesHaveTheirLengthAndChecksum) {
  std::string out;
  AppendFrame(out, "123456789");  // whose CRC-32C everybody knows
  EXPECT_EQ(out, std::string("\x09\xe3\x06\x92\x83") + "123456789");
  out.clear();
  AppendFrame(out, std::string(300, 'x'));
  EXPECT_EQ(out.size(), 2U + 4 + 300);
}

}  // namespace
}  // namespace slowburn::serve
