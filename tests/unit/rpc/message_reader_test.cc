// Room: tests/unit/rpc.
#include "daemon/rpc/message_reader.h"

#include <gtest/gtest.h>

#include "daemon/rpc/http2_session.h"
#include "tests/unit/rpc/http2_peer.h"

namespace gw {
namespace {

using test::Framed;
using Trouble = MessageReader::Trouble;

// However the octets are cut into pieces.
TEST(MessageReaderTest, AMessageIsReadInAnyPieces) {
  const std::string frame = Framed(std::string(300, 'x'));
  for (std::size_t piece = 1; piece <= frame.size(); ++piece) {
    MessageReader reader;
    WipedString message;
    for (std::size_t at = 0; at < frame.size(); at += piece) {
      EXPECT_FALSE(reader.whole());
      const auto octets = ViewOf(std::string_view(frame).substr(at, piece));
      ASSERT_EQ(reader.Read(octets, 300, message), Trouble::kNone);
    }
    EXPECT_TRUE(reader.whole());
    EXPECT_EQ(std::string_view(message), std::string(300, 'x'));
  }
}

TEST(MessageReaderTest, AnEmptyMessageIsAMessage) {
  MessageReader reader;
  WipedString message;
  EXPECT_FALSE(reader.whole()) << "nothing came";
  EXPECT_EQ(reader.Read(ViewOf(Framed("")), 0, message), Trouble::kNone);
  EXPECT_TRUE(reader.whole());
}

TEST(MessageReaderTest, WhatWasNotAskedForIsTrouble) {
  WipedString message;
  std::string compressed = Framed("abc");
  compressed[0] = 1;
  EXPECT_EQ(MessageReader().Read(ViewOf(compressed), 10, message), Trouble::kCompressed);
  EXPECT_EQ(MessageReader().Read(ViewOf(Framed("12345678901")), 10, message), Trouble::kTooLarge);
  EXPECT_EQ(MessageReader().Read(ViewOf(Framed("one") + Framed("two")), 10, message),
            Trouble::kMore);
}

// The length is believed only once it is allowed: nothing is set aside for it.
TEST(MessageReaderTest, AHugeLengthCostsNothing) {
  WipedString message;
  const std::string huge{"\0\xff\xff\xff\xff", 5};
  EXPECT_EQ(MessageReader().Read(ViewOf(huge), 65 << 20, message), Trouble::kTooLarge);
  EXPECT_EQ(message.capacity(), WipedString().capacity());
}

TEST(MessageReaderTest, TheLengthIsBigEndian) {
  EXPECT_EQ(std::string_view(FrameOfSize(0x010203)).substr(0, 5),
            std::string_view("\0\0\1\2\3", 5));
}

}  // namespace
}  // namespace gw
