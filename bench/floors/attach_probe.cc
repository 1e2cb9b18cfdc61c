// Room: bench/floors. attach_probe: what loading a PKCS #11 module costs a process in time and
// memory. One attachment per run, since a second one in the same process would find everything
// warm.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/load/pkcs11_keys.h"
#include "bench/load/pkcs11_module.h"
#include "bench/load/run.h"
#include "bench/load/workload.h"
#include "bench/measure/help_format.h"
#include "bench/measure/report_json.h"
#include "bench/measure/usage.h"

namespace gw::bench {
namespace {

struct ProbeOptions {
  std::string module;
  std::string pin_file;
  std::string json_path;
};

struct Findings {
  MemoryUse before;
  MemoryUse attached;
  std::optional<MemoryUse> signed_once;
};

double Microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

// Session, login, key and one signature: what an application has done before it serves its first
// request.
Status SignOnce(CK_FUNCTION_LIST& module, ByteView pin) {
  GW_TRY(slot, ChooseSlot(module, std::nullopt));
  CallState state;
  state.module = &module;
  CK_RV rv = module.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                  &state.session);
  if (rv != CKR_OK) return ModuleError(rv, "C_OpenSession");
  rv = module.C_Login(state.session, CKU_USER, const_cast<CK_UTF8CHAR*>(pin.data()), pin.size());
  if (rv != CKR_OK) return ModuleError(rv, "C_Login");
  GW_TRY(keys, MakeKey(module, state.session, KeyNeed::kEc, true, "attach_probe"));
  state.keys = keys;
  const Workload& ecdsa = *FindWorkload("ecdsa");
  GW_TRY_VOID(ecdsa.prepare(state, ecdsa.default_size));
  if (rv = ecdsa.call(state); rv != CKR_OK) return ModuleError(rv, "C_Sign");
  if (ecdsa.check(state, true) == Caller::Verdict::kWrong)
    return InternalError("the signature is wrong");
  return Ok();
}

Status Probe(const ProbeOptions& options, Pkcs11Module& module, Findings& findings) {
  MemoryOfThisProcess();  // reading it allocates; the first time does not count
  findings.before = MemoryOfThisProcess();
  GW_TRY_VOID(module.Open(options.module));
  findings.attached = MemoryOfThisProcess();
  if (options.pin_file.empty()) return Ok();
  std::ifstream file(options.pin_file);
  std::string pin;
  if (!std::getline(file, pin))
    return CallerError(CKR_ARGUMENTS_BAD, "cannot read " + options.pin_file);
  GW_TRY_VOID(SignOnce(module.functions(), ViewOf(pin)));
  findings.signed_once = MemoryOfThisProcess();
  return Ok();
}

nlohmann::json ReportOf(const ProbeOptions& options, const Pkcs11Module& module,
                        const Findings& findings) {
  nlohmann::json memory = {{"before", findings.before}, {"attached", findings.attached}};
  if (findings.signed_once) memory["signed_once"] = *findings.signed_once;
  return {{"tool", "attach_probe"},
          {"started_at", NowText()},
          {"build", BuildJson()},
          {"machine", MachineJson()},
          {"module", options.module},
          {"load_us", Microseconds(module.load_time())},
          {"initialize_us", Microseconds(module.initialize_time())},
          {"attach_us", Microseconds(module.load_time() + module.initialize_time())},
          {"memory", memory}};
}

void PrintText(const nlohmann::json& report) {
  std::printf("%s\n  dlopen %.1f us, C_Initialize %.1f us\n",
              report["module"].get<std::string>().c_str(), report["load_us"].get<double>(),
              report["initialize_us"].get<double>());
  for (const auto& [moment, use] : report["memory"].items()) {
    std::printf("  %-12s resident %5s KiB, private %5s KiB\n", moment.c_str(),
                use["rss_kib"].dump().c_str(), use["private_kib"].dump().c_str());
  }
}

int Main(int argc, char** argv) {
  CLI::App app("attach_probe - what loading a PKCS #11 module costs a process: time and memory",
               "attach_probe");
  app.formatter(ManualFormatter());
  app.set_help_flag("-h,--help", "This text");
  ProbeOptions options;
  app.add_option("--module", options.module, "The module, as dlopen takes it")
      ->type_name("PATH")
      ->required();
  app.add_option("--pin-file", options.pin_file,
                 "Also log in with the first line of FILE, make a key and sign once")
      ->type_name("FILE");
  app.add_option("--json", options.json_path,
                 "Write JSON; '-': to standard output, instead of text")
      ->type_name("FILE");
  app.footer("\nEXAMPLE\n  attach_probe --module /usr/lib/pkcs11/pkcs11-grep11.so --json -");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  Pkcs11Module module;
  Findings findings;
  if (const Status probed = Probe(options, module, findings); !probed) {
    std::cerr << "attach_probe: " << Explain(probed.error()) << '\n';
    return kExitCannotStart;
  }
  const auto report = ReportOf(options, module, findings);
  if (options.json_path != "-") PrintText(report);
  return options.json_path.empty() || WriteJson(report, options.json_path) ? 0 : kExitErrors;
}

}  // namespace
}  // namespace gw::bench

int main(int argc, char** argv) { return gw::bench::Main(argc, argv); }
