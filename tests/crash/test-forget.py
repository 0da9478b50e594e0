#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""evidence = "digest": when a batch has gone, and its gallringsprotokoll is issued, the store does not know the names of its files.

Looked for byte by byte, in the database and its WAL, and when each step of it was the last.  What proves what was done stays.
"""
import glob
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import tiny
from tiny import BEHOV, BUILD, DUE, END, END_NIGHT, Tiny, check, differs

STEPS = BUILD + "/behov-steps"
SECRET = [f"Placering av Lisbet Hemlig {i}.doc" for i in range(60)]
NAMED = [f"Faktura Namngiven {i}.pdf" for i in range(3)]
tiny.FILES = {"d": SECRET, "v": NAMED, "l": "ab"}
ANEW = b"store is written anew"
LATER = ("2027-01-02T02:00+01:00", "2027-01-02T09:00+01:00", "2027-01-03T09:00+01:00")


class World(Tiny):
    """Of the batch "d" the evidence is a digest, of the volume "v" its names."""

    def __init__(self, **more):
        super().__init__(**more)
        with open(self.folder + "/rules/s.cfg", encoding="utf-8") as f:
            text = f.read()
        tiny.write(self.folder + "/rules/s.cfg", text.replace('id = "ver";', 'id = "ver"; evidence = "digest";'))

    def bytes(self):
        found = b""
        for path in glob.glob(self.folder + "/behov.db") + glob.glob(self.folder + "/behov.db-*"):
            with open(path, "rb") as f:
                found += f.read()
        return found

    def packed(self):
        """The lists of files as they are packed, of each batch."""
        return dict(self.rows("select p.batch, packed from manifest_frame f join proposal p on p.manifest = f.manifest where f.number = 0"))

    def batch(self, name="d"):
        return self.rows("select id from proposal where batch = ?", name)[0][0]

    def names_left(self, packed):
        """Those that are to be forgotten, and are somewhere in the store."""
        store = self.bytes()
        return [n for n in SECRET if n.encode() in store] + [b"a list" for one in packed if one[:200] in store]

    def is_marked(self):
        return self.rows("select 1 from value where name = 'names-to-scrub'") != []


def told(done):
    return done.returncode, done.stdout.decode()[-800:], done.stderr.decode()[-1500:]


# ---------------------------------------------------------------- what goes, and what stays

def forgotten():
    with World() as t:
        t.quarantined()
        lists = t.packed()
        check("before, the store knows every name", len(t.names_left([])) == len(SECRET) and len(t.names_left([lists["d"]])) == len(SECRET) + 1)
        done = t.call(END, "apply")
        check("when it has gone no name and no list of it is in the store or its WAL", done.returncode == 0 and not t.names_left([lists["d"]])
              and not t.is_marked(), t.names_left([lists["d"]])[:3], *told(done))
        check("nor in any other file but those that were sent, and what the share's folders remember",
              subprocess.run(["grep", "-rlaF", "Lisbet Hemlig", t.folder], stdout=subprocess.PIPE).stdout.decode().split() == [],
              subprocess.run(["grep", "-rlaF", "Lisbet Hemlig", t.folder], stdout=subprocess.PIPE).stdout.decode())
        store = t.bytes()
        check("a series that keeps its names keeps them", all(n.encode() in store for n in NAMED) and lists["v"][:200] in store)
        rows = t.rows("select act, count(*), count(target), count(after) from effect where proposal = ? group by act order by act", t.batch())
        check("each file has its rows in the journal, with what was compared", rows == [("quarantine", 60, 0, 60), ("unlink", 60, 0, 60)], rows)
        kept = t.rows("select files, bytes, length(manifest), json_extract(evidence, '$.sample') from proposal where batch = 'd'")[0]
        check("how many, how much and the digest of the list stay", kept[0] == 60 and kept[1] > 0 and kept[2] > 60 and kept[3] is None, kept)
        still_told(t)


def still_told(t):
    """All that proves it afterwards."""
    check("the chain is whole, and says that names were forgotten", t.call(None, "audit", "verify").returncode == 0 and
          t.rows("select count(*) from audit where event = 'names-forgotten'") == [(1,)])
    work = t.folder + "/work/protokoll"
    first = json.loads(t.must(END, "report", "protocol", t.batch(), "--json").stdout)["protocols"][0]
    before = {n: open(f"{work}/{n}", "rb").read() for n in os.listdir(work) if n.endswith((".json", ".html", ".csv"))}
    shutil.rmtree(work)
    again = t.call(END, "report", "protocol", "all")
    after = {n: open(f"{work}/{n}", "rb").read() for n in os.listdir(work) if n.endswith((".json", ".html", ".csv"))}
    check("the files of both protocols can be written again, the same bytes", again.returncode == 0 and after == before and len(after) == 5,
          sorted(before), sorted(after), *told(again))
    check("the protocol is the one whose sum is in the chain", first["digest"] in str(t.rows("select payload from audit_payload"))
          and hashlib.sha256(after[os.path.basename(first["files"]["json"])]).hexdigest() == first["digest"])
    t.must(END, "report", "quarter", "2026Q4", "--format", "json")
    report, = glob.glob(t.folder + "/work/**/*2026Q4*.json", recursive=True)
    verified = t.call(END, "report", "verify", report)
    check("a quarterly report can be made, and verified", verified.returncode == 0, *told(verified))
    trail, plain = t.call(END, "audit", "trail", t.batch(), "--json"), t.call(END, "audit", "trail", t.batch())
    check("its trail is told, without names", trail.returncode == 0 and b"names-forgotten" in trail.stdout and b"unlink done" in trail.stdout
          and b"Hemlig" not in trail.stdout + plain.stdout and plain.returncode == 0, *told(trail), *told(plain))
    restored = t.call(END, "restore", t.batch(), "--by", "it", "--reason", "x")
    check("restore says that there is nothing to restore", restored.returncode == 2 and b"nothing to restore" in restored.stderr, *told(restored))
    night = t.call(LATER[0], "run")
    check("and the nights go on", night.returncode == 0, *told(night))


# ---------------------------------------------------------------- ended anywhere

def ended_everywhere():
    with World(behov=STEPS) as t:
        t.quarantined()
        lists = t.packed()
        listing = t.folder + "/steps"
        t.call(END, "apply", env=dict(os.environ, BEHOV_STEPS=listing))
        with open(listing, encoding="ascii") as f:
            steps = [line.split()[1] for line in f]
        os.unlink(listing)
        wanted, wrong, marked = t.world(), [], 0
        last = len(steps) - steps[::-1].index("unlink")
        for n in range(last, len(steps) + 1):
            t.quarantined()
            lists = t.packed()
            first = t.call(END, "apply", env=dict(os.environ, BEHOV_DIE_AT=str(n)))
            marked += t.is_marked()
            issued = t.rows("select count(*) from protocol where forgotten is not null") == [(1,)]
            blank = t.rows("select count(*) from effect where target is null") != [(0,)]
            second = t.call(END, "apply")
            got = t.world()
            if first.returncode != 100 or second.returncode != 0 or issued != blank or t.names_left([lists["d"]]) or t.is_marked() or got != wanted:
                wrong.append((n, steps[n - 1], issued, blank, t.names_left([lists["d"]])[:2], t.is_marked(), *told(second), *differs(got, wanted)))
        check(f"ended at each of {len(steps) - last + 1} steps from the last file on, and run again: the same world, and no name in it",
              not wrong and "scrub" in steps and marked >= 2 and wanted["chain"] == 0, *wrong[:2], steps[last:], marked)


# ---------------------------------------------------------------- what can come back

def what_lies_aside():
    """A file in quarantine that is not the one that was put there: the batch has failed, and can be restored by its list."""
    with World() as t:
        t.quarantined()
        lists, batch = t.packed(), t.batch()
        path = f"{t.share}/.behov-karantan/{batch}/00000002"
        was = os.stat(path)
        with open(path, "a", encoding="ascii") as f:
            f.write("another")
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
        done = t.call(END, "apply")
        left = {n for n in SECRET if t.rows("select 1 from effect where target like ?", "%" + n)}
        check("what lies in quarantine keeps its name, and the list with it; the others have none in the journal",
              t.rows("select state from proposal where id = ?", batch) == [("failed",)] and len(left) == 1 and lists["d"] in t.packed().values()
              and t.rows("select count(*) from protocol where forgotten is not null") == [(0,)], left, *told(done))
        with open(path, "rb+") as f:
            f.truncate(was.st_size)
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
        t.must(LATER[0], "restore", batch, "--by", "it", "--reason", "fel")
        check("and comes back by it", len(os.listdir(t.share + "/d")) == 1, os.listdir(t.share))
        for when in LATER[1:]:
            t.call(when, "run")
            t.call(when, "apply")
        state, = t.rows("select state from proposal where id = ?", batch)[0]
        over = t.rows("select count(*) from protocol where forgotten is not null") == [(1,)]
        check("when the proposal is over its list goes, too", over == (state not in ("kept",)) and
              (not over or not [n for n in set(SECRET) - left if n.encode() in t.bytes()]), state, over)


# ---------------------------------------------------------------- others of the same batch

class Spread(World):
    """Its series has no batch.path: what is due on one day is a batch, and all of them have the same (empty) name."""

    def __init__(self, **more):
        super().__init__(**more)
        with open(self.folder + "/rules/s.cfg", encoding="utf-8") as f:
            text = f.read()
        tiny.write(self.folder + "/rules/s.cfg", text.replace('batch = { path = "d";  };', ""))

    def files(self):
        super().files()
        for i, name in enumerate(SECRET):
            os.utime(f"{self.share}/d/{name}", (1262304000 + (i % 3) * 400 * 86400,) * 2)


def two_on_one_day():
    """Two batches of one name end in the same run: each needs its list until its own protocol has been issued."""
    with Spread() as t:
        t.approved()
        for when in (DUE, END):                 # of a new series the oldest goes first, alone
            t.must(when, "apply", codes=(0, 4))
            t.night(END_NIGHT if when == DUE else LATER[0])
        t.must(LATER[1], "apply")
        states = t.rows("select state, files, batch from proposal where series = 'ver' order by state")
        check("two batches have the same name and are in quarantine", states == [("done", 20, "")] + 2 * [("quarantined", 20, "")], states)
        t.night("2027-02-10T02:00+01:00")
        done = t.call("2027-02-10T09:00+01:00", "apply")
        bodies = [json.loads(b)["counts"]["destroyed"]["files"] for b, in t.rows(
            "select body from protocol join proposal p on p.id = proposal where p.series = 'ver'")]
        check("each has a protocol that tells of all its files", done.returncode == 0 and bodies == [20, 20, 20], bodies, *told(done))
        check("and then no name is left", not t.names_left([]) and t.rows("select count(*) from protocol where forgotten is not null") == [(3,)],
              t.names_left([])[:2])


# ---------------------------------------------------------------- somebody reads

def somebody_reads():
    """Whoever reads an older part of the WAL keeps it: the next run does the rest."""
    with World() as t:
        t.quarantined()
        lists = t.packed()
        reader = sqlite3.connect(f"file:{t.folder}/behov.db?mode=ro", uri=True, isolation_level=None)
        reader.execute("begin")
        reader.execute("select count(*) from effect").fetchone()
        done = t.call(END, "apply")
        check("while somebody reads, apply does not wait for ever, and says what is left", done.returncode == 0 and t.is_marked()
              and b"another program reads it" in done.stderr and ANEW in done.stderr, *told(done))
        reader.close()
        done = t.call(LATER[1], "apply")
        check("and the next run does that, and no more", done.returncode == 0 and not t.is_marked() and not t.names_left([lists["d"]])
              and ANEW not in done.stderr, *told(done))


# ---------------------------------------------------------------- no room

def with_a_disk():
    """In a mount namespace of our own, where there may be one."""
    words = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    if not shutil.which("unshare") or subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], stderr=subprocess.DEVNULL).returncode:
        print("skip a disk without room: no mount namespace of our own here", flush=True)
        return 0
    return subprocess.run([*words, sys.executable, __file__], env={**os.environ, "BEHOV_TEST_DISK": "1"}).returncode


def no_room(folder):
    """Twice its size is what it takes: where that is not free it is not begun, and the disk is not filled with what helps nobody."""
    with World(folder=folder) as t:
        t.quarantined()
        lists = t.packed()
        db = sqlite3.connect(folder + "/behov.db", isolation_level=None)
        db.execute("insert into value values ('ballast', hex(zeroblob(6000000)))")
        db.close()
        filler = folder + "/filler"
        here = os.statvfs(folder)
        with open(filler, "wb") as out:
            out.write(b"x" * (here.f_bavail * here.f_bsize - (18 << 20)))
        done = t.call(END, "apply")
        wal, said = os.path.getsize(folder + "/behov.db-wal"), re.search(rb"that takes (\d+) MB", done.stderr)
        check("where there is no room for it twice apply says how much it takes, and what went is told of", done.returncode == 3 and t.is_marked()
              and b"make room there" in done.stderr and said and int(said.group(1)) >= 24 and wal < 2 << 20 and ANEW not in done.stderr
              and t.rows("select count(*) from protocol where forgotten is not null") == [(1,)], wal, *told(done))
        night = t.call(LATER[0], "run")
        check("the night goes on, and the administrator hears of it", night.returncode == 0 and t.is_marked()
              and any("make room there" in text for text, in t.rows("select text from finding where kind = 'protocol'")), *told(night))
        os.unlink(filler)
        done = t.call(LATER[1], "apply")
        check("with room the next run does it", done.returncode == 0 and not t.is_marked() and not t.names_left([lists["d"]])
              and ANEW in done.stderr, *told(done))


def on_a_disk():
    folder = tempfile.mkdtemp(prefix="behov-forget-disk-")
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={64 << 20}", "none", folder], check=True)
        no_room(folder)
    finally:
        subprocess.run(["umount", folder], check=False)
        os.rmdir(folder)


def main():
    if os.environ.get("BEHOV_TEST_DISK"):
        on_a_disk()
        return 1 if tiny.failures else 0
    forgotten()
    ended_everywhere()
    what_lies_aside()
    two_on_one_day()
    somebody_reads()
    return with_a_disk() or (1 if tiny.failures else 0)


if __name__ == "__main__":
    sys.exit(main())
