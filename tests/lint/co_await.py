#!/usr/bin/env python3
"""Room: tests/lint. Two faults of g++ 12.2 in coroutines, both at every optimisation level.

Temporaries of an awaited full expression are destroyed twice: no braced temporary and no lambda that captures by value in a
full expression that contains co_await. Name it, move it, await it.

A co_await in the condition of an if, while, for, do or switch ends in an illegal instruction when the coroutine declares no
variable: `if (!co_await F()) ...`. Initialise a variable with it instead; `if (auto x = co_await F(); !x)` is sound.

May touch: source files, read only. It reads tokens, not types, so it also flags what happens to be harmless.
"""

import re
import sys

import source

TOKEN = re.compile(r"->|&&|\|\||::|[=!<>]=|[A-Za-z_]\w*|\d[\w.']*|[^\s\w]")
OPEN = {"(": ")", "[": "]", "{": "}"}
CLOSE = {v: k for k, v in OPEN.items()}
# What may stand before the brace of a block that is not the body of a function with a trailing return type.
BEFORE_BLOCK = {")", "{", "}", ";", "else", "do", "try", "const", "noexcept", "override", "final", "mutable", ":"}
# What stands before a '[' that indexes or binds and is no lambda.
BINDS = {"auto", "&", "&&"}
HARMLESS_CAPTURES = re.compile(r"(&|this)?( , (this|& \w+))*|& \w+( , (this|& \w+))*")


class Code:
    """The tokens of one file with, for each bracket, the index of its partner."""

    def __init__(self, text):
        self.text = source.bare(re.sub(r"^[ \t]*#.*(\\\n.*)*", lambda m: re.sub(r"[^\n]", " ", m.group()), text,
                                       flags=re.MULTILINE))
        matches = list(TOKEN.finditer(self.text))
        self.tokens = [m.group() for m in matches]
        self.offsets = [m.start() for m in matches]
        self.partner = {}
        stack = []
        for i, token in enumerate(self.tokens):
            if token in OPEN:
                stack.append(i)
            elif token in CLOSE and stack:
                self.partner[i] = stack.pop()
                self.partner[self.partner[i]] = i

    def line(self, index):
        return source.line_of(self.text, self.offsets[index])

    def before(self, index):
        return self.tokens[index - 1] if index > 0 else ";"

    def is_lambda(self, index):
        """True for the '[' that begins a lambda: after an operator, and not in 'auto [a, b]' or 'x[i]'."""
        if self.tokens[index] != "[" or self.before(index) == "[":
            return False
        before = self.before(index)
        if before in BINDS and index > 1:
            back = index - 1
            while self.tokens[back] in ("&", "&&") and back > 0:
                back -= 1
            if self.tokens[back] == "auto":
                return False
        return not re.match(r"\w|\)|\]|>", before) or before in ("return", "co_return", "co_await", "co_yield")

    def lambda_body(self, index):
        """The '{' of the lambda that begins at '['."""
        at = self.partner.get(index, index) + 1
        while at < len(self.tokens) and self.tokens[at] not in ("{", ";"):
            at = self.partner.get(at, at) + 1 if self.tokens[at] in ("(", "[") else at + 1
        return at if at < len(self.tokens) and self.tokens[at] == "{" else None

    def is_block(self, index):
        """True for a '{' that opens statements, false for one that makes a value."""
        before = self.before(index)
        if before in BEFORE_BLOCK:
            return True
        if before == "]":  # [] { ... } is a lambda without parameters
            return self.is_lambda(self.partner.get(index - 1, index - 1))
        back = index - 1  # ") -> Awaitable<Result<T>> {" : a trailing return type
        while back > 0 and re.fullmatch(r"[\w<>,:&*]|::|\w+", self.tokens[back]):
            back -= 1
        if self.tokens[back] == "->" and self.before(back) in (")", "noexcept", "mutable", "const"):
            return True
        return before in ("namespace", "extern") or self.tokens[max(0, index - 2)] in ("namespace", "class", "struct")

    def start(self, index):
        """The first token of the full expression around `index`."""
        at = index - 1
        while at >= 0:
            token = self.tokens[at]
            if token in (";",) or (token == "}" and self.is_block(self.partner.get(at, at))):
                return at + 1
            if token == "{" and self.is_block(at):
                return at + 1
            at = self.partner.get(at, at) - 1 if token in CLOSE else at - 1
        return 0

    def end(self, index):
        """One past the last token of the full expression around `index`."""
        at = index
        while at < len(self.tokens):
            token = self.tokens[at]
            if token in (";", "}") or (token == "{" and self.is_block(at)):
                return at
            at = self.partner.get(at, at) + 1 if token in OPEN else at + 1
        return at


def faults(code, start, end):
    """Braced temporaries and owning captures between two tokens; bodies of lambdas are another function's."""
    at = start
    while at < end:
        if code.is_lambda(at):
            captures = " ".join(code.tokens[at + 1:code.partner.get(at, at)])
            if not HARMLESS_CAPTURES.fullmatch(captures):
                yield at, f"lambda captures [{captures}] inside an awaited expression"
            body = code.lambda_body(at)
            if body is not None:
                at = code.partner.get(body, body)
        elif code.tokens[at] == "{" and not code.is_block(at):
            yield at, "braced temporary inside an awaited expression"
        at += 1


CONDITIONS = {"if", "while", "for", "switch", "constexpr"}


