// Room: tests. Encryption over the wire. AES values: NIST SP 800-38A, through the import recipe.
#include <openssl/rsa.h>

#include "emulator/crypto/symmetric.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;

class CryptRpcTest : public RpcTest {
 protected:
  // An AES key of known value.
  std::string ImportAes(const Bytes& value) {
    const auto response = Import(value, Template({{CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                                                  {CKA_KEY_TYPE, std::uint64_t{CKK_AES}},
                                                  {CKA_VALUE_LEN, std::uint64_t{value.size()}},
                                                  {CKA_ENCRYPT, true},
                                                  {CKA_DECRYPT, true}}));
    EXPECT_EQ(client().Rv(), CKR_OK) << client().status().error_message();
    return response.unwrappedbytes();
  }

  // The parts of `sizes`, and Final.
  std::string EncryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& plain, const std::vector<std::size_t>& sizes) {
    grep11::EncryptInitRequest init;
    *init.mutable_mech() = mechanism;
    *init.mutable_key() = BlobMessage(key);
    std::string state = client().Call(&Crypto::Stub::EncryptInit, init).state();
    const std::size_t length = state.size();
    std::string out;
    std::size_t at = 0;
    for (const std::size_t size : sizes) {
      grep11::EncryptUpdateRequest update;
      update.set_state(state);
      update.set_plain(plain.substr(at, size));
      const auto response = client().Call(&Crypto::Stub::EncryptUpdate, update);
      EXPECT_EQ(client().Rv(), CKR_OK);
      EXPECT_EQ(response.state().size(), length);
      state = response.state();
      out += response.ciphered();
      at += size;
    }
    grep11::EncryptFinalRequest final;
    final.set_state(state);
    return out + client().Call(&Crypto::Stub::EncryptFinal, final).ciphered();
  }
};

struct AesVector {
  CK_MECHANISM_TYPE type;
  const char* key;
  const char* cipher;
};
// F.1.1, F.1.5 (ECB), F.2.1, F.2.5 (CBC), first two blocks.
constexpr AesVector kSp80038a[] = {
    {CKM_AES_ECB, "2b7e151628aed2a6abf7158809cf4f3c",
     "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"},
    {CKM_AES_ECB, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"},
    {CKM_AES_CBC, "2b7e151628aed2a6abf7158809cf4f3c",
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"},
    {CKM_AES_CBC, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"},
};

TEST_F(CryptRpcTest, AesGivesTheValuesOfSp80038a) {
  const std::string plain =
      Str(Hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"));
  const Bytes iv = Hex("000102030405060708090a0b0c0d0e0f");
  for (const AesVector& v : kSp80038a) {
    const std::string key = ImportAes(Hex(v.key));
    const grep11::Mechanism mechanism = v.type == CKM_AES_ECB ? Mech(v.type) : MechIv(v.type, iv);
    const std::string ciphered = Encrypt(mechanism, key, plain);
    EXPECT_EQ(HexOf(ViewOf(ciphered)), v.cipher);
    EXPECT_EQ(Decrypt(mechanism, key, ciphered), plain);
  }
}

TEST_F(CryptRpcTest, InPartsIsTheSameAsInOne) {
  const std::string key = MakeAes(client(), 32);
  const std::string plain(96, 'p');
  const std::vector<std::size_t> sizes = {0, 16, 31, 1, 48};
  for (const CK_MECHANISM_TYPE type : {CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD}) {
    const grep11::Mechanism mechanism =
        type == CKM_AES_ECB ? Mech(type) : MechIv(type, Bytes(16, 9));
    const std::string whole = Encrypt(mechanism, key, plain);
    EXPECT_EQ(EncryptInParts(mechanism, key, plain, sizes), whole) << NameOfMechanism(type);
    for (const std::size_t size : {1U, 15U, 16U, 17U, 200U}) {
      EXPECT_EQ(DecryptInParts(mechanism, key, whole, size), plain)
          << NameOfMechanism(type) << " by " << size;
    }
  }
}

TEST_F(CryptRpcTest, PaddingAddsABlockAlsoToNothing) {
  const std::string key = MakeAes(client(), 16);
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16));
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U}) {
    const std::string plain(size, 'x');
    const std::string ciphered = Encrypt(mechanism, key, plain);
    EXPECT_EQ(ciphered.size(), size / 16 * 16 + 16);
    EXPECT_EQ(Decrypt(mechanism, key, ciphered), plain);
    EXPECT_EQ(client().Rv(), CKR_OK);
  }
}

