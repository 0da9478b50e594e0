#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may lift a gallringsstopp: two people, the archivist one of them, and never anybody who has approved what it stops."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Owner, Town, check


def at(day, hour=2):
    return f"2026-{day}T{hour:02}:00+01:00"


def night(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr.decode())


def state(t, proposal):
    return t.rows("select state from proposal where id = ?", proposal)[0][0]


def answer(t, date, choices):
    """{ who: { proposal: choice } }"""
    t.serve(at(date, 9))
    for who, mine in choices.items():
        Owner(t, who).decide(mine)
    t.close_page()


def stop(t, date, hold, **where):
    words = [w for k, v in where.items() for w in ("--" + k, v)]
    done = t.call(at(date, 10), "hold", "add", hold, *words, "--by", "rut.registrator", "--reason", "Begäran om utlämnande")
    assert done.returncode == 0, done.stderr.decode()


def lift(t, date, hold, one, other):
    """Its exit code and what it says."""
    done = t.call(at(date, 11), "hold", "lift", hold, "--by", one, "--by", other, "--reason", "Klart")
    return done.returncode, done.stderr.decode()


def stands(t, hold):
    return t.rows("select count(*) from hold where id = ? and lifted is null", hold) == [(1,)]


def refused(t, date, hold, one, other, *words):
    code, said = lift(t, date, hold, one, other)
    return code == 2 and stands(t, hold) and all(w in said for w in words), code, said


def who_approved_does_not_lift():
    with Town("--people", "500", "--files", "600") as t:
        t.create()
        night(t, "11-24")
        batches = t.rows("select id, batch from proposal where series = 'forsorjningsstod' and state = 'open' and needs = 2 order by due, id")
        (one, first), (two, second) = batches[:2]
        check("there are several batches in one folder", first != second and first.split("/")[0] == second.split("/")[0], batches)
        answer(t, "11-24", {"anna.berg": {one: ("approve",), two: ("approve",)}, "maria.arkivarie": {one: ("approve",)}})
        stop(t, "11-24", "alla", share="social", path=first.split("/")[0])
        stop(t, "11-24", "andra", share="social", path=second.upper())
        stop(t, "11-24", "serien", series="forsorjningsstod")
        stop(t, "11-24", "annat", share="gemensam")
        check("what lies in the inbox has been approved", *refused(t, "11-24", "andra", "anna.berg", "maria.arkivarie", "anna.berg har godkänt", two))
        check("the second of one batch, of a stop over several", *refused(t, "11-24", "alla", "rut.registrator", "maria.arkivarie",
              "maria.arkivarie har godkänt", one, "rut.registrator eller sam.ordnare, eftersom arkivarien"))
        check("the owner is not let through by another's name beside hers", *refused(t, "11-24", "alla", "rut.registrator", "anna.berg",
              "anna.berg har godkänt"))
        check("a stop on the series is the same", *refused(t, "11-24", "serien", "anna.berg", "rut.registrator", "anna.berg har godkänt"))
        (display, mail), = t.rows("select distinct display, mail from letter where name = 'anna.berg'")
        for other in ("ANNA.BERG", display, mail):
            check(f"by whichever of her names: {other}", *refused(t, "11-24", "serien", other, "rut.registrator", "har godkänt"))
        check("two others, of whom none stands in for the archivist", *refused(t, "11-24", "alla", "jurist", "nils.holm",
              "rut.registrator eller sam.ordnare"))
        check("and one alone", lift(t, "11-24", "alla", "rut.registrator", "rut.registrator")[0] == 2 and stands(t, "alla"))
        said = t.rows("select actor, json_extract(payload, '$.hold'), json_extract(payload, '$.refused') from audit a join audit_payload p"
                      " on p.seq = a.seq where event = 'hold-lift-refused' order by a.seq")
        check("who tried is in the chain, and why it was refused", len(said) == 8 and said[0][1] == "andra" and "anna.berg har godkänt" in said[0][2]
              and said[0][0].startswith("anna.berg, maria.arkivarie (uid"), said)
        code, told = lift(t, "11-24", "andra", "jurist", "maria.arkivarie")
        check("the archivist has not approved the second batch", code == 0 and not stands(t, "andra"), told)
        code, told = lift(t, "11-24", "annat", "anna.berg", "maria.arkivarie")
        check("a stop that covers none of it is lifted by those who approved", code == 0 and not stands(t, "annat"), told)
        code, told = lift(t, "11-24", "alla", "rut.registrator", "jurist")
        check("the registrar stands in for an archivist who has approved", code == 0 and not stands(t, "alla"), told)
        night(t, "11-25")
        done = t.call(at("11-25", 9), "decide", "undo", one, "--by", "it.admin", "--reason", "Båda ångrar sig")
        check("an approval is undone", done.returncode == 0, done.stderr, state(t, one))
        stop(t, "11-25", "bara den ena", share="social", path=first)
        code, told = lift(t, "11-25", "bara den ena", "anna.berg", "maria.arkivarie")
        check("who has approved nothing any longer may lift it", code == 0 and not stands(t, "bara den ena"), told)
        check("the chain is whole", t.call(at("11-26", 9), "audit", "verify").returncode == 0)


