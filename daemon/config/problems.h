// Room: config. May include: core. What is wrong with a configuration file, collected so that the
// administrator sees all of it at once.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gw {

struct ConfigProblem {
  std::string file;
  int line = 0;  // counted from 1; 0: the file as a whole
  std::string text;
};

// "FILE:LINE: TEXT", without the line where there is none.
std::string Describe(const ConfigProblem& problem);

// `text` fit for a terminal and a log: octets outside printable ASCII become '?', a long text is
// cut. For what a file or a peer wrote, never for secrets.
std::string Printable(std::string_view text);

// Where a value stands: its dotted name, the line to complain about, whether unknown keys in it are
// errors (our own section) or warnings (the vendor's), and the node that the complaint is about.
struct Place {
  std::string path;
  int line = 0;
  bool strict = false;
  const void* node = nullptr;

  // The place of `key` in this section.
  Place Child(std::string_view key, int key_line) const;
};

// Collects complaints. A template that is merged into several users would be complained about
// several times: about one node the same thing is said once.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void Error(const Place& place, std::string_view text) { Add(errors_, place, text); }
  void Warning(const Place& place, std::string_view text) { Add(warnings_, place, text); }

  bool HasErrors() const { return !errors_.empty(); }
  const std::string& file() const { return file_; }
  // Sorted by line; the collector is empty afterwards.
  std::vector<ConfigProblem> TakeErrors() { return Take(errors_); }
  std::vector<ConfigProblem> TakeWarnings() { return Take(warnings_); }

 private:
  void Add(std::vector<ConfigProblem>& list, const Place& place, std::string_view text);
  static std::vector<ConfigProblem> Take(std::vector<ConfigProblem>& list);

  const std::string file_;
  std::vector<ConfigProblem> errors_;
  std::vector<ConfigProblem> warnings_;
  std::set<std::pair<const void*, std::string>> said_;
};

// The one of `known` that somebody who typed `key` most likely meant; empty if none is near.
std::string_view Nearest(std::string_view key, const std::vector<std::string_view>& known);

}  // namespace gw
