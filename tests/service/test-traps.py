#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traps of reading a directory, by their number in behov-directory(7), where no other test shows them."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake as server
from fake import BASE, LINK_TTL, PAGE, PEOPLE, Fake, Home, certificate, check, group, person, show, sid, world

SKOLA, LITEN = f"CN=APP-Skola,OU=Behorighet,{BASE}", f"CN=APP-Liten,OU=Behorighet,{BASE}"
SIZES = (0, 1, 1499, 1500, 1501, 3000, 3001, 4999, 5000, 5001, 25000)


def plan(done):
    return json.loads(done.stdout or "{}")


def gaps(done, what):
    return [g for g in plan(done).get("gaps", ()) if g["what"] == what]


def proposed(done):
    return {p["account"] for p in plan(done).get("proposals", ()) if p["kind"] == "remove-member"}


# ---------------------------------------------------------------- traps 1, 2: ranges


class Many(Home):
    """A group of each size, each of a role of its own that nobody needs: every member is proposed."""

    def __init__(self):
        super().__init__()
        roles = ", ".join(f'{{ id = "r{n}"; name = "R{n}"; groups = ( "CN=G{n},OU=Behorighet,{BASE}" ); needs = ( {{ why = "w"; '
                          'by = "asa1"; since = "2026-01-01"; title = "Ingen"; } ); }' for n in SIZES)
        self.write("rules/s.cfg", 'system = { id = "s"; name = "S"; owner = "asa1"; class = { konfidentialitet = 1; riktighet = 1; '
                   f'tillganglighet = 1; sparbarhet = 1; }}; roles = ( {roles} ); }};\n')


def boundaries():
    home = Many()
    try:
        people = [(f"CN=P{i},OU=Personal,{BASE}", {"objectClass": ["user"], "sAMAccountName": [f"p{i}"], "objectSid": [sid(2000 + i)],
                                                   "sAMAccountType": ["805306368"], "title": ["Kock"]}) for i in range(SIZES[-1])]
        entries = people + [group(n, f"G{n}", [dn for dn, _ in people[:n]]) for n in SIZES]
        whole = home.plan(home.export(entries))
        check("the export of groups of every size gives something for each member", whole.returncode in (0, 3)
              and len(plan(whole)["proposals"]) == sum(SIZES), *show(whole))
        for name, wrong in (("1500 at a time", {"limit": 1500}), ("5000 at a time", {"limit": 5000}),
                            ("1500 and then 1000 at a time", {"limit": 1500, "smaller": 1000}),
                            ("1500 and then 1777 at a time", {"limit": 1500, "smaller": 1777})):
            with Fake(entries, **wrong) as fake:
                done = home.plan(fake.url)
                check(f"trap 1, 2: groups of {', '.join(map(str, SIZES))} members, {name}: the plan of the export, to the byte",
                      done.stdout == whole.stdout and fake.asked, *show(done), fake.asked[:9])
    finally:
        shutil.rmtree(home.folder)


# ---------------------------------------------------------------- the others


def changing(home, entries, whole):
    with Fake(entries, limit=1500, usn=lambda n: 7 if n > 2 else n) as fake:
        done = home.plan(fake.url)
        check("trap 3: a group that changes once while it is read is read again, and whole", done.returncode == 0
              and done.stdout == whole, *show(done))
    with Fake(entries, limit=1500, usn=lambda n: n) as fake:
        done = home.plan(fake.url)
        check("trap 3: one that changes each time is not known, after three readings", len(gaps(done, "group")) == 1
              and not proposed(done) - {"asa3"} and len(fake.asked) == 3, *show(done), fake.asked)


