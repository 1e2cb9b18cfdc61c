// Room: tests. Signatures over the wire: what the emulator signs OpenSSL verifies, and the reverse,
// for every family.
#include <openssl/rsa.h>

#include "emulator/crypto/symmetric.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;

class SignRpcTest : public RpcTest {
 protected:
  // Updates of uneven parts.
  std::string SignInParts(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data) {
    std::string state = SignInit(mechanism, key);
    EXPECT_EQ(Rv(), CKR_OK);
    const std::size_t length = state.size();
    for (std::size_t at = 0, part = 1; at < data.size(); at += part, part = part * 2 + 1) {
      grep11::SignUpdateRequest update;
      update.set_state(state);
      update.set_data(data.substr(at, part));
      state = client().Call(&Crypto::Stub::SignUpdate, update).state();
      EXPECT_EQ(Rv(), CKR_OK);
      EXPECT_EQ(state.size(), length);
    }
    grep11::SignFinalRequest final;
    final.set_state(state);
    return client().Call(&Crypto::Stub::SignFinal, final).signature();
  }
};

struct EcCase {
  const char* ascii_name;
  const char* openssl_name;
  std::size_t signature_bytes;
};
constexpr EcCase kCurveCases[] = {{"P-224", "secp224r1", 56},
                                  {"P-256", "prime256v1", 64},
                                  {"P-384", "secp384r1", 96},
                                  {"P-521", "secp521r1", 132},
                                  {"SECP256K1", "secp256k1", 64}};

struct HashedMechanism {
  CK_MECHANISM_TYPE type;
  const char* digest;
};
constexpr HashedMechanism kEcdsaCases[] = {
    {CKM_ECDSA, nullptr},         {CKM_ECDSA_SHA1, "SHA1"},     {CKM_ECDSA_SHA224, "SHA224"},
    {CKM_ECDSA_SHA256, "SHA256"}, {CKM_ECDSA_SHA384, "SHA384"}, {CKM_ECDSA_SHA512, "SHA512"}};
constexpr HashedMechanism kPkcs1Cases[] = {
    {CKM_RSA_PKCS, nullptr},         {CKM_SHA1_RSA_PKCS, "SHA1"},
    {CKM_SHA224_RSA_PKCS, "SHA224"}, {CKM_SHA256_RSA_PKCS, "SHA256"},
    {CKM_SHA384_RSA_PKCS, "SHA384"}, {CKM_SHA512_RSA_PKCS, "SHA512"}};

TEST_F(SignRpcTest, EcdsaOfEveryCurveAndHashVerifiesWithOpenssl) {
  for (const EcCase& curve : kCurveCases) {
    const PairBlobs pair = MakeEcPair(client(), curve.ascii_name);
    const PkeyPtr public_key = PublicKeyOf(pair.public_blob);
    ASSERT_NE(public_key, nullptr);
    for (const HashedMechanism& c : kEcdsaCases) {
      const std::string data(28, 'd');
      const std::string signature = Sign(Mech(c.type), pair.private_blob, data);
      ASSERT_EQ(client().Rv(), CKR_OK);
      EXPECT_EQ(signature.size(), curve.signature_bytes);
      EXPECT_TRUE(SoftwareVerify(public_key.get(), {.digest = c.digest}, data, signature))
          << curve.ascii_name << " " << NameOfMechanism(c.type);
      EXPECT_EQ(Verify(Mech(c.type), pair.public_blob, data, signature), CKR_OK);
    }
  }
}

TEST_F(SignRpcTest, EcdsaOfOpensslVerifiesWithABareSpki) {
  for (const EcCase& curve : kCurveCases) {
    const PkeyPtr key = NewSoftwareEc(curve.openssl_name);
    for (const HashedMechanism& c : kEcdsaCases) {
      const std::string data(28, 'd');
      const std::string signature = SoftwareSign(key.get(), {.digest = c.digest}, data);
      EXPECT_EQ(Verify(Mech(c.type), SpkiOf(key.get()), data, signature), CKR_OK)
          << curve.ascii_name << " " << NameOfMechanism(c.type);
      EXPECT_EQ(Verify(Mech(c.type), SpkiOf(key.get()), "x" + data, signature),
                CKR_SIGNATURE_INVALID);
    }
  }
}

