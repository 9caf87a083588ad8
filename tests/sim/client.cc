#include "tests/sim/client.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace slowburn::sim {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr size_t kBatchEventsMax = 60;
constexpr uint64_t kThresholdEventsMax = 600;

}  // namespace

Client::Client(const Scenario& scenario, uint32_t index)
    : scenario_(scenario),
      random_(scenario.seed, fmt::format("client {}", index)),
      service_(index % scenario.services),
      shape_(random_.Pick({Shape::kSilence, Shape::kHourly, Shape::kSteady, Shape::kSteady,
                           Shape::kDiurnal, Shape::kBursts})) {
  ChangeMood();
}

// Healthy, ailing, broken.
void Client::ChangeMood() { error_permille_ = random_.Pick({0, 0, 1, 10, 100, 500, 1000}); }

uint64_t Client::Rate(int64_t from, int64_t to) {
  switch (shape_) {
    case Shape::kSilence:
      return random_.OneIn(200) ? 1 : 0;
    case Shape::kHourly:
      return to / kHour > from / kHour ? 1 : 0;
    case Shape::kSteady:
      return random_.Below(12);
    case Shape::kDiurnal:
      return to % kDay > kDay / 3 ? random_.Below(20) : random_.Below(2);
    case Shape::kBursts:
      return random_.OneIn(20) ? 100 + random_.Below(150) : 0;
  }
  return 0;
}

std::optional<std::string> Client::DrawRoute() {
  if (random_.OneIn(12)) return std::nullopt;
  if (random_.OneIn(40)) return random_.Pick({"", "__overflow__", "__none__"});
  if (random_.OneIn(60)) return std::string(300, 'x') + std::to_string(random_.Below(2));
  return fmt::format("/r{}", random_.Below(scenario_.routes));
}

int64_t Client::OddTime(int64_t time, int64_t now) {
  if (scenario_.Has(Fault::kNoTime) && random_.OneIn(300)) return 0;
  if (scenario_.Has(Fault::kFuture) && random_.OneIn(25))
    return now + random_.Pick({10 * kSecond, 10 * kMinute, 11 * kMinute, kDay});
  if (!scenario_.Has(Fault::kLate) || !random_.OneIn(6)) return time;
  const int64_t late = scenario_.max_late_seconds * kSecond;
  switch (random_.Below(4)) {
    case 0:
      return now - late + random_.Between(-30, 30) * kSecond;
    case 1:
      return now - random_.Between(0, 2 * late);
    default:
      return now - random_.Between(0, std::min(late, kHour));
  }
}

Event Client::Draw(int64_t time, uint64_t id) {
  Event event;
  event.id = id;
  event.service = service_;
  event.route = DrawRoute();
  event.is_server = !random_.OneIn(5);
  event.is_error = random_.PerMille(error_permille_);
  event.outcome = event.is_error
                      ? random_.Pick({Outcome::kBad, Outcome::kBad, Outcome::kBoth})
                      : random_.Pick({Outcome::kGood, Outcome::kGood, Outcome::kNeither});
  event.end_nanos = time;
  event.duration_nanos = random_.Pick({0, 99, 100, 101, 300, 301, 5000}) * int64_t{1'000'000};
  return event;
}

// Some are known by when they were seen alone; where both are there, that says nothing.
void Client::DrawTimesOfRecord(Event& event) {
  if (event.end_nanos == 0) return;
  if (random_.OneIn(4)) {
    event.observed_nanos = std::exchange(event.end_nanos, 0);
  } else if (random_.OneIn(2)) {
    event.observed_nanos = event.end_nanos + random_.Pick({0, 1, 40, 86'400}) * kSecond;
  }
}

std::vector<BatchPtr> Client::Work(int64_t from, int64_t to, uint64_t events_max,
                                   uint64_t& next_id) {
  if (random_.OneIn(40)) ChangeMood();
  std::vector<BatchPtr> batches;
  uint64_t events = std::min(Rate(from, to), events_max);
  while (events > 0) {
    auto batch = std::make_shared<Batch>();
    batch->id = next_id++;
    batch->is_logs = scenario_.Has(Fault::kLogs) && random_.OneIn(2);
    const uint64_t size = std::min<uint64_t>(events, 1 + random_.Below(kBatchEventsMax));
    events -= size;
    const std::optional<std::string> region =
        random_.OneIn(4) ? std::nullopt : std::optional(fmt::format("eu-{}", random_.Below(2)));
    for (uint64_t i = 0; i < size; ++i) {
      const int64_t time = random_.Between(from + 1, to);
      batch->events.push_back(Draw(OddTime(time, to), next_id++));
      batch->events.back().region = region;
      if (batch->is_logs) DrawTimesOfRecord(batch->events.back());
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

BatchPtr Client::WorkToThreshold(const SloConfig& slo, const Tier& tier, int64_t now,
                                 uint64_t& next_id) {
  if (slo.sli.reads_metrics()) return nullptr;
  // bad / total = budget / 10^8 * factor, in lowest terms.
  const uint64_t numerator = slo.budget_units * tier.factor_numerator;
  const uint64_t denominator = 100'000'000 * tier.factor_denominator;
  const uint64_t common = std::gcd(numerator, denominator);
  const uint64_t total = denominator / common;
  if (total > kThresholdEventsMax) return nullptr;
  const uint64_t times = 1 + random_.Below(kThresholdEventsMax / total);
  uint64_t bad = numerator / common * times;
  if (random_.OneIn(3)) ++bad;
  auto batch = std::make_shared<Batch>();
  batch->id = next_id++;
  batch->is_logs = slo.sli.source == Source::kLogs;
  const std::string route = fmt::format("/r{}", random_.Below(scenario_.routes));
  for (uint64_t i = 0; i < total * times; ++i) {
    Event event;
    event.id = next_id++;
    event.service = slo.sli.service.value_or(service_);
    event.route = route;
    event.region = "eu-0";
    event.end_nanos = now;
    event.is_error = i < bad;
    event.outcome = event.is_error ? Outcome::kBad : Outcome::kGood;
    event.duration_nanos = event.is_error ? kSecond : 0;
    batch->events.push_back(std::move(event));
  }
  return batch;
}

}  // namespace slowburn::sim
