# slowburn_room(NAME SRCS ... DEPS ... [TESTS ...] [TEST_DEPS ...] [BENCH ...] [BENCH_DEPS ...])
# One room: a static library slowburn::NAME from SRCS, one test program NAME_tests from TESTS whose cases ctest
# runs one by one, one benchmark program NAME_bench from BENCH that ctest runs tiny so that it cannot rot.
function(slowburn_room name)
  cmake_parse_arguments(ROOM "" "" "SRCS;DEPS;TESTS;TEST_DEPS;BENCH;BENCH_DEPS" ${ARGN})
  add_library(slowburn_${name} STATIC ${ROOM_SRCS})
  add_library(slowburn::${name} ALIAS slowburn_${name})
  target_include_directories(slowburn_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(slowburn_${name} PUBLIC ${ROOM_DEPS} PRIVATE slowburn_flags)
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

# slowburn_test(NAME SRCS ... DEPS ... [TIMEOUT seconds]): a GoogleTest program, each of its cases a ctest.
function(slowburn_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SRCS;DEPS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  add_executable(${name} ${TEST_SRCS})
  target_link_libraries(${name} PRIVATE ${TEST_DEPS} slowburn_flags GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT ${TEST_TIMEOUT})
endfunction()

include(GoogleTest)
