# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the example municipality in a folder of its own, and its owners: they open the link in their mail and decide."""
import email
import email.policy
import html
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.parse

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BEHOV = os.path.join(BUILD, "behov")

# What a night says; nights, the chain and the clock are how it got there.
FACTS = ("proposal", "approver", "finding", "gap", "access_grant", "decision", "exception", "letter", "letter_about", "pin",
         "hold", "event", "activation", "effect", "declined", "review_list", "review_row", "review")


class Town:
    def __init__(self, *options, behov=BEHOV, weekly=0):
        self.folder = tempfile.mkdtemp(prefix="behov-town-")
        self.demo = self.folder + "/build/demo"
        self.behov = behov
        shutil.copytree(TOP + "/conf", self.folder + "/conf")
        shutil.copytree(TOP + "/rules", self.folder + "/rules")
        os.makedirs(self.folder + "/build")
        subprocess.run([TOP + "/tests/world/make-world", self.demo, *options], check=True, stdout=subprocess.DEVNULL)
        self.change("conf/behov.cfg", 'listen = "127.0.0.1:8440"', 'listen = "127.0.0.1:0"')
        self.change("conf/behov.cfg", "weekly = 30;", f"weekly = {weekly};")
        self.page = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close_page()
        subprocess.run(["chmod", "-R", "u+rwX", self.folder], check=False)
        shutil.rmtree(self.folder)

    def change(self, name, old, new):
        with open(f"{self.folder}/{name}", encoding="utf-8") as f:
            text = f.read()
        assert old in text, (name, old)
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    def command(self, now, *words):
        return [self.behov, "--config", self.folder + "/conf/behov.cfg", *(("--now", now) if now else ()), *words]

    def call(self, now, *words, **more):
        return subprocess.run(self.command(now, *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **more)

    def create(self):
        done = self.call(None, "store", "create", "--test")
        assert done.returncode == 0, done.stderr.decode()
        self.probe()

    def probe(self):
        """What may be put aside there is proven to be, on each share that says so."""
        for share in json.loads(self.call(None, "check", "--json").stdout)["shares"]:
            if share["dispose"] != "none":
                done = self.call("2026-11-01T02:00+01:00", "share", "probe", share["id"])
                assert done.returncode == 0, (done.stdout.decode(), done.stderr.decode())

    def rows(self, sql, *values):
        db = sqlite3.connect(f"file:{self.demo}/behov.db?mode=ro", uri=True)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def facts(self):
        return {table: sorted(map(repr, self.rows(f"select * from {table}"))) for table in FACTS}

    def letters(self):
        """Every delivered mail: name -> bytes."""
        out = {}
        for part in ("new", "cur"):
            for name in sorted(os.listdir(f"{self.demo}/outbox/{part}")) if os.path.isdir(f"{self.demo}/outbox/{part}") else ():
                with open(f"{self.demo}/outbox/{part}/{name}", "rb") as f:
                    out[name] = f.read()
        return out

    def mails(self, to):
        """The mails to an account, oldest first by their Date: (subject, text)."""
        found = []
        for raw in self.letters().values():
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            if f"<{to}@" in mail["To"]:
                found.append((mail["Date"].datetime, mail["Subject"], mail.get_body(("plain",)).get_content()))
        return [(subject, text) for _, subject, text in sorted(found, key=lambda m: m[0])]

    def link(self, to):
        links = [re.search(r"/b/\S+", text) for _, text in self.mails(to)]
        return [m.group() for m in links if m][-1]

    def serve(self, now):
        """Starts the page; it says its port on stderr."""
        self.close_page()
        self.page = subprocess.Popen(self.command(now, "serve"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.page.stderr:
            said.append(line)
            ready = re.search(r"port=(\d+)", line)
            if ready:
                self.port = int(ready.group(1))
                return
        raise AssertionError("".join(said))

    def close_page(self):
        if self.page:
            self.page.terminate()
            self.page.wait(20)
            self.page.stderr.close()
            self.page = None


class Owner:
    """Somebody with a mailbox and a browser."""

    def __init__(self, town, name):
        self.town, self.name, self.cookie = town, name, None
        self.token = town.link(name)[3:]
        self.ask("GET", "/b/" + self.token)
        before = len(town.mails(name))
        self.ask("POST", "/kod", {"token": self.token})
        codes = [re.search(r"Din kod är (\d{6})", text) for _, text in town.mails(name)[before - 1:]]
        page = self.ask("GET", "/logga-in")
        last = [m.group(1) for m in codes if m]
        for code in last:
            page = self.ask("POST", "/logga-in", {"nonce": field(page, "nonce"), "kod": code})
            if self.where == "/beslut":
                self.seen = page
                return
        raise AssertionError("could not sign in: " + page)

    def ask(self, method, path, form=None):
        """One page, redirects followed; self.where is where it ended."""
        link = http.client.HTTPConnection("127.0.0.1", self.town.port, timeout=20)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link.request(method, path, body, headers)
        reply = link.getresponse()
        text = reply.read().decode()
        if reply.getheader("Set-Cookie"):
            self.cookie = reply.getheader("Set-Cookie").split(";")[0]
        link.close()
        self.where, self.status = path, reply.status
        return self.ask("GET", reply.getheader("Location")) if reply.status == 303 else text

    def decide(self, choices, page=None):
        """{proposal id: ("approve",) or ("keep", reason, until or ""), or fields by their letter: {"d": "ask", "k": …}}; says what
        the receipt says.  A question is called "q7"; `page` is the list where it was just seen."""
        page = page or self.ask("GET", "/beslut")
        form = {"nonce": field(page, "nonce")}
        for name, version in re.findall(r'name="v-([^"]+)" value="([^"]*)"', page):
            choice = choices.get(name, ("",))
            if isinstance(choice, tuple):
                choice = dict(zip("dru", choice))
            form.update({f"v-{name}": version, **{f"{letter}-{name}": choice.get(letter, "") for letter in "drukfwnhelc"}})
        page = self.ask("POST", "/beslut", form)
        assert 'action="/beslut/spara"' in page, (self.name, choices, page)
        form = {html.unescape(k): html.unescape(v) for k, v in
                re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.split("<main", 1)[1])}
        page = self.ask("POST", "/beslut/spara", dict(form, forstar="ja"))
        assert self.where == "/kvitto", page
        return page


def field(page, name):
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found, page
    return html.unescape(found.group(1))


failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)
