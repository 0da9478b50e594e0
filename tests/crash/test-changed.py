#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed between an approval and the deed, though it is called the same: an account that was deleted and made anew, one
that was given another's name; and what a civil day is on the nights when the clocks are changed."""
import base64
import glob
import os
import re
import sys
import uuid
from datetime import datetime, timedelta, timezone

for beside in ("../world", "../service"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), beside))
import tiny
from fake import Fake
from tiny import APP, DUE, Tiny, check, dn, entries, guid


def states(t):
    return dict(t.rows("select account, state from proposal where kind = 'remove-member' and episode = 0 or kind = 'remove-member' order by episode"))


def members(fake):
    return set(dict(fake.entries)[APP]["member"])


def exported(t):
    """The values that an LDIF takes away."""
    values = []
    for path in glob.glob(t.folder + "/work/*.ldif"):
        with open(path, encoding="utf-8") as f:
            values += [base64.b64decode(v).decode() for v in re.findall(r"^member:: (.*)$", f.read(), re.M)]
    return sorted(values)


def dashed(name):
    return f"<GUID={uuid.UUID(bytes_le=guid(name))}>"


# ---------------------------------------------------------------- who is called so now

def swapped():
    """p0 is called p9 now, and somebody new is called p0; both are in the group."""
    out = entries(reborn=("p0",))
    old = [(dn("p9"), dict(attributes, sAMAccountName=["p9"])) for name, attributes in entries() if name == dn("p0")]
    out[-1][1]["member"].append(dn("p9"))
    return old + out


def over_ldap():
    with Fake(entries()) as fake, Tiny(way="ldap", source=fake.url) as t:
        t.approved()
        fake.entries[:] = entries(reborn=("p0",))
        done = t.call(DUE, "apply")
        check("over LDAP an account that was made anew keeps its membership, and the proposal waits for the night", dn("p0") in members(fake)
              and not members(fake) & {dn("p1"), dn("p2")} and states(t)["p0"] == "scheduled" and done.returncode == 3, done.stderr.decode())
        t.night("2026-12-02T02:00+01:00")
        t.call("2026-12-02T09:00+01:00", "apply")
        check("which asks about the new one by itself", dn("p0") in members(fake) and sorted(t.rows(
              "select state from proposal where account = 'p0'")) == [("open",), ("withdrawn",)], t.rows("select account, state from proposal"))
        gone = t.rows("select id from proposal where account = 'p1'")[0][0]
        back = t.rows("select id from proposal where account = 'p2'")[0][0]
        check("restore asks for a reason", t.call("2026-12-02T10:00+01:00", "restore", back, "--by", "it").returncode == 2)
        t.must("2026-12-02T10:00+01:00", "restore", back, "--by", "it", "--reason", "Hon behöver det än")
        trail = t.call(None, "audit", "trail", back).stdout.decode()
        check("which the trail tells, and the journal's note", dn("p2") in members(fake) and "skäl: Hon behöver det än" in trail
              and t.rows("select note from proposal where id = ?", back)[0][0].endswith(": Hon behöver det än"), trail)
        fake.entries[:] = entries(reborn=("p0", "p1"))
        dict(fake.entries)[APP]["member"].remove(dn("p1"))
        done = t.call("2026-12-02T10:00+01:00", "restore", gone, "--by", "it", "--reason", "fel")
        check("restore gives nothing to who has the name now", done.returncode == 1 and dn("p1") not in members(fake)
              and b"not in the directory any longer" in done.stderr, done.stderr.decode(), members(fake))
    with Fake(entries()) as fake, Tiny(way="ldap", source=fake.url) as t:
        t.approved()
        fake.entries[:] = swapped()
        done = t.call(DUE, "apply")
        check("over LDAP who was renamed is found, and who has the name now is left", dn("p0") in members(fake) and dn("p9") not in members(fake)
              and states(t)["p0"] == "done", members(fake), done.stderr.decode())


def as_a_file():
    for way, name in (("ldif", "an LDIF"), ("manual", "a work list")):
        with Tiny(way=way) as t:
            t.approved()
            t.directory(entries(reborn=("p0",)))
            done = t.call(DUE, "apply")
            check(f"{name} has nothing about an account that was made anew", states(t) == {"p0": "scheduled", "p1": "exported", "p2": "exported"}
                  and done.returncode == 3 and (way == "manual" or exported(t) == sorted([dashed("p1"), dashed("p2")])), states(t), exported(t),
                  done.stderr.decode())
    with Tiny() as t:
        t.approved()
        t.directory(swapped())
        t.call(DUE, "apply")
        with open(glob.glob(t.folder + "/work/*.ldif")[0], encoding="utf-8") as f:
            text = f.read()
        check("an LDIF takes who was approved, whatever they and others are called", exported(t) == sorted(dashed(p) for p in ("p0", "p1", "p2"))
              and f"# Heter: {dn('p9')}" in text and dn("p0") not in text, text)
        t.directory(entries(reborn=("p1",)))
        night = t.night("2026-12-03T02:00+01:00", (0, 3))
        check("and when the night sees the old one gone it is done, and the new one is asked about anew", sorted(t.rows(
              "select state from proposal where account = 'p1'")) == [("done",), ("open",)], t.rows("select account, state from proposal"),
              night.stdout.decode())


