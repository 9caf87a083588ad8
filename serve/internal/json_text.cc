#include "serve/internal/json_text.h"

#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "model/label_set.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

void AppendString(std::string& text, std::string_view raw) {
  text += '"';
  for (const char c : model::ValidUtf8(raw)) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(text), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  text += '"';
}

void AppendString(std::string& text, const json::string& raw) {
  AppendString(text, std::string_view(raw.data(), raw.size()));
}

// Our own shapes nest a handful deep, so recursion is bounded.
void Append(std::string& text, const json::value& value) {
  const auto out = std::back_inserter(text);
  switch (value.kind()) {
    case json::kind::null:
      text += "null";
      return;
    case json::kind::bool_:
      text += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      fmt::format_to(out, "{}", value.get_int64());
      return;
    case json::kind::uint64:
      fmt::format_to(out, "{}", value.get_uint64());
      return;
    case json::kind::double_:
      if (std::isfinite(value.get_double())) {
        fmt::format_to(out, "{}", value.get_double());
      } else {
        text += "null";
      }
      return;
    case json::kind::string:
      AppendString(text, value.get_string());
      return;
    case json::kind::array: {
      char separator = '[';
      for (const json::value& item : value.get_array()) {
        text += separator;
        Append(text, item);
        separator = ',';
      }
      text += separator == '[' ? "[]" : "]";
      return;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& member : value.get_object()) {
        text += separator;
        AppendString(text, std::string_view(member.key().data(), member.key().size()));
        text += ':';
        Append(text, member.value());
        separator = ',';
      }
      text += separator == '{' ? "{}" : "}";
      return;
    }
  }
}

}  // namespace

std::string JsonText(const json::value& value) {
  std::string text;
  Append(text, value);
  return text;
}

}  // namespace slowburn::serve::internal
