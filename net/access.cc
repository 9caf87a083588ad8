#include "net/access.h"

#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <fmt/format.h>
#include <prometheus/counter.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/logging.h"
#include "base/status.h"
#include "net/internal/authorization.h"
#include "net/internal/credentials.h"
#include "net/internal/password_checks.h"

namespace slowburn::net {
namespace {

using internal::Caller;
using internal::Credentials;
using internal::PasswordAnswer;

// What a file looks like from outside; another one means that it may have changed. The change time
// is in it because new permissions may make a file readable that was not.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  mode_t mode = 0;

  bool operator==(const FileStamp&) const = default;
};

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

absl::StatusOr<FileStamp> StampOf(const std::filesystem::path& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) {
    return base::ErrnoStatus(errno, fmt::format("open '{}'", file.string()));
  }
  return FileStamp{.device = found.st_dev,
                   .inode = found.st_ino,
                   .size = found.st_size,
                   .modified_ns = Nanoseconds(found.st_mtim),
                   .changed_ns = Nanoseconds(found.st_ctim),
                   .mode = found.st_mode};
}

// Tells nobody which part of a login was wrong.
AccessDecision Unknown() {
  return {.status = 401,
          .principal = "",
          .message =
              "log in with a token, a name and password, or a client certificate that this "
              "server knows"};
}

AccessDecision DecideFor(const Caller* caller, Role needed) {
  if (caller == nullptr) return Unknown();
  if (caller->roles.Allows(needed)) return {.principal = caller->name, .message = ""};
  return {.status = 403,
          .principal = caller->name,
          .message = fmt::format("this takes the role \"{}\", which this login does not have",
                                 RoleName(needed))};
}

AccessDecision DecideFor(const PasswordAnswer& answer, Role needed) {
  switch (answer.kind) {
    case PasswordAnswer::Kind::kKnown:
      return DecideFor(&answer.caller, needed);
    case PasswordAnswer::Kind::kLimited:
      return {
          .status = 429,
          .principal = "",
          .message = "too many wrong passwords from this address; wait, then send the right one",
          .retry_after = answer.retry_after};
    case PasswordAnswer::Kind::kBusy:
      return {.status = 429,
              .principal = "",
              .message = "too many logins at once; try again in a moment",
              .retry_after = answer.retry_after};
    case PasswordAnswer::Kind::kWrong:
      break;
  }
  return Unknown();
}

prometheus::Counter& Logins(prometheus::Registry& registry, const char* outcome) {
  return prometheus::BuildCounter()
      .Name("slowburn_net_logins_total")
      .Help(
          "Requests to routes that ask who calls: let in (accepted), 401 or 403 (refused), 429 "
          "(limited).")
      .Register(registry)
      .Add({{"outcome", outcome}});
}

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kPublic:
      return "public";
    case Role::kRead:
      return "read";
    case Role::kWrite:
      return "write";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

class AccessFile::Impl {
 public:
  Impl(std::filesystem::path file, std::unique_ptr<internal::PasswordChecks> passwords,
       prometheus::Registry& registry);

  absl::StatusOr<bool> ReloadIfChanged() ABSL_LOCKS_EXCLUDED(reload_mutex_);
  void Check(const HttpRequest& request, const std::vector<std::string>& certificate_names,
             Role needed, Decided decided);

 private:
  void WarnIfOpen(const FileStamp& stamp) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);
  std::shared_ptr<const Credentials> credentials() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const std::lock_guard lock(mutex_);
    return credentials_;
  }
  void Give(AccessDecision decision, Decided decided);

  const std::filesystem::path file_;
  prometheus::Counter& accepted_;
  prometheus::Counter& refused_;
  prometheus::Counter& limited_;

  std::mutex reload_mutex_;
  std::optional<FileStamp> stamp_ ABSL_GUARDED_BY(reload_mutex_);  // of what is in force
  bool warned_ ABSL_GUARDED_BY(reload_mutex_) = false;

  mutable std::mutex mutex_;
  std::shared_ptr<const Credentials> credentials_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<internal::PasswordChecks> passwords_;  // last: its thread uses the counters
};

