#include "model/prometheus_name.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/label_set.h"

namespace slowburn::model {
namespace {

struct UnitName {
  std::string_view ucum;
  std::string_view name;
};

constexpr UnitName kUnits[] = {
    {"d", "days"},         {"h", "hours"},         {"min", "minutes"},
    {"s", "seconds"},      {"ms", "milliseconds"}, {"us", "microseconds"},
    {"ns", "nanoseconds"}, {"By", "bytes"},        {"KiBy", "kibibytes"},
    {"MiBy", "mebibytes"}, {"GiBy", "gibibytes"},  {"TiBy", "tebibytes"},
    {"kBy", "kilobytes"},  {"KBy", "kilobytes"},   {"MBy", "megabytes"},
    {"GBy", "gigabytes"},  {"TBy", "terabytes"},   {"m", "meters"},
    {"V", "volts"},        {"A", "amperes"},       {"J", "joules"},
    {"W", "watts"},        {"g", "grams"},         {"Cel", "celsius"},
    {"Hz", "hertz"},       {"%", "percent"},       {"1", ""},
};
constexpr UnitName kPerUnits[] = {
    {"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
    {"w", "week"},   {"mo", "month"}, {"y", "year"},
};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':';
}

// The runs of name characters; '_' parts them like any other.
std::vector<std::string> Tokens(std::string_view text) {
  std::vector<std::string> tokens;
  bool open = false;
  for (const char c : text) {
    if (!IsNameCharacter(c)) {
      open = false;
      continue;
    }
    if (!std::exchange(open, true)) tokens.emplace_back();
    tokens.back() += c;
  }
  return tokens;
}

std::string Joined(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) {
    if (!text.empty()) text += '_';
    text += token;
  }
  return text;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// One side of a unit: "" where it says nothing, or annotates ("{request}").
template <size_t N>
std::string UnitPart(std::string_view part, const UnitName (&names)[N]) {
  part = Trimmed(part);
  if (part.find_first_of("{}") != std::string_view::npos) return "";
  const auto* known = std::find_if(std::begin(names), std::end(names),
                                   [&](const UnitName& unit) { return unit.ucum == part; });
  return known != std::end(names) ? std::string(known->name) : Joined(Tokens(part));
}

struct UnitSuffixes {
  std::string main;  // "bytes"
  std::string per;   // "per_second"
};

UnitSuffixes SuffixesOf(std::string_view unit) {
  const size_t slash = std::min(unit.find('/'), unit.size());
  UnitSuffixes suffixes{.main = UnitPart(unit.substr(0, slash), kUnits), .per = ""};
  if (slash == unit.size()) return suffixes;
  const std::string per = UnitPart(unit.substr(slash + 1), kPerUnits);
  if (!per.empty()) suffixes.per = "per_" + per;
  return suffixes;
}

// "total", "ratio" or "": what the type adds at the end.
std::string_view TypeSuffix(const Metric& metric) {
  if (metric.type == MetricType::kSum && metric.is_monotonic) return "total";
  if (metric.type == MetricType::kGauge && metric.unit == "1") return "ratio";
  return "";
}

std::string WithUnderscores(const Metric& metric) {
  std::vector<std::string> tokens = Tokens(metric.name);
  const UnitSuffixes unit = SuffixesOf(metric.unit);
  for (const std::string& suffix : {unit.main, unit.per}) {
    if (!suffix.empty() && std::find(tokens.begin(), tokens.end(), suffix) == tokens.end())
      tokens.push_back(suffix);
  }
  if (const std::string_view suffix = TypeSuffix(metric); !suffix.empty()) {
    std::erase(tokens, suffix);
    tokens.emplace_back(suffix);
  }
  return Joined(tokens);
}

std::string_view GaugeName(TypeHint hint) {
  switch (hint) {
    case TypeHint::kUnknown:
      return "unknown";
    case TypeHint::kInfo:
      return "info";
    case TypeHint::kStateset:
      return "stateset";
    case TypeHint::kNone:
      break;
  }
  return "gauge";
}

std::string OnlyReplaced(std::string_view name) {
  std::string replaced;
  for (const char c : ValidUtf8(name)) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;  // A character is one '_'.
    replaced += IsNameCharacter(c) ? c : '_';
  }
  return replaced;
}

std::string KeptWithSuffixes(const Metric& metric) {
  std::string name = ValidUtf8(metric.name);
  const auto drop = [&](std::string_view suffix) {
    if (name.size() > suffix.size() + 1 && name.ends_with(suffix) &&
        (name[name.size() - suffix.size() - 1] == '_' ||
         name[name.size() - suffix.size() - 1] == '.')) {
      name.resize(name.size() - suffix.size() - 1);
    }
  };
  const UnitSuffixes unit = SuffixesOf(metric.unit);
  const std::string_view last = TypeSuffix(metric);
  // What is there already goes to where it belongs: from the end inwards.
  for (const std::string_view suffix :
       {last, std::string_view(unit.per), std::string_view(unit.main)})
    if (!suffix.empty()) drop(suffix);
  for (const std::string_view suffix :
       {std::string_view(unit.main), std::string_view(unit.per), last})
    if (!suffix.empty() && name != suffix) name.append("_").append(suffix);
  return name;
}

}  // namespace

PrometheusType PrometheusTypeOf(const Metric& metric) {
  switch (metric.type) {
    case MetricType::kGauge:
      return PrometheusType::kGauge;
    case MetricType::kSum:
      return metric.is_monotonic ? PrometheusType::kCounter : PrometheusType::kGauge;
    case MetricType::kHistogram:
      return PrometheusType::kHistogram;
    case MetricType::kExponentialHistogram:
      return PrometheusType::kNativeHistogram;
    case MetricType::kSummary:
      break;
  }
  return PrometheusType::kSummary;
}

std::string_view PrometheusTypeName(const Metric& metric) {
  switch (PrometheusTypeOf(metric)) {
    case PrometheusType::kCounter:
      return "counter";
    case PrometheusType::kGauge:
      return GaugeName(metric.type_hint);
    case PrometheusType::kHistogram:
    case PrometheusType::kNativeHistogram:
      return "histogram";
    case PrometheusType::kSummary:
      break;
  }
  return "summary";
}

std::string PrometheusUnit(std::string_view unit) {
  const UnitSuffixes suffixes = SuffixesOf(unit);
  if (suffixes.main.empty() || suffixes.per.empty()) return suffixes.main + suffixes.per;
  return suffixes.main + "_" + suffixes.per;
}

absl::StatusOr<std::string> PrometheusName(const Metric& metric, NameStrategy strategy) {
  std::string name;
  switch (strategy) {
    case NameStrategy::kUnderscoresWithSuffixes:
      name = WithUnderscores(metric);
      break;
    case NameStrategy::kUnderscoresWithoutSuffixes:
      name = OnlyReplaced(metric.name);
      break;
    case NameStrategy::kUtf8WithSuffixes:
      return KeptWithSuffixes(metric);
    case NameStrategy::kNoTranslation:
      return ValidUtf8(metric.name);
  }
  if (name.find_first_not_of('_') == std::string::npos) {
    return base::InvalidArgument(
        "metric \"{}\" has no letter or digit, so Prometheus has no name for it; rename it",
        ValidUtf8(metric.name));
  }
  if (name.front() >= '0' && name.front() <= '9') name.insert(name.begin(), '_');
  return name;
}

}  // namespace slowburn::model
