// Room: tests/stack. What operations cost in HSM requests, counted by the emulator: the scarcest
// thing there is.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr int kSignatures = 1000;

CK_BYTE_PTR Pointer(const Octets& octets) {
  return const_cast<CK_BYTE_PTR>(octets.data());  // the standard's C header has no const
}

// The module is initialised for this program as a whole: what is counted is the steady state.
class BudgetTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    initialized_ = new Initialized;
    session_ = new Session;
    session_->Login();
    pair_ = new KeyPair;
    GW_ASSERT_RV(MakeEcPair(session_->handle(), false, "budget", pair_), CKR_OK);
    rsa_ = new KeyPair;
    GW_ASSERT_RV(MakeRsaPair(session_->handle(), false, "budget rsa", rsa_), CKR_OK);
  }
  static void TearDownTestSuite() {
    delete rsa_;
    delete pair_;
    delete session_;
    delete initialized_;
  }
  void SetUp() override { ResetCounters(); }

  static inline Initialized* initialized_ = nullptr;
  static inline Session* session_ = nullptr;
  static inline KeyPair* pair_ = nullptr;
  static inline KeyPair* rsa_ = nullptr;
};

TEST_F(BudgetTest, AThousandSignaturesCostAThousandSignSingleAndNothingElse) {
  Octets signature;
  for (int i = 0; i < kSignatures; ++i) {
    GW_ASSERT_RV(Sign(session_->handle(), CKM_ECDSA, pair_->private_key,
                      OctetsOf("0123456789abcdef0123456789abcdef"), &signature),
                 CKR_OK);
  }
  const Counters counters = ReadCounters();
  EXPECT_THAT(counters.by_rpc, UnorderedElementsAre(Pair("SignSingle", kSignatures)));
  EXPECT_EQ(counters.token_fetches, 0u);
}

TEST_F(BudgetTest, AskingForTheLengthCostsNothing) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  Octets data(32);
  CK_ULONG size = 0;
  GW_ASSERT_RV(P11().C_SignInit(session_->handle(), &mechanism, pair_->private_key), CKR_OK);
  GW_ASSERT_RV(P11().C_Sign(session_->handle(), data.data(), data.size(), nullptr, &size), CKR_OK);
  EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
  Octets signature(size);
  CK_ULONG one_short = size - 1;
  GW_EXPECT_RV(
      P11().C_Sign(session_->handle(), data.data(), data.size(), signature.data(), &one_short),
      CKR_BUFFER_TOO_SMALL);
  EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
  GW_ASSERT_RV(P11().C_Sign(session_->handle(), data.data(), data.size(), signature.data(), &size),
               CKR_OK);
  EXPECT_THAT(ReadCounters().by_rpc, UnorderedElementsAre(Pair("SignSingle", 1)));
}

TEST_F(BudgetTest, HashingSignaturesOfManyPartsCostOneRequest) {
  CK_MECHANISM mechanism{CKM_ECDSA_SHA256, nullptr, 0};
  Octets part(10'000);
  GW_ASSERT_RV(P11().C_SignInit(session_->handle(), &mechanism, pair_->private_key), CKR_OK);
  for (int i = 0; i < 10; ++i) {
    GW_ASSERT_RV(P11().C_SignUpdate(session_->handle(), part.data(), part.size()), CKR_OK);
  }
  Octets signature(64);
  CK_ULONG size = signature.size();
  GW_ASSERT_RV(P11().C_SignFinal(session_->handle(), signature.data(), &size), CKR_OK);
  EXPECT_THAT(ReadCounters().by_rpc, UnorderedElementsAre(Pair("SignSingle", 1)));
}

TEST_F(BudgetTest, VerifyingDigestingFindingAndReadingCostNothing) {
  const Octets data = OctetsOf("some text");
  Octets signature;
  GW_ASSERT_RV(Sign(session_->handle(), CKM_ECDSA_SHA256, pair_->private_key, data, &signature),
               CKR_OK);
  ResetCounters();
  GW_EXPECT_RV(Verify(session_->handle(), CKM_ECDSA_SHA256, pair_->public_key, data, signature),
               CKR_OK);
  CK_MECHANISM sha256{CKM_SHA256, nullptr, 0};
  Octets digest(32);
  CK_ULONG size = digest.size();
  GW_EXPECT_RV(P11().C_DigestInit(session_->handle(), &sha256), CKR_OK);
  GW_EXPECT_RV(P11().C_Digest(session_->handle(), const_cast<CK_BYTE_PTR>(data.data()), data.size(),
                              digest.data(), &size),
               CKR_OK);
  EXPECT_EQ(FindByLabel(session_->handle(), "budget").size(), 2u);
  CK_OBJECT_CLASS object_class = 0;
  CK_ATTRIBUTE wanted{CKA_CLASS, &object_class, sizeof object_class};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session_->handle(), pair_->private_key, &wanted, 1),
               CKR_OK);
  EXPECT_EQ(object_class, CKO_PRIVATE_KEY);
  const Counters counters = ReadCounters();
  EXPECT_THAT(counters.by_rpc, IsEmpty());
  EXPECT_EQ(counters.token_fetches, 0u);
}

