#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the house: who may open which door, who speaks SQL, and what nobody calls."""
import os
import re
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PHASES = {"register", "collect", "reconcile", "scan", "retain", "propose", "notify", "decide", "apply", "report", "suggest",
          "duplicates"}


def sources(*folders):
    for folder in folders:
        for at, _, names in os.walk(os.path.join(TOP, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".py", ".cfg")) and "corpus" not in at and "__pycache__" not in at:
                    path = os.path.join(at, name)
                    with open(path, encoding="utf-8") as f:
                        yield os.path.relpath(path, TOP), f.read()


def unsaid():
    """Reasons why an answer of a real person did not count that their receipt has no words for."""
    verify = ""
    for name in ("verify.c", "proof.c"):
        with open(f"{TOP}/agent/decide/{name}", encoding="utf-8") as f:
            verify += f.read()
    with open(TOP + "/agent/notify/receipts.c", encoding="utf-8") as f:
        said = re.findall(r'^\t\{ "([^"]+)",', f.read(), re.M)
    with open(TOP + "/agent/decide/words.c", encoding="utf-8") as f:
        verify += "".join('return "' + fault + '"' for fault in re.findall(r'^\t\[WORDS_\w+\] = "([^"]+)",', f.read(), re.M))
    faults = set(re.findall(r'(?:\*fault = |return |\? |: )"([a-z][^"]+)"', verify))
    # Nobody comes to these by what they do on the page.
    forged = {f for f in faults if re.search(r"proof of person|no letter|no such proposal|not one we know|in the future|before it was asked", f)}
    return sorted(faults - set(said) - forged) if len(faults) > 15 and len(said) > 10 else ["nothing was found to compare"]


def main():
    wrong = {"a phase opens no other phase's door": [], "only the store speaks SQL": [], "nobody calls a shell": [],
             "every file says its licence first": [], "only one function each takes away": [], "only one room makes PDF": []}
    removals = unlinks = 0
    for path, text in sources("agent", "include", "tests", "conf", "rules"):
        room = path.split("/")[1] if path.startswith("agent/") and path.count("/") > 1 else None
        if "SPDX-License-Identifier: GPL-3.0-or-later" not in "\n".join(text.split("\n", 3)[:3]):
            wrong["every file says its licence first"].append(path)
        if not path.startswith("agent/"):
            continue
        for door in re.findall(r'#include ["<](?:behov/)?(\w+)\.h[">]', text):
            if room and door in PHASES and door != room:
                wrong["a phase opens no other phase's door"].append((path, door))
            if door == "sqlite3" and room != "store":
                wrong["only the store speaks SQL"].append(path)
        if room != "pdf" and re.search(r'#include [<"](pango|qpdf|cairo-pdf)', text):
            wrong["only one room makes PDF"].append(path)
        if re.search(r"\b(system|popen|execlp?|execvp?|posix_spawnp?)\(", text):
            wrong["nobody calls a shell"].append(path)
        removals += len(re.findall(r"\bLDAP_MOD_DELETE\b", text))
        unlinks += len(re.findall(r"\bunlinkat\([^,]+, name\b", text))
    if (removals, unlinks) != (1, 1):
        wrong["only one function each takes away"].append((removals, unlinks))
    wrong["what did not count is said in Swedish"] = unsaid()
    for name, places in wrong.items():
        print(("not ok " if places else "ok ") + name, *places)
    return any(wrong.values())


sys.exit(main())
