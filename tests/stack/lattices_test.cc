// Room: tests/stack. Dilithium signatures and Kyber encapsulation, as applications of the vendor's
// library use them.
#include <algorithm>

#include "tests/stack/curve_calls.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

std::string Strength(std::string_view arcs) {
  return std::string("\x06\x0b\x2b\x06\x01\x04\x01\x02\x82\x0b", 10) + std::string(arcs);
}

class LatticesTest : public CurveCalls {
 protected:
  KeyPair Kyber(std::string_view arcs) {
    return Pair(CKM_IBM_KYBER,
                Attributes().Value(CKA_IBM_PQC_PARAMS, Strength(arcs)).Bool(CKA_DERIVE, true),
                Attributes().Bool(CKA_DERIVE, true));
  }
  static Attributes Aes256() {
    return Attributes().Number(CKA_KEY_TYPE, CKK_AES).Number(CKA_VALUE_LEN, 32);
  }
};

// R48, R375: the strength in the public template alone, one part.
TEST_F(LatticesTest, R375_DilithiumSignsAsTheSamplesDoIt) {
  struct Case {
    std::string_view arcs;
    std::size_t bytes;
  };
  for (const Case& at : {Case{"\x01\x06\x05", 3366}, Case{"\x07\x04\x04", 2420},
                         Case{"\x07\x06\x05", 3293}, Case{"\x07\x08\x07", 4595}}) {
    const KeyPair keys = Pair(CKM_IBM_DILITHIUM,
                              Attributes()
                                  .Number(CKA_KEY_TYPE, CKK_IBM_PQC_DILITHIUM)
                                  .Value(CKA_IBM_PQC_PARAMS, Strength(at.arcs))
                                  .Bool(CKA_VERIFY, true),
                              Attributes()
                                  .Number(CKA_KEY_TYPE, CKK_IBM_PQC_DILITHIUM)
                                  .Bool(CKA_SIGN, true)
                                  .Bool(CKA_EXTRACTABLE, false));
    for (const auto key : {keys.public_key, keys.private_key}) {
      EXPECT_EQ(ReadNumber(key, CKA_KEY_TYPE), CKK_IBM_PQC_DILITHIUM);
      EXPECT_EQ(TextOf(Read(key, CKA_IBM_PQC_PARAMS)), Strength(at.arcs)) << "R224";
      const Octets spki = Read(key, CKA_PUBLIC_KEY_INFO);
      ASSERT_GT(spki.size(), at.bytes / 2);
      EXPECT_EQ(std::size_t{spki[2]} << 8 | spki[3], spki.size() - 4) << "no trailer";
    }
    const CK_MECHANISM dilithium{CKM_IBM_DILITHIUM, nullptr, 0};
    Octets signature;
    GW_EXPECT_RV(SignBy(dilithium, keys.private_key, OctetsOf("a message"), &signature), CKR_OK);
    EXPECT_EQ(signature.size(), at.bytes);
    GW_EXPECT_RV(VerifyBy(dilithium, keys.public_key, OctetsOf("a message"), signature), CKR_OK);
    GW_EXPECT_RV(VerifyBy(dilithium, keys.public_key, OctetsOf("a massage"), signature),
                 CKR_SIGNATURE_INVALID);
    signature.pop_back();
    GW_EXPECT_RV(VerifyBy(dilithium, keys.public_key, OctetsOf("a message"), signature),
                 CKR_SIGNATURE_LEN_RANGE);
  }
}

// R50: what the HSM takes in one part alone is gathered.
TEST_F(LatticesTest, R50_DilithiumTakesUpdates) {
  const KeyPair keys =
      Pair(CKM_IBM_DILITHIUM, Attributes().Value(CKA_IBM_PQC_PARAMS, Strength("\x01\x06\x05")),
           Attributes());
  CK_MECHANISM dilithium{CKM_IBM_DILITHIUM, nullptr, 0};
  Octets message = OctetsOf("a message");
  Octets signature(8192);
  CK_ULONG size = signature.size();
  GW_ASSERT_RV(P11().C_SignInit(s_, &dilithium, keys.private_key), CKR_OK);
  GW_EXPECT_RV(P11().C_SignUpdate(s_, message.data(), 4), CKR_OK);
  GW_EXPECT_RV(P11().C_SignUpdate(s_, message.data() + 4, 5), CKR_OK);
  GW_EXPECT_RV(P11().C_SignFinal(s_, signature.data(), &size), CKR_OK);
  signature.resize(size);
  GW_EXPECT_RV(VerifyBy(dilithium, keys.public_key, message, signature), CKR_OK);
}

