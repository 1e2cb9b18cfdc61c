#!/usr/bin/env python3
"""Room: tests/lint. Words that the tree does not use, and the names it has agreed on.

May touch: text files of the tree, read only.
"""

import re
import sys

import source

TEXT = (".cc", ".h", ".def", ".proto", ".js", ".md", ".txt", ".py", ".sh", ".cmake", ".json", ".yaml", ".yml", ".conf",
        ".example", ".service", ".socket", ".in", ".tsv", "dev", "run")
ITSELF = ("tests/lint/words.py",)

# (pattern, why, where it holds: path prefixes, empty for everywhere)
ANYWHERE = [
    (r"\bTODO\b(?!\([a-z][\w.-]*\): \S+ \S+)", "TODO needs a name and the condition: TODO(name): when ..."),
    (r"\b(FIXME|XXX|HACK)\b", "say what is wrong, or mend it"),
    (r"(?<![\w$}{:.-])/(tmp|work|home|root|mnt|Users)/[\w.]", "a path of one machine"),
    (r"\bfor now\b|\btemporar(y|ily) (hack|solution|fix)\b|\bquick fix\b", "a promise without a date"),
    (r"\b(deb|security|ftp)\.debian\.org\b", "a package host"),
    (r"\bregistry\.(npmjs|yarnpkg)\.\w+", "a package host: npm's omit-lockfile-registry-resolved keeps it out"),
    (r"\bissue (#? ?\d+)\b|\bnext issue\b", "speak of the product, not of how it is made"),
    (r"[ \t]+$", "blanks at the end of the line"),
    (r"\b(whitelist|blacklist)\b", "say allowed, refused"),
    (r"\b(AKIA|ghp_|xox[bp]-)[A-Za-z0-9]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----", "a credential"),
]

# Names of the daemon and the shim: (pattern in the code, what to say instead).
NAMES = [
    (r"\b\w*[Bb]ackend\w*\b", "upstream"),
    (r"\b(event_loop|EventLoop)\w*\b", "silo, loop or completion queue"),
    (r"\b(key_material|KeyMaterial)\w*\b", "key blob"),
    (r"\b(op_context|OpContext|sign_context|SignContext)\b", "active operation, operation state"),
    (r"\b\w*([Ss]ession|[Oo]bject|[Ss]lot)_(fd|descriptor)\b", "a handle is not a descriptor"),
    (r"\bu?int(\d+)?(_t)? (timeout|delay|interval|period|rate|max_size|size_limit)\b", "a name with its unit"),
    (r"^[ \t]*#[ \t]*define[ \t]+(?!GW_|_GNU_SOURCE\b|OPENSSL_)\w+", "a macro that begins with GW_"),
    (r"\busing namespace (?!std::(chrono_literals|string_view_literals|literals)\b)\w+", "the names you need"),
    (r"\b(NULL)\b", "nullptr"),
]
NAMED_ROOMS = ("daemon/", "pkcs11-shim/", "emulator/", "bench/")
PROTOCOL_NAMES = ("proto/pkcs11/",)


def matches(text, pattern):
    return re.finditer(pattern, text, re.MULTILINE)


def check(path, text):
    if path in ITSELF:
        return []
    found = [(source.line_of(text, m.start()), f"{why}: {m.group().strip()!r}")
             for pattern, why in ANYWHERE for m in matches(text, pattern)]
    if path.startswith(NAMED_ROOMS) and path.endswith(source.CPP):
        code = source.bare(text)
        found += [(source.line_of(code, m.start()), f"say {instead}: {m.group().strip()!r}")
                  for pattern, instead in NAMES for m in matches(code, pattern)]
    return sorted(found)


SAMPLES = [
    ("todo", "daemon/a.cc", "// TODO: later\n", True),
    ("todo with a name but no condition", "daemon/a.cc", "// TODO(ana): soon\n", True),
    ("todo as it should be", "daemon/a.cc", "// TODO(ana): when gRPC 1.60 is in Debian, drop this\n", False),
    ("fixme", "docs/a.md", "FIXME\n", True),
    ("machine path", "docs/a.md", "see /home/ana/notes\n", True),
    ("scratch path", "dev", "cp x /tmp/y\n", True),
    ("scratch path with a fallback", "dev", 'dir=$(mktemp -d "${TMPDIR:-/tmp}/x.XXXX")\n', False),
    ("system path", "docs/a.md", "see /etc/grep11d and /run/grep11d/grep11d.sock\n", False),
    ("promise", "daemon/a.cc", "// for now\n", True),
    ("package host", "dev", "curl http://deb.debian.org/x\n", True),
    ("a registry in a lock file", "tests/package-lock.json", '"resolved": "https://registry.npmjs.org/x"\n', True),
    ("trailing blank", "README.md", "text \n", True),
    ("a wrong name", "daemon/a.cc", "Backend& backend_;\n", True),
    ("a wrong name in a comment only", "daemon/a.cc", "// the backend of others\n", False),
    ("a wrong name in a literal only", "daemon/a.cc", 'Log("backend");\n', False),
    ("a number without its unit", "daemon/a.h", "int timeout = 5;\n", True),
    ("a number with its unit", "daemon/a.h", "int timeout_ms = 5;\n", False),
    ("a macro without prefix", "daemon/a.h", "#define CHECK(x) x\n", True),
    ("a macro with prefix", "daemon/a.h", "#define GW_CHECK(x) x\n", False),
    ("a private key", "tests/a.txt", "-----BEGIN EC PRIVATE KEY-----\n", True),
]

if __name__ == "__main__":
    sys.exit(source.main(__doc__, check, SAMPLES, TEXT))
