// Room: bench/load. Logging in and making keys. Touches the module only.
#include <unistd.h>

#include <array>
#include <string>

#include "bench/load/pkcs11_keys.h"
#include "bench/load/workload_functions.h"

namespace gw::bench {

// The target has logged in and so proved the PIN; the calls start from logged out.
Status PrepareLogin(CallState& state, std::size_t) {
  if (const CK_RV rv = state.module->C_Logout(state.session); rv != CKR_OK) {
    return ModuleError(rv, "C_Logout before the run");
  }
  return Ok();
}

CK_RV CallLogin(CallState& state) {
  auto* pin =
      const_cast<CK_UTF8CHAR*>(state.pin.data());  // the API has no const; modules only read it
  return state.module->C_Login(state.session, CKU_USER, pin, state.pin.size());
}

Verdict CheckLoginAndLogout(CallState& state, bool) {
  return state.module->C_Logout(state.session) == CKR_OK ? Verdict::kPlausible : Verdict::kWrong;
}

Status PrepareObject(CallState& state, std::size_t size_bytes) {
  state.input = TestOctets(size_bytes);
  return Ok();
}

// Without --key-label each object has a label of its own: process, session, number.
CK_RV CallCreateObject(CallState& state) {
  std::string label = state.keys.label;
  if (label.empty()) {
    label = "object " + std::to_string(getpid()) + "." + std::to_string(state.session) + "." +
            std::to_string(state.made++);
  }
  CK_OBJECT_CLASS object_class = CKO_DATA;
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  std::array<CK_ATTRIBUTE, 5> wanted{
      CK_ATTRIBUTE{CKA_CLASS, &object_class, sizeof object_class},
      CK_ATTRIBUTE{CKA_TOKEN, &yes, sizeof yes}, CK_ATTRIBUTE{CKA_PRIVATE, &no, sizeof no},
      CK_ATTRIBUTE{CKA_LABEL, label.data(), label.size()},
      CK_ATTRIBUTE{CKA_VALUE, state.input.data(), state.input.size()}};
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  return state.module->C_CreateObject(state.session, wanted.data(), wanted.size(), &made);
}

CK_RV CallGenerateEc(CallState& state) {
  auto made =
      MakeKey(*state.module, state.session, KeyNeed::kEc, state.logged_in, "grep11-load keygen");
  if (!made) return made.error().rv;
  state.keys = *std::move(made);
  return CKR_OK;
}

Verdict CheckAndDestroyPair(CallState& state, bool) {
  const bool made = state.keys.secret != CK_INVALID_HANDLE && state.keys.open != CK_INVALID_HANDLE;
  const bool destroyed = DestroyKey(*state.module, state.session, state.keys);
  return made && destroyed ? Verdict::kPlausible : Verdict::kWrong;
}

}  // namespace gw::bench
