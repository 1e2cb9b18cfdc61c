// Room: tests/unit/token.
#include "daemon/token/object_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ObjectIndexTest : public testing::Test {
 protected:
  void Put(std::uint64_t number, const AttributeList& attributes, bool is_private = false) {
    auto object = std::make_shared<Object>();
    object->number = number;
    object->attributes = attributes;
    object->attributes.SetUlong(CKA_CLASS, CKO_SECRET_KEY);  // it has a label and an id
    object->attributes.SetUlong(CKA_KEY_TYPE, CKK_AES);
    object->is_private = is_private;
    objects_.Put(std::move(object));
  }
  static AttributeList With(CK_ATTRIBUTE_TYPE type, std::string_view text) {
    AttributeList list;
    list.SetText(type, text);
    return list;
  }
  std::vector<std::uint64_t> NumbersOf(const AttributeList& wanted, bool with_private = true) {
    std::vector<std::uint64_t> numbers;
    for (const ObjectPtr& object : objects_.Match(wanted, with_private))
      numbers.push_back(object->number);
    return numbers;
  }

  ObjectIndex objects_;
};

TEST_F(ObjectIndexTest, FindsByLabelAndByIdInAscendingOrder) {
  Put(3, With(CKA_LABEL, "a"));
  Put(1, With(CKA_LABEL, "a"));
  Put(2, With(CKA_ID, "a"));
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "a")), ElementsAre(1, 3));
  EXPECT_THAT(NumbersOf(With(CKA_ID, "a")), ElementsAre(2));
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "b")), IsEmpty());
  EXPECT_THAT(NumbersOf({}), ElementsAre(1, 2, 3));
}

TEST_F(ObjectIndexTest, AnEmptyLabelIsThatOfObjectsWithoutOneToo) {
  Put(1, With(CKA_LABEL, ""));
  Put(2, {});
  Put(3, With(CKA_LABEL, "a"));
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "")), ElementsAre(1, 2));
}

TEST_F(ObjectIndexTest, AReplacedObjectIsFoundByWhatItHasNow) {
  Put(1, With(CKA_LABEL, "a"));
  Put(1, With(CKA_LABEL, "b"));
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "a")), IsEmpty());
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "b")), ElementsAre(1));
  Put(1, {});
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "b")), IsEmpty());
  EXPECT_EQ(objects_.size(), 1u);
}

TEST_F(ObjectIndexTest, WhatWasRemovedIsFoundNoMore) {
  Put(1, With(CKA_LABEL, "a"));
  Put(2, With(CKA_LABEL, "a"));
  objects_.Remove(1);
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "a")), ElementsAre(2));
  objects_.Remove(2);
  objects_.Remove(2);
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "a")), IsEmpty());
}

TEST_F(ObjectIndexTest, PrivateObjectsAreFoundOnlyWhereTheyAreAskedFor) {
  Put(1, With(CKA_LABEL, "a"), true);
  Put(2, With(CKA_LABEL, "a"));
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "a"), false), ElementsAre(2));
  EXPECT_THAT(NumbersOf(With(CKA_LABEL, "a"), true), ElementsAre(1, 2));
}

}  // namespace
}  // namespace gw
