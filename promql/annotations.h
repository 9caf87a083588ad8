// promql/annotations.h: what is worth knowing about an answer that was given all the same.
//
// Room     promql
// Uses     promql/
// Threads  values; one thread at a time
// Units    positions are line:column of the query, both from 1
// Source   Prometheus, util/annotations: the texts, which users know and tests compare
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace slowburn::promql {

// Each text once, "PromQL warning: ... (1:5)", sorted. Bounded by kTextsMax of each kind: a query
// over many metrics could else have one for each of them.
class Annotations {
 public:
  static constexpr size_t kTextsMax = 1000;

  void AddWarning(std::string text) { Add(warnings_, std::move(text)); }
  void AddInfo(std::string text) { Add(infos_, std::move(text)); }
  void Merge(const Annotations& other);

  const std::set<std::string, std::less<>>& warnings() const { return warnings_; }
  const std::set<std::string, std::less<>>& infos() const { return infos_; }
  bool empty() const { return warnings_.empty() && infos_.empty(); }

 private:
  static void Add(std::set<std::string, std::less<>>& texts, std::string text) {
    if (texts.size() < kTextsMax) texts.insert(std::move(text));
  }

  std::set<std::string, std::less<>> warnings_;
  std::set<std::string, std::less<>> infos_;
};

}  // namespace slowburn::promql
