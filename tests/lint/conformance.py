#!/usr/bin/env python3
"""Room: tests/lint. tests/conformance/spec.tsv names what shows each promise: a row without its test, a requirement or a
function without its row, a row that claims more than its test says fails.

May touch: spec.tsv, proto/wire/functions.def, sources and lists of tests, read only. Tests are found in the sources, so
that nothing has to be built.
"""

import argparse
import os
import re
import sys

import source

MAP = "tests/conformance/spec.tsv"
COLUMNS = ["id", "state", "tests", "text", "reason"]
STATES = ("met", "open", "n/a")
NOTHING = "-"
# The numbers of the behaviour sheet, with its gaps: requirements, cases of placement, rules of attributes.
NUMBERS = ("R1-56 R60-81 R100-107 R116-123 R130-137 R140-143 R180-190 R220-224 R230-246 R250-264 R270-273 R280-291 R310-313 "
           "R320-323 R330-337 R350-353 R370-378 R378a R379 T1-18 A1-13")

REQUIREMENT = re.compile(r"[RTA]\d+a?$")
CODE = re.compile(r"(C_\w+) (CKR_\w+)$")
MECHANISM = re.compile(r"(CKM_\w+) (encrypt|decrypt|digest|sign|verify|generate|pair|wrap|unwrap|derive)$")

FUNCTION = re.compile(r"^GW_FN\((C_\w+), \d+, k(Carried|Local|Absent),", re.MULTILINE)
GTEST = re.compile(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", re.MULTILINE)
PYTHON_CLASS = re.compile(r"^class (\w+)\(.*$")
PYTHON_TEST = re.compile(r"^    def (test_\w+)\(")
FOREACH = re.compile(r"foreach\((\w+) ([^)]*)\)(.*?)endforeach\(\)", re.DOTALL)
# How the lists of tests name a CTest: (pattern, name).
LISTED = [(r"add_test\(\s*NAME ([\w.]+)", "{}"), (r"gw_add_(?:e2e|stack)_test\(\s*(\w+)", "{}"),
          (r"gw_add_lint\((\w+)", "lint_{}")]


def numbers():
    found = []
    for part in NUMBERS.split():
        kind, first, last = re.match(r"([RTA])(\d+a?)(?:-(\d+))?$", part).groups()
        found += [kind + first] if last is None else [f"{kind}{n}" for n in range(int(first), int(last) + 1)]
    return found


def read_map(text):
    """Rows as dictionaries with their line, and complaints about the form."""
    rows, found = [], []
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line and not line.startswith("#")]
    if not lines or lines[0][1].split("\t") != COLUMNS:
        return [], [(1, "the first line is not: " + " ".join(COLUMNS))]
    for n, line in lines[1:]:
        cells = line.split("\t")
        if len(cells) != len(COLUMNS):
            found.append((n, f"{len(cells)} columns, not {len(COLUMNS)}"))
            continue
        rows.append(dict(zip(COLUMNS, cells), line=n))
    return rows, found


def expanded(cmake):
    """The text with its foreach loops over given words written out."""

    def write_out(match):
        variable, words, body = match.groups()
        return "\n".join(body.replace("${" + variable + "}", word) for word in words.split())

    return FOREACH.sub(write_out, cmake)


def listed(cmake, path):
    """A source that no list of the folder names is not built, and its tests do not run."""
    name = os.path.basename(path)
    return name in cmake or re.search(rf"\b{re.escape(os.path.splitext(name)[0].removesuffix('_test'))}\b", cmake)


def python_tests(stem, text):
    found, of = [], None
    for line in text.splitlines():
        begins = PYTHON_CLASS.match(line)
        test = PYTHON_TEST.match(line)
        of = begins.group(1) if begins else of
        if test and of:
            found.append(f"{stem}.{of}.{test.group(1)}")
    return found


