#include "net/internal/http2_request.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/endian/conversion.hpp>

#include "net/internal/body_room.h"

namespace slowburn::net::internal {
namespace {

// Below this, bodies grow by four: what OTLP sends is copied once instead of four times.
constexpr size_t kSmallBody = 128 << 10;
// A body that says that it will be as long gets the addresses at once, and is not copied; it is
// charged as it comes.
constexpr size_t kAnnouncedMax = 512 << 10;
// What a field takes beside its text, in a vector that doubles.
constexpr size_t kFieldOverhead = 2 * sizeof(HttpHeader);

}  // namespace

Http2Request::Http2Request(base::MemoryBudget* budget, std::string_view peer) {
  http_.peer = peer;
  http_.lease = base::MemoryLease(budget);
}

void Http2Request::AddField(std::string_view name, std::string_view value) {
  field_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (name == ":method") {
    http_.method = value;
  } else if (name == ":path") {
    SetPath(value);
  } else if (name == ":authority") {
    http_.headers.push_back({"host", std::string(value)});
  } else if (!name.starts_with(':')) {
    // One of the two is enough, and :authority, which goes before all others, is the better one.
    if (name == "host" && !http_.Header("host").empty()) return;
    if (name == "content-length") {
      std::from_chars(value.data(), value.data() + value.size(), content_length_);
    }
    http_.headers.push_back({std::string(name), std::string(value)});
  }
}

bool Http2Request::ChargeFields() { return http_.lease.GrowTo(field_bytes_); }

Http2Request::Taken Http2Request::AppendBody(std::string_view data, bool is_last,
                                             size_t bytes_max) {
  const size_t needed = http_.body.size() + data.size();
  if (needed > bytes_max) return Taken::kTooLarge;
  if (http_.body.empty()) announced_bytes_ = AnnouncedBytes(data);
  if (needed > body_room_ && !GrowBody(needed, is_last, bytes_max)) return Taken::kNoMemory;
  http_.body.append(data);
  return Taken::kAll;
}

void Http2Request::DropBody() {
  std::string().swap(http_.body);
  body_room_ = 0;
  http_.lease.ShrinkTo(field_bytes_);
}

HttpRequest Http2Request::Take() {
  HttpRequest asked;
  asked.method = http_.method;
  asked.path = http_.path;
  asked.query = http_.query;
  asked.peer = http_.peer;
  asked.principal = http_.principal;
  for (const std::string_view name : {"content-type", "accept"}) {
    const std::string_view value = http_.Header(name);
    if (!value.empty()) asked.headers.push_back({std::string(name), std::string(value)});
  }
  return std::exchange(http_, std::move(asked));
}

void Http2Request::SetPath(std::string_view target) {
  const size_t question = target.find('?');
  raw_path_ = target.substr(0, question);
  http_.path = PercentDecode(raw_path_);
  if (question != std::string_view::npos) http_.query = target.substr(question + 1);
}

uint64_t Http2Request::AnnouncedBytes(std::string_view first) const {
  constexpr size_t kGrpcPrefix = 5;  // a flag and the length of the message
  if (content_length_ > 0) return content_length_;
  if (first.size() < kGrpcPrefix || !http_.Header("content-type").starts_with("application/grpc"))
    return 0;
  return kGrpcPrefix +
         boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(first.data()) + 1);
}

bool Http2Request::GrowBody(size_t needed, bool is_last, size_t bytes_max) {
  const uint64_t known = content_length_ > 0 ? content_length_ : bytes_max;
  const uint64_t most = std::clamp<uint64_t>(known, needed, bytes_max);
  // The last frame may come in pieces, but is no larger than this.
  constexpr size_t kFrameBytes = 16 << 10;
  size_t more = needed < kSmallBody ? 3 * needed : std::min(needed, kLargeBody);
  if (is_last) more = std::min(needed, kFrameBytes);
  const size_t room = std::min<uint64_t>(needed + more, most);
  if (!http_.lease.GrowTo(field_bytes_ + room)) return false;
  const uint64_t announced = std::min<uint64_t>({announced_bytes_, kAnnouncedMax, most});
  ReserveBody(http_.body, std::max<uint64_t>(room, announced), most);
  body_room_ = room;
  return true;
}

}  // namespace slowburn::net::internal
