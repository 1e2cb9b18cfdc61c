// Room: tests/stack. The rules of output (PKCS #11 v2.40 5.2), for every function that has any and
// every mechanism that serves it: a NULL buffer asks for the length, a short one is refused and
// nothing is lost, one that is just long enough is filled, nothing is written behind it, a NULL
// where none may be is a bad argument. Rows are in buffer_rows.cc and buffer_fixed_rows.cc; a
// function with output and without a row fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "proto/wire/functions.h"
#include "tests/stack/buffer_rows.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr std::size_t kGuardBytes = 64;
constexpr std::size_t kRoom = 8192;
constexpr CK_BYTE kGuard = 0xA5;

// A buffer of exactly `bytes`, with guards on both sides.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes) : octets_(bytes + 2 * kGuardBytes, kGuard), bytes_(bytes) {}
  void* get() { return octets_.data() + kGuardBytes; }
  Octets First(std::size_t bytes) const {
    const auto begin = octets_.begin() + kGuardBytes;
    return {begin, begin + static_cast<std::ptrdiff_t>(std::min(bytes, bytes_))};
  }
  bool Holds() const {
    const auto whole = [](auto begin) {
      return std::all_of(begin, begin + kGuardBytes, [](CK_BYTE octet) { return octet == kGuard; });
    };
    return whole(octets_.begin()) && whole(octets_.end() - kGuardBytes);
  }
  bool IsUntouched() const {
    return std::ranges::all_of(octets_, [](CK_BYTE octet) { return octet == kGuard; });
  }

 private:
  Octets octets_;
  std::size_t bytes_;
};

template <typename Base>
class Staged : public Base {
 protected:
  static void SetUpTestSuite() { stage_ = std::make_unique<BufferStage>(); }
  static void TearDownTestSuite() { stage_.reset(); }
  void SetUp() override { stage_->Clear(); }
  void TearDown() override { stage_->Clear(); }
  static inline std::unique_ptr<BufferStage> stage_;
};

class BuffersTest : public Staged<testing::TestWithParam<BufferRow>> {
 protected:
  void Begin() {
    stage_->Clear();
    input_ = row_.begin(*stage_);
  }

  // `units`: what the length says, before and after.
  CK_RV Call(void* output, CK_ULONG* units) {
    return row_.call(*stage_, {input_, input_.data(), output, units});
  }

  // Into a buffer of exactly that many units.
  CK_RV CallExactly(CK_ULONG units, CK_ULONG* after, Octets* output) {
    Guarded buffer(units * row_.unit);
    *after = units;
    const CK_RV rv = Call(buffer.get(), after);
    EXPECT_TRUE(buffer.Holds()) << "writes beyond " << units;
    if (rv != CKR_OK) {
      EXPECT_TRUE(buffer.IsUntouched()) << NameOfRv(rv) << " with " << units;
    }
    *output = buffer.First(*after * row_.unit);
    return rv;
  }

  void Judge(const Octets& output) {
    const Octets input = input_;
    stage_->Clear();
    if (row_.judge) {
      row_.judge(*stage_, input, output);
    } else {
      EXPECT_EQ(output, reference_);
    }
  }

  // What the function gives where there is room: how long it is, and if it is always the same,
  // what.
  void TakeReference() {
    Begin();
    reference_units_ = kRoom / row_.unit;
    GW_ASSERT_RV(CallExactly(kRoom / row_.unit, &reference_units_, &reference_), CKR_OK);
    Judge(reference_);
  }

  // After an end there is nothing to go on with.
  void ExpectEnded() {
    if (!row_.ends) return;
    CK_ULONG units = kRoom / row_.unit;
    Guarded buffer(kRoom);
    GW_EXPECT_RV(Call(buffer.get(), &units), CKR_OPERATION_NOT_INITIALIZED);
  }

  const BufferRow row_ = GetParam();
  Octets input_;
  Octets reference_;
  CK_ULONG reference_units_ = 0;
};

