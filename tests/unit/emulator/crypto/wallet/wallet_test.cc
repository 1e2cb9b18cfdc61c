// Room: tests. Values: tests/vectors/wallet; SLIP-0010 "Test seed retry for nist256p1".
#include "emulator/crypto/wallet/wallet.h"

#include <gtest/gtest.h>

#include <map>

#include "emulator/crypto/group.h"
#include "emulator/crypto/wallet/arithmetic.h"
#include "tests/unit/emulator/support/extended_key.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

// Types of the parameter, from which SLIP10's are four further on.
constexpr std::uint64_t kPrivateToPrivate = 1;
constexpr std::uint64_t kPrivateToPublic = 2;
constexpr std::uint64_t kPublicToPublic = 3;
constexpr std::uint64_t kMaster = 4;
constexpr std::uint64_t kSlip10 = 4;
constexpr std::uint64_t kHardened = 0x80000000;

const CurveRow& Curve(std::string_view name) { return *FindCurve(ViewOf(name)); }

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

Result<WalletNode> Master(std::uint64_t standard, const CurveRow& curve, ByteView seed) {
  GW_TRY(params, ParseWalletParams(kMaster + standard, 0, {}, 1));
  return DeriveWalletMaster(params, curve, seed);
}

Result<WalletNode> Child(std::uint64_t type, const WalletNode& parent, std::uint64_t index) {
  GW_TRY(params, ParseWalletParams(type, index, parent.chain_code, 1));
  return DeriveWalletChild(params, parent.key);
}

// Only the public half, as the parent of a step from public to public has it.
WalletNode Public(const WalletNode& node) {
  return {*PKey::FromPublic(*node.key.curve(), node.key.Point()), node.chain_code};
}

const char* PointField(const Vector& node) {
  return node.Has("public_key_raw") ? "public_key_raw" : "public_key_uncompressed";
}

void ExpectNode(const Result<WalletNode>& node, const Vector& expected) {
  ASSERT_TRUE(node.ok()) << expected.Text("path") << " " << node.error().detail;
  EXPECT_EQ(HexOf(node->chain_code), expected.Text("chain_code")) << expected.Text("path");
  EXPECT_EQ(HexOf(node->key.Point()), expected.Text(PointField(expected)));
  const Result<SecretBytes> value = node->key.PrivateValue();
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(HexOf(value->view()), expected.Text("private_key"));
}

void ExpectPublicNode(const Result<WalletNode>& node, const Vector& expected) {
  ASSERT_TRUE(node.ok()) << expected.Text("path") << " " << node.error().detail;
  EXPECT_EQ(HexOf(node->chain_code), expected.Text("chain_code")) << expected.Text("path");
  EXPECT_EQ(HexOf(node->key.Point()), expected.Text(PointField(expected)));
  EXPECT_FALSE(node->key.PrivateValue().ok());
}

// Walks down the path of a vector by every step that leads to a node. How many nodes it saw.
std::size_t Walk(const Vector& v, std::uint64_t standard, const CurveRow& curve) {
  const std::vector<Vector> nodes = v.List("nodes");
  Result<WalletNode> node = Master(standard, curve, v.Octets("seed"));
  ExpectNode(node, nodes.at(0));
  for (std::size_t i = 1; i < nodes.size() && node.ok(); ++i) {
    const WalletNode parent = *node;
    const std::uint64_t index = nodes[i].Numbers("indices").back();
    ExpectPublicNode(Child(standard + kPrivateToPublic, parent, index), nodes[i]);
    if (index < kHardened) {
      ExpectPublicNode(Child(standard + kPublicToPublic, Public(parent), index), nodes[i]);
    }
    node = Child(standard + kPrivateToPrivate, parent, index);
    ExpectNode(node, nodes[i]);
  }
  return nodes.size();
}

TEST(WalletTest, GivesTheNodesOfBip32) {
  std::size_t nodes = 0;
  for (const Vector& v : Vector::Load("wallet/bip32.json").List("vectors")) {
    SCOPED_TRACE(v.Number("vector"));
    nodes += Walk(v, 0, Curve("SECP256K1"));
  }
  EXPECT_EQ(nodes, 14U);
}

