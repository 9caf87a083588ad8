# Lint: the arrows between rooms and the format of the code are tests like any other.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME layers
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_layers.py ${PROJECT_SOURCE_DIR})
add_test(NAME layers_self_test
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_layers_test.py)
add_test(NAME format
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_format.py ${PROJECT_SOURCE_DIR})
