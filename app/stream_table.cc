#include "app/stream_table.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

// 32,768 streams a second: a million in half a minute.
constexpr size_t kBlocksPerLook = 512;

// A row of numbers as differences to the one before, the first to `from`. Times of a request are
// mostly equal, so most differences take one byte. They wrap around as unsigned numbers do.
class Differences {
 public:
  explicit Differences(uint64_t from = 0) : last_(from) {}
  int64_t Of(uint64_t number) {
    const auto difference = static_cast<int64_t>(number - last_);
    last_ = number;
    return difference;
  }
  uint64_t Number(int64_t difference) { return last_ += static_cast<uint64_t>(difference); }

 private:
  uint64_t last_;
};

PointFate Compare(const StreamPoint& point, const StreamPoint& last) {
  if (point.time_unix_nano > last.time_unix_nano) return PointFate::kNewest;
  if (point.time_unix_nano < last.time_unix_nano) return PointFate::kOutOfOrder;
  const bool same = point.start_time_unix_nano == last.start_time_unix_nano &&
                    point.value_hash == last.value_hash;
  return same ? PointFate::kDuplicate : PointFate::kConflict;
}

absl::Status Unfit(std::string_view what) {
  return base::DataLoss(
      "cumulative streams: {}; the log has lost a record, restore the store from a backup", what);
}

}  // namespace

// --- planning

// Ids that are free come first, in the order in which Apply takes them off the list.
uint32_t StreamTable::Plan::NewId() {
  if (free_taken_ < table_.free_.size()) {
    return table_.free_[table_.free_.size() - 1 - free_taken_++];
  }
  return table_.next_id_ + static_cast<uint32_t>(new_streams_ - free_taken_);
}

void StreamTable::Plan::Expect(size_t points) {
  const size_t size = planned_.size() + points;
  if (size > planned_.capacity()) planned_.reserve(std::max(size, 2 * planned_.capacity()));
}

PointFate StreamTable::Plan::Place(const StreamPoint& point) {
  const auto known = table_.by_stream_.find(point.stream);
  if (known == table_.by_stream_.end()) return PlaceNew(point);
  const uint32_t id = known->second;
  const Stream& stream = table_.blocks_[id / kBlockStreams]->streams[id % kBlockStreams];
  if (stream.planned < planned_.size() && planned_[stream.planned].id == id) {
    return PlaceAgain(point, stream.planned);
  }
  const PointFate fate = Compare(point, {.start_time_unix_nano = stream.start,
                                         .time_unix_nano = stream.time,
                                         .value_hash = stream.value_hash});
  if (fate != PointFate::kNewest) return fate;
  stream.planned = static_cast<uint32_t>(planned_.size());
  planned_.push_back({.id = id, .is_new = false, .last = point});
  return PointFate::kNewest;
}

PointFate StreamTable::Plan::PlaceNew(const StreamPoint& point) {
  if (const auto at = new_.find(point.stream); at != new_.end()) {
    return PlaceAgain(point, at->second);
  }
  if (table_.size() + new_streams_ >= table_.options_.streams_max) return PointFate::kUntracked;
  new_.emplace(point.stream, static_cast<uint32_t>(planned_.size()));
  planned_.push_back({.id = NewId(), .is_new = true, .last = point});
  ++new_streams_;
  return PointFate::kNewest;
}

PointFate StreamTable::Plan::PlaceAgain(const StreamPoint& point, size_t planned) {
  StreamPoint& last = planned_[planned].last;
  const PointFate fate = Compare(point, last);
  if (fate == PointFate::kNewest) last = point;
  return fate;
}

