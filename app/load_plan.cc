#include "app/load_plan.h"

#include <cmath>
#include <utility>

namespace slowburn::app {

using std::chrono::nanoseconds;

LoadPlan::LoadPlan(Options options) : options_(std::move(options)) {
  for (const Stream& stream : options_.streams) items_of_a_turn_ += stream.items;
  requests_ = options_.requests;
  if (!options_.duration || !options_.items_per_second) return;
  // The first request that is not due within the duration is found from the number of items that
  // are, and its neighbours: division may round either way.
  const double seconds = std::chrono::duration<double>(*options_.duration).count();
  const double turns = seconds * *options_.items_per_second / static_cast<double>(items_of_a_turn_);
  uint64_t n = static_cast<uint64_t>(turns) * options_.streams.size();
  while (n > 0 && *At(n - 1)->due >= *options_.duration) --n;
  while (*At(n)->due < *options_.duration) ++n;
  requests_ = n;
}

std::optional<LoadPlan::Step> LoadPlan::At(uint64_t n) const {
  if (requests_ && n >= *requests_) return std::nullopt;
  Step step{.stream = n % options_.streams.size(), .number = n / options_.streams.size()};
  if (options_.items_per_second) {
    const double seconds = static_cast<double>(ItemsBefore(n)) / *options_.items_per_second;
    step.due = nanoseconds(std::llround(seconds * 1e9));
  }
  return step;
}

std::optional<uint64_t> LoadPlan::items() const {
  if (!requests_) return std::nullopt;
  return ItemsBefore(*requests_);
}

uint64_t LoadPlan::ItemsBefore(uint64_t n) const {
  uint64_t items = n / options_.streams.size() * items_of_a_turn_;
  for (size_t i = 0; i < n % options_.streams.size(); ++i) items += options_.streams[i].items;
  return items;
}

}  // namespace slowburn::app
