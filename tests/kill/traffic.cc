#include "tests/kill/traffic.h"

#include <array>
#include <random>

#include "base/status.h"
#include "net/content_coding.h"
#include "net/http_client.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace slowburn::kill {
namespace {

using opentelemetry::proto::trace::v1::ResourceSpans;
using opentelemetry::proto::trace::v1::Span;
using opentelemetry::proto::trace::v1::TracesData;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

using Random = std::mt19937_64;

constexpr int kSpansMax = 40;
constexpr milliseconds kRetryDelay{5};
// A killed program resets its connections at once; only one that hangs takes this long.
constexpr milliseconds kCallTimeout{30'000};
constexpr std::array<const char*, 5> kRoutes = {"/pay", "/cart", "/items/{id}", "/login", nullptr};

int Below(int n, Random& random) { return std::uniform_int_distribution<int>(0, n - 1)(random); }

// The ids of a span are its client's number and its own: none is sent twice but in a resent
// request.
std::string Id(size_t size, int client, uint64_t serial) {
  std::string id(size, static_cast<char>(client + 1));
  for (size_t i = 0; i < 7; ++i) id[size - 1 - i] = static_cast<char>(serial >> (8 * i));
  return id;
}

// Most of the last five minutes, one in ten up to twenty hours late.
nanoseconds RandomEnd(Random& random) {
  const nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  const int seconds_ago = Below(10, random) == 0 ? Below(20 * 3600, random) : Below(300, random);
  return now - std::chrono::seconds(seconds_ago) - nanoseconds(Below(1'000'000'000, random));
}

// Often on the threshold or next to it.
nanoseconds RandomDuration(Random& random) {
  constexpr std::array<int64_t, 3> kNear = {-1, 0, 1};
  const int choice = Below(5, random);
  if (choice < 3) return kLatencyMax + nanoseconds(kNear[static_cast<size_t>(choice)]);
  return nanoseconds(Below(600'000'000, random));
}

void SetService(const char* name, ResourceSpans& spans) {
  auto& attribute = *spans.mutable_resource()->add_attributes();
  attribute.set_key("service.name");
  attribute.mutable_value()->set_string_value(name);
}

void Count(std::string_view slo, const std::string& group, nanoseconds end, bool bad,
           Acked& counted) {
  const int64_t hour = std::chrono::floor<std::chrono::hours>(end).count();
  slo::SliCounts& counts = counted.counts[{std::string(slo), group, hour}];
  ++(bad ? counts.bad : counts.good);
}

// A checkout span: bad with STATUS_CODE_ERROR, in the group of its route.
void AddCheckout(nanoseconds end, Random& random, Span& span, Acked& counted) {
  const bool bad = Below(5, random) == 0;
  const char* const route = kRoutes[static_cast<size_t>(Below(kRoutes.size(), random))];
  if (route != nullptr) {
    auto& attribute = *span.add_attributes();
    attribute.set_key("http.route");
    attribute.mutable_value()->set_string_value(route);
  }
  span.mutable_status()->set_code(bad ? opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR
                                      : opentelemetry::proto::trace::v1::Status::STATUS_CODE_OK);
  Count(kGroupedSlo, "", end, bad, counted);
  Count(kGroupedSlo, route == nullptr ? "__none__" : route, end, bad, counted);
}

}  // namespace

struct Traffic::Request {
  std::string body;
  std::string encoding;  // "gzip" or empty
  Acked counted;         // what its ack will add
};

std::map<std::pair<std::string, std::string>, slo::SliCounts> Acked::Sums() const {
  std::map<std::pair<std::string, std::string>, slo::SliCounts> sums;
  for (const auto& [key, hour_counts] : counts) {
    sums[{std::get<0>(key), std::get<1>(key)}] += hour_counts;
  }
  return sums;
}

Traffic::Traffic(uint64_t seed, int clients) {
  for (int client = 0; client < clients; ++client) {
    clients_.emplace_back(
        [this, client, seed](const std::stop_token& stop) { RunClient(stop, client, seed); });
  }
}

Traffic::~Traffic() {
  for (std::jthread& client : clients_) client.request_stop();
  clients_.clear();
}

void Traffic::SendTo(std::string otlp_http) {
  const std::lock_guard lock(mutex_);
  otlp_http_ = std::move(otlp_http);
  ++address_generation_;
  changed_.notify_all();
}

absl::Status Traffic::Drain(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  paused_ = true;
  if (changed_.wait_for(lock, timeout, [&] { return busy_ == 0; })) return absl::OkStatus();
  return absl::DeadlineExceededError(
      fmt::format("{} requests are not acked after {} ms", busy_, timeout.count()));
}

void Traffic::Resume() {
  const std::lock_guard lock(mutex_);
  paused_ = false;
  changed_.notify_all();
}

absl::Status Traffic::AwaitUnavailable(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const uint64_t before = unavailable_;
  if (changed_.wait_for(lock, timeout, [&] { return unavailable_ > before; })) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(
      fmt::format("no request was answered 503 within {} ms", timeout.count()));
}

Acked Traffic::acked() const {
  const std::lock_guard lock(mutex_);
  return acked_;
}

uint64_t Traffic::resent() const {
  const std::lock_guard lock(mutex_);
  return resent_;
}

std::vector<std::string> Traffic::troubles() const {
  const std::lock_guard lock(mutex_);
  return troubles_;
}

void Traffic::RunClient(const std::stop_token& stop, int client, uint64_t seed) {
  Random random(seed * 1000 + static_cast<uint64_t>(client));
  uint64_t serial = 0;
  while (AwaitTurn(stop)) {
    Request request;
    TracesData traces;
    ResourceSpans& checkout = *traces.add_resource_spans();
    ResourceSpans& search = *traces.add_resource_spans();
    SetService("checkout", checkout);
    SetService("search", search);
    for (int left = 1 + Below(kSpansMax, random); left > 0; --left) {
      const bool is_checkout = Below(2, random) == 0;
      ResourceSpans& resource = is_checkout ? checkout : search;
      if (resource.scope_spans_size() == 0) resource.add_scope_spans();
      Span& span = *resource.mutable_scope_spans(0)->add_spans();
      ++serial;
      span.set_trace_id(Id(16, client, serial));
      span.set_span_id(Id(8, client, serial));
      const nanoseconds end = RandomEnd(random);
      const nanoseconds duration = RandomDuration(random);
      span.set_start_time_unix_nano(static_cast<uint64_t>((end - duration).count()));
      span.set_end_time_unix_nano(static_cast<uint64_t>(end.count()));
      if (is_checkout) {
        AddCheckout(end, random, span, request.counted);
      } else {
        Count(kLatencySlo, "", end, duration > kLatencyMax, request.counted);
      }
      ++request.counted.spans;
    }
    request.body = traces.SerializeAsString();
    if (Below(4, random) == 0) {
      request.body = net::EncodeContent(net::ContentCoding::kGzip, request.body);
      request.encoding = "gzip";
    }
    SendUntilAcked(stop, request);
  }
}

bool Traffic::AwaitTurn(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return !paused_ && !otlp_http_.empty(); });
  if (stop.stop_requested()) return false;  // Whether or not there would be something to send.
  ++busy_;
  return true;
}

void Traffic::SendUntilAcked(const std::stop_token& stop, const Request& request) {
  net::HttpCall call{.method = "POST",
                     .body = request.body,
                     .content_type = "application/x-protobuf",
                     .timeout = kCallTimeout};
  if (!request.encoding.empty()) call.headers.push_back({"Content-Encoding", request.encoding});
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    call.url = "http://" + otlp_http_ + "/v1/traces";
    const uint64_t generation = address_generation_;
    lock.unlock();
    const auto result = net::Call(call);
    lock.lock();
    if (result.ok() && result->status == 200) {
      // A partial success would make the counts differ: nothing of this traffic is to be rejected.
      if (!result->body.empty()) troubles_.push_back("a 200 with a body: some spans were rejected");
      for (const auto& [key, counts] : request.counted.counts) acked_.counts[key] += counts;
      acked_.spans += request.counted.spans;
      ++acked_.requests;
      break;
    }
    if (result.ok() && result->status != 503) {
      troubles_.push_back(fmt::format("status {}: {}", result->status, result->body));
      break;
    }
    if (result.ok()) {
      ++unavailable_;
      changed_.notify_all();
    }
    ++resent_;
    changed_.wait_for(lock, stop, kRetryDelay, [&] { return address_generation_ != generation; });
  }
  --busy_;
  changed_.notify_all();
}

}  // namespace slowburn::kill
