#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removals over LDAP go a herd at a time: ended at each step, cut off after each change, refused one among many.

Whatever happens, what the journal says of each value is so, no other value goes, and the next run comes to the same end.
"""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../service"))
import fake
from fake import BASE, Fake, check, parts

BUILD = os.path.join(fake.TOP, os.environ.get("BUILD", "build"))
APPLY = BUILD + "/tests/crash/apply-steps"
GROUPS, EACH, GONE = 4, 6, 4
HERD = 200                  # as agent/apply/removal.c


def group(g):
    return f"CN=APP-{g},OU=Behorighet,{BASE}"


def person(i):
    return f"CN=Asa {i},OU=Personal,{BASE}"


def guid(kind, n):
    return struct.pack("<IHH", n, kind, kind) + bytes([kind]) * 8


def key(kind, n):
    return str(uuid.UUID(bytes_le=guid(kind, n)))


def entries(groups=GROUPS, each=EACH):
    """Each group has members of its own."""
    people = [(person(i), {"objectClass": ["user"], "objectGUID": [guid(1, i)]}) for i in range(groups * each)]
    return people + [(group(g), {"objectClass": ["group"], "objectGUID": [guid(2, g)],
                                 "member": [person(i) for i in range(g * each, (g + 1) * each)]}) for g in range(groups)]


class Case:
    """The first `gone` of each group are to go."""

    def __init__(self, home, groups=GROUPS, each=EACH, gone=GONE):
        self.folder = tempfile.mkdtemp(dir=home)
        self.all = [(g, i) for g in range(groups) for i in range(g * each, g * each + gone)]
        self.world = entries(groups, each)
        self.kept = {group(g): [person(i) for i in range(g * each + gone, (g + 1) * each)] for g in range(groups)}
        with open(self.folder + "/list", "w", encoding="utf-8") as out:
            out.write("".join("\t".join((key(2, g), group(g), key(1, i), person(i))) + "\n" for g, i in self.all))

    def command(self, url, verb="removals"):
        return [APPLY, verb, self.folder + "/store", url, BASE, "", "", "", self.folder + "/list"]

    def fresh(self):
        for name in os.listdir(self.folder):
            if name.startswith("store"):
                os.unlink(f"{self.folder}/{name}")
        self.world[:] = entries(len(self.kept), len(self.world) // len(self.kept) - 1)

    def run(self, directory=None, die=None, steps=None):
        directory = directory or Fake(self.world)
        more = {k: str(v) for k, v in {"BEHOV_DIE_AT": die, "BEHOV_STEPS": steps}.items() if v}
        with directory:
            done = subprocess.run(self.command(directory.url), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=120, env={**{k: v for k, v in os.environ.items() if not k.startswith("LDAP")}, **more})
        self.changes, self.code, self.out, self.err = directory.changes, done.returncode, done.stdout.decode(), done.stderr.decode()
        return self

    def show(self):
        return subprocess.run(self.command("ldap://127.0.0.1:1", "show"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True).stdout.decode()

    def members(self):
        return {dn: list(a["member"]) for dn, a in self.world if "member" in a}

    def states(self, said=None):
        """(state of the proposal, what the journal has of it) of each."""
        said = said or self.show()
        found = dict(re.findall(r"^([0-9a-f]{16})-1 (\w+)", said, re.M))
        effects = dict(re.findall(r"^effect ([0-9a-f]{16})-1 remove 0 (\w+)", said, re.M))
        return {one: (found[f"{n:016x}"], effects.get(f"{n:016x}")) for n, one in enumerate(self.all, 1)}

    def untrue(self, said=None):
        """What the journal says and is not so: gone, and there still; or never meant, and gone.  And who was not to go, and is."""
        members, wrong = self.members(), []
        for (g, i), (state, effect) in self.states(said).items():
            there = person(i) in members[group(g)]
            if (effect == "done" and there) or (effect in (None, "failed") and not there) or (state == "done") != (effect == "done"):
                wrong.append((g, i, state, effect, there))
        return wrong + [dn for dn, kept in self.kept.items() if not set(kept) <= set(members[dn])]

    def is_over(self):
        return (self.code == 0 and self.members() == self.kept and "chain whole" in self.out
                and set(self.states(self.out).values()) == {("done", "done")})


# ---------------------------------------------------------------- what holds

def in_herds(home):
    case, listing = Case(home), home + "/steps"
    case.run(steps=listing)
    steps = [line.split()[1] for line in open(listing, encoding="ascii")]
    os.unlink(listing)
    check("all go, and nobody else", case.is_over(), case.out, case.err, case.members())
    check("the values of a group go in one request", sorted((dn, len(values)) for dn, _, _, values in case.changes)
          == [(group(g), GONE) for g in range(GROUPS)], case.changes)
    apply_steps = steps[steps.index("meant") - 1:]
    check("they are meant in one commit, and told in another", apply_steps == ["commit", "meant"] + GROUPS * ["remove"] + ["commit"], apply_steps)
    return steps


def ended_everywhere(home):
    case, listing = Case(home), home + "/steps"
    with Fake(case.world) as directory:
        subprocess.run(case.command(directory.url, "show"), check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(case.folder, case.folder + ".made")
    case.run(steps=listing)
    steps = [line.split()[1] for line in open(listing, encoding="ascii")]
    os.unlink(listing)
    wrong, middle = [], set()
    for n in range(1, len(steps) + 1):
        case.fresh()
        shutil.copytree(case.folder + ".made", case.folder, dirs_exist_ok=True)
        first = case.run(die=n).code
        wrong += [(n, steps[n - 1], *w) for w in case.untrue()]
        middle |= {effect for _, effect in case.states().values()}
        if first != 100 or not case.run().is_over():
            wrong.append((n, steps[n - 1], first, case.out, case.err))
        if case.untrue(case.out):
            wrong.append((n, steps[n - 1], "afterwards", case.untrue(case.out)))
    shutil.rmtree(case.folder + ".made")
    check(f"ended at each of {len(steps)} steps, and run again: the same end, and what is told is so", not wrong and "remove" in steps
          and middle == {"intended", "done"}, *wrong[:3], steps, middle)


class Lost(Fake):
    """Does so many changes, hangs up at the next one (does: having done it), and is gone until somebody says otherwise."""
    most, does, gone = 0, False, False

    def serve(self, link):
        if not self.gone:
            super().serve(link)

    def change(self, link, ident, body):
        if self.gone or (len(self.changes) == self.most and not self.does):
            self.gone = True
            return False
        going_on = super().change(link, ident, body)
        self.gone = len(self.changes) == self.most + 1
        return going_on and not self.gone


def lost_in_the_middle(home):
    wrong = []
    for most in range(GROUPS):
        for done in (False, True):
            case = Case(home)
            case.run(Lost(case.world, most=most, does=done))
            left, gone = case.untrue(case.out), sum(6 - len(m) for m in case.members().values())
            if left or gone != GONE * (most + done) or "scheduled" not in case.out or {s for s, _ in case.states(case.out).values()} != {"scheduled"}:
                wrong.append((most, done, left, gone, case.out, case.err))
            if not case.run().is_over():
                wrong.append((most, done, "then", case.out, case.err))
    check("the directory is lost after each change: nothing is believed, and the next run goes on", not wrong, *wrong[:2])


def lost_before_the_rest(home):
    """More than are under way at once: what was never sent is not meant any longer, so that it does not count as begun."""
    case = Case(home, 60, 2, 1)
    case.run(Lost(case.world, most=3))
    effects = [effect for _, effect in case.states(case.out).values()]
    check("what was not sent when the directory was lost is not meant any longer", 3 < effects.count("intended") < 40
          and effects.count(None) == 60 - effects.count("intended") and not case.untrue(case.out), effects, case.err)
    check("and goes the next time", case.run().is_over(), case.out, case.err)


def one_among_many(home):
    """A server refuses a change as a whole when it does not like one of its values."""
    bad = person(1)
    for code, state, effect in ((53, "scheduled", "intended"), (50, "failed", "failed"), (19, "failed", "failed")):
        case = Case(home)
        case.run(Fake(case.world, modify=lambda one, code=code: (bad not in one[3], code if bad in one[3] else 0)))
        states = case.states(case.out)
        check(f"{code} for one of four: it is the only one that stays", states.pop((0, 1)) == (state, effect) and set(states.values()) == {("done", "done")}
              and case.members() == {**case.kept, group(0): [bad] + case.kept[group(0)]} and not case.untrue(case.out), case.out, case.err, case.members())
        check(f"{code}: each of its group was then asked for by itself", [len(v) for dn, _, _, v in case.changes if dn == group(0)] == [4, 1, 1, 1, 1],
              case.changes)
    case = Case(home)
    case.run(Fake(case.world, modify=lambda one: (False, 51)))
    check("a server that is busy is not asked for each", len(case.changes) == GROUPS and set(case.states(case.out).values()) == {("scheduled", "intended")}
          and not case.untrue(case.out), case.changes, case.out)
    check("and later it goes", case.run().is_over(), case.out, case.err)


class Liar(Fake):
    """Says no to what it has done, and hangs up."""

    def change(self, link, ident, body):
        super().change(link, ident, body)
        link.shutdown(socket.SHUT_RDWR)
        return False


def said_no_and_did_it(home):
    """Asked for together they were sent: that each was then not sent by itself takes none of them out of the journal."""
    case = Case(home, 1, 50, 40)
    case.run(Liar(case.world, modify=lambda one: (True, 80)))
    check("a server that says no, has done it, and is gone: what is gone was meant", not case.untrue(case.out) and case.members() == case.kept
          and None not in {effect for _, effect in case.states(case.out).values()}, case.untrue(case.out)[:3], case.err[-500:])
    check("and is told the next time", case.run().is_over(), case.out[-500:], case.err[-500:])


class Renaming(Fake):
    """Does no change and says yes; when the first group is asked about after that, something has just been given another name."""
    renamed = False

    def answer(self, link, fields):
        ident, (tag, body) = fields[0][1], fields[1]
        search = parts(body) if tag == 0x63 else None
        if search and search[1][1] == b"\0" and search[0][1].decode() == group(0) and self.changes and not self.renamed:
            self.renamed = True
            self.rename(self.entries)
        if search and search[1][1] == b"\0" and search[0][1] and search[0][1].decode() not in dict(self.entries):
            link.sendall(self.message(ident, self.done(0x65, 32)))
            return True
        return super().answer(link, fields)


def renamed_meanwhile(home):
    """An edge that is not found under the names that its ends had a moment ago is not gone."""
    def the_group(world):
        world[:] = [(("CN=Ny,OU=Behorighet," + BASE) if dn == group(0) else dn, a) for dn, a in world]

    def the_members(world):
        new = {person(i): f"CN=Gift {i},OU=Personal,{BASE}" for i in range(GONE)}
        world[:] = [(new.get(dn, dn), {k: [new.get(v, v) for v in values] for k, values in a.items()}) for dn, a in world]
    for what, rename in (("the group", the_group), ("its members", the_members)):
        for gone in (GONE, 1):
            case = Case(home, 1, EACH, gone)
            case.run(Renaming(case.world, rename=rename, modify=lambda one: (False, 0)))
            check(f"{what} given another name while {gone} are looked at: nothing is told as done", {("scheduled", "intended")}
                  == set(case.states(case.out).values()), case.out, case.err)
            case.run()
            check("and it is done under the new one", case.code == 0 and {("done", "done")} == set(case.states(case.out).values())
                  and {len(m) for m in case.members().values()} == {EACH - gone}, case.out, case.err, case.members())


def somebody_else_was_first(home):
    """Between the look and the request; this server knows no permissive change."""
    case = Case(home)

    def strict(one):
        held = dict(case.world)[one[0]]["member"]
        if len(one[3]) > 1 and person(2) in held:
            held.remove(person(2))
        whole = all(value in held for value in one[3])
        return whole, 0 if whole else 16
    case.run(Fake(case.world, modify=strict))
    check("one that somebody else took meanwhile hides no other", case.is_over(), case.out, case.err)
    case = Case(home)
    dict(case.world)[group(1)]["member"].remove(person(7))
    case.run()
    check("one that was gone before is left to a complete night", case.states(case.out).pop((1, 7)) == ("scheduled", None)
          and case.members() == case.kept and "natt avgör" in case.out, case.out, case.err)


def short_questions(home):
    case = Case(home)
    case.run(Fake(case.world, refuses=120))
    check("a server that refuses long questions is asked short ones", case.is_over(), case.out, case.err)
    case = Case(home)
    case.run(Fake(case.world, limit=3))
    check("a list that does not come whole is asked by a filter", case.is_over(), case.out, case.err)


def stopped_between(home):
    case = Case(home, 2, HERD, HERD - 50)

    def stop(_):
        os.kill(process.pid, signal.SIGTERM)
        return True, 0
    with Fake(case.world, modify=stop) as directory:
        process = subprocess.Popen(case.command(directory.url), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = (text.decode() for text in process.communicate(timeout=120))
    states = list(case.states(out).values())
    check("asked to stop it ends with the herd, and the rest is not begun", process.returncode == 1 and "asked to stop" in err
          and states.count(("done", "done")) == HERD and states.count(("scheduled", None)) == len(case.all) - HERD and not case.untrue(out), err[-500:])
    check("and goes on the next time", case.run().is_over(), case.err[-500:])


def main():
    home = tempfile.mkdtemp(prefix="br-", dir="/tmp")
    try:
        in_herds(home)
        ended_everywhere(home)
        lost_in_the_middle(home)
        lost_before_the_rest(home)
        one_among_many(home)
        said_no_and_did_it(home)
        renamed_meanwhile(home)
        somebody_else_was_first(home)
        short_questions(home)
        stopped_between(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if fake.failures else 0


sys.exit(main())
