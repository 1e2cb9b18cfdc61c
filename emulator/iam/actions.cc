// Room: emulator/iam. Source: IAM actions and built-in service roles of the product's
// documentation.
#include "emulator/iam/actions.h"

#include <array>

#include "daemon/core/check.h"

namespace gw::emulator {
namespace {

using enum Action;

constexpr auto kActions = std::to_array<ActionRow>({
    {kGenerateRandom, "hs-crypto.crypto.generaterandom"},
    {kGetMechanismList, "hs-crypto.crypto.getmechanismlist"},
    {kGetMechanismInfo, "hs-crypto.crypto.getmechanisminfo"},
    {kDigest, "hs-crypto.crypto.digest"},
    {kDigestKey, "hs-crypto.crypto.digestkey"},
    {kEncrypt, "hs-crypto.crypto.encrypt"},
    {kDecrypt, "hs-crypto.crypto.decrypt"},
    {kSign, "hs-crypto.crypto.sign"},
    {kVerify, "hs-crypto.crypto.verify"},
    {kGenerateKey, "hs-crypto.crypto.generatekey"},
    {kGenerateKeyPair, "hs-crypto.crypto.generatekeypair"},
    {kWrapKey, "hs-crypto.crypto.wrapkey"},
    {kUnwrapKey, "hs-crypto.crypto.unwrapkey"},
    {kDeriveKey, "hs-crypto.crypto.derivekey"},
    {kGetAttributeValue, "hs-crypto.crypto.getattributevalue"},
    {kSetAttributeValue, "hs-crypto.crypto.setattributevalue"},
    {kRewrapKeyBlob, "hs-crypto.crypto.rewrapkeyblob"},
    {kEp11Use, "hs-crypto.ep11.use"},
});

constexpr ActionSet kReader = kGenerateRandom | kGetMechanismList | kGetMechanismInfo | kDigest |
                              kDigestKey | kEncrypt | kDecrypt | kSign | kVerify | kWrapKey |
                              kUnwrapKey | kGetAttributeValue | kSetAttributeValue |
                              kRewrapKeyBlob | kEp11Use;
// "Derive ... not in the table": it makes a key, so it goes with generating one.
constexpr ActionSet kWriter = kReader | kGenerateKey | kGenerateKeyPair | kDeriveKey;

constexpr auto kRoles = std::to_array<RoleRow>({
    {"reader", kReader},
    {"readerplus", kReader},
    {"writer", kWriter},
    {"manager", kWriter},
    // Custom roles recommended for PKCS #11.
    {"crypto-operator", kWriter},
    {"key-operator", {}},
    {"keystore-operator", {}},
});

constexpr std::string_view kForeignPrefixes[] = {"hs-crypto.keystore.", "hs-crypto.discovery."};

}  // namespace

std::span<const ActionRow> ActionTable() { return kActions; }
std::span<const RoleRow> RoleTable() { return kRoles; }

const ActionRow* FindAction(std::string_view name) {
  for (const ActionRow& row : kActions) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const RoleRow* FindRole(std::string_view name) {
  for (const RoleRow& row : kRoles) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

bool IsForeignAction(std::string_view name) {
  for (const std::string_view prefix : kForeignPrefixes) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

std::string_view FirstMissing(ActionSet needed, ActionSet granted) {
  for (const ActionRow& row : kActions) {
    if (needed.Contains(row.action) && !granted.Contains(row.action)) return row.name;
  }
  GW_CHECK(false && "nothing is missing");
  return {};
}

}  // namespace gw::emulator
