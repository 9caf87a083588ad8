#include "serve/internal/home_page.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/time_text.h"
#include "serve/internal/budget_figures.h"
#include "serve/internal/group_alerts.h"
#include "serve/internal/html_text.h"
#include "serve/internal/json_error.h"
#include "serve/internal/policy_html.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::sys_seconds;

constexpr std::string_view kNone = "<span class=\"none\">–</span>";

template <typename... Args>
void Put(std::string& html, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(html), text, std::forward<Args>(args)...);
}

std::string_view StateWord(slo::SloState state) {
  return state == slo::SloState::kNoData ? "no data" : slo::SloStateName(state);
}

std::string StateBadge(slo::SloState state) {
  return fmt::format("<span class=\"state {}\">{}</span>", slo::SloStateName(state),
                     StateWord(state));
}

// What happens now is left out of every figure of the row.
std::string_view ExcludedBadge(const slo::SloStatus& status) {
  return status.is_excluded ? " <span class=\"excluded\" title=\"what happens now counts for "
                              "nothing\">excluded now</span>"
                            : "";
}

// "3 bad of 40 timeslices; 5 bad of 1000 events"
std::string CountsText(const BudgetMethod& method, const slo::GroupStatus& group) {
  const auto events =
      fmt::format("{} bad of {} events", group.in_window.bad, group.in_window.total());
  if (method.things == "events") return events;
  const auto things = [&](uint64_t counted) { return static_cast<double>(counted) / method.unit; };
  return fmt::format("{:.7g} bad of {:.7g} {}; {}", things(group.budget.bad),
                     things(group.budget.total()), method.things, events);
}

std::string SliText(const BudgetMethod& method, const slo::GroupStatus& group,
                    bool is_interpolated) {
  const std::optional<double> ratio = GoodRatio(group.budget);
  if (!ratio.has_value()) return std::string(kNone);
  return fmt::format("<span title=\"{}{}\">{}{}</span>", CountsText(method, group),
                     is_interpolated ? "; interpolated, the threshold is no bound" : "",
                     is_interpolated ? "≈ " : "", PercentText(*ratio, 4));
}

std::string BudgetText(const BudgetMethod& method, const slo::GroupStatus& group) {
  if (!group.budget_remaining_ratio.has_value()) return std::string(kNone);
  const double ratio = *group.budget_remaining_ratio;
  const std::string percent = PercentText(ratio, 1);
  return fmt::format(
      "<meter min=\"0\" max=\"1\" low=\"0.1\" high=\"0.25\" optimum=\"1\" value=\"{:.4f}\" "
      "title=\"{:.1f} {} left\">{}</meter> <span{}>{}</span>",
      std::clamp(ratio, 0.0, 1.0), group.budget_remaining_events / method.unit, method.things,
      percent, ratio < 0 ? " class=\"hot\"" : "", percent);
}

std::string ExhaustionText(const slo::GroupStatus& group) {
  if (!group.exhaustion_seconds.has_value()) return std::string(kNone);
  if (*group.exhaustion_seconds <= 0) return "<span class=\"hot\">spent</span>";
  // Further ahead a figure would only pretend to know.
  if (*group.exhaustion_seconds > 365 * 86400) return "&gt; 1 year";
  return RoughDuration(std::chrono::seconds(static_cast<int64_t>(*group.exhaustion_seconds)));
}

bool IsBurningOver(const slo::GroupStatus& group, std::chrono::seconds window) {
  return std::ranges::any_of(group.tiers, [&](const slo::TierStatus& tier) {
    return tier.state == slo::TierState::kBurning &&
           (tier.tier.long_window == window || tier.tier.short_window == window);
  });
}

// Three or four digits, so that windows stay in their columns.
int BurnDecimals(double burn_rate) { return burn_rate < 10 ? 2 : burn_rate < 100 ? 1 : 0; }

std::string BurnText(const slo::GroupStatus& group) {
  std::string html;
  for (const slo::WindowBurn& burn : group.burn_rates) {
    Put(html, "<span class=\"burn\"><i>{}</i> ", base::FormatDuration(burn.window));
    if (!burn.burn_rate.has_value()) {
      html += kNone;
    } else {
      Put(html, "<span{}>{:.{}f}</span>", IsBurningOver(group, burn.window) ? " class=\"hot\"" : "",
          *burn.burn_rate, BurnDecimals(*burn.burn_rate));
    }
    html += "</span> ";
  }
  return html.empty() ? std::string(kNone) : html;
}

