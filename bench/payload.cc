#include "bench/payload.h"

#include <chrono>
#include <stdexcept>

#include <fmt/format.h>

#include "collector/testing/otlp_json_printer.h"
#include "collector/testing/trace_requests.h"

namespace slowburn::bench {
namespace {

using collector::TracesData;
using opentelemetry::proto::trace::v1::Status;

constexpr size_t kIdBytes = 16;
constexpr int kRawDeflate = -15;
constexpr int kGzip = 15 + 16;
constexpr std::string_view kGzipHeader("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
constexpr std::string_view kStoredId("\x00\x10\x00\xef\xff", 5);  // A stored block of 16 bytes.

std::string Deflate(std::string_view content, int window_bits, int flush) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib does not start");
  }
  std::string out(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

uLong Crc(uLong start, std::string_view bytes) {
  return crc32(start, reinterpret_cast<const Bytef*>(bytes.data()),
               static_cast<uInt>(bytes.size()));
}

void AppendLittleEndian(uint32_t number, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift);
}

TracesData MakeTraces(const PayloadOptions& options, int variant, collector::Random& random) {
  TracesData traces = collector::TypicalTraces(options.spans, random);
  auto& resource_spans = *traces.mutable_resource_spans(0);
  for (auto& attribute : *resource_spans.mutable_resource()->mutable_attributes()) {
    if (attribute.key() != "service.name") continue;
    attribute.mutable_value()->set_string_value(
        fmt::format("bench-{}", variant % options.services));
  }
  const auto now = static_cast<uint64_t>(
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
  for (auto& span : *resource_spans.mutable_scope_spans(0)->mutable_spans()) {
    const uint64_t duration = span.end_time_unix_nano() - span.start_time_unix_nano();
    span.set_end_time_unix_nano(now);
    span.set_start_time_unix_nano(now - duration);
    if (random() % 500 == 0) span.mutable_status()->set_code(Status::STATUS_CODE_ERROR);
  }
  return traces;
}

// gzip is put on later, part by part.
std::string Encode(const TracesData& traces, Encoding encoding) {
  return encoding == Encoding::kJson ? collector::PrintOtlpJson(traces)
                                     : traces.SerializeAsString();
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return hex;
}

}  // namespace

Payload::Payload(const std::string& body, std::string_view id, Encoding encoding)
    : is_gzip_(encoding == Encoding::kGzip), is_json_(encoding == Encoding::kJson) {
  const size_t after = body.find(id) + id.size();
  const std::string_view before = std::string_view(body).substr(0, after - id.size());
  const std::string_view rest = std::string_view(body).substr(after);
  if (!is_gzip_) {
    head_ = body.substr(0, after);
    tail_ = rest;
    return;
  }
  head_ = kGzipHeader;
  head_ += Deflate(before, kRawDeflate, Z_SYNC_FLUSH);
  head_ += kStoredId;
  head_ += id;
  tail_ = Deflate(rest, kRawDeflate, Z_FINISH);
  size_plain_ = static_cast<uint32_t>(body.size());
  crc_before_ = Crc(0, before);
  crc_after_ = Crc(0, rest);
  combine_ = crc32_combine_gen(static_cast<z_off_t>(rest.size()));
}

void Payload::Stamp(uint64_t serial, std::string& head, std::string& trailer) const {
  head = head_;
  trailer.clear();
  if (is_json_) {
    fmt::format_to_n(head.data() + head.size() - 2 * kIdBytes, kIdBytes, "{:016x}", serial);
    return;
  }
  char* const id = head.data() + head.size() - kIdBytes;
  for (size_t i = 0; i < sizeof serial; ++i) id[i] = static_cast<char>(serial >> (8 * i));
  if (!is_gzip_) return;
  const uLong crc_until_id = Crc(crc_before_, {id, kIdBytes});
  AppendLittleEndian(static_cast<uint32_t>(crc32_combine_op(crc_until_id, crc_after_, combine_)),
                     trailer);
  AppendLittleEndian(size_plain_, trailer);
}

std::vector<Payload> MakePayloads(const PayloadOptions& options) {
  collector::Random random(42);
  std::vector<Payload> payloads;
  for (int variant = 0; variant < kPayloads; ++variant) {
    const TracesData traces = MakeTraces(options, variant, random);
    const std::string& id = traces.resource_spans(0).scope_spans(0).spans(0).trace_id();
    payloads.emplace_back(Encode(traces, options.encoding),
                          options.encoding == Encoding::kJson ? Hex(id) : id, options.encoding);
  }
  return payloads;
}

std::vector<std::string> MakeBodies(const PayloadOptions& options) {
  collector::Random random(42);
  std::vector<std::string> bodies;
  for (int variant = 0; variant < kPayloads; ++variant) {
    bodies.push_back(Encode(MakeTraces(options, variant, random), options.encoding));
  }
  return bodies;
}

std::string GzipAsClientsDo(std::string_view content) { return Deflate(content, kGzip, Z_FINISH); }

}  // namespace slowburn::bench
