#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real domain controller (Samba): read live in three ways and as its LDIF export, the plan is the same to the byte."""
import contextlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loopback
import samba
from samba import BASE, PASSWORD

BEHOV = os.path.join(samba.TOP, os.environ.get("BUILD", "build"), "behov")
ADDRESS, ADMIN, NOW = loopback.address(), samba.ADMIN, "2026-11-24T02:00+01:00"
LARGE = 5001                    # members of one group: more than any limit on a range
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


def world():
    """Some people, nested groups with a cycle, a primary group, a service account; names with å ä ö and commas."""
    titles = ["Lärare", "Rektor", "Ekonom"]
    people = [f"CN=Åsa Öberg\\, nr {i},OU=Personal,{BASE}" for i in range(60)]
    service = f"CN=svc,OU=Personal,{BASE}"
    load = [samba.entry(f"{ou},{BASE}", objectClass="organizationalUnit") for ou in ("OU=Personal", "OU=Behorighet")]
    for i, dn in enumerate(people):
        load.append(samba.entry(dn, objectClass="user", sAMAccountName=f"asa.oberg{i}", title=titles[i % 3],
                                userAccountControl=514 if i % 9 == 0 else 512, employeeID=1000 + i))
    load.append(samba.entry(service, objectClass="user", sAMAccountName="svc", userAccountControl=512,
                            servicePrincipalName="HTTP/svc.kalmar.example"))

    def group(name, members):
        load.append(samba.entry(f"CN={name},OU=Behorighet,{BASE}", objectClass="group", sAMAccountName=name, member=members))
    many = [f"CN=kontakt {i},OU=Personal,{BASE}" for i in range(LARGE)]
    load += [samba.entry(dn, objectClass="contact") for dn in many]
    group("Stor", many)
    group("GG-Skola", people[:20])
    group("APP-Skola", people[15:40] + [service])
    group("APP-Ekonomi", [f"CN=GG-Skola,OU=Behorighet,{BASE}"] + people[40:])
    cycle = samba.entry(f"CN=GG-Skola,OU=Behorighet,{BASE}", member=f"CN=APP-Ekonomi,OU=Behorighet,{BASE}")
    kerberos = samba.entry(f"CN=DC1,OU=Domain Controllers,{BASE}", servicePrincipalName=["ldap/" + ADDRESS, "ldap/127.0.0.1"])
    return load + [("modify", *change[1:]) for change in (cycle, kerberos)]


def write_rules(home):
    os.makedirs(home + "/rules", exist_ok=True)

    def role(name, titles):
        return (f'{{ id = "{name.lower()}"; name = "{name}"; groups = ( "CN=APP-{name},OU=Behorighet,{BASE}" ); needs = ( '
                f'{{ why = "w"; by = "asa.oberg1"; since = "2026-01-01"; title = ( {titles} ); }} ); }}')
    with open(home + "/rules/s.cfg", "w", encoding="utf-8") as out:
        out.write('system = { id = "s"; name = "S"; owner = "asa.oberg1"; class = { konfidentialitet = 1; riktighet = 1; '
                  'tillganglighet = 1; sparbarhet = 1; }; roles = ( ' + role("Skola", '"Lärare", "Rektor"') + ", "
                  + role("Ekonomi", '"Ekonom"') + " ); };\n")


