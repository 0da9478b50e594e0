#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random small directories, judged by behov and by plain Python sets.

In some a group could not be read to its end, and may contain anybody; in some there is a service account, whose need is
written nowhere; some needs are that of a group's members; every fifth is too large to try all cuts.  For each world: the proposed removals, all carried out together, take nobody's needed access; nobody is proposed whose
access is not excess; what stays is exactly what is declared structural; missing is need without access; and, where
the cuts are few enough to try them all, no other set of allowed cuts would have taken away more excess, or as much with
fewer edges.
"""
import base64
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import uuid

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
BASE = "DC=kalmar,DC=example"
TITLES = ["Lärare", "Rektor", "Ekonom", "Kock"]
WORLDS = int(os.environ.get("WORLDS", "500" if "address" in os.environ.get("BUILD", "") else "2000"))


class World:
    def __init__(self, seed):
        draw = random.Random(seed)
        large = seed % 5 == 0
        self.people = {f"person{i}": draw.choice(TITLES) for i in range(draw.randint(10, 90) if large else draw.randint(1, 6))}
        self.services = ["svc-backup"] if draw.random() < 0.2 else []
        self.org = [f"GG-{i}" for i in range(draw.randint(0, 8) if large else draw.randint(0, 2))]
        self.access = [f"APP-{i}" for i in range(draw.randint(4, 16) if large else draw.randint(1, 4))]
        groups = self.org + self.access
        members = list(self.people) + self.services
        self.edges = {(p, g) for p in members for g in groups if draw.random() < (0.15 if large else 0.35)}
        self.edges |= {(a, b) for a in groups for b in groups if a != b and draw.random() < (0.08 if large else 0.15)}
        self.unknown = set(draw.sample(groups, 1)) if draw.random() < 0.25 else set()
        self.edges |= {("person0", g) for g in self.unknown}
        self.edges = self.edges or {("person0", self.access[0])}     # an export without any member is a gap
        roles = draw.sample(self.access, draw.randint(1, len(self.access)))
        self.roles = {f"roll{i}": (g, draw.sample(TITLES, draw.randint(1, 2))) for i, g in enumerate(roles)}
        self.asked = {role: draw.choice(groups) for role in self.roles if draw.random() < 0.15}

    def members_of(self, role, edges, sure=False):
        return self.below(self.roles[role][0], edges, sure)

    def below(self, group, edges, sure=False):
        """Who reaches a group over these edges; `sure`: by groups that were read to their end."""
        seen, todo = set(), [group]
        while todo:
            group = todo.pop()
            for member in [a for a, b in edges if b == group and not (sure and group in self.unknown)]:
                if member not in seen:
                    seen.add(member)
                    todo.append(member)
        return seen

    def access_of(self, role, edges):
        return {m for m in self.members_of(role, edges) if m in self.people}

    def untouchable(self, edges):
        """What must stay: needed access and that of service accounts, and what of it is certain."""
        kept = set()
        for role in self.roles:
            whom = self.need_of(role) | self.unsure_of(role) | set(self.services)
            kept |= {(role, m, sure) for sure in (False, True) for m in self.members_of(role, edges, sure) & whom}
        return kept

    def is_safe(self, cut):
        """Whatever must stay and is carried by an edge of the cut is certain without it."""
        sure = {role: self.members_of(role, self.edges - set(cut), True) for role in self.roles}
        for member, group in cut:
            up = self.up(group)
            below = [m for m in [*self.people, *self.services] if m == member or (member not in self.people and member in self.up(m))]
            if any(m in self.services or m in self.need_of(role) | self.unsure_of(role) for role, (listed, _) in self.roles.items() if listed in up
                   for m in below if m not in sure[role]):
                return False
        return True

    def may_hide(self, group):
        """May anybody be below?"""
        return any(group in self.up(u) for u in self.unknown)

    def need_of(self, role):
        whom = {p for p, title in self.people.items() if title in self.roles[role][1]}
        return whom | (self.below(self.asked[role], self.edges) & set(self.people) if role in self.asked else set())

    def unsure_of(self, role):
        """A group that may hide anybody may hide everybody."""
        if role in self.asked and self.may_hide(self.asked[role]):
            return set(self.people) - self.need_of(role)
        return set()

    def excess(self, edges):
        return {(r, p) for r in self.roles for p in self.access_of(r, edges) - self.need_of(r) - self.unsure_of(r)}

    def up(self, group):
        seen, todo = {group}, [group]
        while todo:
            for a, b in self.edges:
                if a == todo[-1] and b not in seen:
                    seen.add(b)
                    todo.insert(0, b)
            todo.pop()
        return seen

    def may_cut(self, edge):
        """Only out of access groups, and only where all that the group leads up to is one, and leads to some role."""
        roles = {group for group, _ in self.roles.values()}
        return not self.up(edge[1]) & set(self.asked.values()) and edge[1] not in self.unknown and not self.may_hide(edge[0]) and edge[0] not in self.services and all(
            g in self.access and roles & self.up(g) for g in self.up(edge[1]))


def dn(name):
    return f"CN={name},OU={'Behorighet' if name.startswith('APP-') else 'Grupper'},{BASE}"


def ldif(world):
    lines = []
    for name in list(world.people) + world.services + world.org + world.access:
        guid = base64.b64encode(uuid.uuid5(uuid.NAMESPACE_URL, name).bytes_le).decode()
        lines += ["dn: " + dn(name), "objectGUID:: " + guid, "sAMAccountName: " + name]
        if name in world.people:
            title = base64.b64encode(world.people[name].encode()).decode()
            lines += ["objectClass: user", "sAMAccountType: 805306368", "userAccountControl: 512", "title:: " + title]
        elif name in world.services:
            lines += ["objectClass: user", "sAMAccountType: 805306368", "userAccountControl: 512", "servicePrincipalName: http/x"]
        else:
            lines += ["objectClass: group", "groupType: -2147483646"]
            kind = "member;range=0-1499: " if name in world.unknown else "member: "
            lines += [kind + dn(a) for a, b in sorted(world.edges) if b == name]
        lines.append("")
    return "\n".join(lines) + "\n"


def rules(world):
    roles = []
    for role, (group, titles) in world.roles.items():
        globs = ", ".join(f'"{t}"' for t in titles)
        evidence = 'why = "w"; by = "person0"; since = "2026-01-01"'
        clauses = [f'{{ {evidence}; title = ( {globs} ); }}']
        clauses += [f'{{ {evidence}; group = "{dn(world.asked[role])}"; }}'] if role in world.asked else []
        roles.append(f'{{ id = "{role}"; name = "{role}"; groups = ( "{dn(group)}" ); needs = ( {", ".join(clauses)} ); }}')
    return ('system = { id = "s"; name = "S"; owner = "person0"; class = { konfidentialitet = 1; riktighet = 1; '
            'tillganglighet = 1; sparbarhet = 1; }; roles = (\n' + ",\n".join(roles) + "\n); };\n")


def write(folder, world):
    os.makedirs(folder + "/rules")
    with open(folder + "/d.ldif", "w", encoding="utf-8") as out:
        out.write(ldif(world))
    with open(folder + "/rules/s.cfg", "w", encoding="utf-8") as out:
        out.write(rules(world))
    with open(folder + "/behov.cfg", "w", encoding="utf-8") as out:
        out.write('organisation = "Kalmar kommun"; store = "sqlite:behov.db"; rules = "rules";\n'
                  f'directory = {{ source = "file:d.ldif"; base = "{BASE}"; '
                  f'access-groups = ( "OU=Behorighet,{BASE}" ); }};\n'
                  'mail = { server = "maildir:outbox"; from = "behov@kalmar.example"; };\n'
                  'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')


def name_of(dn_text):
    return dn_text.split(",")[0][3:]


def judge(world, plan):
    """What is wrong with this plan, as a list of sentences."""
    wrong = []
    cuts = set()
    for p in plan["proposals"]:
        member = p["account"] if p["kind"] == "remove-member" else name_of(p["member"])
        cuts.add((member, name_of(p["group"])))
    if not cuts <= world.edges:
        wrong.append(f"cuts what is not there: {cuts - world.edges}")
    for edge in cuts:
        if not world.may_cut(edge):
            wrong.append(f"cuts {edge}, which may carry what nobody has registered")
    after = world.edges - cuts
    if world.untouchable(after) != world.untouchable(world.edges):
        wrong.append(f"takes needed access: {world.untouchable(world.edges) - world.untouchable(after)}")
    left = {(s["role"], s["account"]) for s in plan["structural"]}
    if left != world.excess(after):
        wrong.append(f"structural is {left}, but {world.excess(after)} stays")
    missing = {(m["role"], m["account"]) for m in plan["missing"]}
    expected = {(r, p) for r in world.roles for p in world.need_of(r) - world.access_of(r, world.edges)
                if not world.may_hide(world.roles[r][0])}
    if missing != expected:
        wrong.append(f"missing is {missing}, not {expected}")
    for edge in cuts:
        if world.excess(after | {edge}) == world.excess(after):
            wrong.append(f"{edge} is cut for nothing")
    return wrong, after


def best(world):
    """What the best safe set of allowed cuts leaves and how many edges it has, by trying them all; None: too many."""
    allowed = [e for e in sorted(world.edges) if world.may_cut(e)]
    if len(allowed) > 10:
        return None
    return min((len(world.excess(world.edges - set(cut))), n) for n in range(len(allowed) + 1)
               for cut in itertools.combinations(allowed, n) if world.is_safe(cut))


def main():
    unsafe, tried, behind = [], 0, 0
    for seed in range(WORLDS):
        world = World(seed)
        with tempfile.TemporaryDirectory(prefix="behov-access-") as folder:
            write(folder, world)
            done = subprocess.run([BEHOV, "-q", "--config", folder + "/behov.cfg", "--now", "2026-11-24T02:00+01:00",
                                   "plan", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode not in (0, 3, 4):
            unsafe.append(f"world {seed}: exit {done.returncode}: {done.stderr.decode()[-300:]}")
            continue
        wrong, after = judge(world, json.loads(done.stdout))
        unsafe += [f"world {seed}: {sentence}" for sentence in wrong]
        least = best(world)
        if least is not None:
            tried += 1
            is_left = len(world.excess(after)), len(world.edges - after)
            if is_left != least:
                behind += 1
                print(f"world {seed}: leaves {is_left[0]} by {is_left[1]} cuts, could leave {least[0]} by {least[1]}")
    print(("not ok " if unsafe else "ok ") + f"{WORLDS} random worlds: no needed access goes, what stays is declared")
    print("\n".join(unsafe[:20]))
    print(("ok " if tried > WORLDS // 4 else "not ok ") + f"{tried} worlds were small enough to try every cut")
    print(("not ok " if behind else "ok ") + f"{behind} of them leave more excess than the best cuts would, or have more cuts")
    return 1 if unsafe or behind or tried <= WORLDS // 4 else 0


sys.exit(main())