TEST_P(BuffersTest, AShortBufferIsRefusedAndNothingIsLost) {
  TakeReference();
  Begin();
  CK_ULONG asked = 7;
  GW_ASSERT_RV(Call(nullptr, &asked), CKR_OK);
  EXPECT_GE(asked, reference_units_);
  Octets output;
  CK_ULONG after = 0;
  if (reference_units_ != 0) {
    for (const CK_ULONG units : std::set<CK_ULONG>{0, reference_units_ - 1}) {
      GW_ASSERT_RV(CallExactly(units, &after, &output), CKR_BUFFER_TOO_SMALL) << units;
      EXPECT_GE(after, reference_units_);
    }
  }
  GW_ASSERT_RV(Call(nullptr, &asked), CKR_OK);
  GW_ASSERT_RV(CallExactly(reference_units_, &after, &output), CKR_OK);
  EXPECT_EQ(after, reference_units_);
  ExpectEnded();
  Judge(output);
}

TEST_P(BuffersTest, WhatTheLengthSaysIsEnough) {
  TakeReference();
  Begin();
  CK_ULONG asked = 0;
  GW_ASSERT_RV(Call(nullptr, &asked), CKR_OK);
  Octets output;
  CK_ULONG after = 0;
  GW_ASSERT_RV(CallExactly(asked, &after, &output), CKR_OK);
  EXPECT_LE(after, asked);
  Judge(output);
}

TEST_P(BuffersTest, ANullWhereNoneMayBeIsABadArgument) {
  // C_SignMessageNext without a place for the length is one that goes on.
  if (row_.function != "C_SignMessageNext") {
    for (const bool buffer : {false, true}) {
      Begin();
      Guarded room(kRoom);
      GW_EXPECT_RV(Call(buffer ? room.get() : nullptr, nullptr), CKR_ARGUMENTS_BAD);
      EXPECT_TRUE(room.IsUntouched());
      ExpectEnded();
    }
  }
  if (!row_.has_input) return;
  Begin();
  Guarded room(kRoom);
  CK_ULONG units = kRoom;
  GW_EXPECT_RV(row_.call(*stage_, {Octets(5), nullptr, room.get(), &units}), CKR_ARGUMENTS_BAD);
  EXPECT_TRUE(room.IsUntouched());
  ExpectEnded();
}

class BuffersInputTest : public BuffersTest {};

// NULL with a length of zero is nothing, not a mistake.
TEST_P(BuffersInputTest, NoInputIsTheSameWithAndWithoutAPointer) {
  std::array<CK_RV, 2> answers{};
  std::array<CK_ULONG, 2> lengths{};
  CK_BYTE nothing = 0;
  for (const std::size_t i : {0U, 1U}) {
    Begin();
    Guarded room(kRoom);
    lengths[i] = kRoom;
    answers[i] =
        row_.call(*stage_, {Octets(), i == 0 ? nullptr : &nothing, room.get(), &lengths[i]});
    EXPECT_TRUE(room.Holds());
    if (answers[i] != CKR_OK) {
      EXPECT_TRUE(room.IsUntouched());
      ExpectEnded();
    }
  }
  GW_EXPECT_RV(answers[0], answers[1]);
  EXPECT_NE(answers[0], CK_RV{CKR_ARGUMENTS_BAD});
  EXPECT_NE(answers[0], CK_RV{CKR_BUFFER_TOO_SMALL});
  EXPECT_EQ(lengths[0], lengths[1]);
}

std::vector<BufferRow> RowsWithInput() {
  std::vector<BufferRow> rows = BufferRows();
  std::erase_if(rows, [](const BufferRow& row) { return !row.has_input; });
  return rows;
}

constexpr auto kNameOfRow = [](const auto& test) { return test.param.name; };
INSTANTIATE_TEST_SUITE_P(Rows, BuffersTest, testing::ValuesIn(BufferRows()), kNameOfRow);
INSTANTIATE_TEST_SUITE_P(Rows, BuffersInputTest, testing::ValuesIn(RowsWithInput()), kNameOfRow);

using FixedTest = Staged<testing::Test>;

TEST_F(FixedTest, AStructureIsFilledAndNothingBehindIt) {
  for (const FixedRow& row : FixedRows()) {
    SCOPED_TRACE(row.function);
    stage_->Clear();
    Guarded place(row.bytes);
    GW_EXPECT_RV(row.call(*stage_, place.get()), row.expected);
    EXPECT_TRUE(place.Holds());
    EXPECT_EQ(place.IsUntouched(), row.expected != CKR_OK);
  }
}

