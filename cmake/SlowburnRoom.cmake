# slowburn_room(NAME SRCS ... DEPS ... [TESTS ...] [TEST_DEPS ...] [BENCH ...] [BENCH_DEPS ...])
# One room: a static library slowburn::NAME from SRCS, one test program NAME_tests from TESTS whose cases ctest
# runs one by one, one benchmark program NAME_bench from BENCH that ctest runs tiny so that it cannot rot.
function(slowburn_room name)
  cmake_parse_arguments(ROOM "" "" "SRCS;DEPS;TESTS;TEST_DEPS;BENCH;BENCH_DEPS" ${ARGN})
  add_library(slowburn_${name} STATIC ${ROOM_SRCS})
  add_library(slowburn::${name} ALIAS slowburn_${name})
  target_include_directories(slowburn_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(slowburn_${name} PUBLIC ${ROOM_DEPS} PRIVATE slowburn_flags)
  if(SLOWBURN_MUTANTS)
    slowburn_mutants(${ROOM_SRCS})
  endif()
  if(ROOM_TESTS)
    slowburn_test(${name}_tests SRCS ${ROOM_TESTS} DEPS slowburn::${name} ${ROOM_TEST_DEPS})
  endif()
  if(ROOM_BENCH)
    add_executable(${name}_bench ${ROOM_BENCH})
    target_link_libraries(${name}_bench PRIVATE slowburn::${name} ${ROOM_BENCH_DEPS} slowburn_flags
      benchmark::benchmark benchmark::benchmark_main)
    add_test(NAME ${name}_bench_runs COMMAND ${name}_bench --benchmark_min_time=0.001)
  endif()
endfunction()

# What most tests include, parsed once for all of them. The presets debug and fuzz build without it, so that a test that
# forgets an include is seen.
function(slowburn_test_headers)
  file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cc "")
  add_library(slowburn_test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cc)
  target_link_libraries(slowburn_test_headers PUBLIC absl::statusor fmt::fmt GTest::gmock slowburn_flags)
  # Tests spend their time in the rooms, which are built with -O3: here it is the compiler's time that counts.
  # With -Og g++ 12 sees variables uninitialised that are not.
  target_compile_options(slowburn_test_headers PUBLIC -pthread $<$<CONFIG:Release>:-Og> $<$<CONFIG:Release>:-g0>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # ccache needs it
  target_precompile_headers(slowburn_test_headers PRIVATE
    <absl/status/status.h> <absl/status/statusor.h> <algorithm> <array> <chrono> <cmath> <cstdint> <fmt/format.h>
    <functional> <gmock/gmock.h> <gtest/gtest.h> <map> <memory> <optional> <random> <set> <span> <string> <string_view>
    <thread> <utility> <vector>)
endfunction()

# Those of these sources that have faults of base/mutant.h are built with them; all others are built as ever, so that
# ccache knows them.
function(slowburn_mutants)
  foreach(source IN LISTS ARGN)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
      file(STRINGS ${source} faults REGEX "SB_MUTANT" LIMIT_COUNT 1)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
      if(faults)
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS SLOWBURN_MUTANTS)
      endif()
    endif()
  endforeach()
endfunction()

# slowburn_test(NAME SRCS ... DEPS ... [TIMEOUT seconds]): a GoogleTest program, each of its cases a ctest.
function(slowburn_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SRCS;DEPS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  if(NOT TARGET slowburn_test_headers)
    slowburn_test_headers()
  endif()
  add_executable(${name} ${TEST_SRCS})
  target_link_libraries(${name} PRIVATE ${TEST_DEPS} slowburn_test_headers GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM slowburn_test_headers)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT ${TEST_TIMEOUT})
endfunction()

include(GoogleTest)
