// Room: emulator.
#include "emulator/emulator.h"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <thread>

#include "emulator/blob/master_key.h"
#include "emulator/control/control_endpoint.h"
#include "emulator/engine/card.h"
#include "emulator/iam/iam_endpoint.h"
#include "emulator/mechanism_table.h"
#include "emulator/service/admission.h"
#include "emulator/service/rpc_server.h"
#include "emulator/service/rpc_table.h"

namespace gw::emulator {
namespace {

using Complaints = std::vector<std::string>;

// The options, understood.
struct Plan {
  Address listen;
  Address iam;
  Address control;
  Latency latency;
  std::chrono::seconds token_lifetime{0};
  double burst = 0;
  std::optional<TlsMaterial> tls;
  std::optional<TlsMaterial> expired_tls;
  std::string ca_pem;
  std::optional<MasterKey> master;
  SchnorrRule s256 = SchnorrRule::kIsoEcsdsa;
  Identities identities;
  std::uint64_t seed = 0;
  std::string faults;  // JSON; empty: none
};

Address AddressOf(const char* option, const std::string& text, Complaints& complaints) {
  Address address;
  if (!ParseAddress(text, address)) {
    complaints.push_back(std::string(option) + ": \"" + text + "\" is not HOST:PORT");
  }
  return address;
}

void RequireLoopback(const char* option, const Address& address, const char* why,
                     Complaints& complaints) {
  if (!address.host.empty() && !address.loopback()) {
    complaints.push_back(std::string(option) + ": " + address.text() +
                         " is not a loopback address, " + why);
  }
}

void PlanNetwork(const Options& o, Plan& plan, Complaints& complaints) {
  plan.listen = AddressOf("--listen", o.listen, complaints);
  plan.iam = AddressOf("--iam-listen", o.iam_listen, complaints);
  plan.control = AddressOf("--control", o.control, complaints);
  RequireLoopback("--control", plan.control, "and the control page has no other protection",
                  complaints);
  if (o.no_tls) {
    RequireLoopback("--listen", plan.listen, "which --no-tls needs", complaints);
    RequireLoopback("--iam-listen", plan.iam, "which --no-tls needs", complaints);
  }
  if (o.no_auth && o.client_ca.empty()) {
    RequireLoopback("--listen", plan.listen, "which --no-auth without --client-ca needs",
                    complaints);
  }
}

void PlanExpired(const Options& o, Plan& plan, Complaints& complaints) {
  if (o.tls_expired_cert.empty()) return;
  if (o.tls_cert.empty()) {
    complaints.push_back("--tls-expired-cert needs --tls-cert and --tls-key");
    return;
  }
  plan.expired_tls = LoadTls(o.tls_expired_cert, o.tls_key, o.client_ca, complaints);
}

void PlanTls(const Options& o, Plan& plan, Complaints& complaints) {
  PlanExpired(o, plan, complaints);
  if (o.tls_cert.empty() != o.tls_key.empty()) {
    complaints.push_back("--tls-cert and --tls-key belong together");
    return;
  }
  if (o.no_tls) {
    if (!o.tls_cert.empty() || !o.client_ca.empty()) {
      complaints.push_back("--no-tls contradicts --tls-cert, --tls-key and --client-ca");
    }
    return;
  }
  if (!o.tls_cert.empty()) {
    plan.tls = LoadTls(o.tls_cert, o.tls_key, o.client_ca, complaints);
    return;
  }
  if (!o.client_ca.empty()) complaints.push_back("--client-ca needs --tls-cert and --tls-key");
  const CertificateSet set = MakeCertificates();
  plan.tls = TlsMaterial{set.server_pem, set.server_key_pem, {}};
  plan.expired_tls = TlsMaterial{set.expired_pem, set.server_key_pem, {}};
  plan.ca_pem = set.ca_pem;
}

void PlanTrouble(const Options& o, Plan& plan, Complaints& complaints) {
  const auto latency = Latency::Parse(o.latency);
  if (!latency) complaints.push_back("--latency: \"" + o.latency + "\" is not understood");
  plan.latency = latency.value_or(Latency());
  if (!(o.rate_per_s >= 0)) complaints.push_back("--rate: must not be negative");
  if (!(o.burst >= 0)) complaints.push_back("--burst: must not be negative");
  if (o.units < 1 || o.units > 1000) complaints.push_back("--units: 1 to 1000");
  plan.burst = o.burst > 0 ? std::max(1.0, o.burst) : RateLimit::DefaultBurst(o.rate_per_s);
  plan.seed = o.seed.value_or(std::random_device()());
  if (o.faults.empty()) return;
  std::ifstream file(o.faults);
  plan.faults.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) complaints.push_back(o.faults + ": cannot be read");
}

void PlanKeys(const Options& o, Plan& plan, Complaints& complaints) {
  const auto lifetime = ParseDuration(o.token_lifetime);
  if (!lifetime || *lifetime < std::chrono::seconds(1)) {
    complaints.push_back("--token-lifetime: a duration of 1s to 1h is needed");
  }
  plan.token_lifetime =
      std::chrono::duration_cast<std::chrono::seconds>(lifetime.value_or(Nanoseconds(0)));
  Complaints in_file;
  plan.identities =
      o.api_keys.empty() ? Identities::Random() : Identities::Load(o.api_keys, in_file);
  for (const std::string& complaint : in_file) complaints.push_back(o.api_keys + ": " + complaint);
  if (o.master_key.empty()) {
    plan.master = MasterKey::Random();
    return;
  }
  Result<MasterKey> master = MasterKey::LoadOrCreate(o.master_key);
  if (master) {
    plan.master = *std::move(master);
  } else {
    complaints.push_back(master.error().detail);
  }
}

void PlanOpenPoints(const Options& o, Plan& plan, Complaints& complaints) {
  const auto s256 = S256RuleNamed(o.schnorr_s256);
  if (!s256) {
    complaints.push_back("--schnorr-s256: iso-ecsdsa, iso-ecsdsa-opt or bsi-ecschnorr, not \"" +
                         o.schnorr_s256 + "\"");
  }
  plan.s256 = s256.value_or(plan.s256);
}

// "NUMBER=CKM_NAME", the number decimal or with 0x.
void AddMechanisms(const Options& o, Complaints& complaints) {
  for (const std::string& text : o.mechanisms) {
    const std::size_t equals = text.find('=');
    char* end = nullptr;
    const CK_MECHANISM_TYPE number = std::strtoul(text.c_str(), &end, 0);
    if (equals == 0 || equals == std::string::npos || end != text.c_str() + equals) {
      complaints.push_back("--mechanism: NUMBER=CKM_NAME, not \"" + text + "\"");
      continue;
    }
    const Status added = AddMechanism(number, std::string_view(text).substr(equals + 1));
    if (!added) complaints.push_back("--mechanism " + text + ": " + added.error().detail);
  }
}

Complaints Prepare(const Options& options, Plan& plan) {
  Complaints complaints;
  PlanNetwork(options, plan, complaints);
  PlanTls(options, plan, complaints);
  PlanTrouble(options, plan, complaints);
  PlanKeys(options, plan, complaints);
  PlanOpenPoints(options, plan, complaints);
  AddMechanisms(options, complaints);
  return complaints;
}

std::vector<std::string> RpcNames() {
  std::vector<std::string> names;
  for (const RpcRow& row : RpcTable()) names.emplace_back(row.name);
  return names;
}

}  // namespace

