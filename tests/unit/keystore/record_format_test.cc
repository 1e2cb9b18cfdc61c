// Tests for daemon/keystore/record_format.h.
#include "daemon/keystore/record_format.h"

#include <gtest/gtest.h>

#include <functional>

#include "daemon/core/attribute_codec.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

const Bytes kLabel = CopyOf("label");
const Bytes kId = CopyOf("id");
const Bytes kUniqueId = CopyOf("unique");
const Bytes kAttributes = CopyOf("attributes");
const Bytes kBlob = CopyOf("blob");

ObjectRow FullRow() {
  ObjectRow row;
  row.number = 7;
  row.keystore = "ks";
  row.object_class = CKO_PRIVATE_KEY;
  row.key_type = CKK_EC;
  row.label = ByteView(kLabel);
  row.id = ByteView(kId);
  row.unique_id = ByteView(kUniqueId);
  row.attributes = kAttributes;
  row.key_blob = kBlob;
  row.version = 3;
  row.created_ms = 1000;
  row.modified_ms = 2000;
  return row;
}

// Files in the field depend on every octet of it.
TEST(RecordFormatTest, ObjectFormIsFrozen) {
  EXPECT_EQ(HexOf(CanonicalObject(FullRow())),
            "00000014"
            "677265703131642"
            "06f626a65637420726f772031"  // domain
            "0000000000000007"           // number
            "00000002"
            "6b73"              // keystore
            "0000000000000003"  // class
            "01"
            "0000000000000003"  // key type
            "01"
            "00000005"
            "6c6162656c"  // label
            "01"
            "00000002"
            "6964"  // id
            "01"
            "00000006"
            "756e69717565"  // unique id
            "0000000a"
            "61747472696275746573"  // attributes
            "00000004"
            "626c6f62"          // key blob
            "0000000000000003"  // version
            "00000000000003e8"
            "00000000000007d0");  // created, modified
}

TEST(RecordFormatTest, SettingFormIsFrozen) {
  EXPECT_EQ(HexOf(CanonicalSetting("n", Bytes{0xff}, 1)),
            "00000015"
            "67726570313164207365747469"
            "6e6720726f772031"  // domain
            "00000001"
            "6e"  // name
            "00000001"
            "ff"                  // value
            "0000000000000001");  // modified
}

// One with an other blob differs in its domain, and has the blob behind everything else.
TEST(RecordFormatTest, ARowWithTwoBlobsHasAFormOfItsOwn) {
  static const Bytes other = CopyOf("next");
  ObjectRow row = FullRow();
  row.other_blob = other;
  std::string expected = HexOf(CanonicalObject(FullRow()));
  expected.replace(2 * (4 + 19), 2, "32");
  EXPECT_EQ(HexOf(CanonicalObject(row)), expected + "00000004" + "6e657874");
}

RequestRow FullRequest() {
  static const Bytes application = CopyOf("sixteen octets..");
  static const Bytes inserted = EncodeNumbers({5, 6});
  RequestRow row;
  row.application = application;
  row.number = 9;
  row.inserted = inserted;
  row.whole = 1;
  row.done_ms = 1000;
  return row;
}

TEST(RecordFormatTest, RequestFormIsFrozen) {
  EXPECT_EQ(HexOf(CanonicalRequest(FullRequest())),
            "00000015"
            "67726570313164207265717565"
            "737420726f772031"  // domain
            "00000010"
            "7369787465656e206f63746574732e2e"  // application
            "0000000000000009"                  // number
            "00000010"
            "00000000000000050000000000000006"  // inserted
            "0000000000000001"                  // whole
            "00000000000003e8");                // done
}

