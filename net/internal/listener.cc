#include "net/internal/listener.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logging.h"
#include "base/status.h"

namespace slowburn::net::internal {
namespace {

using asio::ip::tcp;
namespace errc = boost::system::errc;

constexpr int kBacklog = 4096;
// While accept fails at once and again: better late than to burn a core.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kLogInterval{10};

// "localhost" may mean ::1 first; clients that are given a port try 127.0.0.1.
absl::StatusOr<tcp::endpoint> Resolve(const HostPort& address) {
  asio::io_context context;
  tcp::resolver resolver(context);
  error_code error;
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
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

template <typename Acceptor>
absl::Status Listen(Acceptor& acceptor, const HostPort& address) {
  SB_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, Resolve(address));
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (!error) acceptor.native_non_blocking(true, error);  // CloseOne() takes from it by itself.
  return error ? ListenError(address, error) : absl::OkStatus();
}

bool IsOutOfDescriptors(const error_code& error) {
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system;
}

std::vector<std::shared_ptr<Worker>> MakeWorkers(int threads) {
  std::vector<std::shared_ptr<Worker>> workers;
  for (int i = 0; i < std::max(threads, 1); ++i) workers.push_back(std::make_shared<Worker>());
  return workers;
}

}  // namespace

Listener::Listener(ServerOptions options, RouteTable routes, prometheus::Registry& registry)
    : options_(std::move(options)),
      routes_(std::move(routes)),
      metrics_(registry, options_.name),
      shared_{options_, routes_, metrics_},
      address_(options_.address),
      table_({options_.connections_max, options_.connections_per_address_max}),
      workers_(MakeWorkers(options_.threads)),
      acceptor_(workers_.front()->context),
      pause_(workers_.front()->context) {}

Listener::~Listener() {
  Shutdown(std::chrono::seconds(0));
  if (spare_descriptor_ >= 0) ::close(spare_descriptor_);
}

absl::Status Listener::Start(Serve serve) {
  SB_RETURN_IF_ERROR(Listen(acceptor_, options_.address));
  error_code error;
  address_.port = acceptor_.local_endpoint(error).port();
  serve_ = std::move(serve);
  TakeSpareDescriptor();
  shared_.open.Add();
  asio::co_spawn(workers_.front()->context, AcceptLoop(), asio::detached);
  for (const auto& worker : workers_) {
    threads_.emplace_back([worker] { worker->Run(); });
  }
  return absl::OkStatus();
}

void Listener::Shutdown(std::chrono::seconds drain) {
  if (threads_.empty()) return;
  shared_.stopping = true;
  asio::post(workers_.front()->context, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  });
  for (const auto& worker : workers_) {
    asio::post(worker->context, [&worker = *worker] { worker.CloseIdle(); });
  }
  if (!shared_.open.WaitForNone(drain)) {
    for (const auto& worker : workers_) {
      asio::post(worker->context, [&worker = *worker] { worker.AbortAll(); });
    }
  }
  for (const auto& worker : workers_) worker->AllowEnd();
  threads_.clear();
}

Awaitable<void> Listener::AcceptLoop() {
  size_t next = 0;
  while (!shared_.stopping) {
    Worker& worker = *workers_[next];
    Socket socket(worker.context);
    error_code error;
    co_await acceptor_.async_accept(socket, asio::redirect_error(kAwait, error));
    if (shared_.stopping) break;
    if (!error) {
      Admit(std::move(socket), worker);
      next = (next + 1) % workers_.size();
      continue;
    }
    if (error == asio::error::connection_aborted) continue;  // Gone before we came.
    metrics_.accept_errors.Increment();
    LogAcceptError(error);
    if (IsOutOfDescriptors(error) && CloseOne()) continue;
    pause_.expires_after(kAcceptPause);
    co_await pause_.async_wait(asio::redirect_error(kAwait, error));
  }
  shared_.open.Remove();
}

void Listener::Admit(Socket socket, Worker& worker) try {
  error_code gone;
  const tcp::endpoint peer = socket.remote_endpoint(gone);
  if (gone) return;
  const ConnectionTable::Address address = ConnectionTable::AddressOf(peer.address());
  std::optional<std::vector<ConnectionTable::Entry>> leaving = table_.MakeRoom(address);
  if (!leaving) {
    metrics_.connections_refused.Increment();
    return;  // Closes it.
  }
  for (ConnectionTable::Entry& victim : *leaving) Evict(std::move(victim));
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto tls = options_.tls == nullptr ? nullptr : options_.tls->current();
  auto use = std::make_shared<Use>();
  use->last_active_ns = base::SystemClock().Monotonic().time_since_epoch().count();
  auto connection = serve_({worker, Stream(std::move(socket), tls),
                            HostPort{peer.address().to_string(), peer.port()}.Text(), use});
  metrics_.connections_accepted.Increment();
  table_.Add({address, std::move(use), std::move(connection), &worker});
} catch (const std::exception&) {  // For want of memory. The loop must go on.
  metrics_.connections_refused.Increment();
}

void Listener::Evict(ConnectionTable::Entry victim) {
  Worker& worker = *victim.worker;
  asio::post(worker.context, [this, victim = std::move(victim)] {
    Use::State leaving = Use::State::kLeaving;
    if (victim.use->requests_open > 0) {  // Since it was chosen.
      victim.use->state.compare_exchange_strong(leaving, Use::State::kOpen);
      return;
    }
    const std::shared_ptr<Connection> connection = victim.connection.lock();
    if (connection == nullptr || victim.use->state != leaving) return;
    metrics_.connections_evicted.Increment();
    connection->Abort();
  });
}

bool Listener::CloseOne() {
  if (spare_descriptor_ < 0) {
    TakeSpareDescriptor();
    return false;
  }
  ::close(spare_descriptor_);
  const int taken = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  if (taken >= 0) {
    metrics_.connections_refused.Increment();
    ::close(taken);
  }
  TakeSpareDescriptor();
  return taken >= 0;
}

void Listener::TakeSpareDescriptor() {
  spare_descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void Listener::LogAcceptError(const error_code& error) {
  const SteadyTime now = base::SystemClock().Monotonic();
  if (now < next_log_) {
    ++suppressed_;
    return;
  }
  base::Log(base::LogLevel::kWarning, "cannot accept connections",
            {{"listener", options_.name}, {"error", error.message()}, {"suppressed", suppressed_}});
  next_log_ = now + kLogInterval;
  suppressed_ = 0;
}

}  // namespace slowburn::net::internal
