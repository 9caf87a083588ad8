#include "rules/alert_book.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/mutant.h"

// A plan goes through the alerts from the highest rank down, so that whether a page fires is known
// when its ticket's turn comes. Each alert's next state is drafted from the record that is held and
// the conditions that are true; a draft that says what the record says is no change.
//
// Annotations hold figures that move each second. They are written with every other change of the
// alert, and else at most once a minute: an alert that merely goes on does not cost a commit each
// second.
//
// In records a time of 0 means "not set".

namespace slowburn::rules {
namespace {

using model::AlertCondition;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using store::v1::AlertRecord;
using store::v1::AlertTier;

constexpr seconds kAnnotationsRefresh{60};
// For how much longer than now a firing alert may be told, as parts of the time that resolved ones
// are kept: renewed to a quarter when less than a sixtieth is left, so that it costs a commit four
// times an hour, and keeps none for longer than usual while the clock goes right.
constexpr int kTellingShare = 4;
constexpr int kTellingMinShare = 60;

// One alert's turn in a plan.
struct Turn {
  const AlertRecord* held = nullptr;              // null: the book does not know these labels
  std::vector<const AlertCondition*> conditions;  // that are true
  std::vector<const AlertCondition*> unknown;     // only of what is held
  int rank = 0;
  std::string_view incident;
};

struct Moment {
  int64_t now = 0;
  nanoseconds watched{0};  // since the last restart
  nanoseconds lasts{0};    // what is told now, if nothing more is heard
  nanoseconds retention{0};
};

// All of a record but labels and annotations.
struct Draft {
  store::v1::AlertState state = store::v1::ALERT_STATE_UNSPECIFIED;
  int64_t active_at = 0;
  int64_t fired_at = 0;
  int64_t resolved_at = 0;
  int64_t told_until = 0;
  std::vector<AlertTier> tiers;
};

// A clock that went back has not run at all.
nanoseconds Elapsed(int64_t since, int64_t now) {
  return nanoseconds(now > since ? now - since : 0);
}

bool IsResolved(const AlertRecord& record) {
  return record.state() == store::v1::ALERT_STATE_INACTIVE;
}

model::LabelSet ReadLabels(const google::protobuf::RepeatedPtrField<store::v1::Label>& stored) {
  model::LabelSet labels;
  for (const store::v1::Label& label : stored) labels.Set(label.name(), label.value());
  return labels;
}

void WriteLabels(const model::LabelSet& labels,
                 google::protobuf::RepeatedPtrField<store::v1::Label>& stored) {
  stored.Clear();
  for (const model::Label& label : labels) {
    store::v1::Label& added = *stored.Add();
    added.set_name(label.name);
    added.set_value(label.value);
  }
}

const AlertCondition* FindCondition(const std::vector<const AlertCondition*>& conditions,
                                    std::string_view tier) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(),
                   [tier](const AlertCondition* condition) { return condition->tier == tier; });
  return found == conditions.end() ? nullptr : *found;
}

// The tier's condition is true. What has fired goes on firing even if its hold was made longer
// since.
void KeepTrue(const AlertCondition& condition, int64_t now, AlertTier& tier) {
  tier.set_hold_seconds(condition.hold.count());
  tier.set_keep_firing_for_seconds(condition.keep_firing_for.count());
  // The end of a silence needs no watching: something came.
  tier.set_settle_seconds(condition.is_silence ? 0 : condition.settle.count());
  tier.set_keep_firing_since_unix_nano(0);
  if (Elapsed(tier.active_at_unix_nano(), now) >= condition.hold) tier.set_firing(true);
}

// The tier's condition is not true. False: the tier ends.
bool KeepFiring(int64_t now, AlertTier& tier) {
  if (SB_MUTANT("no_keep_firing")) return false;
  if (!tier.firing() || tier.keep_firing_for_seconds() <= 0) return false;
  if (tier.keep_firing_since_unix_nano() == 0) tier.set_keep_firing_since_unix_nano(now);
  return Elapsed(tier.keep_firing_since_unix_nano(), now) < seconds(tier.keep_firing_for_seconds());
}

