// app/commands.h: the commands of the program, one function each.
//
// Room     app
// Uses     CLI11
// Threads  main thread
// Units    exit codes as app/server.h
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace slowburn::app {

// Each adds its command to `root`; when it is the one that was called, parsing calls `run` with
// what to execute.
using RunCommand = std::function<void(std::function<int()>)>;
void AddServeCommand(CLI::App& root, const RunCommand& run);
void AddDemoCommand(CLI::App& root, const RunCommand& run);
void AddCheckCommand(CLI::App& root, const RunCommand& run);
void AddSloCommand(CLI::App& root, const RunCommand& run);
// Below `slowburn slo`.
void AddExclusionCommands(CLI::App& slo, const RunCommand& run);
void AddAlertCommand(CLI::App& root, const RunCommand& run);
void AddLedgerCommand(CLI::App& root, const RunCommand& run);
void AddQueryCommand(CLI::App& root, const RunCommand& run);
void AddBackupCommand(CLI::App& root, const RunCommand& run);
void AddRecoverCommand(CLI::App& root, const RunCommand& run);
void AddLoadCommand(CLI::App& root, const RunCommand& run);

// "--output json|table", default table.
void AddOutputOption(CLI::App& command, std::string& output);

}  // namespace slowburn::app
