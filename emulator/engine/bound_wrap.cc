// Room: emulator/engine.
#include "emulator/engine/bound_wrap.h"

#include "emulator/blob/codec.h"
#include "emulator/crypto/rsa.h"
#include "emulator/crypto/symmetric.h"
#include "emulator/engine/templates.h"

namespace gw::emulator {
namespace {

constexpr std::string_view kMagic = "GBW1";
constexpr std::size_t kContentKeyBytes = 32;
constexpr std::size_t kMacBytes = 32;
constexpr RsaFormat kOaepSha256{RsaScheme::kOaep, HashId::kSha256, 0, {}};
// Set by the HSM at creation, and no template can say them again.
constexpr AttributeBits kHistory = kNeverModifiable | kProtkeyNeverExtractable;

Error Damaged() { return CallerError(CKR_WRAPPED_KEY_INVALID, "wrapped key was modified"); }

Result<KeyPtr> OpenKek(Card& card, const MechanismRow& row, ByteView blob, const KeyUse& use) {
  GW_TRY(kek, OpenFor(card, blob, row, use));
  if (kek->type != CKK_RSA && kek->type != CKK_AES) {
    return CallerError(use.wrong_type, "an RSA or AES key is needed");
  }
  if (!kek->Has(kAttributeBound)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED, "wrapping key is not attribute-bound");
  }
  return std::move(kek);
}

Result<KeyPtr> OpenMacKey(Card& card, ByteView blob, AttributeBits right) {
  if (blob.empty()) return CallerError(CKR_KEY_HANDLE_INVALID, "no MAC key");
  GW_TRY(key, card.Open(blob));
  if (key->type != CKK_GENERIC_SECRET || key->object_class != CKO_SECRET_KEY) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "the MAC key is a generic secret");
  }
  if (!key->Has(kAttributeBound | right)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED, "the MAC key's attributes forbid this use");
  }
  return std::move(key);
}

Status RequireWrappable(const Key& key, const Key& kek) {
  if (key.object_class == CKO_PUBLIC_KEY || !key.Has(kAttributeBound)) {
    return CallerError(CKR_KEY_NOT_WRAPPABLE, "an attribute-bound secret or private key is needed");
  }
  if (!key.Has(kExtractable)) return CallerError(CKR_KEY_UNEXTRACTABLE, "CKA_EXTRACTABLE is false");
  if (key.Has(kWrapWithTrusted) && !kek.Has(kTrusted)) {
    return CallerError(CKR_KEY_NOT_WRAPPABLE, "only a trusted key may wrap this one");
  }
  return Ok();
}

Result<Bytes> WrapContentKey(const Key& kek, ByteView content_key) {
  if (kek.type == CKK_RSA) {
    Result<Bytes> wrapped = RsaEncrypt(*kek.pkey, kOaepSha256, content_key);
    if (!wrapped) return CallerError(CKR_WRAPPING_KEY_SIZE_RANGE, "modulus is too short");
    return wrapped;
  }
  Bytes wrapped = RandomBytes(kAesBlockBytes);
  Append(wrapped,
         AesBlocks(BlockMode::kCbc, Direction::kEncrypt, kek.value.view(), wrapped, content_key));
  return wrapped;
}

Result<Bytes> UnwrapContentKey(const Key& kek, ByteView wrapped) {
  if (kek.type == CKK_RSA) return RsaDecrypt(*kek.pkey, kOaepSha256, wrapped);
  if (wrapped.size() != kAesBlockBytes + kContentKeyBytes) return Damaged();
  return AesBlocks(BlockMode::kCbc, Direction::kDecrypt, kek.value.view(),
                   wrapped.first(kAesBlockBytes), wrapped.subspan(kAesBlockBytes));
}

// What stands in a wrapped key, its MAC checked.
struct Parsed {
  AttributeBits bits = 0;
  CK_OBJECT_CLASS object_class = 0;
  CK_KEY_TYPE type = 0;
  ByteView content_key;
  ByteView authenticated;  // everything before the next field
  ByteView nonce;
  ByteView sealed;
};

Result<Parsed> Parse(ByteView wrapped, const Key& mac_key) {
  if (wrapped.size() < kMacBytes) return Damaged();
  const ByteView body = wrapped.first(wrapped.size() - kMacBytes);
  const Bytes mac = HmacOnce(HashId::kSha256, mac_key.value.view(), body);
  if (!EqualConstantTime(mac, wrapped.last(kMacBytes))) return Damaged();
  Reader reader(body);
  const ByteView magic = reader.Raw(kMagic.size());
  Parsed parsed;
  parsed.bits = reader.U32();
  parsed.object_class = reader.U64();
  parsed.type = reader.U64();
  parsed.content_key = reader.Field();
  parsed.authenticated = body.first(body.size() - reader.rest().size());
  Reader sealed(reader.Field());
  parsed.nonce = sealed.Raw(kGcmNonceBytes);
  parsed.sealed = sealed.rest();
  const bool whole = reader.ok() && reader.rest().empty() && sealed.ok();
  if (!whole || TextOf(magic) != kMagic) return Damaged();
  return parsed;
}

