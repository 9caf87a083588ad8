#include "app/load_report.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/load_payload.h"
#include "app/table.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

using Seconds = std::chrono::duration<double>;

constexpr std::array<std::pair<const char*, double>, 4> kPercentiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double InSeconds(std::chrono::nanoseconds time) { return Seconds(time).count(); }

// Three digits: "312 us", "4.21 ms", "1.50 s".
std::string LatencyText(std::chrono::nanoseconds latency) {
  const double seconds = InSeconds(latency);
  const auto text = [](double number, std::string_view unit) {
    const int digits = number < 10 ? 2 : number < 100 ? 1 : 0;
    return fmt::format("{:.{}f} {}", number, digits, unit);
  };
  if (seconds < 1e-3) return text(seconds * 1e6, "us");
  return seconds < 1 ? text(seconds * 1e3, "ms") : text(seconds, "s");
}

json::object CountsJson(const LoadCounts& counts) {
  return {{"sent", counts.sent},
          {"acked", counts.acked},
          {"rejected", counts.rejected},
          {"failed", counts.failed},
          {"unacknowledged", counts.unacknowledged},
          {"retried", counts.retried}};
}

json::value LatencyJson(const LatencyHistogram& latency) {
  if (latency.count() == 0) return nullptr;
  json::object object{{"mean", InSeconds(latency.Mean())}};
  for (const auto& [name, share] : kPercentiles) {
    object[name] = InSeconds(latency.Percentile(share));
  }
  object["max"] = InSeconds(latency.max());
  return object;
}

json::object ServicesJson(const std::vector<LoadServiceCounts>& services) {
  json::object object;
  for (size_t i = 0; i < services.size(); ++i) {
    object[LoadServiceName(i, services.size())] = {
        {"good", services[i].good}, {"bad", services[i].bad}, {"uncertain", services[i].uncertain}};
  }
  return object;
}

json::object StreamsJson(const LoadReport& report) {
  json::object object;
  for (size_t i = 0; i < report.streams.size(); ++i) {
    const LoadPlan::Stream& stream = report.streams[i];
    const LoadStreamCounts& counts = report.totals.streams[i];
    json::object entry{{"items_per_request", stream.items},
                       {"items", CountsJson(counts.items)},
                       {"requests", CountsJson(counts.requests)}};
    if (stream.signal != model::Signal::kMetrics) {
      entry["services"] = ServicesJson(counts.services);
    }
    object[json::string(std::string(model::SignalName(stream.signal)))] = std::move(entry);
  }
  return object;
}

json::value OrNull(const auto& optional) {
  return optional ? json::value(*optional) : json::value(nullptr);
}

void AppendRanges(model::Signal signal, std::string_view outcome, const NumberRanges& numbers,
                  std::string& text) {
  for (const auto& [first, last] : numbers.ranges()) {
    text += fmt::format("{} {} {} {}\n", model::SignalName(signal), outcome, first, last);
  }
}

}  // namespace

double LoadReport::AckedPerSecond() const {
  return elapsed.count() > 0 ? static_cast<double>(totals.Items().acked) / elapsed.count() : 0;
}

