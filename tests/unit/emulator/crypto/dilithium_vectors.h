// Tests of emulator/crypto/dilithium: the files of tests/vectors/dilithium.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "emulator/crypto/dilithium/key.h"
#include "tests/unit/emulator/support/kat_random.h"

namespace gw::emulator::dilithium {

// One record of a .rsp file.
struct KatRecord {
  std::size_t count = 0;
  Bytes seed;
  Bytes message;
  Bytes public_key;
  Bytes private_key;
  Bytes signature;  // sm without the message behind it
};

inline constexpr const char* kKatSets[] = {"dilithium-r2-65",          "dilithium-r2-87-chained",
                                           "dilithium-r2-87-nistdrbg", "dilithium-r3-44",
                                           "dilithium-r3-65",          "dilithium-r3-87"};

// By the name of the file, without its ending.
std::vector<KatRecord> LoadKat(const std::string& set);
KatRecord LoadRecord(const std::string& set, std::size_t count);
const StrengthRow& StrengthOfSet(const std::string& set);
// "round 2 (6,5)"
const StrengthRow& StrengthNamed(std::string_view name);

// A name of a set or strength as gtest takes it.
std::string TestNameOf(std::string_view name);

nlohmann::json LoadJson(const std::string& name);
Bytes BytesAt(const nlohmann::json& object, const char* member);

// The randomness that the record's key pair was made of.
Bytes KeySeed(const StrengthRow& row, ByteView record_seed);

}  // namespace gw::emulator::dilithium
