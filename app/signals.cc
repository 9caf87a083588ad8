#include "app/signals.h"

#include <csignal>

#include <unistd.h>

namespace slowburn::app {
namespace {

// Ends the thread; no one else sends it.
constexpr int kLeave = SIGUSR1;

sigset_t Handled() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kLeave}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = Handled();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::~Signals() {
  if (!thread_.joinable()) return;
  pthread_kill(thread_.native_handle(), kLeave);
  thread_.join();
}

void Signals::Handle(std::function<void()> stop, std::function<void()> reload,
                     std::function<void()> leave) {
  thread_ =
      std::thread([stop = std::move(stop), reload = std::move(reload), leave = std::move(leave)] {
        const sigset_t set = Handled();
        bool stopping = false;
        for (;;) {
          int signal = 0;
          if (sigwait(&set, &signal) != 0 || signal == kLeave) return;
          if (signal == SIGHUP) {
            reload();
          } else if (stopping) {
            leave();
            _exit(1);
          } else {
            stopping = true;
            stop();
          }
        }
      });
}

}  // namespace slowburn::app
