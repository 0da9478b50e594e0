#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges, lost connections, cookies that repeat, results that are none: a directory on a bad day (fake.py).

Whatever it does, the plan is that of the whole directory, or says where it could not see, or there is no plan: never that
of a smaller directory.
"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake as server
from fake import BASE, PAGE, PEOPLE, Fake, Home, certificate, check, group, person, show, world


# ---------------------------------------------------------------- what holds


def ranges(home, entries, whole):
    for name, wrong in (
            ("1500 at a time, beside an empty list", {"limit": 1500}),
            ("1500 at a time", {"limit": 1500, "plain_member": False}),
            ("1500 and then 700 at a time", {"limit": 1500, "smaller": 700}),
            ("in two of them, the last one short", {"limit": 3189}),
            ("under one number of change", {"limit": 1500, "usn": lambda n: 7})):
        with Fake(entries, **wrong) as fake:
            done = home.plan(fake.url)
            check(f"members that come in ranges, {name}: the plan of the whole list",
                  done.returncode == 0 and done.stdout == whole and fake.asked
                  and fake.asked[0] == f"member;range={wrong['limit']}-*", *show(done), fake.asked)


def broken_ranges(home, entries):
    def shifted(by):
        """The first answer begins so many places from where it was asked for."""
        def found(at, members):
            at += by if at == 1500 else 0
            end = "*" if at + 1500 >= len(members) else at + 1499
            return [(f"member;range={at}-{end}", members[at:at + 1500])]
        return found
    for name, wrong in (
            ("stops", {"ranges": lambda at, members: []}),
            ("stops with an empty list", {"ranges": lambda at, members: [("member", [])]}),
            ("begins again", {"ranges": lambda at, members: [("member;range=0-1499", members[:1500])]}),
            ("overlaps", {"ranges": shifted(-10)}),
            ("has a hole", {"ranges": shifted(10)}),
            ("says more than it brings", {"ranges": lambda at, members: [(f"member;range={at}-{at + 999}", members[at:at + 900])]
                                          if at == 1500 else [(f"member;range={at}-*", members[at:])]}),
            ("has a broken name", {"ranges": lambda at, members: [("member;range=1500-", members[at:])]}),
            ("ends because the group vanished", {"ranges": lambda at, members: None}),
            ("is of a group that changed meanwhile", {"usn": lambda n: n})):
        with Fake(entries, **{"limit": 1500, **wrong}) as fake:
            done = home.plan(fake.url)
            plan = json.loads(done.stdout or "{}")
            gaps = [g for g in plan.get("gaps", ()) if g["what"] == "group" and g["id"].startswith("CN=APP-Skola,")]
            touched = [p for part in ("proposals", "missing") for p in plan.get(part, ()) if p["role"] == "skola"]
            check(f"a range that {name}: the group is not known, and said; others are judged",
                  done.returncode == 3 and len(gaps) == 1 and not touched
                  and [p["account"] for p in plan["proposals"]] == ["asa3"], *show(done), gaps, len(touched), fake.asked)


def refused(home, entries, name, words, **wrong):
    with Fake(entries, **wrong) as fake:
        done = home.plan(fake.url)
        said = done.stderr.decode()
        check(f"{name}: no plan, and it is said where", done.returncode == 1 and not done.stdout and fake.url in said
              and BASE in said and words in said, *show(done), fake.pages)
        return fake


def cuts(home, entries):
    def middle(chunks):
        return len(b"".join(chunks[:40]))
    for page in (1, 2, 7):
        refused(home, entries, f"cut between two entries of page {page}", "Can't contact LDAP server", cut=(page, middle))
        refused(home, entries, f"cut inside an entry of page {page}", "Can't contact LDAP server",
                cut=(page, lambda chunks: middle(chunks) + 33))
    refused(home, entries, "cut before the last word of page 2", "Can't contact LDAP server", cut=(2, lambda c: len(b"".join(c[:-1]))))
    refused(home, entries, "cut inside the last word of page 2", "Can't contact LDAP server", cut=(2, lambda c: len(b"".join(c)) - 1))


