// Room: mechanism. The parameter checks behind CheckMechanism, one per ParameterRule.
#pragma once

#include "daemon/core/result.h"
#include "daemon/mechanism/mechanism_table.h"

namespace gw {

// errors  CKR_MECHANISM_PARAM_INVALID  missing, superfluous, of wrong length, impossible values
// source  GREP11 reference 6.3; behaviour R190
Status CheckParameter(const MechanismRow& row, const MechanismParameter& parameter);

}  // namespace gw
