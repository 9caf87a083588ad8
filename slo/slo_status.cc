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

}  // namespace slowburn::slo
