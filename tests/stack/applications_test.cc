// Room: tests/stack. R379: Oracle's transparent data encryption, Oracle Key Vault, Db2's native
// encryption and HashiCorp Vault, by the calls, mechanisms and templates that they use: the
// products themselves cannot be had for tests. Each process of theirs is a process here.
#include <gtest/gtest.h>

#include <memory>

#include "tests/stack/application.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

const Octets kTablespaceKey = OctetsOf("the key of a tablespace, 48 octets long, all in.");

Attributes Secret(CK_KEY_TYPE type, std::string_view label) {
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, type);
  return attributes.Value(CKA_LABEL, label);
}

// An AES key that stays in the token and does everything that the products ask of it.
Attributes MasterKey(std::string_view label) {
  Attributes attributes = Secret(CKK_AES, label);
  attributes.Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, true).Bool(CKA_SENSITIVE, true);
  attributes.Bool(CKA_EXTRACTABLE, false).Bool(CKA_ENCRYPT, true).Bool(CKA_DECRYPT, true);
  return attributes.Bool(CKA_WRAP, true).Bool(CKA_UNWRAP, true).Number(CKA_VALUE_LEN, 32);
}

void ExpectGuarded(Application& application, CK_OBJECT_HANDLE key) {
  EXPECT_FALSE(application.Flag(key, CKA_EXTRACTABLE));
  for (const CK_ATTRIBUTE_TYPE type : {CKA_SENSITIVE, CKA_TOKEN, CKA_PRIVATE, CKA_WRAP, CKA_UNWRAP})
    EXPECT_TRUE(application.Flag(key, type)) << type;
}

// Oracle. One API key serves all user types, that of the officer who initialised the token.

const std::string kOracleKey = "ORACLE.TDE.HSM.MK.06";
const std::string kOracleData = "ORACLE.SECURITY.KM.ENCRYPTION.30363031";

Attributes OracleData(std::string_view id, std::string_view value) {
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_DATA).Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, true);
  attributes.Value(CKA_LABEL, kOracleData + std::string(id)).Value(CKA_APPLICATION, "ORACLE.TDE");
  return attributes.Value(CKA_VALUE, value);
}

// ADMINISTER KEY MANAGEMENT SET KEY: the master key and what is remembered of it; its structures
// lie wherever they come to lie.
CK_OBJECT_HANDLE SetOracleKey(Application& oracle, std::string_view id) {
  const std::string label = kOracleKey + std::string(id);
  EXPECT_EQ(oracle.Only(Secret(CKK_AES, label)), CK_INVALID_HANDLE);
  Attributes attributes = MasterKey(label);
  Misaligned<CK_ATTRIBUTE> list(attributes.list());
  Misaligned<CK_MECHANISM> generate(CK_MECHANISM{CKM_AES_KEY_GEN, nullptr, 0});
  Misaligned<CK_OBJECT_HANDLE> key(CK_INVALID_HANDLE);
  GW_EXPECT_RV(P11().C_GenerateKey(oracle.session(), generate.get(), list.get(),
                                   attributes.list().size(), key.get()),
               CKR_OK);
  ExpectGuarded(oracle, key.value());
  oracle.Create(OracleData(id, "created with " + label));
  return key.value();
}

// What a server process does when a session touches an encrypted tablespace.
void OpenOracleTablespace(std::string_view id) {
  Application oracle(Env("SO_PIN"));
  const std::string label = kOracleKey + std::string(id);
  const CK_OBJECT_HANDLE key = oracle.Only(Secret(CKK_AES, label));
  ASSERT_NE(key, CK_INVALID_HANDLE);
  ExpectGuarded(oracle, key);
  Octets iv = Left("tde.iv");
  for (const CK_MECHANISM_TYPE type : {CKM_AES_CBC, CKM_AES_CBC_PAD}) {
    const Octets sealed = Left(type == CKM_AES_CBC ? "tde.cbc" : "tde.pad");
    EXPECT_EQ(oracle.Decrypt(WithIv(type, iv), key, sealed), kTablespaceKey);
  }
  const CK_OBJECT_HANDLE note = oracle.Only(OracleData(id, "created with " + label));
  ASSERT_NE(note, CK_INVALID_HANDLE);
  EXPECT_EQ(oracle.Read(note, CKA_LABEL), OctetsOf(kOracleData + std::string(id)));
}

void SealForOracle(Application& oracle, CK_OBJECT_HANDLE key) {
  Octets iv = oracle.Random(16);
  Leave("tde.iv", iv);
  const Octets plain = oracle.Encrypt(WithIv(CKM_AES_CBC, iv), key, kTablespaceKey);
  EXPECT_EQ(plain.size(), kTablespaceKey.size());
  Leave("tde.cbc", plain);
  Leave("tde.pad", oracle.Encrypt(WithIv(CKM_AES_CBC_PAD, iv), key, kTablespaceKey));
}

