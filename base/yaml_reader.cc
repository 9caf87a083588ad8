#include "base/yaml_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <sstream>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/duration_text.h"
#include "base/status.h"

// A text is read twice: once as events, which hold no tree and so can be counted and refused at any
// point, and only then as the documents that callers walk. yaml-cpp shares the nodes of an alias,
// so its tree is small whatever the aliases say; it is the walk that they multiply, and the events
// tell how long that would be.

namespace slowburn::base {
namespace {

constexpr size_t kIssuesMax = 100;
constexpr size_t kDepthMax = 64;
constexpr size_t kAliasedNodesMax = 100'000;
constexpr size_t kShownBytes = 60;    // Of a value, in a message.
constexpr size_t kNameBytesMax = 64;  // Longer names are not compared: no key of ours is.

// Thrown and caught in this file alone: the way out of yaml-cpp's parser.
struct Refused {
  int line;
  std::string text;
};

int LineOf(const YAML::Mark& mark) { return mark.is_null() ? 0 : mark.line + 1; }

// Control characters as \n, \t or \x1b, so that no input can forge a line of output.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\t') {
      escaped += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// `text` cut to what a message can hold, never inside a character.
std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return fmt::format("{}...", text.substr(0, end));
}

// The length of the UTF-8 character at the front of `text` (never empty), 0 when there is none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first < 0xC2   ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Longer forms than needed, surrogates, beyond U+10FFFF.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

// Throws at the first byte that is no text.
void CheckEncoding(std::string_view text) {
  int line = 1;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\0')
      throw Refused{line, "there is a NUL byte here; write the file as UTF-8 text"};
    const size_t length = Utf8Length(text.substr(at));
    if (length == 0) {
      throw Refused{line, fmt::format("byte 0x{:02x} is not UTF-8; write the file as UTF-8 text",
                                      static_cast<unsigned char>(text[at]))};
    }
    if (text[at] == '\n') ++line;
    at += length;
  }
}

// Follows the events of a text and throws where it is too deep, or where its aliases add too many
// nodes.
class LimitHandler : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    anchors_.clear();
    // Before what can begin no document, like a stray comma, yaml-cpp sees empty documents without
    // end.
    if (mark.pos == document_pos_) {
      throw Refused{LineOf(mark),
                    "nothing can begin here; look for a bracket, comma or colon too many"};
    }
    document_pos_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { Add(anchor, {1, 0}); }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    Add(anchor, {1, 0});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{LineOf(mark), "an alias lies within what it stands for; write the value out"};
    }
    const Extent extent = found->second;
    CheckDepth(mark, open_.size() + extent.height);
    aliased_nodes_ += extent.nodes;
    if (aliased_nodes_ > kAliasedNodesMax) {
      throw Refused{LineOf(mark),
                    fmt::format("aliases expand to more than {} values; write fewer of them",
                                kAliasedNodesMax)};
    }
    Add(YAML::NullAnchor, extent);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  // How much a value is when its aliases are written out.
  struct Extent {
    size_t nodes;
    size_t height;  // of lists and maps; a scalar has 0
  };
  struct OpenNode {
    YAML::anchor_t anchor;
    Extent extent;
  };

  static void CheckDepth(const YAML::Mark& mark, size_t depth) {
    if (depth > kDepthMax) {
      throw Refused{
          LineOf(mark),
          fmt::format("lists and maps are nested deeper than {}; write it flatter", kDepthMax)};
    }
  }
  void Open(const YAML::Mark& mark, YAML::anchor_t anchor) {
    CheckDepth(mark, open_.size() + 1);
    open_.push_back({anchor, {1, 1}});
  }
  void Close() {
    const OpenNode closed = open_.back();
    open_.pop_back();
    Add(closed.anchor, closed.extent);
  }
  void Add(YAML::anchor_t anchor, Extent extent) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = extent;
    if (open_.empty()) return;
    Extent& parent = open_.back().extent;
    parent.nodes += extent.nodes;
    parent.height = std::max(parent.height, extent.height + 1);
  }

  std::vector<OpenNode> open_;
  std::unordered_map<YAML::anchor_t, Extent> anchors_;  // of this document, complete values only
  size_t aliased_nodes_ = 0;
  int document_pos_ = -1;
};

void CheckLimits(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  LimitHandler handler;
  while (parser.HandleNextDocument(handler)) {
  }
}

