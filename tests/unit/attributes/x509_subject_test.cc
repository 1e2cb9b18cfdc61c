// Tests of attributes/x509_subject.h.
#include "daemon/attributes/x509_subject.h"

#include <gtest/gtest.h>

#include "tests/unit/attributes/der_maker.h"

namespace gw {
namespace {

TEST(X509SubjectTest, FindsTheSubject) {
  const Bytes certificate = CertificateDer("www.example.org");
  EXPECT_EQ(CopyOf(SubjectOf(certificate)), NameDer("www.example.org"));
}

TEST(X509SubjectTest, FindsTheSubjectOfAVersion1Certificate) {
  const Bytes algorithm = Der(0x30, {});
  const Bytes to_sign = Der(0x30, {Der(0x02, {Bytes{1}}), algorithm, NameDer("issuer"),
                                   Der(0x30, {}), NameDer("subject"), Der(0x30, {})});
  EXPECT_EQ(CopyOf(SubjectOf(Der(0x30, {to_sign, algorithm}))), NameDer("subject"));
}

TEST(X509SubjectTest, EveryTruncationGivesNothing) {
  const Bytes certificate = CertificateDer("www.example.org");
  for (std::size_t size = 0; size < certificate.size(); ++size) {
    const Bytes cut(certificate.begin(), certificate.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(SubjectOf(cut).empty()) << size;
  }
}

TEST(X509SubjectTest, HostileLengthsGiveNothing) {
  EXPECT_TRUE(SubjectOf(Bytes{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30}).empty());
  EXPECT_TRUE(SubjectOf(Bytes{0x30, 0x88, 1, 1, 1, 1, 1, 1, 1, 1}).empty());
  EXPECT_TRUE(SubjectOf(Bytes{0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0}).empty());
  EXPECT_TRUE(SubjectOf(CopyOf("-----BEGIN CERTIFICATE-----")).empty());
}

TEST(X509SubjectTest, AnyChangedTagOnTheWayGivesNothingOrStaysInside) {
  const Bytes certificate = CertificateDer("a");
  for (std::size_t at = 0; at < certificate.size(); ++at) {
    Bytes changed = certificate;
    changed[at] ^= 0xff;
    const ByteView subject = SubjectOf(changed);
    if (subject.empty()) continue;
    EXPECT_GE(subject.data(), changed.data());
    EXPECT_LE(subject.data() + subject.size(), changed.data() + changed.size());
  }
}

}  // namespace
}  // namespace gw
