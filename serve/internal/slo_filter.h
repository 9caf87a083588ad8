// serve/internal/slo_filter.h: which SLOs a request asks for: ?state=&service=&label.NAME=
//
// Room     serve
// Uses     net/, slo/
// Threads  a value
// Units    none
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "net/http_message.h"
#include "slo/slo_spec.h"
#include "slo/slo_status.h"

namespace slowburn::serve::internal {

// An empty value asks for nothing. A state or service given twice means either, labels must all
// match.
class SloFilter {
 public:
  // kInvalidArgument for an unknown state, naming the known ones.
  static absl::StatusOr<SloFilter> Parse(const net::HttpRequest& request);

  bool Matches(const slo::SloSpec& spec, const slo::SloStatus& status) const;
  bool empty() const { return states_.empty() && services_.empty() && labels_.empty(); }

 private:
  std::vector<slo::SloState> states_;
  std::vector<std::string> services_;
  std::vector<std::pair<std::string, std::string>> labels_;
};

// Every state, in the order people want to read them: what needs them first.
inline constexpr slo::SloState kStatesByUrgency[] = {
    slo::SloState::kExhausted, slo::SloState::kBurning, slo::SloState::kInvalid,
    slo::SloState::kNoData, slo::SloState::kOk};

}  // namespace slowburn::serve::internal
