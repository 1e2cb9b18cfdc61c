// Room: tests. Values: FIPS 180-4 examples ("abc"); RFC 4231 test case 6 for HMAC with a key above
// the block size.
#include "emulator/crypto/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace gw::emulator {
namespace {

struct AbcCase {
  HashId id;
  const char* digest;
};
constexpr AbcCase kAbc[] = {
    {HashId::kSha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {HashId::kSha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {HashId::kSha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HashId::kSha384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c82"
     "5a7"},
    {HashId::kSha512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

TEST(HashTest, GivesTheValuesOfFips180) {
  for (const AbcCase& c : kAbc) {
    EXPECT_EQ(HexOf(HashOnce(c.id, ViewOf("abc"))), c.digest);
    HashState state(c.id);
    state.Update(ViewOf("abc"));
    EXPECT_EQ(HexOf(state.Finish()), c.digest);
  }
}

TEST(HashTest, ContinuesFromAnExportAtAnyPoint) {
  Bytes data(300);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<Byte>(i * 7);
  for (const HashRow& row : HashTable()) {
    const Bytes whole = HashOnce(row.id, data);
    for (std::size_t split = 0; split <= data.size(); ++split) {
      HashState first(row.id);
      first.Update(ByteView(data).first(split));
      const Bytes exported = first.Export();
      ASSERT_EQ(exported.size(), HashState::kExportBytes);
      Result<HashState> second = HashState::Import(row.id, exported);
      ASSERT_TRUE(second.ok());
      second->Update(ByteView(data).subspan(split));
      ASSERT_EQ(second->Finish(), whole) << row.openssl_name << " split at " << split;
    }
  }
}

TEST(HashTest, FinishLeavesTheStateAsItWas) {
  HashState state(HashId::kSha256);
  state.Update(ViewOf("ab"));
  EXPECT_EQ(state.Finish(), HashOnce(HashId::kSha256, ViewOf("ab")));
  state.Update(ViewOf("c"));
  EXPECT_EQ(state.Finish(), HashOnce(HashId::kSha256, ViewOf("abc")));
}

TEST(HashTest, ImportRefusesWhatIsNoExport) {
  Bytes exported = HashState(HashId::kSha256).Export();
  EXPECT_FALSE(HashState::Import(HashId::kSha256, ByteView(exported).first(10)).ok());
  exported[80] = 64;  // pending: a whole block
  const auto refused = HashState::Import(HashId::kSha256, exported);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().rv, CKR_ENCRYPTED_DATA_INVALID);
}

TEST(HashTest, HmacWithALongKeyGivesTheValueOfRfc4231) {
  const Bytes key(131, 0xaa);
  EXPECT_EQ(HexOf(HmacOnce(HashId::kSha256, key,
                           ViewOf("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HashTest, EveryRowIsFoundByEachOfItsNumbers) {
  for (const HashRow& row : HashTable()) {
    EXPECT_EQ(HashOfMechanism(row.mechanism), row.id);
    EXPECT_EQ(HashOfMgf(row.mgf), row.id);
    EXPECT_EQ(HashOfKdf(row.kdf), row.id);
    EXPECT_EQ(RowOf(row.id).openssl_name, row.openssl_name);
  }
  EXPECT_EQ(HashOfMechanism(CKM_RSA_PKCS), HashId::kNone);
}

}  // namespace
}  // namespace gw::emulator