TEST_F(CryptRpcTest, LengthsAndPaddingAreChecked) {
  const std::string key = MakeAes(client(), 16);
  Encrypt(Mech(CKM_AES_ECB), key, std::string(17, 'x'));
  EXPECT_EQ(client().Rv(), CKR_DATA_LEN_RANGE);
  Decrypt(Mech(CKM_AES_ECB), key, std::string(17, 'x'));
  EXPECT_EQ(client().Rv(), CKR_ENCRYPTED_DATA_LEN_RANGE);
  Decrypt(MechIv(CKM_AES_CBC_PAD, Bytes(16)), key, "");
  EXPECT_EQ(client().Rv(), CKR_ENCRYPTED_DATA_LEN_RANGE);
  // A block that ends in zero is no padding.
  const std::string block = Encrypt(MechIv(CKM_AES_CBC, Bytes(16)), key, std::string(16, '\0'));
  Decrypt(MechIv(CKM_AES_CBC_PAD, Bytes(16)), key, block);
  EXPECT_EQ(client().Rv(), CKR_ENCRYPTED_DATA_INVALID);
}

TEST_F(CryptRpcTest, StatesBelongToTheirOperation) {
  const std::string key = MakeAes(client(), 16);
  grep11::EncryptInitRequest init;
  *init.mutable_mech() = Mech(CKM_AES_ECB);
  *init.mutable_key() = BlobMessage(key);
  const std::string state = client().Call(&Crypto::Stub::EncryptInit, init).state();
  grep11::DecryptFinalRequest wrong;
  wrong.set_state(state);
  client().Call(&Crypto::Stub::DecryptFinal, wrong);
  EXPECT_EQ(client().Rv(), CKR_OPERATION_NOT_INITIALIZED);
  grep11::SignFinalRequest sign;
  sign.set_state(state);
  client().Call(&Crypto::Stub::SignFinal, sign);
  EXPECT_EQ(client().Rv(), CKR_OPERATION_NOT_INITIALIZED);
  client().Call(&Crypto::Stub::EncryptFinal, grep11::EncryptFinalRequest());
  EXPECT_EQ(client().Rv(), CKR_OPERATION_NOT_INITIALIZED);
  grep11::EncryptFinalRequest tampered;
  tampered.set_state(state);
  tampered.mutable_state()->back() ^= 1;
  client().Call(&Crypto::Stub::EncryptFinal, tampered);
  EXPECT_EQ(client().Rv(), CKR_ENCRYPTED_DATA_INVALID);
}

TEST_F(CryptRpcTest, OneShotAfterInitWorksOnFreshStatesOnly) {
  const std::string key = MakeAes(client(), 16);
  grep11::EncryptInitRequest init;
  *init.mutable_mech() = Mech(CKM_AES_ECB);
  *init.mutable_key() = BlobMessage(key);
  grep11::EncryptRequest one_shot;
  one_shot.set_state(client().Call(&Crypto::Stub::EncryptInit, init).state());
  one_shot.set_plain(std::string(32, 'x'));
  EXPECT_EQ(client().Call(&Crypto::Stub::Encrypt, one_shot).ciphered(),
            Encrypt(Mech(CKM_AES_ECB), key, one_shot.plain()));
  grep11::EncryptUpdateRequest update;
  update.set_state(one_shot.state());
  update.set_plain("x");
  one_shot.set_state(client().Call(&Crypto::Stub::EncryptUpdate, update).state());
  client().Call(&Crypto::Stub::Encrypt, one_shot);
  EXPECT_EQ(client().Rv(), CKR_OPERATION_ACTIVE);
}

struct OaepCase {
  CK_MECHANISM_TYPE hash;
  grep11::RSAOAEPParm::Mask mgf;
  const char* name;
};
constexpr OaepCase kOaepCases[] = {{CKM_SHA_1, grep11::RSAOAEPParm::CkgMgf1Sha1, "SHA1"},
                                   {CKM_SHA224, grep11::RSAOAEPParm::CkgMgf1Sha224, "SHA224"},
                                   {CKM_SHA256, grep11::RSAOAEPParm::CkgMgf1Sha256, "SHA256"},
                                   {CKM_SHA384, grep11::RSAOAEPParm::CkgMgf1Sha384, "SHA384"},
                                   {CKM_SHA512, grep11::RSAOAEPParm::CkgMgf1Sha512, "SHA512"}};

