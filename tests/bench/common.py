# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: worlds that are made once, processes that are measured in turns, and tables."""
import os
import resource
import shutil
import statistics
import sys
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BEHOV, COLLECT, DECODE, HISTORY, JUDGE, MANIFEST, SLOW, VISITORS, WALKER = (os.path.join(BUILD, name) for name in (
    "behov", "tests/bench/collect", "tests/bench/decode", "tests/bench/history", "tests/bench/judge", "tests/bench/manifest",
    "tests/bench/slow", "tests/bench/visitors", "tests/bench/walker"))
ROOM = os.path.join(TOP, "build", "bench")
TURNS = int(os.environ.get("TURNS", "5"))
BASE = "DC=kalmar,DC=example"

CONF = """organisation = "Kalmar kommun"; store = "sqlite:behov.db"; rules = "rules";
directory = {{ source = "{source}"; base = "{base}"; {more} }};
mail = {{ server = "maildir:outbox"; from = "behov@kalmar.example"; }};
web = {{ listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; }};
"""


def once(folder, make):
    """A folder that is made wholly, or again."""
    if not os.path.exists(folder + "/.made"):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        make()
        open(folder + "/.made", "w").close()


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def run(command, out, env=None):
    """(seconds, seconds of the processor, peak of memory in MiB) of a process that ends well: its own, and not those of a copy of us.
    The peak is at least ours, which the kernel counts as its, too."""
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, {**os.environ, **(env or {})},
                          file_actions=[(os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)])
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 3, 4):
        sys.exit(f"bench: {' '.join(command)}: exit {code}")
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


class Took:
    """What the turns of one command took: the median and the least, and the largest peak."""

    def __init__(self, seen, before=()):
        self.before = Took(before) if before else None      # what came before each, and was not counted
        self.seen = seen
        self.wall, self.cpu = statistics.median(s for s, _, _ in seen), statistics.median(c for _, c, _ in seen)
        self.least, self.peak = min(s for s, _, _ in seen), max(m for _, _, m in seen)


def ratio(us, them, cpu=False):
    """What ours took of what the peer took in the same turn, the median of all turns: a machine that is shared with others is for
    one minute twice as fast as for the next, and the median of each by itself may be of another minute.  `cpu`: of the processor."""
    assert len(us.seen) == len(them.seen)
    return statistics.median(a[cpu] / b[cpu] for a, b in zip(us.seen, them.seen))


def column(us, them, cpu=False):
    if len(us.seen) == len(them.seen):
        return f"{ratio(us, them, cpu):.2f}"
    return f"~{us.cpu / them.cpu if cpu else us.wall / them.wall:.2f}"


def turns(commands, env=None, count=TURNS, out="/dev/null"):
    """All of them take turns, so that a busy machine is busy for all, and each runs twice, of which the second counts: the first
    warms its caches, and in a guest it finds the memory that the one before had no use for, which can be half of its time.  What
    a peer says is written to nowhere, which is in its favour."""
    seen = {name: ([], []) for name in commands}
    for turn in range(count):
        for name, command in list(commands.items())[::-1 if turn % 2 else 1]:
            for runs in seen[name]:
                runs.append(run(command, out, env))
    return {name: Took(second, first) for name, (first, second) in seen.items()}


def table(title, took, peer, bare=None):
    """Beside a peer that everybody knows, and perhaps one that does no more than must be done."""
    print(f"\n{title}\n{'':38}{'seconds':>9}{'least':>8}{'of ' + peer.split()[0]:>14}{'cpu':>8}{'of its':>8}"
          f"{'of ' + bare.split(',')[0] if bare else '':>15}{'peak MiB':>10}")
    for name, t in took.items():
        beside = column(t, took[bare]) if bare else ""
        print(f"{name:38}{t.wall:9.2f}{t.least:8.2f}{column(t, took[peer]):>14}{t.cpu:8.2f}{column(t, took[peer], True):>8}{beside:>15}{t.peak:10.0f}")
    sys.stdout.flush()


def goal(what, value, wanted, holds):
    print(f"  {what}: {value}, wanted {wanted}: {'met' if holds else 'NOT met'}", flush=True)


def limit():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.makedirs(ROOM, exist_ok=True)
