#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drafts of rules/library/: each can be read, says where it comes from and what is left to decide, and destroys nothing.

A world has one file that each draft means, so old that all of them are due.  What that shows is shown from both sides: the
same drafts with a decision, and nothing left to decide, propose every one of those files that is not to be preserved.
"""
import datetime
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
LIBRARY = sorted(glob.glob(TOP + "/rules/library/*.cfg"))
SYSTEM = TOP + "/rules/library/larportal.cfg"          # the only draft that is none of series
NOW = "2095-06-01T02:00+01:00"
HOW_SURE = re.compile(r"(läst i författningstext( \(SFS [^)]*\))?|ej läst|"
                      r"rådgivande, ej bindande; (jämför fristen med rådet|kontrollera att de gäller)|"
                      r"^källa saknas: fråga arkivmyndigheten)$")
KINDS = ("beslut", "plats", "frist", "räknas från", "undantag", "urval", "omfattning")
DECISION = 'decision = { dnr = "KS 1";  date = "2026-01-15";  body = "KS"; };'
failed = 0


def check(what, holds, *detail):
    global failed
    failed += not holds
    print(("ok " if holds else "not ok ") + what, *([] if holds else detail), flush=True)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def series_files():
    return [path for path in LIBRARY if path != SYSTEM]


class Draft:
    def __init__(self, path, text):
        def texts(key):
            found = re.search(key + r" = \((.*?)\);\n", text, re.S)
            return re.findall(r'"([^"]*)"', found.group(1)) if found else []

        def one(key):
            found = re.search(r"\b" + key + r' = "([^"]*)"', text)
            return found.group(1) if found else None
        self.file, self.text = os.path.basename(path), text
        self.id, self.action, self.clock, self.keep, self.where = (one(k) for k in ("id", "action", "clock", "keep", "path"))
        self.source, self.decide = texts("source"), texts("decide")
        # Not the longest ago: a draft of records until 2018 and one of those from 2019 mean files of their own.
        self.year = "2019" if "from = 2019" in text else "2018"
        self.example = (self.where.replace("ANGE-MAPP/", "").replace("{year}", self.year).replace("{date}", "2019-02-03")
                        .replace("{case}", "A 1").replace("**", "fil.pdf").replace("*", "x"))


def drafts_of(path):
    return [Draft(path, text) for text in re.findall(r"^\t\{ id = .*?\}(?=,?$\n(?:\t\{ id|\);))", read(path), re.M | re.S)]


def fit(text):
    """As one who takes a draft over does it: a share, a list of cases, and the folder where the records lie."""
    return text.replace("ANGE-FILYTA", "s").replace("ANGE-ARENDELISTA", "lista").replace("ANGE-MAPP/", "")


def decided(text):
    return re.sub(r"decide = \(.*?\);\n", DECISION + "\n", text, flags=re.S)


class World:
    def __init__(self, drafts):
        self.folder = tempfile.TemporaryDirectory(prefix="behov-library-")
        self.path = self.folder.name
        os.makedirs(self.path + "/rules/retention")
        for draft in drafts:
            path = f"{self.path}/share/{draft.example}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
            os.utime(path, (1546300800, 1546300800))        # 2019-01-01
        ended = datetime.date.today() + datetime.timedelta(2)    # the files were made today, and nothing younger is due
        events = ", ".join(f'{{ id = "e{i}"; series = "{d.id}"; share = "s"; path = "{os.path.dirname(d.example)}"; '
                           f'date = "{ended}"; why = "slut"; by = "arkiv"; }}' for i, d in enumerate(drafts) if d.clock == "event")
        self.write("rules/shares.cfg", f'shares = {{ id = "s"; path = "{self.path}/share"; owner = "arkiv"; identity = "none"; }};\n'
                   'cases = { id = "lista"; file = "cases.csv"; case = "Nr"; closed = "Avslutat"; };\n')
        self.events = f"events = ( {events} );\n"
        self.write("rules/events.cfg", self.events)
        self.write("cases.csv", "Nr;Avslutat;Född dag\nA 1;2019-02-03;4\n")
        self.write("d.ldif", "dn: CN=a,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: arkiv\n"
                   "objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\nsAMAccountType: 805306368\n\n")
        self.conf("rules")

    def conf(self, rules):
        self.write("behov.cfg", f'organisation = "K"; store = "sqlite:behov.db"; rules = "{rules}"; '
                   'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
                   'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
                   'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')

    def write(self, name, text):
        os.makedirs(os.path.dirname(f"{self.path}/{name}"), exist_ok=True)
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def behov(self, *words):
        return subprocess.run([BEHOV, "-q", "--config", self.path + "/behov.cfg", "--now", NOW, *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def plan(self):
        done = self.behov("plan", "--json", "--files")
        if done.returncode not in (0, 3, 4):
            raise SystemExit(f"not ok plan: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)


def what_is_written(drafts):
    ids = [d.id for d in drafts]
    rules = [i for path in glob.glob(TOP + "/rules/retention/*.cfg") for i in re.findall(r'\bid = "([^"]*)"', read(path))]
    check("there are at least 60 drafts, in files of at least 12 areas", len(drafts) >= 60 and len({d.file for d in drafts}) >= 12, len(drafts))
    check("every id is there once, in the library and the rules", len(set(ids)) == len(ids) and not set(ids) & set(rules), set(ids) & set(rules))
    check("no draft was missed by this test", len(ids) == sum(read(p).count("\twhere = (") + read(p).count("  where = (") for p in LIBRARY))
    check("every draft says where it comes from, and how sure that is",
          all(d.source and all(HOW_SURE.search(s) for s in d.source) for d in drafts),
          [(d.id, s) for d in drafts for s in d.source or [None] if not s or not HOW_SURE.search(s)])
    check("every draft says what is left to decide, and of what kind that is",
          all(d.decide and all(q.split(":")[0] in KINDS and ": " in q for q in d.decide) for d in drafts),
          [(d.id, q) for d in drafts for q in d.decide if q.split(":")[0] not in KINDS])
    needed = {"preserve": ("beslut", "plats", "omfattning"), "deliver": ("beslut", "plats", "frist", "räknas från", "omfattning"),
              "destroy": ("beslut", "plats", "frist", "räknas från", "undantag")}
    lacking = [(d.id, kind) for d in drafts for kind in needed[d.action] if not any(q.startswith(kind + ": ") for q in d.decide)]
    check("by whom, where, how long, from when and but for what, of all that is to go", not lacking, lacking)
    check("who has a sample to keep is asked of it", all(any(q.startswith("urval: ") for q in d.decide) for d in drafts if "spare = " in d.text))
    check("none has a decision", not [d.id for d in drafts if "decision" in d.text])
    check("there are those that preserve and those that deliver", {d.action for d in drafts} == {"preserve", "deliver", "destroy"})
    table = dict(re.findall(r"^\| `([a-z-]+\.cfg)` \|[^|]*\| (\d+ \| \d+ \| \d+ \| \d+) \|$", read(TOP + "/rules/library/README.md"), re.M))
    told = {}
    for name in {d.file for d in drafts}:
        kinds = [d.action for d in drafts if d.file == name]
        told[name] = " | ".join(str(n) for n in (len(kinds), kinds.count("destroy"), kinds.count("deliver"), kinds.count("preserve")))
    check("the table of the README is right", table == told, set(table.items()) ^ set(told.items()))


def what_was_not_made_to_fit_is_named(drafts):
    for path in series_files():
        own = [d for d in drafts if d.file == os.path.basename(path)]
        world, text = World(own), read(path)
        world.write("rules/events.cfg", "")
        world.write("rules/retention/x.cfg", text)
        done = world.behov("check")
        rows = [n for n, row in enumerate(text.split("\n"), 1) if "ANGE-" in row]
        told = {int(n) for n in re.findall(r"rules/retention/x\.cfg:(\d+): .*placeholder", done.stderr)}
        check(f"{own[0].file}: what was copied and not made to fit is refused, with every line to change",
              done.returncode == 2 and told == set(rows), sorted(told ^ set(rows)), done.stderr[-600:])


def can_be_read(drafts):
    for path in series_files():
        own = [d for d in drafts if d.file == os.path.basename(path)]
        world = World(own)
        world.write("rules/retention/x.cfg", fit(read(path)))
        done = world.behov("check", "--json")
        check(f"{os.path.basename(path)} can be read, made to fit", done.returncode == 0, done.stderr[-1500:])
        if done.returncode:
            continue
        seen = {s["id"]: s for s in json.loads(done.stdout)["series"]}
        check(f"{os.path.basename(path)}: the program reads what this test does", {
            d.id: (d.action, d.source, d.decide, False) for d in own} == {
            i: (s["action"], s["source"], s["decide"], s["decided"]) for i, s in seen.items()})


def destroys_nothing(drafts):
    world = World(drafts)
    for path in series_files():
        world.write("rules/retention/" + os.path.basename(path), fit(read(path)))
    plan = world.plan()
    check("all drafts together, with all they mean long due: nothing is proposed", plan["proposals"] == [], plan["proposals"][:2])
    waits = {f["series"] for f in plan["findings"] if f["kind"] == "series-without-decision"}
    due = {d.id for d in drafts if d.action == "destroy"}
    check("and every one that would destroy is told as without decision", waits >= due, due - waits)
    done = world.behov("check", "-v")
    check("what is left to decide is shown", "decide.1 = " in world.behov("-v", "check").stdout, done.stderr)
    one = next(d for d in drafts if d.id == "sol-akter-vuxna")
    said = world.behov("explain", f"{world.path}/share/{one.example}").stdout
    check("and said of a file", all("att besluta om: " + q in said for q in one.decide), said)
    return world


def would_if_decided(drafts, world):
    for path in series_files():
        world.write("rules/retention/" + os.path.basename(path), decided(fit(read(path))))
    due = {e["path"] for p in world.plan()["proposals"] for e in p["entries"]}
    wanted = {d.example for d in drafts if d.action != "preserve"}
    check("the same drafts, decided, propose every one of those files, and none that is to be preserved", due == wanted,
          sorted(due ^ wanted)[:5])


def a_decision_that_leaves_something_open_is_refused(drafts):
    for path in series_files():
        own = [d for d in drafts if d.file == os.path.basename(path)]
        world = World(own)
        text = re.sub(r"(\t  decide = \()", "\t  " + DECISION + r"\n\1", fit(read(path)))
        world.write("rules/retention/x.cfg", text)
        done = world.behov("check")
        rows = {n for n, row in enumerate(text.split("\n"), 1) if "\t  decide = (" in row}
        told = {int(n) for n in re.findall(r"rules/retention/x\.cfg:(\d+): .*'decide' still lists", done.stderr)}
        check(f"{own[0].file}: a decision with something left to decide is refused, with its line and the way out",
              done.returncode == 2 and told == rows and "remove from 'decide' what has been decided" in done.stderr and
              world.behov("plan").returncode == 2, sorted(told ^ rows), done.stderr[-600:])


def the_library_itself_is_not_read(drafts):
    world = World([d for d in drafts if d.file == "val.cfg"])
    for path in LIBRARY:
        world.write("rules/library/" + os.path.basename(path), read(path))
    done = world.behov("check", "--json")
    check("a library in the rules is not read", done.returncode == 0 and json.loads(done.stdout)["series"] == [], done.stderr[-400:])
    world.conf("rules/library")
    done = world.behov("check")
    check("rules that are the library are refused", done.returncode == 2 and "placeholder" in done.stderr, done.stderr[-400:])


def what_preserves_protects_before_it_is_decided(drafts):
    world = World([d for d in drafts if d.id == "ofn-akter"])
    rule = ('series = ( { id = "allt";  %s  where = ( { share = "s";  path = "**"; } );\n  action = "destroy";  keep = "1 year";  '
            'clock = "modified"; } );\n' % DECISION)
    world.write("rules/retention/allt.cfg", rule)
    check("a rule for everything proposes it", len(world.plan()["proposals"]) == 1)
    text = fit(read(TOP + "/rules/library/overformyndare.cfg"))
    world.write("rules/retention/x.cfg", text)
    check("but not what a draft preserves", world.plan()["proposals"] == [])
    world.write("rules/retention/x.cfg", text.replace('action = "preserve"', 'action = "destroy";  keep = "100 years";  clock = "modified"'))
    check("a draft that destroys protects nothing", len(world.plan()["proposals"]) == 1)


def a_draft_of_a_system_waits_for_a_name(drafts):
    world = World(drafts[:1])
    world.write("rules/events.cfg", "")
    world.write("rules/systems/x.cfg", read(SYSTEM))
    done = world.behov("check")
    check("a draft of a system is refused until somebody stands for its needs",
          done.returncode == 2 and re.search(r"rules/systems/x\.cfg:\d+: 'by' is empty", done.stderr), done.stderr)
    world.write("rules/systems/x.cfg", read(SYSTEM).replace('by = ""', 'by = "arkiv"'))
    done = world.behov("check")
    check("and can be read then", done.returncode == 0, done.stderr)


def main():
    drafts = [d for path in LIBRARY for d in drafts_of(path)]
    what_is_written(drafts)
    what_was_not_made_to_fit_is_named(drafts)
    can_be_read(drafts)
    would_if_decided(drafts, destroys_nothing(drafts))
    a_decision_that_leaves_something_open_is_refused(drafts)
    the_library_itself_is_not_read(drafts)
    what_preserves_protects_before_it_is_decided(drafts)
    a_draft_of_a_system_waits_for_a_name(drafts)
    return failed > 0


sys.exit(main())
