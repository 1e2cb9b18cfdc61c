// Room: core. Keys that are known under two master keys of the HSM. Touches nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "daemon/core/key_blob.h"

namespace gw {

// 16 octets that name the master key which wraps `blob`, from its clear header or from the MAC
// trailer of a public key. Empty: it has neither, and so is bound to none.
ByteView WrappingKeyOf(ByteView blob);

// Which of the two blobs of a key is meant: under the master key that was, or under the one to
// come.
enum class TwinSide : std::uint8_t { kBefore, kAfter };

// While a master key is being changed, each key has two blobs, and nobody but the HSM knows which
// of them it takes at the moment. Whoever holds one of them finds the other here, also long after
// its key's object has got another one. One per token's HSM. Thread: the silo.
class KeyTwins {
 public:
  // `before` may be known already: it gets another twin.
  void Add(const KeyBlob& before, const KeyBlob& after);
  // nullptr: not known to have two.
  const std::string* At(TwinSide side, ByteView blob) const;
  // The same for those who keep blobs; empty: none.
  KeyBlob Of(TwinSide side, const KeyBlob& blob) const;

  bool empty() const { return pairs_.empty(); }
  // Of some key that has a blob under the master key `after`, the one before; empty: none has two.
  // For a look at what the HSM takes.
  KeyBlob AnyWith(ByteView after) const;
  void Clear();
  // What was to come is what is there, for the next rotation: the two change their sides.
  void Turn();

  // Keys come and go while a master key is being changed. A pair that nobody has added or kept
  // since the Sweep() before the last one is forgotten by the next.
  void Keep(const KeyBlob& key);
  void Sweep();

  // What the HSM took last where it had refused the other one. At first: before.
  TwinSide side() const { return side_; }
  void Took(TwinSide side) {
    if (side != side_) ++turns_;
    side_ = side;
  }
  // Another number each time the HSM changed its mind: its units differ.
  std::uint64_t turns() const { return turns_; }

  // A master key is about to change: new keys are to get a twin at once, unless they are under the
  // one to come already.
  bool expecting() const { return expecting_; }
  void Expect(bool expecting) { expecting_ = expecting; }
  const Bytes& target() const { return target_; }
  void SetTarget(Bytes wrapping_key) { target_ = std::move(wrapping_key); }

 private:
  struct Pair {
    std::string blobs[2];
    bool turned = false;     // as KeyTwins::turned_ when it was added
    std::uint64_t kept = 0;  // in which sweep
  };
  const std::string& BlobOf(const Pair& pair, TwinSide side) const {
    const bool first = (side == TwinSide::kBefore) == (pair.turned == turned_);
    return pair.blobs[first ? 0 : 1];
  }

  // By each of the two; the names are octets of the pair, which stay where they are.
  std::unordered_map<std::string_view, std::shared_ptr<Pair>> pairs_;
  TwinSide side_ = TwinSide::kBefore;
  bool turned_ = false;
  std::uint64_t turns_ = 0;
  std::uint64_t sweep_ = 0;
  bool expecting_ = false;
  Bytes target_;  // empty: not known
};

}  // namespace gw
