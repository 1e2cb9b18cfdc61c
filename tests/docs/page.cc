// Renews the tables of a page.
#include "tests/docs/page.h"

#include <set>
#include <stdexcept>

namespace gw::docs {
namespace {

constexpr std::string_view kBegin = "<!-- made: ";
constexpr std::string_view kBeginEnd = " -->\n";
constexpr std::string_view kEnd = "<!-- /made -->\n";

[[noreturn]] void Complain(std::string_view what, std::string_view name) {
  throw std::runtime_error("the page: " + std::string(what) + " " + std::string(name));
}

// Cuts what goes ahead of `until` off `rest`, `until` itself included.
std::string_view CutThrough(std::string_view& rest, std::string_view until, std::string_view name) {
  const std::size_t at = rest.find(until);
  if (at == std::string_view::npos) Complain("no end of the place for", name);
  const std::string_view head = rest.substr(0, at);
  rest.remove_prefix(at + until.size());
  return head;
}

}  // namespace

std::string Filled(std::string_view page, const Tables& tables) {
  std::string filled;
  std::set<std::string, std::less<>> seen;
  std::size_t at = 0;
  while ((at = page.find(kBegin)) != std::string_view::npos) {
    filled += page.substr(0, at);
    page.remove_prefix(at + kBegin.size());
    const std::string name(CutThrough(page, kBeginEnd, page.substr(0, 20)));
    const std::string_view old = CutThrough(page, kEnd, name);
    const auto table = tables.find(name);
    if (table == tables.end()) Complain("a place for a table that nobody makes:", name);
    if (old.find(kBegin) != std::string_view::npos) Complain("no end of the place for", name);
    if (!seen.insert(name).second) Complain("two places for", name);
    filled +=
        std::string(kBegin) + name + std::string(kBeginEnd) + table->second + std::string(kEnd);
  }
  for (const auto& [name, table] : tables) {
    if (!seen.contains(name)) Complain("no place for", name);
  }
  return filled += page;
}

}  // namespace gw::docs
