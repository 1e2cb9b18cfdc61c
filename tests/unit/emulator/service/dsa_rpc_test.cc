// Room: tests. DSA and Diffie-Hellman over the wire. Values: RFC 6979 appendix A.2.1
// (key, and signatures over "sample"); tests/vectors/kdf/dh.json.
#include <openssl/dsa.h>

#include "emulator/crypto/hash.h"
#include "tests/unit/emulator/support/der.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

const Attribute kDsaType{CKA_KEY_TYPE, std::uint64_t{CKK_DSA}};
const Attribute kDhType{CKA_KEY_TYPE, std::uint64_t{CKK_DH}};
const Attribute kSigns{CKA_SIGN, true};
const Attribute kDerives{CKA_DERIVE, true};
const Attribute kExtractableKey{CKA_EXTRACTABLE, true};
const Attribute kGenericType{CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET}};

// RFC 6979 A.2.1.
constexpr char kP[] =
    "86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447e6533b86b18bed6e8a48b784a14c25"
    "2c"
    "5be0dbf60b86d6385bd2f12fb763ed8873abfd3f5ba2e0a8c0a59082eac056935e529daf7c610467899c77adedfc84"
    "6c"
    "881870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3d9a1b02b782b1779";
constexpr char kQ[] = "996f967f6c8e388d9e28d01e205fba957a5698b1";
constexpr char kG[] =
    "07b0f92546150b62514bb771e2a0c0ce387f03bda6c56b505209ff25fd3c133d89bbcd97e904e09114d9a7defdeadf"
    "c9"
    "078ea544d2e401aeecc40bb9fbbf78fd87995a10a1c27cb7789b594ba7efb5c4326a9fe59a070e136db77175464adc"
    "a4"
    "17be5dce2f40d10a46a3a3943f26ab7fd9c0398ff8c76ee0a56826a8a88f1dbd";
constexpr char kX[] = "411602cb19a6ccc34494d79d98ef1e7ed5af25f7";
constexpr char kSha1Signature[] =
    "2e1a0c2562b2912caaf89186fb0f42001585da55"
    "29efb6b0aff2d7a68eb70ca313022253b9a88df5";
constexpr char kSha256Signature[] =
    "81f2f5850be5bc123c43f71a3033e9384611c545"
    "4cdd914b65eb6c66a8aaad27299bee6b035f5e89";

// P || Q || G, each as long as P.
Bytes Combined(const std::vector<Bytes>& numbers) {
  Bytes out;
  for (const Bytes& number : numbers) {
    out.resize(out.size() + numbers[0].size() - number.size(), 0);
    Append(out, number);
  }
  return out;
}

Bytes Joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) Append(out, part);
  return out;
}

// A signature of two halves as OpenSSL takes it, and back.
std::string DerOf(const std::string& raw) {
  const std::size_t half = raw.size() / 2;
  return Str(DerSequence(
      Joined({DerInteger(ViewOf(raw).first(half)), DerInteger(ViewOf(raw).last(half))})));
}

class DsaRpcTest : public RpcTest {
 protected:
  // The blob of the RFC's key and the MACed SPKI of its public half.
  PairBlobs ImportRfcKey() {
    const auto imported = Import(Str(DsaPkcs8(Hex(kP), Hex(kQ), Hex(kG), Hex(kX))),
                                 Template({kDsaType, kSigns, kExtractableKey}));
    EXPECT_EQ(Rv(), CKR_OK) << client().status().error_message();
    return {imported.unwrappedbytes(),
            imported.checksum().substr(0, imported.checksum().size() - 4)};
  }

  PairBlobs PairOf(CK_MECHANISM_TYPE type, const Bytes& domain) {
    const bool dsa = type == CKM_DSA_KEY_PAIR_GEN;
    return MakePair(type, Template({dsa ? kSigns : kDerives, kExtractableKey}),
                    Template({{CKA_IBM_STRUCT_PARAMS, domain}}));
  }
};

