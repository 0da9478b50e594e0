#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real domain controller (Samba): read live in three ways and as its LDIF export, the plan is the same to the byte.

The controller lives in a private folder on a loopback address of its own, is started here and ended by its pid.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
ADDRESS, BASE, PASSWORD = "127.0.0.77", "DC=kalmar,DC=example", "Lösenord.1".replace("ö", "o")
ADMIN = "CN=Administrator,CN=Users," + BASE
NOW = "2026-11-24T02:00+01:00"
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


def provision(home):
    with open(home + "/first.conf", "w", encoding="utf-8") as conf:
        conf.write(f"[global]\ninterfaces = {ADDRESS}/8\nbind interfaces only = yes\nlog file = {home}/first.log\n")
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
    lines += [f"{key} = {home}/{value}" for key, value in places.items()]
    with open(home + "/smb.conf", "w", encoding="utf-8") as conf:
        conf.write("[global]\n" + "\n".join(lines) + "\n")
    with open(home + "/krb5.conf", "w", encoding="utf-8") as conf:
        conf.write("[libdefaults]\ndefault_realm = KALMAR.EXAMPLE\ndns_lookup_kdc = false\nrdns = false\n"
                   "dns_canonicalize_hostname = false\nudp_preference_limit = 1\n"
                   f"[realms]\nKALMAR.EXAMPLE = {{\n kdc = {ADDRESS}\n}}\n[domain_realm]\n{ADDRESS} = KALMAR.EXAMPLE\n")


