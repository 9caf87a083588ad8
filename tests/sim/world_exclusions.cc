// World's exclusions: drawn, asked for by the API or written into the file, and what became of
// them.
#include <fmt/format.h>

#include "slowburn/store/v1/log_record.pb.h"
#include "tests/sim/world.h"

namespace slowburn::sim {
namespace {

constexpr size_t kOfFilesMax = 3;

store::v1::ExclusionChange ToProto(const ReferenceExclusionChange& change) {
  store::v1::ExclusionChange result;
  result.set_id(change.id);
  result.set_removed(!change.exclusion.has_value());
  if (change.exclusion.has_value()) result.set_document(DocumentOf(*change.exclusion));
  return result;
}

}  // namespace

ReferenceExclusionChange World::DrawExclusionChange() {
  const ExclusionMap& known = reference_.exclusions();
  if (!known.empty() && random_.OneIn(3)) {
    auto removed = known.begin();
    std::advance(removed, static_cast<std::ptrdiff_t>(random_.Below(known.size())));
    return {removed->first, std::nullopt};
  }
  return {exclusion_generator_.NextId(),
          exclusion_generator_.Draw(wall() / 1'000'000'000, wanted_.slos)};
}

// The owner writes one into the file, or takes one out.
void World::EditExclusions(SpecFile& file) {
  if (!file.exclusions.empty() && random_.OneIn(3)) {
    file.exclusions.erase(file.exclusions.begin());
  } else if (file.exclusions.size() < kOfFilesMax && random_.OneIn(2)) {
    file.exclusions.emplace(exclusion_generator_.NextId(),
                            exclusion_generator_.Draw(wall() / 1'000'000'000, file.slos));
    Meet("exclude by file");
  }
}

// Somebody asks for it by the API.
void World::MakeExclusion() {
  const ReferenceExclusionChange change = DrawExclusionChange();
  const int64_t now = wall();
  Log(change.exclusion.has_value() ? "exclude" : "include");
  if (change.exclusion.has_value() && change.exclusion->rule.has_value()) Meet("exclude again");
  if (options_.trace && change.exclusion.has_value())
    fmt::print("{} {}\n", change.id, DocumentOf(*change.exclusion));
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
