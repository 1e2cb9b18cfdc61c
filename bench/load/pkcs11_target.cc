// Room: bench/load. Sessions, login and key of one process.
#include "bench/load/pkcs11_target.h"

#include <unistd.h>

#include <string>

#include "bench/load/pkcs11_keys.h"
#include "bench/load/pkcs11_module.h"
#include "bench/load/workload.h"

namespace gw::bench {
namespace {

// A session that closes itself.
class Session {
 public:
  Session() = default;
  ~Session() {
    if (handle_ != CK_INVALID_HANDLE) module_->C_CloseSession(handle_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Status Open(CK_FUNCTION_LIST& module, CK_SLOT_ID slot) {
    module_ = &module;
    const CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    const CK_RV rv = module.C_OpenSession(slot, flags, nullptr, nullptr, &handle_);
    if (rv != CKR_OK) return ModuleError(rv, "C_OpenSession");
    return Ok();
  }
  CK_SESSION_HANDLE handle() const { return handle_; }

 private:
  CK_FUNCTION_LIST* module_ = nullptr;
  CK_SESSION_HANDLE handle_ = CK_INVALID_HANDLE;
};

class Pkcs11Caller final : public Caller {
 public:
  explicit Pkcs11Caller(const Workload& workload) : workload_(workload) {}

  Status Open(CK_FUNCTION_LIST& module, CK_SLOT_ID slot, CallState shared, std::size_t size_bytes) {
    GW_TRY_VOID(session_.Open(module, slot));
    state_ = std::move(shared);
    state_.session = session_.handle();
    return workload_.prepare(state_, size_bytes);
  }

  CK_RV Call() override { return workload_.call(state_); }
  Verdict Check(bool thorough) override { return workload_.check(state_, thorough); }

 private:
  const Workload& workload_;
  Session session_;
  CallState state_;
};

class Pkcs11Target final : public Target {
 public:
  explicit Pkcs11Target(const Options& options)
      : options_(options), workload_(*FindWorkload(options.op)) {}

  ~Pkcs11Target() override {
    if (made_key_) DestroyKey(module_.functions(), session_.handle(), keys_);
    if (logged_in_) module_.functions().C_Logout(session_.handle());
  }

  Status Open() {
    GW_TRY_VOID(module_.Open(options_.module));
    GW_TRY(slot, ChooseSlot(module_.functions(), options_.slot));
    slot_ = slot;
    GW_TRY_VOID(session_.Open(module_.functions(), slot_));
    GW_TRY_VOID(Login());
    return ProvideKey();
  }

  Result<std::unique_ptr<Caller>> NewCaller() override {
    CallState state;
    state.module = &module_.functions();
    state.keys = keys_;
    state.logged_in = logged_in_;
    if (options_.pin) state.pin = options_.pin->view();
    auto caller = std::make_unique<Pkcs11Caller>(workload_);
    const std::size_t size = options_.size_bytes.value_or(workload_.default_size);
    GW_TRY_VOID(caller->Open(module_.functions(), slot_, std::move(state), size));
    return std::unique_ptr<Caller>(std::move(caller));
  }

  std::chrono::nanoseconds AttachTime() const override {
    return module_.load_time() + module_.initialize_time();
  }

 private:
  Status Login() {
    if (!options_.pin) return Ok();
    auto* pin = const_cast<CK_UTF8CHAR*>(options_.pin->view().data());  // the API has no const
    const CK_RV rv =
        module_.functions().C_Login(session_.handle(), CKU_USER, pin, options_.pin->size());
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) return ModuleError(rv, "C_Login");
    logged_in_ = true;
    return Ok();
  }

  Status ProvideKey() {
    if (workload_.key == KeyNeed::kNone) {
      keys_.label = options_.key_label;
      return Ok();
    }
    CK_FUNCTION_LIST& module = module_.functions();
    if (!options_.key_label.empty()) {
      GW_TRY(found, FindKey(module, session_.handle(), workload_.key, options_.key_label));
      keys_ = std::move(found);
      return Ok();
    }
    const std::string label = "grep11-load " + std::to_string(getpid());
    GW_TRY(made, MakeKey(module, session_.handle(), workload_.key, logged_in_, label));
    keys_ = std::move(made);
    made_key_ = true;
    return Ok();
  }

  const Options& options_;
  const Workload& workload_;
  Pkcs11Module module_;  // before session_: closed after it
  CK_SLOT_ID slot_ = 0;
  Session session_;
  bool logged_in_ = false;
  bool made_key_ = false;
  KeyHandles keys_;
};

}  // namespace

Result<std::unique_ptr<Target>> OpenPkcs11Target(const Options& options) {
  auto target = std::make_unique<Pkcs11Target>(options);
  GW_TRY_VOID(target->Open());
  return std::unique_ptr<Target>(std::move(target));
}

}  // namespace gw::bench
