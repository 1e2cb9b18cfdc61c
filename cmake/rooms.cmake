# One target per room. The DEPS of a room are its walls: tests/lint/rooms.py checks the includes against the same edges.

add_library(gw_flags INTERFACE)
target_include_directories(gw_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(gw_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Wswitch -Wundef)
if(GW_WERROR)
  target_compile_options(gw_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(gw_flags INTERFACE -Wthread-safety)
endif()

# The sanitizer and hardening flags hold for every target, generated code included.
if(GW_SANITIZE)
  add_compile_options(-fsanitize=${GW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GW_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND GW_SANITIZE MATCHES "undefined")
    # clang 14 puts the type check of indirect calls before each function and cannot do so for the parts of a coroutine:
    # "Cannot represent a difference across sections".
    add_compile_options(-fno-sanitize=function)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # When it optimises, g++ 12 inlines one of a coroutine frame's two memory operators and takes the other for a mismatch.
    # Between the sanitizers' checks it also loses sight of what Asio and vector::resize have made sure of.
    add_compile_options(-Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-stringop-overflow)
  endif()
  if(GW_SANITIZE MATCHES "thread")
    add_compile_definitions(GW_TSAN=1)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-Wno-tsan)
    endif()
  endif()
endif()
if(GW_HARDEN)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()

# gw_add_room(NAME SOURCES a.cc ... DEPS gw::core ...): static library gw_NAME, alias gw::NAME.
function(gw_add_room name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  if(arg_SOURCES)
    add_library(gw_${name} STATIC ${arg_SOURCES})
    target_link_libraries(gw_${name} PUBLIC gw_flags ${arg_DEPS})
  else()
    add_library(gw_${name} INTERFACE)
    target_link_libraries(gw_${name} INTERFACE gw_flags ${arg_DEPS})
  endif()
  add_library(gw::${name} ALIAS gw_${name})
endfunction()

# gw_add_program(NAME SOURCES ... DEPS ...): an installed program in bin/.
function(gw_add_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE gw_flags ${arg_DEPS})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_options(${name} PRIVATE -pie)
  if(GW_JEMALLOC)
    target_link_libraries(${name} PRIVATE PkgConfig::JEMALLOC)
  endif()
endfunction()

# gw_add_test(NAME SOURCES ... DEPS ... LABELS unit): one gtest program, each TEST() a ctest of its own.
function(gw_add_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE gw_flags ${arg_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  gtest_discover_tests(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 120 DISCOVERY_MODE PRE_TEST)
endfunction()

# gw_add_fuzzer(NAME SOURCES ... DEPS ...): a libFuzzer target, only in the fuzz preset.
function(gw_add_fuzzer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE gw_flags ${arg_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
endfunction()
