// Room: tests. Objects: create, read, change, copy, destroy, find.
#include "daemon/ops/objects.h"

#include <gmock/gmock.h>

#include "daemon/core/attribute_codec.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class ObjectsTest : public OpsTest {
 protected:
  static AttributeList Data(bool token, std::string_view label) {
    AttributeList given;
    given.SetUlong(CKA_CLASS, CKO_DATA);
    given.SetBool(CKA_TOKEN, token);
    given.SetText(CKA_LABEL, label);
    given.SetText(CKA_VALUE, "value");
    return given;
  }
  std::string ReadLabel(const ops::CallScope& scope, ObjectHandle handle) {
    auto found = ops::GetAttributeValue(scope, handle, {{CKA_LABEL, 100}});
    return found ? std::string(TextOf(found->values.front().value)) : "?";
  }
};

TEST_F(ObjectsTest, ADataObjectIsMadeReadFoundAndDestroyed) {
  const auto scope = Session();
  for (const bool is_token : {false, true}) {
    auto handle = Run(ops::CreateObject(scope, Data(is_token, "thing")));
    ASSERT_TRUE(handle);
    EXPECT_EQ(ReadLabel(scope, *handle), "thing");
    AttributeList wanted;
    wanted.SetText(CKA_LABEL, "thing");
    const auto found = ops::FindObjectsInit(scope, wanted, 10);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->complete);
    EXPECT_THAT(found->first, testing::ElementsAre(*handle));
    EXPECT_EQ(RvOf(ops::FindObjects(scope, 10)), CKR_OPERATION_NOT_INITIALIZED);
    EXPECT_EQ(RvOf(Run(ops::DestroyObject(scope, *handle))), CKR_OK);
    EXPECT_EQ(ReadLabel(scope, *handle), "?");
  }
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(ObjectsTest, ATokenObjectNeedsAReadWriteSession) {
  const auto read_only = Session(false);
  EXPECT_EQ(RvOf(Run(ops::CreateObject(read_only, Data(true, "x")))), CKR_SESSION_READ_ONLY);
  const auto read_write = Session();
  auto handle = Run(ops::CreateObject(read_write, Data(true, "x")));
  AttributeList label;
  label.SetText(CKA_LABEL, "y");
  EXPECT_EQ(RvOf(Run(ops::SetAttributeValue(read_only, *handle, label))), CKR_SESSION_READ_ONLY);
  EXPECT_EQ(RvOf(Run(ops::DestroyObject(read_only, *handle))), CKR_SESSION_READ_ONLY);
  EXPECT_EQ(RvOf(Run(ops::SetAttributeValue(read_write, *handle, label))), CKR_OK);
  EXPECT_EQ(ReadLabel(read_only, *handle), "y");
}

TEST_F(ObjectsTest, APrivateObjectNeedsTheNormalUserAndLeavesNothingBehind) {
  const auto scope = Session();
  AttributeList given = Data(true, "secret");
  given.SetBool(CKA_PRIVATE, true);
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, given))), CKR_USER_NOT_LOGGED_IN);
  EXPECT_EQ(token().objects().size(), 0u);
  LogInAs(UserState::kNormal);
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, given))), CKR_OK);
}

TEST_F(ObjectsTest, EveryWantedAttributeIsAnsweredEvenIfOthersFail) {
  const auto scope = Session();
  const ObjectPtr key = application_->AddSessionObject(
      KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT), *scope.session);
  auto found = ops::GetAttributeValue(scope, application_->HandleOf(*key),
                                      {{CKA_VALUE, 100},
                                       {CKA_KEY_TYPE, 8},
                                       {CKA_MODULUS, 100},
                                       {CKA_ENCRYPT, std::nullopt},
                                       {CKA_VALUE_LEN, 7}});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->values[0].length);
  EXPECT_TRUE(found->values[1].delivered);
  EXPECT_EQ(UlongFrom(found->values[1].value), CK_ULONG{CKK_AES});
  EXPECT_FALSE(found->values[2].length);
  EXPECT_EQ(found->values[3].length, 1u);
  EXPECT_FALSE(found->values[3].delivered);
  EXPECT_FALSE(found->values[4].length);
  EXPECT_EQ(found->rv, CKR_BUFFER_TOO_SMALL);
}

