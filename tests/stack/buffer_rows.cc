// Room: tests/stack. See buffer_rows.h.
#include "tests/stack/buffer_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using List = CK_FUNCTION_LIST_3_0;
using Init = CK_C_EncryptInit List::*;
using Whole = CK_C_Encrypt List::*;  // bytes in, bytes out
using Last = CK_C_EncryptFinal List::*;
using Feed = CK_C_SignUpdate List::*;

constexpr std::size_t kRoom = 512;

// R181: single-part mechanisms take it, block ciphers too.
const Octets& Message() {
  static const Octets message = OctetsOf("thirty-two octets of any message");
  return message;
}

// X9.31 without a hash of its own wants the trailer of the digest behind it (SHA-256 is 34 CC).
const Octets& MessageFor(const MechanismRow& row) {
  static const Octets with_trailer = [] {
    Octets message = Message();
    message.insert(message.end(), {0x34, 0xcc});
    return message;
  }();
  return row.type == CKM_RSA_X9_31 ? with_trailer : Message();
}

Octets Output(const std::function<CK_RV(CK_BYTE*, CK_ULONG*)>& call) {
  Octets output(kRoom);
  CK_ULONG size = kRoom;
  GW_EXPECT_RV(call(output.data(), &size), CKR_OK);
  output.resize(std::min<CK_ULONG>(size, kRoom));
  return output;
}

CK_BYTE* Pointer(const Octets& octets) { return const_cast<CK_BYTE*>(octets.data()); }

void Start(BufferStage& stage, Init init, const MechanismRow& row, bool private_half) {
  const KeyPair keys = stage.Keys(row);
  GW_EXPECT_RV((P11v3().*init)(stage.session(), stage.Mechanism(row),
                               private_half ? keys.private_key : keys.public_key),
               CKR_OK);
}

void StartDigest(BufferStage& stage, CK_MECHANISM_TYPE type) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  GW_EXPECT_RV(P11().C_DigestInit(stage.session(), &mechanism), CKR_OK);
}

Octets Encrypted(BufferStage& stage, const MechanismRow& row) {
  Start(stage, &List::C_EncryptInit, row, false);
  return Output([&](CK_BYTE* to, CK_ULONG* size) {
    return P11().C_Encrypt(stage.session(), Pointer(Message()), Message().size(), to, size);
  });
}

void ExpectDecrypts(BufferStage& stage, const MechanismRow& row, const Octets& ciphertext) {
  Start(stage, &List::C_DecryptInit, row, true);
  EXPECT_EQ(Output([&](CK_BYTE* to, CK_ULONG* size) {
              return P11().C_Decrypt(stage.session(), Pointer(ciphertext), ciphertext.size(), to,
                                     size);
            }),
            Message());
}

void ExpectVerifies(BufferStage& stage, const MechanismRow& row, const Octets& signature) {
  Start(stage, &List::C_VerifyInit, row, false);
  GW_EXPECT_RV(P11().C_Verify(stage.session(), Pointer(MessageFor(row)), MessageFor(row).size(),
                              Pointer(signature), signature.size()),
               CKR_OK);
}

void ExpectPlain(BufferStage&, const Octets&, const Octets& output) {
  EXPECT_EQ(output, Message());
}

auto Calls(Whole function) {
  return [function](BufferStage& stage, const BufferCall& call) {
    return (P11v3().*function)(stage.session(), call.input_at, call.input.size(),
                               static_cast<CK_BYTE*>(call.output), call.size);
  };
}

auto Calls(Last function) {
  return [function](BufferStage& stage, const BufferCall& call) {
    return (P11v3().*function)(stage.session(), static_cast<CK_BYTE*>(call.output), call.size);
  };
}

BufferRow Row(const char* function, const MechanismRow& row) {
  BufferRow made;
  made.function = function;
  made.name = std::string(function) + "_" + std::string(NameOfMechanism(row.type));
  return made;
}

