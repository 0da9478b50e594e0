#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real domain controller (Samba): exactly one member value goes, and comes back; whatever else happens is said."""
import os
import subprocess
import sys
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loopback
import samba
from samba import ADMIN, BASE, PASSWORD

BUILD = os.path.join(samba.TOP, os.environ.get("BUILD", "build"))
ORACLE, STEPS = BUILD + "/tests/unit/oracle-apply", BUILD + "/tests/crash/apply-steps"
ADDRESS, NOBODY = loopback.address(), loopback.address(1)
URI, WEAK = f"ldaps://{ADDRESS}", "CN=svag,CN=Users," + BASE
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


# ---------------------------------------------------------------- the world


def person(i):
    return f"CN=Åsa Öberg\\, (nr {i}*),OU=Personal,{BASE}"


def group(name):
    return f"CN={name},OU=Behorighet,{BASE}"


def world():
    load = [samba.entry(f"{ou},{BASE}", objectClass="organizationalUnit") for ou in ("OU=Personal", "OU=Behorighet")]
    load += [samba.entry(person(i), objectClass="user", sAMAccountName=f"asa{i}", userAccountControl=512) for i in range(8)]
    load += [samba.entry(group(name), objectClass="group", sAMAccountName=name, member=[person(i) for i in range(8)])
             for name in ("APP-A", "APP-B", "APP-C", "APP-D", "APP-E")]
    load.append(samba.entry(WEAK, objectClass="user", sAMAccountName="svag", userAccountControl=512,
                            unicodePwd=f'"{PASSWORD}"'.encode("utf-16-le")))
    return load


def secrets(dc):
    dc.certify("other")
    samba.write(dc.home + "/password", PASSWORD + "\n")
    samba.write(dc.home + "/wrong", "not it\n")


def key(dc, base):
    return str(uuid.UUID(bytes_le=dc.attribute(base, "objectGUID")[0]))


