// Room: tests/unit/upstream.
#include "daemon/upstream/status_map.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/captured_log.h"
#include "tests/support/fake_hsm.h"

namespace gw {
namespace {

const RpcInfo& kSign = InfoOf(RpcId::kSignSingle);

Failure From(RpcCode code, const std::string& message, const std::string& details = "") {
  return FailureFrom(kSign, {code, message, details});
}
Failure FromHsm(std::uint64_t code, bool retry = false) {
  return From(RpcCode::kUnknown, "text", test::Grep11Details(code, "the detail's text", retry));
}

struct PlainCase {
  RpcCode code;
  CK_RV rv;
  FailureClass what;
};
class PlainStatusTest : public testing::TestWithParam<PlainCase> {};

TEST_P(PlainStatusTest, AStatusWithoutDetailIsMappedByItsCode) {
  const Failure failure = From(GetParam().code, "some text");
  EXPECT_EQ(failure.error.rv, GetParam().rv);
  EXPECT_EQ(failure.what, GetParam().what);
  EXPECT_EQ(failure.error.kind, ErrorKind::kUpstream);
  EXPECT_NE(failure.error.detail.find("SignSingle"), std::string::npos);
  EXPECT_NE(failure.error.detail.find("some text"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    AllCodes, PlainStatusTest,
    testing::Values(
        PlainCase{RpcCode::kCancelled, CKR_DEVICE_ERROR, FailureClass::kUnreachable},
        PlainCase{RpcCode::kUnknown, CKR_DEVICE_ERROR, FailureClass::kGarbled},
        PlainCase{RpcCode::kInvalidArgument, CKR_ARGUMENTS_BAD, FailureClass::kFinal},
        PlainCase{RpcCode::kDeadlineExceeded, CKR_DEVICE_ERROR, FailureClass::kTimedOut},
        PlainCase{RpcCode::kNotFound, CKR_DEVICE_ERROR, FailureClass::kFinal},
        PlainCase{RpcCode::kAlreadyExists, CKR_DEVICE_ERROR, FailureClass::kFinal},
        PlainCase{RpcCode::kPermissionDenied, CKR_USER_NOT_LOGGED_IN, FailureClass::kForbidden},
        PlainCase{RpcCode::kResourceExhausted, CKR_DEVICE_MEMORY, FailureClass::kExhausted},
        PlainCase{RpcCode::kFailedPrecondition, CKR_DEVICE_ERROR, FailureClass::kFinal},
        PlainCase{RpcCode::kAborted, CKR_DEVICE_ERROR, FailureClass::kAskAgain},
        PlainCase{RpcCode::kOutOfRange, CKR_ARGUMENTS_BAD, FailureClass::kFinal},
        PlainCase{RpcCode::kUnimplemented, CKR_FUNCTION_NOT_SUPPORTED, FailureClass::kFinal},
        PlainCase{RpcCode::kInternal, CKR_DEVICE_ERROR, FailureClass::kGarbled},
        PlainCase{RpcCode::kUnavailable, CKR_DEVICE_ERROR, FailureClass::kUnreachable},
        PlainCase{RpcCode::kDataLoss, CKR_DEVICE_ERROR, FailureClass::kGarbled},
        PlainCase{RpcCode::kUnauthenticated, CKR_USER_NOT_LOGGED_IN,
                  FailureClass::kUnauthenticated}));

TEST(StatusMapTest, EveryKnownCodeOfTheHsmPassesUnchanged) {
  ASSERT_EQ(KnownHsmCodes().size(), 121u);
  const test::CapturedLog quiet;
  for (const HsmCode& code : KnownHsmCodes()) {
    const Failure failure = FromHsm(code.rv);
    EXPECT_EQ(failure.error.rv, code.rv);
    EXPECT_EQ(failure.error.kind, code.kind);
    EXPECT_NE(failure.error.detail.find("the detail's text"), std::string::npos);
  }
}

TEST(StatusMapTest, ABadSignatureIsTheCallersAffair) {
  const Failure failure = FromHsm(CKR_SIGNATURE_INVALID);
  EXPECT_EQ(failure.error.rv, CKR_SIGNATURE_INVALID);
  EXPECT_EQ(failure.error.kind, ErrorKind::kCaller);
  EXPECT_EQ(failure.what, FailureClass::kFinal);
  EXPECT_FALSE(failure.error.retryable);
}

TEST(StatusMapTest, AnUnknownCodeBecomesDeviceErrorAndIsLogged) {
  for (const std::uint64_t code :
       {std::uint64_t{0}, std::uint64_t{0x4711}, std::uint64_t{0x80099999}, ~std::uint64_t{0}}) {
    const test::CapturedLog log;
    EXPECT_EQ(FromHsm(code).error.rv, CKR_DEVICE_ERROR);
    EXPECT_NE(log.text().find("unknown code"), std::string::npos);
  }
}

TEST(StatusMapTest, TheRetryHintIsKept) {
  const Failure failure = FromHsm(CKR_IBM_TRANSPORT_ERROR, /*retry=*/true);
  EXPECT_EQ(failure.what, FailureClass::kAskAgain);
  EXPECT_TRUE(failure.error.retryable);
}

TEST(StatusMapTest, NotAuthenticatedAsksForARenewalLikeTheGrpcCode) {
  EXPECT_EQ(FromHsm(CKR_IBM_GREP11_NOT_AUTHENTICATED).what, FailureClass::kUnauthenticated);
}

TEST(StatusMapTest, ANameInTheMessageHelpsWhenTheDetailIsMissing) {
  EXPECT_EQ(From(RpcCode::kUnknown, "CKR_SIGNATURE_INVALID").error.rv, CKR_SIGNATURE_INVALID);
  EXPECT_EQ(
      From(RpcCode::kUnknown, "libep11.so m_UnwrapKey: CKR_WRAPPED_KEY_INVALID, sorry").error.rv,
      CKR_WRAPPED_KEY_INVALID);
  EXPECT_EQ(From(RpcCode::kUnknown, "CKR_NO_SUCH_NAME").error.rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(From(RpcCode::kUnknown, "CKR_").error.rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(From(RpcCode::kUnavailable, "CKR_SIGNATURE_INVALID").error.rv, CKR_DEVICE_ERROR);
}

TEST(StatusMapTest, GarbageInTheDetailsIsAsGoodAsNone) {
  const std::string good = test::Grep11Details(CKR_DATA_INVALID, "", false);
  EXPECT_EQ(From(RpcCode::kUnknown, "x", "\xff\xff\xff").error.rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(From(RpcCode::kUnknown, "x", good.substr(0, good.size() - 1)).error.rv,
            CKR_DEVICE_ERROR);
  EXPECT_EQ(From(RpcCode::kUnknown, "x", good + good).error.rv, CKR_DEVICE_ERROR);  // two details
}

TEST(StatusMapTest, AMissingRightNamesItsAction) {
  EXPECT_NE(From(RpcCode::kPermissionDenied, "no").error.detail.find("hs-crypto.crypto.sign"),
            std::string::npos);
}

TEST(StatusMapTest, AMessageThatIsTooLargeIsNoOverload) {
  const Failure failure =
      From(RpcCode::kResourceExhausted, "Sent message larger than max (70000000 vs. 67108864)");
  EXPECT_EQ(failure.error.rv, CKR_DATA_LEN_RANGE);
  EXPECT_EQ(failure.what, FailureClass::kFinal);
}

TEST(StatusMapTest, OverloadWithTheRetryHintIsOverload) {
  const std::string details = test::Grep11Details(CKR_FUNCTION_CANCELED, "too many", true);
  EXPECT_EQ(From(RpcCode::kResourceExhausted, "x", details).what, FailureClass::kExhausted);
}

TEST(StatusMapTest, TextOfTheOtherSideCannotForgeLogLines) {
  const std::string detail = From(RpcCode::kInternal, "a\nERROR: b\x1b[31m").error.detail;
  EXPECT_EQ(detail.find_first_of("\n\x1b"), std::string::npos);
  EXPECT_LT(From(RpcCode::kInternal, std::string(100'000, 'x')).error.detail.size(), 1000u);
}

TEST(StatusMapTest, WhatIsAboutTheMasterKeyIsAClassOfItsOwn) {
  for (const CK_RV rv : {CKR_IBM_WK_NOT_INITIALIZED, CKR_IBM_WKID_MISMATCH}) {
    EXPECT_EQ(FromHsm(rv).error.rv, rv);
    EXPECT_EQ(FromHsm(rv).what, FailureClass::kMasterKey);
  }
}

TEST(RpcTableTest, EveryRpcHasItsNameAndAction) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRpcCount; ++i) {
    const RpcInfo& info = InfoOf(static_cast<RpcId>(i));
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    const bool session = info.id == RpcId::kLogin || info.id == RpcId::kLogout;
    EXPECT_TRUE(info.action.starts_with(session ? "hs-crypto.ep11.use" : "hs-crypto.crypto."))
        << info.name << ": " << info.action;
    EXPECT_EQ(info.method, "/grep11.Crypto/" + std::string(info.name));
  }
}

}  // namespace
}  // namespace gw
