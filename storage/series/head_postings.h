// storage/series/head_postings.h: the postings of the head as a snapshot sees them.
//
// Room     storage/series
// Uses     storage/series
// Threads  any thread: takes the lock of the head a piece at a time, so that a query over a million
// values does not keep the writer waiting
// Units    numbers are slots: they are of series that a later look may find gone or replaced, so
// what is found has to be asked for its version
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

#include <absl/status/status.h>

#include "storage/series/head_state.h"
#include "storage/series/postings.h"

namespace slowburn::storage {

class HeadPostings final : public Postings {
 public:
  HeadPostings(const HeadState& state, std::stop_token stop)
      : state_(state), stop_(std::move(stop)) {}

  absl::Status AddAll(IdSet& set) const override;
  absl::Status AddWithValue(std::string_view name, std::string_view value,
                            IdSet& set) const override;
  absl::Status AddWhere(std::string_view name, std::string_view prefix,
                        const std::function<bool(std::string_view value)>& wants,
                        IdSet& set) const override;

 private:
  const HeadState& state_;
  std::stop_token stop_;
};

}  // namespace slowburn::storage
