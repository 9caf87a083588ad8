#include "rules/spec_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <glob.h>

#include "base/files.h"
#include "base/status.h"
#include "base/yaml_reader.h"
#include "rules/internal/composite_reader.h"
#include "rules/internal/exclusion_reader.h"
#include "rules/internal/native_spec.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;
namespace fs = std::filesystem;

constexpr size_t kFileBytesMax = size_t{4} << 20;
// As in one file: nobody reads further, and each looks for the nearest name.
constexpr size_t kMemberErrorsMax = 100;

// Where in a text each of its documents stands.
class DocumentText {
 public:
  explicit DocumentText(std::string_view text) : text_(text) {
    int line = 1;
    for (size_t at = 0; at < text.size(); ++line) {
      line_starts_.push_back(at);
      if (IsMark(text.substr(at))) marks_.push_back(line);
      const size_t end = text.find('\n', at);
      at = end == std::string_view::npos ? text.size() : end + 1;
    }
  }

  // The lines between the marks around `line`; the mark's own line too when the document begins on
  // it ("--- {a: b}").
  std::string_view Around(int line) const {
    const auto after = std::upper_bound(marks_.begin(), marks_.end(), line);
    int first = 1;
    if (after != marks_.begin()) first = *(after - 1) == line ? line : *(after - 1) + 1;
    const size_t begin = StartOf(first);
    return text_.substr(begin, (after == marks_.end() ? text_.size() : StartOf(*after)) - begin);
  }

 private:
  // `---` or `...` at the beginning of a line ends a document, whatever else is open.
  static bool IsMark(std::string_view at) {
    if (!at.starts_with("---") && !at.starts_with("...")) return false;
    return at.size() == 3 || at[3] == ' ' || at[3] == '\t' || at[3] == '\r' || at[3] == '\n';
  }
  size_t StartOf(int line) const {
    const auto index = static_cast<size_t>(line - 1);
    return index < line_starts_.size() ? line_starts_[index] : text_.size();
  }

  std::string_view text_;
  std::vector<size_t> line_starts_;
  std::vector<int> marks_;  // lines
};

// The scalar at `key`, or "": looks without noting an error.
std::string Peek(const YamlNode& node, std::string_view key) {
  if (!node.IsMap()) return "";
  const YamlNode value = node.Optional(key);
  return value.IsScalar() ? value.String().value_or("") : "";
}

// What else people keep SLOs in, told by its header: "a Sloth spec (version: prometheus/v1)". Empty
// when it is none we know.
std::string OtherDialect(const YamlNode& document) {
  if (document.IsSequence()) {  // OpenSLO puts several objects into one list.
    const std::vector<YamlNode> items = document.Items();
    return items.empty() || !items.front().IsMap() ? "" : OtherDialect(items.front());
  }
  const std::string version = Peek(document, "version");
  if (version.starts_with("prometheus/")) return fmt::format("a Sloth spec (version: {})", version);
  struct Dialect {
    std::string_view prefix;
    std::string_view name;
  };
  constexpr std::array<Dialect, 4> kDialects = {
      {{"sloth.", "a Sloth spec"},
       {"pyrra.", "a Pyrra spec"},
       {"openslo", "an OpenSLO spec"},
       {"monitoring.coreos.com/", "a file of Prometheus rules"}}};
  const std::string api_version = Peek(document, "apiVersion");
  for (const Dialect& dialect : kDialects) {
    if (api_version.starts_with(dialect.prefix))
      return fmt::format("{} (apiVersion: {})", dialect.name, api_version);
  }
  const bool is_rules =
      api_version.empty() && document.IsMap() && document.Optional("groups").IsSequence();
  return is_rules ? "a file of Prometheus rules" : "";
}

// Whether the document is worth reading as ours. If not, says so.
bool IsNative(const YamlNode& document) {
  if (const std::string dialect = OtherDialect(document); !dialect.empty()) {
    document.Error(
        fmt::format("this is {}, which this build does not read; write the SLO with apiVersion: {} "
                    "and kind: SLO",
                    dialect, kNativeApiVersion));
    return false;
  }
  const std::string api_version = Peek(document, "apiVersion");
  if (api_version.empty() || api_version == kNativeApiVersion) return true;
  document.Optional("apiVersion")
      .Error(fmt::format("apiVersion is \"{}\"; write {}", api_version.substr(0, 60),
                         kNativeApiVersion));
  return false;
}

// Reads one text after the other into one result.
class SpecReader {
 public:
  void Read(std::string_view text, const std::string& file) {
    base::YamlErrors errors(file);
    const std::vector<YamlNode> documents = base::ParseYaml(text, errors);
    if (documents.empty() && errors.empty()) {
      errors.AddWarning(0,
                        fmt::format("there is no SLO in this file; write one, with apiVersion: {}",
                                    kNativeApiVersion));
    }
    const DocumentText texts(text);
    for (const YamlNode& document : documents) {
      if (!IsNative(document)) continue;
      if (Peek(document, "kind") == kExclusionKind) {
        TakeExclusion(document);
        continue;
      }
      NativeSpec read = ReadNativeSpec(document);
      if (!read.id.empty()) is_composite_.emplace(read.id, !read.member_lines.empty());
      CheckId("SLO", read.id, document);
      if (!read.spec.has_value()) continue;
      if (const slo::CompositeSli* composite = read.spec->sli.composite())
        NoteComposite(*composite, read, file);
      read.spec->text = documents.size() == 1 ? text : texts.Around(document.line());
      result_.slos.push_back(*std::move(read.spec));
    }
    for (std::string& line : errors.ErrorLines()) result_.errors.push_back(std::move(line));
    for (std::string& line : errors.WarningLines()) result_.warnings.push_back(std::move(line));
  }

