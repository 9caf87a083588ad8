#include "collector/internal/json_text_attributes.h"

#include "collector/internal/json_any_value.h"
#include "collector/internal/json_walk.h"

namespace slowburn::collector {

using json_keys::WordAt;
using model::AttributeRange;
using model::AttributeScope;

namespace {

constexpr std::string_view kBegin = R"({"key":")";
constexpr std::string_view kMiddle = R"(","value":{")";

// Like no text.
constexpr std::array<char, 64> kNoText{};

// By what follows kBegin: all of the key, or so much of it that few share it. No value is reached.
size_t HashOf(const char* key) {
  constexpr uint64_t kFirst = 0x9E3779B97F4A7C15;
  constexpr uint64_t kSecond = 0xD6E8FEB86659FD93;
  constexpr uint64_t kThird = 0xA0761D6478BD642F;
  using json_keys::Load;
  return static_cast<size_t>(
      (Load(key) * kFirst ^ Load(key + 8) * kSecond ^ Load(key + 16) * kThird) >> 57);
}

}  // namespace

JsonTextAttributes::JsonTextAttributes(JsonTextReader& reader,
                                       const model::AttributeProjection& projection,
                                       PaidVector<model::SlotValue>& slots)
    : reader_(reader), projection_(projection), slots_(slots) {
  static_assert(kNoText.size() >= kHeadMax);
  heads_[0].text = kNoText.data();
}

AttributeRange JsonTextAttributes::Read(AttributeScope scope) {
  using json_text::LoadFour;
  using json_text::Word;
  AttributeRange range;
  range.begin = range.end = slots_.size();
  JsonArray array(reader_);
  if (!array.Next()) return range;
  JsonTextReader reader = reader_;
  size_t before = static_cast<size_t>(scope);
  for (;;) {
    size_t own = next_.data()[before] % kHeads;
    Head* head = &heads_.data()[own];
    if (!head->IsAt(reader.at(), scope)) [[unlikely]] {
      reader_.Seek(reader.at());
      own = FindHead(scope);
      head = &heads_.data()[own];
      Learn(own, next_.data()[before]);
    }
    before = (before * 16 ^ own) % kContexts;
    reader.Seek(reader.at() + head->size);
    ReadValue(reader, *head);
    const char* const end = reader.at();
    if (LoadFour(end) == Word("}},{")) [[likely]] {
      reader.Seek(end + 3);
      continue;
    }
    if ((LoadFour(end) & 0xFFFFFF) != Word("}}]")) reader.Fail("a KeyValue is not as usual");
    reader_.Seek(end + 3);
    range.end = slots_.size();
    return range;
  }
}

// The processor goes on behind the size that the value had the last time, while it finds the end.
inline const char* JsonTextAttributes::FindValueEnd(const char* begin, Head& head) {
  const char* end = begin + head.value_size;
  const char* const expected = end;
  asm("" : "+r"(end));  // else `end` is what is found, which is the same, but later
  const char* const found = FindEnd(begin);
  if (found == expected) [[likely]]
    return end;
  head.value_size = static_cast<uint32_t>(found - begin);
  return found;
}

inline void JsonTextAttributes::ReadValue(JsonTextReader& reader, Head& head) {
  const char* const begin = reader.at();
  if (!head.is_quoted) [[unlikely]]
    return ReadAnyValue(reader, head);
  const char* const end = FindValueEnd(begin, head);
  if (*end != '"') [[unlikely]] {
    reader.Seek(begin - 1);
    return ReadAnyValue(reader, head);
  }
  reader.Seek(end + 1);
  if (head.slot == model::AttributeProjection::kNone) return;
  const std::string_view text(begin, end);
  if (head.member == JsonKey::kStringValue) [[likely]] {
    Keep(head.slot) = model::AttributeValue::String(text);
  } else if (uint64_t number; head.member == JsonKey::kIntValue &&
                              ParsePlainInteger(begin, end, number) && number <= INT64_MAX) {
    Keep(head.slot) = model::AttributeValue::Int(static_cast<int64_t>(number));
  } else {
    reader.Seek(begin - 1);
    ReadAnyValue(reader, head);
  }
}

// At the quote before a value that has one.
inline void JsonTextAttributes::ReadAnyValue(JsonTextReader& reader, const Head& head) {
  if (head.slot == model::AttributeProjection::kNone) return reader.Skip();
  if (reader.Peek() == 'n') reader.Fail("no value");
  ReadJsonMember(head.member, reader, Keep(head.slot));
}

inline model::AttributeValue& JsonTextAttributes::Keep(int slot) {
  model::SlotValue& kept = slots_.Append();
  kept.slot = static_cast<uint32_t>(slot);
  return kept.value;
}

// One exception does not make a rule: what comes instead of an expected head is expected from the
// second time on.
void JsonTextAttributes::Learn(size_t head, uint8_t& next) {
  const bool is_replaced = next == 0 || (next & kMissed) != 0;
  next = static_cast<uint8_t>(is_replaced ? head : next | kMissed);
}

size_t JsonTextAttributes::FindHead(AttributeScope scope) {
  const char* const at = reader_.at();
  uint8_t& known = head_of_hash_.data()[HashOf(at + kBegin.size())];
  if (heads_.data()[known].IsAt(at, scope)) [[likely]]
    return known;
  Head& head = heads_[0];
  ReadHead(scope, head);
  if (head.size > kHeadMax) {
    head.text = kNoText.data();
    return 0;
  }
  if (known == 0 && heads_count_ == kHeads) return 0;
  if (known == 0) known = static_cast<uint8_t>(heads_count_++);
  heads_[known] = head;
  return known;
}

void JsonTextAttributes::ReadHead(AttributeScope scope, Head& head) {
  const char* const at = reader_.at();
  const char* const key = at + kBegin.size();
  if (json_keys::Load(at) != WordAt(kBegin, 0)) throw UnusualJson();
  const char* const key_end = FindEnd(key);
  if (json_keys::Load(key_end) != WordAt(kMiddle, 0) ||
      json_keys::Load(key_end + 4) != WordAt(kMiddle, 4)) {
    throw UnusualJson();
  }
  JsonTextReader reader = reader_;
  reader.Seek(key_end + kMiddle.size() - 1);
  head.member = reader.TakeKey();
  if (!IsJsonMember(head.member)) throw UnusualJson();
  head.is_quoted = reader.Peek() == '"';
  head.text = at;
  head.size = static_cast<uint32_t>(reader.at() - at) + (head.is_quoted ? 1 : 0);
  head.places = FourPlaces::Of(head.size);
  head.scope = scope;
  head.slot = projection_.Find(scope, {key, static_cast<size_t>(key_end - key)});
}

}  // namespace slowburn::collector
