#!/usr/bin/env python3
"""Room: tests/lint. One name, one type: two classes of the same name in one program are undefined behaviour that no linker reports.

The compiler sees one file at a time, the linker keeps either constructor, and an object of one class is made in the memory of the other.
Looks at what is defined in headers, outside of other classes. May touch: source files, read only.
"""

import re
import sys

import source

# Linked into one program, but for tests, whose names stay in their files.
PROGRAMS = ("daemon", "emulator", "pkcs11-shim", "bench")
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.MULTILINE)
DEFINITION = re.compile(r"^(?:class|struct|enum class) (?:\[\[\w+\]\] )?(\w+)(?: final)?(?: : [^;{]*)?\s*\{", re.MULTILINE)

seen = {}


def check(path, text):
    program = path.split("/")[0]
    if program not in PROGRAMS or not path.endswith(".h"):
        return []
    code = source.bare(text)
    opened = NAMESPACE.search(code)
    found = []
    for match in DEFINITION.finditer(code):
        name = (program, opened.group(1) if opened else "", match.group(1))
        first = seen.setdefault(name, path)
        if first != path:
            found.append((source.line_of(code, match.start()), f"{name[2]} is defined in {first} too"))
    return found


HEAD = "// Room: here.\nnamespace gw {\n"
SAMPLES = [
    ("a class", "daemon/front/a.h", HEAD + "class A {\n};\n}", False),
    ("the same class elsewhere", "daemon/rpc/a.h", HEAD + "class A : public B {\n};\n}", True),
    ("announced elsewhere", "daemon/rpc/b.h", HEAD + "class A;\n}", False),
    ("in another program", "emulator/a.h", HEAD + "class A {\n};\n}", False),
    ("in another namespace", "daemon/rpc/c.h", "namespace gw::rpc {\nclass A {\n};\n}", False),
    ("inside another class", "daemon/rpc/d.h", HEAD + "class D {\n  struct A {\n  };\n};\n}", False),
    ("in a comment", "daemon/rpc/e.h", HEAD + "/*\nclass A {\n*/\n}", False),
]

if __name__ == "__main__":
    sys.exit(source.main(__doc__, check, SAMPLES))
