#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is broken under a verb that changes something: it says so, and where, and what to do; nothing is half done or lost; and
when it is whole again, the next run comes to the same end as one that nothing disturbed.

Each row of the table in behov-audit(7) has its name here.
"""
import contextlib
import fcntl
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile

for beside in ("../world", "../service"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), beside))
import tiny
from fake import Fake
from owners import Visitor
from tiny import APP, DUE, END, END_NIGHT, NIGHTS, SAID, Tiny, check, differs, dn, entries

ROOM = 40 << 20                                 # bytes of the small disk: a package for the e-archive asks for 17 MB


# ---------------------------------------------------------------- the verbs

class Verb:
    """before: what leads there; words: the verb, or what makes it of a world; good: its exit code when all is well."""

    def __init__(self, name, before, now, *words, good=0):
        self.name, self.before, self.now, self.words, self.good = name, before, now, words, good

    def prepare(self, t):
        t.configure()
        shutil.rmtree(t.folder + "/heads", ignore_errors=True)
        self.before(t)
        return [w(t) if callable(w) else w for w in self.words]


def answered(t):
    t.fresh()
    t.answer("approve", SAID)


def batch(t):
    return t.rows("select id from proposal where batch = 'd'")[0][0]


def delivery(t):
    return t.ids("deliver")[0]


def membership(t):
    return t.ids("remove-member")[0]


def sealed(t):
    """Once, and there are rows to seal since."""
    t.quarantined()
    os.mkdir(t.folder + "/heads")
    t.configure(more='audit = { heads = "heads/list"; };')
    t.must(END_NIGHT, "audit", "seal")
    t.must(END_NIGHT, "hold", "add", "h0", "--share", "s", "--path", "x/**", "--by", "it", "--reason", "begäran")


RUN = Verb("run", answered, NIGHTS[0], "run")
APPLY = Verb("apply", Tiny.approved, DUE, "apply")
LAST = Verb("apply of what lies in quarantine", Tiny.quarantined, END, "apply")
RESTORE = Verb("restore", Tiny.quarantined, END_NIGHT, "restore", batch, "--by", "it", "--reason", "fel")
RECEIPT = Verb("delivery receipt", Tiny.quarantined, END_NIGHT, "delivery", "receipt", delivery, "--number", "A1", "--date", "2026-12-30",
               "--by", "maria")
REFUSE = Verb("delivery refuse", Tiny.quarantined, END_NIGHT, "delivery", "refuse", delivery, "--by", "maria", "--reason", "trasig")
HOLD = Verb("hold add", Tiny.quarantined, END_NIGHT, "hold", "add", "h1", "--share", "s", "--path", "d/**", "--by", "it", "--reason", "begäran")
UNDO = Verb("decide undo", Tiny.approved, NIGHTS[-1], "decide", "undo", membership, "--by", "it", "--reason", "fel")
SEAL = Verb("audit seal", sealed, END_NIGHT, "audit", "seal")
ROTATE = Verb("audit rotate", sealed, END_NIGHT, "audit", "rotate")
STORES = (RUN, APPLY, LAST, RESTORE, RECEIPT, REFUSE, HOLD, UNDO)       # they write the store
ALL = STORES + (SEAL, ROTATE)


# ---------------------------------------------------------------- the faults

@contextlib.contextmanager
def held(path):
    """By somebody else."""
    with open(path, "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield {}


def locked(t):
    return held(t.folder + "/behov.db.lock")


def heads_locked(t):
    return held(t.folder + "/heads/list.lock")


@contextlib.contextmanager
def within(path, begin):
    """Somebody's transaction in a database."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(begin)
    try:
        yield {}
    finally:
        db.execute("rollback")
        db.close()


def store_busy(t):
    return within(t.folder + "/behov.db", "begin immediate")


def inbox_busy(t):
    return within(t.folder + "/behov.db.inbox", "begin exclusive")


def inbox_written(t):
    """By somebody who does not end it: who only reads is not kept out."""
    return within(t.folder + "/behov.db.inbox", "begin immediate")


@contextlib.contextmanager
def read_only(t):
    subprocess.run(["mount", "-o", "remount,ro", t.folder], check=True)
    try:
        yield {}
    finally:
        subprocess.run(["mount", "-o", "remount,rw", t.folder], check=True)


