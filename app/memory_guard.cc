#include "app/memory_guard.h"

#include <cstdio>

#include <malloc.h>
#include <unistd.h>

#include "base/logging.h"

namespace slowburn::app {
namespace {

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

MemoryGuard::MemoryGuard(uint64_t bytes_max, ReadResident read_resident,
                         prometheus::Registry& registry)
    : bytes_max_(bytes_max),
      read_resident_(std::move(read_resident)),
      resident_(AddGauge(registry, "slowburn_app_memory_resident_bytes",
                         "Memory of the process that is in RAM.")) {
  AddGauge(registry, "slowburn_app_memory_limit_bytes",
           "limits.memory_bytes: queries are refused from eight tenths of it on, all other "
           "requests from nine.")
      .Set(static_cast<double>(bytes_max));
}

void MemoryGuard::Look() {
  uint64_t resident = read_resident_();
  const uint64_t tenth = bytes_max_ / 10;
  if (resident >= 8 * tenth) {
    malloc_trim(0);
    resident = read_resident_();
  }
  resident_.Set(static_cast<double>(resident));
  is_high_ = resident >= 8 * tenth;
  const bool was_full = is_full_;
  const bool is_full = resident >= (was_full ? 8 : 9) * tenth;
  is_full_ = is_full;
  if (is_full == was_full) return;
  base::Log(base::LogLevel::kWarning,
            is_full ? "at the memory limit, requests are refused" : "below the memory limit again",
            {{"resident_bytes", resident}, {"limit_bytes", bytes_max_}});
}

uint64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long total = 0;
  unsigned long long resident = 0;
  const int fields = std::fscanf(file, "%llu %llu", &total, &resident);
  std::fclose(file);
  return fields == 2 ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace slowburn::app