// The three ways to an output of an operation that takes data.
void AddOperation(std::vector<BufferRow>& rows, BufferRow whole, BufferRow last,
                  const std::function<Octets(BufferStage&)>& begin, Whole single, Feed feed,
                  Last final) {
  whole.begin = begin;
  whole.call = Calls(single);
  whole.has_input = whole.ends = true;
  rows.push_back(std::move(whole));
  last.begin = [begin, feed](BufferStage& stage) {
    const Octets input = begin(stage);
    GW_EXPECT_RV((P11v3().*feed)(stage.session(), Pointer(input), input.size()), CKR_OK);
    return Octets();
  };
  last.call = Calls(final);
  last.ends = true;
  rows.push_back(std::move(last));
}

void AddSign(std::vector<BufferRow>& rows, const MechanismRow& row) {
  const auto judge = [row](BufferStage& stage, const Octets&, const Octets& signature) {
    ExpectVerifies(stage, row, signature);
  };
  BufferRow whole = Row("C_Sign", row);
  BufferRow last = Row("C_SignFinal", row);
  whole.judge = last.judge = judge;
  AddOperation(
      rows, std::move(whole), std::move(last),
      [row](BufferStage& stage) {
        Start(stage, &List::C_SignInit, row, true);
        return MessageFor(row);
      },
      &List::C_Sign, &List::C_SignUpdate, &List::C_SignFinal);

  for (const bool parts : {false, true}) {
    BufferRow many = Row(parts ? "C_SignMessageNext" : "C_SignMessage", row);
    many.has_input = true;
    many.judge = judge;
    many.begin = [row, parts](BufferStage& stage) {
      Start(stage, &List::C_MessageSignInit, row, true);
      if (parts) {
        GW_EXPECT_RV(P11v3().C_SignMessageBegin(stage.session(), nullptr, 0), CKR_OK);
      }
      return MessageFor(row);
    };
    many.call = [parts](BufferStage& stage, const BufferCall& call) {
      const auto function = parts ? P11v3().C_SignMessageNext : P11v3().C_SignMessage;
      return function(stage.session(), nullptr, 0, call.input_at, call.input.size(),
                      static_cast<CK_BYTE*>(call.output), call.size);
    };
    rows.push_back(std::move(many));
  }
}

void AddDigest(std::vector<BufferRow>& rows, const MechanismRow& row) {
  AddOperation(
      rows, Row("C_Digest", row), Row("C_DigestFinal", row),
      [row](BufferStage& stage) {
        StartDigest(stage, row.type);
        return Message();
      },
      &List::C_Digest, &List::C_DigestUpdate, &List::C_DigestFinal);
}

// C_Encrypt or C_Decrypt and the parts of it.
void AddCipher(std::vector<BufferRow>& rows, const MechanismRow& row, bool encrypt) {
  const auto input_of = [row, encrypt](BufferStage& stage) {
    const Octets input = encrypt ? Message() : Encrypted(stage, row);
    Start(stage, encrypt ? &List::C_EncryptInit : &List::C_DecryptInit, row, !encrypt);
    return input;
  };
  const auto undone = [row](BufferStage& stage, const Octets&, const Octets& output) {
    ExpectDecrypts(stage, row, output);
  };
  const auto update = encrypt ? &List::C_EncryptUpdate : &List::C_DecryptUpdate;
  BufferRow whole = Row(encrypt ? "C_Encrypt" : "C_Decrypt", row);
  whole.begin = input_of;
  whole.call = Calls(encrypt ? &List::C_Encrypt : &List::C_Decrypt);
  whole.judge = encrypt ? std::function(undone) : ExpectPlain;
  whole.has_input = whole.ends = true;
  rows.push_back(std::move(whole));

  BufferRow part = Row(encrypt ? "C_EncryptUpdate" : "C_DecryptUpdate", row);
  part.begin = input_of;
  part.call = Calls(update);
  part.has_input = true;
  rows.push_back(std::move(part));

  BufferRow last = Row(encrypt ? "C_EncryptFinal" : "C_DecryptFinal", row);
  last.begin = [input_of, update](BufferStage& stage) {
    const Octets input = input_of(stage);
    const Octets first = Output([&](CK_BYTE* to, CK_ULONG* size) {
      return (P11v3().*update)(stage.session(), Pointer(input), input.size(), to, size);
    });
    return first;
  };
  last.call = Calls(encrypt ? &List::C_EncryptFinal : &List::C_DecryptFinal);
  // What the Update gave and what is given now are the whole.
  last.judge = [row, encrypt](BufferStage& stage, const Octets& first, const Octets& output) {
    Octets all = first;
    all.insert(all.end(), output.begin(), output.end());
    if (encrypt) {
      ExpectDecrypts(stage, row, all);
    } else {
      EXPECT_EQ(all, Message());
    }
  };
  last.ends = true;
  rows.push_back(std::move(last));
}

