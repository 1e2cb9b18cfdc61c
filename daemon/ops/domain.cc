// Room: ops.
#include "daemon/ops/domain.h"

#include "daemon/attributes/attribute_value.h"
#include "daemon/attributes/template_rules.h"
#include "daemon/localcrypto/ffc_key.h"
#include "daemon/ops/new_object.h"

namespace gw::ops {
namespace {

constexpr CK_ATTRIBUTE_TYPE kNumbers[] = {CKA_PRIME, CKA_SUBPRIME, CKA_BASE};

Result<AttributeList> Plan(const CallScope& scope, const MechanismRow& row,
                           const AttributeList& given) {
  for (CK_ATTRIBUTE_TYPE type : kNumbers) {
    if (given.Has(type))
      return CallerError(CKR_TEMPLATE_INCONSISTENT, "the numbers are to be made, not given");
  }
  GW_TRY(placement, PlaceNewObject(scope, given));
  const KeyPlan plan{.purpose = Purpose::kGenerate,
                     .object_class = CKO_DOMAIN_PARAMETERS,
                     .key_type = row.key_type,
                     .mechanism = row.type,
                     .user = scope.login().user,
                     .placement = placement,
                     .given = given};
  return CompleteKey(plan);
}

Status AddNumbers(AttributeList& attributes, CK_KEY_TYPE type, ByteView made) {
  GW_TRY(domain, ParseFfcDomain(type, made));
  // Octets of any kind can be cut into numbers.
  if (attributes.GetUlong(CKA_PRIME_BITS) != CK_ULONG{BitsOf(domain.prime)})
    return UpstreamError(CKR_DEVICE_ERROR, "domain parameters of another size than asked for");
  attributes.Set(CKA_PRIME, domain.prime);
  attributes.Set(CKA_BASE, domain.base);
  if (type != CKK_DSA) return Ok();
  attributes.Set(CKA_SUBPRIME, domain.subprime);
  // The HSM is not told how long it shall be (wire sheet 4.7).
  const auto wanted = attributes.GetUlong(CKA_SUB_PRIME_BITS);
  if (!wanted || *wanted == BitsOf(domain.subprime)) return Ok();
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID,
                     "CKA_SUB_PRIME_BITS is not what the HSM makes for such a prime");
}

}  // namespace

Awaitable<Result<ObjectHandle>> GenerateDomain(const CallScope& scope, const MechanismRow& row,
                                               const Mechanism& mechanism,
                                               const AttributeList& given) {
  GW_CO_TRY(attributes, Plan(scope, row, given));
  GW_CO_TRY(call, co_await ForHsm(scope));
  const AttributeList for_hsm = HsmTemplate(attributes, Purpose::kGenerate);
  GW_CO_TRY(made, Noted(scope, co_await scope.token->hsm().GenerateKey(call, mechanism, for_hsm)));
  GW_CO_TRY_VOID(AddNumbers(attributes, row.key_type, made.key.view()));
  Object object = ObjectFrom(std::move(attributes), KeyBlob{});
  co_return co_await AddObject(scope, std::move(object));
}

}  // namespace gw::ops
