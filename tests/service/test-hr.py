#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""HR over HTTPS and SFTP: what comes whole is used, and what stops short, or comes from somebody else, is a gap.

Servers are a Python HTTPS server with a CA of its own, a socket that answers what it likes, and Debian's sshd; all on loopback.
"""
import base64
import contextlib
import getpass
import http.server
import json
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
NOW = "2026-11-24T02:00+01:00"
BASE = "DC=kalmar,DC=example"
CSV = "Nr;Befattning\n7;Rektor\n8;Kock\n".encode()
JSON = json.dumps({"rader": [{"Nr": 7, "Befattning": "Rektor"}, {"Nr": "8", "Befattning": "Kock"}], "total": 2}).encode()
TOKEN, PASSWORD = "nyckel-4711", "hemligt-42"
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


def write(path, text, mode=0o644):
    with open(path, "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)
    return path


def world(home):
    """Anna is employee 7, Bo is 8; both have a role that only a rektor needs."""
    ldif = "".join(f"dn: CN={name},{BASE}\nobjectClass: user\nsAMAccountName: {name.lower()}\nemployeeID: {number}\n\n"
                   for name, number in (("Anna", 7), ("Bo", 8)))
    ldif += f"dn: CN=Roll,{BASE}\nobjectClass: group\ngroupType: -2147483646\nmember: CN=Anna,{BASE}\nmember: CN=Bo,{BASE}\n\n"
    write(home + "/d.ldif", ldif)
    os.mkdir(home + "/rules")
    write(home + "/rules/s.cfg", 'system = { id = "s"; name = "S"; owner = "anna"; class = { konfidentialitet = 1; riktighet = 1; '
          'tillganglighet = 1; sparbarhet = 1; }; roles = ( { id = "r"; name = "R"; groups = ( "CN=Roll,' + BASE + '" ); '
          'needs = ( { why = "w"; by = "anna"; since = "2026-01-01"; befattning = "Rektor"; } ); } ); };\n')


def behov(home, hr, *words):
    write(home + "/behov.cfg", 'organisation = "Kalmar kommun"; store = "sqlite:b.db"; rules = "rules";\n'
          f'directory = {{ source = "file:d.ldif"; base = "{BASE}"; access-groups = ( "{BASE}" ); }};\n'
          f'hr = {{ key = "Nr"; attributes = {{ befattning = "Befattning"; }}; {hr} }};\n'
          'mail = { server = "maildir:o"; from = "behov@kalmar.example"; };\n'
          'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
    clean = {k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")}
    return subprocess.run([BEHOV, "--config", home + "/behov.cfg", "--now", NOW, *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env={**clean, "https_proxy": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"})


def read(home, hr):
    """Who would lose the role, and the gaps about HR."""
    done = behov(home, hr, "plan", "--json")
    if done.returncode not in (0, 3, 4):
        return done.stderr.decode(), None
    plan = json.loads(done.stdout)
    return [p["account"] for p in plan["proposals"]], [g["text"] for g in plan["gaps"] if g["what"] == "hr"]


def is_read(home, hr):
    return read(home, hr) == (["bo"], [])


def is_gap(home, hr, *words):
    who, gaps = read(home, hr)
    return who == [] and gaps is not None and len(gaps) == 1 and all(w in gaps[0] for w in words)


# ---------------------------------------------------------------- HTTPS

def certificates(home):
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for ca in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", ca + ".key", "-out", ca + ".pem", "-subj", "/CN=" + ca,
                "-days", "2")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "s.key", "-out", "s.csr", "-subj", "/CN=localhost")
    write(home + "/s.ext", "subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "s.pem", "-days", "2",
            "-extfile", "s.ext")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        allowed = {"/token.csv": "Bearer " + TOKEN, "/basic.csv": "Basic " + base64.b64encode(
            ("behov:" + PASSWORD).encode()).decode()}.get(self.path.split("?")[0])
        if allowed and self.headers["Authorization"] != allowed:
            self.send_error(401)
            return
        body = JSON if self.path.startswith("/hr.json") else CSV
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def https(home):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home + "/s.pem", home + "/s.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def over_https(home):
    certificates(home)
    secret = write(home + "/token", TOKEN + "\n", 0o600)
    password = write(home + "/password", PASSWORD + "\n", 0o600)
    wrong = write(home + "/wrong", "fel\n", 0o600)
    with https(home) as port:
        at, ca = f"https://localhost:{port}", 'ca-file = "ca.pem";'
        check("CSV comes over https", is_read(home, f'file = "{at}/hr.csv"; {ca}'), read(home, f'file = "{at}/hr.csv"; {ca}'))
        check("JSON comes over https", is_read(home, f'file = "{at}/hr.json?alla=1"; list = "rader"; {ca}'))
        check("a CA that is not ours proves nothing", is_gap(home, f'file = "{at}/hr.csv"; ca-file = "other.pem";', "certificate") and
              is_gap(home, f'file = "{at}/hr.csv";', "certificate"))
        check("a certificate for another name proves nothing",
              is_gap(home, f'file = "https://127.0.0.1:{port}/hr.csv"; {ca}', "cannot fetch"))
        check("a token is shown", is_read(home, f'file = "{at}/token.csv"; {ca} token-file = "{secret}";'))
        check("user and password are shown",
              is_read(home, f'file = "{at}/basic.csv"; {ca} user = "behov"; password-file = "{password}";'))
        check("who is not let in has a gap", is_gap(home, f'file = "{at}/token.csv"; {ca}', "401") and
              is_gap(home, f'file = "{at}/token.csv"; {ca} token-file = "{wrong}";', "401"))
        done = behov(home, f'file = "{at}/token.csv?nyckel=abc123"; {ca} token-file = "{wrong}";', "plan", "--json")
        check("no error shows a secret or the query", b"fel" not in done.stdout + done.stderr and
              b"abc123" not in done.stdout + done.stderr and done.returncode == 3, done)
        os.chmod(secret, 0o644)
        check("a token that others can read is refused",
              behov(home, f'file = "{at}/token.csv"; {ca} token-file = "{secret}";', "plan").returncode == 2)
    check("a server that is not there is a gap", is_gap(home, f'file = "{at}/hr.csv"; {ca}', "cannot fetch"))


# ---------------------------------------------------------------- answers that are not whole

@contextlib.contextmanager
def answering(bytes_, hold=None):
    """Answers each that comes with these bytes; hangs up, or waits until `hold` is set."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(bytes_)
                    if hold:
                        hold.wait(60)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        if hold:
            hold.set()
        thread.join()


