# SPDX-License-Identifier: GPL-3.0-or-later
"""What reading a directory costs: from slapd and from a Samba domain controller beside ldapsearch, and from an LDIF export.

collect (tests/bench/collect.c) does what a night does up to the finished picture of people, groups and memberships, with
its digest; ldapsearch gets the same answers and writes them to nowhere.
"""
import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid

from common import BASE, BUILD, COLLECT, CONF, DECODE, ROOM, TOP, TURNS, goal, once, ratio, run, table, turns, write

PEOPLE = int(os.environ.get("PEOPLE", "1000000"))
FILTER = ("(|(objectClass=group)(objectClass=user)(objectClass=contact)(objectClass=foreignSecurityPrincipal)"
          "(objectClass=inetOrgPerson)(objectClass=computer)(objectClass=domainDNS))")
NAMES = ("objectClass objectGUID objectSid sAMAccountName sAMAccountType userAccountControl msDS-User-Account-Control-Computed "
         "accountExpires adminCount lastLogonTimestamp whenCreated manager mail displayName primaryGroupID servicePrincipalName "
         "groupType member uSNChanged sIDHistory msDS-LogonTimeSyncInterval title department").split()
NEED = """system = { id = "s"; name = "S"; owner = "person1"; class = { konfidentialitet = 1; riktighet = 1; tillganglighet = 1;
  sparbarhet = 1; }; roles = ( { id = "r"; name = "R"; groups = ( "CN=APP-1,OU=Behorighet,DC=kalmar,DC=example" ); needs = ( { why = "w";
  by = "person1"; since = "2026-01-01"; title = "Kock"; department = "Enhet 1"; } ); } ); };
"""
TITLES = ["Socialsekreterare", "Lärare", "Ekonom", "Kock", "Rektor", "Undersköterska"]


def b64(raw):
    return base64.b64encode(raw).decode()


def sid(rid):
    return b64(b"\1\5\0\0\0\0\0\5" + b"".join(n.to_bytes(4, "little") for n in (21, 1, 2, 3, rid)))


def person(i, dn, more=""):
    return (f"dn: {dn}\nobjectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user\n"
            f"objectGUID:: {b64(uuid.UUID(int=random.Random(i).getrandbits(128)).bytes_le)}\nobjectSid:: {sid(1000 + i)}\n"
            f"sAMAccountName: person{i}\nsAMAccountType: 805306368\nuserAccountControl: 512\naccountExpires: 9223372036854775807\n"
            f"lastLogonTimestamp: 133500000000000000\nprimaryGroupID: 513\ntitle:: {b64(TITLES[i % 6].encode())}\n"
            f"department: Enhet {i % 400}\nmail: person{i}@kalmar.example\ndisplayName: Person Personsson {i}\n{more}\n")


def configure(name, source, more=""):
    folder = f"{ROOM}/{name}"
    os.makedirs(folder + "/rules", exist_ok=True)
    write(folder + "/behov.cfg", CONF.format(source=source, base=BASE, more=more))
    write(folder + "/rules/s.cfg", NEED)
    return folder + "/behov.cfg"


def search(url, page=1000, *login):
    return ["ldapsearch", "-LLL", "-H", url, *(login or ("-x",)), "-b", BASE, "-E", f"pr={page}/noprompt", FILTER, *NAMES]


def measure(conf):
    run([COLLECT, "-d", conf], ROOM + "/out.measure")
    with open(ROOM + "/out.measure", encoding="utf-8") as out:
        return json.load(out)


# ---------------------------------------------------------------- slapd

