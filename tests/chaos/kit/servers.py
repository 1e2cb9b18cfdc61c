"""Room: tests/chaos. TLS servers of Debian whose private keys are in the HSM, set up as their manuals say: started as
root, serving as www-data, in one folder each. May touch: processes they start, loopback, the stack's folder.
"""

import base64
import http.server
import os
import shutil
import signal
import socket
import subprocess
import threading

from kit import CHAOS
from kit.chaos import Skip, children_of, die_with_parent, is_alive
from kit.keys import EC, RSA
from kit.stacks import stamp
from kit.tls_load import context_of, fetch
from stack import build_dir, until

START_S = 30
STOP_S = 20
PORT_TRIES = 5
WORKERS = 4
USER = "www-data"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def program(name):
    found = shutil.which(name, path=PATH)
    if not found:
        raise Skip(f"{name} is not installed (./dev chaos installs it)")
    return found


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can start a server that gives its privileges up")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Serves in a scope. A subclass writes its configuration, says its command and which processes must stay."""

    PROGRAM = None
    KINDS = ("any", "ecdsa", "rsa", "any")  # what the clients ask for
    READY_KIND = "any"
    WHO = {}  # for subprocess: the user, if it is not root at first

    def __init__(self, keys):
        self.keys, self.binary = keys, program(self.PROGRAM)
        self.folder = keys.path(type(self).__name__.lower())
        os.mkdir(self.folder)
        self.log = self.path("log")
        self.process = None
        self.port = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def environment(self):
        return {"PATH": PATH, **self.keys.environment}

    def __enter__(self):
        for _ in range(PORT_TRIES):
            self.port = free_port()
            self.configure()
            if self.start():
                return self
        self.stop()
        raise AssertionError(f"{self.PROGRAM} did not start:\n{self.said()}")

    def __exit__(self, *_):
        self.stop()

    def configure(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def start(self):
        """False if it ended by itself: somebody took the port."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), env=self.environment(), cwd=self.folder, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                                            start_new_session=True,  # Apache signals its whole process group
                                            **self.WHO)
        until(lambda: self.process.poll() is not None or self.answers(), START_S, f"{self.PROGRAM} answering")
        return self.process.poll() is None

    def answers(self):
        try:
            fetch(self.port, context_of(self.keys.ca_file, self.READY_KIND))
            return True
        except (OSError, ValueError):
            return False

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    def pids(self):
        """Processes that must be the same at the end: the server did not restart, and none of its workers died."""
        return [self.process.pid, *children_of(self.process.pid)]


class Nginx(Server):
    """Master as root, four workers as www-data; a real daemon: it forks once more after it has found its keys."""

    PROGRAM = "nginx"

    def configure(self):
        need_root()
        certificates = "".join(
            f'    ssl_certificate {self.keys.certificate(label)};\n'
            f'    ssl_certificate_key "engine:pkcs11:{self.keys.uri(label)}";\n' for label in (EC, RSA))
        stamp(self.path("index.html"), "served with a key in the HSM\n")
        stamp(self.path("nginx.conf"), f"""user {USER} {USER};
worker_processes {WORKERS};
pid {self.path("pid")};
error_log {self.log} info;
env OPENSSL_CONF;
env GREP11_SOCKET;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    ssl_session_cache off;
    root {self.folder};
{certificates}  }}
}}
""")

    def command(self):
        return [self.binary, "-p", self.folder, "-e", self.log, "-c", self.path("nginx.conf")]

    def start(self):
        with open(self.log, "ab") as log:
            if subprocess.run(self.command(), env=self.environment(), stdout=log, stderr=log, check=False,
                              timeout=START_S).returncode != 0:
                return False
        until(self.answers, START_S, "nginx answering")
        return True

    def master(self, name="pid"):
        with open(self.path(name), encoding="utf-8") as file:
            return int(file.read())

    def workers(self):
        return [pid for pid in children_of(self.master()) if is_alive(pid)]

    def pids(self):
        return [self.master(), *self.workers()]

    def stop(self):
        if os.path.exists(self.path("pid")):
            master = self.master()
            os.kill(master, signal.SIGTERM)
            until(lambda: not is_alive(master), STOP_S, "the end of nginx")

    def reload(self):
        """New workers, each asked for until it serves; the old ones finish what they have."""
        before = set(self.workers())
        os.kill(self.master(), signal.SIGHUP)
        until(lambda: len(self.workers()) == WORKERS and not before & set(self.workers()), START_S, "new workers")

    def upgrade(self):
        """A new binary takes over the sockets; the old one's workers finish, then it goes."""
        old = self.master()
        os.kill(old, signal.SIGUSR2)
        until(lambda: os.path.exists(self.path("pid.oldbin")) and os.path.exists(self.path("pid")) and
              self.master() != old and len(self.workers()) == WORKERS, START_S, "the new nginx")
        os.kill(old, signal.SIGWINCH)
        until(lambda: not [pid for pid in children_of(old) if is_alive(pid) and pid != self.master()], STOP_S,
              "the end of the old workers")
        os.kill(old, signal.SIGQUIT)
        until(lambda: not is_alive(old), STOP_S, "the end of the old nginx")