TEST_F(SignRpcTest, RsaPkcs1VerifiesWithOpensslAndTheReverse) {
  const PairBlobs pair = MakeRsaPair(client(), 2048);
  const PkeyPtr public_key = PublicKeyOf(pair.public_blob);
  const PkeyPtr own = NewSoftwareRsa(2048);
  const std::string data = "to be signed";
  for (const HashedMechanism& c : kPkcs1Cases) {
    const SoftwareScheme scheme{.digest = c.digest, .rsa_padding = RSA_PKCS1_PADDING};
    const std::string signature = Sign(Mech(c.type), pair.private_blob, data);
    ASSERT_EQ(client().Rv(), CKR_OK);
    EXPECT_EQ(signature.size(), 256U);
    EXPECT_TRUE(SoftwareVerify(public_key.get(), scheme, data, signature));
    EXPECT_EQ(Verify(Mech(c.type), SpkiOf(own.get()), data, SoftwareSign(own.get(), scheme, data)),
              CKR_OK);
  }
}

struct PssCase {
  CK_MECHANISM_TYPE type;
  CK_MECHANISM_TYPE hash;
  grep11::RSAPSSParm::Mask mgf;
  const char* name;
  std::size_t digest_bytes;
};
constexpr PssCase kPssCases[] = {
    {CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, grep11::RSAPSSParm::CkgMgf1Sha1, "SHA1", 20},
    {CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, grep11::RSAPSSParm::CkgMgf1Sha224, "SHA224", 28},
    {CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, grep11::RSAPSSParm::CkgMgf1Sha256, "SHA256", 32},
    {CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, grep11::RSAPSSParm::CkgMgf1Sha384, "SHA384", 48},
    {CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, grep11::RSAPSSParm::CkgMgf1Sha512, "SHA512", 64},
};

TEST_F(SignRpcTest, RsaPssHashedAndPreHashedVerifyWithOpenssl) {
  const PairBlobs pair = MakeRsaPair(client(), 2048);
  const PkeyPtr public_key = PublicKeyOf(pair.public_blob);
  for (const PssCase& c : kPssCases) {
    for (const std::size_t salt : {std::size_t{0}, c.digest_bytes}) {
      const int salt_bytes = static_cast<int>(salt);
      const std::string data = "to be signed";
      const SoftwareScheme hashed{
          .digest = c.name, .rsa_padding = RSA_PKCS1_PSS_PADDING, .salt_bytes = salt_bytes};
      EXPECT_TRUE(
          SoftwareVerify(public_key.get(), hashed, data,
                         Sign(MechPss(c.type, c.hash, c.mgf, salt), pair.private_blob, data)));
      const std::string digest(c.digest_bytes, 'h');
      const SoftwareScheme raw{
          .rsa_padding = RSA_PKCS1_PSS_PADDING, .pss_hash = c.name, .salt_bytes = salt_bytes};
      const auto mechanism = MechPss(CKM_RSA_PKCS_PSS, c.hash, c.mgf, salt);
      const std::string signature = Sign(mechanism, pair.private_blob, digest);
      EXPECT_TRUE(SoftwareVerify(public_key.get(), raw, digest, signature));
      EXPECT_EQ(Verify(mechanism, pair.public_blob, digest, signature), CKR_OK);
    }
  }
}

TEST_F(SignRpcTest, PssParametersMustMatchTheMechanism) {
  const PairBlobs pair = MakeRsaPair(client(), 1024);
  Sign(MechPss(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, grep11::RSAPSSParm::CkgMgf1Sha384, 0),
       pair.private_blob, "x");
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
  Sign(MechPss(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, grep11::RSAPSSParm::CkgMgf1Sha1, 0),
       pair.private_blob, "x");
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
  Sign(Mech(CKM_SHA256_RSA_PKCS_PSS), pair.private_blob, "x");
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
  // 1024 bits: 128 octets less 64 of digest and 2 leave 62 for the salt.
  Sign(MechPss(CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, grep11::RSAPSSParm::CkgMgf1Sha512, 63),
       pair.private_blob, "x");
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
  Sign(MechPss(CKM_RSA_PKCS_PSS, CKM_SHA256, grep11::RSAPSSParm::CkgMgf1Sha256, 0),
       pair.private_blob, "not a digest");
  EXPECT_EQ(client().Rv(), CKR_DATA_LEN_RANGE);
}

