/* An application in C: layouts of the structures as the standard has them on 64-bit Unix, and the
 * module loaded and asked without C++. Exit status 0 if all holds. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "proto/pkcs11/ck_v3.h"

_Static_assert(sizeof(CK_ULONG) == 8, "CK_ULONG");
_Static_assert(sizeof(CK_VERSION) == 2, "CK_VERSION");
_Static_assert(sizeof(CK_INFO) == 88, "CK_INFO");
_Static_assert(sizeof(CK_SLOT_INFO) == 112, "CK_SLOT_INFO");
_Static_assert(sizeof(CK_TOKEN_INFO) == 208, "CK_TOKEN_INFO");
_Static_assert(sizeof(CK_SESSION_INFO) == 32, "CK_SESSION_INFO");
_Static_assert(sizeof(CK_ATTRIBUTE) == 24, "CK_ATTRIBUTE");
_Static_assert(sizeof(CK_MECHANISM) == 24, "CK_MECHANISM");
_Static_assert(sizeof(CK_MECHANISM_INFO) == 24, "CK_MECHANISM_INFO");
_Static_assert(sizeof(CK_C_INITIALIZE_ARGS) == 48, "CK_C_INITIALIZE_ARGS");
_Static_assert(sizeof(CK_RSA_PKCS_OAEP_PARAMS) == 40, "CK_RSA_PKCS_OAEP_PARAMS");
_Static_assert(sizeof(CK_RSA_PKCS_PSS_PARAMS) == 24, "CK_RSA_PKCS_PSS_PARAMS");
_Static_assert(sizeof(CK_ECDH1_DERIVE_PARAMS) == 40, "CK_ECDH1_DERIVE_PARAMS");
_Static_assert(sizeof(CK_FUNCTION_LIST) == 8 + 68 * 8, "CK_FUNCTION_LIST");
_Static_assert(sizeof(CK_FUNCTION_LIST_3_0) == 8 + 92 * 8, "CK_FUNCTION_LIST_3_0");
_Static_assert(sizeof(CK_INTERFACE) == 24, "CK_INTERFACE");
_Static_assert(offsetof(CK_INFO, flags) == 40, "CK_INFO.flags");
_Static_assert(offsetof(CK_INFO, libraryVersion) == 80, "CK_INFO.libraryVersion");
_Static_assert(offsetof(CK_TOKEN_INFO, flags) == 96, "CK_TOKEN_INFO.flags");
_Static_assert(offsetof(CK_TOKEN_INFO, utcTime) == 188, "CK_TOKEN_INFO.utcTime");
_Static_assert(offsetof(CK_FUNCTION_LIST, C_WaitForSlotEvent) == 8 + 67 * 8, "last of v2.40");
_Static_assert(offsetof(CK_FUNCTION_LIST_3_0, C_WaitForSlotEvent) == 8 + 67 * 8, "same place");
_Static_assert(offsetof(CK_FUNCTION_LIST_3_0, C_GetInterfaceList) == 8 + 68 * 8, "first of v3.0");

static int Fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 2) return Fail("usage: c_client MODULE");
  void* module = dlopen(argv[1], RTLD_NOW);
  if (module == NULL) return Fail(dlerror());
  CK_C_GetFunctionList get_list;
  void* symbol = dlsym(module, "C_GetFunctionList");
  if (symbol == NULL) return Fail("no C_GetFunctionList");
  memcpy(&get_list, &symbol, sizeof(get_list));
  CK_FUNCTION_LIST* list = NULL;
  if (get_list(&list) != CKR_OK || list == NULL) return Fail("C_GetFunctionList failed");
  CK_INFO info;
  if (list->C_GetInfo(&info) != CKR_CRYPTOKI_NOT_INITIALIZED) return Fail("C_GetInfo before init");
  if (dlclose(module) != 0) return Fail("dlclose");
  return 0;
}