std::string LoadReportTable(const LoadReport& report) {
  Table counts({"SIGNAL", "SENT", "ACKED", "REJECTED", "FAILED", "UNACKNOWLEDGED", "RETRIED"});
  const auto add = [&](std::string_view name, const LoadCounts& items) {
    counts.Add({std::string(name), fmt::format("{}", items.sent), fmt::format("{}", items.acked),
                fmt::format("{}", items.rejected), fmt::format("{}", items.failed),
                fmt::format("{}", items.unacknowledged), fmt::format("{}", items.retried)});
  };
  for (size_t i = 0; i < report.streams.size(); ++i) {
    add(model::SignalName(report.streams[i].signal), report.totals.streams[i].items);
  }
  if (report.streams.size() > 1) add("all", report.totals.Items());

  const LatencyHistogram& latency = report.totals.latency;
  Table figures({"FIGURE", "VALUE"});
  figures.Add({"acked", fmt::format("{:.0f} items/s", report.AckedPerSecond())});
  if (report.items_per_second) {
    figures.Add({"asked for", fmt::format("{:.0f} items/s", *report.items_per_second)});
  }
  if (report.not_sent.value_or(0) > 0) {
    figures.Add({"not sent", fmt::format("{} items that were planned", *report.not_sent)});
  }
  if (latency.count() > 0) {
    for (const auto& [name, share] : kPercentiles) {
      figures.Add({fmt::format("latency {}", name), LatencyText(latency.Percentile(share))});
    }
    figures.Add({"latency max", LatencyText(latency.max())});
  }
  figures.Add({"bytes", report.totals.bytes_sent
                            ? fmt::format("{} sent, {} before compression and retries",
                                          *report.totals.bytes_sent, report.totals.bytes_plain)
                            : fmt::format("{} before compression", report.totals.bytes_plain)});
  figures.Add({"time", fmt::format("{:.2f} s", report.elapsed.count())});
  figures.Add({"CPU here", fmt::format("{:.2f} s", report.cpu.count())});
  for (const auto& [reason, times] : report.totals.errors) {
    figures.Add({fmt::format("answered {}", reason), fmt::format("{} times", times)});
  }
  if (!report.totals.last_error.empty()) figures.Add({"last trouble", report.totals.last_error});
  return counts.Text() + "\n" + figures.Text();
}

std::string LoadReportJson(const LoadReport& report) {
  json::object errors;
  for (const auto& [reason, times] : report.totals.errors) errors[reason] = times;
  const json::object object{{"target", report.target},
                            {"protocol", report.protocol},
                            {"encoding", report.encoding},
                            {"compression", report.compression},
                            {"seed", report.seed},
                            {"elapsed_seconds", report.elapsed.count()},
                            {"cpu_seconds", report.cpu.count()},
                            {"asked_items_per_second", OrNull(report.items_per_second)},
                            {"acked_items_per_second", report.AckedPerSecond()},
                            {"items", CountsJson(report.totals.Items())},
                            {"requests", CountsJson(report.totals.Requests())},
                            {"items_not_sent", OrNull(report.not_sent)},
                            {"latency_seconds", LatencyJson(report.totals.latency)},
                            {"bytes_plain", report.totals.bytes_plain},
                            {"bytes_sent", OrNull(report.totals.bytes_sent)},
                            {"errors", errors},
                            {"last_error", report.totals.last_error},
                            {"signals", StreamsJson(report)}};
  return json::serialize(object);
}

std::string LoadRequestsText(const LoadReport& report) {
  std::string text = fmt::format(
      "# What became of each request of slowburn load, seed {}: signal, outcome, first and last\n"
      "# number. Request n has the items n * ITEMS to (n + 1) * ITEMS - 1, with ITEMS being",
      report.seed);
  for (const LoadPlan::Stream& stream : report.streams) {
    text += fmt::format(" {} {}", model::SignalName(stream.signal), stream.items);
  }
  text += "\n";
  for (size_t i = 0; i < report.streams.size(); ++i) {
    const LoadStreamCounts& counts = report.totals.streams[i];
    const model::Signal signal = report.streams[i].signal;
    AppendRanges(signal, "acked", counts.acked, text);
    AppendRanges(signal, "partial", counts.partial, text);
    AppendRanges(signal, "failed", counts.failed, text);
    AppendRanges(signal, "unacknowledged", counts.unacknowledged, text);
  }
  return text;
}

std::string LoadProgressLine(const LoadProgress& progress, Seconds elapsed, Seconds meanwhile,
                             double done) {
  constexpr size_t kWidth = 20;
  const auto filled = static_cast<size_t>(std::clamp(done, 0.0, 1.0) * kWidth);
  return fmt::format(
      "[{}{}] {:.0f} s  {:.0f} items/s  acked {}  rejected {}  retried {}  failed {}  p99 {}",
      std::string(filled, '#'), std::string(kWidth - filled, '-'), elapsed.count(),
      static_cast<double>(progress.acked_meanwhile) / std::max(meanwhile.count(), 1e-9),
      progress.items.acked, progress.items.rejected, progress.items.retried, progress.items.failed,
      LatencyText(progress.p99));
}

}  // namespace slowburn::app
