// net/internal/http2_session.h: one connection of an HTTP/2 server, from accept to close.
//
// Room     net/internal
// Uses     base/, net/, Boost.Asio, nghttp2
// Threads  lives on its worker's thread
// Units    bytes, chrono
// Source   RFC 9113
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/internal/connection.h"
#include "net/internal/flood_guard.h"
#include "net/internal/frame_scanner.h"
#include "net/internal/http2_engine.h"
#include "net/internal/http2_metrics.h"
#include "net/internal/http2_streams.h"
#include "net/internal/listener.h"
#include "net/internal/server_shared.h"

namespace slowburn::net::internal {

// Moves bytes between the socket and nghttp2, one coroutine each way, and decides when that ends.
// What the bytes ask for is the business of Http2Streams.
class Http2Session final : public Connection, private Http2Events {
 public:
  Http2Session(ServerShared& shared, Http2Metrics& metrics, Listener::Accepted accepted);

  // The life of the connection. Counted in ServerShared::open by the caller, and until it ends.
  static Awaitable<void> Run(std::shared_ptr<Http2Session> session);

  void Expire(SteadyTime now) override;
  void CloseIfIdle() override;
  void Abort() override;

  Http2Streams& streams() { return streams_; }
  // There may be something to send.
  void Wake();

 private:
  enum class Phase {
    kOpening,  // until the client's preface
    kServing,
    kEnding,     // the last words are on their way; what comes is thrown away
    kLingering,  // they are sent; the client may read them before we close
    kGone,
  };

  // False: there is nobody to talk to.
  Awaitable<bool> Open();
  bool MakeEngine();
  // Until the client is gone, or we are.
  Awaitable<void> ReadAll();
  static Awaitable<void> WriteAll(std::shared_ptr<Http2Session> session);
  // Writes what there is, or waits for it. False once there will be no more.
  Awaitable<bool> WriteOnce();
  Awaitable<bool> Flush();
  void FillBatch();
  bool IsDone() const;

  void Receive(std::string_view bytes);
  std::optional<Flood> ScanFrames(std::string_view bytes);
  // Tells what does not speak HTTP/2 so, in what it probably speaks.
  void Decline();
  // Says goodbye with one of nghttp2_error_code, whatever is still open.
  void End(uint32_t code);
  void EndFor(Flood flood);
  // Says which request was the last; ends once all are answered.
  void FinishDrain();
  // After a read of `received` bytes.
  void ResizeBuffer(size_t received);
  // A read that waits holds its buffer: it is cancelled, and begun anew with a small one.
  void ShrinkIfIdle(SteadyTime now);

  void OnHeaderBegin(int32_t stream, bool is_request) override;
  bool OnField(int32_t stream, std::string_view name, std::string_view value) override;
  void OnFrame(const nghttp2_frame& frame) override;
  void OnData(int32_t stream, std::string_view data, bool is_last) override;
  void OnClose(int32_t stream) override;
  void OnSent(const nghttp2_frame& frame) override;
  void OnNotSent(const nghttp2_frame& frame, int error) override;
  size_t OfferBody(int32_t stream, size_t bytes, uint32_t& flags) override;
  bool SendBody(int32_t stream, std::string_view header, size_t bytes) override;

  // All three are there while Run() runs; nothing touches them later.
  Worker& worker_;
  ServerShared& shared_;
  Http2Metrics& metrics_;
  Stream stream_;
  Http2Engine engine_;
  Http2Streams streams_;
  FrameScanner scanner_;
  FloodGuard guard_;
  std::optional<Flood> flood_;  // found while nghttp2 was at work

  Phase phase_ = Phase::kOpening;
  std::unique_ptr<char[]> buffer_;
  size_t buffer_bytes_ = 0;
  bool is_shrinking_ = false;
  size_t lingered_ = 0;
  std::string batch_;  // to be written
  Timer wake_;         // never expires; cancelled by Wake(), and by the end of WriteAll()
  bool is_writing_ = false;

  SteadyTime received_;                            // when bytes came last
  SteadyTime deadline_ = SteadyTime::max();        // of the phase
  SteadyTime frame_deadline_ = SteadyTime::max();  // of the frame or header block that has begun
  SteadyTime write_deadline_ = SteadyTime::max();
  SteadyTime ping_deadline_ = SteadyTime::max();
  SteadyTime drain_deadline_ = SteadyTime::max();
};

}  // namespace slowburn::net::internal
