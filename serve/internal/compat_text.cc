#include "serve/internal/compat_text.h"

#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/internal/exposition.h"
#include "slo/compat_series.h"

namespace slowburn::serve::internal {
namespace {

// The samples of one metric, of all SLOs.
struct Family {
  bool is_counter = false;
  std::string_view help;
  std::vector<std::pair<std::string, double>> samples;  // labels, value
};

std::string LabelsOf(const slo::CompatSeries& series) {
  std::string labels;
  for (const model::Label& label : series.labels) AppendLabel(labels, label.name, label.value);
  return labels;
}

}  // namespace

std::string CompatSeriesText(const SloReading& reading) {
  std::map<std::string, Family> families;
  for (const slo::SloStatus& status : reading.statuses) {
    if (status.groups.empty()) continue;
    const slo::SloSpec& spec = (*reading.slos)[status.index];
    const slo::GroupStatus& total = status.groups.front();
    const slo::CompatFigures figures{.budget = total.budget,
                                     .lifetime = total.lifetime,
                                     .windows = total.compat_windows,
                                     .now = reading.now};
    for (const slo::CompatSeries& series : slo::CompatSeriesOf(spec)) {
      const std::optional<double> value =
          slo::CompatValue(series.figure, series.window, spec, figures);
      if (!value.has_value()) continue;
      Family& family = families[series.metric];
      family.is_counter = series.is_counter;
      family.help = series.help;
      family.samples.emplace_back(LabelsOf(series), *value);
    }
  }
  Exposition page;
  for (const auto& [name, family] : families) {
    page.Begin({name, family.is_counter ? "counter" : "gauge", family.help});
    for (const auto& [labels, value] : family.samples) page.Sample(labels, value);
  }
  return page.Take();
}

}  // namespace slowburn::serve::internal
