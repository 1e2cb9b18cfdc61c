// Room: emulator/crypto. The block functions of OpenSSL are called directly here (and only here);
// see HashState for why.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "emulator/crypto/hash.h"

#include <openssl/sha.h>

#include <cstring>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

constexpr auto kHashes = std::to_array<HashRow>({
    {HashId::kSha1, "SHA1", 20, 64, CKM_SHA_1, CKG_MGF1_SHA1, CKD_SHA1_KDF},
    {HashId::kSha224, "SHA2-224", 28, 64, CKM_SHA224, CKG_MGF1_SHA224, CKD_SHA224_KDF},
    {HashId::kSha256, "SHA2-256", 32, 64, CKM_SHA256, CKG_MGF1_SHA256, CKD_SHA256_KDF},
    {HashId::kSha384, "SHA2-384", 48, 128, CKM_SHA384, CKG_MGF1_SHA384, CKD_SHA384_KDF},
    {HashId::kSha512, "SHA2-512", 64, 128, CKM_SHA512, CKG_MGF1_SHA512, CKD_SHA512_KDF},
    {HashId::kSha512_224, "SHA2-512/224", 28, 128, CKM_SHA512_224, 0, 0},
    {HashId::kSha512_256, "SHA2-512/256", 32, 128, CKM_SHA512_256, 0, 0},
    {HashId::kSha3_224, "SHA3-224", 28, 144, CKM_IBM_SHA3_224, CKG_IBM_MGF1_SHA3_224, 0},
    {HashId::kSha3_256, "SHA3-256", 32, 136, CKM_IBM_SHA3_256, CKG_IBM_MGF1_SHA3_256, 0},
    {HashId::kSha3_384, "SHA3-384", 48, 104, CKM_IBM_SHA3_384, CKG_IBM_MGF1_SHA3_384, 0},
    {HashId::kSha3_512, "SHA3-512", 64, 72, CKM_IBM_SHA3_512, CKG_IBM_MGF1_SHA3_512, 0},
});

template <typename Column>
HashId FindBy(Column column, std::uint64_t value) {
  for (const HashRow& row : kHashes) {
    if (value != 0 && row.*column == value) return row.id;
  }
  return HashId::kNone;
}

bool IsSha3(HashId id) { return id >= HashId::kSha3_224; }

// One adapter per context type of OpenSSL: where its words are, and its functions by hash.
struct Sha1Family {
  using Context = SHA_CTX;
  using Word = SHA_LONG;
  static std::array<Word*, 5> Chain(Context& c) { return {&c.h0, &c.h1, &c.h2, &c.h3, &c.h4}; }
  static Byte* Block(Context& c) { return reinterpret_cast<Byte*>(c.data); }
  static void Init(HashId, Context& c) { SHA1_Init(&c); }
  static void Update(HashId, Context& c, ByteView d) { SHA1_Update(&c, d.data(), d.size()); }
  static void Final(HashId, Context& c, Byte* out) { SHA1_Final(out, &c); }
};

template <typename Context, typename Word>
std::array<Word*, 8> ChainOf(Context& c) {
  std::array<Word*, 8> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = &c.h[i];
  return words;
}

struct Sha256Family {
  using Context = SHA256_CTX;
  using Word = SHA_LONG;
  static std::array<Word*, 8> Chain(Context& c) { return ChainOf<Context, Word>(c); }
  static Byte* Block(Context& c) { return reinterpret_cast<Byte*>(c.data); }
  static void Init(HashId id, Context& c) {
    id == HashId::kSha224 ? SHA224_Init(&c) : SHA256_Init(&c);
  }
  static void Update(HashId, Context& c, ByteView d) { SHA256_Update(&c, d.data(), d.size()); }
  static void Final(HashId, Context& c, Byte* out) { SHA256_Final(out, &c); }
};

// SHA-512/t starts from words of its own: FIPS 180-4 section 5.3.6, "SHA-512/t IV generation".
SHA512_CTX InitialSha512T(std::string_view name) {
  SHA512_CTX context;
  SHA512_Init(&context);
  for (SHA_LONG64& word : context.h) word ^= 0xa5a5a5a5a5a5a5a5;
  SHA512_Update(&context, name.data(), name.size());
  std::array<Byte, SHA512_DIGEST_LENGTH> words;
  SHA512_Final(words.data(), &context);
  SHA512_Init(&context);
  for (std::size_t i = 0; i < words.size(); ++i) {
    context.h[i / 8] = i % 8 == 0 ? words[i] : context.h[i / 8] << 8 | words[i];
  }
  return context;
}

