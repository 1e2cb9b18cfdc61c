// Tests of emulator/crypto/dilithium: the files of tests/vectors/dilithium, and the random numbers
// of the known-answer tests.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "emulator/crypto/dilithium/key.h"

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

// The generator of the known-answer tests: AES-256 in CTR-DRBG, without derivation function (SP
// 800-90A, 10.2.1.5.1).
class KatRandom {
 public:
  explicit KatRandom(ByteView entropy);  // 48 octets
  Bytes Draw(std::size_t size);

 private:
  void Update(ByteView provided);
  std::array<Byte, 16> NextBlock();

  std::array<Byte, 32> key_{};
  std::array<Byte, 16> counter_{};
};

// The randomness that the record's key pair was made of.
Bytes KeySeed(const StrengthRow& row, ByteView record_seed);

}  // namespace gw::emulator::dilithium
