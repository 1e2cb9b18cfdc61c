// Room: tests. What tests of access, counters and trouble do again and again.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/temp_dir.h"
#include "tests/unit/emulator/support/client.h"
#include "tests/unit/emulator/support/http.h"

namespace gw::emulator {

using Json = nlohmann::json;

inline const std::string kGrant = "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=";

class AccessTest : public EmulatorTest {
 protected:
  // One GenerateRandom.
  grpc::StatusCode Random(Client& client) {
    grep11::GenerateRandomRequest request;
    request.set_len(8);
    client.Call(&grep11::Crypto::Stub::GenerateRandom, request);
    return client.status().error_code();
  }

  Json Counters() { return Json::parse(HttpCall(ready().control, "GET", "/counters.json").body); }

  HttpAnswer Faults(const std::string& json) {
    return HttpCall(ready().control, "POST", "/faults", json);
  }

  HttpAnswer AskIam(const std::string& form) {
    return HttpCall(ready().iam, "POST", "/identity/token", form, ready().ca_pem);
  }

  const test::TempDir& folder() const { return folder_; }

 private:
  const test::TempDir folder_;
};

}  // namespace gw::emulator