struct Sha512Family {
  using Context = SHA512_CTX;
  using Word = SHA_LONG64;
  static std::array<Word*, 8> Chain(Context& c) { return ChainOf<Context, Word>(c); }
  static Byte* Block(Context& c) { return c.u.p; }
  static void Init(HashId id, Context& c) {
    static const Context k224 = InitialSha512T("SHA-512/224");
    static const Context k256 = InitialSha512T("SHA-512/256");
    if (id == HashId::kSha384) {
      SHA384_Init(&c);
    } else if (id == HashId::kSha512) {
      SHA512_Init(&c);
    } else {
      c = id == HashId::kSha512_224 ? k224 : k256;
    }
  }
  static void Update(HashId, Context& c, ByteView d) { SHA512_Update(&c, d.data(), d.size()); }
  static void Final(HashId, Context& c, Byte* out) { SHA512_Final(out, &c); }
};

template <typename Visitor>
auto WithFamily(HashId id, Visitor visitor) {
  if (id == HashId::kSha1) return visitor(Sha1Family{});
  if (id == HashId::kSha224 || id == HashId::kSha256) return visitor(Sha256Family{});
  return visitor(Sha512Family{});
}

template <typename Family, typename Words>
typename Family::Context Load(HashId id, const Words& words) {
  typename Family::Context context;
  Family::Init(id, context);
  std::size_t i = 0;
  for (auto* word : Family::Chain(context)) {
    *word = static_cast<typename Family::Word>(words.chain[i++]);
  }
  context.Nl = static_cast<typename Family::Word>(words.bits_low);
  context.Nh = static_cast<typename Family::Word>(words.bits_high);
  context.num = static_cast<unsigned>(words.pending);
  std::memcpy(Family::Block(context), words.block.data(), RowOf(id).block_bytes);
  return context;
}

template <typename Family, typename Words>
void Store([[maybe_unused]] HashId id, typename Family::Context& context, Words& words) {
  std::size_t i = 0;
  for (const auto* word : Family::Chain(context)) words.chain[i++] = *word;
  words.bits_low = context.Nl;
  words.bits_high = context.Nh;
  words.pending = context.num;
  words.block.fill(0);  // no left-overs of earlier data in an exported state
  std::memcpy(words.block.data(), Family::Block(context), context.num);
  GW_DCHECK(words.pending < RowOf(id).block_bytes);
}

void AppendU64(Bytes& out, std::uint64_t value) {
  AppendU32Be(out, static_cast<std::uint32_t>(value >> 32));
  AppendU32Be(out, static_cast<std::uint32_t>(value));
}

std::uint64_t ReadU64(ByteView in, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | in[offset + i];
  return value;
}

// The key as HMAC mixes it in: hashed if longer than a block, padded, xored with the constant.
// Wiped when it goes; on the stack, because SecretBytes costs two system calls.
class HmacBlock {
 public:
  HmacBlock(HashId id, ByteView key, Byte pad) : size_(RowOf(id).block_bytes) {
    if (key.size() > size_) {
      Bytes hashed = HashOnce(id, key);
      std::ranges::copy(hashed, octets_.begin());
      Wipe(hashed);
    } else {
      std::ranges::copy(key, octets_.begin());
    }
    for (Byte& octet : octets_) octet ^= pad;
  }
  ~HmacBlock() { Wipe(octets_); }
  HmacBlock(const HmacBlock&) = delete;
  HmacBlock& operator=(const HmacBlock&) = delete;

  ByteView view() const { return ByteView(octets_).first(size_); }

 private:
  std::size_t size_;
  std::array<Byte, kMaxHashBlockBytes> octets_{};
};

}  // namespace

std::span<const HashRow> HashTable() { return kHashes; }

const HashRow& RowOf(HashId id) {
  GW_CHECK(id != HashId::kNone);
  return kHashes[static_cast<std::size_t>(id) - 1];
}

HashId HashOfMechanism(CK_MECHANISM_TYPE m) { return FindBy(&HashRow::mechanism, m); }
HashId HashOfMgf(std::uint64_t mgf) { return FindBy(&HashRow::mgf, mgf); }
HashId HashOfKdf(std::uint64_t kdf) { return FindBy(&HashRow::kdf, kdf); }

