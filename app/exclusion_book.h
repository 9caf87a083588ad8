// app/exclusion_book.h: the maintenance windows that there are: those of the files, and those that
// the API made, which are kept in the store.
//
// Room     app
// Uses     slo/, rules/, storage/api, proto (slowburn/store)
// Threads  one thread changes it; others read under the lock of the commit loop
// Units    none
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "slo/exclusion.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/api/store.h"

namespace slowburn::app {

// Of both together there are at most slo::kExclusionsMax, and no id is there twice.
class ExclusionBook {
 public:
  const std::shared_ptr<const slo::ExclusionSet>& of_files() const { return of_files_; }
  void set_of_files(std::shared_ptr<const slo::ExclusionSet> files) {
    of_files_ = std::move(files);
  }

  // The exclusions of `files`, then those of the API by id. kInvalidArgument for an id that both
  // have, and for more than there may be.
  absl::StatusOr<slo::ExclusionSet> With(const slo::ExclusionSet& files) const;
  // All that there would be after `change`. kAlreadyExists or kNotFound by its id,
  // kFailedPrecondition for one of a file or more than there may be, kInvalidArgument for a
  // document that is none.
  absl::StatusOr<slo::ExclusionSet> After(const store::v1::ExclusionChange& change) const;

  // From a log record. kDataLoss when its document cannot be read any more.
  absl::Status Apply(const store::v1::ExclusionChange& change);
  // From a checkpoint.
  absl::Status Restore(const store::v1::ExclusionChange& stored);

  // What changed since the last checkpoint.
  bool HasChanges() const { return !changed_.empty(); }
  void PutChanged(storage::Batch& batch) const;
  void CheckpointWritten() { changed_.clear(); }

 private:
  struct OfApi {
    slo::Exclusion exclusion;
    std::string document;
  };

  // Shared by answers that are being written.
  std::shared_ptr<const slo::ExclusionSet> of_files_ = std::make_shared<const slo::ExclusionSet>();
  std::map<std::string, OfApi> of_api_;
  std::set<std::string> changed_;
};

}  // namespace slowburn::app