SLAPD = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/msuser.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {room}/pid
TLSCACertificateFile {room}/ca.pem
TLSCertificateFile {room}/ca.pem
TLSCertificateKeyFile {room}/key.pem
sizelimit unlimited
database mdb
suffix "DC=kalmar,DC=example"
rootdn "cn=bench,DC=kalmar,DC=example"
rootpw bench
directory {room}/db
maxsize 8589934592
dbnosync
index objectClass eq
"""
OWN = ("instanceType: 4\nobjectCategory: CN=X,DC=kalmar,DC=example\nnTSecurityDescriptor:: QUJD\n")


def spelled_otherwise(dn):
    """As somebody wrote it who entered it by hand or by a script: the same name (RFC 4514), not the same bytes."""
    return dn.replace("cn=", "CN=", 1).replace("ou=", "OU=").replace("dc=", "DC=")


def make_slapd(room, people, groups, memberships, spell=str):
    os.mkdir(room + "/db")
    write(room + "/slapd.conf", SLAPD.format(room=room))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", room + "/key.pem", "-out", room + "/ca.pem",
                    "-days", "3650", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Entries as slapd itself spells names; values as `spell` has them, for slapadd -q takes them as they stand.
    below = BASE.replace("DC=", "dc=")
    draw, names = random.Random(5), [f"cn=Person Personsson {i},ou=Personal,{below}" for i in range(people)]
    with open(room + "/world.ldif", "w", encoding="utf-8", buffering=1 << 20) as out:
        out.write(f"dn: {BASE}\nobjectClass: domain\ndc: kalmar\n\n"
                  + "".join(f"dn: OU={ou},{BASE}\nobjectClass: organizationalUnit\nou: {ou}\n\n" for ou in ("Personal", "Behorighet")))
        for i, dn in enumerate(names):
            out.write(person(i, dn, OWN + f"cn: Person Personsson {i}\n"))
        for g in range(groups):
            out.write(f"dn: CN=APP-{g},OU=Behorighet,{BASE}\nobjectClass: top\nobjectClass: group\nobjectClass: extensibleObject\nstructuralObjectClass: group\ncn: APP-{g}\n{OWN}"
                      f"objectGUID:: {b64(uuid.UUID(int=random.Random(1000000000 + g).getrandbits(128)).bytes_le)}\n"
                      f"objectSid:: {sid(9000000 + g if g else 513)}\nsAMAccountName: APP-{g}\ngroupType: -2147483646\n"
                      + "".join(f"member: {spell(names[m])}\n" for m in sorted(draw.sample(range(people), memberships // groups))) + "\n")
    subprocess.run(["slapadd", "-q", "-s", "-f", room + "/slapd.conf", "-l", room + "/world.ldif"], check=True)
    os.unlink(room + "/world.ldif")


class Slapd:
    def __init__(self, people, groups, memberships, otherwise=False):
        self.room = f"{ROOM}/openldap-{people}-{groups}-{memberships}" + ("-otherwise" if otherwise else "")
        once(self.room, lambda: make_slapd(self.room, people, groups, memberships, spelled_otherwise if otherwise else str))
        write(self.room + "/slapd.conf", SLAPD.format(room=self.room))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.ldapi, self.ldaps = "ldapi://" + (self.room + "/socket").replace("/", "%2F"), f"ldaps://127.0.0.1:{port}"

    def __enter__(self):
        self.server = subprocess.Popen(["slapd", "-d", "0", "-f", self.room + "/slapd.conf", "-h", f"{self.ldapi} {self.ldaps}"],
                                       stderr=subprocess.DEVNULL)
        while subprocess.run(["ldapsearch", "-x", "-H", self.ldapi, "-s", "base", "-b", ""], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL).returncode and self.server.poll() is None:
            time.sleep(0.1)
        if self.server.poll() is not None:
            sys.exit("bench: slapd does not start")
        return self

    def __exit__(self, *_):
        os.kill(self.server.pid, signal.SIGTERM)
        self.server.wait(30)


PYTHON = """
import sys, ldap, ldap.controls
c = ldap.initialize(sys.argv[1]); page, groups = ldap.controls.SimplePagedResultsControl(True, 1000, b""), {}
while True:
    _, found, _, controls = c.result3(c.search_ext(sys.argv[2], ldap.SCOPE_SUBTREE, sys.argv[3], sys.argv[4:], serverctrls=[page]))
    for dn, entry in found:
        if dn and b"group" in entry["objectClass"]:
            groups[dn] = set(entry.get("member", ()))
    page.cookie = [x.cookie for x in controls if x.controlType == page.controlType][0]
    if not page.cookie:
        break
