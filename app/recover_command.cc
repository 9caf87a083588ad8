// The loss is booked before it is put in place: the lost records' numbers are taken, the first by a
// record that says in the ledger how many there were, the others by empty ones. So no number is
// given twice, HIGH_WATER is met again, and an exchange of two folders is all that makes it so.
#include <cstdio>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/core.h"
#include "app/exit_code.h"
#include "app/ledger.h"
#include "base/clock.h"
#include "base/logging.h"
#include "base/status.h"
#include "base/time_text.h"
#include "storage/rocksdb/salvage.h"

namespace slowburn::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct RecoverOptions {
  std::string config;
  std::string data_dir;
  bool accept_loss = false;
  std::string output = "table";
};

// What there is to say, before and after.
struct Report {
  std::string data_dir;
  storage::SalvageFindings findings;
  int64_t kept_time_unix_nano = 0;  // of the newest record in the log; 0: a checkpoint has it
  std::string aside;                // the damaged database, once it was put aside

  uint64_t lost() const { return findings.known_sequence - findings.kept_sequence; }
  bool IsWhole() const { return findings.damage.empty() && lost() == 0; }
};

std::string TimeText(int64_t unix_nano) {
  return base::FormatRfc3339(base::UnixNanos(std::chrono::nanoseconds(unix_nano)));
}

absl::StatusOr<fs::path> FindDataDir(const RecoverOptions& options) {
  if (!options.data_dir.empty()) return fs::path(options.data_dir);
  ConfigResult config;
  if (!options.config.empty()) config = ReadConfigFile(options.config);
  if (!config.errors.empty()) return base::InvalidArgument("{}", config.errors.front());
  return config.config.data_dir;
}

// That the program comes up on what is kept; and when its newest record was written.
absl::StatusOr<int64_t> Replay(const storage::Store& store) {
  Core core(Core::Options(), store);
  SB_RETURN_IF_ERROR(base::Annotate(core.Recover(base::SystemClock().Now()),
                                    "what is left of the database does not fit together"));
  int64_t newest = 0;
  SB_RETURN_IF_ERROR(
      store.ReplayLog(store.checkpoint_sequence(), [&](uint64_t, std::string_view bytes) {
        store::v1::LogRecord record;
        if (record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
            record.time_unix_nano() > 0) {
          newest = record.time_unix_nano();
        }
        return absl::OkStatus();
      }));
  return newest;
}

absl::Status BookLoss(const Report& report, storage::Store& store) {
  if (report.lost() == 0) return absl::OkStatus();
  store::v1::LogRecord record;
  record.set_time_unix_nano(base::SystemClock().Now().time_since_epoch().count());
  AddToLedger(record,
              LostRecordsCounter(report.findings.kept_sequence + 1, report.findings.known_sequence),
              report.lost());
  SB_RETURN_IF_ERROR(store.AppendLog(record.SerializeAsString(), storage::Durability::kBuffered));
  while (store.last_sequence() < report.findings.known_sequence) {
    SB_RETURN_IF_ERROR(store.AppendLog("", storage::Durability::kBuffered));
  }
  return store.SyncLog();
}

void PrintKept(const Report& report) {
  fmt::print("kept: every record up to {}{}\n", report.findings.kept_sequence,
             report.kept_time_unix_nano == 0
                 ? ""
                 : fmt::format(", of {}", TimeText(report.kept_time_unix_nano)));
}

void PrintLost(const Report& report) {
  const storage::SalvageFindings& findings = report.findings;
  if (report.lost() == 0) {
    fmt::print("lost: {}\n", findings.is_log_cut
                                 ? "the damaged end of the log of writes, which shows no record"
                                 : "nothing that can be proved");
  } else {
    fmt::print(
        "lost: records {} to {}, {} of them: each one or more requests that were acknowledged, a "
        "change of alerts, or a second's accounts; how many events that is, nobody can know\n",
        findings.kept_sequence + 1, findings.known_sequence, report.lost());
  }
  if (findings.marked_time_unix_nano != 0) {
    fmt::print(
        "      HIGH_WATER was last written at {}; what was acknowledged in the second after "
        "it leaves no proof\n",
        TimeText(findings.marked_time_unix_nano));
  }
}

