// Room: tests. CKM_IBM_DILITHIUM over the wire. Values: tests/vectors/dilithium, the records of the
// known-answer tests and IBM's encodings. OpenSSL has nothing to compare with.
#include <algorithm>

#include "emulator/crypto/dilithium/encoding.h"
#include "tests/unit/emulator/crypto/dilithium_vectors.h"
#include "tests/unit/emulator/support/rpc_test.h"

namespace gw::emulator {
namespace {

using dilithium::KatRecord;
using dilithium::StrengthRow;

const grep11::Mechanism kDilithium = Mech(CKM_IBM_DILITHIUM);
const char* const kOffered[] = {"round 2 (6,5)", "round 2 (8,7)", "round 3 (4,4)", "round 3 (6,5)",
                                "round 3 (8,7)"};

WireMap PrivateTemplate() {
  return Template({{CKA_KEY_TYPE, std::uint64_t{CKK_IBM_PQC_DILITHIUM}}, {CKA_SIGN, true}});
}
WireMap Strength(ByteView oid) { return Template({{CKA_IBM_PQC_PARAMS, CopyOf(oid)}}); }

class DilithiumRpcTest : public RpcTest {
 protected:
  PairBlobs Make(std::string_view strength) {
    const auto pair =
        GeneratePair(CKM_IBM_DILITHIUM, Template({{CKA_SIGN, true}, {CKA_EXTRACTABLE, true}}),
                     Strength(dilithium::StrengthNamed(strength).oid_der));
    EXPECT_EQ(Rv(), CKR_OK) << strength << Why();
    return {pair.privkeybytes(), pair.pubkeybytes()};
  }
};

std::string Pkcs8Of(const StrengthRow& row, const KatRecord& record) {
  return Str(dilithium::EncodePkcs8(row, record.private_key,
                                    ByteView(record.public_key).subspan(dilithium::kRhoBytes))
                 .view());
}

TEST_F(DilithiumRpcTest, KeysOfTheKnownAnswersSignAsTheyDo) {
  for (const char* set : dilithium::kKatSets) {
    const StrengthRow& row = dilithium::StrengthOfSet(set);
    const KatRecord record = dilithium::LoadRecord(set, 0);
    const auto key = Import(ViewOf(Pkcs8Of(row, record)), PrivateTemplate());
    ASSERT_EQ(Rv(), CKR_OK) << set << Why();
    const std::string message = Str(record.message);
    EXPECT_EQ(Sign(kDilithium, key.unwrappedbytes(), message), Str(record.signature)) << set;
    EXPECT_EQ(SignOneShot(kDilithium, key.unwrappedbytes(), message), Str(record.signature));
    const std::string spki = Str(dilithium::EncodeSpki(row, record.public_key));
    EXPECT_TRUE(key.checksum().starts_with(spki));
    const std::string maced = ImportPublic(spki, Template({{CKA_VERIFY, true}}));
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    for (const std::string& half : {spki, maced}) {
      EXPECT_EQ(Verify(kDilithium, half, message, Str(record.signature)), CKR_OK);
      EXPECT_EQ(VerifyOneShot(kDilithium, half, message, Str(record.signature)), CKR_OK);
      EXPECT_EQ(Verify(kDilithium, half, message + "x", Str(record.signature)),
                CKR_SIGNATURE_INVALID);
    }
  }
}

TEST_F(DilithiumRpcTest, IbmsEncodingsComeInAndGoOutUnchanged) {
  std::size_t seen = 0;
  const nlohmann::json vectors = dilithium::LoadJson("ibm-pqc-key-encodings.json").at("vectors");
  for (const nlohmann::json& v : vectors) {
    if (!v.at("set").get<std::string>().starts_with("dilithium")) continue;
    const Bytes pkcs8 = dilithium::BytesAt(v, "pkcs8");
    const auto key = Import(pkcs8, Plus(PrivateTemplate(), {CKA_EXTRACTABLE, true}));
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    EXPECT_EQ(Export(key.unwrappedbytes()), Str(pkcs8));
    EXPECT_EQ(Attributes(key.unwrappedbytes(), {CKA_PUBLIC_KEY_INFO})
                  .at(CKA_PUBLIC_KEY_INFO)
                  .attributeb(),
              Str(dilithium::BytesAt(v, "spki")));
    ++seen;
  }
  EXPECT_EQ(seen, 4U);
}

TEST_F(DilithiumRpcTest, PairsOfEveryStrengthSignAndAreDescribed) {
  for (const char* name : kOffered) {
    const StrengthRow& row = dilithium::StrengthNamed(name);
    const PairBlobs pair = Make(name);
    for (const std::string& data : {std::string(), std::string(5000, 'd')}) {
      const std::string signature = Sign(kDilithium, pair.private_blob, data);
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_EQ(signature.size(), row.signature_bytes());
      EXPECT_EQ(Verify(kDilithium, pair.public_blob, data, signature), CKR_OK);
      EXPECT_EQ(Verify(kDilithium, pair.public_blob, data + "x", signature), CKR_SIGNATURE_INVALID);
    }
    for (const std::string& blob : {pair.private_blob, pair.public_blob}) {
      const WireMap seen =
          Attributes(blob, {CKA_KEY_TYPE, CKA_IBM_PQC_PARAMS, CKA_PUBLIC_KEY_INFO, CKA_LOCAL});
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_EQ(static_cast<CK_KEY_TYPE>(seen.at(CKA_KEY_TYPE).attributei()),
                CKK_IBM_PQC_DILITHIUM);
      EXPECT_EQ(seen.at(CKA_IBM_PQC_PARAMS).attributeb(), Str(row.oid_der));
      const std::string& spki = seen.at(CKA_PUBLIC_KEY_INFO).attributeb();
      EXPECT_TRUE(pair.public_blob.starts_with(spki));
      EXPECT_EQ(pair.public_blob.size(), spki.size() + 128);
      Attributes(blob, {CKA_EC_PARAMS});
      EXPECT_EQ(Rv(), CKR_ATTRIBUTE_TYPE_INVALID);
    }
  }
}

TEST_F(DilithiumRpcTest, AnExportedKeyComesBackAndSignsTheSame) {
  const PairBlobs pair = Make("round 2 (6,5)");
  const std::string before = Sign(kDilithium, pair.private_blob, "data");
  const std::string pkcs8 = Export(pair.private_blob);
  ASSERT_EQ(Rv(), CKR_OK) << Why();
  const auto again = Import(ViewOf(pkcs8), PrivateTemplate());
  ASSERT_EQ(Rv(), CKR_OK) << Why();
  EXPECT_EQ(Sign(kDilithium, again.unwrappedbytes(), "data"), before);
  Export(again.unwrappedbytes());
  EXPECT_EQ(Rv(), CKR_KEY_UNEXTRACTABLE);
}

TEST_F(DilithiumRpcTest, ABlobFitsWhereClientsPutItAndShowsTampering) {
  std::string blob = Make("round 2 (8,7)").private_blob;
  EXPECT_LT(blob.size(), 9216U);  // the largest blob that clients make room for
  blob[blob.size() / 2] ^= 1;
  Sign(kDilithium, blob, "data");
  EXPECT_EQ(Rv(), CKR_ENCRYPTED_DATA_INVALID);
}

TEST_F(DilithiumRpcTest, StrengthsThatTheCardDoesNotHaveAreRefused) {
  const StrengthRow& not_offered = dilithium::StrengthNamed("round 2 (5,4)");
  const auto key = dilithium::PrivateKey::Generate(not_offered);
  Bytes unknown = CopyOf(not_offered.oid_der);
  unknown.back() = 5;
  const Bytes kyber = {0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01,
                       0x02, 0x82, 0x0b, 0x05, 0x04, 0x04};
  for (const Bytes& oid : {CopyOf(not_offered.oid_der), unknown, kyber, Bytes{}}) {
    GeneratePair(CKM_IBM_DILITHIUM, {}, Strength(oid));
    EXPECT_EQ(Rv(), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED) << HexOf(oid);
  }
  const std::string spki = Str(key.public_key().Spki());
  ImportPublic(spki, {});
  EXPECT_EQ(Rv(), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(Verify(kDilithium, spki, "data", std::string(not_offered.signature_bytes(), 's')),
            CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  Import(key.Pkcs8().view(), PrivateTemplate());
  EXPECT_EQ(Rv(), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
}

TEST_F(DilithiumRpcTest, TemplatesAreRefusedForWhatIsWrongWithThem) {
  const WireMap strength = Strength(dilithium::StrengthNamed("round 3 (4,4)").oid_der);
  struct Case {
    WireMap private_template, public_template;
    CK_RV rv;
  };
  const Case kCases[] = {
      {{}, strength, CKR_OK},
      {PrivateTemplate(), strength, CKR_OK},
      {{}, {}, CKR_TEMPLATE_INCOMPLETE},
      {{}, Template({{CKA_IBM_PQC_PARAMS, std::uint64_t{4}}}), CKR_ATTRIBUTE_VALUE_INVALID},
      {Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}}), strength, CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_DERIVE, true}}), strength, CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_DECRYPT, true}}), strength, CKR_TEMPLATE_INCONSISTENT},
      {{}, Plus(strength, {CKA_WRAP, true}), CKR_TEMPLATE_INCONSISTENT},
  };
  for (const Case& c : kCases) {
    GeneratePair(CKM_IBM_DILITHIUM, c.private_template, c.public_template);
    EXPECT_EQ(Rv(), c.rv) << Why();
  }
}