"""


def tell_first(us, them):
    """What comes after another program, and not after itself, has memory that is to be found first."""
    print(f"  and of the first of each two runs: wall {ratio(us.before, them.before):.2f}, "
          f"processor {ratio(us.before, them.before, True):.2f}")


def slapd_read(server, title, alone):
    """The world over both ways, beside ldapsearch, and beside those who do less or more; gives a configuration that reads it."""
    env = {"LDAPTLS_CACERT": server.room + "/ca.pem", "LDAPCONF": "/dev/null"}
    for way, url in (("ldaps", server.ldaps), ("ldapi", server.ldapi)):
        conf = configure("collect-" + way, url, f'ca-file = "{server.room}/ca.pem"; ')
        peers = {} if alone else {"python-ldap to sets": ["/usr/bin/python3", "-c", PYTHON, url, BASE, FILTER, *NAMES],
                                  "libldap alone, which forgets": [DECODE, url, BASE, FILTER, *NAMES]}
        took = turns({"ldapsearch, to nowhere": search(url), **peers, "behov collect": [COLLECT, conf]}, env)
        table(f"slapd over {way}: {title}", took, "ldapsearch, to nowhere")
        us, them = took["behov collect"], took["ldapsearch, to nowhere"]
        goal("wall time of ldapsearch's", f"{ratio(us, them):.2f}", "at most 1.05", ratio(us, them) <= 1.05)
        goal("processor of ldapsearch's", f"{ratio(us, them, True):.2f}", "at most 0.60", ratio(us, them, True) <= 0.6)
        tell_first(us, them)
    return conf


def slapd():
    people, groups, memberships = 100000, 5000, 2000000
    title = f"{people:,} people, {groups:,} groups, {memberships:,} memberships"
    with Slapd(people, groups, memberships) as server:
        full = measure(slapd_read(server, title, False))
    with Slapd(people, groups, memberships, otherwise=True) as server:
        same = measure(slapd_read(server, title + ", members spelled otherwise than their entries", True))
    goal("memberships found however their members are spelled", f"{same['edges']:,} of {full['edges']:,}", "all", same["edges"] == full["edges"]
         and same["accounts"] == full["accounts"])
    each = full["edge"] * full["edges"]
    per = (full["bytes"] - each) / full["accounts"]
    goal("bytes for each person, all but memberships", f"{per:.0f}", "at most 400", per <= 400)
    goal("bytes for each membership", f"{full['edge']}", "at most 8", full["edge"] <= 8)


# ---------------------------------------------------------------- Samba


SAMBA_PEOPLE, SAMBA_GROUPS, SAMBA_EACH, SAMBA_ADDRESS = 10000, 500, 100, "127.0.0.84"


def samba_drawn():
    """The members of each group, by number."""
    draw = random.Random(6)
    return [draw.sample(range(SAMBA_PEOPLE), SAMBA_EACH) for _ in range(SAMBA_GROUPS)]


def samba_controller():
    """The domain controller with people, groups and their memberships, or None."""
    if os.geteuid() != 0:
        print("\nSamba: skipped, its ports are below 1024: run as root")
        return None
    sys.path.insert(0, TOP + "/tests/service")
    import samba as controller
    load = [controller.entry(f"OU={ou},{BASE}", objectClass="organizationalUnit") for ou in ("Personal", "Behorighet")]
    names = [f"CN=Person {i},OU=Personal,{BASE}" for i in range(SAMBA_PEOPLE)]
    load += [controller.entry(dn, objectClass="user", sAMAccountName=f"person{i}", title=TITLES[i % 6], department=f"Enhet {i % 400}",
                              userAccountControl=512) for i, dn in enumerate(names)]
    load += [controller.entry(f"CN=APP-{g},OU=Behorighet,{BASE}", objectClass="group", sAMAccountName=f"APP-{g}",
                              member=[names[m] for m in drawn]) for g, drawn in enumerate(samba_drawn())]
    load.append(("modify", *controller.entry(f"CN=DC1,OU=Domain Controllers,{BASE}", servicePrincipalName="ldap/" + SAMBA_ADDRESS)[1:]))
    print("\nSamba: loading 10,000 people takes a minute or two the first time", flush=True)
    return controller.Controller(SAMBA_ADDRESS, load, workers=2)


def samba():
    dc = samba_controller()
    if not dc:
        return
    people, address = SAMBA_PEOPLE, SAMBA_ADDRESS
    with dc:
        write(ROOM + "/password", dc.password)
        os.chmod(ROOM + "/password", 0o600)
        dc.samba_tool("domain", "exportkeytab", dc.home + "/keytab", "--principal=Administrator")
        os.chmod(dc.home + "/keytab", 0o600)
        env = {"LDAPTLS_CACERT": dc.ca, "KRB5_CONFIG": dc.krb5, "KRB5_CLIENT_KTNAME": dc.home + "/keytab", "KRB5CCNAME": "MEMORY:bench"}
        ways = {"ldaps": (dc.url, ("-x", "-D", dc.admin, "-w", dc.password),
                          f'bind-dn = "{dc.admin}"; password-file = "{ROOM}/password"; ca-file = "{dc.ca}"; '),
                "Kerberos, sealed": (f"ldap://{address}", ("-N", "-Q", "-Y", "GSSAPI"),
                                     f'sasl = "gssapi"; keytab = "{dc.home}/keytab"; principal = "Administrator"; ')}
        for way, (url, login, more) in ways.items():
            conf = configure("collect-samba", url, more)
            peers = {"ldapsearch, to nowhere": search(url, 1000, *login)}
            ours = {"behov collect": [COLLECT, conf]}
            if way == "ldaps":
                ours["behov, 2 connections"] = [COLLECT, configure("collect-samba-2", url, more + "connections = 2; ")]
            took = turns({**peers, **ours}, env, 3 * TURNS)     # one answer of this server takes a tenth more or less than the next
            if way == "ldaps":                  # by itself: what it leaves of the server would be for whoever comes next
                took |= turns({"ldapdomaindump": ["ldapdomaindump", "-at", "SIMPLE", "-u", "KALMAR\\Administrator", "-p", dc.password,
                                                  "--no-html", "--no-grep", "-o", ROOM + "/dump", url]}, env, 1)
            table(f"Samba AD over {way}: {people:,} people, 500 groups, 50,000 memberships", took, "ldapsearch, to nowhere")
            us, them = took["behov collect"], took["ldapsearch, to nowhere"]
            goal("wall time of ldapsearch's", f"{ratio(us, them):.2f}", "at most 1.05", ratio(us, them) <= 1.05)
            if way == "ldaps":
                goal("processor of ldapsearch's", f"{ratio(us, them, True):.2f}", "at most 0.60", ratio(us, them, True) <= 0.6)
                tell_first(us, them)
                split = took["behov, 2 connections"]
                goal("split over two connections, of one's", f"{ratio(split, us):.2f}", "at most 0.70", ratio(split, us) <= 0.7)
            else:
                print(f"  processor of ldapsearch's: {ratio(us, them, True):.2f}; 46 % of what both take is libkrb5's AES (perf), which neither can save")


# ---------------------------------------------------------------- LDIF


def make_ldif(room):
    with open(room + "/directory.ldif", "w", encoding="utf-8", buffering=1 << 20) as out:
        for i in range(PEOPLE):
            name = f"CN=Person Personsson {i},OU=Enhet {i % 400},OU=Personal,{BASE}"
            out.write(person(i, name, "whenCreated: 20200101080000.0Z\n"))


PARSE = """
import sys
people = 0
for line in open(sys.argv[1], encoding="ascii"):
    name, _, value = line.rstrip("\\n").partition(": ")
    people += name == "dn"
