#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`behov suggest retention`: what it writes loads, decides nothing, fits what it was drawn from, and no name breaks out of it.

In each world a share is made of names that are hostile, and of names that drafts look for.  What comes out is put in
rules/retention/: it must be read, no series may have a decision, and every series must cover a file of the folder it was made for.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
WORLDS = int(os.environ.get("WORLDS", "12" if "address" in os.environ.get("BUILD", "") else "40"))
NOW = "2026-11-28T02:00+01:00"
NASTY = [b'"', b'";', b"#", b"\n", b"//", b"/*", b"*/", b"}", b"{", b"{year}", b"{case}", b"**", b"*", b"?", b"@include", b"\\", b'\\"', b"\xff", b"\xe5",
         "\u202e".encode(), "\u2028".encode(), "\x9b".encode(), b"\x1b[2J", b"\t", b"\r", b");", b'decision = { dnr = "1"; date = "2019-01-01"; body = "K"; };',
         b"series = (", b"ANGE-MAPP", b"%0A", b"%", b"=", b",", "å".encode(), b" ", b".", b"~$", b"x"]
TELLING = ["Avtal", "Hyresavtal", "Bygglov", "Räkenskaper", "Leverantörsfakturor", "Protokoll", "Nämnder", "Personalakter", "Rekrytering", "Loggar",
           "Drift", "2019", "2024", "2019-03-01", "2019-03-01 Nämnd", "KS-2021-0042", "KS-2021-0042 Storgatan", "Budget 2019", "Förskola", "Betyg",
           "19850312-1234"]
failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {what}" + ("" if holds else f": {str(detail)[:2000]}"))


