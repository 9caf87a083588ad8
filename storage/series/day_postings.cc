#include "storage/series/day_postings.h"

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "storage/series/packed_labels.h"
#include "storage/series/postings_block.h"

namespace slowburn::storage {
namespace {

absl::Status AddBlock(uint64_t block, std::string_view bytes, IdSet& set) {
  std::vector<uint16_t> numbers;
  SB_RETURN_IF_ERROR(DecodePostings(bytes, numbers));
  for (const uint16_t number : numbers) set.add(block * kPostingsBlock + number);
  return absl::OkStatus();
}

}  // namespace

absl::Status DayPostings::Scan(
    const KeyRange& range,
    const std::function<absl::Status(const PostingsKey&, std::string_view)>& visit) const {
  absl::Status status;
  const absl::Status scanned = snapshot_.Scan(
      Family::kPostings, range.begin, range.end, [&](std::string_view key, std::string_view value) {
        const std::optional<PostingsKey> postings = PostingsKey::Decode(key);
        if (stop_.stop_requested()) {
          status = absl::CancelledError("the query was cancelled");
        } else if (!postings) {
          status = base::DataLoss("family 'postings', day {}: a key that is none", day_);
        } else {
          status = visit(*postings, value);
        }
        return status.ok();
      });
  SB_RETURN_IF_ERROR(scanned);
  return absl::IsDataLoss(status)
             ? base::Annotate(status, fmt::format("family 'postings', day {}", day_))
             : status;
}

absl::Status DayPostings::AddAll(IdSet& set) const { return AddWithValue("", "", set); }

absl::Status DayPostings::AddWithValue(std::string_view name, std::string_view value,
                                       IdSet& set) const {
  return Scan(PostingsOfValue(day_, name, value),
              [&](const PostingsKey& key, std::string_view block) {
                return AddBlock(key.block, block, set);
              });
}

absl::Status DayPostings::AddWhere(std::string_view name, std::string_view prefix,
                                   const std::function<bool(std::string_view)>& wants,
                                   IdSet& set) const {
  std::optional<std::string> asked;  // a value may have several blocks
  bool wanted = false;
  return Scan(PostingsOfLabel(day_, name, prefix),
              [&](const PostingsKey& key, std::string_view block) -> absl::Status {
                if (asked != key.value) {
                  asked = key.value;
                  wanted = wants(key.value);
                }
                return wanted ? AddBlock(key.block, block, set) : absl::OkStatus();
              });
}

absl::Status DayPostings::VisitNames(const std::function<void(std::string_view)>& visit) const {
  KeyRange range = PostingsOfDay(day_);
  while (true) {
    std::optional<std::string> name;
    const absl::Status found =
        Scan(range, [&](const PostingsKey& key, std::string_view) -> absl::Status {
          name = key.name;
          return absl::AbortedError("found");  // one is enough
        });
    if (!found.ok() && !absl::IsAborted(found)) return found;
    if (!name) return absl::OkStatus();
    if (!name->empty()) visit(*name);
    range.begin = PostingsOfLabel(day_, *name, "").end;  // past all values of it
  }
}

absl::Status DayPostings::VisitValues(std::string_view name,
                                      const std::function<void(std::string_view)>& visit) const {
  std::optional<std::string> last;
  return Scan(PostingsOfLabel(day_, name, ""), [&](const PostingsKey& key, std::string_view) {
    if (last != key.value) {
      last = key.value;
      visit(key.value);
    }
    return absl::OkStatus();
  });
}

void PostingsWriter::Add(uint32_t day, uint64_t series, std::string_view packed_labels) {
  AddOne(day, "", "", series);
  VisitLabels(packed_labels, [&](std::string_view name, std::string_view value) {
    AddOne(day, name, value, series);
  });
}

void PostingsWriter::AddOne(uint32_t day, std::string_view name, std::string_view value,
                            uint64_t series) {
  const PostingsKey key{day, std::string(name), std::string(value), series / kPostingsBlock};
  added_[key.Encode()].push_back(static_cast<uint16_t>(series % kPostingsBlock));
}

absl::StatusOr<uint64_t> PostingsWriter::Put(const Store& store, Batch& batch) {
  uint64_t bytes = 0;
  for (auto& [key, numbers] : added_) {
    SB_ASSIGN_OR_RETURN(const std::optional<std::string> stored, store.Get(Family::kPostings, key));
    std::vector<uint16_t> all;
    if (stored) SB_RETURN_IF_ERROR(DecodePostings(*stored, all));
    const size_t before = all.size();
    all.insert(all.end(), numbers.begin(), numbers.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    if (all.size() == before) continue;
    std::string block = EncodePostings(all);
    bytes += key.size() + block.size() -
             (stored ? key.size() + std::min(stored->size(), block.size()) : 0);
    batch.Put(Family::kPostings, key, std::move(block));
  }
  added_.clear();
  return bytes;
}

}  // namespace slowburn::storage