def trimmed(home, entries):
    with Fake(entries, hidden=(person(5),)) as fake:
        done = home.plan(fake.url)
        night = certificate(home, fake.url)
        check("trap 24: a member that we may not see makes its group unknown, and is counted", done.returncode == 3
              and [g["id"] for g in gaps(done, "group")] == [SKOLA] and proposed(done) == {"asa3"} and night["hidden"] == 1,
              *show(done), night)
    bare = [(dn, {k: v for k, v in a.items() if k != "userAccountControl" or dn != person(5)}) for dn, a in entries]
    with Fake(bare) as fake:
        done = home.plan(fake.url)
        check("trap 24: an attribute that we may not see of some is a gap", done.returncode == 3 and
              any("userAccountControl" in g["text"] for g in gaps(done, "directory")), *show(done))


def timed(home, entries, whole):
    ends = {(LITEN, person(3)): 86400}
    with Fake(entries, controls=(LINK_TTL,), ttl=ends) as fake:
        done = home.plan(fake.url)
        stays = [(s["account"], s["why"]) for s in plan(done)["structural"]]
        check("trap 32: a membership that ends by itself is not proposed, and it is said when it ends", "asa3" not in
              {p["account"] for p in plan(done)["proposals"] if p["role"] == "liten"} and len(stays) == 1 and stays[0][0] == "asa3"
              and "2026-11-25" in stays[0][1], *show(done), stays)
    with Fake(entries, ttl=ends) as fake:
        done = home.plan(fake.url)
        check("trap 32: the control is sent to servers that know it", done.stdout == whole, *show(done))


def since(home, entries):
    def value(dn, deleted="1601-01-01T00:00:00Z"):
        return (f"<DS_REPL_VALUE_META_DATA>\n<pszAttributeName>member</pszAttributeName>\n<pszObjectDn>{dn}</pszObjectDn>\n"
                f"<ftimeDeleted>{deleted}</ftimeDeleted>\n<ftimeCreated>2026-03-01T08:00:00Z</ftimeCreated>\n"
                "</DS_REPL_VALUE_META_DATA>\n").encode() + b"\0"
    for name, wrong in (("at once", {}), ("in ranges", {"limit": 1})):
        small = [e for e in entries if e[0] not in (SKOLA,)] + [group(1, "APP-Skola", [person(4)])]
        with Fake(small, added={LITEN: [value(person(1)), value(person(3)), value(person(9), "2026-04-01T00:00:00Z")]}, **wrong) as fake:
            certificate(home, fake.url)
            done = home.call(fake.url, "--now", server.NOW, "proposals", "--json")
            found = [p["evidence"].get("added") for p in json.loads(done.stdout)["proposals"] if p.get("account") == "asa3"]
            check(f"trap 39: the moment a membership came stands with the proposal, told {name}", found == ["2026-03-01T08:00:00Z"],
                  *show(done), found)


def stalled(home, entries):
    home.timeout = 1
    for name, says in (("", None), (" after an entry", lambda chunks: len(b"".join(chunks[:9]))),
                       (" inside an entry", lambda chunks: len(b"".join(chunks[:9])) + 33),
                       (" inside the head of an entry", lambda chunks: len(b"".join(chunks[:9])) + 3)):
        with Fake(entries, stalls=3, says=says) as fake:
            done = home.plan(fake.url)
            check(f"a server that says nothing more{name} is waited for as long as conf says, twice", done.returncode == 1
                  and not done.stdout and b"page 3 did not come" in done.stderr and b"Timed out" in done.stderr
                  and b"once more" in done.stderr, *show(done))
    home.timeout = 20


