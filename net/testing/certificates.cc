#include "net/testing/certificates.h"

#include <random>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/files.h"
#include "base/status.h"
#include "net/internal/openssl.h"

namespace slowburn::net {
namespace {

using internal::OpensslOwned;

template <typename T>
T Checked(T result, const char* what) {
  if (!result) throw std::runtime_error(fmt::format("{}: {}", what, internal::TakeOpensslReason()));
  return result;
}

OpensslOwned<EVP_PKEY> MakeKey(int rsa_bits) {
  return OpensslOwned<EVP_PKEY>(Checked(
      rsa_bits > 0 ? EVP_RSA_gen(static_cast<size_t>(rsa_bits)) : EVP_EC_gen("P-256"), "key"));
}

void AddExtension(int nid, const std::string& value, X509& issuer, X509& certificate) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      Checked(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), value.c_str());
  X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Not signed yet.
OpensslOwned<X509> MakeCertificate(const std::string& common_name, std::chrono::seconds begins,
                                   std::chrono::seconds ends, EVP_PKEY& key, X509* issuer) {
  OpensslOwned<X509> certificate(Checked(X509_new(), "certificate"));
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), std::random_device()());
  // Not time(): that is the kernel's coarse clock, which may still be in the second before.
  const auto now = std::chrono::system_clock::now();
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                std::chrono::system_clock::to_time_t(now + begins));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                std::chrono::system_clock::to_time_t(now + ends));
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  Checked(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0),
          "common name");
  X509_set_issuer_name(certificate.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate.get(), &key);
  return certificate;
}

OpensslOwned<X509> MakeAuthority(const std::string& name, std::chrono::seconds ends, EVP_PKEY& key,
                                 X509* issuer, EVP_PKEY& issuer_key) {
  const std::chrono::hours begins(-24 * 365);
  OpensslOwned<X509> certificate = MakeCertificate(name, begins, ends, key, issuer);
  X509& signer = issuer == nullptr ? *certificate : *issuer;
  AddExtension(NID_basic_constraints, "critical,CA:TRUE", signer, *certificate);
  AddExtension(NID_key_usage, "critical,keyCertSign,cRLSign", signer, *certificate);
  AddExtension(NID_subject_key_identifier, "hash", signer, *certificate);
  AddExtension(NID_authority_key_identifier, "keyid:always", signer, *certificate);
  Checked(X509_sign(certificate.get(), &issuer_key, EVP_sha256()), "sign");
  return certificate;
}

// Those of OpenSSL's writers that take what `write` gives them.
template <typename Write>
std::string Pem(Write write) {
  const OpensslOwned<BIO> bio(Checked(BIO_new(BIO_s_mem()), "buffer"));
  Checked(write(bio.get()), "PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string CertificatePem(X509& certificate) {
  return Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, &certificate); });
}

std::string KeyPem(EVP_PKEY& key, const std::string& password) {
  return Pem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, &key, password.empty() ? nullptr : EVP_aes_256_cbc(),
                                         password.data(), static_cast<int>(password.size()),
                                         nullptr, nullptr);
  });
}

void Write(const std::filesystem::path& file, const std::string& content) {
  const absl::Status status = base::WriteFileAtomically(file, content);
  if (!status.ok()) throw std::runtime_error(std::string(base::Message(status)));
}

// `issuer` null: self-signed.
CertificateFiles IssueInto(const std::filesystem::path& folder, const CertificateSpec& spec,
                           X509* issuer, EVP_PKEY* issuer_key, const std::string& chain) {
  const OpensslOwned<EVP_PKEY> key = MakeKey(spec.rsa_bits);
  const OpensslOwned<X509> certificate =
      MakeCertificate(spec.common_name, spec.begins, spec.ends, *key, issuer);
  X509& signer = issuer == nullptr ? *certificate : *issuer;
  AddExtension(NID_basic_constraints, "critical,CA:FALSE", signer, *certificate);
  AddExtension(NID_ext_key_usage, spec.is_client ? "clientAuth" : "serverAuth", signer,
               *certificate);
  AddExtension(NID_subject_key_identifier, "hash", signer, *certificate);
  if (!spec.alternative_names.empty()) {
    AddExtension(NID_subject_alt_name, fmt::format("{}", fmt::join(spec.alternative_names, ",")),
                 signer, *certificate);
  }
  Checked(
      X509_sign(certificate.get(), issuer_key == nullptr ? key.get() : issuer_key, EVP_sha256()),
      "sign");
  const CertificateFiles files{folder / (spec.file + ".pem"), folder / (spec.file + ".key")};
  Write(files.certificate, CertificatePem(*certificate) + chain);
  Write(files.key, KeyPem(*key, spec.password));
  return files;
}

}  // namespace

TestAuthority::TestAuthority(std::filesystem::path folder, std::string name,
                             std::chrono::seconds ends)
    : folder_(std::move(folder)), file_(folder_ / (name + ".pem")), key_(MakeKey(0)) {
  own_ = MakeAuthority(name, ends, *key_, nullptr, *key_);
  Write(file_, CertificatePem(*own_));
}

TestAuthority::TestAuthority(const TestAuthority& parent, std::string name)
    : folder_(parent.folder_), file_(folder_ / (name + ".pem")), key_(MakeKey(0)) {
  own_ = MakeAuthority(name, std::chrono::hours(24), *key_, parent.own_.get(), *parent.key_);
  const std::string pem = CertificatePem(*own_);
  Write(file_, pem);
  chain_ = pem + parent.chain_;
}

CertificateFiles TestAuthority::Issue(const CertificateSpec& spec) const {
  return IssueInto(folder_, spec, own_.get(), key_.get(), chain_);
}

CertificateFiles IssueSelfSigned(const std::filesystem::path& folder, const CertificateSpec& spec) {
  return IssueInto(folder, spec, nullptr, nullptr, "");
}

}  // namespace slowburn::net
