#!/usr/bin/env python3
"""Room: tests/lint. The walls between rooms: which folder may include what, and which words may stand where.

The table is the one of the design; a new edge belongs there first. May touch: source files, read only.
"""

import re
import sys

import source

# Own headers that a room may include, as path prefixes; its own folder always. The same edges are the DEPS in CMake.
CORE = ("daemon/core/", "proto/pkcs11/")
EDGES = {
    "daemon/core": ("proto/pkcs11/",),
    "daemon/config": CORE,
    "daemon/mechanism": CORE,
    "daemon/localcrypto": CORE + ("daemon/mechanism/",),
    "daemon/keystore": CORE,
    "daemon/attributes": CORE + ("daemon/mechanism/", "daemon/localcrypto/curve.h"),
    "daemon/token": CORE + (
        "daemon/mechanism/", "daemon/attributes/", "daemon/keystore/keystore.h", "daemon/upstream/hsm_client.h",
        "daemon/config/config.h", "daemon/runtime/event.h", "daemon/runtime/spawn.h"),
    "daemon/sealing": CORE + (
        "daemon/token/", "daemon/attributes/", "daemon/keystore/keystore.h", "daemon/localcrypto/"),
    "daemon/rpc": CORE + ("daemon/runtime/",),
    "daemon/upstream": CORE + (
        "daemon/mechanism/", "daemon/config/config.h", "daemon/rpc/", "daemon/runtime/"),
    "daemon/policy": CORE + ("daemon/config/config.h",),
    "daemon/ops": CORE + (
        "daemon/token/", "daemon/mechanism/", "daemon/attributes/", "daemon/keystore/keystore.h",
        "daemon/upstream/hsm_client.h", "daemon/localcrypto/", "daemon/policy/", "daemon/config/config.h"),
    "daemon/dispatch": CORE + (
        "daemon/ops/", "daemon/token/", "daemon/sealing/", "daemon/mechanism/", "daemon/config/config.h",
        "proto/wire/"),
    "daemon/front": CORE + (
        "daemon/dispatch/", "daemon/policy/", "daemon/runtime/byte_budget.h", "daemon/runtime/gate.h",
        "daemon/runtime/spawn.h", "proto/wire/"),
    "daemon/admin": CORE,
    "daemon/runtime": CORE,
    # The parts that put rooms together: main.cc and what it is made of.
    "daemon": CORE + ("daemon/",),
    "pkcs11-shim": ("proto/wire/", "proto/pkcs11/"),
    "proto": ("proto/",),
    "proto/grep11": (),
    # The emulator stands in for somebody else's product: it shares words and the contract with the daemon, no logic.
    "emulator": CORE + ("emulator/",),
    "bench": CORE + ("bench/", "proto/"),
    # Measures the insides of the daemon, and so has to reach them.
    "bench/micro": CORE + (
        "daemon/attributes/", "daemon/dispatch/", "daemon/keystore/memory_keystore.h", "daemon/localcrypto/",
        "daemon/upstream/", "proto/wire/", "tests/support/agreeable_hsm.h"),
}

# What a coroutine needs to wait and to change threads. Any room of the daemon may; only some may open, read and write.
WAITING = r"(any_io_executor|as_tuple|awaitable|bind_executor|co_spawn|detached|dispatch|post|steady_timer" \
          r"|this_coro|thread_pool|use_awaitable)\.hpp"

