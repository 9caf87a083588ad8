// What the time-series store reads back: chunks and blocks of each kind, parts of log records,
// blocks of postings. The first byte says which.
#include <algorithm>
#include <string>
#include <vector>

#include "storage/series/exemplar_block.h"
#include "storage/series/float_block.h"
#include "storage/series/histogram_block.h"
#include "storage/series/postings_block.h"
#include "storage/series/sample_part.h"
#include "storage/series/sealed_chunk.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace slowburn;

bool Increase(const std::vector<int64_t>& times) {
  return std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
}

// What was read is written and read again to the same.
template <typename Value, typename Decode, typename Encode>
void FuzzBlock(std::string_view input, Decode&& decode, Encode&& encode) {
  std::vector<int64_t> times;
  std::vector<Value> values;
  if (!decode(input, times, values).ok()) {
    FUZZ_CHECK(times.empty() && values.empty());
    return;
  }
  FUZZ_CHECK(times.size() == values.size() && Increase(times));
  std::string bytes;
  encode(times, values, bytes);
  std::vector<int64_t> times_again;
  std::vector<Value> values_again;
  FUZZ_CHECK(decode(bytes, times_again, values_again).ok());
  FUZZ_CHECK(times_again == times);
  std::string bytes_again;
  encode(times_again, values_again, bytes_again);
  FUZZ_CHECK(bytes_again == bytes);
}

absl::Status ReadSealedFloats(std::string_view chunk, std::vector<int64_t>& times,
                              std::vector<double>& values) {
  std::string scratch;
  const auto opened = storage::OpenChunk(chunk, scratch);
  if (!opened.ok()) return opened.status();
  return storage::DecodeFloats(opened->block, times, values, opened->bits);
}

}  // namespace

void Fuzz(std::string_view input) {
  if (input.empty()) return;
  const char kind = input.front();
  input.remove_prefix(1);
  switch (kind) {
    case 'f':
      FuzzBlock<double>(
          input,
          [](std::string_view bytes, auto& times, auto& values) {
            return storage::DecodeFloats(bytes, times, values);
          },
          storage::EncodeFloats);
      break;
    case 'h':
      FuzzBlock<model::NativeHistogram>(input, storage::DecodeHistograms,
                                        storage::EncodeHistograms);
      break;
    case 'x':
      FuzzBlock<storage::ExemplarValue>(input, storage::DecodeExemplars, storage::EncodeExemplars);
      break;
    case 'c': {
      std::string scratch;
      if (storage::OpenChunk(input, scratch).ok()) {
        FUZZ_CHECK(storage::ReadChunkHeader(input).ok());
      }
      FuzzBlock<double>(input, ReadSealedFloats,
                        [](const auto& times, const auto& values, auto& out) {
                          out = storage::SealFloats(times, values);
                        });
      break;
    }
    case 'p': {
      std::vector<uint16_t> numbers;
      if (storage::DecodePostings(input, numbers).ok()) {
        FUZZ_CHECK(std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) ==
                   numbers.end());
      }
      break;
    }
    default:
      storage::ReadSamplePart(input).IgnoreError();
  }
}