TEST(OracleTdeTest, AKeyOfOneProcessOpensTablespacesInMany) {
  Child administrator([] {
    Application oracle(Env("SO_PIN"));
    EXPECT_EQ(oracle.token().flags & CKF_WRITE_PROTECTED, 0u);
    EXPECT_NE(oracle.token().flags & CKF_TOKEN_INITIALIZED, 0u);
    SealForOracle(oracle, SetOracleKey(oracle, "A1"));
  });
  ASSERT_EQ(administrator.Wait(), 0);
  std::vector<Child> servers;
  for (int n = 0; n < 6; ++n) servers.emplace_back([] { OpenOracleTablespace("A1"); });
  for (Child& server : servers) EXPECT_EQ(server.Wait(), 0);
}

TEST(OracleTdeTest, ANewMasterKeyTakesOverFromTheOldOne) {
  Child administrator([] {
    Application oracle(Env("SO_PIN"));
    SealForOracle(oracle, SetOracleKey(oracle, "B1"));
  });
  ASSERT_EQ(administrator.Wait(), 0);
  Child rekey([] {
    Application oracle(Env("SO_PIN"));
    const CK_OBJECT_HANDLE next = SetOracleKey(oracle, "B2");
    const CK_OBJECT_HANDLE old = oracle.Only(Secret(CKK_AES, kOracleKey + "B1"));
    Octets iv = Left("tde.iv");
    EXPECT_EQ(oracle.Decrypt(WithIv(CKM_AES_CBC, iv), old, Left("tde.cbc")), kTablespaceKey);
    SealForOracle(oracle, next);
  });
  ASSERT_EQ(rekey.Wait(), 0);
  Child server([] { OpenOracleTablespace("B2"); });
  EXPECT_EQ(server.Wait(), 0);
}

// The root of trust of Oracle Key Vault: one process that looks for its key again and again.
TEST(OracleKeyVaultTest, TheRootKeyIsThereEachTimeItIsLookedFor) {
  Signal begun;
  Signal restarted;
  Child vault([&] {
    Application okv;
    okv.Generate(CKM_AES_KEY_GEN, MasterKey("OKV root").Value(CKA_ID, "okv-1"));
    for (int beat = 0; beat < 4; ++beat) {
      if (beat == 2) {
        begun.Raise();
        ASSERT_TRUE(restarted.Await());
      }
      Session heartbeat;
      const auto found = Find(heartbeat.handle(), Secret(CKK_AES, "OKV root"));
      ASSERT_EQ(found.size(), 1u);
      Octets iv = okv.Random(16);
      const Octets sealed = okv.Encrypt(WithIv(CKM_AES_CBC_PAD, iv), found[0], kTablespaceKey);
      EXPECT_EQ(okv.Decrypt(WithIv(CKM_AES_CBC_PAD, iv), found[0], sealed), kTablespaceKey);
    }
  });
  ASSERT_TRUE(begun.Await());
  EXPECT_EQ(Dev({"restart"}), 0);
  restarted.Raise();
  EXPECT_EQ(vault.Wait(), 0);
}

// Db2. No officer and no C_InitToken of its own; the token is opened for each request.

const std::string kDb2Key = "DB2_SYSGEN_db2inst1_SAMPLE_2026-11-27";
const std::string kDb2Mac = "DB2_SYSGEN_db2inst1_SAMPLE_HMAC";
const std::string kDb2Inserted = "DB2_inserted";

Attributes Db2MacKey() {
  Attributes attributes = Secret(CKK_GENERIC_SECRET, kDb2Mac);
  attributes.Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, true).Bool(CKA_SIGN, true);
  return attributes.Bool(CKA_VERIFY, true).Number(CKA_VALUE_LEN, 32);
}

CK_RV Db2Verify(Application& db2, const Octets& sealed, const Octets& mac) {
  const CK_OBJECT_HANDLE key = db2.Only(Secret(CKK_GENERIC_SECRET, kDb2Mac));
  return Verify(db2.session(), CKM_SHA256_HMAC, key, sealed, mac);
}

// CREATE DATABASE ... ENCRYPT: a data key, encrypted and authenticated by the token.
void CreateDb2Database() {
  Application db2;
  const CK_OBJECT_HANDLE master = db2.Generate(CKM_AES_KEY_GEN, MasterKey(kDb2Key));
  const CK_OBJECT_HANDLE mac = db2.Generate(CKM_GENERIC_SECRET_KEY_GEN, Db2MacKey());
  Octets iv = db2.Random(16);
  const Octets key = db2.Random(32);
  const Octets sealed = db2.Encrypt(WithIv(CKM_AES_CBC_PAD, iv), master, key);
  Leave("db2.iv", iv);
  Leave("db2.key", key);
  Leave("db2.sealed", sealed);
  Leave("db2.mac", db2.Mac(mac, sealed));
}

