// A daemon that lies. Whatever it sends, the call ends with CKR_DEVICE_ERROR, the connection is
// closed, no memory of the application beyond its buffers is touched, and the next call works.
#include <gmock/gmock.h>

#include <random>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

constexpr std::size_t kGuard = 32;

class HostileTest : public ShimTest {
 protected:
  void SetUp() override { Initialize(); }

  // Signs into 8 bytes with guards around them.
  CK_RV Sign() {
    std::string data = "data";
    std::string memory(kGuard + 8 + kGuard, 'g');
    CK_ULONG size = 8;
    const CK_RV result = p11_->C_Sign(kSession, Ptr(data), 4, Ptr(memory) + kGuard, &size);
    EXPECT_EQ(memory.substr(0, kGuard), std::string(kGuard, 'g'));
    EXPECT_EQ(memory.substr(kGuard + 8), std::string(kGuard, 'g'));
    if (result != CKR_OK) {
      EXPECT_EQ(memory, std::string(memory.size(), 'g'));
      EXPECT_EQ(size, 8u);
    }
    return result;
  }

  void ExpectRecovery() {
    EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
    EXPECT_EQ(daemon_->applications(), 1);
  }
};

TEST_F(HostileTest, FramesThatAreNoReplyToTheRequest) {
  const struct {
    const char* what;
    std::function<std::string(const Frame&)> bytes;
    bool close;
  } rows[] = {
      {"another request number",
       [](const Frame& f) { return Encode(f.function, 0, f.request + 1, 0, U64(1) + Bytes("s")); },
       false},
      {"another function",
       [](const Frame& f) {
         return Encode(Function::C_Verify, 0, f.request, 0, U64(1) + Bytes("s"));
       },
       false},
      {"record updates that were not agreed on",
       [](const Frame& f) {
         return Encode(f.function, 2, f.request, 0, U64(1) + Bytes("s") + U32(0));
       },
       false},
      {"unknown flags",
       [](const Frame& f) { return Encode(f.function, 0x8000, f.request, 0, U64(1) + Bytes("s")); },
       false},
      {"a body longer than any",
       [](const Frame& f) {
         return U32(0xFFFFFFFF) + U16(43) + U16(0) + U64(f.request) + U64(0) + "beginning";
       },
       false},
      {"one byte over the limit",
       [](const Frame& f) {
         return U32((64u << 20) + 1) + U16(43) + U16(0) + U64(f.request) + U64(0);
       },
       false},
      {"bytes after the reply",
       [](const Frame& f) {
         return Encode(f.function, 0, f.request, 0, U64(1) + Bytes("s")) + "more";
       },
       false},
      {"two replies",
       [](const Frame& f) {
         const std::string one = Encode(f.function, 0, f.request, 0, U64(1) + Bytes("s"));
         return one + one;
       },
       false},
      {"half a header", [](const Frame&) { return std::string(12, '\0'); }, true},
      {"half a body",
       [](const Frame& f) {
         return Encode(f.function, 0, f.request, 0, U64(1) + Bytes("s")).substr(0, 30);
       },
       true},
      {"text", [](const Frame&) { return std::string("HTTP/1.1 400 Bad Request\r\n\r\n"); }, true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    daemon_->On(Function::C_Sign,
                [&](const Frame& frame) { return Raw(row.bytes(frame), row.close); });
    EXPECT_EQ(Sign(), CKR_DEVICE_ERROR);
    ExpectRecovery();
  }
}

TEST_F(HostileTest, OutputsThatContradictTheBuffer) {
  const struct {
    const char* what;
    Reply reply;
  } rows[] = {
      {"more than the buffer holds", Ok(U64(9) + Bytes("signature"))},
      {"a length that is not that of the bytes", Ok(U64(3) + Bytes("sign"))},
      {"a small length and many bytes", Ok(U64(4) + Bytes(std::string(100, 's')))},
      {"no results", Ok("")},
      {"half of the results", Ok(U64(4))},
      {"more bytes than the body has", Ok(U64(8) + U32(8) + "sig")},
      {"bytes left over", Ok(U64(4) + Bytes("sign") + "x")},
      {"bytes with CKR_BUFFER_TOO_SMALL",
       {.result = CKR_BUFFER_TOO_SMALL, .body = U64(9) + Bytes("signature")}},
      {"results with an error", {.result = CKR_KEY_HANDLE_INVALID, .body = U64(4) + Bytes("sign")}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    daemon_->On(Function::C_Sign, row.reply);
    EXPECT_EQ(Sign(), CKR_DEVICE_ERROR);
    ExpectRecovery();
  }
}

TEST_F(HostileTest, BytesInAnswerToALengthQuery) {
  daemon_->On(Function::C_Sign, Ok(U64(4) + Bytes("sign")));
  std::string data = "data";
  CK_ULONG size = 0;
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data), 4, nullptr, &size), CKR_DEVICE_ERROR);
  EXPECT_EQ(size, 0u);
  ExpectRecovery();
}

