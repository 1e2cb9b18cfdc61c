// Room: tests/stack. What the daemon does itself is what the HSM does: a random sequence of
// operations is run with all of gateway.local on and again with all of it off. Deterministic
// results are the same octets, randomised ones hold on the other route, failures have the same
// code. GW_SEED repeats a sequence, GW_LONG=1 makes it ten times as long.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr const char* kAllOff =
    "  local: {verify: false, digest: false, hash_sign: false, random_pool: false}\n";
constexpr int kOperations = 300;

enum class Kind { kDigest, kSign, kVerify, kEncrypt };
enum class KeyKind { kNone, kRsa, kEc, kSecret };
struct Scheme {
  const char* name;
  CK_MECHANISM_TYPE mechanism;
  KeyKind key;
  bool deterministic = true;
  CK_MECHANISM_TYPE hash = 0;  // of PSS and OAEP parameters
  CK_ULONG mgf = 0;
  std::size_t raw_bytes = 0;  // input of a mechanism that does not hash; 0: any message
};

constexpr Scheme kDigests[] = {
    {"SHA1", CKM_SHA_1, KeyKind::kNone},
    {"SHA224", CKM_SHA224, KeyKind::kNone},
    {"SHA256", CKM_SHA256, KeyKind::kNone},
    {"SHA384", CKM_SHA384, KeyKind::kNone},
    {"SHA512", CKM_SHA512, KeyKind::kNone},
    {"SHA512/224", CKM_SHA512_224, KeyKind::kNone},
    {"SHA512/256", CKM_SHA512_256, KeyKind::kNone},
};
constexpr Scheme kSignatures[] = {
    {"RSA", CKM_RSA_PKCS, KeyKind::kRsa, true, 0, 0, 51},
    {"SHA1 RSA", CKM_SHA1_RSA_PKCS, KeyKind::kRsa},
    {"SHA224 RSA", CKM_SHA224_RSA_PKCS, KeyKind::kRsa},
    {"SHA256 RSA", CKM_SHA256_RSA_PKCS, KeyKind::kRsa},
    {"SHA384 RSA", CKM_SHA384_RSA_PKCS, KeyKind::kRsa},
    {"SHA512 RSA", CKM_SHA512_RSA_PKCS, KeyKind::kRsa},
    {"PSS", CKM_RSA_PKCS_PSS, KeyKind::kRsa, false, CKM_SHA256, CKG_MGF1_SHA256, 32},
    {"SHA1 PSS", CKM_SHA1_RSA_PKCS_PSS, KeyKind::kRsa, false, CKM_SHA_1, CKG_MGF1_SHA1},
    {"SHA224 PSS", CKM_SHA224_RSA_PKCS_PSS, KeyKind::kRsa, false, CKM_SHA224, CKG_MGF1_SHA224},
    {"SHA256 PSS", CKM_SHA256_RSA_PKCS_PSS, KeyKind::kRsa, false, CKM_SHA256, CKG_MGF1_SHA256},
    {"SHA384 PSS", CKM_SHA384_RSA_PKCS_PSS, KeyKind::kRsa, false, CKM_SHA384, CKG_MGF1_SHA384},
    {"SHA512 PSS", CKM_SHA512_RSA_PKCS_PSS, KeyKind::kRsa, false, CKM_SHA512, CKG_MGF1_SHA512},
    {"ECDSA", CKM_ECDSA, KeyKind::kEc, false, 0, 0, 32},
    {"ECDSA SHA1", CKM_ECDSA_SHA1, KeyKind::kEc, false},
    {"ECDSA SHA224", CKM_ECDSA_SHA224, KeyKind::kEc, false},
    {"ECDSA SHA256", CKM_ECDSA_SHA256, KeyKind::kEc, false},
    {"ECDSA SHA384", CKM_ECDSA_SHA384, KeyKind::kEc, false},
    {"ECDSA SHA512", CKM_ECDSA_SHA512, KeyKind::kEc, false},
    {"HMAC SHA1", CKM_SHA_1_HMAC, KeyKind::kSecret},
    {"HMAC SHA224", CKM_SHA224_HMAC, KeyKind::kSecret},
    {"HMAC SHA256", CKM_SHA256_HMAC, KeyKind::kSecret},
    {"HMAC SHA384", CKM_SHA384_HMAC, KeyKind::kSecret},
    {"HMAC SHA512", CKM_SHA512_HMAC, KeyKind::kSecret},
};
constexpr Scheme kEncryptions[] = {
    {"RSA", CKM_RSA_PKCS, KeyKind::kRsa, false, 0, 0, 48},
    {"OAEP SHA1", CKM_RSA_PKCS_OAEP, KeyKind::kRsa, false, CKM_SHA_1, CKG_MGF1_SHA1, 48},
    {"OAEP SHA256", CKM_RSA_PKCS_OAEP, KeyKind::kRsa, false, CKM_SHA256, CKG_MGF1_SHA256, 48},
};

