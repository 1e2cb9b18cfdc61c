// Room: emulator/engine.
#include "emulator/engine/block_stream.h"

#include "emulator/blob/codec.h"

namespace gw::emulator {
namespace {

// PKCS #7, RFC 5652 section 6.3.
Bytes Padded(Bytes data, std::size_t block) {
  const std::size_t missing = block - data.size() % block;
  data.insert(data.end(), missing, static_cast<Byte>(missing));
  return data;
}

Result<Bytes> Unpadded(Bytes data, std::size_t block) {
  const std::size_t count = data.empty() ? 0 : data.back();
  bool good = count >= 1 && count <= block && count <= data.size();
  for (std::size_t i = 0; good && i < count; ++i) good = data[data.size() - 1 - i] == count;
  if (!good) return CallerError(CKR_ENCRYPTED_DATA_INVALID, "padding is wrong");
  data.resize(data.size() - count);
  return data;
}

}  // namespace

BlockStream::BlockStream(const BlockCipher& cipher, BlockMode mode, bool padded,
                         Direction direction, ByteView iv)
    : cipher_(cipher), mode_(mode), padded_(padded), direction_(direction), chain_(CopyOf(iv)) {
  chain_.resize(block(), 0);
}

Bytes BlockStream::Run(ByteView key, ByteView blocks) {
  Bytes out = cipher_.run(mode_, direction_, key, chain_, blocks);
  if (mode_ == BlockMode::kCbc && !blocks.empty()) {
    const ByteView ciphertext = direction_ == Direction::kEncrypt ? ByteView(out) : blocks;
    chain_ = CopyOf(ciphertext.last(block()));
  }
  return out;
}

Bytes BlockStream::Update(ByteView key, ByteView data) {
  Append(pending_, data);
  const bool hold_last = padded_ && direction_ == Direction::kDecrypt && !pending_.empty();
  const std::size_t usable = hold_last ? pending_.size() - 1 : pending_.size();
  const std::size_t whole = usable / block() * block();
  Bytes out = Run(key, ByteView(pending_).first(whole));
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(whole));
  return out;
}

Result<Bytes> BlockStream::Final(ByteView key) {
  if (padded_) return FinalPadded(key);
  if (pending_.empty()) return Bytes();
  return CallerError(
      direction_ == Direction::kEncrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE,
      "total length is not a multiple of the block");
}

Result<Bytes> BlockStream::FinalPadded(ByteView key) {
  if (direction_ == Direction::kEncrypt) return Run(key, Padded(pending_, block()));
  if (pending_.size() != block()) {
    return CallerError(CKR_ENCRYPTED_DATA_LEN_RANGE, "ciphertext is not a multiple of the block");
  }
  return Unpadded(Run(key, pending_), block());
}

Bytes BlockStream::Export() const {
  Bytes pending = pending_;
  pending.resize(block(), 0);
  return Writer().Raw(chain_).U8(static_cast<Byte>(pending_.size())).Raw(pending).Take();
}

Status BlockStream::Import(ByteView exported) {
  Reader reader(exported);
  chain_ = CopyOf(reader.Raw(block()));
  const std::size_t count = reader.U8();
  const ByteView pending = reader.Raw(block());
  if (!reader.ok() || !reader.rest().empty() || count > block()) {
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "cipher state is damaged");
  }
  pending_ = CopyOf(pending.first(count));
  return Ok();
}

}  // namespace gw::emulator
