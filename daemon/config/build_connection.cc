// Room: config. How a slot reaches its HSM: address, TLS, endpoints and what they can take.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daemon/config/build.h"

namespace gw {
namespace {

template <typename T>
void Override(const Given<T>& given, T& value) {
  if (given.present()) value = given.value;
}

void Override(const RawCapacity& raw, EndpointConfig& endpoint) {
  Override(raw.crypto_units, endpoint.crypto_units);
  Override(raw.rate_per_s, endpoint.rate_per_s);
  Override(raw.channels, endpoint.channels);
  Override(raw.max_outstanding, endpoint.max_outstanding);
}

// The vendor's single address, unless gateway.tokens.<slot>.endpoints stands in for it.
void BuildVendorEndpoint(Problems& problems, const Place& place, const RawConnection& raw,
                         TokenConfig& token) {
  const Place section = place.Child("grep11connection", raw.line != 0 ? raw.line : place.line);
  if (!raw.address.present()) Missing(problems, section, "address");
  if (!raw.port.present()) Missing(problems, section, "port");
  EndpointConfig endpoint;
  endpoint.address = raw.address.value;
  endpoint.port = raw.port.value;
  token.endpoints.push_back(endpoint);
}

void BuildOwnEndpoints(Problems& problems, const RawGatewayToken& raw, TokenConfig& token) {
  for (std::size_t i = 0; i < raw.endpoints.size(); ++i) {
    const RawEndpoint& item = raw.endpoints[i];
    const Place place{
        "gateway.tokens." + std::to_string(token.slot) + ".endpoints[" + std::to_string(i) + "]",
        item.line, true};
    if (!item.address.present()) Missing(problems, place, "address");
    EndpointConfig endpoint;
    endpoint.address = item.address.value;
    Override(item.port, endpoint.port);
    const auto is_same = [&endpoint](const EndpointConfig& other) {
      return other.address == endpoint.address && other.port == endpoint.port;
    };
    if (!endpoint.address.empty() && std::ranges::any_of(token.endpoints, is_same)) {
      problems.Error(place, "the same address and port as an endpoint before");
    }
    Override(raw, endpoint);
    Override(item, endpoint);
    token.endpoints.push_back(endpoint);
  }
}

bool AllOnThisHost(const TokenConfig& token) {
  return std::ranges::all_of(token.endpoints, [](const EndpointConfig& endpoint) {
    return endpoint.address.empty() || IsLoopbackHost(endpoint.address);
  });
}

void CheckFile(Problems& problems, const Place& tls, std::string_view key,
               const Given<std::string>& file) {
  if (file.value.empty()) return;
  const Complaint complaint = FileProblem(file.value);
  if (!complaint.empty()) problems.Error(tls.Child(key, file.line), complaint);
}

void CheckKeyFileMode(Problems& problems, const Place& tls, const Given<std::string>& file) {
  struct stat info {};
  if (stat(file.value.c_str(), &info) != 0 || (info.st_mode & S_IROTH) == 0) return;
  problems.Warning(tls.Child("keyfile", file.line),
                   "every user of this host can read the private key; chmod o-r");
}

// A client certificate: both files with `mutual`, none without.
void CheckClientCertificate(Problems& problems, const Place& tls, const RawTls& raw) {
  struct Part {
    std::string_view key;
    const Given<std::string>& file;
  };
  for (const Part& part : {Part{"certfile", raw.cert_file}, Part{"keyfile", raw.key_file}}) {
    if (!raw.mutual.value && !part.file.value.empty()) {
      problems.Warning(tls.Child(part.key, part.file.line), "ignored, because mutual is false");
    } else if (raw.mutual.value && part.file.value.empty()) {
      problems.Error(tls.Child(part.key, raw.mutual.line), "is missing, because mutual is true");
    } else if (raw.mutual.value) {
      CheckFile(problems, tls, part.key, part.file);
    }
  }
  if (raw.mutual.value) CheckKeyFileMode(problems, tls, raw.key_file);
}

void CheckWithoutTls(Problems& problems, const Place& tls, const RawTls& raw,
                     const TokenConfig& token) {
  const Place place = tls.Child("enabled", raw.enabled.line);
  if (raw.mutual.value) {
    problems.Error(tls.Child("mutual", raw.mutual.line), "needs enabled: true");
  }
  if (AllOnThisHost(token)) {
    problems.Warning(place, "TLS is off; acceptable only because the HSM is on this host");
  } else {
    problems.Error(place,
                   "without TLS the HSM must be on this host: keys to be wrapped and API "
                   "tokens would cross the network in the clear");
  }
}

void BuildTls(Problems& problems, const Place& place, const RawConnection& raw,
              TokenConfig& token) {
  const Place tls = place.Child("grep11connection", raw.line).Child("tls", raw.line);
  token.tls.enabled = raw.tls.enabled.value;
  token.tls.mutual = raw.tls.mutual.value;
  if (!token.tls.enabled) return CheckWithoutTls(problems, tls, raw.tls, token);
  CheckFile(problems, tls, "cacert", raw.tls.ca_file);
  CheckClientCertificate(problems, tls, raw.tls);
  token.tls.ca_file = raw.tls.ca_file.value;
  if (!token.tls.mutual) return;
  token.tls.cert_file = raw.tls.cert_file.value;
  token.tls.key_file = raw.tls.key_file.value;
}

// Somebody must say who we are: IAM, the client certificate, or both.
void CheckAuthentication(Problems& problems, const Place& place, const TokenConfig& token) {
  if (token.iam.enabled || token.tls.mutual) return;
  if (AllOnThisHost(token)) {
    problems.Warning(place,
                     "neither IAM nor a client certificate; acceptable only because the HSM "
                     "is on this host");
  } else {
    problems.Error(place,
                   "neither IAM (users.*.iamauth.enabled) nor a client certificate "
                   "(grep11connection.tls.mutual): only for an HSM on this host");
  }
}

}  // namespace

Complaint FileProblem(const std::string& path) {
  if (!path.starts_with('/')) return "must be a full path, beginning with \"/\"";
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || access(path.c_str(), R_OK) != 0) {
    return std::string("cannot be read: ") + std::strerror(errno);
  }
  return S_ISREG(info.st_mode) ? Complaint{} : "is not a file";
}

void BuildConnection(Problems& problems, const Place& place, const RawToken& raw,
                     const RawGatewayToken* extra, TokenConfig& token) {
  if (extra != nullptr && !extra->endpoints.empty()) {
    BuildOwnEndpoints(problems, *extra, token);
  } else {
    BuildVendorEndpoint(problems, place, raw.connection, token);
    if (extra != nullptr) Override(*extra, token.endpoints.front());
  }
  BuildTls(problems, place, raw.connection, token);
  CheckAuthentication(problems, place, token);
}

}  // namespace gw