TEST(WalletTest, StepsFromPublicToPublicAreThoseOfBip32) {
  std::size_t steps = 0;
  for (const Vector& v : Vector::Load("wallet/bip32.json").List("vectors")) {
    std::map<std::string, Vector> nodes;
    for (const Vector& node : v.List("nodes")) nodes.emplace(node.Text("path"), node);
    for (const Vector& step : v.List("public_to_public_steps")) {
      const Vector& from = nodes.at(step.Text("from_path"));
      const Result<PKey> key =
          PKey::FromPublic(Curve("SECP256K1"), from.Octets("public_key_uncompressed"));
      ASSERT_TRUE(key.ok());
      const WalletNode parent{*key, from.Octets("chain_code")};
      ExpectPublicNode(Child(kPublicToPublic, parent, step.Number("index")),
                       nodes.at(step.Text("to_path")));
      ++steps;
    }
  }
  EXPECT_GT(steps, 0U);
}

TEST(WalletTest, GivesTheNodesOfSlip10) {
  static const std::map<std::string, std::string> kNames = {
      {"secp256k1", "SECP256K1"}, {"nist256p1", "P-256"}, {"ed25519", "ed25519"}};
  std::size_t nodes = 0;
  std::uint64_t retries = 0;
  for (const Vector& v : Vector::Load("wallet/slip10.json").List("vectors")) {
    SCOPED_TRACE(v.Text("name"));
    nodes += Walk(v, kSlip10, Curve(kNames.at(v.Text("curve"))));
    for (const Vector& node : v.List("nodes")) retries += node.Number("hash_retries");
  }
  EXPECT_EQ(nodes, 33U);
  EXPECT_EQ(retries, 1U) << "the vectors must have a child that is hashed again";
}

TEST(WalletTest, Slip10HashesASeedAgainThatGivesNoKey) {
  const Result<WalletNode> node =
      Master(kSlip10, Curve("P-256"),
             OctetsOfHex("a7305bc8df8d0951f0cb224c0e95d7707cbdf2c6ce7e8d481fec69c7ff5e9446"));
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(HexOf(node->chain_code),
            "7762f9729fed06121fd13f326884c82f59aa95c57ac492ce8c9654e60efd130c");
  EXPECT_EQ(HexOf(node->key.PrivateValue()->view()),
            "3b8c18469a4634517d6d0b65448f8e6c62091b45540a1743c5846be55d47d88f");
}

TEST(WalletTest, PublicNodesHaveTheSpkiOfGrep11) {
  struct Case {
    const char* curve;
    const char* head;
  };
  constexpr Case kCases[] = {
      {"SECP256K1", "3056301006072a8648ce3d020106052b8104000a034200"},
      {"P-256", "3059301306072a8648ce3d020106082a8648ce3d030107034200"},
      {"ed25519", "3033300e06072a8648ce3d020106032b6570032100"},
  };
  for (const Case& c : kCases) {
    const WalletNode parent = *Master(kSlip10, Curve(c.curve), Bytes(32, 3));
    const WalletNode child = *Child(kSlip10 + kPrivateToPublic, parent, kHardened);
    EXPECT_EQ(HexOf(child.key.Spki()), c.head + HexOf(child.key.Point()));
    EXPECT_EQ(child.chain_code.size(), kChainCodeBytes);
  }
}

// The HSM has no text form of keys; what makes one invalid by its numbers must be refused here too.
TEST(WalletTest, KeysOfInvalidExtendedKeysAreRefused) {
  const Vector file = Vector::Load("wallet/bip32.json");
  std::map<ExtendedKeyFault, int> faults;
  for (const Vector& v : file.List("invalid_extended_keys")) {
    SCOPED_TRACE(v.Text("reason"));
    const ExtendedKey key = ReadExtendedKey(v.Text("key"));
    EXPECT_NE(key.fault, ExtendedKeyFault::kNone);
    ++faults[key.fault];
    if (key.fault == ExtendedKeyFault::kPrivateKey) {
      EXPECT_EQ(RvOf(PKey::FromPrivate(Curve("SECP256K1"), ByteView(key.data).subspan(1))),
                CKR_ATTRIBUTE_VALUE_INVALID);
    }
    if (key.fault == ExtendedKeyFault::kPublicKey) {
      EXPECT_EQ(RvOf(PKey::FromPublic(Curve("SECP256K1"), key.data)), CKR_PUBLIC_KEY_INVALID);
    }
  }
  EXPECT_EQ(faults[ExtendedKeyFault::kPrivateKey], 2);
  EXPECT_EQ(faults[ExtendedKeyFault::kPublicKey], 1);
  EXPECT_EQ(faults[ExtendedKeyFault::kText], 13);
}

