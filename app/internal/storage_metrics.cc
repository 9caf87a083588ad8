#include "app/internal/storage_metrics.h"

namespace slowburn::app::internal {
namespace {

using GaugeFamily = prometheus::Family<prometheus::Gauge>;

GaugeFamily& AddFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return AddFamily(registry, name, help).Add({});
}

std::array<prometheus::Gauge*, 4> AddStates(GaugeFamily& family) {
  return {&family.Add({{"state", "none"}}), &family.Add({{"state", "whole"}}),
          &family.Add({{"state", "in_use"}}), &family.Add({{"state", "not_made"}})};
}

}  // namespace

StorageMetrics::StorageMetrics(prometheus::Registry& registry)
    : reserve_states_(AddStates(AddFamily(
          registry, "slowburn_storage_reserve_state",
          "1 for what holds of the room that is kept for a full disk: none (is wanted), whole, "
          "in_use (the disk was full), not_made (no room for it, or it may not be made there)."))),
      reserve_wanted_(AddGauge(registry, "slowburn_storage_reserve_wanted_bytes",
                               "Room that is to be kept for a full disk.")),
      reserve_held_(AddGauge(registry, "slowburn_storage_reserve_held_bytes",
                             "Room that is kept for a full disk; less than is wanted: "
                             "slowburn_storage_reserve_state says why.")),
      writes_stopped_(AddGauge(registry, "slowburn_storage_writes_stopped",
                               "1 while the store takes no write until it has merged its files.")),
      delayed_writes_(AddGauge(registry, "slowburn_storage_delayed_write_bytes_per_second",
                               "How fast the store takes writes while it merges its files; 0 where "
                               "it does not slow them down.")),
      unmerged_files_(AddFamily(registry, "slowburn_storage_unmerged_files",
                                "Files of the first level, by family: many slow reads and then "
                                "writes down.")) {}

void StorageMetrics::Show(const storage::StoreCondition& now) {
  for (size_t state = 0; state < reserve_states_.size(); ++state) {
    reserve_states_[state]->Set(state == static_cast<size_t>(now.reserve) ? 1 : 0);
  }
  reserve_wanted_.Set(static_cast<double>(now.reserve_wanted_bytes));
  reserve_held_.Set(static_cast<double>(now.reserve_held_bytes));
  writes_stopped_.Set(now.are_writes_stopped ? 1 : 0);
  delayed_writes_.Set(static_cast<double>(now.delayed_write_bytes_per_second));
  for (const auto& [family, files] : now.unmerged_files) {
    unmerged_files_.Add({{"family", family}}).Set(static_cast<double>(files));
  }
}

}  // namespace slowburn::app::internal
