# Toolchain: language level, warnings, sanitizers, and the faster tools where they are present.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# -O3: protozero's accessors only disappear with its inlining (1.7x on decode).
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")

option(SLOWBURN_MUTANTS "build the faults of base/mutant.h, for the simulator to find" OFF)

set(SLOWBURN_SANITIZE "" CACHE STRING "sanitizers for -fsanitize=, e.g. address,undefined")
if(SLOWBURN_SANITIZE)
  add_compile_options(-fsanitize=${SLOWBURN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLOWBURN_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(slowburn_flags INTERFACE)
# Designated initialisers leave the other members at their defaults on purpose; g++ 12 sees overlaps in
# std::string that are not there (GCC bug 105651).
target_compile_options(slowburn_flags INTERFACE -Wall -Wextra -Wconversion -Werror
  -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(SLOWBURN_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # With a sanitizer g++ 12 sees uninitialised members in std::regex (GCC bug 105562), and frames of Asio's coroutines
  # that are freed in another way than they were allocated, as it inlines only one half of the pair.
  target_compile_options(slowburn_flags INTERFACE -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
  # Half of g++'s time goes into these four checks. The address sanitizer sees most of what they see, and the decoders
  # have them in the fuzz preset, which is clang's.
  if(SLOWBURN_SANITIZE MATCHES undefined)
    target_compile_options(slowburn_flags INTERFACE -fno-sanitize=null,alignment,vptr,object-size)
  endif()
endif()
target_compile_definitions(slowburn_flags INTERFACE _GLIBCXX_ASSERTIONS)