TEST_F(DsaRpcTest, TheKeyOfRfc6979VerifiesItsSignatures) {
  const PairBlobs key = ImportRfcKey();
  EXPECT_EQ(Verify(Mech(CKM_DSA_SHA1), key.public_blob, "sample", Str(Hex(kSha1Signature))),
            CKR_OK);
  EXPECT_EQ(
      VerifyInParts(Mech(CKM_DSA_SHA1), key.public_blob, "sample", Str(Hex(kSha1Signature)), 4),
      CKR_OK);
  EXPECT_EQ(Verify(Mech(CKM_DSA_SHA1), key.public_blob, "simple", Str(Hex(kSha1Signature))),
            CKR_SIGNATURE_INVALID);
  // Of SHA-256 only as many bits count as the subprime has.
  const std::string digest = Str(HashOnce(HashId::kSha256, ViewOf("sample")));
  EXPECT_EQ(Verify(Mech(CKM_DSA), key.public_blob, digest, Str(Hex(kSha256Signature))), CKR_OK);
}

TEST_F(DsaRpcTest, WhatItSignsOpensslVerifiesAndTheReverse) {
  const PairBlobs key = ImportRfcKey();
  const PkeyPtr software = FromPkcs8(Export(key.private_blob));
  ASSERT_NE(software, nullptr);
  const SoftwareScheme sha1{.digest = "SHA1"};
  for (const std::string& signature :
       {Sign(Mech(CKM_DSA_SHA1), key.private_blob, "some data"),
        SignOneShot(Mech(CKM_DSA_SHA1), key.private_blob, "some data"),
        SignInParts(Mech(CKM_DSA_SHA1), key.private_blob, "some data", 4)}) {
    ASSERT_EQ(signature.size(), 40U);
    EXPECT_TRUE(SoftwareVerify(software.get(), sha1, "some data", DerOf(signature)));
  }
  const std::string digest(20, 'h');
  const std::string signature = Sign(Mech(CKM_DSA), key.private_blob, digest);
  EXPECT_TRUE(SoftwareVerify(software.get(), {}, digest, DerOf(signature)));
  // OpenSSL's own, over the bare SPKI.
  const std::string foreign = SoftwareSign(software.get(), sha1, "foreign");
  const auto* at = reinterpret_cast<const Byte*>(foreign.data());
  DSA_SIG* parsed = d2i_DSA_SIG(nullptr, &at, static_cast<long>(foreign.size()));
  const BIGNUM* r = nullptr;
  const BIGNUM* s = nullptr;
  DSA_SIG_get0(parsed, &r, &s);
  Bytes raw(40);
  BN_bn2binpad(r, raw.data(), 20);
  BN_bn2binpad(s, raw.data() + 20, 20);
  DSA_SIG_free(parsed);
  EXPECT_EQ(Verify(Mech(CKM_DSA_SHA1), SpkiOf(software.get()), "foreign", Str(raw)), CKR_OK);
}

TEST_F(DsaRpcTest, LengthsFlowsAndKeysOfDsaAreChecked) {
  const PairBlobs key = ImportRfcKey();
  for (const std::size_t size : {0U, 19U, 21U, 65U}) {
    Sign(Mech(CKM_DSA), key.private_blob, std::string(size, 'h'));
    EXPECT_EQ(Rv(), CKR_DATA_LEN_RANGE) << size;
  }
  EXPECT_EQ(Verify(Mech(CKM_DSA), key.public_blob, std::string(20, 'h'), std::string(41, 's')),
            CKR_SIGNATURE_LEN_RANGE);
  EXPECT_EQ(Verify(Mech(CKM_DSA), key.public_blob, std::string(20, 'h'), std::string(40, '\0')),
            CKR_SIGNATURE_INVALID);
  EXPECT_EQ(SignUpdateRv(Mech(CKM_DSA), key.private_blob), CKR_FUNCTION_NOT_SUPPORTED);
  Sign(MechIv(CKM_DSA, Bytes(8)), key.private_blob, std::string(20, 'h'));
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  Sign(Mech(CKM_DSA), MakeEcPair(client(), "P-256").private_blob, std::string(20, 'h'));
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Sign(Mech(CKM_ECDSA), key.private_blob, std::string(20, 'h'));
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
}

