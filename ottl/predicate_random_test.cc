// Goal: compiled conditions agree with their plain meaning. Method: seeded random conditions,
// written out with random spacing, parentheses and sides, run on random spans, against an evaluator
// that shares no code with the room: it walks its own tree and compares numbers as long double.
#include <array>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <functional>
#include <initializer_list>
#include <random>
#include <regex>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ottl/testing/one_item.h"

namespace slowburn::ottl {
namespace {

using model::AttributeValue;

struct Bytes {
  std::string data;
  auto operator<=>(const Bytes&) const = default;
};
struct Composite {};
using Slow = std::variant<std::monostate, std::string, bool, int64_t, double, Bytes, Composite>;

// A span as the slow evaluator sees it: every path by its text.
struct World {
  OneSpan span;
  std::vector<std::pair<std::string, Slow>> values;
  std::deque<std::string> texts;  // what `span` views

  const Slow& At(const std::string& path) const {
    static const Slow kNil;
    for (const auto& [name, value] : values) {
      if (name == path) return value;
    }
    return kNil;
  }
};

const std::array<std::string, 4> kStrings = {"", "a", "ab", "b\"\\\n\xc3\xa9"};
const std::array<int64_t, 7> kIntegers = {-1,        0,        2, 3, (int64_t{1} << 53) + 1,
                                          INT64_MAX, INT64_MIN};
const std::array<double, 7> kDoubles = {-1.5,  0.5, 2.0, 9007199254740992.0, 9223372036854775808.0,
                                        1e300, -0.0};
const std::array<std::string, 3> kBytes = {std::string("\0\0\0\0\0\0\0\1", 8), "\x01", "\x01\x02"};
const std::array<std::string, 9> kAttributes = {
    R"(resource.attributes["k"])", R"(resource.attributes["l"])", R"(resource.attributes["m"])",
    R"(scope.attributes["k"])",    R"(scope.attributes["l"])",    R"(scope.attributes["m"])",
    R"(span.attributes["k"])",     R"(span.attributes["l"])",     R"(span.attributes["m"])"};
const std::array<std::string, 5> kTextPaths = {"span.name", "span.status.message", "scope.name",
                                               "scope.version", "span.trace_state"};
const std::array<std::string, 4> kIntegerPaths = {
    "span.kind", "span.status.code", "span.dropped_events_count", "span.end_time_unix_nano"};
const std::array<std::string, 2> kBytesPaths = {"span.trace_id", "span.parent_span_id"};

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  World MakeWorld();
  // A condition's text, and its meaning.
  struct Made {
    std::string text;
    std::function<bool(const World&)> meaning;
  };
  Made Condition(int depth);

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  template <typename T, size_t N>
  const T& Pick(const std::array<T, N>& from) {
    return from[Below(N)];
  }
  std::string PickText(std::initializer_list<const char*> from) {
    return from.begin()[Below(from.size())];
  }
  std::string Space() { return PickText({"", " ", " ", " \n\t"}); }
  Slow AnyValue();
  Made Comparison();
  Made Call();
  std::string Written(const Slow& literal);

