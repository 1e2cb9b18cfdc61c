// Room: emulator/service. The typed functions behind the rows of rpc_table.cc; one file per family
// defines them.
#pragma once

#include "emulator/engine/card.h"
#include "grep11.pb.h"

namespace gw::emulator {

#define GW_RPC(name)                                                 \
  Status name##Rpc(Card& card, const grep11::name##Request& request, \
                   grep11::name##Response& response)

// random.cc
GW_RPC(GenerateRandom);
// digest.cc
GW_RPC(DigestInit);
GW_RPC(Digest);
GW_RPC(DigestUpdate);
GW_RPC(DigestKey);
GW_RPC(DigestFinal);
GW_RPC(DigestSingle);
// crypt.cc
GW_RPC(EncryptInit);
GW_RPC(DecryptInit);
GW_RPC(EncryptUpdate);
GW_RPC(DecryptUpdate);
GW_RPC(Encrypt);
GW_RPC(Decrypt);
GW_RPC(EncryptFinal);
GW_RPC(DecryptFinal);
GW_RPC(EncryptSingle);
GW_RPC(DecryptSingle);
GW_RPC(ReencryptSingle);
// sign.cc
GW_RPC(SignInit);
GW_RPC(VerifyInit);
GW_RPC(SignUpdate);
GW_RPC(VerifyUpdate);
GW_RPC(SignFinal);
GW_RPC(VerifyFinal);
GW_RPC(Sign);
GW_RPC(Verify);
GW_RPC(SignSingle);
GW_RPC(VerifySingle);
// keys.cc
GW_RPC(GenerateKey);
GW_RPC(GenerateKeyPair);
GW_RPC(WrapKey);
GW_RPC(UnwrapKey);
GW_RPC(DeriveKey);
// query.cc
GW_RPC(GetMechanismList);
GW_RPC(GetMechanismInfo);
GW_RPC(GetAttributeValue);
GW_RPC(SetAttributeValue);
// admin.cc
GW_RPC(Login);
GW_RPC(Logout);
GW_RPC(RewrapKeyBlob);

}  // namespace gw::emulator
