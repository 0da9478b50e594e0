#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be preserved is delivered: approved, packaged, opened as an e-archive would, receipted, and not asked about again."""
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
sys.path.insert(0, TOP + "/tests/world")
import sip  # noqa: E402
import town  # noqa: E402
from town import Owner, Town, check  # noqa: E402

ORACLE = f"{town.BUILD}/tests/unit/oracle-apply"
DATA = b"representations/rep1/data/"


def at(day, hour=2):
    return f"2026-{day}T{hour:02}:00+01:00"


def night(t, day, *options):
    done = t.call(at(day), "run", *options)
    assert done.returncode in (0, 3, 4), done.stderr.decode()


def package_is_right(name, folder):
    faults, told = sip.check_folder(folder)
    check(f"{name}: it is an E-ARK SIP, requirement by requirement, and every checksum is right", not faults, *faults[:9])
    wrong = sip.check_tar(folder + ".tar", folder)
    check(f"{name}: the tar is the same", not wrong, *wrong[:9])
    return told


def fits_schema(folder):
    """The description against the schema that comes with it."""
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", folder + "/schemas/behov-leverans.xsd",
                           folder + "/metadata/descriptive/leverans.xml"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check("the description is as its schema says", done.returncode == 0, done.stdout.decode())


def state(t, proposal):
    return t.rows("select state, note from proposal where id = ?", proposal)[0]


def delivered():
    with Town("--people", "500", "--files", "3000") as t:
        t.create()
        night(t, "11-24")
        t.call(at("11-24", 3), "decide", "release", "series:bygghandlingar@gemensam", "--by", "it.admin", "--reason", "Väntat")
        night(t, "11-25")
        batch, where, count = t.rows("select id, batch, files from proposal where kind = 'deliver' and state = 'open' order by id limit 1")[0]
        originals = {p: open(p, "rb").read() for p in glob.glob(f"{t.demo}/shares/gemensam/{where}/**", recursive=True) if os.path.isfile(p)}
        t.serve(at("11-25", 9))
        Owner(t, "berit.sten").decide({batch: ("approve",)})
        t.close_page()
        night(t, "11-26")
        check("one who owns it is enough to deliver", state(t, batch)[0] == "scheduled", state(t, batch))
        t.call(at("11-26", 9), "series", "activate", "bygghandlingar", "--by", "maria.arkivarie", "--reason", "Beslut finns")
        night(t, "12-04")
        done = t.call(at("12-04", 9), "apply")
        check("it is packaged", state(t, batch)[0] == "exported" and done.returncode == 0, state(t, batch), done.stderr.decode()[-2000:])
        folder = state(t, batch)[1]
        told = package_is_right("a delivery", folder)
        fits_schema(folder)
        sent = {p[len(DATA):] for p in told if p.startswith(DATA)}
        check("with all of its files", len(sent) == count and sent == {os.fsencode(os.path.relpath(p, t.demo + "/shares/gemensam")) for p in originals},
              count, len(sent))
        with open(folder + "/metadata/descriptive/leverans.xml", encoding="utf-8") as f:
            said = f.read()
        check("it says under which decision, what it is called, and who approved", all(w in said for w in (
            "<dnr>SBN 2018/0009</dnr>", "<klassificering>4.2.1</klassificering>", "<namn>berit.sten</namn>", "<informationsagare>berit.sten<")), said)
        check("the originals are where they were", {p: open(p, "rb").read() for p in originals} == originals)
        receipts(t, batch, folder, told)
        night(t, "12-06")
        check("it is not asked about again", [r[0] for r in t.rows("select state from proposal where key = (select key from proposal where id = ?)", batch)]
              == ["done"])
        one = sorted(originals)[0]
        with open(one, "ab") as f:
            f.write(b"tillagt")
        for other, in t.rows("select id from proposal where kind = 'deliver' and state = 'open'"):     # the next step of a new series
            t.call(at("12-06", 9), "decide", "keep", other, "--by", "it.admin", "--reason", "Behövs")
        night(t, "12-07", "--full")
        check("what has changed since is", len(t.rows("select id from proposal where key = (select key from proposal where id = ?)", batch)) == 2)
        done = t.call(at("12-07", 9), "audit", "verify")
        check("the chain is whole", done.returncode == 0, done.stderr.decode())
        trail = t.call(at("12-07", 9), "audit", "trail", batch).stdout.decode()
        check("its trail has the package and the receipt", "delivery-packaged" in trail and "delivery-receipt" in trail, trail)


