#include "promql/internal/lexer.h"

#include <array>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "promql/internal/go_text.h"

namespace slowburn::promql::internal {
namespace {

using enum TokenType;

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsAlphanumeric(char c) { return IsAlpha(c) || IsDigit(c); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// 16 for what is no digit.
int64_t DigitValue(int32_t rune) {
  if (rune >= '0' && rune <= '9') return rune - '0';
  if (rune >= 'a' && rune <= 'f') return rune - 'a' + 10;
  if (rune >= 'A' && rune <= 'F') return rune - 'A' + 10;
  return 16;
}

struct Sign {
  std::string_view text;
  TokenType type;
};
// The longer before what it begins with.
constexpr std::array<Sign, 18> kSigns = {{{"==", kEqualEqual},
                                          {"=", kEqual},
                                          {"!=", kNotEqual},
                                          {"<=", kLessOrEqual},
                                          {"</", kTrimUpper},
                                          {"<", kLess},
                                          {">=", kGreaterOrEqual},
                                          {">/", kTrimLower},
                                          {">", kGreater},
                                          {",", kComma},
                                          {"*", kMul},
                                          {"/", kDiv},
                                          {"%", kMod},
                                          {"+", kAdd},
                                          {"-", kSub},
                                          {"^", kPow},
                                          {"@", kAt},
                                          {"{", kLeftBrace}}};

}  // namespace

int32_t Lexer::PeekRune() const { return AtEnd() ? kRuneEnd : FirstRune(text_.substr(at_)).code; }

int32_t Lexer::TakeRune() {
  if (AtEnd()) return kRuneEnd;
  const Rune rune = FirstRune(text_.substr(at_));
  at_ += rune.length;
  return rune.code;
}

char Lexer::PeekByte(size_t ahead) const {
  return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
}

bool Lexer::PeekIs(std::string_view set) const {
  return !AtEnd() && set.find(text_[at_]) != std::string_view::npos;
}

bool Lexer::Accept(std::string_view set) {
  if (!PeekIs(set)) return false;
  ++at_;
  return true;
}

void Lexer::AcceptRun(std::string_view set) {
  while (Accept(set)) {
  }
}

Token Lexer::Emit(TokenType type) {
  return {type, text_.substr(begin_, at_ - begin_), "", static_cast<uint32_t>(begin_)};
}

Token Lexer::Emit(TokenType type, size_t bytes) {
  at_ += bytes;
  return Emit(type);
}

Token Lexer::Fail(std::string error) {
  is_over_ = true;
  last_ = {kError, text_.substr(begin_, 0), std::move(error), static_cast<uint32_t>(begin_)};
  return last_;
}

void Lexer::SkipBlanks() {
  for (;;) {
    while (!AtEnd() && IsBlank(text_[at_])) ++at_;
    // A comment; right after [ there can be none.
    if (AtEnd() || text_[at_] != '#' || in_duration_) return;
    while (!AtEnd() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
  }
}

Token Lexer::Next() {
  if (is_over_) return last_;
  SkipBlanks();
  begin_ = at_;
  if (in_braces_) return NextInBraces();
  return in_duration_ ? NextInDuration() : NextInStatement();
}

Token Lexer::NextInBraces() {
  if (AtEnd()) return Fail("unexpected end of input inside braces");
  const char c = PeekByte();
  if (IsAlpha(c)) {
    while (IsAlphanumeric(PeekByte())) ++at_;
    return Emit(kIdentifier);
  }
  if (c == '"' || c == '\'') return ReadString();
  if (c == '`') return ReadRawString();
  if (c == ',') return Emit(kComma, 1);
  if (c == '=') return PeekByte(1) == '~' ? Emit(kEqualRegex, 2) : Emit(kEqual, 1);
  if (c == '!') {
    if (PeekByte(1) == '~') return Emit(kNotEqualRegex, 2);
    if (PeekByte(1) == '=') return Emit(kNotEqual, 2);
    ++at_;
    return Fail(
        fmt::format("unexpected character after '!' inside braces: {}", QuotedRune(PeekRune())));
  }
  if (c == '}') {
    in_braces_ = false;
    return Emit(kRightBrace, 1);
  }
  if (c == '{') return Fail("unexpected left brace '{'");
  return Fail(fmt::format("unexpected character inside braces: {}", QuotedRune(PeekRune())));
}

Token Lexer::NextInDuration() {
  if (AtEnd()) return Fail("unexpected end of input in duration expression");
  const char c = PeekByte();
  if (IsDigit(c) || (c == '.' && IsDigit(PeekByte(1)))) {
    in_duration_ = false;
    return ReadNumberOrDuration();
  }
  if (c == '(' || c == ')') return ReadParen();
  if (c == ']') return ReadBracket();
  if (c == ':') {
    begin_ = ++at_;
    return Fail(had_colon_ ? "unexpected repeated colon in duration expression"
                           : "unexpected colon before duration in duration expression");
  }
  if (std::string_view("+-*/%^,").find(c) != std::string_view::npos) return ReadSign();
  if (IsAlpha(c)) {
    const Token word = ReadWord();
    in_duration_ = word.type < kStep || word.type > kMaxOf;
    if (!in_duration_) return word;
    at_ = begin_;
  }
  return Fail(
      fmt::format("unexpected character in duration expression: {}", QuotedRune(PeekRune())));
}

Token Lexer::NextInStatement() {
  if (AtEnd()) {
    if (paren_depth_ != 0) return Fail("unclosed left parenthesis");
    if (in_brackets_) return Fail("unclosed left bracket");
    is_over_ = true;
    last_ = Emit(kEnd);
    return last_;
  }
  const char c = PeekByte();
  if (IsDigit(c) || (c == '.' && IsDigit(PeekByte(1)))) return ReadNumberOrDuration();
  if (c == '"' || c == '\'') return ReadString();
  if (c == '`') return ReadRawString();
  if (IsAlpha(c) || c == ':') return in_brackets_ ? ReadInBrackets() : ReadWord();
  if (c == '(' || c == ')') return ReadParen();
  if (c == '[' || c == ']') return ReadBracket();
  return ReadSign();
}

Token Lexer::ReadSign() {
  if (PeekByte() == '=' && PeekByte(1) == '~') return Fail("unexpected character after '=': '~'");
  for (const Sign& sign : kSigns) {
    if (text_.substr(at_, sign.text.size()) != sign.text) continue;
    in_braces_ = sign.type == kLeftBrace;
    return Emit(sign.type, sign.text.size());
  }
  if (PeekByte() == '!') {
    ++at_;
    return Fail(fmt::format("unexpected character after '!': {}", QuotedRune(PeekRune())));
  }
  return Fail(fmt::format("unexpected character: {}", QuotedRune(PeekRune())));
}

Token Lexer::ReadParen() {
  if (PeekByte() == '(') {
    ++paren_depth_;
    return Emit(kLeftParen, 1);
  }
  if (paren_depth_ == 0) {
    begin_ = ++at_;
    return Fail("unexpected right parenthesis ')'");
  }
  --paren_depth_;
  return Emit(kRightParen, 1);
}

Token Lexer::ReadBracket() {
  if (PeekByte() == '[') {
    if (in_brackets_) return Fail("unexpected left bracket '['");
    in_brackets_ = true;
    in_duration_ = true;
    had_colon_ = false;
    return Emit(kLeftBracket, 1);
  }
  if (!in_brackets_) return Fail("unexpected right bracket ']'");
  in_brackets_ = false;
  in_duration_ = false;
  return Emit(kRightBracket, 1);
}

Token Lexer::ReadInBrackets() {
  if (PeekByte() == ':') {
    if (had_colon_) return Fail("unexpected colon ':'");
    had_colon_ = true;
    return Emit(kColon, 1);
  }
  const Token word = ReadWord();
  if (word.type >= kStep && word.type <= kMaxOf) return word;
  at_ = begin_;
  return Fail(fmt::format("unexpected character: {}, expected ':'", QuotedRune(PeekRune())));
}

Token Lexer::ReadWord() {
  while (IsAlphanumeric(PeekByte()) || (PeekByte() == ':' && !in_brackets_)) ++at_;
  return Emit(WordType(text_.substr(begin_, at_ - begin_)));
}

Token Lexer::ReadNumberOrDuration() {
  if (ScanNumber()) return Emit(kNumber);
  if (ScanDuration()) return Emit(kDuration);
  return Fail(
      fmt::format("bad number or duration syntax: {}", Quoted(text_.substr(begin_, at_ - begin_))));
}

bool Lexer::ScanNumber() {
  const bool is_hex = PeekByte() == '0' && (PeekByte(1) == 'x' || PeekByte(1) == 'X');
  const std::string_view digits = is_hex ? kHexDigits : kDigits;
  if (is_hex) at_ += 2;
  bool had_dot = false;
  bool had_exponent = false;
  for (;;) {
    AcceptRun(digits);
    if (Accept(".")) {
      if (had_dot || is_hex) return false;
      had_dot = true;
      if (Accept("_.")) return false;
    } else if (!is_hex && Accept("eE")) {
      if (had_exponent) return false;
      had_exponent = true;
      Accept("+-");
      if (Accept("._eE") || AtEnd()) return false;
    } else if (Accept("_")) {
      if (Accept("._") || (!is_hex && Accept("eE")) || AtEnd()) return false;
    } else {
      break;
    }
  }
  return !IsAlphanumeric(PeekByte());
}

bool Lexer::ScanDuration() {
  if (!Accept("smhdwy")) return false;
  Accept("s");  // ms; whether hs is a unit shows later
  while (PeekIs(kDigits)) {
    AcceptRun(kDigits);
    if (!Accept("smhdw")) return false;
    Accept("s");
  }
  if (!IsAlphanumeric(PeekByte())) return true;
  ++at_;
  return false;
}

Token Lexer::ReadString() {
  const char quote = PeekByte();
  ++at_;
  for (;;) {
    const bool at_end = AtEnd();
    const size_t before = at_;
    const int32_t rune = TakeRune();
    if (at_end || rune == '\n') return Fail("unterminated quoted string");
    if (rune == kRuneError && at_ - before == 1) return Fail("invalid UTF-8 rune");
    if (rune == quote) return Emit(kString);
    if (rune != '\\') continue;
    if (std::string error = ReadEscape(quote); !error.empty()) return Fail(std::move(error));
  }
}

std::string Lexer::ReadEscape(char quote) {
  if (AtEnd()) return "escape sequence not terminated";
  int32_t rune = TakeRune();
  if (rune == quote ||
      (rune > 0 && rune < 0x80 &&
       std::string_view("abfnrtv\\").find(static_cast<char>(rune)) != std::string_view::npos)) {
    return "";
  }
  int count = 0;
  int64_t base = 16;
  int64_t max = 0x10FFFF;
  if (rune >= '0' && rune <= '7') {
    count = 3;
    base = 8;
    max = 255;
  } else if (rune == 'x' || rune == 'u' || rune == 'U') {
    count = rune == 'x' ? 2 : rune == 'u' ? 4 : 8;
    if (rune == 'x') max = 255;
    rune = TakeRune();
  } else {
    return fmt::format("unknown escape sequence {}", RuneWithCode(rune));
  }
  int64_t value = 0;
  for (int left = count;; rune = TakeRune()) {
    if (rune == kRuneEnd) return "escape sequence not terminated";
    const int64_t digit = DigitValue(rune);
    if (digit >= base) {
      return fmt::format("illegal character {} in escape sequence", RuneWithCode(rune));
    }
    value = value * base + digit;
    if (--left == 0) break;
  }
  if (value > max || (value >= 0xD800 && value < 0xE000)) {
    return "escape sequence is an invalid Unicode code point";
  }
  return "";
}

Token Lexer::ReadRawString() {
  ++at_;
  for (;;) {
    if (AtEnd()) return Fail("unterminated raw string");
    const size_t before = at_;
    const int32_t rune = TakeRune();
    if (rune == '`') return Emit(kString);
    if (rune == kRuneError && at_ - before == 1) return Fail("invalid UTF-8 rune");
  }
}

}  // namespace slowburn::promql::internal
