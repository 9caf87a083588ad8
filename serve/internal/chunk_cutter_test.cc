// Goal: samples of a series become chunks that hold each of them once, in the order of time, and as
// many as may go together. Method: rows of samples, and the chunks that they must become.
#include "serve/internal/chunk_cutter.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/sample.h"

namespace slowburn::serve::internal {
namespace {

// "w3 0-20": a chunk of three whole histograms, from 0 to 20 ms; f of floating ones, n of numbers.
std::vector<std::string> ChunksOf(const storage::SampleColumns& samples) {
  std::vector<std::string> all;
  ChunkCutter cutter(samples);
  while (const std::optional<Chunk> chunk = cutter.Next()) {
    const int count =
        static_cast<uint8_t>(chunk->data[0]) * 256 + static_cast<uint8_t>(chunk->data[1]);
    all.push_back(
        fmt::format("{}{} {}-{}", "?nwf"[chunk->type], count, chunk -> first_ms, chunk -> last_ms));
  }
  return all;
}

class Samples {
 public:
  Samples& Numbers(int count) {
    for (int i = 0; i < count; ++i) {
      columns_.times_ms.push_back(10 * next_++);
      columns_.values.push_back(1);
    }
    return *this;
  }
  Samples& Histograms(int count, double counted, bool is_float = false) {
    for (int i = 0; i < count; ++i) {
      columns_.histogram_times_ms.push_back(10 * next_++);
      columns_.histograms.push_back({.is_float = is_float,
                                     .count = counted,
                                     .sum = 1,
                                     .positive_spans = {{0, 1}},
                                     .positive_counts = {counted}});
    }
    return *this;
  }
  Samples& End() {
    Histograms(1, 0);
    columns_.histograms.back() = {.sum = model::StaleMarker()};
    return *this;
  }
  const storage::SampleColumns& columns() const { return columns_; }

 private:
  storage::SampleColumns columns_;
  int64_t next_ = 0;
};

using Chunks = std::vector<std::string>;

TEST(ChunkCutterTest, HoldsAsManyAsPrometheusPutsIntoOne) {
  EXPECT_EQ(ChunksOf(Samples().Numbers(250).columns()),
            (Chunks{"n120 0-1190", "n120 1200-2390", "n10 2400-2490"}));
  EXPECT_EQ(ChunksOf(Samples().Histograms(250, 5).columns()),
            (Chunks{"w120 0-1190", "w120 1200-2390", "w10 2400-2490"}));
  EXPECT_EQ(ChunksOf(Samples().columns()), Chunks{});
}

TEST(ChunkCutterTest, EndsAtAResetAndBehindTheEndOfASeries) {
  EXPECT_EQ(ChunksOf(Samples().Histograms(2, 5).Histograms(3, 4).columns()),
            (Chunks{"w2 0-10", "w3 20-40"}));
  EXPECT_EQ(ChunksOf(Samples().Histograms(2, 5).End().Histograms(1, 9).columns()),
            (Chunks{"w3 0-20", "w1 30-30"}));
  EXPECT_EQ(ChunksOf(Samples().Histograms(2, 5).Histograms(1, 6, true).columns()),
            (Chunks{"w2 0-10", "f1 20-20"}));
}

TEST(ChunkCutterTest, KeepsTheOrderOfNumbersAndHistograms) {
  EXPECT_EQ(ChunksOf(Samples().Histograms(2, 5).Numbers(3).Histograms(130, 5).Numbers(1).columns()),
            (Chunks{"w2 0-10", "n3 20-40", "w120 50-1240", "w10 1250-1340", "n1 1350-1350"}));
}

}  // namespace
}  // namespace slowburn::serve::internal