class World:
    def __init__(self, shares='shares = { id = "s"; name = "S"; path = "share"; owner = "arkiv"; identity = "none"; };\n'):
        self.folder = tempfile.TemporaryDirectory(prefix="behov-suggest-")
        self.path = self.folder.name
        shutil.copytree(TOP + "/rules/library", self.path + "/rules/library")
        os.mkdir(self.path + "/share")
        self.write("rules/shares.cfg", shares)
        self.write("d.ldif", "")
        self.write("behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; '
                   'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
                   'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
                   'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')

    def write(self, name, text):
        os.makedirs(os.path.dirname(f"{self.path}/{name}"), exist_ok=True)
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def file(self, path):
        """Bytes below the share."""
        whole = os.path.join(self.path.encode(), b"share", path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        open(whole, "wb").close()

    def behov(self, *words):
        return subprocess.run([BEHOV, "-q", "--config", self.path + "/behov.cfg", "--now", NOW, *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def suggest(self, *words):
        done = self.behov(*words, "suggest", "retention", "s")
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")

    def series(self):
        done = self.behov("check", "--json")
        return done.returncode, json.loads(done.stdout)["series"] if done.returncode == 0 else [], done.stderr.decode("utf-8", "replace")


def random_name(draw):
    if draw.random() < 0.5:
        return draw.choice(TELLING).encode()
    parts = b"".join(draw.choice(NASTY) if draw.random() < 0.7 else draw.choice(TELLING).encode() for _ in range(draw.randint(1, 5)))
    parts = parts.replace(b"/", b"\xe2\x88\x95")[:200]
    return parts if parts not in (b".", b"..") else b"x"


def split(text):
    """The series of a file that this verb wrote, one by one: each begins a line with a brace."""
    body = re.split(r"^\t\{ ", text.split("\nseries = (\n", 1)[1], flags=re.M)[1:]
    return ["\t{ " + re.sub(r"[,)\s]*(?:^#.*\n|^\);\n|\n)*\Z", "", one, flags=re.M) for one in body]


def hostile_names():
    broken, decided, idle, lines, differ, drafts = [], [], [], [], [], 0
    for seed in range(WORLDS):
        draw, world = random.Random(seed), World()
        for _ in range(draw.randint(5, 60)):
            world.file(b"/".join(random_name(draw) for _ in range(draw.randint(1, 4))) + b"/" + random_name(draw) + b".pdf"[:draw.choice([0, 4])])
        code, text, log = world.suggest("-j1")
        if code:
            broken.append((seed, code, log))
            continue
        if world.suggest("-j8")[1] != text:
            differ.append(seed)
        text = text.decode("utf-8")
        lines += [(seed, c) for c in text if ord(c) < 32 and c not in "\n\t" or 0x7f <= ord(c) < 0xa0 or c in "\u2028\u2029\u202e"]
        world.write("rules/retention/forslag.cfg", text)
        code, series, log = world.series()
        if code:
            broken.append((seed, log))
        decided += [(seed, s["id"]) for s in series if s.get("decision") or s.get("decided")]
        if "\nseries = (" not in text:
            continue
        ones = split(text)
        if len(ones) != len(series):
            broken.append((seed, len(ones), len(series)))
        drafts += len(series)
        for one in ones[:8]:
            if "records = {" in one:
                continue
            world.write("rules/retention/forslag.cfg", "series = (\n" + one + "\n);\n")
            code, after, log = world.suggest()
            name = re.search(r'id = "([^"]*)"', one).group(1)
            if code or f"\n#   {name} (" not in after.decode():
                idle.append((seed, one[:1500], log))
    check("whatever files are called, what is suggested can be read as rules", not broken, broken[:2])
    check("and there is much of it", drafts > WORLDS, drafts)
    check("none of it has a decision", not decided, decided[:3])
    check("every series covers files where it was found to fit", not idle, idle[:1])
    check("no sign of a name that a terminal obeys comes through", not lines, lines[:5])
    check("the answer does not depend on the number of hands", not differ, differ)


def known_folders():
    world = World()
    for year in range(2012, 2020):
        for i in range(4):
            world.file(f"Ekonomi/Räkenskaper/{year}/v{i}.pdf".encode())
            world.file(f"Ekonomi/Leverantörsfakturor/{year}/{i}.pdf".encode())
            world.file(f"Bygg/Bygglov/BN-{year}-000{i} Storgatan {i}/ritning.pdf".encode())
    world.file(b"Gemensamt/Thumbs.db")
    world.file("Gemensamt/~$hyresavtal.docx".encode())
    world.file("Personal/Akter/850312-1234 Andersson/personakt.pdf".encode())
    world.file("Anställda/850312-1234 Andersson/20190301/a.pdf".encode())
    code, text, log = world.suggest()
    text = text.decode()
    check("a share is told of without an error", code == 0 and not log, log)
    for what, holds in {
        "cases become {case}": '  where = ( { share = "s";  path = "Bygg/Bygglov/{case} */**"; } );\n' in text,
        "and a batch of each": '  batch = { path = "Bygg/Bygglov/{case} *";  whole = true; };' in text,
        "years become {year}": '  where = ( { share = "s";  path = "Ekonomi/Räkenskaper/{year}/**"; } );\n' in text,
        "a compound word is found": '"leverantörsfakturor" hör ihop med "fakturor"' in text,
        "a word in two folders is found": re.search(r"^# Personal/Akter .*\n#   personalakter: passar", text, re.M),
        "what often is preserved is warned of": re.search(r"^# VARNING: 2 filer .*\(avtal, personakt\)", text, re.M),
        "what may be fleeting is remarked on": "#   tillfälliga filer (tmp, temp, ~$, .part): 1 fil," in text and "Thumbs.db, desktop.ini, .DS_Store): 1 fil" in text,
        "no rule comes of that": "Gemensamt" not in text.split("series = (")[1],
        "somebody's number is not shown": "850312" not in text and "Personal/Akter/*" in text,
        "all is ungoverned": "#   ingen serie: 100 filer (100 %)\n" in text,
    }.items():
        check("known folders: " + what, holds, text)
    world.write("rules/retention/x.cfg", 'series = { id = "v"; name = "V"; action = "destroy"; keep = "9 years"; clock = "path-year"; '
                'where = { share = "s"; path = "Ekonomi/Räkenskaper/{year}/**"; }; };\n')
    text = world.suggest()[1].decode()
    check("what is governed is told with its series", "#       omfattas av: v, utan beslut (32 filer)\n" in text, text)
    check("and no draft is suggested there", "rakenskaper" not in text)
    world.write("rules/retention/x.cfg", 'series = { id = "bygglov"; name = "B"; action = "preserve"; where = { share = "s"; path = "X/**"; }; };\n')
    text = world.suggest()[1].decode()
    check("an id that is taken is not used again", 'id = "bygglov-2";' in text and 'id = "bygglov";' not in text)


def gaps():
    world = World()
    world.file("Avtal/a.pdf".encode())
    shutil.rmtree(world.path + "/rules/library")
    code, text, _ = world.suggest()
    check("without a library what lies there is told", code == 0 and "rules/library finns inte" in text.decode() and "Avtal" in text.decode())
    world.write("rules/library/a.cfg", 'series = ( { id = "avtal"; name = "Avtal"; action = "preserve"; where = { share = "ANGE-FILYTA"; path = "ANGE-MAPP/Avtal/**"; }; } );')
    world.write("rules/library/b.cfg", 'series = ( { id = "b"; action = "preserve"; } );')
    code, text, log = world.suggest()
    check("a draft that cannot be read is a gap, and the others count", code == 3 and "LUCKA: utkast" in text.decode() and 'id = "avtal"' in text.decode() and "b.cfg:1" in log, log)
    os.rename(world.path + "/share", world.path + "/gone")
    code, text, _ = world.suggest()
    check("a share that is not there is a gap, and nothing is suggested", code == 3 and "kunde inte läsas alls" in text.decode() and "series" not in text.decode(), text)
    check("an unknown share is refused", world.behov("suggest", "retention", "x").returncode == 2)
    os.rename(world.path + "/gone", world.path + "/share")
    if os.geteuid():
        world.file("Stängd/x.pdf".encode())
        os.chmod(world.path + "/share/Stängd", 0)
        code, text, _ = world.suggest()
        os.chmod(world.path + "/share/Stängd", 0o700)
        check("a folder that cannot be read is told with its path", code == 3 and "#   Stängd: cannot open folder" in text.decode(), text)
    else:
        print("skip root may read every folder")


hostile_names()
known_folders()
gaps()
sys.exit(failed != 0)
