// Room: pkcs11-shim. PKCS #11 v2.40, 5.4: the library itself. (5.5 and on: calls_*.cc; the function
// lists: entry.cc.)
#include "pkcs11-shim/call.h"
#include "pkcs11-shim/state.h"
#include "pkcs11-shim/text.h"

using gw::shim::Call;
using gw::shim::Function;

CK_RV C_Initialize(CK_VOID_PTR init_args) { return gw::shim::Start(init_args); }

CK_RV C_Finalize(CK_VOID_PTR reserved) { return gw::shim::Stop(reserved); }

CK_RV C_GetInfo(CK_INFO_PTR info) {
  Call call(Function::C_GetInfo);
  call.put().Pointer(info);
  if (!call.Exchange()) return call.result();
  CK_INFO got = {};
  got.cryptokiVersion = gw::shim::ReadVersion(call.reply());
  gw::shim::ReadText(call.reply(), got.manufacturerID);
  gw::shim::ReadText(call.reply(), got.libraryDescription);
  got.libraryVersion = gw::shim::ReadVersion(call.reply());
  if (call.Accept(call.result() == CKR_OK)) gw::shim::StoreTo(info, got);
  return call.result();
}