TEST_F(DilithiumRpcTest, WrappedKeysThatAreNoneAreRefused) {
  const StrengthRow& row = dilithium::StrengthNamed("round 3 (4,4)");
  const std::string pkcs8 = Str(dilithium::PrivateKey::Generate(row).Pkcs8().view());
  std::string damaged = pkcs8;
  damaged[damaged.size() / 2] ^= 1;
  for (const std::string& bad : {damaged, pkcs8 + "x", pkcs8.substr(0, pkcs8.size() - 1)}) {
    Import(ViewOf(bad), PrivateTemplate());
    EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  }
  Import(ViewOf(pkcs8), Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}}));
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  Import(ViewOf(pkcs8), Plus(PrivateTemplate(), {CKA_IBM_PQC_PARAMS, CopyOf(row.oid_der)}));
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  const Bytes other = CopyOf(dilithium::StrengthNamed("round 3 (6,5)").oid_der);
  Import(ViewOf(pkcs8), Plus(PrivateTemplate(), {CKA_IBM_PQC_PARAMS, other}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
}

TEST_F(DilithiumRpcTest, ThereAreNoPartsAndNoParameter) {
  const PairBlobs pair = Make("round 3 (4,4)");
  SignInParts(kDilithium, pair.private_blob, "data");
  EXPECT_EQ(Rv(), CKR_FUNCTION_NOT_SUPPORTED);
  const std::string signature = Sign(kDilithium, pair.private_blob, "data");
  EXPECT_EQ(VerifyInParts(kDilithium, pair.public_blob, "data", signature),
            CKR_FUNCTION_NOT_SUPPORTED);
  EXPECT_EQ(Verify(kDilithium, pair.public_blob, "data", signature + "x"), CKR_SIGNATURE_LEN_RANGE);
  Sign(MechIv(CKM_IBM_DILITHIUM, Bytes(16)), pair.private_blob, "data");
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(DilithiumRpcTest, DilithiumKeysDoNothingElse) {
  const PairBlobs pair = Make("round 3 (4,4)");
  for (const CK_MECHANISM_TYPE type :
       {CKM_ECDSA, CKM_RSA_PKCS, CKM_SHA256_HMAC, CKM_IBM_ED25519_SHA512}) {
    Sign(Mech(type), pair.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT) << NameOfMechanism(type);
  }
  Sign(kDilithium, pair.public_blob, "data");
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Sign(kDilithium, SetAttribute(pair.private_blob, CKA_SIGN, false), "data");
  EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

TEST_F(DilithiumRpcTest, InfoTellsTheSizesOfPublicKeys) {
  grep11::GetMechanismInfoRequest request;
  request.set_mech(CKM_IBM_DILITHIUM);
  const auto info = client().Call(&grep11::Crypto::Stub::GetMechanismInfo, request).mechinfo();
  std::size_t smallest = SIZE_MAX;
  std::size_t largest = 0;
  for (const char* name : kOffered) {
    const std::size_t bits = 8 * dilithium::StrengthNamed(name).public_key_bytes();
    smallest = std::min(smallest, bits);
    largest = std::max(largest, bits);
  }
  EXPECT_EQ(info.minkeysize(), smallest);
  EXPECT_EQ(info.maxkeysize(), largest);
  EXPECT_EQ(info.flags(), CKF_SIGN | CKF_VERIFY | CKF_GENERATE_KEY_PAIR);
}

}  // namespace
}  // namespace gw::emulator
