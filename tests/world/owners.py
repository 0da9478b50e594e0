# SPDX-License-Identifier: GPL-3.0-or-later
"""Many owners, each with a system of their own whose members nobody needs there any longer: a night, its letters, the page."""
import base64
import email
import email.policy
import glob
import html
import http.client
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import urllib.parse
import uuid

BASE = "DC=kalmar,DC=example"
NOW = "2026-11-25T10:00+01:00"
CONF = """organisation = "Kalmar kommun"; store = "sqlite:behov.db"; rules = "rules"; mode = "propose";
directory = {{ source = "file:directory.ldif"; base = "{base}"; }};
mail = {{ server = "{mail}"; from = "behov@kalmar.example"; {starttls} }};
web = {{ listen = "{listen}"; url = "http://127.0.0.1:8440"; }};
brake = {{ count = 1000000; ratio = 1.0; }};  weekly = 0;
"""
SYSTEM = """{{ id = "s{n}"; name = "System {n}"; owner = "owner{n}";
  class = {{ konfidentialitet = 2; riktighet = 2; tillganglighet = 2; sparbarhet = 2; }};
  roles = ( {{ id = "las"; name = "Läsa"; groups = ( "CN=APP-{n},OU=Behorighet,{base}" );
    needs = ( {{ why = "Leder enheten"; by = "owner{n}"; since = "2026-01-01"; title = "Chef"; }} ); }} ); }}"""


def entry(out, dn, kind):
    number = base64.b64encode(uuid.uuid5(uuid.NAMESPACE_URL, dn).bytes_le).decode()
    out.write(f"dn: {dn}\nobjectClass: {kind}\nobjectGUID:: {number}\n")


def person(out, name, title):
    entry(out, f"CN={name},OU=Personal,{BASE}", "user")
    out.write(f"sAMAccountName: {name}\nsAMAccountType: 805306368\nuserAccountControl: 512\ndisplayName: {name.capitalize()} Holm\n"
              f"title: {title}\ndepartment: Enhet {len(name)}\nmail: {name}@kalmar.example\n\n")


