// bench/cpu.h: which core a thread runs on, and how much processor time was used.
//
// Room     bench
// Uses     POSIX, /proc
// Threads  thread-safe
// Units    seconds of processor time, user and system
#pragma once

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include <pthread.h>
#include <sched.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

namespace slowburn::bench {

// The calling thread, and those it starts, run on `core` alone. False when the machine says no.
inline bool PinThread(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<size_t>(core), &cores);
  return pthread_setaffinity_np(pthread_self(), sizeof cores, &cores) == 0;
}

inline double ThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// utime + stime of all threads of a process, in the kernel's ticks of 10 ms. 0 when it is gone.
inline double ProcessCpuSeconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  // The second field is the name in parentheses, which may hold anything; utime is the 14th.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  uint64_t user = 0;
  uint64_t system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace slowburn::bench
