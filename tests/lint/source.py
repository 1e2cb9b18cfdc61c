"""Room: tests/lint. What every lint needs: the source files of the tree, and C++ without its comments and literals.

May touch: files under the root, read only.
"""

import argparse
import os
import re
import sys

CPP = (".cc", ".h")
SKIPPED_DIRS = {".git", "build", ".cache", "__pycache__", "node_modules"}

_TOKENS = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
    """,
    re.DOTALL | re.VERBOSE,
)


def files(root, suffixes):
    """Paths below root, relative to it and sorted, whose names end in one of the suffixes."""
    found = []
    for folder, dirs, names in os.walk(root):
        dirs[:] = sorted(d for d in dirs if d not in SKIPPED_DIRS)
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names if n.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def bare(text):
    """The code alone: comments and literals become blanks, so that offsets and line numbers stay."""

    def blank(match):
        return "".join(c if c == "\n" else " " for c in match.group())

    return _TOKENS.sub(blank, text)


def without_comments(text):
    """As bare(), but literals stay: includes are read from this."""

    def blank(match):
        comment = match.group().startswith("/")
        return "".join(c if c == "\n" else " " for c in match.group()) if comment else match.group()

    return _TOKENS.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def main(description, check, samples, suffixes=CPP):
    """Runs check(path, text) -> [(line, message)] over the tree, or over its own samples with --self-test.

    A sample is (name, path, text, is_bad): a lint that misses a bad sample, or flags a good one, is itself broken.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(__file__), "..", ".."))
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("paths", nargs="*", help="only these, relative to the root")
    args = parser.parse_args()
    if args.self_test:
        return _self_test(check, samples)
    complaints = 0
    paths = args.paths or files(args.root, suffixes)
    for path in paths:
        for line, message in check(path, read(args.root, path)):
            print(f"{path}:{line}: {message}")
            complaints += 1
    print(f"{len(paths)} files, {complaints} complaints")
    return 1 if complaints or not paths else 0


def _self_test(check, samples):
    wrong = 0
    for name, path, text, is_bad in samples:
        found = check(path, text)
        if bool(found) != is_bad:
            print(f"sample '{name}' should{'' if is_bad else ' not'} be flagged, got {found}")
            wrong += 1
    kinds = {is_bad for _, _, _, is_bad in samples}
    print(f"{len(samples)} samples, {wrong} judged wrongly")
    return 1 if wrong or kinds != {True, False} else 0


if __name__ == "__main__":
    sys.exit("not a lint of its own; see rooms.py, co_await.py and words.py")
