// Room: emulator/iam. The rights that IAM gives: actions, and the roles made of them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gw::emulator {

enum class Action : std::uint8_t {
  kGenerateRandom,
  kGetMechanismList,
  kGetMechanismInfo,
  kDigest,
  kDigestKey,
  kEncrypt,
  kDecrypt,
  kSign,
  kVerify,
  kGenerateKey,
  kGenerateKeyPair,
  kWrapKey,
  kUnwrapKey,
  kDeriveKey,
  kGetAttributeValue,
  kSetAttributeValue,
  kRewrapKeyBlob,
  kEp11Use,
};

class ActionSet {
 public:
  constexpr ActionSet() = default;
  constexpr ActionSet(Action action)
      : bits_(1U << static_cast<unsigned>(action)) {}  // NOLINT(*-explicit-*)
  constexpr ActionSet operator|(ActionSet other) const { return ActionSet(bits_ | other.bits_); }
  constexpr ActionSet operator-(ActionSet other) const { return ActionSet(bits_ & ~other.bits_); }
  constexpr bool Contains(ActionSet other) const { return (other.bits_ & ~bits_) == 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const ActionSet&) const = default;

 private:
  constexpr explicit ActionSet(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

constexpr ActionSet operator|(Action a, Action b) { return ActionSet(a) | ActionSet(b); }

struct ActionRow {
  Action action;
  std::string_view name;  // "hs-crypto.crypto.sign"
};
struct RoleRow {
  std::string_view name;
  ActionSet actions;
};

std::span<const ActionRow> ActionTable();
std::span<const RoleRow> RoleTable();
// Null if there is none of that name.
const ActionRow* FindAction(std::string_view name);
const RoleRow* FindRole(std::string_view name);
// True for actions of services other than this one (key stores, discovery): they may be granted and
// mean nothing here.
bool IsForeignAction(std::string_view name);
// The first action in `needed` that `granted` lacks; there must be one.
std::string_view FirstMissing(ActionSet needed, ActionSet granted);

}  // namespace gw::emulator