def is_condition(code, index):
    """True for a co_await that a condition tests itself, instead of a variable that it initialised."""
    at = index - 1
    initialises = past_semicolon = False
    while at >= 0:
        token = code.tokens[at]
        if token == "(" and code.before(at) in CONDITIONS:
            return not initialises
        if token == "{" and code.is_block(at):
            return False
        if token == ";":
            if not in_for_header(code, at):
                return False
            past_semicolon = True
        if token in ("=", ":") and not past_semicolon:
            initialises = True
        at = code.partner.get(at, at) - 1 if token in CLOSE else at - 1
    return False


def in_for_header(code, index):
    """True for a ';' between the parentheses of an if or a for."""
    at = index - 1
    while at >= 0 and code.tokens[at] not in ("{", "}"):
        if code.tokens[at] == "(":
            return code.before(at) in CONDITIONS
        at = code.partner.get(at, at) - 1 if code.tokens[at] in CLOSE else at - 1
    return False


def check(path, text):
    code = Code(text)
    found = {}
    for index, token in enumerate(code.tokens):
        if token != "co_await":
            continue
        if is_condition(code, index):
            found[index] = (code.line(index), "co_await in a condition (initialise a variable with it)")
        for at, message in faults(code, code.start(index), code.end(index)):
            found[at] = (code.line(at), message + " (name it, move it, await it)")
    return sorted(found.values())


def sample(name, statement, is_bad):
    return name, "a.cc", "Awaitable<void> F(int n) {\n  " + statement + "\n}\n", is_bad


SAMPLES = [
    sample("aggregate by value", "co_await F(Agg{a, b});", True),
    sample("designated", "co_await F(Agg{.x = 1});", True),
    sample("deep", "co_await F(Plain(Agg{s}));", True),
    sample("plain braces", "co_await F({a, b});", True),
    sample("vector", "co_await F(std::vector<T>{a, b});", True),
    sample("owning lambda", "co_await F([owner] { owner->Go(); });", True),
    sample("moving lambda", "co_await F([p = std::move(p)]() mutable { p->Go(); });", True),
    sample("all by value", "co_await F([=](int x) { return x + y; });", True),
    sample("in a condition", "if (auto r = co_await F(Agg{a}); !r) co_return;", True),
    sample("in a return", "co_return Agg{co_await F()};", True),
    sample("beside it", "Use(Agg{a}, co_await F());", True),
    sample("spawned", "co_await co_spawn(ex, [owner]() -> Awaitable<void> { co_return; }, kAwait);", True),
    sample("in a macro", "GW_CO_TRY(x, co_await F(Agg{a}));", True),
    sample("over lines", "const auto reply =\n      co_await client.Sign(\n          Request{key, data});", True),
    sample("inside a block inside a loop", "for (;;) { while (x) { co_await F(Agg{a}); } }", True),
    sample("a condition", "if (!co_await F(a)) co_return;", True),
    sample("a loop", "while (co_await F(a)) { G(); }", True),
    sample("a loop that tests later", "do { G(); } while (co_await F(a));", True),
    sample("a switch", "switch (co_await F(a)) { case 1: break; }", True),
    sample("the middle of a for", "for (int i = 0; co_await F(i); ++i) { G(); }", True),
    sample("half a condition", "if (ready && co_await F(a)) G();", True),
    sample("a condition after an initialiser", "if (int b = 1; co_await F(b)) G();", True),
    sample("a condition in parentheses", "if (!(co_await F(a)).ok()) G();", True),
    sample("a comparison", "if (x == co_await F(a)) G();", True),
    sample("initialised in the condition", "if (auto r = co_await F(a); !r) co_return;", False),
    sample("initialised and tested", "if (auto r = co_await F(a)) Use(r);", False),
    sample("the body of an if", "if (x) co_await F(a);", False),
    sample("the body of an if, returned", "if (x == y) co_return co_await F(a);", False),
    sample("a range", "for (auto& x : co_await F(a)) G(x);", False),
    sample("named", "Agg agg{a, b}; co_await F(std::move(agg));", False),
    sample("named lambda", "auto go = [owner] { owner->Go(); }; co_await F(std::move(go));", False),
    sample("by reference", "co_await F([&] { Go(); });", False),
    sample("nothing captured", "co_await F([](int x) { return Agg{x}; });", False),
    sample("structured binding", "auto [error, size] = co_await F(a);", False),
    sample("binding by reference", "auto&& [error, size] = co_await F(a);", False),
    sample("subscript", "x[i] = co_await F(y[j]);", False),
    sample("condition and block", "if (auto r = co_await F(a); !r) { Use(Agg{r}); }", False),
    sample("else block", "if (auto r = co_await F(a)) { G(); } else { Use(Agg{r}); }", False),
    sample("loop", "for (bool more = true; more;) { more = co_await F(a); }", False),
    sample("the next statement", "co_await F(a); co_return Agg{a};", False),
    sample("the statement before", "Use(Agg{a}); co_await F(a);", False),
    sample("in a comment", "co_await F(a);  // not F(Agg{a})", False),
    sample("in a string", 'co_await F("Agg{a}");', False),
    sample("inner coroutine", "auto f = []() -> Awaitable<void> { co_await F(a); }; Use(Agg{f});", False),
    sample("make_unique", "co_await F(std::make_unique<Agg>(a, b));", False),
]

if __name__ == "__main__":
    sys.exit(source.main(__doc__, check, SAMPLES))
