// A body compressed with deflate.
#include "tests/fuzz/decoded_content.h"

void Fuzz(std::string_view input) {
  slowburn::DecodeUnderLimits(slowburn::net::ContentCoding::kDeflate, input);
}
