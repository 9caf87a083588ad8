#include "net/http_server.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/status.h"
#include "net/internal/http_session.h"
#include "net/internal/listener.h"

namespace slowburn::net {
namespace {

std::shared_ptr<internal::Connection> Serve(internal::ServerShared& shared,
                                            internal::Listener::Accepted accepted) {
  internal::Worker& worker = accepted.worker;
  auto session = std::make_shared<internal::Session>(shared, std::move(accepted));
  shared.open.Add();
  internal::asio::co_spawn(worker.context, internal::Session::Run(session),
                           internal::asio::detached);
  return session;
}

}  // namespace

class HttpServer::Impl : public internal::Listener {
 public:
  using Listener::Listener;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(ServerOptions options,
                                                              RouteTable routes,
                                                              prometheus::Registry& registry) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(routes), registry);
  SB_RETURN_IF_ERROR(impl->Start(
      [&shared = impl->shared()](auto accepted) { return Serve(shared, std::move(accepted)); }));
  // The constructor is private, so make_unique cannot.
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

const HostPort& HttpServer::address() const { return impl_->address(); }
void HttpServer::Shutdown(std::chrono::seconds drain) { impl_->Shutdown(drain); }

}  // namespace slowburn::net
