// Room: tests. Frames into the dispatcher: the protocol of proto/wire/WIRE.md from the daemon's
// side.
#include "daemon/dispatch/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "tests/support/captured_log.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::HasSubstr;
using testing::Not;
using wire::Function;
using Verdict = Dispatcher::Verdict;

// A body under construction.
struct Body {
  Bytes octets;
  std::uint8_t* Extend(std::size_t bytes) {
    octets.resize(octets.size() + bytes);
    return octets.data() + octets.size() - bytes;
  }
};

class DispatcherTest : public OpsTest {
 protected:
  DispatcherTest()
      : records_(SealKey(), tokens_, applications_),
        dispatcher_(*services_, records_, graces_.get_executor()) {}

  static SecretBytes SealKey() { return SecretBytes::OfSize(Sealer::kKeyBytes); }

  Bytes AttachBody(std::uint16_t version_min = wire::kVersionMin,
                   std::uint16_t version_max = wire::kVersionMax,
                   std::uint8_t ulong_bytes = sizeof(CK_ULONG)) {
    return AttachBody(wire::Manner::kBegin, {}, {}, version_min, version_max, ulong_bytes);
  }
  Bytes AttachBody(wire::Manner manner, ByteView id, const std::map<std::uint32_t, Bytes>& records,
                   std::uint16_t version_min = wire::kVersionMin,
                   std::uint16_t version_max = wire::kVersionMax,
                   std::uint8_t ulong_bytes = sizeof(CK_ULONG)) {
    Body body;
    wire::Writer writer(body);
    writer.U32(wire::kAttachMagic);
    writer.U16(version_min);
    writer.U16(version_max);
    writer.Bytes(shim_.data(), shim_.size());
    writer.U8(ulong_bytes);
    writer.U32(features_);
    writer.U8(static_cast<std::uint8_t>(manner));
    writer.Bytes(id.data(), id.size());
    writer.U32(static_cast<std::uint32_t>(records.size()));
    for (const auto& [number, octets] : records) {
      writer.U32(number);
      writer.Bytes(octets.data(), octets.size());
    }
    return body.octets;
  }

  Verdict Send(std::uint16_t function, Bytes body, std::uint64_t session = 0) {
    wire::Header header;
    header.function = function;
    header.body_bytes = static_cast<std::uint32_t>(body.size());
    header.request = ++request_;
    header.session_or_result = session;
    header.flags = flags_;
    reply_.Clear();
    body_ = std::move(body);
    return Run(dispatcher_.Answer(attachment_, header, body_, reply_));
  }
  Verdict Send(Function function, Bytes body, std::uint64_t session = 0) {
    return Send(static_cast<std::uint16_t>(function), std::move(body), session);
  }
  void Attach() { ASSERT_EQ(Send(Function::kAttach, AttachBody()), Verdict::kReply); }

  wire::Header ReplyHeader() const {
    std::uint8_t bytes[wire::kHeaderBytes];
    std::ranges::copy(reply_.octets().first(wire::kHeaderBytes), bytes);
    return wire::DecodeHeader(bytes);
  }
  CK_RV Rv() const { return ReplyHeader().session_or_result; }
  wire::Reader Results() const {
    const ByteView body = reply_.octets().subspan(wire::kHeaderBytes);
    return {body.data(), body.size()};
  }

  static Bytes NumberBody(std::initializer_list<std::uint64_t> numbers) {
    Body body;
    wire::Writer writer(body);
    for (std::uint64_t number : numbers) writer.U64(number);
    return body.octets;
  }

  RecordKeeper records_;
  boost::asio::io_context graces_;  // a loop of its own: calls are answered while they last
  Dispatcher dispatcher_;
  Attachment attachment_;
  ReplyBuffer reply_;
  Bytes body_;
  std::uint64_t request_ = 0;
  std::uint16_t flags_ = 0;
  std::uint32_t features_ = 0;
  std::string shim_ = "0.1.0";  // of Attach
};

