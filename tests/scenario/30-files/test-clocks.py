#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From when a record's time is counted, and what that does: each sentence is one test.

Each share is a few files; each series is written as a plan writes it.  What is due is asked of `behov plan --json`.
"""
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {what}" + ("" if holds else f": {detail}"))


class Share:
    def __init__(self, files, series, cases=None, more=""):
        self.folder = tempfile.TemporaryDirectory(prefix="behov-clocks-")
        self.path = self.folder.name
        os.makedirs(self.path + "/share")
        os.mkdir(self.path + "/rules")
        for name in files:
            path = f"{self.path}/share/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
            os.utime(path, (0, 946684800))      # 2000-01-01
        lists = ""
        if cases is not None:
            self.write("cases.csv", cases)
            lists = 'cases = { id = "diariet"; file = "cases.csv"; case = "Diarienr"; closed = "Avslutat"; reopened = "Återöppnat"; };\n'
        self.write("rules/r.cfg", lists + f'shares = {{ id = "s"; path = "{self.path}/share"; owner = "arkiv"; identity = "none"; }};\n'
                   f'series = {{ id = "serie"; owner = "arkiv"; action = "destroy"; '
                   f'decision = {{ dnr = "KS 2019/1"; date = "2019-01-01"; body = "KS"; }}; {series} }};\n{more}')
        self.write("d.ldif", "dn: CN=a,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: arkiv\nobjectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\n"
                   "sAMAccountType: 805306368\n\n")
        self.write("behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; '
                   'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
                   'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
                   'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def behov(self, *words, now="2026-11-24"):
        return subprocess.run([BEHOV, "-q", "--config", self.path + "/behov.cfg", "--now", now + "T02:00+01:00", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def plan(self, now):
        done = self.behov("plan", "--json", "--files", now=now)
        if done.returncode not in (0, 3, 4):
            raise SystemExit(f"not ok plan: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def due(self, now):
        return sorted(e["path"] for p in self.plan(now)["proposals"] for e in p["entries"])


def is_due_from(share, day, before):
    return not share.due(before) and share.due(day)


def fiscal():
    broken = 'clock = "fiscal-year"; fiscal-year = { ends = "06-30"; }; keep = "7 years"; where = { share = "s"; path = "Bokslut/{year}/**"; };'
    share = Share(["Bokslut/2019/a.pdf"], broken)
    check("a fiscal year that ends in June is over at the end of that calendar year", is_due_from(share, "2027-01-01", "2026-12-31"))
    share = Share(["Bokslut/2019/a.pdf"], broken.replace('"06-30";', '"06-30"; named = "start";'))
    check("one that is named by the year it began in is over a year later", is_due_from(share, "2028-01-01", "2027-12-31"))
    share = Share(["Bokslut/2018-2019/a.pdf"], broken.replace("{year}/**", "{year}-{year}/**"))
    check("of one named by both years the later counts", is_due_from(share, "2027-01-01", "2026-12-31"))
    share = Share(["Bokslut/2019/a.pdf"], broken.replace('keep =', 'count-from = "fiscal-year-end"; keep ='))
    check("a period may be counted from the end of the fiscal year itself", is_due_from(share, "2026-07-01", "2026-06-30"))
    share = Share(["Fakturor/2019-08-01 a.pdf"], 'clock = "path-date"; count-from = "fiscal-year-end"; fiscal-year = { ends = "06-30"; }; '
                  'keep = "7 years"; where = { share = "s"; path = "Fakturor/{date}*"; };')
    check("and a record of a day belongs to the fiscal year that the day lies in", is_due_from(share, "2027-07-01", "2027-06-30"))
    text = json.dumps(share.plan("2027-07-01"), ensure_ascii=False)
    check("which is said in words", "2019-08-01 + 7 år från räkenskapsårets slut = 2027-07-01" in text, text[:600])


def created():
    share = Share(["a.txt"], 'clock = "created"; keep = "5 years"; count-from = "day"; where = { share = "s"; path = "**"; };')
    born = int(subprocess.run(["stat", "-c", "%W", share.path + "/share/a.txt"], stdout=subprocess.PIPE, check=True).stdout)
    if born == 0:
        plan = share.plan("2040-01-01")
        check("where no file system tells when a file was made, nothing is due by that", not plan["proposals"] and
              any(f["kind"] == "no-anchor" for f in plan["findings"]), plan["proposals"])
        return
    check("a file counts from when it was made, whatever its other times say", share.due("2029-01-01") == [] and
          share.due("2040-01-01") == ["a.txt"], share.due("2040-01-01"))


CASES = ("Diarienr;Avslutat;Återöppnat;Född dag\nSN 2014/0001;2015-03-01;;4\nSN 2014/0002;;;5\nSN 2014/0003;2015-03-01;2016-01-01;5\n"
         "SN 2014/0004;2015-03-01;;5\nSN 2014/0005;2015-03-01;2014-06-01;6\nSN 2014/0006;2015-03-01;;7\nSN 2014/0006;2017-05-01;;7\n")
AKTER = [f"Akter/SN 2014-000{i}/akt.pdf" for i in range(1, 8)]
BY_CASE = 'clock = "case-closed"; cases = "diariet"; keep = "5 years"; where = { share = "s"; path = "Akter/{case}/**"; };'


def case_closed():
    share = Share(AKTER, BY_CASE, cases=CASES)
    closed = [AKTER[0], AKTER[3], AKTER[4]]
    check("a case counts from when it was closed", share.due("2020-12-31") == [] and share.due("2021-01-01") == closed, share.due("2021-01-01"))
    check("one that is open, was opened again, or is in no list is not due", not {AKTER[1], AKTER[2], AKTER[6]} & set(share.due("2040-01-01")),
          share.due("2040-01-01"))
    check("one that stands twice counts from when it was closed last", AKTER[5] not in share.due("2022-12-31") and
          AKTER[5] in share.due("2023-01-01"))
    spared = Share(AKTER, BY_CASE + ' spare = { column = "Född dag"; values = ( "5", "15", "25" ); };', cases=CASES)
    check("cases that are chosen to be spared are preserved", spared.due("2040-01-01") == [AKTER[0], AKTER[4], AKTER[5]], spared.due("2040-01-01"))
    explained = json.loads(spared.behov("explain", "--json", f"{spared.path}/share/{AKTER[3]}", now="2040-01-01").stdout)
    check("and that is said of each", explained["outcome"] == "preserve" and explained["considered"][-1]["case"] == "sn-2014-0004", explained)
    prefix = Share(["Akter/Ärende SN 2014-0001 Berg/akt.pdf", "Akter/Ärende SN 2014-00011 Ek/akt.pdf"],
                   BY_CASE.replace("{case}/**", "Ärende {case} */**"), cases=CASES)
    check("a case is found among other words, and a longer number is another case",
          prefix.due("2040-01-01") == ["Akter/Ärende SN 2014-0001 Berg/akt.pdf"], prefix.due("2040-01-01"))


def bad_lists():
    share = Share(AKTER, BY_CASE, cases=CASES)
    for what, text in (("is cut off in the middle of a row", CASES[:-9]), ("has not the column", CASES.replace("Avslutat", "Stängt")), ("is empty", "")):
        share.write("cases.csv", text)
        plan = share.plan("2040-01-01")
        check(f"a list of cases that {what} is a gap, and nothing that hangs on it is proposed",
              not plan["proposals"] and any(g["what"] == "cases" for g in plan["gaps"]), plan["gaps"])
    share.write("cases.csv", CASES.replace("2014/0001;2015-03-01", "2014/0001;1 mars 2015"))
    plan = share.plan("2040-01-01")
    check("a date that cannot be read leaves that case alone, and is told", AKTER[0] not in
          [e["path"] for p in plan["proposals"] for e in p["entries"]] and plan["proposals"] and plan["gaps"], plan["gaps"])
    os.unlink(share.path + "/cases.csv")
    check("so is a list that is not there", share.plan("2040-01-01")["gaps"] and not share.plan("2040-01-01")["proposals"])


def events():
    files = ["Avtal/Bolaget/avtal.pdf", "Avtal/Firman/avtal.pdf", "Avtal/Firman/Bilagor/a.pdf", "Avtal/Kvar/avtal.pdf"]
    series = 'clock = "event"; keep = "2 years"; where = { share = "s"; path = "Avtal/**"; };'

    def event(number, path, date):
        return f'{{ id = "e{number}"; series = "serie"; share = "s"; path = "{path}"; date = "{date}"; why = "upphörde"; by = "arkiv"; }}'
    happened = [event(1, "Avtal/Bolaget", "2020-06-30"), event(2, "Avtal/Firman", "2019-01-01"), event(3, "Avtal/Firman/Bilagor", "2021-05-05")]
    share = Share(files, series, more="events = ( " + ", ".join(happened) + " );")
    seen = {day: share.due(day) for day in ("2021-12-31", "2022-01-01", "2022-12-31", "2023-01-01", "2023-12-31", "2024-01-01")}
    check("what has ended counts from when somebody says that it did", seen["2021-12-31"] == [] and seen["2022-01-01"] == [files[2 - 1]] and
          files[0] in seen["2023-01-01"] and files[0] not in seen["2022-12-31"], seen)
    check("of several the last counts", files[2] not in seen["2023-12-31"] and files[2] in seen["2024-01-01"], seen)
    check("and what has not ended is not due", files[3] not in share.due("2045-01-01"))
    for what, text in (("a series that counts otherwise", happened[0].replace('"serie"', '"annan"')), ("a day that is none", happened[0].replace("06-30", "06-31"))):
        done = Share(files, series, more=f"events = ( {text} );").behov("check")
        check(f"an event of {what} is refused", done.returncode == 2 and "rules/r.cfg:" in done.stderr, done.stderr)


def latest():
    share = Share(["Listor/2019-11-01 a.pdf", "Listor/2026-11-01 b.pdf"], 'clock = "path-date"; count-from = "day"; keep = "30 days"; '
                  'latest = "90 days"; where = { share = "s"; path = "Listor/{date}*"; };')
    told = [f["text"] for f in share.plan("2026-11-24")["findings"] if f["kind"] == "overdue"]
    check("what should have gone by now is told, with since when", len(told) == 1 and told[0].startswith("1 ") and "2020-01-30" in told[0], told)
    told = [f for f in share.plan("2020-01-29")["findings"] if f["kind"] == "overdue"]
    check("and not a day too early", not told, told)


def explained():
    hold = 'holds = { id = "stopp"; share = "s"; path = "Akter/SN 2014-0005"; reason = "begäran om utlämnande"; };'
    share = Share(AKTER + ["Övrigt/x.txt"], BY_CASE + ' spare = { column = "Född dag"; values = "5"; };', cases=CASES, more=hold)

    def said(name, now="2030-01-01", root=None):
        done = share.behov("explain", f"{root or share.path + '/share'}/{name}", now=now)
        return done.stdout + done.stderr
    check("explain says that the time is out, from when it was counted, and by whose decision", all(word in said(AKTER[0]) for word in (
          "Gallringstiden är ute sedan 2021-01-01", "2015 + 5 år från kalenderårets slut = 2021-01-01", "KS 2019/1", "rules/r.cfg:")), said(AKTER[0]))
    check("or that it is not yet", "Får gallras tidigast 2021-01-01" in said(AKTER[0], "2020-06-01"), said(AKTER[0], "2020-06-01"))
    check("or that a case is open", "ärendet sn-2014-0002 är inte avslutat" in said(AKTER[1]), said(AKTER[1]))
    check("or in no list", "finns inte i listan" in said(AKTER[6]), said(AKTER[6]))
    check("or spared", "Ska bevaras" in said(AKTER[3]) and "urval" in said(AKTER[3]), said(AKTER[3]))
    check("or held, and why", "gallringsstopp stopp, begäran om utlämnande" in said(AKTER[4]), said(AKTER[4]))
    check("or that no series covers it", "Ingen serie gäller filen" in said("Övrigt/x.txt"), said("Övrigt/x.txt"))
    os.symlink(share.path + "/share", share.path + "/annan-väg")
    check("however the way to it is written", "Gallringstiden" in said(AKTER[0], root=share.path + "/rules/../annan-väg"))
    check("and a file of no share is refused", "lies on no registered share" in said("../d.ldif"), said("../d.ldif"))


def refused():
    where = 'where = { share = "s"; path = "A/**"; };'
    wrong = {"a case clock without a list": 'clock = "case-closed"; keep = "5 years"; ' + where,
             "a list that is not known": 'clock = "case-closed"; cases = "finns-ej"; keep = "5 years"; where = { share = "s"; path = "{case}/**"; };',
             "a list without {case} in the path": 'clock = "case-closed"; cases = "diariet"; keep = "5 years"; ' + where,
             "a fiscal year without {year}": 'clock = "fiscal-year"; keep = "5 years"; ' + where,
             "a fiscal year that ends on no day": 'clock = "path-year"; count-from = "fiscal-year-end"; fiscal-year = { ends = "06-31"; }; '
                                                  'keep = "5 years"; where = { share = "s"; path = "{year}/**"; };',
             "a latest day before the first": 'clock = "modified"; keep = "5 years"; latest = "4 years"; ' + where,
             "spared cases without a list": 'clock = "modified"; keep = "5 years"; spare = { column = "x"; values = "5"; }; ' + where}
    for what, series in wrong.items():
        done = Share([], series, cases=CASES).behov("check")
        check(f"{what} is refused, with its place", done.returncode == 2 and "rules/r.cfg:" in done.stderr, done.stderr)


for part in (fiscal, created, case_closed, bad_lists, events, latest, explained, refused):
    part()
sys.exit(1 if failed else 0)
