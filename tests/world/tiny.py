# SPDX-License-Identifier: GPL-3.0-or-later
"""A municipality of six people and a dozen files, quick to make anew, for tests that break things under it.

Three memberships that nobody needs, a batch of three files, a whole volume of two and one for the e-archive, all approved
through an inbox that serve has made.  The key of the letters is the same each time, so that what was written into it counts in
every world that is made after the first.
"""
import base64
import email
import email.policy
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import uuid
from datetime import datetime

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BEHOV = os.path.join(BUILD, "behov")
BASE = "DC=kalmar,DC=example"
APP = f"CN=APP,OU=Behorighet,{BASE}"
FIRST, SAID = "2026-11-24T02:00+01:00", "2026-11-24T09:00+01:00"
NIGHTS = ("2026-11-25T02:00+01:00", "2026-12-01T02:00+01:00")
DUE, END_NIGHT, END = "2026-12-01T09:00+01:00", "2026-12-31T02:00+01:00", "2026-12-31T09:00+01:00"
FILES = {"d": "abc", "v": "ab", "l": "ab"}
STATES = (("proposal", "id, state, note"), ("effect", "proposal, act, number, target, state, note"), ("protocol", "proposal, dnr"),
          ("exception", "system, role, key"), ("hold", "id, reason"), ("question", "proposal, text"))
CONF = """organisation = "Kalmar kommun"; store = "sqlite:behov.db"; rules = "rules"; mode = "apply"; work = "work"; {more}
directory = {{ source = "{source}"; base = "DC=kalmar,DC=example"; access-groups = ( "OU=Behorighet,DC=kalmar,DC=example" ); timeout = 20;
  shrink-ratio = 0.9; }};
mail = {{ server = "maildir:outbox"; from = "behov@kalmar.example"; }};
web = {{ listen = "127.0.0.1:0"; url = "http://127.0.0.1:8440"; }};
people = {{ coordinator = "it"; archivist = "maria"; administrators = ( "it" ); }};
brake = {{ count = 1000000; ratio = 1.0; }};  weekly = 0;
"""
SYSTEM = """system = {{ id = "s"; name = "S"; owner = "eva"; apply = "{way}";
  class = {{ konfidentialitet = 2; riktighet = 2; tillganglighet = 2; sparbarhet = 2; }};
  roles = ( {{ id = "r"; name = "R"; groups = ( "CN=APP,OU=Behorighet,DC=kalmar,DC=example" );
    needs = ( {{ why = "Leder"; by = "eva"; since = "2026-01-01"; title = "Chef"; }} ); }} ); }};
"""
SERIES = """  {{ id = "{id}"; owner = "eva"; action = "{action}"; decision = {{ dnr = "KS 1"; date = "2019-01-01"; body = "KS"; }};
    where = ( {{ share = "s"; path = "{folder}/**"; }} ); batch = {{ path = "{folder}"; {whole} }}; keep = "5 years"; clock = "modified"; }}"""
SHARE = """shares = {{ id = "s"; path = "{share}"; owner = "eva"; dispose = "destroy";
  class = {{ konfidentialitet = 2; riktighet = 2; tillganglighet = 2; sparbarhet = 2; }}; }};
"""
PEOPLE = ("eva", "maria", "it", "p0", "p1", "p2")
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail, sep="\n", flush=True)


def dn(name):
    return f"CN={name},OU=Personal,{BASE}"


def guid(what):
    return uuid.uuid5(uuid.NAMESPACE_URL, what).bytes_le


def entries(reborn=()):
    """As fake.py holds them.  reborn: accounts that were deleted and made anew, under the same name."""
    out = [(dn(name), {"objectClass": ["top", "user"], "sAMAccountName": [name], "sAMAccountType": ["805306368"],
                       "userAccountControl": ["512"], "objectGUID": [guid(name + ("-2" if name in reborn else ""))],
                       "title": ["Handläggare" if name[0] == "p" else "Chef"], "displayName": [name.capitalize() + " Holm"],
                       "mail": [name + "@kalmar.example"]}) for name in PEOPLE]
    return out + [(APP, {"objectClass": ["group"], "sAMAccountName": ["APP"], "groupType": ["-2147483646"], "objectGUID": [guid("APP")],
                         "member": [dn(name) for name in PEOPLE]})]