TEST_F(DispatcherTest, AttachGivesAnApplicationIdAndRepeatsTheRequestNumber) {
  Attach();
  EXPECT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(ReplyHeader().request, 1u);
  wire::Reader results = Results();
  EXPECT_EQ(results.U16(), wire::kVersionMax);
  EXPECT_EQ(results.Bytes().size, wire::kApplicationIdBytes);
  EXPECT_EQ(results.U32(), 0u);
  EXPECT_EQ(results.U32(), wire::kMaxBodyBytes);
  EXPECT_EQ(results.U32(), wire::kMaxAttributes);
  EXPECT_EQ(ReplyHeader().flags, wire::kFlagRecords);
  EXPECT_EQ(results.U32(), 1u);
  EXPECT_EQ(results.U32(), wire::kApplicationRecord);
}

TEST_F(DispatcherTest, AttachGivesTheEpochPageToWhoAsksForIt) {
  const auto attach = [&](std::uint32_t features) {
    attachment_ = Attachment();
    features_ = features;
    Attach();
    EXPECT_EQ(Rv(), CKR_OK);
    wire::Reader results = Results();
    results.U16();
    results.Bytes();
    return std::pair(results.U32(), reply_.descriptor());
  };
  const int page = tokens_.epoch().descriptor();
  ASSERT_GE(page, 0);
  EXPECT_EQ(attach(0), std::pair(0u, -1));
  EXPECT_EQ(attach(~0u), std::pair(wire::kFeatureEpochPage, page));
  EXPECT_EQ(attach(wire::kFeatureEpochPage), std::pair(wire::kFeatureEpochPage, page));
  gateway().local.remember_init = false;
  EXPECT_EQ(attach(wire::kFeatureEpochPage), std::pair(0u, -1));
}

class ProfileOfAttachTest : public DispatcherTest {
 protected:
  static std::string VersionAnd(const std::string& profile) {
    return "0.1.0" + std::string(1, '\0') + profile;
  }
  // Another process comes; what is logged of it.
  std::string LogOf(const std::string& shim) {
    const test::CapturedLog log;
    attachment_ = Attachment();
    shim_ = shim;
    Attach();
    EXPECT_EQ(Rv(), CKR_OK);
    return log.text();
  }
};

TEST_F(ProfileOfAttachTest, IsTheApplications) {
  gateway().profile_slots["/etc/payments.yaml"] = {0};
  EXPECT_THAT(LogOf(VersionAnd("/etc/payments.yaml")), Not(HasSubstr("EP11CLIENT_CFG")));
  EXPECT_EQ(attachment_.application->profile, "/etc/payments.yaml");
  EXPECT_THAT(LogOf("0.1.0"), Not(HasSubstr("EP11CLIENT_CFG")));
  EXPECT_EQ(attachment_.application->profile, "");
}

TEST_F(ProfileOfAttachTest, ThatIsNoneIsLoggedOnceWithWhatToDo) {
  const std::string line = LogOf(VersionAnd("/etc/unknown.yaml"));
  EXPECT_THAT(line, HasSubstr("EP11CLIENT_CFG=/etc/unknown.yaml"));
  EXPECT_THAT(line, HasSubstr("gateway.profiles"));
  EXPECT_THAT(LogOf(VersionAnd("/etc/unknown.yaml")), Not(HasSubstr("EP11CLIENT_CFG")));
  EXPECT_THAT(LogOf(VersionAnd("/etc/other.yaml")), HasSubstr("EP11CLIENT_CFG=/etc/other.yaml"));
}

TEST_F(ProfileOfAttachTest, WithoutEndAreNotLoggedWithoutEnd) {
  const test::CapturedLog log;
  UnknownProfiles unknown;
  for (int i = 0; i < 200; ++i) {
    application_->profile = "/etc/" + std::to_string(i);
    unknown.Tell(gateway(), *application_);
  }
  const std::string text = log.text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 64);
}

TEST_F(ProfileOfAttachTest, LongerThanAPathIsNoAttach) {
  shim_ = VersionAnd(std::string(wire::kMaxProfileBytes + 1, 'x'));
  EXPECT_EQ(Send(Function::kAttach, AttachBody()), Verdict::kClose);
  shim_.pop_back();
  EXPECT_EQ(Send(Function::kAttach, AttachBody()), Verdict::kReply);
}

