// net/internal/login_limiter.h: how often an address may guess passwords.
//
// Room     net/internal
// Uses     base/
// Threads  one thread at a time
// Units    chrono
// Source   faults section 4, "Auth"
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "base/clock.h"

namespace slowburn::net::internal {

// "198.51.100.7" of "198.51.100.7:4318" and of "[::ffff:198.51.100.7]:4318"; "2001:db8:0:1::/64" of
// any address in it, as a host has all of a /64.
std::string AddressOfGuesses(std::string_view peer);

// An address has `wrong_max` wrong passwords in a minute that begins with its first one; then it
// waits for the end of that minute. A password that is still being checked counts as wrong, so that
// many guesses at once are no way around. Knows at most `addresses_max` addresses: a new one takes
// the place of the one whose minute is the oldest.
class LoginLimiter {
 public:
  struct Limits {
    int wrong_max = 10;
    std::chrono::seconds window{60};
    size_t addresses_max = 10'000;
  };
  // The clock must outlive it.
  LoginLimiter(const base::Clock& clock, Limits limits) : clock_(clock), limits_(limits) {}

  // How long the address must wait, or nothing: it may guess.
  std::optional<std::chrono::seconds> Wait(const std::string& address);
  // A guess that may be made begins, and ends.
  void Begin(const std::string& address);
  void End(const std::string& address, bool is_wrong);

  size_t addresses() const { return windows_.size(); }

 private:
  struct Window {
    std::chrono::steady_clock::time_point start;
    int wrong = 0;
    int open = 0;  // not known yet
  };
  // The window of an address; a new one where it has none.
  Window& Open(const std::string& address);
  void ForgetEnded();

  const base::Clock& clock_;
  const Limits limits_;
  absl::flat_hash_map<std::string, Window> windows_;
  std::deque<std::string> oldest_first_;  // the keys of windows_
};

}  // namespace slowburn::net::internal
