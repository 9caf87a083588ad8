// World's seconds: the program's own, whole or in pieces between which requests are committed and
// the process may end.
#include "tests/sim/world.h"

namespace slowburn::sim {

void World::StepProgram() {
  if (program_ == nullptr) return;
  program_->backend().Move(random_);
  disk_.TakeNotes();
  const auto settle = [&](bool crashed) {
    reference_.set_idle(ReadIdle());
    const AlertChanges changes = reference_.Tick(wall());
    Log("tick", static_cast<int64_t>(changes.size()));
    MeetAlerts(changes);
    SettleAlerts(changes, crashed);
  };
  const bool in_pieces = scenario_.Has(Fault::kPieces);
  const auto step = [&] {
    if (in_pieces) {
      program_->step().BeginSecond();
    } else {
      program_->step().Tick();
    }
  };
  if (!Guard(step, settle)) return;
  program_->TellAlertmanager();
  CheckFineFrom(/*at_start=*/false);
  CheckIdle(/*just_installed=*/false);
  Check();
  if (alertmanager_.is_up) CheckAlertmanager(alertmanager_, reference_, clock_.Now());
  if (in_pieces) DoPieceLater();
}

// A piece of what is due; mostly all of them before the next second.
void World::DoPieceLater() {
  if (piece_scheduled_) return;
  piece_scheduled_ = true;
  const int64_t most_millis = piece_random_.OneIn(8) ? 3'000 : 200;
  After(std::chrono::milliseconds(piece_random_.Between(0, most_millis)), [this] {
    piece_scheduled_ = false;
    if (program_ == nullptr || !program_->step().has_due()) return;
    Log("piece");
    disk_.TakeNotes();
    const bool crashes = !calm_ && scenario_.Has(Fault::kCrash) && piece_random_.PerMille(5);
    const auto piece = [&] {
      if (crashes) throw Crash();
      program_->step().DoDue();
    };
    const auto settle = [&](bool crashed) {
      reference_.set_idle(ReadIdle());
      SettleAlerts({}, crashed);
    };
    Meet("crash between pieces", crashes ? 1 : 0);
    if (!Guard(piece, settle)) return;
    CheckFineFrom(/*at_start=*/false);
    CheckIdle(/*just_installed=*/false);
    // Composites count what came since the second began with the next one.
    if (scenario_.Has(Fault::kComposite)) {
      CheckBooks();
    } else {
      Check();
    }
    DoPieceLater();
  });
}

}  // namespace slowburn::sim
