#include "promql/annotations.h"

namespace slowburn::promql {

void Annotations::Merge(const Annotations& other) {
  for (const std::string& text : other.warnings_) AddWarning(text);
  for (const std::string& text : other.infos_) AddInfo(text);
}

}  // namespace slowburn::promql
