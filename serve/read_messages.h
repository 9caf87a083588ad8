// serve/read_messages.h: remote read's messages: what is asked for, and series in either
// form of an answer.
//
// Room     serve
// Uses     base/, storage/api/, protozero
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, prompb: remote.proto, types.proto
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "storage/api/series_reader.h"

namespace slowburn::serve {

struct ReadQuery {
  storage::TimeRange range;
  storage::Matchers matchers;
};

struct ReadRequest {
  std::vector<ReadQuery> queries;
  bool takes_chunks = false;  // before samples
};

// kInvalidArgument where it is none, asks for more than 256 queries or 64 matchers in one, has a
// regular expression that cannot be, or accepts no form of an answer that we know.
absl::StatusOr<ReadRequest> ParseReadRequest(std::string_view body);

// Appends the series, as a field of a QueryResult.
void AppendTimeSeries(std::string& result, const model::LabelSet& labels,
                      const storage::SampleColumns& samples);

// Calls `take` with ChunkedReadResponses of about a megabyte at most that have the series in
// chunks. False from `take` ends it.
void EachChunkedResponse(const model::LabelSet& labels, const storage::SampleColumns& samples,
                         uint64_t query, const std::function<bool(std::string_view)>& take);

// uvarint length, CRC-32C, the message.
void AppendFrame(std::string& out, std::string_view message);

}  // namespace slowburn::serve
