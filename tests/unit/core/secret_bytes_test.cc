// Tests of SecretBytes. What happens to freed memory cannot be looked at afterwards, so this
// program puts itself before the C library's explicit_bzero and notes what is wiped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string.h>

#include <type_traits>
#include <vector>

#include "daemon/core/bytes.h"

namespace {

struct Wiped {
  const void* at;
  std::size_t size;
  friend bool operator==(const Wiped&, const Wiped&) = default;
};
std::vector<Wiped>* wiped = nullptr;

void WipeAndNote(void* at, std::size_t size) {
  auto* octets = static_cast<volatile unsigned char*>(at);
  for (std::size_t i = 0; i < size; ++i) octets[i] = 0;
  if (wiped != nullptr) wiped->push_back({at, size});
}

}  // namespace

extern "C" {
void explicit_bzero(void* at, size_t size) noexcept { WipeAndNote(at, size); }
// What the call becomes with _FORTIFY_SOURCE.
void __explicit_bzero_chk(void* at, size_t size, size_t) noexcept { WipeAndNote(at, size); }
}

namespace gw {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::IsEmpty;

class SecretBytesTest : public ::testing::Test {
 protected:
  SecretBytesTest() { wiped = &notes_; }
  ~SecretBytesTest() override { wiped = nullptr; }

  std::vector<Wiped> notes_;
};

Wiped RangeOf(const SecretBytes& secret) { return {secret.view().data(), secret.size()}; }

TEST_F(SecretBytesTest, HoldsACopyOfItsInput) {
  Bytes pin = CopyOf("1234");
  const SecretBytes secret(pin);
  pin[0] = 'x';
  EXPECT_EQ(secret.text(), "1234");
}

TEST_F(SecretBytesTest, IsWipedWhenItDies) {
  Wiped range{};
  {
    const SecretBytes secret(ViewOf("a planted PIN"));
    range = RangeOf(secret);
    EXPECT_THAT(notes_, IsEmpty());
  }
  EXPECT_THAT(notes_, Contains(range));
  EXPECT_EQ(range.size, 13u);
}

TEST_F(SecretBytesTest, IsWipedWhenAnotherIsAssignedToIt) {
  SecretBytes secret(ViewOf("old"));
  const Wiped old = RangeOf(secret);
  secret = SecretBytes(ViewOf("newer"));
  EXPECT_THAT(notes_, Contains(old));
  EXPECT_EQ(secret.text(), "newer");
}

TEST_F(SecretBytesTest, MovingPassesTheMemoryOnAndWipesNothing) {
  SecretBytes from(ViewOf("secret"));
  const Wiped range = RangeOf(from);
  const SecretBytes to(std::move(from));
  EXPECT_EQ(RangeOf(to), range);
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(SecretBytesTest, AssigningToItselfKeepsIt) {
  SecretBytes secret(ViewOf("secret"));
  SecretBytes& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.text(), "secret");
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(SecretBytesTest, ACloneLivesOnItsOwn) {
  SecretBytes clone;
  {
    const SecretBytes secret(ViewOf("secret"));
    clone = secret.Clone();
    EXPECT_NE(clone.view().data(), secret.view().data());
  }
  EXPECT_EQ(clone.text(), "secret");
}

TEST_F(SecretBytesTest, OfSizeIsZerosToBeFilled) {
  SecretBytes secret = SecretBytes::OfSize(4);
  EXPECT_THAT(secret.view(), Each(0));
  secret.mutable_view()[3] = 7;
  EXPECT_EQ(secret.view()[3], 7);
}

TEST_F(SecretBytesTest, ZeroOctetsNeedNoMemory) {
  const SecretBytes none(ByteView{});
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.view().data(), nullptr);
  EXPECT_TRUE(SecretBytes::OfSize(0).empty());
}

TEST_F(SecretBytesTest, CannotBeCopiedByAccident) {
  EXPECT_FALSE(std::is_copy_constructible_v<SecretBytes>);
  EXPECT_FALSE(std::is_copy_assignable_v<SecretBytes>);
}

}  // namespace
}  // namespace gw
