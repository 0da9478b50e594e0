#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of a share: one that has lost a large part of itself is not believed until somebody says that it is so, and
a memory that cannot be read costs nothing but time."""
import datetime
import json
import os
import shutil
import sqlite3
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


class Office:
    """Forty files in eight years, of which the oldest two are due; one night has been."""

    def __init__(self):
        self.room = tempfile.TemporaryDirectory(prefix="behov-vanish-")
        self.path = self.room.name
        self.share = self.path + "/share"
        os.mkdir(self.path + "/rules")
        for year in range(2014, 2022):
            os.makedirs(f"{self.share}/{year}")
            for i in range(5):
                open(f"{self.share}/{year}/{i}.pdf", "w", encoding="utf-8").close()
        self.write("rules/r.cfg", f'shares = {{ id = "s"; path = "{self.share}"; owner = "arkiv"; identity = "none"; }};\n'
                   'series = { id = "serie"; owner = "arkiv"; action = "destroy"; keep = "10 years"; clock = "path-year"; '
                   'where = { share = "s"; path = "{year}/**"; }; batch = { path = "{year}"; whole = true; }; '
                   'decision = { dnr = "KS 2019/1"; date = "2019-01-01"; body = "KS"; }; };\n')
        self.write("d.ldif", "dn: CN=a,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: arkiv\n"
                   "objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\nsAMAccountType: 805306368\nmail: arkiv@kalmar.example\n\n")
        self.write("behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; '
                   'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
                   'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
                   'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
        self.day = 1
        self.behov("store", "create", "--test")
        self.first = self.night()

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def behov(self, *words):
        return subprocess.run([BEHOV, "-q", "--config", self.path + "/behov.cfg", "--now", f"2026-12-{self.day:02}T02:00+01:00", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def night(self):
        self.day += 1
        return self.behov("run").returncode

    def states(self):
        return sorted((p["batch"], p["state"]) for p in json.loads(self.behov("proposals", "--json").stdout)["proposals"])

    def gaps(self):
        return [g["text"] for g in json.loads(self.behov("status", "--json").stdout)["gaps"]]

    def release(self):
        return self.behov("decide", "release", "share:s", "--by", "it", "--reason", "flyttat").returncode


DUE = [("2014", "open"), ("2015", "open")]


def half_gone():
    office = Office()
    check("two years are due", office.first == 0 and office.states() == DUE, (office.first, office.states()))
    for year in range(2015, 2020):
        shutil.rmtree(f"{office.share}/{year}")
        os.mkdir(f"{office.share}/{year}")
    check("trap_a_share_that_lost_most_of_its_files_is_a_brake", office.night() == 4 and "15" in office.gaps()[0], office.gaps())
    check("and what was proposed on it still stands", office.states() == DUE, office.states())
    check("plan says so, too", "release share:s" in office.behov("plan", "--json").stdout)
    check("the next night is no wiser", office.night() == 4 and office.states() == DUE)
    check("somebody says that it is so", office.release() == 0)
    check("then it is believed", office.night() == 0 and office.gaps() == [] and office.states() == DUE[:1],
          office.states())
    check("and there is nothing more to release", office.release() == 2)
    check("and the night after compares with what was believed", office.night() == 0, office.gaps())


def another_share():
    office = Office()
    for year in range(2014, 2022):
        os.rename(f"{office.share}/{year}", f"{office.share}/kopia {year}")
    check("trap_another_file_system_of_the_same_size_is_not_believed", office.night() == 4 and "roten" in office.gaps()[0],
          office.gaps())
    check("and nothing is withdrawn for it", office.states() == DUE, office.states())
    check("nor is it the night after", office.night() == 4 and office.states() == DUE, office.states())
    office.release()
    check("it is when somebody says so", office.night() == 0 and office.states() == [], office.states())


def back_again():
    office = Office()
    os.rename(office.share + "/2016", office.path + "/aside")
    for year in (2017, 2018, 2019, 2020):
        shutil.rmtree(f"{office.share}/{year}")
    check("less than half is left", office.night() == 4)
    for year in (2016, 2017, 2018, 2019, 2020):
        os.makedirs(f"{office.share}/{year}", exist_ok=True)
        for i in range(5):
            open(f"{office.share}/{year}/{i}.pdf", "w", encoding="utf-8").close()
    check("what comes back needs nobody's word", office.night() == 0 and office.states() == DUE, (office.gaps(), office.states()))


def released_and_worse():
    office = Office()
    for year in (2016, 2017, 2018, 2019, 2020):
        shutil.rmtree(f"{office.share}/{year}")
        os.mkdir(f"{office.share}/{year}")
    office.night()
    office.release()
    for year in (2014, 2015):
        shutil.rmtree(f"{office.share}/{year}")
    check("what was released at fifteen files is not believed at five", office.night() == 4, office.gaps())


def forgotten():
    """The memory may be deleted at any time: a brake that stands is not forgotten with it."""
    for what, lose in (("files", lambda o, y: (shutil.rmtree(f"{o.share}/{y}"), os.mkdir(f"{o.share}/{y}"))),
                       ("folders", lambda o, y: os.rename(f"{o.share}/{y}", f"{o.share}/kopia {y}"))):
        office = Office()
        for year in range(2014, 2020):
            lose(office, year)
        check(f"a share that has lost {what} is braked", office.night() == 4)
        os.unlink(office.path + "/behov.db.folders")
        check(f"trap_a_brake_for_lost_{what}_stands_without_the_memory", office.night() == 4 and office.states() == DUE,
              (office.gaps(), office.states()))
        check("and the night after", office.night() == 4 and office.states() == DUE, (office.gaps(), office.states()))
        office.release()
        check("until somebody says that it is so", office.night() == 0 and office.states() == [], (office.gaps(), office.states()))


def thin(office):
    """Another share with as many folders and fifteen files."""
    for year in range(2014, 2022):
        os.rename(f"{office.share}/{year}", f"{office.share}/kopia {year}")
        for i in range(5 if year < 2019 else 0):
            os.unlink(f"{office.share}/kopia {year}/{i}.pdf")


def too_deep(folder):
    """What nobody can open, nor can root."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=at)
        below = os.open("x" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


def both():
    """Whoever moves the server moves the memory with it, or not."""
    office = Office()
    for year in range(2014, 2020):
        shutil.rmtree(f"{office.share}/{year}")
    os.unlink(office.path + "/behov.db.folders")
    check("trap_a_share_that_lost_files_is_braked_without_the_memory", office.night() == 4 and office.states() == DUE,
          (office.gaps(), office.states()))


def released_once():
    """Another share that is right is believed once, and so much of it as was there."""
    office = Office()
    thin(office)
    office.night()
    office.release()
    check("another share is believed when somebody says so", office.night() == 0)
    for year in range(2014, 2022):
        os.rename(f"{office.share}/kopia {year}", f"{office.share}/{year}")
    check("trap_what_was_released_once_is_not_released_the_next_night", office.night() == 4, office.gaps())

    office = Office()
    thin(office)
    too_deep(office.share + "/kopia 2021")
    office.night()
    office.release()
    check("one with a gap is believed, too", office.night() == 3, office.gaps())
    for year in (2019, 2020):
        shutil.rmtree(f"{office.share}/kopia {year}")
    check("trap_what_was_released_is_no_leave_to_lose_the_rest", office.night() == 4, office.gaps())


def edit(office, sql, name="behov.db.folders", *values):
    """Ended without closing it: what lies beside a database stays, as it does after a night; plan may make no files there."""
    child = os.fork()
    if child == 0:
        with sqlite3.connect(f"{office.path}/{name}") as db:
            db.execute(sql, values)
            db.commit()
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def moment(day):
    return int(datetime.datetime.fromisoformat(f"2026-12-{day:02}T12:00+01:00").timestamp())


def carried_away():
    """What we moved aside is not missed; and not missed a second time when it is destroyed."""
    office = Office()
    with sqlite3.connect(office.path + "/behov.db") as db:
        batch = db.execute("select id from proposal where batch = '2014'").fetchone()[0]
    db.close()
    shutil.rmtree(office.share + "/2014")
    edit(office, "update proposal set state = 'quarantined', since = ? where id = ?", "behov.db", moment(office.day), batch)
    for i in range(5):
        edit(office, "insert into effect (proposal, act, number, state, intended, ended) values (?1, 'quarantine', ?2, 'done', ?3, ?3)",
             "behov.db", batch, i + 1, moment(office.day))
    check("what was carried away is not missed", office.night() == 0, office.gaps())
    edit(office, "update proposal set state = 'done', since = ? where id = ?", "behov.db", moment(office.day), batch)
    for year in (2016, 2017, 2018):
        shutil.rmtree(f"{office.share}/{year}")
    for i in range(3):
        os.unlink(f"{office.share}/2019/{i}.pdf")
    check("trap_destroying_what_was_long_gone_hides_no_loss", office.night() == 4, office.gaps())


def listed(office, *words):
    """How many of the nine folders a look lists, and what is said of the memory."""
    done = subprocess.run([BEHOV, "--config", office.path + "/behov.cfg", "--now", f"2026-12-{office.day:02}T02:00+01:00", "plan", *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    some, every = (json.loads(office.behov("plan", "--json", *more).stdout) for more in ((), ("--full",)))
    some.pop("stock"), every.pop("stock")       # sizes are not asked for in one night
    same = some == every
    return int(done.stderr.split("listed=")[1].split()[0]), "memory" in done.stderr, done.returncode == 0 and same


def memory():
    office = Office()
    check("of nine folders the two with something due are listed", listed(office) == (2, False, True), listed(office))
    check("and with --full all of them", listed(office, "--full") == (9, False, True), listed(office, "--full"))
    edit(office, "update folder set memo = x'' where name = cast('2019' as blob)")
    check("a folder whose memo cannot be read is listed", listed(office) == (3, False, True), listed(office))
    edit(office, "update folder set memo = x'ffffffffffffffffffffffffffffffffffff' where name = cast('2020' as blob)")
    check("nor does a wild one count for anything", listed(office) == (4, False, True), listed(office))
    edit(office, "update folder set id = parent where name = cast('2021' as blob)")
    check("rows that go round in a ring are told of, and nothing is believed", listed(office) == (9, True, True), listed(office))
    for what, text in (("a file that is no memory", b"not a database, but long enough to be looked at" * 100), ("half a memory", None)):
        office = Office()
        with open(office.path + "/behov.db.folders", "rb") as old:
            bytes_ = old.read()
        with open(office.path + "/behov.db.folders", "wb") as new:
            new.write(text or bytes_[:len(bytes_) // 2])
        check(what + " is told of, and everything is listed", listed(office) == (9, True, True), listed(office))
        check("and the night is as good", office.night() == 0 and office.states() == DUE, office.states())
        with open(office.path + "/behov.db.folders-wal", "wb") as wal:
            wal.write(b"of another" * 1000)
        os.unlink(office.path + "/behov.db.folders")
        check("without it a new one is made", office.night() == 0 and listed(office) == (2, False, True), listed(office))


for one in (half_gone, another_share, back_again, released_and_worse, carried_away, forgotten, both, released_once, memory):
    one()
sys.exit(bool(failed))