# Foreign headers that are walls: (name, the whole include as a pattern, rooms behind the wall).
WALLS = [
    ("gRPC", r"grpc(pp)?/.*|.*grpc\.pb\.h",
     ("emulator", "bench")),
    ("HTTP/2", r"nghttp2/.*", ("daemon/rpc",)),
    ("protobuf", r"google/protobuf/.*|.*\.pb\.h", ("daemon/upstream", "emulator", "bench", "proto/grep11")),
    ("OpenSSL", r"openssl/.*", ("daemon/localcrypto", "daemon/rpc", "emulator", "bench")),
    ("Asio", rf"boost/(asio|beast)(?!/{WAITING}).*", (
        "daemon/core", "daemon/runtime", "daemon/front", "daemon/rpc", "daemon/upstream", "daemon/admin", "daemon/keystore",
        "emulator", "bench", "bench/micro", "daemon")),
    # config/ knows addresses and the length of a socket's name, and opens none.
    ("sockets", r"(sys/(socket|un)|netinet/.*|arpa/.*|netdb)\.h", (
        "daemon/config", "daemon/front", "daemon/rpc", "daemon/runtime", "daemon/admin", "pkcs11-shim", "emulator", "bench")),
    ("SQLite", r"sqlite3\.h", ("daemon/keystore",)),
    ("YAML", r"yaml-cpp/.*", ("daemon/config",)),
    ("files", r"fstream|filesystem", (
        "daemon/config", "daemon/keystore", "daemon/upstream", "daemon/runtime", "daemon/front", "emulator", "bench",
        "daemon")),
    ("the command line", r"CLI/.*", ("daemon", "emulator", "bench")),
    ("systemd", r"systemd/.*", ("daemon/runtime", "daemon/config", "daemon/front", "daemon")),
    ("JSON", r"nlohmann/.*", ("daemon/upstream", "daemon/admin", "emulator", "bench", "daemon")),
    ("threads", r"thread|mutex|condition_variable|pthread\.h", (
        "daemon/core", "daemon/runtime", "daemon/keystore", "daemon/upstream", "daemon/config", "daemon/token",
        "daemon/localcrypto", "daemon/policy", "pkcs11-shim", "emulator", "bench", "daemon")),
    # The shim has libc alone: of libstdc++ only headers that hold no code.
    ("libstdc++", r"(?!(cstddef|cstdint|type_traits|atomic|initializer_list|new|utility)$)[a-z_0-9]+", (
        "daemon", "daemon/*", "emulator", "bench", "bench/*")),
]

# Words that a room must not say: (pattern, why, rooms that may).
WORDS = [
    (r"\b(steady_clock|system_clock)::now\s*\(", "reads the real clock (use core/clock.h)",
     ("daemon/core", "daemon/runtime", "daemon", "emulator", "bench")),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(", "sleeps (wait for the condition, or use a timer)",
     ("emulator", "bench", "pkcs11-shim")),
    (r"\bthrow\b", "throws (errors are Result<T>)", ("daemon/config", "emulator", "bench")),
    (r"\bdetach\s*\(\s*\)", "detaches a thread", ("bench",)),
    # A copy of the daemon would have its secrets, and give the same random octets out again.
    (r"\b(fork|vfork|clone|posix_spawnp?)\s*\(", "makes a process", ("bench", "pkcs11-shim")),
    (r"\bstd::c(out|err)\b|\bprintf\s*\(", "prints (use core/log.h)", ("daemon", "emulator", "bench")),
    (r"\b(rand|srand|strcpy|strcat|sprintf|gets|system|popen)\s*\(", "is on nobody's list of safe functions", ()),
    (r"\b(exit|_exit|abort|quick_exit)\s*\(", "ends the process", ("daemon", "daemon/core", "emulator", "bench")),
]

FREE = ("tests",)  # no walls; a test opens with what it tests
PURPOSE = re.compile(r"\A// (Room: |No room: )\w")
PURPOSE_OF_TESTS = re.compile(r"\A// \w")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
GENERATED = re.compile(r".*\.pb\.h|.*build_info\.h|.*_config\.h")


def room_of(path):
    """The deepest folder that the table knows: daemon/core/x.h -> daemon/core, daemon/main.cc -> daemon."""
    parts = path.split("/")[:-1]
    if "/".join(parts[:2]) in EDGES:
        return "/".join(parts[:2])
    if parts[:1] == ["daemon"] and len(parts) > 1:
        return "/".join(parts[:2])
    if parts[:1] == ["proto"] and len(parts) > 1:
        return "proto"
    return parts[0] if parts else ""


def allowed(room, rooms):
    return room in rooms or any(r.endswith("/*") and room.startswith(r[:-1]) for r in rooms)


def include_complaint(room, quote, name):
    """What is wrong with this include in this room, or None."""
    for wall, pattern, rooms in WALLS:
        if re.fullmatch(pattern, name) and not allowed(room, rooms):
            return f"{room} may not touch {wall} ({name})"
    is_own = quote == '"' and "/" in name and not GENERATED.fullmatch(name)
    if is_own and not name.startswith((room + "/",) + EDGES[room]):
        return f"{room} may not include {name}"
    return None