  std::mt19937_64 random_;
};

bool IsNumber(const Slow& v) {
  return std::holds_alternative<int64_t>(v) || std::holds_alternative<double>(v);
}

long double Number(const Slow& v) {
  if (const auto* i = std::get_if<int64_t>(&v)) return static_cast<long double>(*i);
  return static_cast<long double>(std::get<double>(v));
}

// -1, 0, 1, or 2 when the two have no order.
int SlowOrder(const Slow& a, const Slow& b) {
  const auto sign = [](const auto& x, const auto& y) {
    return x < y ? -1 : y < x ? 1 : x == y ? 0 : 2;
  };
  if (IsNumber(a) && IsNumber(b)) return sign(Number(a), Number(b));
  if (a.index() != b.index()) return 2;
  if (const auto* text = std::get_if<std::string>(&a)) return sign(*text, std::get<std::string>(b));
  if (const auto* bytes = std::get_if<Bytes>(&a)) return sign(bytes->data, std::get<Bytes>(b).data);
  return 2;
}

bool SlowEqual(const Slow& a, const Slow& b) {
  if (std::holds_alternative<std::monostate>(a)) return std::holds_alternative<std::monostate>(b);
  if (const auto* flag = std::get_if<bool>(&a)) {
    return std::holds_alternative<bool>(b) && *flag == std::get<bool>(b);
  }
  return SlowOrder(a, b) == 0;
}

bool SlowHolds(const Slow& a, const std::string& op, const Slow& b) {
  if (op == "==") return SlowEqual(a, b);
  if (op == "!=") return !SlowEqual(a, b);
  const int order = SlowOrder(a, b);
  if (order == 2) return false;
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  if (op == ">") return order > 0;
  return order >= 0;
}

Slow Generator::AnyValue() {
  switch (Below(7)) {
    case 0:
      return Pick(kStrings);
    case 1:
      return Below(2) == 0;
    case 2:
      return Pick(kIntegers);
    case 3:
      return Below(5) == 0 ? NAN : Pick(kDoubles);
    case 4:
      return Bytes{Pick(kBytes)};
    case 5:
      return Composite{};
    default:
      return std::monostate{};
  }
}

World Generator::MakeWorld() {
  World world;
  const auto keep = [&](const std::string& text) -> std::string_view {
    return world.texts.emplace_back(text);
  };
  for (const std::string& path : kAttributes) {
    const Slow value = AnyValue();
    world.values.emplace_back(path, value);
    AttributeValue fast;
    if (const auto* text = std::get_if<std::string>(&value))
      fast = AttributeValue::String(keep(*text));
    if (const auto* flag = std::get_if<bool>(&value)) fast = AttributeValue::Bool(*flag);
    if (const auto* integer = std::get_if<int64_t>(&value)) fast = AttributeValue::Int(*integer);
    if (const auto* number = std::get_if<double>(&value)) fast = AttributeValue::Double(*number);
    if (const auto* bytes = std::get_if<Bytes>(&value))
      fast = AttributeValue::Bytes(keep(bytes->data));
    if (std::holds_alternative<Composite>(value)) fast = AttributeValue::Composite();
    auto& attributes = path.starts_with("resource") ? world.span.resource_attributes
                       : path.starts_with("scope")  ? world.span.scope_attributes
                                                    : world.span.item_attributes;
    if (!fast.is_nil() || Below(2) == 0)
      attributes.emplace_back(path.substr(path.find('"') + 1, 1), fast);
  }
  model::Span& span = world.span.item;
  const std::array<std::string_view*, 5> texts = {
      &span.name, &span.status_message, &world.span.scope.scope_name,
      &world.span.scope.scope_version, &span.trace_state};
  for (size_t i = 0; i < texts.size(); ++i) {
    *texts[i] = keep(Pick(kStrings));
    world.values.emplace_back(kTextPaths[i], std::string(*texts[i]));
  }
  span.kind = static_cast<int32_t>(Below(4));
  span.status_code = static_cast<int32_t>(Below(4));
  span.dropped_events_count = static_cast<uint32_t>(Below(4));
  span.end_time_unix_nano = Below(4);
  const std::array<int64_t, 4> integers = {span.kind, span.status_code, span.dropped_events_count,
                                           static_cast<int64_t>(span.end_time_unix_nano)};
  for (size_t i = 0; i < integers.size(); ++i)
    world.values.emplace_back(kIntegerPaths[i], integers[i]);
  span.trace_id = keep(Pick(kBytes));
  world.values.emplace_back("span.trace_id", Bytes{std::string(span.trace_id)});
  if (Below(2) == 0) {
    span.parent_span_id = keep(Pick(kBytes));
    world.values.emplace_back("span.parent_span_id", Bytes{std::string(span.parent_span_id)});
  }
  return world;
}

std::string Generator::Written(const Slow& literal) {
  if (const auto* text = std::get_if<std::string>(&literal)) {
    std::string written = "\"";
    for (const char c : *text) {
      if (c == '"' || c == '\\') written += '\\';
      written += c;
    }
    return written + "\"";
  }
  if (const auto* flag = std::get_if<bool>(&literal)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&literal)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&literal)) return fmt::format("{:.17e}", *number);
  if (const auto* bytes = std::get_if<Bytes>(&literal)) {
    std::string written = "0x";
    for (const char c : bytes->data)
      written += fmt::format("{:02X}", static_cast<unsigned char>(c));
    return written;
  }
  return "nil";
}

