// Room: emulator/service. Actions per RPC: IAM actions of the product's documentation; where it
// lists none, see the row.
#include "emulator/service/rpc_table.h"

#include <array>

#include "emulator/service/adapter.h"
#include "emulator/service/families.h"

namespace gw::emulator {
namespace {

using enum Action;

#define GW_ROW(name) #name, Serve < grep11::name##Request, grep11::name##Response, name##Rpc>

constexpr auto kRpcs = std::to_array<RpcRow>({
    {GW_ROW(GenerateRandom), kGenerateRandom},
    {GW_ROW(DigestInit), kDigest},
    {GW_ROW(Digest), kDigest},
    {GW_ROW(DigestUpdate), kDigest},
    {GW_ROW(DigestKey), kDigestKey},
    {GW_ROW(DigestFinal), kDigest},
    {GW_ROW(DigestSingle), kDigest},
    {GW_ROW(EncryptInit), kEncrypt},
    {GW_ROW(DecryptInit), kDecrypt},
    {GW_ROW(EncryptUpdate), kEncrypt},
    {GW_ROW(DecryptUpdate), kDecrypt},
    {GW_ROW(Encrypt), kEncrypt},
    {GW_ROW(Decrypt), kDecrypt},
    {GW_ROW(EncryptFinal), kEncrypt},
    {GW_ROW(DecryptFinal), kDecrypt},
    {GW_ROW(EncryptSingle), kEncrypt},
    {GW_ROW(DecryptSingle), kDecrypt},
    {GW_ROW(SignInit), kSign},
    {GW_ROW(VerifyInit), kVerify},
    {GW_ROW(SignUpdate), kSign},
    {GW_ROW(VerifyUpdate), kVerify},
    {GW_ROW(SignFinal), kSign},
    {GW_ROW(VerifyFinal), kVerify},
    {GW_ROW(Sign), kSign},
    {GW_ROW(Verify), kVerify},
    {GW_ROW(SignSingle), kSign},
    {GW_ROW(VerifySingle), kVerify},
    // No action of its own is listed; it does both.
    {GW_ROW(ReencryptSingle), kEncrypt | kDecrypt},
    {GW_ROW(GenerateKey), kGenerateKey, true},  // domain parameters
    {GW_ROW(GenerateKeyPair), kGenerateKeyPair, true},
    {GW_ROW(WrapKey), kWrapKey},
    {GW_ROW(UnwrapKey), kUnwrapKey},
    {GW_ROW(DeriveKey), kDeriveKey},
    {GW_ROW(GetMechanismList), kGetMechanismList},
    {GW_ROW(GetMechanismInfo), kGetMechanismInfo},
    {GW_ROW(GetAttributeValue), kGetAttributeValue},
    {GW_ROW(SetAttributeValue), kSetAttributeValue},
    // No action is listed; the general right to use EP11.
    {GW_ROW(Login), kEp11Use},
    {GW_ROW(Logout), kEp11Use},
    {GW_ROW(RewrapKeyBlob), kRewrapKeyBlob},
});
static_assert(kRpcs.size() == 40);

}  // namespace

std::span<const RpcRow> RpcTable() { return kRpcs; }

}  // namespace gw::emulator
