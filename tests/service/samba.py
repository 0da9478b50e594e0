# SPDX-License-Identifier: GPL-3.0-or-later
"""A real domain controller (Samba AD) for tests: a private folder, a loopback address of its own, ended by its pid.

    with samba.Controller(loopback.address(), load=entries) as dc: ... dc.url, dc.ca, dc.krb5, dc.base, dc.admin, dc.password ...

Provisioning takes seconds, so what was provisioned (and loaded) is kept as a tar in build/ for the next test that asks
for the same.
"""
import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BASE, PASSWORD = "DC=kalmar,DC=example", "Losenord.1"
# Samba copies its index lists at each change: most of the time goes to malloc.
TUNE = ("glibc.malloc.tcache_count=65535:glibc.malloc.trim_threshold=4294967295:glibc.malloc.top_pad=67108864:"
        "glibc.malloc.mmap_threshold=1073741824")
ADMIN = "CN=Administrator,CN=Users," + BASE

# samba-tool wants file systems with NT ACLs for its policy folder, which nobody reads here.
PROVISION = """
import sys, samba.provision
samba.provision.setsysvolacl = lambda *words, **named: None
from samba.netcmd.main import cmd_sambatool
sys.exit(cmd_sambatool()._run("samba-tool", *sys.argv[1:]))
"""

# One transaction a record: Samba is quadratic in the length of a transaction.
LOAD = """
import base64, json, sys
import ldb
from samba.samdb import SamDB
from samba.auth import system_session
from samba.param import LoadParm
lp = LoadParm()
lp.load(sys.argv[1])
db = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp, flags=ldb.FLG_NOSYNC)
for kind, dn, attributes in json.load(open(sys.argv[2])):
    m = ldb.Message(ldb.Dn(db, dn))
    for name, values in attributes.items():
        raw = [base64.b64decode(v) for v in values]
        m[name] = ldb.MessageElement(raw, ldb.FLAG_MOD_ADD, name)
    db.add(m) if kind == "add" else db.modify(m)
"""


def call(*words, **named):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **named).stdout


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)


class Controller:
    """`load`: ("add" or "modify", dn, {attribute: [bytes]}) in order; each modify adds values.
    `workers`: for so many connections at once."""

    def __init__(self, address, load=(), workers=1):
        self.address, self.load, self.workers, self.server = address, load, workers, None
        self.base, self.admin, self.password = BASE, ADMIN, PASSWORD
        self.url = f"ldaps://{address}"
        self.home = tempfile.mkdtemp(prefix="bd-", dir="/tmp")
        self.ca, self.krb5 = self.home + "/tls/ca.pem", self.home + "/krb5.conf"

    def __enter__(self):
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server and self.server.poll() is None:
            os.kill(self.server.pid, signal.SIGTERM)
            self.server.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)

    # ---------------------------------------------------------------- what is kept between tests

    def prepare(self):
        entries = json.dumps([[kind, dn, {k: [base64.b64encode(v).decode() for v in values] for k, values in a.items()}]
                              for kind, dn, a in self.load])
        name = hashlib.sha256((self.address + PROVISION + LOAD + entries).encode()).hexdigest()[:16]
        kept = f"{TOP}/build/samba-{name}.tar"
        if os.path.exists(kept):
            with tarfile.open(kept) as tar:
                tar.extractall(self.home)
        else:
            self.provision()
        self.configure()
        self.certify()
        if os.path.exists(kept):
            return
        if self.load:
            write(self.home + "/load.json", entries)
            call("/usr/bin/python3", "-c", LOAD, self.home + "/smb.conf", self.home + "/load.json",
                 env={**os.environ, "TDB_NO_FSYNC": "1", "GLIBC_TUNABLES": TUNE})
        with tarfile.open(kept + ".new", "w") as tar:
            for part in ("private", "state"):
                tar.add(f"{self.home}/{part}", part, filter=lambda t: t if t.isreg() or t.isdir() or t.issym() else None)
        os.rename(kept + ".new", kept)

    def provision(self):
        write(self.home + "/first.conf", f"[global]\ninterfaces = {self.address}/8\nbind interfaces only = yes\n"
              f"log file = {self.home}/first.log\n")
        call("/usr/bin/python3", "-c", PROVISION, "domain", "provision", "-s", self.home + "/first.conf",
             "--targetdir=" + self.home, "--quiet", "--realm=KALMAR.EXAMPLE", "--domain=KALMAR", "--adminpass=" + PASSWORD,
             "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1", "--host-ip=" + self.address,
             "--function-level=2008_R2")

    def configure(self):
        home = self.home
        for name in ("run", "cache", "lock", "ncalrpc", "tls", "ntp", "bind"):
            os.makedirs(f"{home}/{name}", exist_ok=True)
        os.chmod(home + "/ntp", 0o750)
        places = {"private dir": "private", "state directory": "state", "cache directory": "cache", "lock directory": "lock",
                  "pid directory": "run", "ncalrpc dir": "ncalrpc", "ntp signd socket directory": "ntp",
                  "binddns dir": "bind", "log file": "log", "tls keyfile": "tls/key.pem", "tls certfile": "tls/cert.pem",
                  "tls cafile": "tls/ca.pem", "winbindd socket directory": "run/winbindd"}
        lines = ["netbios name = DC1", "realm = KALMAR.EXAMPLE", "workgroup = KALMAR", "tls enabled = yes",
                 "server role = active directory domain controller", "server services = ldap cldap kdc",
                 "dcerpc endpoint servers = none", f"interfaces = {self.address}/8", "bind interfaces only = yes",
                 "ldap server require strong auth = allow_sasl_over_tls", f"prefork children = {self.workers}", "ldb:nosync = true"]
        lines += [f"{key} = {home}/{value}" for key, value in places.items()]
        write(home + "/smb.conf", "[global]\n" + "\n".join(lines) + "\n")
        write(self.krb5, "[libdefaults]\ndefault_realm = KALMAR.EXAMPLE\ndns_lookup_kdc = false\nrdns = false\n"
              "dns_canonicalize_hostname = false\nudp_preference_limit = 1\n"
              f"[realms]\nKALMAR.EXAMPLE = {{\n kdc = {self.address}\n}}\n[domain_realm]\n{self.address} = KALMAR.EXAMPLE\n")

    def certify(self, folder="tls"):
        """A CA, and a certificate of it for this address and for 127.0.0.1 (other servers of the test)."""
        tls = f"{self.home}/{folder}/"
        os.makedirs(tls, exist_ok=True)
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        call("openssl", "req", "-x509", *curve, "-days", "3650", "-subj", "/CN=test CA", "-keyout", tls + "ca-key.pem",
             "-out", tls + "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
        call("openssl", "req", "-new", *curve, "-subj", "/CN=dc1.kalmar.example", "-keyout", tls + "key.pem", "-out", tls + "r")
        write(tls + "names", f"subjectAltName=IP:{self.address},IP:127.0.0.1,DNS:dc1.kalmar.example\n")
        call("openssl", "x509", "-req", "-in", tls + "r", "-CA", tls + "ca.pem", "-CAkey", tls + "ca-key.pem",
             "-CAcreateserial", "-days", "3650", "-out", tls + "cert.pem", "-extfile", tls + "names")
        os.chmod(tls + "key.pem", 0o600)

    # ---------------------------------------------------------------- the server

    def start(self):
        with open(self.home + "/out", "wb") as log:
            self.server = subprocess.Popen(["samba", "-F", "--no-process-group", "-M", "prefork", "-s", self.home + "/smb.conf"],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                           env={**os.environ, "KRB5_CONFIG": self.krb5})
        for _ in range(600):
            if self.server.poll() is not None:
                break
            if self.search("-s", "base", "-b", "", "defaultNamingContext").returncode == 0:
                return
            time.sleep(0.1)         # a server says nothing when it is up: asking is all there is
        with open(self.home + "/out", errors="replace") as log:
            raise RuntimeError("the domain controller does not answer: " + log.read()[-1500:])

    def tool(self, name, *words, text=""):
        """ldapsearch or ldapmodify, as the administrator."""
        return subprocess.run([name, "-x", "-H", self.url, "-o", "nettimeout=10", "-D", ADMIN, "-w", PASSWORD, *words],
                              input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "LDAPTLS_CACERT": self.ca})

    def search(self, *words):
        return self.tool("ldapsearch", *words)

    def samba_tool(self, *words):
        return call("samba-tool", *words, "-s", self.home + "/smb.conf")

    def export(self):
        """The directory as an administrator would export it."""
        return self.search("-E", "pr=500/noprompt", "-b", BASE, "(|(objectClass=user)(objectClass=group)"
                           "(objectClass=contact)(objectClass=foreignSecurityPrincipal)(objectClass=domainDNS))", "*",
                           "msDS-User-Account-Control-Computed").stdout

    def attribute(self, dn, name):
        """Values of one attribute, as bytes; base64 undone."""
        values = []
        for line in self.search("-LLL", "-o", "ldif-wrap=no", "-b", dn, "-s", "base", name).stdout.decode().splitlines():
            if line.startswith(name + ":: "):
                values.append(base64.b64decode(line[len(name) + 3:]))
            elif line.startswith(name + ": "):
                values.append(line[len(name) + 2:].encode())
        return values

    def members(self, group):
        return {value.decode() for value in self.attribute(group, "member")}


