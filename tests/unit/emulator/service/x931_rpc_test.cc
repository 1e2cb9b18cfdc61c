// Room: tests. RSA by X9.31 over the wire, and what sizes RSA keys may have. Values:
// tests/vectors/rsa/x931.json.
#include <openssl/rsa.h>

#include "tests/unit/emulator/support/der.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

const Attribute kRsaType{CKA_KEY_TYPE, std::uint64_t{CKK_RSA}};

Bytes NumberIn(const Vector& v, const char* field) {
  const std::string hex = v.Text(field);
  return OctetsOfHex(hex.size() % 2 == 0 ? hex : "0" + hex);
}

class X931RpcTest : public RpcTest {
 protected:
  PairBlobs PairOf(CK_MECHANISM_TYPE type, std::uint64_t bits) {
    return MakePair(type, Template({{CKA_SIGN, true}}),
                    Template({{CKA_MODULUS_BITS, bits}, {CKA_VERIFY, true}}));
  }
};

TEST_F(X931RpcTest, SignaturesAreThoseOfTheVectors) {
  int compared = 0;
  for (const Vector& v : Vector::Load("rsa/x931.json").List("vectors")) {
    const auto imported = Import(Str(RsaPkcs8(NumberIn(v, "n"), NumberIn(v, "e"), NumberIn(v, "d"),
                                              NumberIn(v, "p"), NumberIn(v, "q"))),
                                 Template({kRsaType, {CKA_SIGN, true}}));
    ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
    const std::string key = imported.unwrappedbytes();
    const std::string public_blob = imported.checksum().substr(0, imported.checksum().size() - 4);
    const std::string input = Str(v.Octets("raw_mechanism_input"));
    const std::string signature = Sign(Mech(CKM_RSA_X9_31), key, input);
    EXPECT_EQ(HexOf(ViewOf(signature)), v.Text("sig")) << v.Text("hash");
    EXPECT_EQ(SignOneShot(Mech(CKM_RSA_X9_31), key, input), signature);
    EXPECT_EQ(Verify(Mech(CKM_RSA_X9_31), public_blob, input, signature), CKR_OK);
    ++compared;
    if (v.Text("hash") != "SHA-1") continue;
    const std::string message = Str(v.Octets("msg"));
    EXPECT_EQ(Sign(Mech(CKM_SHA1_RSA_X9_31), key, message), signature);
    EXPECT_EQ(SignInParts(Mech(CKM_SHA1_RSA_X9_31), key, message, 5), signature);
    EXPECT_EQ(VerifyInParts(Mech(CKM_SHA1_RSA_X9_31), public_blob, message, signature, 7), CKR_OK);
    EXPECT_EQ(Verify(Mech(CKM_SHA1_RSA_X9_31), public_blob, "x" + message, signature),
              CKR_SIGNATURE_INVALID);
  }
  EXPECT_GE(compared, 10);
}

TEST_F(X931RpcTest, WhatItSignsOpensslVerifiesAndTheReverse) {
  const PairBlobs pair = PairOf(CKM_RSA_X9_31_KEY_PAIR_GEN, 1024);
  ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
  const PkeyPtr public_key = PublicKeyOf(pair.public_blob);
  const SoftwareScheme sha1{.digest = "SHA1", .rsa_padding = RSA_X931_PADDING};
  EXPECT_TRUE(SoftwareVerify(public_key.get(), sha1, "data",
                             Sign(Mech(CKM_SHA1_RSA_X9_31), pair.private_blob, "data")));
  const PkeyPtr own = NewSoftwareRsa(1024);
  const std::string signature = SoftwareSign(own.get(), sha1, "data");
  EXPECT_EQ(Verify(Mech(CKM_SHA1_RSA_X9_31), SpkiOf(own.get()), "data", signature), CKR_OK);
  EXPECT_EQ(Verify(Mech(CKM_SHA1_RSA_X9_31), SpkiOf(own.get()), "date", signature),
            CKR_SIGNATURE_INVALID);
}

TEST_F(X931RpcTest, InputsFlowsAndSizesAreChecked) {
  const PairBlobs pair = PairOf(CKM_RSA_X9_31_KEY_PAIR_GEN, 1280);
  ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
  EXPECT_EQ(SignUpdateRv(Mech(CKM_RSA_X9_31), pair.private_blob), CKR_FUNCTION_NOT_SUPPORTED);
  Sign(Mech(CKM_RSA_X9_31), pair.private_blob, std::string(158, 'd') + "\xcc");
  EXPECT_EQ(Rv(), CKR_DATA_LEN_RANGE);
  Sign(Mech(CKM_RSA_X9_31), pair.private_blob, "no trailer");
  EXPECT_EQ(Rv(), CKR_DATA_INVALID);
  EXPECT_EQ(Verify(Mech(CKM_SHA1_RSA_X9_31), pair.public_blob, "x", std::string(159, 's')),
            CKR_SIGNATURE_LEN_RANGE);
  for (const std::uint64_t bits : {512U, 1000U, 1026U, 4352U}) {
    PairOf(CKM_RSA_X9_31_KEY_PAIR_GEN, bits);
    EXPECT_EQ(Rv(), CKR_ATTRIBUTE_VALUE_INVALID) << bits;
  }
  const PairBlobs odd = PairOf(CKM_RSA_PKCS_KEY_PAIR_GEN, 1026);
  Sign(Mech(CKM_SHA1_RSA_X9_31), odd.private_blob, "x");
  EXPECT_EQ(Rv(), CKR_KEY_SIZE_RANGE);
}

TEST_F(X931RpcTest, RsaKeysHave512To4096Bits) {
  const PairBlobs smallest = PairOf(CKM_RSA_PKCS_KEY_PAIR_GEN, 512);
  ASSERT_EQ(Rv(), CKR_OK);
  const std::string signature = Sign(Mech(CKM_SHA256_RSA_PKCS), smallest.private_blob, "x");
  EXPECT_EQ(signature.size(), 64U);
  EXPECT_TRUE(SoftwareVerify(PublicKeyOf(smallest.public_blob).get(),
                             {.digest = "SHA256", .rsa_padding = RSA_PKCS1_PADDING}, "x",
                             signature));
  Sign(Mech(CKM_SHA1_RSA_X9_31), smallest.private_blob, "x");
  EXPECT_EQ(Rv(), CKR_KEY_SIZE_RANGE);
  const std::string large = Str(RsaSpki(Bytes(513, 0xff), Bytes{3}));
  EXPECT_EQ(Verify(Mech(CKM_SHA256_RSA_PKCS), large, "x", std::string(513, 's')),
            CKR_KEY_SIZE_RANGE);
}

}  // namespace
}  // namespace gw::emulator
