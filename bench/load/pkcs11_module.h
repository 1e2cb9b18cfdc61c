// Room: bench/load. A PKCS #11 module, loaded and initialised. Touches the dynamic linker and the
// module.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "daemon/core/result.h"

namespace gw::bench {

// Loaded by Open(); finalised and unloaded with the object. Not copied or moved: made in place by
// its owner. Thread: Open() and the destructor on one thread; functions() on any.
class Pkcs11Module {
 public:
  Pkcs11Module() = default;
  ~Pkcs11Module();
  Pkcs11Module(const Pkcs11Module&) = delete;
  Pkcs11Module& operator=(const Pkcs11Module&) = delete;

  // dlopen, C_GetFunctionList, C_Initialize with CKF_OS_LOCKING_OK. Once per object.
  //   errors  CKR_GENERAL_ERROR  the file cannot be loaded or is no PKCS #11 module; or what the
  //   module answers
  Status Open(const std::string& path);
  CK_FUNCTION_LIST& functions() const { return *functions_; }

  // How long the steps of Open() took.
  std::chrono::nanoseconds load_time() const { return load_time_; }
  std::chrono::nanoseconds initialize_time() const { return initialize_time_; }

 private:
  Status Load(const std::string& path);

  void* library_ = nullptr;
  CK_FUNCTION_LIST* functions_ = nullptr;
  bool initialized_ = false;
  std::chrono::nanoseconds load_time_{};
  std::chrono::nanoseconds initialize_time_{};
};

// The slot asked for, or the first one whose token is initialised, or the first one with a token.
//   errors  CKR_TOKEN_NOT_PRESENT  no slot has a token; or what the module answers
Result<CK_SLOT_ID> ChooseSlot(CK_FUNCTION_LIST& module, std::optional<std::uint64_t> wanted);

}  // namespace gw::bench