def full(room):
    @contextlib.contextmanager
    def fill(t):
        path = t.folder + "/filler"
        here = os.statvfs(t.folder)
        with open(path, "wb") as out:
            out.truncate(0)
            out.write(b"x" * max(0, here.f_bavail * here.f_bsize - room))
        try:
            yield {}
        finally:
            os.unlink(path)
    return fill


def grown(size):
    """No file may become larger than that."""
    @contextlib.contextmanager
    def limit(_):
        yield {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}
    return limit


@contextlib.contextmanager
def away(path):
    os.rename(path, path + "-away")
    try:
        yield {}
    finally:
        os.rename(path + "-away", path)


def share_away(t):
    return away(t.share)


@contextlib.contextmanager
def work_is_a_file(t):
    """The folder of what is written for people."""
    work = t.folder + "/work"
    if os.path.isdir(work):
        os.rename(work, work + "-away")
    tiny.write(work, "")
    try:
        yield {}
    finally:
        os.unlink(work)
        if os.path.isdir(work + "-away"):
            os.rename(work + "-away", work)


# ---------------------------------------------------------------- what must hold

ENDS = {}


def end_of(t, verb):
    """The world when nothing disturbs it."""
    if verb.name not in ENDS:
        words = verb.prepare(t)
        t.must(verb.now, *words, codes=(verb.good,))
        ENDS[verb.name] = settled(t)
    return ENDS[verb.name]


def settled(t):
    world = t.world()
    world.pop("/work/", None)
    for name in ("list", "list.key"):
        path = f"{t.folder}/heads/{name}"
        if os.path.exists(path):
            with open(path, "rb") as f:
                world[name] = f.read().count(b"\n"), os.stat(path).st_mode
    return world


def told(done):
    return f"exit {done.returncode}", done.stdout.decode()[-500:], done.stderr.decode()[-2500:]


def under(t, fault, name, verb, codes, *words, untouched=True, but=()):
    """One row of the table.  but: what may be told of besides."""
    wanted = end_of(t, verb)
    line = verb.prepare(t)
    before = settled(t)
    with fault(t) as more:
        done = t.call(verb.now, *line, **more)
    said, after = done.stderr.decode(), settled(t)
    row = f"{name}: {verb.name}"
    check(f"{row} says so, and where", done.returncode in codes and (done.returncode == verb.good or all(w in said for w in words)),
          f"wanted {codes} and {words}", *told(done))
    check(f"{row} leaves nothing half done", after["chain"] == 0 and (not untouched or after == before), *differs(after, before), *told(done))
    over = done.returncode == verb.good and after == wanted        # there was enough for it
    again = done if over else t.call(verb.now, *line)
    got = settled(t)
    for key in but:
        got[key] = wanted[key]
    check(f"{row} goes on when it is mended, to the same end", again.returncode == verb.good and got == wanted, *differs(got, wanted), *told(again))


def a_lock(t):
    for verb in STORES:
        under(t, locked, "the store is locked", verb, (1,), "behov.db.lock", "wait for it", "fuser")
    for verb in (SEAL, ROTATE):
        under(t, heads_locked, "the list of heads is locked", verb, (1,), "list.lock", "another 'behov audit'", "wait for it")


def a_transaction(t):
    """Each waits ten seconds before it gives up."""
    for verb in (RUN, APPLY, HOLD):
        under(t, store_busy, "the database is held", verb, (1,), "behov.db", "locked", "fuser")
    under(t, inbox_busy, "the inbox is held", APPLY, (1,), "behov.db.inbox", "nothing is carried out", "fuser")
    under(t, inbox_busy, "the inbox is held", RUN, (3,), "behov.db.inbox", "fuser", untouched=False, but=("letters",))


def no_work_folder(t):
    under(t, work_is_a_file, "the work folder is gone", APPLY, (1,), "/work", untouched=False)
    under(t, work_is_a_file, "the work folder is gone", LAST, (3,), "/work", untouched=False)
    for verb in (RESTORE, RECEIPT, HOLD, UNDO):
        under(t, work_is_a_file, "the work folder is gone", verb, (0,), untouched=False)