// Ciphertext of OpenSSL; `hash` null: PKCS #1 version 1.5.
std::string SoftwareEncrypt(EVP_PKEY* key, const char* hash, const std::string& plain) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  EVP_PKEY_encrypt_init(context.get());
  EVP_PKEY_CTX_set_rsa_padding(context.get(),
                               hash == nullptr ? RSA_PKCS1_PADDING : RSA_PKCS1_OAEP_PADDING);
  if (hash != nullptr) EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_get_digestbyname(hash));
  std::string out(512, '\0');
  std::size_t size = out.size();
  EXPECT_EQ(EVP_PKEY_encrypt(context.get(), reinterpret_cast<Byte*>(out.data()), &size,
                             reinterpret_cast<const Byte*>(plain.data()), plain.size()),
            1);
  out.resize(size);
  return out;
}

TEST_F(CryptRpcTest, RsaDecryptsWhatOpensslEncryptsAndItself) {
  const PairBlobs pair = MakeRsaPair(client(), 2048);
  const PkeyPtr public_key = PublicKeyOf(pair.public_blob);
  const std::string plain = "a secret";
  for (const OaepCase& c : kOaepCases) {
    const grep11::Mechanism mechanism = MechOaep(c.hash, c.mgf);
    EXPECT_EQ(
        Decrypt(mechanism, pair.private_blob, SoftwareEncrypt(public_key.get(), c.name, plain)),
        plain)
        << c.name;
    EXPECT_EQ(Decrypt(mechanism, pair.private_blob, Encrypt(mechanism, pair.public_blob, plain)),
              plain)
        << c.name;
  }
  EXPECT_EQ(Decrypt(Mech(CKM_RSA_PKCS), pair.private_blob,
                    SoftwareEncrypt(public_key.get(), nullptr, plain)),
            plain);
  EXPECT_EQ(Decrypt(Mech(CKM_RSA_PKCS), pair.private_blob,
                    Encrypt(Mech(CKM_RSA_PKCS), pair.public_blob, plain)),
            plain);
}

TEST_F(CryptRpcTest, OaepLabelsMustMatch) {
  const PairBlobs pair = MakeRsaPair(client(), 1024);
  grep11::Mechanism mechanism = MechOaep(CKM_SHA_1, grep11::RSAOAEPParm::CkgMgf1Sha1);
  mechanism.mutable_rsaoaepparameter()->set_encodingparmtype(
      grep11::RSAOAEPParm::CkzDataSpecifiied);
  mechanism.mutable_rsaoaepparameter()->set_encodingparm("label");
  const std::string ciphered = Encrypt(mechanism, pair.public_blob, "x");
  EXPECT_EQ(Decrypt(mechanism, pair.private_blob, ciphered), "x");
  mechanism.mutable_rsaoaepparameter()->set_encodingparm("other");
  Decrypt(mechanism, pair.private_blob, ciphered);
  EXPECT_EQ(client().Rv(), CKR_ENCRYPTED_DATA_INVALID);
}

TEST_F(CryptRpcTest, RsaLengthsAreChecked) {
  const PairBlobs pair = MakeRsaPair(client(), 1024);
  Encrypt(Mech(CKM_RSA_PKCS), pair.public_blob, std::string(118, 'x'));
  EXPECT_EQ(client().Rv(), CKR_DATA_LEN_RANGE);
  Decrypt(Mech(CKM_RSA_PKCS), pair.private_blob, std::string(127, 'x'));
  EXPECT_EQ(client().Rv(), CKR_ENCRYPTED_DATA_LEN_RANGE);
}

TEST_F(CryptRpcTest, EncryptingTakesAMacedKeyOnly) {
  const PkeyPtr own = NewSoftwareRsa(1024);
  Encrypt(Mech(CKM_RSA_PKCS), SpkiOf(own.get()), "x");
  EXPECT_EQ(client().Rv(), CKR_KEY_HANDLE_INVALID);
}

TEST_F(CryptRpcTest, ReencryptionNeedsBothRightsAndShowsNoCleartext) {
  const std::string from = MakeAes(client(), 16);
  const std::string to = MakeAes(client(), 32);
  const grep11::Mechanism dec = MechIv(CKM_AES_CBC_PAD, Bytes(16, 1));
  const grep11::Mechanism enc = MechIv(CKM_AES_CBC_PAD, Bytes(16, 2));
  grep11::ReencryptSingleRequest request;
  *request.mutable_decmech() = dec;
  *request.mutable_encmech() = enc;
  *request.mutable_deckey() = BlobMessage(from);
  *request.mutable_enckey() = BlobMessage(to);
  request.set_ciphered(Encrypt(dec, from, "moved"));
  EXPECT_EQ(Decrypt(enc, to, client().Call(&Crypto::Stub::ReencryptSingle, request).reciphered()),
            "moved");
}

