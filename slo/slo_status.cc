#include "slo/slo_status.h"

namespace slowburn::slo {

std::string_view SloStateName(SloState state) {
  switch (state) {
    case SloState::kInvalid:
      return "invalid";
    case SloState::kNoData:
      return "no_data";
    case SloState::kExhausted:
      return "exhausted";
    case SloState::kBurning:
      return "burning";
    case SloState::kOk:
      return "ok";
  }
  return "invalid";
}

std::string_view TierStateName(TierState state) {
  switch (state) {
    case TierState::kQuiet:
      return "quiet";
    case TierState::kBurning:
      return "burning";
    case TierState::kWarming:
      return "warming";
    case TierState::kSuppressed:
      return "suppressed";
  }
  return "quiet";
}

}  // namespace slowburn::slo