def no_share(t):
    under(t, share_away, "the share is gone", APPLY, (3,), "'s'", untouched=False)
    under(t, share_away, "the share is gone", LAST, (3,), "'s'", untouched=False)
    under(t, share_away, "the share is gone", RESTORE, (1,), "s'")
    under(t, share_away, "the share is gone", RUN, (3,), "'s'", untouched=False, but=("letters",))


def a_full_disk(t):
    for verb in ALL:
        for room in (0, 48 << 10) + ((8 << 10, 200 << 10) if verb in (RUN, APPLY, LAST) else ()):
            codes = (1, 3, verb.good) if room or verb is SEAL else (1, 3)      # a line has room in the last block of the list
            under(t, full(room), f"the disk is full ({room >> 10} KiB left)", verb, codes, t.folder, untouched=False)


def no_larger_files(t):
    for verb in ALL:
        for size in (100, 40000) + ((4000, 200000) if verb in (RUN, APPLY, LAST) else ()):
            codes = (1, 3, verb.good) if size > 100 else (1,)
            under(t, grown(size), f"files may not grow ({size} bytes)", verb, codes, t.folder, untouched=False)


def a_read_only_disk(t):
    for verb in ALL:
        under(t, read_only, "the disk can only be read", verb, (1,), t.folder)


# ---------------------------------------------------------------- the page

def a_page(t, fault, name, code):
    """What is confirmed while it lasts is not saved, and not said to be; sent again afterwards it is, once."""
    t.configure()
    t.fresh()
    t.serve(SAID)
    v = Visitor(t.port, t.tokens()["eva"])
    v.ask_code()
    v.sign_in(t.code("eva"))
    form = v.confirm(lambda _: ("keep", "vikarierar"))
    count = len([k for k in form if k.startswith("d-")])
    with fault(t):
        said = v.ask("POST", "/beslut/spara", form)
        v.close()
        looked = v.ask("GET", "/beslut")
        v.close()
    inbox = t.rows("select count(*) from decision", name="behov.db.inbox")
    check(f"{name}: serve says that nothing was saved, nothing is, and who looks is answered", said.status == code and "sparat" in said.text
          and "kvitto" not in said.text and inbox == [(0,)] and looked.status == 200, said.status, said.text, inbox, looked.status)
    again = v.ask("POST", "/beslut/spara", form)
    inbox = t.rows("select count(*) from decision", name="behov.db.inbox")
    check(f"{name}: serve goes on when it is mended", again.status == 303 and inbox == [(count,)] and count == 6, again.status, again.text, inbox)
    v.close()
    t.close_page()
    t.night(NIGHTS[0])
    check(f"{name}: and a night takes what was said, once", t.rows("select count(*) from proposal where state = 'kept'") == [(6,)],
          t.rows("select id, state from proposal"))


# ---------------------------------------------------------------- the clock

def set_clock(t, to):
    """That of the last run: as if it had been then."""
    db = sqlite3.connect(t.folder + "/behov.db", isolation_level=None)
    db.execute("update value set value = ? where name = 'clock'", (to,))
    db.close()


def a_clock(t):
    """In a store that is not for tests, where the clock is the system's."""
    t.configure()
    t.fresh(test=False)
    last, = t.rows("select value from value where name = 'clock'")[0]
    proposal = membership(t)
    verbs = [("run",), ("apply",), ("restore", proposal, "--by", "it", "--reason", "fel"), ("decide", "keep", proposal, "--by", "it", "--reason", "x"),
             ("hold", "add", "h1", "--share", "s", "--path", "d/**", "--by", "it", "--reason", "x"),
             ("delivery", "refuse", delivery(t), "--by", "maria", "--reason", "x")]
    for name, wrong, way in (("has been set back", "2999-01-01T00:00:00+01:00", "set the clock right"),
                             ("has jumped ahead", "2020-01-01T00:00:00+01:00", "behov store clock")):
        set_clock(t, wrong)
        before = settled(t)
        for words in verbs:
            done = t.call(None, *words)
            check(f"the clock {name}: {' '.join(words[:2 if words[0] in ('decide', 'hold', 'delivery') else 1])} refuses, and says what to do",
                  done.returncode == 1 and way in done.stderr.decode() and settled(t) == before, *told(done), *differs(settled(t), before))
        set_clock(t, last)
    done = t.call(None, "run")
    check("with the clock set right the night goes on", done.returncode == 0, *told(done))


