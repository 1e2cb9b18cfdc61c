// Room: tests. Values: tests/vectors/rsa/x931.json.
#include "emulator/crypto/x931/x931.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <map>

#include "emulator/crypto/group.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

HashId HashIn(const Vector& v) {
  static const std::map<std::string, HashId> kNames = {{"SHA-1", HashId::kSha1},
                                                       {"SHA-224", HashId::kSha224},
                                                       {"SHA-256", HashId::kSha256},
                                                       {"SHA-384", HashId::kSha384},
                                                       {"SHA-512", HashId::kSha512}};
  return kNames.at(v.Text("hash"));
}

BignumPtr NumberOf(ByteView octets) {
  return BignumPtr(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
}

BignumPtr NumberIn(const Vector& v, const char* field) {
  const std::string hex = v.Text(field);
  return NumberOf(OctetsOfHex(hex.size() % 2 == 0 ? hex : "0" + hex));
}

// `number` modulo what is one below `prime`.
BignumPtr Exponent(const BIGNUM* number, const BIGNUM* prime) {
  const BnCtxPtr context = NewBnCtx();
  const BignumPtr below(BN_dup(prime));
  BignumPtr rest(BN_new());
  BN_sub_word(below.get(), 1);
  BN_mod(rest.get(), number, below.get(), context.get());
  return rest;
}

// A number of an RSA key in the machine's byte order, as EVP takes it.
struct Part {
  const char* name;
  Bytes native;
};

Part PartOf(const char* name, const BIGNUM* number) {
  Part part{name, Bytes(static_cast<std::size_t>(BN_num_bytes(number)))};
  BN_bn2nativepad(number, part.native.data(), BN_num_bytes(number));
  return part;
}

PkeyPtr FromParts(std::vector<Part> parts, int selection) {
  std::vector<OSSL_PARAM> params;
  for (Part& part : parts) {
    params.push_back(OSSL_PARAM_construct_BN(part.name, part.native.data(), part.native.size()));
  }
  params.push_back(OSSL_PARAM_construct_end());
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* pkey = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &pkey, selection, params.data());
  return PkeyPtr(pkey);
}

PKey PrivateIn(const Vector& v) {
  const BignumPtr n = NumberIn(v, "n"), e = NumberIn(v, "e"), d = NumberIn(v, "d");
  const BignumPtr p = NumberIn(v, "p"), q = NumberIn(v, "q");
  const BnCtxPtr context = NewBnCtx();
  const BignumPtr inverse(BN_mod_inverse(nullptr, q.get(), p.get(), context.get()));
  const PkeyPtr pkey = FromParts(
      {PartOf(OSSL_PKEY_PARAM_RSA_N, n.get()), PartOf(OSSL_PKEY_PARAM_RSA_E, e.get()),
       PartOf(OSSL_PKEY_PARAM_RSA_D, d.get()), PartOf(OSSL_PKEY_PARAM_RSA_FACTOR1, p.get()),
       PartOf(OSSL_PKEY_PARAM_RSA_FACTOR2, q.get()),
       PartOf(OSSL_PKEY_PARAM_RSA_EXPONENT1, Exponent(d.get(), p.get()).get()),
       PartOf(OSSL_PKEY_PARAM_RSA_EXPONENT2, Exponent(d.get(), q.get()).get()),
       PartOf(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse.get())},
      EVP_PKEY_KEYPAIR);
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(pkey.get()));
  Bytes der(static_cast<std::size_t>(i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr)));
  Byte* at = der.data();
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at);
  return *PKey::FromPkcs8(der);
}

std::vector<Vector> Vectors() { return Vector::Load("rsa/x931.json").List("vectors"); }

// What OpenSSL's own padding makes of a message; nothing if it does not know the hash.
Bytes OpensslSignature(const PKey& key, HashId hash, ByteView digest) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr));
  Bytes signature(key.signature_bytes());
  std::size_t size = signature.size();
  const bool made =
      EVP_PKEY_sign_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_signature_md(context.get(), MdOf(hash)) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_X931_PADDING) == 1 &&
      EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) == 1;
  return made ? signature : Bytes{};
}

TEST(X931Test, GivesTheSignaturesOfTheVectors) {
  const std::vector<Vector> vectors = Vectors();
  EXPECT_EQ(vectors.size(), 11U);
  for (const Vector& v : vectors) {
    const PKey key = PrivateIn(v);
    EXPECT_EQ(key.bits(), v.Number("modulus_bits"));
    const Bytes digest = HashOnce(HashIn(v), v.Octets("msg"));
    EXPECT_EQ(digest, v.Octets("digest"));
    const Bytes input = X931InputOf(HashIn(v), digest);
    EXPECT_EQ(HexOf(input), v.Text("raw_mechanism_input"));
    EXPECT_EQ(HexOf(*X931Block(key.signature_bytes(), input)), v.Text("encoded_block"));
    const Result<Bytes> signature = X931Sign(key, input);
    ASSERT_TRUE(signature.ok());
    EXPECT_EQ(HexOf(*signature), v.Text("sig"));
    EXPECT_EQ(v.Flag("folded"), v.Text("sig") != v.Text("sig_unfolded"));
    EXPECT_EQ(RvOf(X931Verify(key, input, v.Octets("sig"))), CKR_OK);
    EXPECT_EQ(RvOf(X931Verify(key, input, v.Octets("sig_unfolded"))), CKR_OK);
  }
}

