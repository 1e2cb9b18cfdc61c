// Room: emulator/engine.
#include "emulator/engine/sign.h"

#include "daemon/core/check.h"
#include "emulator/crypto/dsa.h"
#include "emulator/crypto/ec.h"
#include "emulator/crypto/eddsa.h"
#include "emulator/crypto/lattice.h"
#include "emulator/crypto/rsa.h"
#include "emulator/crypto/schnorr/schnorr.h"
#include "emulator/crypto/x931/x931.h"
#include "emulator/engine/mac.h"

namespace gw::emulator {
namespace {

// One operation, looked up and permitted.
struct Signer {
  const MechanismRow* row;
  const Mechanism* mechanism;
  KeyPtr key;
  std::size_t blob_bytes;  // of the key
  SchnorrRule s256;
};

// A family's two functions. `data` is the digest if the mechanism hashes, the input as it is if
// not.
struct Scheme {
  Family family;
  Result<Bytes> (*sign)(const Signer&, ByteView data);
  Status (*verify)(const Signer&, ByteView data, ByteView signature);
};

RsaFormat Pkcs1Format(const Signer& signer) { return {RsaScheme::kPkcs1, signer.row->hash, 0, {}}; }

Result<RsaFormat> PssFormat(const Signer& signer, ByteView data) {
  const auto& pss = std::get<PssParams>(signer.mechanism->params);
  const HashId hash = HashOfMechanism(pss.hash);
  const std::size_t digest_bytes = RowOf(hash).digest_bytes;
  if (data.size() != digest_bytes) {
    return CallerError(CKR_DATA_LEN_RANGE, "input is not as long as the digest");
  }
  // EMSA-PSS needs two octets besides digest and salt (RFC 8017, 9.1.1 step 3).
  if (pss.salt_bytes + digest_bytes + 2 > (signer.key->pkey->bits() + 6) / 8) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "salt is too long for the modulus");
  }
  return RsaFormat{RsaScheme::kPss, hash, static_cast<int>(pss.salt_bytes), {}};
}

Result<Bytes> SignPkcs1(const Signer& s, ByteView data) {
  return RsaSign(*s.key->pkey, Pkcs1Format(s), data);
}
Status VerifyPkcs1(const Signer& s, ByteView data, ByteView signature) {
  return RsaVerify(*s.key->pkey, Pkcs1Format(s), data, signature);
}
Result<Bytes> SignPss(const Signer& s, ByteView data) {
  GW_TRY(format, PssFormat(s, data));
  return RsaSign(*s.key->pkey, format, data);
}
Status VerifyPss(const Signer& s, ByteView data, ByteView signature) {
  GW_TRY(format, PssFormat(s, data));
  return RsaVerify(*s.key->pkey, format, data, signature);
}
Result<Bytes> SignEcdsa(const Signer& s, ByteView data) { return EcdsaSign(*s.key->pkey, data); }
Status VerifyEcdsa(const Signer& s, ByteView data, ByteView signature) {
  return EcdsaVerify(*s.key->pkey, data, signature);
}
// Without a hash the caller brings the trailer along.
Bytes X931Input(const Signer& s, ByteView data) {
  return s.row->hash == HashId::kNone ? CopyOf(data) : X931InputOf(s.row->hash, data);
}
Result<Bytes> SignX931(const Signer& s, ByteView data) {
  return X931Sign(*s.key->pkey, X931Input(s, data));
}
Status VerifyX931(const Signer& s, ByteView data, ByteView signature) {
  return X931Verify(*s.key->pkey, X931Input(s, data), signature);
}
Result<Bytes> SignDsa(const Signer& s, ByteView data) { return DsaSign(*s.key->pkey, data); }
Status VerifyDsa(const Signer& s, ByteView data, ByteView signature) {
  return DsaVerify(*s.key->pkey, data, signature);
}

Result<Bytes> SignEddsa(const Signer& s, ByteView data) { return EddsaSign(*s.key->pkey, data); }
Status VerifyEddsa(const Signer& s, ByteView data, ByteView signature) {
  return EddsaVerify(*s.key->pkey, data, signature);
}

