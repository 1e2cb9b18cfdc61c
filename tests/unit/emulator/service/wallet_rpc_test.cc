// Room: tests. CKM_IBM_BTC_DERIVE over the wire. Values: tests/vectors/wallet. Private keys do not
// show themselves: a node is known by its chain code and its point.
#include <map>

#include "emulator/crypto/curves.h"
#include "emulator/crypto/pkey.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

// Types of the parameter, from which SLIP10's are four further on.
constexpr int kPrivateToPrivate = 1;
constexpr int kPrivateToPublic = 2;
constexpr int kPublicToPublic = 3;
constexpr int kMaster = 4;
constexpr int kSlip10 = 4;
constexpr std::uint64_t kHardened = 0x80000000;
const Bytes kSeed(32, 0x5e);

struct Node {
  std::string blob;
  std::string chain_code;
};

grep11::Mechanism Btc(int type, std::uint64_t index, const std::string& chain_code,
                      std::uint64_t version = 1) {
  grep11::Mechanism mechanism = Mech(CKM_IBM_BTC_DERIVE);
  auto& parameter = *mechanism.mutable_btcderiveparameter();
  parameter.set_type(static_cast<grep11::BTCDeriveParm::BTCDeriveType>(type));
  parameter.set_childkeyindex(index);
  parameter.set_chaincode(chain_code);
  parameter.set_version(version);
  return mechanism;
}

// The template of the vendor's examples, which is the same for private and public keys.
WireMap NodeTemplate(const CurveRow& curve) {
  return Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}},
                   {CKA_EC_PARAMS, CopyOf(curve.oid_der)},
                   {CKA_VALUE_LEN, std::uint64_t{0}},
                   {CKA_EXTRACTABLE, false},
                   {CKA_DERIVE, true},
                   {CKA_VERIFY, true},
                   {CKA_IBM_USE_AS_DATA, true}});
}

const WireMap& SeedTemplate() {
  static const WireMap attributes = Template({{CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                                              {CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET}},
                                              {CKA_DERIVE, true},
                                              {CKA_IBM_USE_AS_DATA, true}});
  return attributes;
}

const CurveRow& Curve(const std::string& name) {
  static const std::map<std::string, std::string> kNames = {
      {"secp256k1", "SECP256K1"}, {"nist256p1", "P-256"}, {"ed25519", "ed25519"}};
  return *FindCurve(ViewOf(kNames.at(name)));
}

class WalletRpcTest : public RpcTest {
 protected:
  std::string ImportSeed(ByteView seed) {
    const auto key = Import(seed, SeedTemplate());
    EXPECT_EQ(Rv(), CKR_OK) << Why();
    return key.unwrappedbytes();
  }
  Node Step(const grep11::Mechanism& mechanism, const std::string& base, const CurveRow& curve) {
    const auto response = Derive(mechanism, base, NodeTemplate(curve));
    return {response.newkeybytes(), response.checksum()};
  }
  Node Master(int standard, const CurveRow& curve, ByteView seed) {
    return Step(Btc(standard + kMaster, 0, ""), ImportSeed(seed), curve);
  }
  void ExpectNode(const Node& node, const Vector& expected, CK_OBJECT_CLASS object_class) {
    ASSERT_EQ(Rv(), CKR_OK) << expected.Text("path") << Why();
    EXPECT_EQ(HexOf(ViewOf(node.chain_code)), expected.Text("chain_code"));
    const WireMap seen = Attributes(node.blob, {CKA_CLASS, CKA_PUBLIC_KEY_INFO});
    EXPECT_EQ(static_cast<CK_OBJECT_CLASS>(seen.at(CKA_CLASS).attributei()), object_class);
    const char* field =
        expected.Has("public_key_raw") ? "public_key_raw" : "public_key_uncompressed";
    EXPECT_TRUE(seen.at(CKA_PUBLIC_KEY_INFO).attributeb().ends_with(Str(expected.Octets(field))))
        << expected.Text("path");
  }
  // Down the path of a vector, by every step that leads to each node.
  std::size_t Walk(const Vector& v, int standard, const CurveRow& curve) {
    const std::vector<Vector> nodes = v.List("nodes");
    Node node = Master(standard, curve, v.Octets("seed"));
    ExpectNode(node, nodes.at(0), CKO_PRIVATE_KEY);
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const Node parent = node;
      const std::uint64_t index = nodes[i].Numbers("indices").back();
      ExpectNode(
          Step(Btc(standard + kPrivateToPublic, index, parent.chain_code), parent.blob, curve),
          nodes[i], CKO_PUBLIC_KEY);
      node = Step(Btc(standard + kPrivateToPrivate, index, parent.chain_code), parent.blob, curve);
      ExpectNode(node, nodes[i], CKO_PRIVATE_KEY);
      if (index < kHardened) {
        const std::string half =
            Attributes(parent.blob, {CKA_PUBLIC_KEY_INFO}).at(CKA_PUBLIC_KEY_INFO).attributeb();
        const std::string maced =
            ImportPublic(half, Template({{CKA_DERIVE, true}, {CKA_IBM_USE_AS_DATA, true}}));
        ExpectNode(Step(Btc(standard + kPublicToPublic, index, parent.chain_code), maced, curve),
                   nodes[i], CKO_PUBLIC_KEY);
      }
    }
    return nodes.size();
  }
};

