#include "net/internal/http2_engine.h"

#include <array>

namespace slowburn::net::internal {
namespace {

// Acknowledgements of PING and SETTINGS that wait to be sent; a read brings up to 7,000 PINGs.
constexpr size_t kUnsentAcksMax = 100;
// Beyond what FloodGuard allows, so that it is the one who speaks.
constexpr uint64_t kResetsBurst = 400;
constexpr uint64_t kResetsPerSecond = 100;

Http2Events& Events(void* user) { return *static_cast<Http2Events*>(user); }

std::string_view Text(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  const bool is_request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
  Events(user).OnHeaderBegin(frame->hd.stream_id, is_request);
  return 0;
}

int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
             const uint8_t* value, size_t value_size, uint8_t, void* user) {
  const bool is_taken =
      Events(user).OnField(frame->hd.stream_id, Text(name, name_size), Text(value, value_size));
  return is_taken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

// Ignored by default; RFC 9113, section 8.2.1, calls such a request malformed.
int OnInvalidHeader(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t, const uint8_t*,
                    size_t, uint8_t, void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int OnFrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Events(user).OnFrame(*frame);
  return 0;
}

int OnDataChunk(nghttp2_session*, uint8_t flags, int32_t stream, const uint8_t* data, size_t size,
                void* user) {
  Events(user).OnData(stream, Text(data, size), (flags & NGHTTP2_FLAG_END_STREAM) != 0);
  return 0;
}

int OnStreamClose(nghttp2_session*, int32_t stream, uint32_t, void* user) {
  Events(user).OnClose(stream);
  return 0;
}

int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Events(user).OnSent(*frame);
  return 0;
}

int OnFrameNotSent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
  Events(user).OnNotSent(*frame, error);
  return 0;
}

ssize_t OnReadData(nghttp2_session*, int32_t stream, uint8_t*, size_t size, uint32_t* flags,
                   nghttp2_data_source*, void* user) {
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  return static_cast<ssize_t>(Events(user).OfferBody(stream, size, *flags));
}

int OnSendData(nghttp2_session*, nghttp2_frame* frame, const uint8_t* header, size_t size,
               nghttp2_data_source*, void* user) {
  constexpr size_t kFrameHeaderBytes = 9;  // We never pad.
  const bool is_sent =
      Events(user).SendBody(frame->hd.stream_id, Text(header, kFrameHeaderBytes), size);
  return is_sent ? 0 : NGHTTP2_ERR_WOULDBLOCK;
}

// Made once and never freed: connections may be made until the process ends.
const nghttp2_session_callbacks* Callbacks() {
  static const nghttp2_session_callbacks* const callbacks = [] {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) return made;
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, OnInvalidHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrameReceived);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnDataChunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, OnStreamClose);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, OnFrameSent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(made, OnFrameNotSent);
    nghttp2_session_callbacks_set_send_data_callback(made, OnSendData);
    return made;
  }();
  return callbacks;
}

const nghttp2_option* Options() {
  static const nghttp2_option* const options = [] {
    nghttp2_option* made = nullptr;
    if (nghttp2_option_new(&made) != 0) return made;
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_max_outbound_ack(made, kUnsentAcksMax);
    nghttp2_option_set_stream_reset_rate_limit(made, kResetsBurst, kResetsPerSecond);
    nghttp2_option_set_max_send_header_block_length(made, 64 << 10);
    return made;
  }();
  return options;
}

bool SubmitSettings(nghttp2_session* engine, size_t header_bytes_max) {
  const std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kHttp2StreamsMax},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kHttp2StreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(header_bytes_max)},
      // PRIORITY frames build no tree then, and closed streams are not remembered for it.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  return nghttp2_submit_settings(engine, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
             0 &&
         nghttp2_session_set_local_window_size(engine, NGHTTP2_FLAG_NONE, 0,
                                               kHttp2ConnectionWindow) == 0;
}

}  // namespace

Http2Engine MakeHttp2Engine(Http2Events& events, size_t header_bytes_max) {
  if (Callbacks() == nullptr || Options() == nullptr) return nullptr;
  nghttp2_session* made = nullptr;
  if (nghttp2_session_server_new2(&made, Callbacks(), &events, Options()) != 0) return nullptr;
  Http2Engine engine(made);
  if (!SubmitSettings(made, header_bytes_max)) return nullptr;
  return engine;
}

nghttp2_data_provider Http2BodyProvider() {
  nghttp2_data_provider provider{};
  provider.read_callback = OnReadData;
  return provider;
}

}  // namespace slowburn::net::internal
