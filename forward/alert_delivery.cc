#include "forward/alert_delivery.h"

#include <algorithm>
#include <unordered_set>

#include "base/mutant.h"

namespace slowburn::forward {
namespace {

using base::UnixNanos;
using model::Alert;
using model::AlertState;

// Prometheus' resolvedRetention: long enough for an Alertmanager that was away a while.
constexpr std::chrono::minutes kResolvedRetention{15};

// From when on `alert` is due if Alertmanager was told `told` of its labels; nothing while it is
// pending. What has changed is due whatever the clock says: the epoch.
template <typename Told>
std::optional<UnixNanos> DueFrom(const Alert& alert, const Told* told,
                                 std::chrono::seconds resend) {
  if (alert.state == AlertState::kPending) return std::nullopt;
  if (SB_MUTANT("end_is_not_told") && alert.state == AlertState::kInactive) return std::nullopt;
  const bool resolved = alert.state == AlertState::kInactive;
  if (told == nullptr || told->resolved != resolved || told->fired_at != alert.fired_at) {
    return UnixNanos{};
  }
  return told->sent_at + resend + std::chrono::nanoseconds(1);
}

// What is not in the store may not be told.
bool MayTell(const Alert& alert, UnixNanos now, std::chrono::seconds resend) {
  if (alert.state != AlertState::kFiring || !alert.told_until.has_value()) return true;
  return now + model::FiringLasts(resend) <= *alert.told_until;
}

bool IsOver(const Alert& alert, UnixNanos at) {
  return alert.state == AlertState::kInactive && at - alert.resolved_at > kResolvedRetention;
}

template <typename Map>
const typename Map::mapped_type* Find(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<const Alert*> AlertDelivery::Due(const std::vector<Alert>& alerts,
                                             UnixNanos now) const {
  std::vector<const Alert*> due;
  for (const Alert& alert : alerts) {
    const Told* told = Find(told_, alert.labels.Text());
    const std::optional<UnixNanos> from = DueFrom(alert, told, resend_);
    if (!from.has_value() || !MayTell(alert, now, resend_)) continue;
    // Sent in what is now the future: the clock was set back, and how long ago it was is unknown.
    const bool clock_went_back = told != nullptr && told->sent_at > now;
    // Told to fire until a time that is to come, perhaps by the process before: nobody but us can
    // end it.
    const bool is_believed = alert.told_until > now && *from == UnixNanos{};
    if (IsOver(alert, now) && !is_believed) continue;
    if (*from <= now || clock_went_back) due.push_back(&alert);
  }
  return due;
}

void AlertDelivery::Sent(const std::vector<Alert>& all, const std::vector<const Alert*>& sent,
                         UnixNanos now) {
  std::unordered_set<std::string> listed;
  for (const Alert& alert : all) listed.insert(alert.labels.Text());
  for (const Alert* alert : sent) {
    std::string key = alert->labels.Text();
    told_[key] = {now, alert->fired_at, alert->state == AlertState::kInactive};
    listed.insert(std::move(key));
  }
  std::erase_if(told_, [&](const auto& entry) { return !listed.contains(entry.first); });
}

std::optional<UnixNanos> AlertDelivery::NextDue(const std::vector<Alert>& alerts) const {
  std::optional<UnixNanos> next;
  for (const Alert& alert : alerts) {
    const std::optional<UnixNanos> from = DueFrom(alert, Find(told_, alert.labels.Text()), resend_);
    if (!from.has_value() || IsOver(alert, *from)) continue;
    next = std::min(next.value_or(*from), *from);
  }
  return next;
}

AlertTimes TimesToTell(const Alert& alert, UnixNanos now, std::chrono::seconds resend) {
  const UnixNanos ends_at = alert.state == AlertState::kInactive && !SB_MUTANT("forget_ends_at")
                                ? std::min(alert.resolved_at, now)
                                : now + model::FiringLasts(resend);
  return {.starts_at = std::min({alert.fired_at, now, ends_at}), .ends_at = ends_at};
}

}  // namespace slowburn::forward
