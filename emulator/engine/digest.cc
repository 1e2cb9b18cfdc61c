// Room: emulator/engine.
#include "emulator/engine/digest.h"

namespace gw::emulator {
namespace {

Status RequireData(ByteView data) {
  if (data.empty()) return CallerError(CKR_ARGUMENTS_BAD, "at least one octet of data is needed");
  return Ok();
}

struct Progress {
  OperationState state;
  HashState hash;
};

Result<Progress> Resume(Card& card, ByteView sealed) {
  GW_TRY(state, OpenStateOf(card, Operation::kDigest, sealed));
  GW_TRY(row, MultiPartRow(state));
  GW_TRY(hash, HashState::Import(row->hash, state.progress));
  return Progress{std::move(state), hash};
}

}  // namespace

Result<Bytes> DigestSingle(const Mechanism& mechanism, ByteView data) {
  GW_TRY(row, FindMechanism(mechanism, CKF_DIGEST));
  GW_TRY_VOID(RequireData(data));
  return HashOnce(row->hash, data);
}

Result<Bytes> DigestInit(Card& card, const Mechanism& mechanism) {
  GW_TRY(row, FindMechanism(mechanism, CKF_DIGEST));
  OperationState state;
  state.operation = Operation::kDigest;
  state.mechanism = mechanism;
  state.progress = HashState(row->hash).Export();
  return SealState(card.master(), state);
}

Result<Bytes> DigestOneShot(Card& card, ByteView state, ByteView data) {
  GW_TRY(progress, Resume(card, state));
  GW_TRY_VOID(RequireFresh(progress.state));
  GW_TRY_VOID(RequireData(data));
  return HashOnce(progress.hash.id(), data);
}

Result<Bytes> DigestUpdate(Card& card, ByteView state, ByteView data) {
  GW_TRY(progress, Resume(card, state));
  GW_TRY_VOID(RequireData(data));
  progress.hash.Update(data);
  progress.state.taken += data.size();
  progress.state.progress = progress.hash.Export();
  return SealState(card.master(), progress.state);
}

Result<Bytes> DigestKey(Card& card, ByteView state, ByteView key) {
  GW_TRY(secret, card.Open(key));
  if (secret->object_class != CKO_SECRET_KEY) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "only secret keys are digested");
  }
  if (!secret->Has(kUseAsData)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED, "CKA_IBM_USE_AS_DATA is false");
  }
  return DigestUpdate(card, state, secret->value.view());
}

Result<Bytes> DigestFinal(Card& card, ByteView state) {
  GW_TRY(progress, Resume(card, state));
  return progress.hash.Finish();
}

}  // namespace gw::emulator
