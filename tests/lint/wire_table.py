#!/usr/bin/env python3
"""Room: tests/lint. proto/wire/functions.def and proto/wire/WIRE.md say the same: each function that travels has one
row in the table of bodies, and nothing else has. May touch: those two files, read only.
"""

import argparse
import os
import re
import sys

import source

ROW = re.compile(r"^GW_FN\((C_\w+), (\d+), k(Carried|Local|Absent), k(Again|Once), k(Ends|Keeps), (CKR_\w+), \"([^\"]+)\"\)",
                 re.MULTILINE)


def functions(table):
    return {m.group(1): m.group(3) for m in ROW.finditer(table)}


def documented(text):
    """The functions named in the first column below "## Bodies", in order, repeats kept."""
    bodies = text.split("\n## Bodies\n", 1)[-1]
    cells = [line.split("|")[1] for line in bodies.splitlines() if line.startswith("| C_")]
    return [name.strip() for cell in cells for name in cell.split(",")]


def check(table, text):
    rows, names = functions(table), documented(text)
    lines = len(re.findall(r"^GW_FN\(", table, re.MULTILINE))
    found = [] if lines == len(rows) and rows else [f"functions.def has {lines} rows, {len(rows)} of them readable"]
    found += [f"{n} travels, but WIRE.md has no body for it" for n, c in rows.items() if c == "Carried" and n not in names]
    found += [f"WIRE.md has a body for {n}, which does not travel" for n in names if rows.get(n) != "Carried"]
    found += [f"WIRE.md names {n} twice" for n in sorted(set(names)) if names.count(n) > 1]
    return found


def self_test():
    table = 'GW_FN(C_A, 0, kCarried, kAgain, kKeeps, CKR_OK, "5.4")\nGW_FN(C_B, 1, kLocal, kOnce, kEnds, CKR_OK, "5.4")\n'
    good = "\n## Bodies\n\n| C_A | - | - |\n"
    bad = [(table, "\n## Bodies\n"), (table, good + "| C_B | - | - |\n"), (table, good + "| C_A | - | - |\n"),
           (table, good + "| C_A, C_C | - | - |\n"), (table + "GW_FN(C_C, two)\n", good), ("", "")]
    wrong = [sample for sample in bad if not check(*sample)] + ([good] if check(table, good) else [])
    print(f"{len(bad) + 1} samples, {len(wrong)} judged wrongly")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(__file__), "..", ".."))
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    if args.self_test:
        return self_test()
    found = check(source.read(args.root, "proto/wire/functions.def"), source.read(args.root, "proto/wire/WIRE.md"))
    print("\n".join(found + [f"{len(found)} complaints"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
