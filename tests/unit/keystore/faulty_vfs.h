// Tests of keystore: a file layer for SQLite that fails on demand, counts syncs, and knows what a
// power cut would leave behind.
#pragma once

#include <random>
#include <string>

namespace gw::faulty {

// The name for SqliteOptions::vfs; registered at the first call.
const char* Vfs();

// From now on each write or sync fails with this SQLite code; 0: works.
void FailWrites(int code);
void FailSyncs(int code);

// Syncs that were asked for since the program started.
int Syncs();

// Copies database, write-ahead log and key of `from` to `to` as a power cut would leave them at
// this instant: a write that was not synced yet is there or not, as `chance` says. Writers of other
// threads wait meanwhile.
void PowerCut(const std::string& from, const std::string& to, std::minstd_rand& chance);

}  // namespace gw::faulty