TEST_F(DsaRpcTest, ParametersAreMadeInClearAndGiveKeys) {
  const auto made =
      Generate(CKM_DSA_PARAMETER_GEN, Template({{CKA_PRIME_BITS, std::uint64_t{1024}}}));
  ASSERT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(made.keybytes().size(), 3U * 128U);
  EXPECT_EQ(made.key().keyblobs(0), made.keybytes());
  EXPECT_TRUE(made.checksum().empty());
  EXPECT_EQ(made.key().attributes().at(CKA_CLASS).attributei(),
            static_cast<std::int64_t>(CKO_DOMAIN_PARAMETERS));
  const PairBlobs pair = PairOf(CKM_DSA_KEY_PAIR_GEN, CopyOf(made.keybytes()));
  ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
  const std::string signature = Sign(Mech(CKM_DSA_SHA1), pair.private_blob, "x");
  EXPECT_EQ(Verify(Mech(CKM_DSA_SHA1), pair.public_blob, "x", signature), CKR_OK);
  EXPECT_TRUE(SoftwareVerify(PublicKeyOf(pair.public_blob).get(), {.digest = "SHA1"}, "x",
                             DerOf(signature)));
  const auto got = Attributes(pair.public_blob, {CKA_PRIME, CKA_PRIME_BITS, CKA_SUBPRIME});
  EXPECT_EQ(got.at(CKA_PRIME).attributeb(), made.keybytes().substr(0, 128));
  EXPECT_EQ(got.at(CKA_PRIME_BITS).attributei(), 1024);
  EXPECT_EQ(got.at(CKA_SUBPRIME).attributeb().size(), 20U);
}

TEST_F(DsaRpcTest, BothEncodingsOfParametersAreTaken) {
  const Bytes p = Hex(kP), q = Hex(kQ), g = Hex(kG);
  const Bytes params = DerSequence(Joined({DerInteger(p), DerInteger(q), DerInteger(g)}));
  const Bytes algorithm = DerSequence(Joined({Hex("06072a8648ce380401"), params}));
  for (const Bytes& encoded : {Combined({p, q, g}), params, algorithm}) {
    const PairBlobs pair = PairOf(CKM_DSA_KEY_PAIR_GEN, encoded);
    ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
    const auto got = Attributes(pair.private_blob, {CKA_BASE});
    EXPECT_EQ(got.at(CKA_BASE).attributeb(), Str(g));
  }
}

