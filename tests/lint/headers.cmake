# Every header compiles alone: one object per header that includes nothing else, in the target check_headers, which is
# not part of "all" (a few minutes of compiling). ./dev lint builds it.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
  ${CMAKE_SOURCE_DIR}/daemon/*.h ${CMAKE_SOURCE_DIR}/emulator/*.h ${CMAKE_SOURCE_DIR}/bench/*.h
  ${CMAKE_SOURCE_DIR}/pkcs11-shim/*.h ${CMAKE_SOURCE_DIR}/proto/*.h)
set(header_sources)
foreach(header ${headers})
  string(REGEX REPLACE "[^A-Za-z0-9]" "_" name ${header})
  set(file ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.cc)
  file(CONFIGURE OUTPUT ${file} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
  list(APPEND header_sources ${file})
endforeach()
add_library(check_headers OBJECT EXCLUDE_FROM_ALL ${header_sources})
target_compile_options(check_headers PRIVATE -fsyntax-only)
target_link_libraries(check_headers PRIVATE gw_flags gw::core gw::grep11_proto gw::pkcs11_proto
  OpenSSL::Crypto OpenSSL::SSL SQLite::SQLite3 yaml-cpp nlohmann_json::nlohmann_json)