TEST_F(WalletRpcTest, GivesTheNodesOfBip32) {
  std::size_t nodes = 0;
  for (const Vector& v : Vector::Load("wallet/bip32.json").List("vectors")) {
    SCOPED_TRACE(v.Number("vector"));
    nodes += Walk(v, 0, Curve("secp256k1"));
  }
  EXPECT_EQ(nodes, 14U);
}

TEST_F(WalletRpcTest, GivesTheNodesOfSlip10) {
  std::size_t nodes = 0;
  for (const Vector& v : Vector::Load("wallet/slip10.json").List("vectors")) {
    SCOPED_TRACE(v.Text("name"));
    nodes += Walk(v, kSlip10, Curve(v.Text("curve")));
  }
  EXPECT_GT(nodes, 30U);
}

TEST_F(WalletRpcTest, DerivedKeysSignForThePublicKeyDerivedBesideThem) {
  struct Case {
    const char* curve;
    CK_MECHANISM_TYPE mechanism;
  };
  constexpr Case kCases[] = {
      {"secp256k1", CKM_ECDSA}, {"nist256p1", CKM_ECDSA}, {"ed25519", CKM_IBM_ED25519_SHA512}};
  for (const Case& c : kCases) {
    const CurveRow& curve = Curve(c.curve);
    const Node master = Master(kSlip10, curve, kSeed);
    const std::uint64_t index = kHardened + 7;
    const Node own =
        Step(Btc(kSlip10 + kPrivateToPrivate, index, master.chain_code), master.blob, curve);
    const Node half =
        Step(Btc(kSlip10 + kPrivateToPublic, index, master.chain_code), master.blob, curve);
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    EXPECT_EQ(own.chain_code, half.chain_code);
    const std::string signature = Sign(Mech(c.mechanism), own.blob, std::string(28, 'd'));
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    EXPECT_EQ(Verify(Mech(c.mechanism), half.blob, std::string(28, 'd'), signature), CKR_OK);
    const Node other =
        Step(Btc(kSlip10 + kPrivateToPublic, index + 1, master.chain_code), master.blob, curve);
    EXPECT_EQ(Verify(Mech(c.mechanism), other.blob, std::string(28, 'd'), signature),
              CKR_SIGNATURE_INVALID);
  }
}

TEST_F(WalletRpcTest, AGeneratedSeedIsOneToo) {
  grep11::GenerateKeyRequest request;
  *request.mutable_mech() = Mech(CKM_GENERIC_SECRET_KEY_GEN);
  *request.mutable_template_() = Plus(SeedTemplate(), {CKA_VALUE_LEN, std::uint64_t{32}});
  const auto seed = client().Call(&grep11::Crypto::Stub::GenerateKey, request);
  ASSERT_EQ(Rv(), CKR_OK) << Why();
  const Node node = Step(Btc(kMaster, 0, ""), seed.keybytes(), Curve("secp256k1"));
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  EXPECT_EQ(node.chain_code.size(), 32U);
}

