// Tells the thread sanitizer of absl::Mutex: only builds with it have this file. Debian's Abseil is
// a shared library that knows nothing of the sanitizer, so of two threads that hold a lock one
// after the other it would not see that they do. These functions stand before the library's, for
// whoever calls them, and call them.
#include <string>

#include <absl/base/config.h>
#include <absl/synchronization/mutex.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <sanitizer/tsan_interface.h>

namespace {

#define SB_TEXT_OF(name) #name
#define SB_TEXT(name) SB_TEXT_OF(name)
constexpr std::string_view kVersion = SB_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);

using Function = void (*)(absl::Mutex*);

// Of the member function without arguments that has this name, as the library has it.
Function Real(std::string_view name) {
  const std::string symbol =
      fmt::format("_ZN4absl{}{}5Mutex{}{}Ev", kVersion.size(), kVersion, name.size(), name);
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, symbol.c_str()));
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const Function real = Real("Lock");
  real(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static const Function real = Real("Unlock");
  __tsan_release(this);
  real(this);
}

void Mutex::ReaderLock() {
  static const Function real = Real("ReaderLock");
  real(this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  static const Function real = Real("ReaderUnlock");
  __tsan_release(this);
  real(this);
}

ABSL_NAMESPACE_END
}  // namespace absl
