#include "slo/time_zone.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr size_t kNameBytesMax = 64;  // The longest of the database has 32.
// Files beside the database's zones, and what Abseil would open or make up by itself.
constexpr std::array<std::string_view, 2> kOtherNames = {"localtime", "posixrules"};
constexpr std::array<std::string_view, 3> kOtherFolders = {"right/", "posix/", "Fixed/"};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
         c == '_' || c == '-' || c == '+';
}

// Whether it may be a name of the database: never a path that leads out of it.
bool MayBeName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), IsNameCharacter) &&
         std::find(kOtherNames.begin(), kOtherNames.end(), name) == kOtherNames.end() &&
         std::none_of(kOtherFolders.begin(), kOtherFolders.end(),
                      [&](std::string_view folder) { return name.starts_with(folder); });
}

sys_seconds ToChrono(absl::Time time) { return sys_seconds(seconds(absl::ToUnixSeconds(time))); }

}  // namespace

absl::StatusOr<absl::TimeZone> LoadTimeZone(std::string_view name) {
  absl::TimeZone zone;
  if (MayBeName(name) && absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone))
    return zone;
  return base::InvalidArgument(
      "unknown time zone \"{}\"; write a name of the IANA database, like Europe/Paris or UTC (it "
      "is read from /usr/share/zoneinfo: package tzdata)",
      name.substr(0, kNameBytesMax));
}

sys_seconds FirstAtOrAfter(absl::CivilSecond local, const absl::TimeZone& zone) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  return ToChrono(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

sys_seconds InstantOf(absl::CivilSecond local, const absl::TimeZone& zone) {
  return ToChrono(zone.At(local).pre);
}

absl::CivilSecond LocalTime(sys_seconds instant, const absl::TimeZone& zone) {
  return absl::ToCivilSecond(absl::FromUnixSeconds(instant.time_since_epoch().count()), zone);
}

}  // namespace slowburn::slo
