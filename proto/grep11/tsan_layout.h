// Room: proto. Included ahead of everything in files that use the messages, in ThreadSanitizer
// builds alone. protobuf gives its map fields another layout under ThreadSanitizer, which Debian's
// library, built without, does not share: its destructor then frees what is no pointer.
#pragma once

#pragma push_macro("__SANITIZE_THREAD__")
#undef __SANITIZE_THREAD__
#include <google/protobuf/map_field.h>
#pragma pop_macro("__SANITIZE_THREAD__")