// By what is shown of an alert: its severity, and of all but the burn rate's its name.
using CountBySeverity = std::map<std::string, int, std::less<>>;

void CountFiring(const std::vector<const model::Alert*>& alerts, CountBySeverity& firing) {
  for (const model::Alert* alert : alerts) {
    if (alert->state != model::AlertState::kFiring) continue;
    const std::string severity(alert->labels.Get("severity"));
    const std::string_view name = alert->labels.Get("alertname");
    ++firing[name == "SLOBurnRate" ? severity : fmt::format("{} {}", severity, name)];
  }
}

std::string FiringText(const CountBySeverity& firing) {
  std::string html;
  for (const auto& [severity, count] : firing) {
    Put(html, "<span class=\"firing\">{}", EscapeHtml(severity.empty() ? "alert" : severity));
    if (count > 1) Put(html, " ×{}", count);
    html += "</span> ";
  }
  return html.empty() ? std::string(kNone) : html;
}

std::string LastEventText(const slo::GroupStatus& group, sys_seconds now) {
  if (!group.last_event.has_value()) return "<span class=\"none\">never</span>";
  return fmt::format("<time datetime=\"{0}\" title=\"{0}\">{1} ago</time>",
                     base::FormatRfc3339(*group.last_event),
                     RoughDuration(now - *group.last_event));
}

// The cells from SLI on, equal for totals and groups.
void PutFigures(std::string& html, const slo::SloSpec& spec, const slo::GroupStatus& group,
                bool is_interpolated, const CountBySeverity& firing, sys_seconds now) {
  const BudgetMethod method = BudgetMethodOf(spec);
  Put(html,
      "<td class=\"number\">{}</td><td class=\"budget\">{}</td><td class=\"number\">{}</td>"
      "<td class=\"burns\">{}{}</td><td>{}</td><td class=\"age\">{}</td></tr>\n",
      SliText(method, group, is_interpolated), BudgetText(method, group), ExhaustionText(group),
      BurnText(group), TierStatesHtml(spec, group), FiringText(firing), LastEventText(group, now));
}

void PutGroupRow(std::string& html, const slo::SloSpec& spec, const slo::GroupStatus& group,
                 bool is_interpolated, const GroupAlerts& alerts, sys_seconds now) {
  std::string labels;
  for (size_t i = 0; i < std::min(spec.sli.group_by.size(), group.values.size()); ++i) {
    Put(labels, "{}<i>{}</i> {}", i > 0 ? "<br>" : "", EscapeHtml(spec.sli.group_by[i]),
        EscapeHtml(group.values[i]));
  }
  CountBySeverity firing;
  CountFiring(alerts.Of(spec, group), firing);
  Put(html, "<tr class=\"group\"><th scope=\"row\">{}</th><td>{}</td><td></td><td></td>", labels,
      StateBadge(group.state));
  PutFigures(html, spec, group, is_interpolated, firing, now);
}

// Those that need somebody first: what is cut off is fine.
std::vector<const slo::GroupStatus*> GroupsByUrgency(const slo::SloStatus& status) {
  std::vector<const slo::GroupStatus*> groups;
  for (const slo::SloState state : kStatesByUrgency) {
    for (const slo::GroupStatus& group : status.groups) {
      if (group.group != slo::kTotalGroup && group.state == state) groups.push_back(&group);
    }
  }
  return groups;
}

// A link out only where the browser can do nothing else with it.
std::string RunbookLink(const slo::SloSpec& spec) {
  if (!spec.runbook_url.starts_with("https://") && !spec.runbook_url.starts_with("http://")) {
    return {};
  }
  return fmt::format(" <a class=\"runbook\" href=\"{}\" rel=\"noreferrer\">runbook</a>",
                     EscapeHtml(spec.runbook_url));
}

// "30d", or "month Europe/Paris" and when it ends; under it how the budget counts, where that is
// not by events.
std::string WindowText(const slo::SloSpec& spec, sys_seconds now) {
  std::string html = EscapeHtml(spec.window_text);
  if (const auto period = PeriodOf(spec, now)) {
    const std::string start = base::FormatRfc3339(period->start);
    if (!period->end.has_value()) {
      Put(html, "<br><small>since {}</small>", start);
    } else {
      Put(html, "<br><small title=\"{} to {}\">ends in {}</small>", start,
          base::FormatRfc3339(*period->end), RoughDuration(*period->end - now));
    }
  }
  const BudgetMethod method = BudgetMethodOf(spec);
  if (method.name != slo::BudgetingMethodName(slo::BudgetingMethod::kOccurrences))
    Put(html, "<br><small>{}</small>", method.Text());
  return html;
}

