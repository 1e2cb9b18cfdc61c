// Room: tests. CKM_IBM_KYBER over the wire. Values: tests/vectors/kyber, the records of the
// known-answer tests, and IBM's encodings of a key. OpenSSL has nothing to compare with.
#include "emulator/crypto/kyber/encoding.h"
#include "emulator/crypto/kyber/scheme.h"
#include "tests/unit/emulator/crypto/kyber/vectors.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

using grep11::KyberKEMParm;
using kyber::KatRecord;
using kyber::StrengthRow;

constexpr std::size_t kCheckSumBytes = 7;  // before the ciphertext

grep11::Mechanism Kem(KyberKEMParm::KyberMode mode, const std::string& ciphertext = "") {
  grep11::Mechanism mechanism = Mech(CKM_IBM_KYBER);
  KyberKEMParm& parm = *mechanism.mutable_kyberkemparameter();
  parm.set_mode(mode);
  parm.set_kdf(KyberKEMParm::CkdNull);
  parm.set_ciphertext(ciphertext);
  return mechanism;
}
const grep11::Mechanism kEncapsulate = Kem(KyberKEMParm::CkIbmKEMEncapsulate);
grep11::Mechanism Decapsulate(const std::string& ciphertext) {
  return Kem(KyberKEMParm::CkIbmKEMDecapsulate, ciphertext);
}

WireMap Strength(ByteView oid) {
  return Template({{CKA_IBM_PQC_PARAMS, CopyOf(oid)}, {CKA_ENCRYPT, true}, {CKA_DERIVE, true}});
}
const WireMap kPrivate =
    Template({{CKA_DECRYPT, true}, {CKA_DERIVE, true}, {CKA_EXTRACTABLE, true}});