def answer(home, head, body, words, more=""):
    with answering(f"HTTP/1.1 {head}\r\n\r\n".encode() + body) as port:
        return is_gap(home, f'file = "http://127.0.0.1:{port}/hr.csv"; {more}', *words)


def that_stop_short(home):
    with answering(f"HTTP/1.1 200 OK\r\nContent-Length: {len(CSV)}\r\n\r\n".encode() + CSV) as port:
        check("http is read from this machine", is_read(home, f'file = "http://127.0.0.1:{port}/hr.csv";'))
    chunks = b"%x\r\n%s\r\n" % (len(CSV), CSV)
    with answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n") as port:
        check("chunks are put together", is_read(home, f'file = "http://127.0.0.1:{port}/hr.csv";'))
    stray = f"200 OK\r\nContent-Length: {len(CSV)}\r\nContent-Encoding: gzip"
    check("what was packed on the way is a gap and no table", answer(home, stray, b"\x1f\x8b" + CSV[2:], []))
    check("fewer bytes than Content-Length says are a gap", answer(home, f"200 OK\r\nContent-Length: {len(CSV) + 9}", CSV, ["cannot fetch"]))
    check("chunks without the last are a gap", answer(home, "200 OK\r\nTransfer-Encoding: chunked", chunks, ["cannot fetch"]))
    check("a chunk that stops short is a gap", answer(home, "200 OK\r\nTransfer-Encoding: chunked", b"ff\r\n" + CSV, ["cannot fetch"]))
    check("an answer that does not say where it ends is a gap", answer(home, "200 OK", CSV, ["how long"]))
    for status in ("204 No Content", "206 Partial Content", "403 Forbidden", "404 Not Found", "500 Oops", "503 Later"):
        check(f"status {status[:3]} is a gap", answer(home, f"{status}\r\nContent-Length: {len(CSV)}", CSV, [status[:3]]) or
              status[:3] == "204" and answer(home, status, b"", ["204"]))
    write(home + "/local.csv", CSV)
    for there in (f"file://{home}/local.csv", "http://127.0.0.1:1/x"):
        check(f"a redirect to {there.split(':')[0]} is not followed",
              answer(home, f"302 Found\r\nLocation: {there}\r\nContent-Length: 0", b"", ["302"]))
    check("a whole answer that is half a file is a gap", answer(home, f"200 OK\r\nContent-Length: {len(CSV) - 1}", CSV[:-1], ["newline"]))
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + CSV, threading.Event()) as port:
        check("who never comes to the end is not waited for",
              is_gap(home, f'file = "http://127.0.0.1:{port}/hr.csv"; timeout = 1;', "cannot fetch"))
    for bad in ('file = "http://hr.example/hr.csv";', 'file = "https://a:b@hr.example/hr.csv";', 'file = "https://hr.example/";',
                'file = "sftp://hr.example/hr.csv"; user = "a";', 'file = "https://hr.example/h"; user = "a";'):
        check(f"the configuration refuses {bad}", behov(home, bad, "check").returncode == 2)