def entry(dn, **attributes):
    """One entry to load: texts, lists of them, or bytes."""
    def raw(value):
        return value if isinstance(value, bytes) else str(value).encode()
    return "add", dn, {k: [raw(v) for v in (value if isinstance(value, list) else [value])] for k, value in attributes.items()}


def parse_ldif(text):
    """The entries of an LDIF as [(dn, [(attribute, bytes)])]."""
    entries = []
    for block in text.replace("\n ", "").split("\n\n"):
        pairs = []
        for line in block.splitlines():
            name, _, value = line.partition(":")
            pairs.append((name, base64.b64decode(value[2:]) if value.startswith(": ") else value[1:].encode()))
        if pairs:
            entries.append((pairs[0][1].decode(), pairs[1:]))
    return entries


# What only a domain controller may set, or sets by itself.
ITS_OWN = {"cn", "distinguishedName", "objectGUID", "objectSid", "sAMAccountType", "whenCreated", "primaryGroupID", "name"}


def from_export(text):
    """What to load so that a controller holds the people and groups of an LDIF export: folders, entries, members."""
    folders, adds, later = {}, [], {}
    for dn, pairs in parse_ldif(text):
        where = dn[dn.index(",OU="):][1:] if ",OU=" in dn else None
        if where:
            folders[where] = ("add", where, {"objectClass": [b"organizationalUnit"]})
        if ",CN=Users," in dn:
            continue                # Domain Users and its kin are there
        attributes = {}
        for name, value in pairs:
            if name in ("member", "manager"):       # those it names must be there first
                later.setdefault(dn, {}).setdefault(name, []).append(value)
            elif name not in ITS_OWN and value:
                attributes.setdefault(name, []).append(value)
        if b"msDS-GroupManagedServiceAccount" in attributes["objectClass"]:
            attributes["msDS-ManagedPasswordInterval"] = [b"30"]
        attributes["objectClass"] = [attributes["objectClass"][-1]]
        adds.append(("add", dn, attributes))
    return list(folders.values()) + adds + [("modify", dn, attributes) for dn, attributes in later.items()]
