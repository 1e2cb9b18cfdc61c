// Tests of emulator/crypto/kyber: loading of vectors.
#include "tests/unit/emulator/crypto/kyber/vectors.h"

#include <fstream>
#include <stdexcept>

#include "tests/unit/localcrypto/hex.h"

namespace gw::emulator::kyber {
namespace {

void TakeField(KatRecord& record, const std::string& name, const std::string& value) {
  if (name == "seed") record.seed = FromHex(value);
  if (name == "pk") record.public_key = FromHex(value);
  if (name == "sk") record.private_key = FromHex(value);
  if (name == "ct") record.ciphertext = FromHex(value);
  if (name == "ss") record.secret = FromHex(value);
}

}  // namespace

std::vector<KatRecord> LoadKat(const std::string& strength) {
  const std::string path = std::string(GW_VECTORS_DIR) + "/kyber/kyber-r2-" + strength + ".rsp";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<KatRecord> records;
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find(" = ");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    const std::string value = line.substr(equals + 3);
    if (name == "count") records.emplace_back().count = std::stoul(value);
    TakeField(records.at(records.size() - 1), name, value);
  }
  return records;
}

const StrengthRow& StrengthNamed(const std::string& strength) {
  for (const StrengthRow& row : StrengthTable()) {
    if (row.name == "round 2 " + strength) return row;
  }
  throw std::runtime_error("no such strength");
}

Bytes SampleBytes(std::size_t size, std::uint64_t state) {
  Bytes bytes(size);
  for (Byte& octet : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    octet = static_cast<Byte>(state >> 56);
  }
  return bytes;
}

}  // namespace gw::emulator::kyber