def it_does_not_matter_what_the_stop_has_undone():
    with Town("--people", "500", "--files", "400") as t:
        t.create()
        night(t, "11-24")
        batch, share, where = t.rows("select id, share, batch from proposal where series = 'verifikationer-2018' and state = 'open'"
                                     " order by due, id limit 1")[0]
        answer(t, "11-24", {"eva.lind": {batch: ("approve",)}, "maria.arkivarie": {batch: {"d": "hold", "h": "Tvist", "e": ""}}})
        night(t, "11-25")
        (hold,), = t.rows("select id from hold where reason = 'Tvist'")
        check("held by one who was asked", state(t, batch) == "held")
        check("who had approved it before does not lift it", *refused(t, "11-25", hold, "eva.lind", "maria.arkivarie", "eva.lind har godkänt",
              "varav en är arkivarien maria.arkivarie"))
        code, told = lift(t, "11-25", hold, "jurist", "maria.arkivarie")
        check("who stopped it does, with another", code == 0 and not stands(t, hold), told)
        night(t, "11-26")
        answer(t, "11-26", {"eva.lind": {batch: ("approve",)}, "maria.arkivarie": {batch: ("approve",)}})
        night(t, "11-27")
        night(t, "11-28")
        t.call(at("11-28"), "series", "activate", "verifikationer-2018", "--by", "maria.arkivarie", "--reason", "Beslut finns")
        t.call(at("12-06", 9), "apply")
        check("in quarantine", state(t, batch) == "quarantined", state(t, batch))
        stop(t, "12-06", "utlämnande", share=share, path=where)
        t.call(at("12-07", 9), "apply")
        check("the stop puts it back", state(t, batch) == "withdrawn", state(t, batch))
        check("who approved what it put back does not lift it", *refused(t, "12-07", "utlämnande", "eva.lind", "rut.registrator", batch))
        stop(t, "12-08", "senare", share=share, path=where)
        code, told = lift(t, "12-08", "senare", "eva.lind", "maria.arkivarie")
        check("what was over before a stop came is none of its batches", code == 0, told)


def a_deputy_answers_for_themselves():
    with Town("--people", "500", "--files", "600") as t:
        t.create()
        night(t, "11-24")
        two = t.rows("select distinct a.proposal, l.name from approver a join letter l on l.key = a.key join proposal p on p.id = a.proposal where"
                     " p.kind = 'destroy' and p.state = 'open' and p.share = 'social' and l.name in ('anna.berg', 'per.ek') order by 1, 2")
        batch = two[0][0]
        check("owner and deputy are both asked", [n for b, n in two if b == batch] == ["anna.berg", "per.ek"], two)
        answer(t, "11-24", {"per.ek": {batch: ("approve",)}})
        stop(t, "11-24", "social", share="social")
        check("the deputy who approved does not lift it", *refused(t, "11-24", "social", "per.ek", "maria.arkivarie", "per.ek har godkänt"))
        code, told = lift(t, "11-24", "social", "anna.berg", "maria.arkivarie")
        check("the owner who did not does", code == 0 and not stands(t, "social"), told)


def main():
    who_approved_does_not_lift()
    it_does_not_matter_what_the_stop_has_undone()
    a_deputy_answers_for_themselves()
    return 1 if town.failures else 0


sys.exit(main())