TEST_F(CryptRpcTest, DigestsWorkInEveryFlow) {
  grep11::DigestSingleRequest single;
  *single.mutable_mech() = Mech(CKM_SHA256);
  // "Digest vector from the vendor's example".
  single.set_data(
      "This is data that is longer than 64 bytes. This is the data that is longer than 64 bytes.");
  const std::string digest = client().Call(&Crypto::Stub::DigestSingle, single).digest();
  EXPECT_EQ(HexOf(ViewOf(digest)),
            "b036abead70a9739648ab94d556bf120494eab3a470b5ee12be559b9dbc8c408");
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256);
  const std::string fresh = client().Call(&Crypto::Stub::DigestInit, init).state();
  EXPECT_LE(fresh.size(), 1024U);
  grep11::DigestRequest one_shot;
  one_shot.set_state(fresh);
  one_shot.set_data(single.data());
  EXPECT_EQ(client().Call(&Crypto::Stub::Digest, one_shot).digest(), digest);
  grep11::DigestUpdateRequest update;
  update.set_state(fresh);
  update.set_data(single.data().substr(0, 70));
  update.set_state(client().Call(&Crypto::Stub::DigestUpdate, update).state());
  update.set_data(single.data().substr(70));
  grep11::DigestFinalRequest final;
  final.set_state(client().Call(&Crypto::Stub::DigestUpdate, update).state());
  EXPECT_EQ(client().Call(&Crypto::Stub::DigestFinal, final).digest(), digest);
  EXPECT_EQ(client().Call(&Crypto::Stub::DigestFinal, final).digest(),
            digest);  // a state may be used again
}

TEST_F(CryptRpcTest, TheValueOfASecretKeyIsDigestedLikeData) {
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256);
  grep11::DigestUpdateRequest update;
  update.set_state(client().Call(&Crypto::Stub::DigestInit, init).state());
  update.set_data("abcd");
  grep11::DigestKeyRequest with_key;
  with_key.set_state(client().Call(&Crypto::Stub::DigestUpdate, update).state());
  *with_key.mutable_key() =
      BlobMessage(Import(Bytes(16, 'k'), Template({{CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                                                   {CKA_KEY_TYPE, std::uint64_t{CKK_AES}},
                                                   {CKA_VALUE_LEN, std::uint64_t{16}},
                                                   {CKA_IBM_USE_AS_DATA, true}}))
                      .unwrappedbytes());
  ASSERT_EQ(client().Rv(), CKR_OK) << client().status().error_message();
  grep11::DigestFinalRequest final;
  final.set_state(client().Call(&Crypto::Stub::DigestKey, with_key).state());
  const std::string digest = client().Call(&Crypto::Stub::DigestFinal, final).digest();
  ASSERT_EQ(client().Rv(), CKR_OK);
  grep11::DigestSingleRequest single;
  *single.mutable_mech() = Mech(CKM_SHA256);
  single.set_data("abcd" + std::string(16, 'k'));
  EXPECT_EQ(digest, client().Call(&Crypto::Stub::DigestSingle, single).digest());
}

TEST_F(CryptRpcTest, DigestsOfNothingComeFromFinalOnly) {
  grep11::DigestSingleRequest single;
  *single.mutable_mech() = Mech(CKM_SHA_1);
  client().Call(&Crypto::Stub::DigestSingle, single);
  EXPECT_EQ(client().Rv(), CKR_ARGUMENTS_BAD);
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA_1);
  grep11::DigestFinalRequest final;
  final.set_state(client().Call(&Crypto::Stub::DigestInit, init).state());
  EXPECT_EQ(HexOf(ViewOf(client().Call(&Crypto::Stub::DigestFinal, final).digest())),
            "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST_F(CryptRpcTest, RandomIsOfTheLengthAskedAndNeverTheSame) {
  grep11::GenerateRandomRequest request;
  request.set_len(32);
  const std::string first = client().Call(&Crypto::Stub::GenerateRandom, request).rnd();
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(client().Call(&Crypto::Stub::GenerateRandom, request).rnd(), first);
  request.set_len(1'000'000);
  EXPECT_EQ(client().Call(&Crypto::Stub::GenerateRandom, request).rnd().size(), 1'000'000U);
  for (const std::uint64_t bad : {std::uint64_t{0}, std::uint64_t{1'000'001}, ~std::uint64_t{0}}) {
    request.set_len(bad);
    client().Call(&Crypto::Stub::GenerateRandom, request);
    EXPECT_EQ(client().Rv(), CKR_ARGUMENTS_BAD);
  }
}

}  // namespace
}  // namespace gw::emulator
