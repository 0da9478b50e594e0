#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders with more in them than anybody would put there (FUSE): a night takes no more memory for them than for small ones.

CROWD says how many files; what is shown does not depend on it.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BEHOV, BROKEN = BUILD + "/behov", BUILD + "/tests/service/broken"
CROWD = int(os.environ.get("CROWD", "1000000"))
ASKED = min(CROWD, 20000)       # where each file is asked about
WATCHED = os.path.basename(BUILD) != "build"            # by a sanitizer, which takes memory of its own
failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {what}" + ("" if holds else f": {detail}"))


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


class Night:
    """Nights over one folder below the mount, as a share of its own."""

    def __init__(self, mount, what, series):
        self.room = tempfile.TemporaryDirectory(prefix="behov-crowd-")
        self.path = self.room.name
        os.mkdir(self.path + "/rules")
        write(self.path + "/rules/r.cfg", f'shares = {{ id = "s"; path = "{mount}/{what}"; owner = "arkiv"; identity = "none"; }};\n'
              'series = { id = "serie"; owner = "arkiv"; action = "destroy"; decision = { dnr = "KS 1"; date = "2019-01-01"; body = "KS"; };\n'
              f'{series} }};\n')
        write(self.path + "/d.ldif", "dn: CN=a,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: arkiv\n"
              "objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\nsAMAccountType: 805306368\n\n")
        write(self.path + "/behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; '
              'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
              'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
              'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
        if self.behov(None, "store", "create", "--test")[0]:
            raise SystemExit("not ok store create")

    def behov(self, day, *words):
        """(exit, stdout, stderr, peak of memory in MiB)"""
        now = ("--now", day + "T02:00+01:00") if day else ()
        with open(self.path + "/out", "w+b") as out, open(self.path + "/err", "w+b") as err:
            process = subprocess.Popen([BEHOV, "--config", self.path + "/behov.cfg", *now, *words], stdout=out, stderr=err)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            return process.returncode, out.read().decode(), err.read().decode(), used.ru_maxrss / 1024

    def remembered(self):
        return sum(os.path.getsize(self.path + "/" + name) for name in os.listdir(self.path) if name.startswith("behov.db.folders"))


OLD = 'where = { share = "s"; path = "**"; }; keep = "5 years"; clock = "modified";'
OF_OTHERS = 'where = { share = "s"; path = "**"; name = "*.doc"; }; keep = "5 years"; clock = "modified";'
VERSIONS = 'where = { share = "s"; path = "**"; name = "Handling {version}.pdf"; }; keep = "5 years"; clock = "superseded";'


def scanned(err):
    return {name: int(n) for name, n in re.findall(r"(\w+)=(\d+)", re.search(r"scan done .*", err).group())}


def in_bounds(what, peak, least, most):
    check(f"{what} takes no memory for each", WATCHED or peak - least <= most, (peak, least))


def main_checks(mount):
    least = Night(mount, "crowd-10", OF_OTHERS).behov("2026-11-24", "run")[3]
    night = Night(mount, f"crowd-{CROWD}", OF_OTHERS)
    code, _, err, peak = night.behov("2026-11-24", "run")
    seen = scanned(err)
    check("a folder of very many files is read to its end", code == 0 and seen["files"] == CROWD and seen["gaps"] == 0, (code, err))
    in_bounds("that", peak, least, 16)
    check("and remembered in a few bytes", night.remembered() < 1 << 18, night.remembered())
    code, out, err, _ = night.behov("2026-11-25", "run")
    seen = scanned(err)
    check("the next night it is looked at, and not listed", code == 0 and seen["listed"] == 0 and seen["files"] == CROWD and
          seen["requests"] < 10, err)
    night = Night(mount, f"crowd-{ASKED}", OLD)
    code, out, err, peak = night.behov("2026-11-24", "plan", "--json")
    plan = json.loads(out)
    check("what is due in one folder is one batch, however much it is", [p["files"] for p in plan["proposals"]] == [ASKED], plan["proposals"])
    night = Night(mount, f"closed-{ASKED}", OLD)
    code, out, err, peak = night.behov("2026-11-24", "plan", "--json")
    gaps = [g["text"] for g in json.loads(out)["gaps"]]
    check("of files that cannot be asked about the first are named, and the others counted", code == 3 and len(gaps) == 21 and
          f"cannot stat {ASKED - 20} more files" in gaps, gaps[:30])
    night = Night(mount, f"crowd-{ASKED * 6}", VERSIONS)
    code, out, err, peak = night.behov("2026-11-24", "plan", "--json")
    plan = json.loads(out)
    check("where more versions lie than can be compared, none is superseded", code == 0 and not plan["proposals"] and
          [f["kind"] for f in plan["findings"]] == ["no-anchor"], plan["findings"])


def main():
    if not os.path.exists("/dev/fuse") or not shutil.which("fusermount3"):
        print("skip a folder of very many files: no FUSE here")
        return
    mount = tempfile.mkdtemp(prefix="behov-crowd-mount-")
    server = subprocess.Popen([BROKEN, "-f", mount], stderr=subprocess.PIPE)
    try:
        while not os.path.ismount(mount) and server.poll() is None:
            time.sleep(0.01)
        if server.poll() is not None:
            print("skip a folder of very many files: " + server.stderr.read().decode().strip().replace("\n", " "))
            return
        main_checks(mount)
    finally:
        if os.path.ismount(mount):
            subprocess.run(["fusermount3", "-u", mount], check=False)
        server.wait()
        os.rmdir(mount)


main()
sys.exit(1 if failed else 0)
