# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory server that does on purpose what real ones do on bad days: BER by hand on a loopback port.

Fake(entries, **wrong) holds entries [(dn, {attribute: [values]})]; what is set on it is what it does wrong.  Home is a folder
with a configuration and rules in which behov is called.
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
import tempfile
import threading

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
BASE, NOW = "DC=kalmar,DC=example", "2026-11-24T02:00+01:00"
PAGED = b"1.2.840.113556.1.4.319"
LINK_TTL = "1.2.840.113556.1.4.2309"
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


def matches(what, attributes):
    """A filter of equalities and of numbers that are as large, and all or any of them."""
    tag, body = what
    if tag in (0xa0, 0xa1):
        return (all if tag == 0xa0 else any)(matches(one, attributes) for one in parts(body))
    (_, name), (_, value) = parts(body)
    held = attributes.get(name.decode(), [])
    if tag == 0xa5:
        return any(int(v) >= int(value) for v in held)
    return any((v if isinstance(v, bytes) else v.encode()) == value for v in held)


# ---------------------------------------------------------------- the server


class Fake:
    """Holds entries [(dn, {attribute: [values]})].  What is set on it is what it does wrong."""
    limit = 0               # so many members at most in one answer (MaxValRange)
    smaller = 0             # so many in each answer after the first
    plain_member = True     # beside a range an empty `member`
    ranges = None           # (from, members) -> [(attribute, values)] instead of the rest of a list, or None: no such entry
    result = {}             # page number -> result code
    cookie = None           # what every page gives as its cookie
    fresh = False           # every page has a cookie of its own, and none is the last
    stuck = None            # from that page on, pages without entries
    references = 0
    leads = ""              # where they lead to: "": to nobody
    ends = 0                # that page has half of its entries, and says in success that it was the last
    cut = None              # (page, bytes of it that are sent)
    once = False            # and only the first time
    garbage = None          # bytes -> bytes of the second page's first entry
    control = True          # says what follows a page
    usn = None              # count of answers -> uSNChanged
    controls = ()           # supportedControl; LINK_TTL among them: tells of `ttl` to who asks for it
    ttl = {}                # (group, member) -> seconds
    added = {}              # group -> values of msDS-ReplValueMetaData, `limit` at most in one answer
    stalls = 0              # from that page on it says nothing more
    says = None             # or so many bytes of that page: chunks -> bytes
    numbers = None          # place of an entry -> its uSNCreated, or None; then what is asked of that number is heeded
    elsewhere = False       # a new connection reaches another server, which has no controls
    service, invocation = "NTDS", None      # which server it is; bytes: its database, and then what is asked of changes is heeded
    hidden = ()             # DNs that are there and do not come
    refuses = 0             # filters of more bytes than that (adminLimitExceeded)
    modify = None           # change -> (whether it is done, result code; None: it hangs up instead)

    def __init__(self, entries, **wrong):
        self.entries, self.pages, self.asked, self.binds, self.answers, self.links = entries, 0, [], [], 0, 0
        self.changes, self.lock, self.critical = [], threading.Lock(), set()
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
        self.links += 1
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
            self.binds.append(body)
            link.sendall(self.message(ident, self.done(0x61, 0)))
            return True
        if tag == 0x66:
            return self.change(link, ident, body)
        assert tag == 0x63, tag
        search = parts(body)
        self.asks_ttl = len(fields) > 2 and LINK_TTL.encode() in fields[2][1]
        base, scope, wanted = search[0][1].decode(), search[1][1][0], [v.decode() for _, v in parts(search[7][1])]
        if scope == 0 and not base:
            link.sendall(self.message(ident, self.entry("", {"dnsHostName": ["dc1.kalmar.example"],
                                                             "dsServiceName": ["NTDS 2" if self.elsewhere and self.links > 1 else self.service],
                                                             "highestCommittedUSN": [str(12345 + self.pages)],
                                                             "supportedControl": [] if self.elsewhere and self.links > 1 else list(self.controls)}.items()))
                         + self.message(ident, self.done(0x65, 0)))
        elif scope == 0 and base == self.service and self.invocation:
            link.sendall(self.message(ident, self.entry(base, [("invocationId", [self.invocation])])) + self.message(ident, self.done(0x65, 0)))
        elif scope == 0 and wanted[0].startswith("member;range="):
            link.sendall(self.rest(ident, base, wanted))
        elif self.refuses and len(search[6][1]) > self.refuses:
            link.sendall(self.message(ident, self.done(0x65, 11)))
        elif scope == 0 and search[6][0] in (0xa0, 0xa1, 0xa3):
            held = matches(search[6], dict(self.entries).get(base, {}))
            link.sendall((self.message(ident, self.entry(base, [])) if held else b"") + self.message(ident, self.done(0x65, 0)))
        elif scope == 0:
            link.sendall(self.again(ident, base, wanted))
        elif len(fields) < 3 and search[6][0] in (0xa1, 0xa3):          # by their keys
            link.sendall(b"".join(self.message(ident, self.entry(*e)) for e in self.answers_to(search[6], wanted))
                         + self.message(ident, self.done(0x65, 0)))
        else:
            return self.page(link, ident, fields)
        return True

    def answers_to(self, what, wanted):
        for dn, attributes in self.entries:
            if matches(what, attributes):
                yield dn, [(k, v) for k, v in attributes.items() if k in wanted]

    def change(self, link, ident, body):
        """(dn, operation, attribute, values): 0 adds, 1 deletes."""
        (_, dn), (_, changes) = parts(body)
        ((_, operation), (_, attribute)), = (parts(change) for _, change in parts(changes))
        (_, name), (_, values) = parts(attribute)
        one = (dn.decode(), operation[0], name.decode(), [value.decode() for _, value in parts(values)])
        with self.lock:             # who was cut off may still be heard
            self.changes.append(one)
            does, code = self.modify(one) if self.modify else (True, 0)
            held = dict(self.entries)[one[0]].setdefault(one[2], [])
            if does:
                held[:] = [v for v in held if v not in one[3]] + (one[3] if one[1] == 0 else [])
        if code is None:
            link.shutdown(socket.SHUT_RDWR)
            return False
        link.sendall(self.message(ident, self.done(0x67, code)))
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
            size = self.smaller or self.limit or len(members)
            last = start + size >= len(members)
            found = [(f"member;range={start}-{'*' if last else start + size - 1}", members[start:start + size])]
        if found is None:
            return self.message(ident, self.done(0x65, 32))
        return self.message(ident, self.entry(dn, found + self.number_of_change())) + self.message(ident, self.done(0x65, 0))

    def again(self, ident, dn, wanted):
        """One entry: the whole of it, or the attributes that are wanted of it."""
        found = dict(self.entries).get(dn)
        if wanted[0].startswith("msDS-ReplValueMetaData"):
            return self.message(ident, self.entry(dn, self.since(dn, wanted[0]))) + self.message(ident, self.done(0x65, 0))
        if found is None:
            return self.message(ident, self.done(0x65, 32))
        kept = found if "objectClass" in wanted else {k: v for k, v in found.items() if k in wanted}
        return self.message(ident, self.shown(dn, kept)) + self.message(ident, self.done(0x65, 0))

    def since(self, dn, wanted):
        values = self.added.get(dn, [])
        start = int(wanted.split("=")[1].split("-")[0]) if "=" in wanted else 0
        size = self.limit or len(values)
        last = start + size >= len(values)
        name = "msDS-ReplValueMetaData" + ("" if last and not start else f";range={start}-{'*' if last else start + size - 1}")
        return [(name, values[start:start + size])] if values else []

    def number_of_change(self):
        self.answers += 1
        return [("uSNChanged", [str(self.usn(self.answers))])] if self.usn else []

    def shown(self, dn, attributes):
        found = []
        for name, values in attributes.items():
            if name == "member" and self.asks_ttl:
                values = [f"<TTL={self.ttl[dn, v]}>,{v}" if (dn, v) in self.ttl else v for v in values]
            if name == "member" and self.limit and len(values) > self.limit:
                found += [("member", [])] if self.plain_member else []
                found += [(f"member;range=0-{self.limit - 1}", values[:self.limit])] + self.number_of_change()
            else:
                found.append((name, values))
        return self.entry(dn, found)

    def is_asked_for(self, place, what):
        number = self.numbers(place)
        for tag, body in what:
            if tag == 0xa2 and number is not None:
                return False
            if tag in (0xa5, 0xa6):
                (_, name), (_, bound) = parts(body)
                if name == b"uSNCreated" and (number is None or (number < int(bound) if tag == 0xa5 else number > int(bound))):
                    return False
        return True

    def page(self, link, ident, fields):
        entries, (tag, body) = self.entries, parts(fields[1][1])[6]
        if self.numbers and tag == 0xa0:
            entries = [e for i, e in enumerate(entries) if self.is_asked_for(i, parts(body))]
        if self.invocation:
            entries = [e for e in entries if matches(parts(fields[1][1])[6], e[1])]
        control = parts(parts(fields[2][1])[0][1])
        self.critical.add(control[1] == (1, b"\xff"))
        assert control[0][1] == PAGED
        size, cookie = (body for _, body in parts(parts(control[-1][1])[0][1]))
        size, start = int.from_bytes(size, "big"), int(cookie.split(b" ")[0] or 0)
        self.pages += 1
        here, end = start // size + 1, start + size
        chunks = [self.message(ident, self.shown(*e)) for e in entries[start:end] if e[0] not in self.hidden]
        if self.stalls and self.pages >= self.stalls:
            link.sendall(b"".join(chunks)[:self.says(chunks) if self.says else 0])
            return True
        if self.stuck and self.pages >= self.stuck:
            chunks, end = [], start
        for i in range(0 if start else self.references):
            chunks.append(self.message(ident, tlv(0x73, text(f"{self.leads or f'ldap://other{i}.example'}/CN=Configuration,{BASE}"))))
        following = str(end).encode() if end < len(entries) else b""
        if self.ends == here:
            chunks, following = chunks[:len(chunks) // 2], b""
        if self.cookie and (following or self.pages < 3):
            following = self.cookie
        if self.fresh:
            following = f"{end} {self.pages}".encode()
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


def group(n, name, members):
    return (f"CN={name},OU=Behorighet,{BASE}", {
        "objectClass": ["group"], "sAMAccountName": [name], "objectSid": [sid(900000 + n)],
        "objectGUID": [struct.pack("<IHH", n, 2, 2) + b"\2" * 8], "groupType": ["-2147483646"], "member": members})


def world():
    """Two of three are teachers; all but the last ten are in the group of teachers, one of it through a nested group."""
    entries = []
    for i in range(PEOPLE):
        entries.append((person(i), {
            "objectClass": ["top", "user"], "sAMAccountName": [f"asa{i}"], "objectSid": [sid(2000 + i)],
            "objectGUID": [struct.pack("<IHH", i + 1, 1, 1) + b"\1" * 8], "sAMAccountType": ["805306368"],
            "title": ["Lärare" if i % 3 else "Rektor"], "userAccountControl": ["512"]}))

    entries.append(group(1, "APP-Skola", [person(i) for i in range(PEOPLE - 11)] + [f"CN=GG-Skola,OU=Behorighet,{BASE}"]))
    entries.append(group(2, "GG-Skola", [person(PEOPLE - 12)]))
    entries.append(group(3, "APP-Liten", [person(1), person(3)]))
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

    timeout, extra, more = 20, "", ""       # extra: more of each directory; more: of conf
    sources = None                  # sources: [(address, base)] instead of the one that is given

    def call(self, source, *words):
        listed = ", ".join(f'{{ source = "{address}"; base = "{base}"; page-size = {PAGE}; timeout = {self.timeout}; {self.extra} '
                           f'access-groups = ( "OU=Behorighet,{BASE}" ); }}' for address, base in self.sources or [(source, BASE)])
        self.write("behov.cfg", 'organisation = "Kalmar kommun"; store = "sqlite:b.db"; rules = "rules";\n'
                   f'directory = ( {listed} );\n{self.more}\n'
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