void StreamTable::Plan::Write(store::v1::LogRecord& record) const {
  if (planned_.empty()) return;
  store::v1::StreamChanges& changes = *record.mutable_streams();
  const auto size = static_cast<int>(planned_.size());
  changes.mutable_id_difference()->Reserve(size);
  changes.mutable_time_difference()->Reserve(size);
  changes.mutable_start_difference()->Reserve(size);
  changes.mutable_value_hash()->Reserve(size);
  Differences ids;
  Differences times(static_cast<uint64_t>(record.time_unix_nano()));
  Differences starts(static_cast<uint64_t>(record.time_unix_nano()));
  for (const Planned& planned : planned_) {
    if (planned.is_new) {
      changes.add_new_id(planned.id);
      changes.add_new_hash_high(planned.last.stream.high);
      changes.add_new_hash_low(planned.last.stream.low);
    }
    changes.add_id_difference(ids.Of(planned.id));
    changes.add_time_difference(times.Of(planned.last.time_unix_nano));
    changes.add_start_difference(starts.Of(planned.last.start_time_unix_nano));
    changes.add_value_hash(planned.last.value_hash);
  }
}

// --- live and on replay

StreamTable::Stream* StreamTable::Find(uint32_t id) {
  const size_t block = id / kBlockStreams;
  if (block >= blocks_.size() || blocks_[block] == nullptr) return nullptr;
  Stream& stream = blocks_[block]->streams[id % kBlockStreams];
  return stream.used ? &stream : nullptr;
}

StreamTable::Stream& StreamTable::Reserve(uint32_t id) {
  const size_t block = id / kBlockStreams;
  if (block >= blocks_.size()) blocks_.resize(block + 1);
  if (blocks_[block] == nullptr) blocks_[block] = std::make_unique<Block>();
  next_id_ = std::max(next_id_, id + 1);
  return blocks_[block]->streams[id % kBlockStreams];
}

void StreamTable::MarkDirty(uint32_t block) {
  if (std::exchange(blocks_[block]->dirty, true)) return;
  dirty_.push_back(block);
}

absl::Status StreamTable::Register(uint32_t id, model::StreamHash hash) {
  if (Find(id) != nullptr) return Unfit(fmt::format("id {} is given twice", id));
  if (!by_stream_.emplace(hash, id).second)
    return Unfit(fmt::format("the stream of id {} has one already", id));
  Stream& stream = Reserve(id);
  stream = {.hash = hash, .used = true};
  while (!free_.empty() && Find(free_.back()) != nullptr) free_.pop_back();
  return absl::OkStatus();
}

