#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A night that is ended anywhere and run again has the same facts, proposals, decisions and letters as one night."""
import email
import email.policy
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import town
from town import BUILD, Town, check

NOW = "2026-11-24T02:00+01:00"
KILLS = 50


def told(raw):
    """A mail but for the head of the chain, which has salt in it."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    bodies = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return str(mail.items()), *(re.sub(r"\d+ rader när|\b[0-9a-f]{64}\b", "", body) for body in bodies)


def said(t):
    return t.facts(), {name: told(raw) for name, raw in t.letters().items()}


def published(facts):
    return [facts[table] for table in ("proposal", "finding", "gap", "access_grant")]


def fresh(t):
    """As before the first night, but for the key: tokens are made from it."""
    for name in os.listdir(t.demo):
        if name.startswith("behov.db") and name != "behov.db.key":
            os.remove(f"{t.demo}/{name}")
    shutil.rmtree(t.demo + "/outbox", ignore_errors=True)
    t.create()


def whole(t):
    done = t.call(NOW, "run")
    return done.returncode == 4 and t.call(NOW, "audit", "verify").returncode == 0


def ended_at_each_step(t, expected):
    listing = t.folder + "/steps"
    fresh(t)
    nothing = published(t.facts())
    t.call(NOW, "run", env=dict(os.environ, BEHOV_STEPS=listing))
    with open(listing, encoding="ascii") as f:
        steps = sum(1 for _ in f)
    wrong, half = [], []
    for n in range(1, steps + 1):
        fresh(t)
        done = t.call(NOW, "run", env=dict(os.environ, BEHOV_DIE_AT=str(n)))
        if published(t.facts()) not in (nothing, published(expected[0])):
            half.append(n)
        if done.returncode != 100 or not whole(t) or said(t) != expected:
            wrong.append((n, done.returncode))
    check(f"ended at each of its {steps} steps and run again, a night is one night", steps > 10 and not wrong, wrong)
    check("a night that is ended anywhere has said nothing, or all", not half, half)


def killed(t, expected, delays):
    """kill -9 or SIGTERM after so many seconds: wherever that is, the next night must be right."""
    wrong, ended = [], 0
    for i, delay in enumerate(delays):
        fresh(t)
        night = subprocess.Popen(t.command(NOW, "run"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            night.wait(delay)
        except subprocess.TimeoutExpired:
            night.send_signal(signal.SIGTERM if i % 3 == 0 else signal.SIGKILL)
            ended += night.wait() in (-9, 1)
        if not whole(t) or said(t) != expected:
            wrong.append(delay)
    check(f"killed at {len(delays)} random moments and run again, a night is one night", not wrong, wrong)
    print(f"# {ended} of {len(delays)} nights were still at work when they were killed")


def full(t, expected):
    """Files that may not grow beyond a size: a message that names the store or the mailbox, and nothing half done."""
    wrong = []
    for size in (4000, 20000, 60000, 150000, 300000):
        fresh(t)
        done = t.call(NOW, "run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
        if done.returncode not in (1, 3, 4) or (done.returncode == 1 and t.demo.encode() not in done.stderr):
            wrong.append((size, done.returncode, done.stderr.decode()[-300:]))
        if not whole(t) or said(t) != expected:
            wrong.append((size, "not the same after"))
    check("on a disk that is full a night says so, and the next one is right", not wrong, wrong)


def main():
    with Town("--people", "500", "--files", "150", behov=BUILD + "/behov-steps") as t:
        t.create()
        begun = time.monotonic()
        first = whole(t)
        spent = time.monotonic() - begun
        expected = said(t)
        check("an undisturbed night is whole", first and len(expected[1]) > 3)
        ended_at_each_step(t, expected)
        full(t, expected)
        seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
        print(f"# seed {seed}")
        killed(t, expected, [random.Random(seed + i).uniform(0, spent) for i in range(KILLS)])
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