class Case:
    """One removal: a store of its own."""
    count = 0

    def __init__(self, dc, of, who, bind=ADMIN, password="password", ca="tls", uri=URI, keys=None, group_dn=None):
        Case.count += 1
        self.store = f"{dc.home}/store-{Case.count}"
        group_key, member_key = keys or (key(dc, of), key(dc, who))
        self.words = [uri, BASE, bind, f"{dc.home}/{password}", f"{dc.home}/{ca}/ca.pem", group_key, group_dn or of, member_key, who]

    def run(self, verb="access", more=(), oracle=ORACLE, **steps):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("LDAP", "KRB5"))} | steps
        done = subprocess.run([oracle, verb, self.store, *more, *self.words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean, timeout=120)
        self.out, self.err, self.code = done.stdout.decode(), done.stderr.decode(), done.returncode
        return self.out.splitlines()[0].split(" ", 2)[1:] if self.out else ["?", self.err]


# ---------------------------------------------------------------- what holds


def goes_and_comes_back(dc):
    of, all_of = group("APP-A"), {person(i) for i in range(8)}
    case = Case(dc, of, person(3))
    state, _ = case.run()
    check("exactly one value goes", state == "done" and dc.members(of) == all_of - {person(3)}, case.out, case.err,
          dc.members(of))
    check("the chain is whole and the journal says done", "chain whole" in case.out and " remove 0 done" in case.out, case.out)
    state, _ = case.run("restore", ["00000000000000a1-1"])
    check("restore adds that value, and the others are as they were", state == "kept" and dc.members(of) == all_of,
          case.out, case.err)


def without_a_name(dc):
    """Protected identity: the store calls the member "Skyddad person 1", and only the fresh read knows the DN."""
    of, all_of = group("APP-A"), {person(i) for i in range(8)}
    case = Case(dc, of, person(6))
    state, _ = case.run(BEHOV_TEST_SECRET="1")
    check("a member whose name is not stored is removed", state == "done" and dc.members(of) == all_of - {person(6)} and
          "Åsa Öberg" not in case.out + case.err, case.out, case.err)
    state, _ = case.run("restore", ["00000000000000a1-1"])
    check("and is put back by what was journaled", state == "kept" and dc.members(of) == all_of and
          "Åsa Öberg" not in case.out + case.err, case.out, case.err)
    case = Case(dc, of, person(6))
    path = case.run("ldif", BEHOV_TEST_SECRET="1")[1]
    done = dc.tool("ldapmodify", "-f", path)
    check("an LDIF with it works, too", done.returncode == 0 and dc.members(of) == all_of - {person(6)}, done.stdout, case.out)
    dc.tool("ldapmodify", text=f"dn: {of}\nchangetype: modify\nadd: member\nmember: {person(6)}\n")


def ldif(dc):
    of = group("APP-B")
    case = Case(dc, of, person(7))
    state, path = case.run("ldif")
    text = open(path, encoding="utf-8").read() if state == "exported" else ""
    check("an LDIF is written and nothing is changed", "changetype: modify" in text and len(dc.members(of)) == 8, case.out, case.err)
    done = dc.tool("ldapmodify", "-f", path)
    check("run by an administrator, it takes exactly that value", done.returncode == 0
          and dc.members(of) == {person(i) for i in range(7)}, done.stdout.decode(), text)
    dc.tool("ldapmodify", text=f"dn: {of}\nchangetype: modify\nadd: member\nmember: {person(7)}\n")


def drift(dc):
    of = group("APP-B")
    dc.tool("ldapmodify", text=f"dn: {of}\nchangetype: modify\ndelete: member\nmember: {person(1)}\n")
    case = Case(dc, of, person(1))
    before = dc.members(of)
    state, note = case.run()
    check("one that is gone already is left to a complete night, and nothing else is touched",
          state == "scheduled" and "natt avgör" in note and dc.members(of) == before and len(before) == 7, case.out, case.err)
    state = case.run("restore", ["00000000000000a1-1"])[0]
    check("what somebody else removed is not put back", state == "scheduled" and case.code == 1 and dc.members(of) == before, case.out, case.err)

    of, who = group("APP-C"), person(2)
    case = Case(dc, of, who)
    moved = f"CN=APP-C flyttad,OU=Personal,{BASE}"
    dc.tool("ldapmodify", text=f"dn: {of}\nchangetype: modrdn\nnewrdn: CN=APP-C flyttad\ndeleteoldrdn: 1\nnewsuperior: OU=Personal,{BASE}\n")
    samba.write(dc.home + "/twin.ldif", f"dn: {of}\nchangetype: add\nobjectClass: group\nsAMAccountName: twin\nmember: {who}\n")
    made = dc.tool("ldapmodify", "-f", dc.home + "/twin.ldif")
    state, _ = case.run()
    check("a group that was renamed is found, and another under its old name is left",
          state == "done" and dc.members(moved) == {person(i) for i in range(8) if i != 2} and dc.members(of) == {who},
          case.out, case.err, made.stdout)

    case = Case(dc, group("APP-D"), person(4), keys=(str(uuid.uuid4()), key(dc, person(4))))
    state, note = case.run()
    check("a group that is no more is not looked for by its name", state == "scheduled" and "natt avgör" in note
          and len(dc.members(group("APP-D"))) == 8, case.out, case.err)


def hidden(dc):
    """Who may not read the member list must not take it for empty."""
    of, raw = group("APP-D"), dc.attribute(WEAK, "objectSid")[0]
    sid = "S-1-5-" + "-".join(str(int.from_bytes(raw[i:i + 4], "little")) for i in range(8, len(raw), 4))
    dc.samba_tool("dsacl", "set", "-H", dc.home + "/private/sam.ldb", "--objectdn=" + of,
                  f"--sddl=(OD;;RP;bf9679c0-0de6-11d0-a285-00aa003049e2;;{sid})")
    case = Case(dc, of, person(5), bind=WEAK)
    state, note = case.run()
    check("a member list that we may not read is not taken for empty", state == "scheduled" and "natt avgör" in note
          and len(dc.members(of)) == 8, state, note, case.err)


def refused(dc):
    of = group("APP-E")
    case = Case(dc, of, person(5), bind=WEAK)
    state, note = case.run()
    check("without the right to it, it fails and says so", state == "failed" and "inte rätt" in note
          and len(dc.members(of)) == 8, case.out, case.err)
    check("and which right is missing, as the line that gives it", 'dsacls "OU=Behorighet,' + BASE + '" /I:S /G "' in note and
          "\"svag@kalmar.example:WP;member;group\"" in note, note)
    for name, how in (("a CA that did not sign the server", {"ca": "other"}), ("a wrong password", {"password": "wrong"}),
                      ("no TLS", {"uri": f"ldap://{ADDRESS}"}), ("nobody who answers", {"uri": "ldaps://" + NOBODY})):
        case = Case(dc, of, person(5), **how)
        state, note = case.run()
        check(f"{name}: it stays scheduled, and nothing is changed", state == "scheduled" and "går inte att nå" in note
              and len(dc.members(of)) == 8 and PASSWORD not in case.err, case.out, case.err)
    state, _ = Case(dc, of, person(5)).run()
    check("and goes when all is well", state == "done" and len(dc.members(of)) == 7)


def ended_everywhere(dc):
    of, restore = group("APP-A"), ["00000000000000a1-1"]
    all_of = {person(i) for i in range(8)}
    case, listed = Case(dc, of, person(0)), dc.home + "/steps"
    case.run("show")
    case.run(oracle=STEPS, BEHOV_STEPS=listed)
    steps = open(listed, encoding="utf-8").read().splitlines()
    case.run("restore", restore)
    check("a removal has steps to be ended at", any(" remove" in step for step in steps) and dc.members(of) == all_of, steps)
    for n, step in enumerate(steps, 1):
        case = Case(dc, of, person(0))
        case.run("show")
        case.run(oracle=STEPS, BEHOV_DIE_AT=str(n))
        died = case.code == 100
        state, _ = case.run()
        check(f"ended after step {step} exactly that value goes", died and state == "done" and "chain whole rows=1" in case.out
              and " remove 0 done" in case.out and dc.members(of) == all_of - {person(0)}, case.out, case.err)
        case.run("restore", restore, oracle=STEPS, BEHOV_DIE_AT=str(min(n, 2)))
        state, _ = case.run("restore", restore)
        check(f"and it comes back when that is ended after step {min(n, 2)}", state == "kept" and dc.members(of) == all_of,
              case.out, case.err)


def primary(dc):
    """AD lets a primary group be no member value: what looks gone is not."""
    of, who = group("APP-D"), person(6)
    sid = dc.attribute(of, "objectSid")[0]
    dc.tool("ldapmodify", text=f"dn: {who}\nchangetype: modify\nreplace: primaryGroupID\n"
         f"primaryGroupID: {int.from_bytes(sid[-4:], 'little')}\n")
    case = Case(dc, of, who)
    before = dc.members(of)
    state, note = case.run()
    check("a primary group is never said to be left", who not in before and state != "done" and "primär" in note,
          state, note, case.err, who in before)


def main():
    if os.geteuid() != 0:
        print("skip a domain controller needs ports below 1024: run as root")
        return 0
    try:
        with samba.Controller(ADDRESS, world()) as dc:
            check("the domain controller answers", dc.search("-s", "base", "-b", "", "defaultNamingContext").returncode == 0)
            secrets(dc)
            goes_and_comes_back(dc)
            without_a_name(dc)
            ended_everywhere(dc)
            ldif(dc)
            drift(dc)
            refused(dc)
            hidden(dc)
            primary(dc)
    except (subprocess.CalledProcessError, RuntimeError) as why:
        check("the domain controller can be set up", False, why, (getattr(why, "output", b"") or b"").decode()[-1500:])
    return 1 if failures else 0


sys.exit(main())
