# SPDX-License-Identifier: GPL-3.0-or-later
"""What carrying out costs: files quarantined beside a bare loop of renameat, and unlinked; memberships removed beside ldapmodify with
the same ones; and the journal's part of it."""
import os
import random
import shutil
import subprocess

from common import BASE, BUILD, ROOM, Took, goal, run, table, write
from directory import Slapd

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
    share = took[bare].wall / took["apply: quarantine"].wall
    goal("quarantine", f"{share:.2f} of the rate of a bare loop", "0.5", share >= 0.5)
    print(f"  {FILES / took['apply: quarantine'].wall:.0f} files a second quarantined, {FILES / took['apply: unlink'].wall:.0f} unlinked")


# ---------------------------------------------------------------- memberships

# By name, as slapd's schema compares no objectGUID: as many requests, and none of them a search.
PEOPLE, GROUPS, EACH, GONE = 10000, 100, 200, 100


def removals():
    """(group, member), half the members of each group, as tests/bench/directory.py has drawn them."""
    draw = random.Random(5)
    drawn = [sorted(draw.sample(range(PEOPLE), EACH)) for _ in range(GROUPS + 1)]      # the first is everybody's primary group
    return [(f"CN=APP-{g},OU=Behorighet,{BASE}", f"CN=Person Personsson {m},OU=Personal,{BASE}") for g in range(1, GROUPS + 1)
            for m in drawn[g][:GONE]]


def memberships():
    home, gone, seen = ROOM + "/removals", removals(), {}
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home)
    write(home + "/password", "bench")
    os.chmod(home + "/password", 0o600)
    write(home + "/list", "".join("\t".join(one) + "\n" for one in gone))
    for name in ("delete", "add"):
        write(f"{home}/{name}.ldif", "".join(f"dn: {group}\nchangetype: modify\n{name}: member\nmember: {member}\n-\n\n"
                                            for group, member in gone))
    with Slapd(PEOPLE, GROUPS + 1, (GROUPS + 1) * EACH) as server:
        env = {"LDAPTLS_CACERT": server.room + "/ca.pem", "LDAPCONF": "/dev/null"}
        admin = "cn=bench," + BASE
        change = ["ldapmodify", "-x", "-H", server.ldaps, "-D", admin, "-w", "bench", "-f"]
        words = [server.ldaps, BASE, admin, home + "/password", server.room + "/ca.pem", home + "/list"]

        def oracle(verb, now):
            return run([ORACLE, verb, home + "/store", *words], ROOM + "/out.removals", {"BEHOV_TEST_NOW": str(now), "BEHOV_TEST_QUIET": "1"})

        def ours(verb):
            for name in ("store", "store-wal", "store-shm"):
                if os.path.exists(f"{home}/{name}"):
                    os.unlink(f"{home}/{name}")
            oracle("show", NOW)
            took = oracle(verb, NOW)
            with open(ROOM + "/out.removals", encoding="utf-8") as out:
                done = sum(" done " in line for line in out)
            assert done == len(gone), done
            return took

        for _ in range(TURNS):
            seen.setdefault("ldapmodify", []).append(run(change + [home + "/delete.ldif"], ROOM + "/out.ldapmodify", env))
            subprocess.run(change + [home + "/add.ldif"], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **env})
            seen.setdefault("apply, each looked at before and after", []).append(ours("removals"))
            subprocess.run(change + [home + "/add.ldif"], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **env})
            seen.setdefault("the journal's part of it", []).append(ours("journal"))
    shutil.rmtree(home)
    took = {name: Took(got) for name, got in seen.items()}
    table(f"{len(gone)} memberships removed over ldaps, of slapd", took, "ldapmodify")
    rate, part = len(gone) / took["apply, each looked at before and after"].wall, took["the journal's part of it"].wall
    print(f"  {rate:.0f} memberships a second; of that the journal is {part / took['apply, each looked at before and after'].wall:.2f},"
          f" {1000 * part / len(gone):.2f} ms each")


def carry():
    files()
    memberships()