// One step of the sequence: the same call, whatever answers it.
struct Step {
  Kind kind;
  const Scheme* scheme;
  Octets input;
  std::vector<std::size_t> parts;  // empty: in one call; else their lengths
  enum class Spoiled { kNothing, kInput, kSignature, kLength } spoiled = Spoiled::kNothing;
};

struct Outcome {
  CK_RV rv = CKR_OK;
  Octets output;
};

class Sequence {
 public:
  // `offered`: what the HSM has; the rest cannot be compared.
  Sequence(std::uint32_t seed, std::vector<CK_MECHANISM_TYPE> offered)
      : random_(seed), offered_(std::move(offered)) {}

  std::vector<Step> Make(int steps) {
    std::vector<Step> sequence;
    // Each scheme at least once in one part and once in many.
    for (const bool parts : {false, true}) {
      for (const Scheme& scheme : kDigests)
        sequence.push_back(MakeStep(Kind::kDigest, scheme, parts));
      for (const Scheme& scheme : kSignatures) {
        sequence.push_back(MakeStep(Kind::kSign, scheme, parts));
        sequence.push_back(MakeStep(Kind::kVerify, scheme, parts));
      }
      for (const Scheme& scheme : kEncryptions) {
        sequence.push_back(MakeStep(Kind::kEncrypt, scheme, false));
      }
    }
    while (sequence.size() < static_cast<std::size_t>(steps)) sequence.push_back(AnyStep());
    std::erase_if(sequence, [this](const Step& step) { return !Offers(step.scheme->mechanism); });
    std::shuffle(sequence.begin(), sequence.end(), random_);
    return sequence;
  }

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }
  template <std::size_t n>
  const Scheme& OneOf(const Scheme (&schemes)[n]) {
    return schemes[Below(n)];
  }

  Step AnyStep() {
    const bool parts = Below(2) == 0;
    switch (Below(4)) {
      case 0:
        return MakeStep(Kind::kDigest, OneOf(kDigests), parts);
      case 1:
        return MakeStep(Kind::kSign, OneOf(kSignatures), parts);
      case 2:
        return MakeStep(Kind::kVerify, OneOf(kSignatures), parts);
      default:
        return MakeStep(Kind::kEncrypt, OneOf(kEncryptions), false);
    }
  }

  Step MakeStep(Kind kind, const Scheme& scheme, bool parts) {
    Step step{kind, &scheme, Octets(LengthFor(scheme)), {}};
    for (CK_BYTE& octet : step.input) octet = static_cast<CK_BYTE>(random_());
    if (parts) step.parts = Split(step.input.size());
    if (kind == Kind::kVerify) step.spoiled = static_cast<Step::Spoiled>(Below(4));
    return step;
  }

  // Empty, a few octets, around the blocks of the hashes, and longer than what is gathered at once.
  std::size_t LengthFor(const Scheme& scheme) {
    if (scheme.raw_bytes != 0) return scheme.raw_bytes;
    switch (Below(8)) {
      case 0:
        return 0;
      case 1:
        return 1 + Below(8);
      case 2:
        return 60 + Below(10);
      case 3:
        return 120 + Below(16);
      case 4:
        return (1u << 20) + Below(1u << 19);
      default:
        return Below(20'000);
    }
  }

  std::vector<std::size_t> Split(std::size_t bytes) {
    std::vector<std::size_t> parts;
    while (bytes != 0 && parts.size() < 7) {
      parts.push_back(Below(bytes + 1));  // an empty part, too
      bytes -= parts.back();
    }
    parts.push_back(bytes);
    return parts;
  }

  bool Offers(CK_MECHANISM_TYPE mechanism) const {
    return std::ranges::find(offered_, mechanism) != offered_.end();
  }

  std::mt19937 random_;
  const std::vector<CK_MECHANISM_TYPE> offered_;
};