// ACTIVATE DATABASE, log access, backup: reads only.
void OpenDb2Database() {
  Application db2(Env("USER_PIN"), 0);
  Octets spoiled = Left("db2.sealed");
  GW_EXPECT_RV(Db2Verify(db2, spoiled, Left("db2.mac")), CKR_OK);
  Octets iv = Left("db2.iv");
  const CK_OBJECT_HANDLE master = db2.Only(Secret(CKK_AES, kDb2Key));
  EXPECT_EQ(db2.Decrypt(WithIv(CKM_AES_CBC_PAD, iv), master, spoiled), Left("db2.key"));
  spoiled.front() ^= 1;
  GW_EXPECT_RV(Db2Verify(db2, spoiled, Left("db2.mac")), CKR_SIGNATURE_INVALID);
}

TEST(Db2Test, TheTokenIsOpenedForEachRequestAndThatIsCheap) {
  Child creates([] { CreateDb2Database(); });
  ASSERT_EQ(creates.Wait(), 0);
  ResetCounters();
  Child opens([] {
    for (int request = 0; request < 10; ++request) OpenDb2Database();
  });
  EXPECT_EQ(opens.Wait(), 0);
  const Counters counters = ReadCounters();
  EXPECT_LE(counters.token_fetches, 1u);
  // Two verifications and a decryption each; finding, opening and login ask nothing of the HSM.
  EXPECT_EQ(counters.requests, 30u);
  EXPECT_EQ(Dev({"restart", "--kill"}), 0);
  Child retries([] { OpenDb2Database(); });
  EXPECT_EQ(retries.Wait(), 0);
}

// ALLOW_KEY_INSERT_WITHOUT_KEYSTORE_BACKUP, NEW_OBJECT_TYPE PRIVATE: a master key from outside.
TEST(Db2Test, AnInsertedMasterKeyEncryptsAsItsValueSays) {
  const Octets value = OctetsOf("a master key of db2, 32 octets..");
  Octets iv(16, 0x42);
  Child inserts([&] {
    Application db2;
    Attributes key = Secret(CKK_AES, kDb2Inserted);
    key.Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, true).Bool(CKA_SENSITIVE, true);
    key.Bool(CKA_ENCRYPT, true).Bool(CKA_DECRYPT, true);
    db2.Create(key.Value(CKA_VALUE, {reinterpret_cast<const char*>(value.data()), value.size()}));
  });
  ASSERT_EQ(inserts.Wait(), 0);
  Child uses([&] {
    Application db2(Env("USER_PIN"), 0);
    const CK_OBJECT_HANDLE key = db2.Only(Secret(CKK_AES, kDb2Inserted));
    const Octets sealed = db2.Encrypt(WithIv(CKM_AES_CBC_PAD, iv), key, kTablespaceKey);
    EXPECT_EQ(sealed, OpenSslCbcPad(value, iv, kTablespaceKey));
    EXPECT_FALSE(db2.Flag(key, CKA_LOCAL));
  });
  EXPECT_EQ(uses.Wait(), 0);
}

// HashiCorp Vault's seal: generate_key makes both keys at the first start; the process lives long.
TEST(VaultSealTest, WhatIsSealedIsUnsealedAfterTheDaemonCameBack) {
  Signal sealed_now;
  Signal restarted;
  Child vault([&] {
    Application seal;
    EXPECT_EQ(seal.Only(Secret(CKK_AES, "vault-key")), CK_INVALID_HANDLE);
    seal.Generate(CKM_AES_KEY_GEN, MasterKey("vault-key"));
    Attributes mac = Secret(CKK_GENERIC_SECRET, "vault-hmac");
    mac.Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, true).Bool(CKA_SENSITIVE, true);
    mac.Bool(CKA_EXTRACTABLE, false).Bool(CKA_SIGN, true).Bool(CKA_VERIFY, true);
    seal.Generate(CKM_GENERIC_SECRET_KEY_GEN, mac.Number(CKA_VALUE_LEN, 32));
    const CK_OBJECT_HANDLE key = seal.Only(Secret(CKK_AES, "vault-key"));
    const CK_OBJECT_HANDLE mac_key = seal.Only(Secret(CKK_GENERIC_SECRET, "vault-hmac"));
    Octets iv = seal.Random(16);
    const Octets sealed = seal.Encrypt(WithIv(CKM_AES_CBC_PAD, iv), key, kTablespaceKey);
    Octets authenticated = iv;
    authenticated.insert(authenticated.end(), sealed.begin(), sealed.end());
    const Octets tag = seal.Mac(mac_key, authenticated);
    EXPECT_EQ(tag.size(), 32u);
    sealed_now.Raise();
    ASSERT_TRUE(restarted.Await());
    GW_EXPECT_RV(Verify(seal.session(), CKM_SHA256_HMAC, mac_key, authenticated, tag), CKR_OK);
    EXPECT_EQ(seal.Decrypt(WithIv(CKM_AES_CBC_PAD, iv), key, sealed), kTablespaceKey);
  });
  ASSERT_TRUE(sealed_now.Await());
  EXPECT_EQ(Dev({"restart"}), 0);
  restarted.Raise();
  EXPECT_EQ(vault.Wait(), 0);
}

}  // namespace
}  // namespace gw::stack
