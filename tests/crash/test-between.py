#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is otherwise between two steps of a disposal: rules that count volumes in another way, a volume that has grown in the meantime."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import tiny
from tiny import DUE, END, NIGHTS, Tiny, check, write


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


def main():
    counted_otherwise()
    grown()
    return 1 if tiny.failures else 0


sys.exit(main())
