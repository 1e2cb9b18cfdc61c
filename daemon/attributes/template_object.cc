// Room: attributes. Certificates and data objects, which no HSM has ever seen.
#include <array>

#include "daemon/attributes/template_parts.h"
#include "daemon/attributes/template_rules.h"
#include "daemon/attributes/x509_subject.h"

namespace gw {
namespace {

constexpr PurposeSet kCreate = PurposesOf(Purpose::kCreate);

constexpr auto kNeeds = std::to_array<Need>({
    {kCreate, KindsOf(ObjectKind::kX509, ObjectKind::kWtls), CKA_SUBJECT},
    {kCreate, KindsOf(ObjectKind::kAttributeCertificate), CKA_OWNER},
    {kCreate, KindsOf(ObjectKind::kAttributeCertificate), CKA_VALUE},
});

// Octets of CKA_CHECK_VALUE.
constexpr std::size_t kCheckValueBytes = 3;

bool IsFilled(const AttributeList& object, CK_ATTRIBUTE_TYPE type) {
  const Bytes* value = object.Find(type);
  return value != nullptr && !value->empty();
}

Status CheckClass(const AttributeList& given, CK_OBJECT_CLASS object_class) {
  if (given.GetUlong(CKA_CLASS).value_or(object_class) == object_class) return Ok();
  return CallerError(CKR_TEMPLATE_INCONSISTENT, "CKA_CLASS is another");
}

Result<ObjectKind> CertificateKind(const AttributeList& given) {
  const std::optional<CK_ULONG> type = given.GetUlong(CKA_CERTIFICATE_TYPE);
  if (!type) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_CERTIFICATE_TYPE is missing");
  const std::optional<ObjectKind> kind = KindOfCertificate(*type);
  if (kind) return *kind;
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_CERTIFICATE_TYPE is unknown");
}

// Tools leave out what can be read in the certificate.
void AddSubject(AttributeList& certificate, ObjectKind kind) {
  if (kind != ObjectKind::kX509 || IsFilled(certificate, CKA_SUBJECT)) return;
  const Bytes* value = certificate.Find(CKA_VALUE);
  if (value == nullptr) return;
  certificate.Set(CKA_SUBJECT, CopyOf(SubjectOf(*value)));
}

// The certificate itself, or where to get it and how to recognise it.
Status CheckContent(const AttributeList& certificate) {
  if (IsFilled(certificate, CKA_VALUE)) return Ok();
  GW_TRY_VOID(CheckPresent(certificate, CKA_URL));
  GW_TRY_VOID(CheckPresent(certificate, CKA_HASH_OF_SUBJECT_PUBLIC_KEY));
  return CheckPresent(certificate, CKA_HASH_OF_ISSUER_PUBLIC_KEY);
}

Status AddCheckValue(AttributeList& certificate, Sha1Function sha1) {
  const Bytes* given = certificate.Find(CKA_CHECK_VALUE);
  const bool suppressed = given != nullptr && given->empty();
  if (suppressed || !IsFilled(certificate, CKA_VALUE)) return Ok();
  Bytes check = sha1(*certificate.Find(CKA_VALUE));
  check.resize(kCheckValueBytes);
  if (given != nullptr && *given != check) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_CHECK_VALUE is not the certificate's");
  }
  certificate.Set(CKA_CHECK_VALUE, std::move(check));
  return Ok();
}

}  // namespace

Result<AttributeList> CompleteCertificate(const AttributeList& given, UserState user,
                                          Placement placement, Sha1Function sha1) {
  GW_TRY_VOID(CheckTemplate(given, Purpose::kCreate));
  GW_TRY_VOID(CheckClass(given, CKO_CERTIFICATE));
  GW_TRY(kind, CertificateKind(given));
  GW_TRY(certificate, Applicable(given, kind));
  GW_TRY_VOID(CheckTrusted(certificate, user));
  AddSubject(certificate, kind);
  GW_TRY_VOID(CheckNeeds(kNeeds, certificate, kind, Purpose::kCreate));
  if (kind != ObjectKind::kAttributeCertificate) GW_TRY_VOID(CheckContent(certificate));
  GW_TRY_VOID(AddCheckValue(certificate, sha1));
  certificate.SetUlong(CKA_CLASS, CKO_CERTIFICATE);
  AddPlacement(certificate, placement);
  AddFallbacks(certificate, kind);
  return std::move(certificate);
}

Result<AttributeList> CompleteData(const AttributeList& given, Placement placement) {
  GW_TRY_VOID(CheckTemplate(given, Purpose::kCreate));
  GW_TRY_VOID(CheckClass(given, CKO_DATA));
  GW_TRY(data, Applicable(given, ObjectKind::kData));
  data.SetUlong(CKA_CLASS, CKO_DATA);
  AddPlacement(data, placement);
  AddFallbacks(data, ObjectKind::kData);
  return std::move(data);
}

}  // namespace gw
