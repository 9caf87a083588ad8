// net/internal/http2_engine.h: nghttp2 as the server's side of a connection, under our limits.
//
// Room     net/internal
// Uses     nghttp2
// Threads  one thread at a time
// Units    bytes
// Source   RFC 9113; nghttp2 1.52
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

namespace slowburn::net::internal {

inline constexpr uint32_t kHttp2StreamsMax = 100;
inline constexpr int32_t kHttp2StreamWindow = 1 << 20;
inline constexpr int32_t kHttp2ConnectionWindow = 4 << 20;

// What nghttp2 tells while it is given bytes, or asked for them. Nothing may throw, for there is C
// in between.
class Http2Events {
 public:
  virtual ~Http2Events() = default;

  // A header block begins: a request's, or the trailers of one.
  virtual void OnHeaderBegin(int32_t stream, bool is_request) = 0;
  // False: the stream is reset and the rest of its block skipped.
  virtual bool OnField(int32_t stream, std::string_view name, std::string_view value) = 0;
  // A frame came, whole and valid. After the fields of a header block, after the data of DATA.
  virtual void OnFrame(const nghttp2_frame& frame) = 0;
  virtual void OnData(int32_t stream, std::string_view data, bool is_last) = 0;
  virtual void OnClose(int32_t stream) = 0;

  virtual void OnSent(const nghttp2_frame& frame) = 0;
  // `error` is NGHTTP2_ERR_FRAME_SIZE_ERROR where its fields are too large.
  virtual void OnNotSent(const nghttp2_frame& frame, int error) = 0;
  // How much of its body an answer will send, up to `bytes`; sets NGHTTP2_DATA_FLAG_*.
  virtual size_t OfferBody(int32_t stream, size_t bytes, uint32_t& flags) = 0;
  // Sends the frame's header, then that many bytes of the body. False: later, for want of room.
  virtual bool SendBody(int32_t stream, std::string_view header, size_t bytes) = 0;
};

struct Http2EngineDeleter {
  void operator()(nghttp2_session* engine) const { nghttp2_session_del(engine); }
};
using Http2Engine = std::unique_ptr<nghttp2_session, Http2EngineDeleter>;

// With our SETTINGS and the connection's window to be sent first. Windows are given back by
// nghttp2_session_consume() only. Null for want of memory. `events` must outlive it.
Http2Engine MakeHttp2Engine(Http2Events& events, size_t header_bytes_max);

// Where the data of an answer comes from: Http2Events::OfferBody and SendBody.
nghttp2_data_provider Http2BodyProvider();

}  // namespace slowburn::net::internal
