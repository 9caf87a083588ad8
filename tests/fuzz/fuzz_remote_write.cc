// A remote write, decompressed. The first byte says of which version.
#include <algorithm>

#include "collector/remote_write.h"
#include "collector/remote_write_v2.h"
#include "collector/series_labels.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace slowburn;

// Each range ends where the next begins, and the last one where all end.
void CheckRanges(const model::SeriesBatch& batch) {
  uint32_t samples = 0;
  uint32_t histograms = 0;
  uint32_t exemplars = 0;
  for (const model::SeriesBatch::Series& series : batch.series) {
    FUZZ_CHECK(samples <= series.samples_end && histograms <= series.histograms_end &&
               exemplars <= series.exemplars_end);
    samples = series.samples_end;
    histograms = series.histograms_end;
    exemplars = series.exemplars_end;
  }
  FUZZ_CHECK(samples == batch.samples.size() && histograms == batch.histograms.size() &&
             exemplars == batch.exemplars.size());
}

void CheckLabels(std::string_view fault, const model::LabelSet& labels) {
  FUZZ_CHECK(fault.empty() || labels.empty());
  FUZZ_CHECK(labels.size() <= collector::kLabelsMax);
  FUZZ_CHECK(labels.empty() || !labels.begin()->name.empty());
}

}  // namespace

void Fuzz(std::string_view input) {
  if (input.empty()) return;
  const bool is_2 = input.front() == '2';
  input.remove_prefix(1);
  const auto decode = is_2 ? collector::DecodeRemoteWriteV2 : collector::DecodeRemoteWrite;
  base::MemoryBudget budget(32 << 20);
  base::MemoryLease lease(&budget);
  model::SeriesBatch batch;
  const bool is_read = decode(input, batch, &lease).ok();
  FUZZ_CHECK(is_read || (batch.series.empty() && batch.symbols.empty()));
  CheckRanges(batch);
  size_t written_out = 0;
  model::LabelSet labels;
  for (const model::SeriesBatch::Series& series : batch.series) {
    CheckLabels(collector::ReadSeriesLabels(batch, series, labels), labels);
    for (const model::Label& label : labels) written_out += label.name.size() + label.value.size();
  }
  for (const model::SeriesBatch::Exemplar& exemplar : batch.exemplars) {
    CheckLabels(collector::ReadExemplarLabels(batch, exemplar, labels), labels);
    for (const model::Label& label : labels) written_out += label.name.size() + label.value.size();
  }
  FUZZ_CHECK(written_out <= collector::WrittenOutBytesMax(input.size()));
  // The same bytes are the same series.
  model::SeriesBatch again;
  FUZZ_CHECK(decode(input, again, nullptr).ok() == is_read);
  FUZZ_CHECK(std::ranges::equal(batch.series, again.series, [](const auto& a, const auto& b) {
    return a.labels_hash_high == b.labels_hash_high && a.labels_hash_low == b.labels_hash_low;
  }));
}
