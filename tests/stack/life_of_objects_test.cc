// Room: tests/stack. Who sees which object for how long; certificates and data in each keystore.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

CK_OBJECT_HANDLE Create(CK_SESSION_HANDLE session, Attributes attributes) {
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  const auto list = attributes.list();
  GW_EXPECT_RV(P11().C_CreateObject(session, list.data(), list.size(), &object), CKR_OK);
  return object;
}

Attributes Data(std::string_view label) {
  return Attributes().Number(CKA_CLASS, CKO_DATA).Value(CKA_LABEL, label).Value(CKA_VALUE, "v");
}

std::string Read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  std::string value(200, '\0');
  CK_ATTRIBUTE wanted{type, value.data(), value.size()};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session, object, &wanted, 1), CKR_OK);
  value.resize(std::min<CK_ULONG>(wanted.ulValueLen, value.size()));
  return value;
}

// What a body does in a process of its own.
void InAProcess(const std::function<void()>& body) {
  Child child(body);
  EXPECT_EQ(child.Wait(), 0);
}

TEST(LifeOfObjectsTest, ASessionObjectIsSeenInAllSessionsOfItsApplication) {
  InAProcess([] {
    const Initialized initialized;
    Session one;
    const Session two;
    one.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(one.handle(), false, "shared", &pair), CKR_OK);
    EXPECT_EQ(FindByLabel(two.handle(), "shared").size(), 2u);
    Octets signature;
    GW_EXPECT_RV(Sign(two.handle(), CKM_ECDSA, pair.private_key, Octets(32), &signature), CKR_OK);
  });
}

// As the samples end on an error: with session, login and operation still open.
TEST(LifeOfObjectsTest, FinalizeDestroysSessionObjectsAndLogsOut) {
  InAProcess([] {
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    {
      const Initialized initialized;
      auto* never_closed = new Session;
      never_closed->Login();
      object = Create(never_closed->handle(), Data("short"));
      CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
      GW_ASSERT_RV(MakeAesKey(never_closed->handle(), false, "short", true, &key), CKR_OK);
      CK_MECHANISM ecb{CKM_AES_ECB, nullptr, 0};
      GW_EXPECT_RV(P11().C_EncryptInit(never_closed->handle(), &ecb, key), CKR_OK);
      GW_EXPECT_RV(P11().C_Finalize(nullptr), CKR_OK);
    }
    const Initialized again;
    Session session;
    CK_SESSION_INFO info{};
    GW_EXPECT_RV(P11().C_GetSessionInfo(session.handle(), &info), CKR_OK);
    EXPECT_EQ(info.state, CK_STATE{CKS_RW_PUBLIC_SESSION});
    session.Login();
    EXPECT_EQ(FindByLabel(session.handle(), "short").size(), 0u);
    GW_EXPECT_RV(P11().C_DestroyObject(session.handle(), object), CKR_OBJECT_HANDLE_INVALID);
  });
}

TEST(LifeOfObjectsTest, ASessionOfAnotherProcessKeepsTheTokenFromBeingWiped) {
  Signal opened;
  Signal tried;
  Child other([&] {
    const Initialized initialized;
    const Session session;
    opened.Raise();
    EXPECT_TRUE(tried.Await());
  });
  ASSERT_TRUE(opened.Await());
  InAProcess([] {
    const Initialized initialized;
    std::string pin = Env("SO_PIN");
    std::string label(32, ' ');
    GW_EXPECT_RV(P11().C_InitToken(Slot(), reinterpret_cast<CK_UTF8CHAR_PTR>(pin.data()),
                                   pin.size(), reinterpret_cast<CK_UTF8CHAR_PTR>(label.data())),
                 CKR_SESSION_EXISTS);
  });
  tried.Raise();
  EXPECT_EQ(other.Wait(), 0);
}

TEST(LifeOfObjectsTest, ATokenObjectMadeMeanwhileIsInTheNextSearch) {
  Signal looked;
  Signal made;
  Child watcher([&] {
    const Initialized initialized;
    const Session session;
    EXPECT_EQ(FindByLabel(session.handle(), "meanwhile").size(), 0u);
    looked.Raise();
    ASSERT_TRUE(made.Await());
    EXPECT_EQ(FindByLabel(session.handle(), "meanwhile").size(), 1u);
  });
  ASSERT_TRUE(looked.Await());
  InAProcess([] {
    const Initialized initialized;
    const Session session;
    Create(session.handle(), Data("meanwhile").Bool(CKA_TOKEN, true));
  });
  made.Raise();
  EXPECT_EQ(watcher.Wait(), 0);
}

