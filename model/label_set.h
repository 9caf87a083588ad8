// model/label_set.h: names and values that identify a series or an alert, e.g. {service="checkout",
// severity="page"}.
//
// Room     model
// Uses     standard library
// Threads  a value; concurrent reads are safe
// Units    none
// Source   Prometheus data model
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slowburn::model {

struct Label {
  std::string name;
  std::string value;
  friend auto operator<=>(const Label&, const Label&) = default;
};

// Sorted by name, each name once. An empty value is the same as no label, so it is never held.
class LabelSet {
 public:
  LabelSet() = default;
  LabelSet(std::initializer_list<Label> labels);

  // Replaces the value; an empty one removes the label.
  void Set(std::string_view name, std::string_view value);
  // "" where absent.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;

  bool empty() const { return labels_.empty(); }
  size_t size() const { return labels_.size(); }
  auto begin() const { return labels_.begin(); }
  auto end() const { return labels_.end(); }

  // {a="b", c="d"} with Prometheus' escapes: stable, so it serves as a key.
  std::string Text() const;

  friend auto operator<=>(const LabelSet&, const LabelSet&) = default;

 private:
  std::vector<Label> labels_;
};

// `http.route` -> `http_route`: what is no letter, digit or underscore becomes one; a leading digit
// gets an underscore before it.
std::string NormalizedLabelName(std::string_view name);

// `text` with every byte that is not UTF-8 replaced by U+FFFD: text that came from a client and
// goes to JSON or a label.
std::string ValidUtf8(std::string_view text);

}  // namespace slowburn::model