// "a list", "a map", or the scalar in quotes.
std::string Describe(const YAML::Node& node) {
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a map";
  if (node.IsNull()) return "empty";
  return fmt::format("\"{}\"", Shown(node.Scalar()));
}

// How messages call the place: the path, or the whole document.
std::string_view Place(const std::string& path) {
  return path.empty() ? "the document" : std::string_view(path);
}

std::string ChildPath(const std::string& parent, std::string_view key) {
  return parent.empty() ? Shown(key) : fmt::format("{}.{}", parent, Shown(key));
}

struct MapEntry {
  std::string key;
  std::shared_ptr<const YAML::Node> value;
  int line;  // of the key
};

// A map with its merge keys (<<: *defaults) resolved; of keys written twice, the first.
struct MapContent {
  std::vector<MapEntry> entries;
  std::vector<YamlIssue> issues;
};

bool IsMergeKey(const YAML::Node& key) {
  return key.Scalar() == "<<" && key.Tag() != "!";
}  // "!" is a quoted one

MapContent ReadMap(const YAML::Node& map);

// Adds what `merged`, the value of a merge key, has beyond `known`: a map, or a list of maps of
// which the earlier win.
void Merge(const YAML::Node& merged, int line, std::unordered_map<std::string, int>& known,
           MapContent& content) {
  std::vector<YAML::Node> maps;
  if (merged.IsSequence()) {
    for (const auto& item : merged) maps.emplace_back(item);
  } else {
    maps.emplace_back(merged);
  }
  for (const YAML::Node& map : maps) {
    if (!map.IsMap()) {
      content.issues.push_back(
          {line,
           fmt::format("<< is {}; write an alias of a map, like <<: *defaults", Describe(map))});
      continue;
    }
    for (MapEntry& entry : ReadMap(map).entries) {
      if (known.emplace(entry.key, line).second) {
        content.entries.push_back({std::move(entry.key), std::move(entry.value), line});
      }
    }
  }
}

MapContent ReadMap(const YAML::Node& map) {
  MapContent content;
  std::unordered_map<std::string, int> known;  // key -> its line
  std::vector<std::pair<YAML::Node, int>> merges;
  for (const auto& pair : map) {
    const int line = LineOf(pair.first.Mark());
    if (!pair.first.IsScalar()) {
      content.issues.push_back(
          {line, fmt::format("a key is {}; write a name", Describe(pair.first))});
    } else if (IsMergeKey(pair.first)) {
      merges.emplace_back(pair.second, line);
    } else if (const auto [at, is_new] = known.emplace(pair.first.Scalar(), line); !is_new) {
      content.issues.push_back(
          {line, fmt::format("key \"{}\" is written twice, first on line {}; keep one",
                             Shown(at->first), at->second)});
    } else {
      content.entries.push_back({at->first, std::make_shared<const YAML::Node>(pair.second), line});
    }
  }
  for (const auto& [merged, line] : merges) Merge(merged, line, known, content);
  return content;
}

// Steps (insert, drop, change, swap neighbours) from one name to the other, case aside.
size_t EditDistance(std::string_view a, std::string_view b) {
  using Row = std::array<size_t, kNameBytesMax + 1>;
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  Row before_last{};
  Row last{};
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    Row row{};
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const char x = lower(a[i - 1]);
      const char y = lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x == y ? 0U : 1U)});
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::vector<std::string> Lines(const std::string& file, std::vector<YamlIssue> issues) {
  std::stable_sort(issues.begin(), issues.end(),
                   [](const YamlIssue& a, const YamlIssue& b) { return a.line < b.line; });
  std::vector<std::string> lines;
  for (const YamlIssue& issue : issues) {
    lines.push_back(issue.line == 0 ? fmt::format("{}: {}", file, issue.text)
                                    : fmt::format("{}:{}: {}", file, issue.line, issue.text));
  }
  return lines;
}

// Two readings of one place may find the same trouble; it is told once.
void AddIssue(std::vector<YamlIssue>& issues, int line, std::string_view text) {
  if (issues.size() >= kIssuesMax) return;
  std::string escaped = Escape(text);
  for (const YamlIssue& issue : issues) {
    if (issue.line == line && issue.text == escaped) return;
  }
  issues.push_back({line, std::move(escaped)});
}

