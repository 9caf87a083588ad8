#include "ottl/internal/lexer.h"

#include <charconv>
#include <cmath>

#include "base/duration_text.h"
#include "base/status.h"
#include "ottl/internal/text.h"

namespace slowburn::ottl::internal {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Token>> Run() {
    while (true) {
      while (IsSpace(Char(0))) ++at_;
      token_ = Token{.offset = at_};
      if (at_ < text_.size()) SB_RETURN_IF_ERROR(Next());
      token_.spelling = text_.substr(token_.offset, at_ - token_.offset);
      tokens_.push_back(std::move(token_));
      if (tokens_.back().kind == Token::Kind::kEnd) return std::move(tokens_);
    }
  }

 private:
  // The character `ahead` of here, 0 past the end.
  char Char(size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  absl::Status Error(size_t offset, std::string_view message) const {
    return ErrorAt(text_, offset, message);
  }
  void Take(Token::Kind kind, size_t size) {
    token_.kind = kind;
    at_ += size;
  }
  absl::Status TakeCompare(Node::Op op, size_t size) {
    token_.op = op;
    Take(Token::Kind::kCompare, size);
    return absl::OkStatus();
  }

  absl::Status Next();
  absl::Status Operator();
  absl::Status RefuseCharacter() const;
  absl::Status String();
  absl::Status Escape();
  absl::Status Number();
  absl::Status Bytes();
  absl::Status NumberWithLetters(size_t start);
  absl::Status Float(std::string_view digits);

  std::string_view text_;
  size_t at_ = 0;
  Token token_;
  std::vector<Token> tokens_;
};

absl::Status Lexer::Next() {
  const char c = Char(0);
  if (IsNameStart(c)) {
    token_.kind = Token::Kind::kName;
    while (IsNamePart(Char(0))) ++at_;
    return absl::OkStatus();
  }
  if (IsDigit(c) || (c == '-' && IsDigit(Char(1)))) return Number();
  if (c == '"') return String();
  switch (c) {
    case '(':
      Take(Token::Kind::kLeftParen, 1);
      break;
    case ')':
      Take(Token::Kind::kRightParen, 1);
      break;
    case '[':
      Take(Token::Kind::kLeftBracket, 1);
      break;
    case ']':
      Take(Token::Kind::kRightBracket, 1);
      break;
    case ',':
      Take(Token::Kind::kComma, 1);
      break;
    case '.':
      Take(Token::Kind::kDot, 1);
      break;
    default:
      return Operator();
  }
  return absl::OkStatus();
}

absl::Status Lexer::Operator() {
  const std::string_view two = text_.substr(at_, 2);
  if (two == "==") return TakeCompare(Node::Op::kEqual, 2);
  if (two == "!=") return TakeCompare(Node::Op::kNotEqual, 2);
  if (two == "<=") return TakeCompare(Node::Op::kLessOrEqual, 2);
  if (two == ">=") return TakeCompare(Node::Op::kGreaterOrEqual, 2);
  if (two == "<>") return Error(at_, "<> is not an operator; write !=");
  if (two == "=~") return Error(at_, "=~ is not an operator; write IsMatch(path, \"regex\")");
  if (two == "!~") return Error(at_, "!~ is not an operator; write not IsMatch(path, \"regex\")");
  switch (Char(0)) {
    case '<':
      return TakeCompare(Node::Op::kLess, 1);
    case '>':
      return TakeCompare(Node::Op::kGreater, 1);
    case '=':
      return Error(at_, "a single = does not compare; write ==");
    case '!':
      return Error(at_, "! is not an operator; write not");
    case '&':
      return Error(at_, "& is not an operator; write and");
    case '|':
      return Error(at_, "| is not an operator; write or");
    default:
      return RefuseCharacter();
  }
}

absl::Status Lexer::RefuseCharacter() const {
  const char c = Char(0);
  const std::string_view rest = text_.substr(at_);
  if (c == '\'' || c == '`' || rest.starts_with("\u201c") || rest.starts_with("\u2018")) {
    return Error(at_, "a string stands in double quotes; write \"text\"");
  }
  if (c == '+' || c == '-' || c == '*' || c == '/' || c == '%') {
    return Error(
        at_, fmt::format(
                 "there is no arithmetic ({}); for a span's end - start write span.duration", c));
  }
  if (c == '{' || c == '}') {
    return Error(at_, "maps and lists are not supported; compare one value at a time");
  }
  if (c > ' ' && c < 0x7F) return Error(at_, fmt::format("unexpected character {}; remove it", c));
  return Error(at_, fmt::format("unexpected byte 0x{:02x}; remove it, or put it in a string",
                                static_cast<unsigned char>(c)));
}

absl::Status Lexer::String() {
  token_.kind = Token::Kind::kString;
  ++at_;
  while (at_ < text_.size()) {
    const char c = Char(0);
    if (c == '"') {
      ++at_;
      return absl::OkStatus();
    }
    if (c == '\\') {
      SB_RETURN_IF_ERROR(Escape());
      continue;
    }
    token_.text += c;
    ++at_;
  }
  return Error(token_.offset, "the string is not closed; write \" at its end");
}

absl::Status Lexer::Escape() {
  if (at_ + 1 == text_.size()) {
    return Error(token_.offset, "the string is not closed; write \" at its end");
  }
  const char c = Char(1);
  switch (c) {
    case '"':
    case '\\':
      token_.text += c;
      break;
    case 'n':
      token_.text += '\n';
      break;
    case 't':
      token_.text += '\t';
      break;
    case 'r':
      token_.text += '\r';
      break;
    default:
      if (c > ' ' && c < 0x7F) {
        return Error(
            at_, fmt::format("\\{0} is not an escape; write \\\\{0} for a backslash and {0}", c));
      }
      return Error(at_, "a lone backslash; write \\\\ for a backslash");
  }
  at_ += 2;
  return absl::OkStatus();
}

absl::Status Lexer::Number() {
  const size_t start = at_;
  if (Char(0) == '0' && (Char(1) == 'x' || Char(1) == 'X')) return Bytes();
  if (Char(0) == '-') ++at_;
  bool is_float = false;
  while (IsDigit(Char(0))) ++at_;
  if (Char(0) == '.' && IsDigit(Char(1))) {
    is_float = true;
    ++at_;
    while (IsDigit(Char(0))) ++at_;
  }
  const bool signed_exponent = (Char(1) == '-' || Char(1) == '+') && IsDigit(Char(2));
  if ((Char(0) == 'e' || Char(0) == 'E') && (IsDigit(Char(1)) || signed_exponent)) {
    is_float = true;
    at_ += 2;
    while (IsDigit(Char(0))) ++at_;
  }
  if (IsNamePart(Char(0)) || Char(0) == '.') return NumberWithLetters(start);

  const std::string_view digits = text_.substr(start, at_ - start);
  if (is_float) return Float(digits);
  token_.kind = Token::Kind::kInt;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), token_.integer);
  if (result.ec != std::errc()) {
    return Error(start, fmt::format("{} does not fit 64 bits; write a smaller integer, or a float",
                                    Excerpt(digits)));
  }
  return absl::OkStatus();
}