// As a template that spells every attribute would give them, so that no key comes out of here that
// could not have been made.
Result<AttributeBits> BitsFrom(const Parsed& parsed) {
  AttributeMap spelled;
  for (const AttributeBitRow& row : AttributeBitTable()) {
    if (row.access != BitAccess::kHsmOnly) spelled[row.type] = (parsed.bits & row.bit) != 0;
  }
  const auto bits = BitsOf(spelled, parsed.object_class, parsed.type, Origin::kUnwrapped);
  if (!bits) return Damaged();
  return *bits | (parsed.bits & kHistory);
}

Result<Key> KeyFrom(const Parsed& parsed, ByteView value) {
  GW_TRY(bits, BitsFrom(parsed));
  Key key;
  key.object_class = parsed.object_class;
  key.type = parsed.type;
  key.bits = bits;
  if (key.object_class == CKO_PRIVATE_KEY) {
    GW_TRY(pkey, PKey::FromPkcs8(value));
    if (pkey.type() != key.type) return Damaged();
    key.pkey = std::move(pkey);
  } else {
    if (!ValueLengthFits(key.type, value.size())) return Damaged();
    key.value = SecretBytes(value);
  }
  return key;
}

Status RequireAgreement(const AttributeMap& attributes, const Key& key) {
  GW_TRY_VOID(RequireKind(attributes, key.object_class, key.type));
  const auto octets = NumberIn(attributes, CKA_VALUE_LEN);
  if (!octets || key.pkey || *octets == key.value.size()) return Ok();
  return CallerError(CKR_WRAPPED_KEY_LEN_RANGE, "key is not of the length in CKA_VALUE_LEN");
}

}  // namespace

Result<Bytes> BoundWrap(Card& card, const MechanismRow& row, const BoundWrapInput& input) {
  GW_TRY(kek, OpenKek(card, row, input.kek, kUseWrap));
  GW_TRY(mac_key, OpenMacKey(card, input.mac_key, kSignRight));
  if (input.subject.empty()) return CallerError(CKR_KEY_HANDLE_INVALID, "no key to wrap");
  GW_TRY(key, card.Open(input.subject));
  GW_TRY_VOID(RequireWrappable(*key, *kek));
  Bytes content_key = RandomBytes(kContentKeyBytes);
  GW_TRY(wrapped_content_key, WrapContentKey(*kek, content_key));
  Bytes out = Writer()
                  .Raw(ViewOf(kMagic))
                  .U32(key->bits)
                  .U64(key->object_class)
                  .U64(key->type)
                  .Field(wrapped_content_key)
                  .Take();
  const SecretBytes value = key->pkey ? key->pkey->Pkcs8() : key->value.Clone();
  Bytes sealed = RandomBytes(kGcmNonceBytes);
  Append(sealed, GcmSeal(content_key, sealed, out, value.view()));
  Wipe(content_key);
  Append(out, Writer().Field(sealed).Take());
  Append(out, HmacOnce(HashId::kSha256, mac_key->value.view(), out));
  return out;
}

Result<NewKey> BoundUnwrap(Card& card, const MechanismRow& row, const BoundWrapInput& input,
                           const AttributeMap& attributes) {
  GW_TRY(kek, OpenKek(card, row, input.kek, kUseUnwrap));
  GW_TRY(mac_key, OpenMacKey(card, input.mac_key, kVerifyRight));
  GW_TRY(parsed, Parse(input.subject, *mac_key));
  Result<Bytes> content_key = UnwrapContentKey(*kek, parsed.content_key);
  if (!content_key || content_key->size() != kContentKeyBytes) return Damaged();
  Result<Bytes> value = GcmOpen(*content_key, parsed.nonce, parsed.authenticated, parsed.sealed);
  Wipe(*content_key);
  if (!value) return Damaged();
  Result<Key> key = KeyFrom(parsed, *value);
  Wipe(*value);
  if (!key) return std::move(key).error();
  GW_TRY_VOID(RequireAgreement(attributes, *key));
  return Finish(card, *std::move(key));
}

}  // namespace gw::emulator
