// Room: tests/support. Certificates made at run time, so that no key lies in the repository and
// none expires.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace gw::test {

struct CertifiedKey {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS #8
};

// A certificate authority on P-256.
class TestCa {
 public:
  explicit TestCa(const std::string& name);
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  const std::string& certificate() const { return certificate_; }  // PEM
  // `names` as OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1". Valid for a day.
  CertifiedKey Issue(const std::string& common_name, const std::vector<std::string>& names) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string certificate_;
};

}  // namespace gw::test
