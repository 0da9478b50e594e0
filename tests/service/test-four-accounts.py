#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four accounts, as packaging/ makes them: behov, behov-web, behov-apply and behov-audit, each with its verbs, on one store.

Needs root, to be four others: numbers that no account has.  Each verb has a umask that keeps everything to itself.
"""
import glob
import os
import shutil
import sqlite3
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import town
from town import BUILD, Owner, Town, check

RUN, WEB, APPLY, AUDIT, STRANGER = 61841, 61842, 61843, 61844, 61845
WRITERS, READERS = 61850, 61851         # the groups behov and behov-read
GROUPS = {RUN: [WRITERS, READERS], APPLY: [WRITERS, READERS], WEB: [READERS], AUDIT: [READERS], STRANGER: []}
NAMES = {RUN: "behov", WEB: "behov-web", APPLY: "behov-apply", AUDIT: "behov-audit", STRANGER: "a stranger"}


def at(day, hour=2):
    return f"2026-{day}T{hour:02}:00+01:00"


class Four(Town):
    """Files as packaging/tmpfiles.d lays them out, below a folder of the test's."""

    def __init__(self):
        super().__init__("--people", "500", "--files", "60")
        os.chmod(self.folder, 0o755)
        self.state = self.folder + "/var"
        self.store = self.state + "/store/behov.db"
        shutil.copy(BUILD + "/behov", self.folder + "/behov")
        self.behov = self.folder + "/behov"
        for name, owner, group, mode in (("", 0, READERS, 0o750), ("/store", RUN, WRITERS, 0o2775), ("/work", RUN, WRITERS, 0o2770),
                                         ("/key", RUN, WRITERS, 0o700), ("/web", WEB, WRITERS, 0o2750), ("/audit", AUDIT, WRITERS, 0o2750)):
            os.mkdir(self.state + name)
            os.chown(self.state + name, owner, group)
            os.chmod(self.state + name, mode)
        self.change("conf/behov.cfg", "sqlite:../build/demo/behov.db", "sqlite:" + self.store)
        self.change("conf/behov.cfg", "rules =", f'inbox = "{self.state}/web/inbox"; key-file = "{self.state}/key/notify"; work = "{self.state}/work";\n'
                    f'audit = {{ heads = "{self.state}/audit/heads"; }};\nrules =')
        for part in ("", "/tmp", "/new", "/cur"):                # there is no mail server that all four could ask
            os.makedirs(self.demo + "/outbox" + part, exist_ok=True)
            os.chmod(self.demo + "/outbox" + part, 0o777)
        subprocess.run(["chown", "-R", f"{APPLY}:{WRITERS}", self.demo + "/shares"], check=True)
        subprocess.run(["chmod", "-R", "u=rwX,g=rX,o=", self.demo + "/shares"], check=True)
        for secret in glob.glob(self.demo + "/*.ldif") + glob.glob(self.demo + "/*.csv"):
            os.chown(secret, RUN, WRITERS)
            os.chmod(secret, 0o640)

    def as_user(self, who, *words, **more):
        return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, user=who, group=who,
                              extra_groups=GROUPS[who], umask=0o077, check=False, **more)

    def does(self, who, now, *words):
        return self.as_user(who, *self.command(now, *words))

    def works(self, who, now, *words, codes=(0, 3, 4)):
        done = self.does(who, now, *words)
        check(f"{NAMES[who]} can {' '.join(words[:2])}", done.returncode in codes, done.returncode, done.stderr.decode()[-600:])
        return done

    def fails(self, who, now, *words):
        done = self.does(who, now, *words)
        check(f"{NAMES[who]} cannot {' '.join(words[:2])}", done.returncode not in (0, 3, 4), done.returncode, done.stdout.decode()[-300:])

    def rows(self, sql, *values):
        db = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def command(self, now, *words):
        told = super().command(now, *words)
        if words[0] != "serve":
            return told
        groups = ",".join(map(str, GROUPS[WEB]))
        return ["setpriv", f"--reuid={WEB}", f"--regid={WEB}", f"--groups={groups}", "--inh-caps=-all", "sh", "-c", 'umask 077; exec "$@"', "sh", *told]

    def mode(self, name):
        st = os.stat(self.state + name)
        return st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)

    def opens(self, who, path, flags="r+b"):
        """Can they, with no verb of ours?"""
        return self.as_user(who, sys.executable, "-c", f"open({path!r}, {flags!r})").returncode == 0


def night(t, day, who=RUN):
    return t.works(who, at(day), "run")


def modes(t):
    check("the store belongs to both that write it, and is read by those that read", t.mode("/store/behov.db") == (RUN, WRITERS, 0o664), t.mode("/store/behov.db"))
    beside = {name: t.mode("/store/behov.db" + name)[1:] for name in ("-wal", "-shm")}
    check("and so does what SQLite keeps beside it", set(beside.values()) == {(WRITERS, 0o664)}, beside)
    check("the lock is for those who write only", t.mode("/store/behov.db.lock")[1:] == (WRITERS, 0o660), t.mode("/store/behov.db.lock"))
    check("the inbox is read by those who take what lies there", t.mode("/web/inbox") == (WEB, WRITERS, 0o640), t.mode("/web/inbox"))
    check("the key that links are made with is one account's", t.mode("/key/notify") == (RUN, RUN, 0o600) or t.mode("/key/notify") == (RUN, WRITERS, 0o600),
          t.mode("/key/notify"))
    check("the key that heads are signed with is another's", t.mode("/audit/heads.key")[0] == AUDIT and t.mode("/audit/heads.key")[2] == 0o600)


