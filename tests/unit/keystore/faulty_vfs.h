// Tests of keystore: a file layer for SQLite that fails on demand and counts syncs.
#pragma once

namespace gw::faulty {

// The name for SqliteOptions::vfs; registered at the first call.
const char* Vfs();

// From now on each write or sync fails with this SQLite code; 0: works.
void FailWrites(int code);
void FailSyncs(int code);

// Syncs that were asked for since the program started.
int Syncs();

}  // namespace gw::faulty
