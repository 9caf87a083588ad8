// tests/sim/program.h: one life of the program, from start to crash: the real core behind the real
// commit step, without threads, sockets and disk.
//
// Room     tests/sim
// Uses     app/, forward/ (what an Alertmanager is told), rules/, slo/
// Threads  one owner
// Units    as the parts
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/registry.h>

#include "app/commit_step.h"
#include "forward/alert_delivery.h"
#include "slo/matcher.h"
#include "tests/sim/peers.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_store.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

// By which a request is known again.
app::RequestHash HashOf(const Batch& batch);

// What is in force after a file was read.
struct ReadSpecs {
  std::shared_ptr<const slo::SloSet> slos;
  std::shared_ptr<const slo::ExclusionSet> exclusions;
};

// What the SLIs read of its points, as they would be decoded.
slo::MetricDelta MatchPoints(const Batch& batch, const slo::MetricMatcher& matcher,
                             slo::MetricMatcher::Scratch& scratch);

class Program final : public app::CommitOutlet {
 public:
  struct Options {
    app::Core::Options core;
    app::CommitStep::Options step;
    std::chrono::seconds resend{60};
  };
  // All references must outlive it.
  Program(Options options, SimDisk& disk, const SimClock& clock, AlertmanagerModel& alertmanager);
  ~Program() override;

  // As the server starts. Not OK: it may not start.
  absl::Status Start(const ReadSpecs& specs);
  absl::Status Reload(const ReadSpecs& specs);

  // A request that arrived now, on its way to a commit.
  app::SubmittedRequest Receive(const Batch& batch, collector::AnswerFn answer) const;
  // Tells the Alertmanager what is due, if it listens.
  void TellAlertmanager();

  app::CommitStep& step() { return *step_; }
  const app::Core& core() const { return *core_; }
  BackendModel& backend() { return backend_; }
  // The next commit of requests crashes after it is applied and before anybody is answered.
  void CrashBeforeAnswer() { crash_before_answer_ = true; }
  // What was told to the Alertmanager since the last call.
  std::vector<model::Alert> TakeTold() { return std::exchange(told_, {}); }
  bool told_unpersisted() const { return told_unpersisted_; }

 private:
  void Prepare(std::vector<app::SubmittedRequest>&, const app::RequestPlan&) override {}
  void ReadSpans(const Batch& batch, base::UnixNanos now, app::CountedRequest& counted) const;
  void ReadRecords(const Batch& batch, base::UnixNanos now, app::CountedRequest& counted) const;
  void ReadSamples(const Batch& batch, base::UnixNanos now, app::CountedRequest& counted) const;
  void Route(std::vector<app::SubmittedRequest>& group, const app::RequestPlan& plan) override;
  app::DownstreamTotals Totals() const override { return {{"backend", backend_.totals()}}; }
  void Publish(std::vector<model::Alert> alerts) override;

  const Options options_;
  const SimClock& clock_;
  AlertmanagerModel& alertmanager_;
  SimStore store_;
  prometheus::Registry registry_;
  std::unique_ptr<app::Core> core_;
  std::unique_ptr<app::CommitStep> step_;
  std::shared_ptr<const slo::Matchers> matchers_;
  std::unique_ptr<slo::SpanMatcher::Scratch> span_scratch_;
  std::unique_ptr<slo::LogMatcher::Scratch> log_scratch_;
  std::unique_ptr<slo::MetricMatcher::Scratch> metric_scratch_;
  BackendModel backend_;
  forward::AlertDelivery delivery_;
  std::vector<model::Alert> published_;
  std::vector<model::Alert> told_;
  bool told_unpersisted_ = false;
  bool crash_before_answer_ = false;
};

}  // namespace slowburn::sim