TEST_F(DsaRpcTest, ParametersThatAreNoneAreRefused) {
  const Bytes p = Hex(kP), q = Hex(kQ), g = Hex(kG);
  Bytes no_prime = p;
  no_prime.back() ^= 0x06;
  Bytes other_base = g;
  other_base.back() ^= 0x01;
  const Bytes bad[] = {{},
                       Bytes(10, 1),
                       Bytes(384, 0),
                       Combined({no_prime, q, g}),
                       Combined({p, q, other_base}),
                       Combined({p, q, Bytes{1}}),
                       Combined({p, Hex("03"), g}),
                       Combined({p, g}),
                       DerSequence(Joined({DerInteger(p), DerInteger(g)})),
                       DerSequence(Joined({Hex("06072a8648ce3d0201"), DerSequence({})}))};
  for (const Bytes& encoded : bad) {
    PairOf(CKM_DSA_KEY_PAIR_GEN, encoded);
    EXPECT_EQ(Rv(), CKR_DOMAIN_PARAMS_INVALID) << HexOf(encoded);
  }
  MakePair(CKM_DSA_KEY_PAIR_GEN, {}, {});
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCOMPLETE);
  MakePair(CKM_DSA_KEY_PAIR_GEN, {}, Template({{CKA_PRIME, p}, {CKA_SUBPRIME, q}, {CKA_BASE, g}}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
  MakePair(CKM_DSA_KEY_PAIR_GEN, Template({kDerives}),
           Template({{CKA_IBM_STRUCT_PARAMS, Combined({p, q, g})}}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
  for (const CK_MECHANISM_TYPE type : {CKM_DSA_PARAMETER_GEN, CKM_DH_PKCS_PARAMETER_GEN}) {
    Generate(type, {});
    EXPECT_EQ(Rv(), CKR_TEMPLATE_INCOMPLETE);
    Generate(type, Template({{CKA_PRIME_BITS, std::uint64_t{1000}}}));
    EXPECT_EQ(Rv(), CKR_ATTRIBUTE_VALUE_INVALID);
    Generate(type, Template({{CKA_PRIME_BITS, std::uint64_t{1024}},
                             {CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}}}));
    EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
  }
}

TEST_F(DsaRpcTest, ImportedKeysOfBadNumbersAreRefused) {
  const Bytes p = Hex(kP), q = Hex(kQ), g = Hex(kG), x = Hex(kX);
  Bytes other_base = g;
  other_base.back() ^= 0x01;
  const WireMap attributes = Template({kDsaType, kSigns});
  Import(Str(DsaPkcs8(p, q, other_base, x)), attributes);
  EXPECT_EQ(Rv(), CKR_DOMAIN_PARAMS_INVALID);
  Bytes no_prime = p;
  no_prime.back() ^= 0x06;
  Import(Str(DhPkcs8(no_prime, g, x)), Template({kDhType, kDerives}));
  EXPECT_EQ(Rv(), CKR_DOMAIN_PARAMS_INVALID);
  Import(Str(DhPkcs8(Bytes(64, 0xff), Bytes{2}, x)), Template({kDhType, kDerives}));
  EXPECT_EQ(Rv(), CKR_DOMAIN_PARAMS_INVALID);
  Import(Str(DsaPkcs8(p, q, g, {})), attributes);
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  Import(Str(DsaPkcs8(p, q, g, p)), attributes);
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  Import(Str(DsaPkcs8(p, q, g, x)), Template({kDhType, kDerives}));
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  Import(std::string(5000, '\x30'), attributes);
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
}

TEST_F(DsaRpcTest, DhGivesTheSecretsOfTheVectors) {
  int compared = 0;
  for (const Vector& v : Vector::Load("kdf/dh.json").List("vectors")) {
    const auto own = Import(Str(DhPkcs8(v.Octets("prime"), v.Octets("base"), v.Octets("priv"))),
                            Template({kDhType, kDerives}));
    ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
    const grep11::Mechanism mechanism = MechIv(CKM_DH_PKCS_DERIVE, v.Octets("peer"));
    const auto whole =
        Derive(mechanism, own.unwrappedbytes(), Template({kGenericType, kExtractableKey}));
    ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
    EXPECT_EQ(HexOf(ViewOf(Export(whole.newkeybytes()))), v.Text("secret"));
    // "leading bytes up to VALUE_LEN"
    const auto aes = Derive(mechanism, own.unwrappedbytes(),
                            Template({{CKA_KEY_TYPE, std::uint64_t{CKK_AES}},
                                      {CKA_VALUE_LEN, std::uint64_t{16}},
                                      kExtractableKey}));
    EXPECT_EQ(HexOf(ViewOf(Export(aes.newkeybytes()))), v.Text("secret").substr(0, 32));
    ++compared;
  }
  EXPECT_GE(compared, 4);
}

TEST_F(DsaRpcTest, BothSidesOfADhAgreementDeriveTheSameKey) {
  const auto made =
      Generate(CKM_DH_PKCS_PARAMETER_GEN, Template({{CKA_PRIME_BITS, std::uint64_t{1024}}}));
  ASSERT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(made.keybytes().size(), 2U * 128U);
  const std::string p = made.keybytes().substr(0, 128), g = made.keybytes().substr(128);
  const Bytes der = DerSequence(Joined({DerInteger(ViewOf(p)), DerInteger(ViewOf(g))}));
  const Bytes algorithm = DerSequence(Joined({Hex("06092a864886f70d010301"), der}));
  const PairBlobs a = PairOf(CKM_DH_PKCS_KEY_PAIR_GEN, der);
  ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
  const PairBlobs b = PairOf(CKM_DH_PKCS_KEY_PAIR_GEN, algorithm);
  ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
  // "OID 1.2.840.113549.1.3.1 with SEQUENCE { p, g }": nothing but the INTEGER of y follows.
  const PkeyPtr public_a = PublicKeyOf(a.public_blob), public_b = PublicKeyOf(b.public_blob);
  const std::size_t spki_bytes = SpkiOf(public_a.get()).size();
  EXPECT_EQ(a.public_blob.size(), spki_bytes + 128);
  EXPECT_NE(a.public_blob.find(Str(algorithm)), std::string::npos);
  const auto value_of = [](EVP_PKEY* key) {
    BIGNUM* y = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key, "pub", &y), 1);
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(y)));
    BN_bn2bin(y, octets.data());
    BN_free(y);
    return octets;
  };
  const WireMap aes = Template({{CKA_KEY_TYPE, std::uint64_t{CKK_DES3}}, {CKA_ENCRYPT, true}});
  const auto at_a =
      Derive(MechIv(CKM_DH_PKCS_DERIVE, value_of(public_b.get())), a.private_blob, aes);
  const auto at_b =
      Derive(MechIv(CKM_DH_PKCS_DERIVE, value_of(public_a.get())), b.private_blob, aes);
  ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
  EXPECT_EQ(at_a.checksum(), at_b.checksum());
  EXPECT_EQ(at_a.checksum().size(), 7U);
}

