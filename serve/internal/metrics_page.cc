#include "serve/internal/metrics_page.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include "base/duration_text.h"
#include "serve/internal/budget_figures.h"
#include "serve/internal/compat_text.h"
#include "serve/internal/exposition.h"
#include "serve/internal/latency_series.h"
#include "serve/internal/ledger_series.h"

namespace slowburn::serve::internal {
namespace {

// One budget, its labels written out once for all families.
struct Row {
  const slo::SloSpec* spec;
  const slo::GroupStatus* group;
  std::string labels;

  std::string With(std::string_view name, std::string_view value) const {
    std::string more = labels;
    AppendLabel(more, name, value);
    return more;
  }
};

std::string LabelsOf(const slo::SloSpec& spec, const slo::GroupStatus& group) {
  std::string labels;
  AppendLabel(labels, "service", spec.service);
  AppendLabel(labels, "slo", spec.name);
  const size_t count = std::min(spec.sli.group_by.size(), group.values.size());
  for (size_t i = 0; i < count; ++i) {
    AppendLabel(labels, model::NormalizedLabelName(spec.sli.group_by[i]), group.values[i]);
  }
  return labels;
}

void WriteSliRatio(Exposition& page, const Row& row, std::string_view window,
                   const slo::SliCounts& budget) {
  if (const std::optional<double> ratio = GoodRatio(budget))
    page.Sample(row.With("window", window), *ratio);
}

// As the budget counts. A calendar window has its own name: "month Europe/Paris" is no 30d.
void WriteSliRatios(Exposition& page, const Row& row) {
  const slo::Window& own = row.spec->window;
  bool has_own_window = false;
  for (const slo::WindowBurn& burn : row.group->burn_rates) {
    WriteSliRatio(page, row, base::FormatDuration(burn.window), burn.budget);
    has_own_window |= own.calendar() == nullptr && burn.window == own.nominal();
  }
  if (!has_own_window) WriteSliRatio(page, row, own.Text(), row.group->budget);
}

// `prefix` is "slowburn_slo_" or "slowburn_slo_group_".
void WriteFamilies(Exposition& page, std::string_view prefix, const std::vector<Row>& rows) {
  const auto begin = [&](std::string_view name, std::string_view type, std::string_view help) {
    page.Begin({fmt::format("{}{}", prefix, name), type, help});
  };
  begin("objective_ratio", "gauge", "The share of events that must be good.");
  for (const Row& row : rows) page.Sample(row.labels, row.spec->objective.ratio());

  begin("sli_ratio", "gauge",
        "The share of the window that was good, in what the budget counts: events or timeslices.");
  for (const Row& row : rows) WriteSliRatios(page, row);

  begin("burn_rate", "gauge",
        "How fast the error budget is spent: 1 spends it in exactly one SLO window.");
  for (const Row& row : rows) {
    for (const slo::WindowBurn& burn : row.group->burn_rates) {
      if (!burn.burn_rate.has_value()) continue;
      page.Sample(row.With("window", base::FormatDuration(burn.window)), *burn.burn_rate);
    }
  }

  begin("error_budget_remaining_ratio", "gauge",
        "The share of the SLO window's error budget that is left; negative once overspent.");
  for (const Row& row : rows) {
    if (row.group->budget_remaining_ratio.has_value()) {
      page.Sample(row.labels, *row.group->budget_remaining_ratio);
    }
  }

  begin("events_total", "counter", "Events counted, ever.");
  for (const Row& row : rows) {
    page.Sample(row.With("outcome", "good"), static_cast<double>(row.group->lifetime.good));
    page.Sample(row.With("outcome", "bad"), static_cast<double>(row.group->lifetime.bad));
  }

  begin("exhaustion_seconds", "gauge",
        "Time until the error budget is spent if errors go on as in the last hour.");
  for (const Row& row : rows) {
    if (row.group->exhaustion_seconds.has_value()) {
      page.Sample(row.labels, *row.group->exhaustion_seconds);
    }
  }
}

// `totals` have each SLO once. A tier that nobody is told of has none.
void WriteThresholds(Exposition& page, const std::vector<Row>& totals) {
  page.Begin({"slowburn_slo_burn_rate_threshold", "gauge",
              "An alert tier's condition: its window and its short_window burn faster than this."});
  for (const Row& row : totals) {
    for (const slo::AlertTier& tier : row.spec->policy.tiers) {
      if (tier.disabled) continue;
      std::string labels = row.With("severity", tier.severity);
      AppendLabel(labels, "short_window", base::FormatDuration(tier.short_window));
      AppendLabel(labels, "tier", tier.name);
      AppendLabel(labels, "window", base::FormatDuration(tier.long_window));
      page.Sample(labels, tier.factor.value());
    }
  }
}

void WriteExclusions(Exposition& page, const SloReading& reading) {
  const auto of_api =
      static_cast<size_t>(std::ranges::count(*reading.exclusions, "api", &slo::Exclusion::source));
  page.Begin({"slowburn_slo_exclusions", "gauge",
              "Maintenance windows that there are, past and future ones too, by where they come "
              "from."});
  page.Sample("source=\"api\"", static_cast<double>(of_api));
  page.Sample("source=\"file\"", static_cast<double>(reading.exclusions->size() - of_api));
  page.Begin({"slowburn_slo_excluded", "gauge",
              "Whether what happens now counts for nothing, by a maintenance window."});
  for (const slo::SloStatus& status : reading.statuses) {
    if (status.groups.empty()) continue;
    page.Sample(LabelsOf((*reading.slos)[status.index], status.groups.front()),
                status.is_excluded ? 1 : 0);
  }
}

}  // namespace

std::string SloSeriesText(const SloReading& reading) {
  std::vector<Row> totals;
  std::vector<Row> groups;
  size_t omitted = 0;
  for (const slo::SloStatus& status : reading.statuses) {
    const slo::SloSpec& spec = (*reading.slos)[status.index];
    for (const slo::GroupStatus& group : status.groups) {
      const bool is_total = group.group == slo::kTotalGroup;
      if (!is_total && groups.size() == kGroupsOnPageMax) {
        ++omitted;
        continue;
      }
      (is_total ? totals : groups).push_back({&spec, &group, LabelsOf(spec, group)});
    }
  }
  Exposition page;
  WriteFamilies(page, "slowburn_slo_", totals);
  WriteThresholds(page, totals);
  WriteExclusions(page, reading);
  WriteFamilies(page, "slowburn_slo_group_", groups);
  page.Begin({"slowburn_serve_groups_omitted", "gauge",
              "Groups of SLOs that this page has no series of, because it has 2000 others."});
  page.Sample("", static_cast<double>(omitted));
  return page.Take();
}

void AddMetricsRoute(net::RouteTable& table, const Queries& queries,
                     prometheus::Registry& registry) {
  net::Handler handler = [&queries, &registry](const net::HttpRequest&, net::Reply reply) {
    std::ostringstream own;
    prometheus::TextSerializer().Serialize(own, registry.Collect());
    net::HttpResponse response;
    response.content_type = Exposition::kContentType;
    response.body = std::move(own).str();
    response.body += LedgerSeriesText(queries.Ledger());
    const SloReading slos = queries.AllSlos();
    response.body += SloSeriesText(slos);
    response.body += LatencySeriesText(queries, slos);
    response.body += CompatSeriesText(slos);
    std::move(reply)(std::move(response));
  };
  table.Add({.role = net::Role::kRead,
             .method = "GET",
             .pattern = "/metrics",
             .handler = std::move(handler)});
}

}  // namespace slowburn::serve::internal