  SpecFileResult& result() { return result_; }

  // All or nothing: beside an error there are no SLOs and no exclusions.
  SpecFileResult Finish() && {
    size_t member_errors = 0;
    for (const WrittenComposite& composite : composites_) {
      if (member_errors >= kMemberErrorsMax) break;
      for (std::string& line : CheckMembers(composite, is_composite_)) {
        result_.errors.push_back(std::move(line));
        ++member_errors;
      }
    }
    if (!result_.errors.empty()) {
      result_.slos.clear();
      return std::move(result_);
    }
    for (ExclusionDocument& read : exclusions_) {
      for (std::string& line : UnmatchedSelectors(read, result_.slos))
        result_.warnings.push_back(std::move(line));
      result_.exclusions.push_back(*std::move(read.exclusion));
    }
    return std::move(result_);
  }

 private:
  void TakeExclusion(const YamlNode& document) {
    ExclusionDocument read = ReadExclusion(document);
    CheckId("exclusion", read.id, document);
    if (!read.exclusion.has_value()) return;
    if (exclusions_.size() < slo::kExclusionsMax) {
      exclusions_.push_back(std::move(read));
    } else {
      document.Error(
          fmt::format("exclusion \"{}\" is one more than the {} that can be in force; "
                      "remove those that are over",
                      read.id, slo::kExclusionsMax));
    }
  }

  void CheckId(std::string_view noun, const std::string& id, const YamlNode& document) {
    if (id.empty()) return;
    const auto [known, is_new] =
        places_.emplace(fmt::format("{} \"{}\"", noun, id),
                        fmt::format("{}:{}", document.errors().file(), document.line()));
    if (is_new) return;
    document.Error(fmt::format("{} is already written at {}; rename one of them", known->first,
                               known->second));
  }

  void NoteComposite(const slo::CompositeSli& composite, const NativeSpec& read,
                     const std::string& file) {
    WrittenComposite written{
        .file = file, .slo = read.id, .members = {}, .lines = read.member_lines};
    for (const slo::CompositeSli::Member& member : composite.members)
      written.members.push_back(member.slo);
    composites_.push_back(std::move(written));
  }

  SpecFileResult result_;
  // What composites may name as members is known when everything is read.
  std::map<std::string, bool> is_composite_;  // by id
  std::vector<WrittenComposite> composites_;
  std::vector<ExclusionDocument> exclusions_;
  std::map<std::string, std::string> places_;  // "SLO \"checkout/latency\"" -> "file:line"
};

bool IsGlob(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

// A folder's own name means itself, whatever is in it.
std::string EscapeGlob(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// The files that match, folders left out. kPermissionDenied when a folder on the way cannot be
// read.
absl::StatusOr<std::vector<fs::path>> MatchGlob(const std::string& pattern) {
  glob_t found{};
  const std::unique_ptr<glob_t, decltype(&globfree)> freed(&found, &globfree);
  // A folder that does not exist matches nothing; one that cannot be read might hide an SLO.
  const auto stop_unless_absent = [](const char*, int error) {
    return error == ENOENT || error == ENOTDIR ? 0 : 1;
  };
  const int result = glob(pattern.c_str(), 0, stop_unless_absent, &found);
  std::vector<fs::path> files;
  if (result == GLOB_NOMATCH) return files;
  if (result != 0) {
    return absl::PermissionDeniedError(
        "a folder of this pattern cannot be read; allow it, or correct the pattern");
  }
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    std::error_code ignored;
    if (!fs::is_directory(found.gl_pathv[i], ignored)) files.emplace_back(found.gl_pathv[i]);
  }
  return files;
}

// The files of all patterns, each once, sorted.
std::set<std::string> FindFiles(const std::vector<std::string>& patterns,
                                const fs::path& base_directory, SpecFileResult& result) {
  std::set<std::string> files;
  for (const std::string& pattern : patterns) {
    const fs::path literal = (base_directory / pattern).lexically_normal();
    std::error_code ignored;
    if (fs::is_directory(literal, ignored)) {
      result.errors.push_back(
          fmt::format("{}: this is a folder; write a file or a pattern, like {}", literal.string(),
                      (literal / "*.yaml").string()));
    } else if (fs::exists(literal, ignored)) {
      files.insert(literal.string());
    } else if (!IsGlob(pattern)) {
      result.errors.push_back(
          fmt::format("{}: this file does not exist; correct the path", literal.string()));
    } else {
      const std::string full = fs::path(EscapeGlob(base_directory.string())) / pattern;
      const absl::StatusOr<std::vector<fs::path>> matches = MatchGlob(full);
      if (!matches.ok()) {
        result.errors.push_back(
            fmt::format("{}: {}", literal.string(), base::Message(matches.status())));
      } else if (matches->empty()) {
        result.warnings.push_back(fmt::format(
            "{}: no file matches this pattern; add one, or correct it", literal.string()));
      } else {
        for (const fs::path& match : *matches) files.insert(match.lexically_normal().string());
      }
    }
  }
  return files;
}

}  // namespace

SpecFileResult ReadSpecText(std::string_view text, const std::string& file) {
  SpecReader reader;
  reader.Read(text, file);
  return std::move(reader).Finish();
}

SpecFileResult ReadSpecFiles(const std::vector<std::string>& patterns,
                             const fs::path& base_directory) {
  SpecReader reader;
  for (const std::string& file : FindFiles(patterns, base_directory, reader.result())) {
    const absl::StatusOr<std::string> text = base::ReadFile(file, kFileBytesMax);
    if (text.ok()) {
      reader.Read(*text, file);
    } else {
      reader.result().errors.push_back(fmt::format("{}: {}", file, base::Message(text.status())));
    }
  }
  return std::move(reader).Finish();
}

}  // namespace slowburn::rules