// The keys and one session, and how a step is made with them.
class Bench {
 public:
  Bench() {
    session_.Login();
    const CK_SESSION_HANDLE session = session_.handle();
    GW_EXPECT_RV(MakeRsaPair(session, false, "routes rsa", &rsa_), CKR_OK);
    GW_EXPECT_RV(MakeEcPair(session, false, "routes ec", &ec_), CKR_OK);
    CK_MECHANISM generate{CKM_GENERIC_SECRET_KEY_GEN, nullptr, 0};
    Attributes attributes;
    attributes.Number(CKA_VALUE_LEN, 32).Bool(CKA_SIGN, true).Bool(CKA_VERIFY, true);
    const auto list = attributes.list();
    GW_EXPECT_RV(P11().C_GenerateKey(session, &generate, list.data(), list.size(), &secret_),
                 CKR_OK);
  }

  // `signature`: what a verification looks at.
  Outcome Do(const Step& step, const Octets& signature) {
    switch (step.kind) {
      case Kind::kDigest:
        return Digest(step);
      case Kind::kSign:
        return Sign(step);
      case Kind::kVerify:
        return {Verify(*step.scheme, step.input, step.parts, signature), {}};
      case Kind::kEncrypt:
        return Encrypt(step);
    }
    return {};
  }

  Outcome Sign(const Step& step) {
    Mechanism mechanism(*step.scheme);
    Outcome outcome =
        Begun(P11().C_SignInit(session_.handle(), mechanism.get(), Key(*step.scheme, true)));
    if (outcome.rv != CKR_OK) return outcome;
    return Ended(step, P11().C_Sign, P11().C_SignUpdate, P11().C_SignFinal);
  }

  CK_RV Verify(const Scheme& scheme, const Octets& input, const std::vector<std::size_t>& parts,
               const Octets& signature) {
    Mechanism mechanism(scheme);
    const CK_SESSION_HANDLE session = session_.handle();
    const CK_RV begun = P11().C_VerifyInit(session, mechanism.get(), Key(scheme, false));
    if (begun != CKR_OK) return begun;
    Octets message = input;
    Octets given = signature;
    if (parts.empty()) {
      return P11().C_Verify(session, message.data(), message.size(), given.data(), given.size());
    }
    const CK_RV fed = Feed(message, parts, P11().C_VerifyUpdate);
    return fed != CKR_OK ? fed : P11().C_VerifyFinal(session, given.data(), given.size());
  }

  // What a ciphertext of the scheme holds.
  Outcome Decrypt(const Scheme& scheme, Octets ciphertext) {
    Mechanism mechanism(scheme);
    Outcome outcome =
        Begun(P11().C_DecryptInit(session_.handle(), mechanism.get(), rsa_.private_key));
    if (outcome.rv != CKR_OK) return outcome;
    Octets text(512);
    CK_ULONG size = text.size();
    outcome.rv = P11().C_Decrypt(session_.handle(), ciphertext.data(), ciphertext.size(),
                                 text.data(), &size);
    text.resize(outcome.rv == CKR_OK ? size : 0);
    outcome.output = text;
    return outcome;
  }

 private:
  // A CK_MECHANISM with the parameters of its scheme.
  class Mechanism {
   public:
    explicit Mechanism(const Scheme& scheme) : mechanism_{scheme.mechanism, nullptr, 0} {
      if (scheme.mgf == 0) return;
      if (scheme.mechanism == CKM_RSA_PKCS_OAEP) {
        oaep_ = {scheme.hash, scheme.mgf, CKZ_DATA_SPECIFIED, nullptr, 0};
        mechanism_ = {scheme.mechanism, &oaep_, sizeof oaep_};
      } else {
        pss_ = {scheme.hash, scheme.mgf, 20};
        mechanism_ = {scheme.mechanism, &pss_, sizeof pss_};
      }
    }
    Mechanism(const Mechanism&) = delete;
    Mechanism& operator=(const Mechanism&) = delete;
    CK_MECHANISM* get() { return &mechanism_; }