print(people)
"""


def ldif():
    room = f"{ROOM}/ldif-{PEOPLE}"
    once(room, lambda: make_ldif(room))
    path = room + "/directory.ldif"
    size = os.path.getsize(path) / 1e6
    conf = configure("collect-ldif", "file:" + path)
    # grep reads no further than its first hit when nobody reads what it says.
    took = turns({"grep -c ^dn:": ["grep", "-c", "^dn:", path], "python3 splits lines": ["/usr/bin/python3", "-c", PARSE, path],
                  "behov collect": [COLLECT, conf]}, count=3, out=ROOM + "/out.grep")
    table(f"An LDIF export of {PEOPLE:,} people, {size:.0f} MB", took, "grep -c ^dn:")
    # The first has memory that a guest's host must find: half of its time, on some.
    speed, seen = size / took["behov collect"].least, min((measure(conf) for _ in range(3)), key=lambda one: one["seconds"])
    parsed = size / (seen["seconds"] - seen["digest"])
    goal("MB a second on one core, parsed", f"{parsed:.0f}", "at least 200", parsed >= 200)
    print(f"  and {speed:.0f} with the digest over all of it")
    goal("bytes for each person", f"{seen['bytes'] / seen['accounts']:.0f}", "at most 400", seen["bytes"] <= 400 * seen["accounts"])
