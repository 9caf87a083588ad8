// tests/sim/reference_alerts.h: which alerts there should be, from what burns at each evaluation.
//
// Room     tests/sim: includes nothing of slo/ or rules/
// Uses     tests/sim
// Threads  one owner
// Units    unix nanoseconds
// Source   facts/alerting.md section 2; DESIGN section 4; docs/architecture.md, "Silence after a
//          restart proves nothing"; docs/alerting.md, "Who is told"
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace slowburn::sim {

using Labels = std::map<std::string, std::string>;
std::string LabelText(const Labels& labels);

// One reason to alert that holds now.
struct Reason {
  Labels labels;  // the alert's identity
  std::string tier;
  int64_t hold_nanos = 0;
  int64_t keep_nanos = 0;
  int64_t settle_nanos = 0;
  std::string incident;  // empty: on its own
  int rank = 0;          // a firing page ends its ticket
  // It holds because nothing comes: of that nobody knows before it was watched for `settle_nanos`.
  bool is_silence = false;
};

struct ReferenceAlert {
  struct TierSpell {
    int64_t active_at = 0;
    bool firing = false;
    int64_t missed_since = 0;  // 0: it held at the last evaluation
    int64_t keep_nanos = 0;
    int64_t settle_nanos = 0;
    friend bool operator==(const TierSpell&, const TierSpell&) = default;
  };
  Labels labels;
  std::string state;  // "pending", "firing", "inactive"
  int64_t active_at = 0;
  int64_t fired_at = 0;     // 0: it has not fired in this spell
  int64_t resolved_at = 0;  // inactive
  int64_t told_until = 0;   // whoever was told that it fires believes it until then at the most
  std::string incident;
  int rank = 0;
  std::map<std::string, TierSpell> tiers;
  friend bool operator==(const ReferenceAlert&, const ReferenceAlert&) = default;
};

// By label text. As a change: nothing where the alert is forgotten.
using AlertMap = std::map<std::string, ReferenceAlert>;
using AlertChanges = std::map<std::string, std::optional<ReferenceAlert>>;

class ReferenceAlerts {
 public:
  explicit ReferenceAlerts(int64_t resend_seconds) : resend_seconds_(resend_seconds) {}

  // What has to change so that the book agrees with `reasons` at `now`.
  AlertChanges Evaluate(const std::vector<Reason>& reasons, int64_t now) const;
  // What has to change at once because of some tiers nobody can be told any more.
  AlertChanges EndOrphans(
      const std::function<bool(const Labels&, const std::string& tier)>& may_be_told,
      int64_t now) const;
  void Apply(const AlertChanges& changes);

  const AlertMap& alerts() const { return alerts_; }
  // After a restart: the book as it was found.
  void Restart(AlertMap found, int64_t now) {
    alerts_ = std::move(found);
    watched_since_ = now;
  }

 private:
  std::optional<ReferenceAlert> Next(const ReferenceAlert* held,
                                     const std::vector<const Reason*>& reasons,
                                     const std::vector<const Reason*>& unknown, int64_t now) const;

  int64_t resend_seconds_;
  AlertMap alerts_;
  int64_t watched_since_ = 0;
};

}  // namespace slowburn::sim
