// net/internal/listener.h: binds an address, accepts, decides whom to let in, and makes a
// connection of each: the same for HTTP/1.1 and HTTP/2.
//
// Room     net/internal
// Uses     base/, net/
// Threads  Start and Shutdown by the owner; the accept loop lives on the first worker
// Units    chrono
// Source   faults 22, 36
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <absl/status/status.h>
#include <boost/asio/basic_socket_acceptor.hpp>

#include "net/internal/connection.h"
#include "net/internal/connection_table.h"
#include "net/internal/server_metrics.h"
#include "net/internal/server_shared.h"
#include "net/internal/stream.h"
#include "net/route_table.h"
#include "net/server_options.h"

namespace slowburn::net::internal {

class Listener {
 public:
  // An admitted connection: the callee starts its coroutine on worker.context, having called
  // shared.open.Add(); the coroutine ends with shared.open.Remove().
  struct Accepted {
    Worker& worker;
    Stream stream;
    std::string peer;  // "127.0.0.1:54321"
    std::shared_ptr<Use> use;
  };
  using Serve = std::function<std::shared_ptr<Connection>(Accepted)>;

  Listener(ServerOptions options, RouteTable routes, prometheus::Registry& registry);
  ~Listener();

  // Binds before it returns; errors as HttpServer::Start.
  absl::Status Start(Serve serve);
  // As HttpServer::Shutdown.
  void Shutdown(std::chrono::seconds drain);
  const HostPort& address() const { return address_; }
  ServerShared& shared() { return shared_; }

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
  Awaitable<void> AcceptLoop();
  void Admit(Socket socket, Worker& worker);
  void Evict(ConnectionTable::Entry victim);
  // With no descriptor left: uses the spare one to take a connection and close it. False where none
  // waited, or the spare one is gone.
  bool CloseOne();
  void TakeSpareDescriptor();
  void LogAcceptError(const error_code& error);

  const ServerOptions options_;
  const RouteTable routes_;
  ServerMetrics metrics_;
  ServerShared shared_;
  HostPort address_;
  Serve serve_;
  ConnectionTable table_;  // touched by the accept loop alone
  // Shared with the replies that are still out.
  std::vector<std::shared_ptr<Worker>> workers_;
  // Both live on the first worker.
  Acceptor acceptor_;
  Timer pause_;
  int spare_descriptor_ = -1;
  SteadyTime next_log_ = SteadyTime::min();
  uint64_t suppressed_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace slowburn::net::internal
