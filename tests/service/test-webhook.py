#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ticket system that answers in every way there is: what it takes is exported once, what it does not is asked again."""
import hashlib
import hmac
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
ORACLE, STEPS, BEHOV = BUILD + "/tests/unit/oracle-apply", BUILD + "/tests/crash/apply-steps", BUILD + "/behov"
NOW, QUARTER, DAY = 1767571200, 900, 86400
SECRET = "signera-med-detta"
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail, sep="\n")


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)
    return path


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


class Tickets:
    """Takes what is well signed, one ticket for each key.  `answer` is what it says instead: a status, or bytes."""

    def __init__(self, home=None):
        self.asked, self.tickets, self.answer, self.led_astray = [], {}, None, 0
        this = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                this.come(self, body)

            def do_GET(self):
                this.led_astray += 1
                self.send_error(404)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.name = "127.0.0.1"
        if home:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(home + "/s.pem", home + "/s.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.name = "localhost"
        self.url = f"{'https' if home else 'http'}://{self.name}:{self.server.server_address[1]}/behov/ta-emot?nyckel=abc123"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def come(self, handler, body):
        if handler.path.startswith("/annan"):
            self.led_astray += 1
        stamp, key = handler.headers["Behov-Timestamp"], handler.headers["Idempotency-Key"]
        wanted = "v1=" + hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        genuine = hmac.compare_digest(wanted, handler.headers["Behov-Signature"])
        self.asked.append({"key": key, "stamp": int(stamp), "body": body, "genuine": genuine,
                           "type": handler.headers["Content-Type"]})
        if isinstance(self.answer, bytes):
            handler.wfile.write(self.answer)
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if callable(self.answer):
            self.answer(handler)
            return
        if self.answer is None and genuine:
            self.tickets.setdefault(key, json.loads(body))
        status = self.answer or (201 if genuine else 401)
        handler.send_response(status)
        if 300 <= status < 400:
            handler.send_header("Location", f"http://{self.name}:{self.server.server_address[1]}/annanstans")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Case:
    """A store of its own with two removals, a1 and a2."""
    count = 0

    def __init__(self, home, url, secret="secret", ca="ca"):
        Case.count += 1
        self.store = f"{home}/store-{Case.count}"
        self.words = [url, f"{home}/{secret}", f"{home}/{ca}.pem"]

    def run(self, now=NOW, oracle=ORACLE, verb="webhook", **more):
        clean = {k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")}
        done = subprocess.run([oracle, verb, self.store, *self.words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120,
                              env={**clean, "http_proxy": "http://127.0.0.1:1", "BEHOV_TEST_NOW": str(now), **more})
        self.out, self.err, self.code = done.stdout.decode(), done.stderr.decode(), done.returncode
        lines = [line.split(" ", 2) for line in self.out.splitlines() if line.startswith("00000000000000a")]
        self.notes = [line[2] for line in lines]
        return [line[1] for line in lines]


# ---------------------------------------------------------------- what holds


def taken_once(home):
    tickets = Tickets()
    case = Case(home, tickets.url)
    states = case.run()
    check("each becomes a ticket, and is exported", states == ["exported"] * 2 and len(tickets.tickets) == 2 and
          all("ärende hos 127.0.0.1:" in note for note in case.notes), case.out, case.err)
    first = tickets.asked[0]
    body = json.loads(first["body"])
    check("it is signed, typed, and says who is to leave what", all(a["genuine"] for a in tickets.asked) and first["stamp"] == NOW and
          first["type"] == "application/json" and body["do"] == "remove-member" and body["member"]["dn"].startswith("CN=Bo,") and
          body["group"]["dn"].startswith("CN=APP,") and body["proposal"] == "00000000000000a1-1" and
          first["key"] == "00000000000000a1-1:v1", first)
    case.run(NOW + 2 * DAY)
    check("and it is never asked for again", len(tickets.asked) == 2, tickets.asked)
    check("nothing that is said shows the query or the secret", "abc123" not in case.out + case.err and SECRET not in case.out + case.err)
    case = Case(home, tickets.url)
    case.run(BEHOV_TEST_SECRET="1")
    check("who has a protected identity is named by key alone", "Åsa".encode() not in tickets.asked[-1]["body"] and
          json.loads(tickets.asked[-1]["body"])["member"]["key"] == "m2", tickets.asked[-1])
    tickets.close()


def refused(home):
    tickets = Tickets()
    for status in (400, 401, 403, 404, 409, 410, 422):
        case, tickets.answer = Case(home, tickets.url), status
        before = len(tickets.asked)
        states = case.run()
        ok = states == ["scheduled"] * 2 and len(tickets.asked) == before + 2 and f"nekade ({status})" in case.notes[0]
        case.run(NOW + DAY - 1)
        check(f"{status} is told, changes nothing, and is not asked again the same day", ok and len(tickets.asked) == before + 2,
              case.out, case.err)
    tickets.answer = None
    states = case.run(NOW + DAY)
    check("the day after it may be taken", states == ["exported"] * 2, case.out, case.err)
    tickets.close()
    tickets = Tickets()
    write(home + "/wrong", "en annan\n")
    case = Case(home, tickets.url, secret="wrong")
    states = case.run()
    check("what is signed with another secret is no ticket", states == ["scheduled"] * 2 and not tickets.tickets and
          "nekade (401)" in case.notes[0], case.out)
    tickets.close()


def patience(home):
    tickets = Tickets()
    for status in (408, 425, 429, 500, 502, 503, 504, 301, 302, 303, 307, 308):
        case, tickets.answer = Case(home, tickets.url), status
        before = len(tickets.asked)
        states = case.run()
        check(f"{status}: it waits, and the others are not tried in that run", states == ["scheduled"] * 2 and
              len(tickets.asked) == before + 1 and f"svarade {status}" in case.notes[0], case.out, case.err)
    check("no redirect was followed", tickets.led_astray == 0)
    case, tickets.answer, tries = Case(home, tickets.url), 503, []
    for minute in range(0, 16 * 60, 15):
        before = len(tickets.asked)
        case.run(NOW + minute * 60)
        tries += [minute] * (len([a for a in tickets.asked[before:] if a["key"].startswith("00000000000000a1")]) > 0)
    check("it waits twice as long after each try", tries == [0, 15, 45, 105, 225, 465, 945], tries)
    asked = [a for a in tickets.asked[-60:] if a["key"] == "00000000000000a1-1:v1"]
    check("and asks for the same under the same key, stamped anew", len({a["body"] for a in asked}) == 1 and asked[-1]["stamp"] >
          asked[-2]["stamp"] and all(a["genuine"] for a in asked), asked[-2:])
    tickets.answer = None
    states = case.run(NOW + 3 * DAY)
    check("until it is taken", states == ["exported"] * 2 and len(tickets.tickets) == 2, case.out, case.err)
    tickets.close()


def misbehaving(home):
    def trickle(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        handler.wfile.flush()
        hold.wait(30)

    def flood(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 9999999)

    hold = threading.Event()
    tickets = Tickets()
    for name, answer in (("nothing", b""), ("no HTTP", b"\x00\xff\x16\x03 tja\r\n"), ("half a status", b"HTTP/1."),
                         ("a status that is none", b"HTTP/1.1 abc OK\r\n\r\n"), ("less than it promised", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
                         ("a line without an end", b"HTTP/1.1 200 " + b"A" * 400000), ("a flood", flood), ("nothing more, slowly", trickle)):
        case, tickets.answer = Case(home, tickets.url), answer
        states = case.run()
        check(f"it answers {name}: nobody knows, and it waits", states == ["scheduled"] * 2 and "svarade inte" in case.notes[0] and
              " webhook 1 intended" in case.out, case.out, case.err)
    hold.set()
    tickets.answer = None
    states = case.run(NOW + DAY)
    check("and is asked again under the same key", states == ["exported"] * 2 and
          tickets.asked[-2]["key"] in {a["key"] for a in tickets.asked[:-2]}, case.out)
    tickets.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    case = Case(home, tickets.url)
    check("an answer without a body is one", case.run() == ["exported"] * 2, case.out, case.err)
    case, tickets.answer = Case(home, tickets.url), b"HTTP/1.1 200 OK\r\nA: b"
    check("so is one that says yes and no more", case.run() == ["exported"] * 2, case.out, case.err)
    tickets.close()
    case = Case(home, tickets.url)
    check("nobody who answers: it waits", case.run() == ["scheduled"] * 2 and "svarade inte" in case.notes[0], case.out)
    os.chmod(write(home + "/open", SECRET), 0o644)
    case = Case(home, tickets.url, secret="open")
    check("a secret that others can read is not used", case.run() == ["scheduled"] * 2 and "se loggen" in case.notes[0] and
          "chmod" in case.err, case.out, case.err)


def over_tls(home):
    certificates(home)
    tickets = Tickets(home)
    case = Case(home, tickets.url, ca="other")
    check("whom nobody vouches for is told nothing", case.run() == ["scheduled"] * 2 and not tickets.asked, case.out, case.err)
    case = Case(home, tickets.url.replace("localhost", "127.0.0.1"))
    check("nor who has another name", case.run() == ["scheduled"] * 2 and not tickets.asked, case.out, case.err)
    case = Case(home, tickets.url)
    check("over TLS it is taken", case.run() == ["exported"] * 2 and len(tickets.tickets) == 2, case.out, case.err)
    tickets.close()


def ended_everywhere(home):
    tickets = Tickets()
    case, listed = Case(home, tickets.url), home + "/steps"
    case.run(verb="show")
    case.run(oracle=STEPS, BEHOV_STEPS=listed)
    with open(listed, encoding="utf-8") as f:
        steps = f.read().splitlines()
    whole = case.out
    check("a question has steps to be ended at", sum("webhook" in step for step in steps) == 2, steps)
    for n, step in enumerate(steps, 1):
        tickets.tickets.clear()
        case = Case(home, tickets.url)
        case.run(verb="show")
        case.run(oracle=STEPS, BEHOV_DIE_AT=str(n))
        died = case.code == 100
        case.run()
        check(f"ended after step {step} there is one ticket of each, and the same end", died and len(tickets.tickets) == 2 and
              case.out == whole, case.out, whole)
    tickets.close()


def configured(home):
    def behov(webhook, *words, system='apply = "webhook";'):
        write(home + "/behov.cfg", 'organisation = "Kalmar kommun"; store = "sqlite:b.db"; rules = "rules";\n'
              'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
              'mail = { server = "maildir:o"; from = "behov@kalmar.example"; };\n'
              'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n' + webhook)
        write(home + "/rules/s.cfg", 'system = { id = "s"; name = "S"; ' + system + ' roles = ( { id = "r"; groups = '
              '( "CN=Roll,DC=kalmar,DC=example" ); } ); };\n')
        return subprocess.run([BEHOV, "--config", home + "/behov.cfg", *(words or ["check"])], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)

    os.makedirs(home + "/rules", exist_ok=True)
    write(home + "/d.ldif", "dn: CN=Anna,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: anna\n\n")
    good = 'webhook = { url = "https://arenden.kalmar.example/b"; secret-file = "secret"; };'
    check("a webhook with address and secret is one", behov(good).returncode in (0, 3), behov(good).stdout.decode())
    powers = behov(good.replace("/b", ":8443/b"), "powers", "apply").stdout.decode()
    check("apply may read that secret and ask that port", "8443" in powers if "Landlock" in powers else True, powers)
    for name, wrong in (("none", ""), ("no secret", 'webhook = { url = "https://a.kalmar.example/"; };'),
                        ("plain http to another machine", 'webhook = { url = "http://a.kalmar.example/"; secret-file = "secret"; };'),
                        ("a password in the address", 'webhook = { url = "https://a:b@a.kalmar.example/"; secret-file = "secret"; };'),
                        ("another scheme", 'webhook = { url = "ftp://127.0.0.1/"; secret-file = "secret"; };'),
                        ("a secret that others can read", 'webhook = { url = "https://a.kalmar.example/"; secret-file = "open"; };')):
        done = behov(wrong)
        check(f"{name}: refused", done.returncode == 2, done.stdout.decode())


def main():
    home = tempfile.mkdtemp(prefix="bw-", dir="/tmp")
    write(home + "/secret", SECRET + "\n")
    write(home + "/ca.pem", "")
    try:
        taken_once(home)
        refused(home)
        patience(home)
        misbehaving(home)
        over_tls(home)
        ended_everywhere(home)
        configured(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if failures else 0


sys.exit(main())