// Members are declared in the order in which they depend on each other; they go in the opposite
// order.
class Emulator::Parts {
 public:
  Parts(const Options& options, Plan plan, const Clock& clock)
      : plan_(std::move(plan)),
        counters_(RpcNames(), MechanismNames(), plan_.identities.Ids()),
        unit_(*plan_.master, options.master_key,
              options.canned_signatures ? &counters_.ReportCanned() : nullptr, plan_.s256),
        trouble_(plan_.latency, options.units, options.rate_per_s, plan_.burst),
        tokens_(plan_.master->token_key(), plan_.identities, plan_.token_lifetime, clock),
        admission_(trouble_, options.no_auth ? nullptr : &tokens_),
        iam_(plan_.identities, tokens_, trouble_, counters_),
        rpc_server_({unit_, admission_, trouble_, counters_}),
        targets_{trouble_, tokens_, rpc_server_, plan_.expired_tls.has_value()},
        control_(counters_, targets_, unit_.master_keys()),
        iam_server_(loop_, Tls(trouble_.iam_certificate_expired()),
                    [this](const HttpRequest& r) { return iam_.Handle(r); }),
        control_server_(loop_, TlsChoice(),
                        [this](const HttpRequest& r) { return control_.Handle(r); }) {
    trouble_.Seed(plan_.seed);
  }

