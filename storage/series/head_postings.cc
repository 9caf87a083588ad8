#include "storage/series/head_postings.h"

#include <optional>
#include <string>

namespace slowburn::storage {
namespace {

constexpr size_t kPiece = 2048;  // values or slots while the lock is held: about 0.2 ms

absl::Status Cancelled() { return absl::CancelledError("the query was cancelled"); }

}  // namespace

absl::Status HeadPostings::AddAll(IdSet& set) const {
  for (uint32_t from = 0;; from += kPiece) {
    if (stop_.stop_requested()) return Cancelled();
    const absl::ReaderMutexLock lock(&state_.mutex);
    if (from >= state_.head.slots()) return absl::OkStatus();
    for (uint32_t slot = from; slot < from + kPiece; ++slot) {
      if (state_.head.FindBySlot(slot) != nullptr) set.add(slot);
    }
  }
}

absl::Status HeadPostings::AddWithValue(std::string_view name, std::string_view value,
                                        IdSet& set) const {
  const absl::ReaderMutexLock lock(&state_.mutex);
  const Head::Values* values = state_.head.FindLabel(name);
  if (values == nullptr) return absl::OkStatus();
  if (const auto found = values->find(value); found != values->end()) found->second.AddTo(set);
  return absl::OkStatus();
}

absl::Status HeadPostings::AddWhere(std::string_view name, std::string_view prefix,
                                    const std::function<bool(std::string_view)>& wants,
                                    IdSet& set) const {
  std::optional<std::string> last;  // the last value of the piece before
  while (true) {
    if (stop_.stop_requested()) return Cancelled();
    const absl::ReaderMutexLock lock(&state_.mutex);
    const Head::Values* values = state_.head.FindLabel(name);
    if (values == nullptr) return absl::OkStatus();
    auto at = last ? values->upper_bound(*last) : values->lower_bound(prefix);
    for (size_t i = 0; i < kPiece; ++i, ++at) {
      if (at == values->end() || std::string_view(at->first).substr(0, prefix.size()) != prefix) {
        return absl::OkStatus();
      }
      if (wants(at->first)) at->second.AddTo(set);
      if (i + 1 == kPiece) last = at->first;
    }
  }
}

}  // namespace slowburn::storage