Result<SchnorrRule> RuleFor(const Signer& s, ByteView data) {
  // EP11 takes the type as an enumeration of C.
  constexpr std::size_t kParameterBytes = 4;
  GW_TRY_VOID(CheckSchnorrInput(data.size(), s.blob_bytes, kParameterBytes));
  return SchnorrRuleOf(std::get<EcsgParams>(s.mechanism->params).type, s.s256);
}
Result<Bytes> SignSchnorr(const Signer& s, ByteView data) {
  GW_TRY(rule, RuleFor(s, data));
  return SchnorrSign(*s.key->pkey, rule, data);
}
Status VerifySchnorr(const Signer& s, ByteView data, ByteView signature) {
  GW_TRY(rule, RuleFor(s, data));
  return SchnorrVerify(*s.key->pkey, rule, data, signature);
}

Result<Bytes> SignDilithium(const Signer& s, ByteView data) {
  return DilithiumSign(*s.key->pkey, data);
}
Status VerifyDilithium(const Signer& s, ByteView data, ByteView signature) {
  return DilithiumVerify(*s.key->pkey, data, signature);
}

constexpr Scheme kSchemes[] = {
    {Family::kRsaPkcs1, SignPkcs1, VerifyPkcs1},
    {Family::kRsaPss, SignPss, VerifyPss},
    {Family::kRsaX931, SignX931, VerifyX931},
    {Family::kDsa, SignDsa, VerifyDsa},
    {Family::kEcdsa, SignEcdsa, VerifyEcdsa},
    {Family::kEddsa, SignEddsa, VerifyEddsa},
    {Family::kSchnorr, SignSchnorr, VerifySchnorr},
    {Family::kDilithium, SignDilithium, VerifyDilithium},
};

const Scheme& SchemeOf(Family family) {
  for (const Scheme& scheme : kSchemes) {
    if (scheme.family == family) return scheme;
  }
  GW_CHECK(false && "a mechanism with CKF_SIGN has no scheme");
  return kSchemes[0];
}

const KeyUse& UseOf(Operation operation) {
  return operation == Operation::kSign ? kUseSign : kUseVerify;
}
CK_FLAGS FlagOf(Operation operation) {
  return operation == Operation::kSign ? CKF_SIGN : CKF_VERIFY;
}

Result<Signer> Prepare(Card& card, Operation operation, const Mechanism& mechanism, ByteView key) {
  GW_TRY(row, FindMechanism(mechanism, FlagOf(operation)));
  GW_TRY(opened, OpenFor(card, key, *row, UseOf(operation)));
  return Signer{row, &mechanism, std::move(opened), key.size(), card.s256()};
}

bool IsMac(const Signer& signer) { return IsMac(*signer.row); }

Bytes MacOf(const Signer& signer, ByteView data) {
  Mac mac(*signer.row, signer.key);
  mac.Update(data);
  return mac.Finish();
}

Bytes InputOf(const Signer& signer, ByteView data) {
  return signer.row->hash == HashId::kNone ? CopyOf(data) : HashOnce(signer.row->hash, data);
}

Status CompareMac(const Bytes& mac, ByteView claimed) {
  if (claimed.size() != mac.size()) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "length of the MAC");
  }
  if (!EqualConstantTime(mac, claimed)) return CallerError(CKR_SIGNATURE_INVALID);
  return Ok();
}

// `data` as a Scheme takes it.
Result<Bytes> SignInput(Card& card, const Signer& signer, ByteView data) {
  const auto sign = [&] { return SchemeOf(signer.row->family).sign(signer, data); };
  if (CannedSignatures* canned = card.canned()) {
    return canned->Of(signer.key, *signer.mechanism, data.size(), sign);
  }
  return sign();
}

Result<Bytes> SignAll(Card& card, const Signer& signer, ByteView data) {
  if (IsMac(signer)) return MacOf(signer, data);
  return SignInput(card, signer, InputOf(signer, data));
}

Status VerifyAll(const Signer& signer, ByteView data, ByteView signature) {
  if (IsMac(signer)) {
    return CompareMac(MacOf(signer, data), signature);
  }
  return SchemeOf(signer.row->family).verify(signer, InputOf(signer, data), signature);
}

// An operation taken up again from its state. The rights of the key are checked anew: the states of
// SignInit and VerifyInit are the same for MACs, and a state must not turn a right to verify into
// one to sign.
struct Resumed {
  OperationState state;
  Signer signer;
};

