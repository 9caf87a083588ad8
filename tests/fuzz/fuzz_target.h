// tests/fuzz/fuzz_target.h: what every fuzz target has in common.
//
// Room     tests/fuzz
// Uses     standard library
// Threads  one
// Units    bytes
//
// A target is one file with a Fuzz function. Under the preset `fuzz` libFuzzer drives it; in every
// build `ctest` replays its seeds and the inputs that once failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// Runs the code under test on one input. Ends the process when a promise is broken.
void Fuzz(std::string_view input);

// A promise of the code under test, checked in every build.
#define FUZZ_CHECK(condition)                                                              \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      std::fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)
