#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is otherwise between two steps of a disposal: rules that count volumes in another way, a volume that has grown in the meantime, a
quarantine that somebody has been in, an apply that was ended and goes on by other rules, a store that was put back from a copy."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import tiny
from tiny import DUE, END, END_NIGHT, NIGHTS, Tiny, check, write

STEPS = os.path.join(tiny.BUILD, "behov-steps")
RESTORE = ("--by", "it", "--reason", "fel")
half = []                               # the step, once it has been found


def rule(t, old, new):
    with open(t.folder + "/rules/s.cfg", encoding="utf-8") as f:
        rules = f.read()
    assert old in rules, (old, rules)
    write(t.folder + "/rules/s.cfg", rules.replace(old, new))


def one(t, series):
    return t.rows("select id, state, note from proposal where series = ? order by episode limit 1", series)[0]


def there(t, folder):
    return {name: open(f"{t.share}/{folder}/{name}", encoding="utf-8").read() for name in sorted(os.listdir(f"{t.share}/{folder}"))}


def aside(t, series):
    return f"{t.share}/.behov-karantan/{one(t, series)[0]}"


def whole(t):
    """Said by now, and activated: all of d is one volume, in which something lies that may not go yet."""
    rule(t, 'batch = { path = "d";  }', 'batch = { path = "d"; whole = true; }')
    write(t.share + "/d/ny", "ny")
    t.must(NIGHTS[-1], "series", "activate", "ver", "--by", "maria", "--reason", "Beslut finns")


def counted_otherwise():
    kept = {"a": "da", "b": "db", "c": "dc", "ny": "ny"}
    with Tiny() as t:
        t.approved()
        whole(t)
        t.call(DUE, "apply")
        check("what belongs to a volume by now is not put aside by itself", there(t, "d") == kept and one(t, "ver")[1] == "failed", there(t, "d"), one(t, "ver"))
    with Tiny() as t:
        t.quarantined()
        whole(t)
        t.call(END, "apply")
        check("and comes back when it lies aside", there(t, "d") == kept and one(t, "ver")[1] == "withdrawn", there(t, "d"), one(t, "ver"))


def grown():
    for name, into, left in (("a new file", "ny", {"a": "va", "b": "vb", "ny": "ny"}), ("a new file in a folder below", "x/ny", None)):
        with Tiny() as t:
            t.quarantined()
            os.makedirs(os.path.dirname(f"{t.share}/v/{into}"), exist_ok=True)
            write(f"{t.share}/v/{into}", "ny")
            t.call(END, "apply")
            check(f"a volume that has got {name} in the meantime comes back, all of it", one(t, "volym")[1] == "withdrawn" and
                  os.path.exists(t.share + "/v/a") and os.path.exists(t.share + "/v/b") and left in (None, left and there(t, "v")), one(t, "volym"))
            check("and the others go", one(t, "ver")[1] == "done", one(t, "ver"))
    with Tiny() as t:
        t.quarantined()
        write(t.share + "/v/a", "en annan")
        t.call(END, "apply")
        check("one that has got the place of what lies aside is as new", one(t, "volym")[1] == "quarantined" and "lägga" in one(t, "volym")[2] and
              there(t, "v") == {"a": "en annan", "b": "vb"} and os.listdir(aside(t, "volym")) and not t.rows("select 1 from effect e join proposal p on p.id ="
              " e.proposal where p.series = 'volym' and e.act = 'unlink'"), one(t, "volym"), there(t, "v"))
    with Tiny() as t:
        t.quarantined()
        os.rmdir(t.share + "/v")
        t.call(END, "apply")
        check("a folder that was cleared away has got none", one(t, "volym")[1] == "done", one(t, "volym"))


def meddled(t):
    """Two have each other's place, and a third is one that nobody put there."""
    at = aside(t, "ver")
    os.rename(at + "/00000001", at + "/x")
    os.rename(at + "/00000002", at + "/00000001")
    os.rename(at + "/x", at + "/00000002")
    os.rename(at + "/00000003", t.folder + "/dc")
    write(at + "/00000003", "dc")
    os.utime(at + "/00000003", (1262304000, 1262304000))


def somebody_was_there():
    with Tiny() as t:
        t.quarantined()
        meddled(t)
        done = t.call(END_NIGHT, "restore", one(t, "ver")[0], *RESTORE)
        check("nothing is put back that was not put aside", done.returncode == 1 and "det är inte filen som lades i karantän" in done.stderr.decode() and
              there(t, "d") == {} and one(t, "ver")[1] == "quarantined", done.stderr.decode(), there(t, "d"))
        t.must(END_NIGHT, "hold", "add", "x", "--share", "s", "--by", "it", "--reason", "Begäran")
        t.call(END_NIGHT, "apply")
        check("nor when a hold wants it back", there(t, "d") == {} and "gick inte" in one(t, "ver")[2] and there(t, "v") == {"a": "va", "b": "vb"}, one(t, "ver"))
    with Tiny() as t:
        t.quarantined()
        write(aside(t, "ver") + "/00000001", "skriven till sedan dess")
        t.must(END_NIGHT, "restore", one(t, "ver")[0], *RESTORE)
        check("the same file is, though somebody had it open and wrote", there(t, "d") == {"a": "skriven till sedan dess", "b": "db", "c": "dc"}, there(t, "d"))


