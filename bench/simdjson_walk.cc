#include "bench/simdjson_walk.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <xxhash.h>

namespace slowburn::bench {
namespace {

using simdjson::ondemand::object;

constexpr std::array<std::string_view, 4> kHashed = {"http.request.method", "http.route",
                                                     "url.path", "server.address"};

void WalkAttribute(object attribute, WalkedSpans& walked) {
  bool is_hashed = false;
  for (auto field : attribute) {
    const simdjson::ondemand::raw_json_string name = field.key();
    if (name == "key") {
      const std::string_view key = field.value().get_string();
      is_hashed = std::ranges::find(kHashed, key) != kHashed.end();
    } else if (is_hashed && name == "value") {
      std::string_view text;
      if (field.value()["stringValue"].get(text) == simdjson::SUCCESS)
        walked.text_hashes += XXH3_64bits(text.data(), text.size());
    }
  }
}

void WalkSpan(object span, WalkedSpans& walked) {
  uint64_t start = 0;
  uint64_t end = 0;
  for (auto field : span) {
    const simdjson::ondemand::raw_json_string name = field.key();
    if (name == "startTimeUnixNano") {
      start = field.value().get_uint64_in_string();
    } else if (name == "endTimeUnixNano") {
      end = field.value().get_uint64_in_string();
    } else if (name == "status") {
      int64_t code = 0;
      if (field.value()["code"].get(code) == simdjson::SUCCESS && code == 2) ++walked.errors;
    } else if (name == "attributes") {
      for (object attribute : field.value().get_array()) WalkAttribute(attribute, walked);
    }
  }
  ++walked.spans;
  walked.nanos += end - start;
}

}  // namespace

WalkedSpans SimdjsonWalk::Walk(const std::string& body) {
  WalkedSpans walked;
  auto document = parser_.iterate(body.data(), body.size(), body.capacity() + 1);
  for (object resource : document["resourceSpans"].get_array()) {
    for (object scope : resource["scopeSpans"].get_array()) {
      for (object span : scope["spans"].get_array()) WalkSpan(span, walked);
    }
  }
  return walked;
}

}  // namespace slowburn::bench