void PutMemberRow(std::string& html, const CompositeMembers::Member& member, bool weighted) {
  const std::string id = EscapeHtml(member.id);
  Put(html, "<tr class=\"group\"><th scope=\"row\"><i>member</i> <a href=\"#{0}\">{0}</a>", id);
  if (weighted) Put(html, " ×{}", member.weight);
  Put(html,
      "</th><td>{}</td><td colspan=\"3\"></td><td class=\"budget\">{}</td>"
      "<td colspan=\"4\"></td></tr>\n",
      member.total == nullptr ? std::string(kNone) : StateBadge(member.total->state),
      member.total == nullptr || !member.total->budget_remaining_ratio.has_value()
          ? std::string(kNone)
          : PercentText(*member.total->budget_remaining_ratio, 1));
}

void PutSlo(std::string& html, const slo::SloSpec& spec, const slo::SloStatus& status,
            const GroupAlerts& alerts, const CompositeMembers& members, bool with_policy,
            sys_seconds now) {
  if (status.groups.empty()) return;
  const std::string id = EscapeHtml(spec.id());
  const bool is_interpolated = status.metric.has_value() && status.metric->is_interpolated;
  CountBySeverity firing;
  for (const slo::GroupStatus& group : status.groups) CountFiring(alerts.Of(spec, group), firing);
  Put(html,
      "<tbody id=\"{0}\"><tr class=\"slo\"><th scope=\"row\"><a href=\"/api/slo/v1/slos/{0}\" "
      "title=\"{1}\">{2}/<wbr>{3}</a>{4}</th>",
      id, EscapeHtml(spec.description), EscapeHtml(spec.service), EscapeHtml(spec.name),
      RunbookLink(spec));
  Put(html, "<td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>",
      StateBadge(status.state) + std::string(ExcludedBadge(status)), spec.objective.Text(),
      WindowText(spec, now));
  PutFigures(html, spec, status.groups.front(), is_interpolated, firing, now);
  for (const CompositeMembers::Member& member : members.Of(spec)) {
    PutMemberRow(html, member, spec.sli.composite()->method == slo::CompositeMethod::kWeighted);
  }
  const std::vector<const slo::GroupStatus*> groups = GroupsByUrgency(status);
  for (size_t i = 0; i < std::min(groups.size(), kGroupsPerSloMax); ++i) {
    PutGroupRow(html, spec, *groups[i], is_interpolated, alerts, now);
  }
  if (groups.size() > kGroupsPerSloMax) {
    Put(html,
        "<tr class=\"group\"><td colspan=\"10\"><a href=\"/api/slo/v1/slos/{}\">{} "
        "more</a></td></tr>\n",
        id, groups.size() - kGroupsPerSloMax);
  }
  if (with_policy) html += PolicyHtml(spec, status.groups.front());
  html += "</tbody>\n";
}

struct StateCounts {
  size_t all = 0;
  std::map<slo::SloState, size_t> by_state;
};

void PutHeader(std::string& html, const ServerReading& server, const StateCounts& counts,
               const SloFilter& filter) {
  Put(html, "<header><h1><a href=\"/\">slowburn</a></h1><span class=\"version\">{}</span>",
      EscapeHtml(server.version));
  if (server.ready) {
    html += "<span class=\"ready\">ready</span>";
  } else {
    Put(html, "<span class=\"unready\">not ready: {}</span>", EscapeHtml(server.not_ready_because));
  }
  Put(html, "<nav><a{} href=\"/\">{} {}</a>", filter.empty() ? " class=\"chosen\"" : "", counts.all,
      counts.all == 1 ? "SLO" : "SLOs");
  for (const auto state : kStatesByUrgency) {
    const auto found = counts.by_state.find(state);
    if (found == counts.by_state.end()) continue;
    Put(html, "<a class=\"state {}\" href=\"/?state={}\">{} {}</a>", slo::SloStateName(state),
        slo::SloStateName(state), found->second, StateWord(state));
  }
  html += "</nav></header>\n";
  if (!server.config_ok) {
    Put(html,
        "<pre class=\"trouble\">the last reload was refused, the SLOs before it hold:\n{}</pre>\n",
        EscapeHtml(server.config_error));
  }
}

void PutHead(std::string& html, const StateCounts& counts) {
  std::string title = "slowburn";
  for (const slo::SloState state : {slo::SloState::kBurning, slo::SloState::kExhausted}) {
    const auto found = counts.by_state.find(state);
    if (found == counts.by_state.end()) continue;
    title = fmt::format("{} {} · {}", found->second, StateWord(state), title);
  }
  Put(html,
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"refresh\" content=\"5\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\">"
      "<title>{}</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body>\n",
      title);
}