TEST_F(WalletRpcTest, ParametersThatAreNoneAreRefused) {
  const CurveRow& curve = Curve("secp256k1");
  const std::string seed = ImportSeed(kSeed);
  const Node master = Step(Btc(kMaster, 0, ""), seed, curve);
  const std::string chain = master.chain_code;
  struct Case {
    grep11::Mechanism mechanism;
    const std::string& base;
  };
  const Case kCases[] = {{Mech(CKM_IBM_BTC_DERIVE), seed},
                         {MechIv(CKM_IBM_BTC_DERIVE, Bytes(16)), seed},
                         {Btc(0, 0, ""), seed},
                         {Btc(9, 0, ""), seed},
                         {Btc(-1, 0, ""), seed},
                         {Btc(kMaster, 0, "", 0), seed},
                         {Btc(kMaster, 0, "", 2), seed},
                         {Btc(kMaster, 1, ""), seed},
                         {Btc(kMaster, 0, chain), seed},
                         {Btc(kPrivateToPrivate, 0, ""), master.blob},
                         {Btc(kPrivateToPrivate, 0, chain.substr(1)), master.blob},
                         {Btc(kPrivateToPrivate, 0, chain + "x"), master.blob},
                         {Btc(kPrivateToPrivate, std::uint64_t{1} << 32, chain), master.blob},
                         {Btc(kPublicToPublic, kHardened, chain), master.blob}};
  for (const Case& c : kCases) {
    Step(c.mechanism, c.base, curve);
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << c.mechanism.ShortDebugString();
  }
}

