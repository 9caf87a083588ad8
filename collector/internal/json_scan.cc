#include "collector/internal/json_scan.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <string_view>

#include <simdjson.h>

#include "base/status.h"
#include "net/http_message.h"

namespace slowburn::collector {
namespace {

using Stage = simdjson::internal::dom_parser_implementation;

static_assert(kTextAhead <= simdjson::SIMDJSON_PADDING);
static_assert(simdjson::SIMDJSON_PADDING <= net::HttpRequest::kBodyPadding,
              "else every body is copied");

constexpr size_t kCapacityMin = 64 << 10;
// A thread keeps the tokens' memory for texts up to this size: 4 MiB.
constexpr size_t kCapacityKept = 1 << 20;
constexpr size_t kNoDepth = 1;  // only the second stage needs more

thread_local std::unique_ptr<Stage> thread_stage;

simdjson::error_code Reserve(size_t size) {
  if (thread_stage && thread_stage->capacity() >= size) return simdjson::SUCCESS;
  const size_t capacity = size > kCapacityKept ? size : std::bit_ceil(std::max(size, kCapacityMin));
  if (thread_stage) return thread_stage->set_capacity(capacity);
  return simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, kNoDepth,
                                                                                 thread_stage);
}

// The size of the character that begins here; 0 when it is not UTF-8.
size_t Utf8Size(std::string_view text) {
  const int ones = std::countl_one(static_cast<uint8_t>(text.front()));
  const size_t size = ones == 0 ? 1 : static_cast<size_t>(ones);
  const bool is_valid = size <= text.size() && simdjson::validate_utf8(text.data(), size);
  return is_valid ? size : 0;
}

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Where the first character is that is not UTF-8; behind the text if there is none. By blocks: a
// call for each character takes 20 ns.
size_t FindNotUtf8(std::string_view text) {
  constexpr size_t kBlock = 64 << 10;
  constexpr size_t kContinuationsMax = 3;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = std::min(at + kBlock, text.size());
    for (size_t i = 0; i < kContinuationsMax && end < text.size(); ++i) {
      if (IsContinuation(text[end])) --end;
    }
    if (!simdjson::validate_utf8(text.data() + at, end - at)) break;
    at = end;
  }
  for (size_t size = 0; at < text.size(); at += size) {
    size = Utf8Size(text.substr(at));
    if (size == 0) break;
  }
  return at;
}

// What stage 1 refuses, it does not locate: reads the text once more, slowly, for the message.
absl::Status Explain(std::string_view text, simdjson::error_code error) {
  constexpr std::string_view kFix = "send an OTLP request as JSON in UTF-8";
  const size_t not_utf8 = FindNotUtf8(text);
  bool is_string = false;
  size_t string_begin = 0;
  for (size_t i = 0; i < text.size();) {
    if (i == not_utf8) return base::InvalidArgument("byte {} is not UTF-8; {}", i, kFix);
    const char c = text[i];
    if (is_string && static_cast<uint8_t>(c) < 0x20) {
      return base::InvalidArgument("byte {} is a control character in a string; write \\u{:04x}", i,
                                   c);
    }
    if (c == '"') {
      is_string = !is_string;
      string_begin = i;
    }
    const bool is_escape = is_string && c == '\\' && i + 1 < text.size() &&
                           (text[i + 1] == '"' || text[i + 1] == '\\');
    i += is_escape ? 2 : 1;
  }
  if (is_string) {
    return base::InvalidArgument("the string at byte {} has no end; {}", string_begin, kFix);
  }
  return base::InvalidArgument("the body is not JSON ({}); {}", simdjson::error_message(error),
                               kFix);
}

absl::Status ToStatus(std::string_view text, simdjson::error_code error) {
  switch (error) {
    case simdjson::SUCCESS:
      return absl::OkStatus();
    case simdjson::EMPTY:
      return absl::InvalidArgumentError("the body is empty, which is not JSON; send {} at least");
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return absl::ResourceExhaustedError(
          fmt::format("no memory to read {} bytes of JSON; send smaller batches", text.size()));
    default:
      return Explain(text, error);
  }
}

// Behind the string whose content begins at `at`, or the text's end.
size_t EndOfString(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (text[at] == '"') return at + 1;
    at += text[at] == '\\' ? 2 : 1;
  }
  return text.size();
}

}  // namespace

bool HasMoreTokens(std::string_view text, size_t count) {
  if (text.size() <= count) return false;
  bool is_in_scalar = false;
  size_t tokens = 0;
  for (size_t i = 0; i < text.size() && tokens <= count;) {
    const char c = text[i++];
    switch (c) {
      case '"':
        i = EndOfString(text, i);
        [[fallthrough]];
      case '{':
      case '}':
      case '[':
      case ']':
      case ',':
      case ':':
        ++tokens;
        [[fallthrough]];
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        is_in_scalar = false;
        break;
      default:
        tokens += is_in_scalar ? 0 : 1;
        is_in_scalar = true;
    }
  }
  return tokens > count;
}

JsonScan::JsonScan(std::string& text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  simdjson::error_code error = text.empty() ? simdjson::EMPTY : Reserve(text.size() + kTokensAhead);
  if (error == simdjson::SUCCESS) {
    error = thread_stage->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                 simdjson::stage1_mode::regular);
  }
  status_ = ToStatus(text, error);
  if (!status_.ok()) return;
  uint32_t* const begin = thread_stage->structural_indexes.get();
  uint32_t* const end = begin + thread_stage->n_structural_indexes;
  std::fill_n(end, kTokensAhead, static_cast<uint32_t>(text.size()));
  tokens_ = {text.data(), begin, end};
}

JsonScan::~JsonScan() {
  if (thread_stage && thread_stage->capacity() > kCapacityKept) thread_stage.reset();
}

}  // namespace slowburn::collector