TEST_F(HostileTest, ListsThatContradictTheBuffer) {
  for (const std::string& body :
       {U64(3) + U32(3) + U64(1) + U64(2) + U64(3), U64(2) + U32(1) + U64(1),
        U64(1) + U32(2) + U64(1) + U64(2), U64(2) + U32(2) + U64(1),
        U64(2) + U32(0xFFFFFFFF) + U64(1) + U64(2), U64(2) + U32(2) + U64(1) + U64(2) + "x", U64(2),
        std::string()}) {
    SCOPED_TRACE(Hex(body));
    daemon_->On(Function::C_GetSlotList, Ok(body));
    daemon_->On(Function::C_FindObjects, Ok(body));
    CK_ULONG numbers[3] = {99, 99, 99};
    CK_ULONG count = 2;
    EXPECT_EQ(p11_->C_GetSlotList(CK_TRUE, numbers, &count), CKR_DEVICE_ERROR);
    EXPECT_EQ(p11_->C_FindObjects(kSession, numbers, 2, &count), CKR_DEVICE_ERROR);
    EXPECT_EQ(count, 2u);
    EXPECT_THAT(numbers, testing::Each(99));
    ExpectRecovery();
  }
}

TEST_F(HostileTest, AttributeValuesThatContradictTheTemplate) {
  const std::string good = U8(1) + Bytes("ab");
  for (const std::string& body : {
           U32(1) + good,                         // too few
           U32(3) + good + good + good,           // too many
           U32(2) + good + U8(1) + Bytes("abc"),  // larger than the buffer
           U32(2) + good + U8(0) + U64(2),        // a length where bytes were asked
           U32(2) + good + U8(4),                 // unknown state
           U32(2) + good + U8(1) + U32(2) + "a",  // cut off
           U32(2) + good + good + "x",            // left over
           U32(0xFFFFFFFF) + good + good,
       }) {
    SCOPED_TRACE(Hex(body));
    daemon_->On(Function::C_GetAttributeValue, Ok(body));
    std::string a(2, 'x');
    std::string b(4, 'x');
    CK_ATTRIBUTE list[] = {{CKA_LABEL, a.data(), 2}, {CKA_ID, b.data(), 2}};
    EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, list, 2), CKR_DEVICE_ERROR);
    EXPECT_EQ(a, "xx");
    EXPECT_EQ(b, "xxxx");
    EXPECT_EQ(list[0].ulValueLen, 2u);
    EXPECT_EQ(list[1].ulValueLen, 2u);
    ExpectRecovery();
  }
}

TEST_F(HostileTest, AValueInAnswerToALengthQuery) {
  daemon_->On(Function::C_GetAttributeValue, Ok(U32(1) + U8(1) + Bytes("ab")));
  CK_ATTRIBUTE list = {CKA_LABEL, nullptr, 0};
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, &list, 1), CKR_DEVICE_ERROR);
  ExpectRecovery();
}

// The application would take the bytes for pointers.
TEST_F(HostileTest, BytesForATemplate) {
  CK_ATTRIBUTE inner = {};
  daemon_->On(Function::C_GetAttributeValue,
              Ok(U32(1) + U8(1) + Bytes(std::string(sizeof(inner), 'p'))));
  CK_ATTRIBUTE list = {CKA_WRAP_TEMPLATE, &inner, sizeof(inner)};
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, &list, 1), CKR_DEVICE_ERROR);
  EXPECT_EQ(inner.pValue, nullptr);
  ExpectRecovery();
}

