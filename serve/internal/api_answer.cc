#include "serve/internal/api_answer.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "net/content_coding.h"
#include "serve/internal/api_json.h"

namespace slowburn::serve::internal {
namespace {

constexpr size_t kNotesMax = 10;  // of each kind, as Prometheus
// What fits one packet is not worth the work.
constexpr size_t kCompressedBytesMin = 1400;

struct ErrorForm {
  std::string_view type;
  int status;
};

ErrorForm FormOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return {"bad_data", 400};
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kResourceExhausted:
      return {"execution", 422};
    case absl::StatusCode::kCancelled:
      return {"canceled", 499};
    case absl::StatusCode::kDeadlineExceeded:
      return {"timeout", 503};
    case absl::StatusCode::kNotFound:
      return {"not_found", 404};
    case absl::StatusCode::kUnavailable:
      return {"unavailable", 503};
    default:
      return {"internal", 500};
  }
}

void AppendNotes(std::string& json, std::string_view field, std::string_view kind,
                 const std::set<std::string, std::less<>>& notes) {
  if (notes.empty()) return;
  std::vector<std::string> shown;
  for (const std::string& note : notes) {
    if (shown.size() == kNotesMax) {
      shown.push_back(
          fmt::format("{} more {} annotations omitted", notes.size() - kNotesMax, kind));
      break;
    }
    shown.push_back(note);
  }
  json += fmt::format(",\"{}\":", field);
  AppendJsonStrings(json, shown);
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// gzip;q=0 is a no.
bool AcceptsGzip(std::string_view accepted) {
  while (!accepted.empty()) {
    const size_t end = std::min(accepted.find(','), accepted.size());
    const std::string_view part = accepted.substr(0, end);
    accepted.remove_prefix(std::min(end + 1, accepted.size()));
    const size_t mark = std::min(part.find(';'), part.size());
    if (net::ParseContentCoding(Trimmed(part.substr(0, mark))) != net::ContentCoding::kGzip)
      continue;
    const std::string_view weight = Trimmed(part.substr(std::min(mark + 1, part.size())));
    return weight.empty() || weight.find_first_of("123456789", 2) != std::string_view::npos;
  }
  return false;
}

}  // namespace

net::HttpResponse EnvelopeOf(absl::StatusOr<ApiAnswer> answer) {
  net::HttpResponse response;
  response.content_type = "application/json";
  if (!answer.ok()) {
    const ErrorForm form = FormOf(answer.status().code());
    response.status = form.status;
    response.body =
        fmt::format("{{\"status\":\"error\",\"errorType\":\"{}\",\"error\":", form.type);
    AppendJsonString(response.body, base::Message(answer.status()));
    response.body += '}';
    return response;
  }
  if (answer->data.empty()) {
    response.status = 204;
    return response;
  }
  response.body = "{\"status\":\"success\",\"data\":";
  response.body += answer->data;
  AppendNotes(response.body, "warnings", "warning", answer->annotations.warnings());
  AppendNotes(response.body, "infos", "info", answer->annotations.infos());
  response.body += '}';
  return response;
}

net::HttpResponse TextOf(absl::StatusOr<ApiAnswer> answer) {
  net::HttpResponse response;
  if (!answer.ok()) {
    response.status = FormOf(answer.status().code()).status;
    response.body = fmt::format("{}\n", base::Message(answer.status()));
    return response;
  }
  response.content_type = answer->content_type;
  response.body = std::move(answer->data);
  return response;
}

void CompressFor(std::string_view accepted, net::HttpResponse& response) {
  if (response.body.size() < kCompressedBytesMin || !AcceptsGzip(accepted)) return;
  response.body = net::EncodeContent(net::ContentCoding::kGzip, response.body);
  response.headers.push_back({"Content-Encoding", "gzip"});
  response.headers.push_back({"Vary", "Accept-Encoding"});
}

}  // namespace slowburn::serve::internal