def check(path, text):
    found = []
    room = room_of(path)
    if not (PURPOSE_OF_TESTS if room in FREE else PURPOSE).match(text):
        found.append((1, "the first line does not say what the file is for: // Room: ..."))
    if room in FREE:
        return found
    if room not in EDGES:
        return found + [(1, f"no row for the room {room!r} in the table of tests/lint/rooms.py")]
    code = source.without_comments(text)
    for match in INCLUDE.finditer(code):
        complaint = include_complaint(room, match.group(1), match.group(2))
        if complaint:
            found.append((source.line_of(code, match.start(1)), complaint))
    code = source.bare(text)
    for pattern, why, rooms in WORDS:
        if not allowed(room, rooms):
            found += [(source.line_of(code, m.start()), f"{room} {why}: {m.group().strip()}")
                      for m in re.finditer(pattern, code)]
    return found


HEAD = "// Room: here.\n"
SAMPLES = [
    ("own header", "daemon/core/a.cc", HEAD + '#include "daemon/core/b.h"\n', False),
    ("an edge of the table", "daemon/ops/a.cc", HEAD + '#include "daemon/token/session.h"\n', False),
    ("no purpose line", "daemon/core/a.cc", '#include "daemon/core/b.h"\n', True),
    ("purpose line missing in a test", "tests/unit/core/a_test.cc", "#include <gtest/gtest.h>\n", True),
    ("core looks outwards", "daemon/core/a.cc", HEAD + '#include "daemon/token/token.h"\n', True),
    ("only one header of a room", "daemon/ops/a.cc", HEAD + '#include "daemon/upstream/retry.h"\n', True),
    ("gRPC in ops", "daemon/ops/a.cc", HEAD + "#include <grpcpp/grpcpp.h>\n", True),
    ("protobuf in token", "daemon/token/a.h", HEAD + '#include "grep11.pb.h"\n', True),
    ("protobuf where it belongs", "daemon/upstream/a.cc", HEAD + '#include "grep11.pb.h"\n', False),
    ("OpenSSL in upstream", "daemon/upstream/a.cc", HEAD + "#include <openssl/evp.h>\n", True),
    ("OpenSSL in a comment", "daemon/upstream/a.cc", HEAD + "// #include <openssl/evp.h>\n", False),
    ("sockets in dispatch", "daemon/dispatch/a.cc", HEAD + "#  include <sys/socket.h>\n", True),
    ("Asio in token", "daemon/token/a.cc", HEAD + "#include <boost/asio/ip/tcp.hpp>\n", True),
    ("a coroutine may wait", "daemon/token/a.cc", HEAD + "#include <boost/asio/steady_timer.hpp>\n", False),
    ("SQL in ops", "daemon/ops/a.cc", HEAD + "#include <sqlite3.h>\n", True),
    ("libstdc++ in the shim", "pkcs11-shim/a.cc", HEAD + "#include <string>\n", True),
    ("libc in the shim", "pkcs11-shim/a.cc", HEAD + "#include <string.h>\n#include <sys/un.h>\n", False),
    ("the shim looks at the daemon", "pkcs11-shim/a.cc", HEAD + '#include "daemon/core/ck.h"\n', True),
    ("the emulator shares no logic", "emulator/a.cc", HEAD + '#include "daemon/localcrypto/hmac.h"\n', True),
    ("the micro benchmarks look inside", "bench/micro/a.cc", HEAD + '#include "daemon/dispatch/dispatcher.h"\n', False),
    ("the load tool does not", "bench/load/a.cc", HEAD + '#include "daemon/dispatch/dispatcher.h"\n', True),
    ("gRPC in the micro benchmarks", "bench/micro/a.cc", HEAD + "#include <grpcpp/grpcpp.h>\n", True),
    ("the real clock", "daemon/token/a.cc", HEAD + "auto t = std::chrono::steady_clock::now();\n", True),
    ("the real clock in a comment", "daemon/token/a.cc", HEAD + "// not steady_clock::now()\n", False),
    ("a sleep", "daemon/upstream/a.cc", HEAD + "std::this_thread::sleep_for(1s);\n", True),
    ("a throw", "daemon/ops/a.cc", HEAD + "throw 1;\n", True),
    ("a second process", "daemon/runtime/a.cc", HEAD + "if (fork() == 0) return;\n", True),
    ("a print", "daemon/ops/a.cc", HEAD + 'std::cout << "x";\n', True),
    ("a room without a row", "daemon/new_room/a.cc", HEAD, True),
]

if __name__ == "__main__":
    sys.exit(source.main(__doc__, check, SAMPLES))
