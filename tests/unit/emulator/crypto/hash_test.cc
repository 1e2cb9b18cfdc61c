// Room: tests. Values: NIST's examples for FIPS 180-4 and FIPS 202 ("abc"); RFC 4231 test case 6
// for HMAC with a key above the block size; NIST's examples for HMAC-SHA3 ("keylen<blocklen").
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
    {HashId::kSha512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
    {HashId::kSha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
    {HashId::kSha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
    {HashId::kSha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {HashId::kSha3_384,
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376"
     "d"
     "25"},
    {HashId::kSha3_512,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
     "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
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

// The key has as many octets as the digest, from 0 upwards.
TEST(HashTest, HmacWithSha3GivesTheValuesOfNist) {
  const AbcCase cases[] = {
      {HashId::kSha3_224, "332cfd59347fdb8e576e77260be4aba2d6dc53117b3bfb52c6d18c04"},
      {HashId::kSha3_256, "4fe8e202c4f058e8dddc23d8c34e467343e23555e24fc2f025d598f558f67205"},
      {HashId::kSha3_384,
       "d588a3c51f3f2d906e8298c1199aa8ff6296218127f6b38a90b6afe2c5617725bc99987f79b22a557b6520db710"
       "b"
       "7f42"},
      {HashId::kSha3_512,
       "4efd629d6c71bf86162658f29943b1c308ce27cdfa6db0d9c3ce81763f9cbce5"
       "f7ebe9868031db1a8f8eb7b6b95e5c5e3f657a8996c86a2f6527e307f0213196"},
  };
  for (const AbcCase& c : cases) {
    Bytes key(RowOf(c.id).digest_bytes);
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<Byte>(i);
    EXPECT_EQ(HexOf(HmacOnce(c.id, key, ViewOf("Sample message for keylen<blocklen"))), c.digest);
  }
}

TEST(HashTest, EveryRowIsFoundByEachOfItsNumbers) {
  for (const HashRow& row : HashTable()) {
    EXPECT_EQ(HashOfMechanism(row.mechanism), row.id);
    EXPECT_EQ(HashOfMgf(row.mgf), row.mgf == 0 ? HashId::kNone : row.id);
    EXPECT_EQ(HashOfKdf(row.kdf), row.kdf == 0 ? HashId::kNone : row.id);
    EXPECT_EQ(RowOf(row.id).openssl_name, row.openssl_name);
  }
  EXPECT_EQ(HashOfMechanism(CKM_RSA_PKCS), HashId::kNone);
}

}  // namespace
}  // namespace gw::emulator