TEST(WalletTest, ExtendedKeysOfTheVectorsHoldTheirNodes) {
  for (const Vector& v : Vector::Load("wallet/bip32.json").List("vectors")) {
    for (const Vector& node : v.List("nodes")) {
      const ExtendedKey pub = ReadExtendedKey(node.Text("xpub"));
      const ExtendedKey prv = ReadExtendedKey(node.Text("xprv"));
      ASSERT_EQ(pub.fault, ExtendedKeyFault::kNone);
      ASSERT_EQ(prv.fault, ExtendedKeyFault::kNone);
      EXPECT_EQ(HexOf(pub.data), node.Text("public_key_compressed"));
      EXPECT_EQ(HexOf(prv.data), "00" + node.Text("private_key"));
      EXPECT_EQ(HexOf(pub.chain_code), node.Text("chain_code"));
    }
  }
}

TEST(WalletTest, ParametersAreReadStrictly) {
  const Bytes chain(32, 7);
  struct Case {
    std::uint64_t type, index;
    Bytes chain_code;
    std::uint64_t version;
    bool good;
  };
  const Case cases[] = {
      {1, 0, chain, 1, true},
      {1, 0xffffffff, chain, 1, true},
      {1, 0x100000000, chain, 1, false},
      {1, ~std::uint64_t{0}, chain, 1, false},
      {1, 0, chain, 0, false},
      {1, 0, chain, 2, false},
      {0, 0, chain, 1, false},
      {9, 0, chain, 1, false},
      {~std::uint64_t{0}, 0, chain, 1, false},
      {1, 0, {}, 1, false},
      {1, 0, Bytes(31, 7), 1, false},
      {1, 0, Bytes(33, 7), 1, false},
      {2, kHardened, chain, 1, true},
      {3, kHardened - 1, chain, 1, true},
      {3, kHardened, chain, 1, false},
      {7, kHardened, chain, 1, false},
      {7, 0, chain, 1, true},
      {4, 0, {}, 1, true},
      {8, 0, {}, 1, true},
      {4, 1, {}, 1, false},
      {8, kHardened, {}, 1, false},
      {4, 0, chain, 1, false},
      {8, 0, Bytes(1, 0), 1, false},
      {4, 0, {}, 0, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(RvOf(ParseWalletParams(c.type, c.index, c.chain_code, c.version)),
              c.good ? CKR_OK : CKR_MECHANISM_PARAM_INVALID)
        << c.type << " " << c.index << " " << c.chain_code.size() << " " << c.version;
  }
}

TEST(WalletTest, TypesNameStandardAndStep) {
  for (std::uint64_t type = 1; type <= 8; ++type) {
    const bool is_master = type % 4 == 0;
    const auto params = ParseWalletParams(type, 0, is_master ? Bytes{} : Bytes(32, 1), 1);
    ASSERT_TRUE(params.ok());
    EXPECT_EQ(params->standard, type <= 4 ? WalletStandard::kBip32 : WalletStandard::kSlip10);
    EXPECT_EQ(params->step == WalletStep::kMaster, is_master);
  }
}

TEST(WalletTest, SeedsHaveTheLengthsOfTheStandards) {
  for (const std::size_t size : {0U, 15U, 65U, 256U}) {
    EXPECT_EQ(RvOf(Master(0, Curve("SECP256K1"), Bytes(size, 3))), CKR_KEY_SIZE_RANGE);
    EXPECT_EQ(RvOf(Master(kSlip10, Curve("ed25519"), Bytes(size, 3))), CKR_KEY_SIZE_RANGE);
  }
  for (const std::size_t size : {16U, 17U, 32U, 64U}) {
    EXPECT_EQ(RvOf(Master(0, Curve("SECP256K1"), Bytes(size, 3))), CKR_OK);
  }
}

TEST(WalletTest, OtherCurvesAreRefused) {
  const Bytes seed(32, 3);
  for (const CurveRow& curve : CurveTable()) {
    const bool bip32 = curve.ascii_name == "SECP256K1";
    const bool slip10 = bip32 || curve.ascii_name == "P-256" || curve.ascii_name == "ed25519";
    EXPECT_EQ(RvOf(Master(0, curve, seed)), bip32 ? CKR_OK : CKR_CURVE_NOT_SUPPORTED);
    EXPECT_EQ(RvOf(Master(kSlip10, curve, seed)), slip10 ? CKR_OK : CKR_CURVE_NOT_SUPPORTED);
    const WalletNode parent{PKey::GenerateEc(curve), Bytes(32, 1)};
    EXPECT_EQ(RvOf(Child(1, parent, kHardened)), bip32 ? CKR_OK : CKR_CURVE_NOT_SUPPORTED);
    EXPECT_EQ(RvOf(Child(5, parent, kHardened)), slip10 ? CKR_OK : CKR_CURVE_NOT_SUPPORTED);
  }
}

TEST(WalletTest, Ed25519HasHardenedChildrenOfPrivateKeysOnly) {
  const WalletNode parent = *Master(kSlip10, Curve("ed25519"), Bytes(32, 3));
  EXPECT_EQ(RvOf(Child(5, parent, kHardened)), CKR_OK);
  EXPECT_EQ(RvOf(Child(6, parent, kHardened)), CKR_OK);
  EXPECT_EQ(RvOf(Child(5, parent, 0)), CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(Child(6, parent, kHardened - 1)), CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(Child(7, parent, 0)), CKR_MECHANISM_PARAM_INVALID);
}

TEST(WalletTest, APublicParentGivesPublicChildrenOnly) {
  for (const char* name : {"SECP256K1", "P-256"}) {
    const WalletNode parent = Public(*Master(kSlip10, Curve(name), Bytes(32, 3)));
    EXPECT_EQ(RvOf(Child(7, parent, 0)), CKR_OK);
    for (const std::uint64_t index : {std::uint64_t{0}, kHardened}) {
      EXPECT_EQ(RvOf(Child(5, parent, index)), CKR_KEY_TYPE_INCONSISTENT);
      EXPECT_EQ(RvOf(Child(6, parent, index)), CKR_KEY_TYPE_INCONSISTENT);
    }
  }
}

TEST(WalletTest, ParametersOfTheOtherFunctionAreRefused) {
  const auto child = ParseWalletParams(1, 0, Bytes(32, 1), 1);
  const auto master = ParseWalletParams(4, 0, {}, 1);
  EXPECT_EQ(RvOf(DeriveWalletMaster(*child, Curve("SECP256K1"), Bytes(32, 3))),
            CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(DeriveWalletChild(*master, PKey::GenerateEc(Curve("SECP256K1")))),
            CKR_MECHANISM_PARAM_INVALID);
  const PKey rsa = *PKey::GenerateRsa(1024, Bytes{1, 0, 1});
  EXPECT_EQ(RvOf(DeriveWalletChild(*child, rsa)), CKR_KEY_TYPE_INCONSISTENT);
}

TEST(WalletArithmeticTest, SumsThatAreNoKeysGiveNothing) {
  for (const char* name : {"SECP256K1", "P-256"}) {
    const CurveRow& curve = Curve(name);
    const PKey key = PKey::GenerateEc(curve);
    const SecretBytes scalar = *key.PrivateValue();
    const Bytes order = CopyOf(BytesOfScalar(curve, OrderOf(curve)).view());
    const SecretBignumPtr negated = NewSecretBignum();
    BN_sub(negated.get(), OrderOf(curve), SecretBignumOf(scalar.view()).get());
    const Bytes opposite = CopyOf(BytesOfScalar(curve, negated.get()).view());
    for (const Bytes& tweak : {order, Bytes(32, 0xff), opposite}) {
      EXPECT_FALSE(AddToScalar(curve, tweak, scalar.view()).has_value());
      EXPECT_FALSE(AddToPoint(curve, tweak, key.Point()).has_value());
    }
    const Bytes zero(32, 0);
    EXPECT_TRUE(Equal(AddToScalar(curve, zero, scalar.view())->view(), scalar.view()));
    EXPECT_EQ(*AddToPoint(curve, zero, key.Point()), key.Point());
    // The point's own scalar: doubling, which addition formulas like to get wrong.
    const auto doubled = AddToScalar(curve, scalar.view(), scalar.view());
    ASSERT_TRUE(doubled.has_value());
    EXPECT_EQ(*AddToPoint(curve, scalar.view(), key.Point()),
              PKey::FromPrivate(curve, doubled->view())->Point());
  }
}

}  // namespace
}  // namespace gw::emulator