// Nobody can say that the tier's condition is not true.
bool IsInDoubt(const Turn& turn, const AlertTier& tier, const Moment& moment) {
  if (FindCondition(turn.unknown, tier.tier()) != nullptr) return true;
  if (SB_MUTANT("no_settling")) return false;
  const bool is_older = Elapsed(tier.active_at_unix_nano(), moment.now) > moment.watched;
  return tier.firing() && is_older && moment.watched < seconds(tier.settle_seconds());
}

std::vector<AlertTier> NextTiers(const Turn& turn, const Moment& moment) {
  const int64_t now = moment.now;
  std::vector<AlertTier> tiers;
  const auto has_tier = [&tiers](std::string_view name) {
    return std::any_of(tiers.begin(), tiers.end(),
                       [name](const AlertTier& tier) { return tier.tier() == name; });
  };
  if (turn.held != nullptr) {
    for (const AlertTier& held : turn.held->tiers()) {
      AlertTier tier = held;
      const AlertCondition* condition = FindCondition(turn.conditions, held.tier());
      if (condition != nullptr) KeepTrue(*condition, now, tier);
      if (condition != nullptr || IsInDoubt(turn, held, moment) || KeepFiring(now, tier))
        tiers.push_back(std::move(tier));
    }
  }
  for (const AlertCondition* condition : turn.conditions) {
    if (has_tier(condition->tier)) continue;
    AlertTier tier;
    tier.set_tier(condition->tier);
    tier.set_active_at_unix_nano(now);
    KeepTrue(*condition, now, tier);
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

// Without tiers: resolved when it had fired, else forgotten (state unspecified).
Draft EndSpell(const Turn& turn, int64_t now) {
  if (turn.held == nullptr || turn.held->fired_at_unix_nano() == 0) return {};
  return {.state = store::v1::ALERT_STATE_INACTIVE,
          .active_at = turn.held->active_at_unix_nano(),
          .fired_at = turn.held->fired_at_unix_nano(),
          .resolved_at = IsResolved(*turn.held) ? turn.held->resolved_at_unix_nano() : now,
          .told_until = turn.held->told_until_unix_nano(),
          .tiers = {}};
}

// Until when a firing alert may have been told to fire, up to its record's next renewal.
int64_t RenewTold(int64_t told_until, const Moment& moment) {
  const int64_t lasts_until = moment.now + moment.lasts.count();
  if (told_until >= lasts_until + (moment.retention / kTellingMinShare).count()) return told_until;
  return lasts_until + (moment.retention / kTellingShare).count();
}

Draft Next(const Turn& turn, const Moment& moment) {
  const int64_t now = moment.now;
  Draft draft;
  draft.tiers = NextTiers(turn, moment);
  if (draft.tiers.empty()) return EndSpell(turn, now);
  const bool goes_on = turn.held != nullptr && !IsResolved(*turn.held);
  draft.active_at = goes_on ? turn.held->active_at_unix_nano() : now;
  draft.fired_at = goes_on ? turn.held->fired_at_unix_nano() : 0;
  const bool fires = std::any_of(draft.tiers.begin(), draft.tiers.end(),
                                 [](const AlertTier& tier) { return tier.firing(); });
  draft.state = fires ? store::v1::ALERT_STATE_FIRING : store::v1::ALERT_STATE_PENDING;
  if (fires && draft.fired_at == 0) draft.fired_at = now;
  draft.told_until = turn.held == nullptr ? 0 : turn.held->told_until_unix_nano();
  if (fires) draft.told_until = RenewTold(draft.told_until, moment);
  return draft;
}

bool SameTier(const AlertTier& a, const AlertTier& b) {
  return a.tier() == b.tier() && a.active_at_unix_nano() == b.active_at_unix_nano() &&
         a.firing() == b.firing() &&
         a.keep_firing_since_unix_nano() == b.keep_firing_since_unix_nano() &&
         a.hold_seconds() == b.hold_seconds() &&
         a.keep_firing_for_seconds() == b.keep_firing_for_seconds() &&
         a.settle_seconds() == b.settle_seconds();
}

bool Says(const AlertRecord& record, const Draft& draft, const Turn& turn) {
  return record.state() == draft.state && record.active_at_unix_nano() == draft.active_at &&
         record.fired_at_unix_nano() == draft.fired_at &&
         record.resolved_at_unix_nano() == draft.resolved_at &&
         record.told_until_unix_nano() == draft.told_until && record.rank() == turn.rank &&
         record.incident() == turn.incident &&
         std::equal(record.tiers().begin(), record.tiers().end(), draft.tiers.begin(),
                    draft.tiers.end(), SameTier);
}

// What to say about the alert now: the words of the first condition whose tier fires; where none of
// its tiers does, of the first one. Null (the words stay): it is only kept firing, or is not
// active.
const AlertCondition* Speaker(const Turn& turn, const Draft& draft) {
  if (draft.state == store::v1::ALERT_STATE_INACTIVE || turn.conditions.empty()) return nullptr;
  if (draft.state == store::v1::ALERT_STATE_PENDING) return turn.conditions.front();
  for (const AlertCondition* condition : turn.conditions) {
    for (const AlertTier& tier : draft.tiers) {
      if (tier.firing() && tier.tier() == condition->tier) return condition;
    }
  }
  return nullptr;
}

AlertRecord Forgotten(const AlertRecord& held) {
  AlertRecord record;
  *record.mutable_labels() = held.labels();
  return record;
}

// The record to write, or nothing when the held one says it all.
std::optional<AlertRecord> Write(const Turn& turn, Draft draft, int64_t now) {
  if (draft.state == store::v1::ALERT_STATE_UNSPECIFIED) {
    if (turn.held == nullptr) return std::nullopt;
    return Forgotten(*turn.held);
  }
  const AlertCondition* speaker = Speaker(turn, draft);
  if (turn.held != nullptr && Says(*turn.held, draft, turn)) {
    if (speaker == nullptr ||
        Elapsed(turn.held->annotated_at_unix_nano(), now) < kAnnotationsRefresh ||
        ReadLabels(turn.held->annotations()) == speaker->annotations) {
      return std::nullopt;
    }
  }
  AlertRecord record;
  if (turn.held != nullptr) {
    *record.mutable_labels() = turn.held->labels();
    *record.mutable_annotations() = turn.held->annotations();
    record.set_annotated_at_unix_nano(turn.held->annotated_at_unix_nano());
  } else {
    WriteLabels(turn.conditions.front()->labels, *record.mutable_labels());
  }
  if (speaker != nullptr) {
    WriteLabels(speaker->annotations, *record.mutable_annotations());
    record.set_annotated_at_unix_nano(now);
  }
  record.set_state(draft.state);
  record.set_active_at_unix_nano(draft.active_at);
  record.set_fired_at_unix_nano(draft.fired_at);
  record.set_resolved_at_unix_nano(draft.resolved_at);
  record.set_told_until_unix_nano(draft.told_until);
  record.set_incident(std::string(turn.incident));
  record.set_rank(turn.rank);
  for (AlertTier& tier : draft.tiers) *record.add_tiers() = std::move(tier);
  return record;
}

// Every alert that is held or asked for, from the highest rank down; of one rank the held ones
// first, then the new ones as asked for.
std::vector<Turn> Turns(const std::map<std::string, AlertRecord>& alerts,
                        const std::vector<AlertCondition>& conditions, const Moment& moment) {
  std::vector<Turn> turns;
  turns.reserve(alerts.size() + conditions.size());
  std::unordered_map<std::string, size_t> by_labels;
  for (const auto& [key, record] : alerts) {
    by_labels.emplace(key, turns.size());
    turns.push_back({.held = &record, .rank = record.rank(), .incident = record.incident()});
  }
  for (const AlertCondition& condition : conditions) {
    if (condition.is_unknown || (condition.is_silence && moment.watched < condition.settle)) {
      const auto held = by_labels.find(condition.labels.Text());
      if (held != by_labels.end()) turns[held->second].unknown.push_back(&condition);
      continue;
    }
    const auto [at, is_new] = by_labels.emplace(condition.labels.Text(), turns.size());
    if (is_new) turns.emplace_back();
    Turn& turn = turns[at->second];
    if (turn.conditions.empty()) {
      turn.rank = condition.rank;
      turn.incident = condition.incident;
    }
    turn.conditions.push_back(&condition);
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const Turn& a, const Turn& b) { return a.rank > b.rank; });
  return turns;
}

// Who may still enter a book with a limit. Alerts that are over make room for new ones, the one
// that ended first before the others: the history of an incident must not keep the next page out.
class Entrance {
 public:
  Entrance(size_t held, size_t alerts_max) : free_(alerts_max > held ? alerts_max - held : 0) {}

  void AddOver(const AlertRecord& record) { over_.push_back(&record); }
  void AddFree() { ++free_; }

  // False: refused. `forget` is the alert that made room, if one did.
  bool Enter(const AlertRecord*& forget) {
    forget = nullptr;
    if (free_ > 0) {
      --free_;
      return true;
    }
    if (over_.empty()) return false;
    if (!is_sorted_) {
      std::stable_sort(over_.begin(), over_.end(), [](const AlertRecord* a, const AlertRecord* b) {
        return a->resolved_at_unix_nano() < b->resolved_at_unix_nano();
      });
      is_sorted_ = true;
    }
    forget = over_.front();
    over_.pop_front();
    return true;
  }

 private:
  size_t free_;
  std::deque<const AlertRecord*> over_;
  bool is_sorted_ = false;
};

model::AlertState ToState(store::v1::AlertState state) {
  switch (state) {
    case store::v1::ALERT_STATE_FIRING:
      return model::AlertState::kFiring;
    case store::v1::ALERT_STATE_PENDING:
      return model::AlertState::kPending;
    default:
      return model::AlertState::kInactive;
  }
}

model::Alert ToAlert(const AlertRecord& record) {
  const auto time = [](int64_t unix_nano) { return base::UnixNanos(nanoseconds(unix_nano)); };
  model::Alert alert;
  alert.labels = ReadLabels(record.labels());
  alert.annotations = ReadLabels(record.annotations());
  alert.state = ToState(record.state());
  alert.active_at = time(record.active_at_unix_nano());
  // A pending alert that fired before in this spell remembers it in the record; to others it is
  // pending.
  if (alert.state != model::AlertState::kPending)
    alert.fired_at = time(record.fired_at_unix_nano());
  alert.resolved_at = time(record.resolved_at_unix_nano());
  alert.told_until = time(record.told_until_unix_nano());
  return alert;
}

}  // namespace

