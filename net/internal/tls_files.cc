#include "net/internal/tls_files.h"

#include <ctime>
#include <string>
#include <vector>

#include <fmt/chrono.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/logging.h"
#include "base/status.h"

namespace slowburn::net::internal {
namespace {

constexpr size_t kFileBytesMax = 4 << 20;  // A system's authorities are 200 KiB.

using Path = std::filesystem::path;

// The bytes of a file, wiped when done with: they may be a key.
class PemFile {
 public:
  static absl::StatusOr<PemFile> Read(const Path& path, std::string_view what) {
    absl::StatusOr<std::string> content = base::ReadFile(path, kFileBytesMax);
    if (content.ok()) return PemFile(*std::move(content));
    const std::string_view why = base::Message(content.status());
    if (absl::IsNotFound(content.status())) {
      return base::NotFound("{}; write where {} is", why, what);
    }
    if (absl::IsPermissionDenied(content.status())) {
      return absl::PermissionDeniedError(
          fmt::format("{}; let the user who runs this program read it", why));
    }
    return base::InvalidArgument("{}; write where {} is", why, what);
  }
  PemFile(PemFile&&) = default;
  PemFile& operator=(PemFile&&) = delete;
  ~PemFile() { OPENSSL_cleanse(content_.data(), content_.size()); }

  // The file must outlive it.
  OpensslOwned<BIO> Open() const {
    return OpensslOwned<BIO>(BIO_new_mem_buf(content_.data(), static_cast<int>(content_.size())));
  }

 private:
  explicit PemFile(std::string content) : content_(std::move(content)) {}
  std::string content_;
};

// Asked for only where something is encrypted; notes that it was.
int NoPassword(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return 0;
}

// All certificates of a file, one at least.
absl::StatusOr<std::vector<OpensslOwned<X509>>> ReadCertificates(const Path& path,
                                                                 std::string_view what) {
  SB_ASSIGN_OR_RETURN(const PemFile file, PemFile::Read(path, what));
  const OpensslOwned<BIO> bio = file.Open();
  std::vector<OpensslOwned<X509>> certificates;
  bool was_asked = false;
  while (true) {
    OpensslOwned<X509> one(PEM_read_bio_X509(bio.get(), nullptr, NoPassword, &was_asked));
    if (one == nullptr) break;
    certificates.push_back(std::move(one));
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = TakeOpensslReason();
  if (!is_end) {
    return base::InvalidArgument("'{}': certificate {} in it is broken ({}); write the file again",
                                 path.string(), certificates.size() + 1, reason);
  }
  if (certificates.empty()) {
    return base::InvalidArgument(
        "'{}' holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); write where {} is",
        path.string(), what);
  }
  return certificates;
}

absl::StatusOr<OpensslOwned<EVP_PKEY>> ReadKey(const Path& path, std::string_view what) {
  SB_ASSIGN_OR_RETURN(const PemFile file, PemFile::Read(path, what));
  const OpensslOwned<BIO> bio = file.Open();
  bool was_asked = false;
  OpensslOwned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, &was_asked));
  const std::string reason = TakeOpensslReason();
  if (key != nullptr) return key;
  if (was_asked) {
    return base::InvalidArgument(
        "'{}' is encrypted, and nobody is there to ask for its password; write it without: openssl "
        "pkey -in {} -out FILE",
        path.string(), path.string());
  }
  return base::InvalidArgument("'{}' holds no private key in PEM form ({}); write where {} is",
                               path.string(), reason, what);
}

std::chrono::sys_seconds ToTime(const ASN1_TIME* time) {
  tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&parts)));
}

// Of any year: some certificates end in 9999, which is beyond nanoseconds.
std::string Text(std::chrono::sys_seconds time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time.time_since_epoch().count()));
}

absl::Status CheckValidNow(const X509& certificate, const Path& path) {
  const std::chrono::sys_seconds now = base::FloorSeconds(base::SystemClock().Now());
  const std::chrono::sys_seconds begins = ToTime(X509_get0_notBefore(&certificate));
  const std::chrono::sys_seconds ends = ToTime(X509_get0_notAfter(&certificate));
  if (now < begins) {
    return base::InvalidArgument(
        "'{}': the certificate is valid only from {}; wait, or set this machine's clock",
        path.string(), Text(begins));
  }
  if (now >= ends) {
    return base::InvalidArgument("'{}': the certificate expired at {}; put a new one there",
                                 path.string(), Text(ends));
  }
  return absl::OkStatus();
}

void WarnOfReadableKey(const Path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & (S_IROTH | S_IWOTH)) == 0) return;
  base::Log(base::LogLevel::kWarning, "others can read or change a private key; chmod o-rw it",
            {{"file", path.string()}, {"mode", fmt::format("{:o}", status.st_mode & 07777)}});
}

}  // namespace

absl::StatusOr<std::chrono::sys_seconds> UseIdentity(const Identity& identity, SSL_CTX& context) {
  SB_ASSIGN_OR_RETURN(
      const std::vector<OpensslOwned<X509>> certificates,
      ReadCertificates(identity.certificate, fmt::format("{} certificate", identity.whose)));
  SB_ASSIGN_OR_RETURN(const OpensslOwned<EVP_PKEY> key,
                      ReadKey(identity.key, fmt::format("{} key", identity.whose)));
  X509& own = *certificates.front();
  if (X509_check_private_key(&own, key.get()) != 1) {
    ERR_clear_error();
    return base::InvalidArgument(
        "'{}' is not the key of the first certificate in '{}'; write both anew, {} certificate "
        "first, then those between it and its authority",
        identity.key.string(), identity.certificate.string(), identity.whose);
  }
  SB_RETURN_IF_ERROR(CheckValidNow(own, identity.certificate));
  bool is_used = SSL_CTX_use_certificate(&context, &own) == 1 &&
                 SSL_CTX_use_PrivateKey(&context, key.get()) == 1;
  for (size_t i = 1; i < certificates.size(); ++i) {
    is_used = is_used && SSL_CTX_add1_chain_cert(&context, certificates[i].get()) == 1;
  }
  if (!is_used) {
    return base::InvalidArgument(
        "'{}': OpenSSL refuses to use it ({}); use RSA of 2048 bits or more, or ECDSA with P-256",
        identity.certificate.string(), TakeOpensslReason());
  }
  WarnOfReadableKey(identity.key);
  return ToTime(X509_get0_notAfter(&own));
}

absl::Status TrustAuthorities(const Path& ca, std::string_view what, SSL_CTX& context) {
  SB_ASSIGN_OR_RETURN(const std::vector<OpensslOwned<X509>> authorities,
                      ReadCertificates(ca, what));
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  // Who is named is trusted: an intermediate authority need not bring its root along.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  absl::Status valid_now = CheckValidNow(*authorities.front(), ca);
  for (const OpensslOwned<X509>& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) {
      return base::InvalidArgument("'{}': OpenSSL refuses an authority ({}); write the file again",
                                   ca.string(), TakeOpensslReason());
    }
    if (!valid_now.ok()) valid_now = CheckValidNow(*authority, ca);
  }
  return valid_now;
}

}  // namespace slowburn::net::internal
