#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual tells of every verb and option that the program has, and mandoc has nothing to say about it."""
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
PAGE = TOP + "/packaging/man/behov.1"


def main():
    failed = False

    def check(name, holds, *detail):
        nonlocal failed
        failed |= not holds
        print(("ok " if holds else "not ok ") + name, *([] if holds else detail))

    said = subprocess.run([BEHOV, "--help"], check=True, stdout=subprocess.PIPE).stdout.decode()
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    with open(TOP + "/agent/main.c", encoding="utf-8") as f:
        program = f.read()
    verbs = re.findall(r"^  ([a-z]+) ", said.split("verbs:")[1].split("options:")[0], re.M)
    options = re.findall(r'\{ "([a-z]+)", (?:no|required)_argument', program)
    check("every verb is in the manual", len(verbs) > 10 and all(re.search(rf"^\.It Cm {v}\b", page, re.M) for v in verbs),
          [v for v in verbs if not re.search(rf"^\.It Cm {v}\b", page, re.M)])
    missing = [o for o in options if not re.search(rf"^\.It .*Fl Fl {o}\b", page, re.M)]
    check("every option is in the manual", len(options) > 10 and not missing, missing)
    if shutil.which("mandoc"):
        lint = subprocess.run(["mandoc", "-T", "lint", PAGE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        check("mandoc has nothing to say about it", lint.returncode == 0 and not lint.stdout, lint.stdout.decode())
    else:
        print("skip mandoc is not installed")
    return failed


sys.exit(main())