void PutTable(std::string& html, const SloReading& reading, const SloFilter& filter) {
  const GroupAlerts alerts(reading);
  const CompositeMembers members(reading);
  std::vector<const slo::SloStatus*> matching;
  for (const slo::SloStatus& status : reading.statuses) {
    if (filter.Matches((*reading.slos)[status.index], status)) matching.push_back(&status);
  }
  const size_t shown = std::min(matching.size(), kSlosOnPageMax);
  const size_t hidden = matching.size() - shown;
  std::string rows;
  for (size_t i = 0; i < shown; ++i) {
    PutSlo(rows, (*reading.slos)[matching[i]->index], *matching[i], alerts, members,
           shown <= kPoliciesOnPageMax, reading.now);
  }
  if (shown == 0) {
    html += filter.empty() ? "<p>No SLO is loaded. Name files under <code>slos:</code> in the "
                             "config, then POST to <code>/-/reload</code>.</p>\n"
                           : "<p>No SLO matches. <a href=\"/\">Show all.</a></p>\n";
    return;
  }
  html +=
      "<table><thead><tr><th scope=\"col\">SLO</th><th scope=\"col\">State</th>"
      "<th scope=\"col\" class=\"number\">Objective</th><th scope=\"col\" "
      "class=\"number\">Window</th>"
      "<th scope=\"col\" class=\"number\">SLI</th><th scope=\"col\">Budget remaining</th>"
      "<th scope=\"col\" class=\"number\">Exhausted in</th><th scope=\"col\">Burn rates</th>"
      "<th scope=\"col\">Firing</th><th scope=\"col\">Last event</th></tr></thead>\n";
  html += rows;
  html += "</table>\n";
  if (hidden > 0) {
    Put(html,
        "<p>{} more SLOs: ask for fewer with <code>/?service=NAME</code> or "
        "<code>/?label.team=NAME</code>.</p>\n",
        hidden);
  }
}

}  // namespace

std::string HomePage(const SloReading& reading, const ServerReading& server,
                     const SloFilter& filter) {
  StateCounts counts;
  for (const slo::SloStatus& status : reading.statuses) {
    ++counts.all;
    ++counts.by_state[status.state];
  }
  std::string html;
  PutHead(html, counts);
  PutHeader(html, server, counts, filter);
  html += "<main>\n";
  PutTable(html, reading, filter);
  Put(html,
      "</main>\n<footer><span>as of {}</span><nav><a href=\"/api/slo/v1/slos\">SLOs</a>"
      "<a href=\"/api/slo/v1/alerts\">alerts</a><a href=\"/api/slo/v1/exclusions\">exclusions</a>"
      "<a href=\"/api/slo/v1/ledger\">ledger</a>"
      "<a href=\"/api/slo/v1/status\">status</a><a href=\"/metrics\">metrics</a></nav></footer>\n"
      "</body></html>\n",
      base::FormatRfc3339(reading.now));
  return html;
}

void AddHomeRoutes(net::RouteTable& table, const Queries& queries) {
  net::Handler page = [&queries](const net::HttpRequest& request, net::Reply reply) {
    const absl::StatusOr<SloFilter> filter = SloFilter::Parse(request);
    if (!filter.ok()) {
      std::move(reply)(StatusResponse(filter.status()));
      return;
    }
    net::HttpResponse response;
    response.content_type = "text/html; charset=utf-8";
    response.headers = {{"Content-Security-Policy",
                         "default-src 'none'; style-src 'self'; base-uri 'none'; "
                         "form-action 'none'; frame-ancestors 'none'"},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cache-Control", "no-store"}};
    response.body = HomePage(queries.AllSlos(), queries.Server(), *filter);
    std::move(reply)(std::move(response));
  };
  net::Handler style = [](const net::HttpRequest&, net::Reply reply) {
    net::HttpResponse response;
    response.content_type = "text/css; charset=utf-8";
    response.headers = {{"Cache-Control", "max-age=60"}};
    response.body = kHomeStyle;
    std::move(reply)(std::move(response));
  };
  table.Add(
      {.role = net::Role::kRead, .method = "GET", .pattern = "/", .handler = std::move(page)});
  table.Add({.role = net::Role::kRead,
             .method = "GET",
             .pattern = "/style.css",
             .handler = std::move(style)});
}

}  // namespace slowburn::serve::internal
