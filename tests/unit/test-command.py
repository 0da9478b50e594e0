#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: what is no number or no option is refused with 2 before anything is done, and help tells of all that there is."""
import os
import re
import shlex
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
failed = 0


def check(name, holds, *detail):
    global failed
    failed += not holds
    print(("ok " if holds else "not ok ") + name, *([] if holds else detail))


def behov(*words):
    return subprocess.run([BEHOV, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def fonts():
    """What a PDF needs is missed at set-up, and not when files are gone and must be told of."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/rules")
        for name, text in (("behov.cfg", 'organisation = "K"; store = "sqlite:b.db"; rules = "rules"; directory = { source = "file:d.ldif"; base = "DC=k"; };'
                            'mail = { server = "maildir:o"; from = "b@k.example"; }; web = { listen = "127.0.0.1:0"; url = "http://127.0.0.1"; };'),
                           ("none.conf", '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as out:
                out.write(text)
        words = [BEHOV, "--config", folder + "/behov.cfg", "check"]
        outlet, inlet = os.pipe()
        os.close(outlet)
        left = subprocess.run([*words, "--json"], stdin=subprocess.DEVNULL, stdout=inlet, stderr=subprocess.PIPE, text=True)
        os.close(inlet)
        check("who has read enough of an answer is no failure", left.returncode == 0 and "cannot" not in left.stderr, left)
        with open("/dev/full", "w", encoding="utf-8") as full:
            lost = subprocess.run([*words, "--json"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
        check("an answer that could not be written is one", lost.returncode == 1 and "cannot write the answer" in lost.stderr, lost)
        there = subprocess.run(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        gone = subprocess.run([*words, "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "FONTCONFIG_FILE": folder + "/none.conf"})
        check("where the fonts are there, check has nothing to say of them", there.returncode == 0 and "font" not in there.stderr, there)
        check("where one is not, it says which package has it", gone.returncode == 2 and "until this is installed" in gone.stderr and
              "Debian's package 'fonts-liberation'" in gone.stderr and gone.stdout.startswith("{"), gone)


def main():
    said = behov("--help")
    verbs = sorted(set(re.findall(r"^  ([a-z]+)\b", said.stdout.split("verbs:")[1].split("options:")[0], re.M)))
    with open(TOP + "/agent/verbs.c", encoding="utf-8") as f:
        text = f.read()
    options = re.findall(r'^\t\{ "([a-z]+)", (?:0|\'.\'),', text, re.M)
    check("help tells of every verb", len(verbs) > 15 and set(verbs) == set(re.findall(r"verb_([a-z]+) \},$", text, re.M)), verbs)
    missing = [o for o in options if not re.search(rf"--{o}\b", said.stdout)]
    check("help tells of every option", said.returncode == 0 and len(options) > 20 and not missing, missing)
    check("and of those with one letter", all(re.search(rf"(?<![\w-])-{c}\b", said.stdout) for c in "vqhj"), said.stdout)
    with tempfile.TemporaryDirectory() as folder:
        config = ("--config", folder + "/absent.cfg")
        for verb in verbs:
            one = behov(*config, verb, "--help")
            check(f"'{verb} --help' is help of that verb, and does nothing else", (one.returncode, one.stderr) == (0, "") and
                  one.stdout.startswith(f"use: behov {verb}") and one.stdout == behov(verb, "-h").stdout, one)
            used, _, rest = one.stdout.partition("\n\n")
            mine = rest.split("\noptions of every verb:\n")[0].partition("\noptions:\n")[2]
            takes = set(re.findall(r"^  --([a-z]+)", mine, re.M))
            every = set(re.findall(r"^ +(?:-\w, )?--([a-z]+)", rest.partition("\noptions of every verb:\n")[2], re.M))
            shown = {"reason" if o == "why" else o for o in re.findall(r"--([a-z]+)", used)}
            check(f"how '{verb}' is used names each of its options, and no other", shown == takes, shown ^ takes)
            examples = re.findall(r"^  behov (.*)$", rest.partition("\nexamples:\n")[2], re.M)
            check(f"'{verb}' has examples, of what it takes", examples and all(e.split()[0] == verb for e in examples) and
                  {"reason" if o == "why" else o for e in examples for o in re.findall(r"--([a-z]+)", e)} <= takes | every, examples)
            for example in examples:
                one = behov(*config, *shlex.split(example))
                check(f"which the program takes: {example}", one.returncode != 0 and "use: " not in one.stderr and "takes no" not in one.stderr and
                      "needs" not in one.stderr and "Usage" not in one.stderr, one)
            other = next(o for o in ("head", "test", "files") if o not in takes)
            one = behov(*config, verb, "--" + other)
            check(f"'{verb}' takes no --{other}, and says so", one.returncode == 2 and f"'{verb}' takes no --{other}: see behov {verb} --help" in one.stderr, one)
        numbers = ("4x", "x4", "", " 4", "+4", "-4", "4 ", "4.0", "0x4", "0", "257", "00000000004", "4294967300", "99999999999999999999")
        for text in numbers:
            one = behov(*config, "-j", text, "check")
            check(f"-j '{text}' is refused with 2", one.returncode == 2 and f"-j takes a number from 1 to 256, not '{text}'" in one.stderr, one)
        one = behov(*config, "-j", "4", "-j", "4x", "check")
        check("so is a second one that is none", one.returncode == 2 and "not '4x'" in one.stderr, one)
        for text in ("1", "4", "256"):
            one = behov(*config, "-j", text, "check")
            check(f"-j {text} is taken", one.returncode == 2 and "absent.cfg" in one.stderr and "-j" not in one.stderr, one)
        for words in (("--no-such", "check"), ("-x", "check"), ("-j",), ("check", "--all=yes"), (), ("no-such",)):
            one = behov(*config, *words)
            check(f"'{' '.join(words)}' is refused with 2, and says where to look", one.returncode == 2 and "see behov --help" in one.stderr, one)
    fonts()
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