# ---------------------------------------------------------------- when the clocks are changed

ZONE = {"summer": ("2026-03-29", timedelta(hours=1), timedelta(hours=2)), "winter": ("2026-10-25", timedelta(hours=2), timedelta(hours=1))}


def local(when):
    """As --now takes it."""
    return when.isoformat(timespec="seconds")


def changed_clocks():
    for name, (day, before, after) in ZONE.items():
        change = datetime.fromisoformat(day + "T01:00:00+00:00")        # 02:00 or 03:00 here: the hour that is left out, or comes twice
        first_midnight = datetime.fromisoformat(day + "T00:00:00").replace(tzinfo=timezone(before))
        next_midnight = (first_midnight.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=timezone(after))
        with Tiny() as t:
            # Approved three days before the night that is too short or too long: the grace ends with that day's first moment.
            t.fresh(first=local(change - timedelta(days=4)))
            t.answer("approve", local(change - timedelta(days=3, hours=-6)))
            t.night(local(change - timedelta(days=2)))
            (go_at,), = t.rows("select distinct go_at from proposal where kind = 'remove-member'")
            (files_at,), = t.rows("select distinct go_at from proposal where kind = 'destroy'")
            check(f"{name} time: three days of grace end at midnight, and seven do", go_at == first_midnight.timestamp() and files_at ==
                  (next_midnight + timedelta(days=3)).timestamp(), datetime.fromtimestamp(go_at, timezone.utc), datetime.fromtimestamp(files_at, timezone.utc))
            t.night(local(change - timedelta(days=1)))
            t.call(local(first_midnight - timedelta(seconds=1)), "apply")
            early = states(t)
            twice = [t.call(local(change + timedelta(minutes=m)), "run").returncode for m in (-45, -15, 15, 45)]
            chain = t.call(None, "audit", "verify").returncode
            done = t.call(local(change + timedelta(minutes=50)), "apply")
            check(f"{name} time: not a second too early, and in the hour of the change itself", set(early.values()) == {"scheduled"}
                  and set(states(t).values()) == {"exported"} and twice == [0] * 4 and chain == 0, early, states(t), twice, done.stderr.decode())
            nights = t.rows("select started, finished from night order by id")
            check(f"{name} time: nights stand in the order in which they were", nights == sorted(nights), nights)
            for series in ("ver", "volym", "lev"):
                t.must(local(next_midnight + timedelta(hours=1)), "series", "activate", series, "--by", "maria", "--reason", "x")
            over = next_midnight + timedelta(days=3)
            t.night(local(over - timedelta(hours=1)))
            t.call(local(over - timedelta(seconds=1)), "apply")
            early = t.rows("select count(*) from proposal where state = 'quarantined'")
            t.must(local(over), "apply")
            check(f"{name} time: files go with the first second of their day", early == [(0,)] and t.rows(
                  "select count(*) from proposal where state = 'quarantined'") == [(2,)], early, t.rows("select id, state, note from proposal"))


def across_the_change():
    """A quarantine of thirty days from before it to after it."""
    for name, begins, ends in (("summer", "2026-03-10T12:00+01:00", "2026-04-09T00:00:00+02:00"),
                               ("winter", "2026-10-10T12:00+02:00", "2026-11-09T00:00:00+01:00")):
        start = datetime.fromisoformat(begins)
        with Tiny() as t:
            t.fresh(first=local(start - timedelta(days=10)))
            t.answer("approve", local(start - timedelta(days=9)))
            for days in (8.5, 1):
                t.night(local(start - timedelta(days=days)))
            for series in ("ver", "volym", "lev"):
                t.must(local(start - timedelta(hours=1)), "series", "activate", series, "--by", "maria", "--reason", "x")
            t.must(local(start), "apply")
            (go_at,), = t.rows("select distinct go_at from proposal where state = 'quarantined'")
            end = datetime.fromisoformat(ends)
            t.night(local(end - timedelta(hours=2)), (0, 3))
            t.call(local(end - timedelta(seconds=1)), "apply")
            early = t.rows("select count(*) from effect where act = 'unlink'")
            t.must(local(end), "apply")
            check(f"a quarantine over the change to {name} time ends at midnight on its day", go_at == end.timestamp() and early == [(0,)]
                  and t.rows("select count(*) from effect where act = 'unlink' and state = 'done'") == [(5,)], go_at, early)


def main():
    over_ldap()
    as_a_file()
    changed_clocks()
    across_the_change()
    return 1 if tiny.failures else 0


if __name__ == "__main__":
    sys.exit(main())
