#include "slo/window.h"

#include "base/duration_text.h"

namespace slowburn::slo {

std::string Window::Text() const {
  return grid_ == nullptr ? base::FormatDuration(nominal()) : grid_->Text();
}

}  // namespace slowburn::slo
