#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""year.py TOP: the municipality in TOP/build/demo lives the four quarters before --now, by TOP/conf and TOP/rules.

People come, move and leave, shares grow, rules are mended, and owners answer as habits.py has it: all of it through the directory
that is read, the shares, the page and the verbs; the store is only looked at.  The rules of each night are those of TOP/rules with
what was not yet so put back (THEN), below build/demo/then; what happened stands in build/demo/dagbok.txt.  To begin with behov is run by hand
every other week; since the last whole quarter began it is run every night.
"""
import argparse
import base64
import datetime
import email
import email.utils
import functools
import glob
import importlib.machinery
import importlib.util
import json
import os
import random
import re
import shutil
import sys
import uuid
import zoneinfo

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from habits import Habits
import town
from town import Town

loader = importlib.machinery.SourceFileLoader("make_world", os.path.dirname(os.path.abspath(__file__)) + "/make-world")
world = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_world", loader))
keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
loader.exec_module(world)
sys.dont_write_bytecode = keep
world.line = functools.lru_cache(maxsize=None)(world.line)      # most of a directory is as it was the night before

ZONE = zoneinfo.ZoneInfo("Europe/Stockholm")
NOW = datetime.date(2026, 11, 24)       # the day that the dates below are written for

# Until that day the rules said something else: (day, file, as it is or None for all of it, as it was, kind, what the diary says).
THEN = [
    ("2026-01-15", "systems/*.cfg", 'since = "2026-01-15"', 'since = "2025-02-03"', "rule-reviewed", "Alla behov har gåtts igenom"),
    ("2026-02-16", "systems/fritidsbok.cfg", 'owner = "olle.strand";  deputies = ( "sam.ordnare" );', "", "owner-late",
     "Fritidsbok har fått en ägare: olle.strand"),
    ("2026-03-16", "systems/elevhalsan.cfg", "konfidentialitet = 3", "konfidentialitet = 2", "class-raised",
     "Elevhälsan har klassats om: konfidentialitet 3"),
    ("2026-05-04", "systems/byggreda.cfg", 'title = "Planarkitekt*";', 'title = ( "Planarkitekt*", "Mätningsingenjör*" );', "rule-changed",
     "Byggreda: mätningsingenjörer behöver inte längre läsa planbesked"),
    ("2026-06-01", "systems/kostplan.cfg", "karin.dal", "tage.frost", "owner-changed", "Kostplan har fått en ny ägare: karin.dal"),
    ("2026-10-02", "holds.cfg", None, "holds = ( );\n", "hold-in-rules", "Begäran om utlämnande, dnr SN 2026/0412"),
]
AWAY = [("lars.skog", "2025-10-01", "2025-11-24"), ("anna.berg", "2026-06-29", "2026-08-10"), ("hanna.ros", "2026-02-02", "2026-03-09")]
ACTIVATED = [("2025-11-03", "verifikationer-2018"), ("2025-12-01", "postlistor"), ("2026-01-19", "bygghandlingar"), ("2026-02-09", "akter"),
             ("2026-09-14", "forsorjningsstod")]
# What else happens once, by the method that does it.
ONCE = [("2026-02-13", "short_export"), ("2026-03-02", "stop"), ("2026-04-20", "requested"), ("2026-05-18", "request_over"),
        ("2026-04-30", "owner_leaves"), ("2026-06-15", "stop_over"), ("2026-09-07", "put_back"), ("2026-11-19", "kitchen_let_in")]


def day_of(text):
    return datetime.date.fromisoformat(text)


class Year(Town):
    """`top` holds conf/ and rules/; every so many days something happens, and the owners sit down."""

    def __init__(self, top, now=NOW, every=14, seed=7, people=2000, files=3000, behov=town.BEHOV):
        self.top, self.now, self.every, self.seed, self.behov = os.path.abspath(top), now, every, seed, behov
        self.demo, self.folder = self.top + "/build/demo", self.top + "/build/demo/then"
        self.page, self.diary, self.seen, self.box, self.inlaid = None, [], set(), {}, set()
        self.shift = now - NOW
        self.nightly = quarter_before(now, 1)
        self.rng = random.Random(seed)
        first = self.nights()[0]
        world.wipe(self.demo)
        self.people = world.make_people(self.rng, people, first)
        self.taken = {p.name for p in self.people}
        self.rename_owner()
        self.groups = world.make_groups(self.rng, self.people, 300)
        self.consultants(first)
        self.number = files
        world.make_shares(self.demo + "/shares", self.rng, files, first.year)
        self.byggreda()
        self.habits = Habits(self, seed, "sam.ordnare", [(n, self.day(a), self.day(b)) for n, a, b in AWAY])
        self.once = sorted((self.day(when), name) for when, name in ONCE)
        self.to_activate = sorted((self.day(when), name) for when, name in ACTIVATED)

    def day(self, text):
        return day_of(text) + self.shift

    def nights(self):
        """The nights after which owners sit down, before that of `now` and from the beginning of the fourth quarter before its own."""
        start, out, day = quarter_before(self.now, 4), [], self.now
        while day - datetime.timedelta(days=self.every) >= start:
            day -= datetime.timedelta(days=self.every)
            out.append(day)
        return out[::-1]

    def tell(self, day, kind, text):
        self.diary.append((day, kind, text))

    @staticmethod
    def at(day, hour, plus=0):
        return datetime.datetime.combine(day + datetime.timedelta(days=plus), datetime.time(hour), ZONE).isoformat(timespec="minutes")

    def must(self, now, *words, codes=(0, 3, 4)):
        done = self.call(now, *words)
        if done.returncode not in codes:
            raise SystemExit(f"year.py: {now}: behov {' '.join(words)}: {done.returncode}\n{done.stderr.decode()}")
        return done

    # ---------------------------------------------------------------- mail

    def read_mail(self):
        """What has come is read once, and lies among what is read from then on."""
        new, cur = self.demo + "/outbox/new", self.demo + "/outbox/cur"
        if not os.path.isdir(new):
            return
        for name in sorted(os.listdir(new), key=lambda n: (os.stat(f"{new}/{n}").st_mtime_ns, n)):
            with open(f"{new}/{name}", "rb") as raw:
                mail = email.message_from_binary_file(raw)
            to = re.search(r"<([^<>@]+)@", mail["To"]).group(1)
            text = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_payload(decode=True).decode()
            self.box.setdefault(to, []).append((email.utils.parsedate_to_datetime(mail["Date"]), mail["Subject"], text))
            os.rename(f"{new}/{name}", f"{cur}/{name}:2,S")

    def mails(self, to):
        self.read_mail()
        return [(subject, text) for _, subject, text in self.box.get(to, [])]

    def has_link(self, who, day):
        self.read_mail()
        return any("/b/" in text and day - when.date() < datetime.timedelta(days=29) for when, _, text in self.box.get(who, []))

    # ---------------------------------------------------------------- rules

    def rules_of(self, day):
        """conf/ and rules/ as they were that day."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.top + "/conf", self.folder + "/conf")
        shutil.copytree(self.top + "/rules", self.folder + "/rules")
        self.change("conf/behov.cfg", 'listen = "127.0.0.1:8440"', 'listen = "127.0.0.1:0"')
        for name in ("conf/behov.cfg", "rules/shares.cfg"):
            self.change(name, '"../build/demo', f'"{self.top}/build/demo')
            self.change(name, ":../build/demo", f":{self.top}/build/demo") if name.startswith("conf") else None
        for until, name, now, then, kind, text in THEN:
            if day >= self.day(until):
                self.tell_once(self.day(until), kind, text)
                continue
            for path in sorted(glob.glob(f"{self.folder}/rules/{name}")):
                self.change(os.path.relpath(path, self.folder), now or read(path), then)

    def tell_once(self, day, kind, text):
        if (day, kind, text) not in self.diary:
            self.tell(day, kind, text)

    # ---------------------------------------------------------------- people

    def rename_owner(self):
        """The head of the kitchens until karin.dal was."""
        p = world.Person(name="tage.frost", given="Tage", sn="Frost", title="Enhetschef", department="Måltid", company=world.SRV)
        self.taken.add(p.name)
        self.join(p, self.nights()[0] - datetime.timedelta(days=2000))

    def join(self, p, start):
        world.number(p, len(self.people))
        p.start, p.logon = start, self.nights()[0] - datetime.timedelta(days=5)
        self.people.append(p)

    def consultants(self, first):
        for p in self.people:
            if p.type == "konsult":
                p.ends = first + datetime.timedelta(days=self.rng.randrange(20, 420))

    def byggreda(self):
        """Those who needed it by the rules of then."""
        self.groups[self.app("byggreda", "Las")] += sorted(p.dn for p in self.people if p.title == "Mätningsingenjör")

    @staticmethod
    def app(system, role):
        return f"CN=APP-{system.capitalize()}-{role},OU=Behorighet,{world.BASE}"

    def put_in(self, p, group):
        members = self.groups[group]
        if p.dn not in members:
            members.append(p.dn)
            return True
        return False

    def unit(self, p, department):
        """Into the group of their unit, and out of that of the one before."""
        for _, name, _, _ in world.UNITS:
            members = self.groups[f"CN=GG-{name},OU=Grupper,{world.BASE}"]
            if name == department:
                self.put_in(p, f"CN=GG-{name},OU=Grupper,{world.BASE}")
            elif p.dn in members:
                members.remove(p.dn)

    def give_needed(self, p):
        for system, roles in world.NEEDS.items():
            for role, clauses in roles.items():
                if world.needs(p, clauses) and self.rng.random() < 0.97:
                    self.put_in(p, self.app(system, role))

    def ordinary(self):
        named = {n[0] for n in world.NAMED} | {"tage.frost"}
        return [p for p in self.people if not p.left and p.name not in named]

    def times(self, a_week, days):
        """So often in so many days, for a municipality of 2,000."""
        wanted = a_week * days / 7 * len(self.people) / 2000
        return int(wanted) + (self.rng.random() < wanted % 1)

    def come(self, day):
        p = world.draw(self.rng, self.taken)
        while p.left:
            p = world.draw(self.rng, self.taken)
        self.join(p, day - datetime.timedelta(days=self.rng.randrange(1, 6)))
        p.logon = day - datetime.timedelta(days=1)
        if p.type == "konsult":
            p.ends = day + datetime.timedelta(days=self.rng.randrange(60, 300))
        self.unit(p, p.department)
        self.give_needed(p)
        self.tell(day, "person-came", f"{p.name} har börjat: {p.title}, {p.department}")

    def go(self, p, day, kind="person-left"):
        self.tell(day, kind, f"{p.name} har slutat: {p.title}, {p.department}")
        world.leave(p)
        self.unit(p, None)
        for group, members in sorted(self.groups.items()):
            if p.dn in members and not group.startswith("CN=APP-"):
                members.remove(p.dn)

    def move(self, p, day):
        company, department, titles, _ = self.rng.choices(world.UNITS, [u[3] for u in world.UNITS])[0]
        before, p.company, p.department = p.department, company, department
        p.title = self.rng.choices(list(titles), list(titles.values()))[0]
        self.unit(p, department)
        self.give_needed(p)
        self.tell(day, "person-moved", f"{p.name} har gått från {before} till {department}: {p.title}")

    def add_by_hand(self, day):
        p = self.rng.choice(self.ordinary())
        group = self.rng.choice([g for g in sorted(self.groups) if g.startswith("CN=APP-")])
        if self.put_in(p, group):
            self.tell(day, "member-added", f"{p.name} har lagts för hand i {group[3:].split(',')[0]}")

    def grant_again(self, day):
        """Somebody misses what was taken, and gets it back by the one who runs the group."""
        gone = [(group, member) for group, member in sorted(self.taken_out) if member not in self.groups.get(group, [member])]
        who = {p.dn: p for p in self.people if not p.left}
        gone = [pair for pair in gone if pair[1] in who]
        if gone:
            group, member = self.rng.choice(gone)
            self.groups[group].append(member)
            self.tell(day, "member-regranted", f"{who[member].name} har fått tillbaka {group[3:].split(',')[0]}")

    def sign_ins(self, day):
        for p in self.people:
            if p.left or p.disabled or getattr(p, "dormant", False):
                continue
            if (day - p.logon).days > 13:
                p.logon = day - datetime.timedelta(days=self.rng.randrange(1, 14))

    def dormant(self, day):
        members = set(self.groups[self.app("treserva", "Handlaggare")])
        awake = [p for p in self.ordinary() if p.dn in members and not getattr(p, "dormant", False)]
        p = self.rng.choice(awake)
        p.dormant, p.leave = True, "Tjänstledig"
        self.tell(day, "account-dormant", f"{p.name} har gått på tjänstledighet och loggar inte in")

    def live(self, day, days):
        """What people have done since the last night."""
        for what, a_week in ((self.come, 3.5), (self.add_by_hand, 2), (self.grant_again, 0.5), (self.dormant, 0.25)):
            for _ in range(self.times(a_week, days)):
                what(day)
        for _ in range(self.times(2.5, days)):
            self.go(self.rng.choice(self.ordinary()), day)
        for _ in range(self.times(2.5, days)):
            self.move(self.rng.choice(self.ordinary()), day)
        for p in self.ordinary():
            if p.type == "konsult" and p.ends and p.ends < day - datetime.timedelta(days=10):
                self.go(p, day, "consultant-ended")
        self.sign_ins(day)

    # ---------------------------------------------------------------- files

    def grow(self, day, days):
        """New files, written since the last night."""
        for share, name in (("ekonomi", world.ekonomi), ("social", world.social), ("gemensam", world.gemensam)):
            count = max(1, 12 * days // 7)
            for _ in range(count):
                self.number += 1
                path = os.path.join(self.demo, "shares", share, name(self.number, day.year, self.rng))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as out:
                    out.write(b"x" * self.rng.randrange(20, 400))
                at = datetime.datetime.combine(day, datetime.time(9), ZONE).timestamp() - self.rng.randrange(1, days) * 86400
                os.utime(path, (at, at))
        self.tell(day, "files-new", f"{3 * max(1, 12 * days // 7)} nya filer")

    # ---------------------------------------------------------------- what is carried out by others

    def take_in(self, day):
        """The administrator takes in the LDIF files and does what the work lists say, most weeks."""
        if self.rng.random() < 0.15:
            return
        known = self.by_identity()
        for path in sorted(glob.glob(self.demo + "/work/*.ldif") + glob.glob(self.demo + "/work/arbetslista-*.txt")):
            if path in self.inlaid:
                continue
            self.inlaid.add(path)
            text = read(path)
            pairs = ldif_removals(text) if path.endswith(".ldif") else [(re.search(r"^Grupp: +(.*)$", text, re.M).group(1),
                                                                           re.search(r"^Medlem: +(.*)$", text, re.M).group(1))]
            for group, said in pairs:
                member = known.get(said, said)
                if member in self.groups.get(group, []):
                    self.groups[group].remove(member)
                    self.taken_out.add((group, member))
            self.tell(day, "removed-by-others", f"{os.path.basename(path)}: {len(pairs)} medlemskap borttagna")

    def by_identity(self):
        """As a directory knows them, too: <GUID=…> -> DN."""
        identities = {dn: world.guid("group", dn) for dn in self.groups} | {p.dn: world.guid("person", p.name) for p in self.people}
        return {f"<GUID={uuid.UUID(bytes_le=number)}>": dn for dn, number in identities.items()}

    def receipts(self, day):
        for proposal, since in self.rows("select id, since from proposal where kind = 'deliver' and state = 'exported' order by since, id"):
            if day - datetime.datetime.fromtimestamp(since, ZONE).date() < datetime.timedelta(days=10):
                continue
            self.delivered += 1
            if self.delivered == 2:
                self.must(self.at(day, 10), "delivery", "refuse", proposal, "--by", "maria.arkivarie", "--reason", "Ritningarna saknar fastighetsbeteckning")
                self.tell(day, "delivery-refused", f"E-arkivet tar inte emot {proposal}")
            else:
                self.must(self.at(day, 10), "delivery", "receipt", proposal, "--number", f"EA {day.year}-{self.delivered:03}", "--by", "maria.arkivarie")
                self.tell(day, "delivery", f"E-arkivets kvittens för {proposal}")

    def release(self, day):
        for scope, count in self.rows("select scope, count(*) from proposal where state = 'braked' group by scope order by scope"):
            self.must(self.at(day, 8), "decide", "release", scope, "--by", "it.admin", "--reason", "Genomgånget med ägaren: förslagen stämmer")
            self.tell(day, "brake-released", f"{scope}: {count} förslag")

    # ---------------------------------------------------------------- what happens once

    def short_export(self, day):
        """The export of the directory was cut off, and is whole the night after."""
        with open(self.demo + "/directory.ldif", "r+b") as f:
            f.truncate(os.path.getsize(f.name) * 3 // 5)
        self.tell(day, "export-short", "Exporten av katalogen bröts")

    def stop(self, day):
        self.stopping = True            # see special()

    def stop_over(self, day):
        for hold, in self.rows("select id from hold where lifted is null and reason like 'Tvist%'"):
            self.must(self.at(day, 10), "hold", "lift", hold, "--by", "maria.arkivarie", "--by", "sam.ordnare", "--reason", "Tvisten är slut")
            self.tell(day, "hold-lifted", hold)

    def quarantined(self, share):
        return self.rows("select id, batch from proposal where state = 'quarantined' and share = ? order by id limit 1", share)

    def requested(self, day):
        """Somebody asks for what is in quarantine: it comes back at once."""
        for proposal, batch in self.quarantined("social"):
            self.must(self.at(day, 10), "hold", "add", "utlamnande-2026-04", "--share", "social", "--path", batch + "/**", "--by", "rut.registrator",
                      "--reason", "Begäran om utlämnande, dnr SN 2026/0188")
            self.tell(day, "hold-set", f"Begäran om utlämnande: {batch}")

    def request_over(self, day):
        for hold, in self.rows("select id from hold where id = 'utlamnande-2026-04' and lifted is null"):
            self.must(self.at(day, 10), "hold", "lift", hold, "--by", "maria.arkivarie", "--by", "rut.registrator", "--reason", "Utlämnat")
            self.tell(day, "hold-lifted", hold)

    def put_back(self, day):
        for proposal, batch in self.quarantined("social"):
            self.must(self.at(day, 10), "restore", proposal, "--by", "it.admin", "--reason", "Akten används i ett pågående ärende")
            self.tell(day, "restored", batch)

    def owner_leaves(self, day):
        self.go(next(p for p in self.people if p.name == "tage.frost"), day)

    def kitchen_let_in(self, day):
        group = self.app("kostplan", "Kok")
        count = sum(self.put_in(p, group) for p in self.people if p.title == "Måltidsbiträde")
        self.tell(day, "many-let-in", f"Kostplan: {count} måltidsbiträden lades in av misstag")

    def special(self, who, row, day):
        """What is not left to habit."""
        _, _, kind, state, _, batch = row
        if kind == "destroy" and batch == "Akter/2012/2012-012":
            return {"d": "keep", "r": "Beslutet är överklagat", "u": max(self.day("2026-10-01"), day + datetime.timedelta(days=1)).isoformat()}
        if self.stopping and who == "maria.arkivarie" and kind == "destroy" and state == "open":
            self.stopping = False
            self.tell(day, "hold-set", f"Tvist: {batch}")
            return {"d": "hold", "h": "Tvist, dnr KS 2026/0091", "e": self.day("2026-06-30").isoformat()}
        return None

    # ---------------------------------------------------------------- one night after the other

    def begin(self, day):
        self.taken_out, self.delivered, self.stopping = set(), 0, False
        self.rules_of(day)
        self.must(None, "store", "create", "--test")
        for share in json.loads(self.call(None, "check", "--json").stdout)["shares"]:
            if share["dispose"] != "none":
                self.must(self.at(day, 1), "share", "probe", share["id"])

    def write(self, day):
        for members in self.groups.values():
            members.sort()
        world.write_directory(self.demo + "/directory.ldif", self.people, self.groups, day)
        world.write_hr(self.demo + "/hr.csv", self.people)

    def happens(self, day, *names):
        """Of what happens once, the methods named whose day has come."""
        for when, name in [(w, n) for w, n in self.once if w <= day and n in names]:
            self.once.remove((when, name))
            getattr(self, name)(day)

    def day_before(self, day, first):
        """The world as this night finds it."""
        if not first:
            self.live(day, self.every)
            self.grow(day, self.every)
        self.happens(day, "owner_leaves", "kitchen_let_in")
        self.rules_of(day)
        self.write(day)
        self.happens(day, "short_export")

    def night(self, day):
        self.must(self.at(day, 2), "run")
        self.release(day)

    def between(self, day):
        """A night before which nothing has happened but what owners said, and what others carried out."""
        if day >= self.nightly:
            self.night(day)

    def week(self, day, first):
        after = [day + datetime.timedelta(days=n) for n in range(self.every)]
        self.day_before(day, first)
        self.night(day)
        for when, series in [a for a in self.to_activate if a[0] <= day]:
            self.to_activate.remove((when, series))
            self.must(self.at(day, 8), "series", "activate", series, "--by", "maria.arkivarie", "--reason", "Beslutet finns och är läst")
            self.tell(day, "series-activated", series)
        self.happens(day, "stop", "stop_over", "requested", "request_over", "put_back")
        late = lambda who: self.habits.dice("late", who, day).random() < 0.4
        self.habits.sit_down(self.at(day, 9), day, lambda who: not late(who), self.special)
        self.between(after[1])
        self.habits.sit_down(self.at(day, 14, 1), after[1], late, self.special)
        self.habits.review(self.at(day, 15, 1), after[1])
        self.between(after[2])
        self.must(self.at(day, 9, 2), "apply")
        regret = self.at(day, 15, 2)
        self.habits.think_again(regret, after[2], int(datetime.datetime.fromisoformat(regret).timestamp()))
        self.receipts(after[2])
        self.between(after[3])
        self.take_in(after[3])
        if after[-1] >= self.nightly:
            self.write(day)
        for quiet in after[4:]:
            self.between(quiet)

    def lived(self, progress=lambda day, n, of: None):
        nights = self.nights()
        self.tell(self.nightly, "every-night", "Från och med nu körs behov varje natt: förut kördes det för hand, med veckor emellan")
        try:
            self.begin(nights[0])
            for n, day in enumerate(nights):
                progress(day, n + 1, len(nights))
                self.week(day, n == 0)
        finally:
            self.close_page()
        self.day_before(self.now, False)
        self.read_mail()
        with open(self.demo + "/dagbok.txt", "w", encoding="utf-8") as out:
            for day, kind, text in sorted(self.diary):
                out.write(f"{day} {kind}: {text}\n")


def quarter_before(day, count):
    """The first day of the quarter that is so many before its own."""
    quarter = day.year * 4 + (day.month - 1) // 3 - count
    return datetime.date(quarter // 4, quarter % 4 * 3 + 1, 1)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def ldif_removals(text):
    """(group, member) of each "delete: member"."""
    group, out = None, []
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        value = base64.b64decode(value[1:]).decode() if value.startswith(":") else value.strip()
        if name == "dn":
            group = value
        elif name == "member":
            out.append((group, value))
    return out


def show(day, n, of):
    end = "\r" if sys.stdout.isatty() else "\n"
    if sys.stdout.isatty() or n in (1, of) or n % 13 == 0:
        print(f"Året före i dag: till och med {day}, {n} av {of}  ", end="\n" if n == of else end, flush=True)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    args.add_argument("top")
    args.add_argument("--now", type=datetime.date.fromisoformat, default=NOW)
    for key, number in (("every", 14), ("people", 2000), ("files", 3000), ("seed", 7)):
        args.add_argument("--" + key, type=int, default=number)
    args = args.parse_args()
    year = Year(args.top, args.now, args.every, args.seed, args.people, args.files)
    year.lived(show)
    shutil.rmtree(year.folder)          # the rules of today are in force from here on


if __name__ == "__main__":
    main()
