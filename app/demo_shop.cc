#include "app/demo_shop.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <random>

#include "app/demo_history.h"
#include "base/clock.h"
#include "base/logging.h"
#include "base/status.h"
#include "net/http_client.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace slowburn::app {
namespace {

namespace trace = opentelemetry::proto::trace::v1;
namespace common = opentelemetry::proto::common::v1;

using std::chrono::nanoseconds;

constexpr double kIncidentErrors = 0.35;
constexpr double kIncidentSlow = 0.5;

void SetAttribute(google::protobuf::RepeatedPtrField<common::KeyValue>& attributes,
                  const std::string& key, const std::string& text) {
  common::KeyValue& attribute = *attributes.Add();
  attribute.set_key(key);
  attribute.mutable_value()->set_string_value(text);
}

std::string RandomBytes(size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(1 + random() % 255);
  return bytes;
}

// Whether what happens to this route belongs to the incident: payments, and what waits for them.
bool IsHit(const DemoRoute& route) {
  const std::string_view path = route.route;
  return path == "/charge" || path == "/pay" || path == "/checkout";
}

void AddRequest(const DemoRoute& route, bool incident, base::UnixNanos end, std::mt19937_64& random,
                trace::ScopeSpans& scope) {
  const auto chance = [&] { return std::generate_canonical<double, 53>(random); };
  const bool hit = incident && IsHit(route);
  const bool failed = chance() < (hit ? kIncidentErrors : route.error_ratio);
  const bool slow = chance() < (hit ? kIncidentSlow : route.slow_ratio);
  // Ordinary requests take 5 to 150 ms, slow ones 0.4 to 2 s.
  const double seconds = slow ? 0.4 + 1.6 * chance() : 0.005 + 0.145 * chance() * chance();
  trace::Span& span = *scope.add_spans();
  span.set_trace_id(RandomBytes(16, random));
  span.set_span_id(RandomBytes(8, random));
  span.set_name(std::string(route.method) + " " + route.route);
  span.set_kind(trace::Span::SPAN_KIND_SERVER);
  const auto nanos = end.time_since_epoch().count();
  span.set_end_time_unix_nano(static_cast<uint64_t>(nanos));
  span.set_start_time_unix_nano(static_cast<uint64_t>(nanos - static_cast<int64_t>(seconds * 1e9)));
  SetAttribute(*span.mutable_attributes(), "http.request.method", route.method);
  SetAttribute(*span.mutable_attributes(), "http.route", route.route);
  common::KeyValue& code = *span.add_attributes();
  code.set_key("http.response.status_code");
  code.mutable_value()->set_int_value(failed ? 500 : 200);
  if (failed) span.mutable_status()->set_code(trace::Status::STATUS_CODE_ERROR);
}

// One second of the shop that ends at `end`.
trace::TracesData OneSecond(base::UnixNanos end, bool incident, std::mt19937_64& random) {
  trace::TracesData data;
  std::map<std::string, trace::ScopeSpans*> scopes;
  for (const DemoRoute& route : DemoRoutes()) {
    trace::ScopeSpans*& scope = scopes[route.service];
    if (scope == nullptr) {
      trace::ResourceSpans& resource = *data.add_resource_spans();
      SetAttribute(*resource.mutable_resource()->mutable_attributes(), "service.name",
                   route.service);
      SetAttribute(*resource.mutable_resource()->mutable_attributes(), "service.version", "1.4.2");
      scope = resource.add_scope_spans();
      scope->mutable_scope()->set_name("shop");
    }
    const double mean = route.requests_per_second * DemoTrafficAt(base::FloorSeconds(end));
    for (int i = std::poisson_distribution<int>(mean)(random); i > 0; --i) {
      const auto before =
          nanoseconds(static_cast<int64_t>(1e9 * std::generate_canonical<double, 53>(random)));
      AddRequest(route, incident, end - before, random, *scope);
    }
  }
  return data;
}

}  // namespace

DemoShop::DemoShop(std::string traces_url)
    : traces_url_(std::move(traces_url)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

DemoShop::~DemoShop() {
  thread_.request_stop();
  thread_.join();
}

void DemoShop::Run(const std::stop_token& stop) const {
  const base::Clock& clock = base::SystemClock();
  std::mt19937_64 random(static_cast<uint64_t>(clock.Now().time_since_epoch().count()));
  const auto start = clock.Monotonic();
  std::mutex mutex;
  std::condition_variable_any wake;
  for (int second = 1; !stop.stop_requested(); ++second) {
    const auto since = clock.Monotonic() - start;
    const bool incident = since >= kIncidentAfter && since < kIncidentAfter + kIncidentLength;
    if (since >= kIncidentAfter && since < kIncidentAfter + std::chrono::seconds(1)) {
      base::Log(base::LogLevel::kInfo, "demo: the incident begins",
                {{"service", "payments"}, {"error_ratio", kIncidentErrors}});
    }
    const auto sent =
        net::Call({.method = "POST",
                   .url = traces_url_,
                   .body = OneSecond(clock.Now(), incident, random).SerializeAsString(),
                   .content_type = "application/x-protobuf",
                   .timeout = std::chrono::seconds(5)});
    if (!sent.ok() && !stop.stop_requested()) {
      base::Log(base::LogLevel::kWarning, "demo: traffic not taken",
                {{"error", base::Message(sent.status())}});
    }
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop, start + std::chrono::seconds(second), [] { return false; });
  }
}

}  // namespace slowburn::app
