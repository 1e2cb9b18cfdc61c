// Room: tests/stack. The application that random calls are made in: its sessions, its login, its
// objects, set right again after whatever a call did to them.
#pragma once

#include <map>

#include "tests/stack/random_values.h"

namespace gw::stack {

class World {
 public:
  // Initialises the module and, with `objects`, logs in and makes the subjects.
  explicit World(bool objects);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Before each call: sessions are open, mostly somebody is logged in, and mostly the normal user.
  // `objects`: there are some to change. `unknown`: a call may have ended sessions or the login;
  // asking what is left takes more calls than one.
  void Settle(Random& random, bool objects, bool unknown);
  // A session that is open, or a handle of none.
  CK_SESSION_HANDLE DrawSession(Random& random) const;
  // An object: a key of ours, one that may be changed, or none.
  CK_OBJECT_HANDLE DrawObject(Random& random) const;

  // All objects that the login shows.
  std::size_t CountObjects();
  // Removes what a call made.
  void Remove(CK_OBJECT_HANDLE object);
  // The session was opened by a call.
  void Adopt(CK_SESSION_HANDLE session, Random& random);
  // After C_Finalize or with a new token: begins again without objects.
  void Reopen();
  void CloseAll();

  const Subjects& subjects() const { return subjects_; }
  // Input that fits the mechanism's operation, made with the subjects; NULL: a mechanism that has
  // none.
  const Octets* CiphertextFor(CK_MECHANISM_TYPE type) const { return Find(ciphertexts_, type); }
  const Octets* WrappedFor(CK_MECHANISM_TYPE type) const { return Find(wrapped_, type); }
  const Octets* SignatureFor(CK_MECHANISM_TYPE type) const { return Find(signatures_, type); }
  static const Octets& Message();

  // What the calls so far have led to.
  const MechanismRow* last_mechanism = nullptr;  // drawn last; nullptr: one without a row
  Octets saved_state;                            // that C_GetOperationState gave last

 private:
  using Samples = std::map<CK_MECHANISM_TYPE, Octets>;
  static const Octets* Find(const Samples& samples, CK_MECHANISM_TYPE type) {
    const auto found = samples.find(type);
    return found == samples.end() ? nullptr : &found->second;
  }
  void Rebuild();  // a new token and everything on it
  void OpenSessions(Random* random);
  void MakeVictims();
  void MakeSamples();

  Subjects subjects_;
  CK_SESSION_HANDLE watch_ = CK_INVALID_HANDLE;  // counts, and owns what may be changed
  std::vector<CK_SESSION_HANDLE> sessions_;
  std::vector<CK_OBJECT_HANDLE> victims_;  // session objects that may be changed and destroyed
  Samples ciphertexts_, wrapped_, signatures_;
  bool logged_in_ = false;  // the normal user, as far as is known
  unsigned settled_ = 0;
};

}  // namespace gw::stack
