// Tests of emulator/crypto/kyber: the files of tests/vectors/kyber.
#pragma once

#include <string>
#include <vector>

#include "emulator/crypto/kyber/key.h"

namespace gw::emulator::kyber {

// One record of a .rsp file.
struct KatRecord {
  std::size_t count = 0;
  Bytes seed;
  Bytes public_key;
  Bytes private_key;
  Bytes ciphertext;
  Bytes secret;
};

// By the name of the strength, "768" or "1024".
std::vector<KatRecord> LoadKat(const std::string& strength);
const StrengthRow& StrengthNamed(const std::string& strength);

inline constexpr const char* kStrengths[] = {"768", "1024"};

// Octets that repeat for every run.
Bytes SampleBytes(std::size_t size, std::uint64_t state);

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result ? CKR_OK : result.error().rv;
}

}  // namespace gw::emulator::kyber
