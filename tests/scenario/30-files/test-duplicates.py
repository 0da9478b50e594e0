#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`behov duplicates`: opens nothing unless the share says so, tells what is alike where no series is, and proposes nothing."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
NOW = "2026-11-28T02:00+01:00"
failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {what}" + ("" if holds else f": {str(detail)[:2000]}"))


class World:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="behov-alike-")
        self.path = self.folder.name
        self.share("")
        self.write("rules/r.cfg", 'series = { id = "v"; name = "V"; action = "destroy"; keep = "9 years"; clock = "modified"; '
                   'where = { share = "s"; path = "Styrt/**"; }; };\n')
        self.write("d.ldif", "")
        self.write("behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; '
                   'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
                   'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
                   'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')

    def share(self, more):
        self.write("rules/shares.cfg", f'shares = {{ id = "s"; name = "S"; path = "share"; owner = "arkiv"; identity = "none"; {more} }};\n')

    def write(self, name, text):
        os.makedirs(os.path.dirname(f"{self.path}/{name}"), exist_ok=True)
        with open(f"{self.path}/{name}", "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(text)

    def behov(self, *words):
        done = subprocess.run([BEHOV, "-q", "--config", self.path + "/behov.cfg", "--now", NOW, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        return done.returncode, done.stdout, done.stderr


def main():
    world = World()
    for i in range(3):
        world.write(f"share/Gemensamt/bild {i}.jpg", "x" * 5000)
        world.write(f"share/Styrt/bild {i}.jpg", "x" * 5000)
    world.write("share/Gemensamt/\udcff\n.jpg", "x" * 5000)
    world.write("share/Gemensamt/annan.jpg", "y" * 5000)
    code, out, log = world.behov("duplicates", "s")
    check("files are not opened unless the share says so", code == 2 and "duplicates = true" in log and not out, log)
    world.share("duplicates = true;")
    check("an unknown share is refused", world.behov("duplicates", "x")[0] == 2)
    code, out, log = world.behov("duplicates", "s")
    check("what is alike is told", code == 0 and "4 filer är lika varandra, i 1 grupp: med en av varje skulle 15,0\u00a0kB räcka mindre." in out, out + log)
    check("and that it is no proposal", "inget av detta är ett förslag till gallring" in out)
    check("a name stays on its line", "      Gemensamt/%FF%0A.jpg\n" in out, out)
    code, out, log = world.behov("duplicates", "s", "--json")
    told = json.loads(out)
    check("nothing that a series covers is among them", told["looked"] == 5 and told["alike"] == {"groups": 1, "files": 4, "bytes": 15000}, out)
    check("nor what is of the same size only", told["groups"][0]["paths"] == ["Gemensamt/%FF%0A.jpg"] + [f"Gemensamt/bild {i}.jpg" for i in range(3)], out)
    check("the answer does not depend on the number of hands", world.behov("-j8", "duplicates", "s", "--json")[1] == out)
    try:
        import jsonschema
        with open(TOP + "/conf/schema/duplicates.schema.json", encoding="utf-8") as f:
            jsonschema.validate(told, json.load(f))
        check("the answer keeps to its schema", True)
    except ImportError:
        print("skip jsonschema is not installed")
    code, plan, _ = world.behov("plan", "--json")
    check("no plan proposes any of it", code == 3 and json.loads(plan)["proposals"] == [], plan)
    check("and no store was made", not os.path.exists(world.path + "/behov.db"))
    world.share('duplicates = true; window = "12:00-13:00";')
    code, out, _ = world.behov("duplicates", "s")
    check("outside the share's window nothing is read", code == 3 and "LUCKA: utanför tidsfönstret" in out, out)
    world.share("duplicates = true; hands = 1; rate = 1000;")
    code, out, _ = world.behov("-j8", "duplicates", "s")
    check("a share that must be read slowly is read all the same", code == 0 and "4 filer är lika varandra" in out, out)
    if os.geteuid():
        os.chmod(world.path + "/share/Gemensamt/annan.jpg", 0)
        code, out, _ = world.behov("duplicates", "s")
        check("what cannot be read is counted and told", code == 3 and "1 kunde inte läsas" in out and "LUCKA: Gemensamt/annan.jpg" in out, out)
    else:
        print("skip root may read every file")
    shutil.rmtree(world.path + "/share")
    code, out, _ = world.behov("duplicates", "s")
    check("a share that is not there is a gap", code == 3 and "LUCKA" in out and "Inga filer är lika" not in out, out)


main()
sys.exit(failed != 0)