std::vector<AlertBook::Change> AlertBook::Plan(const std::vector<AlertCondition>& conditions,
                                               base::UnixNanos now_time) {
  const int64_t now = now_time.time_since_epoch().count();
  const Moment moment{now, Elapsed(watched_since_.time_since_epoch().count(), now),
                      model::FiringLasts(options_.resend), options_.resolved_retention};
  std::vector<Change> changes;
  const std::vector<Turn> turns = Turns(alerts_, conditions, moment);

  Entrance entrance(alerts_.size(), options_.alerts_max);
  const auto is_over = [](const Turn& turn) {
    return turn.held != nullptr && IsResolved(*turn.held) && turn.conditions.empty();
  };
  const auto is_expired = [this, now](const Turn& turn) {
    return Elapsed(turn.held->resolved_at_unix_nano(), now) > options_.resolved_retention &&
           turn.held->told_until_unix_nano() <= now;
  };
  for (const Turn& turn : turns) {
    if (!is_over(turn)) continue;
    if (is_expired(turn)) {
      changes.push_back({Forgotten(*turn.held)});
      entrance.AddFree();
    } else {
      entrance.AddOver(*turn.held);
    }
  }

  std::unordered_map<std::string_view, int> firing_rank;  // incident -> the highest rank that fires
  for (const Turn& turn : turns) {
    if (is_over(turn)) continue;
    const auto above = turn.incident.empty() ? firing_rank.end() : firing_rank.find(turn.incident);
    const bool is_outranked =
        above != firing_rank.end() && above->second > turn.rank && !SB_MUTANT("ticket_beside_page");
    Draft draft = is_outranked ? EndSpell(turn, now) : Next(turn, moment);
    if (is_outranked && turn.held != nullptr && IsResolved(*turn.held) && is_expired(turn))
      draft = {};
    if (turn.held == nullptr && !is_outranked) {
      const AlertRecord* forget = nullptr;
      if (!entrance.Enter(forget)) {
        refused_ += turn.conditions.size();
        continue;
      }
      if (forget != nullptr) changes.push_back({Forgotten(*forget)});
    }
    if (draft.state == store::v1::ALERT_STATE_FIRING && !turn.incident.empty())
      firing_rank.emplace(turn.incident, turn.rank);
    if (std::optional<AlertRecord> record = Write(turn, std::move(draft), now))
      changes.push_back({*std::move(record)});
  }
  return changes;
}

