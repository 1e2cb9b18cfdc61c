// Room: tests.
#include "tests/unit/emulator/support/vectors.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace gw::emulator {
namespace {

Byte Digit(char c) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t value = kDigits.find(c);
  if (value == std::string_view::npos) throw std::invalid_argument("no hex digit");
  return static_cast<Byte>(value);
}

}  // namespace

Bytes OctetsOfHex(const std::string& text) {
  if (text.size() % 2 != 0) throw std::invalid_argument("half an octet");
  Bytes octets;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    octets.push_back(static_cast<Byte>(Digit(text[i]) << 4 | Digit(text[i + 1])));
  }
  return octets;
}

Vector Vector::Load(const std::string& file) {
  std::ifstream in(std::string(GW_VECTORS_DIR) + "/" + file);
  if (!in) throw std::runtime_error("cannot read " + file);
  auto parsed = std::make_shared<const nlohmann::json>(nlohmann::json::parse(in));
  const nlohmann::json* top = parsed.get();
  return {std::move(parsed), top};
}

bool Vector::Has(const char* field) const { return at_->contains(field); }
std::string Vector::Text(const char* field) const { return at_->at(field).get<std::string>(); }
Bytes Vector::Octets(const char* field) const { return OctetsOfHex(Text(field)); }
bool Vector::Flag(const char* field) const { return at_->at(field).get<bool>(); }

std::uint64_t Vector::Number(const char* field) const {
  return at_->at(field).get<std::uint64_t>();
}

std::vector<Vector> Vector::List(const char* field) const {
  std::vector<Vector> list;
  for (const nlohmann::json& item : at_->at(field)) list.push_back({file_, &item});
  return list;
}

std::vector<std::uint64_t> Vector::Numbers(const char* field) const {
  return at_->at(field).get<std::vector<std::uint64_t>>();
}

}  // namespace gw::emulator
