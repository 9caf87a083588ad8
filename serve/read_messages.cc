#include "serve/read_messages.h"

#include <array>
#include <iterator>
#include <limits>
#include <optional>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/crc32c.h"
#include "base/status.h"
#include "model/native_histogram_message.h"
#include "serve/internal/chunk_cutter.h"
#include "serve/internal/regex_count.h"

namespace slowburn::serve {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::pbf_writer;
using protozero::tag_and_type;

constexpr size_t kQueriesMax = 256;
constexpr size_t kMatchersMax = 64;
constexpr size_t kFrameBytesMax = 1 << 20;
// So that what is over the limit of a frame is little.
constexpr size_t kFrameBytesFull = kFrameBytesMax - (64 << 10);
constexpr int32_t kSamples = 0;
constexpr int32_t kStreamedChunks = 1;

// In all of these a field of another wire type is like one that is not known, as protobuf has it.
absl::StatusOr<model::LabelMatcher> ReadMatcher(pbf_reader message) {
  int32_t type = 0;
  std::string name, value;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::varint):
        type = message.get_enum();
        break;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        name = message.get_string();
        break;
      case tag_and_type(3, pbf_wire_type::length_delimited):
        value = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  using enum model::LabelMatcher::Op;
  constexpr std::array<model::LabelMatcher::Op, 4> kOps = {kEqual, kNotEqual, kRegex, kNotRegex};
  if (type < 0 || type > 3) return base::InvalidArgument("{} is no type of a matcher", type);
  return model::LabelMatcher::Create(std::move(name), kOps[static_cast<size_t>(type)],
                                     std::move(value));
}

absl::StatusOr<ReadQuery> ReadQueryMessage(pbf_reader message, internal::RegexCount& regexes) {
  ReadQuery query{.range = {0, 1}, .matchers = {}};
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::varint):
        query.range.begin_ms = message.get_int64();
        break;
      case tag_and_type(2, pbf_wire_type::varint):  // Inclusive.
        query.range.end_ms = message.get_int64();
        if (query.range.end_ms < std::numeric_limits<int64_t>::max()) ++query.range.end_ms;
        break;
      case tag_and_type(3, pbf_wire_type::length_delimited): {
        if (query.matchers.size() == kMatchersMax)
          return base::InvalidArgument("a query has more than {} matchers", kMatchersMax);
        SB_ASSIGN_OR_RETURN(model::LabelMatcher matcher, ReadMatcher(message.get_message()));
        SB_RETURN_IF_ERROR(regexes.Add(matcher));
        query.matchers.push_back(std::move(matcher));
        break;
      }
      default:  // Hints too: who asks filters again.
        message.skip();
    }
  }
  return query;
}

absl::StatusOr<ReadRequest> ReadRequestMessage(pbf_reader message) {
  ReadRequest request;
  internal::RegexCount regexes;
  std::optional<int32_t> first_type;  // that we know
  std::optional<int32_t> unknown_type;
  const auto take_type = [&](int32_t type) {
    auto& place = type == kSamples || type == kStreamedChunks ? first_type : unknown_type;
    place = place.value_or(type);
  };
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited): {
        if (request.queries.size() == kQueriesMax)
          return base::InvalidArgument("a read has more than {} queries; send several",
                                       kQueriesMax);
        SB_ASSIGN_OR_RETURN(ReadQuery query, ReadQueryMessage(message.get_message(), regexes));
        request.queries.push_back(std::move(query));
        break;
      }
      case tag_and_type(2, pbf_wire_type::length_delimited):
        for (const int32_t type : message.get_packed_enum()) take_type(type);
        break;
      case tag_and_type(2, pbf_wire_type::varint):
        take_type(message.get_enum());
        break;
      default:
        message.skip();
    }
  }
  if (!first_type && unknown_type) {
    return base::InvalidArgument(
        "the read accepts answers of type {}, and none of those that this server has: samples (0), "
        "streamed chunks (1)",
        *unknown_type);
  }
  request.takes_chunks = first_type == kStreamedChunks;
  return request;
}

void AddLabels(pbf_writer& series, const model::LabelSet& labels) {
  for (const model::Label& label : labels) {
    pbf_writer message(series, 1);
    message.add_string(1, label.name);
    message.add_string(2, label.value);
  }
}

}  // namespace

absl::StatusOr<ReadRequest> ParseReadRequest(std::string_view body) {
  try {
    return ReadRequestMessage(pbf_reader(body.data(), body.size()));
  } catch (const protozero::exception& error) {
    return base::InvalidArgument("the body is no prometheus.ReadRequest ({})", error.what());
  }
}

void AppendTimeSeries(std::string& result, const model::LabelSet& labels,
                      const storage::SampleColumns& samples) {
  pbf_writer query_result(result);
  pbf_writer series(query_result, 1);
  AddLabels(series, labels);
  for (size_t i = 0; i < samples.times_ms.size(); ++i) {
    pbf_writer sample(series, 2);
    sample.add_double(1, samples.values[i]);
    sample.add_int64(2, samples.times_ms[i]);
  }
  for (size_t i = 0; i < samples.histogram_times_ms.size(); ++i) {
    pbf_writer message(series, 4);
    model::WriteNativeHistogram(message, samples.histogram_times_ms[i], samples.histograms[i]);
  }
}

void EachChunkedResponse(const model::LabelSet& labels, const storage::SampleColumns& samples,
                         uint64_t query, const std::function<bool(std::string_view)>& take) {
  internal::ChunkCutter cutter(samples);
  for (std::optional<internal::Chunk> chunk = cutter.Next(); chunk;) {
    std::string message;
    {
      pbf_writer response(message);
      {
        pbf_writer series(response, 1);
        AddLabels(series, labels);
        for (; chunk && message.size() < kFrameBytesFull; chunk = cutter.Next()) {
          pbf_writer of(series, 2);
          of.add_int64(1, chunk->first_ms);
          of.add_int64(2, chunk->last_ms);
          of.add_enum(3, chunk->type);
          of.add_bytes(4, chunk->data);
        }
      }
      if (query > 0) response.add_int64(2, static_cast<int64_t>(query));
    }
    if (!take(message)) return;
  }
}

void AppendFrame(std::string& out, std::string_view message) {
  protozero::write_varint(std::back_inserter(out), message.size());
  const uint32_t crc = base::Crc32c(message);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(crc >> shift));
  out += message;
}

}  // namespace slowburn::serve
