// Room: tests. Mirrors Verify of emulator/crypto/dilithium/scheme.h: what must be refused.
#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/scheme.h"
#include "tests/unit/emulator/crypto/dilithium_vectors.h"

namespace gw::emulator::dilithium {
namespace {

using Json = nlohmann::json;

// One of the changes of dilithium-verify-mutations.json.
void Change(const Json& change, KatRecord& record) {
  const std::string field = change.at("field");
  Bytes& bytes = field == "sig"   ? record.signature
                 : field == "msg" ? record.message
                                  : record.public_key;
  if (change.contains("truncate")) {
    bytes.resize(bytes.size() - change.at("truncate").get<std::size_t>());
  } else if (change.contains("append_hex")) {
    Append(bytes, BytesAt(change, "append_hex"));
  } else {
    const Bytes replacement = BytesAt(change, "replace_hex");
    const std::size_t offset = change.at("offset");
    ASSERT_LE(offset + replacement.size(), bytes.size());
    std::ranges::copy(replacement, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  }
}

CK_RV VerifyRecord(const StrengthRow& row, const KatRecord& record) {
  const Result<PublicKey> key = PublicKey::FromRaw(row, record.public_key);
  if (!key) return key.error().rv;
  const Status verified = Verify(*key, record.message, record.signature);
  return verified ? CKR_OK : verified.error().rv;
}

TEST(DilithiumVerifyTest, ChangedSignaturesMessagesAndKeysAreRefused) {
  std::size_t cases = 0;
  const Json groups = LoadJson("dilithium-verify-mutations.json").at("groups");
  for (const Json& group : groups) {
    const std::string set = group.at("set");
    const StrengthRow& row = StrengthOfSet(set);
    for (const Json& change : group.at("cases")) {
      SCOPED_TRACE(set + ": " + change.at("description").get<std::string>());
      KatRecord record = LoadRecord(set, group.at("count"));
      Change(change, record);
      const bool right_length = record.signature.size() == row.signature_bytes();
      const CK_RV refusal = right_length ? CKR_SIGNATURE_INVALID : CKR_SIGNATURE_LEN_RANGE;
      EXPECT_EQ(VerifyRecord(row, record), change.at("expect") == "accept" ? CKR_OK : refusal);
      ++cases;
    }
  }
  EXPECT_EQ(cases, 116U);
}

TEST(DilithiumVerifyTest, AnyLengthButTheRightOneIsRefused) {
  const KatRecord record = LoadRecord("dilithium-r2-65", 0);
  const Result<PublicKey> key =
      PublicKey::FromRaw(StrengthOfSet("dilithium-r2-65"), record.public_key);
  ASSERT_TRUE(key.ok());
  for (std::size_t size = 0; size < record.signature.size(); size += 97) {
    const Status verified = Verify(*key, record.message, ByteView(record.signature).first(size));
    ASSERT_FALSE(verified.ok());
    EXPECT_EQ(verified.error().rv, CKR_SIGNATURE_LEN_RANGE);
  }
}

// Not one bit of a signature may be free.
TEST(DilithiumVerifyTest, AnyChangedBitIsRefused) {
  for (const char* set : kKatSets) {
    const KatRecord record = LoadRecord(set, 0);
    const Result<PublicKey> key = PublicKey::FromRaw(StrengthOfSet(set), record.public_key);
    ASSERT_TRUE(key.ok());
    Bytes signature = record.signature;
    for (std::size_t bit = 0; bit < 8 * signature.size(); bit += 67) {
      signature[bit / 8] = static_cast<Byte>(signature[bit / 8] ^ 1 << (bit % 8));
      EXPECT_FALSE(Verify(*key, record.message, signature).ok()) << set << " bit " << bit;
      signature[bit / 8] = record.signature[bit / 8];
    }
  }
}

TEST(DilithiumVerifyTest, SignaturesWithoutMeaningAreRefused) {
  for (const StrengthRow& row : StrengthTable()) {
    const PrivateKey key = PrivateKey::Generate(row);
    for (const Byte octet : {Byte{0}, Byte{0xff}, Byte{0x55}}) {
      EXPECT_FALSE(Verify(key.public_key(), {}, Bytes(row.signature_bytes(), octet)).ok());
    }
  }
}

TEST(DilithiumVerifyTest, TheOtherRoundRefuses) {
  const PrivateKey round2 = PrivateKey::Generate(StrengthNamed("round 2 (6,5)"));
  const PrivateKey round3 = PrivateKey::Generate(StrengthNamed("round 3 (6,5)"));
  const Status verified = Verify(round3.public_key(), {}, Sign(round2, {}));
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().rv, CKR_SIGNATURE_LEN_RANGE);
}

}  // namespace
}  // namespace gw::emulator::dilithium