TEST_F(BudgetTest, VerifyingEveryHashInOnePartAndManyCostsNothing) {
  const Octets data(1 << 20, 0x5a);
  for (const auto& [mechanism_type, pair] :
       {std::pair(CKM_SHA256_RSA_PKCS, rsa_), std::pair(CKM_ECDSA_SHA384, pair_)}) {
    Octets signature;
    GW_ASSERT_RV(Sign(session_->handle(), mechanism_type, pair->private_key, data, &signature),
                 CKR_OK);
    EXPECT_THAT(ReadCounters().by_rpc, UnorderedElementsAre(Pair("SignSingle", 1)))
        << "a large message is hashed here";
    ResetCounters();
    GW_EXPECT_RV(Verify(session_->handle(), mechanism_type, pair->public_key, data, signature),
                 CKR_OK);
    CK_MECHANISM mechanism{mechanism_type, nullptr, 0};
    GW_ASSERT_RV(P11().C_VerifyInit(session_->handle(), &mechanism, pair->public_key), CKR_OK);
    for (std::size_t at = 0; at < data.size(); at += data.size() / 4) {
      GW_ASSERT_RV(P11().C_VerifyUpdate(session_->handle(), Pointer(data) + at, data.size() / 4),
                   CKR_OK);
    }
    GW_EXPECT_RV(P11().C_VerifyFinal(session_->handle(), Pointer(signature), signature.size()),
                 CKR_OK);
    EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
  }
}

TEST_F(BudgetTest, EncryptingWithAPublicKeyCostsNothing) {
  CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, nullptr, 0};
  for (CK_MECHANISM mechanism : {CK_MECHANISM{CKM_RSA_PKCS, nullptr, 0},
                                 CK_MECHANISM{CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep}}) {
    Octets text(32);
    Octets ciphertext(256);
    CK_ULONG size = ciphertext.size();
    GW_ASSERT_RV(P11().C_EncryptInit(session_->handle(), &mechanism, rsa_->public_key), CKR_OK);
    GW_EXPECT_RV(
        P11().C_Encrypt(session_->handle(), text.data(), text.size(), ciphertext.data(), &size),
        CKR_OK);
    EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
  }
}

TEST_F(BudgetTest, DigestsOfManyPartsCostNothing) {
  for (const CK_MECHANISM_TYPE type : {CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512}) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    Octets part(100'000);
    Octets digest(64);
    CK_ULONG size = digest.size();
    GW_ASSERT_RV(P11().C_DigestInit(session_->handle(), &mechanism), CKR_OK);
    for (int i = 0; i < 3; ++i) {
      GW_ASSERT_RV(P11().C_DigestUpdate(session_->handle(), part.data(), part.size()), CKR_OK);
    }
    GW_EXPECT_RV(P11().C_DigestFinal(session_->handle(), digest.data(), &size), CKR_OK);
  }
  EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
}

TEST_F(BudgetTest, FindingAndReadingAThousandTimesCostNothing) {
  std::vector<CK_OBJECT_HANDLE> made;
  for (int i = 0; i < 70; ++i) {  // more than one call of C_FindObjects takes
    Attributes attributes;
    attributes.Number(CKA_CLASS, CKO_DATA).Value(CKA_LABEL, "budget data").Bool(CKA_TOKEN, true);
    attributes.Bool(CKA_PRIVATE, i % 2 == 0).Value(CKA_VALUE, "some octets");
    const auto list = attributes.list();
    CK_OBJECT_HANDLE handle = 0;
    GW_ASSERT_RV(P11().C_CreateObject(session_->handle(), list.data(), list.size(), &handle),
                 CKR_OK);
    made.push_back(handle);
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(FindByLabel(session_->handle(), "budget data").size(), made.size());
    std::array<CK_BYTE, 256> modulus{};
    CK_ATTRIBUTE wanted{CKA_MODULUS, modulus.data(), modulus.size()};
    for (int read = 0; read < 10; ++read) {
      GW_EXPECT_RV(P11().C_GetAttributeValue(session_->handle(), rsa_->public_key, &wanted, 1),
                   CKR_OK);
    }
  }
  for (const CK_OBJECT_HANDLE handle : made) {
    GW_EXPECT_RV(P11().C_DestroyObject(session_->handle(), handle), CKR_OK);
  }
  EXPECT_THAT(ReadCounters().by_rpc, IsEmpty()) << "objects that are no keys never reach the HSM";
}