TEST_F(SignRpcTest, InPartsIsTheSameAsInOne) {
  const std::string data(300, 'p');
  const PairBlobs rsa = MakeRsaPair(client(), 1024);
  EXPECT_EQ(SignInParts(Mech(CKM_SHA384_RSA_PKCS), rsa.private_blob, data),
            Sign(Mech(CKM_SHA384_RSA_PKCS), rsa.private_blob, data));
  const std::string generic = MakeGeneric(client(), 200);
  for (const CK_MECHANISM_TYPE type :
       {CKM_SHA_1_HMAC, CKM_SHA224_HMAC, CKM_SHA256_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC}) {
    EXPECT_EQ(SignInParts(Mech(type), generic, data), Sign(Mech(type), generic, data));
  }
  const PairBlobs ec = MakeEcPair(client(), "P-384");
  EXPECT_EQ(Verify(Mech(CKM_ECDSA_SHA256), ec.public_blob, data,
                   SignInParts(Mech(CKM_ECDSA_SHA256), ec.private_blob, data)),
            CKR_OK);
}

TEST_F(SignRpcTest, VerificationInPartsAcceptsAndRefuses) {
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  const std::string signature = Sign(Mech(CKM_ECDSA_SHA256), ec.private_blob, "part one, part two");
  grep11::VerifyInitRequest init;
  *init.mutable_mech() = Mech(CKM_ECDSA_SHA256);
  *init.mutable_pubkey() = BlobMessage(ec.public_blob);
  const std::string fresh = client().Call(&Crypto::Stub::VerifyInit, init).state();
  grep11::VerifyUpdateRequest update;
  update.set_state(fresh);
  update.set_data("part one, ");
  update.set_state(client().Call(&Crypto::Stub::VerifyUpdate, update).state());
  update.set_data("part two");
  grep11::VerifyFinalRequest final;
  final.set_state(client().Call(&Crypto::Stub::VerifyUpdate, update).state());
  final.set_signature(signature);
  client().Call(&Crypto::Stub::VerifyFinal, final);
  EXPECT_EQ(client().Rv(), CKR_OK);
  final.set_state(fresh);  // an earlier state may be presented again, but knows less
  client().Call(&Crypto::Stub::VerifyFinal, final);
  EXPECT_EQ(client().Rv(), CKR_SIGNATURE_INVALID);
  grep11::VerifyRequest one_shot;
  one_shot.set_state(fresh);
  one_shot.set_data("part one, part two");
  one_shot.set_signature(signature);
  client().Call(&Crypto::Stub::Verify, one_shot);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(SignRpcTest, SinglePartMechanismsHaveNoUpdateButAOneShot) {
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  grep11::SignInitRequest init;
  *init.mutable_mech() = Mech(CKM_ECDSA);
  *init.mutable_privkey() = BlobMessage(ec.private_blob);
  grep11::SignRequest one_shot;
  one_shot.set_state(client().Call(&Crypto::Stub::SignInit, init).state());
  one_shot.set_data(std::string(32, 'h'));
  const std::string signature = client().Call(&Crypto::Stub::Sign, one_shot).signature();
  EXPECT_EQ(Verify(Mech(CKM_ECDSA), ec.public_blob, one_shot.data(), signature), CKR_OK);
  grep11::SignUpdateRequest update;
  update.set_state(one_shot.state());
  update.set_data("x");
  client().Call(&Crypto::Stub::SignUpdate, update);
  EXPECT_EQ(client().Rv(), CKR_FUNCTION_NOT_SUPPORTED);
}

TEST_F(SignRpcTest, OneShotAfterAnUpdateIsRefused) {
  const std::string generic = MakeGeneric(client(), 32);
  grep11::SignInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256_HMAC);
  *init.mutable_privkey() = BlobMessage(generic);
  grep11::SignUpdateRequest update;
  update.set_state(client().Call(&Crypto::Stub::SignInit, init).state());
  update.set_data("x");
  grep11::SignRequest one_shot;
  one_shot.set_state(client().Call(&Crypto::Stub::SignUpdate, update).state());
  one_shot.set_data("y");
  client().Call(&Crypto::Stub::Sign, one_shot);
  EXPECT_EQ(client().Rv(), CKR_OPERATION_ACTIVE);
}

