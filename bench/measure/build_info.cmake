# Writes build_info.h if the commit changed since the last build. Run at build time: configuring is not repeated per commit.
execute_process(
  COMMAND git -C ${GW_SOURCE_DIR} describe --always --dirty --abbrev=12
  OUTPUT_VARIABLE GW_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT GW_COMMIT)
  set(GW_COMMIT unknown)
endif()
configure_file(${GW_TEMPLATE} ${GW_OUTPUT} @ONLY)