   private:
    CK_MECHANISM mechanism_;
    CK_RSA_PKCS_PSS_PARAMS pss_{};
    CK_RSA_PKCS_OAEP_PARAMS oaep_{};
  };

  static Outcome Begun(CK_RV rv) { return {rv, {}}; }

  CK_OBJECT_HANDLE Key(const Scheme& scheme, bool private_half) const {
    if (scheme.key == KeyKind::kSecret) return secret_;
    const KeyPair& pair = scheme.key == KeyKind::kRsa ? rsa_ : ec_;
    return private_half ? pair.private_key : pair.public_key;
  }

  template <typename Update>
  CK_RV Feed(Octets& input, const std::vector<std::size_t>& parts, Update update) {
    std::size_t at = 0;
    for (const std::size_t part : parts) {
      const CK_RV rv = update(session_.handle(), input.data() + at, part);
      if (rv != CKR_OK) return rv;
      at += part;
    }
    return CKR_OK;
  }

  template <typename Whole, typename Update, typename Final>
  Outcome Ended(const Step& step, Whole whole, Update update, Final final) {
    Octets input = step.input;
    Outcome outcome;
    outcome.output.resize(512);
    CK_ULONG size = outcome.output.size();
    if (step.parts.empty()) {
      outcome.rv =
          whole(session_.handle(), input.data(), input.size(), outcome.output.data(), &size);
    } else {
      outcome.rv = Feed(input, step.parts, update);
      if (outcome.rv == CKR_OK) {
        outcome.rv = final(session_.handle(), outcome.output.data(), &size);
      }
    }
    outcome.output.resize(outcome.rv == CKR_OK ? size : 0);
    return outcome;
  }

  Outcome Digest(const Step& step) {
    Mechanism mechanism(*step.scheme);
    Outcome outcome = Begun(P11().C_DigestInit(session_.handle(), mechanism.get()));
    if (outcome.rv != CKR_OK) return outcome;
    return Ended(step, P11().C_Digest, P11().C_DigestUpdate, P11().C_DigestFinal);
  }

  Outcome Encrypt(const Step& step) {
    Mechanism mechanism(*step.scheme);
    Outcome outcome =
        Begun(P11().C_EncryptInit(session_.handle(), mechanism.get(), rsa_.public_key));
    if (outcome.rv != CKR_OK) return outcome;
    outcome.output.resize(512);
    CK_ULONG size = outcome.output.size();
    Octets input = step.input;
    outcome.rv = P11().C_Encrypt(session_.handle(), input.data(), input.size(),
                                 outcome.output.data(), &size);
    outcome.output.resize(outcome.rv == CKR_OK ? size : 0);
    return outcome;
  }

  const Initialized initialized_;
  Session session_;
  KeyPair rsa_;
  KeyPair ec_;
  CK_OBJECT_HANDLE secret_ = CK_INVALID_HANDLE;
};

// What is verified: the right signature of the step's input, or a spoiled one.
Octets SignatureFor(Bench& bench, Step& step) {
  const Step sign{Kind::kSign, step.scheme, step.input, {}};
  Outcome made = bench.Sign(sign);
  GW_EXPECT_RV(made.rv, CKR_OK) << step.scheme->name << ", " << step.input.size() << " octets";
  if (made.output.empty()) return {};
  switch (step.spoiled) {
    case Step::Spoiled::kNothing:
      break;
    case Step::Spoiled::kInput:
      if (!step.input.empty()) step.input.back() ^= 1;
      break;
    case Step::Spoiled::kSignature:
      made.output[made.output.size() / 2] ^= 0x10;
      break;
    case Step::Spoiled::kLength:
      made.output.pop_back();
      break;
  }
  return made.output;
}

