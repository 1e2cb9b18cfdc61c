// Room: bench/measure. The formatter of help texts. Touches nothing.
#include "bench/measure/help_format.h"

#include <sstream>
#include <string>
#include <vector>

namespace gw::bench {
namespace {

constexpr std::size_t kColumns = 100;
constexpr const char* kIndent = "        ";

// Breaks one paragraph between words; a paragraph that begins with a blank is a table line and
// stays as it is.
void Wrap(std::ostream& out, const std::string& paragraph) {
  if (paragraph.starts_with(' ')) {
    out << kIndent << paragraph << '\n';
    return;
  }
  std::istringstream words(paragraph);
  std::string line = kIndent;
  for (std::string word; words >> word;) {
    const bool first = line.size() == std::string(kIndent).size();
    if (!first && line.size() + 1 + word.size() > kColumns) {
      out << line << '\n';
      line = kIndent + word;
      continue;
    }
    if (!first) line += ' ';
    line += word;
  }
  out << line << '\n';
}

class Manual final : public CLI::Formatter {
 public:
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    std::string text = "\n" + group + "\n";
    for (const CLI::Option* option : options) text += make_option(option, is_positional);
    return text;
  }
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    std::ostringstream out;
    out << "  " << option->get_name(is_positional, !is_positional);
    // What follows the colon describes the validator in CLI11's words; the description says it in
    // ours.
    const std::string type = option->get_type_name();
    if (!type.empty()) out << ' ' << type.substr(0, type.find(':'));
    out << '\n';
    std::string text = option->get_description();
    if (!option->get_default_str().empty()) text += "\nDefault: " + option->get_default_str();
    std::istringstream paragraphs(text);
    for (std::string paragraph; std::getline(paragraphs, paragraph);) Wrap(out, paragraph);
    return out.str();
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> ManualFormatter() { return std::make_shared<Manual>(); }

}  // namespace gw::bench
