# SPDX-License-Identifier: GPL-3.0-or-later
"""What carrying out costs: files quarantined beside a bare loop of renameat, and unlinked; memberships removed beside ldapmodify with
the same ones, of slapd and of a Samba domain controller, beside a bare loop that keeps no journal; and the journal's part of it."""
import base64
import os
import random
import shutil
import subprocess
import uuid

from common import BASE, BUILD, ROOM, Took, goal, ratio, run, table, write
from directory import Slapd, samba_controller, samba_drawn

FILES = int(os.environ.get("FILES", "1000000"))
TURNS = min(int(os.environ.get("TURNS", "5")), 3)
FOLDERS = 10
ORACLE, MOVER = BUILD + "/tests/unit/oracle-apply", BUILD + "/tests/bench/mover"
NOW, LATER = 1767571200, 1767571200 + 40 * 86400


def make_tree(home):
    shutil.rmtree(home, ignore_errors=True)
    for folder in range(FOLDERS):
        path = f"{home}/share/d{folder}"
        os.makedirs(path)
        fd = os.open(path, os.O_RDONLY)
        for i in range(FILES // FOLDERS):
            os.close(os.open(f"Verifikation {i:06d}.pdf", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd))
        os.close(fd)
    os.sync()


def apply(home, now):
    return run([ORACLE, "many", home + "/store", home], ROOM + "/out.carry", {"BEHOV_TEST_NOW": str(now), "BEHOV_TEST_QUIET": "1"})


def files():
    home, bare, seen = ROOM + "/carry", "mover (renameat)", {}
    for _ in range(TURNS):
        make_tree(home)
        seen.setdefault(bare, []).append(run([MOVER, home + "/share", home + "/aside"], ROOM + "/out.mover"))
        make_tree(home)
        apply(home, NOW - 30 * 86400)           # the store is made
        seen.setdefault("apply: quarantine", []).append(apply(home, NOW))
        seen.setdefault("apply: unlink", []).append(apply(home, LATER))
    shutil.rmtree(home)
    took = {name: Took(got) for name, got in seen.items()}
    table(f"{FILES} files in {FOLDERS} batches", took, bare)
    share = ratio(took[bare], took["apply: quarantine"])
    goal("quarantine", f"{share:.2f} of the rate of a bare loop", "0.5", share >= 0.5)
    print(f"  {FILES / took['apply: quarantine'].wall:.0f} files a second quarantined, {FILES / took['apply: unlink'].wall:.0f} unlinked")


# ---------------------------------------------------------------- memberships

# By name on slapd, whose schema compares no objectGUID: more requests, and none of them a search.
PEOPLE, GROUPS, EACH, GONE = 10000, 100, 200, 100
BARE = BUILD + "/tests/bench/remover"


class Removals:
    """Some memberships of one server, taken away by turns and put back between them."""

    def __init__(self, home, gone, url, base, admin, password, ca):
        self.home, self.gone, self.url, self.seen = home, gone, url, {}
        self.env = {"LDAPTLS_CACERT": ca, "LDAPCONF": "/dev/null"}
        self.change = ["ldapmodify", "-x", "-H", url, "-D", admin, "-w", password, "-f"]
        self.words = [url, base, admin, home + "/password", ca, home + "/list"]
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home)
        write(home + "/password", password)
        os.chmod(home + "/password", 0o600)
        write(home + "/list", "".join("\t".join((*group, *member)) + "\n" for group, member in gone))
        for name in ("delete", "add"):
            write(f"{home}/{name}.ldif", "".join(f"dn: {group[-1]}\nchangetype: modify\n{name}: member\nmember: {member[-1]}\n-\n\n"
                                                for group, member in gone))

    def put_back(self):
        subprocess.run(self.change + [self.home + "/add.ldif"], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **self.env})

    def oracle(self, verb):
        return run([ORACLE, verb, self.home + "/store", *self.words], ROOM + "/out.removals",
                   {"BEHOV_TEST_NOW": str(NOW), "BEHOV_TEST_QUIET": "1", "BEHOV_TEST_BRIEF": "1"})

    def ours(self, verb):
        for name in ("store", "store-wal", "store-shm"):
            if os.path.exists(f"{self.home}/{name}"):
                os.unlink(f"{self.home}/{name}")
        self.oracle("show")
        took = self.oracle(verb)
        with open(ROOM + "/out.removals", encoding="utf-8") as out:
            done = sum(" done " in line for line in out)
        assert done == len(self.gone), done
        return took

    def turn(self):
        for name, call in (("ldapmodify", lambda: run(self.change + [self.home + "/delete.ldif"], ROOM + "/out.ldapmodify", self.env)),
                           ("a bare loop of the same requests", lambda: run([BARE, *self.words], ROOM + "/out.remover")),
                           ("apply, each looked at before and after", lambda: self.ours("removals"))):
            self.seen.setdefault(name, []).append(call())
            self.put_back()
        self.seen.setdefault("the journal's part of it", []).append(self.ours("journal"))

    def tell(self, of, wanted):
        took = {name: Took(got) for name, got in self.seen.items()}
        table(f"{len(self.gone)} memberships removed over ldaps, of {of}", took, "ldapmodify")
        us, them, part = (took[name] for name in ("apply, each looked at before and after", "ldapmodify", "the journal's part of it"))
        print(f"  {len(self.gone) / us.wall:.0f} memberships a second; of that the journal is {ratio(part, us):.2f}, "
              f"{1000 * part.wall / len(self.gone):.2f} ms each")
        if wanted:
            goal("memberships a second, of ldapmodify's", f"{ratio(them, us):.2f}", "at least 1.00", ratio(them, us) >= 1)
        shutil.rmtree(self.home)


