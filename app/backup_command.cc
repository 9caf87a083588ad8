// Who makes a backup depends on who holds the data directory: a server that runs is asked by its
// API, a directory that nobody holds is opened here.
#include <chrono>
#include <cstdio>
#include <thread>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/core.h"
#include "app/exit_code.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/logging.h"
#include "base/status.h"
#include "base/time_text.h"
#include "serve/backups.h"
#include "storage/rocksdb/backups.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using storage::Backup;

constexpr const char* kPath = "/api/slo/v1/backups";
constexpr std::chrono::milliseconds kAskEvery{200};

struct BackupCommandOptions {
  ApiOptions api;
  bool server_given = false;
  std::string config;
  std::string data_dir;
  std::string backups;
  uint32_t keep = 0;
  bool keep_given = false;
  uint32_t id = 0;
  bool all = false;
  std::string into;
  std::string output = "table";
};

// What the options and the config file say together.
struct Places {
  fs::path data_dir;
  fs::path backups;
  uint32_t keep = 0;
  std::string server;
};

absl::StatusOr<Places> FindPlaces(const BackupCommandOptions& options) {
  ConfigResult config;
  if (!options.config.empty()) config = ReadConfigFile(options.config);
  if (!config.errors.empty()) return base::InvalidArgument("{}", config.errors.front());
  Places places{.data_dir = config.config.data_dir,
                .backups = config.config.backup_directory,
                .keep = config.config.backups_kept,
                .server = options.api.server};
  if (!options.data_dir.empty()) places.data_dir = options.data_dir;
  if (!options.backups.empty()) places.backups = options.backups;
  if (options.keep_given) places.keep = options.keep;
  if (!options.server_given) {
    places.server = fmt::format("{}://{}", config.config.tls.has_value() ? "https" : "http",
                                config.config.http.Text());
  }
  return places;
}

absl::StatusOr<fs::path> FindFolder(const BackupCommandOptions& options) {
  SB_ASSIGN_OR_RETURN(Places places, FindPlaces(options));
  if (!places.backups.empty()) return places.backups;
  return base::InvalidArgument(
      "no folder of backups is named; add --backups DIR, or --config with a file that has backup: "
      "{{directory: DIR}}");
}

int Fail(const absl::Status& status) {
  fmt::print(stderr, "{}\n", base::Message(status));
  return static_cast<int>(ExitCodeOf(status));
}

std::string MegaBytes(uint64_t bytes) {
  if (bytes < 1 << 20) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / (1 << 10));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string TimeText(int64_t unix_seconds) {
  std::string text =
      base::FormatRfc3339(std::chrono::sys_seconds(std::chrono::seconds(unix_seconds)));
  return text.replace(text.find('.'), 4, "");  // whole seconds
}

// One line on a terminal that is written over, and nothing elsewhere.
class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)) {}
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Show(uint64_t bytes) {
    if (isatty(STDERR_FILENO) == 0) return;
    fmt::print(stderr, "\r\x1b[K{} {}", what_, MegaBytes(bytes));
    std::fflush(stderr);
    shown_ = true;
  }

 private:
  const std::string what_;
  bool shown_ = false;
};

void PrintBackup(const Backup& backup, std::string_view what, const std::string& output) {
  if (output == "json") {
    fmt::print("{}\n", json::serialize(serve::BackupJson(backup)));
    return;
  }
  fmt::print("backup {} {}: of {}, records up to {}, {} in {} files, {} of them new\n", backup.id,
             what, TimeText(backup.time_unix_seconds), backup.sequence, MegaBytes(backup.bytes),
             backup.files, MegaBytes(backup.added_bytes));
}

Backup ReadBackup(const json::value& value) {
  return {.id = value.at("id").to_number<uint32_t>(),
          .time_unix_seconds = value.at("time").to_number<int64_t>(),
          .sequence = value.at("sequence").to_number<uint64_t>(),
          .format = value.at("format").to_number<uint32_t>(),
          .bytes = value.at("bytes").to_number<uint64_t>(),
          .added_bytes = value.at("added_bytes").to_number<uint64_t>(),
          .files = value.at("files").to_number<uint32_t>()};
}

// --- create

// What a server that was asked says of its run; nothing while it goes on.
absl::StatusOr<std::optional<Backup>> ReadRun(const json::value& run, uint64_t number) {
  if (run.is_null() || run.at("number").to_number<uint64_t>() != number) {
    return base::Unavailable("the server was restarted before the backup was made; ask again");
  }
  const std::string state = run.at("state").as_string().c_str();
  if (state == "running") return std::nullopt;
  if (state == "done") return ReadBackup(run.at("backup"));
  return base::Unavailable("{}", run.at("error").as_string().c_str());
}