WireMap Imported() { return Plus(kPrivate, {CKA_KEY_TYPE, std::uint64_t{CKK_IBM_PQC_KYBER}}); }
WireMap Aes(std::uint64_t octets) {
  return Template({{CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                   {CKA_KEY_TYPE, std::uint64_t{CKK_AES}},
                   {CKA_VALUE_LEN, octets},
                   {CKA_EXTRACTABLE, true}});
}

class KyberRpcTest : public RpcTest {
 protected:
  PairBlobs Make(const std::string& strength) {
    PairBlobs pair =
        MakePair(CKM_IBM_KYBER, kPrivate, Strength(kyber::StrengthNamed(strength).oid_der));
    EXPECT_EQ(Rv(), CKR_OK) << strength << Why();
    return pair;
  }
  std::string Secret(const grep11::Mechanism& mechanism, const std::string& base) {
    const auto derived = Derive(mechanism, base, Aes(32));
    EXPECT_EQ(Rv(), CKR_OK) << Why();
    return Export(derived.newkeybytes());
  }
};

std::string Pkcs8Of(const StrengthRow& row, const KatRecord& record) {
  return Str(kyber::EncodePkcs8(row, record.private_key, record.public_key).view());
}

TEST_F(KyberRpcTest, KeysOfTheKnownAnswersDecapsulateAsTheyDo) {
  for (const char* strength : kyber::kStrengths) {
    const StrengthRow& row = kyber::StrengthNamed(strength);
    for (const KatRecord& record : kyber::LoadKat(strength)) {
      SCOPED_TRACE(record.count);
      const auto key = Import(ViewOf(Pkcs8Of(row, record)), Imported());
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_TRUE(key.checksum().starts_with(Str(kyber::EncodeSpki(row, record.public_key))));
      EXPECT_EQ(Secret(Decapsulate(Str(record.ciphertext)), key.unwrappedbytes()),
                Str(record.secret));
    }
  }
}

TEST_F(KyberRpcTest, BothSidesOfEveryStrengthGetTheSameKey) {
  for (const char* strength : kyber::kStrengths) {
    const StrengthRow& row = kyber::StrengthNamed(strength);
    const PairBlobs pair = Make(strength);
    const auto sent = Derive(kEncapsulate, pair.public_blob, Aes(32));
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    ASSERT_EQ(sent.checksum().size(), kCheckSumBytes + row.ciphertext_bytes());
    const std::string ciphertext = sent.checksum().substr(kCheckSumBytes);
    const auto got = Derive(Decapsulate(ciphertext), pair.private_blob, Aes(32));
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    EXPECT_EQ(got.checksum(), sent.checksum().substr(0, kCheckSumBytes));
    EXPECT_EQ(got.checksum().substr(3), Str(Bytes{0, 0, 1, 0}));  // 256 bits
    EXPECT_EQ(Export(got.newkeybytes()), Export(sent.newkeybytes()));
    const auto again = Derive(kEncapsulate, pair.public_blob, Aes(32));
    EXPECT_NE(again.checksum(), sent.checksum());
  }
}

// The card's ciphertext, opened by the scheme itself.
TEST_F(KyberRpcTest, AnImportedPublicKeyEncapsulatesForItsOwner) {
  const auto owner = kyber::PrivateKey::Generate(kyber::StrengthNamed("1024"));
  const std::string spki = Str(owner.public_key().Spki());
  Derive(kEncapsulate, spki, Aes(32));
  EXPECT_EQ(Rv(), CKR_KEY_HANDLE_INVALID);  // not before it has a MAC
  const std::string maced = ImportPublic(spki, Template({{CKA_DERIVE, true}}));
  ASSERT_EQ(Rv(), CKR_OK) << Why();
  const auto sent = Derive(kEncapsulate, maced, Aes(32));
  ASSERT_EQ(Rv(), CKR_OK) << Why();
  const Result<SecretBytes> secret =
      kyber::Decapsulate(owner, ViewOf(sent.checksum().substr(kCheckSumBytes)));
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(Export(sent.newkeybytes()), Str(secret->view()));
}

TEST_F(KyberRpcTest, AnyOtherCiphertextGivesAnotherKeyAndNoError) {
  const KatRecord record = kyber::LoadKat("768").front();
  const auto key = Import(ViewOf(Pkcs8Of(kyber::StrengthNamed("768"), record)), Imported());
  std::string changed = Str(record.ciphertext);
  changed[100] ^= 1;
  const std::string secret = Secret(Decapsulate(changed), key.unwrappedbytes());
  EXPECT_NE(secret, Str(record.secret));
  EXPECT_EQ(Secret(Decapsulate(changed), key.unwrappedbytes()), secret);
}

TEST_F(KyberRpcTest, KeysOfOtherLengthsAndTypesAreTheLeadingOctets) {
  const KatRecord record = kyber::LoadKat("768").front();
  const auto key = Import(ViewOf(Pkcs8Of(kyber::StrengthNamed("768"), record)), Imported());
  const auto mechanism = Decapsulate(Str(record.ciphertext));
  const auto value = [&](const WireMap& wanted) {
    return Export(Derive(mechanism, key.unwrappedbytes(), wanted).newkeybytes());
  };
  const WireMap generic =
      Template({{CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET}}, {CKA_EXTRACTABLE, true}});
  EXPECT_EQ(value(Aes(16)), Str(record.secret).substr(0, 16));
  EXPECT_EQ(value(generic), Str(record.secret));
  EXPECT_EQ(value(Plus(generic, {CKA_VALUE_LEN, std::uint64_t{10}})),
            Str(record.secret).substr(0, 10));
  Derive(mechanism, key.unwrappedbytes(), Plus(generic, {CKA_VALUE_LEN, std::uint64_t{33}}));
  EXPECT_EQ(Rv(), CKR_KEY_SIZE_RANGE);
  Derive(mechanism, key.unwrappedbytes(), Aes(31));
  EXPECT_EQ(Rv(), CKR_ATTRIBUTE_VALUE_INVALID);
  Derive(mechanism, key.unwrappedbytes(), {});
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCOMPLETE);
}

TEST_F(KyberRpcTest, ParametersThatAreNotThoseOfAPlainKemAreRefused) {
  const PairBlobs pair = Make("768");
  const std::string ciphertext(1088, 'c');
  using Change = void (*)(KyberKEMParm&);
  const Change kChanges[] = {
      [](KyberKEMParm& p) { p.set_version(1); },
      [](KyberKEMParm& p) { p.set_mode(KyberKEMParm::CkNotUsed); },
      [](KyberKEMParm& p) { p.set_mode(static_cast<KyberKEMParm::KyberMode>(3)); },
      [](KyberKEMParm& p) { p.set_kdf(KyberKEMParm::CkdNotUsed); },
      [](KyberKEMParm& p) { p.set_kdf(KyberKEMParm::CkdIbmHybridNull); },
      [](KyberKEMParm& p) { p.set_kdf(KyberKEMParm::CkdIbmHybridSha256Kdf); },
      [](KyberKEMParm& p) { p.set_prepend(true); },
      [](KyberKEMParm& p) { p.set_shareddata("s"); },
      [](KyberKEMParm& p) { p.set_blob("b"); },
      [](KyberKEMParm& p) { p.set_ciphertext(p.ciphertext().empty() ? "c" : ""); },
  };
  for (std::size_t i = 0; i < std::size(kChanges); ++i) {
    grep11::Mechanism mechanism = kEncapsulate;
    kChanges[i](*mechanism.mutable_kyberkemparameter());
    Derive(mechanism, pair.public_blob, Aes(32));
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << i;
    mechanism = Decapsulate(ciphertext);
    kChanges[i](*mechanism.mutable_kyberkemparameter());
    Derive(mechanism, pair.private_blob, Aes(32));
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << i;
  }
  for (const auto& mechanism :
       {Mech(CKM_IBM_KYBER), MechIv(CKM_IBM_KYBER, Bytes(16)), Decapsulate(ciphertext + "c")}) {
    Derive(mechanism, pair.private_blob, Aes(32));
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  }
}

