#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory can say to a removal, and what is made of it: whether the member is gone is looked at, never believed."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake
from fake import BASE, Fake, check

ORACLE = os.path.join(fake.TOP, os.environ.get("BUILD", "build"), "tests/unit/oracle-apply")
GROUP, WHO, OTHER = f"CN=APP-Liten,OU=Behorighet,{BASE}", f"CN=Asa 1,OU=Personal,{BASE}", f"CN=Asa 2,OU=Personal,{BASE}"


def entries():
    return [(GROUP, {"objectClass": ["group"], "member": [WHO, OTHER]}),
            (WHO, {"objectClass": ["user"]}), (OTHER, {"objectClass": ["user"]})]


class Case:
    def __init__(self, home, modify=None, world=None):
        self.home, self.modify, self.world = home, modify, world or entries()
        self.store = tempfile.mkdtemp(dir=home) + "/store"

    def run(self, modify=None):
        with Fake(self.world, modify=modify or self.modify) as directory:
            words = [directory.url, BASE, "", "", "", GROUP.lower(), GROUP, WHO.lower(), WHO]
            done = subprocess.run([ORACLE, "access", self.store, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=120,
                                  env={k: v for k, v in os.environ.items() if not k.startswith("LDAP")})
            self.changes, self.links = directory.changes, directory.links
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        _, self.state, self.note = self.out.splitlines()[0].split(" ", 2)
        return self.state

    def members(self):
        return dict(self.world)[GROUP]["member"]


def main():
    home = tempfile.mkdtemp(prefix="bo-", dir="/tmp")
    try:
        case = Case(home)
        check("one value is deleted, and nothing else", case.run() == "done" and case.changes == [(GROUP, 1, "member", [WHO])] and
              case.members() == [OTHER], case.out, case.err)
        for code, name in ((16, "no such attribute"), (53, "unwilling"), (80, "other")):
            case = Case(home, lambda _, code=code: (True, code))
            check(f"gone already, whatever it says ({name}), is success", case.run() == "done" and case.members() == [OTHER],
                  case.out, case.err)
        case = Case(home, lambda _: (False, 0))
        check("a yes that changes nothing is none", case.run() == "scheduled" and "kvar fast katalogen inte sade nej" in case.note,
              case.out, case.err)
        for code, words in ((51, "upptagen"), (52, "upptagen"), (53, "vill inte (Server is unwilling to perform: not today)"),
                            (10, "hänvisar till en annan: en läskopia?")):
            case = Case(home, lambda _, code=code: (False, code))
            check(f"{code}: it stays, and says why", case.run() == "scheduled" and words in case.note and len(case.changes) == 1
                  and case.members() == [WHO, OTHER], case.out, case.err)
            check(f"{code}: the next run tries again", case.run(lambda _: (True, 0)) == "done" and case.members() == [OTHER],
                  case.out, case.err)
        for code, words in ((50, "\"Write member\" på grupper saknas"), (19, "egna regler hindrar det (Constraint violation: not today)"),
                            (65, "egna regler hindrar det"), (80, "katalogen nekade: ")):
            case = Case(home, lambda _, code=code: (False, code))
            check(f"{code}: it has failed, and says why", case.run() == "failed" and words in case.note
                  and case.members() == [WHO, OTHER], case.out, case.err)
        case = Case(home, lambda _: (True, None))
        check("a connection that is cut after the deed: it is looked at over another, and done", case.run() == "done" and
              case.links == 2 and len(case.changes) == 1, case.out, case.err, case.links)
        case = Case(home, lambda _: (False, None))
        check("a connection that is cut before it: it stays", case.run() == "scheduled" and case.links == 2 and
              len(case.changes) == 1 and " remove 0 intended" in case.out, case.out, case.err)
        check("and goes the next time", case.run(lambda _: (True, 0)) == "done" and case.members() == [OTHER], case.out, case.err)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if fake.failures else 0


sys.exit(main())
