// Tests of CheckTemplate: widths, values, and who may give what (behaviour A10, A12).
#include <gtest/gtest.h>

#include "daemon/attributes/template_rules.h"
#include "daemon/core/attribute_codec.h"
#include "tests/unit/attributes/lists.h"

namespace gw {
namespace {

struct Case {
  std::string name;
  Purpose purpose;
  Given given;
  CK_RV rv;
};

class CheckTemplateTest : public ::testing::TestWithParam<Case> {};

TEST_P(CheckTemplateTest, IsJudged) {
  const Case& test = GetParam();
  EXPECT_EQ(RvOf(CheckTemplate(ListOf({test.given}), test.purpose)), test.rv);
}

std::string NameOf(const ::testing::TestParamInfo<Case>& test) { return test.param.name; }

constexpr Purpose kGenerate = Purpose::kGenerate;
constexpr Purpose kCreate = Purpose::kCreate;
constexpr CK_RV kBadValue = CKR_ATTRIBUTE_VALUE_INVALID;

std::vector<Case> ValueCases() {
  return {
      {"BooleanTrue", kGenerate, True(CKA_SIGN), CKR_OK},
      {"BooleanFalse", kGenerate, False(CKA_SIGN), CKR_OK},
      {"BooleanOfTwo", kGenerate, Raw(CKA_SIGN, {2}), kBadValue},
      {"BooleanOfMinusOne", kGenerate, Raw(CKA_SIGN, {0xff}), kBadValue},
      {"BooleanOfNoOctets", kGenerate, Raw(CKA_SIGN, {}), kBadValue},
      {"BooleanAsInt", kGenerate, Raw(CKA_SIGN, {1, 0, 0, 0}), kBadValue},
      {"Number", kGenerate, Num(CKA_VALUE_LEN, 32), CKR_OK},
      {"NumberOfFourOctets", kGenerate, Raw(CKA_VALUE_LEN, {32, 0, 0, 0}), kBadValue},
      {"NumberOfNoOctets", kGenerate, Raw(CKA_VALUE_LEN, {}), kBadValue},
      {"NumberOfNineOctets", kGenerate, Raw(CKA_VALUE_LEN, Bytes(9)), kBadValue},
      {"CategoryInRange", kCreate, Num(CKA_CERTIFICATE_CATEGORY, 3), CKR_OK},
      {"CategoryOutOfRange", kCreate, Num(CKA_CERTIFICATE_CATEGORY, 4), kBadValue},
      {"SecurityDomainOutOfRange", kCreate, Num(CKA_JAVA_MIDP_SECURITY_DOMAIN, 4), kBadValue},
      {"A12_EmptyLabel", kGenerate, Raw(CKA_LABEL, {}), CKR_OK},
      {"A12_LabelWithCountedTerminator", kGenerate, Raw(CKA_LABEL, {'a', 0}), CKR_OK},
      {"EmptyId", kGenerate, Raw(CKA_ID, {}), CKR_OK},
      {"A13_LeadingZerosInExponent", kGenerate, Raw(CKA_PUBLIC_EXPONENT, {0, 1, 0, 1}), CKR_OK},
      {"ExponentOfZero", kGenerate, Raw(CKA_PUBLIC_EXPONENT, {0, 0}), kBadValue},
      {"ExponentOfNoOctets", kGenerate, Raw(CKA_PUBLIC_EXPONENT, {}), kBadValue},
      {"NoDate", kGenerate, Raw(CKA_START_DATE, {}), CKR_OK},
      {"Date", kGenerate, Text(CKA_START_DATE, "20291231"), CKR_OK},
      {"DateWithLetters", kGenerate, Text(CKA_START_DATE, "2029-1-1"), kBadValue},
      {"DateTooShort", kGenerate, Text(CKA_END_DATE, "2029123"), kBadValue},
      {"DateInMonthThirteen", kGenerate, Text(CKA_END_DATE, "20291301"), kBadValue},
      {"DateInMonthZero", kGenerate, Text(CKA_END_DATE, "20290001"), kBadValue},
      {"DateOnDayThirtyTwo", kGenerate, Text(CKA_END_DATE, "20291232"), kBadValue},
      {"DateOnDayZero", kGenerate, Text(CKA_END_DATE, "20291200"), kBadValue},
      {"CheckValue", kCreate, Raw(CKA_CHECK_VALUE, {1, 2, 3}), CKR_OK},
      {"R234_EmptyCheckValue", kCreate, Raw(CKA_CHECK_VALUE, {}), CKR_OK},
      {"LongCheckValue", kCreate, Raw(CKA_CHECK_VALUE, {1, 2, 3, 4}), kBadValue},
      {"NoMechanisms", kGenerate, Raw(CKA_ALLOWED_MECHANISMS, {}), CKR_OK},
      {"OneMechanism", kGenerate, Num(CKA_ALLOWED_MECHANISMS, CKM_ECDSA), CKR_OK},
      {"HalfAMechanism", kGenerate, Raw(CKA_ALLOWED_MECHANISMS, Bytes(12)), kBadValue},
  };
}
INSTANTIATE_TEST_SUITE_P(Values, CheckTemplateTest, ::testing::ValuesIn(ValueCases()), NameOf);

Given Nested(std::initializer_list<Given> inner) {
  return Raw(CKA_WRAP_TEMPLATE, EncodeAttributes(ListOf(inner)));
}

std::vector<Case> NestedCases() {
  const Given one = Nested({True(CKA_EXTRACTABLE)});
  const Given three = Nested({Nested({one})});
  return {
      {"Empty", kGenerate, Raw(CKA_WRAP_TEMPLATE, {}), CKR_OK},
      {"Good", kGenerate, one, CKR_OK},
      {"ThreeDeep", kGenerate, three, CKR_OK},
      {"FourDeep", kGenerate, Nested({three}), kBadValue},
      {"BadValueInside", kGenerate, Nested({Raw(CKA_EXTRACTABLE, {7})}), kBadValue},
      {"UnknownInside", kGenerate, Nested({Raw(CKA_OTP_COUNTER, {})}), CKR_ATTRIBUTE_TYPE_INVALID},
      {"NotAList", kGenerate, Raw(CKA_WRAP_TEMPLATE, {0, 0, 0, 1}), kBadValue},
  };
}
INSTANTIATE_TEST_SUITE_P(Nested, CheckTemplateTest, ::testing::ValuesIn(NestedCases()), NameOf);

constexpr CK_RV kReadOnly = CKR_ATTRIBUTE_READ_ONLY;

std::vector<Case> GiverCases() {
  return {
      {"UnknownStandard", kGenerate, Raw(CKA_OTP_COUNTER, {}), CKR_ATTRIBUTE_TYPE_INVALID},
      {"UnknownVendor", kGenerate, Raw(CKA_VENDOR_DEFINED + 1, {}), CKR_ATTRIBUTE_TYPE_INVALID},
      {"LocalIsTheTokens", kGenerate, True(CKA_LOCAL), kReadOnly},
      {"AlwaysSensitiveIsTheTokens", kCreate, True(CKA_ALWAYS_SENSITIVE), kReadOnly},
      {"NeverExtractableIsTheTokens", kCreate, False(CKA_NEVER_EXTRACTABLE), kReadOnly},
      {"KeyGenMechanismIsTheTokens", kCreate, Num(CKA_KEY_GEN_MECHANISM, 1), kReadOnly},
      {"WkidIsTheTokens", kCreate, Raw(CKA_GREP11_WKID, Bytes(16)), kReadOnly},
      {"UniqueIdIsTheTokens", kCreate, Text(CKA_UNIQUE_ID, "x"), kReadOnly},
      {"ModulusIsNotGenerated", kGenerate, Raw(CKA_MODULUS, {1}), kReadOnly},
      {"ValueIsNotGenerated", kGenerate, Raw(CKA_VALUE, {1}), kReadOnly},
      {"CheckValueIsNotGenerated", kGenerate, Raw(CKA_CHECK_VALUE, {}), kReadOnly},
      {"PrivateExponentIsNotUnwrapped", Purpose::kUnwrap, Raw(CKA_PRIVATE_EXPONENT, {1}),
       kReadOnly},
      {"ModulusBitsAreNotCreated", kCreate, Num(CKA_MODULUS_BITS, 2048), kReadOnly},
      {"ValueLenIsNotCreated", kCreate, Num(CKA_VALUE_LEN, 32), kReadOnly},
      {"CheckValueIsUnwrapped", Purpose::kUnwrap, Raw(CKA_CHECK_VALUE, {1, 2, 3}), CKR_OK},
      {"ValueLenIsDerived", Purpose::kDerive, Num(CKA_VALUE_LEN, 32), CKR_OK},
      {"EcParamsAreUnwrapped", Purpose::kUnwrap, Raw(CKA_EC_PARAMS, P256()), CKR_OK},
      {"LabelIsSet", Purpose::kSet, Text(CKA_LABEL, "x"), CKR_OK},
      {"TokenIsNotSet", Purpose::kSet, True(CKA_TOKEN), kReadOnly},
      {"TokenIsCopied", Purpose::kCopy, True(CKA_TOKEN), CKR_OK},
      {"ClassIsNotSet", Purpose::kSet, Num(CKA_CLASS, CKO_DATA), kReadOnly},
      {"ClassIsNotCopied", Purpose::kCopy, Num(CKA_CLASS, CKO_DATA), kReadOnly},
  };
}
INSTANTIATE_TEST_SUITE_P(Givers, CheckTemplateTest, ::testing::ValuesIn(GiverCases()), NameOf);

TEST(CheckTemplateTest, AnEmptyTemplateIsFine) {
  EXPECT_TRUE(CheckTemplate({}, Purpose::kGenerate).ok());
}

}  // namespace
}  // namespace gw