def known_tests(files):
    """Names of tests -> text of the files that hold them. `files`: path -> text, of everything below tests/."""
    known = {}
    lists = {os.path.dirname(path): expanded(text) for path, text in files.items() if path.endswith("CMakeLists.txt")}

    def know(name, text):
        known[name] = known.get(name, "") + text

    for folder, cmake in lists.items():
        for pattern, name in LISTED:
            for match in re.finditer(pattern, cmake):
                know(name.format(match.group(1)), cmake)
    for path, text in files.items():
        folder, (stem, suffix) = os.path.dirname(path), os.path.splitext(os.path.basename(path))
        if not listed(lists.get(folder, ""), path) and folder != "tests/chaos":
            continue
        if suffix == ".cc":
            for suite, test in GTEST.findall(text):
                if not test.startswith("DISABLED_"):
                    know(f"{suite}.{test}", text)
        elif suffix == ".py":
            for name in python_tests(stem, text):
                know(name, text)
            if folder == "tests/chaos":  # a program, a test: its list takes them all
                know(f"chaos_{stem}", text)
    return known


def check_row(row, known):
    """Complaints about one row by itself."""
    found, tests = [], [test for test in row["tests"].split() if test != NOTHING]
    if row["state"] not in STATES:
        found.append(f"state {row['state']!r} is none of " + ", ".join(STATES))
    if row["state"] == "met" and not tests:
        found.append("met, and no test shows it")
    if not row["tests"] or not row["reason"]:
        found.append(f"a cell that is empty: write {NOTHING}")
    if (row["state"] == "met") != (row["reason"] == NOTHING):
        found.append("a reason belongs to rows that are not met, and to each of them")
    if not row["text"].strip():
        found.append("no text")
    found += [f"no such test: {test}" for test in tests if test not in known]
    code = CODE.match(row["id"])
    if code and row["state"] == "met" and all(test in known for test in tests):
        if not any(re.search(rf"\b{code.group(2)}\b", known[test]) for test in tests):
            found.append(f"no file of its tests speaks of {code.group(2)}")
    return found


def check_functions(rows, table):
    """Each function says whether it works, and no row says that one that works does not."""
    functions = dict(FUNCTION.findall(table))
    states = {}
    for row in rows:
        match = CODE.match(row["id"])
        if match:
            states[match.groups()] = row
    found = [(row["line"], f"{name} is no function of functions.def")
             for (name, _), row in states.items() if name not in functions]
    for name, carried in functions.items():
        works = "CKR_FUNCTION_NOT_PARALLEL" if name in ("C_GetFunctionStatus", "C_CancelFunction") else "CKR_OK"
        row, refused = states.get((name, works)), states.get((name, "CKR_FUNCTION_NOT_SUPPORTED"))
        if row is None:
            found.append((0, f"{name} has no row {works}"))
        elif carried == "Absent" and row["state"] == "met":
            found.append((row["line"], f"{name} is kAbsent and cannot give {works}"))
        if carried != "Absent" and refused is not None:
            found.append((refused["line"], f"{name} is carried: this row is out of date"))
    return found


def check(text, table, files):
    rows, found = read_map(text)
    known = known_tests(files)
    seen = {}
    for row in rows:
        name, line = row["id"], row["line"]
        if name in seen:
            found.append((line, f"{name} is on line {seen[name]} already"))
        seen[name] = line
        if not (REQUIREMENT.match(name) or CODE.match(name) or MECHANISM.match(name)):
            found.append((line, f"{name!r} is no requirement, no function with a code, no mechanism with an operation"))
        found += [(line, f"{name}: {complaint}") for complaint in check_row(row, known)]
    wanted = numbers()
    found += [(0, f"{name} has no row") for name in wanted if name not in seen]
    found += [(line, f"{name} is no number of the sheet") for name, line in seen.items()
              if REQUIREMENT.match(name) and name not in wanted]
    return sorted(found + check_functions(rows, table))


def count(text):
    states = [row["state"] for row in read_map(text)[0]]
    return ", ".join(f"{states.count(state)} {state}" for state in STATES)


SAMPLE_FILES = {
    "tests/a/CMakeLists.txt": "gw_add_test(a_test SOURCES a_test.cc)\nforeach(test b c)\n  add_test(NAME stack_${test}_test "
                              "COMMAND ${test}_test.py)\nendforeach()\ngw_add_lint(rooms COMMAND x)\n",
    "tests/a/a_test.cc": "TEST_F(ATest,\n       Works) {\n  EXPECT_EQ(x, CKR_OK);\n}\nTEST(ATest, DISABLED_Sleeps) {}\n",
    "tests/a/forgotten_test.cc": "TEST(BTest, IsNotBuilt) {}\n",
    "tests/a/b_test.py": "class B(Base):\n    def test_it(self):\n        pass\n",
    "tests/chaos/CMakeLists.txt": "file(GLOB programs *.py)\n",
    "tests/chaos/storm.py": "pass\n",
}
SAMPLE_TABLE = ('GW_FN(C_A, 0, kCarried, kAgain, kKeeps, CKR_OK, "5.4")\n'
                'GW_FN(C_B, 1, kAbsent, kAgain, kKeeps, CKR_OK, "5.4")\n')
