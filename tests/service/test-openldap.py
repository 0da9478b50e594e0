#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenLDAP's two ways to keep groups, read from a real slapd and from its export: the plan is the same, and is right."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
BASE, NOW = "dc=kalmar,dc=example", "2026-11-24T02:00+01:00"
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


def person(i, title):
    return (f"dn: uid=p{i},ou=people,{BASE}\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nuid: p{i}\ncn: Person {i}\nsn: P\n"
            f"title: {title}\nuidNumber: {1000 + i}\ngidNumber: {500 if i < 3 else 501}\nhomeDirectory: /home/p{i}\nemployeeNumber: {i}\n\n")


def world(schema):
    out = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Kalmar\ndc: kalmar\n\n"
    out += "".join(f"dn: ou={ou},{BASE}\nobjectClass: organizationalUnit\nou: {ou}\n\n" for ou in ("people", "groups"))
    out += "".join(person(i, "Kock" if i % 2 else "Rektor") for i in range(6))
    dn = "uid=p{},ou=people," + BASE
    if schema == "rfc2307bis":
        out += (f"dn: cn=app,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: app\nmember: {dn.format(0)}\nmember: {dn.format(1)}\n"
                f"member: cn=more,ou=groups,{BASE}\n\n"
                f"dn: cn=more,ou=groups,{BASE}\nobjectClass: groupOfUniqueNames\ncn: more\nuniqueMember: {dn.format(2)}\n"
                f"uniqueMember: {dn.format(5)}#'01'B\n\n")
    else:
        out += (f"dn: cn=app,ou=groups,{BASE}\nobjectClass: posixGroup\ncn: app\ngidNumber: 600\n"
                + "".join(f"memberUid: p{i}\n" for i in (0, 1, 2, 5)) + "\n")
    return out + f"dn: cn=staff,ou=groups,{BASE}\nobjectClass: posixGroup\ncn: staff\ngidNumber: 500\n\n"


class Slapd:
    """A slapd of its own on a free loopback port, ended by its pid."""

    def __init__(self, text):
        self.home = tempfile.mkdtemp(prefix="behov-slapd-")
        os.mkdir(self.home + "/db")
        with open(self.home + "/slapd.conf", "w", encoding="utf-8") as out:
            out.write("".join(f"include /etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "inetorgperson", "nis"))
                      + f"modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {self.home}/pid\ndatabase mdb\nsuffix \"{BASE}\"\n"
                      f"directory {self.home}/db\nsizelimit unlimited\n")
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.home + "/slapd.conf"], input=text.encode(), check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"ldap://127.0.0.1:{free.getsockname()[1]}"

    def __enter__(self):
        self.server = subprocess.Popen(["/usr/sbin/slapd", "-d", "0", "-f", self.home + "/slapd.conf", "-h", self.url],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.server.poll() is None and self.search("-s", "base", "-b", "").returncode:
            time.sleep(0.05)        # a server says nothing when it is up: asking is all there is
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(30)
        shutil.rmtree(self.home)

    def search(self, *words):
        return subprocess.run(["ldapsearch", "-x", "-H", self.url, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def plan(home, source, schema, group):
    os.makedirs(home + "/rules", exist_ok=True)
    with open(home + "/behov.cfg", "w", encoding="utf-8") as out:
        out.write('organisation = "K"; store = "sqlite:b.db"; rules = "rules";\n'
                  f'directory = {{ source = "{source}"; base = "{BASE}"; schema = "{schema}"; page-size = 2; '
                  f'access-groups = ( "ou=groups,{BASE}" ); }};\n'
                  'mail = { server = "maildir:o"; from = "behov@kalmar.example"; };\n'
                  'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
    with open(home + "/rules/s.cfg", "w", encoding="utf-8") as out:
        out.write('system = { id = "s"; name = "S"; owner = "p0"; class = { konfidentialitet = 1; riktighet = 1; tillganglighet = 1; '
                  f'sparbarhet = 1; }}; roles = ( {{ id = "r"; name = "R"; groups = ( "{group}" ); needs = ( {{ why = "w"; by = "p0"; '
                  'since = "2026-01-01"; title = "Kock"; } ); } ); };\n')
    return subprocess.run([BEHOV, "--config", home + "/behov.cfg", "--now", NOW, "plan", "--json"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={k: v for k, v in os.environ.items() if not k.startswith("LDAP")})


def names(done, part):
    return sorted(p["account"] for p in json.loads(done.stdout or b"{}").get(part, ()) if "account" in p)


def main():
    for schema in ("rfc2307bis", "rfc2307"):
        with Slapd(world(schema)) as server:
            with open(server.home + "/x.ldif", "wb") as out:
                out.write(server.search("-b", BASE, "*", "+").stdout)
            live, file = (plan(server.home, source, schema, f"cn=app,ou=groups,{BASE}") for source in (server.url, f"file:{server.home}/x.ldif"))
            check(f"{schema}: who needs it keeps it, others are proposed, and who lacks it is told", live.returncode == 0
                  and names(live, "proposals") == ["p0", "p2"] and names(live, "missing") == ["p3"], live.returncode, live.stdout.decode()[:900],
                  live.stderr.decode())
            check(f"{schema}: its export gives the same plan", file.stdout == live.stdout, file.stdout.decode()[:900], file.stderr.decode())
            staff = plan(server.home, server.url, schema, "staff")
            check(f"{schema}: a primary group is access, and stands with the person", names(staff, "structural") == ["p0", "p2"]
                  and not names(staff, "proposals") and names(staff, "missing") == ["p3", "p5"], staff.stdout.decode()[:1500], staff.stderr.decode())
    return 1 if failures else 0


sys.exit(main())