// A reload that gives the application other slots ends what it has in those that it had.
TEST_F(ProfileOfAttachTest, SessionsOfASlotThatIsNotInItAnyMoreAreInvalid) {
  gateway().profile_slots["/etc/payments.yaml"] = {0};
  LogOf(VersionAnd("/etc/payments.yaml"));
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  const std::uint64_t session = Results().U64();
  Send(Function::C_GetSessionInfo, {}, session);
  EXPECT_EQ(Rv(), CKR_OK);
  gateway().profile_slots["/etc/payments.yaml"] = {1};
  Send(Function::C_GetSessionInfo, {}, session);
  EXPECT_EQ(Rv(), CKR_SESSION_HANDLE_INVALID);
}

TEST_F(DispatcherTest, ASlotThatIsTakenFromAnApplicationTakesItsOpenSessionsAlong) {
  attachment_.peer.uid = 33;
  Attach();
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  const std::uint64_t session = Results().U64();
  gateway().slot_policies[0].allowed_uids = {34};
  ASSERT_EQ(Send(Function::C_GetSessionInfo, {}, session), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_SESSION_HANDLE_INVALID);
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_SLOT_ID_INVALID);
  gateway().slot_policies[0].allowed_uids = {33, 34};
  ASSERT_EQ(Send(Function::C_GetSessionInfo, {}, session), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
}

// Behaviour R350.
TEST_F(DispatcherTest, TheLogHasALineForEachCallThatSaysWhoCalledWhat) {
  attachment_.peer.pid = 4711;
  attachment_.peer.uid = 33;
  Attach();
  const test::CapturedLog log;
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  const std::uint64_t session = Results().U64();
  attachment_.application->LogIn(token(), UserState::kNormal, nullptr);
  ASSERT_EQ(Send(Function::C_GetSessionInfo, {}, session), Verdict::kReply);
  const std::string who = "(pid 4711, uid 33, slot 0, session " + std::to_string(session) +
                          ", normal user): CKR_OK after ";
  EXPECT_THAT(log.text(), HasSubstr("C_OpenSession of application "));
  EXPECT_THAT(log.text(), HasSubstr("(pid 4711, uid 33): CKR_OK after "));
  EXPECT_THAT(log.text(), HasSubstr("C_GetSessionInfo of application "));
  EXPECT_THAT(log.text(), HasSubstr(who));
}

// Behaviour R320: an application that is logged in and is told that it is not would log in again.
TEST_F(DispatcherTest, AMissingRightIsADeviceErrorToWhoIsLoggedIn) {
  Attach();
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  const std::uint64_t session = Results().U64();
  const auto random_without_right = [&] {
    hsm_.next_error = UpstreamError(CKR_USER_NOT_LOGGED_IN, "needed: generaterandom");
    EXPECT_EQ(Send(Function::C_GenerateRandom, NumberBody({32}), session), Verdict::kReply);
    return Rv();
  };
  EXPECT_EQ(random_without_right(), CKR_USER_NOT_LOGGED_IN);
  attachment_.application->LogIn(token(), UserState::kNormal, nullptr);
  EXPECT_EQ(random_without_right(), CKR_DEVICE_ERROR);
}

// Behaviour A11.
TEST_F(DispatcherTest, ATemplateThatSaysTwoThingsAboutItsPlaceIsWarnedAbout) {
  Attach();
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION | CKF_RW_SESSION})),
            Verdict::kReply);
  const std::uint64_t session = Results().U64();
  const auto warnings = [&](CK_ATTRIBUTE_TYPE type, const char* first, const char* second) {
    Body body;
    wire::Writer writer(body);
    writer.U32(3);
    writer.U64(CKA_CLASS);
    writer.U8(static_cast<std::uint8_t>(wire::ValueForm::kBytes));
    const CK_OBJECT_CLASS data = CKO_DATA;
    writer.Bytes(&data, sizeof data);
    for (const char* value : {first, second}) {
      writer.U64(type);
      writer.U8(static_cast<std::uint8_t>(wire::ValueForm::kBytes));
      writer.Bytes(value, 1);
    }
    const test::CapturedLog log;
    EXPECT_EQ(Send(Function::C_CreateObject, body.octets, session), Verdict::kReply);
    return log.text();
  };
  EXPECT_THAT(warnings(CKA_TOKEN, "\1", "\0"), HasSubstr("gives CKA_TOKEN two values"));
  EXPECT_THAT(warnings(CKA_PRIVATE, "\1", "\0"), HasSubstr("gives CKA_PRIVATE two values"));
  EXPECT_THAT(warnings(CKA_TOKEN, "\0", "\0"), Not(HasSubstr("two values")));
  EXPECT_THAT(warnings(CKA_LABEL, "a", "b"), Not(HasSubstr("two values")));
}