// Of its like, where only that may be wrapped.
CK_OBJECT_HANDLE KeyToWrap(const BufferStage& stage, const MechanismRow& row) {
  return row.family == Family::kBoundWrap ? stage.subjects().bound : stage.subjects().aes;
}

void AddWrap(std::vector<BufferRow>& rows, const MechanismRow& row) {
  BufferRow wrap = Row("C_WrapKey", row);
  wrap.begin = [](BufferStage&) { return Octets(); };
  wrap.call = [row](BufferStage& stage, const BufferCall& call) {
    return P11().C_WrapKey(stage.session(), stage.Mechanism(row), stage.Keys(row).public_key,
                           KeyToWrap(stage, row), static_cast<CK_BYTE*>(call.output), call.size);
  };
  wrap.judge = [row](BufferStage& stage, const Octets&, const Octets& wrapped) {
    Attributes attributes;
    attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
    const auto list = attributes.list();
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    GW_ASSERT_RV(
        P11().C_UnwrapKey(stage.session(), stage.Mechanism(row), stage.Keys(row).private_key,
                          Pointer(wrapped), wrapped.size(), list.data(), list.size(), &key),
        CKR_OK);
    Octets check_values[2] = {Octets(3), Octets(3)};
    for (const int i : {0, 1}) {
      CK_ATTRIBUTE wanted{CKA_CHECK_VALUE, check_values[i].data(), 3};
      GW_EXPECT_RV(P11().C_GetAttributeValue(stage.session(), i == 0 ? key : KeyToWrap(stage, row),
                                             &wanted, 1),
                   CKR_OK);
    }
    EXPECT_EQ(check_values[0], check_values[1]);
    GW_EXPECT_RV(P11().C_DestroyObject(stage.session(), key), CKR_OK);
  };
  rows.push_back(std::move(wrap));
}

void AddRecover(std::vector<BufferRow>& rows, const MechanismRow& row) {
  BufferRow sign = Row("C_SignRecover", row);
  sign.begin = [row](BufferStage& stage) {
    Start(stage, &List::C_SignRecoverInit, row, true);
    return Message();
  };
  sign.call = Calls(&List::C_SignRecover);
  sign.has_input = sign.ends = true;
  BufferRow verify = Row("C_VerifyRecover", row);
  verify.begin = [row](BufferStage& stage) {
    Start(stage, &List::C_SignRecoverInit, row, true);
    const Octets signature = Output([&](CK_BYTE* to, CK_ULONG* size) {
      return P11().C_SignRecover(stage.session(), Pointer(Message()), Message().size(), to, size);
    });
    Start(stage, &List::C_VerifyRecoverInit, row, false);
    return signature;
  };
  verify.call = Calls(&List::C_VerifyRecover);
  verify.judge = ExpectPlain;
  verify.has_input = verify.ends = true;
  rows.push_back(std::move(sign));
  rows.push_back(std::move(verify));
}

// One part through a cipher and a digest, a signature or its check.
void AddDual(std::vector<BufferRow>& rows) {
  struct Dual {
    const char* function;
    Whole call;
    Init message;  // nullptr: a digest
    bool encrypt;
    bool private_half;
  };
  constexpr Dual kDuals[] = {
      {"C_DigestEncryptUpdate", &List::C_DigestEncryptUpdate, nullptr, true, false},
      {"C_DecryptDigestUpdate", &List::C_DecryptDigestUpdate, nullptr, false, false},
      {"C_SignEncryptUpdate", &List::C_SignEncryptUpdate, &List::C_SignInit, true, true},
      {"C_DecryptVerifyUpdate", &List::C_DecryptVerifyUpdate, &List::C_VerifyInit, false, false}};
  const MechanismRow& cipher = *FindMechanism(CKM_AES_CBC);
  const MechanismRow& hmac = *FindMechanism(CKM_SHA256_HMAC);
  for (const Dual& dual : kDuals) {
    BufferRow row = Row(dual.function, cipher);
    row.begin = [=](BufferStage& stage) {
      const Octets input = dual.encrypt ? Message() : Encrypted(stage, cipher);
      if (dual.message == nullptr) {
        StartDigest(stage, CKM_SHA256);
      } else {
        Start(stage, dual.message, hmac, dual.private_half);
      }
      Start(stage, dual.encrypt ? &List::C_EncryptInit : &List::C_DecryptInit, cipher,
            !dual.encrypt);
      return input;
    };
    row.call = Calls(dual.call);
    row.has_input = true;
    rows.push_back(std::move(row));
  }
}