std::vector<AlertBook::Change> AlertBook::PlanEnd(
    const std::function<bool(const model::LabelSet&, std::string_view)>& is_gone,
    base::UnixNanos now) const {
  std::vector<Change> changes;
  for (const auto& [text, held] : alerts_) {
    if (IsResolved(held)) continue;
    const model::LabelSet labels = ReadLabels(held.labels());
    AlertRecord record = held;
    auto& tiers = *record.mutable_tiers();
    const auto end = std::remove_if(tiers.begin(), tiers.end(), [&](const AlertTier& tier) {
      return is_gone(labels, tier.tier());
    });
    if (end == tiers.end()) continue;
    tiers.erase(end, tiers.end());
    if (!tiers.empty()) {
      const bool fires = std::any_of(tiers.begin(), tiers.end(),
                                     [](const AlertTier& tier) { return tier.firing(); });
      record.set_state(fires ? store::v1::ALERT_STATE_FIRING : store::v1::ALERT_STATE_PENDING);
    } else if (held.fired_at_unix_nano() != 0) {
      record.set_state(store::v1::ALERT_STATE_INACTIVE);
      record.set_resolved_at_unix_nano(now.time_since_epoch().count());
    } else {
      record.set_state(store::v1::ALERT_STATE_UNSPECIFIED);
    }
    changes.push_back({std::move(record)});
  }
  return changes;
}

void AlertBook::Apply(const AlertRecord& record) {
  std::string key = ReadLabels(record.labels()).Text();
  if (record.state() == store::v1::ALERT_STATE_UNSPECIFIED) {
    alerts_.erase(key);
  } else {
    alerts_.insert_or_assign(std::move(key), record);
  }
}

std::vector<model::Alert> AlertBook::Alerts() const {
  std::vector<model::Alert> alerts;
  alerts.reserve(alerts_.size());
  for (const auto& [key, record] : alerts_) alerts.push_back(ToAlert(record));
  return alerts;
}

std::vector<AlertRecord> AlertBook::Records() const {
  std::vector<AlertRecord> records;
  records.reserve(alerts_.size());
  for (const auto& [key, record] : alerts_) records.push_back(record);
  return records;
}

}  // namespace slowburn::rules
