// net/testing/certificates.h: an authority for tests, and what it signs, as PEM files in a folder.
//
// Room     net/testing
// Uses     base/, OpenSSL
// Threads  one thread at a time
// Units    chrono
//
// What OpenSSL refuses to make is thrown as std::runtime_error. Keys are ECDSA with P-256.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

typedef struct x509_st X509;
typedef struct evp_pkey_st EVP_PKEY;

namespace slowburn::net {

struct CertificateSpec {
  std::string file = "server";  // FILE.pem and FILE.key; what is there is replaced
  std::string common_name = "localhost";
  std::vector<std::string> alternative_names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  bool is_client = false;              // for TLS clients rather than servers
  std::chrono::seconds begins{-3600};  // from now
  std::chrono::seconds ends{86'400};
  std::string password;  // of the key; empty: not encrypted
  int rsa_bits = 0;      // of an RSA key instead
};

struct CertificateFiles {
  std::filesystem::path certificate;  // those of intermediate authorities after it
  std::filesystem::path key;
};

// Copies are the same authority.
class TestAuthority {
 public:
  // A root, in FOLDER/NAME.pem, that ends `ends` from now.
  explicit TestAuthority(std::filesystem::path folder, std::string name = "ca",
                         std::chrono::seconds ends = std::chrono::hours(24));
  // One below `parent`, in the same folder. What it issues brings its certificate along.
  TestAuthority(const TestAuthority& parent, std::string name);

  // PEM: what others must trust.
  const std::filesystem::path& certificate() const { return file_; }

  CertificateFiles Issue(const CertificateSpec& spec = {}) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path file_;
  std::shared_ptr<X509> own_;  // shared by copies
  std::shared_ptr<EVP_PKEY> key_;
  std::string chain_;  // PEM: from its own to the last before the root; "" for a root
};

// One that nobody signed but its own key.
CertificateFiles IssueSelfSigned(const std::filesystem::path& folder,
                                 const CertificateSpec& spec = {});

}  // namespace slowburn::net
