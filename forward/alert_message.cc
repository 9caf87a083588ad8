#include <cctype>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "base/time_text.h"
#include "forward/alertmanager.h"
#include "net/http_client.h"

namespace slowburn::forward {
namespace {

using base::UnixNanos;
using model::Alert;

constexpr size_t kAnswerQuotedMax = 200;  // bytes of Alertmanager's answer that go into a message

void AddLabels(const model::LabelSet& labels, boost::json::object& to) {
  for (const model::Label& label : labels) to[label.name] = model::ValidUtf8(label.value);
}

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

// Whether Alertmanager takes `link` as a URI: it refuses a whole request for one that it cannot
// parse.
bool IsPlainUrl(std::string_view link) {
  if (!link.starts_with("http://") && !link.starts_with("https://")) return false;
  for (size_t i = 0; i < link.size(); ++i) {
    if (link[i] <= ' ' || link[i] > '~') return false;
    const bool escape_is_whole =
        link[i] != '%' || (i + 2 < link.size() && IsHex(link[i + 1]) && IsHex(link[i + 2]));
    if (!escape_is_whole) return false;
  }
  return true;
}

std::string_view WithoutTrailingSlashes(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

std::string GeneratorUrl(const Alert& alert, std::string_view external_url) {
  const std::string_view link = alert.annotations.Get("link");
  if (IsPlainUrl(link)) return std::string(link);
  return fmt::format("{}/", WithoutTrailingSlashes(external_url));
}

boost::json::object AlertJson(const Alert& alert, const AlertmanagerMessageOptions& options,
                              UnixNanos now) {
  boost::json::object labels;
  AddLabels(options.external_labels, labels);
  AddLabels(alert.labels, labels);  // after: the alert's own value wins
  boost::json::object annotations;
  AddLabels(alert.annotations, annotations);
  const AlertTimes times = TimesToTell(alert, now, options.resend);
  boost::json::object json;
  json["labels"] = std::move(labels);
  json["annotations"] = std::move(annotations);
  json["startsAt"] = base::FormatRfc3339(times.starts_at);
  json["endsAt"] = base::FormatRfc3339(times.ends_at);
  json["generatorURL"] = GeneratorUrl(alert, options.external_url);
  return json;
}

// Answers that are about the content: sending it again gives the same answer.
bool IsRefusal(int status) { return status == 400 || status == 413 || status == 422; }

}  // namespace

std::string EncodeAlerts(const std::vector<const Alert*>& alerts,
                         const AlertmanagerMessageOptions& options, UnixNanos now) {
  boost::json::array json;
  json.reserve(alerts.size());
  for (const Alert* alert : alerts) json.push_back(AlertJson(*alert, options, now));
  return boost::json::serialize(json);
}

absl::Status PostAlerts(const std::string& url, const std::vector<const Alert*>& alerts,
                        const AlertmanagerMessageOptions& options, UnixNanos now,
                        std::chrono::milliseconds timeout, const net::TlsClientOptions& tls) {
  net::HttpCall call;
  call.method = "POST";
  call.url = fmt::format("{}/api/v2/alerts", WithoutTrailingSlashes(url));
  call.headers = {{"User-Agent", "slowburn"}};
  call.body = EncodeAlerts(alerts, options, now);
  call.content_type = "application/json";
  call.timeout = timeout;
  call.tls = tls;
  const absl::StatusOr<net::HttpResult> result = net::Call(call);
  if (absl::IsInvalidArgument(result.status())) {
    // The URL is at fault, not the alerts, which is what kInvalidArgument means here.
    return absl::FailedPreconditionError(result.status().message());
  }
  SB_RETURN_IF_ERROR(result.status());
  if (result->status >= 200 && result->status < 300) return absl::OkStatus();
  const std::string answer =
      model::ValidUtf8(std::string_view(result->body).substr(0, kAnswerQuotedMax));
  if (IsRefusal(result->status)) {
    return base::InvalidArgument("{}: {} alerts refused with status {}: \"{}\"", call.url,
                                 alerts.size(), result->status, answer);
  }
  return base::Unavailable(
      "{}: status {}: \"{}\"; check that this is the address of an Alertmanager with API v2",
      call.url, result->status, answer);
}

}  // namespace slowburn::forward
