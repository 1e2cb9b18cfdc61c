// Room: tests/support.
#include "tests/support/certs.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <cstdlib>

namespace gw::test {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

void Require(bool condition) {
  if (!condition) std::abort();
}

template <typename Write>
std::string PemOf(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Require(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string PemOf(X509* certificate) {
  return PemOf([certificate](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string PemOf(EVP_PKEY* key) {
  return PemOf([key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void SetName(X509* certificate, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  Require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.c_str()),
                                     -1, -1, 0) == 1);
}

// Subject, key, serial number and a day of life; issuer, extensions and signature are still
// missing.
Certificate Begin(const std::string& common_name, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  std::uint32_t serial = 0;
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  Require(X509_set_version(certificate.get(), 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), static_cast<long>(serial));
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
  SetName(certificate.get(), common_name);
  Require(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

void Finish(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  Require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
  Require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
}

}  // namespace

struct TestCa::State {
  Key key;
  Certificate certificate;
};

TestCa::TestCa(const std::string& name) : state_(std::make_unique<State>()) {
  state_->key.reset(EVP_EC_gen("P-256"));
  state_->certificate = Begin(name, state_->key.get());
  X509* own = state_->certificate.get();
  AddExtension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(own, own, NID_subject_key_identifier, "hash");
  Finish(own, own, state_->key.get());
  certificate_ = PemOf(own);
}

TestCa::~TestCa() = default;

CertifiedKey TestCa::Issue(const std::string& common_name,
                           const std::vector<std::string>& names) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Begin(common_name, key.get());
  X509* issuer = state_->certificate.get();
  std::string alternative_names;
  for (const auto& name : names) alternative_names += (alternative_names.empty() ? "" : ",") + name;
  if (!names.empty()) {
    AddExtension(certificate.get(), issuer, NID_subject_alt_name, alternative_names);
  }
  AddExtension(certificate.get(), issuer, NID_authority_key_identifier, "keyid");
  Finish(certificate.get(), issuer, state_->key.get());
  return {PemOf(certificate.get()), PemOf(key.get())};
}

}  // namespace gw::test
