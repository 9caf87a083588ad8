#include "slo/exclusion.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "slo/slo_spec.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr size_t kIdBytesMax = 128;
constexpr size_t kDescriptionBytesMax = 1'000;
constexpr size_t kPatternsMax = 100;
constexpr size_t kLabelsMax = 64;
constexpr size_t kShownBytes = 60;  // Of a value, in a message.
constexpr sys_seconds kStartMin{sys_days(1970y / 1 / 1)};
constexpr sys_seconds kEndMax{sys_days(2101y / 1 / 1)};

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// "1767484800 to 1767492000", or the canonical text of what repeats.
std::string TimeText(const Exclusion& exclusion) {
  if (const auto* once = std::get_if<Exclusion::Once>(&exclusion.when)) {
    return fmt::format("{} to {}", once->start.time_since_epoch().count(),
                       once->end.time_since_epoch().count());
  }
  return std::get<Recurrence>(exclusion.when).CanonicalText();
}

}  // namespace

bool Exclusion::AppliesTo(std::string_view slo_id, const model::LabelSet& slo_labels) const {
  const bool named = slos.empty() || std::any_of(slos.begin(), slos.end(), [&](const auto& slo) {
                       return MatchesSloPattern(slo, slo_id);
                     });
  return named && std::all_of(labels.begin(), labels.end(), [&](const model::Label& label) {
           return slo_labels.Get(label.name) == label.value;
         });
}

std::string IdentityOf(std::span<const Exclusion* const> exclusions) {
  if (exclusions.empty()) return "";
  std::vector<std::string> times;
  for (const Exclusion* exclusion : exclusions) times.push_back(TimeText(*exclusion));
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  const std::string text = fmt::format("{}", fmt::join(times, "\n"));
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

bool IsValidExclusionId(std::string_view id) {
  return !id.empty() && id.size() <= kIdBytesMax &&
         std::all_of(id.begin(), id.end(), IsIdCharacter);
}

absl::Status CheckSloPattern(std::string_view pattern) {
  const size_t slash = pattern.find('/');
  if (slash != std::string_view::npos && IsValidSloName(pattern.substr(0, slash))) {
    const std::string_view name = pattern.substr(slash + 1);
    if (name == "*" || IsValidSloName(name)) return absl::OkStatus();
  }
  return base::InvalidArgument(
      "\"{}\" names no SLO; write service/name, like checkout/availability, or checkout/* for all "
      "of a service",
      pattern.substr(0, kShownBytes));
}

bool MatchesSloPattern(std::string_view pattern, std::string_view slo_id) {
  if (!pattern.ends_with("/*")) return pattern == slo_id;
  return slo_id.starts_with(pattern.substr(0, pattern.size() - 1));
}

absl::Status CheckOnce(const Exclusion::Once& once) {
  if (once.end <= once.start)
    return base::InvalidArgument("the end is not after the start; write a later end");
  if (once.start < kStartMin || once.end > kEndMax)
    return base::InvalidArgument("it lies outside 1970 to 2100; correct the start or the end");
  if (once.end - once.start > Recurrence::kDurationMax) {
    return base::InvalidArgument("it lasts {}; write at most {}, or several after each other",
                                 base::FormatDuration(once.end - once.start),
                                 base::FormatDuration(Recurrence::kDurationMax));
  }
  return absl::OkStatus();
}

absl::Status CheckExclusion(const Exclusion& exclusion) {
  if (!IsValidExclusionId(exclusion.id)) {
    return base::InvalidArgument(
        "the id is \"{}\"; write 1 to {} letters, digits, '.', '_' and '-'",
        exclusion.id.substr(0, kShownBytes), kIdBytesMax);
  }
  if (exclusion.description.size() > kDescriptionBytesMax) {
    return base::InvalidArgument("the description has {} bytes; write at most {}",
                                 exclusion.description.size(), kDescriptionBytesMax);
  }
  if (exclusion.slos.size() > kPatternsMax) {
    return base::InvalidArgument(
        "it names {} SLOs; write at most {}, or select by service/* or labels",
        exclusion.slos.size(), kPatternsMax);
  }
  for (const std::string& pattern : exclusion.slos) SB_RETURN_IF_ERROR(CheckSloPattern(pattern));
  if (exclusion.labels.size() > kLabelsMax) {
    return base::InvalidArgument("it has {} labels; write at most {}", exclusion.labels.size(),
                                 kLabelsMax);
  }
  if (const auto* once = std::get_if<Exclusion::Once>(&exclusion.when)) return CheckOnce(*once);
  return absl::OkStatus();
}

}  // namespace slowburn::slo
