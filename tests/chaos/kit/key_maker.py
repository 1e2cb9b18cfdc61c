"""Room: tests/chaos. A client that makes the key pair of the workers in the token. See clients.py.

Task: key (its label). Both halves are private objects: processes that are not logged in, hostile ones among them, can neither
see nor destroy them.
"""

from kit import p11
from kit.clients import main


def work(task):
    module = p11.Module()
    module.initialize()
    session = module.open_session()
    module.login(session)
    both = {p11.CKA_TOKEN: True, p11.CKA_PRIVATE: True, p11.CKA_LABEL: task["key"]}
    handles = module.generate_ec(session, both, both)
    module.finalize()
    return handles


if __name__ == "__main__":
    main(work)
