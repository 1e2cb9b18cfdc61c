// Room: tests/stack. Wallet keys by the vectors of BIP-0032 and SLIP-0010, as the vendor's callers
// ask for them; chain codes both in the caller's buffer and as CKA_CHECK_VALUE.
#include <array>

#include "tests/stack/curve_calls.h"

namespace gw::stack {
namespace {

constexpr CK_ULONG kHardened = 0x80000000;

struct Standard {
  CK_ULONG private_child;
  CK_ULONG public_child;
  CK_ULONG public_from_public;
  CK_ULONG master;
};
constexpr Standard kBip32{CK_IBM_BIP0032_PRV2PRV, CK_IBM_BIP0032_PRV2PUB, CK_IBM_BIP0032_PUB2PUB,
                          CK_IBM_BIP0032_MASTERK};
constexpr Standard kSlip10{CK_IBM_SLIP0010_PRV2PRV, CK_IBM_SLIP0010_PRV2PUB,
                           CK_IBM_SLIP0010_PUB2PUB, CK_IBM_SLIP0010_MASTERK};

class WalletsTest : public CurveCalls {
 protected:
  CK_OBJECT_HANDLE Seed(const std::string& hex) {
    return Create(Attributes()
                      .Number(CKA_CLASS, CKO_SECRET_KEY)
                      .Number(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
                      .Bool(CKA_DERIVE, true)
                      .Bool(CKA_IBM_USE_AS_DATA, true)
                      .Value(CKA_VALUE, TextOf(FromHex(hex))));
  }
  static Attributes Node(std::string_view curve) {
    return Attributes()
        .Number(CKA_KEY_TYPE, CKK_EC)
        .Number(CKA_VALUE_LEN, 0)
        .Value(CKA_EC_PARAMS, curve)
        .Bool(CKA_DERIVE, true)
        .Bool(CKA_IBM_USE_AS_DATA, true)
        .Bool(CKA_VERIFY, true);
  }
  CK_RV Step(CK_ULONG type, CK_ULONG index, CK_OBJECT_HANDLE from, std::string_view curve,
             Octets* chain_code, CK_OBJECT_HANDLE* made) {
    const CK_ULONG given = chain_code->size();
    chain_code->resize(32);
    CK_IBM_BTC_DERIVE_PARAMS params{type, index, chain_code->data(), given, 1};
    const CK_RV rv = Derive({CKM_IBM_BTC_DERIVE, &params, sizeof params}, from, Node(curve), made);
    EXPECT_EQ(params.ulChainCodeLen, rv == CKR_OK ? 32u : given);
    return rv;
  }

  // Each node of a published path: its chain code by private derivation, its point by the public
  // one.
  void Walk(const Standard& standard, const nlohmann::json& vector, std::string_view curve) {
    Octets chain_code;
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    GW_ASSERT_RV(Step(standard.master, 0, Seed(vector["seed"]), curve, &chain_code, &key), CKR_OK);
    EXPECT_EQ(chain_code, FromHex(vector["nodes"][0]["chain_code"]));
    EXPECT_EQ(Read(key, CKA_CHECK_VALUE), chain_code);
    for (std::size_t i = 1; i < vector["nodes"].size(); ++i) {
      const auto& node = vector["nodes"][i];
      SCOPED_TRACE(node["path"]);
      const CK_ULONG index = node["indices"].back();
      Octets of_public = chain_code;
      CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
      GW_ASSERT_RV(Step(standard.public_child, index, key, curve, &of_public, &public_key), CKR_OK);
      const bool bare = node.contains("public_key_raw");
      const std::string point = node[bare ? "public_key_raw" : "public_key_uncompressed"];
      EXPECT_EQ(Read(public_key, CKA_EC_POINT), FromHex((bare ? "0420" : "0441") + point));
      GW_ASSERT_RV(Step(standard.private_child, index, key, curve, &chain_code, &key), CKR_OK);
      EXPECT_EQ(chain_code, FromHex(node["chain_code"]));
      EXPECT_EQ(of_public, chain_code);
      EXPECT_EQ(Read(key, CKA_CHECK_VALUE), chain_code);
      EXPECT_EQ(ReadNumber(key, CKA_CLASS), CK_ULONG{CKO_PRIVATE_KEY});
      // The halves belong together.
      const CK_MECHANISM sign{bare ? CK_MECHANISM_TYPE{CKM_EDDSA} : CK_MECHANISM_TYPE{CKM_ECDSA},
                              nullptr, 0};
      Octets signature;
      GW_EXPECT_RV(SignBy(sign, key, Octets(28, 'd'), &signature), CKR_OK);
      GW_EXPECT_RV(VerifyBy(sign, public_key, Octets(28, 'd'), signature), CKR_OK);
    }
  }
};

TEST_F(WalletsTest, Bip32KeysAreThePublishedOnes) {
  for (const auto& vector : Vectors("wallet/bip32.json")) {
    Walk(kBip32, vector, "secp256k1");
  }
}

TEST_F(WalletsTest, Slip10KeysAreThePublishedOnes) {
  for (const auto& vector : Vectors("wallet/slip10.json")) {
    const std::string curve = vector["curve"];
    SCOPED_TRACE(vector["name"]);
    Walk(kSlip10, vector, curve == "nist256p1" ? "P-256" : curve);
  }
}

TEST_F(WalletsTest, PublicKeysHaveTheChildrenOfTheirPrivateHalves) {
  Octets chain_code;
  CK_OBJECT_HANDLE master = CK_INVALID_HANDLE;
  const auto seed = Seed("000102030405060708090a0b0c0d0e0f");
  GW_ASSERT_RV(Step(kBip32.master, 0, seed, "secp256k1", &chain_code, &master), CKR_OK);
  Octets account_chain = chain_code;
  CK_OBJECT_HANDLE account = CK_INVALID_HANDLE;
  GW_ASSERT_RV(Step(kBip32.public_child, 1, master, "secp256k1", &account_chain, &account), CKR_OK);
  Octets private_chain = chain_code;
  CK_OBJECT_HANDLE private_account = CK_INVALID_HANDLE;
  GW_ASSERT_RV(Step(kBip32.private_child, 1, master, "secp256k1", &private_chain, &private_account),
               CKR_OK);
  std::array<Octets, 2> points;
  for (const auto& [type, from, at] : {std::tuple(kBip32.public_from_public, account, 0),
                                       std::tuple(kBip32.public_child, private_account, 1)}) {
    Octets chain = account_chain;
    CK_OBJECT_HANDLE child = CK_INVALID_HANDLE;
    GW_ASSERT_RV(Step(type, 7, from, "secp256k1", &chain, &child), CKR_OK);
    points[static_cast<std::size_t>(at)] = Read(child, CKA_EC_POINT);
  }
  EXPECT_EQ(points[0].size(), 67u);
  EXPECT_EQ(points[0], points[1]);
  CK_OBJECT_HANDLE none = CK_INVALID_HANDLE;
  GW_EXPECT_RV(
      Step(kBip32.public_from_public, kHardened, account, "secp256k1", &account_chain, &none),
      CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(WalletsTest, WrongParametersAndBaseKeysAreRefused) {
  const auto seed = Seed("000102030405060708090a0b0c0d0e0f");
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  Octets chain_code(32);
  struct Case {
    CK_IBM_BTC_DERIVE_PARAMS params;
    CK_RV rv;
  };
  const Case cases[] = {
      {{4, 0, chain_code.data(), 32, 1}, CKR_MECHANISM_PARAM_INVALID},
      {{4, 0, nullptr, 1, 1}, CKR_MECHANISM_PARAM_INVALID},
      {{4, 0, nullptr, 0, 2}, CKR_MECHANISM_PARAM_INVALID},
      {{9, 0, nullptr, 0, 1}, CKR_MECHANISM_PARAM_INVALID},
      {{1, 0, chain_code.data(), 31, 1}, CKR_MECHANISM_PARAM_INVALID},
      {{1, CK_ULONG{1} << 32, chain_code.data(), 32, 1}, CKR_MECHANISM_PARAM_INVALID},
      {{1, 0, chain_code.data(), 32, 1}, CKR_KEY_TYPE_INCONSISTENT},
      {{4, 0, nullptr, 0, 1}, CKR_OK},
  };
  for (CK_IBM_BTC_DERIVE_PARAMS params : std::to_array({cases[0].params})) {
    GW_EXPECT_RV(
        Derive({CKM_IBM_BTC_DERIVE, &params, sizeof params - 1}, seed, Node("secp256k1"), &made),
        CKR_MECHANISM_PARAM_INVALID);
  }
  for (const Case& at : cases) {
    CK_IBM_BTC_DERIVE_PARAMS params = at.params;
    GW_EXPECT_RV(
        Derive({CKM_IBM_BTC_DERIVE, &params, sizeof params}, seed, Node("secp256k1"), &made), at.rv)
        << params.type;
  }
  CK_IBM_BTC_DERIVE_PARAMS params{4, 0, nullptr, 0, 1};
  const CK_MECHANISM master{CKM_IBM_BTC_DERIVE, &params, sizeof params};
  GW_EXPECT_RV(Derive(master, seed, Node("secp256k1").Number(CKA_VALUE_LEN, 33), &made),
               CKR_ATTRIBUTE_VALUE_INVALID);
  GW_EXPECT_RV(Derive(master, seed, Attributes().Number(CKA_CLASS, CKO_SECRET_KEY), &made),
               CKR_TEMPLATE_INCOMPLETE);
  GW_EXPECT_RV(Derive(master, seed, Node("secp256k1").Number(CKA_CLASS, CKO_SECRET_KEY), &made),
               CKR_TEMPLATE_INCONSISTENT);
}

}  // namespace
}  // namespace gw::stack
