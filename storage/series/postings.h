// storage/series/postings.h: which series have a label, and how matchers find them.
//
// Room     storage/series
// Uses     base/, model/, CRoaring
// Threads  as who implements Postings
// Units    numbers stand for series: slots in the head, ids in a day of the store
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "storage/api/series_reader.h"
#include "storage/series/internal/slot_set.h"

namespace slowburn::storage {

using internal::IdSet;

class Postings {
 public:
  virtual ~Postings() = default;

  // Each call adds to `set`.
  virtual absl::Status AddAll(IdSet& set) const = 0;
  virtual absl::Status AddWithValue(std::string_view name, std::string_view value,
                                    IdSet& set) const = 0;
  // Every value of the label that begins with `prefix` and that `wants` takes.
  virtual absl::Status AddWhere(std::string_view name, std::string_view prefix,
                                const std::function<bool(std::string_view value)>& wants,
                                IdSet& set) const = 0;
};

// The series for which all matchers hold.
absl::StatusOr<IdSet> FindSeries(const Postings& postings, const Matchers& matchers);

}  // namespace slowburn::storage