// Functions without a mechanism.
void AddOthers(std::vector<BufferRow>& rows) {
  BufferRow state;
  state.name = state.function = "C_GetOperationState";
  state.begin = [](BufferStage& stage) {
    StartDigest(stage, CKM_SHA256);
    return Octets();
  };
  state.call = Calls(&List::C_GetOperationState);
  state.judge = [](BufferStage& stage, const Octets&, const Octets& output) {
    GW_EXPECT_RV(P11().C_SetOperationState(stage.session(), Pointer(output), output.size(), 0, 0),
                 CKR_OK);
  };
  rows.push_back(std::move(state));
  const auto add = [&rows](const char* function, std::size_t unit,
                           CK_RV (*call)(BufferStage&, const BufferCall&)) {
    BufferRow row;
    row.name = row.function = function;
    row.unit = unit;
    row.begin = [](BufferStage&) { return Octets(); };
    row.call = call;
    rows.push_back(std::move(row));
  };
  add("C_GetSlotList", sizeof(CK_SLOT_ID), [](BufferStage&, const BufferCall& call) {
    return P11().C_GetSlotList(CK_TRUE, static_cast<CK_SLOT_ID*>(call.output), call.size);
  });
  add("C_GetMechanismList", sizeof(CK_MECHANISM_TYPE), [](BufferStage&, const BufferCall& call) {
    return P11().C_GetMechanismList(Slot(), static_cast<CK_MECHANISM_TYPE*>(call.output),
                                    call.size);
  });
  add("C_GetInterfaceList", sizeof(CK_INTERFACE), [](BufferStage&, const BufferCall& call) {
    return P11v3().C_GetInterfaceList(static_cast<CK_INTERFACE*>(call.output), call.size);
  });
}

}  // namespace

BufferStage::BufferStage() {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  GW_EXPECT_RV(P11().C_Initialize(&arguments), CKR_OK);
  GW_EXPECT_RV(
      P11().C_OpenSession(Slot(), CKF_RW_SESSION | CKF_SERIAL_SESSION, nullptr, nullptr, &session_),
      CKR_OK);
  GW_EXPECT_RV(Login(session_, CKU_USER, Env("USER_PIN")), CKR_OK);
  subjects_ = Subjects::Make(session_);
}

BufferStage::~BufferStage() { P11().C_Finalize(nullptr); }

CK_MECHANISM* BufferStage::Mechanism(const MechanismRow& row) {
  mechanism_ = std::make_unique<FittingMechanism>(row, subjects_);
  return mechanism_->get();
}

void BufferStage::Clear() const { P11v3().C_SessionCancel(session_, kAllOperations); }

std::vector<BufferRow> BufferRows() {
  std::vector<BufferRow> rows;
  for (const MechanismRow& row : AllMechanisms()) {
    if ((row.flags & CKF_SIGN) != 0) AddSign(rows, row);
    if ((row.flags & CKF_DIGEST) != 0) AddDigest(rows, row);
    if ((row.flags & CKF_ENCRYPT) != 0) AddCipher(rows, row, true);
    if ((row.flags & CKF_DECRYPT) != 0) AddCipher(rows, row, false);
    if ((row.flags & CKF_WRAP) != 0) AddWrap(rows, row);
    if ((row.flags & CKF_SIGN_RECOVER) != 0) AddRecover(rows, row);
  }
  AddDual(rows);
  AddOthers(rows);
  return rows;
}

}  // namespace gw::stack
