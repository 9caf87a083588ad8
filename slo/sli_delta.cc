#include "slo/sli_delta.h"

#include <cstring>

namespace slowburn::slo {

void AppendGroupValue(std::string& key, std::string_view value) {
  const auto size = static_cast<uint32_t>(value.size());
  char prefix[sizeof size];
  std::memcpy(prefix, &size, sizeof size);
  key.append(prefix, sizeof size);
  key.append(value);
}

std::vector<std::string> SplitGroupKey(std::string_view key) {
  std::vector<std::string> values;
  uint32_t size = 0;
  while (key.size() >= sizeof size) {
    std::memcpy(&size, key.data(), sizeof size);
    key.remove_prefix(sizeof size);
    values.emplace_back(key.substr(0, size));
    key.remove_prefix(values.back().size());
  }
  return values;
}

uint32_t SliDelta::Append(SliId sli, Slice slice, std::string_view key) {
  Entry entry;
  entry.sli = sli;
  entry.slice = slice;
  entry.key_begin = static_cast<uint32_t>(keys_.size());
  entry.key_size = static_cast<uint32_t>(key.size());
  keys_.append(key);
  entries_.push_back(entry);
  return static_cast<uint32_t>(entries_.size()) - 1;
}

void SliDelta::DropEmpty() {
  auto latency = latencies_.begin();
  uint32_t kept = 0;
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const bool has_latencies = latency != latencies_.end() && latency->entry == i;
    if (entries_[i].counts == SliCounts{} && !has_latencies) continue;
    for (; latency != latencies_.end() && latency->entry == i; ++latency) latency->entry = kept;
    entries_[kept++] = entries_[i];
  }
  entries_.resize(kept);
}

}  // namespace slowburn::slo