def domains(entries):
    """Skolan has a domain of its own, with a server of its own; its people stand in our groups as names and as SIDs."""
    other = "DC=skola,DC=example"
    pupil = (f"CN=Bo,{other}", {"objectClass": ["user"], "sAMAccountName": ["bo"], "objectSid": [sid(77)[:-4] + b"\x09\0\0\0"],
                                "sAMAccountType": ["805306368"], "title": ["Rektor"], "userAccountControl": ["512"]})
    clerk = (f"CN=Eva,{other}", {"objectClass": ["user"], "sAMAccountName": ["eva"], "objectSid": [sid(78)[:-4] + b"\x0a\0\0\0"],
                                 "sAMAccountType": ["805306368"], "title": ["Rektor"], "userAccountControl": ["512"]})

    def foreign(raw, name):
        return (f"CN={name},CN=ForeignSecurityPrincipals,{BASE}", {"objectClass": ["foreignSecurityPrincipal"], "objectSid": [raw]})
    bo, eva = foreign(pupil[1]["objectSid"][0], "S-1"), foreign(sid(99), "S-2")
    here = entries[:40] + [bo, eva, group(1, "APP-Skola", [person(1), bo[0], f"CN=Eva,{other}"]), group(3, "APP-Liten", [person(1), eva[0]])]
    home = Home()
    try:
        with Fake(here[:-2] + [group(1, "APP-Skola", [person(1), bo[0]]), here[-1]]) as first:
            done = home.plan(first.url)
            check("trap 11: a principal of a domain that is not read is told and never proposed", not proposed(done)
                  and {f["kind"] for f in plan(done)["findings"]} >= {"foreign-member"}, *show(done))
        with Fake(here) as first, Fake([pupil, clerk]) as second:
            home.sources = [(first.url, BASE), (second.url, other)]
            done = home.plan(None)
            check("trap 11, 13: people of another directory are judged as ours, by SID and by name", proposed(done) == {"bo", "eva"},
                  *show(done))
    finally:
        shutil.rmtree(home.folder)


def another(home, entries):
    """Changes are counted by each server for itself, and anew by another database under its name."""
    small = entries[:40] + [group(1, "APP-Skola", [person(1), person(3)]), group(3, "APP-Liten", [person(1)])]
    home.extra, home.more, seen = 'full-read = "7 days";', 'work = "work";', []
    for service, database in (("NTDS", 1), ("NTDS", 1), ("NTDS", 2), ("NTDS", 2), ("NTDS 2", 2)):
        with Fake(small, service=service, invocation=bytes([database]) * 16) as fake:
            seen.append(certificate(home, fake.url).get("changes"))
    check("trap 21: everything is read of another server, and of another database of the same", seen == [False, True, False, True, False],
          seen)
    home.extra = home.more = ""


def everybody(home, entries):
    anyone = (f"CN=S-1-5-11,CN=ForeignSecurityPrincipals,{BASE}",
              {"objectClass": ["foreignSecurityPrincipal"], "objectSid": [b"\1\1\0\0\0\0\0\5\x0b\0\0\0"]})
    open_to_all = [e for e in entries if e[0] != LITEN] + [anyone, group(3, "APP-Liten", [person(1), anyone[0]])]
    with Fake(open_to_all) as fake:
        done = home.plan(fake.url)
        found = [(f["kind"], f["role"]) for f in plan(done)["findings"] if f["kind"] == "unbounded-access"]
        check("trap 41: Authenticated Users is unbounded access, and then nobody lacks it", found == [("unbounded-access", "liten")]
              and not [m for m in plan(done)["missing"] if m["role"] == "liten"], *show(done), found)


def cycles(home, entries, whole):
    """GG-Skola lies in APP-Skola, and APP-Skola in GG-Skola; and a diamond is no cycle."""
    turned = [(dn, {**a, "member": a["member"] + [person(PEOPLE - 3), SKOLA]}) if dn.startswith("CN=GG-Skola") else (dn, a) for dn, a in entries]
    both = [(dn, {**a, "member": a["member"] + [f"CN=Ring,OU=Behorighet,{BASE}"]}) if dn == SKOLA else (dn, a) for dn, a in turned]
    both.append(group(4, "Ring", [f"CN=GG-Skola,OU=Behorighet,{BASE}"]))
    wanted = {p["account"] for p in json.loads(whole)["proposals"]}
    for name, there in (("a cycle of groups", turned), ("a diamond on a cycle", both)):
        with Fake(there) as fake:
            done = home.plan(fake.url)
            missing = {m["account"] for m in plan(done).get("missing", ()) if m["role"] == "skola"}
            check(f"trap 8: {name} ends, and the same people are proposed", done.returncode == 0 and proposed(done) == wanted, *show(done),
                  len(proposed(done) ^ wanted))
            check(f"trap 8: who is in a group by {name} only has what it gives", f"asa{PEOPLE - 3}" not in missing and len(missing) > 3,
                  *show(done), len(missing))