class Office:
    """sizes: how many proposals each owner gets; now: of the first night, None = what the clock says."""

    def __init__(self, behov, sizes, folder=None, now=NOW):
        self.behov, self.sizes, self.process = behov, sizes, None
        self.folder = folder or tempfile.mkdtemp(prefix="behov-office-")
        os.makedirs(self.folder + "/rules", exist_ok=True)
        self.configure()
        with open(self.folder + "/directory.ldif", "w", encoding="utf-8") as out:
            for n, size in enumerate(sizes):
                members = [f"p{n}x{i}" for i in range(size)]
                for name in members:
                    person(out, name, "Handlaggare")
                person(out, f"owner{n}", "Chef")
                entry(out, f"CN=APP-{n},OU=Behorighet,{BASE}", "group")
                out.write(f"sAMAccountName: APP-{n}\ngroupType: -2147483646\n")
                out.writelines(f"member: CN={name},OU=Personal,{BASE}\n" for name in members)
                out.write("\n")
        with open(self.folder + "/rules/systems.cfg", "w", encoding="utf-8") as out:
            out.write("systems = (\n" + ",\n".join(SYSTEM.format(n=n, base=BASE) for n in range(len(sizes))) + "\n);\n")
        self.call("store", "create", "--test", now=None)
        self.run(now)

    def configure(self, mail="maildir:outbox", listen="127.0.0.1:0"):
        with open(self.folder + "/behov.cfg", "w", encoding="utf-8") as out:
            out.write(CONF.format(base=BASE, mail=mail, listen=listen, starttls="starttls = false;" if mail.startswith("smtp:") else ""))

    def command(self, now, *words):
        return [self.behov, "--config", self.folder + "/behov.cfg", *(("--now", now) if now else ()), *words]

    def call(self, *words, now=NOW):
        done = subprocess.run(self.command(now, *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode in (0, 3, 4), (words, done.returncode, done.stderr.decode())
        return done.stdout

    def run(self, now=NOW):
        return self.call("run", now=now)

    def serve(self, now=NOW, limit=None):
        """Starts the page; what it says goes to the file "log", and it says its port there."""
        at = os.path.getsize(self.folder + "/log") if os.path.exists(self.folder + "/log") else 0
        command = self.command(now, "serve")
        if limit:
            command = ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *command]
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        while True:
            with open(self.folder + "/log", "rb") as log:
                log.seek(at)
                said = log.read().decode()
            ready = re.search(r"port=(\d+)", said)
            if ready:
                self.port = int(ready.group(1))
                return self.process.pid
            assert self.process.poll() is None, said

    def stop(self, how="terminate"):
        if not self.process:
            return 0
        getattr(self.process, how)()
        code = self.process.wait(30)
        self.process = None
        return code

    def log(self):
        with open(self.folder + "/log", encoding="utf-8") as f:
            return f.read()

    def rss(self):
        """Resident memory of the page, in KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def mails(self, pattern):
        """account -> what the pattern finds in the mails to it, oldest first."""
        out = {}
        for path in sorted(glob.glob(self.folder + "/outbox/new/*"), key=os.path.getmtime):
            with open(path, "rb") as f:
                mail = email.message_from_binary_file(f, policy=email.policy.default)
            found = re.search(pattern, mail.get_body(("plain",)).get_content())
            if found:
                out.setdefault(re.search(r"<?([^<>@ ]+)@", mail["To"]).group(1), []).append(found.group(1))
        return out

    def tokens(self):
        return {who: found[-1] for who, found in self.mails(r"/b/(\S+)").items()}

    def rows(self, sql, *values, name="behov.db"):
        db = sqlite3.connect(f"file:{self.folder}/{name}?mode=ro", uri=True, timeout=30)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop("kill")
        shutil.rmtree(self.folder)


class Reply:
    def __init__(self, reply):
        self.status, self.headers, self.body = reply.status, reply.headers, reply.read()
        self.text = self.body.decode("utf-8", "replace")

    def field(self, name):
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)
        return html.unescape(found.group(1)) if found else None

    def hidden(self):
        return {html.unescape(k): html.unescape(v) for k, v in
                re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', self.text.split("<main", 1)[1])}


class Visitor:
    """A browser: one cookie, and one connection that is kept for a while: an idle one is closed by the page."""

    def __init__(self, port, token=None, cookie=None):
        self.port, self.token, self.cookie = port, token, cookie
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method, path, form=None, **headers):
        if self.cookie:
            headers["Cookie"] = self.cookie
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.link.request(method, path, body, headers)
        reply = Reply(self.link.getresponse())
        if reply.headers["Set-Cookie"]:
            self.cookie = reply.headers["Set-Cookie"].split(";")[0]
        return reply

    def ask_code(self):
        reply = self.ask("POST", "/kod", {"token": self.token})
        self.close()
        return reply

    def sign_in(self, code):
        page = self.ask("GET", "/logga-in")
        reply = self.ask("POST", "/logga-in", {"nonce": page.field("nonce"), "kod": code})
        assert reply.status == 303 and reply.headers["Location"] == "/beslut", reply.text
        self.close()

    def form(self, choice):
        """The form of /beslut; choice(id) gives ("approve",) or ("keep", why) or ("",)."""
        page = self.ask("GET", "/beslut")
        assert page.status == 200, page.text
        form = {"nonce": page.field("nonce")}
        for name, version in re.findall(r'name="v-([^"]+)" value="([^"]*)"', page.text):
            verdict, reason = (choice(name) + ("",))[:2]
            form.update({f"v-{name}": version, f"d-{name}": verdict, f"r-{name}": reason, f"u-{name}": ""})
        return form

    def confirm(self, choice):
        """What the confirming page would post."""
        page = self.ask("POST", "/beslut", self.form(choice))
        assert page.status == 200 and page.field("once"), page.text
        self.close()
        return page.hidden()

    def close(self):
        self.link.close()


def silent(port, count, say=b""):
    """Connections that say no more than that."""
    out = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port), 30)
        if say:
            s.sendall(say)
        out.append(s)
    return out
