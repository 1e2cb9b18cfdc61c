// Keys with two blobs, and which master key wraps one.
#include "daemon/core/key_twins.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

KeyBlob Blob(std::string_view text) { return KeyBlob{CopyOf(text)}; }

std::string TextAt(const KeyTwins& twins, TwinSide side, std::string_view blob) {
  const std::string* found = twins.At(side, ViewOf(blob));
  return found == nullptr ? "none" : *found;
}

TEST(KeyTwinsTest, EachBlobFindsBothOfItsKey) {
  KeyTwins twins;
  twins.Add(Blob("old"), Blob("new"));
  for (const char* name : {"old", "new"}) {
    EXPECT_EQ(TextAt(twins, TwinSide::kBefore, name), "old");
    EXPECT_EQ(TextAt(twins, TwinSide::kAfter, name), "new");
  }
  EXPECT_EQ(TextAt(twins, TwinSide::kAfter, "another"), "none");
}

TEST(KeyTwinsTest, AKeyThatIsWrappedAnewGetsAnotherTwin) {
  KeyTwins twins;
  twins.Add(Blob("old"), Blob("given up"));
  twins.Add(Blob("old"), Blob("new"));
  EXPECT_EQ(TextAt(twins, TwinSide::kAfter, "old"), "new");
  EXPECT_EQ(TextAt(twins, TwinSide::kBefore, "new"), "old");
}

TEST(KeyTwinsTest, AnEmptyBlobHasNoTwin) {
  KeyTwins twins;
  twins.Add(Blob(""), Blob("new"));
  twins.Add(Blob("old"), Blob(""));
  EXPECT_TRUE(twins.empty());
}

TEST(KeyTwinsTest, ClearForgetsPairsAndSide) {
  KeyTwins twins;
  twins.Add(Blob("old"), Blob("new"));
  twins.Took(TwinSide::kAfter);
  twins.Clear();
  EXPECT_TRUE(twins.empty());
  EXPECT_EQ(twins.side(), TwinSide::kBefore);
  EXPECT_TRUE(twins.Of(TwinSide::kAfter, Blob("old")).empty());
}

TEST(KeyTwinsTest, AfterATurnWhatWasToComeIsWhatIsThere) {
  KeyTwins twins;
  twins.Add(Blob("first"), Blob("second"));
  twins.Took(TwinSide::kAfter);
  twins.Turn();
  EXPECT_EQ(twins.side(), TwinSide::kBefore);
  EXPECT_EQ(TextAt(twins, TwinSide::kBefore, "first"), "second");
  EXPECT_EQ(TextAt(twins, TwinSide::kAfter, "second"), "first");
  twins.Add(Blob("second"), Blob("third"));
  EXPECT_EQ(TextAt(twins, TwinSide::kBefore, "third"), "second");
  EXPECT_EQ(TextAt(twins, TwinSide::kAfter, "second"), "third");
}

TEST(KeyTwinsTest, TheSweepForgetsPairsThatNobodyKeeps) {
  KeyTwins twins;
  twins.Add(Blob("gone"), Blob("gone too"));
  twins.Add(Blob("kept"), Blob("kept too"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(TextAt(twins, TwinSide::kAfter, "gone"), "gone too") << i;
    twins.Keep(Blob("kept too"));
    twins.Sweep();
  }
  EXPECT_EQ(TextAt(twins, TwinSide::kBefore, "gone too"), "none");
  EXPECT_EQ(TextAt(twins, TwinSide::kAfter, "kept"), "kept too");
}

// Wire sheet 4.3: 32 octets of login session, then 16 of the master key.
TEST(WrappingKeyTest, StandsInTheClearHeaderOfABlob) {
  Bytes blob(256, 0);
  for (Byte i = 0; i < 16; ++i) blob[32 + i] = i;
  EXPECT_EQ(CopyOf(WrappingKeyOf(blob)),
            (Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  blob.resize(47);
  EXPECT_TRUE(WrappingKeyOf(blob).empty());
}

// Wire sheet 4.2: the first OCTET STRING behind the SPKI, whatever form its length has.
TEST(WrappingKeyTest, StandsBehindThePublicKey) {
  for (const std::size_t content : {5u, 127u, 128u, 255u, 256u, 550u}) {
    Bytes key{0x30};
    if (content > 255) {
      key.insert(key.end(), {0x82, static_cast<Byte>(content >> 8), static_cast<Byte>(content)});
    } else if (content > 127) {
      key.insert(key.end(), {0x81, static_cast<Byte>(content)});
    } else {
      key.push_back(static_cast<Byte>(content));
    }
    key.insert(key.end(), content, 0x77);
    EXPECT_TRUE(WrappingKeyOf(key).empty()) << content;
    Bytes whole = key;
    whole.insert(whole.end(), {0x04, 0x10});
    whole.insert(whole.end(), 16, 0xab);
    EXPECT_EQ(CopyOf(WrappingKeyOf(whole)), Bytes(16, 0xab)) << content;
    whole.pop_back();
    EXPECT_TRUE(WrappingKeyOf(whole).empty()) << content;
  }
}

TEST(WrappingKeyTest, OctetsThatAreNoKeyHaveNone) {
  for (const Bytes& octets : {Bytes{}, Bytes{0x30}, Bytes{0x30, 0x80, 1}, Bytes{0x30, 0x84, 1, 1},
                              Bytes{0x30, 0x83, 0xff, 0xff, 0xff, 4, 16}, Bytes{0x30, 0x82, 1}}) {
    EXPECT_TRUE(WrappingKeyOf(octets).empty());
  }
}

}  // namespace
}  // namespace gw
