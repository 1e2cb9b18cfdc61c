// Room: emulator/service.
#include "emulator/service/grpc_status.h"

#include "grep11_errors.pb.h"
#include "rpc_status.pb.h"

namespace gw::emulator {

grpc::Status ToGrpc(const Error& error) {
  return StatusWithDetail(grpc::StatusCode::UNKNOWN, error);
}

grpc::Status StatusWithDetail(grpc::StatusCode code, const Error& error) {
  const std::string name(NameOfRv(error.rv));
  grep11::Grep11Error detail;
  detail.set_code(error.rv);
  detail.set_detail(error.detail.empty() ? name : name + ": " + error.detail);
  detail.set_retry(error.retryable);
  gw::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(name);
  details.add_details()->PackFrom(detail);  // type.googleapis.com/grep11.Grep11Error
  return {code, name, details.SerializeAsString()};
}

}  // namespace gw::emulator
