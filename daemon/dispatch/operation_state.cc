// Room: dispatch. Sealed form: u64 slot, u32 count, each: u16 function, bytes name of the key
// (empty without one), bytes body of the Init, bytes input.
#include "daemon/dispatch/operation_state.h"

#include <algorithm>
#include <array>

#include "daemon/sealing/record_keeper.h"

namespace gw {
namespace {

using enum wire::Function;

struct Appender {
  Bytes& octets;
  std::uint8_t* Extend(std::size_t bytes) {
    octets.resize(octets.size() + bytes);
    return octets.data() + octets.size() - bytes;
  }
};

enum class KeyRole : std::uint8_t { kNone, kCipher, kMessage };

struct Row {
  wire::Function init;
  KeyRole role;
};
constexpr auto kRows = std::to_array<Row>({
    {C_EncryptInit, KeyRole::kCipher},
    {C_DecryptInit, KeyRole::kCipher},
    {C_DigestInit, KeyRole::kNone},
    {C_SignInit, KeyRole::kMessage},
    {C_VerifyInit, KeyRole::kMessage},
});

const Row* RowOf(std::uint16_t init) {
  const auto row = std::ranges::find(
      kRows, init, [](const Row& at) { return static_cast<std::uint16_t>(at.init); });
  return row == kRows.end() ? nullptr : &*row;
}

constexpr std::size_t kHandleBytes = sizeof(std::uint64_t);

// The handle is the last of an Init's body.
ObjectHandle KeyIn(wire::Octets body) {
  if (body.size < kHandleBytes) return ObjectHandle{};
  return ObjectHandle{wire::Reader(body.data + body.size - kHandleBytes, kHandleBytes).U64()};
}

// Empty: no such key.
ByteView NameOf(const Call& call, ObjectHandle handle, ObjectPtr& holder) {
  holder = call.scope.application->FindObject(*call.scope.token, handle);
  const Bytes* name = holder == nullptr ? nullptr : holder->attributes.Find(CKA_UNIQUE_ID);
  return name == nullptr ? ByteView() : ByteView(*name);
}

Error Invalid(const char* why) { return CallerError(CKR_SAVED_STATE_INVALID, why); }

// One operation of the opened state, in which its key gets the handle that it has now.
struct Opened {
  KeptOperation kept;
  const Row* row;
};
Result<Opened> ReadOne(const Call& call, wire::Reader& reader, std::span<Byte> plain,
                       ObjectHandle cipher_key, ObjectHandle message_key) {
  Opened opened{};
  opened.kept.init = reader.U16();
  const wire::Octets name = reader.Bytes();
  opened.kept.body = reader.Bytes();
  opened.kept.fed = reader.Bytes();
  opened.row = RowOf(opened.kept.init);
  if (!reader.ok() || opened.row == nullptr) return Invalid("not a state of ours");
  if (opened.row->role == KeyRole::kNone) return opened;
  const ObjectHandle key = opened.row->role == KeyRole::kCipher ? cipher_key : message_key;
  if (key == ObjectHandle{}) return CallerError(CKR_KEY_NEEDED, "an operation needs its key");
  ObjectPtr holder;
  if (!Equal(NameOf(call, key, holder), ByteView(name.data, name.size)))
    return CallerError(CKR_KEY_CHANGED, "not the key of the saved operation");
  const auto at = static_cast<std::size_t>(opened.kept.body.data - plain.data()) +
                  opened.kept.body.size - kHandleBytes;
  for (std::size_t i = 0; i < kHandleBytes; ++i)
    plain[at + i] = static_cast<Byte>(ToNumber(key) >> (8 * i));
  return opened;
}

}  // namespace

Result<Bytes> SealOperations(const Call& call, const std::vector<KeptOperation>& operations) {
  Bytes plain;
  Appender appender{plain};
  wire::Writer writer(appender);
  writer.U64(ToNumber(call.scope.session->slot));
  writer.U32(static_cast<std::uint32_t>(operations.size()));
  for (const KeptOperation& kept : operations) {
    const Row* row = RowOf(kept.init);
    ObjectPtr holder;
    const bool keyed = row != nullptr && row->role != KeyRole::kNone;
    const ByteView name = keyed ? NameOf(call, KeyIn(kept.body), holder) : ByteView();
    if (row == nullptr || (keyed && name.empty())) {
      Wipe(plain);
      return StateError(CKR_STATE_UNSAVEABLE, "the key of an operation is gone");
    }
    writer.U16(kept.init);
    writer.Bytes(name.data(), name.size());
    writer.Bytes(kept.body);
    writer.Bytes(kept.fed);
  }
  Bytes sealed = call.records.SealState(*call.scope.application, plain);
  Wipe(plain);
  return sealed;
}

Result<OpenedOperations> OpenOperations(const Call& call, ByteView sealed, ObjectHandle cipher_key,
                                        ObjectHandle message_key) {
  auto plain = call.records.OpenState(*call.scope.application, sealed);
  if (!plain) return Invalid("altered, another user's, or sealed before the last boot");
  OpenedOperations opened;
  opened.plain = std::move(*plain);
  wire::Reader reader(opened.plain.view().data(), opened.plain.size());
  if (reader.U64() != ToNumber(call.scope.session->slot)) return Invalid("of another slot");
  const std::uint32_t count = reader.Count(kRows.size(), 1);
  bool cipher_used = false;
  bool message_used = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    GW_TRY(one, ReadOne(call, reader, opened.plain.mutable_view(), cipher_key, message_key));
    cipher_used |= one.row->role == KeyRole::kCipher;
    message_used |= one.row->role == KeyRole::kMessage;
    opened.operations.push_back(one.kept);
  }
  if (!reader.AtEnd()) return Invalid("not a state of ours");
  const bool too_many = (cipher_key != ObjectHandle{} && !cipher_used) ||
                        (message_key != ObjectHandle{} && !message_used);
  if (too_many) return CallerError(CKR_KEY_NOT_NEEDED, "no saved operation has such a key");
  return opened;
}

}  // namespace gw
