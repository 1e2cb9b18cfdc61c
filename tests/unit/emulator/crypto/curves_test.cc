// Room: tests. Values: curves-and-oids.json, GREP11's curve list with its OIDs and sizes.
#include "emulator/crypto/curves.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "emulator/crypto/group.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

// The one curve of the list that OpenSSL does not have in any form.
constexpr const char* kWithoutRow = "BLS12-381 (ET)";

std::vector<Vector> Listed() {
  std::vector<Vector> listed = Vector::Load("curves-and-oids.json").List("curves");
  std::erase_if(listed, [](const Vector& v) { return v.Text("ibm_name") == kWithoutRow; });
  return listed;
}

TEST(CurvesTest, EveryCurveOfTheListHasARowAndNoOther) {
  std::set<const CurveRow*> found;
  for (const Vector& v : Listed()) found.insert(FindCurve(v.Octets("ec_params_der")));
  EXPECT_EQ(found.count(nullptr), 0U);
  EXPECT_EQ(found.size(), 24U);
  EXPECT_EQ(found.size(), CurveTable().size());
}

TEST(CurvesTest, WeierstrassRowsHaveTheSizesOfTheList) {
  std::size_t seen = 0;
  for (const Vector& v : Listed()) {
    if (!v.Has("openssl_name")) continue;
    const CurveRow& row = *FindCurve(v.Octets("ec_params_der"));
    EXPECT_EQ(row.kind, CurveKind::kWeierstrass);
    EXPECT_EQ(row.openssl_name, v.Text("openssl_name"));
    EXPECT_EQ(row.field_bytes, v.Number("field_bytes")) << row.ascii_name;
    EXPECT_EQ(row.bits, v.Number("order_bits")) << row.ascii_name;
    EXPECT_EQ(row.point_bytes(), v.Number("point_bytes_uncompressed")) << row.ascii_name;
    EXPECT_EQ(row.signature_bytes(), v.Number("ecdsa_signature_bytes")) << row.ascii_name;
    ++seen;
  }
  EXPECT_EQ(seen, 20U);
}

TEST(CurvesTest, RawRowsHaveTheSizesOfTheRfcs) {
  struct Case {
    const char* name;
    CurveKind kind;
    std::size_t bits, field_bytes, point_bytes, signature_bytes;
  };
  constexpr Case kCases[] = {
      {"ed25519", CurveKind::kEdwards, 255, 32, 32, 64},
      {"ed448", CurveKind::kEdwards, 448, 56, 57, 114},
      {"curve25519", CurveKind::kMontgomery, 255, 32, 32, 0},
      {"x448", CurveKind::kMontgomery, 448, 56, 56, 0},
  };
  for (const Case& c : kCases) {
    const CurveRow* row = FindCurve(ViewOf(c.name));
    ASSERT_NE(row, nullptr) << c.name;
    EXPECT_EQ(row->kind, c.kind);
    EXPECT_EQ(row->bits, c.bits);
    EXPECT_EQ(row->field_bytes, c.field_bytes);
    EXPECT_EQ(row->point_bytes(), c.point_bytes);
    EXPECT_EQ(row->private_bytes(), c.point_bytes);
    EXPECT_EQ(row->signature_bytes(), c.signature_bytes);
  }
}

TEST(CurvesTest, EveryRowIsFoundByEachOfItsNames) {
  for (const CurveRow& row : CurveTable()) {
    EXPECT_EQ(FindCurve(row.oid_der), &row);
    EXPECT_EQ(FindCurve(ViewOf(row.ascii_name)), &row);
    EXPECT_EQ(FindCurveByOpensslName(row.openssl_name), &row);
  }
}

TEST(CurvesTest, WhatIsNoNameFindsNothing) {
  EXPECT_EQ(FindCurve({}), nullptr);
  EXPECT_EQ(FindCurve(ViewOf("P-999")), nullptr);
  EXPECT_EQ(FindCurve(ViewOf("p-256")), nullptr);
  EXPECT_EQ(FindCurve(ViewOf(std::string_view("P-256\0", 6))), nullptr);
  EXPECT_EQ(FindCurve(OctetsOfHex("06082a8648ce3d03010700")), nullptr);
  EXPECT_EQ(FindCurve(OctetsOfHex("06082a8648ce3d0301")), nullptr);
  EXPECT_EQ(FindCurve(OctetsOfHex("06092b24030302080101")), nullptr);
  EXPECT_EQ(FindCurveByOpensslName("secp112r1"), nullptr);
}

TEST(CurvesTest, OpensslHasEveryGroupAndItIsSound) {
  for (const CurveRow& row : CurveTable()) {
    if (row.is_raw()) continue;
    const EC_GROUP* group = GroupOf(row);
    const BnCtxPtr context = NewBnCtx();
    EXPECT_EQ(EC_GROUP_check(group, context.get()), 1) << row.ascii_name;
    EXPECT_TRUE(BN_is_one(EC_GROUP_get0_cofactor(group))) << row.ascii_name;
    EXPECT_EQ(static_cast<std::size_t>(BN_num_bits(OrderOf(row))), row.bits) << row.ascii_name;
    EXPECT_EQ(static_cast<std::size_t>(EC_GROUP_get_degree(group) + 7) / 8, row.field_bytes);
  }
}

}  // namespace
}  // namespace gw::emulator
