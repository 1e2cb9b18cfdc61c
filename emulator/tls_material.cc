// Room: emulator. Makes and reads certificates. May touch: OpenSSL's X.509, the files it is told to
// read or write.
#include "emulator/tls_material.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

constexpr long kDay = 24L * 3600;
constexpr long kTenYears = 10 * 365 * kDay;
constexpr long kClockSkew = -3600;

// Seconds from now.
struct Validity {
  long from = kClockSkew;
  long until = kTenYears;
};
constexpr Validity kOver{-30 * kDay, -kDay};

struct CertificateRow {
  const char* common_name;
  const char* basic_constraints;
  const char* key_usage;
  const char* extended_key_usage;  // null: none
  const char* alternative_names;   // null: none
};
constexpr CertificateRow kCa{"grep11-emulator CA", "critical,CA:TRUE,pathlen:0",
                             "critical,keyCertSign,cRLSign", nullptr, nullptr};
constexpr CertificateRow kServer{"localhost", "critical,CA:FALSE", "critical,digitalSignature",
                                 "serverAuth", "DNS:localhost,IP:127.0.0.1,IP:::1"};
constexpr CertificateRow kClient{"grep11-client", "critical,CA:FALSE", "critical,digitalSignature",
                                 "clientAuth", "DNS:grep11-client"};

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  if (value == nullptr) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  GW_CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void SetSerial(X509* certificate) {
  Bytes serial = RandomBytes(16);
  serial[0] &= 0x7f;  // positive
  const BignumPtr number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  GW_CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

// Signed with `issuer_key`; self-signed if `issuer` is null.
X509Ptr MakeCertificate(const CertificateRow& row, EVP_PKEY* key, X509* issuer,
                        EVP_PKEY* issuer_key, Validity validity = {}) {
  X509Ptr certificate(X509_new());
  GW_CHECK(certificate != nullptr);
  X509* const signer = issuer == nullptr ? certificate.get() : issuer;
  X509_set_version(certificate.get(), X509_VERSION_3);
  SetSerial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), validity.from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity.until);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const Byte*>(row.common_name), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  AddExtension(certificate.get(), signer, NID_basic_constraints, row.basic_constraints);
  AddExtension(certificate.get(), signer, NID_key_usage, row.key_usage);
  AddExtension(certificate.get(), signer, NID_ext_key_usage, row.extended_key_usage);
  AddExtension(certificate.get(), signer, NID_subject_alt_name, row.alternative_names);
  AddExtension(certificate.get(), signer, NID_subject_key_identifier, "hash");
  AddExtension(certificate.get(), signer, NID_authority_key_identifier, "keyid:always");
  GW_CHECK(X509_sign(certificate.get(), issuer_key, MdOf(HashId::kSha256)) > 0);
  return certificate;
}

PkeyPtr NewKey() {
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "prime256v1"));
  GW_CHECK(key != nullptr);
  return key;
}

std::string TextIn(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string PemOf(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  GW_CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return TextIn(bio);
}

std::string PemOf(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  GW_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
           1);
  return TextIn(bio);
}

Status WriteFile(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  const bool good = fd >= 0 && fchmod(fd, mode) == 0 &&
                    write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  if (!good) return CallerError(CKR_ARGUMENTS_BAD, "cannot write " + path.string());
  return Ok();
}

std::string ReadFile(const std::string& path, std::vector<std::string>& complaints) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) complaints.push_back(path + ": cannot be read");
  return text.str();
}

BioPtr ReaderOf(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

X509Ptr ParseCertificate(const std::string& pem) {
  return X509Ptr(PEM_read_bio_X509(ReaderOf(pem).get(), nullptr, nullptr, nullptr));
}

PkeyPtr ParseKey(const std::string& pem) {
  return PkeyPtr(PEM_read_bio_PrivateKey(ReaderOf(pem).get(), nullptr, nullptr, nullptr));
}

}  // namespace

CertificateSet MakeCertificates() {
  const PkeyPtr ca_key = NewKey();
  const PkeyPtr server_key = NewKey();
  const PkeyPtr client_key = NewKey();
  const X509Ptr ca = MakeCertificate(kCa, ca_key.get(), nullptr, ca_key.get());
  const X509Ptr server = MakeCertificate(kServer, server_key.get(), ca.get(), ca_key.get());
  const X509Ptr client = MakeCertificate(kClient, client_key.get(), ca.get(), ca_key.get());
  const X509Ptr expired = MakeCertificate(kServer, server_key.get(), ca.get(), ca_key.get(), kOver);
  return {PemOf(ca.get()),     PemOf(server.get()),     PemOf(server_key.get()),
          PemOf(client.get()), PemOf(client_key.get()), PemOf(expired.get())};
}

Status WriteCertificates(const CertificateSet& set, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return CallerError(CKR_ARGUMENTS_BAD, folder + ": " + error.message());
  const std::filesystem::path path(folder);
  GW_TRY_VOID(WriteFile(path / "ca.pem", set.ca_pem, 0644));
  GW_TRY_VOID(WriteFile(path / "server.pem", set.server_pem, 0644));
  GW_TRY_VOID(WriteFile(path / "server.key", set.server_key_pem, 0600));
  GW_TRY_VOID(WriteFile(path / "client.pem", set.client_pem, 0644));
  GW_TRY_VOID(WriteFile(path / "expired.pem", set.expired_pem, 0644));
  return WriteFile(path / "client.key", set.client_key_pem, 0600);
}

TlsMaterial LoadTls(const std::string& certificate_file, const std::string& key_file,
                    const std::string& client_ca_file, std::vector<std::string>& complaints) {
  TlsMaterial material;
  material.certificate_pem = ReadFile(certificate_file, complaints);
  material.key_pem = ReadFile(key_file, complaints);
  const X509Ptr certificate = ParseCertificate(material.certificate_pem);
  const PkeyPtr key = ParseKey(material.key_pem);
  if (certificate == nullptr)
    complaints.push_back(certificate_file + ": no certificate in PEM form");
  if (key == nullptr) complaints.push_back(key_file + ": no private key in PEM form");
  if (certificate != nullptr && key != nullptr &&
      X509_check_private_key(certificate.get(), key.get()) != 1) {
    complaints.push_back(key_file + ": is not the key of " + certificate_file);
  }
  if (client_ca_file.empty()) return material;
  material.client_ca_pem = ReadFile(client_ca_file, complaints);
  if (ParseCertificate(material.client_ca_pem) == nullptr) {
    complaints.push_back(client_ca_file + ": no certificate in PEM form");
  }
  return material;
}

}  // namespace gw::emulator