def moment(text):
    return int(datetime.fromisoformat(text).timestamp())


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


class Tiny:
    """way: how the system's removals go out; source: the directory, instead of a file; folder: where, instead of a new one;
    share: where its files are, instead of in it."""

    def __init__(self, way="ldif", source=None, folder=None, behov=BEHOV, more="", share=None):
        self.folder = folder or tempfile.mkdtemp(prefix="behov-tiny-")
        self.behov, self.page, self.more = behov, None, more
        self.share = share or self.folder + "/share"
        os.makedirs(self.folder + "/rules", exist_ok=True)
        self.configure(source)
        write(self.folder + "/rules/s.cfg", SYSTEM.format(way=way) + SHARE.format(share=self.share) + "series = (\n" + ",\n".join(
            SERIES.format(id=i, action=a, folder=f, whole=w) for i, a, f, w in
            (("ver", "destroy", "d", ""), ("volym", "destroy", "v", "whole = true;"), ("lev", "deliver", "l", ""))) + ");\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close_page()
        subprocess.run(["chmod", "-R", "u+rwX", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ------------------------------------------------------------ making it

    def configure(self, source=None, more=None):
        write(self.folder + "/behov.cfg", CONF.format(source=source or "file:d.ldif", more=self.more if more is None else more))

    def directory(self, of=None):
        with open(self.folder + "/d.ldif", "w", encoding="utf-8") as out:
            for name, attributes in of or entries():
                out.write("dn:: " + base64.b64encode(name.encode()).decode() + "\n")
                for key, values in attributes.items():
                    for v in values:
                        out.write(f"{key}:: " + base64.b64encode(v if isinstance(v, bytes) else v.encode()).decode() + "\n")
                out.write("\n")

    def files(self):
        shutil.rmtree(self.share, ignore_errors=True)
        for folder, names in FILES.items():
            os.makedirs(f"{self.share}/{folder}")
            for name in names:
                write(f"{self.share}/{folder}/{name}", folder + name)
                os.utime(f"{self.share}/{folder}/{name}", (1262304000, 1262304000))

    def fresh(self, test=True, first=FIRST):
        """The first night of a new world, with the key of the letters from the one before.  test: in which one can say what time it is."""
        self.close_page()
        for name in os.listdir(self.folder):
            if name.startswith("behov.db") and name != "behov.db.key":
                os.remove(f"{self.folder}/{name}")
        for name in ("outbox", "work"):
            shutil.rmtree(f"{self.folder}/{name}", ignore_errors=True)
        self.directory()
        self.files()
        first = first if test else None
        self.must(None, "store", "create", *(("--test",) if test else ()))
        self.must(first, "share", "adopt", "s")
        self.must(first, "share", "probe", "s")
        self.night(first)

    def approved(self):
        """Answered by those who are asked, and its grace over: all that is left is to carry it out."""
        self.fresh()
        self.answer("approve", SAID)
        for now in NIGHTS:
            self.night(now)
        for series in ("ver", "volym", "lev"):
            self.must(NIGHTS[-1], "series", "activate", series, "--by", "maria", "--reason", "Beslut finns")

    def quarantined(self):
        """And carried out, but for the end of the quarantine."""
        self.approved()
        self.must(DUE, "apply")
        self.night(END_NIGHT)

    # ------------------------------------------------------------ what people say

    def mails(self):
        """Oldest first."""
        folder, found = self.folder + "/outbox/new", []
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            with open(f"{folder}/{name}", "rb") as f:
                found.append(email.message_from_binary_file(f, policy=email.policy.default))
        return sorted(found, key=lambda mail: mail["Date"].datetime)

    def letters(self):
        """(to, subject) of each."""
        return [(str(mail["To"]), str(mail["Subject"])) for mail in self.mails()]

    def texts(self, to):
        """(subject, text) of those to an account."""
        return [(str(mail["Subject"]), mail.get_body(("plain",)).get_content()) for mail in self.mails() if f"<{to}@" in str(mail["To"])]

    def code(self, to):
        """The last one that was mailed."""
        return [found.group(1) for _, text in self.texts(to) if (found := re.search(r"Din kod är (\d{6})", text))][-1]

    def tokens(self):
        """account -> the token of its last letter"""
        return {name: found[-1] for name in PEOPLE if (found := [m.group(1) for _, text in self.texts(name) if (m := re.search(r"/b/(\S+)", text))])}

    def inbox(self, now):
        """An empty one, as serve makes it."""
        spare, path = self.folder + "/inbox.empty", self.folder + "/behov.db.inbox"
        if os.path.exists(path):
            return
        if not os.path.exists(spare):
            self.serve(now)
            self.close_page()
            shutil.copy(path, spare)
        shutil.copy(spare, path)

    def answer(self, verdict, now, only=None):
        """Each who is asked says so of each proposal, as the page would write it."""
        self.inbox(now)
        tokens, at = self.tokens(), moment(now)
        proof = json.dumps({"kind": "code", "code_sent": at - 60, "proved": at - 30})
        rows = [(tokens[name], i, version, verdict, None if verdict in ("approve", "undo") else "därför", None, at, proof)
                for i, version, name in self.rows("select distinct p.id, p.version, l.name from proposal p join approver a on a.proposal = p.id"
                                                  " join letter l on l.key = a.key order by 1, 3") if only in (None, i)]
        db = sqlite3.connect(self.folder + "/behov.db.inbox", isolation_level=None)
        db.execute("begin")
        db.executemany("insert into decision (token, proposal, version, verdict, reason, until, at, proof) values (?,?,?,?,?,?,?,?)", rows)
        db.execute("commit")
        db.close()

    # ------------------------------------------------------------ verbs

    def command(self, now, *words):
        return [self.behov, "--config", self.folder + "/behov.cfg", *(("--now", now) if now else ()), *words]

    def call(self, now, *words, **more):
        more = {"timeout": 120, **more}
        return subprocess.run(self.command(now, *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def must(self, now, *words, codes=(0,)):
        done = self.call(now, *words)
        assert done.returncode in codes, (words, done.returncode, done.stdout.decode()[-1000:], done.stderr.decode()[-3000:])
        return done

    def night(self, now, codes=(0,)):
        return self.must(now, "run", codes=codes)

    def serve(self, now, **more):
        self.close_page()
        self.page = subprocess.Popen(self.command(now, "serve"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **more)
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

    # ------------------------------------------------------------ what is

    def rows(self, sql, *values, name="behov.db"):
        db = sqlite3.connect(f"file:{self.folder}/{name}?mode=ro", uri=True)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def ids(self, kind):
        return [i for i, in self.rows("select id from proposal where kind = ? order by id", kind)]

    def world(self):
        """Every file and what is in it, what the store says, and whether the chain holds.  Moments, inodes and salts are others in
        each world."""
        out = {}
        for where in (self.share, self.folder + "/work"):
            for folder, _, names in os.walk(where):
                out[folder[len(self.folder):] + "/"] = ""
                for name in names:
                    path = os.path.join(folder, name)
                    plain = not re.search(r"protokoll|METS|premis|PREMIS|\.tar$|\.xml$|probe|behov-share", path)
                    with open(path, "rb") as f:
                        out[path[len(self.folder):]] = f.read() if plain else "is there"
        for table, columns in STATES:
            out[table] = sorted(re.sub("[0-9a-f]{64}", "#", repr(row)) for row in self.rows(f"select {columns} from {table}"))
        out["letters"] = sorted(self.letters())
        out["chain"] = self.call(None, "audit", "verify").returncode
        return out


def differs(a, b):
    """What is not the same in two worlds, for whoever reads a failure."""
    return [f"{key}: {a.get(key)!r} instead of {b.get(key)!r}" for key in sorted(set(a) | set(b)) if a.get(key) != b.get(key)]