TEST(RecordFormatTest, EveryColumnOfARequestCounts) {
  static const Bytes other = CopyOf("other");
  const std::function<void(RequestRow&)> changes[] = {
      [](RequestRow& row) { row.application = other; }, [](RequestRow& row) { row.number = 10; },
      [](RequestRow& row) { row.inserted = other; },    [](RequestRow& row) { row.whole = 0; },
      [](RequestRow& row) { row.done_ms = 1001; },
  };
  for (const auto& change : changes) {
    RequestRow row = FullRequest();
    change(row);
    EXPECT_NE(CanonicalRequest(row), CanonicalRequest(FullRequest()));
  }
}

TEST(RecordFormatTest, NumbersAreDecodedAsTheyWereEncoded) {
  for (const std::vector<std::uint64_t>& numbers :
       {std::vector<std::uint64_t>{}, {0}, {1, 0xffff'ffff'ffff'ffff, 0x0102'0304'0506'0708}}) {
    EXPECT_EQ(DecodeNumbers(EncodeNumbers(numbers)), numbers);
  }
  EXPECT_EQ(HexOf(EncodeNumbers({0x0102'0304'0506'0708})), "0102030405060708");
  EXPECT_EQ(DecodeNumbers(Bytes(7)), std::nullopt);
  EXPECT_EQ(DecodeNumbers(Bytes(9)), std::nullopt);
}

TEST(RecordFormatTest, EveryColumnCounts) {
  static const Bytes other = CopyOf("other");
  const std::function<void(ObjectRow&)> changes[] = {
      [](ObjectRow& row) { row.number = 8; },
      [](ObjectRow& row) { row.keystore = "kt"; },
      [](ObjectRow& row) { row.object_class = CKO_PUBLIC_KEY; },
      [](ObjectRow& row) { row.key_type = CKK_RSA; },
      [](ObjectRow& row) { row.key_type.reset(); },
      [](ObjectRow& row) { row.label = ByteView(other); },
      [](ObjectRow& row) { row.label.reset(); },
      [](ObjectRow& row) { row.label = ByteView(); },
      [](ObjectRow& row) { row.id = ByteView(other); },
      [](ObjectRow& row) { row.id.reset(); },
      [](ObjectRow& row) { row.unique_id = ByteView(other); },
      [](ObjectRow& row) { row.unique_id.reset(); },
      [](ObjectRow& row) { row.attributes = other; },
      [](ObjectRow& row) { row.key_blob = other; },
      [](ObjectRow& row) { row.key_blob = ByteView(); },
      [](ObjectRow& row) { row.version = 4; },
      [](ObjectRow& row) { row.created_ms = 1001; },
      [](ObjectRow& row) { row.modified_ms = 2001; },
      // The same octets, moved to the next column.
      [](ObjectRow& row) { row.label.swap(row.id); },
      [](ObjectRow& row) { std::swap(row.attributes, row.key_blob); },
      [](ObjectRow& row) { std::swap(row.created_ms, row.modified_ms); },
  };
  const Bytes original = CanonicalObject(FullRow());
  int index = 0;
  for (const auto& change : changes) {
    ObjectRow row = FullRow();
    change(row);
    EXPECT_NE(CanonicalObject(row), original) << "change " << index;
    ++index;
  }
}

TEST(RecordFormatTest, ColumnsComeFromTheAttributes) {
  const Record record = MakeRecord("one");
  const Bytes encoded = EncodeAttributes(record.attributes);
  const ObjectRow row = RowOf(record, encoded);
  EXPECT_EQ(row.object_class, CKO_PRIVATE_KEY);
  EXPECT_EQ(row.key_type, CKK_EC);
  EXPECT_EQ(TextOf(*row.label), "one");
  EXPECT_EQ(CopyOf(*row.id), (Bytes{1, 2, 3}));
  EXPECT_FALSE(row.unique_id.has_value());
  const auto back = RecordOf(row);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->attributes, record.attributes);
  EXPECT_EQ(back->key.octets, record.key.octets);
}

TEST(RecordFormatTest, BrokenAttributesAreAnError) {
  ObjectRow row = FullRow();
  EXPECT_EQ(RvOf(RecordOf(row)), CKR_DEVICE_ERROR);
}

}  // namespace
}  // namespace gw
