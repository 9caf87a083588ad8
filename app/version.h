// app/version.h: which version this is.
//
// Room     app
// Uses     nothing
// Threads  constants
// Units    none
#pragma once

namespace slowburn::app {

inline constexpr char kVersion[] = SLOWBURN_VERSION;

}  // namespace slowburn::app