def certify(home):
    tls = home + "/tls/"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    call("openssl", "req", "-x509", *curve, "-days", "3650", "-subj", "/CN=test CA", "-keyout", tls + "ca-key.pem",
         "-out", tls + "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
    call("openssl", "req", "-new", *curve, "-subj", "/CN=dc1.kalmar.example", "-keyout", tls + "key.pem", "-out", tls + "r")
    with open(tls + "names", "w", encoding="utf-8") as names:
        names.write(f"subjectAltName=IP:{ADDRESS},DNS:dc1.kalmar.example\n")
    call("openssl", "x509", "-req", "-in", tls + "r", "-CA", tls + "ca.pem", "-CAkey", tls + "ca-key.pem",
         "-CAcreateserial", "-days", "3650", "-out", tls + "cert.pem", "-extfile", tls + "names")
    os.chmod(tls + "key.pem", 0o600)


def change(home, name, text, *words):
    with open(f"{home}/{name}.ldif", "w", encoding="utf-8") as out:
        out.write(text)
    call("ldbmodify" if not words else words[0], "--configfile=" + home + "/smb.conf", "--nosync", "-H",
         home + "/private/sam.ldb", f"{home}/{name}.ldif")


def world(home):
    """Some people, nested groups with a cycle, a primary group, a service account; names with å ä ö and commas."""
    titles = ["Lärare", "Rektor", "Ekonom"]
    people = [f"CN=Åsa Öberg\\, nr {i},OU=Personal,{BASE}" for i in range(60)]
    add = ["OU=Personal", "OU=Behorighet"]
    text = "".join(f"dn: {ou},{BASE}\nobjectClass: organizationalUnit\n\n" for ou in add)
    for i, dn in enumerate(people):
        text += (f"dn: {dn}\nobjectClass: user\nsAMAccountName: asa.oberg{i}\nuserAccountControl: {514 if i % 9 == 0 else 512}\n"
                 f"title: {titles[i % 3]}\nemployeeID: {1000 + i}\n\n")
    text += (f"dn: CN=svc,OU=Personal,{BASE}\nobjectClass: user\nsAMAccountName: svc\nuserAccountControl: 512\n"
             "servicePrincipalName: HTTP/svc.kalmar.example\n\n")

    def group(name, members):
        return (f"dn: CN={name},OU=Behorighet,{BASE}\nobjectClass: group\nsAMAccountName: {name}\n"
                + "".join(f"member: {m}\n" for m in members) + "\n")
    text += group("GG-Skola", people[:20]) + group("APP-Skola", people[15:40] + [f"CN=svc,OU=Personal,{BASE}"])
    text += group("APP-Ekonomi", [f"CN=GG-Skola,OU=Behorighet,{BASE}"] + people[40:])
    change(home, "world", text, "ldbadd")
    change(home, "cycle", f"dn: CN=GG-Skola,OU=Behorighet,{BASE}\nchangetype: modify\nadd: member\n"
           f"member: CN=APP-Ekonomi,OU=Behorighet,{BASE}\n\n"
           f"dn: CN=DC1,OU=Domain Controllers,{BASE}\nchangetype: modify\nadd: servicePrincipalName\n"
           f"servicePrincipalName: ldap/{ADDRESS}\n")


def start(home):
    log = open(home + "/out", "wb")
    return subprocess.Popen(["samba", "-F", "--no-process-group", "-M", "prefork", "-s", home + "/smb.conf"],
                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                            env={**os.environ, "KRB5_CONFIG": home + "/krb5.conf"})


def answers(home):
    return subprocess.run(["ldapsearch", "-LLL", "-x", "-H", f"ldaps://{ADDRESS}", "-o", "nettimeout=2", "-s", "base", "-b", "",
                           "defaultNamingContext"], env={**os.environ, "LDAPTLS_CACERT": home + "/tls/ca.pem"},
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def wait(home, server):
    for _ in range(600):
        if server.poll() is not None:
            return False
        if answers(home):
            return True
        time.sleep(0.1)             # a server says nothing when it is up: asking is all there is
    return False


def write_rules(home):
    os.makedirs(home + "/rules", exist_ok=True)

    def role(name, titles):
        return (f'{{ id = "{name.lower()}"; name = "{name}"; groups = ( "CN=APP-{name},OU=Behorighet,{BASE}" ); needs = ( '
                f'{{ why = "w"; by = "asa.oberg1"; since = "2026-01-01"; title = ( {titles} ); }} ); }}')
    with open(home + "/rules/s.cfg", "w", encoding="utf-8") as out:
        out.write('system = { id = "s"; name = "S"; owner = "asa.oberg1"; class = { konfidentialitet = 1; riktighet = 1; '
                  'tillganglighet = 1; sparbarhet = 1; }; roles = ( ' + role("Skola", '"Lärare", "Rektor"') + ", "
                  + role("Ekonomi", '"Ekonom"') + " ); };\n")


def plan(home, source, more=""):
    with open(home + "/behov.cfg", "w", encoding="utf-8") as out:
        out.write('organisation = "Kalmar kommun"; store = "sqlite:b.db"; rules = "rules";\n'
                  f'directory = {{ source = "{source}"; base = "{BASE}"; access-groups = ( "OU=Behorighet,{BASE}" ); {more} }};\n'
                  'mail = { server = "maildir:o"; from = "behov@kalmar.example"; };\n'
                  'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LDAP", "KRB5"))}
    return subprocess.run([BEHOV, "--config", home + "/behov.cfg", "--now", NOW, "plan", "--json"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**clean, "KRB5_CONFIG": home + "/krb5.conf"})


def secrets(home):
    for name, text in (("password", PASSWORD), ("wrong", "not it")):
        with open(f"{home}/{name}", "w", encoding="utf-8") as out:
            out.write(text + "\n")
        os.chmod(f"{home}/{name}", 0o600)
    call("samba-tool", "domain", "exportkeytab", home + "/keytab", "-s", home + "/smb.conf", "--principal=Administrator")
    os.chmod(home + "/keytab", 0o600)


def export(home):
    done = subprocess.run(["ldapsearch", "-x", "-H", f"ldaps://{ADDRESS}", "-D", ADMIN, "-w", PASSWORD, "-E", "pr=100/noprompt",
                           "-b", BASE, "(|(objectClass=user)(objectClass=group)(objectClass=contact)"
                           "(objectClass=foreignSecurityPrincipal))"], check=True, stdout=subprocess.PIPE,
                          env={**os.environ, "LDAPTLS_CACERT": home + "/tls/ca.pem"})
    with open(home + "/export.ldif", "wb") as out:
        out.write(done.stdout)


def compare(home):
    simple = f'bind-dn = "{ADMIN}"; password-file = "password"; '
    ca = f'ca-file = "{home}/tls/ca.pem"; '
    export(home)
    first = plan(home, "file:export.ldif")
    found = len(re.findall(rb'"kind": "remove-member"|"kind": "cut-nesting"', first.stdout))
    check("the export is judged and gives something to propose", first.returncode == 0 and found > 5,
          first.returncode, found, first.stderr.decode()[-800:])
    ways = {"ldaps, in pages of ten": (f"ldaps://{ADDRESS}", simple + ca + "page-size = 10;"),
            "StartTLS": (f"ldap://{ADDRESS}", simple + ca + "starttls = true;"),
            "Kerberos with a keytab": (f"ldap://{ADDRESS}", f'sasl = "gssapi"; keytab = "{home}/keytab"; principal = "Administrator";')}
    for name, (source, more) in ways.items():
        live = plan(home, source, more)
        check(f"over {name} the plan is the same to the byte", live.returncode == 0 and live.stdout == first.stdout,
              live.returncode, live.stderr.decode()[-800:])
    refused = {"a wrong password": (f"ldaps://{ADDRESS}", f'bind-dn = "{ADMIN}"; password-file = "wrong"; ' + ca),
               "a server that no known CA vouches for": (f"ldaps://{ADDRESS}", simple),
               "an anonymous search": (f"ldaps://{ADDRESS}", ca)}
    for name, (source, more) in refused.items():
        done = plan(home, source, more)
        check(f"{name} is a failure that names the server, and no plan", done.returncode == 1 and not done.stdout
              and ADDRESS.encode() in done.stderr and PASSWORD.encode() not in done.stderr, done.returncode, done.stderr.decode()[-800:])


def main():
    if os.geteuid() != 0:
        print("skip a domain controller needs ports below 1024: run as root")
        return 0
    home, server = tempfile.mkdtemp(prefix="bd-", dir="/tmp"), None
    try:
        provision(home)
        configure(home)
        certify(home)
        world(home)
        write_rules(home)
        secrets(home)
        server = start(home)
        up = wait(home, server)
        check("the domain controller answers", up, open(home + "/out", errors="replace").read()[-1500:])
        if up:
            compare(home)
    except subprocess.CalledProcessError as why:
        check("the domain controller can be set up", False, why.cmd[:4], (why.output or b"").decode()[-1500:])
    finally:
        if server and server.poll() is None:
            os.kill(server.pid, signal.SIGTERM)
            server.wait(30)
        shutil.rmtree(home, ignore_errors=True)
    return 1 if failures else 0


sys.exit(main())