TEST(X931Test, AgreesWithOpensslWhereItHasTheHash) {
  int compared = 0;
  for (const Vector& v : Vectors()) {
    const Bytes theirs = OpensslSignature(PrivateIn(v), HashIn(v), v.Octets("digest"));
    if (theirs.empty()) continue;
    EXPECT_EQ(HexOf(theirs), v.Text("sig"));
    ++compared;
  }
  EXPECT_EQ(compared, 9) << "all but SHA-224";
}

TEST(X931Test, OtherSignaturesAreRefused) {
  for (const Vector& v : Vectors()) {
    const PKey key = PrivateIn(v);
    const Bytes input = v.Octets("raw_mechanism_input");
    const Bytes good = v.Octets("sig");
    const std::size_t size = good.size();
    for (const std::size_t bit : {0UL, 7UL, 100UL, 8 * size - 1}) {
      Bytes bad = good;
      bad[bit / 8] ^= static_cast<Byte>(1U << bit % 8);
      EXPECT_EQ(RvOf(X931Verify(key, input, bad)), CKR_SIGNATURE_INVALID) << bit;
    }
    EXPECT_EQ(RvOf(X931Verify(key, input, Bytes(size, 0))), CKR_SIGNATURE_INVALID);
    EXPECT_EQ(RvOf(X931Verify(key, input, Bytes(size, 0xff))), CKR_SIGNATURE_INVALID);
    EXPECT_EQ(RvOf(X931Verify(key, input, key.Modulus())), CKR_SIGNATURE_INVALID);
    EXPECT_EQ(RvOf(X931Verify(key, input, ByteView(good).first(size - 1))),
              CKR_SIGNATURE_LEN_RANGE);
    EXPECT_EQ(RvOf(X931Verify(key, input, {})), CKR_SIGNATURE_LEN_RANGE);
    Bytes other = input;
    other[0] ^= 1;
    EXPECT_EQ(RvOf(X931Verify(key, other, good)), CKR_SIGNATURE_INVALID);
    other = input;
    other[input.size() - 2] ^= 1;  // the hash's identifier
    EXPECT_EQ(RvOf(X931Verify(key, other, good)), CKR_SIGNATURE_INVALID);
  }
}

