// Room: bench/load. Loading a module and choosing its slot.
#include "bench/load/pkcs11_module.h"

#include <dlfcn.h>

#include <vector>

#include "bench/load/workload.h"

namespace gw::bench {
namespace {

std::chrono::nanoseconds Since(std::chrono::steady_clock::time_point start) {
  return std::chrono::steady_clock::now() - start;
}

Error LoaderError() {
  const char* text = dlerror();
  return CallerError(CKR_GENERAL_ERROR,
                     text == nullptr ? "the dynamic linker gives no reason" : text);
}

bool HasInitialisedToken(CK_FUNCTION_LIST& module, CK_SLOT_ID slot) {
  CK_TOKEN_INFO info{};
  return module.C_GetTokenInfo(slot, &info) == CKR_OK && (info.flags & CKF_TOKEN_INITIALIZED) != 0;
}

}  // namespace

Pkcs11Module::~Pkcs11Module() {
  if (initialized_) functions_->C_Finalize(nullptr);
  if (library_ != nullptr) dlclose(library_);
}

Status Pkcs11Module::Load(const std::string& path) {
  library_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) return LoaderError();
  const auto get_list =
      reinterpret_cast<CK_C_GetFunctionList>(dlsym(library_, "C_GetFunctionList"));
  if (get_list == nullptr) return LoaderError();
  if (const CK_RV rv = get_list(&functions_); rv != CKR_OK)
    return ModuleError(rv, "C_GetFunctionList");
  return Ok();
}

Status Pkcs11Module::Open(const std::string& path) {
  const auto load_start = std::chrono::steady_clock::now();
  GW_TRY_VOID(Load(path));
  load_time_ = Since(load_start);
  const auto initialize_start = std::chrono::steady_clock::now();
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  if (const CK_RV rv = functions_->C_Initialize(&arguments); rv != CKR_OK)
    return ModuleError(rv, "C_Initialize");
  initialized_ = true;
  initialize_time_ = Since(initialize_start);
  return Ok();
}

Result<CK_SLOT_ID> ChooseSlot(CK_FUNCTION_LIST& module, std::optional<std::uint64_t> wanted) {
  if (wanted) return CK_SLOT_ID{*wanted};
  CK_ULONG count = 0;
  CK_RV rv = module.C_GetSlotList(CK_TRUE, nullptr, &count);
  if (rv != CKR_OK) return ModuleError(rv, "C_GetSlotList");
  std::vector<CK_SLOT_ID> slots(count);
  rv = module.C_GetSlotList(CK_TRUE, slots.data(), &count);
  if (rv != CKR_OK) return ModuleError(rv, "C_GetSlotList");
  slots.resize(count);
  if (slots.empty())
    return CallerError(CKR_TOKEN_NOT_PRESENT, "the module has no slot with a token");
  for (const CK_SLOT_ID slot : slots) {
    if (HasInitialisedToken(module, slot)) return slot;
  }
  return slots.front();
}

}  // namespace gw::bench
