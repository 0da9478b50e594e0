#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between approval and its day a system rises in class: what one person approved does not go, and two are asked anew."""
import datetime
import os
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Owner, Town, check

FIRST = datetime.datetime(2026, 11, 24, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Stockholm"))
CLASS = "class = { konfidentialitet = %d; riktighet = 3; tillganglighet = 2; sparbarhet = 3; };"


def at(day, hour=2):
    return (FIRST + datetime.timedelta(days=day, hours=hour - 2)).isoformat()


def states(t, ids):
    return dict(t.rows(f"select id, state from proposal where id in ({','.join('?' * len(ids))})", *ids))


def run(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), done.stderr.decode()


def apply(t, day):
    done = t.call(at(day, 9), "apply")
    assert done.returncode in (0, 3, 4), done.stderr.decode()


def approve(t):
    """Two of one system, by its owner, who alone must."""
    mine = [i for (i,) in t.rows("select id from proposal where system = 'raindance' and state = 'open' and needs = 1 and also = '[]'"
                                 " and kind = 'remove-member' order by id")][:2]
    t.serve(at(0, 9))
    Owner(t, "eva.lind").decide({i: ("approve",) for i in mine})
    t.close_page()
    return mine


def rises(t):
    mine = approve(t)
    run(t, 1)
    check("what one person may approve is on its way", set(states(t, mine).values()) == {"scheduled"} and len(mine) == 2, states(t, mine))
    run(t, 4)
    t.change("rules/systems/raindance.cfg", CLASS % 2, CLASS % 3)
    apply(t, 4)
    check("no night has seen the class: apply leaves it", set(states(t, mine).values()) == {"scheduled"}, states(t, mine))
    notes = {note for (note,) in t.rows("select note from proposal where id in (?, ?)", *mine)}
    check("and says why", notes == {"två personer ska godkänna nu, och en räckte när det godkändes"}, notes)
    check("and has done nothing", not t.rows("select * from effect"))
    run(t, 5)
    check("the night supersedes it", set(states(t, mine).values()) == {"superseded"}, states(t, mine))
    anew = t.rows("select state, needs, konfidentialitet from proposal where id in (?, ?)", *(i[:-1] + "2" for i in mine))
    check("and two are asked anew", len(anew) == 2 and {(s in ("open", "queued"), n, k) for s, n, k in anew} == {(True, 2, 3)}, anew)
    apply(t, 9)
    check("what the one approved carries nothing out", not t.rows("select * from effect where proposal like ?", mine[0][:-1] + "%"))


def falls(t):
    mine = approve(t)
    run(t, 1)
    t.change("rules/systems/raindance.cfg", CLASS % 2, CLASS % 1)
    run(t, 4)
    check("what asks for less goes on", set(states(t, mine).values()) == {"scheduled"}, states(t, mine))
    apply(t, 4)
    check("and is carried out", set(states(t, mine).values()) <= {"exported", "done"}, states(t, mine))


def main():
    for what in (rises, falls):
        with Town("--people", "800", "--files", "300") as t:
            t.create()
            run(t, 0)
            t.call(at(0, 8), "decide", "release", "system:raindance", "--by", "it.admin", "--reason", "ny kontoplan")
            what(t)
            done = t.call(at(10), "audit", "verify")
            check("the chain is whole", done.returncode == 0, done.stderr.decode())
    return 1 if town.failures else 0


sys.exit(main())