const EVP_MD* MdOf(HashId hash) {
  static const auto kFetched = [] {
    std::array<const EVP_MD*, kHashes.size()> fetched{};
    for (std::size_t i = 0; i < kHashes.size(); ++i) {
      fetched[i] = EVP_MD_fetch(nullptr, kHashes[i].openssl_name, nullptr);
      GW_CHECK(fetched[i] != nullptr);
    }
    return fetched;
  }();
  GW_CHECK(hash != HashId::kNone);
  return kFetched[static_cast<std::size_t>(hash) - 1];
}

Bytes HashOnce(HashId id, ByteView data) {
  Bytes digest(RowOf(id).digest_bytes);
  GW_CHECK(EVP_Digest(data.data(), data.size(), digest.data(), nullptr, MdOf(id), nullptr) == 1);
  return digest;
}

HashState::HashState(HashId id) : id_(id) {
  if (IsSha3(id)) {
    progress_.emplace<Sha3State>(RowOf(id).digest_bytes);
    return;
  }
  WithFamily(id, [this](auto family) {
    using Family = decltype(family);
    typename Family::Context context;
    Family::Init(id_, context);
    Store<Family>(id_, context, words());
  });
}

void HashState::Update(ByteView data) {
  if (auto* sponge = std::get_if<Sha3State>(&progress_)) return sponge->Update(data);
  WithFamily(id_, [this, data](auto family) { UpdateAs<decltype(family)>(data); });
}

template <typename Family>
void HashState::UpdateAs(ByteView data) {
  auto context = Load<Family>(id_, words());
  Family::Update(id_, context, data);
  Store<Family>(id_, context, words());
}

Bytes HashState::Finish() const {
  if (const auto* sponge = std::get_if<Sha3State>(&progress_)) return sponge->Finish();
  return WithFamily(id_, [this](auto family) { return FinishAs<decltype(family)>(); });
}

template <typename Family>
Bytes HashState::FinishAs() const {
  auto context = Load<Family>(id_, words());
  Bytes digest(SHA512_DIGEST_LENGTH);  // SHA-512/t is the front of it
  Family::Final(id_, context, digest.data());
  digest.resize(RowOf(id_).digest_bytes);
  return digest;
}

Bytes HashState::ExportWords() const {
  Bytes out;
  for (const std::uint64_t word : words().chain) AppendU64(out, word);
  AppendU64(out, words().bits_low);
  AppendU64(out, words().bits_high);
  out.push_back(static_cast<Byte>(words().pending));
  Append(out, words().block);
  return out;
}

Bytes HashState::Export() const {
  const auto* sponge = std::get_if<Sha3State>(&progress_);
  Bytes out = sponge != nullptr ? sponge->Export() : ExportWords();
  out.resize(kExportBytes, 0);
  return out;
}

Status HashState::ImportWords(ByteView exported) {
  for (std::size_t i = 0; i < words().chain.size(); ++i) {
    words().chain[i] = ReadU64(exported, i * 8);
  }
  words().bits_low = ReadU64(exported, 64);
  words().bits_high = ReadU64(exported, 72);
  words().pending = exported[80];
  std::ranges::copy(exported.subspan(81), words().block.begin());
  if (words().pending >= RowOf(id_).block_bytes) {
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "digest state with more than a block pending");
  }
  return Ok();
}

Result<HashState> HashState::Import(HashId id, ByteView exported) {
  if (exported.size() != kExportBytes) {
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "digest state of a wrong length");
  }
  HashState state(id);
  if (IsSha3(id)) {
    GW_TRY(sponge,
           Sha3State::Import(RowOf(id).digest_bytes, exported.first(Sha3State::kExportBytes)));
    state.progress_ = sponge;
  } else {
    GW_TRY_VOID(state.ImportWords(exported));
  }
  return state;
}

HashState HmacStart(HashId id, ByteView key) {
  HashState inner(id);
  inner.Update(HmacBlock(id, key, 0x36).view());
  return inner;
}

Bytes HmacFinish(const HashState& inner, ByteView key) {
  HashState outer(inner.id());
  outer.Update(HmacBlock(inner.id(), key, 0x5c).view());
  outer.Update(inner.Finish());
  return outer.Finish();
}

Bytes HmacOnce(HashId id, ByteView key, ByteView data) {
  HashState inner = HmacStart(id, key);
  inner.Update(data);
  return HmacFinish(inner, key);
}

}  // namespace gw::emulator