TEST_F(ObjectsTest, ASecretValueIsSensitiveNotUnknown) {
  const auto scope = Session();
  const ObjectPtr key = application_->AddSessionObject(
      KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT), *scope.session);
  auto found = ops::GetAttributeValue(scope, application_->HandleOf(*key), {{CKA_VALUE, 100}});
  EXPECT_EQ(found->rv, CKR_ATTRIBUTE_SENSITIVE);
}

TEST_F(ObjectsTest, ATemplateInsideAKeyIsCountedInEntries) {
  const auto scope = Session();
  AttributeList inner;
  inner.SetUlong(CKA_KEY_TYPE, CKK_AES);
  inner.SetBool(CKA_EXTRACTABLE, true);
  Object object = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_WRAP);
  object.attributes.Set(CKA_WRAP_TEMPLATE, EncodeAttributes(inner));
  const ObjectPtr key = application_->AddSessionObject(std::move(object), *scope.session);
  const auto read = [&](CK_ATTRIBUTE_TYPE type, ops::Capacity capacity) {
    return *ops::GetAttributeValue(scope, application_->HandleOf(*key), {{type, capacity}});
  };
  EXPECT_EQ(read(CKA_WRAP_TEMPLATE, std::nullopt).values.front().length, 2u);
  EXPECT_EQ(read(CKA_WRAP_TEMPLATE, 1).rv, CKR_BUFFER_TOO_SMALL);
  const auto found = read(CKA_WRAP_TEMPLATE, 2);
  EXPECT_TRUE(found.values.front().delivered);
  EXPECT_TRUE(found.values.front().is_template);
  EXPECT_TRUE(Equal(found.values.front().value, EncodeAttributes(inner)));
  const auto none = read(CKA_UNWRAP_TEMPLATE, std::nullopt);
  EXPECT_EQ(none.rv, CKR_OK);
  EXPECT_EQ(none.values.front().length, 0u);
}

TEST_F(ObjectsTest, AUsageFlagIsChangedInsideTheBlobByTheHsm) {
  const auto scope = Session();
  Object object = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT);
  object.attributes.SetBool(CKA_MODIFIABLE, true);
  const ObjectPtr key = application_->AddSessionObject(std::move(object), *scope.session);
  const ObjectHandle handle = application_->HandleOf(*key);
  AttributeList change;
  change.SetBool(CKA_ENCRYPT, false);
  ASSERT_EQ(RvOf(Run(ops::SetAttributeValue(scope, handle, change))), CKR_OK);
  EXPECT_EQ(hsm_.requests["SetAttributeValue"], 1);
  const ObjectPtr changed = application_->FindObject(token(), handle);
  EXPECT_EQ(changed->attributes.GetBool(CKA_ENCRYPT), false);
  EXPECT_EQ(changed->key.octets.back(), 0xcc);
}

TEST_F(ObjectsTest, AFailedChangeChangesNothing) {
  const auto scope = Session();
  Object object = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT);
  object.attributes.SetBool(CKA_MODIFIABLE, true);
  const ObjectPtr key = application_->AddSessionObject(std::move(object), *scope.session);
  AttributeList change;
  change.SetBool(CKA_ENCRYPT, false);
  change.SetText(CKA_LABEL, "new");
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "away");
  EXPECT_EQ(RvOf(Run(ops::SetAttributeValue(scope, application_->HandleOf(*key), change))),
            CKR_DEVICE_ERROR);
  EXPECT_EQ(application_->FindObject(token(), application_->HandleOf(*key)), key);
}