def behov(home, source, more, *words):
    samba.write(home + "/behov.cfg", 'organisation = "Kalmar kommun"; store = "sqlite:b.db"; rules = "rules";\n'
                f'directory = {{ source = "{source}"; base = "{BASE}"; access-groups = ( "OU=Behorighet,{BASE}" ); {more} }};\n'
                'mail = { server = "maildir:o"; from = "behov@kalmar.example"; };\n'
                'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LDAP", "KRB5"))}
    # Over TLS, Cyrus SASL forgets the credentials that it takes for asking for no layer (its issue 843).
    forgets = source.startswith("ldaps") and "gssapi" in more
    return subprocess.run([BEHOV, "--config", home + "/behov.cfg", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**clean, "KRB5_CONFIG": home + "/krb5.conf",
                               **({"ASAN_OPTIONS": "detect_leaks=0"} if forgets else {})})


def plan(home, source, more=""):
    return behov(home, source, more, "--now", NOW, "plan", "--json")


def certificate(home, source, more=""):
    """What a night keeps about the directory it read."""
    for name in os.listdir(home):
        if name.startswith("b.db"):
            os.unlink(f"{home}/{name}")
    behov(home, source, more, "store", "create", "--test")
    done = behov(home, source, more, "--now", NOW, "run")
    db = sqlite3.connect(home + "/b.db")
    try:
        row = db.execute("select summary from night").fetchone()
    finally:
        db.close()
    if not row or not row[0]:
        return {"digest": done.stderr.decode()[-800:]}
    night = json.loads(row[0])["certificate"]
    return {**night["sources"][0], "digest": night["digest"]}


def secrets(dc):
    samba.write(dc.home + "/password", PASSWORD + "\n")
    samba.write(dc.home + "/wrong", "not it\n")
    dc.samba_tool("domain", "exportkeytab", dc.home + "/keytab", "--principal=Administrator")
    os.chmod(dc.home + "/keytab", 0o600)


def export(dc):
    with open(dc.home + "/export.ldif", "wb") as out:
        out.write(dc.export())


def compare(dc):
    home = dc.home
    simple = f'bind-dn = "{ADMIN}"; password-file = "password"; '
    ca = f'ca-file = "{dc.ca}"; '
    kerberos = f'sasl = "gssapi"; keytab = "{home}/keytab"; principal = "Administrator"; '
    export(dc)
    first = plan(home, "file:export.ldif")
    found = len(re.findall(rb'"kind": "remove-member"|"kind": "cut-nesting"', first.stdout))
    check("the export is judged and gives something to propose", first.returncode == 0 and found > 5,
          first.returncode, found, first.stderr.decode()[-800:])
    ways = {"ldaps, in pages of ten": (f"ldaps://{ADDRESS}", simple + ca + "page-size = 10;"),
            "StartTLS": (f"ldap://{ADDRESS}", simple + ca + "starttls = true;"),
            "Kerberos with a keytab": (f"ldap://{ADDRESS}", kerberos), "TLS and Kerberos": (f"ldaps://{ADDRESS}", kerberos + ca)}
    for name, (source, more) in ways.items():
        live = plan(home, source, more)
        check(f"over {name} the plan is the same to the byte", live.returncode == 0 and live.stdout == first.stdout,
              live.returncode, live.stderr.decode()[-800:])
    live = certificate(home, f"ldaps://{ADDRESS}", simple + ca + "page-size = 10;")
    file = certificate(home, "file:export.ldif")
    usn = live.get("highestCommittedUSN", {})
    check("the night's certificate names the server and how far it had come", live.get("pages", 0) > 5
          and live["server"]["dnsHostName"] == "dc1.kalmar.example" and "NTDS Settings" in live["server"]["dsServiceName"]
          and 0 < int(usn["before"]) <= int(usn["after"]), live)
    check("the large group has all its members both ways", live["memberships"] == file["memberships"] > LARGE
          and live["hidden"] == live["dangling"] == 0, live, file)
    check("and its digest is that of the export", live["digest"] == file["digest"] and live["digest"].startswith("sha256:"), live, file)
    refused = {"a wrong password": (f"ldaps://{ADDRESS}", f'bind-dn = "{ADMIN}"; password-file = "wrong"; ' + ca),
               "a server that no known CA vouches for": (f"ldaps://{ADDRESS}", simple),
               "an anonymous search": (f"ldaps://{ADDRESS}", ca)}
    for name, (source, more) in refused.items():
        done = plan(home, source, more)
        check(f"{name} is a failure that names the server, and no plan", done.returncode == 1 and not done.stdout
              and ADDRESS.encode() in done.stderr and PASSWORD.encode() not in done.stderr, done.returncode, done.stderr.decode()[-800:])


@contextlib.contextmanager
def slapd(dc, scheme, host, more=""):
    """One that lets in by the controller's Kerberos, and shows nothing to who signs or seals; gives its address."""
    home = f"{dc.home}/slapd-{scheme}"
    os.mkdir(home)
    dc.samba_tool("domain", "exportkeytab", home + "/keytab", "--principal=ldap/" + host)
    samba.write(home + "/slapd.conf", "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
                f"TLSCertificateFile {dc.home}/tls/cert.pem\nTLSCertificateKeyFile {dc.home}/tls/key.pem\nsasl-host {host}\n{more}\n"
                f"database mdb\nsuffix \"{BASE}\"\ndirectory {home}\naccess to * by sasl_ssf=1 none by * read\n")
    subprocess.run(["/usr/sbin/slapadd", "-q", "-f", home + "/slapd.conf"], check=True, stderr=subprocess.DEVNULL,
                   input=f"dn: {BASE}\nobjectClass: organization\nobjectClass: dcObject\no: K\ndc: kalmar\n".encode())
    with socket.socket() as free:
        free.bind((host, 0))
        url = f"{scheme}://{host}:{free.getsockname()[1]}"
    with subprocess.Popen(["/usr/sbin/slapd", "-d", "0", "-h", url, "-f", home + "/slapd.conf"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, "KRB5_CONFIG": dc.krb5, "KRB5_KTNAME": home + "/keytab"}) as server:
        try:
            for _ in range(100):
                if subprocess.run(["ldapsearch", "-x", "-H", url, "-s", "base", "-b", ""], env={**os.environ, "LDAPTLS_CACERT": dc.ca},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                    break
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()


def layers(dc):
    """AD takes none over TLS, and Samba any: slapd can say whether there is one."""
    how = f'sasl = "gssapi"; keytab = "{dc.home}/keytab"; principal = "Administrator"; ca-file = "{dc.ca}";'
    with slapd(dc, "ldap", ADDRESS, "sasl-secprops noanonymous,maxssf=0") as url:
        done = plan(dc.home, url, how)
    check("Kerberos that neither signs nor seals is refused", done.returncode == 1 and not done.stdout
          and b"cannot bind with Kerberos" in done.stderr and b"weak" in done.stderr, done.returncode, done.stderr.decode()[-800:])
    # libldap would make this machine's name of that address, and ask for a layer where TLS has less than 256 bits.
    with slapd(dc, "ldaps", "127.0.0.1", "TLSCipherSuite NORMAL:-CIPHER-ALL:+AES-128-GCM") as url:
        done = plan(dc.home, url, how)
    check("over TLS it does neither, and the server is who conf says", done.returncode == 3 and b"not one person was found" in done.stdout,
          done.returncode, done.stdout.decode()[-300:], done.stderr.decode()[-800:])


def main():
    if os.geteuid() != 0:
        print("skip a domain controller needs ports below 1024: run as root")
        return 0
    try:
        with samba.Controller(ADDRESS, world()) as dc:
            check("the domain controller answers", dc.search("-s", "base", "-b", "", "defaultNamingContext").returncode == 0)
            write_rules(dc.home)
            secrets(dc)
            compare(dc)
            layers(dc)
    except (subprocess.CalledProcessError, RuntimeError) as why:
        check("the domain controller can be set up", False, why, (getattr(why, "output", b"") or b"").decode()[-1500:])
    return 1 if failures else 0


sys.exit(main())
