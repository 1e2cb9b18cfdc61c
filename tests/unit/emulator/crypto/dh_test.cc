// Room: tests. Values: tests/vectors/kdf/dh.json.
#include <gtest/gtest.h>

#include "emulator/crypto/derivation.h"
#include "emulator/crypto/group.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

CK_RV RvOf(const Result<SecretBytes>& result) { return result.ok() ? CKR_OK : result.error().rv; }

std::vector<Vector> Vectors() { return Vector::Load("kdf/dh.json").List("vectors"); }

// One side of the first vector, with parts that a test changes. With its own base OpenSSL knows the
// group and so the order of the peer's value; with another base it can look at the range alone.
struct Side {
  Bytes prime = Vectors().at(0).Octets("prime");
  Bytes base = Vectors().at(0).Octets("base");
  Bytes value = Vectors().at(0).Octets("priv");
  Bytes peer = Vectors().at(0).Octets("peer");
};

CK_RV Derived(const Side& side) {
  return RvOf(DhSecret({side.prime, side.base, side.value}, side.peer));
}

// `number` with `less` taken from it, as many octets as it has.
Bytes Minus(const Bytes& number, unsigned less) {
  const SecretBignumPtr value = SecretBignumOf(number);
  BN_sub_word(value.get(), less);
  Bytes out(number.size());
  BN_bn2binpad(value.get(), out.data(), static_cast<int>(out.size()));
  return out;
}

TEST(DhTest, GivesTheSecretsOfTheVectors) {
  const std::vector<Vector> vectors = Vectors();
  EXPECT_EQ(vectors.size(), 4U);
  for (const Vector& v : vectors) {
    const Bytes prime = v.Octets("prime");
    const Bytes base = v.Octets("base");
    const Bytes value = v.Octets("priv");
    const Result<SecretBytes> secret = DhSecret({prime, base, value}, v.Octets("peer"));
    ASSERT_TRUE(secret.ok()) << secret.error().detail;
    EXPECT_EQ(HexOf(secret->view()), v.Text("secret"));
  }
}

TEST(DhTest, PeersThatGiveAwayTheSecretAreRefused) {
  Side side;
  for (const Bytes& peer : {Bytes{}, Bytes{0}, Bytes{1}, Bytes(128, 0), Minus(side.prime, 1),
                            side.prime, Bytes(128, 0xff), Bytes(129, 1)}) {
    side.peer = peer;
    EXPECT_EQ(Derived(side), CKR_MECHANISM_PARAM_INVALID) << HexOf(peer);
  }
  side.peer = {2};
  EXPECT_EQ(Derived(side), CKR_MECHANISM_PARAM_INVALID) << "not of the base's order";
}

TEST(DhTest, TheWholeRangeIsTakenInAGroupThatIsNotKnown) {
  Side side;
  side.base = {2};
  for (const Bytes& peer : {Bytes{2}, Minus(side.prime, 2), side.peer}) {
    side.peer = peer;
    EXPECT_EQ(Derived(side), CKR_OK) << HexOf(peer);
  }
  for (const Bytes& peer : {Bytes{1}, Minus(side.prime, 1)}) {
    side.peer = peer;
    EXPECT_EQ(Derived(side), CKR_MECHANISM_PARAM_INVALID) << HexOf(peer);
  }
}

TEST(DhTest, LeadingZerosOfThePeersValueDoNotMatter) {
  Side side;
  side.base = {2};
  side.peer = {2};
  const auto short_peer = DhSecret({side.prime, side.base, side.value}, side.peer);
  side.peer = Bytes(128, 0);
  side.peer.back() = 2;
  const auto long_peer = DhSecret({side.prime, side.base, side.value}, side.peer);
  ASSERT_TRUE(short_peer.ok() && long_peer.ok());
  EXPECT_TRUE(Equal(short_peer->view(), long_peer->view()));
}

TEST(DhTest, PrivateValuesOutOfRangeAreRefused) {
  Side side;
  for (const Bytes& value :
       {Bytes{}, Bytes{0}, Bytes(128, 0), side.prime, Bytes(128, 0xff), Bytes(129, 1)}) {
    side.value = value;
    EXPECT_EQ(Derived(side), CKR_ATTRIBUTE_VALUE_INVALID);
  }
}

TEST(DhTest, DomainsThatAreNoneAreRefused) {
  const Side good;
  for (const Bytes& prime :
       {Bytes{}, Bytes{23}, Bytes(127, 0xff), Bytes(513, 0xff), Minus(good.prime, 1)}) {
    Side side = good;
    side.prime = prime;
    EXPECT_EQ(Derived(side), CKR_DOMAIN_PARAMS_INVALID) << prime.size();
  }
  for (const Bytes& base :
       {Bytes{}, Bytes{0}, Bytes{1}, Minus(good.prime, 1), good.prime, Bytes(129, 1)}) {
    Side side = good;
    side.base = base;
    EXPECT_EQ(Derived(side), CKR_DOMAIN_PARAMS_INVALID) << base.size();
  }
}

}  // namespace
}  // namespace gw::emulator