// What a length query costs: the call with no buffer.
struct Query {
  const char* name;
  std::function<CK_RV(CK_SESSION_HANDLE, CK_ULONG*)> ask;
  CK_ULONG length;
};

TEST_F(BudgetTest, LengthsAreKnownWithoutTheHsm) {
  CK_OBJECT_HANDLE aes = 0;
  GW_ASSERT_RV(MakeAesKey(session_->handle(), false, "budget aes", true, &aes), CKR_OK);
  ResetCounters();
  Octets data(48);
  Octets iv(16);
  CK_MECHANISM ecdsa{CKM_ECDSA, nullptr, 0};
  CK_MECHANISM ecdsa_sha256{CKM_ECDSA_SHA256, nullptr, 0};
  CK_MECHANISM sha384{CKM_SHA384, nullptr, 0};
  CK_MECHANISM rsa{CKM_RSA_PKCS, nullptr, 0};
  CK_MECHANISM cbc_pad{CKM_AES_CBC_PAD, iv.data(), iv.size()};
  const Query queries[] = {
      {"C_Sign",
       [&](auto session, auto* size) {
         P11().C_SignInit(session, &ecdsa, pair_->private_key);
         return P11().C_Sign(session, data.data(), 32, nullptr, size);
       },
       64},
      {"C_SignFinal",
       [&](auto session, auto* size) {
         P11().C_SignInit(session, &ecdsa_sha256, pair_->private_key);
         P11().C_SignUpdate(session, data.data(), data.size());
         return P11().C_SignFinal(session, nullptr, size);
       },
       64},
      {"C_Digest",
       [&](auto session, auto* size) {
         P11().C_DigestInit(session, &sha384);
         return P11().C_Digest(session, data.data(), data.size(), nullptr, size);
       },
       48},
      {"C_Encrypt, RSA",
       [&](auto session, auto* size) {
         P11().C_EncryptInit(session, &rsa, rsa_->public_key);
         return P11().C_Encrypt(session, data.data(), data.size(), nullptr, size);
       },
       256},
      {"C_Encrypt, AES with padding",
       [&](auto session, auto* size) {
         P11().C_EncryptInit(session, &cbc_pad, aes);
         return P11().C_Encrypt(session, data.data(), data.size(), nullptr, size);
       },
       64},
      {"C_Decrypt, AES with padding: no more than",
       [&](auto session, auto* size) {
         P11().C_DecryptInit(session, &cbc_pad, aes);
         return P11().C_Decrypt(session, data.data(), data.size(), nullptr, size);
       },
       48},
      {"C_Decrypt, RSA: no more than",
       [&](auto session, auto* size) {
         Octets block(256);
         P11().C_DecryptInit(session, &rsa, rsa_->private_key);
         return P11().C_Decrypt(session, block.data(), block.size(), nullptr, size);
       },
       256},
  };
  for (const Query& query : queries) {
    const Session session;  // whose end ends the operation
    CK_ULONG size = 0;
    GW_EXPECT_RV(query.ask(session.handle(), &size), CKR_OK) << query.name;
    EXPECT_EQ(size, query.length) << query.name;
  }
  EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
}

// Whatever the pool holds when the first call comes: it is asked for once in so many calls.
TEST_F(BudgetTest, FourThousandRandomNumbersCostOneRequest) {
  constexpr int kCalls = 4096;
  constexpr int kWindows = 4;
  unsigned long requests = 0;
  for (int window = 0; window < kWindows; ++window) {
    ResetCounters();
    for (int i = 0; i < kCalls; ++i) {
      Octets random(32);
      GW_ASSERT_RV(P11().C_GenerateRandom(session_->handle(), random.data(), random.size()),
                   CKR_OK);
    }
    Counters counters = ReadCounters();
    EXPECT_EQ(counters.requests, counters.by_rpc["GenerateRandom"]) << "and nothing else";
    EXPECT_LE(counters.requests, 1u);
    requests += counters.requests;
  }
  EXPECT_GE(requests, 1u) << "the octets are the HSM's";
}

}  // namespace
}  // namespace gw::stack
