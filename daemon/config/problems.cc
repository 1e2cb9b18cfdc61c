// Room: config.
#include "daemon/config/problems.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace gw {
namespace {

constexpr std::size_t kPrintableBytes = 60;
constexpr std::size_t kLongestKey = 64;  // bounds the work of a comparison

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Levenshtein's distance, upper and lower case alike, '-' and '_' alike.
std::size_t Distance(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c == '-' ? '_' : Lower(c); };
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (fold(a[i]) == fold(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string Describe(const ConfigProblem& problem) {
  const std::string line = problem.line > 0 ? ":" + std::to_string(problem.line) : "";
  return problem.file + line + ": " + problem.text;
}

std::string Printable(std::string_view text) {
  std::string out(text.substr(0, kPrintableBytes));
  for (char& c : out) c = c >= 0x20 && c < 0x7f ? c : '?';
  return text.size() > kPrintableBytes ? out + "..." : out;
}

Place Place::Child(std::string_view key, int key_line) const {
  const std::string name = Printable(key);
  return {path.empty() ? name : path + "." + name, key_line, strict};
}

void Problems::Add(std::vector<ConfigProblem>& list, const Place& place, std::string_view text) {
  if (place.node != nullptr && !said_.emplace(place.node, text).second) return;
  const std::string name = place.path.empty() ? "" : place.path + ": ";
  list.push_back({file_, place.line, name + std::string(text)});
}

std::vector<ConfigProblem> Problems::Take(std::vector<ConfigProblem>& list) {
  std::ranges::stable_sort(list, {}, &ConfigProblem::line);
  return std::exchange(list, {});
}

std::string_view Nearest(std::string_view key, const std::vector<std::string_view>& known) {
  if (key.size() > kLongestKey) return {};
  std::string_view best;
  std::size_t best_distance = key.size() < 4 ? 2 : key.size() < 9 ? 3 : 4;  // one past the last
  for (const std::string_view candidate : known) {
    const std::size_t distance = Distance(key, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace gw
