#include "collector/internal/json_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <vector>

#include "base/status.h"

namespace slowburn::collector {
namespace {

// How much of a request an error message quotes.
constexpr size_t kQuotedMax = 40;
constexpr size_t kPathMax = 400;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// From the token to the next, without the white space between.
std::string_view TokenText(const char* text, const uint32_t* token) {
  const char* const begin = text + token[0];
  const char* end = text + token[1];
  while (end > begin && IsSpace(end[-1])) --end;
  return {begin, static_cast<size_t>(end - begin)};
}

std::string Quoted(std::string_view text) {
  std::string quoted(text.substr(0, kQuotedMax));
  for (char& c : quoted) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  if (text.size() > kQuotedMax) quoted += "...";
  return quoted;
}

const char* Explain(NumberError error) {
  switch (error) {
    case NumberError::kNotAnInteger:
      return "has a fraction";
    case NumberError::kOutOfRange:
      return "is out of range";
    default:
      return "is no number";
  }
}

template <typename T>
bool Fits(JsonInteger value) {
  using Limits = std::numeric_limits<T>;
  if (!value.is_negative) return value.magnitude <= static_cast<uint64_t>(Limits::max());
  if constexpr (std::is_unsigned_v<T>) return value.magnitude == 0;
  return value.magnitude <= static_cast<uint64_t>(Limits::max()) + 1;
}

template <typename T>
T ValueOf(JsonInteger value) {
  return static_cast<T>(value.is_negative ? 0 - value.magnitude : value.magnitude);
}

}  // namespace

// --- Strings ----------------------------------------------------------------------------------

void JsonReader::FindEscape(const char* from) {
  const char* const end = text_ + *end_;
  const void* const found = std::memchr(from, '\\', static_cast<size_t>(end - from));
  escape_from_ = from;
  escape_at_ = found == nullptr ? end : static_cast<const char*>(found);
}

bool JsonReader::IsPlainAnywhere(std::string_view raw) {
  if (raw.data() <= escape_at_) return raw.find('\\') == raw.npos;
  FindEscape(raw.data());
  return raw.data() + raw.size() <= escape_at_;
}

std::string_view JsonReader::SpacedRawString(const uint32_t* token) const {
  std::string_view text = TokenText(text_, token);
  if (text.size() < 2 || text.back() != '"') FailAt(token, "a string");
  text.remove_prefix(1);
  text.remove_suffix(1);
  return text;
}

std::string_view JsonReader::Unescaped(std::string_view raw, const uint32_t* token) {
  char* const out = Allocate(raw.size());
  const std::optional<size_t> size = Unescape(raw, out);
  if (!size) {
    throw JsonError(token,
                    "a string has an escape that is none; JSON knows \\\" \\\\ \\/ \\b \\f "
                    "\\n \\r \\t and \\u with 4 hex digits");
  }
  return {out, *size};
}

JsonKey JsonReader::FindEscapedKey(std::string_view raw) const {
  // An escape has at most 6 bytes a character, so a longer key is unknown.
  std::array<char, 6 * json_keys::kSizeMax> unescaped;
  if (raw.size() > unescaped.size()) return JsonKey::kUnknown;
  const std::optional<size_t> size = Unescape(raw, unescaped.data());
  return size ? FindJsonKey({unescaped.data(), *size}) : JsonKey::kUnknown;
}

std::string_view JsonReader::AnyId() {
  const uint32_t* const token = at_;
  const std::string_view digits = String();
  char* const out = Allocate(digits.size() / 2);
  if (!DecodeHex(digits, out)) FailAt(token, "an id in hex digits");
  if (digits.size() % 2 != 0) return {};
  return {out, digits.size() / 2};
}

std::string_view JsonReader::Bytes() {
  const uint32_t* const token = at_;
  const std::string_view digits = String();
  char* const out = Allocate(digits.size() * 3 / 4);
  const std::optional<size_t> size = DecodeBase64(digits, out);
  if (!size) FailAt(token, "base64");
  return {out, *size};
}

// --- Numbers and words ------------------------------------------------------------------------

std::string_view JsonReader::Scalar() const { return TokenText(text_, at_); }

std::string_view JsonReader::NumberText() {
  const char c = Peek();
  if (c == '"') return String();
  if (c != '-' && (c < '0' || c > '9')) FailAt(at_, "a number");
  const std::string_view text = Scalar();
  ++at_;
  return text;
}

template <typename T>
T JsonReader::AnyInteger(const char* type) {
  const uint32_t* const token = at_;
  if (TakeNull()) return 0;
  const std::string_view text = NumberText();
  JsonInteger value;
  NumberError error = ParseJsonInteger(text, value);
  if (error == NumberError::kNone && !Fits<T>(value)) error = NumberError::kOutOfRange;
  if (error != NumberError::kNone) {
    throw JsonError(token,
                    fmt::format("{} is wanted here, {} {}", type, Quoted(text), Explain(error)));
  }
  return ValueOf<T>(value);
}
template int32_t JsonReader::AnyInteger(const char*);
template uint32_t JsonReader::AnyInteger(const char*);
template int64_t JsonReader::AnyInteger(const char*);
template uint64_t JsonReader::AnyInteger(const char*);

double JsonReader::Double() {
  const uint32_t* const token = at_;
  if (TakeNull()) return 0;
  const bool is_string = Peek() == '"';
  const std::string_view text = NumberText();
  if (is_string) {
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  }
  double value = 0;
  const NumberError error = ParseJsonDouble(text, value);
  if (error != NumberError::kNone) {
    throw JsonError(token,
                    fmt::format("a double is wanted here, {} {}", Quoted(text), Explain(error)));
  }
  return value;
}

bool JsonReader::Bool() {
  if (TakeNull()) return false;
  const std::string_view text = Peek() == '"' ? std::string_view() : Scalar();
  if (text != "true" && text != "false") FailAt(at_, "true or false");
  ++at_;
  return text == "true";
}

int32_t JsonReader::AnyEnum(std::span<const std::string_view> names) {
  if (Peek() != '"') return AnyInteger<int32_t>("an enum's number");
  const uint32_t* const token = at_;
  const auto found = std::find(names.begin(), names.end(), String());
  if (found != names.end()) return static_cast<int32_t>(found - names.begin());
  at_ = token;
  return AnyInteger<int32_t>("an enum's number");
}

// --- What nobody reads ------------------------------------------------------------------------

void JsonReader::Skip() { SkipWithin(kValueDepthMax + 2); }

// An AnyValue's array is where one more level begins: at kValueDepthMax it is empty.
void JsonReader::SkipValue(int depth) { SkipWithin(kValueDepthMax + 1 - depth); }

void JsonReader::SkipWithin(int arrays_max) {
  switch (Peek()) {
    case '{':
    case '[':
      return SkipNested(arrays_max);
    case '}':
    case ']':
    case ',':
    case ':':
    case 0:
      FailAt(at_, "a value");
    default:
      ++at_;
  }
}

void JsonReader::SkipNested(int arrays_max) {
  std::array<char, kDepthMax> closing;  // of the brackets that are open
  size_t depth = 0;
  int arrays = 0;
  do {
    const char c = Peek();
    switch (c) {
      case '[':
        ++arrays;
        if (arrays > arrays_max || (arrays == arrays_max && text_[at_[1]] != ']')) {
          Fail(fmt::format("values are nested deeper than {}", kValueDepthMax));
        }
        [[fallthrough]];
      case '{':
        if (depth == kDepthMax) Fail(fmt::format("brackets are nested deeper than {}", kDepthMax));
        closing[depth++] = static_cast<char>(c + 2);  // ASCII has them two apart
        break;
      case ']':
        --arrays;
        [[fallthrough]];
      case '}':
        if (closing[--depth] != c) Fail("a bracket closes one of another kind");
        break;
      case 0:
        if (at_ == end_) FailAt(at_, "a closing bracket");
        break;
      default:
        break;
    }
    ++at_;
  } while (depth > 0);
}

void JsonReader::ExpectEnd() const {
  if (at_ != end_) FailAt(at_, "the end of the request");
}

void JsonReader::PayForArena() {
  cost_.Charge(arena_.memory_bytes() - arena_paid_);
  arena_paid_ = arena_.memory_bytes();
}

// --- Errors -----------------------------------------------------------------------------------

void JsonReader::FailAt(const uint32_t* token, const char* wanted) const {
  std::string found = "the end";
  if (token != end_) {
    switch (text_[*token]) {
      case '{':
        found = "an object";
        break;
      case '[':
        found = "an array";
        break;
      default:
        found = Quoted(TokenText(text_, token));
    }
  }
  throw JsonError(token, fmt::format("{} is wanted here, this is {}", wanted, found));
}

namespace {

struct Level {
  bool is_array = false;
  size_t index = 0;               // of an array's element
  const uint32_t* key = nullptr;  // of an object's field
};

// What is open at `target`, with the key or the index that leads to it.
std::vector<Level> LevelsAt(const JsonTokens& tokens, const uint32_t* target) {
  std::vector<Level> levels;
  for (const uint32_t* token = tokens.begin; token != tokens.end; ++token) {
    const char c = tokens.text[*token];
    const bool is_in_array = !levels.empty() && levels.back().is_array;
    const bool is_in_object = !levels.empty() && !is_in_array;
    if (is_in_object && c == '"' && tokens.text[token[1]] == ':') levels.back().key = token;
    if (token == target) break;
    if (c == '{' || c == '[') levels.push_back({c == '['});
    if (!levels.empty() && (c == '}' || c == ']')) levels.pop_back();
    if (is_in_array && c == ',') ++levels.back().index;
  }
  return levels;
}

std::string PathTo(const JsonTokens& tokens, const uint32_t* target) {
  std::string path;
  for (const Level& level : LevelsAt(tokens, target)) {
    if (path.size() > kPathMax) return path + "...";
    if (level.is_array) {
      path += fmt::format("[{}]", level.index);
    } else if (level.key != nullptr) {
      std::string_view key = TokenText(tokens.text, level.key);
      key.remove_prefix(1);
      key.remove_suffix(1);
      path += (path.empty() ? "" : ".") + Quoted(key);
    }
  }
  return path.empty() ? "the request" : path;
}

}  // namespace

absl::Status ToStatus(const JsonTokens& tokens, const JsonError& error) {
  return base::InvalidArgument("{} at byte {}: {}", PathTo(tokens, error.token()), *error.token(),
                               error.what());
}

}  // namespace slowburn::collector