# ---------------------------------------------------------------- SFTP

def sshd_user():
    """sshd is run by an ordinary user: root would need a folder in /run."""
    return "nobody" if os.geteuid() == 0 else getpass.getuser()


@contextlib.contextmanager
def sshd(home):
    folder, who = home + "/ssh", pwd.getpwnam(sshd_user())
    os.mkdir(folder)
    for name in ("host", "stranger", "login"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{name}"], check=True)
    shutil.copy(folder + "/login.pub", folder + "/authorized")
    write(folder + "/hr.csv", CSV)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    write(folder + "/config", f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
          f"PidFile none\nUsePAM yes\nStrictModes no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n"
          "ForceCommand internal-sftp\n")
    if os.geteuid() == 0:
        for path in [folder] + [f"{folder}/{n}" for n in os.listdir(folder) if not n.startswith("login")]:
            os.chown(path, who.pw_uid, who.pw_gid)
    os.chmod(home, 0o711)
    log = open(folder + "/log", "wb")
    daemon = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", folder + "/config"], stdin=subprocess.DEVNULL, stdout=log,
                              stderr=subprocess.STDOUT, user=who.pw_uid if os.geteuid() == 0 else None,
                              group=who.pw_gid if os.geteuid() == 0 else None,
                              extra_groups=[] if os.geteuid() == 0 else None)
    try:
        while daemon.poll() is None:    # until it listens, or has ended
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as peer:
                if peer.recv(4) == b"SSH-":
                    break
        yield port, folder
    finally:
        daemon.terminate()
        daemon.wait()
        log.close()


def over_sftp(home):
    if not os.path.exists("/usr/sbin/sshd"):
        print("skip openssh-server is not installed")
        return
    with sshd(home) as (port, folder):
        def known(name, key):
            with open(f"{folder}/{key}.pub", encoding="ascii") as pub:
                return write(f"{home}/{name}", f"[127.0.0.1]:{port} " + " ".join(pub.read().split()[:2]) + "\n")
        hr = (f'file = "sftp://127.0.0.1:{port}{folder}/%s"; user = "{sshd_user()}"; identity-file = "{folder}/%s"; '
              f'known-hosts = "%s";')
        good = known("known", "host")
        with open(folder + "/log", encoding="utf-8", errors="replace") as log:
            check("CSV comes over sftp", is_read(home, hr % ("hr.csv", "login", good)), read(home, hr % ("hr.csv", "login", good)),
                  log.read()[-2000:])
        check("a host with another key than the known one is a gap",
              is_gap(home, hr % ("hr.csv", "login", known("other", "stranger")), "does not stand"))
        check("a host that nobody knows is a gap", is_gap(home, hr % ("hr.csv", "login", write(home + "/none", "")), "does not stand"))
        check("without a list of hosts nobody is trusted", is_gap(home, hr % ("hr.csv", "login", home + "/absent"), "known-hosts"))
        check("a file that is not there is a gap", is_gap(home, hr % ("no.csv", "login", good), "cannot fetch"))
        os.remove(folder + "/stranger.pub")
        if os.geteuid() == 0:
            os.chown(folder + "/stranger", 0, 0)
        check("a key that is not let in is a gap", is_gap(home, hr % ("hr.csv", "stranger", good), "cannot fetch"))


