# One module = one static library that sees its own folder and what its DEPS expose, nothing else.
#
# Each library gets an include view that holds only its own folder (a symlink
# <build>/include/<name>/<name> -> src/<name>), so `#include "net/http_client.h"` from a module that
# does not depend on net fails with "file not found": the layering is a compile error.
#
#   bb_module(<name> SOURCES a.cpp .. DEPS base .. PRIVATE_DEPS net ..
#             LIBS fmt::fmt .. PRIVATE_LIBS ..)
function(bb_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS;LIBS;PRIVATE_LIBS" ${ARGN})
  set(view ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${view}/${name} SYMBOLIC)
  add_library(bb_${name} STATIC ${ARG_SOURCES})
  add_library(bb::${name} ALIAS bb_${name})
  target_include_directories(bb_${name} PUBLIC ${view})
  target_link_libraries(bb_${name} PUBLIC bb_options)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(bb_${name} PUBLIC bb_${dep})
  endforeach()
  foreach(dep IN LISTS ARG_PRIVATE_DEPS)
    target_link_libraries(bb_${name} PRIVATE bb_${dep})
  endforeach()
  target_link_libraries(bb_${name} PUBLIC ${ARG_LIBS} PRIVATE ${ARG_PRIVATE_LIBS})
endfunction()

# One test program per folder of tests/: bb_test(<name> SOURCES a_test.cpp .. DEPS desk ..)
function(bb_test name)
  cmake_parse_arguments(ARG "LONG" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE bb_options doctest_main ${ARG_LIBS})
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(test_${name} PRIVATE bb_${dep})
  endforeach()
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  if(ARG_LONG)
    set_tests_properties(${name} PROPERTIES LABELS long)
  endif()
endfunction()
