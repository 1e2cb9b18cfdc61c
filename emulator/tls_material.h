// Room: emulator. Certificates and keys as PEM text.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "daemon/core/result.h"

namespace gw::emulator {

struct TlsMaterial {
  std::string certificate_pem;  // chain, leaf first
  std::string key_pem;
  std::string client_ca_pem;  // empty: clients need no certificate
};

// What a server shows to the connections to come: its certificate, or the expired one while
// `use_expired` says so.
struct TlsChoice {
  const TlsMaterial* usual = nullptr;    // null: plaintext
  const TlsMaterial* expired = nullptr;  // null: there is none
  const std::atomic<bool>* use_expired = nullptr;

  bool expired_now() const { return expired != nullptr && use_expired->load(); }
};

// Everything a private stack needs: a CA, a server certificate for localhost, 127.0.0.1 and ::1, a
// client certificate, and a server certificate of the same key whose time is over.
struct CertificateSet {
  std::string ca_pem;
  std::string server_pem;
  std::string server_key_pem;
  std::string client_pem;
  std::string client_key_pem;
  std::string expired_pem;
};

// EC P-256, valid for ten years; the expired one ended yesterday. The CA key is thrown away.
CertificateSet MakeCertificates();
// ca.pem, server.pem, server.key, client.pem, client.key, expired.pem; keys with mode 0600. Makes
// the folder.
//   errors  CKR_ARGUMENTS_BAD with a text for the operator
Status WriteCertificates(const CertificateSet& set, const std::string& folder);

// Reads the files and checks that they are what they should be; everything wrong goes to
// `complaints`.
TlsMaterial LoadTls(const std::string& certificate_file, const std::string& key_file,
                    const std::string& client_ca_file, std::vector<std::string>& complaints);

}  // namespace gw::emulator
