#include "serve/internal/exposition.h"

#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "model/label_set.h"

namespace slowburn::serve::internal {
namespace {

void AppendNumber(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";
  } else if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
  } else {
    fmt::format_to(std::back_inserter(text), "{}", value);
  }
}

}  // namespace

void AppendLabel(std::string& labels, std::string_view name, std::string_view value) {
  if (!labels.empty()) labels += ',';
  labels += name;
  labels += "=\"";
  for (const char c : model::ValidUtf8(value)) {
    if (c == '\n') {
      labels += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') labels += '\\';
    labels += c;
  }
  labels += '"';
}

void Exposition::Begin(Family family) {
  family_ = std::move(family);
  is_headed_ = false;
}

void Exposition::Sample(std::string_view labels, double value) {
  if (!is_headed_) {
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", family_.name,
                   family_.help, family_.name, family_.type);
    is_headed_ = true;
  }
  text_ += family_.name;
  if (!labels.empty()) {
    text_ += '{';
    text_ += labels;
    text_ += '}';
  }
  text_ += ' ';
  AppendNumber(text_, value);
  text_ += '\n';
}

}  // namespace slowburn::serve::internal
