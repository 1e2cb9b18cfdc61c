// The codec of frames: what is written is read, and no input makes the reader go beyond its bytes.
#include "proto/wire/codec.h"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

namespace gw::wire {
namespace {

// As large as it gets, or as large as allowed.
class TestBuffer {
 public:
  explicit TestBuffer(std::size_t limit = SIZE_MAX) : limit_(limit) {}

  std::uint8_t* Extend(std::size_t bytes) {
    if (bytes > limit_ - bytes_.size()) return nullptr;
    bytes_.resize(bytes_.size() + bytes);
    return bytes_.data() + bytes_.size() - bytes;
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::size_t limit_;
  std::vector<std::uint8_t> bytes_;
};

std::string Text(Octets octets) {
  return std::string(reinterpret_cast<const char*>(octets.data), octets.size);
}

TEST(CodecTest, NumbersAreLittleEndianAndPacked) {
  TestBuffer buffer;
  Writer writer(buffer);
  writer.U8(0x01);
  writer.U16(0x0302);
  writer.U32(0x07060504);
  writer.U64(0x0F0E0D0C0B0A0908);
  EXPECT_TRUE(writer.ok());
  EXPECT_THAT(buffer.bytes(),
              testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  Reader reader(buffer.bytes().data(), buffer.bytes().size());
  EXPECT_EQ(reader.U8(), 0x01);
  EXPECT_EQ(reader.U16(), 0x0302);
  EXPECT_EQ(reader.U32(), 0x07060504u);
  EXPECT_EQ(reader.U64(), 0x0F0E0D0C0B0A0908u);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(CodecTest, BytesHaveTheirLengthBefore) {
  TestBuffer buffer;
  Writer writer(buffer);
  writer.Bytes("ab", 2);
  writer.Bytes(nullptr, 0);
  EXPECT_THAT(buffer.bytes(), testing::ElementsAre(2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0));
  Reader reader(buffer.bytes().data(), buffer.bytes().size());
  EXPECT_EQ(Text(reader.Bytes()), "ab");
  EXPECT_EQ(reader.Bytes().size, 0u);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(CodecTest, HeadersAreTwentyFourBytesInTheOrderOfTheDocument) {
  const Header header = {.body_bytes = 0x04030201,
                         .function = 0x0605,
                         .flags = 0x0807,
                         .request = 0x100F0E0D0C0B0A09,
                         .session_or_result = 0x1817161514131211};
  std::uint8_t bytes[kHeaderBytes];
  EncodeHeader(header, bytes);
  for (std::size_t i = 0; i < kHeaderBytes; ++i) EXPECT_EQ(bytes[i], i + 1);
  const Header again = DecodeHeader(bytes);
  EXPECT_EQ(again.body_bytes, header.body_bytes);
  EXPECT_EQ(again.function, header.function);
  EXPECT_EQ(again.flags, header.flags);
  EXPECT_EQ(again.request, header.request);
  EXPECT_EQ(again.session_or_result, header.session_or_result);
}

TEST(CodecTest, AReaderThatFailedStaysFailedAndYieldsZeros) {
  const std::uint8_t bytes[] = {1, 2, 3, 4, 5};
  Reader reader(bytes, sizeof(bytes));
  EXPECT_EQ(reader.U64(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.left(), 0u);
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_EQ(reader.Bytes().data, nullptr);
  EXPECT_EQ(reader.Count(10, 0), 0u);
  EXPECT_FALSE(reader.AtEnd());
}

TEST(CodecTest, BytesBeyondTheEndAreRefused) {
  for (const std::uint32_t length : {6u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    TestBuffer buffer;
    Writer writer(buffer);
    writer.U32(length);
    writer.U8(1);
    writer.U32(0);
    Reader reader(buffer.bytes().data(), buffer.bytes().size());
    const Octets octets = reader.Bytes();
    EXPECT_EQ(octets.data, nullptr);
    EXPECT_EQ(octets.size, 0u);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(CodecTest, CountsMustBePlausible) {
  const struct {
    std::uint32_t count;
    std::uint32_t limit;
    std::size_t bytes_each;
    bool good;
  } rows[] = {
      {3, 3, 2, true},
      {0, 0, 8, true},
      {4, 3, 0, false},
      {4, 9, 2, false},
      {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, false},
      {6, 6, 1, true},
      {0xFFFFFFFF, 0xFFFFFFFF, 1, false},
  };
  for (const auto& row : rows) {
    TestBuffer buffer;
    Writer writer(buffer);
    writer.U32(row.count);
    writer.U32(0);
    writer.U16(0);  // six bytes follow the count
    Reader reader(buffer.bytes().data(), buffer.bytes().size());
    EXPECT_EQ(reader.Count(row.limit, row.bytes_each), row.good ? row.count : 0u);
    EXPECT_EQ(reader.ok(), row.good);
  }
}

TEST(CodecTest, NothingLeftOverIsPartOfTheEnd) {
  const std::uint8_t bytes[] = {1, 2};
  Reader reader(bytes, sizeof(bytes));
  reader.U8();
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(reader.AtEnd());
}

TEST(CodecTest, AWriterWithoutRoomStaysFailed) {
  TestBuffer buffer(5);
  Writer writer(buffer);
  writer.U32(7);
  EXPECT_TRUE(writer.ok());
  writer.U32(8);
  EXPECT_FALSE(writer.ok());
  writer.U8(9);  // would fit
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(buffer.bytes().size(), 4u);
}

TEST(CodecTest, AWriterRefusesMoreBytesThanABodyHolds) {
  TestBuffer buffer;
  Writer writer(buffer);
  writer.Bytes("not touched", std::size_t{kMaxBodyBytes} + 1);
  EXPECT_FALSE(writer.ok());
  EXPECT_TRUE(buffer.bytes().empty());
}

// A random sequence of values, and the means to write and to check it.
struct Item {
  int kind;
  std::uint64_t number;
  std::string bytes;
};

std::vector<Item> RandomItems(std::mt19937_64& random) {
  std::vector<Item> items(random() % 20);
  for (Item& item : items) {
    item.kind = static_cast<int>(random() % 5);
    item.number = random();
    item.bytes.assign(random() % 40, static_cast<char>(random()));
  }
  return items;
}

void Write(const std::vector<Item>& items, TestBuffer& buffer) {
  Writer writer(buffer);
  for (const Item& item : items) {
    if (item.kind == 0) writer.U8(static_cast<std::uint8_t>(item.number));
    if (item.kind == 1) writer.U16(static_cast<std::uint16_t>(item.number));
    if (item.kind == 2) writer.U32(static_cast<std::uint32_t>(item.number));
    if (item.kind == 3) writer.U64(item.number);
    if (item.kind == 4) writer.Bytes(item.bytes.data(), item.bytes.size());
  }
  EXPECT_TRUE(writer.ok());
}

// Number of items that were read whole; all of them must be right.
std::size_t ReadBack(const std::vector<Item>& items, Reader& reader) {
  std::size_t whole = 0;
  for (const Item& item : items) {
    std::uint64_t number = 0;
    std::string bytes;
    if (item.kind == 0) number = reader.U8() | (item.number & ~std::uint64_t{0xFF});
    if (item.kind == 1) number = reader.U16() | (item.number & ~std::uint64_t{0xFFFF});
    if (item.kind == 2) number = reader.U32() | (item.number & ~std::uint64_t{0xFFFFFFFF});
    if (item.kind == 3) number = reader.U64();
    if (item.kind == 4) bytes = Text(reader.Bytes());
    if (!reader.ok()) return whole;
    if (item.kind == 4) {
      EXPECT_EQ(bytes, item.bytes);
    } else {
      EXPECT_EQ(number, item.number);
    }
    ++whole;
  }
  return whole;
}

TEST(CodecTest, WhatIsWrittenIsReadAndATruncationAnywhereIsNoticed) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    const std::vector<Item> items = RandomItems(random);
    TestBuffer buffer;
    Write(items, buffer);
    const std::vector<std::uint8_t>& bytes = buffer.bytes();
    Reader whole(bytes.data(), bytes.size());
    EXPECT_EQ(ReadBack(items, whole), items.size());
    EXPECT_TRUE(whole.AtEnd());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // A copy of exactly that size, so that a sanitizer sees a read beyond it.
      const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
      Reader reader(cut.data(), cut.size());
      EXPECT_LT(ReadBack(items, reader), items.size());
      EXPECT_FALSE(reader.ok());
    }
  }
}

TEST(CodecTest, NoNoiseMakesTheReaderLeaveItsBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::uint8_t> noise(random() % 64);
    for (std::uint8_t& byte : noise)
      byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random());
    Reader reader(noise.data(), noise.size());
    for (int step = 0; step < 30; ++step) {
      const std::size_t before = reader.left();
      if (random() % 2 == 0) {
        const Octets octets = reader.Bytes();
        EXPECT_LE(octets.size, before);
        if (octets.size != 0) {
          EXPECT_GE(octets.data, noise.data());
          EXPECT_LE(octets.data + octets.size, noise.data() + noise.size());
        }
      } else {
        const std::uint32_t count = reader.Count(1000, 4);
        EXPECT_LE(count * 4, before);
      }
      EXPECT_LE(reader.left(), before);
    }
  }
}

}  // namespace
}  // namespace gw::wire
