#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What explain says of a file all its way: asked about, approved, put aside, destroyed; and what it says of what is no file of a series."""
import json
import os
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
from tiny import DUE, END, END_NIGHT, FIRST, NIGHTS, SAID, Tiny, check, write


def explain(t, now, path, *more):
    done = t.call(now, "explain", path, *more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def told(name, t, now, path, *words, without=()):
    code, out, err = explain(t, now, path)
    check(name, code == 0 and all(word in out for word in words) and not any(word in out for word in without), code, out, err)


def refused(name, t, path, code, *words):
    got, out, err = explain(t, FIRST, path)
    check(name, got == code and not out and all(word in err for word in words), got, out, err)


def life(t):
    t.fresh()
    told("asked about: who has to answer, and that nothing is done before", t, FIRST, "s:d/a", "Gallringstiden är ute sedan 2016-01-01",
         "Ägaren har inte svarat. Filen tas bort först när ägaren har godkänt", "Serien är inte aktiverad av arkivarien", "filen ändrades senast 2010-01-01")
    told("a new one beside it is in no proposal yet", t, FIRST, new(t), "Inget är föreslaget än", without=("Förslag ",))
    t.answer("approve", SAID)
    for now in NIGHTS:
        t.night(now)
    for series in ("ver", "volym", "lev"):
        t.must(NIGHTS[-1], "series", "activate", series, "--by", "maria", "--reason", "Beslut finns")
    (batch,), = t.rows("select id from proposal where series = 'ver' and state = 'scheduled'")
    told("approved: when it goes, and how that is stopped", t, DUE, "s:d/a", f"Förslag {batch}", "godkänt, inte genomfört än", "behov decide undo " + batch,
         without=("aktiverad", "Inget är föreslaget", "inte svarat"))
    t.must(DUE, "apply")
    told("put aside: asked by the name it had", t, DUE, "s:d/a", "Ligger i karantän", f"behov restore {batch}", "tidigast 2026-12-31")
    told("and by the one that it has", t, DUE, f"s:.behov-karantan/{batch}/00000001", "Ligger i karantän, förut som s:d/a.", batch)
    told("delivered: so it says", t, DUE, "s:l/a", "Ska levereras till arkivet", "Förslag ")
    t.night(END_NIGHT)
    t.must(END, "apply")
    (dnr,), = t.rows("select dnr from protocol where proposal = ?", batch)
    told("destroyed: the protocol is named", t, END, "s:d/a", "Finns inte här", batch, "Gallringsprotokoll: " + dnr)
    code, out, _ = explain(t, END, "s:d/a", "--json")
    check("and in the JSON", code == 0 and json.loads(out)["proposal"]["protocol"] == dnr and json.loads(out)["outcome"] == "gone", out)


def new(t):
    write(t.share + "/d/ny", "ny")
    os.utime(t.share + "/d/ny", (1262304000, 1262304000))
    return "s:d/ny"


def others(t):
    write(t.share + "/d/Å.txt", "x")
    os.symlink("d", t.share + "/länk")
    decomposed = unicodedata.normalize("NFD", "Å.txt")
    refused("a name that is otherwise encoded is shown the one that lies there", t, "s:d/" + decomposed, 1, "beside it lies 'Å.txt'")
    refused("one that never was is refused", t, "s:d/finns-inte", 1, "cannot find", "finns-inte")
    refused("so is one below a folder that never was", t, "s:x/y/z", 1, "cannot find")
    refused("a folder is refused, with the way out", t, "s:d", 2, "is a folder", "give a file in it")
    refused("the share itself is", t, t.share, 2, "is the whole share 's'")
    refused("by what the share is known is", t, "s:.behov-share", 2, "no rule judges it")
    refused("what lies on none is told which there are", t, "/etc/passwd", 2, "lies on no registered share", "s (")
    refused("an id that is no share's is a path as any other", t, "q:d/a", 2, "lies on no registered share")
    refused("no path is", t, "", 2, "no path is given")
    told("a link in the way leads where the system says", t, END, t.share + "/länk/ny", "s:d/ny")
    refused("nothing lies aside under a number that was not given out", t, "s:.behov-karantan/x/00000009", 1, "cannot find")


def hostile(t):
    name = b"d/\x1b[31mr\xff\nny"
    with open(os.path.join(os.fsencode(t.share), name), "wb") as f:
        f.write(b"x")
    write(t.share + "/d/50%25 av", "x")
    for typed in (b"s:" + name, "s:d/%1B[31mr%FF%0Any"):
        told("a name that would rule the terminal is shown in signs, and can be given back as it is shown", t, END, typed, "s:d/%1B[31mr%FF%0Any (s)", without=("\x1b",))
    told("a name is first what was typed", t, END, "s:d/50%25 av", "s:d/50%2525 av (s)")
    told("and then what was printed", t, END, "s:d/50%2525 av", "s:d/50%2525 av (s)")
    os.symlink("/finns/inte", t.share + "/d/bruten")
    code, _, err = explain(t, FIRST, "s:d/bruten")
    check("a link that leads nowhere has no twin", code == 1 and "cannot find" in err and "beside it" not in err, code, err)
    refused("what lies beside the share is not on it", t, "s:../behov.db", 2, "lies on no registered share")
    marker = t.share + "/.behov-share"
    os.rename(marker, marker + "-")
    refused("where the share is not what it was, nothing has gone", t, "s:d/a", 1, "marker '.behov-share' of share 's' is missing")
    os.rename(marker + "-", marker)
    os.rename(t.share, t.share + "-")
    refused("where there is no share at all, that is said", t, "s:d/b", 1, "cannot open share 's'", "No such file or directory")
    os.rename(t.share + "-", t.share)


with Tiny() as tiny:
    life(tiny)
    hostile(tiny)
    others(tiny)