def who_opens_what(t):
    """Behind the verbs: what each account may open by itself.  r: reads; w: writes; -: neither."""
    store, lock, inbox, notify = t.store, t.store + ".lock", t.state + "/web/inbox", t.state + "/key/notify"
    heads, key, directory = t.state + "/audit/heads", t.state + "/audit/heads.key", t.demo + "/directory.ldif"
    record = next(os.path.join(w, f[0]) for w, _, f in os.walk(t.demo + "/shares/ekonomi") if f)
    wanted = {
        RUN: {store: "w", lock: "w", inbox: "r", notify: "w", heads: "r", key: "-", directory: "w", record: "r"},
        APPLY: {store: "w", lock: "w", inbox: "r", notify: "-", heads: "r", key: "-", directory: "r", record: "w"},
        WEB: {store: "r", lock: "-", inbox: "w", notify: "-", heads: "-", key: "-", directory: "-", record: "-"},
        AUDIT: {store: "r", lock: "-", inbox: "-", notify: "-", heads: "w", key: "w", directory: "-", record: "-"},
        STRANGER: {store: "-", lock: "-", inbox: "-", notify: "-", heads: "-", key: "-", directory: "-", record: "-"},
    }
    for who, of in wanted.items():
        got = {path: "w" if t.opens(who, path) else "r" if t.opens(who, path, "rb") else "-" for path in of}
        check(f"{NAMES[who]} opens what is its own, and nothing else", got == of, {p: (got[p], of[p]) for p in of if got[p] != of[p]})
    for who in (WEB, AUDIT, STRANGER):
        check(f"{NAMES[who]} can put nothing in the place of the store", not t.opens(who, t.state + "/store/ny", "xb")
              and not t.opens(who, t.state + "/work/ny", "xb"))


def main():
    if os.geteuid() != 0:
        print("skip only root can be four accounts")
        return 0
    with Four() as t:
        t.works(RUN, None, "store", "create", "--test")
        t.fails(WEB, at("11-24"), "run")
        night(t, "11-24")
        t.works(AUDIT, at("11-24", 4), "audit", "seal")
        (name, _), = t.rows("select owner, count(*) n from proposal where kind = 'remove-member' and needs = 1 and state = 'open' group by owner order by n desc limit 1")
        mine = [i for (i,) in t.rows("select id from proposal where kind = 'remove-member' and needs = 1 and owner = ? and state = 'open' order by id", name)]
        batch, share, where = t.rows("select id, share, batch from proposal where series = 'verifikationer-2018' and state = 'open' order by due, id limit 1")[0]
        t.serve(at("11-24", 9))
        owner = Owner(t, name)
        owner.decide({mine[0]: ("approve",)})
        Owner(t, "eva.lind").decide({batch: ("approve",)})
        Owner(t, "maria.arkivarie").decide({batch: ("approve",)})
        check("while the page is open the night goes on", t.does(RUN, at("11-25"), "run").returncode in (0, 3, 4))
        owner.ask("GET", "/beslut")
        check("and the page with it", owner.status == 200 and owner.where == "/beslut", owner.status)
        t.close_page()
        check("what was decided on the page counts", t.rows("select state from proposal where id in (?, ?)", mine[0], batch) == [("scheduled",)] * 2)
        modes(t)
        who_opens_what(t)
        t.works(RUN, at("11-25", 3), "series", "activate", "verifikationer-2018", "--by", "maria.arkivarie", "--reason", "Beslut finns")
        night(t, "12-03")
        t.works(APPLY, at("12-03", 8), "share", "probe", "ekonomi")
        for who in (WEB, AUDIT, STRANGER):
            t.fails(who, at("12-04", 8), "apply")
            t.fails(who, at("12-04", 8), "decide", "undo", mine[0], "--by", "x", "--reason", "x")
        t.works(AUDIT, at("12-04", 8), "audit", "seal")
        done = t.works(APPLY, at("12-04", 9), "apply")
        check("behov-apply carries out what was decided", t.rows("select state from proposal where id = ?", mine[0]) == [("exported",)]
              and t.rows("select state from proposal where id = ?", batch) == [("quarantined",)] and glob.glob(t.state + "/work/*.ldif"),
              t.rows("select id, state from proposal where id in (?, ?)", mine[0], batch), done.stderr.decode()[-800:])
        night(t, "12-05")
        t.works(APPLY, at("12-05", 9), "restore", batch, "--by", "it.admin", "--reason", "Behövs")
        night(t, "12-06")
        t.works(AUDIT, at("12-06", 4), "audit", "seal")
        for who in (RUN, WEB, AUDIT, APPLY):
            t.works(who, at("12-06", 5), "status")
        t.fails(STRANGER, at("12-06", 5), "status")
        t.works(AUDIT, None, "audit", "verify", codes=(0,))
        modes(t)
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