// R49: strengths are the HSM's.
TEST_F(LatticesTest, R49_OtherStrengthsAreRefused) {
  KeyPair keys;
  for (const std::string& strength : {Strength("\x05\x04\x04"), Strength("\x01\x05\x04"),
                                      Strength("\x07\x09\x09"), std::string("high")}) {
    GW_EXPECT_RV(TryPair(CKM_IBM_DILITHIUM, Attributes().Value(CKA_IBM_PQC_PARAMS, strength),
                         Attributes(), &keys),
                 CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  }
  GW_EXPECT_RV(TryPair(CKM_IBM_DILITHIUM, Attributes(), Attributes(), &keys),
               CKR_TEMPLATE_INCOMPLETE);
}

TEST_F(LatticesTest, BothSidesOfKyberHaveOneSecret) {
  struct Case {
    std::string_view arcs;
    std::size_t bytes;
  };
  for (const Case& at : {Case{"\x05\x03\x03", 1088}, Case{"\x05\x04\x04", 1568}}) {
    const KeyPair keys = Kyber(at.arcs);
    CK_IBM_KYBER_PARAMS params{};
    params.mode = CK_IBM_KEM_ENCAPSULATE;
    params.kdf = CKD_NULL;
    const CK_MECHANISM kyber{CKM_IBM_KYBER, &params, sizeof params};
    CK_OBJECT_HANDLE mine = CK_INVALID_HANDLE;
    ResetCounters();
    GW_EXPECT_RV(Derive(kyber, keys.public_key, Aes256(), &mine), CKR_BUFFER_TOO_SMALL);
    EXPECT_EQ(params.ulCipherLen, at.bytes);
    Octets ciphertext(at.bytes + 10, 0xee);
    params.pCipher = ciphertext.data();
    params.ulCipherLen = at.bytes - 1;
    GW_EXPECT_RV(Derive(kyber, keys.public_key, Aes256(), &mine), CKR_BUFFER_TOO_SMALL);
    EXPECT_EQ(params.ulCipherLen, at.bytes);
    EXPECT_EQ(std::ranges::count(ciphertext, 0xee), static_cast<std::ptrdiff_t>(at.bytes + 10));
    EXPECT_EQ(ReadCounters().requests, 0u) << "the length costs no request";
    params.ulCipherLen = ciphertext.size();
    GW_ASSERT_RV(Derive(kyber, keys.public_key, Aes256(), &mine), CKR_OK);
    EXPECT_EQ(params.ulCipherLen, at.bytes);
    ciphertext.resize(at.bytes);

    // The other side gives the structure as EP11 has it.
    XCP_KYBER_KEM_PARAMS_t back{};
    back.mode = CK_IBM_KEM_DECAPSULATE;
    back.kdf = CKD_NULL;
    back.pCipher = ciphertext.data();
    back.ulCipherLen = ciphertext.size();
    const CK_MECHANISM decapsulate{CKM_IBM_KYBER, &back, sizeof back};
    const Octets secret = ZerosUnderKey(mine);
    EXPECT_EQ(Derived(decapsulate, keys.private_key, 32), secret);
    EXPECT_EQ(back.ulCipherLen, at.bytes);
    ciphertext[0] ^= 1;
    EXPECT_NE(Derived(decapsulate, keys.private_key, 32), secret) << "another secret, no error";
    GW_EXPECT_RV(Derive(decapsulate, keys.public_key, Aes256(), &mine), CKR_KEY_TYPE_INCONSISTENT);
    GW_EXPECT_RV(Derive(kyber, keys.private_key, Aes256(), &mine), CKR_KEY_TYPE_INCONSISTENT);
  }
}

TEST_F(LatticesTest, WrongParametersOfKyberAreRefused) {
  const KeyPair keys = Kyber("\x05\x03\x03");
  Octets ciphertext(1088);
  CK_IBM_KYBER_PARAMS good{};
  good.mode = CK_IBM_KEM_DECAPSULATE;
  good.kdf = CKD_NULL;
  good.pCipher = ciphertext.data();
  good.ulCipherLen = ciphertext.size();
  const auto with = [&](auto change) {
    CK_IBM_KYBER_PARAMS params = good;
    change(params);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    return Derive({CKM_IBM_KYBER, &params, sizeof params}, keys.private_key, Aes256(), &made);
  };
  constexpr CK_RV kBad = CKR_MECHANISM_PARAM_INVALID;
  using P = CK_IBM_KYBER_PARAMS;
  GW_EXPECT_RV(with([](P&) {}), CKR_OK);
  GW_EXPECT_RV(with([](P& p) { p.ulVersion = 1; }), kBad);
  GW_EXPECT_RV(with([](P& p) { p.mode = 3; }), kBad);
  GW_EXPECT_RV(with([](P& p) { p.kdf = CKD_SHA256_KDF; }), kBad);
  GW_EXPECT_RV(with([](P& p) { p.pCipher = nullptr; }), kBad);
  GW_EXPECT_RV(with([](P& p) { p.ulCipherLen = 0; }), kBad);
  GW_EXPECT_RV(with([](P& p) { p.hSecret = 1; }), kBad);
  GW_EXPECT_RV(with([](P& p) { p.bPrepend = CK_TRUE; }), kBad);
  GW_EXPECT_RV(with([](P& p) { p.kdf = CKD_IBM_HYBRID_SHA256_KDF; }), kBad) << "no secret";
  GW_EXPECT_RV(with([](P& p) {
                 p.kdf = CKD_IBM_HYBRID_SHA256_KDF;
                 p.hSecret = 12345;
               }),
               kBad)
      << "no such secret";
}

}  // namespace
}  // namespace gw::stack
