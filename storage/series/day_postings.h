// storage/series/day_postings.h: the postings of one day in the store: read by matchers, written by
// checkpoints.
//
// Room     storage/series
// Uses     base/, storage/api
// Threads  DayPostings: any thread. PostingsWriter: one thread
// Units    unix days, series ids
// Source   docs/format/postings.md
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "storage/api/series_keys.h"
#include "storage/api/store.h"
#include "storage/series/postings.h"

namespace slowburn::storage {

// Errors also: kCancelled once the stop was requested.
class DayPostings final : public Postings {
 public:
  // `snapshot` must outlive it.
  DayPostings(const Snapshot& snapshot, uint32_t day, std::stop_token stop)
      : snapshot_(snapshot), day_(day), stop_(std::move(stop)) {}

  absl::Status AddAll(IdSet& set) const override;
  absl::Status AddWithValue(std::string_view name, std::string_view value,
                            IdSet& set) const override;
  absl::Status AddWhere(std::string_view name, std::string_view prefix,
                        const std::function<bool(std::string_view value)>& wants,
                        IdSet& set) const override;

  // Each label name of the day, in order; and each value of one.
  absl::Status VisitNames(const std::function<void(std::string_view name)>& visit) const;
  absl::Status VisitValues(std::string_view name,
                           const std::function<void(std::string_view value)>& visit) const;

 private:
  absl::Status Scan(const KeyRange& range,
                    const std::function<absl::Status(const PostingsKey& key,
                                                     std::string_view block)>& visit) const;

  const Snapshot& snapshot_;
  uint32_t day_;
  std::stop_token stop_;
};

// Gathers which series get which postings, and adds them to the stored blocks.
class PostingsWriter {
 public:
  // Every label of the series, and the day's list of all series.
  void Add(uint32_t day, uint64_t series, std::string_view packed_labels);
  // Puts the blocks that change; `store` has what was written before. Returns the bytes put.
  absl::StatusOr<uint64_t> Put(const Store& store, Batch& batch);

 private:
  void AddOne(uint32_t day, std::string_view name, std::string_view value, uint64_t series);

  std::map<std::string, std::vector<uint16_t>> added_;  // by key
};

}  // namespace slowburn::storage
