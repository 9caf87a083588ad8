#include "app/slo_epochs.h"

#include <optional>

#include <absl/container/flat_hash_map.h>

#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

SloEpochs::Epoch ReadEpoch(const store::v1::SloEpoch& epoch) {
  return {.sli = static_cast<slo::SliId>(epoch.sli()),
          .since = std::chrono::sys_seconds(std::chrono::seconds(epoch.since_unix_seconds())),
          .group_by = {epoch.group_by().begin(), epoch.group_by().end()}};
}

void WriteEpoch(const SloEpochs::Epoch& epoch, store::v1::SloEpoch& message) {
  message.set_sli(static_cast<uint32_t>(epoch.sli));
  message.set_since_unix_seconds(epoch.since.time_since_epoch().count());
  for (const std::string& name : epoch.group_by) message.add_group_by(name);
}

}  // namespace

void SloEpochs::Plan(const slo::SloSet& slos, const slo::SliTable& table,
                     std::chrono::sys_seconds now, store::v1::LogRecord& record) const {
  absl::flat_hash_map<std::string, slo::SliId> registered;
  for (const store::v1::SliRegistration& sli : record.slis())
    registered.emplace(sli.canonical(), static_cast<slo::SliId>(sli.sli()));
  for (const slo::SloSpec& slo : slos) {
    if (slo.sli.composite() != nullptr) continue;
    const std::string canonical = slo.sli.CanonicalText();
    std::optional<slo::SliId> sli = table.Find(canonical);
    if (const auto found = registered.find(canonical); found != registered.end())
      sli = found->second;
    const std::string id = slo.id();
    const OfSlo* before = Find(id);
    if (!sli.has_value() || (before != nullptr && before->epochs.back().sli == *sli)) continue;
    store::v1::SloEpoch& epoch = *record.add_epochs();
    WriteEpoch({.sli = *sli, .since = now, .group_by = slo.sli.group_by}, epoch);
    epoch.set_slo(id);
  }
}

void SloEpochs::Apply(const store::v1::SloEpoch& epoch) {
  OfSlo& of_slo = by_slo_[epoch.slo()];
  of_slo.epochs.push_back(ReadEpoch(epoch));
  if (of_slo.epochs.size() > kEpochsMax) {
    of_slo.epochs.erase(of_slo.epochs.begin());
    ++of_slo.dropped;
  }
  changed_.insert(epoch.slo());
}

const SloEpochs::OfSlo* SloEpochs::Find(std::string_view slo) const {
  const auto found = by_slo_.find(slo);
  return found == by_slo_.end() ? nullptr : &found->second;
}

void SloEpochs::Restore(std::string_view slo, const store::v1::SloEpochs& stored) {
  if (stored.epochs_size() == 0) return;
  OfSlo& of_slo = by_slo_[std::string(slo)];
  of_slo.dropped = stored.dropped();
  for (const store::v1::SloEpoch& epoch : stored.epochs())
    of_slo.epochs.push_back(ReadEpoch(epoch));
}

void SloEpochs::PutChanged(storage::Batch& batch) const {
  for (const std::string& slo : changed_) {
    const OfSlo& of_slo = by_slo_.find(slo)->second;
    store::v1::SloEpochs stored;
    stored.set_dropped(of_slo.dropped);
    for (const Epoch& epoch : of_slo.epochs) WriteEpoch(epoch, *stored.add_epochs());
    batch.Put(storage::Family::kMeta, storage::EpochsKey(slo), stored.SerializeAsString());
  }
}

}  // namespace slowburn::app
