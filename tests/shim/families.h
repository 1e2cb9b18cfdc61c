// Room: tests/shim. The functions of the five kinds of operations, called in the session kSession,
// and what their bodies are.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {

using L = CK_FUNCTION_LIST;

inline constexpr CK_OBJECT_HANDLE kKey = 0xA1A2A3A4A5A6A7A8;
inline constexpr std::uint16_t kRepeat = 1;
inline constexpr std::uint16_t kAhead = 4;

inline std::string input = "input";
inline std::string output(64, 'o');
inline CK_MECHANISM plain = {CKM_SHA256_RSA_PKCS, nullptr, 0};
inline const std::string kPlain = U8(1) + U64(CKM_SHA256_RSA_PKCS) + U8(0);

// The functions of one family, and what their bodies are.
struct Family {
  Function init, whole, update, final;
  std::string init_body, whole_body, update_body, final_body;
  std::function<CK_RV(L&)> do_init, do_whole, do_update, do_final;
};

inline const std::string kInputBody = Bytes(input);
// What an Update was given.
inline const std::string kFed = "input";
inline const std::string kCapacity = U64(64);

inline Family WithOutput(Function init, CK_C_EncryptInit L::*do_init, CK_C_Encrypt L::*do_whole,
                         CK_C_EncryptUpdate L::*do_update, CK_C_EncryptFinal L::*do_final) {
  const auto next = [init](int i) {
    return static_cast<Function>(static_cast<std::uint16_t>(init) + i);
  };
  const auto in_out = [](CK_C_Encrypt L::*member) {
    return [member](L& p11) {
      CK_ULONG size = 64;
      return (p11.*member)(kSession, Ptr(input), 5, Ptr(output), &size);
    };
  };
  return {init,
          next(1),
          next(2),
          next(3),
          kPlain + U64(kKey),
          kInputBody + kCapacity,
          kInputBody + kCapacity,
          kCapacity,
          [=](L& p11) { return (p11.*do_init)(kSession, &plain, kKey); },
          in_out(do_whole),
          in_out(do_update),
          [=](L& p11) {
            CK_ULONG size = 64;
            return (p11.*do_final)(kSession, Ptr(output), &size);
          }};
}

inline Family Signing() {
  Family family =
      WithOutput(Function::C_SignInit, &L::C_SignInit, &L::C_Sign, nullptr, &L::C_SignFinal);
  family.update_body = kInputBody;
  family.do_update = [](L& p11) { return p11.C_SignUpdate(kSession, Ptr(input), 5); };
  return family;
}

inline Family Digesting() {
  Family family = WithOutput(Function::C_DigestInit, nullptr, &L::C_Digest, nullptr, nullptr);
  family.final = Function::C_DigestFinal;  // C_DigestKey is in between
  family.init_body = kPlain;
  family.update_body = kInputBody;
  family.do_init = [](L& p11) { return p11.C_DigestInit(kSession, &plain); };
  family.do_update = [](L& p11) { return p11.C_DigestUpdate(kSession, Ptr(input), 5); };
  family.do_final = [](L& p11) {
    CK_ULONG size = 64;
    return p11.C_DigestFinal(kSession, Ptr(output), &size);
  };
  return family;
}

inline Family Verifying() {
  Family family = WithOutput(Function::C_VerifyInit, &L::C_VerifyInit, nullptr, nullptr, nullptr);
  family.whole_body = kInputBody + kInputBody;
  family.update_body = kInputBody;
  family.final_body = kInputBody;
  family.do_whole = [](L& p11) { return p11.C_Verify(kSession, Ptr(input), 5, Ptr(input), 5); };
  family.do_update = [](L& p11) { return p11.C_VerifyUpdate(kSession, Ptr(input), 5); };
  family.do_final = [](L& p11) { return p11.C_VerifyFinal(kSession, Ptr(input), 5); };
  return family;
}

inline std::vector<Family> Families() {
  return {WithOutput(Function::C_EncryptInit, &L::C_EncryptInit, &L::C_Encrypt, &L::C_EncryptUpdate,
                     &L::C_EncryptFinal),
          WithOutput(Function::C_DecryptInit, &L::C_DecryptInit, &L::C_Decrypt, &L::C_DecryptUpdate,
                     &L::C_DecryptFinal),
          Digesting(), Signing(), Verifying()};
}

// The functions of a family that give octets back.
inline bool HasOutput(Function function) {
  for (const Function none : {Function::C_DigestUpdate, Function::C_SignUpdate, Function::C_Verify,
                              Function::C_VerifyUpdate, Function::C_VerifyFinal})
    if (function == none) return false;
  return true;
}

// Answers all of them with success; a question for the length (no capacity, which comes last) too.
inline void AnswerFamilies(FakeDaemon& daemon) {
  for (const Family& family : Families()) {
    for (const Function function : {family.whole, family.update, family.final})
      daemon.On(function, [](const Frame& frame) {
        if (!HasOutput(frame.function)) return Ok();
        return Ok(U64(3) + Bytes(frame.body.ends_with(U64(~0ull)) ? "" : "out"));
      });
  }
}

}  // namespace gw::shim_test