# ---------------------------------------------------------------- the directory

class Lost(Fake):
    """Goes away when so many changes were asked for, and comes back when it is told to."""
    after = None

    def serve(self, link):
        if not self.is_gone():
            super().serve(link)

    def is_gone(self):
        return self.after is not None and len(self.changes) >= self.after

    def change(self, link, ident, body):
        if self.is_gone():
            return False
        going_on = super().change(link, ident, body)
        return going_on and not self.is_gone()


def members(fake):
    return sorted(dict(fake.entries)[APP]["member"])


def a_directory():
    """Lost before the change and after it: the rest waits, and files go all the same.  In the middle of many: test-removals.py."""
    left = sorted(dn(name) for name in ("eva", "maria", "it"))
    for after in range(2):
        with Lost(entries()) as fake, Tiny(way="ldap", source=fake.url) as t:
            t.approved()
            fake.after = after
            done = t.call(DUE, "apply")
            how = f"the directory is lost {'after' if after else 'before'} the change: apply"
            states = [s for s, in t.rows("select state from proposal where kind = 'remove-member'")]
            check(f"{how} says so, believes nothing, and files go all the same",
                  done.returncode == 3 and fake.url in done.stderr.decode() and 6 - len(members(fake)) == 3 * after
                  and states == ["scheduled"] * 3
                  and t.rows("select count(*) from proposal where state = 'quarantined'") == [(2,)], states, members(fake), *told(done))
            fake.after = None
            done = t.call(DUE, "apply")
            states = [s for s, in t.rows("select state from proposal where kind = 'remove-member'")]
            check(f"{how} goes on when it is back, and takes nobody else", done.returncode == 0 and members(fake) == left
                  and states == ["done"] * 3 and t.world()["chain"] == 0, states, members(fake), *told(done))
    with Lost(entries()) as fake, Tiny(way="ldap", source=fake.url) as t:
        t.approved()
        t.must(DUE, "apply")
        gone, before = membership(t), t.world()
        fake.after = 0
        done = t.call(DUE, "restore", gone, "--by", "it", "--reason", "fel")
        check("the directory is gone: restore says so, and nothing is changed", done.returncode == 1 and fake.url in done.stderr.decode()
              and t.world() == before and members(fake) == left, *told(done), *differs(t.world(), before))
        done = t.call(END_NIGHT, "run")
        check("the directory is gone: run says so, and what is known stands", done.returncode == 1 and fake.url in done.stderr.decode()
              and t.world()["proposal"] == before["proposal"], *told(done), *differs(t.world(), before))
        fake.after = None
        done = t.call(DUE, "restore", gone, "--by", "it", "--reason", "fel")
        check("and when it is back restore goes on", done.returncode == 0 and len(members(fake)) == 4, *told(done))


# ---------------------------------------------------------------- a disk of our own

def with_a_disk():
    """In a mount namespace of our own, where there may be one."""
    words = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    if not shutil.which("unshare") or subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], stderr=subprocess.DEVNULL).returncode:
        print("skip a disk that is full or can only be read: no mount namespace of our own here", flush=True)
        return 0
    return subprocess.run([*words, sys.executable, __file__], env={**os.environ, "BEHOV_TEST_DISK": "1"}).returncode


def on_a_disk():
    folder, share = tempfile.mkdtemp(prefix="behov-disk-"), tempfile.mkdtemp(prefix="behov-disk-share-")
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", folder], check=True)
        with Tiny(folder=folder, share=share + "/s") as t:
            os.mkdir(folder + "/heads")
            a_read_only_disk(t)
            a_full_disk(t)
            a_page(t, full(0), "the disk is full", 500)
    finally:
        subprocess.run(["umount", folder], check=False)
        os.rmdir(folder)
        shutil.rmtree(share)


def main():
    if os.environ.get("BEHOV_TEST_DISK"):
        on_a_disk()
        return 1 if tiny.failures else 0
    with Tiny() as t:
        for rows in (a_lock, a_transaction, no_work_folder, no_share, no_larger_files, a_clock):
            rows(t)
        a_page(t, inbox_written, "the inbox is held", 500)
    a_directory()
    return with_a_disk() or (1 if tiny.failures else 0)


if __name__ == "__main__":
    sys.exit(main())
