#include "app/exclusion_book.h"

#include <algorithm>

#include "base/status.h"
#include "rules/exclusion_text.h"
#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

const slo::Exclusion* Find(const slo::ExclusionSet& exclusions, const std::string& id) {
  const auto found = std::ranges::find(exclusions, id, &slo::Exclusion::id);
  return found == exclusions.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<slo::ExclusionSet> ExclusionBook::With(const slo::ExclusionSet& files) const {
  slo::ExclusionSet all = files;
  for (const slo::Exclusion& exclusion : files) {
    if (!of_api_.contains(exclusion.id)) continue;
    return base::InvalidArgument(
        "{}: exclusion \"{}\" was already made by the API; rename this one, or remove that one: "
        "slowburn slo include {}",
        exclusion.source, exclusion.id, exclusion.id);
  }
  for (const auto& [id, of_api] : of_api_) all.push_back(of_api.exclusion);
  if (all.size() <= slo::kExclusionsMax) return all;
  return base::InvalidArgument(
      "{} exclusions of files and {} of the API are more than the {} that can be in force; remove "
      "those that are over",
      files.size(), of_api_.size(), slo::kExclusionsMax);
}

absl::StatusOr<slo::ExclusionSet> ExclusionBook::After(
    const store::v1::ExclusionChange& change) const {
  SB_ASSIGN_OR_RETURN(slo::ExclusionSet all, With(*of_files_));
  const slo::Exclusion* const known = Find(all, change.id());
  if (change.removed()) {
    if (known == nullptr) {
      return base::NotFound("there is no exclusion \"{}\"; GET /api/slo/v1/exclusions lists them",
                            change.id());
    }
    if (known->source != rules::kApiSource) {
      return base::FailedPrecondition("exclusion \"{}\" comes from {}; remove it there, and reload",
                                      change.id(), known->source);
    }
    all.erase(all.begin() + (known - all.data()));
    return all;
  }
  if (known != nullptr) {
    return absl::AlreadyExistsError(
        fmt::format("there is an exclusion \"{}\" already, from {}; write another id, or remove it",
                    change.id(), known->source));
  }
  if (all.size() == slo::kExclusionsMax) {
    return base::FailedPrecondition(
        "{} exclusions are in force already, and there cannot be more; remove those that are over",
        all.size());
  }
  SB_ASSIGN_OR_RETURN(rules::ExclusionText read,
                      rules::ReadExclusionText(change.document(), change.id()));
  all.push_back(std::move(read.exclusion));
  return all;
}

absl::Status ExclusionBook::Apply(const store::v1::ExclusionChange& change) {
  if (change.removed()) {
    of_api_.erase(change.id());
  } else {
    SB_RETURN_IF_ERROR(Restore(change));
  }
  changed_.insert(change.id());
  return absl::OkStatus();
}

absl::Status ExclusionBook::Restore(const store::v1::ExclusionChange& stored) {
  auto read = rules::ReadExclusionText(stored.document(), stored.id());
  if (!read.ok()) {
    return base::DataLoss(
        "exclusion \"{}\" of the store cannot be read ({}); start the version that wrote it, and "
        "remove it there",
        stored.id(), base::Message(read.status()));
  }
  of_api_[stored.id()] = {std::move(read->exclusion), stored.document()};
  return absl::OkStatus();
}

void ExclusionBook::PutChanged(storage::Batch& batch) const {
  for (const std::string& id : changed_) {
    const auto found = of_api_.find(id);
    if (found == of_api_.end()) {
      batch.Delete(storage::Family::kMeta, storage::ExclusionKey(id));
      continue;
    }
    store::v1::ExclusionChange stored;
    stored.set_id(id);
    stored.set_document(found->second.document);
    batch.Put(storage::Family::kMeta, storage::ExclusionKey(id), stored.SerializeAsString());
  }
}

}  // namespace slowburn::app