TEST_F(DispatcherTest, AFrameBeforeAttachClosesTheConnection) {
  EXPECT_EQ(Send(Function::C_GetInfo, {}), Verdict::kClose);
}

TEST_F(DispatcherTest, ASecondAttachClosesTheConnection) {
  Attach();
  EXPECT_EQ(Send(Function::kAttach, AttachBody()), Verdict::kClose);
}

TEST_F(DispatcherTest, VersionsWithoutOverlapAndForeignWordSizesAreRefusedWithAReply) {
  for (const Bytes& body : {AttachBody(2, 9), AttachBody(0, 0), AttachBody(1, 1, 4)}) {
    ASSERT_EQ(Send(Function::kAttach, body), Verdict::kReply);
    EXPECT_EQ(Rv(), CKR_DEVICE_ERROR);
    EXPECT_EQ(attachment_.application, nullptr);
  }
}

TEST_F(DispatcherTest, AnUnknownApplicationIdAsksTheShimToBeginAnew) {
  const Bytes id(16, 0xab);
  ASSERT_EQ(Send(Function::kAttach, AttachBody(wire::Manner::kJoin, id, {})), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_SESSION_HANDLE_INVALID);
}

TEST_F(DispatcherTest, AnAttachCutOffAnywhereClosesTheConnection) {
  const Bytes whole = AttachBody();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_EQ(Send(Function::kAttach,
                   Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes))),
              Verdict::kClose)
        << bytes;
  }
}

TEST_F(DispatcherTest, FunctionsThatAreNotCarriedCloseTheConnection) {
  Attach();
  for (std::uint16_t function : {std::uint16_t{0}, std::uint16_t{72}, std::uint16_t{81},
                                 std::uint16_t{92}, std::uint16_t{0x7fff}, std::uint16_t{0xffff}}) {
    EXPECT_EQ(Send(function, {}), Verdict::kClose) << function;
  }
}

TEST_F(DispatcherTest, ABodyWithBytesLeftOverClosesTheConnection) {
  Attach();
  EXPECT_EQ(Send(Function::C_GetInfo, Bytes(1, 0)), Verdict::kClose);
}

TEST_F(DispatcherTest, EveryFunctionSurvivesEmptyAndGarbageBodies) {
  Attach();
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  const std::uint64_t session = Results().U64();
  for (const wire::FunctionRow& row : wire::kFunctions) {
    if (row.carried != wire::Carried::kCarried || row.number == 1 || row.number == 13) continue;
    for (std::size_t bytes : {0u, 1u, 7u, 8u, 9u, 64u}) {
      Send(row.number, Bytes(bytes, 0xff), session);
    }
  }
  // The application is none the worse for it.
  EXPECT_EQ(Send(Function::C_GetSessionInfo, {}, session), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
}

TEST_F(DispatcherTest, AnAttributeListDeeperOrLongerThanAllowedClosesTheConnection) {
  Attach();
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  const std::uint64_t session = Results().U64();
  Body deep;
  wire::Writer nested(deep);
  for (std::uint32_t level = 0; level <= wire::kMaxNesting; ++level) {
    nested.U32(1);
    nested.U64(CKA_WRAP_TEMPLATE);
    nested.U8(static_cast<std::uint8_t>(wire::ValueForm::kNested));
  }
  nested.U32(0);
  EXPECT_EQ(Send(Function::C_FindObjectsInit, deep.octets, session), Verdict::kClose);
  Body many;
  wire::Writer counted(many);
  counted.U32(wire::kMaxAttributes + 1);
  many.octets.resize(many.octets.size() + std::size_t{13} * (wire::kMaxAttributes + 1));
  EXPECT_EQ(Send(Function::C_FindObjectsInit, many.octets, session), Verdict::kClose);
}

TEST_F(DispatcherTest, AnUnknownSessionIsAnInvalidHandle) {
  Attach();
  ASSERT_EQ(Send(Function::C_GetSessionInfo, {}, 4711), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(ReplyHeader().body_bytes, 0u);
}

TEST_F(DispatcherTest, AFrameWithAPinIsWipedWhenItIsAnswered) {
  Attach();
  ASSERT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION})), Verdict::kReply);
  const std::uint64_t session = Results().U64();
  Body login;
  wire::Writer writer(login);
  writer.U64(CKU_USER);
  writer.U8(1);
  writer.Bytes("topsecret", 9);
  ASSERT_EQ(Send(Function::C_Login, login.octets, session), Verdict::kReply);
  EXPECT_TRUE(std::ranges::all_of(body_, [](Byte byte) { return byte == 0; }));
}