std::string NameOf(const Step& step, std::uint32_t seed) {
  static constexpr const char* kKinds[] = {"digest", "sign", "verify", "encrypt"};
  return std::string(kKinds[static_cast<int>(step.kind)]) + " " + step.scheme->name + ", " +
         std::to_string(step.input.size()) + " octets in " +
         (step.parts.empty() ? "one call" : std::to_string(step.parts.size()) + " parts") +
         ", spoiled " + std::to_string(static_cast<int>(step.spoiled)) +
         "; GW_SEED=" + std::to_string(seed);
}

std::vector<Outcome> RunAll(Bench& bench, const std::vector<Step>& steps,
                            const std::vector<Octets>& signatures) {
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    outcomes.push_back(bench.Do(steps[i], signatures[i]));
  }
  return outcomes;
}

// Randomised results of the other route, on the route that is on now.
void ExpectHold(Bench& bench, const std::vector<Step>& steps, const std::vector<Outcome>& results,
                std::uint32_t seed) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.scheme->deterministic || results[i].rv != CKR_OK) continue;
    if (step.kind == Kind::kSign) {
      GW_EXPECT_RV(bench.Verify(*step.scheme, step.input, step.parts, results[i].output), CKR_OK)
          << NameOf(step, seed);
    } else if (step.kind == Kind::kEncrypt) {
      const Outcome decrypted = bench.Decrypt(*step.scheme, results[i].output);
      GW_EXPECT_RV(decrypted.rv, CKR_OK) << NameOf(step, seed);
      EXPECT_EQ(decrypted.output, step.input) << NameOf(step, seed);
    }
  }
}

// Of the HSM: with digests made here the list has more.
std::vector<CK_MECHANISM_TYPE> OfferedMechanisms() {
  Reload(kAllOff);
  CK_ULONG count = 0;
  GW_EXPECT_RV(P11().C_GetMechanismList(Slot(), nullptr, &count), CKR_OK);
  std::vector<CK_MECHANISM_TYPE> offered(count);
  GW_EXPECT_RV(P11().C_GetMechanismList(Slot(), offered.data(), &count), CKR_OK);
  offered.resize(count);
  Reload("");
  return offered;
}

std::uint32_t Seed() {
  const char* given = std::getenv("GW_SEED");
  const auto seed = given != nullptr ? static_cast<std::uint32_t>(std::stoul(given))
                                     : static_cast<std::uint32_t>(std::random_device{}());
  std::cout << "GW_SEED=" << seed << std::endl;
  return seed;
}

TEST(RoutesTest, WhatIsDoneHereIsWhatTheHsmDoes) {
  const std::uint32_t seed = Seed();
  const int length = std::getenv("GW_LONG") != nullptr ? 10 * kOperations : kOperations;
  Bench bench;
  std::vector<Step> steps = Sequence(seed, OfferedMechanisms()).Make(length);
  ASSERT_GT(steps.size(), static_cast<std::size_t>(kOperations / 2));
  std::vector<Octets> signatures;
  for (Step& step : steps) {
    signatures.push_back(step.kind == Kind::kVerify ? SignatureFor(bench, step) : Octets());
  }

  ResetCounters();
  const std::vector<Outcome> here = RunAll(bench, steps, signatures);
  Counters counters = ReadCounters();
  EXPECT_EQ(counters.by_rpc["DigestSingle"] + counters.by_rpc["EncryptSingle"], 0u)
      << "this was not the route without the HSM";

  Reload(kAllOff);
  ResetCounters();
  const std::vector<Outcome> there = RunAll(bench, steps, signatures);
  counters = ReadCounters();
  for (const char* rpc : {"DigestSingle", "EncryptSingle", "SignSingle", "VerifySingle"}) {
    EXPECT_GT(counters.by_rpc[rpc], 0u) << "this was not the route through the HSM";
  }
  ExpectHold(bench, steps, here, seed);

  Reload("");
  ExpectHold(bench, steps, there, seed);

  for (std::size_t i = 0; i < steps.size(); ++i) {
    GW_EXPECT_RV(here[i].rv, there[i].rv) << NameOf(steps[i], seed);
    EXPECT_EQ(here[i].output.size(), there[i].output.size()) << NameOf(steps[i], seed);
    if (steps[i].scheme->deterministic) {
      EXPECT_EQ(here[i].output, there[i].output) << NameOf(steps[i], seed);
    }
  }
}

}  // namespace
}  // namespace gw::stack
