#include "model/label_set.h"

#include <algorithm>
#include <cstdint>

namespace slowburn::model {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void AppendEscaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
}

// The length of the UTF-8 sequence that `text` begins with, 0 when it begins with none (RFC 3629,
// no surrogates).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

LabelSet::LabelSet(std::initializer_list<Label> labels) {
  for (const Label& label : labels) Set(label.name, label.value);
}

void LabelSet::Set(std::string_view name, std::string_view value) {
  const auto at = std::ranges::lower_bound(labels_, name, {}, &Label::name);
  const bool found = at != labels_.end() && at->name == name;
  if (value.empty()) {
    if (found) labels_.erase(at);
  } else if (found) {
    at->value = value;
  } else {
    labels_.insert(at, Label{std::string(name), std::string(value)});
  }
}

std::string_view LabelSet::Get(std::string_view name) const {
  constexpr size_t kFew = 16;  // of which looking at all is quicker
  if (labels_.size() > kFew) {
    const auto at = std::ranges::lower_bound(labels_, name, {}, &Label::name);
    return at != labels_.end() && at->name == name ? std::string_view(at->value)
                                                   : std::string_view();
  }
  for (const Label& label : labels_) {
    if (label.name == name) return label.value;
  }
  return {};
}

bool LabelSet::Has(std::string_view name) const { return !Get(name).empty(); }

std::string LabelSet::Text() const {
  std::string text = "{";
  for (const Label& label : labels_) {
    if (text.size() > 1) text += ", ";
    text += label.name;
    text += "=\"";
    AppendEscaped(text, label.value);
    text += '"';
  }
  text += '}';
  return text;
}

std::string NormalizedLabelName(std::string_view name) {
  std::string normalized;
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) normalized = "_";
  for (const char c : name) normalized += IsNameCharacter(c) ? c : '_';
  return normalized;
}

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) {
      valid += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      valid += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return valid;
}

}  // namespace slowburn::model
