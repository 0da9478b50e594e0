#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody has broken into a verb: what they can read, write, start and reach from inside, tried on the example municipality.

What Landlock refuses it refuses root, too.  Where the kernel has less, what it has not is skipped, with that reason.
"""
import json
import os
import socket
import subprocess
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import town
from town import BUILD, Town, check

NOW = "2026-11-24T02:00+01:00"
REFUSED = ("EACCES", "EPERM")


class Intruder:
    """Has the powers of a verb; does what it is told, a line at a time."""

    def __init__(self, t, verb, helper=None, **more):
        self.process = subprocess.Popen([BUILD + "/tests/unit/oracle-powers", t.folder + "/conf/behov.cfg", verb, *([helper] if helper else [])],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **more})
        self.verb = verb
        self.has = dict(word.split("=") for word in self.process.stdout.readline().split())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def does(self, deed, argument=""):
        self.process.stdin.write(f"{deed} {argument}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def can(self, what, *deeds):
        """deeds: (deed, argument)"""
        got = [(deed, argument, self.does(deed, argument)) for deed, argument in deeds]
        check(f"{self.verb} can {what}", all(said == "done" for *_, said in got), got)

    def cannot(self, what, *deeds):
        got = [(deed, argument, self.does(deed, argument)) for deed, argument in deeds]
        check(f"{self.verb} cannot {what}", all(said in REFUSED for *_, said in got), got)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


def prepared(t):
    """Secrets and places of its own for each verb, beside what the example has."""
    for name in ("store", "inbox", "secret", "audit", "elsewhere", "metrics"):
        os.mkdir(f"{t.folder}/{name}")
    write(t.folder + "/secret/directory", "losen")
    write(t.folder + "/secret/mail", "losen")
    write(t.folder + "/secret/token", "0123456789abcdef0123456789abcdef")
    write(t.folder + "/elsewhere/note", "en annans")
    t.change("conf/behov.cfg", "sqlite:../build/demo/behov.db", f"sqlite:{t.folder}/store/behov.db")
    t.change("conf/behov.cfg", "rules =", f'inbox = "{t.folder}/inbox/inbox";\nkey-file = "{t.folder}/secret/notify";\nrules =')
    t.change("conf/behov.cfg", '# password-file = "/etc/behov/directory.password"', f'password-file = "{t.folder}/secret/directory"; #')
    t.change("conf/behov.cfg", '# password-file = "/etc/behov/mail.password"', f'password-file = "{t.folder}/secret/mail"; #')
    with open(t.folder + "/conf/behov.cfg", "a", encoding="utf-8") as f:
        f.write(f'\naudit = {{ heads = "{t.folder}/audit/heads"; }};\n'
                f'metrics = {{ file = "{t.folder}/metrics/behov.prom"; page = true; token-file = "{t.folder}/secret/token"; }};\n')
    t.create()
    done = t.call(NOW, "run")
    assert done.returncode in (0, 3, 4), done.stderr.decode()
    t.serve(NOW)
    t.close_page()
    done = t.call(NOW, "audit", "seal")
    assert done.returncode == 0, done.stderr.decode()


def first_file(folder):
    return next(os.path.join(where, files[0]) for where, _, files in sorted(os.walk(folder)) if files)


class Places:
    def __init__(self, t):
        demo = t.demo
        self.folders = t.folder + "/store"
        self.store, self.work = self.folders + "/behov.db", self.folders + "/work"
        self.share, self.file = demo + "/shares/ekonomi", first_file(demo + "/shares/ekonomi")
        self.inbox, self.password, self.mail, self.key = (f"{t.folder}/{n}" for n in ("inbox/inbox", "secret/directory", "secret/mail", "secret/notify"))
        self.heads, self.head_key, self.directory = t.folder + "/audit/heads", t.folder + "/audit/heads.key", demo + "/directory.ldif"
        self.metrics, self.token = t.folder + "/metrics", t.folder + "/secret/token"
        self.note, self.elsewhere, self.outbox = t.folder + "/elsewhere/note", t.folder + "/elsewhere", demo + "/outbox"


def files(t, p):
    with Intruder(t, "plan") as i:
        i.can("see sources, shares and the store", ("read", p.directory), ("list", p.share), ("read", p.file), ("read", p.store))
        i.cannot("write anything", ("write", p.store), ("write", p.file), ("make", p.share + "/ny"), ("make", p.folders + "/ny"), ("make", p.work + "/ny"),
                 ("write", p.inbox), ("make", p.outbox + "/new/ny"), ("make", "/tmp/ny"))
        i.cannot("read what is another's", ("read", p.key), ("read", p.head_key), ("read", p.note), ("read", "/etc/shadow"), ("list", p.elsewhere))
    with Intruder(t, "run") as i:
        i.can("see sources and shares, and read its secrets", ("read", p.directory), ("list", p.share), ("read", p.file), ("read", p.password),
              ("read", p.mail), ("read", p.key), ("read", p.inbox), ("read", p.heads))
        i.can("write the store and letters", ("write", p.store), ("make", p.folders + "/ny"), ("make", p.outbox + "/new/ny"))
        i.can("write the metrics", ("make", p.metrics + "/ny.prom"), ("write", p.metrics + "/behov.prom"))
        i.cannot("read the token of the page", ("read", p.token))
        i.cannot("change a share", ("write", p.file), ("make", p.share + "/ny"), ("remove", p.file), ("link", p.share + "/ny"))
        i.cannot("write the inbox or the heads", ("write", p.inbox), ("make", os.path.dirname(p.inbox) + "/ny"), ("write", p.heads), ("make", p.heads + ".ny"))
        i.cannot("read what is another's", ("read", p.head_key), ("read", p.note), ("read", "/etc/shadow"), ("read", "/bin/true"))
    with Intruder(t, "serve") as i:
        i.can("read the store, and write its inbox and letters", ("read", p.store), ("write", p.inbox), ("make", os.path.dirname(p.inbox) + "/ny"),
              ("read", p.mail), ("read", p.token), ("make", p.outbox + "/new/nyare"))
        i.cannot("write the metrics", ("make", p.metrics + "/nyare.prom"), ("write", p.metrics + "/behov.prom"))
        i.cannot("see a share", ("list", p.share), ("read", p.file))
        i.cannot("read sources, or the password for the directory, or a key", ("read", p.directory), ("read", p.password), ("read", p.key), ("read", p.head_key))
        i.cannot("write the store or beside it", ("write", p.store), ("make", p.folders + "/nyare"), ("remove", p.store), ("make", p.work + "/ny"))
        i.cannot("read or write elsewhere", ("read", "/etc/shadow"), ("read", p.note), ("make", "/tmp/ny"), ("make", p.elsewhere + "/ny"), ("write", p.heads))
    with Intruder(t, "apply") as i:
        i.can("change shares that may be disposed of, and the store", ("make", p.share + "/ny"), ("remove", p.share + "/ny"), ("write", p.store), ("make", p.work + "/ny"))
        i.can("write the metrics", ("make", p.metrics + "/nyast.prom"), ("write", p.metrics + "/behov.prom"))
        i.can("see sources, with the password for the directory", ("read", p.directory), ("read", p.password), ("read", p.inbox), ("read", p.heads))
        i.cannot("write the inbox, letters or heads", ("write", p.inbox), ("make", p.outbox + "/new/nyast"), ("write", p.heads), ("make", os.path.dirname(p.inbox) + "/ny2"))
        i.cannot("read keys, or the password for mail", ("read", p.key), ("read", p.head_key), ("read", p.mail))
        i.cannot("read or write elsewhere", ("read", "/etc/shadow"), ("read", p.note), ("make", p.elsewhere + "/ny"))
    for verb in ("run", "serve", "apply"):
        with Intruder(t, verb, LD_LIBRARY_PATH=p.elsewhere) as i:
            i.can("open a library where the environment says that there are some", ("read", p.note))
            i.cannot("write one", ("write", p.note), ("make", p.elsewhere + "/ny"))
    with Intruder(t, "seal") as i:
        i.can("read the store, and write heads", ("read", p.store), ("write", p.heads), ("read", p.head_key), ("make", p.heads + ".ny"))
        i.cannot("write the store", ("write", p.store), ("make", p.folders + "/seal"), ("remove", p.store))
        i.cannot("see shares, sources and secrets", ("list", p.share), ("read", p.directory), ("read", p.password), ("read", p.mail), ("read", p.key), ("read", p.inbox))
    t.change("rules/shares.cfg", 'dispose = "quarantine"', 'dispose = "none"')
    with Intruder(t, "apply") as i:
        i.can("see a share that nothing is disposed of on", ("list", t.demo + "/shares/social"))
        i.cannot("change one that nothing is disposed of on", ("make", t.demo + "/shares/social/ny"))
    t.change("rules/shares.cfg", 'dispose = "none"; },', 'dispose = "quarantine"; },')


def beside(t):
    """An inbox beside the store cannot be kept apart from it: that is said."""
    t.change("conf/behov.cfg", f'inbox = "{t.folder}/inbox/inbox"', f'inbox = "{t.folder}/store/behov.db.inbox"')
    with Intruder(t, "serve") as i:
        check("serve is known to be able to write the store when the inbox lies beside it", i.has["inbox"] == "1" and i.does("write", t.folder + "/store/behov.db") == "done")
    t.change("conf/behov.cfg", f'inbox = "{t.folder}/store/behov.db.inbox"', f'inbox = "{t.folder}/inbox/inbox"')
    with Intruder(t, "serve") as i:
        check("and not to be when it lies elsewhere", i.has["inbox"] == "0")


def ports(t):
    with socket.create_server(("127.0.0.1", 0)) as mail, socket.create_server(("127.0.0.1", 0)) as ldap, socket.create_server(("127.0.0.1", 0)) as other:
        at = {name: s.getsockname()[1] for name, s in (("mail", mail), ("ldap", ldap), ("other", other))}
        t.change("conf/behov.cfg", 'server = "maildir:../build/demo/outbox"', f'server = "smtp://127.0.0.1:{at["mail"]}"; starttls = false')
        t.change("conf/behov.cfg", 'source = "file:../build/demo/directory.ldif"', f'source = "ldap://127.0.0.1:{at["ldap"]}"; starttls = false')
        for verb, to, not_to in (("run", ("mail", "ldap"), ("other",)), ("serve", ("mail",), ("ldap", "other")), ("apply", ("ldap",), ("mail", "other")),
                                 ("seal", (), ("mail", "ldap", "other")), ("plan", ("ldap",), ("mail", "other"))):
            with Intruder(t, verb) as i:
                if to:
                    i.can("connect to " + " and ".join(to), *(("connect", at[n]) for n in to))
                i.cannot("connect to " + " or ".join(not_to), *(("connect", at[n]) for n in not_to))
                if verb != "serve":
                    i.cannot("listen", ("bind", 0))
        with Intruder(t, "serve") as i:
            i.can("listen where it is told to", ("bind", 0))
        t.change("conf/behov.cfg", 'listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{at["other"] + 1 if at["other"] < 65535 else 1025}"')
        with Intruder(t, "serve") as i:
            i.cannot("listen elsewhere", ("bind", 0))
        t.change("conf/behov.cfg", 'web = {', f'web = {{ proof = "ldap"; ldap = {{ name = "uid=%s"; starttls = false; server = "ldap://127.0.0.1:{at["ldap"]}"; }};')
        with Intruder(t, "serve") as i:
            i.can("connect to the directory when people sign in there", ("connect", at["ldap"]))
            i.cannot("read our own password for it, all the same", ("read", t.folder + "/secret/directory"))


def calls(t, p):
    """The same for all: nothing is started, nobody else's process is looked into, and we stay who and where we are."""
    own = str(os.getpid())
    for verb in ("plan", "run", "serve", "apply", "seal"):
        with Intruder(t, verb) as i:
            i.cannot("start a program", ("start", "/bin/true"), ("start", "/bin/sh"), ("start", BUILD + "/behov-smb"))
            i.cannot("change who or where it is, or reach into the kernel", ("setuid", "65534"), ("setuid", "0"), ("unshare", ""), ("clone", ""), ("mount", p.elsewhere),
                     ("module", p.store), ("keyctl", ""), ("bpf", ""), ("ring", ""), ("raw", ""))
            if os.path.basename(BUILD) == "build":          # a sanitizer looks for leaks by it
                i.cannot("look into another process", ("ptrace", own))
                i.can("not be looked into", ("dumpable", ""))
            said = [i.does("socket", family) for family in ("3", "9", "15", "17", "38", "40")]
            check(f"{verb} has sockets of the usual kinds only", set(said) == {"EAFNOSUPPORT"} and i.does("socket", "1") == i.does("socket", "2") == "done", said)
            check(f"{verb} gains nothing by what it starts", i.does("privileges") == "done")
            if i.has["signals"] == "1":
                i.cannot("send signals to others", ("kill", own))


