// Room: tests. Values: OpenSSL, called directly, for every length around a block.
#include "emulator/crypto/sha3/sha3.h"

#include <gtest/gtest.h>

#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

struct Width {
  std::size_t digest_bytes;
  const char* openssl_name;
};
constexpr Width kWidths[] = {
    {28, "SHA3-224"}, {32, "SHA3-256"}, {48, "SHA3-384"}, {64, "SHA3-512"}};

Bytes OfOpenssl(const char* name, ByteView data) {
  Bytes digest(64);
  std::size_t size = 0;
  EXPECT_EQ(EVP_Q_digest(nullptr, name, nullptr, data.data(), data.size(), digest.data(), &size),
            1);
  digest.resize(size);
  return digest;
}

TEST(Sha3Test, IsOpensslsHashForEveryLength) {
  for (const Width& width : kWidths) {
    Bytes data;
    for (std::size_t size = 0; size < 300; ++size) {
      Sha3State state(width.digest_bytes);
      state.Update(data);
      ASSERT_EQ(state.Finish(), OfOpenssl(width.openssl_name, data))
          << width.openssl_name << " of " << size;
      data.push_back(static_cast<Byte>(size * 11));
    }
  }
}

TEST(Sha3Test, ImportRefusesWhatIsNoExport) {
  for (const Width& width : kWidths) {
    Bytes exported = Sha3State(width.digest_bytes).Export();
    EXPECT_TRUE(Sha3State::Import(width.digest_bytes, exported).ok());
    EXPECT_FALSE(Sha3State::Import(width.digest_bytes, ByteView(exported).first(200)).ok());
    exported.back() = static_cast<Byte>(200 - 2 * width.digest_bytes);  // a whole block
    const auto refused = Sha3State::Import(width.digest_bytes, exported);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().rv, CKR_ENCRYPTED_DATA_INVALID);
  }
}

}  // namespace
}  // namespace gw::emulator
