// net/streamed_body.h: an answer whose body is made while it is sent.
//
// Room     net
// Uses     net/
// Threads  values; a source is asked by one server thread, its answers may come from any
// Units    bytes
// Source   RFC 9112, section 7.1
#pragma once

#include <functional>
#include <string>

#include <absl/functional/any_invocable.h>

#include "net/http_message.h"

namespace slowburn::net {

struct BodyPart {
  // 0: the rest cannot be had. The head has been sent, so the connection is closed, and the peer
  // sees that the body is not whole.
  int status = 200;
  std::string bytes;
  bool is_last = false;
  std::string error;  // where status is 0: why, for the log
};

// Called exactly once, from any thread, now or later. Dropping it uncalled is status 0.
using BodyPartReply = absl::AnyInvocable<void(BodyPart) &&>;
// Asks for the next part, once the peer has taken the one before: so only one is held. Runs on a
// server thread: it must not wait. It goes when the last part was sent, or nobody can take it.
using BodySource = std::function<void(BodyPartReply)>;

// `body` is the first part; there are more where `rest` is one.
struct StreamedResponse : HttpResponse {
  BodySource rest = nullptr;
};
// As Reply and Handler of net/route_table.h.
using StreamReply = absl::AnyInvocable<void(StreamedResponse) &&>;
using StreamHandler = std::function<void(HttpRequest request, StreamReply reply)>;

}  // namespace slowburn::net
