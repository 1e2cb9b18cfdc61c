// Room: config. May include: core. May touch: the configuration file, the modes of the files it
// names, the host's user and group databases.
// Loads the configuration: the vendor's grep11client.yaml as it is, plus our section `gateway:`.
// All complaints come at once, so that one round of editing is enough. Nothing throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/problems.h"

namespace gw {

// `config` is null exactly if there are errors, and nothing of a bad file is ever used: a daemon
// that reloads keeps the Config it has. Sorted by line. No text repeats an API key or a password.
struct LoadedConfig {
  ConfigPtr config;
  std::vector<ConfigProblem> errors;
  std::vector<ConfigProblem> warnings;  // also in config->warnings, as text
};

// The file names to try, in order. A --config flag, or else the environment variable
// EP11CLIENT_CFG, names the one file that is meant; else our own file, the vendor's, and
// grep11client.yaml in the working directory. `flag_value` may be null.
std::vector<std::string> ConfigSearchPath(const char* flag_value);

// Loads the first of `paths` that exists. If none does, the error names all of them.
LoadedConfig LoadFirstConfig(const std::vector<std::string>& paths);

// Loads one file, which must be there. Thread: any; blocks on the file system.
LoadedConfig LoadConfig(const std::string& path);

// The same from text; `name` stands in complaints.
LoadedConfig LoadConfigText(std::string_view text, const std::string& name);

}  // namespace gw
