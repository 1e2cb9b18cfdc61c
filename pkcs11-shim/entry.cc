// Room: pkcs11-shim. How applications get in: the function lists of v2.40 and v3.0, made from
// functions.def. They may be asked for before C_Initialize, in any process.
#include "pkcs11-shim/call.h"

namespace {

using gw::shim::LoadFrom;
using gw::shim::StoreTo;

template <typename List>
constexpr unsigned kEntries = (sizeof(List) - offsetof(List, C_Initialize)) /
                              sizeof(CK_C_Initialize);
static_assert(kEntries<CK_FUNCTION_LIST> == gw::wire::kFunctionCountV240);
static_assert(kEntries<CK_FUNCTION_LIST_3_0> == gw::wire::kFunctionCount);

template <typename List>
constexpr List MakeList(CK_BYTE major, CK_BYTE minor) {
  List list = {};
  list.version = {major, minor};
#define GW_FN(name, number, carried, retry, operation, no_daemon, section) \
  if constexpr (number < kEntries<List>) list.name = name;
#include "proto/wire/functions.def"
#undef GW_FN
  return list;
}

// The row's number is the place in the list, in both.
#define GW_FN(name, number, carried, retry, operation, no_daemon, section) \
  static_assert(offsetof(CK_FUNCTION_LIST_3_0, name) ==                    \
                offsetof(CK_FUNCTION_LIST_3_0, C_Initialize) + number * sizeof(void*));
#include "proto/wire/functions.def"
#undef GW_FN

// Constant, so that nothing in the process can bend them; the standard's types just do not say so.
constexpr CK_FUNCTION_LIST kListV240 = MakeList<CK_FUNCTION_LIST>(2, 40);
constexpr CK_FUNCTION_LIST_3_0 kListV30 = MakeList<CK_FUNCTION_LIST_3_0>(3, 0);
constexpr char kInterfaceName[] = "PKCS 11";

// The first is the default. CKF_INTERFACE_FORK_SAFE (PKCS #11 v3.0, 3.9): each process has its own
// copy of session objects, session states, login states and encryption states after a fork.
constexpr CK_INTERFACE kInterfaces[] = {
    {const_cast<char*>(kInterfaceName), const_cast<CK_FUNCTION_LIST_3_0*>(&kListV30),
     CKF_INTERFACE_FORK_SAFE},
    {const_cast<char*>(kInterfaceName), const_cast<CK_FUNCTION_LIST*>(&kListV240),
     CKF_INTERFACE_FORK_SAFE}};
constexpr CK_ULONG kInterfaceCount = sizeof(kInterfaces) / sizeof(kInterfaces[0]);

bool Matches(const CK_INTERFACE& candidate, const CK_UTF8CHAR* name, const void* version,
             CK_FLAGS flags) {
  if (name != nullptr && strcmp(reinterpret_cast<const char*>(name), candidate.pInterfaceName) != 0)
    return false;
  if ((candidate.flags & flags) != flags) return false;
  return version == nullptr || memcmp(version, candidate.pFunctionList, sizeof(CK_VERSION)) == 0;
}

}  // namespace

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (list == nullptr) return CKR_ARGUMENTS_BAD;
  StoreTo(list, &kListV240);
  return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR to, CK_ULONG_PTR count) {
  if (count == nullptr) return CKR_ARGUMENTS_BAD;
  const bool fits = to == nullptr || LoadFrom<CK_ULONG>(count) >= kInterfaceCount;
  StoreTo(count, kInterfaceCount);
  if (!fits) return CKR_BUFFER_TOO_SMALL;
  if (to != nullptr) StoreTo(to, kInterfaces);
  return CKR_OK;
}

// PKCS #11 v3.0, 5.4: a NULL name asks for the default, a NULL version for any.
CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR found,
                     CK_FLAGS flags) {
  if (found == nullptr) return CKR_ARGUMENTS_BAD;
  for (const CK_INTERFACE& candidate : kInterfaces) {
    if (!Matches(candidate, name, version, flags)) continue;
    StoreTo(found, &candidate);
    return CKR_OK;
  }
  return CKR_FUNCTION_FAILED;
}
