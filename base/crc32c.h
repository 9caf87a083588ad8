// base/crc32c.h: the checksum of RocksDB's logs and of Prometheus' chunked remote read.
//
// Room     base
// Uses     Boost.CRC
// Threads  pure function
// Units    none
// Source   RFC 3720, appendix B.4 (CRC32C, Castagnoli)
#pragma once

#include <cstdint>
#include <string_view>

namespace slowburn::base {

uint32_t Crc32c(std::string_view bytes);

}  // namespace slowburn::base
