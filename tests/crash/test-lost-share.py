#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A share that is lost under apply, after so many requests (FUSE): nothing is destroyed that was not to be, and when it is back,
apply goes on to the same end as if it had been there all the time.

EACH=1: after every number of requests; else after every sixth, from another one each time (SEED=)."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
ORACLE, MIRROR = BUILD + "/tests/unit/oracle-apply", BUILD + "/tests/service/mirror"
NOW = 1767571200
LATER = NOW + 40 * 86400
FOLDERS = {"d": "abc", "w": "abc", "v": "ab", "l": "abc"}
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail, sep="\n", flush=True)


class World:
    def __init__(self, home):
        self.home, self.share, self.real = home, home + "/share", home + "/real"

    def fresh(self):
        """What is scheduled, of a share that is there."""
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.share)
        for folder, names in FOLDERS.items():
            os.makedirs(f"{self.real}/{folder}")
            for name in names:
                with open(f"{self.real}/{folder}/{name}", "w", encoding="utf-8") as out:
                    out.write(folder + name)
        self.run("show", 0)

    def run(self, verb, requests, now=NOW, held=None):
        """With a share that is lost after so many; 0: never.  Gives what was said, and how many there were."""
        count = self.home + "/count"
        server = subprocess.Popen([MIRROR, "-f", "-s", self.share], stderr=subprocess.DEVNULL,
                                  env={**os.environ, "MIRROR_OF": self.real, "MIRROR_REQUESTS": str(requests), "MIRROR_COUNT": count})
        try:
            while not os.path.ismount(self.share) and server.poll() is None:
                time.sleep(0.002)
            more = {"BEHOV_TEST_HELD": held} if held else {}
            done = subprocess.run([ORACLE, verb, self.home + "/store", self.home], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60, env={**os.environ, "BEHOV_TEST_NOW": str(now), **more})
        finally:
            subprocess.run(["fusermount3", "-u", "-z", self.share], check=False, stderr=subprocess.DEVNULL)
            server.wait()
        with open(count, encoding="ascii") as f:
            return done, int(f.read())

    def files(self):
        found = {}
        for folder, _, names in os.walk(self.real):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    found[os.path.join(folder, name)[len(self.real):]] = f.read()
        return found

    def world(self):
        done = subprocess.run([ORACLE, "show", self.home + "/store", self.home], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        shown = done.stdout.decode()
        return self.files(), re.sub("[0-9a-f]{64}", "#", re.sub("chain whole rows=\\d+", "chain whole", shown.replace(self.home, "")))


def lost_everywhere(w, name, before, **named):
    """before: the runs that lead there."""
    def begin():
        w.fresh()
        for earlier in before:
            w.run("files", 0, **earlier)

    begin()
    contents = set(w.files().values())
    done, requests = w.run("files", 0, **named)
    wanted = w.world()
    check(f"{name}: there is an end", done.returncode == 0 and requests > 20, done.stderr.decode())
    wrong, silent, lost = [], [], []
    each = int(os.environ.get("EACH", "6"))
    for n in range(1 + SEED % each, requests, each):
        begin()
        was = w.files()
        first, _ = w.run("files", n, **named)
        after = w.files()
        second, _ = w.run("files", 0, **named)
        got = w.world()
        if first.returncode not in (0, 1) or (first.returncode == 0 and b"behov:" not in first.stderr):
            silent.append((n, first.returncode, first.stderr.decode()))
        if set(was.values()) - set(after.values()) - set(contents if named.get("now") == LATER else ()):
            lost.append((n, was, after))
        if got != wanted:
            wrong.append((n, first.stderr.decode()[-1500:], second.stderr.decode()[-800:], got, "instead of", wanted))
    check(f"{name}: lost after each of {requests} requests nothing is lost with it", not lost, *lost[:2])
    check(f"{name}: and it is said", not silent, *silent[:2])
    check(f"{name}: and when it is back the end is the same", not wrong, len(wrong), [x[0] for x in wrong], *wrong[0] if wrong else ())


def main():
    if not os.path.exists("/dev/fuse") or not shutil.which("fusermount3"):
        print("skip a share that is lost: no FUSE here")
        return 0
    print(f"# seed {SEED}")
    base = tempfile.mkdtemp(prefix="bl-", dir="/tmp")
    try:
        w = World(base + "/world")
        w.fresh()
        if not w.files() or w.run("show", 0)[1] == 0 and not os.path.exists(base + "/world/store"):
            print("skip a share that is lost: it cannot be mounted")
            return 0
        lost_everywhere(w, "quarantine", [])
        lost_everywhere(w, "the end of the quarantine", [{}], now=LATER)
        lost_everywhere(w, "a hold in the quarantine", [{}], now=LATER, held="d/b")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