AccessFile::Impl::Impl(std::filesystem::path file,
                       std::unique_ptr<internal::PasswordChecks> passwords,
                       prometheus::Registry& registry)
    : file_(std::move(file)),
      accepted_(Logins(registry, "accepted")),
      refused_(Logins(registry, "refused")),
      limited_(Logins(registry, "limited")),
      passwords_(std::move(passwords)) {}

absl::StatusOr<bool> AccessFile::Impl::ReloadIfChanged() {
  const std::lock_guard one_at_a_time(reload_mutex_);
  // Looked at before it is read: what changes in between is seen the next time.
  SB_ASSIGN_OR_RETURN(const FileStamp stamp, StampOf(file_));
  if (stamp_ == stamp) return false;
  const absl::StatusOr<std::string> text = base::ReadFile(file_, internal::kCredentialsBytesMax);
  if (absl::IsResourceExhausted(text.status())) {
    return base::InvalidArgument("{}: is larger than {} bytes; remove lines that are not used",
                                 file_.string(), internal::kCredentialsBytesMax);
  }
  if (!text.ok()) return text.status();
  WarnIfOpen(stamp);
  SB_ASSIGN_OR_RETURN(Credentials parsed, Credentials::Parse(*text, file_.string()));
  {
    const std::lock_guard lock(mutex_);
    credentials_ = std::make_shared<const Credentials>(std::move(parsed));
  }
  passwords_->Forget();
  stamp_ = stamp;
  return true;
}

void AccessFile::Impl::WarnIfOpen(const FileStamp& stamp) {
  const bool is_open = (stamp.mode & (S_IRWXG | S_IRWXO)) != 0;
  if (is_open && !warned_) {
    base::Log(base::LogLevel::kWarning, "credentials file is open to others; chmod 600 it",
              {{"path", file_.string()}, {"mode", fmt::format("{:04o}", stamp.mode & 07777)}});
  }
  warned_ = is_open;
}

void AccessFile::Impl::Check(const HttpRequest& request,
                             const std::vector<std::string>& certificate_names, Role needed,
                             Decided decided) {
  if (needed == Role::kPublic) {
    std::move(decided)({});
    return;
  }
  std::shared_ptr<const Credentials> credentials = this->credentials();
  internal::Authorization authorization = internal::ReadAuthorization(request);
  if (auto* const login = std::get_if<internal::BasicLogin>(&authorization)) {
    passwords_->Check(
        std::move(credentials), std::move(*login), request.peer,
        [this, needed, decided = std::move(decided)](const PasswordAnswer& answer) mutable {
          Give(DecideFor(answer, needed), std::move(decided));
        });
    return;
  }
  const Caller* caller = nullptr;
  if (const auto* const token = std::get_if<internal::BearerToken>(&authorization)) {
    caller = credentials->FindToken(token->text);
  } else if (std::holds_alternative<internal::NoAuthorization>(authorization)) {
    caller = credentials->FindCertificate(certificate_names, needed);
  }
  Give(DecideFor(caller, needed), std::move(decided));
}

void AccessFile::Impl::Give(AccessDecision decision, Decided decided) {
  prometheus::Counter& outcome = decision.status == 200   ? accepted_
                                 : decision.status == 429 ? limited_
                                                          : refused_;
  outcome.Increment();
  std::move(decided)(std::move(decision));
}

absl::StatusOr<std::unique_ptr<AccessFile>> AccessFile::Load(std::filesystem::path file,
                                                             const base::Clock& clock,
                                                             prometheus::Registry& registry) {
  SB_ASSIGN_OR_RETURN(std::unique_ptr<internal::PasswordChecks> passwords,
                      internal::PasswordChecks::Create(clock));
  auto impl = std::make_unique<Impl>(std::move(file), std::move(passwords), registry);
  SB_RETURN_IF_ERROR(impl->ReloadIfChanged().status());
  // The constructor is private, so make_unique cannot.
  return std::unique_ptr<AccessFile>(new AccessFile(std::move(impl)));
}

AccessFile::AccessFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AccessFile::~AccessFile() = default;

absl::StatusOr<bool> AccessFile::ReloadIfChanged() { return impl_->ReloadIfChanged(); }

void AccessFile::Check(const HttpRequest& request,
                       const std::vector<std::string>& certificate_names, Role needed,
                       Decided decided) {
  impl_->Check(request, certificate_names, needed, std::move(decided));
}

}  // namespace slowburn::net
