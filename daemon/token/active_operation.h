// Room: token. What lies between ...Init and ...Final in a session.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

namespace gw {

// A session has at most one of each kind; kinds run beside each other (behaviour R117).
enum class OperationKind : std::uint8_t {
  kFind,
  kEncrypt,
  kDecrypt,
  kDigest,
  kSign,
  kVerify,
  kSignRecover,
  kVerifyRecover,
  kMessageSign,
  kMessageVerify,
};
inline constexpr std::size_t kOperationKinds = 10;

// Owned by the session and by the call that is working on it: C_Logout and C_CloseSession in
// another thread may take it out of the session meanwhile. Made and understood by ops/ alone.
class ActiveOperation {
 public:
  virtual ~ActiveOperation() = default;
  // The operation works with a private object: C_Logout ends it.
  virtual bool UsesPrivateObject() const { return false; }
};

class ActiveOperations {
 public:
  bool Has(OperationKind kind) const { return At(kind) != nullptr; }
  void Start(OperationKind kind, std::shared_ptr<ActiveOperation> operation) {
    At(kind) = std::move(operation);
  }
  void End(OperationKind kind) { At(kind).reset(); }
  // nullptr: none of that kind. The caller knows the type that ops/ started for the kind.
  template <typename T>
  std::shared_ptr<T> Get(OperationKind kind) const {
    return std::static_pointer_cast<T>(At(kind));
  }
  void EndThoseWithPrivateObjects() {
    for (auto& operation : operations_) {
      if (operation != nullptr && operation->UsesPrivateObject()) operation.reset();
    }
  }

 private:
  std::shared_ptr<ActiveOperation>& At(OperationKind kind) {
    return operations_[static_cast<std::size_t>(kind)];
  }
  const std::shared_ptr<ActiveOperation>& At(OperationKind kind) const {
    return operations_[static_cast<std::size_t>(kind)];
  }

  std::array<std::shared_ptr<ActiveOperation>, kOperationKinds> operations_;
};

}  // namespace gw
