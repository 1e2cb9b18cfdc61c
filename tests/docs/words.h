// Words for the numbers of the tables: what the generated parts of docs/ call key types, objects,
// templates, functions and parameters. Nothing here knows a single mechanism or attribute. A number
// without words is an error that says which line to add, so that no page is made with a gap.
#pragma once

#include <string>

#include "daemon/attributes/attribute_table.h"
#include "daemon/mechanism/mechanism_table.h"

namespace gw::docs {

// The keys it uses or makes: "RSA"; "-" for digests, which use none.
std::string WordsOfKeyTypes(const MechanismRow& row);
// "1024 to 4096 bits", in the unit of CK_MECHANISM_INFO; "-" where a key has no size.
std::string WordsOfSizes(const MechanismRow& row);
// "IV of 16 bytes".
std::string WordsOfParameter(const MechanismRow& row);
// "encrypt, decrypt, wrap, unwrap".
std::string WordsOfFlags(CK_FLAGS flags);
// True where data may come in parts: encrypt, decrypt, digest, sign, verify.
bool TakesMessages(CK_FLAGS flags);

// One kind of object: "RSA private keys".
std::string WordsOfKind(ObjectKind kind);
// As few words as say it: "keys", "EC keys, secret keys".
std::string WordsOfKinds(KindSet kinds);
// "generate, unwrap"; "any" for each way to make an object; "-" for none.
std::string WordsOfPurposes(PurposeSet given);
std::string WordsOfFallback(Fallback fallback);
std::string WordsOfChange(ChangeRule change);

}  // namespace gw::docs
