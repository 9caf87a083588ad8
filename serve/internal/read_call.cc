#include "serve/internal/read_call.h"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "net/snappy_block.h"
#include "serve/internal/external_labels.h"
#include "serve/internal/read_stream.h"
#include "serve/read_messages.h"

namespace slowburn::serve::internal {
namespace {

// Answers in samples are made in memory, `query_threads` of them at once.
constexpr size_t kAnswerBytesMax = 256 << 20;

absl::StatusOr<ReadRequest> ReadBody(net::HttpRequest& request) {
  std::string message;
  SB_RETURN_IF_ERROR(net::DecodeSnappyBlock(request.body, {.bytes_max = kReadRequestBytesMax},
                                            request.lease, message));
  return ParseReadRequest(message);
}

absl::Status TooMuch() {
  return absl::ResourceExhaustedError(
      fmt::format("the answer is over {} bytes; ask for less at once", kAnswerBytesMax));
}

using Take = std::function<absl::Status(const model::LabelSet&, const storage::SampleColumns&)>;

// Every series that has samples, sorted by labels.
absl::Status EachSeries(const ApiContext& context, const storage::SeriesSnapshot& snapshot,
                        ReadQuery query, const Take& take) {
  const model::LabelSet& external = context.options.external_labels;
  SB_ASSIGN_OR_RETURN(query, WithoutExternal(std::move(query), external));
  if (query.range.begin_ms >= query.range.end_ms) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const std::vector<storage::SelectedSeries> selected,
                      snapshot.Select(query.matchers, query.range));
  storage::SampleColumns samples;
  for (const storage::SelectedSeries& series : selected) {
    SB_RETURN_IF_ERROR(snapshot.ReadSamples(series.id, query.range, samples));
    if (samples.times_ms.empty() && samples.histogram_times_ms.empty()) continue;
    SB_RETURN_IF_ERROR(take(WithExternal(*series.labels, external), samples));
  }
  return absl::OkStatus();
}

absl::StatusOr<net::HttpResponse> Samples(const ApiContext& context, const ReadRequest& request) {
  // As much as the store gives one query of its own: the answer has to fit into memory.
  const auto snapshot = context.sources.series.TakeSnapshot({}, context.stop);
  std::string message;
  for (const ReadQuery& query : request.queries) {
    std::string result;
    SB_RETURN_IF_ERROR(EachSeries(
        context, *snapshot, query,
        [&](const model::LabelSet& labels, const storage::SampleColumns& samples) {
          AppendTimeSeries(result, labels, samples);
          return message.size() + result.size() > kAnswerBytesMax ? TooMuch() : absl::OkStatus();
        }));
    protozero::pbf_writer(message).add_message(1, result);
  }
  net::HttpResponse response;
  response.content_type = "application/x-protobuf";
  response.headers.push_back({"Content-Encoding", "snappy"});
  response.body = net::EncodeSnappyBlock(message);
  return response;
}

// The first part at once, so that what cannot be answered is refused.
absl::StatusOr<net::StreamedResponse> Chunks(const ApiContext& context, ReadRequest request,
                                             const RunInTurn& run_in_turn) {
  // Shared: what a BodySource holds is copied.
  const auto stream = std::make_shared<ReadStream>(context, std::move(request));
  net::StreamedResponse response;
  response.content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
  SB_ASSIGN_OR_RETURN(const bool goes_on, stream->Append(response.body, context.stop));
  if (!goes_on) return response;
  response.rest = [stream, run_in_turn](net::BodyPartReply reply) {
    run_in_turn([stream, reply = std::move(reply)](const QueryPool::Turn& turn) mutable {
      net::BodyPart part;
      const absl::StatusOr<bool> more = stream->Append(part.bytes, turn.stop);
      if (more.ok()) {
        part.is_last = !*more;
      } else {
        part = {.status = 0, .error = std::string(base::Message(more.status()))};
      }
      std::move(reply)(std::move(part));
    });
  };
  return response;
}

int StatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kResourceExhausted:
      return 400;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return 503;
    default:
      return 500;
  }
}

net::HttpResponse Refusal(const absl::Status& status) {
  net::HttpResponse response;
  response.status = StatusOf(status.code());
  response.body = fmt::format("{}\n", base::Message(status));
  return response;
}

}  // namespace

net::StreamedResponse ReadCall(const ApiContext& context, net::HttpRequest& request,
                               const RunInTurn& run_in_turn) {
  absl::StatusOr<ReadRequest> asked = ReadBody(request);
  if (!asked.ok()) return {Refusal(asked.status())};
  if (asked->takes_chunks) {
    auto chunks = Chunks(context, *std::move(asked), run_in_turn);
    if (chunks.ok()) return *std::move(chunks);
    return {Refusal(chunks.status())};
  }
  absl::StatusOr<net::HttpResponse> samples = Samples(context, *asked);
  return {samples.ok() ? *std::move(samples) : Refusal(samples.status())};
}

}  // namespace slowburn::serve::internal
