#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approval page, over raw HTTP and in Chromium: who may see what, what counts as a decision, what is refused."""
import email
import email.policy
import gettext
import glob
import gzip
import html
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.parse

BUILD = os.environ.get("BUILD", "build")
ORACLE = os.path.abspath(os.path.join(BUILD, "tests/unit/oracle-page"))
NOW = "2026-11-25T10:00+01:00"
SITE = "behov.kalmar.example"
TOKEN = {name: f"token-of-{name}-0123456789abcdefghijklmnop" for name in ("aa01", "ee01", "dd01")}
NAMES = ("Kim Holm", "Sara Nygren", "Treserva", "Verifikationer", "kim.holm", "Anna Berg", "anna@")


class Reply:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), value.strip())
        self.text = self.body.decode("utf-8", "replace")

    def field(self, name):
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)
        return html.unescape(found.group(1)) if found else None


def raw(port, data, wait=5):
    """What comes back for these bytes, until the other side closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), wait) as s:
        s.settimeout(wait)
        out = b""
        try:
            s.sendall(data)
            while chunk := s.recv(65536):
                out += chunk
        except (TimeoutError, ConnectionError):
            pass
        return out


class World:
    """A store of its own and a page that serves it."""

    def __init__(self, url=f"http://{SITE}", now=NOW, listen="127.0.0.1:0"):
        self.folder = tempfile.mkdtemp(prefix="behov-page-")
        self.url, self.process = url, None
        subprocess.run([ORACLE, "make", self.folder, NOW], check=True, stdout=subprocess.DEVNULL)
        self.start(now, listen)

    def start(self, now=NOW, listen="127.0.0.1:0"):
        self.stop()
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen([ORACLE, "serve", self.folder, now, listen, self.url], stdout=subprocess.PIPE,
                                        stderr=self.log)
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        if not self.process:
            return 0
        self.process.terminate()
        code = self.process.wait(10)
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def send(self, method, path, cookie=None, form=None, headers=(), host=SITE):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
        body = b""
        if cookie:
            lines.append(f"Cookie: {cookie}")
        if form is not None:
            body = form if isinstance(form, bytes) else urllib.parse.urlencode(form).encode()
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return Reply(raw(self.port, "\r\n".join(lines + list(headers)).encode() + b"\r\n\r\n" + body, 10))

    def get(self, path, cookie=None, **more):
        return self.send("GET", path, cookie, **more)

    def post(self, path, cookie=None, form=(), **more):
        return self.send("POST", path, cookie, form if isinstance(form, bytes) else dict(form), **more)

    def codes(self):
        mails = sorted(glob.glob(os.path.join(self.folder, "mail/new/*")), key=os.path.getmtime)
        return [m.group(1) for m in (re.search(r"(?:Din kod är|Your code is) (\d{6})\b", decoded(mail)) for mail in mails) if m]

    def long_codes(self):
        mails = sorted(glob.glob(os.path.join(self.folder, "mail/new/*")), key=os.path.getmtime)
        return [m.group(1) for m in (re.search(r"(?:Din långa kod är|Your long code is) (\S+)", decoded(mail)) for mail in mails) if m]

    def ask(self, letter="aa01"):
        """A session that waits for its code: cookie, nonce, code."""
        before = self.codes()
        cookie = self.post("/kod", form={"token": TOKEN[letter]}).headers["set-cookie"].split(";")[0]
        fresh = [code for code in self.codes()]
        for code in before:
            fresh.remove(code)
        return cookie, self.get("/logga-in", cookie).field("nonce"), fresh[0]

    def sign_in(self, letter="aa01"):
        cookie, nonce, code = self.ask(letter)
        reply = self.post("/logga-in", cookie, {"nonce": nonce, "kod": code})
        assert reply.status == 303 and reply.headers["location"] == "/beslut", reply.text
        return reply.headers["set-cookie"].split(";")[0]

    def decisions(self):
        return json.loads(subprocess.run([ORACLE, "decisions", self.folder], check=True, stdout=subprocess.PIPE).stdout)

    def rows(self):
        """Everything in the inbox and the store, row by row."""
        out = {}
        for name in ("inbox.db", "behov.db"):
            db = sqlite3.connect(f"file:{os.path.join(self.folder, name)}?mode=ro", uri=True)
            for (table,) in db.execute("select name from sqlite_master where type = 'table' order by name").fetchall():
                out[name, table] = db.execute(f'select * from "{table}"').fetchall()
            db.close()
        out["mails"] = len(self.codes())
        return out


def decoded(path):
    """The text of a mail, whatever its transfer encoding."""
    with open(path, "rb") as f:
        message = email.message_from_binary_file(f, policy=email.policy.default)
    part = message.get_body(("plain",))
    return part.get_content() if part else message.as_string()


def choose(page, **choices):
    """The form of /beslut with these choices: a1=("keep", "reason", "2027-01-31"), or fields by their letter."""
    form = {"nonce": page.field("nonce")}
    for name, value in re.findall(r'name="(v-[^"]+)" value="([^"]*)"', page.text):
        key = name[2:].split("-")[0]
        choice = choices.get(key, ("",))
        if isinstance(choice, tuple):
            choice = dict(zip("dru", choice))
        form.update({name: value, **{f"{letter}-{name[2:]}": choice.get(letter, "") for letter in "drukfwnhelc"}})
    return form


def hidden(page):
    """What the confirming page would post."""
    return {html.unescape(name): html.unescape(value) for name, value in
            re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text.split("<main", 1)[1])}


# ------------------------------------------------------------------ the shape of requests

def shapes_that_http_forbids_are_refused():
    body = b"token=" + TOKEN["aa01"].encode()
    post = b"POST /kod HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n" % SITE.encode()
    host = b"Host: " + SITE.encode() + b"\r\n"
    shapes = {
        "no host": b"GET / HTTP/1.1\r\n\r\n",
        "no host in 1.0": b"GET / HTTP/1.0\r\n\r\n",
        "two hosts": b"GET / HTTP/1.1\r\n" + host + host + b"\r\n",
        "another host": b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "host with more": b"GET / HTTP/1.1\r\nHost: " + SITE.encode() + b".evil.example\r\n\r\n",
        "length and chunks": post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n" + host + b"\r\n",
        "chunks": post + b"Transfer-Encoding: chunked\r\n\r\n2e\r\n" + body + b"\r\n0\r\n\r\n",
        "unknown coding": post + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "two lengths": post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "two equal lengths": post + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
        "negative length": post + b"Content-Length: -5\r\n\r\nabcdef",
        "signed length": post + b"Content-Length: +5\r\n\r\nabcde",
        "length too long": post + b"Content-Length: 99999999999999999999999\r\n\r\nabcdef",
        "no length": post + b"\r\n",
        "length in a get": b"GET / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nabcde",
        "blank before colon": b"GET / HTTP/1.1\r\nHost : " + SITE.encode() + b"\r\n\r\n",
        "NUL in the target": b"GET /%00x HTTP/1.1\r\n" + host + b"\r\n",
        "broken escape": b"GET /%zz HTTP/1.1\r\n" + host + b"\r\n",
        "half an escape": b"GET /b/x%4 HTTP/1.1\r\n" + host + b"\r\n",
        "absolute target": b"GET http://evil.example/ HTTP/1.1\r\n" + host + b"\r\n",
        "star": b"GET * HTTP/1.1\r\n" + host + b"\r\n",
        "bytes in the target": b"GET /\xc3\xa5 HTTP/1.1\r\n" + host + b"\r\n",
        "long target": b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n" + host + b"\r\n",
        "rather long target": b"GET /b/" + b"a" * 1100 + b" HTTP/1.1\r\n" + host + b"\r\n",
        "many headers": b"GET / HTTP/1.1\r\n" + host + b"".join(b"X%d: a\r\n" % i for i in range(200)) + b"\r\n",
        "large headers": b"GET / HTTP/1.1\r\n" + host + b"X: " + b"b" * 60000 + b"\r\n\r\n",
        "HTTP/2.0": b"GET / HTTP/2.0\r\n" + host + b"\r\n",
        "JSON": b"POST /kod HTTP/1.1\r\n" + host + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        "multipart": b"POST /kod HTTP/1.1\r\n" + host + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2\r\n\r\n{}",
        "no type": b"POST /kod HTTP/1.1\r\n" + host + b"Content-Length: 2\r\n\r\n{}",
        "garbage": bytes(range(256)) * 4,
    }
    for method in (b"TRACE", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"PATCH", b"get"):
        shapes[method.decode()] = method + b" / HTTP/1.1\r\n" + host + b"\r\n"
    with World() as w:
        before = w.rows()
        for name, data in shapes.items():
            out = raw(w.port, data)
            statuses = [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3}) ", out)]
            assert all(400 <= s < 500 or s in (501, 505) for s in statuses), (name, out[:300])
            assert len(statuses) <= 2 and b"kommun" not in out, (name, out[:300])    # libmicrohttpd says its own 400 twice
        assert w.rows() == before


def a_refused_request_ends_its_connection():
    with World() as w:
        get = f"GET / HTTP/1.1\r\nHost: {SITE}\r\n\r\n".encode()
        out = raw(w.port, b"GET /%zz HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\n\r\n" + get)
        assert len(re.findall(rb"HTTP/1\.1 ", out)) == 1, out


def forms_that_no_browser_sends_are_refused():
    bodies = {
        "broken escape": b"token=%zz", "half an escape": b"token=%4", "NUL": b"token=a%00b", "control": b"token=a%01b",
        "not UTF-8": b"token=%ff", "twice": b"token=a&token=b", "no name": b"=a",
        "many": b"&".join(b"f%d=" % i for i in range(6001)),
    }
    with World() as w:
        for name, body in bodies.items():
            assert w.post("/kod", form=body).status == 400, name
        huge = b"token=" + b"a" * (512 * 1024)
        assert w.post("/kod", form=huge).status == 413
        fits = b"token=" + b"a" * (512 * 1024 - 6)
        assert w.post("/kod", form=fits).status == 404
        assert w.codes() == []


def a_slow_or_silent_client_does_not_stop_the_others():
    with World() as w:
        idle = [socket.create_connection(("127.0.0.1", w.port), 5) for _ in range(20)]
        for s in idle:
            s.sendall(b"POST /kod HTTP/1.1\r\nHost: x\r\nContent-Len")
        assert w.get("/").status == 200
        for s in idle:
            s.close()


# ------------------------------------------------------------------ before proof of person

def every_reply_has_its_headers():
    with World() as w:
        for path in ("/", "/b/" + TOKEN["aa01"], "/b/x", "/logga-in", "/beslut", "/style.css", "/nowhere", "/%zz"):
            h = w.get(path).headers
            csp = h["content-security-policy"]
            for part in ("default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
                assert part in csp, (path, csp)
            assert h["x-content-type-options"] == "nosniff" and h["referrer-policy"] == "no-referrer"
            assert h["cache-control"] == "no-store" and h["x-frame-options"] == "DENY"
            assert h["cross-origin-opener-policy"] == "same-origin" and "strict-transport-security" not in h


def before_proof_a_page_tells_only_a_number():
    with World() as w:
        page = w.get("/b/" + TOKEN["aa01"])
        assert page.status == 200 and "4 förslag" in page.text and "Kalmar &lt;kommun&gt;" in page.text
        assert "Servicedesk" in page.text and "set-cookie" not in page.headers
        cookie, _, _ = w.ask()
        for path in ("/b/" + TOKEN["aa01"], "/logga-in", "/beslut", "/kvitto", "/"):
            for cookies in (None, cookie, "behov=" + "A" * 43):
                text = w.get(path, cookies).text
                assert not [name for name in NAMES if name in text], (path, cookies)


def an_unknown_and_an_old_link_look_the_same():
    with World() as w:
        unknown, old = w.get("/b/" + TOKEN["aa01"][:-1] + "q"), w.get("/b/" + TOKEN["dd01"])
        assert (unknown.status, old.status) == (404, 410)
        # Each says its own address, for coming back in another language.
        assert unknown.text.replace(TOKEN["aa01"][:-1] + "q", "") == old.text.replace(TOKEN["dd01"], "")
        assert "Länken gäller inte" in old.text
        assert w.post("/kod", form={"token": TOKEN["dd01"]}).status == 410 and w.codes() == []


def looking_changes_nothing():
    with World() as w:
        cookie, nonce, _ = w.ask()
        proved = w.sign_in("ee01")
        before = w.rows()
        paths = ["/", "/b/" + TOKEN["aa01"], "/b/" + TOKEN["dd01"], "/b/", "/kod", "/logga-in", "/beslut", "/beslut/spara",
                 "/kvitto", "/logga-ut", "/style.css", f"/logga-ut?nonce={nonce}", f"/kod?token={TOKEN['aa01']}",
                 "/beslut?d-a1-1=approve"]
        for path in paths:
            for method in ("GET", "HEAD"):
                for cookies in (None, cookie, proved):
                    reply = w.send(method, path, cookies, headers=["Sec-Purpose: prefetch", "Purpose: prefetch"])
                    assert reply.status and "set-cookie" not in reply.headers, (method, path)
                    assert method == "GET" or not reply.body, path
        assert w.rows() == before


# ------------------------------------------------------------------ proof of person

def signing_in_gives_a_new_cookie_and_ends_the_old():
    with World() as w:
        cookie, nonce, code = w.ask()
        reply = w.post("/logga-in", cookie, {"nonce": nonce, "kod": f"{code[:3]} {code[3:]}"})
        fresh = reply.headers["set-cookie"].split(";")[0]
        assert reply.status == 303 and fresh != cookie
        assert w.get("/beslut", cookie).status == 401 and w.get("/beslut", fresh).status == 200
        assert w.get("/b/" + TOKEN["aa01"]).status == 200           # the link is not used up


def a_cookie_that_somebody_planted_is_not_taken_over():
    with World() as w:
        planted = "behov=" + "P" * 43
        reply = w.post("/kod", planted, {"token": TOKEN["aa01"]})
        cookie = reply.headers["set-cookie"].split(";")[0]
        assert cookie != planted and w.get("/logga-in", planted).status == 401
        # A session that an attacker made for their own letter does not become the victim's.
        theirs, _, _ = w.ask("ee01")
        mine = w.post("/kod", theirs, {"token": TOKEN["aa01"]}).headers["set-cookie"].split(";")[0]
        assert mine != theirs and w.get("/logga-in", theirs).status == 401


def cookies_have_their_flags():
    with World() as w:
        flags = w.post("/kod", form={"token": TOKEN["aa01"]}).headers["set-cookie"]
        assert flags.startswith("behov=") and "Secure" not in flags
        assert all(f in flags for f in ("; Path=/", "; HttpOnly", "; SameSite=Strict")) and "Domain" not in flags
    with World(url=f"https://{SITE}") as w:
        reply = w.post("/kod", form={"token": TOKEN["aa01"]}, headers=[f"Origin: https://{SITE}"], host=SITE + ":443")
        flags = reply.headers["set-cookie"]
        assert flags.startswith("__Host-behov=") and "; Secure" in flags and "; Path=/" in flags
        assert "strict-transport-security" in reply.headers
        assert w.post("/kod", form={"token": TOKEN["aa01"]}, headers=[f"Origin: http://{SITE}"]).status == 403


def the_code_holds_in_that_browser_only():
    with World() as w:
        mine, nonce, code = w.ask()
        other, other_nonce, other_code = w.ask()
        assert code == other_code or w.post("/logga-in", other, {"nonce": other_nonce, "kod": code}).status == 403
        assert w.post("/logga-in", mine, {"nonce": other_nonce, "kod": code}).status == 401
        assert w.post("/logga-in", mine, {"nonce": nonce, "kod": code}).status == 303


def guessing_a_code_ends_after_five():
    with World() as w:
        cookie, nonce, code = w.ask()
        wrong = [f"{n:06}" for n in range(10) if f"{n:06}" != code][:5]
        for n, guess in enumerate(wrong):
            page = w.post("/logga-in", cookie, {"nonce": nonce, "kod": guess})
            assert page.status == 403 and ("gäller inte längre" in page.text) == (n == 4), page.text
        assert w.post("/logga-in", cookie, {"nonce": nonce, "kod": code}).status == 403
        assert w.get("/beslut", cookie).status == 303


def a_mailbox_gets_five_codes_an_hour():
    with World() as w:
        cookie, nonce, _ = w.ask()
        assert w.post("/kod", cookie, {"nonce": nonce}).status == 303
        for _ in range(3):
            w.ask()
        assert len(w.codes()) == 5
        assert w.post("/kod", form={"token": TOKEN["aa01"]}).status == 429
        assert w.post("/kod", cookie, {"nonce": nonce}).status == 429
        assert len(w.codes()) == 5
        w.ask("ee01")
        for hour in ("11:01", "12:02"):
            w.start(f"2026-11-25T{hour}+01:00")
            for _ in range(5):
                w.ask()
        w.start("2026-11-25T13:03+01:00")       # fifteen a day: who has found a link guesses no longer than that
        assert w.post("/kod", form={"token": TOKEN["aa01"]}).status == 429
        assert w.post("/kod", form={"token": TOKEN["ee01"]}).status == 303


def press_until_it_is_long(w, most=40):
    for _ in range(most):
        page = w.post("/kod", form={"token": TOKEN["aa01"]})
        if page.status == 429:
            return page
    raise AssertionError("no limit")


def beyond_the_limit_a_long_code_is_good_in_any_browser():
    with World() as w:
        page = press_until_it_is_long(w)
        assert len(w.codes()) == 5 and len(w.long_codes()) == 1 and "2026-11-25 10:00" in page.text and "2026-11-25 11:10" in page.text
        code = w.long_codes()[0]
        assert re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", code) and not [n for n in NAMES if n in page.text]
        before = w.rows()
        for wrong in ("", "x", code[:-1], code + "0", "0" * 16, "123456"):
            for _ in range(20):                 # no guess locks anybody out, and none is stored
                reply = w.post("/logga-in", form={"token": TOKEN["aa01"], "kod": wrong})
                assert reply.status == 403 and "set-cookie" not in reply.headers
        for token, status in ((TOKEN["ee01"], 403), (TOKEN["dd01"], 410), ("x", 404), (TOKEN["aa01"][:-1], 404)):
            assert w.post("/logga-in", form={"token": token, "kod": code}).status == status, token
        for _ in range(30):                     # nor does any press beyond it
            assert press_until_it_is_long(w, 1)
        assert w.rows() == before
        typed = code.upper().replace("-", " ").replace("0", "O").replace("1", "l")
        reply = w.post("/logga-in", form={"token": TOKEN["aa01"], "kod": typed})
        assert reply.status == 303 and reply.headers["location"] == "/beslut", reply.text
        cookie = reply.headers["set-cookie"].split(";")[0]
        again = w.post("/logga-in", cookie, {"token": TOKEN["aa01"], "kod": typed})
        assert again.status == 303 and "set-cookie" not in again.headers        # pressed twice in that browser
        assert w.post("/logga-in", form={"token": TOKEN["aa01"], "kod": typed}).status == 403
        confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",)))
        assert w.post("/beslut/spara", cookie, hidden(confirm)).status == 303
        assert subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], stdout=subprocess.PIPE).stdout == b"taken 1 refused 0\n"


def the_long_code_comes_once_an_hour_and_is_good_until_after_that():
    with World() as w:
        press_until_it_is_long(w)
        first, = w.long_codes()
        with sqlite3.connect(os.path.join(w.folder, "inbox.db")) as db:
            db.execute("update code set at = at + 86400")               # the stranger goes on pressing
        w.start("2026-11-25T10:59+01:00")
        press_until_it_is_long(w, 1)
        assert w.long_codes() == [first]
        w.start("2026-11-25T11:09+01:00")
        assert w.post("/logga-in", form={"token": TOKEN["aa01"], "kod": first}).status == 303
        press_until_it_is_long(w, 1)
        second = [code for code in w.long_codes() if code != first]
        assert len(second) == 1                 # used up: the owner gets another
        w.start("2026-11-25T12:09+01:00")
        press_until_it_is_long(w, 1)
        assert len(w.long_codes()) == 3
        assert w.post("/logga-in", form={"token": TOKEN["aa01"], "kod": second[0]}).status == 403
        third, = set(w.long_codes()) - {first, second[0]}
        w.start("2026-11-25T13:19+01:00")       # seventy minutes
        assert w.post("/logga-in", form={"token": TOKEN["aa01"], "kod": third}).status == 403


def a_long_code_that_cannot_be_sent_is_tried_again():
    with World() as w:
        press_until_it_is_long(w)
        box = os.path.join(w.folder, "mail")
        os.rename(box, box + "-away")
        open(box, "w", encoding="ascii").close()
        w.start("2026-11-25T11:30+01:00")
        with sqlite3.connect(os.path.join(w.folder, "inbox.db")) as db:
            db.execute("update code set at = at + 86400")
        for _ in range(2):
            page = w.post("/kod", form={"token": TOKEN["aa01"]})
            assert page.status == 503 and "kunde inte skickas" in page.text
        os.remove(box)
        os.rename(box + "-away", box)
        assert w.post("/kod", form={"token": TOKEN["aa01"]}).status == 503     # a server in trouble is left alone for a minute
        w.start("2026-11-25T11:31+01:00")
        assert w.post("/kod", form={"token": TOKEN["aa01"]}).status == 429 and len(w.long_codes()) == 2


def those_who_never_finish_keep_nobody_out():
    with World() as w:
        slow = [socket.create_connection(("127.0.0.1", w.port)) for _ in range(200)]
        for s in slow:
            try:
                s.sendall(f"GET / HTTP/1.1\r\nHost: {SITE}\r\nX".encode())
            except ConnectionError:
                pass
        assert w.get("/").status == 200
        w.sign_in()
        for s in slow:
            s.close()


def a_code_is_good_for_ten_minutes():
    with World() as w:
        cookie, nonce, code = w.ask()
        w.start("2026-11-25T10:10+01:00")
        assert w.post("/logga-in", cookie, {"nonce": nonce, "kod": code}).status == 403
        w.start("2026-11-25T10:09:59+01:00")
        assert w.post("/logga-in", cookie, {"nonce": nonce, "kod": code}).status == 303


def a_mail_that_cannot_be_sent_is_told():
    with World() as w:
        open(os.path.join(w.folder, "mail"), "w").close()
        page = w.post("/kod", form={"token": TOKEN["aa01"]})
        assert page.status == 503 and "kunde inte skickas" in page.text


def a_session_ends_by_itself_and_what_was_typed_is_kept():
    with World() as w:
        cookie = w.sign_in()
        form = choose(w.get("/beslut", cookie), a1=("keep", "Vikarie till <maj>"))
        w.start("2026-11-25T10:15+01:00")
        assert w.get("/beslut", cookie).status == 401
        page = w.post("/beslut", cookie, form)
        assert page.status == 401 and "Dina val finns kvar" in page.text and "Kim" not in page.text
        again = hidden(page)
        assert again["r-a1-1"] == "Vikarie till <maj>" and again["d-a1-1"] == "keep" and "nonce" not in again
        shown = w.post("/beslut", w.sign_in(), again)
        assert shown.status == 403 and "Vikarie till &lt;maj&gt;" in shown.text and w.decisions() == []
        # A POST starts the fifteen minutes anew; the hour does not move.
        cookie = w.sign_in()
        nonce = w.get("/beslut", cookie).field("nonce")
        for minute in ("10:25", "10:35", "10:45", "10:55", "11:05", "11:14"):
            w.start(f"2026-11-25T{minute}+01:00")
            assert w.post("/beslut", cookie, {"nonce": nonce}).status == 422, minute
        w.start("2026-11-25T11:15+01:00")
        assert w.get("/beslut", cookie).status == 401


def signing_out_ends_the_session():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        assert w.post("/logga-ut", cookie, {"nonce": "x"}).status == 403
        out = w.post("/logga-ut", cookie, {"nonce": page.field("nonce")})
        assert out.status == 200 and "Max-Age=0" in out.headers["set-cookie"]
        assert w.get("/beslut", cookie).status == 401


# ------------------------------------------------------------------ deciding

def hostile_names_are_only_text():
    with World() as w:
        page = w.get("/beslut", w.sign_in())
        assert page.status == 200 and "<script" not in page.text.lower() and "&lt;script&gt;alert(1)" in page.text
        assert "\u202e" not in page.text and " on" + "click" not in page.text and "style=" not in page.text
        for name in ("Kim Holm", "Utreder barnärenden", "rules/systems/treserva.cfg:9", "2027-01-01", "KS 2019/0123",
                     "borta för gott", "2 personer måste godkänna: Anna Berg, Eva Lind."):
            assert name in page.text, name
        assert "Bo Evasegen" not in page.text and TOKEN["aa01"] not in page.text


def what_is_confirmed_is_what_is_saved():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        confirm = w.post("/beslut", cookie, choose(page, a1=("approve",), a2=("keep", "Vikarie", "2027-01-31"), f1=("approve",)))
        assert confirm.status == 200 and w.decisions() == [] and "förstörs för gott" in confirm.text
        form = hidden(confirm)
        assert w.post("/beslut/spara", cookie, form).status == 422 and w.decisions() == []
        saved = w.post("/beslut/spara", cookie, dict(form, forstar="ja"))
        assert saved.status == 303 and saved.headers["location"] == "/kvitto"
        got = {d["proposal"]: d for d in w.decisions()}
        assert {k: d["verdict"] for k, d in got.items()} == {"a1-1": "approve", "a2-1": "keep", "f1-1": "approve"}
        assert got["a2-1"]["reason"] == "Vikarie" and got["a2-1"]["until"] == "2027-01-31" and got["a1-1"]["reason"] is None
        assert all(d["token"] == TOKEN["aa01"] and len(d["version"]) == 64 for d in got.values())
        proof = json.loads(got["a1-1"]["proof"])
        assert proof["kind"] == "code" and proof["letter"] == "aa01" and proof["code_sent"] <= proof["proved"]
        receipt = w.get("/kvitto", cookie)
        assert "3 svar är sparade" in receipt.text and "Sara Nygren" in receipt.text
        again = w.post("/beslut/spara", cookie, dict(form, forstar="ja"))
        assert again.status == 200 and "3 svar är sparade" in again.text and len(w.decisions()) == 3
        page = w.get("/beslut", cookie)
        assert page.text.count("Sparat, kontrolleras i natt") == 3 and page.field("v-a2-1") is None
        assert "Ett förslag väntar" in page.text and "Ett förslag väntar" in w.get("/b/" + TOKEN["aa01"]).text
        late = dict(form, once="f" * 32, forstar="ja")
        refused = w.post("/beslut/spara", cookie, late)
        assert refused.status == 422 and "redan beslutat" in refused.text and len(w.decisions()) == 3


def what_is_answered_stands_after_what_waits():
    with World() as w:
        cookie = w.sign_in()
        assert "Treserva</bdi> (3)" in w.get("/beslut", cookie).text
        confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",), f1=("approve",)))
        w.post("/beslut/spara", cookie, dict(hidden(confirm), forstar="ja"))
        text = w.get("/beslut", cookie).text
        rows = re.findall(r'<fieldset class="row" id="p-(\w+)-1">', text)
        assert rows == ["a3", "a2", "a1", "f1"], rows
        assert "Treserva</bdi> (2)" in text and "Verifikationer</bdi> – besvarat" in text and "Samma svar för alla 2" in text


def what_waits_is_counted_alike_everywhere():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        confirm = w.post("/beslut", cookie, choose(page, a3={"d": "ask", "k": "kim.ek@kalmar.example", "f": "Behövs det?"}, a2=("keep", "Vikarie")))
        assert "1 behålls, 1 annat svar." in confirm.text and "2 förslag svarar du inte på nu" in confirm.text, confirm.text
        assert w.post("/beslut/spara", cookie, hidden(confirm)).status == 303
        text = w.get("/beslut", cookie).text
        # What was asked can still be answered, but does not wait for it.
        assert "2 förslag väntar" in text and "Samma svar för alla 2" in text, text
        assert re.findall(r"</bdi> \((\d+)\)</a>", text) == re.findall(r'class="count">(\d+)<', text) == ["1", "1"], text
        assert re.findall(r'<fieldset class="row" id="p-(\w+)-1">', text) == ["a1", "a3", "a2", "f1"], text
        confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",), a3=("approve",), f1=("approve",)))
        assert "2 behörigheter tas bort, 1 gallring utförs." in confirm.text and "svarar du inte på nu" not in confirm.text, confirm.text


def what_is_decided_on_the_page_counts_in_the_night():
    with World() as w:
        def night(now):
            return subprocess.run([ORACLE, "take", w.folder, now], check=True, stdout=subprocess.PIPE).stdout.decode()

        def decide(letter, **choices):
            cookie = w.sign_in(letter)
            confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), **choices))
            assert w.post("/beslut/spara", cookie, dict(hidden(confirm), forstar="ja")).status == 303, confirm.text

        decide("aa01", a1=("approve",), a2=("keep", "Vikarie", "2027-01-31"), f1=("approve",))
        decide("ee01", e1=("approve",))
        assert night("2026-11-25T12:00+01:00") == "taken 4 refused 0\n"
        page = w.get("/beslut", w.sign_in())
        assert "Sparat" not in page.text and "utförs tidigast 2026-11-28" in page.text and "Sara Nygren" not in page.text
        decide("ee01", f1=("approve",))
        decide("aa01", a1=("undo",))
        assert night("2026-11-25T12:00+01:00") == "taken 2 refused 0\n"
        page = w.get("/beslut", w.sign_in())
        assert page.field("v-a1-1") and "utförs tidigast 2026-12-02" in page.text and "2 förslag väntar" in page.text


def one_may_change_ones_mind_towards_keeping():
    with World() as w:
        cookie = w.sign_in()

        def decide(**choices):
            confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), **choices))
            return w.post("/beslut/spara", cookie, hidden(confirm)) if confirm.status == 200 else confirm

        assert decide(a1=("approve",)).status == 303
        refused = decide(a1=("approve",))
        assert refused.status == 422 and "redan beslutat" in refused.text
        assert decide(a1=("undo",)).status == 422
        assert decide(a1=("keep", "Ändrade mig")).status == 303
        page = w.get("/beslut", cookie)
        assert page.field("v-a1-1") is None and [d["verdict"] for d in w.decisions()] == ["approve", "keep"]


def what_is_scheduled_can_be_undone_until_it_goes():
    with World() as w:
        subprocess.run([ORACLE, "approved", w.folder, NOW, "a1-1", "key-anna", "scheduled"], check=True)
        subprocess.run([ORACLE, "approved", w.folder, NOW, "f1-1", "key-anna", "open"], check=True)
        subprocess.run([ORACLE, "approved", w.folder, NOW, "a2-1", "key-anna", "refused"], check=True)
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        assert "utförs tidigast 2026-11-28" in page.text and "2 förslag väntar" in page.text
        assert "Ditt förra svar om detta räknas inte" in page.text and "Har godkänt: " in page.text
        offered = set(re.findall(r'name="d-(\w+)-1" value="([\w-]+)"', page.text))
        every = {"approve", "keep", "ask", "rule", "not-mine", "later"}
        assert offered == {("a1", "undo"), ("a1", "keep"), ("f1", "keep"), ("f1", "hold")} | {
            (row, word) for row in ("a2", "a3") for word in every}, offered
        refused = w.post("/beslut", cookie, choose(page, a1=("approve",), f1=("approve",)))
        assert refused.status == 422 and refused.text.count("Det går inte att svara så") >= 2
        confirm = w.post("/beslut", cookie, choose(page, a1=("undo",)))
        assert w.post("/beslut/spara", cookie, hidden(confirm)).status == 303
        assert [(d["proposal"], d["verdict"]) for d in w.decisions()] == [("a1-1", "undo")]
        w.start("2026-11-25T10:05+01:00")
        assert "Ångra.</strong> Sparat" in w.get("/beslut", cookie).text
    with World() as w:
        subprocess.run([ORACLE, "approved", w.folder, "2026-11-22T10:00+01:00", "a1-1", "key-anna", "scheduled"], check=True)
        assert w.get("/beslut", w.sign_in()).field("v-a1-1") is None


def happened(page, path, date, why, **other):
    return {"nonce": page.field("nonce"), "series": "avtal", "share": "ekonomi", "mapp": path, "datum": date, "varfor": why, **other}


def an_owner_says_when_something_ended():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        assert "Avtal &amp; &lt;b&gt;" in page.text and "för 1 234 av" in page.text.replace("\xa0", " ") and "Annans" not in page.text
        assert "6 av handlingarna är yngre än det som är sagt om dem" in page.text and page.text.count("Bland annat i") == 1
        assert '<option value="Avtal/Bolaget">' in page.text and "Avtal/&lt;i&gt;" in page.text and 'max="2026-11-25"' in page.text
        before = w.rows()
        reply = w.post("/handelse", cookie, happened(page, " \\Avtal\\Bolaget\\", "2024-06-30", "Avtalet <upphörde>"))
        assert reply.status == 303 and reply.headers["location"] == "/kvitto", reply.text
        receipt = w.get("/kvitto", cookie).text
        assert "Avtal &amp; &lt;b&gt; i Ekonomi: Avtal/Bolaget" in receipt and "Hände 2024-06-30" in receipt and "&lt;upphörde&gt;" in receipt
        assert {k for k, v in w.rows().items() if before[k] != v} <= {("inbox.db", "decision"), ("inbox.db", "session"),
                                                                      ("inbox.db", "sqlite_sequence")}
        assert w.post("/handelse", cookie, happened(page, "Avtal/Bolaget", "2024-06-30", "en gång till")).status == 303
        assert [(d["proposal"], d["version"], d["verdict"], d["until"]) for d in w.decisions()] == [
            ("avtal@ekonomi", "Avtal/Bolaget", "event", "2024-06-30")]
        assert w.post("/handelse", cookie, happened(page, "Avtal/Firman", "2024-06-30", "Också")).status == 303
        assert len(w.decisions()) == 2 and "sparat och kontrolleras i natt" in w.get("/beslut", cookie).text
        assert subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], stdout=subprocess.PIPE).stdout == b"taken 2 refused 0\n"
        assert [r[:6] for r in w.rows()["behov.db", "event"]] == [
            ("h1", "avtal", "ekonomi", "Avtal/Bolaget", 19904, "Avtalet <upphörde>"), ("h2", "avtal", "ekonomi", "Avtal/Firman", 19904, "Också")]
        page = w.get("/beslut", w.sign_in())
        assert "kontrolleras i natt" not in page.text and "(<bdi>anna.berg</bdi>)" in page.text
        again = w.post("/handelse", w.sign_in(), happened(w.get("/beslut", cookie), "Avtal/Bolaget", "2024-06-30", "x"))
        assert again.status != 303 and len(w.decisions()) == 2


def what_cannot_have_happened_comes_back_as_it_was_typed():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        for path, date, why, problem in (("", "2024-06-30", "x", "Skriv var mappen"), ("../hr", "2024-06-30", "x", "Skriv var mappen"),
                                         ("Avtal/*", "2024-06-30", "x", "Skriv var mappen"), ("**", "2024-06-30", "x", "Skriv var mappen"),
                                         ("Avtal", "2024-06-31", "x", "Datumet ska skrivas"), ("Avtal", "", "x", "Datumet ska skrivas"),
                                         ("Avtal", "2026-11-26", "x", "framåt i tiden"), ("Avtal", "2024-06-30", "  ", "Skriv vad som"),
                                         ("Avtal", "2024-06-30", "é" * 1001, "Skriv vad som"), ("Avtal/" + "x" * 4000, "2024-06-30", "x", "Skriv var mappen")):
            reply = w.post("/handelse", cookie, happened(page, path, date, why))
            assert reply.status == 422 and problem in reply.text and f'name="datum" type="date" max="2026-11-25" value="{date}"' in reply.text, path
        assert w.decisions() == []


def events_of_what_is_not_theirs_are_refused_on_the_page_and_in_the_night():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        for other in ({"series": "verifikationer"}, {"series": "finns-ej"}, {"share": "social"}, {"nonce": "0" * 32}):
            assert w.post("/handelse", cookie, happened(page, "Avtal", "2024-06-30", "x", **other)).status in (403, 422)
        assert w.post("/handelse", None, happened(page, "Avtal", "2024-06-30", "x")).status == 401
        assert w.get("/handelse", cookie).status == 303 and w.decisions() == []
        changed = w.sign_in("ee01")             # a deputy, but of another account since yesterday
        assert "Har något upphört" not in w.get("/beslut", changed).text
        reply = w.post("/handelse", changed, happened(w.get("/beslut", changed), "Avtal", "2024-06-30", "x"))
        assert reply.status == 422 and "inte du som svarar" in reply.text and w.decisions() == []
        assert w.post("/handelse", cookie, happened(page, "Avtal/A", "2024-06-30", "x")).status == 303
        forged = sqlite3.connect(os.path.join(w.folder, "inbox.db"))
        row = forged.execute("select token, proposal, version, verdict, reason, until, at, proof from decision").fetchone()
        wrong = [(1, "verifikationer@ekonomi"), (1, "avtal@social"), (1, "avtal"), (1, "@"), (2, "../x"), (2, "Avtal/**"), (2, None),
                 (4, None), (4, " "), (5, None), (5, 20783), (5, -40000), (6, row[6] + 7200), (7, "{}"), (0, TOKEN["ee01"]), (0, "x"),
                 (2, "A\0B"), (2, "Avtal/" + "x" * 3995), (2, "Avtal/" + "x" * 5000)]
        for at, value in wrong:
            forged.execute("insert into decision (token, proposal, version, verdict, reason, until, at, proof) values (?,?,?,?,?,?,?,?)",
                           row[:at] + (value,) + row[at + 1:])
        forged.commit()
        forged.close()
        done = subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], stdout=subprocess.PIPE).stdout.decode()
        assert done == f"taken 1 refused {len(wrong)}\n", done
        events = w.rows()["behov.db", "event"]
        assert [r[0] for r in events if r[12] is None] == ["h1"] and len(events) == len(wrong) + 1, events
        done = subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], stdout=subprocess.PIPE).stdout.decode()
        assert done == "taken 0 refused 0\n", done


def another_owners_items_and_other_versions_are_refused():
    with World() as w:
        cookie = w.sign_in()
        form = choose(w.get("/beslut", cookie), a1=("approve",), a2=("approve",))
        form.update({"v-e1-1": "0" * 64, "d-e1-1": "approve", "v-zz-9": "", "d-zz-9": "keep", "r-zz-9": "x"})
        form["v-a2-1"] = "0" * 64
        page = w.post("/beslut", cookie, form)
        assert page.status == 200 and "har ändrats sedan sidan visades" in page.text
        assert page.text.count("finns inte längre bland dem") == 2 and "Bo Evasegen" not in page.text
        left = hidden(page)
        assert left["d-a1-1"] == "approve" and "d-a2-1" not in left and "d-e1-1" not in left
        assert w.post("/beslut/spara", cookie, dict(left, **{"v-e1-1": "0" * 64, "d-e1-1": "approve"})).status == 409
        assert w.decisions() == []
        assert w.post("/beslut/spara", cookie, left).status == 303
        assert [d["proposal"] for d in w.decisions()] == ["a1-1"]


def a_proposal_that_changed_meanwhile_is_refused():
    with World() as w:
        cookie = w.sign_in()
        confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",), a2=("approve",)))
        subprocess.run([ORACLE, "change", w.folder, "a1-1"], check=True, stdout=subprocess.DEVNULL)
        page = w.post("/beslut/spara", cookie, hidden(confirm))
        assert page.status == 409 and "finns inte längre" in page.text and w.decisions() == []
        assert w.post("/beslut/spara", cookie, hidden(page)).status == 303
        assert [d["proposal"] for d in w.decisions()] == ["a2-1"]


def what_is_typed_wrongly_comes_back_as_it_was_typed():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        for choice, text in ((("keep", "  "), "Skriv varför"), (("keep", 'Han "ska" <ha> det', "igår"), "2027-01-31."),
                             (("keep", "Ja", "2026-11-25"), "framåt i tiden"), (("keep", "å" * 1001), "för långt"),
                             (("destroy", ""), "Välj ett av svaren")):
            reply = w.post("/beslut", cookie, choose(page, a1=choice, a2=("approve",)))
            assert reply.status == 422 and text in reply.text, (choice, reply.text)
            assert html.escape((choice + ("",))[1]).replace("&#x27;", "&#39;") in reply.text
            assert 'name="d-a2-1" value="approve" checked' in reply.text
        assert w.post("/beslut", cookie, choose(page)).status == 422 and w.decisions() == []


def a_bulk_button_is_about_its_group_and_spares_own_choices():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        approve, keep = re.findall(r'name="bulk" value="([^"]+)"', page.text)
        confirm = w.post("/beslut", cookie, dict(choose(page, a2=("keep", "Vikarie")), bulk=approve))
        form = hidden(confirm)
        assert {k: v for k, v in form.items() if k.startswith("d-")} == {"d-a1-1": "approve", "d-a2-1": "keep", "d-a3-1": "approve"}
        group = keep.split(":")[1]
        assert w.post("/beslut", cookie, dict(choose(page), bulk=keep)).status == 422
        confirm = w.post("/beslut", cookie, dict(choose(page), bulk=keep, **{f"gr-{group}": "Pågående ärende"}))
        form = hidden(confirm)
        assert form["d-a1-1"] == "keep" and form["r-a3-1"] == "Pågående ärende" and "d-f1-1" not in form
        back = w.post("/beslut", cookie, dict(form, andra="ja"))
        assert back.status == 200 and 'name="d-a1-1" value="keep" checked' in back.text
        assert w.post("/beslut/spara", cookie, form).status == 303 and len(w.decisions()) == 3


def all_that_waits_is_reached_in_the_end():
    with World() as w:
        subprocess.run([ORACLE, "more", w.folder, NOW, "300"], check=True)
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        assert page.text.count('value="approve"') == 200 and "304 förslag" in page.text and "Sida 1 av 2" in page.text
        _, keep = re.findall(r'name="bulk" value="([^"]+)"', page.text)
        reason = {f"gr-{keep.split(':')[1]}": "Pågående ärende, frågan tas upp på nytt när utredningen är klar. " * 5}
        confirm = w.post("/beslut", cookie, dict(choose(page), bulk=keep, **reason))
        assert confirm.status == 200 and "200 svar" in confirm.text
        assert w.post("/beslut/spara", cookie, hidden(confirm)).status == 303 and len(w.decisions()) == 200
        page = w.get("/beslut", cookie)
        assert page.text.count('value="approve"') == 104 and "104 förslag" in page.text and page.field("v-f1-1")


def filled(page, sida=None, **choices):
    """The form as a browser posts it: what was carried along, and choices on what is shown."""
    form = dict(choose(page, **choices), **hidden(page))
    return dict(form, sida=sida) if sida else form


def every_page_is_reached_and_choices_follow():
    with World() as w:
        subprocess.run([ORACLE, "more", w.folder, NOW, "450"], check=True)
        cookie = w.sign_in()

        def ids(page):
            return re.findall(r'<fieldset class="row[^"]*" id="p-([^"]+)"', page.text)

        def turned(page, to, **choices):
            return w.post("/beslut", cookie, filled(page, sida=to, **choices))
        first = w.get("/beslut", cookie)
        seen = [ids(w.get(f"/beslut?sida={n}", cookie)) for n in (1, 2, 3)]
        assert [len(s) for s in seen] == [200, 200, 54] and len({i for s in seen for i in s}) == 454 and ids(first) == seen[0]
        for odd, same in (("0", 0), ("4", 2), ("-1", 0), ("x", 0), ("99999999999999", 0), ("2x", 0), ("1&sida=3", 0)):
            assert ids(w.get(f"/beslut?sida={odd}", cookie)) == seen[same], odd
        one, two, three = (s[0].split("-")[0] for s in seen)
        second = turned(first, "2", **{one: ("keep", 'Vikarie "<b>"', "2027-01-31")})
        assert second.status == 200 and ids(second) == seen[1] and "på en rad på en annan sida" in second.text and "<b>" not in second.text.split("<main")[1]
        third = turned(second, "3", **{two: ("approve",)})
        assert ids(third) == seen[2] and "på 2 rader på andra sidor" in third.text
        back = turned(third, "1", **{three: ("approve",)})
        assert ids(back) == seen[0] and "på 2 rader på andra sidor" in back.text and 'value="Vikarie &quot;&lt;b&gt;&quot;"' in back.text, back.text[:9000]
        confirm = w.post("/beslut", cookie, filled(back, **{one: ("keep", 'Vikarie "<b>"', "2027-01-31")}))
        assert confirm.status == 200 and "spara 3 svar" in confirm.text and w.decisions() == []
        again = w.post("/beslut", cookie, dict(hidden(confirm), andra="ja"))
        assert ids(again) == seen[0] and "på 2 rader på andra sidor" in again.text
        # What must be mended is shown, wherever it is.
        wrong = w.post("/beslut", cookie, dict(filled(third), **{f"d-{two}-1": "keep"}))
        assert wrong.status == 422 and ids(wrong) == seen[1] and "Skriv varför" in wrong.text
        assert w.post("/beslut/spara", cookie, hidden(confirm)).status == 303
        assert {(d["proposal"], d["verdict"]) for d in w.decisions()} == {(one + "-1", "keep"), (two + "-1", "approve"), (three + "-1", "approve")}


def more_than_can_follow_stays_where_it_is():
    with World() as w:
        subprocess.run([ORACLE, "more", w.folder, NOW, "700"], check=True)
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)

        def all_of(page):
            return {name[2:].split("-")[0]: ("approve",) for name in choose(page) if name.startswith("d-")}
        second = w.post("/beslut", cookie, filled(page, sida="2", **all_of(page)))
        assert "Sida 2 av 4" in second.text and "på 200 rader på andra sidor" in second.text
        third = w.post("/beslut", cookie, filled(second, sida="3", **all_of(second)))
        assert "Sida 2 av 4" in third.text and "Granska och spara dem först" in third.text
        confirm = w.post("/beslut", cookie, filled(third, **all_of(third)))
        assert confirm.status == 200 and "spara 400 svar" in confirm.text and "400 behörigheter tas bort" in confirm.text, confirm.text[:2000]
        assert w.post("/beslut/spara", cookie, dict(hidden(confirm), forstar="ja")).status == 303 and len(w.decisions()) == 400


def pages_are_packed_for_those_who_take_it():
    with World() as w:
        cookie = w.sign_in()
        plain = w.get("/beslut", cookie)
        for said in ("gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.8, *;q=0.1", "x-gzip", " , gzip ;q=0.001"):
            packed = w.get("/beslut", cookie, headers=["Accept-Encoding: " + said])
            assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "Accept-Encoding", said
            text = gzip.decompress(packed.body).decode()
            assert re.sub(r'name="nonce" value="[^"]*"', "", text) == re.sub(r'name="nonce" value="[^"]*"', "", plain.text)
            assert len(packed.body) < len(plain.body) / 3
        for said in ("", "identity", "br, deflate", "gzip;q=0", "gzip;q=0.000, *", "gzipped", "*"):
            assert w.get("/beslut", cookie, headers=["Accept-Encoding: " + said]).text.startswith("<!DOCTYPE html>"), said
        head = w.send("HEAD", "/beslut", cookie, headers=["Accept-Encoding: gzip"])
        assert head.headers["content-encoding"] == "gzip" and head.body == b""
        # What the forms of a session have in common is in none of its pages.
        nonces = {w.get("/beslut", cookie).field("nonce") for _ in range(5)}
        assert len(nonces) == 5 and all(w.post("/beslut", cookie, {"nonce": n}).status == 422 for n in nonces)
        n = nonces.pop()
        for bad in (n[1:], n[:-1], n + "0", n.replace("-", "_"), n[:32] + "-" + "0" * 64, n.upper(), "0" * 32 + n[32:], n + "-" + n):
            assert w.post("/beslut", cookie, {"nonce": bad}).status == 403, bad


# ------------------------------------------------------------------ the other answers

def every_answer_is_confirmed_and_saved_as_it_was_typed():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        assert page.text.count('value="ask"') == 4 and page.text.count('value="hold"') == 1 and page.text.count('value="rule"') == 3
        assert " checked" in page.text and not re.search(r'value="(?:ask|rule|not-mine|hold|later|keep|approve)" checked', page.text)
        assert page.text.count("Svarar du inte händer ingenting") == 2 and "Godkänn verkställighet" in page.text
        chosen = {"a1": {"d": "ask", "k": " kim.ek@kalmar.example ", "f": "Behövs <det>?"}, "a2": {"d": "rule", "w": "Regeln är gammal"},
                  "a3": {"d": "not-mine"}, "f1": {"d": "hold", "h": "Tvist", "e": "2027-01-31", "r": "typat förut"}}
        confirm = w.post("/beslut", cookie, choose(page, **chosen))
        for text in ("Fråga kim.ek@kalmar.example<", "Behövs &lt;det&gt;?", "Behovsregeln är fel<", "Regeln är gammal", "Inte mitt att besluta<",
                     "Gallringsstopp<", "Tvist", "2027-01-31", "Omfattar <bdi>Verifikationer i mappen Verifikationer/2019 på Ekonomi</bdi>"):
            assert text in confirm.text, (text, confirm.text)
        assert "förstörs för gott" not in confirm.text and w.decisions() == []
        back = w.post("/beslut", cookie, dict(hidden(confirm), andra="ja"))
        for text in ('name="d-a1-1" value="ask" checked', 'value=" kim.ek@kalmar.example "', 'value="Behövs &lt;det&gt;?"', 'value="typat förut"',
                     'name="d-f1-1" value="hold" checked', '<details class="else" open>'):
            assert text in back.text, text
        saved = w.post("/beslut/spara", cookie, hidden(confirm))
        assert saved.status == 303, saved.text
        got = {d["proposal"]: (d["verdict"], d["reason"], d["until"]) for d in w.decisions()}
        assert got == {"a1-1": ("ask", "kim.ek@kalmar.example\nBehövs <det>?", None), "a2-1": ("rule", "Regeln är gammal", None),
                       "a3-1": ("not-mine", None, None), "f1-1": ("hold", "Tvist", "2027-01-31")}, got
        receipt = w.get("/kvitto", cookie)
        for text in ("Fråga till kim.ek@kalmar.example", "Behövs &lt;det&gt;?", "Behovsregeln är fel", "Inte mitt att besluta", "Gallringsstopp"):
            assert text in receipt.text, text
        page = w.get("/beslut", cookie)
        offered = set(re.findall(r'name="d-(\w+)-1" value="([\w-]+)"', page.text))
        assert offered == {("a1", word) for word in ("approve", "keep", "not-mine", "later")} | {
            ("a2", word) for word in ("approve", "keep", "not-mine", "later")}, offered     # a question does not lock


def where_two_are_asked_each_sees_what_the_other_answered():
    with World() as w:
        for letter, choice in (("aa01", {"d": "keep", "r": "Behövs <ännu>"}), ("ee01", ("approve",))):
            cookie = w.sign_in(letter)
            confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), f1=choice))
            assert w.post("/beslut/spara", cookie, dict(hidden(confirm), forstar="ja")).status == 303
        done = subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], check=True, stdout=subprocess.PIPE).stdout
        assert done == b"taken 2 refused 0\n"
        for letter in ("aa01", "ee01"):
            page = w.get("/beslut", w.sign_in(letter)).text
            assert "Anna Berg: behåll – Behövs &lt;ännu&gt;. Eva Lind: godkänn." in page and "räknas inte" not in page


def to_be_reminded_later_locks_nothing():
    with World() as w:
        cookie = w.sign_in()
        confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1={"d": "later", "l": "2026-12-25"}))
        assert "Påminn mig 2026-12-25" in confirm.text and w.post("/beslut/spara", cookie, hidden(confirm)).status == 303
        assert [(d["verdict"], d["reason"], d["until"]) for d in w.decisions()] == [("later", None, "2026-12-25")]
        assert 'name="d-a1-1" value="approve"' in w.get("/beslut", cookie).text
        subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], check=True, stdout=subprocess.DEVNULL)
        page = w.get("/beslut", w.sign_in())
        assert "Du påminns 2026-12-25. Du kan svara redan nu." in page.text and "3 förslag väntar" in page.text
        confirm = w.post("/beslut", cookie, choose(page, a1=("approve",)) | {"nonce": w.get("/beslut", cookie).field("nonce")})
        assert confirm.status == 200


def other_answers_that_are_typed_wrongly_come_back():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        long = "å" * 1001
        for choice, text in (({"d": "ask", "f": "Vad?"}, "Skriv vem du vill fråga"), ({"d": "ask", "k": "kim.ek"}, "Skriv vad du vill veta"),
                             ({"d": "ask", "k": "kim.ek", "f": long}, "för lång"), ({"d": "ask", "k": "k" * 255, "f": "x"}, "ensam, på en rad"),
                             ({"d": "ask", "k": "kim.ek\nBcc: x@y.example", "f": "x"}, "ensam, på en rad"),
                             ({"d": "ask", "k": "kim\r\n", "f": "x"}, "ensam, på en rad"), ({"d": "ask", "k": "\u202eke.mik", "f": "x"}, "ensam, på en rad"),
                             ({"d": "ask", "k": "Kim <kim@y.example>", "f": "x"}, "ensam, på en rad"),
                             ({"d": "rule"}, "Skriv vad som är fel"), ({"d": "rule", "w": long}, "för lång"),
                             ({"d": "not-mine", "n": long}, "för lång"), ({"d": "later"}, "högst 30 dagar bort"),
                             ({"d": "later", "l": "2026-11-25"}, "högst 30 dagar bort"), ({"d": "later", "l": "2026-12-26"}, "högst 30 dagar bort"),
                             ({"d": "later", "l": "snart"}, "2027-01-31"), ({"d": "advise:keep"}, "Det går inte att svara så"),
                             ({"d": "advise"}, "Det går inte att svara så"), ({"d": "hold", "h": "x"}, "Det går inte att svara så")):
            reply = w.post("/beslut", cookie, choose(page, a1=choice, a2=("approve",)))
            assert reply.status in (200, 422) and text in reply.text, (choice, reply.status, reply.text)
            shown = re.sub(r'value="[^"]*"', "", reply.text)
            assert "\u202e" not in shown and (reply.status == 200 or 'name="d-a2-1" value="approve" checked' in reply.text), (choice, reply.text)
            for letter, typed in choice.items():
                assert letter in "dkl" or reply.status == 200 or html.escape(typed) in reply.text, (choice, letter)
        for choice, text in (({"d": "hold"}, "Skriv varför handlingarna"), ({"d": "hold", "h": "x", "e": "2026-11-25"}, "framåt i tiden"),
                             ({"d": "hold", "h": long}, "för långt"), ({"d": "rule", "w": "x"}, "Det går inte att svara så")):
            assert text in w.post("/beslut", cookie, choose(page, f1=choice)).text, choice
        assert w.post("/beslut", cookie, {"nonce": page.field("nonce"), "bulk": "hold:x"}).status == 422 and w.decisions() == []


def who_is_asked_for_advice_sees_the_proposal_and_can_only_advise():
    with World() as w:
        subprocess.run([ORACLE, "asked", w.folder, NOW, "a1-1", "key-eva", "Behöver <Kim> det?"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([ORACLE, "asked", w.folder, NOW, "f2-1", "key-eva", "Borta?"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert "3 förslag" in w.get("/b/" + TOKEN["ee01"]).text         # e1, f1 and what she is asked about
        owner = w.get("/beslut", w.sign_in())
        assert "Du har frågat Eva Lind: ”Behöver &lt;Kim&gt; det?”</bdi> Inget svar än." in owner.text and "3 förslag väntar" in owner.text
        assert 'name="d-a1-1" value="approve"' in owner.text and 'name="d-a1-1" value="ask"' not in owner.text
        cookie = w.sign_in("ee01")
        page = w.get("/beslut", cookie)
        assert "Du tillfrågas av <bdi>Anna Berg</bdi>" in page.text and "Behöver &lt;Kim&gt; det?" in page.text and "Kim Holm" in page.text
        assert page.field("v-q1") and page.field("v-a1-1") is None
        for bad in ({"v-a1-1": page.field("v-q1"), "d-a1-1": "approve"}, {"v-q1": page.field("v-q1"), "d-q1": "approve"},
                    {"v-q1": page.field("v-q1"), "d-q1": "advise:approve"}, {"v-q2": page.field("v-q1"), "d-q2": "advise:keep"}):
            assert w.post("/beslut", cookie, {"nonce": page.field("nonce"), **bad}).status == 422, bad
        confirm = w.post("/beslut", cookie, choose(page, q1={"d": "advise:remove", "c": "Hon <har> slutat"}))
        assert "Råd: bör tas bort" in confirm.text and "Hon &lt;har&gt; slutat" in confirm.text
        assert w.post("/beslut/spara", cookie, hidden(confirm)).status == 303
        assert [(d["proposal"], d["verdict"], d["reason"]) for d in w.decisions()] == [("a1-1", "advise", "remove 1\nHon <har> slutat")]
        assert "Råd: bör tas bort" in w.get("/kvitto", cookie).text and "Råd.</strong> Sparat" in w.get("/beslut", cookie).text
        done = subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], check=True, stdout=subprocess.PIPE).stdout
        assert done == b"taken 1 refused 0\n"
        page = w.get("/beslut", w.sign_in())
        assert "Eva Lind svarar: bör tas bort – Hon &lt;har&gt; slutat" in page.text and 'name="d-a1-1" value="ask"' in page.text
        assert "Du tillfrågas av" not in w.get("/beslut", cookie).text


def a_forged_row_with_another_answer_counts_no_more_than_the_old_ones():
    with World() as w:
        cookie = w.sign_in()
        confirm = w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1={"d": "ask", "k": "kim.ek", "f": "x"}))
        assert w.post("/beslut/spara", cookie, hidden(confirm)).status == 303
        inbox = sqlite3.connect(os.path.join(w.folder, "inbox.db"))
        row = inbox.execute("select token, proposal, version, verdict, reason, until, at, proof from decision").fetchone()
        wrong = [(0, TOKEN["ee01"]), (0, "x"), (1, "e1-1"), (1, "zz-1"), (2, "0" * 64), (6, row[6] + 7200), (7, "{}"), (3, "hold"), (3, "advise"),
                 (3, "later"), (3, "forget"), (4, "kim\0.ek\nx"), (4, "kim.ek"), (4, "kim\u2028.ek\x01\nx"), (4, "kim.ek\n" + "x" * 5000)]
        for at, value in wrong:
            inbox.execute("insert into decision (token, proposal, version, verdict, reason, until, at, proof) values (?,?,?,?,?,?,?,?)",
                          row[:at] + (value,) + row[at + 1:])
        inbox.commit()
        inbox.close()
        done = subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], stdout=subprocess.PIPE).stdout.decode()
        assert done == f"taken 1 refused {len(wrong)}\n", done
        assert len(w.rows()["behov.db", "question"]) == 1 and w.rows()["behov.db", "hold"] == []


# ------------------------------------------------------------------ the files of a batch

def links(page):
    return [html.unescape(link) for link in re.findall(r'href="(/filer/[^"]*)"', page.text)]


def names(page):
    """What the rows of a list are called."""
    return [html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r'<th scope="row">(.*?)</th>', page.text, re.S)]


def search(w, cookie, page, word, **more):
    return w.post(page if isinstance(page, str) else "/filer/f1-1", cookie,
                  {"nonce": w.get("/beslut", cookie).field("nonce"), "sok": word, **more})


def a_batch_is_seen_folder_by_folder_to_its_last_file():
    with World() as w:
        cookie = w.sign_in()
        assert "/filer/f1-1" in links(w.get("/beslut", cookie))
        page = w.get("/filer/f1-1", cookie)
        assert page.status == 200 and "2019 + 7 år från kalenderårets slut = 2027-01-01" in page.text
        assert "Kortare &lt;serie&gt;</bdi></strong>, 1\u00a0200 filer: <span lang=\"sv\">5 år räcker till 2025-01-01" in page.text and "2 serier till" in page.text
        assert "handlingar från 2019-01-05 till 2019-12-05" in page.text
        seen, todo, pages, once = set(), ["/filer/f1-1"], set(), 0
        while todo:
            link = todo.pop()
            if link in pages:
                continue
            pages.add(link)
            page = w.get(link, cookie)
            assert page.status == 200, link
            once += bool(re.search(r"handlingar från 2019-\d\d-05\.", page.text))
            assert not re.search(r"från (\S+) till \1", page.text), link
            table = page.text.split("<tbody>")[1]
            here = "/".join(html.unescape(n) for n in re.findall(r"<bdi>([^<]*)</bdi>", page.text.split('class="crumbs"')[1].split("</nav>")[0])[1:])
            for cell, name in zip(re.findall(r'<th scope="row">(.*?)</th>', table, re.S), names(page)):
                if "<a " not in cell:
                    seen.add(f"{here}/{name}")
            todo += [html.unescape(link) for link in re.findall(r'href="(/filer/[^"]*)"', table)]
        assert len(seen) == 1200, len(seen)
        assert once >= 12, once
        assert "Verifikationer/2019/r%E4kning & co/100%25.pdf" in seen and "Verifikationer/2019/fdp.%E2%80%AEexe" in seen, sorted(seen)[-10:]


def counts_of_folders_add_up():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/filer/f1-1", cookie)
        files = [int(n) for n in re.findall(r'<td class="n">(\d+)<span', page.text)]
        assert sum(files) + sum("<a " not in cell for cell in re.findall(r'<th scope="row">(.*?)</th>', page.text, re.S)) == 1200


def a_search_folds_and_pages_through_all_it_finds():
    with World() as w:
        cookie = w.sign_in()
        page = search(w, cookie, None, "återbetalning")
        assert page.status == 200 and names(page) == ["ÅTERBETALNING 2019.pdf"], names(page)
        assert names(search(w, cookie, None, "ÄRENDE 00001/verifikation 000600")) == ["01/Ärende 00001/Verifikation 000600.pdf"]
        assert "Inga filer här" in search(w, cookie, None, "finns inte").text
        assert len(names(search(w, cookie, None, "<SCRIPT>"))) == 1
        found, start = [], {}
        while True:
            page = search(w, cookie, None, "verifikation 0005", **start)
            found += names(page)
            after = re.search(r'name="fran" value="(\d+)">Sök vidare', page.text)
            if not after:
                break
            assert len(names(page)) == 50
            start = {"fran": after.group(1)}
        assert len(found) == len(set(found)) == 100, len(found)
        whole = search(w, cookie, None, "", nr="1200")
        assert len(names(whole)) == 1 and "Gå till fil nummer" in whole.text
        assert len(names(search(w, cookie, None, "", fran="1150"))) == 50
        for odd in ({"nr": "0"}, {"nr": "99999999999999999999"}, {"fran": "-1"}, {"fran": "x"}, {"djup": "99"}, {"rad": "1200"}, {"rad": "9" * 400}):
            assert search(w, cookie, None, "", **odd).status in (200, 404), odd
        assert search(w, cookie, None, "å" * 5000).status == 200
        assert w.decisions() == []


def the_files_of_a_batch_are_only_for_who_is_asked():
    with World() as w:
        eva, anna = w.sign_in("ee01"), w.sign_in()
        waiting, _, _ = w.ask()
        for who in (None, waiting, "behov=" + "A" * 43):
            for page in (w.get("/filer/f1-1", who), w.post("/filer/f1-1", who, {"sok": "a"})):
                assert page.status == 401 and "Verifikation" not in page.text, who
        for link in ("/filer/", "/filer/a1-1", "/filer/e1-1", "/filer/f9-1", "/filer/f1-1/", "/filer/f1-1?djup=99", "/filer/f1-1?rad=1200"):
            page = w.get(link, anna)
            assert page.status == 404 and "Verifikation" not in page.text, link
        assert w.get("/filer/f1-1", eva).status == 200
        assert w.post("/filer/f1-1", anna, {"sok": "verif", "nonce": "x"}).status == 403
        before = w.rows()
        for link in ("/filer/f1-1", "/filer/f1-1?rad=7&djup=2&fran=90", "/filer/f1-1?sok=a"):
            for method in ("GET", "HEAD"):
                assert w.send(method, link, anna).status == 200
        assert w.rows() == before


def troublesome_file_names_are_only_text():
    with World() as w:
        cookie = w.sign_in()
        for page in (w.get("/filer/f1-1", cookie), search(w, cookie, None, ""), search(w, cookie, None, '"><script>alert(4)</script>\u202e'),
                     search(w, cookie, None, "onclick")):
            assert page.status == 200 and "<script" not in page.text.lower() and 'onclick=x" ' not in page.text
            assert "\u202e" not in page.text and "ny\nrad" not in page.text
        assert "ny%0Arad.pdf" in w.get("/filer/f1-1", cookie).text


def a_manifest_that_is_broken_or_gone_shows_nothing():
    with World() as w:
        cookie = w.sign_in()
        db = sqlite3.connect(os.path.join(w.folder, "behov.db"))
        db.execute("update manifest_frame set packed = cast(substr(packed, 1, 40) as blob)")
        db.execute("update proposal set manifest = 'sha256:00' where id = 'f2-1'")
        db.commit()
        page = w.get("/filer/f1-1", cookie)
        assert page.status == 500 and "Verifikation" not in page.text
        db.execute("delete from manifest_frame")
        db.commit()
        db.close()
        assert w.get("/filer/f1-1", cookie).status == 404 and w.get("/beslut", cookie).status == 200


def a_large_batch_is_paged_as_a_small_one():
    with World() as w:
        subprocess.run([ORACLE, "papers", w.folder, NOW, "100000"], check=True)
        cookie = w.sign_in()
        page = w.get("/filer/f2-1", cookie)
        assert page.status == 200 and "100\u00a0000 filer" in page.text and len(page.text) < 60000
        assert len(names(search(w, cookie, "/filer/f2-1", "", nr="99951"))) == 50
        assert names(search(w, cookie, "/filer/f2-1", "verifikation 099999.PDF")) == ["04/Ärende 00166/Verifikation 099999.pdf"]


def forms_from_elsewhere_decide_nothing():
    with World() as w:
        cookie = w.sign_in()
        form = hidden(w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",))))
        for bad in ("Origin: https://evil.example", "Origin: null", f"Origin: http://{SITE}.evil.example",
                    "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: none"):
            for path in ("/beslut/spara", "/beslut", "/kod", "/logga-in", "/logga-ut"):
                assert w.post(path, cookie, form, headers=[bad]).status == 403, (bad, path)
        for nonce in ("", "x", form["nonce"][:-1], w.get("/beslut", w.sign_in()).field("nonce")):
            assert w.post("/beslut/spara", cookie, dict(form, nonce=nonce)).status == 403, nonce
        assert w.post("/beslut/spara", None, form).status == 401 and w.decisions() == []
        good = ["Origin: null", "Sec-Fetch-Site: same-origin"]
        assert w.post("/beslut/spara", cookie, form, headers=good).status == 303 and len(w.decisions()) == 1


def it_ends_cleanly_and_listens_on_a_unix_socket():
    with World() as w:
        path = os.path.join(w.folder, "web.sock")
        assert w.stop() == 0
        w.start(listen="unix:" + path)
        assert os.stat(path).st_mode & 0o777 == 0o660
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(f"GET /style.css HTTP/1.1\r\nHost: {SITE}\r\nConnection: close\r\n\r\n".encode())
            assert s.recv(100).startswith(b"HTTP/1.1 200")
        w.process.kill()
        w.process.wait()
        w.start(listen="unix:" + path)          # what a killed process left behind is no hindrance
        assert w.stop() == 0 and not os.path.exists(path)


# ------------------------------------------------------------------ in another language

ENGLISH = ["Accept-Language: en-GB,en;q=0.9,sv;q=0.8"]


def only_swedish():
    """Words that stand in what is translated, and in no translation."""
    with open(os.path.join(BUILD, "po/en.mo"), "rb") as f:
        catalog = dict(gettext.GNUTranslations(f)._catalog)
    catalog.pop("")

    def words(texts):
        return {w for t in texts for w in re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>|\{\{.*?\}\}|%\w+", " ", t).lower())}
    return words(catalog) - words(catalog.values()) - words(["servicedesk behov min"])


def swedish_in(text):
    """Swedish words that a page shows as its own: not as names, and not in what says that it is in Swedish."""
    text = re.sub(r'<(\w+)(?: [^>]*)? lang="sv".*?</\1>|<bdi[ >].*?</bdi>|<script.*?</script>', " ", text, flags=re.S)
    text += " ".join(re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text))
    text = html.unescape(re.sub(r"<[^>]*>", " ", text)).lower()
    return sorted(only_swedish() & set(re.findall(r"[^\W\d_]{2,}", text)))


def every_page_is_in_the_language_that_is_asked_for():
    def told(page, *texts):
        assert '<html lang="en">' in page.text and not swedish_in(page.text), (swedish_in(page.text), page.text)
        for text in texts:
            assert text in page.text, (text, page.text)
        return page

    assert swedish_in("<p>Dina beslut</p>") == ["beslut", "dina"] and swedish_in('<p lang="sv">Dina beslut</p>') == []
    with World() as w:
        subprocess.run([ORACLE, "papers", w.folder, NOW, "120"], check=True, stdout=subprocess.DEVNULL)
        told(w.get("/", headers=ENGLISH), "Decisions on access and on disposal of records")
        told(w.get("/b/" + TOKEN["aa01"], headers=ENGLISH), "proposals are waiting for your answer", "Send code")
        told(w.get("/b/nothing", headers=ENGLISH), "The link is not valid")
        told(w.get("/nowhere", headers=ENGLISH), "There is no such page")
        told(w.get("/beslut", headers=ENGLISH), "You are not signed in")
        cookie = w.post("/kod", form={"token": TOKEN["aa01"]}, headers=ENGLISH).headers["set-cookie"].split(";")[0]
        mail = glob.glob(os.path.join(w.folder, "mail/new/*"))[0]
        assert "Your code is " in decoded(mail) and not swedish_in(decoded(mail)), decoded(mail)
        with open(mail, "rb") as f:
            assert email.message_from_binary_file(f, policy=email.policy.default)["subject"].startswith("Your one-time code, ")
        page = told(w.get("/logga-in", cookie, headers=ENGLISH), "Enter the code")
        told(w.post("/logga-in", cookie, {"nonce": page.field("nonce"), "kod": "x"}, headers=ENGLISH), "The code is not correct")
        reply = w.post("/logga-in", cookie, {"nonce": page.field("nonce"), "kod": w.codes()[0]}, headers=ENGLISH)
        cookie = reply.headers["set-cookie"].split(";")[0]
        page = told(w.get("/beslut", cookie, headers=ENGLISH), "proposals are waiting for you", "Disposal (gallring): ",
                    "Has something ended?", 'lang="sv">')
        for wrong, why in ((("keep",), "State why it is to be kept"), (("keep", "x", "2020-01-01"), "must be in the future"),
                           (("undo",), "cannot be answered in that way")):
            told(w.post("/beslut", cookie, choose(page, a1=wrong), headers=ENGLISH), why, "<title>Error: Your decisions")
        confirm = told(w.post("/beslut", cookie, choose(page, a1=("approve",), a2=("keep", "ja"), f1=("approve",)), headers=ENGLISH),
                       "You are about to save 3 answers", "You are approving that records are destroyed", "Approve – removed")
        told(w.post("/beslut/spara", cookie, hidden(confirm), headers=ENGLISH), "tick the box if that is so")
        told(w.get("/tillganglighet", headers=ENGLISH), "Accessibility statement", "partially compliant")
        assert w.post("/beslut/spara", cookie, {**hidden(confirm), "forstar": "ja"}, headers=ENGLISH).status == 303
        told(w.get("/kvitto", cookie, headers=ENGLISH), "3 answers were saved", "Approved")
        told(w.get("/beslut", cookie, headers=ENGLISH), "Saved, checked tonight")
        told(w.get("/filer/f2-1", cookie, headers=ENGLISH), "Files in the proposal", "Show all files here")
        form = {"nonce": page.field("nonce"), "rad": "0", "djup": "0"}
        told(w.post("/filer/f2-1", cookie, {**form, "sok": ""}, headers=ENGLISH), "Record from")
        told(w.post("/filer/f2-1", cookie, {**form, "sok": "zzzz"}, headers=ENGLISH), "No files here")
        event = {"nonce": page.field("nonce"), "series": "avtal", "share": "ekonomi", "mapp": "Avtal/X", "datum": "x", "varfor": "y"}
        told(w.post("/handelse", cookie, event, headers=ENGLISH), "The date must be written as")
        assert w.post("/handelse", cookie, {**event, "datum": "2024-06-30"}, headers=ENGLISH).status == 303
        told(w.get("/kvitto", cookie, headers=ENGLISH), "Happened on 2024-06-30")
        told(w.post("/logga-ut", cookie, {"nonce": page.field("nonce")}, headers=ENGLISH), "You are signed out")
        told(w.post("/beslut", cookie, choose(page, a1=("approve",)), headers=ENGLISH), "Your choices remain on this page")
        assert "The form was too large" in w.post("/kod", form=b"token=" + b"a" * (512 * 1024), headers=ENGLISH).text
        assert "could not be accepted" not in w.get("/%zz").text and "The request could not be" in w.get("/%zz", headers=ENGLISH).text


def why_nobody_is_asked_is_in_the_language_of_who_reads():
    with open(os.path.join(os.path.dirname(__file__), "../../agent/propose/questions.c"), encoding="utf-8") as f:
        whys = ["".join(re.findall(r'"([^"]*)"', define)) for define in re.findall(r"#define \w+ N_\((.*?)\)\n", f.read(), re.S)]
    assert len(whys) == 3, whys
    for why, told in zip(whys, ("Nobody of that name can be asked", "wrote the need rule cannot be asked", "can no longer answer")):
        with World() as w:
            subprocess.run([ORACLE, "asked", w.folder, NOW, "a2-1", "key-eva", "Does Kim need it?"], check=True, stdout=subprocess.DEVNULL)
            db = sqlite3.connect(os.path.join(w.folder, "behov.db"))
            db.execute("update question set problem = ?, closed = at", (why,))
            db.commit()
            db.close()
            cookie = w.sign_in()
            page = w.get("/beslut", cookie, headers=ENGLISH)
            assert told in page.text and why not in page.text and not swedish_in(page.text), page.text
            page = w.get("/beslut", cookie)
            assert why in page.text and told not in page.text


def a_language_is_chosen_by_a_form():
    with World() as w:
        page = w.get("/b/" + TOKEN["aa01"])
        assert '<html lang="sv">' in page.text and ">In English</button>" in page.text and ">På svenska<" not in page.text
        assert page.field("till") == "/b/" + TOKEN["aa01"]
        reply = w.post("/sprak", form={"sprak": "en", "till": page.field("till")})
        flags = reply.headers["set-cookie"]
        assert (reply.status, reply.headers["location"]) == (303, "/b/" + TOKEN["aa01"])
        assert flags.startswith("sprak=en; ") and all(f in flags for f in ("; Path=/", "; HttpOnly", "; SameSite=Strict"))
        # What was chosen goes before what the browser asks for, and nothing else comes with it.
        chosen = w.get("/b/" + TOKEN["aa01"], "sprak=en", headers=["Accept-Language: sv"])
        assert '<html lang="en">' in chosen.text and ">På svenska</button>" in chosen.text
        assert '<html lang="sv">' in w.get("/", "sprak=sv", headers=ENGLISH).text
        for junk in ("sprak=xx", "sprak=", "sprak=e", "sprak=en-GB", "sprak=" + "e" * 500):
            assert '<html lang="sv">' in w.get("/", junk).text and '<html lang="en">' in w.get("/", junk, headers=ENGLISH).text
        # In a session it stays beside its cookie; where a form was answered there is no place to come back to.
        cookie = w.sign_in()
        both = f"{cookie}; sprak=en"
        assert '<html lang="en">' in w.get("/beslut", both).text and '<html lang="sv">' in w.get("/beslut", cookie).text
        assert w.get("/filer/f1-1?rad=0&djup=1", both).field("till") == "/filer/f1-1?rad=0&djup=1"
        assert w.post("/sprak", cookie, {"sprak": "en", "till": "/beslut"}).headers["set-cookie"].startswith("sprak=en;")
        assert w.get("/beslut", cookie).status == 200
        assert "/sprak" not in w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("keep",))).text
        for where in ("//evil.example/", "https://evil.example/", "/\\evil.example", "", "beslut", "/a b", "/a\r\nX: y", "/" + "a" * 2000,
                      "/%zz", "javascript:x"):
            reply = w.post("/sprak", form={"sprak": "en", "till": where})
            assert reply.status == 303 and reply.headers["location"] == "/", where
            assert "x" not in reply.headers
        assert "set-cookie" not in w.post("/sprak", form={"sprak": "xx", "till": "/"}).headers
        assert w.post("/sprak", form={"sprak": "en", "till": "/"}, headers=["Origin: http://evil.example"]).status == 403
        assert w.get("/sprak").status == 303
    with World(url=f"https://{SITE}") as w:
        reply = w.post("/sprak", form={"sprak": "en", "till": "/"}, headers=[f"Origin: https://{SITE}"], host=SITE + ":443")
        assert "; Secure" in reply.headers["set-cookie"]


def another_language_takes_along_what_was_typed():
    with World() as w:
        cookie = w.sign_in()
        page = w.get("/beslut", cookie)
        assert 'action="/sprak"' not in page.text and 'form="val" name="sprak" value="en"' in page.text, page.text
        typed = choose(page, a1=("approve",), a2={"d": "keep", "u": "2027-0", "k": "eva.l"})
        reply = w.post("/beslut", cookie, {**typed, "sprak": "en"})
        assert reply.status == 200 and reply.headers["set-cookie"].startswith("sprak=en;") and '<html lang="en">' in reply.text
        for kept in ('name="d-a1-1" value="approve" checked', 'name="d-a2-1" value="keep" checked', 'name="u-a2-1"[^>]* value="2027-0"',
                     'name="k-a2-1"[^>]* value="eva.l"'):
            assert re.search(kept, reply.text), (kept, reply.text)
        # Who has not finished is not told of mistakes; what cannot be answered any more is.
        assert "<title>Error" not in reply.text and 'class="problem"' not in reply.text and w.decisions() == []
        back = w.post("/beslut", f"{cookie}; sprak=en", {**typed, "sprak": "sv"})
        assert '<html lang="sv">' in back.text and back.headers["set-cookie"].startswith("sprak=sv;")
        subprocess.run([ORACLE, "change", w.folder, "a1-1"], check=True, stdout=subprocess.DEVNULL)
        assert "The proposal is no longer among those that you are asked about" in w.post("/beslut", cookie, {**typed, "sprak": "en"}).text
        for junk in ("", "xx", "en-GB"):
            reply = w.post("/beslut", cookie, {**typed, "sprak": junk})
            assert reply.status == 422 and "set-cookie" not in reply.headers, (junk, reply.text)
        # No way around what is asked of a choice.
        for path in ("/beslut", "/beslut/spara", "/beslut/bevis"):
            w.post(path, cookie, {**choose(w.get("/beslut", cookie), a2=("keep",)), "sprak": "en", "once": "ab" * 16, "forstar": "ja"})
        assert w.decisions() == []
        assert "Your choices remain" in w.post("/beslut", None, {**typed, "sprak": "en"}).text


def a_reason_that_all_have_is_said_once():
    whys = {"a1-1": "Kim Holm har Handläggare i Treserva men uppfyller inget skrivet behov: titel är Kock.",
            "a2-1": "Sara Nygren har Handläggare i Treserva men uppfyller inget skrivet behov: titel är Vikarie, avdelning saknas.",
            "a3-1": "Lo Ek har Handläggare i Treserva men uppfyller inget skrivet behov."}
    with World() as w:
        page = w.get("/beslut", w.sign_in())
        shared = "Skäl: var och en nedan har Handläggare i Treserva men uppfyller inget skrivet behov."
        text = html.unescape(re.sub(r"<[^>]*>", "", page.text))
        assert shared in text and text.count("uppfyller inget skrivet behov") == 1, text
        db = sqlite3.connect(os.path.join(w.folder, "behov.db"))
        names = dict(db.execute("select id, display from proposal"))
        for row, why in whys.items():
            db.execute("update proposal set why = ? where id = ?", (why.replace(why.split(" har ")[0], names[row]), row))
        db.commit()
        text = html.unescape(re.sub(r"<[^>]*>", "", w.get("/beslut", w.sign_in()).text))
        assert shared in text and text.count("uppfyller inget skrivet behov") == 1, text
        assert "Titel är Kock." in text and "Titel är Vikarie, avdelning saknas." in text, text
        db.execute("update proposal set why = ? where id = 'a3-1'", (names["a3-1"] + " har slutat men har kvar Handläggare i Treserva.",))
        db.commit()
        db.close()
        text = html.unescape(re.sub(r"<[^>]*>", "", w.get("/beslut", w.sign_in()).text))
        assert "var och en nedan" not in text and text.count("uppfyller inget skrivet behov") == 2 and "har slutat men har kvar" in text, text


# ------------------------------------------------------------------ in a browser

def browser(folder, language="sv"):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", f"--accept-lang={language}",
                 "--window-size=1200,1000", f"--user-data-dir={folder}/chromium"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def shot(driver, name, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    size["height"] = driver.execute_script("return document.documentElement.scrollHeight")
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    driver.save_screenshot(os.path.join(BUILD, f"page-{name}-{width}.png"))
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= width, (name, width, wide)


def press_in(driver, text):
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.expected_conditions import staleness_of
    from selenium.webdriver.support.ui import WebDriverWait
    before = driver.find_element(By.TAG_NAME, "html")
    driver.find_element(By.XPATH, f"//button[normalize-space()='{text}']").click()
    # A page that is being left answers in more ways than one: only the new one counts.
    WebDriverWait(driver, 60, ignored_exceptions=[WebDriverException]).until(staleness_of(before))
    WebDriverWait(driver, 60, ignored_exceptions=[WebDriverException]).until(
        lambda d: d.execute_script("return document.readyState") == "complete")


def an_owner_reads_english_in_a_browser():
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    def at(css):
        return driver.find_element(By.CSS_SELECTOR, css)

    def seen(name):
        for width in (1200, 390, 320):
            shot(driver, f"en-{name}", width)
        assert at("html").get_attribute("lang") == "en" and not swedish_in(driver.page_source), swedish_in(driver.page_source)

    with World() as w:
        driver = browser(w.folder)
        try:
            driver.get(f"http://127.0.0.1:{w.port}/b/{TOKEN['aa01']}")
            press_in(driver, "In English")
            assert driver.current_url.endswith("/b/" + TOKEN["aa01"])
            seen("link")
            press_in(driver, "Send code")
            seen("code")
            at("#kod").send_keys(w.codes()[-1])
            press_in(driver, "Sign in")
            for details in driver.find_elements(By.TAG_NAME, "summary"):
                details.click()
            seen("decide")
            at("[name='d-a1-1'][value='approve']").click()
            at("[name='d-f1-1'][value='approve']").click()
            at("[name='d-a2-1'][value='keep']").click()
            press_in(driver, "Review your choices")
            seen("mistake")
            at("#r-a2-1").send_keys("Covers for a colleague until summer")
            press_in(driver, "På svenska")
            assert at("html").get_attribute("lang") == "sv" and at("#r-a2-1").get_attribute("value").startswith("Covers for")
            press_in(driver, "In English")
            seen("typed")
            assert at("[name='d-a1-1'][value='approve']").is_selected() and w.decisions() == []
            at("#r-a2-1").send_keys(Keys.ENTER)             # presses no other button than the one that looks at what is chosen
            WebDriverWait(driver, 60).until(lambda d: d.find_elements(By.NAME, "forstar"))
            seen("confirm")
            at("[name='forstar']").click()
            press_in(driver, "Confirm and save")
            assert driver.current_url.endswith("/kvitto")
            seen("receipt")
            driver.get(f"http://127.0.0.1:{w.port}/filer/f1-1?rad=0&djup=0")
            seen("folder")
            press_in(driver, "På svenska")
            assert driver.current_url.endswith("/filer/f1-1?rad=0&djup=0") and at("html").get_attribute("lang") == "sv"
            press_in(driver, "In English")
            press_in(driver, "Show all files here in a single list")
            seen("found")
            press_in(driver, "Sign out")
            seen("out")
        finally:
            driver.quit()


def an_owner_gives_other_answers_in_a_browser():
    from selenium.webdriver.common.by import By

    def at(css):
        return driver.find_element(By.CSS_SELECTOR, css)

    def enter(letter):
        driver.get(f"http://127.0.0.1:{w.port}/b/{TOKEN[letter]}")
        press_in(driver, "Skicka kod")
        at("#kod").send_keys(w.codes()[-1])
        press_in(driver, "Logga in")

    def unfold(row):
        at(f"#p-{row} details.else summary").click()

    with World() as w:
        driver = browser(w.folder)
        try:
            enter("aa01")
            assert not at("#k-a1-1").is_displayed()
            for row in ("a1-1", "a2-1", "a3-1", "f1-1"):
                unfold(row)
            at("[name='d-a1-1'][value='ask']").click()
            assert at("#k-a1-1").is_displayed() and not at("#n-a1-1").is_displayed() and not at("#r-a1-1").is_displayed()
            at("#k-a1-1").send_keys("eva.lind")
            at("#f-a1-1").send_keys("Behöver Kim det i vår?")
            at("[name='d-a2-1'][value='rule']").click()
            at("#w-a2-1").send_keys("Vikarier saknas i regeln")
            at("[name='d-a3-1'][value='later']").click()
            at("[name='d-f1-1'][value='hold']").click()
            at("#h-f1-1").send_keys("Tvist, dnr KS 2026/9")
            for width in (1280, 320):
                shot(driver, "else", width)
            press_in(driver, "Granska dina val")
            assert "högst 30 dagar bort" in driver.page_source and at("#k-a1-1").get_attribute("value") == "eva.lind"
            shot(driver, "else-mistake", 320)
            driver.execute_script("document.querySelector('#l-a3-1').value = '2026-12-10'")
            press_in(driver, "Granska dina val")
            assert "Omfattar" in driver.page_source, driver.page_source
            for width in (1280, 320):
                shot(driver, "else-confirm", width)
            press_in(driver, "Bekräfta och spara")
            assert driver.current_url.endswith("/kvitto") and "Fråga till eva.lind" in driver.page_source
            for width in (1280, 320):
                shot(driver, "else-receipt", width)
            press_in(driver, "Logga ut")
            subprocess.run([ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([ORACLE, "found", w.folder, NOW, "1", "key-eva"], check=True)
            enter("ee01")
            assert "Behöver Kim det i vår?" in driver.page_source
            at("[name='d-q1'][value='advise:keep']").click()
            at("#c-q1").send_keys("Hon vikarierar till maj")
            for width in (1280, 320):
                shot(driver, "advise", width)
            press_in(driver, "Granska dina val")
            shot(driver, "advise-confirm", 320)
            press_in(driver, "Bekräfta och spara")
            press_in(driver, "Logga ut")
            subprocess.run([ORACLE, "take", w.folder, "2026-11-25T13:00+01:00"], check=True, stdout=subprocess.DEVNULL)
            enter("aa01")
            assert "Eva Lind svarar: bör behållas – Hon vikarierar till maj" in driver.page_source, driver.page_source
            assert "Gallringsstopp sedan" in driver.page_source and "Du påminns 2026-12-10" in driver.page_source
            for width in (1280, 320):
                shot(driver, "advised", width)
            complaints = [e["message"] for e in driver.get_log("browser") if "Content Security Policy" in e["message"]]
            assert not complaints, complaints
        finally:
            driver.quit()


def an_owner_decides_in_a_browser():
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    def press(text):
        press_in(driver, text)

    def at(css):
        return driver.find_element(By.CSS_SELECTOR, css)

    with World() as w:
        driver = browser(w.folder)
        try:
            driver.get(f"http://127.0.0.1:{w.port}/b/{TOKEN['aa01']}")
            shot(driver, "link", 1200)
            press("Skicka kod")
            shot(driver, "code", 390)
            at("#kod").send_keys(w.codes()[-1])
            press("Logga in")
            assert "Kim Holm" in driver.page_source, driver.page_source
            for width in (1200, 390, 320):
                shot(driver, "decide", width)
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
            shot(driver, "decide-dark", 1200)
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
            assert not at("#r-a2-1").is_displayed()
            at("[name='d-a1-1'][value='approve']").click()
            at("[name='d-f1-1'][value='approve']").click()
            at("[name='d-a2-1'][value='keep']").click()
            press("Granska dina val")
            assert "Skriv varför" in driver.page_source, driver.page_source
            shot(driver, "mistake", 1200)
            at("#r-a2-1").send_keys("Vikarie till sommaren")
            first = driver.current_window_handle
            driver.find_element(By.PARTIAL_LINK_TEXT, "Se alla filer").click()
            WebDriverWait(driver, 60).until(lambda d: len(d.window_handles) == 2)
            driver.switch_to.window([h for h in driver.window_handles if h != first][0])
            WebDriverWait(driver, 60).until(lambda d: d.find_elements(By.CSS_SELECTOR, ".listing"))
            for width in (1200, 390, 320):
                shot(driver, "folder", width)
            at("#sok").send_keys("ärende 00001")
            press("Sök")
            assert "Ärende 00001" in at(".listing").text, driver.page_source
            for width in (1200, 390):
                shot(driver, "found", width)
            press("Sök vidare")
            assert at("#sok").get_attribute("value") == "ärende 00001" and len(driver.find_elements(By.CSS_SELECTOR, ".listing tbody tr")) == 50
            driver.close()
            driver.switch_to.window(first)
            assert at("#r-a2-1").get_attribute("value") == "Vikarie till sommaren"      # what was typed is still there
            press("Granska dina val")
            for width in (1200, 390):
                shot(driver, "confirm", width)
            at("[name='forstar']").click()
            press("Bekräfta och spara")
            assert driver.current_url.endswith("/kvitto") and "Vikarie till sommaren" in driver.page_source
            shot(driver, "receipt", 1200)
            assert {(d["proposal"], d["verdict"]) for d in w.decisions()} == {("a1-1", "approve"), ("a2-1", "keep"), ("f1-1", "approve")}
            press("Logga ut")
            assert "utloggad" in driver.page_source
            complaints = [e["message"] for e in driver.get_log("browser") if "Content Security Policy" in e["message"]]
            assert not complaints, complaints
        finally:
            driver.quit()


def main():
    tests = [f for f in globals().values() if callable(f) and hasattr(f, "__code__") and f.__code__.co_argcount == 0
             and f.__name__ not in ("main",)] if len(sys.argv) < 2 else [globals()[name] for name in sys.argv[1:]]
    failed = 0
    for test in tests:
        if test.__name__.endswith("_in_a_browser") and not shutil.which("chromedriver"):
            print(f"skip {test.__name__}: no chromedriver")
            continue
        try:
            test()
            print(f"ok {test.__name__}", flush=True)
        except Exception as problem:            # any trouble is a failure, told with its place
            import traceback
            traceback.print_exc(limit=-3)
            print(f"not ok {test.__name__}: {type(problem).__name__}", flush=True)
            failed += 1
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
