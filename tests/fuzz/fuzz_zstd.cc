// A body compressed with zstd.
#include "tests/fuzz/decoded_content.h"

void Fuzz(std::string_view input) {
  slowburn::DecodeUnderLimits(slowburn::net::ContentCoding::kZstd, input);
}
