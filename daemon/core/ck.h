// Room: core. The only include of the PKCS #11 headers in the daemon, and the strong types made
// from their numbers.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/pkcs11/ck_ibm.h"
#include "proto/pkcs11/ck_v3.h"

namespace gw {

// Handles as applications see them. Distinct types, so that an object is never looked up by a
// session's number.
enum class SlotId : std::uint64_t {};
enum class SessionHandle : std::uint64_t {};
enum class ObjectHandle : std::uint64_t {};

inline std::uint64_t ToNumber(SlotId id) { return static_cast<std::uint64_t>(id); }
inline std::uint64_t ToNumber(SessionHandle handle) { return static_cast<std::uint64_t>(handle); }
inline std::uint64_t ToNumber(ObjectHandle handle) { return static_cast<std::uint64_t>(handle); }

// Names for logs, metrics and tools, from the tables in ck_names.cc; "0x..." for a number without a
// name, and "unknown" once very many such numbers have been seen. The view stays valid for ever.
std::string_view NameOfRv(CK_RV rv);
std::string_view NameOfMechanism(CK_MECHANISM_TYPE type);

}  // namespace gw
