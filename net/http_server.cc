#include "net/http_server.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "base/logging.h"
#include "base/status.h"
#include "net/internal/http_session.h"

namespace slowburn::net {
namespace {

using asio_tcp = boost::asio::ip::tcp;
using internal::error_code;
using internal::asio::co_spawn;
using internal::asio::detached;
using Acceptor = boost::asio::basic_socket_acceptor<asio_tcp, internal::Executor>;

constexpr int kBacklog = 4096;
// With no file descriptor left, accept fails at once and again: pause instead of burning a core.
constexpr std::chrono::milliseconds kAcceptPause{100};

// "localhost" may mean ::1 first; clients that are given a port try 127.0.0.1.
absl::StatusOr<asio_tcp::endpoint> Resolve(const HostPort& address) {
  boost::asio::io_context context;
  asio_tcp::resolver resolver(context);
  error_code error;
  const auto found = resolver.resolve(address.host, std::to_string(address.port),
                                      asio_tcp::resolver::passive, error);
  if (error || found.empty()) {
    return base::InvalidArgument(
        "listen on {}: unknown host ({}); write an address of this machine, like 127.0.0.1",
        address.Text(), error.message());
  }
  for (const auto& entry : found) {
    if (entry.endpoint().address().is_v4()) return entry.endpoint();
  }
  return found.begin()->endpoint();
}

absl::Status ListenError(const HostPort& address, const error_code& error) {
  namespace errc = boost::system::errc;
  const std::string text = address.Text();
  if (error == errc::address_in_use) {
    return base::Unavailable(
        "listen on {}: address in use; stop the other program or choose another port", text);
  }
  if (error == errc::permission_denied) {
    return absl::PermissionDeniedError(
        fmt::format("listen on {}: permission denied; choose a port above 1023", text));
  }
  if (error == errc::address_not_available) {
    return base::InvalidArgument(
        "listen on {}: not an address of this machine; write one of its own, like 127.0.0.1", text);
  }
  return base::Unavailable("listen on {}: {}", text, error.message());
}

absl::Status Listen(Acceptor& acceptor, const HostPort& address) {
  SB_ASSIGN_OR_RETURN(const asio_tcp::endpoint endpoint, Resolve(address));
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(boost::asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  return error ? ListenError(address, error) : absl::OkStatus();
}

std::string PeerText(const internal::Socket& socket) {
  error_code error;
  const asio_tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return {};
  return HostPort{peer.address().to_string(), peer.port()}.Text();
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(Options options, RouteTable routes, prometheus::Registry& registry);

  absl::Status Start();
  void Shutdown(std::chrono::seconds drain);
  const HostPort& address() const { return address_; }

 private:
  internal::Awaitable<void> AcceptLoop();
  void Admit(internal::Socket socket, internal::Worker& worker);

  const Options options_;
  const RouteTable routes_;
  internal::ServerMetrics metrics_;
  internal::SessionShared shared_{options_, routes_, metrics_};
  HostPort address_;
  // Shared with the replies that are still out.
  std::vector<std::shared_ptr<internal::Worker>> workers_;
  // Both live on the first worker.
  Acceptor acceptor_;
  internal::Timer pause_;
  std::vector<std::jthread> threads_;
};

HttpServer::Impl::Impl(Options options, RouteTable routes, prometheus::Registry& registry)
    : options_(std::move(options)),
      routes_(std::move(routes)),
      metrics_(registry, options_.name),
      address_(options_.address),
      workers_([threads = options_.threads] {
        std::vector<std::shared_ptr<internal::Worker>> workers;
        for (int i = 0; i < std::max(threads, 1); ++i) {
          workers.push_back(std::make_shared<internal::Worker>());
        }
        return workers;
      }()),
      acceptor_(workers_.front()->context),
      pause_(workers_.front()->context) {}

absl::Status HttpServer::Impl::Start() {
  SB_RETURN_IF_ERROR(Listen(acceptor_, options_.address));
  error_code error;
  address_.port = acceptor_.local_endpoint(error).port();
  shared_.open.Add();
  co_spawn(workers_.front()->context, AcceptLoop(), detached);
  for (const auto& worker : workers_) {
    threads_.emplace_back([worker] { worker->Run(); });
  }
  return absl::OkStatus();
}

void HttpServer::Impl::Shutdown(std::chrono::seconds drain) {
  if (threads_.empty()) return;
  shared_.stopping = true;
  boost::asio::post(workers_.front()->context, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  });
  for (const auto& worker : workers_) {
    boost::asio::post(worker->context, [&worker = *worker] { worker.CloseIdle(); });
  }
  if (!shared_.open.WaitForNone(drain)) {
    for (const auto& worker : workers_) {
      boost::asio::post(worker->context, [&worker = *worker] { worker.AbortAll(); });
    }
  }
  for (const auto& worker : workers_) worker->AllowEnd();
  threads_.clear();
}

internal::Awaitable<void> HttpServer::Impl::AcceptLoop() {
  size_t next = 0;
  bool pausing = false;
  while (!shared_.stopping) {
    internal::Worker& worker = *workers_[next];
    internal::Socket socket(worker.context);
    error_code error;
    co_await acceptor_.async_accept(socket, boost::asio::redirect_error(internal::kAwait, error));
    if (shared_.stopping) break;
    if (error == boost::asio::error::connection_aborted) continue;  // Gone before we came.
    if (error) {
      metrics_.accept_errors.Increment();
      if (!pausing) {
        base::Log(base::LogLevel::kWarning, "cannot accept connections",
                  {{"listener", options_.name}, {"error", error.message()}});
      }
      pausing = true;
      pause_.expires_after(kAcceptPause);
      co_await pause_.async_wait(boost::asio::redirect_error(internal::kAwait, error));
      continue;
    }
    pausing = false;
    Admit(std::move(socket), worker);
    next = (next + 1) % workers_.size();
  }
  shared_.open.Remove();
}

void HttpServer::Impl::Admit(internal::Socket socket, internal::Worker& worker) {
  const size_t connections = shared_.open.now() - 1;  // This loop is the one.
  if (connections >= options_.connections_max) {
    metrics_.connections_refused.Increment();
    return;  // Closes it.
  }
  metrics_.connections_accepted.Increment();
  error_code ignored;
  socket.set_option(asio_tcp::no_delay(true), ignored);
  std::string peer = PeerText(socket);
  auto session =
      std::make_shared<internal::Session>(worker, shared_, std::move(socket), std::move(peer));
  shared_.open.Add();
  co_spawn(worker.context, internal::Session::Run(std::move(session)), detached);
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, RouteTable routes,
                                                              prometheus::Registry& registry) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(routes), registry);
  SB_RETURN_IF_ERROR(impl->Start());
  // The constructor is private, so make_unique cannot.
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Shutdown(std::chrono::seconds(0)); }

const HostPort& HttpServer::address() const { return impl_->address(); }
void HttpServer::Shutdown(std::chrono::seconds drain) { impl_->Shutdown(drain); }

}  // namespace slowburn::net