# ---------------------------------------------------------------- ended, and other rules

def half_aside(t):
    """apply is ended when the first of a batch of three has been moved."""
    for n in half or range(1, 100):
        t.approved()
        t.behov = STEPS
        done = t.call(DUE, "apply", env=dict(os.environ, BEHOV_DIE_AT=str(n)))
        t.behov = tiny.BEHOV
        assert done.returncode == 100, "apply was over before"
        if os.path.exists(aside(t, "ver") + "/00000001"):
            half[:] = [n]
            return
    raise AssertionError("nothing was moved")


def goes_on_by_other_rules():
    all_there, by_hand = {"a": "da", "b": "db", "c": "dc"}, "filer på lagringsytan gallras för hand numera"
    with Tiny() as t:
        half_aside(t)
        check("one of three lies aside", list(there(t, "d")) == ["b", "c"], there(t, "d"))
        rule(t, 'dispose = "destroy"', 'dispose = "none"')
        t.call(DUE, "apply")
        check("where people dispose of files by now it comes back, and is on no work list", there(t, "d") == all_there and one(t, "ver")[1:] == (
            "failed", by_hand + "; allt är tillbakalagt"), there(t, "d"), one(t, "ver"))
        for name in "abc":
            os.remove(t.share + "/d/" + name)
        for now in ("2026-12-02T02:00+01:00", "2026-12-03T02:00+01:00"):
            t.night(now, codes=(0, 3, 4))
        check("and no protocol is made of it", not t.rows("select 1 from protocol") and not t.rows("select 1 from effect where act = 'by-hand'"))
    with Tiny() as t:
        half_aside(t)
        rule(t, 'path = "d/**"; } ); batch = { path = "d";', 'path = "x/**"; } ); batch = { path = "x";')
        t.call(DUE, "apply")
        check("what its series is not about by now comes back", there(t, "d") == all_there and one(t, "ver")[1] == "failed", there(t, "d"), one(t, "ver"))
    with Tiny() as t:
        half_aside(t)
        rule(t, 'id = "ver"; owner = "eva"', 'id = "ver"; owner = "it"')
        t.call(DUE, "apply")
        check("what has to be activated anew waits where it lies", one(t, "ver")[1:] == ("scheduled", "serien är inte aktiverad") and
              list(there(t, "d")) == ["b", "c"], one(t, "ver"))
        t.must(DUE, "hold", "add", "x", "--share", "s", "--path", "d/a", "--by", "it", "--reason", "Begäran")
        t.call(DUE, "apply")
        check("and comes back at once for a hold", there(t, "d") == all_there and one(t, "ver")[1:] == (
            "failed", "gallringsstopp: Begäran; allt är tillbakalagt"), there(t, "d"), one(t, "ver"))
        check("the chain is whole", t.call(None, "audit", "verify").returncode == 0)
    with Tiny() as t:
        half_aside(t)
        t.answer("hold", DUE, only=one(t, "ver")[0])
        t.call(DUE, "apply")
        check("so it does when somebody stops it on the page", there(t, "d") == all_there and one(t, "ver")[1] == "failed" and
              one(t, "ver")[2].startswith("gallringsstopp: därför"), there(t, "d"), one(t, "ver"))


# ---------------------------------------------------------------- a store of yesterday

def an_older_store():
    with Tiny() as t:
        t.approved()
        shutil.copy(t.folder + "/behov.db", t.folder + "/copy")
        t.must(DUE, "apply")
        for name in ("behov.db-wal", "behov.db-shm"):
            if os.path.exists(f"{t.folder}/{name}"):
                os.remove(f"{t.folder}/{name}")
        shutil.copy(t.folder + "/copy", t.folder + "/behov.db")
        room = t.share + "/.behov-karantan"
        os.rename(room, t.folder + "/room")
        open(room, "w", encoding="utf-8").close()
        t.call(DUE, "apply")
        check("a quarantine that cannot be opened is not an empty one", [one(t, s)[1] for s in ("ver", "volym")] == ["scheduled"] * 2, one(t, "ver"), one(t, "volym"))
        os.remove(room)
        os.rename(t.folder + "/room", room)
        t.must(DUE, "apply")
        check("what lies aside is told to lie there, though the journal was of before", [one(t, s)[1:] for s in ("ver", "volym")] == [
            ("quarantined", "3 filer i karantän, ej gallrade"), ("quarantined", "2 filer i karantän, ej gallrade")] and there(t, "d") == there(t, "v") == {},
            one(t, "ver"), one(t, "volym"))
        for series in ("ver", "volym"):
            t.must(DUE, "restore", one(t, series)[0], *RESTORE)
        check("and can be put back", there(t, "d") == {"a": "da", "b": "db", "c": "dc"} and there(t, "v") == {"a": "va", "b": "vb"}, there(t, "d"), there(t, "v"))


def main():
    counted_otherwise()
    grown()
    somebody_was_there()
    goes_on_by_other_rules()
    an_older_store()
    return 1 if tiny.failures else 0


sys.exit(main())