TEST_F(DispatcherTest, AnApplicationIsFreedAfterItsLastConnectionAndTheGrace) {
  config_->gateway.times.application_grace = std::chrono::milliseconds(0);
  const std::size_t before = applications_.size();
  Attach();
  EXPECT_EQ(applications_.size(), before + 1);
  dispatcher_.Detach(attachment_);
  graces_.run();
  EXPECT_EQ(applications_.size(), before);
}

TEST_F(DispatcherTest, AStoppingDaemonWaitsForNoGrace) {
  config_->gateway.times.application_grace = std::chrono::hours(1);
  const std::size_t before = applications_.size();
  Attach();
  Attachment late;
  std::swap(late, attachment_);
  Attach();
  dispatcher_.Detach(attachment_);
  graces_.poll();
  EXPECT_EQ(applications_.size(), before + 2);
  dispatcher_.Close();
  dispatcher_.Detach(late);
  graces_.run();
  EXPECT_EQ(applications_.size(), before);
}

TEST_F(DispatcherTest, WhereNoRoomIsLeftTheOneThatIsGoneForLongestMakesIt) {
  config_->gateway.times.application_grace = std::chrono::hours(1);
  std::vector<Attachment> all;
  do {
    attachment_ = Attachment{};
    Attach();
    all.push_back(attachment_);
  } while (Rv() == CKR_OK);
  EXPECT_EQ(Rv(), CKR_HOST_MEMORY);
  all.pop_back();
  ASSERT_GE(all.size(), 3u);
  const std::size_t full = applications_.size();
  // Another that takes its leave is no room to be made: it holds none.
  std::swap(attachment_, all.back());
  ASSERT_EQ(Send(Function::C_Finalize, {}), Verdict::kReply);
  dispatcher_.Detach(attachment_);
  graces_.poll();
  attachment_ = Attachment{};
  Attach();
  ASSERT_EQ(applications_.size(), full);
  all.back() = attachment_;
  std::vector<std::weak_ptr<Application>> gone;
  for (std::size_t i : {2u, 0u}) {
    gone.push_back(all[i].application);
    dispatcher_.Detach(all[i]);
  }
  graces_.poll();
  for (std::size_t i = 0; i < gone.size(); ++i) {
    EXPECT_FALSE(gone[i].expired());
    attachment_ = Attachment{};
    Attach();
    EXPECT_EQ(Rv(), CKR_OK);
    EXPECT_TRUE(gone[i].expired());
    EXPECT_EQ(applications_.size(), full);
    all.push_back(attachment_);
  }
  attachment_ = Attachment{};
  Attach();
  EXPECT_EQ(Rv(), CKR_HOST_MEMORY);  // those that are here stay
  dispatcher_.Close();
  graces_.run();
  EXPECT_EQ(applications_.size(), full);
}

TEST_F(DispatcherTest, FinalizeFreesTheApplicationAtOnce) {
  const std::size_t before = applications_.size();
  Attach();
  ASSERT_EQ(Send(Function::C_Finalize, {}), Verdict::kReply);
  EXPECT_EQ(applications_.size(), before);
}

// -- requests that are sent again, and applications that come back

class RepeatTest : public DispatcherTest {
 protected:
  RepeatTest() {
    Attach();
    session_ = Open();
  }

