#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A share that fails on purpose (FUSE): each failure is a gap with its place, and nothing that depends on it is proposed.

Each folder in its root fails in another way and is a batch of its own; everything in it has long been due.
"""
import contextlib
import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BEHOV, BROKEN = BUILD + "/behov", BUILD + "/tests/service/broken"
failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {what}" + ("" if holds else f": {detail}"))


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def configure(folder, mount):
    os.mkdir(folder + "/rules")
    write(folder + "/rules/r.cfg", f'shares = {{ id = "s"; path = "{mount}"; owner = "arkiv"; identity = "none"; }};\n'
          'series = { id = "serie"; owner = "arkiv"; action = "destroy"; decision = { dnr = "KS 1"; date = "2019-01-01"; body = "KS"; };\n'
          'where = { share = "s"; path = "*/**"; }; batch = { path = "*"; }; keep = "5 years"; clock = "modified"; };\n')
    write(folder + "/d.ldif", "dn: CN=a,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: arkiv\n"
          "objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\nsAMAccountType: 805306368\n\n")
    write(folder + "/behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; '
          'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
          'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
          'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')


def plan(folder, hands):
    done = subprocess.run([BEHOV, "-q", "--config", folder + "/behov.cfg", "--now", "2026-11-24T02:00+01:00", "-j", str(hands),
                           "plan", "--json", "--files"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    return done.returncode, json.loads(done.stdout), done.stdout


def judge(folder):
    code, seen, first = plan(folder, 1)
    gaps = {g["path"]: g["text"] for g in seen["gaps"] if g["what"] == "folder"}
    batches = {p["batch"]: p["files"] for p in seen["proposals"]}
    check("a share with failures is done with gaps", code == 3, code)
    check("what is whole is proposed", batches.get("good") == 1 and batches.get("many") == 20000, batches)
    for name, word in (("eio", "Input/output"), ("half", "Input/output"), ("stale", "Stale"), ("denied", "ermission")):
        check(f"a folder that fails ({name}) is a gap, and its batch is not proposed",
              word in gaps.get(name, "") and name not in batches, (gaps, batches))
    for name in ("vanishing", "unasked", "turning"):
        check(f"a file that is not what it was said to be ({name}) is a gap, and its batch is not proposed",
              "a.pdf" in gaps.get(name, "") and name not in batches, (gaps, batches))
    deep = [path for path, text in gaps.items() if path.startswith("loop/loop") and "too deep" in text]
    check("a folder within itself ends where no path can follow", len(deep) == 1, [p[:60] for p in gaps])
    strange = [e["path"] for p in seen["proposals"] if p["batch"].startswith("strange") for e in p["entries"]]
    check("names that would break a line, a table or a terminal are shown escaped, and no letters are guessed at",
          sorted(strange) == ["strange%0Anames/-rf", "strange%0Anames/=cmd|' '!A0", "strange%0Anames/line%0Abreak"], strange)
    check("any number of hands tells the same", all(plan(folder, hands)[2] == first for hands in (2, 16)))


def nights(folder):
    """What was not seen to its end is not remembered as if it had been."""
    def behov(*words):
        return subprocess.run([BEHOV, "-q", "--config", folder + "/behov.cfg", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=300, check=False)
    told = []
    behov("store", "create", "--test")
    for day in (24, 25):
        code = behov("--now", f"2026-11-{day}T02:00+01:00", "run").returncode
        with contextlib.closing(sqlite3.connect(folder + "/behov.db")) as db:
            told.append((code, sorted(db.execute("select distinct path, text from gap")),
                         sorted(db.execute("select batch from proposal"))))
    check("what could not be read is a gap again the next night, and nothing more is proposed", told[0][0] == 3 and
          len(told[0][1]) > 7 and told[0] == told[1],
          [[str(one)[:60] for one in night] for _, *parts in told for night in parts])


def beside(folder, share):
    """What is mounted below a share is of another file system: it is not entered."""
    os.mkdir(share + "/here")
    write(share + "/here/a.pdf", "")
    os.utime(share + "/here/a.pdf", (1262304000, 1262304000))
    configure(folder, share)
    for hands in (1, 4):
        code, seen, _ = plan(folder, hands)
        check(f"a mount below a share is a gap, and nothing in it is proposed ({hands} hands)", code == 3 and
              {g["path"]: g["text"].partition(": ")[2] for g in seen["gaps"]} == {"mounted": os.strerror(errno.EXDEV)} and
              [p["batch"] for p in seen["proposals"]] == ["here"], (seen["gaps"], [p["batch"] for p in seen["proposals"]]))


def main():
    # /dev/fuse can be opened by all, but mounting takes fusermount3 or root.
    if not os.path.exists("/dev/fuse") or not shutil.which("fusermount3"):
        print("skip a share that fails on purpose: no FUSE here")
        return
    share, folder = tempfile.mkdtemp(prefix="behov-broken-"), tempfile.mkdtemp(prefix="behov-broken-conf-")
    mount, other = share + "/mounted", folder + "/beside"
    os.mkdir(mount)
    os.mkdir(other)
    server = subprocess.Popen([BROKEN, "-f", mount], stderr=subprocess.PIPE)
    try:
        while not os.path.ismount(mount) and server.poll() is None:
            time.sleep(0.01)
        if server.poll() is not None:
            print("skip a share that fails on purpose: " + server.stderr.read().decode().strip().replace("\n", " "))
            return
        configure(folder, mount)
        judge(folder)
        nights(folder)
        beside(other, share)
    finally:
        if os.path.ismount(mount):
            subprocess.run(["fusermount3", "-u", mount], check=False)
        server.wait()
        os.rmdir(mount)
        shutil.rmtree(share)
        shutil.rmtree(folder)


main()
sys.exit(1 if failed else 0)
