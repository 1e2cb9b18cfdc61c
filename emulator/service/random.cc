// Room: emulator/service. GenerateRandom.
#include "emulator/crypto/symmetric.h"
#include "emulator/service/families.h"
#include "emulator/service/wire.h"

namespace gw::emulator {
namespace {

constexpr std::uint64_t kMaxRandomBytes = 1'000'000;

}  // namespace

GW_RPC(GenerateRandom) {
  static_cast<void>(card);
  if (request.len() == 0 || request.len() > kMaxRandomBytes) {
    return CallerError(CKR_ARGUMENTS_BAD, "Len must be 1 to 1,000,000");
  }
  std::string& random = *response.mutable_rnd();
  random.resize(request.len());
  FillRandom({reinterpret_cast<Byte*>(random.data()), random.size()});
  return Ok();
}

}  // namespace gw::emulator
