// Room: tests/shim. The real module, loaded as an application loads it, against a fake daemon.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/shim/fake_daemon.h"

namespace gw::shim_test {

// The module is the same file in every preset; a sanitizer watches the test alone, and makes forks
// and searches through memory dear.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline constexpr CK_SESSION_HANDLE kSession = 0x1122334455667788;

// A loaded module. Closing does not finalise it.
class Module {
 public:
  Module();
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  CK_FUNCTION_LIST* operator->() const { return list_; }
  CK_FUNCTION_LIST* v240() const { return list_; }
  CK_FUNCTION_LIST_3_0* v30() const { return list_v30_; }
  void* Symbol(const char* name) const;

 private:
  void* handle_;
  CK_FUNCTION_LIST* list_ = nullptr;
  CK_FUNCTION_LIST_3_0* list_v30_ = nullptr;
};

// A private socket name and short times; the environment is set for the module.
class ShimTest : public testing::Test {
 protected:
  ShimTest();
  ~ShimTest() override;

  void StartDaemon();
  void Initialize();  // with a daemon

  std::string directory_;
  std::string socket_;
  std::unique_ptr<FakeDaemon> daemon_;
  Module p11_;
};

// Descriptors this process has open.
int CountDescriptors();

// Runs `body` in a forked child and returns its exit status; -1 if it died.
int InChild(const std::function<int()>& body);

std::chrono::milliseconds Since(std::chrono::steady_clock::time_point start);

// "CKR_..." would need the daemon's tables; numbers read well enough in hex.
inline std::string Hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return text;
}

inline CK_BYTE_PTR Ptr(std::string& text) { return reinterpret_cast<CK_BYTE_PTR>(text.data()); }

}  // namespace gw::shim_test
