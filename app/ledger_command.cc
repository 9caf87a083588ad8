#include <cstdio>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/table.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

struct LedgerOptions {
  ApiOptions api;
  std::string output = "table";
};

std::string Count(const json::object& entry, std::string_view key) {
  return json::serialize(entry.at(json::string_view(key.data(), key.size())));
}

uint64_t Sum(const json::object& reasons) {
  uint64_t sum = 0;
  for (const auto& reason : reasons) sum += reason.value().to_number<uint64_t>();
  return sum;
}

std::string Name(const json::key_value_pair& entry) { return std::string(entry.key()); }

Table Signals(const json::object& signals) {
  Table table({"SIGNAL", "DECODED", "ACCEPTED", "DUPLICATE", "REJECTED", "TOO LATE", "IMBALANCE"});
  for (const auto& signal : signals) {
    const json::object& entry = signal.value().as_object();
    table.Add({Name(signal), Count(entry, "decoded"), Count(entry, "accepted"),
               Count(entry, "duplicate"), fmt::format("{}", Sum(entry.at("rejected").as_object())),
               Count(entry, "too_late"), Count(entry, "imbalance")});
  }
  return table;
}

Table Downstreams(const json::object& downstreams) {
  Table table({"DOWNSTREAM", "ROUTED", "DELIVERED", "PENDING", "DROPPED", "IMBALANCE"});
  for (const auto& downstream : downstreams) {
    const json::object& entry = downstream.value().as_object();
    table.Add({Name(downstream), Count(entry, "routed"), Count(entry, "delivered"),
               Count(entry, "pending"), fmt::format("{}", Sum(entry.at("dropped").as_object())),
               Count(entry, "imbalance")});
  }
  return table;
}

// Why items and requests were not taken, or not passed on.
Table Reasons(const json::object& ledger) {
  Table table({"WHAT", "REASON", "COUNT"});
  const auto add = [&](const std::string& what, const json::object& reasons) {
    for (const auto& reason : reasons) {
      table.Add({what, Name(reason), json::serialize(reason.value())});
    }
  };
  for (const auto& signal : ledger.at("signals").as_object()) {
    add(Name(signal) + " rejected", signal.value().at("rejected").as_object());
  }
  add("requests refused", ledger.at("refused_requests").as_object());
  for (const json::value& lost : ledger.at("lost").as_array()) {
    table.Add(
        {"log records lost",
         fmt::format("{} to {}", Count(lost.as_object(), "from"), Count(lost.as_object(), "to")),
         Count(lost.as_object(), "records")});
  }
  for (const auto& downstream : ledger.at("downstreams").as_object()) {
    add(Name(downstream) + " dropped", downstream.value().at("dropped").as_object());
  }
  return table;
}

void Print(const json::value& answer) {
  const json::object& ledger = answer.as_object();
  fmt::print("{}", Signals(ledger.at("signals").as_object()).Text());
  if (!ledger.at("downstreams").as_object().empty()) {
    fmt::print("\n{}", Downstreams(ledger.at("downstreams").as_object()).Text());
  }
  fmt::print("\n{}\nimbalance {}\n", Reasons(ledger).Text(), Count(ledger, "imbalance"));
}

}  // namespace

void AddLedgerCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* ledger = root.add_subcommand(
      "ledger", "what became of everything that came in: nothing is lost silently");
  const auto options =
      std::make_shared<LedgerOptions>();  // Shared with the callback, which outlives this function.
  AddApiOptions(*ledger, options->api);
  AddOutputOption(*ledger, options->output);
  ledger->footer(
      "decoded = accepted + duplicate + rejected; per downstream routed = delivered + pending +\n"
      "dropped. The imbalance is 0 when nothing is under way.\n"
      "Example:\n  slowburn ledger --server http://127.0.0.1:7560");
  ledger->callback([run, options] {
    run([options] {
      return PrintAnswer(options->api, options->output,
                         GetFromApi(options->api, "/api/slo/v1/ledger"), Print);
    });
  });
}

}  // namespace slowburn::app
