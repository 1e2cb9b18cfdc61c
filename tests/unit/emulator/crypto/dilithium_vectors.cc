// Tests of emulator/crypto/dilithium: loading of vectors.
#include "tests/unit/emulator/crypto/dilithium_vectors.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <stdexcept>

#include "tests/unit/localcrypto/hex.h"

namespace gw::emulator::dilithium {
namespace {

std::ifstream Open(const std::string& name) {
  const std::string path = std::string(GW_VECTORS_DIR) + "/dilithium/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return file;
}

void TakeField(KatRecord& record, const std::string& name, const std::string& value) {
  if (name == "seed") record.seed = FromHex(value);
  if (name == "msg") record.message = FromHex(value);
  if (name == "pk") record.public_key = FromHex(value);
  if (name == "sk") record.private_key = FromHex(value);
  if (name != "sm") return;
  record.signature = FromHex(value);
  const ByteView tail = ByteView(record.signature).last(record.message.size());
  if (!Equal(tail, record.message)) throw std::runtime_error("sm does not end in msg");
  record.signature.resize(record.signature.size() - record.message.size());
}

}  // namespace

std::vector<KatRecord> LoadKat(const std::string& set) {
  std::ifstream file = Open(set + ".rsp");
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

KatRecord LoadRecord(const std::string& set, std::size_t count) {
  for (KatRecord& record : LoadKat(set)) {
    if (record.count == count) return std::move(record);
  }
  throw std::runtime_error(set + " has no such record");
}

const StrengthRow& StrengthNamed(std::string_view name) {
  for (const StrengthRow& row : StrengthTable()) {
    if (row.name == name) return row;
  }
  throw std::runtime_error("no such strength");
}

const StrengthRow& StrengthOfSet(const std::string& set) {
  const std::string digits = set.substr(std::string("dilithium-r").size(), 4);  // "2-65"
  return StrengthNamed(std::string("round ") + digits[0] + " (" + digits[2] + "," + digits[3] +
                       ")");
}

std::string TestNameOf(std::string_view name) {
  std::string plain(name);
  std::ranges::replace_if(
      plain, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return plain;
}

nlohmann::json LoadJson(const std::string& name) {
  std::ifstream file = Open(name);
  return nlohmann::json::parse(file);
}

Bytes BytesAt(const nlohmann::json& object, const char* member) {
  return FromHex(object.at(member).get<std::string>());
}

Bytes KeySeed(const StrengthRow& row, ByteView record_seed) {
  return KatRandom(record_seed).Draw(row.round.seed_bytes);
}

}  // namespace gw::emulator::dilithium
