#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual tells of every verb and option that the program has, every trap has its test, and mandoc is silent."""
import glob
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
PAGE, TRAPS, ACCESS, RETENTION, PROPOSALS, AUDIT, POWERS, CONF = (f"{TOP}/packaging/man/{name}" for name in (
    "behov.1", "behov-directory.7", "behov-access.7", "behov-retention.7", "behov-proposals.7", "behov-audit.7", "behov-powers.7", "behov.cfg.5"))

# Where the register says which keys a group has: the function, and the group.  In read_small() each list has its own name.
GROUPS = {"read_webhook": "webhook", "read_settings": "", "read_one": "directory", "read_units": "hr.units", "read_hr": "hr", "read_mail": "mail", "read_web": "web", "read_ldap": "web.ldap",
          "read_stamp": "audit.stamp", "read_audit": "audit", "read_archive": "archive", "read_protocol": "protocol", "read_report": "report",
          "read_metrics": "metrics", "read_targets": "targets"}


def known_keys():
    """Every key of the configuration, with its group before it, as the register knows them."""
    out = set()
    for name in ("settings", "directories", "web", "archive", "watch"):
        with open(f"{TOP}/agent/register/{name}.c", encoding="utf-8") as f:
            text = f.read()
        for function, body in re.findall(r"^(\w+)\(struct reader \*r[^;{]*\)\n\{(.*?)^\}", text, re.M | re.S):
            for what, words in re.findall(r"static const char \*const (\w+)\[\] = \{([^;]*?)NULL \}", body):
                group = GROUPS.get(function) if what == "keys" else what.replace("_", "-") if function == "read_small" else None
                if group is not None:
                    out |= {(group + "." if group else "") + key for key in re.findall(r'"([a-z-]+)"', words)}
    return out



def is_there(name, test):
    """A test of that name in a file of that name; one whose name has other words between them counts, too."""
    for path in glob.glob(f"{TOP}/tests/**/{name}", recursive=True):
        with open(path, encoding="utf-8") as f:
            if test in f.read():
                return True
    return False