# ---------------------------------------------------------------- a personnummer

NUMBERS = ["199001011239", "9001011239", "900101-1239", "19900101-1239", "198002029876", "8002029876", "800202-9876", "19800202-9876"]


def nowhere_stands_a_personnummer(home):
    """A night with letters and a report; then every file it left but the exports, and all that it said, is searched."""
    os.mkdir(home)
    world(home)
    exports = {"d.ldif", "hr.csv", "hr.json"}
    with open(home + "/d.ldif", encoding="utf-8") as file:
        text = file.read().replace("employeeID: 7", "serialNumber: 19900101-1239\nmail: anna@kalmar.example").replace(
            "employeeID: 8", "serialNumber:: " + base64.b64encode(b"800202-9876").decode())
    write(home + "/d.ldif", text)
    write(home + "/hr.csv", "Nr;Befattning\n900101-1239;Rektor\n198002029876;Kock\n")
    write(home + "/hr.json", json.dumps([{"Nr": 9001011239, "Befattning": "Rektor"}, {"Nr": "8002029876", "Befattning": "Kock"}]))
    hashed = 'file = "%s"; key-hash = true; directory-key = "serialNumber";'
    check("people are joined by a hidden personnummer", is_read(home, hashed % "hr.csv") and is_read(home, hashed % "hr.json"),
          read(home, hashed % "hr.csv"), read(home, hashed % "hr.json"))
    with open(home + "/behov.cfg", encoding="utf-8") as file:
        conf = file.read().replace("access-groups", 'full-read = "7 days"; access-groups')
    codes = []
    for text in (conf, conf.replace("key-hash = true;", "")):
        write(home + "/copy.cfg", text)
        done = subprocess.run([BEHOV, "--config", home + "/copy.cfg", "check"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        codes.append((done.returncode, b"full-read" in done.stderr))
    check("no copy of the directory may be kept of it", codes == [(2, True), (0, False)], codes)
    os.unlink(home + "/copy.cfg")
    key = os.stat(home + "/b.db.hr-key")
    check("the key is made once, and only we can read it", key.st_mode & 0o777 == 0o600 and key.st_size == 65)
    said = [behov(home, hashed % "hr.csv", *words) for words in
            (["store", "create"], ["run"], ["plan"], ["plan", "--json"], ["explain", "bo", "s/r"], ["check"], ["check", "--json"],
             ["status"], ["status", "--json"], ["report"], ["audit", "show"])]
    check("the night went well", said[1].returncode == 0 and said[0].returncode == 0 and b"excess" in said[4].stdout + said[4].stderr or
          b"bo" in said[4].stdout, said[0], said[1], said[4])
    broken = []
    for bad in ('Nr;Befattning\n19900101-1239;Rektor\n19900101-1239;Kock\n', 'Nr;Befattning\n900101-1239;"a\n', 'Nr;Befattning\n900101-1239\n',
                '[{"x":1 "19900101-1239":2}]', '[{"Nr":["900101-1239"]}]'):
        write(home + "/bad.csv", bad)
        broken.append(behov(home, hashed % "bad.csv", "plan", "--json"))
    exports.add("bad.csv")
    text = b"".join(done.stdout + done.stderr for done in said + broken)
    check("broken exports are gaps", all(done.returncode == 3 for done in broken), broken)
    left = []
    for at, _, names in os.walk(home):
        for name in names:
            if name not in exports:
                with open(os.path.join(at, name), "rb") as file:
                    left.append((name, file.read()))
    check("there is a store, and it was searched", any(name == "b.db" for name, _ in left), [name for name, _ in left])
    check("no number stands in anything it said", not any(n.encode() in text for n in NUMBERS))
    check("no number stands in anything it left",
          not [(name, n) for name, bytes_ in left for n in NUMBERS if n.encode() in bytes_ or base64.b64encode(n.encode()) in bytes_])


def main():
    with tempfile.TemporaryDirectory(prefix="behov-hr-") as home:
        world(home)
        over_https(home)
        that_stop_short(home)
        over_sftp(home)
        nowhere_stands_a_personnummer(home + "/number")
    return 1 if failures else 0


sys.exit(main())
