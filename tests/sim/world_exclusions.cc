// World's exclusions: drawn, asked for by the API, and what became of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/time_text.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "tests/sim/world.h"

namespace slowburn::sim {
namespace {

store::v1::ExclusionChange ToProto(const ReferenceExclusionChange& change) {
  store::v1::ExclusionChange result;
  result.set_id(change.id);
  result.set_removed(!change.exclusion.has_value());
  if (!change.exclusion.has_value()) return result;
  const auto time = [](int64_t seconds) {
    return base::FormatRfc3339(base::UnixNanos(std::chrono::seconds(seconds)));
  };
  std::vector<std::string> slos;
  for (const std::string& slo : change.exclusion->slos) slos.push_back('"' + slo + '"');
  const std::string chosen =
      slos.empty() ? "" : fmt::format(R"(,"slos":[{}])", fmt::join(slos, ","));
  result.set_document(fmt::format(R"({{"start":"{}","end":"{}"{}}})", time(change.exclusion->begin),
                                  time(change.exclusion->end), chosen));
  return result;
}

}  // namespace

ReferenceExclusionChange World::DrawExclusion() {
  const ExclusionMap& known = reference_.exclusions();
  if (!known.empty() && random_.OneIn(3)) {
    auto removed = known.begin();
    std::advance(removed, static_cast<std::ptrdiff_t>(random_.Below(known.size())));
    return {removed->first, std::nullopt};
  }
  const int64_t now = wall() / 1'000'000'000;
  ReferenceExclusion exclusion;
  // Of the past, under way, of the future.
  exclusion.begin = now + random_.Pick({random_.Between(-600, 600), random_.Between(-86'400, 0),
                                        random_.Between(-40 * 86'400, 0)});
  exclusion.end = exclusion.begin + random_.Pick({random_.Between(1, 30), random_.Between(1, 7200),
                                                  random_.Between(1, 20 * 86'400)});
  for (uint64_t i = random_.Below(3); i > 0 && !wanted_.empty(); --i) {
    const SloConfig& slo = random_.Pick(wanted_);
    exclusion.slos.push_back(random_.OneIn(2) ? slo.id() : slo.service + "/*");
  }
  return {fmt::format("x{}", exclusions_made_++), std::move(exclusion)};
}

// Somebody asks for it by the API.
void World::MakeExclusion() {
  const ReferenceExclusionChange change = DrawExclusion();
  const int64_t now = wall();
  Log(change.exclusion.has_value() ? "exclude" : "include");
  disk_.TakeNotes();
  absl::Status excluded;
  const auto settle = [&](bool) {
    for (const WriteNote& note : disk_.TakeNotes()) {
      if (note.ok || note.may_survive) ghost_.reset();
      if (note.ok) reference_.Exclude(change, note.position, now);
      if (!note.ok && note.may_survive) ghost_ = Ghost{note.position, change};
    }
    if (program_ != nullptr) reference_.set_idle(ReadIdle());
  };
  unsure_exclusions_.insert(change.id);
  if (!Guard([&] { excluded = program_->step().Exclude(ToProto(change)); }, settle)) return;
  if (!excluded.ok() && !absl::IsResourceExhausted(excluded))
    throw Violation{"12 config", excluded.ToString()};
  if (excluded.ok()) {
    unsure_exclusions_.erase(change.id);
    acknowledged_exclusions_.erase(change.id);
    if (change.exclusion.has_value())
      acknowledged_exclusions_.emplace(change.id, *change.exclusion);
  }
  Check();
  SyncLater();
}

}  // namespace slowburn::sim
