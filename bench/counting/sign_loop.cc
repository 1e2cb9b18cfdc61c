// Room: bench/counting. sign_loop: an application that makes exactly so many signatures through a
// PKCS #11 module, in one thread, and does as little else as it can. No clock, no fork, no
// recorder: what a longer run executes more than a shorter one is the signatures.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/load/pkcs11_target.h"
#include "bench/load/run.h"
#include "bench/measure/help_format.h"
#include "bench/measure/report_json.h"

namespace gw::bench {
namespace {

struct LoopOptions {
  std::string module;
  std::string pin_file;
  std::uint64_t count = 0;
};

// C_SignInit and C_Sign, `count` times, of the same 32 octets. The last signature is verified.
Status SignTimes(Caller& caller, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (const CK_RV rv = caller.Call(); rv != CKR_OK)
      return CallerError(rv, "signature " + std::to_string(i + 1));
  }
  if (caller.Check(true) != Caller::Verdict::kVerified)
    return InternalError("the module does not verify its last signature");
  return Ok();
}

Status Run(const LoopOptions& loop) {
  Options options;
  options.module = loop.module;
  options.op = "ecdsa";
  std::ifstream file(loop.pin_file);
  std::string pin;
  if (!std::getline(file, pin))
    return CallerError(CKR_ARGUMENTS_BAD, "cannot read " + loop.pin_file);
  options.pin.emplace(ViewOf(pin));
  GW_TRY(target, OpenPkcs11Target(options));
  GW_TRY(caller, target->NewCaller());
  return SignTimes(*caller, loop.count);
}

int Main(int argc, char** argv) {
  CLI::App app("sign_loop - a fixed number of ECDSA signatures through a module, to be counted",
               "sign_loop");
  app.formatter(ManualFormatter());
  app.set_help_flag("-h,--help", "This text");
  LoopOptions options;
  app.add_option("--module", options.module, "The module, as dlopen takes it")
      ->type_name("PATH")
      ->required();
  app.add_option("--pin-file", options.pin_file, "File whose first line is the user PIN")
      ->type_name("FILE")
      ->required();
  app.add_option("--count", options.count, "How many signatures")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->required();
  app.footer("\nWrites what it was built from as JSON to standard output.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (const Status done = Run(options); !done) {
    std::cerr << "sign_loop: " << Explain(done.error()) << '\n';
    return kExitCannotStart;
  }
  const nlohmann::json report = {
      {"tool", "sign_loop"}, {"build", BuildJson()}, {"signatures", options.count}};
  return WriteJson(report, "-") ? 0 : kExitErrors;
}

}  // namespace
}  // namespace gw::bench

int main(int argc, char** argv) { return gw::bench::Main(argc, argv); }
