// Room: core.
#include <string>

#include "daemon/core/result.h"

namespace gw {

std::string Describe(const Error& error) {
  std::string text(NameOfRv(error.rv));
  if (!error.detail.empty()) text += ": " + error.detail;
  std::string_view file = error.where.file_name();
  if (auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  text += " (" + std::string(file) + ":" + std::to_string(error.where.line()) + ")";
  return text;
}

}  // namespace gw
