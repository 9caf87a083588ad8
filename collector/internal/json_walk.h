// collector/internal/json_walk.h: the fields of objects and the elements of arrays, for any reader.
//
// Room     collector/internal
// Uses     collector/internal
// Threads  one owner
// Units    none
// Source   RFC 8259
#pragma once

#include "collector/internal/json_keys.h"

namespace slowburn::collector {

// The fields of the object at the cursor: for (JsonObject o(reader); o.Next();) reads or skips the
// value of o.key().
template <typename Reader>
class JsonObject {
 public:
  explicit JsonObject(Reader& reader) : reader_(reader) { reader.Expect('{', "an object"); }

  bool Next() {
    if (reader_.Take('}')) return false;
    if (!is_first_) reader_.Expect(',', "a comma or a closing brace");
    is_first_ = false;
    key_ = reader_.TakeKey();
    return true;
  }
  // The same, faster where `order` is right, which it learns.
  bool Next(JsonKeyOrder& order) {
    const json_keys::Entry& expected = order.After(key_);
    if (reader_.TakeNextKey(expected, is_first_)) [[likely]] {
      is_first_ = false;
      key_ = expected.key;
      return true;
    }
    const JsonKey previous = key_;
    if (!Next()) return false;
    order.Set(previous, key_);
    return true;
  }
  JsonKey key() const { return key_; }

 private:
  Reader& reader_;
  JsonKey key_ = JsonKey::kUnknown;
  bool is_first_ = true;
};

// The elements of the array at the cursor; null is an empty array, but no element.
template <typename Reader>
class JsonArray {
 public:
  explicit JsonArray(Reader& reader) : reader_(reader), is_open_(!reader.TakeNull()) {
    if (is_open_) reader.Expect('[', "an array");
  }

  bool Next() {
    if (!is_open_ || reader_.Take(']')) return false;
    if (!is_first_) reader_.Expect(',', "a comma or a closing bracket");
    is_first_ = false;
    if (reader_.Peek() == 'n') [[unlikely]]
      reader_.FailAt(reader_.at(), "an element");
    return true;
  }

 private:
  Reader& reader_;
  bool is_open_;
  bool is_first_ = true;
};

}  // namespace slowburn::collector
