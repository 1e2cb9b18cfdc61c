// Room: tests/fuzz. Application records behind their seal: an input is a list of records (number,
// u16 length, octets) that are sealed as the daemon would and presented to it. What is accepted can
// be used, and is given up without a trace; what comes as it was made is presented first, as it is.
#include <algorithm>

#include "daemon/core/check.h"
#include "daemon/keystore/memory_keystore.h"
#include "daemon/sealing/record_keeper.h"
#include "tests/support/agreeable_hsm.h"

namespace gw::fuzz {
namespace {

constexpr ApplicationId kId{0x5a};
constexpr std::size_t kMostSessions = 1000;

SecretBytes Key() { return SecretBytes::OfSize(Sealer::kKeyBytes); }

TokenConfig MakeTokenConfig() {
  TokenConfig config;
  config.endpoints.resize(1);
  config.private_keystore = "00000000-0000-0000-0000-000000000001";
  config.public_keystore = "00000000-0000-0000-0000-000000000002";
  return config;
}

class Target {
 public:
  Target() { tokens_.Add(std::make_unique<Token>(MakeTokenConfig(), hsm_, &iam_, *keystore_)); }

  void Run(ByteView input) {
    Present(input.subspan(0, std::min<std::size_t>(input.size(), 512)), {});
    std::vector<Bytes> sealed;
    std::vector<std::uint32_t> numbers;
    while (input.size() >= 3) {
      const std::size_t bytes =
          std::min<std::size_t>(input.size() - 3, std::size_t{input[1]} << 8 | input[2]);
      numbers.push_back(input[0]);
      sealed.push_back(Seal(input[0], input.subspan(3, bytes)));
      input = input.subspan(3 + bytes);
    }
    std::vector<SealedRecord> records;
    for (std::size_t i = 0; i < sealed.size(); ++i) records.push_back({numbers[i], sealed[i]});
    Present({}, records);
  }

 private:
  // The keeper's own binding: id, then number, big-endian.
  Bytes Seal(std::uint32_t number, ByteView plain) const {
    Bytes binding = CopyOf(ByteView(kId));
    AppendU32Be(binding, number);
    return sealer_.Seal(plain, binding);
  }

  void Present(ByteView raw, std::vector<SealedRecord> records) {
    if (!raw.empty()) records.push_back({1, raw});
    Peer peer;
    peer.pid = 1;
    auto restored = keeper_.Restore(kId, records, peer, kMostSessions);
    if (restored) {
      GW_CHECK(keeper_.TakeAll(**restored).size() >= 1);
      applications_.Remove(**restored);
    }
    GW_CHECK(applications_.size() == 0);
    GW_CHECK(tokens_.Find(SlotId{0})->sessions == 0);
  }

  test::AgreeableHsm hsm_;
  test::AcceptAll iam_;
  std::unique_ptr<Keystore> keystore_ = MakeMemoryKeystore();
  TokenTable tokens_;
  ApplicationTable applications_{tokens_, 10};
  Sealer sealer_{Key()};
  RecordKeeper keeper_{Key(), tokens_, applications_};
};

}  // namespace
}  // namespace gw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static gw::fuzz::Target target;
  target.Run({data, size});
  return 0;
}
