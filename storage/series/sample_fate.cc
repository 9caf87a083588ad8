#include "storage/series/sample_fate.h"

namespace slowburn::storage {

std::string_view FateName(SampleFate fate) {
  switch (fate) {
    case SampleFate::kTaken:
      return "taken";
    case SampleFate::kTakenLate:
      return "taken_late";
    case SampleFate::kDuplicate:
      return "duplicate";
    case SampleFate::kConflict:
      return "conflict";
    case SampleFate::kTooOld:
      return "too_old";
    case SampleFate::kTooNew:
      return "too_new";
    case SampleFate::kInvalidLabels:
      return "invalid_labels";
    case SampleFate::kInvalidHistogram:
      return "invalid_histogram";
    case SampleFate::kTooManySeries:
      return "too_many_series";
    case SampleFate::kTooManyLabelBytes:
      return "too_many_label_bytes";
    case SampleFate::kDropped:
      break;
  }
  return "dropped";
}

}  // namespace slowburn::storage