class Apache(Server):
    """Prefork: the parent finds the keys, its children, as www-data, sign with them."""

    PROGRAM = "apache2"
    MODULES = "/usr/lib/apache2/modules"

    def configure(self):
        need_root()
        certificates = "".join(
            f'SSLCertificateFile {self.keys.certificate(label)}\nSSLCertificateKeyFile "{self.keys.uri(label)}"\n'
            for label in (EC, RSA))
        loads = "".join(f"LoadModule {name}_module {self.MODULES}/mod_{name}.so\n"
                        for name in ("mpm_prefork", "authz_core", "dir", "socache_shmcb", "ssl"))
        stamp(self.path("index.html"), "served with a key in the HSM\n")
        stamp(self.path("httpd.conf"), f"""{loads}
ServerRoot {self.folder}
ServerName localhost
PidFile {self.path("pid")}
DefaultRuntimeDir {self.folder}
ErrorLog {self.log}
User {USER}
Group {USER}
Listen 127.0.0.1:{self.port}
StartServers {WORKERS}
MinSpareServers {WORKERS}
MaxSpareServers {WORKERS}
MaxRequestWorkers {WORKERS}
MaxConnectionsPerChild 0
DocumentRoot {self.folder}
SSLCryptoDevice pkcs11
SSLSessionCache none
SSLEngine on
SSLProtocol -all +TLSv1.2 +TLSv1.3
SSLSessionTickets off
{certificates}""")

    def command(self):
        return [self.binary, "-D", "FOREGROUND", "-f", self.path("httpd.conf")]


class Stunnel(Server):
    """Threads of one process that finds its key as root and drops its privileges in place; a web server behind it."""

    PROGRAM = "stunnel4"
    KINDS = ("any", "ecdsa", "any", "ecdsa")  # one certificate for a service

    def __init__(self, keys):
        super().__init__(keys)
        self.page = PlainPage()

    def configure(self):
        need_root()
        stamp(self.path("stunnel.conf"), f"""foreground = yes
pid =
debug = info
setuid = {USER}
setgid = {USER}
engine = pkcs11

[https]
accept = 127.0.0.1:{self.port}
connect = 127.0.0.1:{self.page.port}
cert = {self.keys.certificate(EC)}
engineId = pkcs11
key = {self.keys.uri(EC)}
sessionCacheSize = 1
options = NO_TICKET
""")

    def command(self):
        return [self.binary, self.path("stunnel.conf")]

    def __enter__(self):
        self.page.start()
        return super().__enter__()

    def stop(self):
        super().stop()
        self.page.stop()


class Haproxy(Server):
    """Four threads of one process that finds its keys as root and drops its privileges in place. Debian builds it
    without engines; engine_key.c gives it that and nothing else.
    """

    PROGRAM = "haproxy"

    def configure(self):
        need_root()
        for label in (EC, RSA):
            with open(self.keys.certificate(label), encoding="utf-8") as file:
                certificate = file.read()
            name = base64.b64encode(self.keys.uri(label).encode()).decode()
            stamp(self.path(f"{label}.pem"),
                  f"{certificate}-----BEGIN PKCS11 URI-----\n{name}\n-----END PKCS11 URI-----\n")
        stamp(self.path("haproxy.cfg"), f"""global
  user {USER}
  group {USER}
  nbthread {WORKERS}
  tune.ssl.cachesize 0
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 60s
frontend https
  bind 127.0.0.1:{self.port} ssl crt {self.path(EC)}.pem crt {self.path(RSA)}.pem no-tls-tickets ssl-min-ver TLSv1.2
  http-request return status 200 content-type text/plain string "served with a key in the HSM"
""")

    def command(self):
        return [self.binary, "-db", "-f", self.path("haproxy.cfg")]

    def environment(self):
        return {**super().environment(), "LD_PRELOAD": os.path.join(build_dir(), "tests", "libengine_key.so")}


class Java(Server):
    """SunPKCS11, eight threads, as another user from the start."""

    PROGRAM = "java"
    WHO = {"user": USER, "group": USER, "extra_groups": []}

    def configure(self):
        need_root()
        if not os.path.exists(self.path("pkcs11.cfg")):
            for label, number in ((EC, "11"), (RSA, "12")):
                self.keys.write_certificate(label, number)
        stack = self.keys.stack.env
        module = self.copied(stack["PKCS11_MODULE"])
        stamp(self.path("pkcs11.cfg"), f"name = grep11\nlibrary = {module}\nslot = {stack['PKCS11_SLOT']}\n")

    def copied(self, path):
        """Where that user can read it: the checkout may be in somebody's home."""
        copy = self.path(os.path.basename(path))
        if not os.path.exists(copy):
            shutil.copyfile(path, copy)
            os.chmod(copy, 0o755)
        return copy

    def command(self):
        source = self.copied(os.path.join(CHAOS, "KeyServer.java"))
        return [self.binary, "-XX:-UsePerfData", "-Xmx128m", source, self.path("pkcs11.cfg"), str(self.port)]

    def environment(self):
        return {**super().environment(), "USER_PIN": self.keys.stack.env["USER_PIN"]}


class PlainPage:
    """A web server without TLS, behind servers that only do TLS."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # the name is http.server's
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"behind a key in the HSM\n")

        def log_message(self, *_):
            """Thousands of pages are no news."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
