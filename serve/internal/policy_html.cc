#include "serve/internal/policy_html.h"

#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "serve/internal/html_text.h"

namespace slowburn::serve::internal {
namespace {

template <typename... Args>
void Put(std::string& html, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(html), text, std::forward<Args>(args)...);
}

std::string RateText(const std::optional<double>& rate) {
  return rate.has_value() ? fmt::format("{:.4g}", *rate) : "–";
}

// When an alert is told of: "2m", "2m, kept 5m", "nobody".
std::string TimesText(bool disabled, std::chrono::seconds hold, std::chrono::seconds kept) {
  if (disabled) return "nobody is told";
  std::string text = base::FormatDuration(hold);
  if (kept.count() > 0) text += ", kept " + base::FormatDuration(kept);
  return text;
}

}  // namespace

std::string TierStatesHtml(const slo::SloSpec& spec, const slo::GroupStatus& group) {
  struct Shown {
    std::string names;
    std::string reasons;
  };
  std::map<std::string_view, Shown> by_state;
  const auto show = [&](std::string_view state, std::string_view name, std::string_view reason) {
    Shown& shown = by_state[state];
    Put(shown.names, "{}{}", shown.names.empty() ? "" : ", ", EscapeHtml(name));
    Put(shown.reasons, "{}{}: {}", shown.reasons.empty() ? "" : "; ", EscapeHtml(name),
        EscapeHtml(reason));
  };
  for (const slo::TierStatus& tier : group.tiers) {
    if (!tier.reason.empty()) show(slo::TierStateName(tier.state), tier.tier.name, tier.reason);
  }
  // Of every budget alike: the SLO's row has it.
  if (group.group == slo::kTotalGroup) {
    for (const slo::UnreachableTier& tier : spec.policy.unreachable)
      show("unreachable", tier.name, tier.reason);
  }
  std::string html;
  for (const auto& [state, shown] : by_state) {
    Put(html, "<span class=\"tier\" title=\"{}\">{} {}</span> ", shown.reasons,
        state == "too_coarse" ? "too coarse" : state, shown.names);
  }
  return html;
}

std::string PolicyHtml(const slo::SloSpec& spec, const slo::GroupStatus& total) {
  std::string html;
  Put(html,
      "<tr class=\"policy\"><td colspan=\"10\"><table><thead><tr><th scope=\"col\">{}</th>"
      "<th scope=\"col\">Severity</th><th scope=\"col\">Burns above</th><th "
      "scope=\"col\">Long</th><th scope=\"col\">Short</th><th scope=\"col\">Least total, "
      "bad</th><th scope=\"col\">For</th><th scope=\"col\">Now</th></tr></thead><tbody>\n",
      EscapeHtml(spec.policy.name));
  for (const slo::TierStatus& status : total.tiers) {
    const slo::AlertTier& tier = status.tier;
    Put(html,
        "<tr><td>{}</td><td>{}</td><td>{:g}</td><td>{}</td><td>{}</td><td>{}, "
        "{}</td><td>{}</td><td>{}{}{}</td></tr>\n",
        EscapeHtml(tier.name), EscapeHtml(tier.severity), tier.factor.value(),
        RateText(status.long_burn_rate), RateText(status.short_burn_rate), tier.min_total,
        tier.min_bad, TimesText(tier.disabled, tier.hold, tier.keep_firing_for),
        slo::TierStateName(status.state), status.reason.empty() ? "" : ": ",
        EscapeHtml(status.reason));
  }
  for (const slo::UnreachableTier& tier : spec.policy.unreachable) {
    Put(html,
        "<tr><td>{}</td><td>{}</td><td></td><td></td><td></td><td></td><td></td><td>unreachable: "
        "{}</td></tr>\n",
        EscapeHtml(tier.name), EscapeHtml(tier.severity), EscapeHtml(tier.reason));
  }
  for (const slo::StateAlertStatus& status : total.state_alerts) {
    const slo::StateAlert& alert = status.alert;
    Put(html,
        "<tr><td>{} {}</td><td>{}</td><td></td><td></td><td></td><td></td><td>{}</td><td>{}</td>"
        "</tr>\n",
        slo::AlertNameOf(alert.kind), EscapeHtml(alert.name), EscapeHtml(alert.severity),
        TimesText(alert.disabled, alert.hold, alert.keep_firing_for),
        total.state == slo::SloState::kInvalid ? "unknown"
        : status.holds                         ? "holds"
                                               : "quiet");
  }
  html += "</tbody></table></td></tr>\n";
  return html;
}

}  // namespace slowburn::serve::internal
