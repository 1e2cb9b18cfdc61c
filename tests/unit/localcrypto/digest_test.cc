// Tests for daemon/localcrypto/digest.h.
#include "daemon/localcrypto/digest.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "tests/unit/localcrypto/hex.h"

namespace gw {
namespace {

struct DigestVector {
  Hash hash;
  std::string_view of_abc;
  std::string_view of_two_blocks;
};

// Source: FIPS 180-4, FIPS 202 and the NIST example values for them (SHA_All.pdf, SHA3): "abc" and
// the two-block messages.
constexpr std::string_view kTwoBlocks512 =
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr std::string_view kTwoBlocks1024 =
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopq"
    "rs"
    "mnopqrstnopqrstu";
constexpr auto kVectors = std::to_array<DigestVector>({
    {Hash::kSha1, "a9993e364706816aba3e25717850c26c9cd0d89d",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {Hash::kSha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
     "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525"},
    {Hash::kSha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {Hash::kSha384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c82"
     "5a7",
     "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746"
     "039"},
    {Hash::kSha512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "bbd"
     "454d4423643ce80e2a9ac94fa54ca49f",
     "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b54"
     "33a"
     "c7d329eeb6dd26545e96e55b874be909"},
    {Hash::kSha512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa",
     "23fec5bb94d60b23308192640b0c453335d664734fe40e7268674af9"},
    {Hash::kSha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
     "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"},
    {Hash::kSha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
     "8a24108b154ada21c9fd5574494479ba5c7e7ab76ef264ead0fcce33"},
    {Hash::kSha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
     "41c0dba2a9d6240849100376a8235e2c82e1b9998a999e21db32dd97496d3376"},
    {Hash::kSha3_384,
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf22837"
     "6d25",
     "79407d3b5916b59c3e30b09822974791c313fb9ecc849e406f23592d04f625dc8c709b98b43b3852b337216179aa"
     "7fc7"},
    {Hash::kSha3_512,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3"
     "934057340b4cf408d5a56592f8274eec53f0",
     "afebb2ef542e6579c50cad06d2e578f9f8dd6881d7dc824d26360feebf18a4fa73e3261122948efcfd492e74e82e"
     "2189ed0fb440d187f382270cb455f21dd185"},
});

ByteView TwoBlocks(Hash hash) {
  const bool long_blocks =
      HashBytes(hash) > 32 || hash == Hash::kSha512_224 || hash == Hash::kSha512_256;
  return ViewOf(long_blocks ? kTwoBlocks1024 : kTwoBlocks512);
}

TEST(DigestTest, EveryHashHasAVector) {
  for (int i = 1; i <= static_cast<int>(Hash::kSha3_512); ++i) {
    const bool found = std::ranges::any_of(
        kVectors, [i](const DigestVector& row) { return static_cast<int>(row.hash) == i; });
    EXPECT_TRUE(found) << i;
  }
}

TEST(DigestTest, OneCallGivesPublishedValues) {
  for (const DigestVector& row : kVectors) {
    EXPECT_EQ(HexOf(HashOf(row.hash, ViewOf("abc"))), row.of_abc);
    EXPECT_EQ(HexOf(HashOf(row.hash, TwoBlocks(row.hash))), row.of_two_blocks);
    EXPECT_EQ(HashOf(row.hash, {}).size(), HashBytes(row.hash));
  }
}

// Source: the SHA-256 of nothing, NIST CAVP SHA256ShortMsg.rsp, Len = 0.
TEST(DigestTest, EmptyMessageHasADigest) {
  EXPECT_EQ(HexOf(HashOf(Hash::kSha256, {})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Digest digest = Digest::Start(Hash::kSha256);
  EXPECT_EQ(HexOf(digest.Finish()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(DigestTest, EverySplitOfTheMessageGivesTheSame) {
  for (const DigestVector& row : kVectors) {
    const ByteView message = TwoBlocks(row.hash);
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
      Digest digest = Digest::Start(row.hash);
      digest.Update(message.first(cut));
      digest.Update({});
      digest.Update(message.subspan(cut));
      EXPECT_EQ(HexOf(digest.Finish()), row.of_two_blocks) << cut;
    }
  }
}

TEST(DigestTest, CloneGoesItsOwnWay) {
  Digest one = Digest::Start(Hash::kSha256);
  one.Update(ViewOf("ab"));
  Digest two = one.Clone();
  one.Update(ViewOf("c"));
  two.Update(ViewOf("x"));
  EXPECT_EQ(HexOf(one.Finish()), kVectors[2].of_abc);
  EXPECT_EQ(two.Finish(), HashOf(Hash::kSha256, ViewOf("abx")));
}

TEST(DigestTest, MovedDigestKeepsItsState) {
  Digest one = Digest::Start(Hash::kSha1);
  one.Update(ViewOf("a"));
  Digest two = std::move(one);
  two.Update(ViewOf("bc"));
  EXPECT_EQ(HexOf(two.Finish()), kVectors[0].of_abc);
}

TEST(DigestTest, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::array<int, 4> wrong{};
  for (int& count : wrong) {
    threads.emplace_back([&count] {
      for (int i = 0; i < 500; ++i) {
        const DigestVector& row = kVectors[static_cast<std::size_t>(i) % kVectors.size()];
        if (HexOf(HashOf(row.hash, ViewOf("abc"))) != row.of_abc) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) EXPECT_EQ(count, 0);
}

TEST(DigestDeathTest, NoHashIsABug) {
  EXPECT_DEATH(Digest::Start(Hash::kNone), "");
  EXPECT_DEATH(DigestInfo(Hash::kSha256, Bytes(31)), "");
}

// Source: RFC 8017, 9.2 note 1.
TEST(DigestInfoTest, HasThePrefixesOfTheStandard) {
  struct Row {
    Hash hash;
    std::string_view prefix;
  };
  const auto rows = std::to_array<Row>({
      {Hash::kSha1, "3021300906052b0e03021a05000414"},
      {Hash::kSha224, "302d300d06096086480165030402040500041c"},
      {Hash::kSha256, "3031300d060960864801650304020105000420"},
      {Hash::kSha384, "3041300d060960864801650304020205000430"},
      {Hash::kSha512, "3051300d060960864801650304020305000440"},
      {Hash::kSha512_224, "302d300d06096086480165030402050500041c"},
      {Hash::kSha512_256, "3031300d060960864801650304020605000420"},
  });
  for (const Row& row : rows) {
    const Bytes digest = HashOf(row.hash, ViewOf("abc"));
    EXPECT_EQ(HexOf(DigestInfo(row.hash, digest)), std::string(row.prefix) + HexOf(digest));
  }
}

}  // namespace
}  // namespace gw
