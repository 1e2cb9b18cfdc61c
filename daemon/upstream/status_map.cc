// Room: upstream.
#include "daemon/upstream/status_map.h"

#include <grep11_errors.pb.h>
#include <rpc_status.pb.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "daemon/core/log.h"

namespace gw {
namespace {

constexpr ErrorKind kCaller = ErrorKind::kCaller;
constexpr ErrorKind kUpstream = ErrorKind::kUpstream;

// Wire sheet 5.5 (standard) and behaviour sheet 10.3 (vendor), without CKR_OK.
constexpr auto kCodes = std::to_array<HsmCode>({
    {CKR_CANCEL, kCaller},
    {CKR_HOST_MEMORY, kUpstream},
    {CKR_SLOT_ID_INVALID, kUpstream},
    {CKR_GENERAL_ERROR, kUpstream},
    {CKR_FUNCTION_FAILED, kUpstream},
    {CKR_ARGUMENTS_BAD, kCaller},
    {CKR_NO_EVENT, kCaller},
    {CKR_NEED_TO_CREATE_THREADS, kCaller},
    {CKR_CANT_LOCK, kCaller},
    {CKR_ATTRIBUTE_READ_ONLY, kCaller},
    {CKR_ATTRIBUTE_SENSITIVE, kCaller},
    {CKR_ATTRIBUTE_TYPE_INVALID, kCaller},
    {CKR_ATTRIBUTE_VALUE_INVALID, kCaller},
    {CKR_ACTION_PROHIBITED, kCaller},
    {CKR_DATA_INVALID, kCaller},
    {CKR_DATA_LEN_RANGE, kCaller},
    {CKR_DEVICE_ERROR, kUpstream},
    {CKR_DEVICE_MEMORY, kUpstream},
    {CKR_DEVICE_REMOVED, kUpstream},
    {CKR_ENCRYPTED_DATA_INVALID, kCaller},
    {CKR_ENCRYPTED_DATA_LEN_RANGE, kCaller},
    {CKR_FUNCTION_CANCELED, kUpstream},
    {CKR_FUNCTION_NOT_PARALLEL, kCaller},
    {CKR_FUNCTION_NOT_SUPPORTED, kCaller},
    {CKR_KEY_HANDLE_INVALID, kCaller},
    {CKR_KEY_SIZE_RANGE, kCaller},
    {CKR_KEY_TYPE_INCONSISTENT, kCaller},
    {CKR_KEY_NOT_NEEDED, kCaller},
    {CKR_KEY_CHANGED, kCaller},
    {CKR_KEY_NEEDED, kCaller},
    {CKR_KEY_INDIGESTIBLE, kCaller},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, kCaller},
    {CKR_KEY_NOT_WRAPPABLE, kCaller},
    {CKR_KEY_UNEXTRACTABLE, kCaller},
    {CKR_MECHANISM_INVALID, kCaller},
    {CKR_MECHANISM_PARAM_INVALID, kCaller},
    {CKR_OBJECT_HANDLE_INVALID, kCaller},
    {CKR_OPERATION_ACTIVE, kUpstream},
    {CKR_OPERATION_NOT_INITIALIZED, kUpstream},
    {CKR_PIN_INCORRECT, kCaller},
    {CKR_PIN_INVALID, kCaller},
    {CKR_PIN_LEN_RANGE, kCaller},
    {CKR_PIN_EXPIRED, kCaller},
    {CKR_PIN_LOCKED, kCaller},
    {CKR_SESSION_CLOSED, kUpstream},
    {CKR_SESSION_COUNT, kUpstream},
    {CKR_SESSION_HANDLE_INVALID, kUpstream},
    {CKR_SESSION_PARALLEL_NOT_SUPPORTED, kUpstream},
    {CKR_SESSION_READ_ONLY, kUpstream},
    {CKR_SESSION_EXISTS, kUpstream},
    {CKR_SESSION_READ_ONLY_EXISTS, kUpstream},
    {CKR_SESSION_READ_WRITE_SO_EXISTS, kUpstream},
    {CKR_SIGNATURE_INVALID, kCaller},
    {CKR_SIGNATURE_LEN_RANGE, kCaller},
    {CKR_TEMPLATE_INCOMPLETE, kCaller},
    {CKR_TEMPLATE_INCONSISTENT, kCaller},
    {CKR_TOKEN_NOT_PRESENT, kUpstream},
    {CKR_TOKEN_NOT_RECOGNIZED, kUpstream},
    {CKR_TOKEN_WRITE_PROTECTED, kUpstream},
    {CKR_UNWRAPPING_KEY_HANDLE_INVALID, kCaller},
    {CKR_UNWRAPPING_KEY_SIZE_RANGE, kCaller},
    {CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, kCaller},
    {CKR_USER_ALREADY_LOGGED_IN, kUpstream},
    {CKR_USER_NOT_LOGGED_IN, kUpstream},
    {CKR_USER_PIN_NOT_INITIALIZED, kUpstream},
    {CKR_USER_TYPE_INVALID, kUpstream},
    {CKR_USER_ANOTHER_ALREADY_LOGGED_IN, kUpstream},
    {CKR_USER_TOO_MANY_TYPES, kUpstream},
    {CKR_WRAPPED_KEY_INVALID, kCaller},
    {CKR_WRAPPED_KEY_LEN_RANGE, kCaller},
    {CKR_WRAPPING_KEY_HANDLE_INVALID, kCaller},
    {CKR_WRAPPING_KEY_SIZE_RANGE, kCaller},
    {CKR_WRAPPING_KEY_TYPE_INCONSISTENT, kCaller},
    {CKR_RANDOM_SEED_NOT_SUPPORTED, kCaller},
    {CKR_RANDOM_NO_RNG, kUpstream},
    {CKR_DOMAIN_PARAMS_INVALID, kCaller},
    {0x140 /* CKR_CURVE_NOT_SUPPORTED */, kCaller},
    {CKR_BUFFER_TOO_SMALL, kUpstream},
    {CKR_SAVED_STATE_INVALID, kCaller},
    {CKR_INFORMATION_SENSITIVE, kCaller},
    {CKR_STATE_UNSAVEABLE, kCaller},
    {CKR_CRYPTOKI_NOT_INITIALIZED, kUpstream},
    {CKR_CRYPTOKI_ALREADY_INITIALIZED, kUpstream},
    {CKR_MUTEX_BAD, kUpstream},
    {CKR_MUTEX_NOT_LOCKED, kUpstream},
    {0x1b0 /* CKR_NEW_PIN_MODE */, kUpstream},
    {0x1b1 /* CKR_NEXT_OTP */, kUpstream},
    {0x1b5 /* CKR_EXCEEDED_MAX_ITERATIONS */, kUpstream},
    {0x1b6 /* CKR_FIPS_SELF_TEST_FAILED */, kUpstream},
    {0x1b7 /* CKR_LIBRARY_LOAD_FAILED */, kUpstream},
    {0x1b8 /* CKR_PIN_TOO_WEAK */, kCaller},
    {0x1b9 /* CKR_PUBLIC_KEY_INVALID */, kCaller},
    {CKR_FUNCTION_REJECTED, kUpstream},
    {CKR_IBM_WKID_MISMATCH, kUpstream},
    {CKR_IBM_INTERNAL_ERROR, kUpstream},
    {CKR_IBM_TRANSPORT_ERROR, kUpstream},
    {CKR_IBM_BLOB_ERROR, kUpstream},
    {CKR_IBM_BLOBKEY_CONFLICT, kUpstream},
    {CKR_IBM_MODE_CONFLICT, kUpstream},
    {CKR_IBM_NONCRT_KEY_SIZE, kCaller},
    {CKR_IBM_WK_NOT_INITIALIZED, kUpstream},
    {CKR_IBM_OA_API_ERROR, kUpstream},
    {CKR_IBM_REQ_TIMEOUT, kUpstream},
    {CKR_IBM_READONLY, kUpstream},
    {CKR_IBM_STATIC_POLICY, kCaller},
    {CKR_IBM_TRANSPORT_LIMIT, kUpstream},
    {CKR_IBM_FCV_NOT_SET, kUpstream},
    {CKR_IBM_PERF_CATEGORY_INVALID, kUpstream},
    {CKR_IBM_API_MISMATCH, kUpstream},
    {CKR_IBM_TARGET_INVALID, kUpstream},
    {CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, kCaller},
    {CKR_IBM_PARAM_NOT_SUPPORTED, kCaller},
    {CKR_IBM_SESSION_IMMUTABLE, kCaller},
    {CKR_IBM_ERROR_STATE, kUpstream},
    {CKR_IBM_GREP11_NOT_AUTHENTICATED, kUpstream},
    {CKR_IBM_GREP11_CANNOT_UNMARSHAL, kUpstream},
    {CKR_IBM_GREP11_CANNOT_MARSHAL, kUpstream},
    {CKR_IBM_GREP11_CONFLICT, kUpstream},
    {CKR_IBM_GREP11_DBINTERNAL, kUpstream},
    {CKR_IBM_GREP11_MISSING, kUpstream},
    {CKR_IBM_GREP11_REPLAY, kUpstream},
});
static_assert(std::ranges::is_sorted(kCodes, std::ranges::less_equal{}, &HsmCode::rv));

// A status without the GREP11 detail (wire sheet 7.3, behaviour R130). Row i is gRPC code i.
struct PlainStatus {
  RpcCode code;
  std::string_view name;
  CK_RV rv;
  FailureClass what;
};
constexpr auto kPlain = std::to_array<PlainStatus>({
    {RpcCode::kOk, "OK", CKR_DEVICE_ERROR, FailureClass::kFinal},
    // Not by us: then nobody asks here. Servers and proxies that stop end their calls so.
    {RpcCode::kCancelled, "CANCELLED", CKR_DEVICE_ERROR, FailureClass::kUnreachable},
    // Also an answer without a status.
    {RpcCode::kUnknown, "UNKNOWN", CKR_DEVICE_ERROR, FailureClass::kGarbled},
    {RpcCode::kInvalidArgument, "INVALID_ARGUMENT", CKR_ARGUMENTS_BAD, FailureClass::kFinal},
    {RpcCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", CKR_DEVICE_ERROR, FailureClass::kTimedOut},
    {RpcCode::kNotFound, "NOT_FOUND", CKR_DEVICE_ERROR, FailureClass::kFinal},
    {RpcCode::kAlreadyExists, "ALREADY_EXISTS", CKR_DEVICE_ERROR, FailureClass::kFinal},
    {RpcCode::kPermissionDenied, "PERMISSION_DENIED", CKR_USER_NOT_LOGGED_IN,
     FailureClass::kForbidden},
    {RpcCode::kResourceExhausted, "RESOURCE_EXHAUSTED", CKR_DEVICE_MEMORY,
     FailureClass::kExhausted},
    {RpcCode::kFailedPrecondition, "FAILED_PRECONDITION", CKR_DEVICE_ERROR, FailureClass::kFinal},
    {RpcCode::kAborted, "ABORTED", CKR_DEVICE_ERROR, FailureClass::kAskAgain},
    {RpcCode::kOutOfRange, "OUT_OF_RANGE", CKR_ARGUMENTS_BAD, FailureClass::kFinal},
    {RpcCode::kUnimplemented, "UNIMPLEMENTED", CKR_FUNCTION_NOT_SUPPORTED, FailureClass::kFinal},
    // GREP11 has no use for it: it stands for answers that break gRPC's rules.
    {RpcCode::kInternal, "INTERNAL", CKR_DEVICE_ERROR, FailureClass::kGarbled},
    {RpcCode::kUnavailable, "UNAVAILABLE", CKR_DEVICE_ERROR, FailureClass::kUnreachable},
    {RpcCode::kDataLoss, "DATA_LOSS", CKR_DEVICE_ERROR, FailureClass::kGarbled},
    {RpcCode::kUnauthenticated, "UNAUTHENTICATED", CKR_USER_NOT_LOGGED_IN,
     FailureClass::kUnauthenticated},
});
static_assert([] {
  for (std::size_t i = 0; i < kPlain.size(); ++i) {
    if (static_cast<std::size_t>(kPlain[i].code) != i) return false;
  }
  return true;
}());

const HsmCode* FindCode(CK_RV rv) {
  const auto found = std::ranges::lower_bound(kCodes, rv, {}, &HsmCode::rv);
  return found != kCodes.end() && found->rv == rv ? &*found : nullptr;
}

// Text from the other side, made safe for one log line.
std::string Printable(std::string_view text) {
  constexpr std::size_t kLongest = 300;
  std::string out(text.substr(0, kLongest));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

std::optional<grep11::Grep11Error> DetailOf(const RpcStatus& status) {
  gw::rpc::Status rpc_status;
  grep11::Grep11Error detail;
  // "exactly one Any detail" (wire sheet 7.1)
  if (status.details.empty() || !rpc_status.ParseFromString(status.details) ||
      rpc_status.details_size() != 1 || !rpc_status.details(0).UnpackTo(&detail)) {
    return std::nullopt;
  }
  return detail;
}

// Servers that lost the detail still name the code in their message (wire sheet 7.3).
const HsmCode* CodeNamedIn(std::string_view message) {
  const auto start = message.find("CKR_");
  if (start == std::string_view::npos) return nullptr;
  std::string_view name = message.substr(start);
  const auto end = name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  name = name.substr(0, end);
  const auto found =
      std::ranges::find(kCodes, name, [](const HsmCode& c) { return NameOfRv(c.rv); });
  return found != kCodes.end() ? &*found : nullptr;
}

// Whoever asks for a key under the next master key gets these codes as the answer: there is none,
// or the blob is not under the present one.
bool IsAboutMasterKey(const RpcInfo& rpc, CK_RV rv) {
  return rpc.id != RpcId::kRewrapKeyBlob &&
         (rv == CKR_IBM_WKID_MISMATCH || rv == CKR_IBM_WK_NOT_INITIALIZED);
}

Failure FromCode(const RpcInfo& rpc, const HsmCode& code, std::string detail, bool retry) {
  Failure failure{Error(code.rv, code.kind, std::string(rpc.name) + ": " + std::move(detail))};
  if (code.rv == CKR_IBM_GREP11_NOT_AUTHENTICATED) {
    failure.what = FailureClass::kUnauthenticated;
  } else if (IsAboutMasterKey(rpc, code.rv)) {
    failure.what = FailureClass::kMasterKey;
  } else if (retry) {
    failure.what = FailureClass::kAskAgain;
  }
  failure.error.retryable = retry;
  return failure;
}

Failure FromKnownDetail(const RpcInfo& rpc, const grep11::Grep11Error& detail) {
  const std::string text = "the HSM says: " + Printable(detail.detail());
  if (const HsmCode* code = FindCode(detail.code())) {
    return FromCode(rpc, *code, text, detail.retry());
  }
  const HsmCode unknown{CKR_DEVICE_ERROR, kUpstream};
  log::Warn("{}: the HSM answered with the unknown code {:#x}: {}", rpc.name, detail.code(), text);
  return FromCode(rpc, unknown, text, detail.retry());
}

// RESOURCE_EXHAUSTED with a detail is more than the detail's hint: nothing ran.
Failure FromDetail(const RpcInfo& rpc, const grep11::Grep11Error& detail, RpcCode code) {
  Failure failure = FromKnownDetail(rpc, detail);
  if (code == RpcCode::kResourceExhausted && failure.what == FailureClass::kAskAgain) {
    failure.what = FailureClass::kExhausted;
  }
  return failure;
}

// Limits of message sizes come under the same code as overload, but never go away.
bool IsSizeLimit(const RpcStatus& status) {
  return status.message.find("larger than max") != std::string::npos;
}

Failure FromPlain(const RpcInfo& rpc, const RpcStatus& status) {
  const PlainStatus& row = kPlain[static_cast<std::size_t>(status.code)];
  std::string text =
      std::string(rpc.name) + ": " + std::string(row.name) + ": " + Printable(status.message);
  if (row.what == FailureClass::kForbidden || row.what == FailureClass::kUnauthenticated) {
    text += "; needed: IAM action " + std::string(rpc.action);
  }
  if (row.what == FailureClass::kExhausted && IsSizeLimit(status)) {
    return {CallerError(CKR_DATA_LEN_RANGE, std::move(text)), FailureClass::kFinal};
  }
  const bool retryable = row.what != FailureClass::kFinal;
  return {UpstreamError(row.rv, std::move(text), retryable), row.what};
}

}  // namespace

std::span<const HsmCode> KnownHsmCodes() { return kCodes; }

Failure FailureFrom(const RpcInfo& rpc, const RpcStatus& status) {
  if (const auto detail = DetailOf(status)) return FromDetail(rpc, *detail, status.code);
  if (status.code == RpcCode::kUnknown) {
    if (const HsmCode* code = CodeNamedIn(status.message)) {
      return FromCode(rpc, *code, Printable(status.message), false);
    }
  }
  return FromPlain(rpc, status);
}

}  // namespace gw
