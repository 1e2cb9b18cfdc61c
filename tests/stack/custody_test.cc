// Room: tests/stack. R379: custody of digital assets. A ceremony makes a seed and the master key of
// a wallet; a signer keeps the keys below it; watchers have the public key of an account and make
// the addresses of its payments from that alone. Each is a process of its own, as in the field; the
// seed is made in the HSM, and so nobody knows a key by other means than these calls.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "proto/pkcs11/ck_parameters.h"
#include "tests/stack/application.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr CK_ULONG kHardened = 0x80000000;
constexpr CK_ULONG kChainCodeBytes = 32;
const Octets kPayment = OctetsOf("pay 1 to whom it concerns");

// A node of the tree: its key, and the chain code that its children are derived with.
struct Node {
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  Octets chain_code;
};

// What the nodes of a wallet have in common.
struct Coin {
  std::string_view curve;
  CK_MECHANISM_TYPE signs;
  CK_ULONG master, private_child, public_child, public_from_public;
};
constexpr Coin kBitcoin{"secp256k1",
                        CKM_ECDSA_SHA256,
                        CK_IBM_BIP0032_MASTERK,
                        CK_IBM_BIP0032_PRV2PRV,
                        CK_IBM_BIP0032_PRV2PUB,
                        CK_IBM_BIP0032_PUB2PUB};
constexpr Coin kSolana{"Ed25519",
                       CKM_IBM_ED25519_SHA512,
                       CK_IBM_SLIP0010_MASTERK,
                       CK_IBM_SLIP0010_PRV2PRV,
                       CK_IBM_SLIP0010_PRV2PUB,
                       CK_IBM_SLIP0010_PUB2PUB};

Attributes Kept(std::string_view label, bool is_private = true) {
  Attributes attributes;
  return attributes.Value(CKA_LABEL, label).Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, is_private);
}

// The key below `from`, whose class, sign and verify follow from the type of the derivation.
Node Derive(Application& application, const Coin& coin, CK_ULONG type, CK_ULONG index,
            const Node& from, Attributes attributes = {}) {
  const bool is_public = type == coin.public_child || type == coin.public_from_public;
  attributes.Number(CKA_CLASS, is_public ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY);
  attributes.Number(CKA_KEY_TYPE, CKK_EC).Number(CKA_VALUE_LEN, 0);
  attributes.Value(CKA_EC_PARAMS, coin.curve).Bool(is_public ? CKA_VERIFY : CKA_SIGN, true);
  attributes.Bool(CKA_DERIVE, true).Bool(CKA_IBM_USE_AS_DATA, true);
  Octets chain_code = from.chain_code;
  CK_IBM_BTC_DERIVE_PARAMS params{type, index, chain_code.data(), chain_code.size(), 1};
  CK_MECHANISM mechanism{CKM_IBM_BTC_DERIVE, &params, sizeof params};
  const auto list = attributes.list();
  Node made;
  GW_EXPECT_RV(P11().C_DeriveKey(application.session(), &mechanism, from.key, list.data(),
                                 list.size(), &made.key),
               CKR_OK);
  made.chain_code = application.Read(made.key, CKA_CHECK_VALUE);
  EXPECT_EQ(made.chain_code.size(), kChainCodeBytes);
  return made;
}

Node Walk(Application& application, const Coin& coin, Node from, std::span<const CK_ULONG> path) {
  for (const CK_ULONG index : path)
    from = Derive(application, coin, coin.private_child, index, from);
  return from;
}

// The seed never leaves the HSM; the master key is kept, with its chain code as CKA_CHECK_VALUE.
void Ceremony(const Coin& coin, const std::string& wallet) {
  Application ceremony;
  Attributes seed = Kept(wallet + " seed").Number(CKA_VALUE_LEN, 32).Bool(CKA_DERIVE, true);
  seed.Bool(CKA_SENSITIVE, true).Bool(CKA_EXTRACTABLE, false).Bool(CKA_IBM_USE_AS_DATA, true);
  const Node root{ceremony.Generate(CKM_GENERIC_SECRET_KEY_GEN, std::move(seed)), {}};
  const Node master = Derive(ceremony, coin, coin.master, 0, root,
                             Kept(wallet + " master").Bool(CKA_SENSITIVE, true));
  EXPECT_TRUE(ceremony.Flag(master.key, CKA_SENSITIVE));
}

Node MasterOf(Application& application, const std::string& wallet) {
  const Node master{
      application.Only(
          Attributes().Number(CKA_CLASS, CKO_PRIVATE_KEY).Value(CKA_LABEL, wallet + " master")),
      {}};
  EXPECT_NE(master.key, CK_INVALID_HANDLE);
  return {master.key, application.Read(master.key, CKA_CHECK_VALUE)};
}

Octets SignPayment(Application& application, const Coin& coin, const Node& node) {
  Octets signature;
  GW_EXPECT_RV(Sign(application.session(), coin.signs, node.key, kPayment, &signature), CKR_OK);
  EXPECT_EQ(signature.size(), 64u);
  return signature;
}

constexpr CK_ULONG kAccount[] = {84 + kHardened, kHardened, kHardened};
constexpr CK_ULONG kReceives = 0;
constexpr CK_ULONG kPayments = 3;

std::string Address(CK_ULONG index) { return "custody.address." + std::to_string(index); }

