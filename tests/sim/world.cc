#include "tests/sim/world.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "rules/spec_file.h"
#include "slowburn/store/v1/log_record.pb.h"

namespace slowburn::sim {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr int kCalmTicksMin = 40;
constexpr int kCalmTicksMax = 400;

base::UnixNanos StartOf(const Scenario& scenario) {
  return base::UnixNanos(std::chrono::seconds(scenario.start_unix_seconds));
}

Reference::Options ReferenceOptions(const Scenario& scenario) {
  return {.max_late_seconds = scenario.max_late_seconds,
          .groups_max = scenario.groups_max,
          .dead_man = scenario.dead_man,
          .resend_seconds = scenario.resend_seconds};
}

Program::Options ProgramOptions(const Scenario& scenario) {
  Program::Options options;
  options.core.engine.external_url = "http://127.0.0.1:7560";
  options.core.engine.counting.max_late = std::chrono::seconds(scenario.max_late_seconds);
  options.core.engine.counting.groups_per_sli_max = scenario.groups_max;
  options.core.dead_man = scenario.dead_man;
  options.core.downstreams = {
      {"backend", {model::Signal::kTraces, model::Signal::kLogs, model::Signal::kMetrics}}};
  options.step.durability = scenario.Has(Fault::kInterval) ? storage::Durability::kBuffered
                                                           : storage::Durability::kSynced;
  options.step.sync_interval = std::chrono::seconds(scenario.sync_interval_seconds);
  options.resend = std::chrono::seconds(scenario.resend_seconds);
  options.core.alerts.resend = options.resend;
  return options;
}

SloGenerator::Options GeneratorOptions(const Scenario& scenario) {
  return {
      .services = scenario.services,
      .metrics = scenario.Has(Fault::kMetrics) ? scenario.metric_kinds : std::vector<MetricKind>{},
      .logs = scenario.Has(Fault::kLogs),
      .composites = scenario.Has(Fault::kComposite)};
}

ReadSpecs ReadFile(const SpecFile& file) {
  rules::SpecFileResult read = rules::ReadSpecText(file.Text(), "sim.yaml");
  if (!read.errors.empty())
    throw Violation{"0 generator", read.errors.front() + "\n" + file.Text()};
  return {std::make_shared<const slo::SloSet>(std::move(read.slos)),
          std::make_shared<const slo::ExclusionSet>(std::move(read.exclusions))};
}

store::v1::LogRecord Parse(const WriteNote& note) {
  store::v1::LogRecord record;
  record.ParseFromString(note.record);
  return record;
}

std::vector<std::string> AlertKeys(const store::v1::LogRecord& record) {
  std::vector<std::string> keys;
  for (const store::v1::AlertRecord& alert : record.alerts()) {
    Labels labels;
    for (const store::v1::Label& label : alert.labels())
      labels.emplace(label.name(), label.value());
    keys.push_back(LabelText(labels));
  }
  return keys;
}

}  // namespace

World::World(Scenario scenario, Options options)
    : scenario_(std::move(scenario)),
      options_(options),
      nap_tick_(static_cast<int>(Random(scenario_.seed, "nap tick").Between(1, scenario_.ticks))),
      random_(scenario_.seed, "world"),
      piece_random_(scenario_.seed, "piece times"),
      clock_(StartOf(scenario_)),
      disk_(scenario_.seed),
      reference_(ReferenceOptions(scenario_)),
      generator_(scenario_.seed, GeneratorOptions(scenario_)),
      exclusion_generator_(scenario_.seed) {
  for (uint32_t i = 0; i < scenario_.clients; ++i) clients_.emplace_back(scenario_, i);
  for (uint32_t i = 0; scenario_.Has(Fault::kMetrics) && i < 2; ++i)
    metric_clients_.emplace_back(scenario_, i);
}

World::~World() = default;

// --- the loop

void World::After(nanoseconds delay, std::function<void()> what) {
  agenda_.push({clock_.elapsed() + delay, order_++, std::move(what)});
}

nanoseconds World::Soon(int64_t most_millis) {
  return std::chrono::milliseconds(random_.Between(0, most_millis));
}

