#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real domain controller (Samba): exactly one member value goes, and comes back; whatever else happens is said.

The controller lives in a private folder on a loopback address of its own, is started here and ended by its pid.
"""
import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
ORACLE, STEPS = BUILD + "/tests/unit/oracle-apply", BUILD + "/tests/crash/apply-steps"
ADDRESS, BASE, PASSWORD = "127.0.0.78", "DC=kalmar,DC=example", "Losenord.1"
URI, ADMIN, WEAK = f"ldaps://{ADDRESS}", "CN=Administrator,CN=Users," + BASE, "CN=svag,CN=Users," + BASE
failures = 0

# samba-tool wants file systems with NT ACLs for its policy folder, which nobody reads here.
PROVISION = """
import sys, samba.provision
samba.provision.setsysvolacl = lambda *words, **named: None
from samba.netcmd.main import cmd_sambatool
sys.exit(cmd_sambatool()._run("samba-tool", *sys.argv[1:]))
"""


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


def call(*words, **named):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **named).stdout


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)


# ---------------------------------------------------------------- the controller


def provision(home):
    write(home + "/first.conf", f"[global]\ninterfaces = {ADDRESS}/8\nbind interfaces only = yes\nlog file = {home}/first.log\n")
    call("/usr/bin/python3", "-c", PROVISION, "domain", "provision", "-s", home + "/first.conf", "--targetdir=" + home,
         "--quiet", "--realm=KALMAR.EXAMPLE", "--domain=KALMAR", "--adminpass=" + PASSWORD, "--server-role=dc",
         "--dns-backend=NONE", "--host-name=dc1", "--host-ip=" + ADDRESS, "--function-level=2008_R2")


def configure(home):
    for name in ("run", "cache", "lock", "ncalrpc", "tls", "ntp", "bind"):
        os.makedirs(f"{home}/{name}", exist_ok=True)
    os.chmod(home + "/ntp", 0o750)
    places = {"private dir": "private", "state directory": "state", "cache directory": "cache", "lock directory": "lock",
              "pid directory": "run", "ncalrpc dir": "ncalrpc", "ntp signd socket directory": "ntp", "binddns dir": "bind",
              "log file": "log", "tls keyfile": "tls/key.pem", "tls certfile": "tls/cert.pem", "tls cafile": "tls/ca.pem",
              "winbindd socket directory": "run/winbindd"}
    lines = ["netbios name = DC1", "realm = KALMAR.EXAMPLE", "workgroup = KALMAR", "tls enabled = yes",
             "server role = active directory domain controller", "server services = ldap cldap kdc",
             "dcerpc endpoint servers = none", f"interfaces = {ADDRESS}/8", "bind interfaces only = yes",
             "ldap server require strong auth = yes", "prefork children = 1", "ldb:nosync = true"]
    write(home + "/smb.conf", "[global]\n" + "\n".join(lines + [f"{key} = {home}/{value}" for key, value in places.items()]) + "\n")


def certify(home, name):
    """A CA, and a certificate of it for the controller."""
    tls = f"{home}/{name}/"
    os.makedirs(tls, exist_ok=True)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    call("openssl", "req", "-x509", *curve, "-days", "3650", "-subj", "/CN=test CA", "-keyout", tls + "ca-key.pem",
         "-out", tls + "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
    call("openssl", "req", "-new", *curve, "-subj", "/CN=dc1.kalmar.example", "-keyout", tls + "key.pem", "-out", tls + "r")
    write(tls + "names", f"subjectAltName=IP:{ADDRESS},DNS:dc1.kalmar.example\n")
    call("openssl", "x509", "-req", "-in", tls + "r", "-CA", tls + "ca.pem", "-CAkey", tls + "ca-key.pem",
         "-CAcreateserial", "-days", "3650", "-out", tls + "cert.pem", "-extfile", tls + "names")
    os.chmod(tls + "key.pem", 0o600)


def start(home):
    log = open(home + "/out", "wb")
    return subprocess.Popen(["samba", "-F", "--no-process-group", "-M", "prefork", "-s", home + "/smb.conf"],
                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def ldap(home, tool, *words, text=""):
    return subprocess.run([tool, "-x", "-H", URI, "-o", "nettimeout=10", "-D", ADMIN, "-w", PASSWORD, *words],
                          input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "LDAPTLS_CACERT": home + "/tls/ca.pem"})


def wait(home, server):
    for _ in range(600):
        if server.poll() is not None:
            return False
        if ldap(home, "ldapsearch", "-s", "base", "-b", "", "defaultNamingContext").returncode == 0:
            return True
        time.sleep(0.1)             # a server says nothing when it is up: asking is all there is
    return False


# ---------------------------------------------------------------- the world


def person(i):
    return f"CN=Åsa Öberg\\, (nr {i}*),OU=Personal,{BASE}"


def group(name):
    return f"CN={name},OU=Behorighet,{BASE}"


def world(home):
    text = "".join(f"dn: {ou},{BASE}\nobjectClass: organizationalUnit\n\n" for ou in ("OU=Personal", "OU=Behorighet"))
    for i in range(8):
        text += f"dn: {person(i)}\nobjectClass: user\nsAMAccountName: asa{i}\nuserAccountControl: 512\n\n"
    for name in ("APP-A", "APP-B", "APP-C", "APP-D", "APP-E"):
        text += f"dn: {group(name)}\nobjectClass: group\nsAMAccountName: {name}\n" + "".join(
            f"member: {person(i)}\n" for i in range(8)) + "\n"
    write(home + "/world.ldif", text)
    call("ldbadd", "--configfile=" + home + "/smb.conf", "--nosync", "-H", home + "/private/sam.ldb", home + "/world.ldif")
    call("samba-tool", "user", "create", "svag", PASSWORD, "-s", home + "/smb.conf")
    for name, secret in (("password", PASSWORD), ("wrong", "not it")):
        write(f"{home}/{name}", secret + "\n")


def attribute(home, base, name):
    """Values of one attribute, as bytes; base64 undone."""
    out = ldap(home, "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", "base", name).stdout.decode()
    values = []
    for line in out.splitlines():
        if line.startswith(name + ":: "):
            values.append(base64.b64decode(line[len(name) + 3:]))
        elif line.startswith(name + ": "):
            values.append(line[len(name) + 2:].encode())
    return values


def members(home, base):
    return {value.decode() for value in attribute(home, base, "member")}


def key(home, base):
    return str(uuid.UUID(bytes_le=attribute(home, base, "objectGUID")[0]))


class Case:
    """One removal: a store of its own."""
    count = 0

    def __init__(self, home, of, who, bind=ADMIN, password="password", ca="tls", uri=URI, keys=None, group_dn=None):
        Case.count += 1
        self.store, self.home = f"{home}/store-{Case.count}", home
        group_key, member_key = keys or (key(home, of), key(home, who))
        self.words = [uri, BASE, bind, f"{home}/{password}", f"{home}/{ca}/ca.pem", group_key, group_dn or of, member_key, who]

    def run(self, verb="access", more=(), oracle=ORACLE, **steps):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("LDAP", "KRB5"))} | steps
        done = subprocess.run([oracle, verb, self.store, *more, *self.words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean, timeout=120)
        self.out, self.err, self.code = done.stdout.decode(), done.stderr.decode(), done.returncode
        return self.out.splitlines()[0].split(" ", 2)[1:] if self.out else ["?", self.err]


# ---------------------------------------------------------------- what holds


def goes_and_comes_back(home):
    of, all_of = group("APP-A"), {person(i) for i in range(8)}
    case = Case(home, of, person(3))
    state, _ = case.run()
    check("exactly one value goes", state == "done" and members(home, of) == all_of - {person(3)}, case.out, case.err,
          members(home, of))
    check("the chain is whole and the journal says done", "chain whole" in case.out and " remove 0 done" in case.out, case.out)
    state, _ = case.run("restore", ["00000000000000a1-1"])
    check("restore adds that value, and the others are as they were", state == "kept" and members(home, of) == all_of,
          case.out, case.err)


def ldif(home):
    of = group("APP-B")
    case = Case(home, of, person(7))
    state, path = case.run("ldif")
    text = open(path, encoding="utf-8").read() if state == "exported" else ""
    check("an LDIF is written and nothing is changed", "changetype: modify" in text and len(members(home, of)) == 8, case.out, case.err)
    done = ldap(home, "ldapmodify", "-f", path)
    check("run by an administrator, it takes exactly that value", done.returncode == 0
          and members(home, of) == {person(i) for i in range(7)}, done.stdout.decode(), text)
    ldap(home, "ldapmodify", text=f"dn: {of}\nchangetype: modify\nadd: member\nmember: {person(7)}\n")


def drift(home):
    of = group("APP-B")
    ldap(home, "ldapmodify", text=f"dn: {of}\nchangetype: modify\ndelete: member\nmember: {person(1)}\n")
    case = Case(home, of, person(1))
    before = members(home, of)
    state, note = case.run()
    check("one that is gone already is left to a complete night, and nothing else is touched",
          state == "scheduled" and "natt avgör" in note and members(home, of) == before and len(before) == 7, case.out, case.err)
    state = case.run("restore", ["00000000000000a1-1"])[0]
    check("what somebody else removed is not put back", state == "scheduled" and case.code == 1 and members(home, of) == before, case.out, case.err)

    of, who = group("APP-C"), person(2)
    case = Case(home, of, who)
    moved = f"CN=APP-C flyttad,OU=Personal,{BASE}"
    ldap(home, "ldapmodify", text=f"dn: {of}\nchangetype: modrdn\nnewrdn: CN=APP-C flyttad\ndeleteoldrdn: 1\nnewsuperior: OU=Personal,{BASE}\n")
    write(home + "/twin.ldif", f"dn: {of}\nchangetype: add\nobjectClass: group\nsAMAccountName: twin\nmember: {who}\n")
    made = ldap(home, "ldapmodify", "-f", home + "/twin.ldif")
    state, _ = case.run()
    check("a group that was renamed is found, and another under its old name is left",
          state == "done" and members(home, moved) == {person(i) for i in range(8) if i != 2} and members(home, of) == {who},
          case.out, case.err, made.stdout)

    case = Case(home, group("APP-D"), person(4), keys=(str(uuid.uuid4()), key(home, person(4))))
    state, note = case.run()
    check("a group that is no more is not looked for by its name", state == "scheduled" and "natt avgör" in note
          and len(members(home, group("APP-D"))) == 8, case.out, case.err)


def hidden(home):
    """Who may not read the member list must not take it for empty."""
    of, raw = group("APP-D"), attribute(home, WEAK, "objectSid")[0]
    sid = "S-1-5-" + "-".join(str(int.from_bytes(raw[i:i + 4], "little")) for i in range(8, len(raw), 4))
    call("samba-tool", "dsacl", "set", "-s", home + "/smb.conf", "-H", home + "/private/sam.ldb", "--objectdn=" + of,
         f"--sddl=(OD;;RP;bf9679c0-0de6-11d0-a285-00aa003049e2;;{sid})")
    case = Case(home, of, person(5), bind=WEAK)
    state, note = case.run()
    check("a member list that we may not read is not taken for empty", state == "scheduled" and "natt avgör" in note
          and len(members(home, of)) == 8, state, note, case.err)


def refused(home):
    of = group("APP-E")
    case = Case(home, of, person(5), bind=WEAK)
    state, note = case.run()
    check("without the right to it, it fails and says so", state == "failed" and "inte rätt" in note
          and len(members(home, of)) == 8, case.out, case.err)
    for name, how in (("a CA that did not sign the server", {"ca": "other"}), ("a wrong password", {"password": "wrong"}),
                      ("no TLS", {"uri": f"ldap://{ADDRESS}"}), ("nobody who answers", {"uri": "ldaps://127.0.0.79"})):
        case = Case(home, of, person(5), **how)
        state, note = case.run()
        check(f"{name}: it stays scheduled, and nothing is changed", state == "scheduled" and "går inte att nå" in note
              and len(members(home, of)) == 8 and PASSWORD not in case.err, case.out, case.err)
    state, _ = Case(home, of, person(5)).run()
    check("and goes when all is well", state == "done" and len(members(home, of)) == 7)


def ended_everywhere(home):
    of, restore = group("APP-A"), ["00000000000000a1-1"]
    all_of = {person(i) for i in range(8)}
    case, listed = Case(home, of, person(0)), home + "/steps"
    case.run("show")
    case.run(oracle=STEPS, BEHOV_STEPS=listed)
    steps = open(listed, encoding="utf-8").read().splitlines()
    case.run("restore", restore)
    check("a removal has steps to be ended at", any(" remove" in step for step in steps) and members(home, of) == all_of, steps)
    for n, step in enumerate(steps, 1):
        case = Case(home, of, person(0))
        case.run("show")
        case.run(oracle=STEPS, BEHOV_DIE_AT=str(n))
        died = case.code == 100
        state, _ = case.run()
        check(f"ended after step {step} exactly that value goes", died and state == "done" and "chain whole rows=1" in case.out
              and " remove 0 done" in case.out and members(home, of) == all_of - {person(0)}, case.out, case.err)
        case.run("restore", restore, oracle=STEPS, BEHOV_DIE_AT=str(min(n, 2)))
        state, _ = case.run("restore", restore)
        check(f"and it comes back when that is ended after step {min(n, 2)}", state == "kept" and members(home, of) == all_of,
              case.out, case.err)


def primary(home):
    """AD lets a primary group be no member value: what looks gone is not."""
    of, who = group("APP-D"), person(6)
    sid = attribute(home, of, "objectSid")[0]
    ldap(home, "ldapmodify", text=f"dn: {who}\nchangetype: modify\nreplace: primaryGroupID\n"
         f"primaryGroupID: {int.from_bytes(sid[-4:], 'little')}\n")
    case = Case(home, of, who)
    before = members(home, of)
    state, note = case.run()
    check("a primary group is never said to be left", who not in before and state != "done" and "primär" in note,
          state, note, case.err, who in before)


def main():
    if os.geteuid() != 0:
        print("skip a domain controller needs ports below 1024: run as root")
        return 0
    home, server = tempfile.mkdtemp(prefix="ba-", dir="/tmp"), None
    try:
        provision(home)
        configure(home)
        certify(home, "tls")
        certify(home, "other")
        world(home)
        server = start(home)
        up = wait(home, server)
        check("the domain controller answers", up, open(home + "/out", errors="replace").read()[-1500:])
        if up:
            goes_and_comes_back(home)
            ended_everywhere(home)
            ldif(home)
            drift(home)
            refused(home)
            hidden(home)
            primary(home)
    except subprocess.CalledProcessError as why:
        check("the domain controller can be set up", False, why.cmd[:4], (why.output or b"").decode()[-1500:])
    finally:
        if server and server.poll() is None:
            os.kill(server.pid, signal.SIGTERM)
            server.wait(30)
        shutil.rmtree(home, ignore_errors=True)
    return 1 if failures else 0


sys.exit(main())