// The whole of `text` as a number.
template <typename Number>
std::optional<Number> WholeNumber(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

void YamlErrors::AddError(int line, std::string text) { AddIssue(errors_, line, text); }

void YamlErrors::AddWarning(int line, std::string text) { AddIssue(warnings_, line, text); }

std::vector<std::string> YamlErrors::ErrorLines() const { return Lines(file_, errors_); }

std::vector<std::string> YamlErrors::WarningLines() const { return Lines(file_, warnings_); }

// An absent node has no node_; a `null` is as good as absent.
YamlNode::YamlNode(std::shared_ptr<const YAML::Node> node, int line, std::string path,
                   YamlErrors* errors)
    : node_(node != nullptr && node->IsNull() ? nullptr : std::move(node)),
      line_(line),
      path_(std::move(path)),
      errors_(errors) {}

bool YamlNode::IsPresent() const { return node_ != nullptr; }

bool YamlNode::IsMap() const { return IsPresent() && node_->IsMap(); }

bool YamlNode::IsSequence() const { return IsPresent() && node_->IsSequence(); }

bool YamlNode::IsScalar() const { return IsPresent() && node_->IsScalar(); }

void YamlNode::Error(std::string text) const { errors_->AddError(line_, std::move(text)); }

void YamlNode::Warning(std::string text) const { errors_->AddWarning(line_, std::move(text)); }

YamlNode YamlNode::Required(std::string_view key) const {
  const YamlNode child = Optional(key);
  // Where this node itself is absent or no map, that has been told.
  if (IsMap() && !child.IsPresent()) child.Error(fmt::format("{} is missing", child.path()));
  return child;
}

YamlNode YamlNode::Optional(std::string_view key) const {
  const std::string path = ChildPath(path_, key);
  if (!IsPresent()) return {nullptr, line_, path, errors_};
  if (!IsMap()) {
    Error(fmt::format("{} is {}; write a map", Place(path_), Describe(*node_)));
    return {nullptr, line_, path, errors_};
  }
  for (const MapEntry& entry : ReadMap(*node_).entries) {
    if (entry.key == key) return {entry.value, entry.line, path, errors_};
  }
  return {nullptr, line_, path, errors_};
}

void YamlNode::AllowKeys(std::initializer_list<std::string_view> keys) const {
  const std::vector<std::string_view> names(keys);
  for (const auto& [key, child] : Entries()) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    const std::string unknown = fmt::format("unknown key \"{}\"", Shown(key));
    if (const auto nearest = NearestName(key, names)) {
      child.Error(fmt::format("{}; did you mean \"{}\"?", unknown, *nearest));
    } else if (names.empty()) {
      child.Error(fmt::format("{}; {} takes none", unknown, Place(path_)));
    } else {
      child.Error(fmt::format("{}; write one of {}", unknown, fmt::join(names, ", ")));
    }
  }
}

std::vector<YamlNode> YamlNode::Items() const {
  std::vector<YamlNode> items;
  if (!IsPresent()) return items;
  if (!IsSequence()) {
    Error(fmt::format("{} is {}; write a list", Place(path_), Describe(*node_)));
    return items;
  }
  for (const auto& item : *node_) {
    items.push_back(YamlNode(std::make_shared<const YAML::Node>(item), LineOf(item.Mark()),
                             fmt::format("{}[{}]", path_, items.size()), errors_));
  }
  return items;
}

std::vector<std::pair<std::string, YamlNode>> YamlNode::Entries() const {
  std::vector<std::pair<std::string, YamlNode>> entries;
  if (!IsPresent()) return entries;
  if (!IsMap()) {
    Error(fmt::format("{} is {}; write a map", Place(path_), Describe(*node_)));
    return entries;
  }
  MapContent content = ReadMap(*node_);
  for (const YamlIssue& issue : content.issues) errors_->AddError(issue.line, issue.text);
  for (MapEntry& entry : content.entries) {
    YamlNode child(std::move(entry.value), entry.line, ChildPath(path_, entry.key), errors_);
    entries.emplace_back(std::move(entry.key), std::move(child));
  }
  return entries;
}

std::optional<std::string> YamlNode::String() const {
  if (!IsPresent()) return std::nullopt;
  if (!IsScalar()) {
    Error(fmt::format("{} is {}; write one value", Place(path_), Describe(*node_)));
    return std::nullopt;
  }
  return node_->Scalar();
}

