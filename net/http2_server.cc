#include "net/http2_server.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/status.h"
#include "net/internal/http2_metrics.h"
#include "net/internal/http2_session.h"
#include "net/internal/listener.h"

namespace slowburn::net {
namespace {

std::shared_ptr<internal::Connection> Serve(internal::ServerShared& shared,
                                            internal::Http2Metrics& metrics,
                                            internal::Listener::Accepted accepted) {
  internal::Worker& worker = accepted.worker;
  auto session = std::make_shared<internal::Http2Session>(shared, metrics, std::move(accepted));
  shared.open.Add();
  internal::asio::co_spawn(worker.context, internal::Http2Session::Run(session),
                           internal::asio::detached);
  return session;
}

}  // namespace

class Http2Server::Impl {
 public:
  Impl(ServerOptions options, RouteTable routes, prometheus::Registry& registry)
      : metrics_(registry, options.name),
        listener_(std::move(options), std::move(routes), registry) {}

  absl::Status Start() {
    return listener_.Start([this](internal::Listener::Accepted accepted) {
      return Serve(listener_.shared(), metrics_, std::move(accepted));
    });
  }
  void Shutdown(std::chrono::seconds drain) { listener_.Shutdown(drain); }
  const HostPort& address() const { return listener_.address(); }

 private:
  internal::Http2Metrics metrics_;
  internal::Listener listener_;  // Last: its threads use what is above.
};

absl::StatusOr<std::unique_ptr<Http2Server>> Http2Server::Start(ServerOptions options,
                                                                RouteTable routes,
                                                                prometheus::Registry& registry) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(routes), registry);
  SB_RETURN_IF_ERROR(impl->Start());
  // The constructor is private, so make_unique cannot.
  return std::unique_ptr<Http2Server>(new Http2Server(std::move(impl)));
}

Http2Server::Http2Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Http2Server::~Http2Server() = default;

const HostPort& Http2Server::address() const { return impl_->address(); }
void Http2Server::Shutdown(std::chrono::seconds drain) { impl_->Shutdown(drain); }

}  // namespace slowburn::net