TEST_F(FixedTest, NoPlaceIsABadArgumentAndLeavesNoObject) {
  for (const FixedRow& row : FixedRows()) {
    SCOPED_TRACE(row.function);
    stage_->Clear();
    const std::size_t before = Find(stage_->session(), Attributes()).size();
    GW_EXPECT_RV(row.call(*stage_, nullptr), CKR_ARGUMENTS_BAD);
    stage_->Clear();
    // C_CopyObject needs something to copy.
    const std::size_t made = row.function == "C_CopyObject" ? 1 : 0;
    EXPECT_EQ(Find(stage_->session(), Attributes()).size(), before + made);
  }
}

TEST_F(FixedTest, RandomOctetsOfNoLengthNeedNoPlace) {
  GW_EXPECT_RV(P11().C_GenerateRandom(stage_->session(), nullptr, 0), CKR_OK);
}

// Its lengths are the attributes' own.
TEST_F(FixedTest, AttributesFollowTheRulesOfOutputEachByItself) {
  const CK_OBJECT_HANDLE key = stage_->subjects().ec.public_key;
  const auto get = [&](void* to, CK_ULONG* bytes) {
    CK_ATTRIBUTE wanted{CKA_EC_POINT, to, *bytes};
    const CK_RV rv = P11().C_GetAttributeValue(stage_->session(), key, &wanted, 1);
    *bytes = wanted.ulValueLen;
    return rv;
  };
  const Octets& point = stage_->subjects().point;
  CK_ULONG bytes = 0;
  GW_EXPECT_RV(get(nullptr, &bytes), CKR_OK);
  ASSERT_EQ(bytes, point.size());
  Guarded exact(bytes);
  GW_EXPECT_RV(get(exact.get(), &bytes), CKR_OK);
  EXPECT_EQ(exact.First(bytes), point);
  EXPECT_TRUE(exact.Holds());
  for (const CK_ULONG less : {CK_ULONG{0}, CK_ULONG{point.size() - 1}}) {
    Guarded small(less);
    bytes = less;
    GW_EXPECT_RV(get(small.get(), &bytes), CKR_BUFFER_TOO_SMALL);
    EXPECT_EQ(bytes, CK_UNAVAILABLE_INFORMATION);
    EXPECT_TRUE(small.IsUntouched());
  }
  GW_EXPECT_RV(P11().C_GetAttributeValue(stage_->session(), key, nullptr, 1), CKR_ARGUMENTS_BAD);
}

// Whether one of the parameters is a place for output, as far as its type tells.
template <typename T>
constexpr bool kIsPlace =
    std::is_same_v<T, CK_ULONG*> || std::is_same_v<T, CK_INFO*> ||
    std::is_same_v<T, CK_SLOT_INFO*> || std::is_same_v<T, CK_TOKEN_INFO*> ||
    std::is_same_v<T, CK_MECHANISM_INFO*> || std::is_same_v<T, CK_SESSION_INFO*> ||
    std::is_same_v<T, CK_INTERFACE**> || std::is_same_v<T, CK_FUNCTION_LIST**>;
template <typename... A>
constexpr bool HasOutput(CK_RV (*)(A...)) {
  return (kIsPlace<A> || ...);
}

TEST(BufferRowsTest, EveryFunctionWithOutputHasARow) {
  std::set<std::string> rows{"C_GetAttributeValue"};
  for (const BufferRow& row : BufferRows()) rows.insert(row.function);
  for (const FixedRow& row : FixedRows()) rows.insert(row.function);
#define GW_FN(name, number, carried, retry, operation, no_daemon, section)  \
  if (wire::Carried::carried != wire::Carried::kAbsent &&                   \
      HasOutput(decltype(CK_FUNCTION_LIST_3_0::name){})) {                  \
    EXPECT_TRUE(rows.contains(#name)) << #name << " has output and no row"; \
  }
#include "proto/wire/functions.def"
#undef GW_FN
}

// What the token lists is what the rows are made from.
TEST_F(FixedTest, EveryMechanismThatIsListedHasRows) {
  Octets room(kRoom);
  CK_ULONG count = kRoom / sizeof(CK_MECHANISM_TYPE);
  auto* types = reinterpret_cast<CK_MECHANISM_TYPE*>(room.data());
  GW_ASSERT_RV(P11().C_GetMechanismList(Slot(), types, &count), CKR_OK);
  std::set<CK_MECHANISM_TYPE> known;
  for (const MechanismRow& row : AllMechanisms()) known.insert(row.type);
  EXPECT_EQ(std::set<CK_MECHANISM_TYPE>(types, types + count), known);
}

}  // namespace
}  // namespace gw::stack