void World::Meet(std::string_view what, uint64_t times) {
  if (times > 0) met_[std::string(what)] += times;
}

void World::MeetAlerts(const AlertChanges& changes) {
  for (const auto& [key, alert] : changes)
    Meet(alert.has_value() ? "alert " + alert->state : "alert forgotten");
}

void World::MeetCommit(const Reference::Commit& commit) {
  for (const Verdicts& verdicts : commit.verdicts) {
    Meet("request sent again", verdicts.is_resent ? 1 : 0);
    Meet("event too new", static_cast<uint64_t>(verdicts.rejected));
  }
  if (const auto late = commit.ledger.find("traces/too_late"); late != commit.ledger.end())
    Meet("event too late", late->second);
  if (const auto late = commit.ledger.find("logs/too_late"); late != commit.ledger.end())
    Meet("record too late", late->second);
  if (const auto late = commit.ledger.find("metrics/too_late"); late != commit.ledger.end())
    Meet("point too late", late->second);
  for (const MetricUse& use : commit.points) {
    const Source source = use.sli.source;
    Meet(source == Source::kCounter ? "point of a counter"
         : source == Source::kGauge ? "point of a gauge"
                                    : "point of a histogram");
    Meet("point in a group", use.group.empty() ? 0 : 1);
  }
  for (const CountedEvent& event : commit.counted)
    Meet("event overflowed", !event.group.empty() && event.group.front() == "__overflow__" ? 1 : 0);
}

void World::Log(std::string_view what, int64_t a, int64_t b) {
  Meet(what);
  const auto mix = [&](uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3; };
  for (const char c : what) mix(static_cast<uint8_t>(c));
  mix(static_cast<uint64_t>(a));
  mix(static_cast<uint64_t>(b));
  mix(static_cast<uint64_t>(wall()));
  if (!options_.trace) return;
  fmt::print("tick {} wall {:.3f} {} {} {}\n", tick_, static_cast<double>(wall()) / 1e9, what, a,
             b);
}

std::optional<Failure> World::Run() {
  try {
    wanted_.slos = generator_.Draw();
    if (scenario_.Has(Fault::kExclude)) EditExclusions(wanted_);
    read_ = ReadFile(wanted_);
    if (options_.trace) fmt::print("{}\n{}", scenario_.Text(), wanted_.Text());
    worked_until_ = wall();
    StartProgram();
    After(std::chrono::seconds(1), [this] { Tick(); });
    RunUntilQuiet();
    if (!options_.until_tick.has_value()) CheckEnd();
    Log("end", static_cast<int64_t>(disk_.hash()), tick_);
    return std::nullopt;
  } catch (const Violation& violation) {
    return Failure{violation.invariant, violation.what, tick_, clock_.Now()};
  }
}

void World::RunUntilQuiet() {
  while (!agenda_.empty()) {
    if (options_.until_tick.has_value() && tick_ >= *options_.until_tick) return;
    const Happening next = agenda_.top();
    agenda_.pop();
    clock_.AdvanceTo(next.at);
    next.what();
  }
}

// --- requests

void World::Send(const BatchPtr& batch, nanoseconds delay) {
  unanswered_.insert(batch->id);
  After(delay, [this, batch] { Deliver(batch); });
}