TEST_F(DsaRpcTest, DhPeersParametersAndLengthsAreChecked) {
  const Vector v = Vector::Load("kdf/dh.json").List("vectors").at(0);
  const Bytes domain = Combined({v.Octets("prime"), v.Octets("base")});
  const PairBlobs pair =
      MakePair(CKM_DH_PKCS_KEY_PAIR_GEN, Template({kDerives, {CKA_VALUE_BITS, std::uint64_t{200}}}),
               Template({{CKA_IBM_STRUCT_PARAMS, domain}}));
  ASSERT_EQ(Rv(), CKR_OK) << client().status().error_message();
  // Also for a group that OpenSSL has a name for, nothing but P and G.
  const Bytes numbers =
      DerSequence(Joined({DerInteger(v.Octets("prime")), DerInteger(v.Octets("base"))}));
  EXPECT_NE(pair.public_blob.find(Str(Joined({Hex("06092a864886f70d010301"), numbers}))),
            std::string::npos);
  const WireMap generic = Template({kGenericType});
  const Bytes bad_peers[] = {{}, {0}, {1}, v.Octets("prime"), Bytes(129, 0xff)};
  for (const Bytes& peer : bad_peers) {
    Derive(MechIv(CKM_DH_PKCS_DERIVE, peer), pair.private_blob, generic);
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << HexOf(peer);
  }
  const grep11::Mechanism good = MechIv(CKM_DH_PKCS_DERIVE, v.Octets("peer"));
  Derive(good, pair.private_blob, {});
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCOMPLETE);
  Derive(good, pair.private_blob, Template({kGenericType, {CKA_VALUE_LEN, std::uint64_t{129}}}));
  EXPECT_EQ(Rv(), CKR_KEY_SIZE_RANGE);
  Derive(good, MakeEcPair(client(), "P-256").private_blob, generic);
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Derive(Mech(CKM_DH_PKCS_DERIVE), pair.private_blob, generic);
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  for (const std::uint64_t bits : {std::uint64_t{100}, std::uint64_t{1024}}) {
    MakePair(CKM_DH_PKCS_KEY_PAIR_GEN, Template({kDerives, {CKA_VALUE_BITS, bits}}),
             Template({{CKA_IBM_STRUCT_PARAMS, domain}}));
    EXPECT_EQ(Rv(), CKR_ATTRIBUTE_VALUE_INVALID) << bits;
  }
  MakePair(CKM_DH_PKCS_KEY_PAIR_GEN, Template({kSigns}),
           Template({{CKA_IBM_STRUCT_PARAMS, domain}}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
}

}  // namespace
}  // namespace gw::emulator
