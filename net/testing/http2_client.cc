#include "net/testing/http2_client.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace slowburn::net {
namespace {

constexpr size_t kFrameHeader = 9;
constexpr size_t kFrameMax = 16 << 10;

uint32_t ReadUint(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// Small frames do not wait for the acknowledgement of others.
class PromptConnection final : public RawConnection {
 public:
  explicit PromptConnection(const HostPort& server) : RawConnection(server) {
    const int on = 1;
    setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
};

nghttp2_hd_inflater* NewInflater() {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) != 0) throw std::bad_alloc();
  return inflater;
}

}  // namespace

std::string Uint32(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

std::string Http2Frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload,
                       std::optional<uint32_t> length) {
  std::string frame = Uint32(length.value_or(static_cast<uint32_t>(payload.size()))).substr(1);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  frame.append(Uint32(static_cast<uint32_t>(stream))).append(payload);
  return frame;
}

std::string Setting(uint16_t name, uint32_t value) {
  return Uint32(name).substr(2) + Uint32(value);
}

std::string HpackInteger(uint8_t first, int bits, uint64_t value) {
  const uint64_t most = (1U << bits) - 1;
  if (value < most) return std::string(1, static_cast<char>(first | value));
  std::string bytes(1, static_cast<char>(first | most));
  for (value -= most; value >= 128; value >>= 7) {
    bytes.push_back(static_cast<char>(value % 128 + 128));
  }
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string HpackField(std::string_view name, std::string_view value) {
  std::string field(1, '\0');
  field.append(HpackInteger(0, 7, name.size())).append(name);
  field.append(HpackInteger(0, 7, value.size())).append(value);
  return field;
}

std::string RequestFields(std::string_view method, std::string_view path,
                          const std::vector<HttpHeader>& more) {
  std::string fields = HpackField(":method", method) + HpackField(":scheme", "http") +
                       HpackField(":path", path) + HpackField(":authority", "test");
  for (const HttpHeader& header : more) fields += HpackField(header.name, header.value);
  return fields;
}

Http2Client::Http2Client(const HostPort& server) : Http2Client(server, Options()) {}

Http2Client::Http2Client(const HostPort& server, Options options)
    : Http2Client(std::make_unique<PromptConnection>(server), std::move(options)) {}

Http2Client::Http2Client(std::unique_ptr<RawConnection> connection, Options options)
    : options_(std::move(options)),
      connection_(std::move(connection)),
      inflater_(NewInflater(), nghttp2_hd_inflate_del) {
  if (!options_.sends_preface) return;
  Send(std::string(kHttp2Preface) + Http2Frame(NGHTTP2_SETTINGS, 0, 0, options_.settings));
}

bool Http2Client::SendRequest(int32_t stream, std::string_view method, std::string_view path,
                              const std::vector<HttpHeader>& more, bool ends) {
  const std::string fields = RequestFields(method, path, more);
  std::string_view rest = fields;
  std::string frames;
  do {
    const std::string_view piece = rest.substr(0, kFrameMax);
    rest.remove_prefix(piece.size());
    int flags = rest.empty() ? NGHTTP2_FLAG_END_HEADERS : NGHTTP2_FLAG_NONE;
    if (ends && frames.empty()) flags |= NGHTTP2_FLAG_END_STREAM;
    frames += Http2Frame(frames.empty() ? NGHTTP2_HEADERS : NGHTTP2_CONTINUATION,
                         static_cast<uint8_t>(flags), stream, piece);
  } while (!rest.empty());
  return Send(frames);
}

bool Http2Client::SendBody(int32_t stream, std::string_view body, bool ends) {
  std::string frames;
  do {
    const int64_t window = std::min(Window(0), Window(stream));
    if (window <= 0 && !body.empty()) {
      if (!Send(std::exchange(frames, {}))) return false;
      if (!ReadFrame() || replies_[stream].is_over()) return false;
      continue;
    }
    const size_t bytes =
        std::min({body.size(), kFrameMax, static_cast<size_t>(std::max<int64_t>(window, 0))});
    const bool is_last = ends && bytes == body.size();
    const uint8_t flags = is_last ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE;
    frames += Http2Frame(NGHTTP2_DATA, flags, stream, body.substr(0, bytes));
    Window(0) -= static_cast<int64_t>(bytes);
    Window(stream) -= static_cast<int64_t>(bytes);
    body.remove_prefix(bytes);
  } while (!body.empty());
  return Send(frames);
}

const Http2Reply& Http2Client::Await(int32_t stream) {
  while (!replies_[stream].is_over() && ReadFrame()) {
  }
  return replies_[stream];
}

Http2Reply Http2Client::Ask(std::string_view method, std::string_view path,
                            const std::vector<HttpHeader>& more, std::string_view body) {
  const int32_t stream = std::exchange(next_stream_, next_stream_ + 2);
  if (!SendRequest(stream, method, path, more, body.empty())) return {};
  if (!body.empty()) SendBody(stream, body);
  return Await(stream);
}

std::optional<uint32_t> Http2Client::AwaitGoaway() {
  return AwaitClose() ? goaway_code_ : std::nullopt;
}

bool Http2Client::AwaitClose() {
  while (ReadFrame()) {
  }
  return is_closed_;
}

std::optional<nghttp2_frame_hd> Http2Client::AwaitFrame(uint8_t type) {
  for (;;) {
    const std::optional<nghttp2_frame_hd> frame = ReadFrame();
    if (!frame || frame->type == type) return frame;
  }
}

std::optional<nghttp2_frame_hd> Http2Client::ReadFrame() {
  for (;;) {
    const std::string_view unread = std::string_view(unread_).substr(read_);
    const size_t length = unread.size() < kFrameHeader ? 0 : ReadUint(unread.substr(0, 3));
    if (unread.size() >= kFrameHeader + length) {
      nghttp2_frame_hd frame{};
      frame.length = length;
      frame.type = static_cast<uint8_t>(unread[3]);
      frame.flags = static_cast<uint8_t>(unread[4]);
      frame.stream_id = static_cast<int32_t>(ReadUint(unread.substr(5, 4)));
      read_ += kFrameHeader + length;
      TakeFrame(frame, std::string(unread.substr(kFrameHeader, length)));
      return frame;
    }
    unread_.erase(0, std::exchange(read_, 0));
    char buffer[64 << 10];
    const ssize_t got = connection_->ReceiveSome(buffer);
    if (got <= 0) {
      is_closed_ = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
      return std::nullopt;
    }
    unread_.append(buffer, static_cast<size_t>(got));
  }
}

void Http2Client::TakeFrame(const nghttp2_frame_hd& frame, std::string payload) {
  switch (frame.type) {
    case NGHTTP2_SETTINGS:
      TakeSettings(frame, payload);
      break;
    case NGHTTP2_PING:
      if ((frame.flags & NGHTTP2_FLAG_ACK) == 0 && options_.answers_pings) {
        SendFrame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, payload);
      }
      break;
    case NGHTTP2_WINDOW_UPDATE:
      Window(frame.stream_id) += ReadUint(payload);
      break;
    case NGHTTP2_GOAWAY:
      goaway_stream_ = static_cast<int32_t>(ReadUint(std::string_view(payload).substr(0, 4)));
      goaway_code_ = ReadUint(std::string_view(payload).substr(4, 4));
      break;
    case NGHTTP2_RST_STREAM:
      replies_[frame.stream_id].reset_code = ReadUint(payload);
      break;
    case NGHTTP2_DATA:
      TakeData(frame, std::move(payload));
      break;
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION:
      if (frame.type == NGHTTP2_HEADERS) {
        block_.clear();
        block_ends_ = (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      }
      block_ += payload;
      if ((frame.flags & NGHTTP2_FLAG_END_HEADERS) != 0) {
        TakeHeaderBlock(frame.stream_id, block_, block_ends_);
      }
      break;
    default:
      break;
  }
}

void Http2Client::TakeSettings(const nghttp2_frame_hd& frame, std::string_view payload) {
  if ((frame.flags & NGHTTP2_FLAG_ACK) != 0) return;
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    if (ReadUint(payload.substr(0, 2)) != NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) continue;
    const int64_t grown = ReadUint(payload.substr(2, 4)) - initial_window_;
    initial_window_ += grown;
    for (auto& [stream, window] : windows_) window += stream == 0 ? 0 : grown;
  }
  SendFrame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "");
}

