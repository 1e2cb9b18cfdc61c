// Tests for daemon/localcrypto/sealer.h.
#include "daemon/localcrypto/sealer.h"

#include <gtest/gtest.h>

#include "daemon/localcrypto/random.h"

namespace gw {
namespace {

SecretBytes KeyOf(Byte value) { return SecretBytes(ByteView(Bytes(Sealer::kKeyBytes, value))); }

CK_RV UnsealRv(const Sealer& sealer, ByteView sealed, ByteView associated) {
  const auto plain = sealer.Unseal(sealed, associated);
  return plain.ok() ? CKR_OK : plain.error().rv;
}

TEST(SealerTest, GivesBackWhatWasSealed) {
  const Sealer sealer(KeyOf(1));
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u, 100000u}) {
    Bytes plain(size);
    RandomBytes(plain);
    const Bytes sealed = sealer.Seal(plain, ViewOf("uid 1000"));
    EXPECT_EQ(sealed.size(), size + Sealer::kOverheadBytes);
    const auto back = sealer.Unseal(sealed, ViewOf("uid 1000"));
    ASSERT_TRUE(back.ok());
    EXPECT_TRUE(Equal(back->view(), plain));
  }
}

TEST(SealerTest, EmptyAssociatedDataIsBoundToo) {
  const Sealer sealer(KeyOf(1));
  const Bytes sealed = sealer.Seal(ViewOf("x"), {});
  EXPECT_EQ(UnsealRv(sealer, sealed, {}), CKR_OK);
  EXPECT_EQ(UnsealRv(sealer, sealed, ViewOf("y")), CKR_ENCRYPTED_DATA_INVALID);
}

TEST(SealerTest, EveryAlteredBitIsRefused) {
  const Sealer sealer(KeyOf(1));
  Bytes sealed = sealer.Seal(ViewOf("an application record"), ViewOf("a"));
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      sealed[at] = static_cast<Byte>(sealed[at] ^ (1 << bit));
      EXPECT_EQ(UnsealRv(sealer, sealed, ViewOf("a")), CKR_ENCRYPTED_DATA_INVALID) << at;
      sealed[at] = static_cast<Byte>(sealed[at] ^ (1 << bit));
    }
  }
  EXPECT_EQ(UnsealRv(sealer, sealed, ViewOf("a")), CKR_OK);
}

TEST(SealerTest, EveryOtherLengthIsRefused) {
  const Sealer sealer(KeyOf(1));
  Bytes sealed = sealer.Seal(ViewOf("record"), ViewOf("a"));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(UnsealRv(sealer, ByteView(sealed).first(size), ViewOf("a")),
              CKR_ENCRYPTED_DATA_INVALID);
  }
  sealed.push_back(0);
  EXPECT_EQ(UnsealRv(sealer, sealed, ViewOf("a")), CKR_ENCRYPTED_DATA_INVALID);
}

TEST(SealerTest, AnotherKeyOrOwnerIsRefused) {
  const Sealer sealer(KeyOf(1));
  const Sealer other(KeyOf(2));
  const Bytes sealed = sealer.Seal(ViewOf("record"), ViewOf("uid 1000"));
  EXPECT_EQ(UnsealRv(other, sealed, ViewOf("uid 1000")), CKR_ENCRYPTED_DATA_INVALID);
  EXPECT_EQ(UnsealRv(sealer, sealed, ViewOf("uid 1001")), CKR_ENCRYPTED_DATA_INVALID);
}

TEST(SealerTest, SealingTwiceGivesDifferentOctets) {
  const Sealer sealer(KeyOf(1));
  const Bytes one = sealer.Seal(ViewOf("record"), {});
  const Bytes two = sealer.Seal(ViewOf("record"), {});
  EXPECT_FALSE(Equal(ByteView(one).subspan(1, 28), ByteView(two).subspan(1, 28)));
  EXPECT_FALSE(Equal(ByteView(one).last(22), ByteView(two).last(22)));
}

TEST(SealerDeathTest, KeyOfAnotherLengthIsABug) {
  EXPECT_DEATH(Sealer(SecretBytes(ByteView(Bytes(16)))), "");
}

}  // namespace
}  // namespace gw