def retried(home, entries, whole):
    for page in (1, 4):
        with Fake(entries, once=True, cut=(page, lambda chunks: len(b"".join(chunks[:9])))) as fake:
            done = home.plan(fake.url)
            check(f"cut once, on page {page}: a fresh connection gives the plan of the whole", done.returncode == 0
                  and done.stdout == whole and fake.pages == 7 + page, *show(done), fake.pages)


def results(home, entries):
    for code, word in ((4, "Size limit"), (3, "Time limit"), (51, "busy"), (1, "Operations error"), (10, "Referral"), (80, "Other")):
        for page in (1, 2, 7):
            refused(home, entries, f"result {code} at the end of page {page}", word, result={page: code})


def cookies(home, entries):
    refused(home, entries, "a page without a word on what follows", "page 1", control=False)
    fake = refused(home, entries, "a cookie that repeats without anything new", "never ends", cookie=b"500 same", stuck=3)
    check("and it ends at once", fake.pages <= 4, fake.pages)
    fake = refused(home, entries, "cookies that are new each time, and never end", "never ends", fresh=True, stuck=3)
    check("and they end after a thousand pages without anything", 1000 < fake.pages < 1010, fake.pages)
    fake = refused(home, entries, "a cookie that repeats with its page", "there twice", cookie=b"0 same")
    check("and that ends at once, too", fake.pages <= 3, fake.pages)


def halves(home, entries):
    """Success after half a page: people are missing, and nothing is wrong but that groups name them; or groups are."""
    for name, there in (("groups last", entries), ("groups first", entries[::-1])):
        for page in (1, 2, 7):
            with Fake(there, ends=page) as fake:
                done = home.plan(fake.url)
                plan = json.loads(done.stdout or "{}")
                check(f"a page {page} that is half and says that it was the last, {name}: both roles are not known, and it is said",
                      done.returncode == 3 and len(plan["gaps"]) >= 2 and not plan["proposals"] and not plan["missing"], *show(done))


def garbage(home, entries):
    for name, how in (("a length beyond the message", lambda c: c[:1] + b"\x84\x7f\xff\xff\xff" + c[6:]),
                      ("a length of 4 GiB", lambda c: c[:1] + b"\x84\xff\xff\xff\xff" + c[6:]),
                      ("a length of more than 4 GiB", lambda c: c[:1] + b"\x85\1\0\0\0\0" + c[6:]),
                      ("no BER", lambda c: b"\xff" * len(c)),
                      ("an entry with a length that is too long", lambda c: c.replace(b"\x64\x84\0\0", b"\x64\x84\0\1", 1)),
                      ("text", lambda c: b"HTTP/1.1 400 Bad Request\r\n\r\n")):
        refused(home, entries, f"garbage, {name}", "page 2", garbage=how, cut=(2, lambda c: len(b"".join(c))))

    def inside(chunk, at, byte):
        return chunk[:at] + bytes([byte]) + chunk[at + 1:]
    whole = Fake.message(b"\1", Fake.entry(*[(dn, a.items()) for dn, a in entries[PAGE:PAGE + 1]][0]))
    bad = []
    for at in range(12, len(whole), 17):        # any byte of it: an answer or none, and never a crash
        with Fake(entries[:PAGE + 3], garbage=lambda c, at=at: inside(c, at, 0xff), cut=(2, lambda c: len(b"".join(c)))) as fake:
            done = home.plan(fake.url)
            if done.returncode not in (0, 1, 3) or (done.returncode == 1 and done.stdout):
                bad.append((at, *show(done)))
    check("one broken byte is a failure or a value, never a crash", not bad, bad)


