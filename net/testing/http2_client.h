// net/testing/http2_client.h: an HTTP/2 client for tests that must say exactly what goes over the
// wire, and see all that comes back.
//
// Room     net/testing
// Uses     net/, nghttp2 (names, HPACK decoder), POSIX sockets
// Threads  one thread at a time
// Units    bytes
// Source   RFC 9113, RFC 7541
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "net/host_port.h"
#include "net/http_message.h"
#include "net/testing/raw_http.h"

namespace slowburn::net {

inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// `length` where it is not that of the payload.
std::string Http2Frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload,
                       std::optional<uint32_t> length = std::nullopt);
// Big-endian.
std::string Uint32(uint32_t value);
std::string Setting(uint16_t name, uint32_t value);
// HPACK: an integer after `first`, whose low `bits` it fills; a field without indexing; both parts
// of a request's header.
std::string HpackInteger(uint8_t first, int bits, uint64_t value);
std::string HpackField(std::string_view name, std::string_view value);
std::string RequestFields(std::string_view method, std::string_view path,
                          const std::vector<HttpHeader>& more = {});

struct Http2Reply {
  int status = 0;  // 0: none came
  std::vector<HttpHeader> headers;
  std::string body;
  std::vector<HttpHeader> trailers;
  int header_frames = 0;
  bool is_complete = false;            // with END_STREAM
  std::optional<uint32_t> reset_code;  // of RST_STREAM

  bool is_over() const { return is_complete || reset_code.has_value(); }
};

// Answers SETTINGS and PING, and opens windows anew, unless told not to. Waits end after ten
// seconds, as those of RawConnection do.
class Http2Client {
 public:
  struct Options {
    bool sends_preface = true;
    std::string settings;  // payload of the first SETTINGS frame
    bool opens_windows = true;
    bool answers_pings = true;
  };
  explicit Http2Client(const HostPort& server);
  Http2Client(const HostPort& server, Options options);
  Http2Client(std::unique_ptr<RawConnection> connection, Options options);

  // False when the server has gone.
  bool Send(std::string_view bytes) { return connection_->Send(bytes); }
  bool SendFrame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload) {
    return Send(Http2Frame(type, flags, stream, payload));
  }
  // `ends`: without a body.
  bool SendRequest(int32_t stream, std::string_view method, std::string_view path,
                   const std::vector<HttpHeader>& more = {}, bool ends = true);
  // In frames of 16 KiB, as the server's windows allow. False when it has gone, or ended the
  // stream.
  bool SendBody(int32_t stream, std::string_view body, bool ends = true);

  // All of the answer, or what came until the connection ended.
  const Http2Reply& Await(int32_t stream);
  // SendRequest on a stream of its own, and Await.
  Http2Reply Ask(std::string_view method, std::string_view path,
                 const std::vector<HttpHeader>& more = {}, std::string_view body = {});
  // Of the last GOAWAY that came until the server closed; nothing where it closed without one, or
  // did not close.
  std::optional<uint32_t> AwaitGoaway();
  // False where it did not.
  bool AwaitClose();
  // Until a frame of this type has come; nothing when the server closed first.
  std::optional<nghttp2_frame_hd> AwaitFrame(uint8_t type);

  const Http2Reply& reply(int32_t stream) { return replies_[stream]; }
  std::optional<uint32_t> goaway_code() const { return goaway_code_; }
  int32_t goaway_stream() const { return goaway_stream_; }
  int64_t window(int32_t stream) { return Window(stream); }

 private:
  // Nothing when the server has closed, or is silent for ten seconds.
  std::optional<nghttp2_frame_hd> ReadFrame();
  void TakeFrame(const nghttp2_frame_hd& frame, std::string payload);
  void TakeSettings(const nghttp2_frame_hd& frame, std::string_view payload);
  void TakeData(const nghttp2_frame_hd& frame, std::string payload);
  void TakeHeaderBlock(int32_t stream, std::string_view block, bool ends);
  int64_t& Window(int32_t stream);

  const Options options_;
  std::unique_ptr<RawConnection> connection_;
  std::string unread_;
  size_t read_ = 0;  // of unread_
  bool is_closed_ = false;
  std::unique_ptr<nghttp2_hd_inflater, void (*)(nghttp2_hd_inflater*)> inflater_;
  std::string block_;
  bool block_ends_ = false;
  std::map<int32_t, Http2Reply> replies_;
  // What we may still send; 0 is the connection.
  std::map<int32_t, int64_t> windows_{{0, 65535}};
  int64_t initial_window_ = 65535;
  std::optional<uint32_t> goaway_code_;
  int32_t goaway_stream_ = -1;
  int32_t next_stream_ = 1001;
};

}  // namespace slowburn::net
