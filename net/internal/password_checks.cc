#include "net/internal/password_checks.h"

#include <cstring>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/status.h"
#include "net/internal/password_hash.h"
#include "net/internal/secret.h"

namespace slowburn::net::internal {
namespace {

constexpr std::chrono::seconds kBusyRetry{1};

PasswordAnswer Busy() {
  return {.kind = PasswordAnswer::Kind::kBusy, .caller = {}, .retry_after = kBusyRetry};
}

// All lines, also after one that matches: the time does not say which.
std::optional<uint8_t> Match(PasswordHasher& hasher, const PasswordGroup& group,
                             std::string_view password) {
  unsigned matches = 0;
  bool is_unknown = false;
  for (size_t i = 0; i < group.lines.size(); ++i) {
    const PasswordVerdict verdict = hasher.Verify(group.lines[i].hash, password);
    if (verdict == PasswordVerdict::kRight) matches |= 1u << i;
    if (verdict == PasswordVerdict::kUnknown) is_unknown = true;
  }
  if (matches == 0 && is_unknown) return std::nullopt;
  return static_cast<uint8_t>(matches);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PasswordChecks>> PasswordChecks::Create(const base::Clock& clock) {
  Key secret;
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) {
    return base::Internal("the system gives no random numbers; look at its random device");
  }
  // The constructor is private, so make_unique cannot.
  return std::unique_ptr<PasswordChecks>(new PasswordChecks(clock, secret));
}

PasswordChecks::PasswordChecks(const base::Clock& clock, const Key& secret)
    : secret_(secret),
      limiter_(clock, {}),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

PasswordChecks::~PasswordChecks() {
  thread_.request_stop();
  thread_.join();
  for (auto& [key, waiters] : waiting_) {
    for (Waiter& waiter : waiters) std::move(waiter.answered)(Busy());
  }
}

void PasswordChecks::Check(std::shared_ptr<const Credentials> credentials, BasicLogin login,
                           std::string_view peer, Answered answered) {
  if (credentials->passwords().empty()) {
    std::move(answered)({});
    return;
  }
  const Subject subject = SubjectOf(*credentials, login);
  const std::string address = AddressOfGuesses(peer);
  std::optional<PasswordAnswer> now;
  {
    const std::lock_guard lock(mutex_);
    now = AnswerNow(subject, address);
    if (!now.has_value()) {
      Enqueue({std::move(credentials), subject, std::move(login), address}, std::move(answered));
      return;
    }
  }
  std::move(answered)(*std::move(now));
}

void PasswordChecks::Forget() {
  // A hash that is computed now may still come into it; its key says of which hashes it holds.
  const std::lock_guard lock(mutex_);
  remembered_.Clear();
  right_from_.Clear();
}

// HMAC-SHA256 over the parts, each with its size before it.
PasswordChecks::Key PasswordChecks::KeyedHash(std::initializer_list<std::string_view> parts) const {
  size_t size = 0;
  for (const std::string_view part : parts) size += sizeof(size_t) + part.size();
  Secret text(size);
  char* at = text.data();
  for (const std::string_view part : parts) {
    const size_t part_size = part.size();
    std::memcpy(at, &part_size, sizeof part_size);
    std::memcpy(at + sizeof part_size, part.data(), part_size);
    at += sizeof part_size + part_size;
  }
  Key key{};
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data(), nullptr);
  return key;
}

PasswordChecks::Subject PasswordChecks::SubjectOf(const Credentials& credentials,
                                                  const BasicLogin& login) const {
  Subject subject{.group = credentials.FindPasswords(login.name()), .is_known = true, .key = {}};
  // Computed for known names too, so that these take no less.
  const Key stand_in = KeyedHash({login.name()});
  if (subject.group == nullptr) {
    uint64_t number = 0;
    std::memcpy(&number, stand_in.data(), sizeof number);
    subject.group = &credentials.passwords()[number % credentials.passwords().size()];
    subject.is_known = false;
  }
  std::string hashes;
  for (const PasswordGroup::Line& line : subject.group->lines) hashes += line.hash + '\n';
  subject.key =
      KeyedHash({subject.is_known ? "known" : "unknown", hashes, login.name(), login.password()});
  return subject;
}

PasswordAnswer PasswordChecks::AnswerOf(const PasswordGroup& group, Result result) {
  if (!result.has_value()) return Busy();
  PasswordAnswer answer;
  if (*result == 0) return answer;
  answer.kind = PasswordAnswer::Kind::kKnown;
  answer.caller.name = group.name;
  for (size_t i = 0; i < group.lines.size(); ++i) {
    if ((*result >> i & 1) != 0) answer.caller.roles.Add(group.lines[i].roles);
  }
  return answer;
}

std::optional<PasswordAnswer> PasswordChecks::AnswerNow(const Subject& subject,
                                                        const std::string& address) {
  const Matches* const remembered = remembered_.Find(subject.key);
  if (remembered != nullptr && right_from_.Find({subject.key, address}) != nullptr) {
    return AnswerOf(*subject.group, *remembered);
  }
  if (const auto wait = limiter_.Wait(address)) {
    return PasswordAnswer{
        .kind = PasswordAnswer::Kind::kLimited, .caller = {}, .retry_after = *wait};
  }
  if (remembered != nullptr) {
    right_from_.Put({subject.key, address}, true);
    return AnswerOf(*subject.group, *remembered);
  }
  const bool joins = waiting_.contains(subject.key);
  if (waiters_ >= kWaitersMax || (!joins && queue_.size() >= kQueueMax)) return Busy();
  return std::nullopt;
}

void PasswordChecks::Enqueue(Job job, Answered answered) {
  std::vector<Waiter>& waiters = waiting_[job.subject.key];
  waiters.push_back({job.credentials, job.subject.group, job.address, std::move(answered)});
  ++waiters_;
  if (waiters.size() > 1) return;
  limiter_.Begin(job.address);
  queue_.push_back(std::move(job));
  wake_.notify_one();
}

void PasswordChecks::Run(const std::stop_token& stop) {
  PasswordHasher hasher;
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, stop, [this] { return !queue_.empty(); });
    if (stop.stop_requested()) return;
    const Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    Result result = Match(hasher, *job.subject.group, job.login.password());
    if (result.has_value() && !job.subject.is_known) result = 0;
    Finish(job, result);
  }
}

void PasswordChecks::Finish(const Job& job, Result result) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    limiter_.End(job.address, result == Matches{0});
    const auto waiting = waiting_.find(job.subject.key);
    waiters = std::move(waiting->second);
    waiting_.erase(waiting);
    waiters_ -= waiters.size();
    if (result.value_or(0) != 0) {
      remembered_.Put(job.subject.key, *result);
      for (const Waiter& waiter : waiters) {
        right_from_.Put({job.subject.key, waiter.address}, true);
      }
    }
  }
  for (Waiter& waiter : waiters) {
    std::move(waiter.answered)(AnswerOf(*waiter.group, result));
  }
}

}  // namespace slowburn::net::internal