absl::StatusOr<Backup> AskServer(const ApiOptions& api) {
  try {
    SB_ASSIGN_OR_RETURN(const std::string begun, CallApi(api, "POST", kPath, ""));
    const uint64_t number = json::parse(begun).at("run").at("number").to_number<uint64_t>();
    Progress progress("copied");
    for (;;) {
      std::this_thread::sleep_for(kAskEvery);
      SB_ASSIGN_OR_RETURN(const std::string answer, GetFromApi(api, kPath));
      const json::value run = json::parse(answer).at("run");
      SB_ASSIGN_OR_RETURN(const std::optional<Backup> made, ReadRun(run, number));
      if (made.has_value()) return *made;
      progress.Show(run.at("bytes_copied").to_number<uint64_t>());
    }
  } catch (const std::exception& error) {
    return base::Unavailable(
        "{} gave an answer that slowburn does not understand ({}); is it the same version?",
        api.server, error.what());
  }
}

absl::StatusOr<Backup> CreateOffline(storage::BackupableStore& store, const Places& places) {
  if (places.backups.empty()) {
    return base::InvalidArgument(
        "no folder is named to hold the backup; add --backups DIR, or --config with a file that "
        "has backup: {{directory: DIR}}");
  }
  Progress progress("copied");
  storage::BackupOptions options{
      .folder = places.backups,
      .keep = places.keep,
      .time_unix_seconds = base::FloorSeconds(base::SystemClock().Now()).time_since_epoch().count(),
      .copied = [&](uint64_t bytes) { progress.Show(bytes); },
      .stop = {}};
  return store.CreateBackup(options);
}

absl::StatusOr<Backup> CreateAnywhere(const BackupCommandOptions& options) {
  SB_ASSIGN_OR_RETURN(const Places places, FindPlaces(options));
  ApiOptions api = options.api;
  api.server = places.server;
  if (options.server_given) return AskServer(api);
  std::error_code error;
  if (!fs::exists(places.data_dir / "FORMAT", error)) {
    return base::NotFound("'{}' is no data directory; name one with --data-dir or --config",
                          places.data_dir.string());
  }
  auto store =
      storage::OpenRocksdbStore({.directory = places.data_dir, .keeps_older_format = true});
  if (store.ok()) return CreateOffline(**store, places);
  if (!absl::IsFailedPrecondition(store.status())) return store.status();
  if (!options.backups.empty() || options.keep_given) {
    return base::InvalidArgument(
        "{}; a server that runs keeps its backups as its config says: leave out --backups and "
        "--keep",
        base::Message(store.status()));
  }
  return AskServer(api);
}

int Create(const BackupCommandOptions& options) {
  const absl::StatusOr<Backup> backup = CreateAnywhere(options);
  if (!backup.ok()) return Fail(backup.status());
  PrintBackup(*backup, "made", options.output);
  return 0;
}

// --- list

int List(const BackupCommandOptions& options) {
  const absl::StatusOr<fs::path> folder = FindFolder(options);
  if (!folder.ok()) return Fail(folder.status());
  const auto list = storage::ListBackups(*folder);
  if (!list.ok()) return Fail(list.status());
  if (options.output == "json") {
    fmt::print("{}\n", json::serialize(serve::BackupListJson(list->backups, list->damaged)));
    return 0;
  }
  Table table({"BACKUP", "TIME", "RECORDS UP TO", "FORMAT", "SIZE", "NEW", "FILES"});
  for (const Backup& backup : list->backups) {
    table.Add({fmt::format("{}", backup.id), TimeText(backup.time_unix_seconds),
               fmt::format("{}", backup.sequence), fmt::format("{}", backup.format),
               MegaBytes(backup.bytes), MegaBytes(backup.added_bytes),
               fmt::format("{}", backup.files)});
  }
  for (const uint32_t id : list->damaged) table.Add({fmt::format("{}", id), "damaged"});
  fmt::print("{}", table.Text());
  return 0;
}

// --- verify

// That the program comes up on it: every checkpoint and every record of the log is read as a start
// reads them.
absl::Status Replay(const fs::path& folder, uint32_t id) {
  SB_ASSIGN_OR_RETURN(const storage::OpenedBackup opened, storage::OpenBackup(folder, id));
  Core core(Core::Options(), *opened.store);
  return base::Annotate(core.Recover(base::SystemClock().Now()), fmt::format("backup {}", id));
}

absl::StatusOr<Backup> VerifyOne(const fs::path& folder, uint32_t id) {
  SB_ASSIGN_OR_RETURN(const Backup backup, storage::VerifyBackup(folder, id));
  SB_RETURN_IF_ERROR(Replay(folder, backup.id));
  return backup;
}

absl::StatusOr<std::vector<uint32_t>> WhichToVerify(const BackupCommandOptions& options,
                                                    const fs::path& folder) {
  if (!options.all) return std::vector<uint32_t>{options.id};
  SB_ASSIGN_OR_RETURN(const storage::BackupList list, storage::ListBackups(folder));
  std::vector<uint32_t> ids = list.damaged;
  for (const Backup& backup : list.backups) ids.push_back(backup.id);
  return ids;
}

