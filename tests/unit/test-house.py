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
        with open(f"{TOP}/agent/take/{name}", encoding="utf-8") as f:
            verify += f.read()
    with open(TOP + "/agent/store/refusals.c", encoding="utf-8") as f:
        said = re.findall(r'^\t\{ "([^"]+)",', f.read(), re.M)
    with open(TOP + "/agent/take/words.c", encoding="utf-8") as f:
        verify += "".join('return "' + fault + '"' for fault in re.findall(r'^\t\[WORDS_\w+\] = "([^"]+)",', f.read(), re.M))
    faults = set(re.findall(r'(?:\*fault = |return |\? |: )"([a-z][^"]+)"', verify))
    # Nobody comes to these by what they do on the page.
    forged = {f for f in faults if re.search(r"proof of person|no letter|no such proposal|not one we know|in the future|before it was asked", f)}
    return sorted(faults - set(said) - forged) if len(faults) > 15 and len(said) > 10 else ["nothing was found to compare"]


def called(code, what):
    """Where it is used in the program, and not only declared or defined: (file, the function it stands in)."""
    found = []
    for path, text in code.items():
        for m in re.finditer(what, text):
            line = text[text.rfind("\n", 0, m.start()) + 1:m.start()]
            if path.endswith(".h") or line == "":
                continue
            found.append((os.path.basename(path), re.findall(r"^(\w+)\(", text[:m.start()], re.M)[-1]))
    return found


# Each dangerous call, where alone it may stand: the file and the function.
DOORS = {
    r"\bLDAP_MOD_DELETE\b": [("directory.c", "directory_take_away")],
    r"\bLDAP_MOD_(REPLACE|INCREMENT)\b|\bldap_(delete|modify|add|rename|modrdn)\w*\((?<!ldap_modify_ext\()": [],
    r"\bldap_modify_ext\(": [("request.c", "send_change")],
    r"\brequest_change\(": [("directory.c", "directory_take_away"), ("directory.c", "give_back")],
    r"\brequest_split\(": [("removal.c", "ask_again")],
    r"\bdirectory_take_away\(": [("removal.c", "ask")],
    r"\bunlinkat\([^,]+, name\b": [("unlink.c", "destroy")],
    r"\bdestroy\(": [("unlink.c", "unlink_one")],
    r"\bproof_spend\(": [("directory.c", "directory_take_away"), ("own.c", "dispose"), ("unlink.c", "destroy")],
    r"\bstore_own_dispose\(": [("own.c", "dispose")],
    r"\bproof_edge\(": [("removal.c", "mean_one")],
}
# What is removed besides: nothing that an owner could call a record.
LITTER = r'"index(\.new)?"|INDEX "\.new"|SHARE_QUARANTINE, AT_REMOVEDIR|b->s->id, AT_REMOVEDIR|root, SHARE_MARKER'
# What `share probe` has made itself.
LITTER += r'|t->folder, ("l"|names\[i\]), 0|t->quarantine, ours, AT_REMOVEDIR'
# What a delivery has written itself, in its folder of conf.work.
LITTER += r'|fd, e->d_name, 0\)|at, leaf, AT_REMOVEDIR|l->d->root, path, 0|d->work, draft, 0'
# A report that was never whole, by its name and its lock.
LITTER += r'|\(folder, draft, 0\)'


def doors(code):
    wrong = []
    for what, where in DOORS.items():
        found = called(code, what)
        if sorted(found) != sorted(where):
            wrong.append((what, found))
    for path, text in code.items():
        for call in re.findall(r"\bunlinkat\([^;]*;", text):
            if not re.search(LITTER, call) and "folder, name, 0" not in call:
                wrong.append((path, call))
        if path.startswith(("agent/apply/", "agent/scan/")) and re.search(r"(?<![\w>.])(unlink|remove|rmdir)\(", text):
            wrong.append((path, "removes by path"))
        if re.search(r"\bstruct proof\s*\{", text) and path != "agent/apply/proof.c":
            wrong.append((path, "knows the inside of a proof"))
    return wrong


def main():
    wrong = {"a phase opens no other phase's door": [], "only the store speaks SQL": [], "nobody calls a shell": [],
             "every file says its licence first": [], "only one room makes PDF": []}
    code = {}
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
        code[path] = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    wrong["only one function each takes away, and only with a proof"] = doors(code)
    wrong["what did not count is said in Swedish"] = unsaid()
    for name, places in wrong.items():
        print(("not ok " if places else "ok ") + name, *places)
    return any(wrong.values())


sys.exit(main())