  std::uint64_t Open() {
    EXPECT_EQ(Send(Function::C_OpenSession, NumberBody({0, CKF_SERIAL_SESSION | CKF_RW_SESSION})),
              Verdict::kReply);
    return Results().U64();
  }
  // The last request once more, as after a connection that dropped.
  Verdict SendAgain(Function function, Bytes body, std::uint64_t session) {
    --request_;
    flags_ = wire::kFlagRepeat;
    const Verdict verdict = Send(function, std::move(body), session);
    flags_ = 0;
    return verdict;
  }
  static Bytes DataObject(bool token) {
    Body body;
    wire::Writer writer(body);
    writer.U32(2);
    writer.U64(CKA_CLASS);
    writer.U8(0);
    const CK_ULONG data = CKO_DATA;
    writer.Bytes(&data, sizeof data);
    writer.U64(CKA_TOKEN);
    writer.U8(0);
    const CK_BBOOL is_token = token ? CK_TRUE : CK_FALSE;
    writer.Bytes(&is_token, 1);
    return body.octets;
  }
  static Bytes Sha256Init() {
    Body body;
    wire::Writer writer(body);
    writer.U8(1);
    writer.U64(CKM_SHA256);
    writer.U8(0);
    return body.octets;
  }
  void ExpectDigestOfAbc() const {
    EXPECT_EQ(Rv(), CKR_OK);
    wire::Reader results = Results();
    EXPECT_EQ(results.U64(), 32u);
    const wire::Octets hash = results.Bytes();
    ASSERT_EQ(hash.size, 32u);
    EXPECT_EQ(HexOf({hash.data, 4}), "ba7816bf");
  }
  // What the shim would keep of the last reply.
  void Keep() {
    if ((ReplyHeader().flags & wire::kFlagRecords) == 0) return;
    const ByteView reply = reply_.octets();
    wire::Reader last(reply.data() + reply.size() - 4, 4);
    const std::uint32_t bytes = last.U32();
    wire::Reader updates(reply.data() + reply.size() - 4 - bytes, bytes);
    const std::uint32_t count = updates.U32();
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t number = updates.U32();
      updates.U64();
      const wire::Octets octets = updates.Bytes();
      kept_[number] = Bytes(octets.data, octets.data + octets.size);
      if (octets.size == 0) kept_.erase(number);
    }
    ASSERT_TRUE(updates.AtEnd());
  }

  std::uint64_t session_ = 0;
  std::map<std::uint32_t, Bytes> kept_;
};

