#include "serve/internal/read_call.h"

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "net/snappy_block.h"
#include "serve/read_messages.h"

namespace slowburn::serve::internal {
namespace {

// Answers are made in memory, `query_threads` of them at once.
constexpr size_t kAnswerBytesMax = 256 << 20;

absl::StatusOr<ReadRequest> ReadBody(net::HttpRequest& request) {
  std::string message;
  SB_RETURN_IF_ERROR(net::DecodeSnappyBlock(request.body, {.bytes_max = kReadRequestBytesMax},
                                            request.lease, message));
  return ParseReadRequest(message);
}

// Of queries that mean our series by labels that only others see on them, what they mean here.
absl::Status RemoveExternal(const model::LabelSet& external, ReadQuery& query) {
  for (model::LabelMatcher& matcher : query.matchers) {
    if (matcher.op() != model::LabelMatcher::Op::kEqual || matcher.value().empty() ||
        external.Get(matcher.name()) != matcher.value())
      continue;
    SB_ASSIGN_OR_RETURN(
        matcher, model::LabelMatcher::Create(matcher.name(), model::LabelMatcher::Op::kEqual, ""));
  }
  return absl::OkStatus();
}

// A series' own labels win.
model::LabelSet WithExternal(model::LabelSet labels, const model::LabelSet& external) {
  for (const model::Label& label : external) {
    if (!labels.Has(label.name)) labels.Set(label.name, label.value);
  }
  return labels;
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
  SB_RETURN_IF_ERROR(RemoveExternal(external, query));
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

absl::StatusOr<net::HttpResponse> Samples(const ApiContext& context,
                                          const storage::SeriesSnapshot& snapshot,
                                          const ReadRequest& request) {
  std::string message;
  for (const ReadQuery& query : request.queries) {
    std::string result;
    SB_RETURN_IF_ERROR(EachSeries(
        context, snapshot, query,
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

absl::StatusOr<net::HttpResponse> Chunks(const ApiContext& context,
                                         const storage::SeriesSnapshot& snapshot,
                                         const ReadRequest& request) {
  net::HttpResponse response;
  response.content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
  for (size_t i = 0; i < request.queries.size(); ++i) {
    SB_RETURN_IF_ERROR(
        EachSeries(context, snapshot, request.queries[i],
                   [&](const model::LabelSet& labels, const storage::SampleColumns& samples) {
                     EachChunkedResponse(labels, samples, i, [&](std::string_view message) {
                       AppendFrame(response.body, message);
                       return response.body.size() <= kAnswerBytesMax;
                     });
                     return response.body.size() > kAnswerBytesMax ? TooMuch() : absl::OkStatus();
                   }));
  }
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

net::HttpResponse ReadCall(const ApiContext& context, net::HttpRequest& request) {
  const absl::StatusOr<ReadRequest> asked = ReadBody(request);
  if (!asked.ok()) return Refusal(asked.status());
  // As much as the store gives one query of its own: an answer has to fit into memory.
  const auto snapshot = context.sources.series.TakeSnapshot({}, context.stop);
  absl::StatusOr<net::HttpResponse> answer = asked->takes_chunks
                                                 ? Chunks(context, *snapshot, *asked)
                                                 : Samples(context, *snapshot, *asked);
  return answer.ok() ? *std::move(answer) : Refusal(answer.status());
}

}  // namespace slowburn::serve::internal