Result<std::unique_ptr<Resumed>> Resume(Card& card, Operation operation, ByteView sealed) {
  auto resumed = std::make_unique<Resumed>();
  GW_TRY(state, OpenState(card.master(), sealed));
  resumed->state = std::move(state);
  const bool of_this_kind = resumed->state.operation == Operation::kSign ||
                            resumed->state.operation == Operation::kVerify;
  if (!of_this_kind)
    return CallerError(CKR_OPERATION_NOT_INITIALIZED, "state of another operation");
  const OperationState& taken_up = resumed->state;
  if (taken_up.operation != operation) {
    GW_TRY(begun, Prepare(card, taken_up.operation, taken_up.mechanism, taken_up.key_blob));
    if (!IsMac(begun)) {
      return CallerError(CKR_OPERATION_NOT_INITIALIZED, "state of another operation");
    }
  }
  GW_TRY(signer, Prepare(card, operation, taken_up.mechanism, taken_up.key_blob));
  resumed->signer = std::move(signer);
  return resumed;
}

Result<HashState> HashOf(const Resumed& resumed) {
  GW_TRY(row, MultiPartRow(resumed.state));
  return HashState::Import(row->hash, resumed.state.progress);
}

Result<Mac> MacIn(const Resumed& resumed) {
  GW_TRY(row, MultiPartRow(resumed.state));
  return Mac::Resume(*row, resumed.signer.key, resumed.state.progress);
}

Result<Bytes> MacOf(const Resumed& resumed) {
  GW_TRY(mac, MacIn(resumed));
  return mac.Finish();
}

// What the state carries on after `data`.
Result<Bytes> ProgressAfter(const Resumed& resumed, ByteView data) {
  if (IsMac(resumed.signer)) {
    GW_TRY(mac, MacIn(resumed));
    mac.Update(data);
    return mac.Export();
  }
  GW_TRY(hash, HashOf(resumed));
  hash.Update(data);
  return hash.Export();
}

}  // namespace

Result<Bytes> SignSingle(Card& card, const Mechanism& mechanism, ByteView key, ByteView data) {
  GW_TRY(signer, Prepare(card, Operation::kSign, mechanism, key));
  return SignAll(card, signer, data);
}

Status VerifySingle(Card& card, const Mechanism& mechanism, ByteView key, ByteView data,
                    ByteView signature) {
  GW_TRY(signer, Prepare(card, Operation::kVerify, mechanism, key));
  return VerifyAll(signer, data, signature);
}

Result<Bytes> SignatureInit(Card& card, Operation operation, const Mechanism& mechanism,
                            ByteView key) {
  GW_TRY(signer, Prepare(card, operation, mechanism, key));
  if (signer.row->single_only) {
    return CallerError(CKR_MECHANISM_INVALID,
                       "mechanism works in SignSingle and VerifySingle only");
  }
  OperationState state;
  state.operation = operation;
  state.mechanism = mechanism;
  BindState(card, *signer.key, key, state);
  if (IsMac(signer)) {
    state.progress = Mac(*signer.row, signer.key).Export();
  } else if (signer.row->hash != HashId::kNone) {
    state.progress = HashState(signer.row->hash).Export();
  }
  return SealState(card.master(), state);
}

Result<Bytes> SignatureUpdate(Card& card, Operation operation, ByteView state, ByteView data) {
  GW_TRY(resumed, Resume(card, operation, state));
  GW_TRY(progress, ProgressAfter(*resumed, data));
  resumed->state.taken += data.size();
  resumed->state.progress = std::move(progress);
  return SealState(card.master(), resumed->state);
}

Result<Bytes> SignOneShot(Card& card, ByteView state, ByteView data) {
  GW_TRY(resumed, Resume(card, Operation::kSign, state));
  GW_TRY_VOID(RequireFresh(resumed->state));
  return SignAll(card, resumed->signer, data);
}

Result<Bytes> SignFinal(Card& card, ByteView state) {
  GW_TRY(resumed, Resume(card, Operation::kSign, state));
  if (IsMac(resumed->signer)) return MacOf(*resumed);
  GW_TRY(hash, HashOf(*resumed));
  return SignInput(card, resumed->signer, hash.Finish());
}

Status VerifyOneShot(Card& card, ByteView state, ByteView data, ByteView signature) {
  GW_TRY(resumed, Resume(card, Operation::kVerify, state));
  GW_TRY_VOID(RequireFresh(resumed->state));
  return VerifyAll(resumed->signer, data, signature);
}

Status VerifyFinal(Card& card, ByteView state, ByteView signature) {
  GW_TRY(resumed, Resume(card, Operation::kVerify, state));
  if (IsMac(resumed->signer)) {
    GW_TRY(mac, MacOf(*resumed));
    return CompareMac(mac, signature);
  }
  GW_TRY(hash, HashOf(*resumed));
  const Signer& signer = resumed->signer;
  return SchemeOf(signer.row->family).verify(signer, hash.Finish(), signature);
}

}  // namespace gw::emulator
