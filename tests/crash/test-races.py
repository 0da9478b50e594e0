#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links, renames, hard links and writes under apply while it quarantines and unlinks: nothing wrong is ever destroyed.

Every file holds a number that no other holds.  Attackers never destroy one themselves: they rename without replacing, exchange,
link and append.  So whatever number is nowhere at the end was destroyed by apply, and must have been approved, unheld, unchanged.
FILES= and ROUNDS= make it longer.
"""
import ctypes
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
ORACLE = os.path.join(TOP, os.environ.get("BUILD", "build"), "tests/unit/oracle-apply")
FILES, ROUNDS = int(os.environ.get("FILES", "1200")), int(os.environ.get("ROUNDS", "1"))
NOW, LATER = 1767571200, 1767571200 + 40 * 86400
NOBODY, NOREPLACE, EXCHANGE, HERE = 65534, 1, 2, -100
FOLDERS = ("d0", "d1", "d2", "w0", "w1")
libc = ctypes.CDLL(None, use_errno=True)
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail, sep="\n")


def rename(a, b, how=NOREPLACE):
    return libc.renameat2(HERE, os.fsencode(a), HERE, os.fsencode(b), how) == 0


class World:
    def __init__(self, home, draw):
        self.home, self.draw, self.numbers, self.approved, self.changed = home, draw, set(), set(), set()
        for folder in ("share", "outside", "stash"):
            os.makedirs(f"{home}/{folder}")
        for folder in FOLDERS:
            os.makedirs(f"{home}/share/{folder}")
            os.makedirs(f"{home}/outside/{folder}")
            for i in range(FILES // len(FOLDERS)):
                name = ("h" if i % 9 == 0 else "f") + f"{i:05d}"
                number = self.write(f"{home}/share/{folder}/{name}")
                if name[0] == "f":
                    self.approved.add(number)
                if i % 3 == 0:
                    self.write(f"{home}/outside/{folder}/{name}")
        self.paths = [(folder, name) for folder in FOLDERS for name in sorted(os.listdir(f"{home}/share/{folder}"))]
        self.names = {folder: [name for f, name in self.paths if f == folder] for folder in FOLDERS}

    def write(self, path):
        number = len(self.numbers) + 1
        self.numbers.add(number)
        with open(path, "x", encoding="utf-8") as out:
            out.write(f"<{number}>")
        return number

    def left(self):
        """Numbers that lie anywhere still."""
        found = set()
        for folder, _, names in os.walk(self.home):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.islink(path) and not name.startswith(("store", "stop", "index", "oracle")):
                    with open(path, "rb") as f:
                        found.update(int(n) for n in re.findall(rb"<(\d+)>", f.read()))
        return found


class Attacker:
    """A process of its own, until the file `stop` is there."""

    def __init__(self, world, seed):
        self.w, self.draw, self.seed, self.made, self.changed = world, random.Random(seed), seed, 0, set()
        self.stop, self.told = f"{world.home}/stop-{seed}", f"{world.home}/store-told-{seed}"
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.run()
                with open(self.told, "w", encoding="ascii") as out:
                    out.write(f"{self.made} {' '.join(map(str, self.changed))}")
            finally:
                os._exit(0)

    def end(self):
        """How many attacks it made; what it changed is known to the world then."""
        with open(self.stop, "x", encoding="ascii"):
            pass
        os.waitpid(self.pid, 0)
        with open(self.told, encoding="ascii") as f:
            made, *changed = map(int, f.read().split())
        self.w.changed.update(changed)
        return made

    def near(self):
        """Where apply is just now: one of those that come next in the batch that it moves."""
        at = [(f, os.listdir(f"{self.w.home}/share/.behov-karantan/{i + 1:016x}-1")) for i, f in enumerate(FOLDERS)
              if os.path.isdir(f"{self.w.home}/share/.behov-karantan/{i + 1:016x}-1")][-1:]
        if not at:
            return self.draw.choice(self.w.paths)
        folder, names = at[0]
        number = max([int(n) for n in names if n.isdigit()] or [0]) + self.draw.randrange(3)
        return folder, self.w.names[folder][min(number, len(self.w.names[folder]) - 1)]

    def aside(self):
        self.made += 1
        return f"{self.w.home}/stash/{self.seed}-{self.made}"

    def run(self):
        ways = (self.link_for_file, self.link_for_folder, self.hard_link, self.append, self.exchange, self.swap_folders)
        while not os.path.exists(self.stop):
            try:
                folder, name = self.near() if self.draw.random() < 0.9 else self.draw.choice(self.w.paths)
                self.draw.choices(ways, (60, 2, 2, 1, 60, 2))[0](f"{self.w.home}/share/{folder}", f"{self.w.home}/outside/{folder}", name)
            except OSError:
                pass

    def link_for_file(self, share, outside, name):
        aside, link = self.aside(), self.aside()
        if not rename(f"{share}/{name}", aside):
            return
        os.symlink(f"{outside}/{name}", link)
        rename(link, f"{share}/{name}")
        rename(f"{share}/{name}", self.aside())
        rename(aside, f"{share}/{name}")

    def link_for_folder(self, share, outside, _):
        link = self.aside()
        os.symlink(outside, link)
        if rename(link, share, EXCHANGE):
            rename(link, share, EXCHANGE)

    def swap_folders(self, share, outside, _):
        if rename(share, outside, EXCHANGE):
            rename(share, outside, EXCHANGE)

    def hard_link(self, share, _, name):
        os.link(f"{share}/{name}", self.aside(), follow_symlinks=False)

    def exchange(self, share, outside, name):
        if rename(f"{share}/{name}", f"{outside}/{name}", EXCHANGE):
            rename(f"{share}/{name}", f"{outside}/{name}", EXCHANGE)

    def append(self, share, _, name):
        fd = os.open(f"{share}/{name}", os.O_RDWR | os.O_NOFOLLOW)
        try:
            text = os.read(fd, 100)
            os.write(fd, b"+")
            self.changed.update(int(n) for n in re.findall(rb"<(\d+)>", text))
        finally:
            os.close(fd)


def call(home, verb, now, who):
    return subprocess.run([home + "/oracle", verb, home + "/store", home], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=600, **who,
                          env={**os.environ, "BEHOV_TEST_NOW": str(now), "BEHOV_TEST_HELD": "*/h*", "BEHOV_TEST_QUIET": "1"})


def attacked(world, seed, now, who):
    """One run of apply among attackers, who are all back at rest when it is over."""
    attackers = [Attacker(world, seed * 10 + n) for n in range(2)]
    try:
        done = call(world.home, "many", now, who)
    finally:
        made = sum([a.end() for a in attackers])
    return done, made


def one_round(seed, who, as_whom):
    home = tempfile.mkdtemp(prefix="br-", dir="/tmp")
    try:
        world = World(home, random.Random(seed))
        shutil.copy(ORACLE, home + "/oracle")
        if who:
            for folder, folders, names in os.walk(home):
                for name in ["."] + folders + names:
                    os.chown(os.path.join(folder, name), NOBODY, NOBODY)
        made = call(home, "many", NOW - 30 * 86400, who)
        check(f"{as_whom}: what is scheduled is stored", made.returncode == 0 and "scheduled" in made.stdout.decode(), made.stderr.decode())
        first, attacks = attacked(world, seed, NOW, who)
        aside = sum(len(names) for folder, _, names in os.walk(home + "/share/.behov-karantan"))
        second, more = attacked(world, seed + 1, LATER, who)
        gone = world.numbers - world.left()
        wrong = gone - world.approved | gone & world.changed
        check(f"{as_whom}: nothing is destroyed that was not approved, is held, or has changed",
              first.returncode == 0 and second.returncode == 0 and not wrong, sorted(wrong)[:20], first.stderr.decode()[-600:],
              second.stderr.decode()[-600:])
        check(f"{as_whom}: and the chain is whole", "chain whole" in second.stdout.decode(), second.stdout.decode())
        check(f"{as_whom}: some went, some drifted, and the attackers were busy", gone and gone != world.approved and attacks + more > 100
              and "lämnade" in second.stdout.decode(), len(gone), len(world.approved), attacks, more, second.stdout.decode())
        print(f"# {as_whom}: files={len(world.paths)} quarantined={aside} destroyed={len(gone)} changed={len(world.changed)} "
              f"attacks={attacks}+{more}")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main():
    for n in range(ROUNDS):
        one_round(100 * n + 1, {}, "as root" if os.geteuid() == 0 else "as a user")
        if os.geteuid() == 0:
            one_round(100 * n + 51, {"user": NOBODY, "group": NOBODY, "extra_groups": []}, "as another than root")
    return 1 if failures else 0


sys.exit(main())
