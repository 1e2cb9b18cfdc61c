// Room: proto/pkcs11. The part of PKCS #11 v3.0 that the v2.40 header of the p11-kit package lacks: interfaces, the
// 92-entry function list, constants. Layouts as in the OASIS v3.0 specification, sections 3.6 and 5.
#pragma once

#include <p11-kit/pkcs11.h>

#define CKF_INTERFACE_FORK_SAFE 0x00000001UL

#define CKF_MESSAGE_ENCRYPT 0x00000002UL
#define CKF_MESSAGE_DECRYPT 0x00000004UL
#define CKF_MESSAGE_SIGN 0x00000008UL
#define CKF_MESSAGE_VERIFY 0x00000010UL
#define CKF_MULTI_MESSAGE 0x00000020UL
#define CKF_FIND_OBJECTS 0x00000040UL

#define CKA_UNIQUE_ID 0x00000004UL
#define CKA_PROFILE_ID 0x00000601UL
#define CKO_PROFILE 0x00000009UL

#define CKR_OPERATION_CANCEL_FAILED 0x00000202UL

typedef struct CK_INTERFACE {
  char* pInterfaceName;
  void* pFunctionList;
  CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE* CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR* CK_INTERFACE_PTR_PTR;