TEST(LifeOfObjectsTest, OfAnAttributeGivenTwiceTheLastOneCounts) {
  InAProcess([] {
    const Initialized initialized;
    const Session session;
    const CK_OBJECT_HANDLE object =
        Create(session.handle(),
               Data("first").Value(CKA_LABEL, "last").Bool(CKA_TOKEN, true).Bool(CKA_TOKEN, false));
    EXPECT_EQ(Read(session.handle(), object, CKA_LABEL), "last");
    EXPECT_EQ(Read(session.handle(), object, CKA_TOKEN), std::string(1, '\0'));
  });
}

Attributes Certificate(CK_CERTIFICATE_TYPE type, std::string_view label) {
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_CERTIFICATE).Number(CKA_CERTIFICATE_TYPE, type);
  attributes.Value(CKA_VALUE, "value of the certificate").Value(CKA_LABEL, label);
  if (type == CKC_X_509_ATTR_CERT) return attributes.Value(CKA_OWNER, "owner");
  return attributes.Value(CKA_SUBJECT, "subject");
}

// R254: three types, in memory and on disk, public and private.
TEST(CertificatesTest, EachTypeIsMadeFoundReadCopiedAndDestroyedInEachKeystore) {
  InAProcess([] {
    const Initialized initialized;
    Session session;
    session.Login();
    const CK_SESSION_HANDLE s = session.handle();
    for (const CK_CERTIFICATE_TYPE type : {CKC_X_509, CKC_X_509_ATTR_CERT, CKC_WTLS}) {
      for (const bool token : {false, true}) {
        for (const bool is_private : {false, true}) {
          SCOPED_TRACE(testing::Message() << type << " token " << token << " " << is_private);
          Attributes wanted = Certificate(type, "each");
          wanted.Bool(CKA_TOKEN, token).Bool(CKA_PRIVATE, is_private);
          const CK_OBJECT_HANDLE object = Create(s, wanted);
          EXPECT_EQ(Find(s, wanted), std::vector{object});
          EXPECT_EQ(Read(s, object, CKA_VALUE), "value of the certificate");
          CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
          GW_EXPECT_RV(P11().C_CopyObject(s, object, nullptr, 0, &copy), CKR_OK);
          EXPECT_EQ(Read(s, copy, CKA_VALUE), "value of the certificate");
          for (const CK_OBJECT_HANDLE gone : {object, copy}) {
            GW_EXPECT_RV(P11().C_DestroyObject(s, gone), CKR_OK);
          }
          EXPECT_EQ(Find(s, wanted).size(), 0u);
        }
      }
    }
  });
}

TEST(CertificatesTest, ACertificateAndItsKeyShareAnIdInWhateverOrderTheyCome) {
  InAProcess([] {
    const Initialized initialized;
    Session session;
    session.Login();
    const CK_SESSION_HANDLE s = session.handle();
    for (const bool certificate_first : {false, true}) {
      const std::string id = certificate_first ? "certificate first" : "key first";
      const auto certify = [&] { Create(s, Certificate(CKC_X_509, "tls").Value(CKA_ID, id)); };
      if (certificate_first) certify();
      KeyPair pair;
      GW_ASSERT_RV(MakeEcPair(s, false, "tls", &pair), CKR_OK);
      for (const CK_OBJECT_HANDLE half : {pair.public_key, pair.private_key}) {
        Attributes named;
        named.Value(CKA_ID, id);
        const auto list = named.list();
        GW_EXPECT_RV(P11().C_SetAttributeValue(s, half, list.data(), list.size()), CKR_OK);
      }
      if (!certificate_first) certify();
      EXPECT_EQ(Find(s, Attributes().Value(CKA_ID, id)).size(), 3u);
      const auto of = [&](CK_OBJECT_CLASS object_class) {
        return Find(s, Attributes().Value(CKA_ID, id).Number(CKA_CLASS, object_class)).size();
      };
      EXPECT_EQ(of(CKO_CERTIFICATE), 1u);
      EXPECT_EQ(of(CKO_PRIVATE_KEY), 1u);
    }
  });
}

TEST(CertificatesTest, PrivateDataIsSeenByTheNormalUserOnly) {
  InAProcess([] {
    const Initialized initialized;
    Session session;
    session.Login();
    Create(session.handle(), Data("of the user").Bool(CKA_PRIVATE, true).Bool(CKA_TOKEN, true));
    EXPECT_EQ(FindByLabel(session.handle(), "of the user").size(), 1u);
    GW_EXPECT_RV(P11().C_Logout(session.handle()), CKR_OK);
    EXPECT_EQ(FindByLabel(session.handle(), "of the user").size(), 0u);
    GW_EXPECT_RV(Login(session.handle(), CKU_SO, Env("SO_PIN")), CKR_OK);
    EXPECT_EQ(FindByLabel(session.handle(), "of the user").size(), 0u);
  });
}

}  // namespace
}  // namespace gw::stack