int Verify(const BackupCommandOptions& options) {
  const absl::StatusOr<fs::path> folder = FindFolder(options);
  if (!folder.ok()) return Fail(folder.status());
  const auto ids = WhichToVerify(options, *folder);
  if (!ids.ok()) return Fail(ids.status());
  int code = 0;
  json::array results;
  for (const uint32_t id : *ids) {
    const absl::StatusOr<Backup> verified = VerifyOne(*folder, id);
    if (!verified.ok()) code = Fail(verified.status());
    if (options.output == "json") {
      json::object result{{"id", verified.ok() ? verified->id : id},
                          {"good", verified.ok()},
                          {"error", std::string(base::Message(verified.status()))}};
      results.push_back(std::move(result));
    } else if (verified.ok()) {
      PrintBackup(*verified, "is good", options.output);
    }
  }
  if (options.output == "json") fmt::print("{}\n", json::serialize(results));
  return code;
}

// --- restore

uint64_t BytesBelow(const fs::path& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const uintmax_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

int Restore(const BackupCommandOptions& options) {
  const absl::StatusOr<fs::path> folder = FindFolder(options);
  if (!folder.ok()) return Fail(folder.status());
  absl::StatusOr<Backup> restored = base::Internal("not restored");
  {
    Progress progress("restored");
    std::jthread watch([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(kAskEvery);
        progress.Show(BytesBelow(storage::PlaceOfRestore(options.into)));
      }
    });
    restored = storage::RestoreBackup(*folder, options.id, options.into);
  }
  if (!restored.ok()) return Fail(restored.status());
  PrintBackup(*restored, fmt::format("is restored into '{}'", options.into), options.output);
  return 0;
}

void AddPlaces(CLI::App& command, BackupCommandOptions& options) {
  command.add_option("--config", options.config,
                     "the server's config file: backup.directory says where backups are");
  command.add_option("--backups", options.backups, "the folder of backups");
  AddOutputOption(command, options.output);
}

}  // namespace

void AddBackupCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* backup =
      root.add_subcommand("backup", "make, list, verify and restore backups of the data directory");
  backup->require_subcommand(1);
  backup->footer(
      "Examples:\n"
      "  slowburn backup create --config slowburn.yaml\n"
      "  slowburn backup verify --config slowburn.yaml\n"
      "  slowburn backup restore --config slowburn.yaml --into slowburn-data");
  const auto options = std::make_shared<BackupCommandOptions>();  // shared with the callbacks

  CLI::App* create = backup->add_subcommand(
      "create", "make a backup: by the server when it runs, else of its directory");
  AddPlaces(*create, *options);
  AddApiOptions(*create, options->api);
  create->add_option("--data-dir", options->data_dir, "the data directory; default: the config's");
  CLI::Option* keep = create->add_option(
      "--keep", options->keep,
      "how many of the newest stay, with this one; 0: all; default: the config's");
  create->footer(
      "Only what no backup of the folder has yet is copied. While the server runs it makes the\n"
      "backup itself (role admin), with everything that it had acknowledged when it was asked.\n"
      "Examples:\n  slowburn backup create --config slowburn.yaml\n"
      "  slowburn backup create --server http://127.0.0.1:7560 --token-file admin.token\n"
      "  slowburn backup create --data-dir slowburn-data --backups /mnt/backups --keep 14");
  create->callback([run, options, create, keep] {
    options->server_given = create->count("--server") > 0;
    options->keep_given = keep->count() > 0;
    run([options] { return Create(*options); });
  });

  CLI::App* list = backup->add_subcommand("list", "the backups of a folder, the oldest first");
  AddPlaces(*list, *options);
  list->footer("Example:\n  slowburn backup list --backups /mnt/backups");
  list->callback([run, options] { run([options] { return List(*options); }); });

  CLI::App* verify = backup->add_subcommand(
      "verify", "read every byte of a backup against its checksums, open it and replay its log");
  AddPlaces(*verify, *options);
  verify->add_option("id", options->id, "which one; default: the newest");
  verify->add_flag("--all", options->all, "every one");
  verify->footer(
      "Exit codes: 0 good, 5 damaged.\nExamples:\n  slowburn backup verify --config slowburn.yaml\n"
      "  slowburn backup verify 12 --backups /mnt/backups");
  verify->callback([run, options] { run([options] { return Verify(*options); }); });

  CLI::App* restore =
      backup->add_subcommand("restore", "make a data directory with the state of a backup");
  AddPlaces(*restore, *options);
  restore->add_option("id", options->id, "which one; default: the newest");
  restore->add_option("--into", options->into, "the data directory to make: new, or empty")
      ->required();
  restore->footer(
      "It is written beside as DIR.restoring and renamed once it is whole.\nExamples:\n"
      "  slowburn backup restore --config slowburn.yaml --into slowburn-data\n"
      "  slowburn backup restore 12 --backups /mnt/backups --into /var/lib/slowburn/data");
  restore->callback([run, options] { run([options] { return Restore(*options); }); });
}

}  // namespace slowburn::app
