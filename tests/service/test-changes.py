#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random histories of a real domain controller (Samba): what is read of changes, of everything and of its export is the same.

HISTORIES= for fewer of them, SEED= for others.
"""
import json
import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loopback
import samba
from samba import BASE, PASSWORD

ORACLE = os.path.join(samba.TOP, os.environ.get("BUILD", "build"), "tests/unit/oracle-collect")
ADDRESS = loopback.address()
HISTORIES = int(os.environ.get("HISTORIES", "200"))
SEED = int(os.environ.get("SEED", "7"))
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


def world():
    load = [samba.entry(f"OU={ou},{BASE}", objectClass="organizationalUnit") for ou in ("A", "B", "Grupper")]
    for i in range(30):
        load.append(samba.entry(f"CN=p{i},OU={'AB'[i % 2]},{BASE}", objectClass="user", sAMAccountName=f"p{i}", title=f"T{i % 3}",
                                userAccountControl=512))
    for g in range(5):
        load.append(samba.entry(f"CN=g{g},OU=Grupper,{BASE}", objectClass="group", sAMAccountName=f"g{g}",
                                member=[f"CN=p{i},OU={'AB'[i % 2]},{BASE}" for i in range(g, 30, g + 1)]))
    return load


class Directory:
    """What is there, so that each change is a possible one."""

    def __init__(self, dc, draw):
        self.dc, self.draw, self.next = dc, draw, 100
        self.people = {f"p{i}": f"OU={'AB'[i % 2]}" for i in range(30)}        # name -> folder
        self.folders, self.groups = ["OU=A", "OU=B"], [f"g{g}" for g in range(5)]

    def dn(self, name):
        return f"CN={name},{self.people[name]},{BASE}"

    def one(self):
        return self.draw.choice(sorted(self.people))

    def group(self):
        return f"CN={self.draw.choice(self.groups)},OU=Grupper,{BASE}"

    def change(self):
        return getattr(self, self.draw.choice(
            ["title", "title", "manager", "disable", "add", "add", "leave", "join", "join", "delete", "move", "rename", "folder",
             "contact"]))()

    def modify(self, dn, *lines):
        return f"dn: {dn}\nchangetype: modify\n" + "\n".join(lines) + "\n-\n\n"

    def title(self):
        return self.modify(self.dn(self.one()), "replace: title", f"title: T{self.draw.randrange(5)}")

    def manager(self):
        return self.modify(self.dn(self.one()), "replace: manager", f"manager: {self.dn(self.one())}")

    def disable(self):
        return self.modify(self.dn(self.one()), "replace: userAccountControl", f"userAccountControl: {self.draw.choice((512, 514))}")

    def join(self):
        return self.modify(self.group(), "add: member", f"member: {self.dn(self.one())}")

    def leave(self):
        return self.modify(self.group(), "delete: member", f"member: {self.dn(self.one())}")

    def add(self, kind="user", more="userAccountControl: 512\n"):
        self.next += 1
        name = f"p{self.next}"
        self.people[name] = self.draw.choice(self.folders)
        account = f"sAMAccountName: {name}\n" if kind == "user" else ""
        return f"dn: {self.dn(name)}\nchangetype: add\nobjectClass: {kind}\n{account}title: T1\n{more}\n"

    def contact(self):
        return self.add("contact", "")

    def delete(self):
        name = self.one()
        dn = self.dn(name)
        del self.people[name]
        return f"dn: {dn}\nchangetype: delete\n\n"

    def move(self):
        name = self.one()
        was, self.people[name] = self.dn(name), self.draw.choice(self.folders)
        return f"dn: {was}\nchangetype: modrdn\nnewrdn: CN={name}\ndeleteoldrdn: 1\nnewsuperior: {self.people[name]},{BASE}\n\n"

    def rename(self):
        name = self.one()
        self.next += 1
        was, new = self.dn(name), f"p{self.next}"
        self.people[new] = self.people.pop(name)
        return f"dn: {was}\nchangetype: modrdn\nnewrdn: CN={new}\ndeleteoldrdn: 1\n\n"

    def folder(self):
        """Everybody in it has another name, and nobody of them was written to."""
        was = self.draw.choice(self.folders)
        self.next += 1
        new = f"OU=F{self.next}"
        self.folders[self.folders.index(was)] = new
        self.people = {name: new if at == was else at for name, at in self.people.items()}
        return f"dn: {was},{BASE}\nchangetype: modrdn\nnewrdn: {new}\ndeleteoldrdn: 1\n\n"


def write(home, name, source, more=""):
    os.makedirs(f"{home}/{name}/rules", exist_ok=True)
    samba.write(f"{home}/{name}/behov.cfg", 'organisation = "K"; store = "sqlite:b.db"; rules = "rules"; work = "work";\n'
                f'directory = {{ source = "{source}"; base = "{BASE}"; {more} }};\n'
                'mail = { server = "maildir:o"; from = "behov@kalmar.example"; };\n'
                'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
    samba.write(f"{home}/{name}/rules/s.cfg", 'system = { id = "s"; name = "S"; owner = "p1"; class = { konfidentialitet = 1; '
                'riktighet = 1; tillganglighet = 1; sparbarhet = 1; }; roles = ( { id = "r"; name = "R"; groups = ( "g1" ); needs = ( '
                '{ why = "w"; by = "p1"; since = "2026-01-01"; title = "T1"; } ); } ); };\n')


def collect(home, name, how):
    done = subprocess.run([ORACLE, f"{home}/{name}/behov.cfg", how], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={k: v for k, v in os.environ.items() if not k.startswith("LDAP")})
    digest, _, rest = done.stdout.decode().partition(" ")
    return digest, rest.strip(), done.stderr.decode()


def histories(dc):
    home, draw = dc.home, random.Random(SEED)
    login = f'bind-dn = "{samba.ADMIN}"; password-file = "../password"; ca-file = "{dc.ca}"; page-size = 20; '
    samba.write(home + "/password", PASSWORD + "\n")
    write(home, "night", dc.url, login + 'full-read = "30 days";')
    write(home, "whole", dc.url, login)
    write(home, "export", f"file:{home}/export.ldif")
    there, first, bad, by_changes = Directory(dc, draw), collect(home, "night", "night"), [], 0
    check("the first night reads everything", first[0].startswith("sha256:") and first[1].endswith("changes=0"), first)
    for turn in range(HISTORIES):
        text = "".join(there.change() for _ in range(draw.randint(0, 4)))
        if text:
            dc.tool("ldapmodify", "-c", text=text)      # what cannot be (who joins is in it already) is refused, and that is all
        with open(home + "/export.ldif", "wb") as out:
            out.write(dc.export())
        whole, export, night = collect(home, "whole", "whole"), collect(home, "export", "whole"), collect(home, "night", "night")
        by_changes += night[1].endswith("changes=1")
        if not (whole[0].startswith("sha256:") and whole[0] == export[0] == night[0]):
            bad.append((turn, text, whole, export, night))
    check(f"{HISTORIES} random histories: changes, everything and the export are the same", not bad, len(bad), *bad[:2])
    check("and nearly all of the nights read changes only", by_changes >= HISTORIES - 2, by_changes)


def smells(dc):
    home = dc.home
    copy = [f"{home}/night/work/{name}" for name in os.listdir(home + "/night/work") if name.endswith(".copy")][0]
    with open(copy, "rb") as f:
        kept = f.read()
    check("the copy is for nobody else to read", os.stat(copy).st_mode & 0o77 == 0)
    whole = collect(home, "whole", "whole")[0]
    less = kept[:kept.index(b"dn:: ")] + kept[kept.index(b"\n\n") + 2:]
    spoilt = {
        "cut in the middle": kept[:len(kept) // 2], "cut at a record": kept[:kept.rindex(b"\n\n", 0, len(kept) - 200) + 2],
        "empty": b"", "of another question": kept.replace(kept[14:18], b"0000", 1),
        "from a future state of the server": b" ".join(kept.split(b" ", 4)[:4] + [b"999999999"] + kept.split(b" ", 5)[5:]),
        "without somebody": less,
        "that never heard of somebody": re.sub(rb"# end (\d+)\n$", lambda end: b"# end %d\n" % (int(end[1]) - 1), less),
    }
    for name, content in spoilt.items():
        with open(copy, "wb") as out:
            out.write(content)
        done = collect(home, "night", "night")
        check(f"a copy {name}: everything is read, and it is the same", done[0] == whole and done[1].endswith("changes=0"), done, whole)
    os.unlink(copy)
    os.mkdir(copy)                  # nothing can be written in its place
    done = collect(home, "night", "night")
    check("a copy that cannot be kept is told, and the night is good", done[0] == whole and "no copy of the directory" in done[2], done)
    os.rmdir(copy)
    collect(home, "night", "night")
    done = collect(home, "night", "night")
    check("and the next night reads changes again", done[0] == whole and done[1].endswith("changes=1"), done)


def main():
    if os.geteuid() != 0:
        print("skip a domain controller needs ports below 1024: run as root")
        return 0
    try:
        with samba.Controller(ADDRESS, world()) as dc:
            histories(dc)
            smells(dc)
    except (subprocess.CalledProcessError, RuntimeError) as why:
        check("the domain controller can be set up", False, why, (getattr(why, "output", b"") or b"").decode()[-1500:])
    return 1 if failures else 0


sys.exit(main())