TEST(X931Test, BlocksAreFilledToTheModulus) {
  EXPECT_EQ(HexOf(*X931Block(8, Bytes{1, 0xcc})), "6bbbbbbbbbba01cc");
  EXPECT_EQ(HexOf(*X931Block(5, Bytes{1, 0xcc})), "6bbbba01cc");
  EXPECT_EQ(HexOf(*X931Block(4, Bytes{1, 0xcc})), "6bba01cc");
  EXPECT_EQ(HexOf(*X931Block(4, Bytes{0xcc})), "6bbbbacc");
  EXPECT_EQ(RvOf(X931Block(3, Bytes{1, 0xcc})), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(RvOf(X931Block(1, Bytes{0xcc})), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(RvOf(X931Block(128, {})), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(RvOf(X931Block(128, Bytes{0x33, 0xcd})), CKR_DATA_INVALID);
  EXPECT_EQ(RvOf(X931Block(128, Bytes{0xcc, 0x33})), CKR_DATA_INVALID);
}

TEST(X931Test, InputOfEveryLengthVerifies) {
  const PKey key = PrivateIn(Vectors().at(0));
  const std::size_t most = key.signature_bytes() - 2;
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{22}, most - 1, most}) {
    Bytes input(size, 0x5a);
    input.back() = 0xcc;
    const Result<Bytes> signature = X931Sign(key, input);
    ASSERT_TRUE(signature.ok()) << size;
    EXPECT_EQ(RvOf(X931Verify(key, input, *signature)), CKR_OK) << size;
  }
  const Bytes long_input(most + 1, 0xcc);
  EXPECT_EQ(RvOf(X931Sign(key, long_input)), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(RvOf(X931Verify(key, long_input, Bytes(most + 2, 1))), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(RvOf(X931Sign(key, Bytes(22, 0x33))), CKR_DATA_INVALID);
}

TEST(X931Test, OtherKeysAreRefused) {
  const Bytes input = X931InputOf(HashId::kSha1, Bytes(20, 1));
  const PKey ec = PKey::GenerateEc(*FindCurve(ViewOf("P-256")));
  EXPECT_EQ(RvOf(X931Sign(ec, input)), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(X931Verify(ec, input, Bytes(128, 1))), CKR_KEY_TYPE_INCONSISTENT);
  for (const std::size_t bits : {std::size_t{768}, std::size_t{1032}}) {
    const PKey key = *PKey::GenerateRsa(bits, Bytes{1, 0, 1});
    EXPECT_EQ(RvOf(X931Sign(key, input)), CKR_KEY_SIZE_RANGE) << bits;
    EXPECT_EQ(RvOf(X931Verify(key, input, Bytes(bits / 8, 1))), CKR_KEY_SIZE_RANGE) << bits;
  }
  const PKey pair = PrivateIn(Vectors().at(0));
  const PKey half = *PKey::FromSpki(pair.Spki());
  EXPECT_EQ(RvOf(X931Sign(half, input)), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(X931Verify(half, input, *X931Sign(pair, input))), CKR_OK);
}

// Whether `factor` is a prime of 101 bits or more that divides what is `above` more than `prime`.
bool Divides(const SecretBytes& factor, const BIGNUM* prime, int above) {
  const BnCtxPtr context = NewBnCtx();
  const BignumPtr divisor = NumberOf(factor.view());
  const BignumPtr number(BN_dup(prime));
  const BignumPtr rest(BN_new());
  if (above > 0) {
    BN_add_word(number.get(), 1);
  } else {
    BN_sub_word(number.get(), 1);
  }
  BN_mod(rest.get(), number.get(), divisor.get(), context.get());
  return BN_is_zero(rest.get()) && BN_num_bits(divisor.get()) >= 101 &&
         BN_check_prime(divisor.get(), context.get(), nullptr) == 1;
}

BignumPtr Param(const PKey& key, const char* name) {
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(key.handle(), name, &raw);
  return BignumPtr(raw);
}

void ExpectX931Primes(const PKey& key, const X931Factors& factors) {
  const BnCtxPtr context = NewBnCtx();
  const BignumPtr p = Param(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  const BignumPtr q = Param(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  EXPECT_EQ(BN_check_prime(p.get(), context.get(), nullptr), 1);
  EXPECT_EQ(BN_check_prime(q.get(), context.get(), nullptr), 1);
  EXPECT_TRUE(Divides(factors.p1, p.get(), -1));
  EXPECT_TRUE(Divides(factors.p2, p.get(), +1));
  EXPECT_TRUE(Divides(factors.q1, q.get(), -1));
  EXPECT_TRUE(Divides(factors.q2, q.get(), +1));
  const BignumPtr apart(BN_new());
  BN_sub(apart.get(), p.get(), q.get());
  EXPECT_GT(BN_num_bits(apart.get()), static_cast<int>(key.bits() / 2) - 100);
}

TEST(X931Test, GeneratedKeysHaveTheStandardsPrimes) {
  struct Case {
    std::size_t bits;
    Bytes exponent;
  };
  const Case cases[] = {{1024, {3}}, {1024, {1, 0, 1}}, {1280, {0, 0, 0x11}}, {2048, {1, 0, 1}}};
  for (const Case& c : cases) {
    X931Factors factors;
    const Result<PKey> key = GenerateX931(c.bits, c.exponent, &factors);
    ASSERT_TRUE(key.ok()) << key.error().detail;
    EXPECT_EQ(key->type(), CKK_RSA);
    EXPECT_EQ(key->bits(), c.bits);
    EXPECT_EQ(key->PublicExponent().back(), c.exponent.back());
    ExpectX931Primes(*key, factors);
    const Bytes digest = HashOnce(HashId::kSha1, ViewOf("abc"));
    const Bytes input = X931InputOf(HashId::kSha1, digest);
    const Result<Bytes> signature = X931Sign(*key, input);
    ASSERT_TRUE(signature.ok());
    EXPECT_EQ(*signature, OpensslSignature(*key, HashId::kSha1, digest));
    EXPECT_EQ(RvOf(X931Verify(*PKey::FromSpki(key->Spki()), input, *signature)), CKR_OK);
  }
}

TEST(X931Test, OtherSizesAndExponentsAreRefused) {
  for (const std::size_t bits : {0UL, 512UL, 768UL, 1023UL, 1152UL, 2000UL, 4352UL, ~0UL}) {
    EXPECT_EQ(RvOf(GenerateX931(bits, Bytes{1, 0, 1})), CKR_ATTRIBUTE_VALUE_INVALID) << bits;
  }
  for (const Bytes& exponent :
       {Bytes{}, Bytes{0}, Bytes{1}, Bytes{0, 0, 1}, Bytes{2}, Bytes{1, 0}, Bytes(9, 0xff)}) {
    EXPECT_EQ(RvOf(GenerateX931(1024, exponent)), CKR_ATTRIBUTE_VALUE_INVALID);
  }
}

}  // namespace
}  // namespace gw::emulator
