// Room: bench/load. Logging in and making keys. Touches the module only.
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
