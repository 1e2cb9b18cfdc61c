// Room: emulator/engine.
#include "emulator/engine/mac.h"

namespace gw::emulator {
namespace {

// Of CMAC's two fields, by the size of their elements (SP 800-38B, 5.3).
constexpr Byte kReduction128 = 0x87;
constexpr Byte kReduction64 = 0x1b;

const BlockCipher& CipherOf(const Key& key) {
  return key.type == CKK_AES ? kAesCipher : kDes3Cipher;
}

std::variant<HashState, Cmac> Begin(const MechanismRow& row, const Key& key) {
  if (row.family == Family::kCmac) return Cmac(CipherOf(key));
  return HmacStart(row.hash, key.value.view());
}

// Times x in the field of the block.
Bytes Doubled(ByteView block) {
  Bytes out(block.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    const int carry = i + 1 < block.size() ? block[i + 1] >> 7 : 0;
    out[i] = static_cast<Byte>(block[i] << 1 | carry);
  }
  const Byte reduction = block.size() == kAesBlockBytes ? kReduction128 : kReduction64;
  if ((block[0] & 0x80) != 0) out.back() ^= reduction;
  return out;
}

}  // namespace

bool IsMac(const MechanismRow& row) {
  return row.family == Family::kHmac || row.family == Family::kCmac;
}

void Cmac::Update(ByteView key, ByteView data) {
  if (data.empty()) return;
  Append(pending_, data);
  const std::size_t whole = (pending_.size() - 1) / block() * block();
  if (whole == 0) return;
  const ByteView blocks = ByteView(pending_).first(whole);
  const Bytes out = cipher_.run(BlockMode::kCbc, Direction::kEncrypt, key, chain_, blocks);
  chain_ = CopyOf(ByteView(out).last(block()));
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(whole));
}

Bytes Cmac::Finish(ByteView key) const {
  const Bytes zeros(block());
  Bytes subkey = Doubled(cipher_.run(BlockMode::kEcb, Direction::kEncrypt, key, ByteView(), zeros));
  Bytes last = pending_;
  if (last.size() < block()) {
    last.push_back(0x80);
    last.resize(block(), 0);
    subkey = Doubled(subkey);
  }
  for (std::size_t i = 0; i < block(); ++i) last[i] ^= subkey[i];
  return cipher_.run(BlockMode::kCbc, Direction::kEncrypt, key, chain_, last);
}

Bytes Cmac::Export() const {
  Bytes out = chain_;
  Append(out, pending_);
  out.resize(2 * block(), 0);
  out.push_back(static_cast<Byte>(pending_.size()));
  return out;
}

Status Cmac::Import(ByteView exported) {
  if (exported.size() != 2 * block() + 1 || exported.back() > block())
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "no state of a CMAC");
  chain_ = CopyOf(exported.first(block()));
  pending_ = CopyOf(exported.subspan(block(), exported.back()));
  return Ok();
}

Mac::Mac(const MechanismRow& row, KeyPtr key)
    : key_(std::move(key)), progress_(Begin(row, *key_)) {}

Result<Mac> Mac::Resume(const MechanismRow& row, KeyPtr key, ByteView exported) {
  Mac mac(row, std::move(key));
  if (auto* cmac = std::get_if<Cmac>(&mac.progress_)) {
    GW_TRY_VOID(cmac->Import(exported));
  } else {
    GW_TRY(hash, HashState::Import(row.hash, exported));
    mac.progress_ = std::move(hash);
  }
  return mac;
}

void Mac::Update(ByteView data) {
  if (auto* cmac = std::get_if<Cmac>(&progress_)) {
    cmac->Update(value(), data);
  } else {
    std::get<HashState>(progress_).Update(data);
  }
}

Bytes Mac::Finish() const {
  if (const auto* cmac = std::get_if<Cmac>(&progress_)) return cmac->Finish(value());
  return HmacFinish(std::get<HashState>(progress_), value());
}

Bytes Mac::Export() const {
  if (const auto* cmac = std::get_if<Cmac>(&progress_)) return cmac->Export();
  return std::get<HashState>(progress_).Export();
}

}  // namespace gw::emulator
