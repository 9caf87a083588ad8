// promql/internal/lexer.h: a query's text as tokens, one at a time.
//
// Room     promql, internal
// Uses     promql/
// Threads  one thread at a time
// Units    bytes
// Source   Prometheus 3 documentation, "Querying basics", literals
#pragma once

#include <string>
#include <string_view>

#include "promql/internal/token.h"

namespace slowburn::promql::internal {

class Lexer {
 public:
  // `text` has at most kQueryBytesMax bytes and outlives the lexer and its tokens.
  explicit Lexer(std::string_view text) : text_(text) {}

  // The next token, comments left out. After kEnd or kError it stays the same.
  Token Next();

 private:
  // Where we are, which decides what a character means.
  Token NextInBraces();
  Token NextInDuration();  // right after [, until its first number or function
  Token NextInStatement();

  Token ReadSign();  // an operator or punctuation outside of braces
  Token ReadParen();
  Token ReadBracket();
  Token ReadInBrackets();  // a letter or colon there
  Token ReadWord();
  Token ReadNumberOrDuration();
  Token ReadString();
  Token ReadRawString();
  // What is wrong with the escape after a backslash; "" if nothing.
  std::string ReadEscape(char quote);
  bool ScanNumber();
  bool ScanDuration();
  void SkipBlanks();

  bool AtEnd() const { return at_ >= text_.size(); }
  int32_t PeekRune() const;  // kRuneEnd at the end
  int32_t TakeRune();
  char PeekByte(size_t ahead = 0) const;  // NUL at the end
  bool PeekIs(std::string_view set) const;
  bool Accept(std::string_view set);
  void AcceptRun(std::string_view set);

  Token Emit(TokenType type);
  Token Emit(TokenType type, size_t bytes);
  Token Fail(std::string error);

  std::string_view text_;
  size_t begin_ = 0;  // of the token
  size_t at_ = 0;
  int paren_depth_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool in_duration_ = false;
  bool had_colon_ = false;
  Token last_;  // kEnd or kError
  bool is_over_ = false;
};

}  // namespace slowburn::promql::internal