TEST_F(SignRpcTest, SignaturesOfAWrongLengthAreNamedAsSuch) {
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  const PairBlobs rsa = MakeRsaPair(client(), 1024);
  const std::string generic = MakeGeneric(client(), 32);
  EXPECT_EQ(Verify(Mech(CKM_ECDSA), ec.public_blob, "x", std::string(63, 's')),
            CKR_SIGNATURE_LEN_RANGE);
  EXPECT_EQ(Verify(Mech(CKM_RSA_PKCS), rsa.public_blob, "x", std::string(127, 's')),
            CKR_SIGNATURE_LEN_RANGE);
  EXPECT_EQ(Verify(Mech(CKM_SHA256_HMAC), generic, "x", std::string(31, 's')),
            CKR_SIGNATURE_LEN_RANGE);
  EXPECT_EQ(Verify(Mech(CKM_SHA256_HMAC), generic, "x", std::string(32, 's')),
            CKR_SIGNATURE_INVALID);
}

TEST_F(SignRpcTest, DataOfAWrongLengthIsRefused) {
  const PairBlobs rsa = MakeRsaPair(client(), 1024);
  Sign(Mech(CKM_RSA_PKCS), rsa.private_blob, std::string(128 - 10, 'x'));
  EXPECT_EQ(client().Rv(), CKR_DATA_LEN_RANGE);
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  Sign(Mech(CKM_ECDSA), ec.private_blob, "");
  EXPECT_EQ(client().Rv(), CKR_DATA_LEN_RANGE);
}

TEST_F(SignRpcTest, KeysOfAnotherTypeOrHalfAreRefused) {
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  Sign(Mech(CKM_RSA_PKCS), ec.private_blob, "x");
  EXPECT_EQ(client().Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Sign(Mech(CKM_ECDSA), ec.public_blob, "x");
  EXPECT_EQ(client().Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Sign(Mech(CKM_SHA256_HMAC), ec.private_blob, "x");
  EXPECT_EQ(client().Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Sign(Mech(CKM_ECDSA), "", "x");
  EXPECT_EQ(client().Rv(), CKR_KEY_HANDLE_INVALID);
}

TEST_F(SignRpcTest, MechanismsThatDoNotSignAreRefused) {
  const std::string aes = MakeAes(client(), 16);
  Sign(Mech(CKM_AES_ECB), aes, "x");
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_INVALID);
  Sign(Mech(0x12345), aes, "x");
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_INVALID);
  Sign(MechIv(CKM_SHA256_HMAC, Bytes(16)), aes, "x");
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(client().status().error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(client().status().error_message(), "CKR_MECHANISM_PARAM_INVALID");
}

// RFC 4231, test cases 1, 2, 6 (a key longer than the block): the key gets in by the import recipe.
struct HmacVector {
  const char* key;
  const char* data;
  const char* sha256;
  const char* sha512;
};
constexpr HmacVector kRfc4231[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
};

TEST_F(SignRpcTest, HmacGivesTheValuesOfRfc4231) {
  const std::string kek = MakeAes(client(), 32);
  const Bytes iv(16, 7);
  for (const HmacVector& v : kRfc4231) {
    grep11::EncryptSingleRequest encrypt;
    *encrypt.mutable_mech() = MechIv(CKM_AES_CBC_PAD, iv);
    *encrypt.mutable_key() = BlobMessage(kek);
    encrypt.set_plain(Str(Hex(v.key)));
    grep11::UnwrapKeyRequest unwrap;
    unwrap.set_wrapped(client().Call(&Crypto::Stub::EncryptSingle, encrypt).ciphered());
    *unwrap.mutable_mech() = MechIv(CKM_AES_CBC_PAD, iv);
    *unwrap.mutable_kek() = BlobMessage(kek);
    Put(unwrap.mutable_template_(), CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET});
    Put(unwrap.mutable_template_(), CKA_CLASS, std::uint64_t{CKO_SECRET_KEY});
    Put(unwrap.mutable_template_(), CKA_SIGN, true);
    const std::string key = client().Call(&Crypto::Stub::UnwrapKey, unwrap).unwrappedbytes();
    ASSERT_EQ(client().Rv(), CKR_OK);
    const std::string data = Str(Hex(v.data));
    EXPECT_EQ(HexOf(ViewOf(Sign(Mech(CKM_SHA256_HMAC), key, data))), v.sha256);
    EXPECT_EQ(HexOf(ViewOf(Sign(Mech(CKM_SHA512_HMAC), key, data))), v.sha512);
  }
}

}  // namespace
}  // namespace gw::emulator
