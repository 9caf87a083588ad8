// net/internal/password_checks.h: who has the right password: found out slowly, once, and on a
// thread of its own.
//
// Room     net/internal
// Uses     base/, net/internal, OpenSSL
// Threads  thread-safe
// Units    chrono
// Source   faults section 4, "Auth"; CVE-2022-46146 is why the cache has keyed hashes of all parts
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include "base/clock.h"
#include "net/internal/authorization.h"
#include "net/internal/credentials.h"
#include "net/internal/login_limiter.h"
#include "net/internal/recent_map.h"

namespace slowburn::net::internal {

// What became of a login.
struct PasswordAnswer {
  enum class Kind : uint8_t {
    kWrong,    // the name or the password
    kKnown,    // `caller` has this password
    kLimited,  // this address was wrong too often
    kBusy,     // too many logins wait, or this one could not be checked
  };
  Kind kind = Kind::kWrong;
  Caller caller;                       // with kKnown: the roles of all its lines that match
  std::chrono::seconds retry_after{};  // with kLimited and kBusy
};

// A login that was right is answered at once from then on. It is so too for an address that was
// wrong too often, if it was right from that address: were it right from anywhere, the answer would
// tell a guesser the passwords of all who are logged in, and as fast as he can ask.
//
// Other logins wait for the thread; equal ones wait together, for one hash: a reload under load
// costs one hash per login, not one per request. A name that nobody has costs as much as one that
// somebody has: it is checked against the hashes of another, always the same one.
class PasswordChecks {
 public:
  static constexpr size_t kQueueMax = 64;      // different logins that wait for the thread
  static constexpr size_t kWaitersMax = 4096;  // requests that wait for them
  static constexpr size_t kRememberedMax = 1024;
  static constexpr size_t kRememberedAddressesMax = 10'000;

  // kInternal when the system has no random numbers. The clock must outlive it.
  static absl::StatusOr<std::unique_ptr<PasswordChecks>> Create(const base::Clock& clock);
  // Answers what still waits with kBusy.
  ~PasswordChecks();

  // Calls `answered` once: at once, or later from the thread. `peer` is HOST:PORT.
  using Answered = absl::AnyInvocable<void(PasswordAnswer) &&>;
  void Check(std::shared_ptr<const Credentials> credentials, BasicLogin login,
             std::string_view peer, Answered answered);

  // Every login is hashed anew: the credentials have changed.
  void Forget();

 private:
  using Key = std::array<unsigned char, 32>;
  // Bit i: line i of the name's group has this password.
  using Matches = uint8_t;
  static_assert(kPasswordsPerNameMax <= 8);

  // What a login is checked against, and as what it is remembered.
  struct Subject {
    const PasswordGroup* group;
    bool is_known;
    Key key;
  };
  struct Job {
    std::shared_ptr<const Credentials> credentials;  // what `subject` points into
    Subject subject;
    BasicLogin login;
    std::string address;
  };
  // Nothing: it could not be computed.
  using Result = std::optional<Matches>;
  struct Waiter {
    // Its own: the job that it waits for may be from before a reload that changed the roles.
    std::shared_ptr<const Credentials> credentials;
    const PasswordGroup* group;
    std::string address;
    Answered answered;
  };

  PasswordChecks(const base::Clock& clock, const Key& secret);
  Key KeyedHash(std::initializer_list<std::string_view> parts) const;
  Subject SubjectOf(const Credentials& credentials, const BasicLogin& login) const;
  static PasswordAnswer AnswerOf(const PasswordGroup& group, Result result);
  // Nothing: the login must be hashed.
  std::optional<PasswordAnswer> AnswerNow(const Subject& subject, const std::string& address)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enqueue(Job job, Answered answered) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run(const std::stop_token& stop);
  void Finish(const Job& job, Result result);

  const Key secret_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  LoginLimiter limiter_ ABSL_GUARDED_BY(mutex_);
  RecentMap<Key, Matches> remembered_ ABSL_GUARDED_BY(mutex_){kRememberedMax};
  RecentMap<std::pair<Key, std::string>, bool> right_from_ ABSL_GUARDED_BY(mutex_){
      kRememberedAddressesMax};
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<Key, std::vector<Waiter>> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t waiters_ ABSL_GUARDED_BY(mutex_) = 0;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace slowburn::net::internal