def main():
    failed = False

    def check(name, holds, *detail):
        nonlocal failed
        failed |= not holds
        print(("ok " if holds else "not ok ") + name, *([] if holds else detail))

    said = subprocess.run([BEHOV, "--help"], check=True, stdout=subprocess.PIPE).stdout.decode()
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    with open(TOP + "/agent/verbs.c", encoding="utf-8") as f:
        program = f.read()
    verbs = sorted(set(re.findall(r"^  ([a-z]+)\b", said.split("verbs:")[1].split("options:")[0], re.M)))
    options = re.findall(r'^\t\{ "([a-z]+)", (?:0|\'.\'),', program, re.M)
    check("every verb is in the manual", len(verbs) > 10 and all(re.search(rf"^\.It Cm {v}\b", page, re.M) for v in verbs),
          [v for v in verbs if not re.search(rf"^\.It Cm {v}\b", page, re.M)])
    missing = [o for o in options if not re.search(rf"^\.It .*Fl Fl {o}\b", page, re.M)]
    check("every option is in the manual", len(options) > 10 and not missing, missing)
    for verb in verbs:
        given = subprocess.run([BEHOV, verb, "--help"], check=True, stdout=subprocess.PIPE).stdout.decode()
        takes = set(re.findall(r"^  --([a-z]+)", given.split("options of every verb:")[0].partition("\noptions:\n")[2], re.M))
        told = set(re.findall(r"Fl Fl ([a-z]+)", "".join(re.findall(rf"^\.It (?:Xo\n\.)?Cm {verb}\b.*?(?=^\.It |^\.El)", page, re.M | re.S))))
        told = {"reason" if o == "why" else o for o in told} - {"now", "config", "help"}
        check(f"the manual names the options that '{verb} --help' does", takes == told, takes ^ told)
    for name, what, last, open_ones in ((TRAPS, "reading a directory", 43, {27}), (RETENTION, "files and their retention", 43, set())):
        with open(name, encoding="utf-8") as f:
            page = f.read()
        parts = {int(n): part for n, part in re.findall(r"^\.It (\d+)\. (.*?)(?=^\.It |^\.El)", page, re.M | re.S)}
        check(f"every trap of {what} is in the manual", list(parts) == list(range(1, last + 1)), list(parts))
        bare = [n for n, part in parts.items() if "\n.Dl test-" not in part and "Does not apply" not in part and n not in open_ones]
        check("each with a test, or why it does not apply", not bare, bare)
        absent = [line for line in re.findall(r"^\.Dl (test-.*)$", page, re.M) if not is_there(*line.split(": ", 1))]
        check("and every test is there", not absent, absent)
    for what, room, name, least in (("access", "reconcile", ACCESS, 15), ("files", "retain", RETENTION, 4)):
        kinds = set()
        for path in glob.glob(f"{TOP}/agent/{room}/*.c"):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            kinds |= set(re.findall(r'(?:tell_trouble\(w, |tell_notes\(w, |tell\(w, |\.kind = |find\(plan, r->mem, )"([a-z-]+)"', text))
            kinds |= set(re.findall(r'\.kind = [^"]*"([a-z]+-[a-z-]+)" : "([a-z]+-[a-z-]+)"', text) and
                         sum(re.findall(r'\.kind = [^"]*"([a-z]+-[a-z-]+)" : "([a-z]+-[a-z-]+)"', text), ()))
        with open(name, encoding="utf-8") as f:
            told = set(re.findall(r"[a-z]+(?:-[a-z]+)*", " ".join(re.findall(r"^\.It Cm (.*)$", f.read(), re.M))))
        check(f"every kind of finding about {what} is in the manual", len(kinds) > least and kinds <= told, kinds - told)
    with open(f"{TOP}/agent/store/life.c", encoding="utf-8") as f:
        text = f.read()
    life = re.findall(r'\[PROPOSAL_(\w+)\] = \{ ([^,]+), STATE_(\w+),', text)
    ours, theirs = (re.findall('"([^"]*)"', re.search(rf"{name}\[\] = \{{(.*?)NULL", text, re.S).group(1)) for name in ("state_word", "state_text"))
    with open(PROPOSALS, encoding="utf-8") as f:
        text = f.read()
    states = re.findall(r"^\.It Em (\S+) Pq (.+)$", text, re.M)
    check("the manual has each state, and what people are told of it", len(states) > 10 and states == list(zip(ours, theirs)), states)
    told = re.findall(r"^\.It Cm proposal-([\w-]+)\nFrom\n(?:\.Em )?(.*)\nto\n\.Em ([\w-]+) \.$", text, re.M)
    written = [(what.lower(), "nothing" if of == "0" else re.sub(r" \| ", " , ", of).lower(), to.lower()) for what, of, to in life]
    written = [tuple(word.replace("_", "-") for word in step) for step in written]
    check("what can happen to a proposal is in the manual as in the program", len(life) > 10 and written == told,
          set(written) ^ set(told))
    with open(CONF, encoding="utf-8") as f:
        told = re.findall(r"^\.It Cm ([a-z.-]+)", f.read(), re.M)
    keys = known_keys()
    check("every key of the configuration is in the manual, once", len(keys) > 90 and sorted(told) == sorted(keys),
          sorted(keys - set(told)), sorted(set(told) - keys), len(told))
    with open(TOP + "/conf/behov.cfg", encoding="utf-8") as f:
        example = f.read()
    missing = [k for k in keys if not re.search(rf"(?<![a-z-]){k.rpartition('.')[2]} = ", example) and k != "hr.units.list"]
    check("and in the example", not missing, missing)
    if shutil.which("mandoc"):
        for name in (PAGE, TRAPS, ACCESS, RETENTION, PROPOSALS, AUDIT, POWERS, CONF):
            lint = subprocess.run(["mandoc", "-T", "lint", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            told = [line for line in lint.stdout.decode().splitlines() if "referenced manual not found" not in line]
            check(f"mandoc has nothing to say about {os.path.basename(name)}", not told, told)
    else:
        print("skip mandoc is not installed")
    return failed


sys.exit(main())