Generator::Made Generator::Comparison() {
  const bool is_ordering = Below(2) == 0;
  const std::string op = is_ordering ? PickText({"<", "<=", ">", ">="}) : PickText({"==", "!="});
  std::string path;
  Slow literal;
  switch (Below(4)) {
    case 0:
      path = Pick(kTextPaths);
      literal = Pick(kStrings);
      break;
    case 1:
      path = Pick(kIntegerPaths);
      literal = Below(2) == 0 ? Slow(Pick(kIntegers)) : Slow(Pick(kDoubles));
      break;
    case 2:
      path = Pick(kBytesPaths);
      literal = Bytes{Pick(kBytes)};
      break;
    default:
      path = Pick(kAttributes);
      do literal = AnyValue();
      while (std::holds_alternative<Composite>(literal) ||
             (std::holds_alternative<double>(literal) && std::isnan(std::get<double>(literal))) ||
             (is_ordering && (std::holds_alternative<bool>(literal) || literal.index() == 0)));
  }
  if (Below(4) == 0) {
    // An attribute has any type, so it may stand beside every path.
    const std::string other = Pick(kAttributes);
    return {path + Space() + op + Space() + other,
            [=](const World& w) { return SlowHolds(w.At(path), op, w.At(other)); }};
  }
  if (Below(4) == 0) {
    return {Written(literal) + Space() + op + Space() + path,
            [=](const World& w) { return SlowHolds(literal, op, w.At(path)); }};
  }
  return {path + Space() + op + Space() + Written(literal),
          [=](const World& w) { return SlowHolds(w.At(path), op, literal); }};
}

Generator::Made Generator::Call() {
  const std::string path = Below(2) == 0 ? Pick(kAttributes) : Pick(kTextPaths);
  if (Below(2) == 0) {
    const std::string pattern = PickText({"a", "^a$", "^$", "b+", "[^a]"});
    const std::regex regex(pattern);
    return {fmt::format("IsMatch({}{},{}\"{}\")", path, Space(), Space(), pattern),
            [=](const World& w) {
              const auto* text = std::get_if<std::string>(&w.At(path));
              return text != nullptr && std::regex_search(*text, regex);
            }};
  }
  const bool is_prefix = Below(2) == 0;
  const std::string part = Pick(kStrings);
  return {fmt::format("{}({}, {})", is_prefix ? "HasPrefix" : "HasSuffix", path, Written(part)),
          [=](const World& w) {
            const auto* text = std::get_if<std::string>(&w.At(path));
            if (text == nullptr || text->size() < part.size()) return false;
            return text->compare(is_prefix ? 0 : text->size() - part.size(), part.size(), part) ==
                   0;
          }};
}

Generator::Made Generator::Condition(int depth) {
  const size_t choice = depth == 0 ? Below(6) : Below(12);
  if (choice == 0) {
    const bool value = Below(2) == 0;
    return {value ? "true" : "false", [=](const World&) { return value; }};
  }
  if (choice <= 2) return Call();
  if (choice <= 5) return Comparison();
  if (choice <= 7) {
    const Made inner = Condition(depth - 1);
    return {"not (" + Space() + inner.text + ")",
            [=](const World& w) { return !inner.meaning(w); }};
  }
  const bool is_and = choice <= 9;
  // The operands of `and` stand in parentheses, those of `or` in them or not: it binds least.
  std::vector<std::function<bool(const World&)>> meanings;
  std::string text;
  const size_t count = 2 + Below(3);
  for (size_t i = 0; i < count; ++i) {
    const Made child = Condition(depth - 1);
    meanings.push_back(child.meaning);
    if (i > 0) text += is_and ? " and " : " or ";
    text += is_and || Below(2) == 0 ? "(" + child.text + Space() + ")" : child.text;
  }
  return {text, [=](const World& w) {
            size_t trues = 0;
            for (const auto& meaning : meanings) trues += meaning(w) ? 1 : 0;
            return is_and ? trues == count : trues > 0;
          }};
}

TEST(PredicateRandomTest, AgreesWithTheSlowEvaluator) {
  // SLOWBURN_TEST_SEED runs another walk, or repeats one.
  const char* given = std::getenv("SLOWBURN_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20240607;
  SCOPED_TRACE(fmt::format("SLOWBURN_TEST_SEED={}", seed));
  Generator generator(seed);
  std::array<int, 2> seen = {0, 0};
  for (int round = 0; round < 4000; ++round) {
    const Generator::Made made = generator.Condition(4);
    const auto condition = Condition::Parse(made.text);
    ASSERT_TRUE(condition.ok()) << made.text << "\n" << condition.status();
    const std::string canonical = condition->CanonicalText();
    const auto again = Condition::Parse(canonical);
    ASSERT_TRUE(again.ok()) << canonical << "\n" << again.status();
    ASSERT_EQ(again->CanonicalText(), canonical);
    for (int i = 0; i < 4; ++i) {
      const World world = generator.MakeWorld();
      const bool want = made.meaning(world);
      ASSERT_EQ(world.span.Eval(*condition), want) << made.text;
      ASSERT_EQ(world.span.Eval(*again), want) << canonical;
      ++seen[want ? 1 : 0];
    }
  }
  // Both answers come up often enough for the agreement to mean something.
  EXPECT_GT(seen[0], 3000);
  EXPECT_GT(seen[1], 3000);
}

}  // namespace
}  // namespace slowburn::ottl