void Http2Client::TakeData(const nghttp2_frame_hd& frame, std::string payload) {
  Http2Reply& reply = replies_[frame.stream_id];
  reply.body += payload;
  reply.is_complete = (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!options_.opens_windows || payload.empty()) return;
  const std::string bytes = Uint32(static_cast<uint32_t>(payload.size()));
  SendFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, bytes);
  if (!reply.is_complete) SendFrame(NGHTTP2_WINDOW_UPDATE, 0, frame.stream_id, bytes);
}

void Http2Client::TakeHeaderBlock(int32_t stream, std::string_view block, bool ends) {
  Http2Reply& reply = replies_[stream];
  std::vector<HttpHeader>& fields = reply.header_frames++ == 0 ? reply.headers : reply.trailers;
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const ssize_t used =
        nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags,
                               reinterpret_cast<const uint8_t*>(block.data()), block.size(), 1);
    if (used < 0) throw std::runtime_error("the server's header block is broken");
    block.remove_prefix(static_cast<size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.push_back({std::string(reinterpret_cast<char*>(field.name), field.namelen),
                        std::string(reinterpret_cast<char*>(field.value), field.valuelen)});
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  reply.status = std::atoi(std::string(FindHeader(reply.headers, ":status")).c_str());
  reply.is_complete = ends;
}

int64_t& Http2Client::Window(int32_t stream) {
  return windows_.try_emplace(stream, initial_window_).first->second;
}

}  // namespace slowburn::net