absl::Status Lexer::Float(std::string_view digits) {
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), token_.number);
  if (result.ec != std::errc()) {
    return Error(token_.offset, fmt::format("{} is outside the range of a float; write a value "
                                            "between 1e-307 and 1e308",
                                            Excerpt(digits)));
  }
  token_.kind = Token::Kind::kDouble;
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (std::trunc(token_.number) == token_.number && token_.number >= -kTwoTo63 &&
      token_.number < kTwoTo63) {
    token_.kind = Token::Kind::kInt;
    token_.integer = static_cast<int64_t>(token_.number);
    token_.number = 0;
  }
  return absl::OkStatus();
}

absl::Status Lexer::Bytes() {
  const size_t start = at_;
  at_ += 2;
  while (IsNamePart(Char(0))) ++at_;
  const std::string_view digits = text_.substr(start + 2, at_ - start - 2);
  if (digits.empty() || digits.size() % 2 != 0) {
    return Error(start, "bytes take two hex digits each; write 0x0a for one byte");
  }
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int high = HexDigit(digits[i]), low = HexDigit(digits[i + 1]);
    if (high < 0 || low < 0) {
      return Error(start, fmt::format("{} is not hex; write 0x and the digits 0-9 and a-f",
                                      Excerpt(digits)));
    }
    token_.text += static_cast<char>(high * 16 + low);
  }
  token_.kind = Token::Kind::kBytes;
  return absl::OkStatus();
}

// "1h30m", or a slip like "5." and "1.5h".
absl::Status Lexer::NumberWithLetters(size_t start) {
  while (IsNamePart(Char(0)) || Char(0) == '.') ++at_;
  const std::string_view word = text_.substr(start, at_ - start);
  if (word.ends_with('.')) {
    return Error(start, fmt::format("{} is not a number; write a digit after the point, like 5.0",
                                    Excerpt(word)));
  }
  if (word.starts_with('-')) {
    return Error(start, fmt::format("{} is not a value; a duration is never negative, write one "
                                    "like 300ms",
                                    Excerpt(word)));
  }
  constexpr size_t kDurationBytesMax = 60;  // Longer ones are refused without being quoted whole.
  if (word.size() > kDurationBytesMax) {
    return Error(start, fmt::format("{} is not a duration; write one like 300ms", Excerpt(word)));
  }
  const auto duration = base::ParseDuration(word);
  if (!duration.ok()) return Error(start, base::Message(duration.status()));
  token_.kind = Token::Kind::kDuration;
  token_.integer = duration->count();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Token>> Lex(std::string_view text) { return Lexer(text).Run(); }

}  // namespace slowburn::ottl::internal
