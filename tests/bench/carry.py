# SPDX-License-Identifier: GPL-3.0-or-later
"""What carrying out costs: files quarantined beside a bare loop of renameat, and unlinked; and the journal's part of it."""
import os
import shutil

from common import BUILD, ROOM, Took, goal, run, table

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


def carry():
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
