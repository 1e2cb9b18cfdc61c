// Room: tests. The files of tests/vectors, without their format.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/bytes.h"

namespace gw::emulator {

// One object of a file; keeps the file. A field that is missing or of another kind ends the test by
// an exception.
class Vector {
 public:
  //   file  below tests/vectors
  static Vector Load(const std::string& file);

  bool Has(const char* field) const;
  std::string Text(const char* field) const;
  Bytes Octets(const char* field) const;  // of hex text
  std::uint64_t Number(const char* field) const;
  bool Flag(const char* field) const;
  std::vector<Vector> List(const char* field) const;
  std::vector<std::uint64_t> Numbers(const char* field) const;

 private:
  Vector(std::shared_ptr<const nlohmann::json> file, const nlohmann::json* at)
      : file_(std::move(file)), at_(at) {}

  std::shared_ptr<const nlohmann::json> file_;
  const nlohmann::json* at_;
};

// Octets of hex text. Blanks are not skipped; anything that is no pair of digits ends the test.
Bytes OctetsOfHex(const std::string& text);

}  // namespace gw::emulator
