#include "serve/internal/query_stats.h"

#include <chrono>
#include <iterator>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "serve/internal/api_json.h"

namespace slowburn::serve::internal {
namespace {

constexpr std::string_view kTotals = "true";
constexpr std::string_view kSteps = "all";

double SecondsOf(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// ,"NAMEPerStep":[[1435781451,12],...]
void AppendSteps(std::string& json, std::string_view name, const promql::StepGrid& grid,
                 const std::vector<uint64_t>& by_step) {
  fmt::format_to(std::back_inserter(json), "\"{}PerStep\":[", name);
  for (size_t step = 0; step < by_step.size(); ++step) {
    fmt::format_to(std::back_inserter(json), "{}[{},{}]", step == 0 ? "" : ",",
                   GoFixed(static_cast<double>(grid.TimeAt(step)) / 1000), by_step[step]);
  }
  json += "],";
}

void AppendTotal(std::string& json, std::string_view name, const std::vector<uint64_t>& by_step) {
  fmt::format_to(std::back_inserter(json), "\"{}\":{},", name,
                 std::accumulate(by_step.begin(), by_step.end(), uint64_t{0}));
}

std::string SamplesJson(const promql::StepGrid& grid, const promql::QuerySamples& samples,
                        bool with_steps) {
  std::string json = "{";
  if (with_steps) AppendSteps(json, "totalQueryableSamples", grid, samples.queryable);
  AppendTotal(json, "totalQueryableSamples", samples.queryable);
  if (with_steps) AppendSteps(json, "samplesRead", grid, samples.read);
  AppendTotal(json, "samplesRead", samples.read);
  fmt::format_to(std::back_inserter(json), "\"peakSamples\":{}}}", samples.peak);
  return json;
}

}  // namespace

void WarnOfStats(std::string_view parameter, promql::Annotations& annotations) {
  if (parameter.empty() || parameter == kTotals || parameter == kSteps) return;
  std::string value;
  AppendJsonString(value, parameter);
  annotations.AddWarning(
      fmt::format("value {} for parameter \"stats\" is deprecated and will be rejected in the next "
                  "major release, use \"{}\" or \"{}\"",
                  value, kTotals, kSteps));
}

std::string StatsJson(const ApiContext& context, std::string_view parameter,
                      const promql::QueryResult& result) {
  const auto end = context.sources.clock.Monotonic();
  const std::string run = GoFixed(SecondsOf(end - context.begun));
  std::string json = fmt::format(
      ",\"stats\":{{\"timings\":{{\"evalTotalTime\":{},\"resultSortTime\":0,"
      "\"queryPreparationTime\":0,\"innerEvalTime\":{},\"execQueueTime\":{},"
      "\"execTotalTime\":{}}}",
      run, run, GoFixed(SecondsOf(context.begun - context.asked)),
      GoFixed(SecondsOf(end - context.asked)));
  if (result.samples.has_value())
    json += ",\"samples\":" + SamplesJson(result.steps, *result.samples, parameter == kSteps);
  return json + '}';
}

}  // namespace slowburn::serve::internal
