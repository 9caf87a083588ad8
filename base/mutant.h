// base/mutant.h: faults that are there on purpose, to see whether the simulator finds them.
//
// Room     base
// Uses     standard library
// Threads  set before any other thread begins
// Units    none
//
// A mutant is one wrong line at the place where it would be made: `if (SB_MUTANT("skip_dedup"))`.
// Only a build with -DSLOWBURN_MUTANTS=ON has any (./dev mutants, docs/mutants.md); in every other
// SB_MUTANT is the word false, which the compiler leaves out.
#pragma once

#ifdef SLOWBURN_MUTANTS

#include <string>
#include <string_view>

namespace slowburn::base {

// The one that is wrong now; "": none.
inline std::string active_mutant;

inline bool IsMutant(std::string_view name) { return active_mutant == name; }

}  // namespace slowburn::base

#define SB_MUTANT(name) ::slowburn::base::IsMutant(name)

#else

#define SB_MUTANT(name) false

#endif
