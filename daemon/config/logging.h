// Room: config. May include: core. May touch: the log file, standard error.
// Where the lines of core/log.h go, and which of them: to the file of the configuration if it has
// one that can be written, else to the journal or standard error.
#pragma once

#include "daemon/config/config.h"

namespace gw {

// Sends the log where `config` says, from the next line on. May be called again after a reload;
// other threads may log meanwhile, but the first call comes before they start. A file that cannot
// be opened is warned about and the log goes to standard error instead: a full disk or a wrong mode
// must not keep keys from being used. Under systemd (standard error is the journal) lines begin
// with their priority, "<4>"; elsewhere with time, level, process and thread.
// A line is one line: control characters of its text are escaped, so that nobody outside can write
// lines of his own into the log.
void SetUpLogging(const LoggingConfig& config);

// Opens the log file anew, after logrotate has moved it (SIGHUP). If that fails the old one stays
// in use and a warning says so. Thread: any but a signal handler.
void ReopenLog();

}  // namespace gw
