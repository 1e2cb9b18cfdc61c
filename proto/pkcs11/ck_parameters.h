// Room: proto/pkcs11. What mechanisms of curves and lattices take: the key type and generator of
// v3.0 that the v2.40 header of the p11-kit package lacks, structures of parameters, and the
// numbers in them. Those of vendor mechanisms are IBM's.
#pragma once

#include "proto/pkcs11/ck_ibm.h"

#define CKK_EC_MONTGOMERY 0x00000041UL
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN 0x00001056UL

// Parameter of CKM_EDDSA; without one it is pure Ed25519 or Ed448.
typedef struct CK_EDDSA_PARAMS {
  CK_BBOOL phFlag;
  CK_ULONG ulContextDataLen;
  CK_BYTE_PTR pContextData;
} CK_EDDSA_PARAMS;

// Sub-mechanisms of CKM_IBM_ECDSA_OTHER
#define CKM_IBM_ECSDSA_RAND 3UL
#define CKM_IBM_ECSDSA_COMPR_MULTI 5UL
#define CKM_IBM_BLS 6UL

// Types of CK_IBM_BTC_DERIVE_PARAMS
#define CK_IBM_BIP0032_PRV2PRV 1UL
#define CK_IBM_BIP0032_PRV2PUB 2UL
#define CK_IBM_BIP0032_PUB2PUB 3UL
#define CK_IBM_BIP0032_MASTERK 4UL
#define CK_IBM_SLIP0010_PRV2PRV 5UL
#define CK_IBM_SLIP0010_PRV2PUB 6UL
#define CK_IBM_SLIP0010_PUB2PUB 7UL
#define CK_IBM_SLIP0010_MASTERK 8UL
#define CK_IBM_BTC_DERIVE_PARAMS_VERSION_1 1UL

// Modes and key derivation functions of a key encapsulation
#define CK_IBM_KEM_ENCAPSULATE 1UL
#define CK_IBM_KEM_DECAPSULATE 2UL
#define CKD_IBM_HYBRID_NULL 0x80000001UL
#define CKD_IBM_HYBRID_SHA1_KDF 0x80000002UL
#define CKD_IBM_HYBRID_SHA224_KDF 0x80000003UL
#define CKD_IBM_HYBRID_SHA256_KDF 0x80000004UL
#define CKD_IBM_HYBRID_SHA384_KDF 0x80000005UL
#define CKD_IBM_HYBRID_SHA512_KDF 0x80000006UL

// Parameter of CKM_IBM_ECDSA_OTHER; EP11's own callers give an int in its place.
typedef struct CK_IBM_ECDSA_OTHER_PARAMS {
  CK_MECHANISM_TYPE submechanism;
} CK_IBM_ECDSA_OTHER_PARAMS;

// Parameter of CKM_IBM_BTC_DERIVE. The chain code of the new key is written to pChainCode.
typedef struct CK_IBM_BTC_DERIVE_PARAMS {
  CK_ULONG type;
  CK_ULONG childKeyIndex;
  CK_BYTE_PTR pChainCode;
  CK_ULONG ulChainCodeLen;
  CK_ULONG version;
} CK_IBM_BTC_DERIVE_PARAMS;

// Parameter of CKM_IBM_KYBER with C_DeriveKey: the secret of a hybrid derivation is a key object.
typedef struct CK_IBM_KYBER_PARAMS {
  CK_ULONG ulVersion;
  CK_ULONG mode;
  CK_ULONG kdf;
  CK_BBOOL bPrepend;
  CK_BYTE_PTR pCipher;
  CK_ULONG ulCipherLen;
  CK_BYTE_PTR pSharedData;
  CK_ULONG ulSharedDataLen;
  CK_OBJECT_HANDLE hSecret;
} CK_IBM_KYBER_PARAMS;

// The same as EP11 has it: the secret is a key blob.
typedef struct XCP_KYBER_KEM_PARAMS {
  CK_ULONG version;
  CK_ULONG mode;
  CK_ULONG kdf;
  CK_BBOOL prepend;
  CK_BYTE_PTR pCipher;
  CK_ULONG ulCipherLen;
  CK_BYTE_PTR pSharedData;
  CK_ULONG ulSharedDataLen;
  CK_BYTE_PTR pBlob;
  CK_ULONG ulBlobLen;
} XCP_KYBER_KEM_PARAMS_t;
