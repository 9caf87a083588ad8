// net/internal/http2_streams.h: the requests of one HTTP/2 connection, from their fields to the end
// of their answers.
//
// Room     net/internal
// Uses     base/, net/, nghttp2
// Threads  lives on its worker's thread; replies and decisions come from elsewhere, and post
//          themselves there
// Units    bytes
// Source   RFC 9113, section 8
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <nghttp2/nghttp2.h>

#include "net/internal/http2_stream.h"
#include "net/internal/refusal.h"
#include "net/internal/server_shared.h"
#include "net/internal/worker.h"

namespace slowburn::net::internal {

class Http2Session;

// A request stays here until its stream is closed and its handler has answered: who resets streams
// gets no more than kHttp2StreamsMax handlers to run for him.
class Http2Streams {
 public:
  // `session` owns this.
  Http2Streams(Http2Session& session, Worker& worker, ServerShared& shared, std::string peer);

  // Until Close(). `engine` is the connection's.
  void Open(nghttp2_session* engine, std::vector<std::string> certificate_names);
  // The connection has ended; replies that come later find nothing.
  void Close();

  // What came. BeginHeader and AddField are for trailers too, which are counted and dropped.
  void BeginHeader(int32_t id, bool is_request);
  // False: there were far too many bytes of fields.
  bool AddField(int32_t id, std::string_view name, std::string_view value);
  void EndHeader(int32_t id, bool is_whole);
  void AddData(int32_t id, std::string_view data, bool is_last);
  void EndBody(int32_t id);

  // What goes. See Http2Events::OfferBody.
  size_t OfferBody(int32_t id, size_t bytes, uint32_t& flags);
  // The next `bytes` of what was offered.
  std::string_view TakeBody(int32_t id, size_t bytes);
  // The end of an answer was sent.
  void EndAnswer(int32_t id);
  // The fields of an answer could not be sent.
  void FailAnswer(int32_t id);
  void EndStream(int32_t id);

  // Refuses bodies that come too slowly. False: the client does not read an answer.
  bool Expire(SteadyTime now);
  // Handlers that run without a stream do not count.
  bool is_idle() const;

 private:
  template <typename Value>
  class Pending;

  std::shared_ptr<Http2Session> Session();
  Http2Stream* Find(int32_t id);
  // What can be refused before anybody looks at who asks.
  std::optional<Refusal> CheckHeader(Http2Stream& stream);
  void AskAccess(Http2Stream& stream);
  void ExpectBody(Http2Stream& stream);
  void Handle(Http2Stream& stream);
  // What was waited for; status 0 where it was dropped.
  void Take(int32_t id, AccessDecision decision);
  void Take(int32_t id, HttpResponse response);

  void Refuse(Http2Stream& stream, Refusal refusal);
  void Respond(Http2Stream& stream, HttpResponse response);
  HttpResponse Error(Http2Stream& stream, int status, std::string_view message);
  void CountHandlerError(Http2Stream& stream, std::string_view what);
  void Reset(int32_t id, uint32_t code);

  // All three are there while the connection is open; nothing touches them later.
  Http2Session& session_;
  Worker& worker_;
  ServerShared& shared_;
  const std::string peer_;
  std::vector<std::string> certificate_names_;
  nghttp2_session* engine_ = nullptr;
  absl::flat_hash_map<int32_t, std::unique_ptr<Http2Stream>> streams_;
  size_t block_bytes_ = 0;  // of the header block at hand, as HPACK counts them
};

}  // namespace slowburn::net::internal
