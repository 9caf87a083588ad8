// base/yaml_reader.h: YAML read as people write it: every error of a file at once, each with its
// line.
//
// Room     base
// Uses     yaml-cpp
// Threads  one reader, one thread
// Units    lines count from 1
//
// A YamlNode is a place in a file: a value that may be absent, of the wrong kind or misspelt.
// Reading it returns what is there or nothing, and notes the trouble in the file's YamlErrors; the
// caller goes on, so that a person sees all errors in one run.
//
//   YamlErrors errors("slos/checkout.yaml");
//   for (const YamlNode& doc : ParseYaml(text, errors)) {
//     doc.AllowKeys({"kind", "spec"});                      // a typo gets "did you mean"
//     std::optional<std::string> kind = doc.Required("kind").String();
//   }
//   if (!errors.empty()) print(errors.lines());
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace YAML {
class Node;
}

namespace slowburn::base {

// One line of trouble: "file:line: what; what to write instead".
struct YamlIssue {
  int line = 0;  // 0: the file as a whole
  std::string text;
};

// The errors and warnings of one file, in the order found; lists end at 100 entries each.
class YamlErrors {
 public:
  explicit YamlErrors(std::string file) : file_(std::move(file)) {}

  void AddError(int line, std::string text);
  void AddWarning(int line, std::string text);

  const std::string& file() const { return file_; }
  bool empty() const { return errors_.empty(); }
  const std::vector<YamlIssue>& errors() const { return errors_; }
  const std::vector<YamlIssue>& warnings() const { return warnings_; }
  // "file:line: text", sorted by line.
  std::vector<std::string> ErrorLines() const;
  std::vector<std::string> WarningLines() const;

 private:
  std::string file_;
  std::vector<YamlIssue> errors_;
  std::vector<YamlIssue> warnings_;
};

// A view: `errors` and the document must outlive it. Copies are cheap.
class YamlNode {
 public:
  // What is there.
  bool IsPresent() const;  // absent and `null` are not
  bool IsMap() const;
  bool IsSequence() const;
  bool IsScalar() const;
  int line() const { return line_; }
  // "spec.sli.spans": where this is, for messages.
  const std::string& path() const { return path_; }
  YamlErrors& errors() const { return *errors_; }
  // Notes `text` at this line.
  void Error(std::string text) const;
  void Warning(std::string text) const;

  // Children. Required notes an error where the key is absent; Optional does not.
  YamlNode Required(std::string_view key) const;
  YamlNode Optional(std::string_view key) const;
  // Notes an error per key that is not listed, with the nearest listed name, and per key that is
  // written twice.
  void AllowKeys(std::initializer_list<std::string_view> keys) const;
  std::vector<YamlNode> Items() const;  // of a sequence; else an error, empty
  std::vector<std::pair<std::string, YamlNode>> Entries()
      const;  // of a map, in file order; else an error, empty

  // Scalars: the value, or nothing with an error noted (an absent node: nothing, no error: Required
  // has told).
  std::optional<std::string> String() const;
  std::optional<bool> Bool() const;  // true or false
  std::optional<int64_t> Integer(int64_t min, int64_t max) const;
  std::optional<std::chrono::nanoseconds> Duration() const;  // 30d, 1h30m, 300ms
  std::optional<uint64_t> Bytes() const;                     // 65536, 64MiB, 2GiB, 16KiB
  // A map of strings, e.g. labels. Numbers and booleans are taken as their text.
  std::vector<std::pair<std::string, std::string>> StringMap() const;

 private:
  friend std::vector<YamlNode> ParseYaml(std::string_view text, YamlErrors& errors);
  YamlNode(std::shared_ptr<const YAML::Node> node, int line, std::string path, YamlErrors* errors);

  // Shared because yaml-cpp nodes point into their document, which lives while any of its views
  // does.
  std::shared_ptr<const YAML::Node> node_;
  int line_;
  std::string path_;
  YamlErrors* errors_;
};

// The documents of `text`. Text that is no YAML, is nested deeper than 64, or expands by aliases
// beyond 100,000 nodes gives an error and no documents.
std::vector<YamlNode> ParseYaml(std::string_view text, YamlErrors& errors);

// The listed name that `written` is most like, or nothing when none is near: for "did you mean".
std::optional<std::string_view> NearestName(std::string_view written,
                                            const std::vector<std::string_view>& names);

}  // namespace slowburn::base
