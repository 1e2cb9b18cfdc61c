// Room: ops.
#include "daemon/ops/dual.h"

#include <array>

#include "daemon/ops/cipher.h"
#include "daemon/ops/digest.h"
#include "daemon/ops/sign.h"
#include "daemon/ops/verify.h"

namespace gw::ops {
namespace {

using Feed = Awaitable<Status> (*)(const CallScope& scope, ByteView part);

struct Row {
  CipherDirection direction;
  OperationKind cipher;
  OperationKind message;
  Feed feed;
};
// Indexed by Dual.
constexpr std::array<Row, 4> kRows{{
    {CipherDirection::kEncrypt, OperationKind::kEncrypt, OperationKind::kDigest, DigestUpdate},
    {CipherDirection::kDecrypt, OperationKind::kDecrypt, OperationKind::kDigest, DigestUpdate},
    {CipherDirection::kEncrypt, OperationKind::kEncrypt, OperationKind::kSign, SignUpdate},
    {CipherDirection::kDecrypt, OperationKind::kDecrypt, OperationKind::kVerify, VerifyUpdate},
}};

Awaitable<Result<Output>> Both(const CallScope& scope, const Row& row, ByteView part,
                               Capacity capacity) {
  if (!scope.operations().Has(row.cipher) || !scope.operations().Has(row.message)) {
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "one of the two operations is missing");
  }
  GW_CO_TRY(output, co_await CipherUpdate(scope, row.direction, part, capacity));
  if (!output.delivered) co_return output;
  const bool encrypts = row.direction == CipherDirection::kEncrypt;
  const ByteView plain = encrypts ? part : ByteView(output.data);
  GW_CO_TRY_VOID(co_await row.feed(scope, plain));
  co_return output;
}

}  // namespace

Awaitable<Result<Output>> DualUpdate(const CallScope& scope, Dual dual, ByteView part,
                                     Capacity capacity) {
  const Row& row = kRows[static_cast<std::size_t>(dual)];
  auto output = co_await Both(scope, row, part, capacity);
  if (!output) {
    scope.operations().End(row.cipher);
    scope.operations().End(row.message);
  }
  co_return output;
}

}  // namespace gw::ops