std::optional<bool> YamlNode::Bool() const {
  const std::optional<std::string> text = String();
  if (!text) return std::nullopt;
  if (*text == "true") return true;
  if (*text == "false") return false;
  Error(fmt::format("{} is \"{}\"; write true or false", Place(path_), Shown(*text)));
  return std::nullopt;
}

std::optional<int64_t> YamlNode::Integer(int64_t min, int64_t max) const {
  const std::optional<std::string> text = String();
  if (!text) return std::nullopt;
  const auto number = WholeNumber<int64_t>(*text);
  if (number && *number >= min && *number <= max) return number;
  Error(fmt::format("{} is \"{}\"; write a whole number from {} to {}", Place(path_), Shown(*text),
                    min, max));
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> YamlNode::Duration() const {
  const std::optional<std::string> text = String();
  if (!text) return std::nullopt;
  const auto duration = ParseDuration(*text);
  if (duration.ok()) return *duration;
  Error(text->size() <= kShownBytes
            ? fmt::format("{}: {}", Place(path_), Message(duration.status()))
            : fmt::format("{} is \"{}\"; write a duration, like 30d, 1h30m or 300ms", Place(path_),
                          Shown(*text)));
  return std::nullopt;
}

std::optional<uint64_t> YamlNode::Bytes() const {
  const std::optional<std::string> text = String();
  if (!text) return std::nullopt;
  std::string_view digits = *text;
  uint64_t unit = 1;
  for (const auto& [suffix, bytes] :
       {std::pair{"KiB", uint64_t{1} << 10}, std::pair{"MiB", uint64_t{1} << 20},
        std::pair{"GiB", uint64_t{1} << 30}}) {
    if (!digits.ends_with(suffix)) continue;
    digits.remove_suffix(3);
    unit = bytes;
    break;
  }
  uint64_t product = 0;
  const auto number = WholeNumber<uint64_t>(digits);
  if (number && !__builtin_mul_overflow(*number, unit, &product)) return product;
  Error(fmt::format(
      "{} is \"{}\"; write bytes as a whole number, alone or with KiB, MiB or GiB, like 64MiB",
      Place(path_), Shown(*text)));
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> YamlNode::StringMap() const {
  std::vector<std::pair<std::string, std::string>> strings;
  for (auto& [key, value] : Entries()) {
    // `team:` with nothing after it is the empty string, as in Prometheus' rule files.
    if (!value.IsPresent()) {
      strings.emplace_back(std::move(key), "");
    } else if (std::optional<std::string> text = value.String()) {
      strings.emplace_back(std::move(key), *std::move(text));
    }
  }
  return strings;
}

std::vector<YamlNode> ParseYaml(std::string_view text, YamlErrors& errors) {
  std::vector<YamlNode> documents;
  try {
    CheckEncoding(text);
    const std::string copy(text);
    CheckLimits(copy);
    for (const YAML::Node& document : YAML::LoadAll(copy)) {
      if (document.IsNull()) continue;  // `---` with nothing after it, or comments alone
      documents.push_back(YamlNode(std::make_shared<const YAML::Node>(document),
                                   LineOf(document.Mark()), "", &errors));
    }
    return documents;
  } catch (const Refused& refused) {
    errors.AddError(refused.line, refused.text);
  } catch (const YAML::Exception& error) {
    errors.AddError(LineOf(error.mark),
                    fmt::format("this is not YAML: {}; check the quotes, the brackets and the "
                                "indentation (spaces, no tabs)",
                                Shown(error.msg)));
  } catch (const std::exception& error) {
    errors.AddError(0, fmt::format("this cannot be read as YAML: {}; write a smaller file",
                                   Shown(error.what())));
  }
  return {};
}

std::optional<std::string_view> NearestName(std::string_view written,
                                            const std::vector<std::string_view>& names) {
  std::optional<std::string_view> nearest;
  size_t nearest_distance = 0;
  if (written.size() > kNameBytesMax) return nearest;
  for (const std::string_view name : names) {
    if (name.size() > kNameBytesMax) continue;
    const size_t distance = EditDistance(written, name);
    // A third of the letters may be wrong: "windw" is near "window", "x" is near nothing.
    if (distance > std::max(written.size(), name.size()) / 3) continue;
    if (!nearest || distance < nearest_distance) {
      nearest = name;
      nearest_distance = distance;
    }
  }
  return nearest;
}

}  // namespace slowburn::base