TEST_F(RepeatTest, ATokenObjectIsMadeOnceHoweverOftenItIsAskedFor) {
  ASSERT_EQ(Send(Function::C_CreateObject, DataObject(true), session_), Verdict::kReply);
  ASSERT_EQ(Rv(), CKR_OK);
  const std::uint64_t first = Results().U64();
  ASSERT_EQ(SendAgain(Function::C_CreateObject, DataObject(true), session_), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(Results().U64(), first);
  EXPECT_EQ(token().objects().size(), 1u);
}

TEST_F(RepeatTest, AnObjectIsDestroyedOnceAndTheRepeatIsToldSo) {
  ASSERT_EQ(Send(Function::C_CreateObject, DataObject(true), session_), Verdict::kReply);
  const Bytes object = NumberBody({Results().U64()});
  ASSERT_EQ(Send(Function::C_DestroyObject, object, session_), Verdict::kReply);
  ASSERT_EQ(SendAgain(Function::C_DestroyObject, object, session_), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
  ASSERT_EQ(Send(Function::C_DestroyObject, object, session_), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OBJECT_HANDLE_INVALID);
}

TEST_F(RepeatTest, AnAnswerThatCouldNotBeDeliveredIsGivenToTheRepeat) {
  wire::Header header;
  header.function = static_cast<std::uint16_t>(Function::C_OpenSession);
  const Bytes body = NumberBody({0, CKF_SERIAL_SESSION});
  ASSERT_EQ(Send(Function::C_OpenSession, body), Verdict::kReply);
  header.request = request_;
  const Bytes reply = CopyOf(reply_.octets());
  dispatcher_.NotDelivered(attachment_, header, reply_);
  const std::size_t sessions = attachment_.application->session_count();
  ASSERT_EQ(SendAgain(Function::C_OpenSession, body, 0), Verdict::kReply);
  EXPECT_EQ(CopyOf(reply_.octets()), reply);
  EXPECT_EQ(attachment_.application->session_count(), sessions);
}

TEST_F(RepeatTest, AnInitAheadBeginsTheOperationAnewWhateverWasActive) {
  const Bytes init = Sha256Init();
  ASSERT_EQ(Send(Function::C_DigestInit, init, session_), Verdict::kReply);
  Body update;
  wire::Writer update_writer(update);
  update_writer.Bytes("spoilt", 6);
  ASSERT_EQ(Send(Function::C_DigestUpdate, update.octets, session_), Verdict::kReply);
  Body digest;
  wire::Writer writer(digest);
  writer.Bytes(init.data(), init.size());
  writer.Bytes("", 0);
  writer.Bytes("abc", 3);
  writer.U64(32);
  flags_ = wire::kFlagInitAhead;
  ASSERT_EQ(Send(Function::C_Digest, digest.octets, session_), Verdict::kReply);
  ExpectDigestOfAbc();
}

TEST_F(RepeatTest, AnInitAheadGivesTheOperationItsInputAgain) {
  const Bytes init = Sha256Init();
  Body final;
  wire::Writer writer(final);
  writer.Bytes(init.data(), init.size());
  writer.Bytes("abc", 3);
  writer.U64(32);
  flags_ = wire::kFlagInitAhead;
  ASSERT_EQ(Send(Function::C_DigestFinal, final.octets, session_), Verdict::kReply);
  ExpectDigestOfAbc();
}

TEST_F(RepeatTest, WhatTheInitAheadAnswersTheFunctionAnswersAndNothingIsBegun) {
  Body init;
  wire::Writer init_writer(init);
  init_writer.U8(1);
  init_writer.U64(CKM_RSA_PKCS);  // no digest
  init_writer.U8(0);
  Body digest;
  wire::Writer writer(digest);
  writer.Bytes(init.octets.data(), init.octets.size());
  writer.Bytes("", 0);
  writer.Bytes("abc", 3);
  writer.U64(32);
  flags_ = wire::kFlagInitAhead;
  ASSERT_EQ(Send(Function::C_Digest, digest.octets, session_), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_MECHANISM_INVALID);
  EXPECT_EQ(ReplyHeader().body_bytes, 0u);
  flags_ = 0;
  ASSERT_EQ(Send(Function::C_DigestFinal, NumberBody({32}), session_), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(RepeatTest, AnInitAheadThatIsNoneClosesTheConnection) {
  const Bytes init = Sha256Init();
  for (std::size_t bytes = 0; bytes < init.size(); ++bytes) {
    Body digest;
    wire::Writer writer(digest);
    writer.Bytes(init.data(), bytes);
    writer.Bytes("", 0);
    writer.Bytes("abc", 3);
    writer.U64(32);
    flags_ = wire::kFlagInitAhead;
    EXPECT_EQ(Send(Function::C_Digest, digest.octets, session_), Verdict::kClose) << bytes;
  }
}

TEST_F(RepeatTest, InputAheadOfAFunctionWithoutPartsClosesTheConnection) {
  Body init;
  wire::Writer init_writer(init);
  init_writer.U8(1);
  init_writer.U64(CKM_RSA_PKCS);
  init_writer.U8(0);
  init_writer.U64(1);  // no such key
  for (const Function function : {Function::C_SignRecover, Function::C_VerifyRecover}) {
    for (const bool fed : {false, true}) {
      Body body;
      wire::Writer writer(body);
      writer.Bytes(init.octets.data(), init.octets.size());
      writer.Bytes("abc", fed ? 3 : 0);
      writer.Bytes("data", 4);
      writer.U64(256);
      flags_ = wire::kFlagInitAhead;
      const Verdict verdict = Send(function, body.octets, session_);
      EXPECT_EQ(verdict, fed ? Verdict::kClose : Verdict::kReply);
      if (!fed) {
        EXPECT_EQ(Rv(), CKR_KEY_HANDLE_INVALID);
      }
    }
  }
}

// What Init functions of other applications have been told may be wrong from then on.
TEST_F(RepeatTest, ATokenObjectThatChangesOrGoesIsAnEpoch) {
  const auto epoch = [&] {
    std::uint64_t value = 0;
    EXPECT_EQ(pread(tokens_.epoch().descriptor(), &value, sizeof value, 0), 8);
    return value;
  };
  ASSERT_EQ(Send(Function::C_CreateObject, DataObject(false), session_), Verdict::kReply);
  const std::uint64_t session_object = Results().U64();
  const std::uint64_t first = epoch();
  ASSERT_EQ(Send(Function::C_CreateObject, DataObject(true), session_), Verdict::kReply);
  const std::uint64_t object = Results().U64();
  ASSERT_EQ(Send(Function::C_DestroyObject, NumberBody({session_object}), session_),
            Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(epoch(), first);
  Body change;
  wire::Writer writer(change);
  writer.U64(object);
  writer.U32(1);
  writer.U64(CKA_LABEL);
  writer.U8(0);
  writer.Bytes("new", 3);
  ASSERT_EQ(Send(Function::C_SetAttributeValue, change.octets, session_), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
  const std::uint64_t second = epoch();
  EXPECT_NE(second, first);
  ASSERT_EQ(Send(Function::C_DestroyObject, NumberBody({object}), session_), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
  EXPECT_NE(epoch(), second);
}

TEST_F(RepeatTest, AnInitAheadOfAFunctionWithoutOperationClosesTheConnection) {
  Body body;
  wire::Writer writer(body);
  writer.Bytes("", 0);
  writer.Bytes("", 0);
  flags_ = wire::kFlagInitAhead;
  EXPECT_EQ(Send(Function::C_GetSessionInfo, body.octets, session_), Verdict::kClose);
}

TEST_F(RepeatTest, UnknownFlagsCloseTheConnection) {
  flags_ = 8;
  EXPECT_EQ(Send(Function::C_GetSessionInfo, {}, session_), Verdict::kClose);
}

TEST_F(RepeatTest, AnApplicationComesBackWithTheRecordsOfItsReplies) {
  Attachment first;
  std::swap(first, attachment_);
  ASSERT_EQ(Send(Function::kAttach, AttachBody()), Verdict::kReply);
  Keep();
  const ApplicationId id = attachment_.application->id();
  const std::uint64_t session = Open();
  Keep();
  ASSERT_EQ(Send(Function::C_CreateObject, DataObject(false), session), Verdict::kReply);
  const std::uint64_t object = Results().U64();
  Keep();
  applications_.Remove(*attachment_.application);
  attachment_.application.reset();
  ASSERT_EQ(Send(Function::kAttach, AttachBody(wire::Manner::kJoin, id, {})), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_SESSION_HANDLE_INVALID);
  ASSERT_EQ(Send(Function::kAttach, AttachBody(wire::Manner::kRestore, id, kept_)),
            Verdict::kReply);
  ASSERT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(ReplyHeader().flags, 0u);
  ASSERT_EQ(Send(Function::C_DestroyObject, NumberBody({object}), session), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(ReplyHeader().flags, wire::kFlagRecords);
}

TEST_F(RepeatTest, ACloneGetsAllItsRecordsUnderAnIdOfItsOwn) {
  Attachment first;
  std::swap(first, attachment_);
  ASSERT_EQ(Send(Function::kAttach, AttachBody()), Verdict::kReply);
  Keep();
  const ApplicationId id = attachment_.application->id();
  const std::uint64_t session = Open();
  Keep();
  Attachment parent;
  std::swap(parent, attachment_);
  ASSERT_EQ(Send(Function::kAttach, AttachBody(wire::Manner::kClone, id, kept_)), Verdict::kReply);
  ASSERT_EQ(Rv(), CKR_OK);
  EXPECT_NE(attachment_.application->id(), id);
  const std::size_t records = kept_.size();
  kept_.clear();
  Keep();
  EXPECT_EQ(kept_.size(), records);
  ASSERT_EQ(Send(Function::C_CloseSession, {}, session), Verdict::kReply);
  EXPECT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(parent.application->session_count(), 1u);
}

}  // namespace
}  // namespace gw