def counted(home, entries, whole):
    with Fake(entries, references=3, limit=1500) as fake:
        fake.leads = fake.url.replace("127.0.0.1", "localhost")         # by a way that Landlock has not closed
        done = home.plan(fake.url)
        check("references are counted and not followed: nobody comes where they lead", done.stdout == whole and fake.links == 1,
              *show(done), fake.links)
    with Fake(entries, references=3, limit=1500) as fake:
        done = home.plan(fake.url)
        check("references are counted and not followed", done.returncode == 0 and done.stdout == whole
              and b"digest" not in done.stdout, *show(done))
        night = certificate(home, fake.url)
    wanted = {"source": fake.url, "base": BASE, "entries": len(entries), "references": 3, "pages": 7, "ranges": 2, "unreadable": 0,
              "server": {"dnsHostName": "dc1.kalmar.example", "dsServiceName": "NTDS", "invocationId": None},
              "highestCommittedUSN": {"before": "12352", "after": "12359"}}
    check("the night keeps the certificate: server, USN, pages, ranges, references",
          wanted.items() <= night.items() and "objectClass=group" in night.get("filter", ""), night)
    export = certificate(home, home.export(entries))
    check("its digest is that of the export", night.get("digest", "?") == export.get("digest") and len(export["digest"]) == 71,
          night, export)
    other = certificate(home, home.export([(dn, {**a, "title": ["Kock"]}) if dn == person(5) else (dn, a) for dn, a in entries]))
    check("and another when one title is another", other.get("digest", "?") != export["digest"], other)


def no_text(home, entries):
    """A NUL byte and broken UTF-8: the same over LDAP and as an export."""
    bad = {12: {"title": [b"R\0ktor"]}, 6: {"title": [b"\xffektor"]}, 9: {"sAMAccountName": [b"asa9\0"]}, 8: {"mail": [b"a\0@b"]}}
    changed = [(dn, {**a, **bad.get(i, {})}) for i, (dn, a) in enumerate(entries)]
    with Fake(changed) as fake:
        live, night = home.plan(fake.url), certificate(home, fake.url)
    file, other = home.plan(home.export(changed)), certificate(home, home.export(changed))
    plans = [json.loads(done.stdout or "{}") for done in (live, file)]
    for plan in plans:
        plan.pop("brakes", None)        # those that stand are of the nights before
    told = [[g.pop("id") and g["text"] for g in plan.get("gaps", ())] for plan in plans]
    named = {p["account"] for p in plans[0].get("proposals", ())}
    check("values that are no text are gaps, and the same both ways", live.returncode == 3 and plans[0] == plans[1]
          and [t.split("'")[1] for t in told[0]] == ["mail", "sAMAccountName", "title"] and night["unreadable"] == 4
          and night["digest"] == other["digest"], *show(live), told, night)
    check("and nobody loses anything for one", "asa3" in named and not named & {"asa6", "asa12", "asa9"} and person(9) not in named,
          len(named))
    refused(home, entries + entries[5:6], "an entry that comes twice", "twice")
    refused(home, [(dn, {**a, **({"userAccountControl": ["51x"]} if dn == person(5) else {})}) for dn, a in entries],
            "a number that is none", "userAccountControl")
    refused(home, [(dn, {**a, **({"objectGUID": [b"short"]} if dn == person(5) else {})}) for dn, a in entries],
            "a broken objectGUID", "objectGUID")
    unnamed = [(dn.replace("Åsa 9,", "Åsa\0 9,"), a) for dn, a in entries]
    refused(home, unnamed, "a name with a NUL byte", "not UTF-8")


def main():
    home, entries = Home(), world()
    try:
        with Fake(entries) as fake:
            first = home.plan(fake.url)
            check("the directory is read in pages, and gives something to propose", first.returncode == 0 and fake.pages == 7
                  and first.stdout.count(b'"remove-member"') > 1000, *show(first), fake.pages)
            check("pages are demanded: a server that knows none must refuse", fake.critical == {True}, fake.critical)
        done = home.plan(home.export(entries))
        check("its export gives the same plan", done.stdout == first.stdout, *show(done))
        ranges(home, entries, first.stdout)
        broken_ranges(home, entries)
        cuts(home, entries)
        retried(home, entries, first.stdout)
        results(home, entries)
        cookies(home, entries)
        halves(home, entries)
        garbage(home, entries)
        counted(home, entries, first.stdout)
        no_text(home, entries)
    finally:
        shutil.rmtree(home.folder)
    return 1 if server.failures else 0


sys.exit(main())