void PrintTable(const Report& report) {
  if (report.IsWhole()) {
    // What a start does by itself.
    for (const std::string& line : report.findings.repairs) fmt::print("note: {}\n", line);
    fmt::print("'{}' is whole, there is nothing to recover\n", report.data_dir);
    return;
  }
  for (const std::string& line : report.findings.damage) fmt::print("damage: {}\n", line);
  for (const std::string& line : report.findings.repairs) fmt::print("repair: {}\n", line);
  PrintKept(report);
  PrintLost(report);
  if (report.aside.empty()) {
    fmt::print(
        "nothing was changed. A backup may have more: see `slowburn backup list`. To go on with "
        "what is kept, run it again with --accept-loss\n");
  } else {
    fmt::print("'{}' has what is kept, the ledger has what is lost; the damaged database is '{}'\n",
               report.data_dir, report.aside);
  }
}

void PrintJson(const Report& report) {
  const storage::SalvageFindings& findings = report.findings;
  json::object object;
  object["data_dir"] = report.data_dir;
  object["whole"] = report.IsWhole();
  object["damage"] = json::array(findings.damage.begin(), findings.damage.end());
  object["repairs"] = json::array(findings.repairs.begin(), findings.repairs.end());
  object["kept_sequence"] = findings.kept_sequence;
  object["lost"] = nullptr;
  if (report.lost() > 0) {
    object["lost"] = json::object{{"from", findings.kept_sequence + 1},
                                  {"to", findings.known_sequence},
                                  {"records", report.lost()}};
  }
  object["done"] = !report.aside.empty();
  object["aside"] = report.aside;
  fmt::print("{}\n", json::serialize(object));
}

absl::StatusOr<Report> TryToRecover(const RecoverOptions& options) {
  SB_ASSIGN_OR_RETURN(const fs::path data_dir, FindDataDir(options));
  SB_ASSIGN_OR_RETURN(const auto salvage, storage::Salvage::Open(data_dir));
  Report report{.data_dir = data_dir.string(), .findings = salvage->findings()};
  SB_ASSIGN_OR_RETURN(report.kept_time_unix_nano, Replay(salvage->store()));
  if (report.IsWhole() || !options.accept_loss) return report;
  SB_RETURN_IF_ERROR(BookLoss(report, salvage->store()));
  SB_ASSIGN_OR_RETURN(const fs::path aside, salvage->Adopt());
  report.aside = aside.string();
  return report;
}

int Recover(const RecoverOptions& options) {
  base::SetLogLevel(base::LogLevel::kOff);  // RocksDB's complaints are in the report
  const absl::StatusOr<Report> report = TryToRecover(options);
  if (!report.ok()) {
    fmt::print(stderr, "{}\n", base::Message(report.status()));
    return static_cast<int>(ExitCodeOf(report.status()));
  }
  if (options.output == "json") {
    PrintJson(*report);
  } else {
    PrintTable(*report);
  }
  const bool is_good = report->IsWhole() || !report->aside.empty();
  return static_cast<int>(is_good ? ExitCode::kDone : ExitCode::kStoreCorrupt);
}

}  // namespace

void AddRecoverCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* recover = root.add_subcommand(
      "recover", "see what can be kept of a damaged data directory, and go on with that");
  const auto options = std::make_shared<RecoverOptions>();  // shared with the callback
  recover->add_option("--config", options->config, "the server's config file");
  recover->add_option("--data-dir", options->data_dir, "the data directory; default: the config's");
  recover->add_flag("--accept-loss", options->accept_loss,
                    "put what is kept in place, and book what is lost in the ledger");
  AddOutputOption(*recover, options->output);
  recover->footer(
      "Without --accept-loss it changes nothing. The damaged database is kept beside, as\n"
      "db.broken-TIME. A backup mostly loses less that matters: look there first.\n"
      "Exit codes: 0 whole or recovered, 5 damaged.\n"
      "Examples:\n  slowburn recover --config slowburn.yaml\n"
      "  slowburn recover --data-dir slowburn-data --accept-loss");
  recover->callback([run, options] { run([options] { return Recover(*options); }); });
}

}  // namespace slowburn::app
