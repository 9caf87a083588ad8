#include "net/internal/stream.h"

#include <new>
#include <utility>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

namespace slowburn::net::internal {
namespace {

// A name with a zero byte in it is one that tries to look like another.
void AddName(std::vector<std::string>& names, const unsigned char* bytes, int length) {
  if (length <= 0) return;
  std::string name(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
  if (name.find('\0') == std::string::npos) names.push_back(std::move(name));
}

void AddAlternativeNames(std::vector<std::string>& names, const X509* certificate) {
  using GeneralNames = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;
  const GeneralNames found(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
                               certificate, NID_subject_alt_name, nullptr, nullptr)),
                           &GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(found.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(found.get(), i), &type);
    if (type != GEN_DNS && type != GEN_URI) continue;
    const auto* const text = static_cast<const ASN1_STRING*>(value);
    AddName(names, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
  }
}

void AddCommonName(std::vector<std::string>& names, const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return;
  unsigned char* utf8 = nullptr;
  const ASN1_STRING* const text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
  const int length = ASN1_STRING_to_UTF8(&utf8, text);
  AddName(names, utf8, length);
  OPENSSL_free(utf8);
}

}  // namespace

struct Stream::Secured {
  Secured(Socket socket, SSL_CTX* context) : tls(std::move(socket), New(context)) {}

  // Asio's stream becomes its owner.
  static SSL* New(SSL_CTX* context) {
    SSL* const ssl = SSL_new(context);
    if (ssl == nullptr) throw std::bad_alloc();
    return ssl;
  }

  Tls tls;
  bool has_said_goodbye = false;
};

Stream::Stream(Socket socket, const std::shared_ptr<SSL_CTX>& tls) : stream_(std::move(socket)) {
  if (tls == nullptr) return;
  stream_ = std::make_unique<Secured>(std::get<Socket>(std::move(stream_)), tls.get());
}

Stream::Stream(Stream&& from) noexcept = default;
Stream::~Stream() = default;

Awaitable<error_code> Stream::Handshake() {
  error_code error;
  if (const auto* const secured = std::get_if<std::unique_ptr<Secured>>(&stream_)) {
    co_await (*secured)->tls.async_handshake(asio::ssl::stream_base::server,
                                             asio::redirect_error(kAwait, error));
  }
  co_return error;
}

Awaitable<Stream::Moved> Stream::ReadSome(asio::mutable_buffer into) {
  Moved moved;
  const auto* const secured = std::get_if<std::unique_ptr<Secured>>(&stream_);
  if (secured != nullptr && !(*secured)->has_said_goodbye) {
    moved.bytes =
        co_await (*secured)->tls.async_read_some(into, asio::redirect_error(kAwait, moved.error));
  } else {
    moved.bytes =
        co_await socket().async_read_some(into, asio::redirect_error(kAwait, moved.error));
  }
  co_return moved;
}

Awaitable<Stream::Moved> Stream::WriteSome(const std::array<asio::const_buffer, 2>& from) {
  Moved moved;
  if (const auto* const secured = std::get_if<std::unique_ptr<Secured>>(&stream_)) {
    moved.bytes =
        co_await (*secured)->tls.async_write_some(from, asio::redirect_error(kAwait, moved.error));
  } else {
    moved.bytes = co_await std::get<Socket>(stream_).async_write_some(
        from, asio::redirect_error(kAwait, moved.error));
  }
  co_return moved;
}

Awaitable<void> Stream::ShutdownSend() {
  error_code ignored;
  const auto* const secured = std::get_if<std::unique_ptr<Secured>>(&stream_);
  if (secured != nullptr && !std::exchange((*secured)->has_said_goodbye, true)) {
    auto& tls = (*secured)->tls;
    // As if the peer had said goodbye first: else the call would wait for that.
    SSL_set_shutdown(tls.native_handle(), SSL_RECEIVED_SHUTDOWN);
    co_await tls.async_shutdown(asio::redirect_error(kAwait, ignored));
  }
  socket().shutdown(asio::socket_base::shutdown_send, ignored);
}

bool Stream::PeerHasClosed() {
  if (!socket().is_open()) return true;
  pollfd entry{.fd = socket().native_handle(), .events = POLLRDHUP, .revents = 0};
  return poll(&entry, 1, 0) > 0;
}

void Stream::Cancel() {
  error_code ignored;
  socket().cancel(ignored);
}

void Stream::Close() {
  error_code ignored;
  socket().close(ignored);
}

std::vector<std::string> Stream::certificate_names() const {
  std::vector<std::string> names;
  const auto* const secured = std::get_if<std::unique_ptr<Secured>>(&stream_);
  if (secured == nullptr) return names;
  SSL* const ssl = (*secured)->tls.native_handle();
  const bool is_verified =
      (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0 && SSL_get_verify_result(ssl) == X509_V_OK;
  const X509* const certificate = is_verified ? SSL_get0_peer_certificate(ssl) : nullptr;
  if (certificate == nullptr) return names;
  AddAlternativeNames(names, certificate);
  AddCommonName(names, certificate);
  return names;
}

std::string Stream::protocol() const {
  const auto* const secured = std::get_if<std::unique_ptr<Secured>>(&stream_);
  if (secured == nullptr) return {};
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected((*secured)->tls.native_handle(), &name, &length);
  return length == 0 ? std::string() : std::string(reinterpret_cast<const char*>(name), length);
}

Socket& Stream::socket() {
  if (auto* const plain = std::get_if<Socket>(&stream_)) return *plain;
  return std::get<std::unique_ptr<Secured>>(stream_)->tls.next_layer();
}

}  // namespace slowburn::net::internal
