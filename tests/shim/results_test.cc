// Results into the application's memory: the two-call rules, each at length query, exact, one
// short; attribute values; text fields.
#include <gmock/gmock.h>

#include <cstring>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

class ResultsTest : public ShimTest {
 protected:
  // A daemon that signs with "signature" and follows the length rules by what it is told.
  void SetUp() override {
    Initialize();
    daemon_->On(Function::C_Sign, [](const Frame& frame) {
      std::uint64_t capacity = 0;
      std::memcpy(&capacity, frame.body.data() + frame.body.size() - 8, 8);
      if (capacity == ~std::uint64_t{0}) return Ok(U64(9) + Bytes(""));
      if (capacity < 9) return Reply{.result = CKR_BUFFER_TOO_SMALL, .body = U64(9) + Bytes("")};
      return Ok(U64(9) + Bytes("signature"));
    });
    daemon_->On(Function::C_GetSlotList, [](const Frame& frame) {
      std::uint64_t capacity = 0;
      std::memcpy(&capacity, frame.body.data() + 1, 8);
      if (capacity == ~std::uint64_t{0}) return Ok(U64(3) + U32(0));
      if (capacity < 3) return Reply{.result = CKR_BUFFER_TOO_SMALL, .body = U64(3) + U32(0)};
      return Ok(U64(3) + U32(3) + U64(0) + U64(1) + U64(7));
    });
  }

  std::string data_ = "data";
  std::string out_ = std::string(16, 'x');
};

TEST_F(ResultsTest, ALengthQueryGivesTheLengthAlone) {
  CK_ULONG size = 777;
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data_), 4, nullptr, &size), CKR_OK);
  EXPECT_EQ(size, 9u);
}

TEST_F(ResultsTest, ABufferOfExactlyTheLengthIsEnough) {
  CK_ULONG size = 9;
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data_), 4, Ptr(out_), &size), CKR_OK);
  EXPECT_EQ(size, 9u);
  EXPECT_EQ(out_, "signaturexxxxxxx");
}

TEST_F(ResultsTest, ABufferOneShortGetsTheLengthAndIsNotTouched) {
  for (const CK_ULONG small : {8u, 0u}) {
    CK_ULONG size = small;
    EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data_), 4, Ptr(out_), &size), CKR_BUFFER_TOO_SMALL);
    EXPECT_EQ(size, 9u);
    EXPECT_EQ(out_, std::string(16, 'x'));
  }
}

// All ones as a size would look like a length query on the wire.
TEST_F(ResultsTest, ASizeOfAllOnesIsNotALengthQuery) {
  CK_ULONG size = ~CK_ULONG{0};
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data_), 4, Ptr(out_), &size), CKR_OK);
  EXPECT_EQ(size, 9u);
  EXPECT_EQ(out_, "signaturexxxxxxx");
}

TEST_F(ResultsTest, ListsFollowTheSameRules) {
  CK_SLOT_ID slots[4] = {99, 99, 99, 99};
  CK_ULONG count = 0;
  EXPECT_EQ(p11_->C_GetSlotList(CK_TRUE, nullptr, &count), CKR_OK);
  EXPECT_EQ(count, 3u);
  count = 2;
  EXPECT_EQ(p11_->C_GetSlotList(CK_TRUE, slots, &count), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 3u);
  EXPECT_THAT(slots, testing::Each(99));
  EXPECT_EQ(p11_->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
  EXPECT_THAT(slots, testing::ElementsAre(0, 1, 7, 99));
}

TEST_F(ResultsTest, AnErrorTouchesNothing) {
  daemon_->On(Function::C_Sign, Fails(CKR_KEY_HANDLE_INVALID));
  CK_ULONG size = 16;
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data_), 4, Ptr(out_), &size), CKR_KEY_HANDLE_INVALID);
  EXPECT_EQ(size, 16u);
  EXPECT_EQ(out_, std::string(16, 'x'));
}

TEST_F(ResultsTest, BufferTooSmallWithoutResultsIsPassedOn) {
  daemon_->On(Function::C_Sign, Fails(CKR_BUFFER_TOO_SMALL));
  CK_ULONG size = 16;
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data_), 4, Ptr(out_), &size), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 16u);
}