// m/84'/0'/0' and the public key of it, for all to see.
Node OpenAccount(Application& signer, const std::string& wallet) {
  const Node coin = Walk(signer, kBitcoin, MasterOf(signer, wallet), std::span(kAccount).first(2));
  const Node account = Derive(signer, kBitcoin, kBitcoin.private_child, kAccount[2], coin);
  const Node shown = Derive(signer, kBitcoin, kBitcoin.public_child, kAccount[2], coin,
                            Kept(wallet + " account", false));
  EXPECT_EQ(shown.chain_code, account.chain_code);
  return account;
}

// A process that uses no private key, and makes the addresses of payments.
void Watch(const std::string& wallet) {
  Application watcher(Env("USER_PIN"), 0);
  const Node account{
      watcher.Only(
          Attributes().Number(CKA_CLASS, CKO_PUBLIC_KEY).Value(CKA_LABEL, wallet + " account")),
      {}};
  ASSERT_NE(account.key, CK_INVALID_HANDLE);
  const Node chain = Derive(watcher, kBitcoin, kBitcoin.public_from_public, kReceives,
                            {account.key, watcher.Read(account.key, CKA_CHECK_VALUE)});
  for (CK_ULONG index = 0; index < kPayments; ++index) {
    const Node node = Derive(watcher, kBitcoin, kBitcoin.public_from_public, index, chain);
    Leave(Address(index), watcher.Read(node.key, CKA_PUBLIC_KEY_INFO));
  }
}

// The keys of these addresses, out of the private half; whatever of them is derived twice is the
// same, and what they sign the address verifies.
void PayFromEachAddress(Application& signer, const Node& account) {
  const Node chain = Derive(signer, kBitcoin, kBitcoin.private_child, kReceives, account);
  for (CK_ULONG index = 0; index < kPayments; ++index) {
    const Octets address = Left(Address(index));
    const Node node = Derive(signer, kBitcoin, kBitcoin.private_child, index, chain);
    const Node shown = Derive(signer, kBitcoin, kBitcoin.public_child, index, chain);
    EXPECT_EQ(signer.Read(shown.key, CKA_PUBLIC_KEY_INFO), address) << index;
    const PublicKey key = KeyOf(address);
    ASSERT_NE(key, nullptr);
    const Octets signature = DerOf(SignPayment(signer, kBitcoin, node));
    EXPECT_TRUE(OpenSslVerifies(key.get(), EVP_sha256(), kPayment, signature)) << index;
    EXPECT_FALSE(OpenSslVerifies(key.get(), EVP_sha256(), OctetsOf("pay 2"), signature));
    const PublicKey other = KeyOf(Left(Address((index + 1) % kPayments)));
    EXPECT_FALSE(OpenSslVerifies(other.get(), EVP_sha256(), kPayment, signature));
  }
}

TEST(CustodyTest, AddressesThatWatchersMakeAreThoseOfTheSignersKeysAcrossARestart) {
  const std::string wallet = "bitcoin";
  Child ceremony([&] { Ceremony(kBitcoin, wallet); });
  ASSERT_EQ(ceremony.Wait(), 0);
  EXPECT_EQ(Dev({"restart"}), 0);
  Signal opened;
  Signal watched;
  Child signer([&] {
    Application custody;
    const Node account = OpenAccount(custody, wallet);
    opened.Raise();
    ASSERT_TRUE(watched.Await());  // the daemon of before is gone; the session keys are not
    PayFromEachAddress(custody, account);
  });
  ASSERT_TRUE(opened.Await());
  EXPECT_EQ(Dev({"restart", "--kill"}), 0);
  Child watcher([&] { Watch(wallet); });
  EXPECT_EQ(watcher.Wait(), 0);
  watched.Raise();
  EXPECT_EQ(signer.Wait(), 0);
  // Another life of the signer comes to the same keys from the master key alone.
  Child again([&] {
    Application custody;
    PayFromEachAddress(custody, Walk(custody, kBitcoin, MasterOf(custody, wallet), kAccount));
  });
  EXPECT_EQ(again.Wait(), 0);
}

// Ed25519 has hardened children alone.
TEST(CustodyTest, AnEd25519WalletSignsWithTheSameKeyAfterARestart) {
  const std::string wallet = "solana";
  constexpr CK_ULONG kPath[] = {44 + kHardened, 501 + kHardened, kHardened};
  Child ceremony([&] { Ceremony(kSolana, wallet); });
  ASSERT_EQ(ceremony.Wait(), 0);
  Child opens([&] {
    Application custody;
    const Node coin = Walk(custody, kSolana, MasterOf(custody, wallet), std::span(kPath).first(2));
    const Node shown = Derive(custody, kSolana, kSolana.public_child, kPath[2], coin);
    Leave("custody.solana", custody.Read(shown.key, CKA_PUBLIC_KEY_INFO));
  });
  ASSERT_EQ(opens.Wait(), 0);
  EXPECT_EQ(Dev({"restart"}), 0);
  Child signs([&] {
    Application custody;
    const Node node = Walk(custody, kSolana, MasterOf(custody, wallet), kPath);
    const PublicKey key = KeyOf(Left("custody.solana"));
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(EVP_PKEY_get_base_id(key.get()), EVP_PKEY_ED25519);
    const Octets signature = SignPayment(custody, kSolana, node);
    EXPECT_TRUE(OpenSslVerifies(key.get(), nullptr, kPayment, signature));
    EXPECT_FALSE(OpenSslVerifies(key.get(), nullptr, OctetsOf("pay 2"), signature));
  });
  EXPECT_EQ(signs.Wait(), 0);
}

}  // namespace
}  // namespace gw::stack