TEST_F(ObjectsTest, ACopyIsAnObjectOfItsOwn) {
  const auto scope = Session();
  auto original = Run(ops::CreateObject(scope, Data(false, "one")));
  AttributeList change;
  change.SetText(CKA_LABEL, "two");
  change.SetBool(CKA_TOKEN, true);
  auto copy = Run(ops::CopyObject(scope, *original, change));
  ASSERT_TRUE(copy);
  EXPECT_EQ(ReadLabel(scope, *original), "one");
  EXPECT_EQ(ReadLabel(scope, *copy), "two");
  EXPECT_EQ(token().objects().size(), 1u);
}

TEST_F(ObjectsTest, ASearchIsOneAtATimeAndCanBeTakenInPieces) {
  const auto scope = Session();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Run(ops::CreateObject(scope, Data(false, "many"))));
  const auto found = ops::FindObjectsInit(scope, AttributeList{}, 1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->complete);
  EXPECT_THAT(found->first, SizeIs(1));
  EXPECT_EQ(RvOf(ops::FindObjectsInit(scope, AttributeList{}, 1)), CKR_OPERATION_ACTIVE);
  EXPECT_THAT(*ops::FindObjects(scope, 3), SizeIs(3));
  EXPECT_THAT(*ops::FindObjects(scope, 3), SizeIs(1));
  EXPECT_THAT(*ops::FindObjects(scope, 3), IsEmpty());
  ASSERT_TRUE(ops::FindObjectsFinal(scope));
  EXPECT_EQ(RvOf(ops::FindObjects(scope, 1)), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(RvOf(ops::FindObjectsFinal(scope)), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(ObjectsTest, SessionObjectsHaveALimit) {
  gateway().limits.objects_per_application = 1;
  const auto scope = Session();
  ASSERT_TRUE(Run(ops::CreateObject(scope, Data(false, "a"))));
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, Data(false, "b")))), CKR_DEVICE_MEMORY);
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, Data(true, "c")))), CKR_OK);
}

// Behaviour R264.
TEST_F(ObjectsTest, ClassesThatAreNotMadeAreRefusedAndFindNothing) {
  const auto scope = Session();
  ASSERT_TRUE(Run(ops::CreateObject(scope, Data(false, "there"))));
  for (const CK_OBJECT_CLASS object_class :
       {CK_OBJECT_CLASS{CKO_HW_FEATURE}, CK_OBJECT_CLASS{CKO_MECHANISM},
        CK_OBJECT_CLASS{CKO_OTP_KEY}, CK_OBJECT_CLASS{CKO_VENDOR_DEFINED} + 1}) {
    AttributeList given;
    given.SetUlong(CKA_CLASS, object_class);
    EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, given))), CKR_ATTRIBUTE_VALUE_INVALID);
    const auto found = ops::FindObjectsInit(scope, given, 10);
    ASSERT_TRUE(found);
    EXPECT_THAT(found->first, IsEmpty());
  }
}

TEST_F(ObjectsTest, AClassIsNeededAndNotEveryOneIsMade) {
  const auto scope = Session();
  AttributeList given;
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, given))), CKR_TEMPLATE_INCOMPLETE);
  given.SetUlong(CKA_CLASS, CKO_HW_FEATURE);
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, given))), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST_F(ObjectsTest, DomainParametersAreKeptAsTheyAreGiven) {
  const auto scope = Session();
  AttributeList given;
  given.SetUlong(CKA_CLASS, CKO_DOMAIN_PARAMETERS);
  given.SetUlong(CKA_KEY_TYPE, CKK_DH);
  given.Set(CKA_PRIME, Bytes(128, 0x97));
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, given))), CKR_TEMPLATE_INCOMPLETE);
  given.Set(CKA_BASE, Bytes{2});
  auto handle = Run(ops::CreateObject(scope, given));
  ASSERT_TRUE(handle);
  auto found = ops::GetAttributeValue(scope, *handle, {{CKA_PRIME, 200}, {CKA_BASE, 100}});
  ASSERT_TRUE(found);
  EXPECT_TRUE(Equal(found->values[0].value, Bytes(128, 0x97)));
  EXPECT_TRUE(Equal(found->values[1].value, Bytes{2}));
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

}  // namespace
}  // namespace gw