TEST_F(KyberRpcTest, EachModeTakesItsHalfOfAKyberKey) {
  const PairBlobs pair = Make("768");
  const auto decapsulate = Decapsulate(std::string(1088, 'c'));
  const std::string aes = Generate(CKM_AES_KEY_GEN, Aes(32)).keybytes();
  const PairBlobs ec = PlainEcPair(client());
  for (const std::string& wrong : {pair.private_blob, ec.public_blob, aes}) {
    Derive(kEncapsulate, wrong, Aes(32));
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  }
  for (const std::string& wrong : {pair.public_blob, ec.private_blob, aes}) {
    Derive(decapsulate, wrong, Aes(32));
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  }
  Derive(kEncapsulate, SetAttribute(pair.public_blob, CKA_DERIVE, false), Aes(32));
  EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  Derive(decapsulate, SetAttribute(pair.private_blob, CKA_DERIVE, false), Aes(32));
  EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

TEST_F(KyberRpcTest, IbmsEncodingsComeInAndGoOut) {
  std::size_t seen = 0;
  for (const Vector& v : Vector::Load("dilithium/ibm-pqc-key-encodings.json").List("vectors")) {
    const std::string set = v.Text("set");
    if (!set.starts_with("kyber-r2-")) continue;
    const KatRecord record = kyber::LoadKat(set.substr(9)).at(v.Number("count"));
    const auto key = Import(v.Octets("pkcs8"), Imported());
    ASSERT_EQ(Rv(), CKR_OK) << Why();
    // Without the 64 digits that this key has behind its public half.
    EXPECT_EQ(Export(key.unwrappedbytes()), Pkcs8Of(kyber::StrengthNamed(set.substr(9)), record));
    EXPECT_EQ(Attributes(key.unwrappedbytes(), {CKA_PUBLIC_KEY_INFO})
                  .at(CKA_PUBLIC_KEY_INFO)
                  .attributeb(),
              Str(v.Octets("spki")));
    ++seen;
  }
  EXPECT_EQ(seen, 1U);
}

TEST_F(KyberRpcTest, PairsAreDescribedAndTheirBlobsShowTampering) {
  for (const char* strength : kyber::kStrengths) {
    const StrengthRow& row = kyber::StrengthNamed(strength);
    const PairBlobs pair = Make(strength);
    for (const std::string& blob : {pair.private_blob, pair.public_blob}) {
      const WireMap seen =
          Attributes(blob, {CKA_KEY_TYPE, CKA_IBM_PQC_PARAMS, CKA_PUBLIC_KEY_INFO, CKA_LOCAL});
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_EQ(static_cast<CK_KEY_TYPE>(seen.at(CKA_KEY_TYPE).attributei()), CKK_IBM_PQC_KYBER);
      EXPECT_EQ(seen.at(CKA_IBM_PQC_PARAMS).attributeb(), Str(row.oid_der));
      const std::string& spki = seen.at(CKA_PUBLIC_KEY_INFO).attributeb();
      EXPECT_TRUE(pair.public_blob.starts_with(spki));
      EXPECT_EQ(pair.public_blob.size(), spki.size() + 128);
    }
    EXPECT_LT(pair.private_blob.size(), 9216U);  // the largest blob that clients make room for
    std::string bad = pair.private_blob;
    bad[bad.size() / 2] ^= 1;
    Derive(Decapsulate(std::string(row.ciphertext_bytes(), 'c')), bad, Aes(32));
    EXPECT_EQ(Rv(), CKR_ENCRYPTED_DATA_INVALID);
    bad = pair.public_blob;
    bad[bad.size() - 200] ^= 1;
    Derive(kEncapsulate, bad, Aes(32));
    EXPECT_EQ(Rv(), CKR_ENCRYPTED_DATA_INVALID);
  }
}

TEST_F(KyberRpcTest, StrengthsThatTheCardDoesNotHaveAreRefused) {
  const Bytes kyber512 = OctetsOfHex("06092b0601040102820b05");
  const Bytes dilithium = OctetsOfHex("060b2b0601040102820b010605");
  for (const Bytes& oid : {kyber512, dilithium, Bytes{}}) {
    GeneratePair(CKM_IBM_KYBER, kPrivate, Strength(oid));
    EXPECT_EQ(Rv(), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED) << HexOf(oid);
  }
  const auto key = kyber::PrivateKey::Generate(kyber::StrengthNamed("768"));
  Bytes spki = key.public_key().Spki();
  spki[18] = 2;  // the last arc
  ImportPublic(Str(spki), {});
  EXPECT_EQ(Rv(), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  Bytes pkcs8 = CopyOf(key.Pkcs8().view());
  pkcs8[21] = 2;
  Import(pkcs8, Imported());
  EXPECT_EQ(Rv(), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
}

TEST_F(KyberRpcTest, TemplatesAreRefusedForWhatIsWrongWithThem) {
  const WireMap strength = Strength(kyber::StrengthNamed("768").oid_der);
  struct Case {
    WireMap private_template, public_template;
    CK_RV rv;
  };
  const Case kCases[] = {
      {{}, strength, CKR_OK},
      {Imported(), strength, CKR_OK},
      {{}, {}, CKR_TEMPLATE_INCOMPLETE},
      {{}, Template({{CKA_IBM_PQC_PARAMS, std::uint64_t{8}}}), CKR_ATTRIBUTE_VALUE_INVALID},
      {Template({{CKA_KEY_TYPE, std::uint64_t{CKK_IBM_PQC_DILITHIUM}}}), strength,
       CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_SIGN, true}}), strength, CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_UNWRAP, true}}), strength, CKR_TEMPLATE_INCONSISTENT},
      {{}, Plus(strength, {CKA_WRAP, true}), CKR_TEMPLATE_INCONSISTENT},
  };
  for (const Case& c : kCases) {
    GeneratePair(CKM_IBM_KYBER, c.private_template, c.public_template);
    EXPECT_EQ(Rv(), c.rv) << Why();
  }
}