TEST_F(WalletRpcTest, Ed25519HasHardenedChildrenOfPrivateKeysOnly) {
  const CurveRow& curve = Curve("ed25519");
  const Node master = Master(kSlip10, curve, kSeed);
  Step(Btc(kSlip10 + kPrivateToPrivate, 5, master.chain_code), master.blob, curve);
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  const Node half =
      Step(Btc(kSlip10 + kPrivateToPublic, kHardened, master.chain_code), master.blob, curve);
  ASSERT_EQ(Rv(), CKR_OK) << Why();
  Step(Btc(kSlip10 + kPublicToPublic, 5, half.chain_code), half.blob, curve);
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(WalletRpcTest, CurvesAreThoseOfTheStandard) {
  const std::string seed = ImportSeed(kSeed);
  for (const CurveRow& curve : CurveTable()) {
    const bool in_bip32 = curve.ascii_name == "SECP256K1";
    const bool in_slip10 = in_bip32 || curve.ascii_name == "P-256" || curve.ascii_name == "ed25519";
    // Rights that every curve allows.
    const WireMap attributes = Template(
        {{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}, {CKA_EC_PARAMS, CopyOf(curve.ascii_name)}});
    Derive(Btc(kMaster, 0, ""), seed, attributes);
    EXPECT_EQ(Rv(), in_bip32 ? CKR_OK : CKR_CURVE_NOT_SUPPORTED) << curve.ascii_name;
    Derive(Btc(kSlip10 + kMaster, 0, ""), seed, attributes);
    EXPECT_EQ(Rv(), in_slip10 ? CKR_OK : CKR_CURVE_NOT_SUPPORTED) << curve.ascii_name;
  }
}

TEST_F(WalletRpcTest, TemplatesAreRefusedForWhatIsWrongWithThem) {
  const CurveRow& curve = Curve("secp256k1");
  const std::string seed = ImportSeed(kSeed);
  const WireMap good = NodeTemplate(curve);
  const auto without = [&good](CK_ATTRIBUTE_TYPE type) {
    WireMap less = good;
    less.erase(type);
    return less;
  };
  struct Case {
    WireMap attributes;
    CK_RV rv;
  };
  const Case kCases[] = {
      {good, CKR_OK},
      {Plus(good, {CKA_CLASS, std::uint64_t{CKO_PRIVATE_KEY}}), CKR_OK},
      {Plus(good, {CKA_VALUE_LEN, std::uint64_t{32}}), CKR_OK},
      {without(CKA_VALUE_LEN), CKR_OK},
      {Plus(good, {CKA_VALUE_LEN, std::uint64_t{16}}), CKR_ATTRIBUTE_VALUE_INVALID},
      {Plus(good, {CKA_CLASS, std::uint64_t{CKO_PUBLIC_KEY}}), CKR_TEMPLATE_INCONSISTENT},
      {Plus(good, {CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}}), CKR_TEMPLATE_INCONSISTENT},
      {Plus(good, {CKA_KEY_TYPE, std::uint64_t{CKK_RSA}}), CKR_TEMPLATE_INCONSISTENT},
      {Plus(good, {CKA_DECRYPT, true}), CKR_TEMPLATE_INCONSISTENT},
      {Plus(good, {CKA_EC_PARAMS, CopyOf("no curve")}), CKR_CURVE_NOT_SUPPORTED},
      {without(CKA_KEY_TYPE), CKR_TEMPLATE_INCOMPLETE},
      {without(CKA_EC_PARAMS), CKR_TEMPLATE_INCOMPLETE},
  };
  for (const Case& c : kCases) {
    Derive(Btc(kMaster, 0, ""), seed, c.attributes);
    EXPECT_EQ(Rv(), c.rv) << Why();
  }
  const Node master = Step(Btc(kMaster, 0, ""), seed, curve);
  const grep11::Mechanism child = Btc(kPrivateToPrivate, 0, master.chain_code);
  Derive(child, master.blob, without(CKA_EC_PARAMS));
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  Derive(child, master.blob, Plus(good, {CKA_EC_PARAMS, CopyOf("P-256")}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
}

TEST_F(WalletRpcTest, BaseKeysOfAnotherKindAreRefused) {
  const CurveRow& curve = Curve("secp256k1");
  const std::string seed = ImportSeed(kSeed);
  const Node master = Step(Btc(kMaster, 0, ""), seed, curve);
  const std::string& chain = master.chain_code;
  const Node half = Step(Btc(kPrivateToPublic, 0, chain), master.blob, curve);
  struct Case {
    grep11::Mechanism mechanism;
    std::string base;
    CK_RV rv;
  };
  const std::string bare =
      Attributes(half.blob, {CKA_PUBLIC_KEY_INFO}).at(CKA_PUBLIC_KEY_INFO).attributeb();
  const Case kCases[] = {
      {Btc(kMaster, 0, ""), "", CKR_KEY_HANDLE_INVALID},
      {Btc(kMaster, 0, ""), master.blob, CKR_KEY_TYPE_INCONSISTENT},
      {Btc(kMaster, 0, ""), MakeAes(client(), 32), CKR_KEY_TYPE_INCONSISTENT},
      {Btc(kPrivateToPrivate, 0, chain), seed, CKR_KEY_TYPE_INCONSISTENT},
      {Btc(kPrivateToPrivate, 0, chain), half.blob, CKR_KEY_TYPE_INCONSISTENT},
      {Btc(kPrivateToPublic, 0, chain), half.blob, CKR_KEY_TYPE_INCONSISTENT},
      {Btc(kPublicToPublic, 0, chain), master.blob, CKR_KEY_TYPE_INCONSISTENT},
      {Btc(kPublicToPublic, 0, chain), bare, CKR_KEY_HANDLE_INVALID},
      {Btc(kPrivateToPrivate, 0, chain), MakeRsaPair(client(), 1024).private_blob,
       CKR_KEY_TYPE_INCONSISTENT},
  };
  for (const Case& c : kCases) {
    Step(c.mechanism, c.base, curve);
    EXPECT_EQ(Rv(), c.rv) << c.mechanism.ShortDebugString() << Why();
  }
}

TEST_F(WalletRpcTest, BaseKeysNeedBothRights) {
  const CurveRow& curve = Curve("secp256k1");
  const Node master = Master(0, curve, kSeed);
  for (const CK_ATTRIBUTE_TYPE right : {CKA_DERIVE, CKA_IBM_USE_AS_DATA}) {
    WireMap seed_template = SeedTemplate();
    seed_template.erase(right);
    const auto seed = Import(kSeed, seed_template);
    Step(Btc(kMaster, 0, ""), seed.unwrappedbytes(), curve);
    EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
    const std::string less = SetAttribute(master.blob, right, false);
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    Step(Btc(kPrivateToPrivate, 0, master.chain_code), less, curve);
    EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  }
}

TEST_F(WalletRpcTest, SeedsAreOf16To64Octets) {
  for (const std::size_t size : {15U, 16U, 64U, 65U}) {
    Master(0, Curve("secp256k1"), Bytes(size, 3));
    EXPECT_EQ(Rv(), size == 16 || size == 64 ? CKR_OK : CKR_KEY_SIZE_RANGE) << size;
  }
}

}  // namespace
}  // namespace gw::emulator
