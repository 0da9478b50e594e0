#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that does what real ones do on bad days: ranges, lost connections, cookies that repeat, results that are none.

What speaks LDAP here is BER by hand on a loopback port, one thread a connection.  Whatever it does, the plan is that of the
whole directory, or says where it could not see, or there is no plan: never that of a smaller directory.
"""
import base64
import json
import os
import shutil
import socket
import socketserver
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
BASE, NOW = "DC=kalmar,DC=example", "2026-11-24T02:00+01:00"
PAGED = b"1.2.840.113556.1.4.319"
PEOPLE, PAGE = 3200, 500
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


# ---------------------------------------------------------------- BER


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else b"\x84" + struct.pack(">I", size)
    return bytes([tag]) + head + body


def number(n, tag=2):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def text(value, tag=4):
    return tlv(tag, value if isinstance(value, bytes) else value.encode())


def read_tlv(data, at=0):
    """(tag, body, where the next begins)"""
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        many = size & 0x7f
        size, at = int.from_bytes(data[at:at + many], "big"), at + many
    return tag, data[at:at + size], at + size


def parts(data):
    at, out = 0, []
    while at < len(data):
        tag, body, at = read_tlv(data, at)
        out.append((tag, body))
    return out


# ---------------------------------------------------------------- the server


class Fake:
    """Holds entries [(dn, {attribute: [values]})].  What is set on it is what it does wrong."""
    limit = 0               # so many members at most in one answer (MaxValRange)
    smaller = 0             # so many in each answer after the first
    plain_member = True     # beside a range an empty `member`
    ranges = None           # (from, members) -> [(attribute, values)] instead of the rest of a list, or None: no such entry
    result = {}             # page number -> result code
    cookie = None           # what every page gives as its cookie
    stuck = None            # from that page on, pages without entries
    references = 0
    cut = None              # (page, bytes of it that are sent)
    once = False            # and only the first time
    garbage = None          # bytes -> bytes of the second page's first entry
    control = True          # says what follows a page
    usn = None              # count of answers -> uSNChanged

    def __init__(self, entries, **wrong):
        self.entries, self.pages, self.asked, self.answers = entries, 0, [], 0
        self.__dict__.update(wrong)

    def __enter__(self):
        fake = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                fake.serve(self.request)
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"ldap://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def serve(self, link):
        try:
            stream = link.makefile("rb")
            while True:
                head = stream.read(2)
                if len(head) < 2:
                    return
                many = head[1] & 0x7f if head[1] & 0x80 else 0
                more = stream.read(many)
                body = stream.read(int.from_bytes(more, "big") if many else head[1])
                fields = parts(body)
                if fields[1][0] == 0x42:        # unbind
                    return
                if not self.answer(link, fields):
                    return
        except OSError:
            pass

    def answer(self, link, fields):
        ident, (tag, body) = fields[0][1], fields[1]
        if tag == 0x60:
            link.sendall(self.message(ident, self.done(0x61, 0)))
            return True
        assert tag == 0x63, tag
        search = parts(body)
        base, scope, wanted = search[0][1].decode(), search[1][1][0], [v.decode() for _, v in parts(search[7][1])]
        if scope == 0 and not base:
            link.sendall(self.message(ident, self.entry("", {"dnsHostName": ["dc1.kalmar.example"], "dsServiceName": ["NTDS"],
                                                             "highestCommittedUSN": [str(12345 + self.pages)]}.items()))
                         + self.message(ident, self.done(0x65, 0)))
        elif scope == 0 and wanted[0].startswith("member;range="):
            link.sendall(self.rest(ident, base, wanted))
        elif scope == 0:
            link.sendall(self.again(ident, base, wanted))
        else:
            return self.page(link, ident, fields)
        return True

    def rest(self, ident, dn, wanted):
        self.asked.append(wanted[0])
        start = int(wanted[0].split("=")[1].split("-")[0])
        members = dict(self.entries)[dn]["member"]
        if self.ranges:
            found = self.ranges(start, members)
        elif start >= len(members):
            found = []
        else:
            size = self.smaller or self.limit
            last = start + size >= len(members)
            found = [(f"member;range={start}-{'*' if last else start + size - 1}", members[start:start + size])]
        if found is None:
            return self.message(ident, self.done(0x65, 32))
        return self.message(ident, self.entry(dn, found + self.number_of_change())) + self.message(ident, self.done(0x65, 0))

    def again(self, ident, dn, wanted):
        """One entry: the whole of it, or the attributes that are wanted of it."""
        found = dict(self.entries).get(dn)
        if found is None:
            return self.message(ident, self.done(0x65, 32))
        kept = found if "objectClass" in wanted else {k: v for k, v in found.items() if k in wanted}
        return self.message(ident, self.shown(dn, kept)) + self.message(ident, self.done(0x65, 0))

    def number_of_change(self):
        self.answers += 1
        return [("uSNChanged", [str(self.usn(self.answers))])] if self.usn else []

    def shown(self, dn, attributes):
        found = []
        for name, values in attributes.items():
            if name == "member" and self.limit and len(values) > self.limit:
                found += [("member", [])] if self.plain_member else []
                found += [(f"member;range=0-{self.limit - 1}", values[:self.limit])] + self.number_of_change()
            else:
                found.append((name, values))
        return self.entry(dn, found)

    def page(self, link, ident, fields):
        control = parts(parts(fields[2][1])[0][1])
        assert control[0][1] == PAGED
        size, cookie = (body for _, body in parts(parts(control[-1][1])[0][1]))
        size, start = int.from_bytes(size, "big"), int(cookie.split(b" ")[0] or 0)
        self.pages += 1
        here, end = start // size + 1, start + size
        chunks = [self.message(ident, self.shown(*e)) for e in self.entries[start:end]]
        if self.stuck and self.pages >= self.stuck:
            chunks, end = [], start
        for i in range(0 if start else self.references):
            chunks.append(self.message(ident, tlv(0x73, text(f"ldap://other{i}.example/CN=Configuration,{BASE}"))))
        following = str(end).encode() if end < len(self.entries) else b""
        if self.cookie and (following or self.pages < 3):
            following = self.cookie
        if self.garbage and here == 2:
            chunks[0] = self.garbage(chunks[0])
        reply = tlv(0xa0, tlv(0x30, text(PAGED), text(tlv(0x30, number(0), text(following)))))
        chunks.append(self.message(ident, self.done(0x65, self.result.get(here, 0)), *([reply] if self.control else [])))
        if self.cut and here == self.cut[0]:
            cut, self.cut = self.cut, None if self.once else self.cut
            link.sendall(b"".join(chunks)[:cut[1](chunks)])
            link.shutdown(socket.SHUT_RDWR)
            return False
        link.sendall(b"".join(chunks))
        return True

    @staticmethod
    def message(ident, *body):
        return tlv(0x30, tlv(2, ident), *body)

    @staticmethod
    def done(tag, code):
        return tlv(tag, number(code, 10), text(""), text("not today" if code else ""),
                   *([tlv(0xa3, text(f"ldap://other.example/{BASE}"))] if code == 10 else []))

    @staticmethod
    def entry(dn, attributes):
        return tlv(0x64, text(dn), tlv(0x30, *(tlv(0x30, text(name), tlv(0x31, *(text(v) for v in values)))
                                               for name, values in attributes)))


# ---------------------------------------------------------------- the world


def sid(rid):
    return b"\1\5\0\0\0\0\0\5" + struct.pack("<5I", 21, 1, 2, 3, rid)


def person(i):
    return f"CN=Åsa {i},OU=Personal,{BASE}"


def world():
    """Two of three are teachers; all but the last ten are in the group of teachers, one of it through a nested group."""
    entries = []
    for i in range(PEOPLE):
        entries.append((person(i), {
            "objectClass": ["top", "user"], "sAMAccountName": [f"asa{i}"], "objectSid": [sid(2000 + i)],
            "objectGUID": [struct.pack("<IHH", i + 1, 1, 1) + b"\1" * 8], "sAMAccountType": ["805306368"],
            "title": ["Lärare" if i % 3 else "Rektor"], "userAccountControl": ["512"]}))

    def group(n, name, members):
        entries.append((f"CN={name},OU=Behorighet,{BASE}", {
            "objectClass": ["group"], "sAMAccountName": [name], "objectSid": [sid(900000 + n)],
            "objectGUID": [struct.pack("<IHH", n, 2, 2) + b"\2" * 8], "groupType": ["-2147483646"], "member": members}))
    group(1, "APP-Skola", [person(i) for i in range(PEOPLE - 11)] + [f"CN=GG-Skola,OU=Behorighet,{BASE}"])
    group(2, "GG-Skola", [person(PEOPLE - 12)])
    group(3, "APP-Liten", [person(1), person(3)])
    return entries


class Home:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="behov-fake-")
        os.makedirs(self.folder + "/rules")

        def role(name):
            return (f'{{ id = "{name.lower()}"; name = "{name}"; groups = ( "CN=APP-{name},OU=Behorighet,{BASE}" ); needs = ( '
                    '{ why = "w"; by = "asa1"; since = "2026-01-01"; title = "Lärare"; } ); }')
        self.write("rules/s.cfg", 'system = { id = "s"; name = "S"; owner = "asa1"; class = { konfidentialitet = 1; riktighet = 1; '
                   f'tillganglighet = 1; sparbarhet = 1; }}; roles = ( {role("Skola")}, {role("Liten")} ); }};\n')

    def write(self, name, content):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as out:
            out.write(content)

    def call(self, source, *words):
        self.write("behov.cfg", 'organisation = "Kalmar kommun"; store = "sqlite:b.db"; rules = "rules";\n'
                   f'directory = {{ source = "{source}"; base = "{BASE}"; page-size = {PAGE}; timeout = 20; '
                   f'access-groups = ( "OU=Behorighet,{BASE}" ); }};\n'
                   'mail = { server = "maildir:o"; from = "behov@kalmar.example"; };\n'
                   'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
        clean = {k: v for k, v in os.environ.items() if not k.startswith("LDAP")}
        return subprocess.run([BEHOV, "--config", self.folder + "/behov.cfg", *words], stdin=subprocess.DEVNULL, env=clean,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def plan(self, source):
        return self.call(source, "--now", NOW, "plan", "--json")

    def export(self, entries):
        """The same directory as an LDIF export."""
        with open(self.folder + "/x.ldif", "wb") as out:
            for dn, attributes in reversed(entries):
                out.write(b"dn:: " + base64.b64encode(dn.encode()) + b"\n")
                for name, values in attributes.items():
                    for v in values:
                        out.write(name.encode() + b":: " + base64.b64encode(v if isinstance(v, bytes) else v.encode()) + b"\n")
                out.write(b"\n")
        return "file:x.ldif"


def show(done):
    return done.returncode, done.stdout.decode()[:300], done.stderr.decode()[-800:]


# ---------------------------------------------------------------- what holds


def ranges(home, entries, whole):
    for name, wrong in (
            ("1500 at a time, beside an empty list", {"limit": 1500}),
            ("1500 at a time", {"limit": 1500, "plain_member": False}),
            ("1500 and then 700 at a time", {"limit": 1500, "smaller": 700}),
            ("in two of them, the last one short", {"limit": 3189}),
            ("under one number of change", {"limit": 1500, "usn": lambda n: 7})):
        with Fake(entries, **wrong) as fake:
            done = home.plan(fake.url)
            check(f"members that come in ranges, {name}: the plan of the whole list",
                  done.returncode == 0 and done.stdout == whole and fake.asked
                  and fake.asked[0] == f"member;range={wrong['limit']}-*", *show(done), fake.asked)


def broken_ranges(home, entries):
    def shifted(by):
        """The first answer begins so many places from where it was asked for."""
        def found(at, members):
            at += by if at == 1500 else 0
            end = "*" if at + 1500 >= len(members) else at + 1499
            return [(f"member;range={at}-{end}", members[at:at + 1500])]
        return found
    for name, wrong in (
            ("stops", {"ranges": lambda at, members: []}),
            ("stops with an empty list", {"ranges": lambda at, members: [("member", [])]}),
            ("begins again", {"ranges": lambda at, members: [("member;range=0-1499", members[:1500])]}),
            ("overlaps", {"ranges": shifted(-10)}),
            ("has a hole", {"ranges": shifted(10)}),
            ("says more than it brings", {"ranges": lambda at, members: [(f"member;range={at}-{at + 999}", members[at:at + 900])]
                                          if at == 1500 else [(f"member;range={at}-*", members[at:])]}),
            ("has a broken name", {"ranges": lambda at, members: [("member;range=1500-", members[at:])]}),
            ("ends because the group vanished", {"ranges": lambda at, members: None}),
            ("is of a group that changed meanwhile", {"usn": lambda n: n})):
        with Fake(entries, **{"limit": 1500, **wrong}) as fake:
            done = home.plan(fake.url)
            plan = json.loads(done.stdout or "{}")
            gaps = [g for g in plan.get("gaps", ()) if g["what"] == "group" and g["id"].startswith("CN=APP-Skola,")]
            touched = [p for part in ("proposals", "missing") for p in plan.get(part, ()) if p["role"] == "skola"]
            check(f"a range that {name}: the group is not known, and said; others are judged",
                  done.returncode == 3 and len(gaps) == 1 and not touched
                  and [p["account"] for p in plan["proposals"]] == ["asa3"], *show(done), gaps, len(touched), fake.asked)


def refused(home, entries, name, words, **wrong):
    with Fake(entries, **wrong) as fake:
        done = home.plan(fake.url)
        said = done.stderr.decode()
        check(f"{name}: no plan, and it is said where", done.returncode == 1 and not done.stdout and fake.url in said
              and BASE in said and words in said, *show(done), fake.pages)
        return fake


def cuts(home, entries):
    def middle(chunks):
        return len(b"".join(chunks[:40]))
    for page in (1, 2, 7):
        refused(home, entries, f"cut between two entries of page {page}", "Can't contact LDAP server", cut=(page, middle))
        refused(home, entries, f"cut inside an entry of page {page}", "Can't contact LDAP server",
                cut=(page, lambda chunks: middle(chunks) + 33))
    refused(home, entries, "cut before the last word of page 2", "Can't contact LDAP server", cut=(2, lambda c: len(b"".join(c[:-1]))))
    refused(home, entries, "cut inside the last word of page 2", "Can't contact LDAP server", cut=(2, lambda c: len(b"".join(c)) - 1))


def retried(home, entries, whole):
    for page in (1, 4):
        with Fake(entries, once=True, cut=(page, lambda chunks: len(b"".join(chunks[:9])))) as fake:
            done = home.plan(fake.url)
            check(f"cut once, on page {page}: a fresh connection gives the plan of the whole", done.returncode == 0
                  and done.stdout == whole and fake.pages == 7 + page, *show(done), fake.pages)


def results(home, entries):
    for code, word in ((4, "Size limit"), (3, "Time limit"), (51, "busy"), (1, "Operations error"), (10, "Referral"), (80, "Other")):
        for page in (1, 2, 7):
            refused(home, entries, f"result {code} at the end of page {page}", word, result={page: code})


def cookies(home, entries):
    refused(home, entries, "a page without a word on what follows", "page 1", control=False)
    fake = refused(home, entries, "a cookie that repeats without anything new", "never ends", cookie=b"500 same", stuck=3)
    check("and it ends at once", fake.pages <= 4, fake.pages)
    fake = refused(home, entries, "a cookie that repeats with its page", "there twice", cookie=b"0 same")
    check("and that ends at once, too", fake.pages <= 3, fake.pages)


def garbage(home, entries):
    for name, how in (("a length beyond the message", lambda c: c[:1] + b"\x84\x7f\xff\xff\xff" + c[6:]),
                      ("no BER", lambda c: b"\xff" * len(c)),
                      ("an entry with a length that is too long", lambda c: c.replace(b"\x64\x84\0\0", b"\x64\x84\0\1", 1)),
                      ("text", lambda c: b"HTTP/1.1 400 Bad Request\r\n\r\n")):
        refused(home, entries, f"garbage, {name}", "page 2", garbage=how, cut=(2, lambda c: len(b"".join(c))))

    def inside(chunk, at, byte):
        return chunk[:at] + bytes([byte]) + chunk[at + 1:]
    whole = Fake.message(b"\1", Fake.entry(*[(dn, a.items()) for dn, a in entries[PAGE:PAGE + 1]][0]))
    bad = []
    for at in range(12, len(whole), 17):        # any byte of it: an answer or none, and never a crash
        with Fake(entries[:PAGE + 3], garbage=lambda c, at=at: inside(c, at, 0xff), cut=(2, lambda c: len(b"".join(c)))) as fake:
            done = home.plan(fake.url)
            if done.returncode not in (0, 1, 3) or (done.returncode == 1 and done.stdout):
                bad.append((at, *show(done)))
    check("one broken byte is a failure or a value, never a crash", not bad, bad)


def counted(home, entries, whole):
    with Fake(entries, references=3, limit=1500) as fake:
        done = home.plan(fake.url)
        check("references are counted and not followed", done.returncode == 0 and done.stdout == whole
              and b"digest" not in done.stdout, *show(done))
        night = certificate(home, fake.url)
    wanted = {"source": fake.url, "base": BASE, "entries": len(entries), "references": 3, "pages": 7, "ranges": 2, "unreadable": 0,
              "server": {"dnsHostName": "dc1.kalmar.example", "dsServiceName": "NTDS", "invocationId": None},
              "highestCommittedUSN": {"before": "12352", "after": "12359"}}
    check("the night keeps the certificate: server, USN, pages, ranges, references",
          wanted.items() <= night.items() and "objectClass=group" in night.get("filter", ""), night)
    export = certificate(home, home.export(entries))
    check("its digest is that of the export", night.get("digest", "?") == export.get("digest") and len(export["digest"]) == 71,
          night, export)
    other = certificate(home, home.export([(dn, {**a, "title": ["Kock"]}) if dn == person(5) else (dn, a) for dn, a in entries]))
    check("and another when one title is another", other.get("digest", "?") != export["digest"], other)


def no_text(home, entries):
    """A NUL byte and broken UTF-8: the same over LDAP and as an export."""
    bad = {12: {"title": [b"R\0ktor"]}, 6: {"title": [b"\xffektor"]}, 9: {"sAMAccountName": [b"asa9\0"]}, 8: {"mail": [b"a\0@b"]}}
    changed = [(dn, {**a, **bad.get(i, {})}) for i, (dn, a) in enumerate(entries)]
    with Fake(changed) as fake:
        live, night = home.plan(fake.url), certificate(home, fake.url)
    file, other = home.plan(home.export(changed)), certificate(home, home.export(changed))
    plans = [json.loads(done.stdout or "{}") for done in (live, file)]
    told = [[g.pop("id") and g["text"] for g in plan.get("gaps", ())] for plan in plans]
    named = {p["account"] for p in plans[0].get("proposals", ())}
    check("values that are no text are gaps, and the same both ways", live.returncode == 3 and plans[0] == plans[1]
          and [t.split("'")[1] for t in told[0]] == ["mail", "sAMAccountName", "title"] and night["unreadable"] == 4
          and night["digest"] == other["digest"], *show(live), told, night)
    check("and nobody loses anything for one", "asa3" in named and not named & {"asa6", "asa12", "asa9"} and person(9) not in named,
          len(named))
    refused(home, entries + entries[5:6], "an entry that comes twice", "twice")
    refused(home, [(dn, {**a, **({"userAccountControl": ["51x"]} if dn == person(5) else {})}) for dn, a in entries],
            "a number that is none", "userAccountControl")
    refused(home, [(dn, {**a, **({"objectGUID": [b"short"]} if dn == person(5) else {})}) for dn, a in entries],
            "a broken objectGUID", "objectGUID")
    unnamed = [(dn.replace("Åsa 9,", "Åsa\0 9,"), a) for dn, a in entries]
    refused(home, unnamed, "a name with a NUL byte", "not UTF-8")


def certificate(home, source):
    for name in os.listdir(home.folder):
        if name.startswith("b."):
            os.unlink(f"{home.folder}/{name}")
    made = home.call(source, "store", "create", "--test")
    done = home.call(source, "--now", NOW, "run")
    db = sqlite3.connect(home.folder + "/b.db")
    try:
        night = json.loads(db.execute("select summary from night").fetchone()[0])["certificate"]
        return {**night["sources"][0], "digest": night["digest"]}
    except (sqlite3.Error, TypeError, LookupError) as why:
        return {"why": why, "made": show(made), "run": show(done)}
    finally:
        db.close()


def main():
    home, entries = Home(), world()
    try:
        with Fake(entries) as fake:
            first = home.plan(fake.url)
            check("the directory is read in pages, and gives something to propose", first.returncode == 0 and fake.pages == 7
                  and first.stdout.count(b'"remove-member"') > 1000, *show(first), fake.pages)
        done = home.plan(home.export(entries))
        check("its export gives the same plan", done.stdout == first.stdout, *show(done))
        ranges(home, entries, first.stdout)
        broken_ranges(home, entries)
        cuts(home, entries)
        retried(home, entries, first.stdout)
        results(home, entries)
        cookies(home, entries)
        garbage(home, entries)
        counted(home, entries, first.stdout)
        no_text(home, entries)
    finally:
        shutil.rmtree(home.folder)
    return 1 if failures else 0


sys.exit(main())
