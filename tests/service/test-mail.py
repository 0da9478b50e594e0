#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail as others see it: Python's email package reads back what was written, and a real SMTP server gets it or says no.

The server (aiosmtpd) listens on a port of its own choice on loopback, with certificates made here.
"""
import asyncio
import email
import email.header
import email.policy
import json
import logging
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
ORACLE = os.path.join(TOP, os.environ.get("BUILD", "build"), "tests/unit/oracle-mail")
PASSWORD = "hemligt-42"
MAIL = {"server": "maildir:/nowhere", "from": "behov@kalmar.example", "starttls": True, "zone": "Europe/Stockholm",
        "organisation": "Kalmar kommun", "id": "0123abcd", "to": "asa.berg@kalmar.example", "to_name": "Åsa Berg-Öberg",
        "subject": "Behov: 12 behörigheter och 3 gallringar väntar på ditt beslut", "text": "Hej Åsa!\n.\nSlut\n",
        "html": "<p>Hej Åsa!</p>\n", "date": 1795568400}
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


def oracle(verb, **other):
    environment = {**os.environ, "smtp_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    return subprocess.run([ORACLE, verb], input=json.dumps({**MAIL, **other}).encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment, timeout=60)


def build(**other):
    done = oracle("build", **other)
    return done.stdout, email.message_from_bytes(done.stdout, policy=email.policy.default)


def body(message, kind):
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


# ---------------------------------------------------------------- the bytes

def the_message_reads_back():
    raw, message = build()
    check("a mail reads back as it was written", message["Subject"] == MAIL["subject"] and not message.defects and
          message["To"].addresses[0].display_name == MAIL["to_name"] and
          message["To"].addresses[0].addr_spec == MAIL["to"] and
          message["From"].addresses[0].addr_spec == MAIL["from"] and
          message["From"].addresses[0].display_name == "Behov Kalmar kommun" and
          body(message, "plain") == MAIL["text"] and body(message, "html") == MAIL["html"], raw.decode())
    check("text stands before HTML, and nobody answers it by machine",
          [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"] and
          message["Auto-Submitted"] == "auto-generated" and "X-Mailer" not in message and
          message["Message-ID"] == "<0123abcd@kalmar.example>")
    check("the same mail is the same bytes", build()[0] == raw)


def the_date_is_local():
    summer, winter = build(date=1780000000)[1], build(date=1764000000)[1]
    check("the date stands in the zone of the municipality", summer["Date"].datetime.timestamp() == 1780000000 and
          str(summer["Date"]).endswith("+0200") and winter["Date"].datetime.timestamp() == 1764000000 and
          str(winter["Date"]).endswith("+0100"), summer["Date"], winter["Date"])
    west = build(date=1764000059, zone="America/St_Johns")[1]
    check("a zone west of Greenwich with half an hour is written right",
          west["Date"].datetime.timestamp() == 1764000059 and str(west["Date"]).endswith("-0330"), west["Date"])


def long_texts_are_folded():
    subject = "Påminnelse: " + "åäö😀 " * 60 + "slut"
    name = "Åsa " + "Ö" * 120
    text = "å" * 500 + "\n" + "x" * 300 + " \n\t\n=3D slut utan radbrytning "
    raw, message = build(subject=subject, to_name=name, text=text)
    # The newer parser of Python 3.11 puts a blank between two words of a name; RFC 2047 6.2 says none.
    to = str(email.header.make_header(email.header.decode_header(email.message_from_bytes(raw)["To"])))
    check("long texts come back whole", message["Subject"] == subject and body(message, "plain") == text and
          to == f"{name} <{MAIL['to']}>", message["Subject"], to, repr(body(message, "plain")))
    lines = raw.split(b"\r\n")
    words = [word for line in lines for word in line.split() if word.startswith(b"=?UTF-8?B?")]
    check("no line is longer than 76, and no word than 75", max(map(len, lines)) <= 76 and max(map(len, words)) <= 75,
          max(lines, key=len))
    check("no character is cut between two words",
          len(words) > 5 and all(email.header.decode_header(word.decode())[0][0].decode("utf-8") for word in words))
    check("lines end in CRLF, and all is ASCII", b"\n" not in raw.replace(b"\r\n", b"") and raw.isascii() and
          b"\r" not in raw.replace(b"\r\n", b""))


def nothing_is_injected():
    bad = "x\r\nBcc: evil@else.example\r\n\r\n<b>"
    for field in ("subject", "to_name", "organisation"):
        raw, message = build(**{field: bad})
        check(f"a line break in {field} makes no header", sorted(message.keys()) == sorted(build()[1].keys()) and
              b"\nBcc" not in raw and body(message, "plain") == MAIL["text"], raw.decode())
    raw, message = build(text="--=_0123abcd\r\nX: y\r\n\r\n--=_0123abcd--\n", html="<p>--=_0123abcd--</p>\n")
    check("a text that looks like a boundary ends no part", len(list(message.iter_parts())) == 2 and
          body(message, "plain").startswith("--=_0123abcd\n"), raw.decode())
    for to in ("a@b.example, c@d.example", "a b@c.example", "<a@b.example>", "a@b.example\r\nX: y", "a@bö.example", "åsa@b.example",
               "a@b..example", "a@-b.example", "a@b-.example", ".a@b.example", "a.@b.example", "a@", "@b.example", "", None,
               '"a"@b.example', "a@[127.0.0.1]", "x" * 65 + "@b.example"):
        if oracle("build", to=to).returncode == 0:
            check(f"'{to}' is not an address we write to", False)
    check("an address is one plain addr-spec or refused", oracle("build", to="o'neil+b_c@sub-a.b.example").returncode == 0)
    check("an id that is not ours is refused", all(oracle("build", id=i).returncode for i in ("", "A", "a@b", "a\r\nb", "x" * 65)))


def a_maildir_gets_it_once(home):
    box = home + "/a/b/outbox"
    first, second = (oracle("send", server="maildir:" + box) for _ in range(2))
    names = os.listdir(box + "/new")
    check("a mail into a maildir is there once", first.stdout == second.stdout == b"sent\n" and len(names) == 1 and
          os.listdir(box + "/tmp") == [], first.stderr, names)
    check("only we can read it", all(os.stat(box + part).st_mode & 0o77 == 0 for part in ("", "/new", "/new/" + names[0])))
    with open(f"{box}/new/{names[0]}", "rb") as file:
        check("what lies there is the mail", file.read() == build()[0])
    os.rename(f"{box}/new/{names[0]}", f"{box}/cur/{names[0]}:2,S")
    oracle("send", server="maildir:" + box)
    check("one that has been read is not written again", os.listdir(box + "/new") == [])
    with open(f"{box}/tmp/{names[0]}", "w", encoding="ascii") as file:
        file.write("half")
    os.link(f"{box}/tmp/{names[0]}", home + "/kept")
    os.remove(f"{box}/cur/{names[0]}:2,S")
    done = oracle("send", server="maildir:" + box)
    with open(home + "/kept", encoding="ascii") as file:
        check("what a broken run left is replaced, not written over", done.stdout == b"sent\n" and file.read() == "half" and
              len(os.listdir(box + "/new")) == 1, done.stderr)
    with open(home + "/file", "w", encoding="ascii"):
        pass
    done = oracle("send", server=f"maildir:{home}/file/box")
    check("a maildir that cannot be made is an error", done.returncode == 1 and b"cannot make the maildir" in done.stderr and
          done.stdout == b"", done.stderr)


# ---------------------------------------------------------------- a server

def certificates(home):
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".pem", "-days", "2",
                "-subj", "/CN=" + name)
    with open(home + "/names", "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.csr", "-subj", "/CN=mail")
    openssl("x509", "-req", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-days", "2", "-extfile", "names",
            "-out", "cert.pem")
    with open(home + "/password", "w", encoding="ascii") as file:
        file.write(PASSWORD + "\n")
    with open(home + "/wrong", "w", encoding="ascii") as file:
        file.write("hemligare\n")
    os.chmod(home + "/password", 0o600)
    os.chmod(home + "/wrong", 0o600)


class Handler:
    """Takes mail; `say` answers a command otherwise, `drop` ends the connection at it."""

    def __init__(self, say, drop):
        self.say, self.drop, self.got = say, drop, []

    def answer(self, server, word, otherwise):
        if self.drop == word:
            server.transport.abort()
        return self.say.get(word, otherwise)

    async def handle_MAIL(self, server, _session, envelope, address, options):
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answer(server, "MAIL", "250 OK")

    async def handle_RCPT(self, server, _session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return self.answer(server, "RCPT", "250 OK")

    async def handle_DATA(self, server, session, envelope):
        said = self.answer(server, "DATA", "250 OK")
        if said.startswith("250") and self.drop != "DATA":
            self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content, session.ssl is not None,
                             session.authenticated))
        return said


class Server:
    def __init__(self, home, tls="starttls", auth=False, say=None, drop=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home + "/cert.pem", home + "/key.pem")
        self.handler, self.loop = Handler(say or {}, drop), asyncio.new_event_loop()
        named = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
        if auth:
            named.update(auth_required=True, auth_require_tls=False, authenticator=self.sign_in)
        self.factory = lambda: SMTP(self.handler, loop=self.loop, hostname="mail.example", **named)
        self.context = context if tls == "smtps" else None

    @staticmethod
    def sign_in(_server, _session, _envelope, _mechanism, data):
        good = (data.login, data.password) == (b"behov", PASSWORD.encode())
        return AuthResult(success=good, handled=good)

    def __enter__(self):
        self.server = self.loop.run_until_complete(self.loop.create_server(self.factory, "127.0.0.1", 0, ssl=self.context))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    @property
    def got(self):
        return self.handler.got


def send(server, scheme="smtp", **other):
    return oracle("send", server=f"{scheme}://127.0.0.1:{server.port}", **other)


def it_is_delivered(home):
    login = {"user": "behov", "password_file": home + "/password", "ca_file": home + "/ca.pem"}
    with Server(home, auth=True) as server:
        done = send(server, **login)
        check("a mail is delivered over STARTTLS, signed in", done.stdout == b"sent\n" and len(server.got) == 1 and
              server.got[0] == (MAIL["from"], [MAIL["to"]], build()[0], True, True), done.stderr, server.got)
    with Server(home, tls="smtps") as server:
        done = send(server, "smtps", starttls=False, ca_file=home + "/ca.pem")
        check("a mail is delivered over smtps", done.stdout == b"sent\n" and len(server.got) == 1, done.stderr)
    with Server(home, tls="none") as server:
        done = send(server, starttls=False)
        check("a mail is delivered without TLS when conf allows it", done.stdout == b"sent\n" and len(server.got) == 1, done.stderr)


def it_is_not_delivered(home):
    ca = {"ca_file": home + "/ca.pem"}
    login = {"user": "behov", "password_file": home + "/wrong"}
    refusals = (
        ("a server whose certificate is not ours", {}, {"ca_file": home + "/other.pem"}, b"certificate"),
        ("a certificate of a CA nobody named", {}, {}, b"certificate"),
        ("a server over smtps with a wrong certificate", {"tls": "smtps"}, {"scheme": "smtps", "ca_file": home + "/other.pem"}, b"certificate"),
        ("a server that offers no STARTTLS", {"tls": "none"}, ca, b"EHLO"),
        ("a wrong password", {"auth": True}, {**ca, **login}, b"AUTH"),
        ("a user without a password", {"auth": True}, {**ca, "user": "behov"}, b"password-file"),
        ("a sender the server does not want", {"say": {"MAIL": "550 no"}}, ca, b"at MAIL"),
        ("a recipient it does not know", {"say": {"RCPT": "550 no such user"}}, ca, b"at RCPT"),
        ("a recipient it asks us to try later", {"say": {"RCPT": "451 later"}}, ca, b"451"),
        ("a message it does not want", {"say": {"DATA": "554 no"}}, ca, b"554"),
        ("a connection lost at the recipient", {"drop": "RCPT"}, ca, b"at RCPT"),
        ("a connection lost after the message", {"drop": "DATA"}, ca, b"at DATA"),
    )
    for name, how, what, word in refusals:
        with Server(home, **how) as server:
            done = send(server, **what)
            said = done.stderr
            check(name + " is an error that says so", done.returncode == 1 and word in said and server.got == [] and
                  done.stdout == b"" and (b"127.0.0.1" in said or word == b"password-file"), said, server.got)
            check(name + " shows no secret", b"heml" not in said and PASSWORD.encode() not in said, said)
    with Server(home) as server:
        gone = server.port
    done = oracle("send", server=f"smtp://127.0.0.1:{gone}")
    check("a server that is not there is an error that says so", done.returncode == 1 and b"at connect" in done.stderr, done.stderr)
    done = oracle("send", server=f"smtp://u:hemligt@127.0.0.1:{gone}")
    check("a password in the address is refused and not shown", done.returncode == 1 and b"heml" not in done.stderr, done.stderr)


def main():
    warnings.simplefilter("ignore")
    logging.disable()
    home = tempfile.mkdtemp(prefix="behov-mail-")
    try:
        the_message_reads_back()
        the_date_is_local()
        long_texts_are_folded()
        nothing_is_injected()
        a_maildir_gets_it_once(home)
        certificates(home)
        it_is_delivered(home)
        it_is_not_delivered(home)
    finally:
        shutil.rmtree(home)
    return 1 if failures else 0


sys.exit(main())