void World::Deliver(const BatchPtr& batch) {
  if (program_ == nullptr) {
    if (unanswered_.contains(batch->id)) Send(batch, 1s + Soon(60'000));
    return;
  }
  Log("deliver", static_cast<int64_t>(batch->id), static_cast<int64_t>(batch->size()));
  Waiting waiting;
  waiting.arrived = {batch, wall(), reference_.slis()};
  waiting.submitted = program_->Receive(*batch, [](collector::ExportAnswer) {});
  waiting_.push_back(std::move(waiting));
  if (waiting_.size() == 1) After(Soon(20), [this] { CommitWaiting(); });
}

void World::CommitWaiting() {
  if (program_ == nullptr || waiting_.empty()) return;
  std::vector<ArrivedRequest> arrived;
  std::vector<app::SubmittedRequest> group;
  std::vector<Answered> answers;
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    waiting.submitted.answer = [&answers,
                                batch = waiting.arrived.batch](collector::ExportAnswer answer) {
      answers.push_back({batch, std::move(answer)});
    };
    arrived.push_back(std::move(waiting.arrived));
    group.push_back(std::move(waiting.submitted));
  }
  const int64_t now = wall();
  reference_.set_idle(ReadIdle());
  Log("commit", static_cast<int64_t>(group.size()));
  Meet("commit between pieces", program_->step().has_due() ? 1 : 0);
  std::optional<Reference::Commit> commit;
  Guard([&] { program_->step().CommitGroup(std::move(group)); },
        [&](bool) { commit = Settle(arrived, now); });
  for (const Answered& answered : answers) {
    if (answered.answer.outcome == collector::ExportAnswer::Outcome::kAccepted)
      acknowledged_.emplace(answered.batch->id, clock_.elapsed());
  }
  Hear(answers, commit);
  // Who heard nothing sends again.
  for (const ArrivedRequest& request : arrived) {
    const uint64_t id = request.batch->id;
    const bool heard = std::any_of(answers.begin(), answers.end(), [&](const Answered& answered) {
      return answered.batch->id == id;
    });
    if (!heard) Send(request.batch, 1s + Soon(120'000));
  }
  if (program_ != nullptr) SyncLater();
}

// What a commit of requests came to, by what it tried to write.
std::optional<Reference::Commit> World::Settle(const std::vector<ArrivedRequest>& arrived,
                                               int64_t now) {
  std::optional<Reference::Commit> result;
  for (const WriteNote& note : disk_.TakeNotes()) {
    const store::v1::LogRecord record = Parse(note);
    const auto was_counted = [&](uint64_t batch) {
      const auto request =
          std::find_if(arrived.begin(), arrived.end(),
                       [&](const ArrivedRequest& one) { return one.batch->id == batch; });
      const app::RequestHash hash = HashOf(*request->batch);
      return std::any_of(record.dedup().begin(), record.dedup().end(), [&](const auto& entry) {
        return entry.hash_high() == hash.high && entry.hash_low() == hash.low;
      });
    };
    if (!note.ok && !note.may_survive) continue;
    Reference::Commit commit = reference_.Decide(arrived, now, was_counted);
    ghost_.reset();
    MeetCommit(commit);
    for (size_t i = 0; i < arrived.size(); ++i)
      Log("decided", static_cast<int64_t>(arrived[i].batch->id), commit.verdicts[i].is_resent);
    if (note.ok) {
      result = commit;
      reference_.Store(std::move(commit), note.position);
    } else {
      ghost_ = Ghost{note.position, std::move(commit)};
    }
  }
  return result;
}

void World::Hear(const std::vector<Answered>& answers,
                 const std::optional<Reference::Commit>& commit) {
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto& [batch, answer] = answers[i];
    const bool accepted = answer.outcome == collector::ExportAnswer::Outcome::kAccepted;
    Log(accepted ? "accepted" : "refused", static_cast<int64_t>(batch->id), answer.rejected);
    if (accepted && !reference_.IsStored(batch->id))
      throw Violation{"1 durability",
                      fmt::format("batch {} is acknowledged, and not stored", batch->id)};
    if (accepted && commit.has_value() && answer.rejected != commit->verdicts[i].rejected) {
      throw Violation{"7 ledger", fmt::format("batch {}: {} rejected, expected {}", batch->id,
                                              answer.rejected, commit->verdicts[i].rejected)};
    }
    const bool lost = !calm_ && scenario_.Has(Fault::kLostAnswer) && random_.OneIn(8);
    if (!accepted || lost) {
      Send(batch, 1s + Soon(120'000));
      continue;
    }
    unanswered_.erase(batch->id);
    if (!calm_ && scenario_.Has(Fault::kDuplicate) && random_.OneIn(8))
      After(Soon(900'000), [this, batch = batch] { Deliver(batch); });
  }
}

// --- the program

bool World::Guard(const std::function<void()>& step,
                  const std::function<void(bool crashed)>& settle) {
  bool crashed = false;
  try {
    step();
  } catch (const Crash&) {
    crashed = true;
  }
  settle(crashed);
  if (crashed) {
    End(scenario_.Has(Fault::kPowerLoss) && random_.OneIn(2), "crash");
    return false;
  }
  if (!program_->step().health().ok()) {
    End(/*power_loss=*/true, "disk failed");
    return false;
  }
  return true;
}

void World::End(bool power_loss, std::string_view why) {
  program_.reset();
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    Send(waiting.arrived.batch, 1s + Soon(120'000));
  const uint64_t end = disk_.position();
  const CrashReport report = disk_.Fail(power_loss);
  Log(why, power_loss, static_cast<int64_t>(report.lost.size()));
  if (disk_.last_sequence() < disk_.high_water()) {
    throw Violation{"1 durability", fmt::format("the log ends at {}, its high-water mark is {}",
                                                disk_.last_sequence(), disk_.high_water())};
  }
  if (report.ghost.has_value() && ghost_.has_value() && ghost_->position == *report.ghost) {
    Log("ghost", static_cast<int64_t>(*report.ghost));
    reference_.Recall(std::move(ghost_->what), ghost_->position);
  }
  ghost_.reset();
  const std::set<uint64_t> lost(report.lost.begin(), report.lost.end());
  reference_.Lose([&](uint64_t position) { return position <= end && !lost.contains(position); });
  CheckAcknowledged(clock_.elapsed());
  CheckExclusions();
  After(calm_ ? 1s : Soon(random_.OneIn(6) ? 7'200'000 : 30'000), [this] { StartProgram(); });
}

void World::StartProgram() {
  if (program_ != nullptr) return;
  program_ = std::make_unique<Program>(ProgramOptions(scenario_), disk_, clock_, alertmanager_);
  disk_.TakeNotes();
  reference_.Restart(wall());
  sli_ids_.clear();
  absl::Status started;
  const bool alive =
      Guard([&] { started = program_->Start(read_); }, [&](bool crashed) { Installed(crashed); });
  if (!alive) return;
  Log("start", started.ok(), static_cast<int64_t>(disk_.last_sequence()));
  if (!started.ok()) {
    if (!absl::IsResourceExhausted(started)) throw Violation{"2 no hole", started.ToString()};
    End(false, "cannot start");
    return;
  }
  CheckFineFrom(/*at_start=*/true);
  CheckIdle(/*just_installed=*/true);
  Check();
}

// Installing has come to its end, good or bad.
void World::Installed(bool crashed) {
  AlertChanges ended;
  const slo::Engine& engine = program_->core().engine();
  if (engine.slos() == read_.slos) {
    ended = reference_.Install(wanted_.slos, wanted_.exclusions, wall());
    for (size_t i = 0; i < wanted_.slos.size(); ++i) {
      if (!wanted_.slos[i].composite.has_value()) sli_ids_[wanted_.slos[i].sli] = engine.sli_of(i);
    }
    reference_.set_idle(ReadIdle());
  }
  SettleAlerts(ended, crashed);
}

IdleGroups World::ReadIdle() const {
  IdleGroups idle;
  const slo::SliTable& table = program_->core().engine().table();
  for (const auto& [config, sli] : sli_ids_) {
    for (size_t i = 0; i < table.groups(sli); ++i) {
      const auto group = static_cast<slo::GroupId>(i);
      if (table.is_idle(sli, group)) idle[config].insert(table.values(sli, group));
    }
  }
  return idle;
}

// What became of the writes of a step that may have changed alerts by `changes`.
void World::SettleAlerts(const AlertChanges& changes, bool crashed) {
  bool is_applied = false;
  const auto apply = [&] {
    if (!is_applied) reference_.Apply(changes);
    is_applied = true;
  };
  for (const WriteNote& note : disk_.TakeNotes()) {
    const bool is_checkpoint = note.kind == WriteNote::Kind::kCheckpoint;
    const std::vector<std::string> keys =
        is_checkpoint ? std::vector<std::string>{} : AlertKeys(Parse(note));
    if (note.ok || note.may_survive) ghost_.reset();
    if (!keys.empty() || (is_checkpoint && !crashed)) apply();
    if (note.ok && is_checkpoint) apply(), reference_.WriteCheckpoint(note.position);
    if (note.ok && !keys.empty()) reference_.WriteAlerts(keys, note.position);
    if (note.ok || !note.may_survive) continue;
    if (is_checkpoint) apply(), ghost_ = Ghost{note.position, reference_.alerts()};
    if (!keys.empty()) {
      AlertChanges written;
      for (const std::string& key : keys) {
        const auto found = reference_.alerts().find(key);
        written[key] =
            found == reference_.alerts().end() ? std::nullopt : std::optional(found->second);
      }
      ghost_ = Ghost{note.position, std::move(written)};
    }
  }
  if (!crashed) apply();
}

// With buffered commits the loop wakes to sync.
void World::SyncLater() {
  if (sync_scheduled_ || program_->step().UntilSync() > 30min) return;
  sync_scheduled_ = true;
  After(program_->step().UntilSync(), [this] {
    sync_scheduled_ = false;
    if (program_ == nullptr) return;
    if (Guard([&] { program_->step().SyncIfDue(); }, [](bool) {})) SyncLater();
  });
}

// --- each tick

void World::Tick() {
  ++tick_;
  StepProgram();
  // The applications have clocks of their own, which are right.
  const int64_t now = (clock_.Now() - clock_.offset()).time_since_epoch().count();
  if (!calm_) MakeTraffic(worked_until_, now);
  if (!calm_) MakeExports(worked_until_, now);
  worked_until_ = now;
  if (!calm_ && tick_ >= scenario_.ticks) Calm();
  if (!calm_) MakeFaults();
  const int quiet_for = tick_ - scenario_.ticks;
  const bool is_done =
      calm_ && quiet_for >= kCalmTicksMin && unanswered_.empty() && program_ != nullptr;
  if (is_done) return;
  if (quiet_for > kCalmTicksMax)
    throw Violation{"11 progress", fmt::format("{} batches are not answered", unanswered_.size())};
  if (!calm_ && tick_ == nap_tick_ && scenario_.Has(Fault::kNap)) return Nap();
  const int64_t seconds = calm_ ? random_.Between(1, 10) : random_.Pick(scenario_.tick_seconds);
  After(std::chrono::seconds(seconds) + Soon(3), [this] { Tick(); });
}

// The machine sleeps, and all applications do.
void World::Nap() {
  Log("nap");
  After(std::chrono::hours(random_.Between(28, 40)), [this] {
    worked_until_ = wall();
    Tick();
  });
}

void World::MakeTraffic(int64_t from, int64_t to) {
  uint64_t left = scenario_.events_max > events_ ? scenario_.events_max - events_ : 0;
  if (left == 0 || to <= from) return;
  left = std::min<uint64_t>(left, scenario_.events_max / 8 + 1);
  for (Client& client : clients_) {
    for (const BatchPtr& batch : client.Work(from, to, left, next_id_)) {
      events_ += batch->events.size();
      left -= std::min<uint64_t>(left, batch->events.size());
      Send(batch, Soon(random_.OneIn(10) ? 30'000 : 900));
    }
  }
  if (!wanted_.slos.empty() && random_.OneIn(60)) {
    SloConfig slo = random_.Pick(wanted_.slos);
    const std::vector<Tier> tiers = TiersOf(slo);
    if (tiers.empty()) return;
    // Of a composite one member is brought there.
    if (slo.composite.has_value()) slo.sli = wanted_.Find(slo.composite->members.front().slo).sli;
    const BatchPtr batch = clients_[0].WorkToThreshold(slo, random_.Pick(tiers), to, next_id_);
    if (batch != nullptr) Send(batch, Soon(900));
  }
}

void World::MakeExports(int64_t from, int64_t to) {
  constexpr int64_t kSecond = 1'000'000'000;
  for (MetricClient& client : metric_clients_) {
    for (MetricExport& made : client.Work(from / kSecond, to / kSecond, next_id_)) {
      Log(made.what);
      if (made.batch == nullptr) continue;
      Send(made.batch, std::chrono::seconds(made.delay_seconds) + 1ms);
    }
  }
}

void World::MakeFaults() {
  const auto comes = [&](Fault fault, uint64_t permille) {
    return scenario_.Has(fault) && random_.PerMille(permille);
  };
  if (comes(Fault::kDiskFull, disk_.full ? 120 : 12)) {
    disk_.full = !disk_.full;
    healed_at_ = clock_.elapsed();
    Log("disk full", disk_.full);
  }
  disk_.checkpoint_fails_permille = scenario_.Has(Fault::kSlowCheckpoint) ? 900 : 0;
  if (program_ != nullptr && comes(Fault::kCrash, 25)) {
    if (random_.OneIn(4)) {
      Guard([] { throw Crash(); }, [](bool) {});
    } else if (random_.OneIn(4)) {
      program_->CrashBeforeAnswer();
    } else {
      disk_.Arm(
          random_.Pick({SimDisk::Trap::kBefore, SimDisk::Trap::kDuring, SimDisk::Trap::kAfter}),
          1 + random_.Below(4));
    }
  }
  if (program_ != nullptr && comes(Fault::kDiskFails, 6))
    disk_.Arm(SimDisk::Trap::kFatal, 1 + random_.Below(4));
  if (comes(Fault::kClockStep, 20)) {
    // Back to the right time, or away from it.
    const nanoseconds step = random_.OneIn(2)
                                 ? -clock_.offset()
                                 : std::chrono::seconds(random_.Pick({1, 10, 3600, 86'400}) *
                                                        (random_.OneIn(2) ? 1 : -1));
    clock_.StepWall(step);
    Log("clock step", step.count());
  }
  if (comes(Fault::kAlertmanagerDown, alertmanager_.is_up ? 20 : 100)) {
    alertmanager_.is_up = !alertmanager_.is_up;
    Log("alertmanager", alertmanager_.is_up);
  }
  if (comes(Fault::kReload, 25)) MakeReload();
  if (program_ != nullptr && comes(Fault::kExclude, 30)) MakeExclusion();
}

void World::MakeReload() {
  earlier_.push_back(wanted_);
  if (random_.OneIn(3)) {
    wanted_ = random_.Pick(earlier_);
  } else {
    wanted_.slos = generator_.Edit(std::move(wanted_.slos));
    if (scenario_.Has(Fault::kExclude)) EditExclusions(wanted_);
  }
  read_ = ReadFile(wanted_);
  if (options_.trace) fmt::print("{}", wanted_.Text());
  if (program_ == nullptr) return;
  disk_.TakeNotes();
  absl::Status reloaded;
  const bool alive =
      Guard([&] { reloaded = program_->Reload(read_); }, [&](bool crashed) { Installed(crashed); });
  if (!alive) return;
  Log("reload", reloaded.ok(), static_cast<int64_t>(wanted_.slos.size()));
  if (!reloaded.ok() && !absl::IsResourceExhausted(reloaded))
    throw Violation{"12 config", reloaded.ToString()};
  Check();
}

// No more faults: what was begun has to end well.
void World::Calm() {
  calm_ = true;
  Log("calm");
  if (disk_.full) healed_at_ = clock_.elapsed();
  disk_.full = false;
  disk_.checkpoint_fails_permille = 0;
  disk_.Disarm();
  alertmanager_.is_up = true;
  After(1s, [this] { StartProgram(); });
}

// --- invariants

void World::Check() {
  CheckBudgets(program_->core(), reference_, random_);
  CheckBooks();
}

void World::CheckBooks() {
  CheckAlerts(program_->core(), reference_);
  CheckLedger(program_->step(), reference_);
  for (const model::Alert& alert : program_->TakeTold()) {
    const std::string key = AlertKey(alert.labels);
    if (!reference_.HasFired(key, alert.fired_at.time_since_epoch().count()))
      throw Violation{"5 delivery", "told of what never fired: " + key};
  }
}

// Hours may be forgotten a day after the longest window needs them, and not before. At a start they
// are as some checkpoint left them, by the clock and the SLOs of then.
void World::CheckFineFrom(bool at_start) {
  const app::Core& core = program_->core();
  if (core.engine().table().size() == 0) return;
  const int64_t found =
      core.engine().table().counts(slo::SliId{1}, slo::kTotalGroup).view().hours_kept_from;
  int64_t needed = scenario_.max_late_seconds;
  for (const SloConfig& slo : reference_.slos()) needed = std::max(needed, slo.longest_seconds());
  constexpr int64_t kDay = 86'400;
  const int64_t allowed = (wall() / 1'000'000'000 - needed - kDay) / kDay;
  if (!at_start && found > reference_.fine_from() && found > allowed)
    throw Violation{"3 exactness",
                    fmt::format("hours are kept from day {}, needed from {}", found, allowed)};
  Meet("hours dropped", found > reference_.fine_from() ? 1 : 0);
  reference_.set_fine_from(found);
}

// A group is idle a day after the longest window of its SLI has lost its last event, and not
// before: at once where SLOs were installed, else when it has its turn.
void World::CheckIdle(bool just_installed) {
  constexpr int64_t kDay = 86'400;
  for (const SliConfig& sli : reference_.slis()) {
    const int64_t silence = reference_.LongestWindow(sli) + kDay;
    for (const ReferenceCounts::Group& group : reference_.counts().groups(sli)) {
      if (group.values.empty()) continue;
      const int64_t slice_start = reference_.engine_seconds() / 10 * 10;
      const bool is_silent = group.last_second + silence < slice_start;
      const bool is_idle = reference_.IsIdle(sli, group);
      Meet("group idle", is_idle ? 1 : 0);
      // Without a place it stays idle though a longer window has its events.
      if (is_idle && !is_silent && !scenario_.Has(Fault::kOverflow))
        throw Violation{"3 exactness", "a group is idle whose events are in a window"};
      if (!is_idle && is_silent && just_installed)
        throw Violation{"3 exactness", "a group is not idle after its silence"};
    }
  }
}

// After a crash: nothing that was acknowledged is lost, but for the last interval where commits are
// buffered.
void World::CheckAcknowledged(nanoseconds crashed_at) {
  const nanoseconds interval = std::chrono::seconds(scenario_.sync_interval_seconds) + 10ms;
  // A full disk cannot be synced to, and is not asked again at once.
  const bool was_full = disk_.full || crashed_at - healed_at_ <= interval;
  for (auto at = acknowledged_.begin(); at != acknowledged_.end();) {
    if (reference_.IsStored(at->first)) {
      ++at;
      continue;
    }
    const bool may_be_lost =
        scenario_.Has(Fault::kInterval) && (crashed_at - at->second <= interval || was_full);
    if (!may_be_lost)
      throw Violation{"1 durability",
                      fmt::format("batch {} was acknowledged and is gone", at->first)};
    at = acknowledged_.erase(at);
  }
}

// After a crash: the exclusions are those that were acknowledged.
void World::CheckExclusions() {
  for (const auto& [id, exclusion] : acknowledged_exclusions_) {
    if (!reference_.exclusions().contains(id) && !unsure_exclusions_.contains(id))
      throw Violation{"1 durability", fmt::format("exclusion {} was made and is gone", id)};
  }
  for (const auto& [id, exclusion] : reference_.exclusions()) {
    if (!acknowledged_exclusions_.contains(id) && !unsure_exclusions_.contains(id))
      throw Violation{"1 durability", fmt::format("exclusion {} was removed and is there", id)};
  }
}

void World::CheckEnd() {
  // A batch may have come after the last tick, and composites count with the next second.
  StepProgram();
  const FreshStart fresh = CheckFreshStart(program_->core(), reference_, random_);
  Meet("fresh start", fresh.is_compared ? 1 : 0);
  Meet("point in other order", fresh.points);
  for (const auto& [batch, when] : acknowledged_) {
    if (!reference_.IsStored(batch))
      throw Violation{"1 durability", fmt::format("batch {} is not stored at the end", batch)};
  }
  // An orderly stop, and a start that finds everything.
  Guard([&] { program_->step().Finish(); }, [&](bool crashed) { SettleAlerts({}, crashed); });
  End(/*power_loss=*/true, "stop");
  StartProgram();
}

}  // namespace slowburn::sim
