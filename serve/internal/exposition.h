// serve/internal/exposition.h: series in Prometheus' text format, written as they come.
//
// Room     serve
// Uses     model/
// Threads  one thread at a time
// Units    none
// Source   Prometheus exposition formats, text format 0.0.4
#pragma once

#include <string>
#include <string_view>

namespace slowburn::serve::internal {

// service="checkout",slo="availability": the labels of a sample, without braces. Values are escaped
// and made valid UTF-8; `name` must be a label name.
void AppendLabel(std::string& labels, std::string_view name, std::string_view value);

class Exposition {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  struct Family {
    std::string name;
    std::string_view type;  // "gauge" or "counter"
    std::string_view help;  // one line
  };
  // The samples that follow are of this family, until the next. HELP and TYPE come with its first
  // sample, so a family without any leaves no trace. Each family once.
  void Begin(Family family);
  // `labels` as AppendLabel makes them. Numbers in the shortest form that reads back the same.
  void Sample(std::string_view labels, double value);

  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
  Family family_;
  bool is_headed_ = false;
};

}  // namespace slowburn::serve::internal