TEST_F(HostileTest, RandomOfAnotherLength) {
  for (const std::string& bytes :
       {std::string("ran"), std::string("random bytes"), std::string()}) {
    daemon_->On(Function::C_GenerateRandom, Ok(Bytes(bytes)));
    std::string out(8, 'x');
    EXPECT_EQ(p11_->C_GenerateRandom(kSession, Ptr(out), 6), CKR_DEVICE_ERROR);
    EXPECT_EQ(out, "xxxxxxxx");
    ExpectRecovery();
  }
}

TEST_F(HostileTest, ResultsOfAFunctionThatHasNone) {
  daemon_->On(Function::C_DigestUpdate, Ok("x"));
  std::string data = "data";
  EXPECT_EQ(p11_->C_DigestUpdate(kSession, Ptr(data), 4), CKR_DEVICE_ERROR);
  daemon_->On(Function::C_DestroyObject, Reply{.result = CKR_BUFFER_TOO_SMALL, .body = "x"});
  EXPECT_EQ(p11_->C_DestroyObject(kSession, 1), CKR_DEVICE_ERROR);
  ExpectRecovery();
}

TEST_F(HostileTest, AnswersToAttach) {
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  const std::string id = "0123456789abcdef";
  const auto answer = [&](const std::string& body) {
    daemon_->On(Function::kAttach, Ok(body));
    return p11_->C_Initialize(nullptr);
  };
  const std::string tail = U32(64u << 20) + U32(4096);
  EXPECT_EQ(answer(""), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(U16(1)), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(U16(1) + Bytes("short id") + U32(0) + tail), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(U16(1) + Bytes(id) + U32(1) + tail), CKR_DEVICE_ERROR);  // not offered
  EXPECT_EQ(answer(U16(1) + Bytes(id) + U32(0) + tail + "x"), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(std::string(300, 'x')), CKR_DEVICE_ERROR);
  daemon_->On(Function::kAttach, [](const Frame& frame) {
    return Raw(Encode(Function::kAttach, 0, frame.request + 1, 0, ""));
  });
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(U16(1) + Bytes(id) + U32(0) + tail), CKR_OK);
}

// A limit that leaves no room for anything must not turn into an enormous one.
TEST_F(HostileTest, TinyLimits) {
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  daemon_->On(Function::kAttach,
              Ok(U16(1) + Bytes("0123456789abcdef") + U32(0) + U32(10) + U32(0)));
  ASSERT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
  unsigned char bytes[64] = {};
  CK_ULONG size = 64;
  EXPECT_EQ(p11_->C_Sign(kSession, bytes, 64, bytes, &size), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(p11_->C_Sign(kSession, bytes, ~CK_ULONG{0}, bytes, &size), CKR_DATA_LEN_RANGE);
  CK_ATTRIBUTE attribute = {CKA_LABEL, bytes, 1};
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, &attribute, 1), CKR_ARGUMENTS_BAD);
}

TEST_F(HostileTest, NoiseOfAnyKind) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string noise(random() % 100, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    const bool in_frame = random() % 2 == 0;
    const CK_RV result_sent = random() % 3 == 0 ? CKR_BUFFER_TOO_SMALL : CKR_OK;
    daemon_->On(Function::C_Sign, [=](const Frame& frame) {
      if (!in_frame) return Raw(noise, true);
      return Raw(Encode(frame.function, 0, frame.request, result_sent, noise), true);
    });
    // A frame with an empty body and CKR_BUFFER_TOO_SMALL is a good one; no other noise is likely
    // to be.
    const CK_RV result = Sign();
    EXPECT_TRUE(result == CKR_DEVICE_ERROR || (noise.empty() && result == CKR_BUFFER_TOO_SMALL))
        << Hex(noise);
  }
  ExpectRecovery();
}

}  // namespace
}  // namespace gw::shim_test
