#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""restore and the page are ended at each step, and begun again: the world is as if nothing had happened.

apply and run are halted at each step: what else would write is refused, what looks is answered, and an approval that somebody
takes back meanwhile is not lost on a page that says otherwise.
"""
import os
import re
import signal
import subprocess
import sys

for beside in ("../world", "../service"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), beside))
import tiny
from fake import Fake
from owners import Visitor
from tiny import APP, BUILD, DUE, END_NIGHT, FIRST, NIGHTS, SAID, Tiny, check, differs, dn, entries, moment

STEPS = BUILD + "/behov-steps"
LATE, LAST_SECOND = "2026-11-27T00:00:00+01:00", "2026-11-26T23:59:59+01:00"
counted = {}


def steps_of(t, now, *words):
    """Their names, of a run that nobody disturbs."""
    listing = t.folder + "/steps"
    done = t.call(now, *words, env=dict(os.environ, BEHOV_STEPS=listing))
    assert done.returncode in (0, 3), (words, done.stderr.decode())
    return read_steps(listing)


def read_steps(listing):
    with open(listing, encoding="ascii") as f:
        names = [line.split()[1] for line in f]
    os.unlink(listing)
    return names


# ---------------------------------------------------------------- restore

def restored(t, what, prepare, fake=None):
    """prepare() gives the id; members count where there is a directory."""
    def world():
        return t.world(), sorted(dict(fake.entries)[APP]["member"]) if fake else None

    words = ("restore", prepare(), "--by", "it", "--reason", "fel")
    steps = steps_of(t, END_NIGHT, *words)
    wanted, wrong = world(), []
    for n in range(1, len(steps) + 1):
        prepare()
        first = t.call(END_NIGHT, *words, env=dict(os.environ, BEHOV_DIE_AT=str(n)))
        second = t.call(END_NIGHT, *words)
        got = world()
        if first.returncode != 100 or second.returncode not in ((0,) if n < len(steps) else (0, 2)) or got != wanted:
            wrong.append((n, steps[n - 1], first.returncode, second.returncode, second.stderr.decode()[-500:],
                          differs(got[0], wanted[0]), got[1], wanted[1]))
    counted["restore " + what] = len(steps)
    check(f"restore of {what} is ended at each of its {len(steps)} steps, and begun again: the same world",
          "restore" in steps and not wrong and wanted[0]["chain"] == 0, *wrong[:3])


def restore_everywhere():
    def files(t, batch):
        t.quarantined()
        return t.rows("select id from proposal where batch = ?", batch)[0][0]

    with Tiny(behov=STEPS) as t:
        restored(t, "files", lambda: files(t, "d"))
        restored(t, "a whole volume", lambda: files(t, "v"))
    with Fake(entries()) as fake, Tiny(way="ldap", source=fake.url, behov=STEPS) as t:
        def gone():
            fake.entries[:] = entries()
            t.quarantined()
            return t.ids("remove-member")[0]
        restored(t, "a membership", gone, fake)


# ---------------------------------------------------------------- the page

def said(t):
    """What was said, as the store has it after a night: moments and proofs are others in each world."""
    return (t.rows("select proposal, version, verdict, name, reason, until, refused from decision order by proposal, verdict, name"),
            t.rows("select proposal, kind, text, by_name from question"), {k: v for k, v in t.world().items() if k != "effect"})


def signed_in(t, now):
    t.serve(now)
    v = Visitor(t.port, t.tokens()["eva"])
    v.ask_code()
    v.sign_in(t.code("eva"))
    return v


def chosen(t, v, about, **fields):
    """The form that the confirming page would post."""
    form = v.form(lambda _: ("",))
    form.update({f"{letter}-{about}": value for letter, value in fields.items()})
    page = v.ask("POST", "/beslut", form)
    assert page.status == 200 and page.field("once"), page.text
    v.close()
    return dict(page.hidden(), forstar="ja")


def membership(t):
    return t.ids("remove-member")[0]


def batch(t):
    return t.rows("select id from proposal where batch = 'd'")[0][0]


SAVED = (("approve", membership, {"d": "approve"}), ("approve destruction", batch, {"d": "approve"}),
         ("keep", membership, {"d": "keep", "r": "vikarierar"}), ("ask", membership, {"d": "ask", "k": "maria", "f": "Behövs den?"}),
         ("rule", membership, {"d": "rule", "w": "fel titel"}), ("not mine", membership, {"d": "not-mine", "n": "maria"}),
         ("hold", batch, {"d": "hold", "h": "begäran"}), ("later", membership, {"d": "later", "l": "2026-12-10"}),
         ("undo", membership, {"d": "undo"}))


def one_post(t, prepare, night):
    """prepare() gives a visitor and what they post: a path and a form.  The steps of serve, and what a night makes of it."""
    def begin(**env):
        v, path, form = prepare()
        t.behov = STEPS
        t.serve(v.now, env=dict(os.environ, **env))
        t.behov = tiny.BEHOV
        v.port = t.port
        v.close()
        v.link.port = t.port
        return v, path, form

    def posted(v, path, form):
        try:
            return v.ask("POST", path, form).status
        except OSError:
            return None
        finally:
            v.close()

    listing = t.folder + "/steps"
    v, path, form = begin(BEHOV_STEPS=listing)
    whole = posted(v, path, form)
    t.close_page()
    t.night(night, (0, 3))
    wanted, steps, wrong = said(t), read_steps(listing), []
    for n in range(1, len(steps) + 1):
        v, path, form = begin(BEHOV_DIE_AT=str(n))
        first, code = posted(v, path, form), t.page.wait(20)
        t.close_page()
        t.serve(v.now)
        v.link.port = t.port
        second = posted(v, path, form)
        t.close_page()
        t.night(night, (0, 3))
        got = said(t)
        if first is not None or code != 100 or second is None or second >= 500 or got != wanted:
            wrong.append((n, steps[n - 1], first, code, second, got[0], "instead of", wanted[0], *differs(got[2], wanted[2])))
    return whole, steps, wrong


def page_everywhere():
    with Tiny() as t:
        for name, about, fields in SAVED:
            def prepare(name=name, about=about, fields=fields):
                now = SAID
                t.fresh()
                if name == "undo":
                    t.answer("approve", SAID)
                    t.night(NIGHTS[0])
                    now = "2026-11-25T09:00+01:00"
                v = signed_in(t, now)
                v.now = now
                return v, "/beslut/spara", chosen(t, v, about(t), **fields)

            whole, steps, wrong = one_post(t, prepare, "2026-11-26T02:00+01:00" if name == "undo" else NIGHTS[0])
            counted["page " + name] = len(steps)
            check(f"serve is ended at each of the {len(steps)} steps of '{name}', and the form is sent again: it is said once",
                  whole == 303 and steps and not wrong, whole, *wrong[:2])

        def asks():
            t.fresh()
            v = Visitor(0)
            v.now = SAID
            return v, "/ny-lank", {"vem": "eva"}
        whole, steps, wrong = one_post(t, asks, NIGHTS[0])
        counted["page new link"] = len(steps)
        check(f"serve is ended at each of the {len(steps)} steps of asking for a new link, and asked again: one letter", whole == 200 and steps
              and not wrong, whole, *wrong[:2])


# ---------------------------------------------------------------- two at once

def halted(t, now, *words):
    """The verb as it stands at each of its steps; its exit code comes last."""
    verb = subprocess.Popen(t.command(now, *words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env=dict(os.environ, BEHOV_HALT_AT="each"))
    while True:
        _, status = os.waitpid(verb.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            verb.returncode = os.waitstatus_to_exitcode(status)
            yield verb.returncode
            return
        yield None
        os.kill(verb.pid, signal.SIGCONT)


def two_at_once():
    with Tiny(behov=STEPS) as t:
        for name, before, now, words, others in (
                ("apply", t.approved, DUE, ("apply",), (("apply",), ("run",), ("restore", "x", "--by", "it", "--reason", "fel"))),
                ("run", lambda: (t.fresh(), t.answer("approve", SAID)), NIGHTS[0], ("run",), (("apply",), ("run",)))):
            before()
            t.must(now, *words)
            wanted = t.world()
            before()
            count, wrong, code = 0, [], None
            for code in halted(t, now, *words):
                if code is not None:
                    break
                count += 1
                for other in others:
                    done = t.call(now, *other)
                    if done.returncode != 1 or b"another behov is at work" not in done.stderr:
                        wrong.append((count, other, done.returncode, done.stderr.decode()[-300:]))
                done = t.call(now, "status")
                if done.returncode not in (0, 3, 4):
                    wrong.append((count, "status", done.returncode, done.stderr.decode()[-300:]))
            counted["during " + name] = count
            check(f"at each of the {count} steps of {name} a second one is refused, and who looks is answered", count > 5 and code == 0
                  and not wrong, code, *wrong[:3])
            check(f"and {name} comes to the same end", t.world() == wanted, *differs(t.world(), wanted))


# ---------------------------------------------------------------- taken back in the last second

def taken_back(t, fake, n):
    """apply begins when the grace is over, and is halted at step n; what was sent a second before is saved then."""
    fake.entries[:] = entries()
    t.fresh()
    t.answer("approve", SAID)
    for now in (NIGHTS[0], "2026-11-26T02:00+01:00"):
        t.night(now)
    v = signed_in(t, LAST_SECOND)
    form = v.form(lambda _: ("undo",))
    page = v.ask("POST", "/beslut", {k: "" if k.startswith("d-") and k[2:] not in t.ids("remove-member") else x for k, x in form.items()})
    v.close()
    t.behov = STEPS
    apply = subprocess.Popen(t.command(LATE, "apply"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env=dict(os.environ, BEHOV_HALT_AT=str(n)))
    t.behov = tiny.BEHOV
    _, status = os.waitpid(apply.pid, os.WUNTRACED)
    over = not os.WIFSTOPPED(status)
    saved = v.ask("POST", "/beslut/spara", page.hidden())
    if saved.status == 409:                     # some are gone already: they are named, and the others asked about again
        saved = v.ask("POST", "/beslut/spara", saved.hidden())
    assert saved.status in (303, 422), saved.text
    v.close()
    t.serve(LATE)
    v.link.port = t.port
    receipt = v.ask("GET", "/kvitto").text
    v.close()
    t.close_page()
    if over:
        apply.returncode = os.waitstatus_to_exitcode(status)
    else:
        os.kill(apply.pid, signal.SIGCONT)
        apply.wait()
    t.night("2026-11-27T02:00+01:00", (0, 3, 4))
    gone = {name for name in tiny.PEOPLE if dn(name) not in dict(fake.entries)[APP]["member"]}
    told = {name for name in ("p0", "p1", "p2") if re.search(rf"{name.capitalize()} Holm.*kan ha kommit för sent", receipt)}
    states = dict(t.rows("select account, state from proposal where kind = 'remove-member'"))
    refused = dict(t.rows("select p.account, d.refused from decision d join proposal p on p.id = d.proposal where d.verdict = 'undo'"))
    return {"over": over, "code": apply.returncode, "gone": gone, "told": told, "states": states,
            "refused": refused, "letter": [text for text in t.texts("eva") if "kvitto" in text[0]][-1:]}


def in_the_last_second():
    seen, wrong, n = set(), [], 0
    with Fake(entries()) as fake, Tiny(way="ldap", source=fake.url) as t:
        while True:
            n += 1
            end = taken_back(t, fake, n)
            for name in ("p0", "p1", "p2"):
                went, saved = name in end["gone"], name in end["refused"]
                seen.add((went, saved))
                # Either it is heeded, or the page has said that it is gone or may be, and the letter that it was.
                if end["states"][name] != ("done" if went else "open") or (saved and went != bool(end["refused"][name])) or \
                   (saved and went and (name not in end["told"] or "räknades inte" not in end["letter"][0][1].lower())) or \
                   not (saved or went):
                    wrong.append((n, name, end))
            if end["over"]:
                break
    counted["undo during apply"] = n - 1
    check(f"an approval that is taken back while apply stands at any of its {n - 1} steps is heeded, or the page says that it may be"
          " too late and the letter that it was", seen == {(True, True), (False, True), (True, False)} and not wrong, seen, *wrong[:3])


def main():
    restore_everywhere()
    page_everywhere()
    two_at_once()
    in_the_last_second()
    print("# steps: " + ", ".join(f"{name} {n}" for name, n in counted.items()))
    return 1 if tiny.failures else 0


if __name__ == "__main__":
    sys.exit(main())