def helper(t):
    """The one program that run may start, when a share lies on an SMB server."""
    for verb in ("run", "plan"):
        with Intruder(t, verb, BUILD + "/behov-smb") as i:
            i.can("start the helper for SMB", ("start", BUILD + "/behov-smb"))
            i.cannot("start anything else", ("start", "/bin/true"), ("start", "/bin/sh"), ("start", BUILD + "/behov"))
    with Intruder(t, "serve", BUILD + "/behov-smb") as i:
        i.cannot("start even that", ("start", BUILD + "/behov-smb"))


def told(t):
    """`behov powers` tries them in processes of its own, and makes nothing."""
    before = sorted(os.path.join(w, n) for w, d, f in os.walk(t.folder) for n in d + f)
    done = t.call(None, "powers", "--json")
    said = {one["verb"]: one for one in json.loads(done.stdout)}
    check("powers tells of every verb", done.returncode in (0, 3) and list(said) == ["plan", "run", "serve", "apply", "seal"], done.stderr.decode())
    with open(town.TOP + "/conf/schema/powers.schema.json", encoding="utf-8") as f:
        problems = [e.message for e in jsonschema.Draft202012Validator(json.load(f)).iter_errors(json.loads(done.stdout))]
    check("as its schema says", not problems, problems)
    same = {"landlock": "landlock", "calls": "calls", "files": "files", "signals": "signals", "privileges": "no-new-privileges"}
    for verb, one in said.items():
        with Intruder(t, verb) as i:
            check(f"what is said of {verb} is what is in force in it", all(int(i.has[k]) == int(one[name]) for k, name in same.items()), one, i.has)
    check("what serve may read is neither shares nor sources", not [p for p in said["serve"]["reads"] if "/shares" in p or p.endswith((".ldif", ".csv"))]
          and list(map(os.path.realpath, said["serve"]["writes"])) == [t.folder + "/inbox", t.demo + "/outbox"], said["serve"])
    text = t.call(None, "powers", "serve").stdout.decode()
    check("and people can read it", text.startswith("serve  filer: ") and "\nrun" not in text and "ansluter till" in text, text)
    check("a verb that is none is refused", t.call(None, "powers", "allt").returncode == 2)
    after = sorted(os.path.join(w, n) for w, d, f in os.walk(t.folder) for n in d + f)
    check("nothing is made by asking", before == after, set(before) ^ set(after))


def main():
    with Town("--people", "500", "--files", "60") as t:
        prepared(t)
        places = Places(t)
        with Intruder(t, "serve") as i:
            has = i.has
        print("#", has)
        told(t)
        if has["files"] == "1":
            files(t, places)
            beside(t)
            helper(t)
        else:
            print("skip this kernel has no Landlock that is of use: files are not refused")
        if has["calls"] == "1":
            calls(t, places)
        else:
            print("skip this kernel has no seccomp: calls are not refused")
        if has["ports"] == "1":
            ports(t)
        else:
            print("skip this kernel's Landlock knows no ports: connections are not refused")
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