SAMPLE_HEAD = "\t".join(COLUMNS) + "\n"
SAMPLE_ROWS = [f"{name}\topen\t-\tx\ty\n" for name in numbers()] + [
    "C_A CKR_OK\tmet\tATest.Works stack_c_test\tx\t-\n", "C_B CKR_OK\topen\t-\tx\tabsent\n",
    "CKM_AES_ECB sign\tn/a\tb_test.B.test_it chaos_storm lint_rooms\tx\ty\n"]


def self_test():
    def judged(add="", drop="", table=SAMPLE_TABLE, head=SAMPLE_HEAD):
        rows = [row for row in SAMPLE_ROWS if not drop or not row.startswith(drop + "\t")]
        return check(head + "".join(rows) + add, table, SAMPLE_FILES)

    good = judged()
    bad = {
        "another head": judged(head="id\tstate\n"),
        "a missing number": judged(drop="R12"),
        "a doubled number": judged(add="R12\topen\t-\tx\ty\n"),
        "an unknown number": judged(add="R57\topen\t-\tx\ty\n"),
        "no such test": judged(add="C_A CKR_DEVICE_ERROR\tmet\tATest.Dreams\tx\t-\n"),
        "a test that is not built": judged(add="CKM_B sign\tmet\tBTest.IsNotBuilt\tx\t-\n"),
        "a test that is switched off": judged(add="CKM_B sign\tmet\tATest.DISABLED_Sleeps\tx\t-\n"),
        "met without a test": judged(add="CKM_B sign\tmet\t-\tx\t-\n"),
        "open without a reason": judged(add="CKM_B sign\topen\t-\tx\t-\n"),
        "met with a reason": judged(add="CKM_B sign\tmet\tATest.Works\tx\ty\n"),
        "a state of its own": judged(add="CKM_B sign\tmaybe\tATest.Works\tx\ty\n"),
        "no text": judged(add="CKM_B sign\tmet\tATest.Works\t\t-\n"),
        "a cell without anything": judged(add="CKM_B sign\topen\t\tx\ty\n"),
        "a column too few": judged(add="CKM_B sign\tmet\tATest.Works\tx\n"),
        "an id of no kind": judged(add="CKM_B dance\tmet\tATest.Works\tx\t-\n"),
        "a code that its test never names": judged(add="C_A CKR_DEVICE_ERROR\tmet\tATest.Works\tx\t-\n"),
        "a function without its row": judged(drop="C_A CKR_OK"),
        "a function of no table": judged(add="C_C CKR_OK\tmet\tATest.Works\tx\t-\n"),
        "an absent function that works": judged(drop="C_B CKR_OK", add="C_B CKR_OK\tmet\tATest.Works\tx\t-\n"),
        "a carried function that is refused": judged(add="C_A CKR_FUNCTION_NOT_SUPPORTED\topen\t-\tx\ty\n"),
    }
    wrong = [name for name, found in bad.items() if not found] + [f"the good one: {good}"] * bool(good)
    print(f"{len(bad) + 1} samples, {len(wrong)} judged wrongly", *wrong, sep="\n")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(__file__), "..", ".."))
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    if args.self_test:
        return self_test()
    table = source.read(args.root, "proto/wire/functions.def")
    files = {path: source.read(args.root, path) for path in source.files(args.root, (".cc", ".py", "CMakeLists.txt"))
             if path.startswith("tests/")}
    # Tests that walk the table of functions speak of the codes in it.
    files = {path: text + table * ("functions.def" in text or "no_daemon" in text) for path, text in files.items()}
    text = source.read(args.root, MAP)
    # A test that reads the map for what it shows speaks of all of it, and fails if it has not seen what the map says.
    files = {path: content + text * ("ReadDocumentedCodes(k" in content) for path, content in files.items()}
    found = check(text, table, files)
    print("\n".join(f"{MAP}:{line}: {message}" for line, message in found))
    print(f"{count(text)}; {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