TEST_F(ResultsTest, AttributesThatFailDoNotHideThoseThatDoNot) {
  for (const CK_RV result :
       {CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL}) {
    daemon_->On(Function::C_GetAttributeValue,
                Reply{.result = result,
                      .body = U32(4) + U8(2) + U8(1) + Bytes("ab") + U8(3) + U8(1) + Bytes("")});
    std::string a(4, 'x');
    std::string b(4, 'x');
    CK_ATTRIBUTE list[] = {{CKA_VALUE, a.data(), 4},
                           {CKA_LABEL, b.data(), 4},
                           {CKA_ID, a.data(), 1},
                           {CKA_SUBJECT, a.data(), 4}};
    EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, list, 4), result);
    EXPECT_EQ(list[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    EXPECT_EQ(list[1].ulValueLen, 2u);
    EXPECT_EQ(list[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    EXPECT_EQ(list[3].ulValueLen, 0u);
    EXPECT_EQ(a, "xxxx");
    EXPECT_EQ(b, "abxx");
  }
}

const std::string kTwoEntries = U8(4) + U32(2) + U64(CKA_EXTRACTABLE) + U8(0) + Bytes("\x01") +
                                U64(CKA_ID) + U8(0) + Bytes("identity");

TEST_F(ResultsTest, TheEntriesOfATemplateAreCountedThenMeasuredThenRead) {
  daemon_->On(Function::C_GetAttributeValue, Ok(U32(1) + U8(0) + U64(2)));
  CK_ATTRIBUTE wanted = {CKA_WRAP_TEMPLATE, nullptr, 0};
  ASSERT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_OK);
  EXPECT_EQ(wanted.ulValueLen, 2 * sizeof(CK_ATTRIBUTE));
  daemon_->On(Function::C_GetAttributeValue, Ok(U32(1) + kTwoEntries));
  daemon_->Forget();
  CK_ATTRIBUTE entries[2] = {};
  wanted = {CKA_WRAP_TEMPLATE, entries, sizeof(entries)};
  ASSERT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_OK);
  EXPECT_EQ(Hex(daemon_->Frames().at(0).body),
            Hex(U64(1) + U32(1) + U64(CKA_WRAP_TEMPLATE) + U64(2)));
  EXPECT_EQ(wanted.ulValueLen, sizeof(entries));
  EXPECT_EQ(entries[0].type, CKA_EXTRACTABLE);
  EXPECT_EQ(entries[0].ulValueLen, 1u);
  EXPECT_EQ(entries[1].type, CKA_ID);
  EXPECT_EQ(entries[1].ulValueLen, 8u);
  CK_BBOOL extractable = CK_FALSE;
  entries[0].pValue = &extractable;
  entries[1].pValue = out_.data();
  ASSERT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_OK);
  EXPECT_EQ(extractable, CK_TRUE);
  EXPECT_EQ(out_.substr(0, 9), "identityx");
  entries[1].ulValueLen = 7;
  out_.assign(16, 'x');
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(entries[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
  EXPECT_EQ(out_, std::string(16, 'x'));
}

TEST_F(ResultsTest, TemplatesInTemplatesGoWhereTheirArraysAre) {
  daemon_->On(Function::C_GetAttributeValue,
              Ok(U32(1) + U8(4) + U32(2) + U64(CKA_UNWRAP_TEMPLATE) + U8(1) + U32(1) + U64(CKA_ID) +
                 U8(0) + Bytes("in") + U64(CKA_LABEL) + U8(0) + Bytes("out")));
  CK_ATTRIBUTE inner = {};
  CK_ATTRIBUTE entries[2] = {{0, nullptr, 0}, {0, out_.data(), out_.size()}};
  CK_ATTRIBUTE wanted = {CKA_WRAP_TEMPLATE, entries, sizeof(entries)};
  ASSERT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_OK);
  EXPECT_EQ(entries[0].ulValueLen, sizeof(CK_ATTRIBUTE));
  EXPECT_EQ(out_.substr(0, 4), "outx");
  entries[0].pValue = &inner;
  entries[1].ulValueLen = out_.size();
  std::string in(2, 'x');
  inner.pValue = in.data();
  inner.ulValueLen = 2;
  ASSERT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_OK);
  EXPECT_EQ(inner.type, CKA_ID);
  EXPECT_EQ(in, "in");
}

TEST_F(ResultsTest, ATemplateThatDoesNotFitOrIsNoneBreaksTheProtocol) {
  CK_ATTRIBUTE entries[2] = {};
  CK_ATTRIBUTE wanted = {CKA_WRAP_TEMPLATE, entries, sizeof(CK_ATTRIBUTE)};
  daemon_->On(Function::C_GetAttributeValue, Ok(U32(1) + kTwoEntries));
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_DEVICE_ERROR);
  wanted = {CKA_LABEL, out_.data(), 16};
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_DEVICE_ERROR);
  wanted = {CKA_WRAP_TEMPLATE, entries, sizeof(entries)};
  std::string deep = U8(4);
  for (int level = 0; level < 5; ++level) deep += U32(1) + U64(CKA_WRAP_TEMPLATE) + U8(1);
  for (const std::string& broken :
       {kTwoEntries.substr(0, kTwoEntries.size() - 1), deep + U32(0),
        U8(4) + U32(1) + U64(CKA_ID) + U8(2) + Bytes(""), U8(4) + U32(5000)}) {
    daemon_->On(Function::C_GetAttributeValue, Ok(U32(1) + broken));
    EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, &wanted, 1), CKR_DEVICE_ERROR);
    EXPECT_EQ(entries[0].type, 0u) << "nothing is written";
  }
}

TEST_F(ResultsTest, AnAttributeErrorWithoutValuesTouchesNothing) {
  daemon_->On(Function::C_GetAttributeValue, Fails(CKR_OBJECT_HANDLE_INVALID));
  CK_ATTRIBUTE attribute = {CKA_LABEL, out_.data(), 16};
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
  EXPECT_EQ(attribute.ulValueLen, 16u);
}

TEST_F(ResultsTest, TextThatIsTooLongIsCutBetweenCharacters) {
  // 31 letters, then a character of two bytes across the end of the field of 32.
  const std::string letters(31, 'l');
  daemon_->On(Function::C_GetInfo, Ok(U8(2) + U8(40) + Bytes(letters + "\xC3\xA9tail") +
                                      Bytes(std::string(40, 'd')) + U8(1) + U8(0)));
  CK_INFO info;
  ASSERT_EQ(p11_->C_GetInfo(&info), CKR_OK);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(info.manufacturerID), 32), letters + " ");
  EXPECT_EQ(std::string(reinterpret_cast<char*>(info.libraryDescription), 32),
            std::string(32, 'd'));
}

TEST_F(ResultsTest, ARepliesBytesMayComeOneByOne) {
  daemon_->On(Function::C_Sign, [](const Frame&) {
    Reply reply = Ok(U64(9) + Bytes("signature"));
    reply.one_by_one = true;
    return reply;
  });
  CK_ULONG size = 16;
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data_), 4, Ptr(out_), &size), CKR_OK);
  EXPECT_EQ(out_, "signaturexxxxxxx");
}

}  // namespace
}  // namespace gw::shim_test
