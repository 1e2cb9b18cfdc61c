// Room: proto/wire. The function table as constexpr rows. Includes libc headers only: the shim uses
// it too.
#pragma once

#include <p11-kit/pkcs11.h>
#include <stdint.h>

namespace gw::wire {

enum class Carried : uint8_t { kCarried, kLocal, kAbsent };
enum class Retry : uint8_t { kAgain, kOnce };
enum class Operation : uint8_t { kEnds, kKeeps };

// Function numbers of frames. kAttach is no C_ function: it opens each connection.
enum class Function : uint16_t {
#define GW_FN(name, number, carried, retry, operation, no_daemon, section) name = number,
#include "proto/wire/functions.def"
#undef GW_FN
  kAttach = 0x8000,
};

struct FunctionRow {
  const char* name;
  uint16_t number;
  Carried carried;
  Retry retry;
  Operation operation;
  CK_RV no_daemon;
  const char* section;
};

inline constexpr FunctionRow kFunctions[] = {
#define GW_FN(name, number, carried, retry, operation, no_daemon, section) \
  {#name, number, Carried::carried, Retry::retry, Operation::operation, no_daemon, section},
#include "proto/wire/functions.def"
#undef GW_FN
};
inline constexpr unsigned kFunctionCount = sizeof(kFunctions) / sizeof(kFunctions[0]);
inline constexpr unsigned kFunctionCountV240 = 68;

constexpr bool RowsAreInOrder() {
  for (unsigned i = 0; i < kFunctionCount; ++i) {
    if (kFunctions[i].number != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder() && kFunctionCount == 92);

// Functions that go on with an operation or end it, and the one that begins it.
struct OperationFamily {
  Function init;
  Function first;
  Function last;
};
inline constexpr OperationFamily kOperationFamilies[] = {
    {Function::C_EncryptInit, Function::C_Encrypt, Function::C_EncryptFinal},
    {Function::C_DecryptInit, Function::C_Decrypt, Function::C_DecryptFinal},
    {Function::C_DigestInit, Function::C_Digest, Function::C_DigestFinal},
    {Function::C_SignInit, Function::C_Sign, Function::C_SignFinal},
    {Function::C_VerifyInit, Function::C_Verify, Function::C_VerifyFinal},
    {Function::C_SignRecoverInit, Function::C_SignRecover, Function::C_SignRecover},
    {Function::C_VerifyRecoverInit, Function::C_VerifyRecover, Function::C_VerifyRecover},
};

// Signatures with recovery come in one piece.
constexpr bool HasUpdates(const OperationFamily& family) { return family.first != family.last; }

inline const FunctionRow& RowOf(Function function) {
  return kFunctions[static_cast<uint16_t>(function)];
}

}  // namespace gw::wire
