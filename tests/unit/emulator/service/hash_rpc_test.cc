// Room: tests. SHA-512/t, SHA-3 and CMAC over the wire: digests, MACs, OAEP. Values: NIST's
// examples for FIPS 180-4 and FIPS 202 ("abc"); HMAC-SHA3: NIST's examples ("keylen<blocklen");
// HMAC-SHA-512/t: inputs of RFC 4231 test case 1, results of OpenJDK's and Bouncy Castle's tests.
// CMAC: RFC 4493 section 4; of all other keys OpenSSL's.
#include <openssl/rsa.h>

#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"

namespace gw::emulator {
namespace {

class HashRpcTest : public RpcTest {
 protected:
  std::string ImportMacKey(const Bytes& value, CK_KEY_TYPE type = CKK_GENERIC_SECRET) {
    const auto imported = Import(Str(value), Template({{CKA_KEY_TYPE, std::uint64_t{type}},
                                                       {CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                                                       {CKA_SIGN, true},
                                                       {CKA_VERIFY, true}}));
    EXPECT_EQ(Rv(), CKR_OK);
    return imported.unwrappedbytes();
  }
};

struct HashCase {
  CK_MECHANISM_TYPE digest;
  CK_MECHANISM_TYPE hmac;
  const char* of_abc;
  std::size_t key_bytes;  // 0, 1, 2 and so on; or 20 octets 0b
  const char* text;
  const char* mac;
};
constexpr char kNistText[] = "Sample message for keylen<blocklen";
constexpr char kSha512T224[] = "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa";
constexpr char kSha512T256[] = "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23";
constexpr char kHmac512T224[] = "b244ba01307c0e7a8ccaad13b1067a4cf6b961fe0c6a20bda3d92039";
constexpr char kHmac512T256[] = "9f9126c3d9c3c330d760425ca8a217e31feae31bfe70196ff81642b868402eab";
constexpr HashCase kCases[] = {
    {CKM_SHA512_224, CKM_SHA512_224_HMAC, kSha512T224, 20, "Hi There", kHmac512T224},
    {CKM_SHA512_256, CKM_SHA512_256_HMAC, kSha512T256, 20, "Hi There", kHmac512T256},
    {CKM_IBM_SHA512_224, CKM_IBM_SHA512_224_HMAC, kSha512T224, 20, "Hi There", kHmac512T224},
    {CKM_IBM_SHA512_256, CKM_IBM_SHA512_256_HMAC, kSha512T256, 20, "Hi There", kHmac512T256},
    {CKM_IBM_SHA3_224, CKM_IBM_SHA3_224_HMAC,
     "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf", 28, kNistText,
     "332cfd59347fdb8e576e77260be4aba2d6dc53117b3bfb52c6d18c04"},
    {CKM_IBM_SHA3_256, CKM_IBM_SHA3_256_HMAC,
     "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532", 32, kNistText,
     "4fe8e202c4f058e8dddc23d8c34e467343e23555e24fc2f025d598f558f67205"},
    {CKM_IBM_SHA3_384, CKM_IBM_SHA3_384_HMAC,
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
     "98d88cea927ac7f539f1edf228376d25",
     48, kNistText,
     "d588a3c51f3f2d906e8298c1199aa8ff6296218127f6b38a90b6afe2c5617725"
     "bc99987f79b22a557b6520db710b7f42"},
    {CKM_IBM_SHA3_512, CKM_IBM_SHA3_512_HMAC,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
     "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
     64, kNistText,
     "4efd629d6c71bf86162658f29943b1c308ce27cdfa6db0d9c3ce81763f9cbce5"
     "f7ebe9868031db1a8f8eb7b6b95e5c5e3f657a8996c86a2f6527e307f0213196"},
};

Bytes KeyOf(const HashCase& c) {
  Bytes key(c.key_bytes, 0x0b);
  for (std::size_t i = 0; c.key_bytes != 20 && i < key.size(); ++i) key[i] = static_cast<Byte>(i);
  return key;
}

TEST_F(HashRpcTest, DigestsGiveThePublishedValuesInEveryFlow) {
  for (const HashCase& c : kCases) {
    EXPECT_EQ(HexOf(ViewOf(Digest(c.digest, "abc"))), c.of_abc) << NameOfMechanism(c.digest);
    EXPECT_EQ(HexOf(ViewOf(DigestInParts(c.digest, "abc", 1))), c.of_abc);
    // Across blocks of every hash, in parts that meet none of their ends.
    const std::string longer(500, 'l');
    EXPECT_EQ(DigestInParts(c.digest, longer, 97), Digest(c.digest, longer));
  }
}

TEST_F(HashRpcTest, StatesOfDigestsAreSmallAndOfTheirMechanism) {
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(CKM_IBM_SHA3_224);
  grep11::DigestFinalRequest final;
  final.set_state(client().Call(&grep11::Crypto::Stub::DigestInit, init).state());
  EXPECT_LE(final.state().size(), 1024U);
  // SHA3-224 of nothing, FIPS 202 example.
  EXPECT_EQ(HexOf(ViewOf(client().Call(&grep11::Crypto::Stub::DigestFinal, final).digest())),
            "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7");
  grep11::SignFinalRequest other;
  other.set_state(final.state());
  client().Call(&grep11::Crypto::Stub::SignFinal, other);
  EXPECT_EQ(Rv(), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(HashRpcTest, HmacsGiveThePublishedValuesInEveryFlow) {
  for (const HashCase& c : kCases) {
    const std::string key = ImportMacKey(KeyOf(c));
    const grep11::Mechanism mechanism = Mech(c.hmac);
    const std::string mac = Sign(mechanism, key, c.text);
    EXPECT_EQ(HexOf(ViewOf(mac)), c.mac) << NameOfMechanism(c.hmac);
    EXPECT_EQ(SignOneShot(mechanism, key, c.text), mac);
    EXPECT_EQ(SignInParts(mechanism, key, c.text, 5), mac);
    EXPECT_EQ(Verify(mechanism, key, c.text, mac), CKR_OK);
    EXPECT_EQ(VerifyInParts(mechanism, key, c.text, mac, 7), CKR_OK);
    EXPECT_EQ(Verify(mechanism, key, "another text", mac), CKR_SIGNATURE_INVALID);
    EXPECT_EQ(Verify(mechanism, key, c.text, mac.substr(1)), CKR_SIGNATURE_LEN_RANGE);
  }
}

TEST_F(HashRpcTest, MacsTakeAesAndGenericKeysAlone) {
  const std::string aes = ImportMacKey(Bytes(16, 0x0b), CKK_AES);
  EXPECT_EQ(Sign(Mech(CKM_IBM_SHA3_256_HMAC), aes, "x").size(), 32U);
  const std::string des = ImportMacKey(Bytes(16, 0x0b), CKK_DES2);
  for (const CK_MECHANISM_TYPE type : {CKM_SHA256_HMAC, CKM_IBM_SHA3_256_HMAC}) {
    Sign(Mech(type), des, "x");
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  }
}

// Empty, less than a block, a block, parts of one, whole ones.
TEST_F(HashRpcTest, CmacsOfRfc4493InEveryFlow) {
  const std::string text =
      Str(Hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
              "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"));
  const std::string key = ImportMacKey(Hex("2b7e151628aed2a6abf7158809cf4f3c"), CKK_AES);
  const std::pair<std::size_t, const char*> cases[] = {{16, "070a16b46b4d4144f79bdd9dd04a287c"},
                                                       {40, "dfa66747de9ae63030ca32611497c827"},
                                                       {64, "51f0bebf7e3b9d92fc49741779363cfe"}};
  const grep11::Mechanism mechanism = Mech(CKM_IBM_CMAC);
  for (const auto& [bytes, expected] : cases) {
    const std::string message = text.substr(0, bytes);
    const std::string mac = Sign(mechanism, key, message);
    EXPECT_EQ(HexOf(ViewOf(mac)), expected) << bytes;
    EXPECT_EQ(SignOneShot(mechanism, key, message), mac);
    for (const std::size_t part : {1U, 5U, 16U, 17U})
      EXPECT_EQ(SignInParts(mechanism, key, message, part), mac) << part;
    EXPECT_EQ(Verify(mechanism, key, message, mac), CKR_OK);
    EXPECT_EQ(VerifyInParts(mechanism, key, message, mac, 7), CKR_OK);
    EXPECT_EQ(Verify(mechanism, key, "another text", mac), CKR_SIGNATURE_INVALID);
    EXPECT_EQ(Verify(mechanism, key, message, mac.substr(1)), CKR_SIGNATURE_LEN_RANGE);
  }
}

std::string SoftwareCmac(const char* cipher, const Bytes& key, const std::string& message) {
  std::string out(16, '\0');
  std::size_t size = 0;
  EXPECT_NE(EVP_Q_mac(nullptr, "CMAC", nullptr, cipher, nullptr, key.data(), key.size(),
                      reinterpret_cast<const Byte*>(message.data()), message.size(),
                      reinterpret_cast<Byte*>(out.data()), out.size(), &size),
            nullptr);
  out.resize(size);
  return out;
}

TEST_F(HashRpcTest, CmacsAreThoseOfOpensslForEveryKeyAndLength) {
  struct Case {
    CK_KEY_TYPE type;
    std::size_t key_bytes;
    const char* cipher;
  };
  constexpr Case kKeys[] = {{CKK_AES, 16, "AES-128-CBC"},
                            {CKK_AES, 24, "AES-192-CBC"},
                            {CKK_AES, 32, "AES-256-CBC"},
                            {CKK_DES2, 16, "DES-EDE-CBC"},
                            {CKK_DES3, 24, "DES-EDE3-CBC"}};
  for (const Case& c : kKeys) {
    Bytes value(c.key_bytes);
    for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<Byte>(7 * i + 1);
    const std::string key = ImportMacKey(value, c.type);
    for (std::size_t bytes = 1; bytes <= 33; ++bytes) {
      const std::string message(bytes, 'm');
      EXPECT_EQ(HexOf(ViewOf(SignInParts(Mech(CKM_IBM_CMAC), key, message, 3))),
                HexOf(ViewOf(SoftwareCmac(c.cipher, value, message))))
          << c.cipher << ' ' << bytes;
    }
  }
}

TEST_F(HashRpcTest, CmacTakesBlockCiphersKeysAlone) {
  const std::string generic = ImportMacKey(Bytes(16, 0x0b));
  Sign(Mech(CKM_IBM_CMAC), generic, "x");
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
}

TEST_F(HashRpcTest, ParametersAreRefused) {
  grep11::DigestSingleRequest request;
  *request.mutable_mech() = MechIv(CKM_IBM_SHA3_256, Bytes(8));
  request.set_data("x");
  client().Call(&grep11::Crypto::Stub::DigestSingle, request);
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  request.mutable_mech()->mutable_ecsgparameter();
  client().Call(&grep11::Crypto::Stub::DigestSingle, request);
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  Digest(CKM_IBM_SHA3_256, "");
  EXPECT_EQ(Rv(), CKR_ARGUMENTS_BAD);
  Digest(CKM_IBM_SHA3_256_HMAC, "x");
  EXPECT_EQ(Rv(), CKR_MECHANISM_INVALID);
}

struct OaepCase {
  CK_MECHANISM_TYPE hash;
  grep11::RSAOAEPParm::Mask mgf;
  const char* name;
};
constexpr OaepCase kOaepCases[] = {
    {CKM_IBM_SHA3_224, grep11::RSAOAEPParm::CkgIbmMgf1Sha3_224, "SHA3-224"},
    {CKM_IBM_SHA3_256, grep11::RSAOAEPParm::CkgIbmMgf1Sha3_256, "SHA3-256"},
    {CKM_IBM_SHA3_384, grep11::RSAOAEPParm::CkgIbmMgf1Sha3_384, "SHA3-384"},
    {CKM_IBM_SHA3_512, grep11::RSAOAEPParm::CkgIbmMgf1Sha3_512, "SHA3-512"},
};

std::string SoftwareOaep(EVP_PKEY* key, const char* hash, const std::string& plain) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  EVP_PKEY_encrypt_init(context.get());
  EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING);
  EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_get_digestbyname(hash));
  std::string out(256, '\0');
  std::size_t size = out.size();
  EXPECT_EQ(EVP_PKEY_encrypt(context.get(), reinterpret_cast<Byte*>(out.data()), &size,
                             reinterpret_cast<const Byte*>(plain.data()), plain.size()),
            1);
  return out;
}

TEST_F(HashRpcTest, OaepWithSha3DecryptsWhatOpensslEncrypts) {
  const PairBlobs pair = MakeRsaPair(client(), 2048);
  const PkeyPtr public_key = PublicKeyOf(pair.public_blob);
  for (const OaepCase& c : kOaepCases) {
    const grep11::Mechanism mechanism = MechOaep(c.hash, c.mgf);
    const std::string ciphered = SoftwareOaep(public_key.get(), c.name, "a secret");
    EXPECT_EQ(Decrypt(mechanism, pair.private_blob, ciphered), "a secret") << c.name;
    EXPECT_EQ(Decrypt(mechanism, pair.private_blob, Encrypt(mechanism, pair.public_blob, "own")),
              "own");
  }
}

TEST_F(HashRpcTest, HashesGoWithTheirOwnMaskAndSha3IsNotForPss) {
  const PairBlobs pair = MakeRsaPair(client(), 1024);
  Encrypt(MechOaep(CKM_IBM_SHA3_224, grep11::RSAOAEPParm::CkgIbmMgf1Sha3_256), pair.public_blob,
          "x");
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  Encrypt(MechOaep(CKM_SHA512_224, grep11::RSAOAEPParm::CkgMgf1None), pair.public_blob, "x");
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  Sign(MechPss(CKM_RSA_PKCS_PSS, CKM_IBM_SHA3_256, static_cast<grep11::RSAPSSParm::Mask>(0x800002),
               0),
       pair.private_blob, std::string(32, 'h'));
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
}

}  // namespace
}  // namespace gw::emulator
