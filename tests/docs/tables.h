// The tables of docs/pkcs11.md, in Markdown, from the tables of the code and of tests/conformance.
#pragma once

#include <span>

#include "tests/docs/conformance_map.h"
#include "tests/docs/page.h"

namespace gw::docs {

Tables TablesOfPkcs11(std::span<const Promise> promises);

}  // namespace gw::docs