def of_slapd():
    """Half the members of each group, as tests/bench/directory.py has drawn them."""
    draw = random.Random(5)
    drawn = [sorted(draw.sample(range(PEOPLE), EACH)) for _ in range(GROUPS + 1)]      # the first is everybody's primary group
    gone = [((f"CN=APP-{g},OU=Behorighet,{BASE}",), (f"CN=Person Personsson {m},OU=Personal,{BASE}",)) for g in range(1, GROUPS + 1)
            for m in drawn[g][:GONE]]
    with Slapd(PEOPLE, GROUPS + 1, (GROUPS + 1) * EACH) as server:
        removals = Removals(ROOM + "/removals", gone, server.ldaps, BASE, "cn=bench," + BASE, "bench", server.room + "/ca.pem")
        for _ in range(TURNS):
            removals.turn()
        removals.tell("slapd", False)


def guids(dc):
    """DN -> objectGUID as it is written in a store."""
    found, dn = {}, None
    for line in dc.search("-LLL", "-o", "ldif-wrap=no", "-E", "pr=500/noprompt", "-b", BASE, "(|(objectClass=user)(objectClass=group))",
                          "objectGUID").stdout.decode().splitlines():
        if line.startswith("dn: "):
            dn = line[4:]
        elif line.startswith("objectGUID:: "):
            found[dn] = str(uuid.UUID(bytes_le=base64.b64decode(line[13:])))
    return found


def of_samba():
    """A fifth of each of 500 groups of 100; found by their objectGUID, as in a domain."""
    dc = samba_controller()
    if not dc:
        return
    with dc:
        key = guids(dc)

        def named(dn):
            return key[dn], dn
        gone = [(named(f"CN=APP-{g},OU=Behorighet,{BASE}"), named(f"CN=Person {m},OU=Personal,{BASE}"))
                for g, drawn in enumerate(samba_drawn()) for m in drawn[:20]]
        removals = Removals(ROOM + "/removals", gone, dc.url, BASE, dc.admin, dc.password, dc.ca)
        for _ in range(TURNS):
            removals.turn()
        removals.tell("a Samba domain controller", True)


def memberships():
    of_slapd()
    of_samba()


def carry():
    files()
    memberships()