def parted(home, entries, whole):
    """Over three connections, when the server tells when each object was made."""
    last = 12345
    home.extra = "connections = 3;"
    spread = {"evenly": lambda i: last * i // len(entries), "all in one part": lambda i: last - 1, "newest after we asked": lambda i: last + i,
              "in part not shown": lambda i: None if i % 3 == 0 else last * i // len(entries), "not at all": lambda i: None}
    for name, numbers in spread.items():
        with Fake(entries, numbers=numbers, limit=2) as fake:
            done = home.plan(fake.url)
            check(f"a split search, the numbers spread {name}, is the plan of one search", done.stdout == whole and fake.links == 3,
                  *show(done), fake.links)
    with Fake(entries) as fake:
        done = home.plan(fake.url)
        check("a server that does not heed the parts of a split search makes no plan of what comes twice",
              done.returncode == 1 and not done.stdout, *show(done))
    with Fake(entries, numbers=spread["evenly"], elsewhere=True) as fake:
        done = home.plan(fake.url)
        check("a connection that reaches another server is not part of a split search", done.stdout == whole
              and fake.links == 2 and b"another server" in done.stderr, *show(done), fake.links)
    known = {"controls": (LINK_TTL,), "ttl": {(LITEN, person(3)): 86400}}
    home.extra = ""
    with Fake(entries, **known) as fake:
        ends = home.plan(fake.url).stdout
    home.extra = "connections = 3;"
    with Fake(entries, **known, numbers=spread["evenly"], elsewhere=True, limit=2) as fake:
        done = home.plan(fake.url)
        check("and what that server cannot do is still asked of the first", done.stdout == ends != whole and fake.links == 2, *show(done))
    with Fake(entries, numbers=spread["all in one part"], result={2: 11}) as fake:
        done = home.plan(fake.url)
        check("one part of a split search that fails is no plan", done.returncode == 1 and not done.stdout, *show(done))
    home.extra = ""


def clear(home, entries):
    home.write("secret", "not in the clear\n")
    os.chmod(home.folder + "/secret", 0o600)
    home.extra = f'bind-dn = "CN=behov,{BASE}"; password-file = "secret"; starttls = false;'
    with Fake(entries) as fake:
        done = home.plan(fake.url)
        check("trap 25: a password is never sent in the clear, not even to loopback", done.returncode == 2 and not done.stdout
              and not fake.binds and b"only sent over TLS" in done.stderr, *show(done), fake.binds)
    home.extra = ""
    for port in (3268, 3269):
        done = home.call(f"ldaps://dc1.kalmar.example:{port}", "check")
        check(f"trap 12: the global catalog ({port}) is refused, it knows members of universal groups only", done.returncode == 2
              and b"global catalog" in done.stderr, *show(done))


def main():
    boundaries()
    home, entries = Home(), world()
    try:
        with Fake(entries) as fake:
            whole = home.plan(fake.url).stdout
        changing(home, entries, whole)
        trimmed(home, entries)
        timed(home, entries, whole)
        since(home, entries)
        stalled(home, entries)
        another(home, entries)
        everybody(home, entries)
        cycles(home, entries, whole)
        clear(home, entries)
        parted(home, entries, whole)
    finally:
        shutil.rmtree(home.folder)
    domains(entries)
    return 1 if server.failures else 0


sys.exit(main())