  // Nothing is accepted any more once the loop has ended, so nothing reaches the gRPC server while
  // it stops. Listeners and open connections close when their owners go, right after this.
  ~Parts() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    rpc_server_.Stop();
  }

  Complaints Start(const Options& options) {
    Complaints complaints;
    Bind("--listen", plan_.listen, complaints, [this](const Address& a) {
      return rpc_server_.Start(loop_, a.host, a.port, Tls(trouble_.grep11_certificate_expired()));
    });
    Bind("--iam-listen", plan_.iam, complaints,
         [this](const Address& a) { return iam_server_.Listen(a.host, a.port); });
    Bind("--control", plan_.control, complaints,
         [this](const Address& a) { return control_server_.Listen(a.host, a.port); });
    if (complaints.empty() && !options.faults.empty()) {
      for (const std::string& complaint : ApplyFaults(plan_.faults, targets_)) {
        complaints.push_back(options.faults + ": " + complaint);
      }
    }
    if (complaints.empty()) thread_ = std::thread([this] { loop_.run(); });
    return complaints;
  }

  ReadyInfo Ready(const Options& options) const {
    ReadyInfo ready;
    ready.grep11 = plan_.listen.text();
    ready.iam = (plan_.tls ? "https://" : "http://") + plan_.iam.text();
    ready.control = "http://" + plan_.control.text();
    ready.ca_pem = plan_.ca_pem;
    ready.canned_signatures = options.canned_signatures;
    ready.seed = plan_.seed;
    if (options.api_keys.empty() && !options.no_auth)
      ready.api_keys = plan_.identities.ApiKeysByName();
    return ready;
  }

 private:
  TlsChoice Tls(const std::atomic<bool>& use_expired) const {
    const auto pointer = [](const auto& material) { return material ? &*material : nullptr; };
    return {pointer(plan_.tls), pointer(plan_.expired_tls), &use_expired};
  }

  // Binds and writes the port that came of it into the address.
  template <typename Listen>
  static void Bind(const char* option, Address& address, Complaints& complaints, Listen listen) {
    Result<std::uint16_t> port = listen(address);
    if (port) {
      address.port = *port;
    } else {
      complaints.push_back(std::string(option) + ": " + port.error().detail);
    }
  }

  Plan plan_;
  Counters counters_;
  CryptoUnit unit_;
  Trouble trouble_;
  Tokens tokens_;
  Admission admission_;
  IamEndpoint iam_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  RpcServer rpc_server_;
  const FaultTargets targets_;
  ControlEndpoint control_;
  HttpServer iam_server_;
  HttpServer control_server_;
  std::thread thread_;
};

Emulator::Emulator(const Clock& clock) : clock_(clock) {}
Emulator::~Emulator() = default;

std::vector<std::string> Emulator::Start(const Options& options) {
  Plan plan;
  Complaints complaints = Prepare(options, plan);
  if (!complaints.empty()) return complaints;
  parts_ = std::make_unique<Parts>(options, std::move(plan), clock_);
  complaints = parts_->Start(options);
  if (complaints.empty()) {
    ready_ = parts_->Ready(options);
  } else {
    parts_.reset();
  }
  return complaints;
}

void Emulator::Stop() { parts_.reset(); }

std::string Emulator::ReadyJson() const {
  nlohmann::json json = {{"grep11", ready_.grep11},
                         {"iam", ready_.iam},
                         {"control", ready_.control},
                         {"pid", getpid()},
                         {"seed", ready_.seed}};
  if (!ready_.ca_pem.empty()) json["ca"] = ready_.ca_pem;
  if (ready_.canned_signatures) json["canned_signatures"] = true;
  if (!ready_.api_keys.empty()) json["api_keys"] = ready_.api_keys;
  return json.dump() + "\n";
}

}  // namespace gw::emulator