absl::Status StreamTable::Apply(const store::v1::LogRecord& record) {
  const store::v1::StreamChanges& changes = record.streams();
  const int points = changes.id_difference_size();
  if (changes.new_hash_high_size() != changes.new_id_size() ||
      changes.new_hash_low_size() != changes.new_id_size() ||
      changes.time_difference_size() != points || changes.start_difference_size() != points ||
      changes.value_hash_size() != points) {
    return Unfit("rows of unequal length");
  }
  for (int i = 0; i < changes.new_id_size(); ++i) {
    SB_RETURN_IF_ERROR(
        Register(changes.new_id(i), {changes.new_hash_high(i), changes.new_hash_low(i)}));
  }
  const auto now = static_cast<uint64_t>(record.time_unix_nano());
  Differences ids;
  Differences times(now);
  Differences starts(now);
  for (int i = 0; i < points; ++i) {
    const auto id = static_cast<uint32_t>(ids.Number(changes.id_difference(i)));
    Stream* stream = Find(id);
    if (stream == nullptr) return Unfit(fmt::format("a point of id {}, which is not known", id));
    stream->time = times.Number(changes.time_difference(i));
    stream->start = starts.Number(changes.start_difference(i));
    stream->value_hash = changes.value_hash(i);
    stream->heard_seconds = static_cast<uint32_t>(now / 1'000'000'000);
    MarkDirty(id / kBlockStreams);
  }
  return absl::OkStatus();
}

// --- time and checkpoints

bool StreamTable::IsSilent(const Stream& stream, base::UnixNanos now) const {
  const std::chrono::sys_seconds heard{std::chrono::seconds(stream.heard_seconds)};
  return stream.used && now - heard > options_.silence_max;
}

void StreamTable::FindSilent(base::UnixNanos now) {
  for (size_t looked = 0; looked < std::min(kBlocksPerLook, blocks_.size()); ++looked) {
    if (++looked_at_ >= blocks_.size()) looked_at_ = 0;
    const Block* block = blocks_[looked_at_].get();
    if (block == nullptr || block->dirty) continue;
    if (std::any_of(block->streams.begin(), block->streams.end(),
                    [&](const Stream& stream) { return IsSilent(stream, now); })) {
      MarkDirty(static_cast<uint32_t>(looked_at_));
    }
  }
}

store::v1::StreamBlock StreamTable::Encode(uint32_t block, base::UnixNanos now) {
  store::v1::StreamBlock stored;
  Differences starts, times, heard;
  for (uint32_t slot = 0; slot < kBlockStreams; ++slot) {
    const Stream& stream = blocks_[block]->streams[slot];
    if (!stream.used) continue;
    if (IsSilent(stream, now)) {
      leaving_.push_back(block * kBlockStreams + slot);
      continue;
    }
    stored.add_slot(slot);
    stored.add_hash_high(stream.hash.high);
    stored.add_hash_low(stream.hash.low);
    stored.add_start_difference(starts.Of(stream.start));
    stored.add_time_difference(times.Of(stream.time));
    stored.add_value_hash(stream.value_hash);
    stored.add_heard_seconds_difference(heard.Of(stream.heard_seconds));
  }
  return stored;
}

void StreamTable::PutChanged(base::UnixNanos now, storage::Batch& batch) {
  leaving_.clear();
  for (const uint32_t block : dirty_) {
    const store::v1::StreamBlock stored = Encode(block, now);
    if (stored.slot_size() == 0) {
      batch.Delete(storage::Family::kStreams, storage::StreamBlockKey(block));
    } else {
      batch.Put(storage::Family::kStreams, storage::StreamBlockKey(block),
                stored.SerializeAsString());
    }
  }
}

void StreamTable::CheckpointWritten() {
  for (const uint32_t id : leaving_) {
    Stream& stream = *Find(id);
    by_stream_.erase(stream.hash);
    stream = {};
    free_.push_back(id);
  }
  leaving_.clear();
  for (const uint32_t block : dirty_) blocks_[block]->dirty = false;
  dirty_.clear();
}

// --- recovery

absl::Status StreamTable::Restore(uint32_t block, const store::v1::StreamBlock& stored) {
  const int streams = stored.slot_size();
  if (stored.hash_high_size() != streams || stored.hash_low_size() != streams ||
      stored.start_difference_size() != streams || stored.time_difference_size() != streams ||
      stored.value_hash_size() != streams || stored.heard_seconds_difference_size() != streams) {
    return Unfit(fmt::format("block {} has rows of unequal length", block));
  }
  Differences starts, times, heard;
  for (int i = 0; i < streams; ++i) {
    if (stored.slot(i) >= kBlockStreams)
      return Unfit(fmt::format("block {} has a slot {}", block, stored.slot(i)));
    const uint32_t id = block * kBlockStreams + stored.slot(i);
    SB_RETURN_IF_ERROR(Register(id, {stored.hash_high(i), stored.hash_low(i)}));
    Stream& stream = *Find(id);
    stream.start = starts.Number(stored.start_difference(i));
    stream.time = times.Number(stored.time_difference(i));
    stream.value_hash = stored.value_hash(i);
    stream.heard_seconds = static_cast<uint32_t>(heard.Number(stored.heard_seconds_difference(i)));
  }
  return absl::OkStatus();
}

void StreamTable::EndRecovery() {
  free_.clear();
  for (uint32_t id = next_id_; id-- > 0;) {
    if (Find(id) == nullptr) free_.push_back(id);
  }
}

size_t StreamTable::memory_bytes() const {
  size_t bytes = blocks_.capacity() * sizeof(blocks_[0]) +
                 (free_.capacity() + dirty_.capacity() + leaving_.capacity()) * sizeof(uint32_t) +
                 by_stream_.capacity() * (sizeof(*by_stream_.begin()) + 1);
  for (const std::unique_ptr<Block>& block : blocks_) bytes += block == nullptr ? 0 : sizeof(Block);
  return bytes;
}

}  // namespace slowburn::app
