// Tests of keystore: what crash_writer.cc does, known to sqlite_crash_test.cc as well.
#pragma once

#include "tests/unit/keystore/support.h"

namespace gw {

struct Acknowledgement {
  std::uint64_t request = 0;
  std::uint64_t number = 0;  // of the first of its two records
};

// Two records and a setting, all of which name the request.
inline Mutation CrashMutation(Byte application, std::uint64_t request) {
  const std::string name = std::to_string(application) + "." + std::to_string(request);
  Mutation mutation;
  mutation.puts = {MakeRecord(name), MakeRecord(name)};
  mutation.settings[name] = CopyOf(name);
  mutation.request = RequestOf(request, application);
  return mutation;
}

}  // namespace gw