// DERIVE is never given unasked.
TEST_F(KyberRpcTest, SilentTemplatesGiveKeysThatDoNotDerive) {
  const PairBlobs pair =
      MakePair(CKM_IBM_KYBER, {},
               Template({{CKA_IBM_PQC_PARAMS, CopyOf(kyber::StrengthNamed("768").oid_der)}}));
  Derive(kEncapsulate, pair.public_blob, Aes(32));
  EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  Derive(Decapsulate(std::string(1088, 'c')), pair.private_blob, Aes(32));
  EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

TEST_F(KyberRpcTest, WrappedKeysThatAreNoneAreRefused) {
  const StrengthRow& row = kyber::StrengthNamed("768");
  const std::string pkcs8 = Str(kyber::PrivateKey::Generate(row).Pkcs8().view());
  std::string damaged = pkcs8;
  damaged[damaged.size() / 2] ^= 1;
  for (const std::string& bad : {damaged, pkcs8 + "x", pkcs8.substr(0, pkcs8.size() - 1)}) {
    Import(ViewOf(bad), Imported());
    EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  }
  Import(ViewOf(pkcs8), Template({{CKA_KEY_TYPE, std::uint64_t{CKK_IBM_PQC_DILITHIUM}}}));
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  Import(ViewOf(pkcs8), Plus(Imported(), {CKA_IBM_PQC_PARAMS, CopyOf(row.oid_der)}));
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  const Bytes other = CopyOf(kyber::StrengthNamed("1024").oid_der);
  Import(ViewOf(pkcs8), Plus(Imported(), {CKA_IBM_PQC_PARAMS, other}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
}

TEST_F(KyberRpcTest, NothingIsEncryptedOrSignedWithKyber) {
  const PairBlobs pair = Make("768");
  Encrypt(Mech(CKM_IBM_KYBER), pair.public_blob, std::string(32, 'd'));
  EXPECT_EQ(Rv(), CKR_MECHANISM_INVALID);
  Decrypt(Mech(CKM_IBM_KYBER), pair.private_blob, std::string(1088, 'c'));
  EXPECT_EQ(Rv(), CKR_MECHANISM_INVALID);
  Sign(Mech(CKM_IBM_DILITHIUM), pair.private_blob, "data");
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
}

TEST_F(KyberRpcTest, InfoTellsTheSizesOfPublicKeys) {
  grep11::GetMechanismInfoRequest request;
  request.set_mech(CKM_IBM_KYBER);
  const auto info = client().Call(&grep11::Crypto::Stub::GetMechanismInfo, request).mechinfo();
  EXPECT_EQ(info.minkeysize(), 8 * kyber::StrengthNamed("768").public_key_bytes());
  EXPECT_EQ(info.maxkeysize(), 8 * kyber::StrengthNamed("1024").public_key_bytes());
  EXPECT_EQ(info.flags(), CKF_GENERATE_KEY_PAIR | CKF_DERIVE);
}

}  // namespace
}  // namespace gw::emulator
