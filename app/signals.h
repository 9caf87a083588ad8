// app/signals.h: what the operating system tells a running server.
//
// Room     app
// Uses     POSIX signals
// Threads  one thread of its own, inside
// Units    none
#pragma once

#include <functional>
#include <thread>

namespace slowburn::app {

// Make it before any other thread starts: threads inherit the blocked signals. SIGINT and SIGTERM
// call `stop`, once; a second one ends the process at once (what was acknowledged is durable).
// SIGHUP calls `reload`. SIGPIPE is ignored.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // `leave` runs before a second one ends the process: for what must not stay behind.
  void Handle(
      std::function<void()> stop, std::function<void()> reload,
      std::function<void()> leave = [] {});

 private:
  std::thread thread_;
};

}  // namespace slowburn::app
