// A recurrence rule: parsed, written back, its occurrences counted.
#include "slo/recurrence.h"
#include "tests/fuzz/fuzz_target.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  using namespace std::chrono_literals;
  using std::chrono::sys_days;
  using std::chrono::sys_seconds;
  const auto recurrence =
      slo::Recurrence::Parse(input, absl::CivilSecond(2023, 12, 31, 2, 30, 0), "Europe/Paris", 26h);
  if (!recurrence.ok()) return;
  // Its text means the same.
  const std::string text = recurrence->rule().Text();
  const auto again = slo::Recurrence::Parse(text, recurrence->start(), "Europe/Paris", 26h);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(*again == *recurrence);
  FUZZ_CHECK(again->rule().Text() == text);
  // Occurrences rise, and lie where they were asked for.
  const sys_seconds from = sys_days(2030y / 3 / 31);
  const sys_seconds to = from + 400 * 24h;
  sys_seconds previous = sys_seconds::min();
  size_t count = 0;
  recurrence->ForEach(from, to, [&](sys_seconds begin, sys_seconds end) {
    FUZZ_CHECK(begin > previous);
    FUZZ_CHECK(begin < to && end > from && end - begin == 26h);
    previous = begin;
    ++count;
  });
  FUZZ_CHECK(count <= 402);
}