def receipts(t, batch, folder, told):
    now = at("12-05", 9)
    night(t, "12-05")
    check("a night waits for the receipt", state(t, batch)[0] == "exported")
    letters = [text for _, text in t.mails("it.admin")]
    check("administrators are reminded of it", any("e-arkivets kvittens (behov delivery list): 1 att göra" in text for text in letters), letters[-1:])
    done = t.call(now, "delivery", "list")
    check("it is among those that wait", done.returncode == 0 and batch.encode() in done.stdout and folder.encode() in done.stdout, done.stdout)
    for words, said in ((("--by", "maria.arkivarie"), b"--number"), (("--number", "A 1"), b"--by"),
                        (("--number", "A 1", "--by", "m", "--date", "igår"), b"not a date"),
                        (("--number", "A 1", "--by", "m", "--date", "2026-12-31"), b"between that and today")):
        done = t.call(now, "delivery", "receipt", batch, *words)
        check("a receipt that lacks something is refused", done.returncode == 2 and said in done.stderr, words, done.stderr)
    sums = [f"{digest}  {i}\n" for i, (path, (digest, _)) in enumerate(told.items()) if path.startswith(DATA)]
    short = t.folder + "/kvittens"
    with open(short, "w", encoding="utf-8") as f:
        f.writelines(sums[1:])
    done = t.call(now, "delivery", "receipt", batch, "--number", "A 1", "--by", "maria.arkivarie", "--file", short)
    check("a list that lacks a file is refused", done.returncode == 1 and b"lacks the SHA-256 of 1 of" in done.stderr and
          state(t, batch)[0] == "exported", done.stderr)
    with open(short, "w", encoding="utf-8") as f:
        f.writelines(sums)
    done = t.call(now, "delivery", "receipt", batch, "--number", "A 1", "--by", "maria.arkivarie", "--file", short, "--date", "2026-12-04")
    check("the receipt is registered", done.returncode == 0 and state(t, batch)[0] == "done" and "kvittens A 1" in state(t, batch)[1],
          done.stderr, state(t, batch))
    done = t.call(now, "delivery", "receipt", batch, "--number", "A 1", "--by", "maria.arkivarie")
    check("once", done.returncode == 2 and b"is done" in done.stderr, done.stderr)


# ------------------------------------------------------------------ names and sizes that nobody would choose

def hostile():
    long = b"l" * 251
    names = [b"\xff\xfe.pdf", b"r\xe4kning.PDF", "räkning.docx".encode(), b"a&b<c>\"d'e.txt", b"rad\nbrytning", b"tab\tstyr\x01\x1b[2J\x7f",
             "\u202eslutgit\u2066.exe".encode(), "\ufffe\uffff.xml".encode(), b"%41%", b"%", b" ", b"-rf", b"...", b".dold", b"~", b"CON.txt",
             b"a\\b", b"]]>", b"<!--", b"&amp;", b"${HOME}", b"*?[x]", b"file:\xe2\x80\xa6", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80",
             "e\u0301".encode(), "é".encode(), long + b".pdf", "å".encode() * 127, b"\xe5" * 255, b"METS.xml", b"namn.tar.gz", b"utan punkt."]
    paths = [b"n/" + n for n in names] + [b"tom", b"/".join([b"d" * 250] * 14) + b"/" + long + b".txt", b"\xff/\xfe/\n/x", b"representations/rep1/data/x"]
    draw = random.Random(7)
    for _ in range(200):
        leaf = bytes(draw.choice([c for c in range(1, 256) if c != 47]) for _ in range(draw.randrange(1, 120)))
        if leaf not in (b".", b".."):
            paths.append(b"slump/" + leaf)
    return list(dict.fromkeys(paths))


def write(root, path, content):
    place = os.path.join(root, os.path.dirname(path))
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(root, path), "wb") as f:
        f.write(content)


def deliver(home):
    return subprocess.run([ORACLE, "deliver", home + "/s", home], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "BEHOV_TEST_NOW": "1767571200"})


def names_survive():
    home = tempfile.mkdtemp(prefix="bd-", dir="/tmp")
    try:
        os.mkdir(home + "/share")
        wanted = {}
        for i, path in enumerate(hostile()):
            content = b"" if i % 5 == 0 else b"%d " % i * (i * 997 % 70000)
            write(os.fsencode(home) + b"/share", path, content)
            wanted[path] = content
        os.utime(os.fsencode(home) + b"/share/tom", (-10**9, -10**9))
        done = deliver(home)
        folder = home + "/s.work/leverans/00000000000000d1-1"
        check("hostile names are packaged", done.returncode == 0 and b"d1-1 exported" in done.stdout, done.stderr.decode("utf-8", "replace")[-2000:])
        told = package_is_right("hostile names", folder)
        fits_schema(folder)
        check("every byte of every name survives", {p[len(DATA):] for p in told if p.startswith(DATA)} == set(wanted))
        with open(folder + "/METS.xml", encoding="utf-8") as f:
            mets = f.read()
        types = {urllib.parse.unquote_to_bytes(h): m for m, h in re.findall(r'MIMETYPE="([^"]*)".*?xlink:href="([^"]*)"', mets, re.S)}
        check("what it is called by its ending", [types[DATA + b"n/" + n] for n in (b"r\xe4kning.PDF", b"%", b"utan punkt.", "räkning.docx".encode())] ==
              ["application/pdf", "application/octet-stream", "application/octet-stream",
               "application/vnd.openxmlformats-officedocument.wordprocessingml.document"])
        check("a time before 1970 is one", 'CREATED="1938-04-24T22:13:20Z"' in mets)
        there = {os.path.relpath(os.path.join(a, n), os.fsencode(home) + b"/share") for a, _, ns in os.walk(os.fsencode(home) + b"/share") for n in ns}
        check("and the originals lie where they lay", there == set(wanted), there ^ set(wanted))
        done = subprocess.run(["tar", "-xf", folder + ".tar", "-C", home], stderr=subprocess.PIPE)
        faults, _ = sip.check_folder(home + "/00000000000000d1-1")
        check("GNU tar gives the same package", done.returncode == 0 and not faults, done.stderr, *faults[:5])
    finally:
        shutil.rmtree(os.fsencode(home))


def main():
    names_survive()
    delivered()
    return 1 if town.failures else 0


sys.exit(main())
