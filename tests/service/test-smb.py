#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A share on an SMB server, without a mount: it is seen as on a path, and whatever goes wrong is a gap with its place.

The server is Samba's, private, on a loopback address; between us and it may stand a wire that is cut or falls silent.  In the
place of our helper may stand one that lies.
"""
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loopback
import samba
import smbd

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BEHOV, HELPER = BUILD + "/behov", BUILD + "/behov-smb"
ADDRESS, PORT = loopback.address(), 14450
NOW = "2026-11-24T02:00+01:00"
DUE = {"Verifikationer": 4, "Nytt": 1, "Flera": 350, "Akter": 60, "rot.pdf": 1}     # files of each batch
failed, USER = 0, ""

RULES = """shares = {{ id = "s"; path = "{path}"; owner = "arkiv"; {more} }};
series = ( {{ id = "serie"; owner = "arkiv"; action = "destroy"; decision = {{ dnr = "KS 1"; date = "2019-01-01"; body = "KS"; }};
where = {{ share = "s"; path = "*/**"; }}; batch = {{ path = "*"; }}; keep = "{keep} years"; clock = "modified"; }},
{{ id = "bevaras"; owner = "arkiv"; action = "preserve"; clock = "modified"; keep = "0 years"; where = {{ share = "s"; path = "Övrigt/**"; }}; }} );
"""


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {what}" + ("" if holds else f": {str(detail)[:1500]}"), flush=True)


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)


def put(path, moment, text="x"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write(path, text)
    os.utime(path, ns=(moment * 10**9 + 123456700,) * 2)        # SMB counts in steps of 100 ns


def make_tree(root):
    old, new = 1300000000, 1780000000
    put(root + "/Verifikationer/2011/faktura åäö Å.pdf", old, "hej")
    put(root + "/Verifikationer/2011/" + "å" * 120 + ".pdf", old)
    put(root + "/Verifikationer/100% & #1+2;x='y'.pdf", old)
    put(root + "/Verifikationer/.dold", old)
    put(root + "/Nytt/nytt.pdf", new)
    put(root + "/Nytt/gammalt.pdf", old)
    put(root + "/Övrigt/a.pdf", old)
    put(root + "/rot.pdf", old)
    for i in range(350):
        put(f"{root}/Flera/Underlag {i:03}.xlsx", old + i)
    os.mkdir(root + "/Flera/Mycket")
    for i in range(20000):
        os.close(os.open(f"{root}/Flera/Mycket/Verifikation nummer {i:05} med ett långt namn.pdf", os.O_WRONLY | os.O_CREAT, 0o644))
    for d in range(60):
        put(f"{root}/Akter/{d % 7}/Ärende {d:03}/handling.pdf", old)
    put(root + "/Akter/~snapshot/s.pdf", old)
    put(root + "/Akter/@GMT-2026.01.01-00.00.00/s.pdf", old)


def batches_of(plan):
    return {p["batch"]: p["files"] for p in plan["proposals"]}


class Place:
    """A configuration with one share."""

    def __init__(self, path, more, behov=BEHOV):
        self.folder, self.behov = tempfile.mkdtemp(prefix="behov-smb-"), behov
        os.mkdir(self.folder + "/rules")
        write(self.folder + "/password", smbd.PASSWORD + "\n", 0o600)
        write(self.folder + "/wrong", "Fel.1\n", 0o600)
        write(self.folder + "/d.ldif", "dn: CN=a,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: arkiv\nmail: arkiv@kalmar.example\n"
              "objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\nsAMAccountType: 805306368\n\n")
        write(self.folder + "/behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; mode = "propose";\n'
              'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
              'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
              'people = { coordinator = "arkiv"; archivist = "arkiv"; };\n'
              'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')
        self.set(path, more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def set(self, path, more, keep=5):
        write(self.folder + "/rules/r.cfg", RULES.format(path=path, more=more, keep=keep))

    def call(self, *words, env=None):
        return subprocess.run([self.behov, "-q", "--config", self.folder + "/behov.cfg", *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, env={**os.environ, **(env or {})})

    def plan(self, *words, hands=2, env=None):
        """(exit code, the plan, what of it is the same however the share is read)"""
        done = self.call("--now", NOW, "-j", str(hands), "plan", "--json", "--files", *words, env=env)
        seen = json.loads(done.stdout)
        same = json.loads(done.stdout)
        for p in same["proposals"]:
            p.pop("manifest", None)             # it holds the numbers of files, and when they were made
        return done.returncode, seen, json.dumps(same, sort_keys=True)

    def gaps(self, **how):
        code, seen, _ = self.plan(**how)
        return code, {g.get("path") or "": g["text"] for g in seen["gaps"]}, batches_of(seen)


def login(more="", password="password"):
    return f'user = "{USER}"; password-file = "{password}"; ' + more


def smb(port=PORT, rest="yta"):
    return f"smb://{ADDRESS}:{port}/{rest}"


def children(name=b"behov-smb"):
    """Helpers that run, of anybody's."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as line:
                if os.path.basename(line.read().split(b"\0")[0]) == name:
                    found.append(int(path.split("/")[2]))
        except OSError:
            pass
    return found


# ---------------------------------------------------------------- what is there

def same_as_path(tree):
    none = 'identity = "none"; case = "fold";'
    with Place(tree, none) as path, Place(smb(), login('identity = "none";')) as share:
        code, seen, wanted = path.plan()
        check("what lies on the path itself is due as it should be", code == 0 and batches_of(seen) == DUE, (code, batches_of(seen)))
        got = share.plan()
        check("what is seen over SMB is what is seen on a path, byte for byte", got[0] == 0 and got[2] == wanted, got[1]["gaps"] or got[2][:400])
        check("any number of hands tells the same", all(share.plan(hands=n)[2] == wanted for n in (1, 3, 8)))
        share.set(smb(rest="yta/Akter"), login('identity = "none";'))
        path.set(tree + "/Akter", none)
        check("a folder of a share may be the share", share.plan()[2] == path.plan()[2])
        share.set(smb(), login('identity = "none"; encrypt = "required";'))
        got = share.plan()
        check("and with encryption required it is the same", got[2] == wanted, (got[1]["gaps"], batches_of(got[1])))


def marker(tree):
    with Place(smb(), login()) as share:
        code, gaps, batches = share.gaps()
        check("a share without its marker is one gap", code == 3 and list(gaps) == [""] and "is missing" in gaps[""] and not batches, gaps)
        done = share.call("share", "adopt", "s")
        check("nothing is written to it: what is to be put there is said", done.returncode == 2 and b"'behov share s " in done.stderr and
              not os.path.exists(tree + "/.behov-share"), done)
        for text, good in (("behov share s 00\n", True), ("behov share annan 00\n", False), ("behov share s " + "0" * 600, False)):
            write(tree + "/.behov-share", text)
            code, gaps, batches = share.gaps()
            check(f"its marker is read ({text[:20].strip()}, {len(text)} bytes)", (code == 0 and batches == DUE) if good else
                  (code == 3 and "names another share" in gaps[""] and not batches), (code, gaps, batches))
        os.unlink(tree + "/.behov-share")


def explain():
    with Place(smb(), login('identity = "none";')) as share:
        done = share.call("--now", NOW, "explain", smb() + "/Verifikationer/2011/faktura åäö Å.pdf")
        check("explain tells of a file on SMB", done.returncode == 0 and "2011 + 5 år" in done.stdout.decode(), done)
        done = share.call("explain", smb() + "/Personal/../Verifikationer/2011/faktura åäö Å.pdf")
        check("but not by a way that leads through other folders", done.returncode == 2 and not done.stdout and b"goes by way of" in done.stderr, done)
        for name in ("/Verifikationer/finns ej.pdf", "/Verifikationer", "x/y"):
            check(f"and says so when there is none ({name})", share.call("explain", smb() + name).returncode in (1, 2))


def incremental(tree):
    """The second night lists what has changed, and proposes the same."""
    with Place(smb(), login('identity = "none";')) as share:
        def night(day):
            done = subprocess.run([BEHOV, "--config", share.folder + "/behov.cfg", "--now", day + "T02:00+01:00", "run"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
            return [int(word[7:]) for word in done.stderr.decode().split() if word.startswith("listed=")]
        share.set(smb(), login('identity = "none";'), 90)
        share.call("store", "create", "--test")
        first, second = night("2026-12-24"), night("2026-12-25")
        put(tree + "/Akter/3/ny.pdf", -1300000000)
        night("2026-12-26")
        stands = batches_of(json.loads(share.call("proposals", "--json").stdout))
        os.unlink(tree + "/Akter/3/ny.pdf")
        check("a folder that is as it was is not listed again, and one that is not, is",
              len(first + second) == 2 and second[0] < first[0] / 2 and stands == {"Akter": 1}, (first, second, stands))


# ---------------------------------------------------------------- what goes wrong

def not_let_in(tree):
    with Place(smb(), login('identity = "none";', "wrong")) as share:
        code, gaps, batches = share.gaps()
        check("a wrong password is a gap that says so, and nothing is proposed", code == 3 and list(gaps) == [""] and not batches and
              "does not let us in: user, password" in gaps[""], (code, gaps))
        for path, word in ((smb(rest="finnsej"), "No such file"), (smb(rest="yta/finnsej"), "No such file"), (smb(port=9), "refused")):
            share.set(path, login('identity = "none";'))
            code, gaps, batches = share.gaps()
            check(f"what is not there is a gap ({word} {path[-12:]})", code == 3 and word in gaps[""] and not batches, gaps)
        share.set(smb(), 'user = "finns.ej"; password-file = "password"; identity = "none";')
        code, gaps, batches = share.gaps()
        check("nobody is let in as anybody", code == 3 and "does not let us in" in gaps[""], gaps)
        share.set(smb(), 'kerberos = true; user = "a@KALMAR.EXAMPLE"; identity = "none";')
        code, gaps, batches = share.gaps(env={"KRB5CCNAME": "FILE:/nonexistent", "KRB5_CONFIG": "/dev/null"})
        check("without a ticket nothing else is tried", code == 3 and "does not let us in" in gaps[""], gaps)
    with Place(smb(), login('identity = "none";')) as share:
        def stands():
            return json.loads(share.call("proposals", "--json").stdout)
        share.call("store", "create", "--test")
        share.call("--now", "2026-11-24T02:00+01:00", "run")
        before = [(p["id"], p["state"]) for p in stands()["proposals"]]
        share.set(smb(), login('identity = "none";', "wrong"))
        done = share.call("--now", "2026-11-25T02:00+01:00", "run")
        after = [(p["id"], p["state"]) for p in stands()["proposals"]]
        check("a night when we are not let in withdraws nothing", done.returncode == 3 and len(before) == len(DUE) and before == after, (done, before, after))


def no_rights(tree):
    if os.geteuid() != 0:
        print("skip a folder that may not be read: the server is ourselves")
        return
    os.chmod(tree + "/Flera", 0o700)
    with Place(smb(), login('identity = "none";')) as share:
        code, gaps, batches = share.gaps()
        check("a folder that we may not read is a gap, and its batch is not proposed",
              code == 3 and "denied" in gaps.get("Flera", "") and batches == {k: n for k, n in DUE.items() if k != "Flera"}, (gaps, batches))
    os.chmod(tree + "/Flera", 0o755)


def broken_off(server):
    with Place(smb(), login('identity = "none"; timeout = 1;')) as share:
        for what, word, limit in (("cut", "", 12000), ("silence", "", 12000), ("cut", "", 800000), ("silence", "", 800000)):
            wire = smbd.Between(server, limit, what)
            share.set(smb(wire.port), login('identity = "none"; timeout = 1;'))
            code, gaps, batches = share.gaps()
            wire.close()
            lost = {path.split("/")[0] for path in gaps}
            check(f"a server that is lost on the way ({what} after {limit} bytes) is gaps, and no batch with one is proposed",
                  wire.happened and code == 3 and gaps and not lost & set(batches) and len(batches) < len(DUE), (code, gaps, batches))


def helpers_end(server):
    seen = {}

    def look():
        seen["pids"] = children()
        for pid in seen["pids"]:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as line, open(f"/proc/{pid}/environ", "rb") as env:
                    seen.setdefault("said", []).append(line.read() + env.read())
            except OSError:
                pass

    def kill():
        look()
        for pid in seen["pids"]:
            os.kill(pid, signal.SIGKILL)

    with Place(smb(), login('identity = "none";')) as share:
        wire = smbd.Between(server, 60000, kill)
        share.set(smb(wire.port), login('identity = "none";'))
        code, gaps, batches = share.gaps(hands=2)
        # Two hands, and whoever walks when it would have to wait for them.
        check("a helper that is killed is a gap for the folder it was asked about, and the rest is read",
              wire.happened and code == 3 and 1 <= len(gaps) <= 3 and all("the helper behov-smb has ended" in t for t in gaps.values()) and
              batches and not {p.split("/")[0] for p in gaps} & set(batches), (gaps, batches))
        wire.close()
        said = b"".join(seen.get("said", []))
        if said:
            check("the password is neither among a helper's words nor in its environment", smbd.PASSWORD.encode() not in said and
                  b"HOME=/nonexistent" in said, said)
        wire = smbd.Between(server, 60000, lambda: (look(), os.kill(behov.pid, signal.SIGKILL)))
        share.set(smb(wire.port), login('identity = "none";'))
        behov = subprocess.Popen([BEHOV, "-q", "--config", share.folder + "/behov.cfg", "--now", NOW, "plan"], stdout=subprocess.DEVNULL)
        behov.wait()
        until = time.monotonic() + 20
        while set(children()) & set(seen["pids"]) and time.monotonic() < until:
            time.sleep(0.01)
        check("helpers end with the program that started them", seen["pids"] and not set(children()) & set(seen["pids"]), children())
        wire.close()


def links(tree):
    for name in ("upp", "sida", "fil"):
        if os.path.islink(f"{tree}/Akter/{name}"):
            os.unlink(f"{tree}/Akter/{name}")
    os.symlink("..", tree + "/Akter/upp")
    os.symlink("/etc", tree + "/Akter/sida")
    os.symlink("/etc/passwd", tree + "/Akter/fil")
    with Place(smb(), login('identity = "none";')) as share, Place(tree, 'identity = "none"; case = "fold";') as path:
        check("links that the server does not follow are not there", share.plan()[2] == path.plan()[2], share.gaps())
        share.set(smb(rest="foljer"), login('identity = "none";'))
        code, gaps, batches = share.gaps()
        check("a link that the server follows upwards is one gap", code == 3 and list(gaps) == ["Akter/upp"] and
              "lies in itself" in gaps["Akter/upp"] and batches == {k: n for k, n in DUE.items() if k != "Akter"}, (gaps, batches))
    for name in ("upp", "sida", "fil"):
        os.unlink(f"{tree}/Akter/{name}")


def weak_servers(tree):
    for more, config, word in (("server max protocol = NT1", "", "does it speak SMB3"), ("server max protocol = SMB2", "", "does it speak SMB3"),
                               ("server smb encrypt = off", 'encrypt = "required";', "does not encrypt"),
                               ("map to guest = bad user", 'user = "gast"; password-file = "password";', "does not let us in")):
        with smbd.Server(ADDRESS, PORT + 1, {"yta": tree}, more=(more, "server min protocol = NT1")) as server:
            config = config if "user" in config else login(config)
            with Place(smb(server.port), config + ' identity = "none";') as share:
                home = {"HOME": share.folder}           # whatever somebody's own smb.conf says
                os.mkdir(share.folder + "/.smb")
                write(share.folder + "/.smb/smb.conf", "[global]\nclient min protocol = NT1\nclient signing = off\nclient smb encrypt = off\n")
                code, gaps, batches = share.gaps(env=home)
                check(f"a server that is too weak ({more}) is a gap", code == 3 and word in gaps.get("", "") and not batches, (gaps, batches))


def on_the_wire(server):
    kept = bytearray()
    wire = smbd.Between(server, 10**9, "cut")
    wire.kept = kept
    with Place(smb(wire.port), login('identity = "none";')) as share:
        code, _, batches = share.gaps()
    wire.close()
    words = ("Verifikationer".encode("utf-16-le"), b"Verifikationer", smbd.PASSWORD.encode(), smbd.PASSWORD.encode("utf-16-le"))
    check("neither names nor passwords go in clear text", code == 0 and batches == DUE and len(kept) > 100000 and
          kept.count(b"\xfdSMB") > 100 and not any(word in kept for word in words),
          (code, len(kept), [word for word in words if word in kept]))


def dfs():
    """What leads to another server is not followed: not below, and not as the share itself."""
    room = tempfile.mkdtemp(prefix="behov-dfs-")
    os.chmod(room, 0o755)
    put(room + "/mapp/a.pdf", 1300000000)
    os.symlink(f"msdfs:{ADDRESS}\\yta", room + "/lank")
    with smbd.Server(ADDRESS, PORT + 1, {"dfs": room + "\nmsdfs root = yes"}) as server:
        with Place(smb(server.port, "dfs"), login('identity = "none";')) as share:
            got = share.gaps()
            check("what DFS leads to is not entered", got == (0, {}, {"mapp": 1}), got)
            share.set(smb(server.port, "dfs/lank"), login('identity = "none";'))
            code, gaps, batches = share.gaps()
            check("and is a gap when it is the share", code == 3 and list(gaps) == [""] and not batches, (gaps, batches))
    shutil.rmtree(room)


def kerberos(tree):
    host = socket.gethostname()
    try:
        address = socket.gethostbyname(host)
    except OSError:
        address = ""
    if os.geteuid() != 0 or not address.startswith("127.") or host == "localhost":
        print("skip Kerberos on SMB: it takes root, and a host name that leads here")
        return
    with samba.Controller(loopback.address(1)) as dc:
        for name in ("bin", "filtjanst"):
            dc.samba_tool("user", "create", name, smbd.PASSWORD)
        dc.samba_tool("spn", "add", "cifs/" + host, "filtjanst")
        # Without the list of groups in the ticket, which a server that is no member of the domain cannot read.
        dc.tool("ldapmodify", text=f"dn: CN=filtjanst,CN=Users,{samba.BASE}\nchangetype: modify\nreplace: userAccountControl\n"
                f"userAccountControl: {512 | 0x2000000}\n")
        for name, of in (("fil", "cifs/" + host), ("bin", "bin")):
            dc.samba_tool("domain", "exportkeytab", f"{dc.home}/{name}.keytab", f"--principal={of}@KALMAR.EXAMPLE")
        env = {"KRB5_CONFIG": dc.krb5, "KRB5CCNAME": f"FILE:{dc.home}/tickets"}
        subprocess.run(["kinit", "-k", "-t", dc.home + "/bin.keytab", "bin@KALMAR.EXAMPLE"], check=True, env={**os.environ, **env})
        with smbd.Server(address, loopback.port(address), {"yta": tree}, more=("realm = KALMAR.EXAMPLE", "kerberos method = dedicated keytab",
                         f"dedicated keytab file = {dc.home}/fil.keytab")) as server:
            path = f"smb://{host}:{server.port}/yta"
            with Place(path, 'kerberos = true; user = "bin@KALMAR.EXAMPLE"; identity = "none";') as share:
                code, gaps, batches = share.gaps(env=env)
                check("a ticket lets us in", code == 0 and batches == DUE, (gaps, batches))
                share.set(path, 'kerberos = true; user = "annan@KALMAR.EXAMPLE"; identity = "none";')
                code, gaps, batches = share.gaps(env={**env, "KRB5CCNAME": "FILE:/nonexistent"})
                check("and without one we are not", code == 3 and list(gaps) == [""] and not batches, (gaps, batches))


# ---------------------------------------------------------------- a helper that lies

LIAR = """import socket, struct, sys, time, os
s = socket.socket(fileno=0)
def read(n):
    out = b""
    while len(out) < n:
        more = s.recv(n - len(out))
        if not more: sys.exit(0)
        out += more
    return out
def text(b): return struct.pack("<H", len(b)) + b
def say(kind, body=b""): s.sendall(struct.pack("<IB", len(body) + 1, kind) + body)
def entry(name, attributes=0x80, size=1, ino=0, mtime=1300000000, ctime=1300000000, btime=1300000000, ns=0):
    return (text(name) if name is not None else b"") + struct.pack("<IQQqqqIII", attributes, size, ino, mtime, ctime, btime, ns, ns, ns)
def end(path=b"ond"): say(66, entry(None, 0x10, 0, 7 + sum(path)))
def answers(path):
    if path == b"":
        say(65, b"".join(entry(n, 0x10) for n in (b"bra", b"ond", b"bra2"))); end(path)
    elif path == b"ond":
        LIE
    else:
        say(65, entry(path + b".pdf")); end(path)
while True:
    n, = struct.unpack("<I", read(4))
    m = read(n)
    if m[0] == 1: say(64)
    elif m[0] == 2: answers(m[3:])
    elif m[0] == 3: say(68, b"\\0" + struct.pack("<I", 2))
    elif m[0] == 4: say(68, b"\\0" + struct.pack("<I", 2))
"""


class Liar:
    """Each helper that behov starts from `room` has a Python of its own to speak for it: standin.c gives it the socket."""

    def __init__(self, room):
        self.room = room
        shutil.copy(BUILD + "/tests/service/standin", room + "/behov-smb")
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(room + "/behov-smb.socket")
        self.door.listen(64)
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            try:
                link, _ = self.door.accept()
            except OSError:
                return
            _, given, _, _ = socket.recv_fds(link, 1, 1)
            with open(self.room + "/lie", encoding="utf-8") as lie:
                mouth = subprocess.Popen([sys.executable, "-c", lie.read()], stdin=given[0], stderr=subprocess.DEVNULL)
            os.close(given[0])
            threading.Thread(target=self.hang_up, args=(link, mouth), daemon=True).start()
            threading.Thread(target=self.listen, args=(link, mouth), daemon=True).start()

    @staticmethod
    def hang_up(link, mouth):
        mouth.wait()
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def listen(link, mouth):
        link.recv(1)
        mouth.kill()
        mouth.wait()
        link.close()

    def close(self):
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()


def liars():
    room = tempfile.mkdtemp(prefix="behov-liar-")
    shutil.copy(BEHOV, room + "/behov")
    liar = Liar(room)
    lies = {
        "ends": ("sys.exit(1)", "has ended"),
        "ends in the middle": ("s.sendall(b'\\x40\\0\\0\\0A'); sys.exit(1)", "has ended"),
        "says what is no message": ("s.sendall(b'\\xff' * 64)", "cannot be understood"),
        "says another kind": ("say(67, text(b'x'))", "cannot be understood"),
        "names a way up": ("say(65, entry(b'..', 0x10)); end()", "cannot be understood"),
        "names a way elsewhere": ("say(65, entry(b'../../etc/passwd')); end()", "cannot be understood"),
        "names a way elsewhere, as Windows would": ("say(65, entry(b'a\\\\b')); end()", "cannot be understood"),
        "has a name that is not there": ("say(65, struct.pack('<H', 9999) + b'x'); end()", "cannot be understood"),
        "says no": ("say(68, b'\\0' + struct.pack('<I', 13))", "denied"),
        "is silent": ("time.sleep(600)", "in time"),
    }
    for name, (lie, word) in lies.items():
        write(room + "/lie", LIAR.replace("LIE", lie))
        with Place(smb(), 'user = "a"; password-file = "password"; identity = "none"; timeout = 1;', room + "/behov") as share:
            code, gaps, batches = share.gaps(hands=1)
            check(f"a helper that {name} is a gap, and the rest stands", code == 3 and list(gaps) == ["ond"] and word in gaps["ond"] and
                  batches == {"bra": 1, "bra2": 1}, (code, gaps, batches))
    names = "sys.exit(1)"
    write(room + "/lie", LIAR.replace('(b"bra", b"ond", b"bra2")', "[b'x%03d' % i for i in range(300)]").replace(
        'say(65, entry(path + b".pdf")); end(path)', names).replace("LIE", names))
    with Place(smb(), 'user = "a"; password-file = "password"; identity = "none";', room + "/behov") as share:
        code, gaps, batches = share.gaps(hands=2)
        check("helpers that end again and again are not started for ever", code == 3 and len(gaps) == 300 and not batches and
              sum("given up" in t for t in gaps.values()) > 280, list(gaps.values())[:20])
    attributes = ("say(65, entry(b'junction', 0x410) + entry(b'lank.pdf', 0x480, 0) + entry(b'delad.pdf', 0x680, 9) + entry(b'band.pdf', 0x1080, 9) + "
                  "entry(b'utan tid.pdf', mtime=0, ctime=0, btime=0) + entry(b'framtid.pdf', mtime=2**62)); end()")
    write(room + "/lie", LIAR.replace("LIE", attributes))
    with Place(smb(), 'user = "a"; password-file = "password"; identity = "none";', room + "/behov") as share:
        code, seen, _ = share.plan()
        entries = sorted(e["path"] for p in seen["proposals"] if p["batch"] == "ond" for e in p["entries"])
        check("links and junctions are not followed; what lies on tape or is stored otherwise is there; what has no time is not due",
              code == 0 and entries == ["ond/band.pdf", "ond/delad.pdf"], (code, entries, seen["gaps"], seen["findings"]))
        lists = [[p["manifest"] for p in share.plan(env={"MALLOC_PERTURB_": dirt})[1]["proposals"]] for dirt in ("", "1", "170")]
        check("and the list of what is due is the same, whatever lay in memory before", len(lists[0]) == 3 and lists[1:] == lists[:-1], lists)
    write(room + "/lie", LIAR.replace("LIE", "say(65, entry(b'arkiv', 0x1010) + entry(b'a.pdf')); end()"))
    with Place(smb(), 'user = "a"; password-file = "password"; identity = "none";', room + "/behov") as share:
        code, gaps, batches = share.gaps()
        check("a folder that lies on tape is not fetched from there: it is a gap", code == 3 and "'arkiv'" in gaps.get("ond", "") and
              "ond" not in batches, (gaps, batches))
    liar.close()
    os.unlink(room + "/behov-smb")
    with Place(smb(), 'user = "a"; password-file = "password"; identity = "none";', room + "/behov") as share:
        code, gaps, _ = share.gaps()
        check("without the helper the share is a gap that says so", code == 3 and "behov-smb" in gaps[""], gaps)
    shutil.rmtree(room)


# ---------------------------------------------------------------- what may be written

def configuration():
    good = 'user = "a"; password-file = "password"; '
    for path, more, word in (
            (smb(), good + 'dispose = "destroy";', 'dispose must be "none" on smb://'), (smb(), good + 'dispose = "quarantine";', "work list"),
            (smb(), "", "needs user and password-file"), (smb(), 'user = "a";', "needs user and password-file"),
            (smb(), good + "kerberos = true;", "do not go together"),
            (smb(), "kerberos = true;", "name@REALM"), (smb(), 'kerberos = true; user = "a";', "name@REALM"), (smb(), good + 'identity = "filesystem";', "is for a path"), (smb(), good + "duplicates = true;", "no file is opened on smb://"),
            ("smb://a:b@fil1/yta", good, "must not hold a user"), ("smb://fil1", good, "is not smb://server/share"),
            ("smb://fil1/", good, "is not smb://server/share"), ("smb://fil1/yta/../x", good, "is not smb://server/share"),
            ("smb://fil1:0/yta", good, "is not smb://server/share"), ("smb://fil 1/yta", good, "is not smb://server/share"),
            ("smb://fil1/yta?x", good, "is not smb://server/share"), ("/srv/yta", good, "is for a share on smb://"),
            ("/srv/yta", 'encrypt = "required";', "is for a share on smb://"), (smb(), good + 'encrypt = "no";', "encrypt")):
        with Place(path, more) as place:
            done = place.call("check")
            check(f"check complains, with the line: {path[:24]} {more[:60]}", done.returncode == 2 and word in done.stderr.decode() and
                  "rules/r.cfg:1" in done.stderr.decode(), done)
    with Place(smb(), good) as place:
        os.chmod(place.folder + "/password", 0o644)
        done = place.call("check")
        check("a password that others can read is a complaint", done.returncode == 2 and b"chmod 600" in done.stderr, done)
    with Place(smb(), 'kerberos = true; user = "a@KALMAR.EXAMPLE";') as place:
        check("Kerberos needs no password here", place.call("check").returncode == 0)


def main():
    global USER
    configuration()
    liars()
    why = smbd.missing()
    if why:
        print("skip a share on a real SMB server: " + why)
        return
    tree = tempfile.mkdtemp(prefix="behov-smb-tree-")
    os.chmod(tree, 0o755)
    try:
        make_tree(tree)
        # The second share's server follows links, the first one's does not.
        with smbd.Server(ADDRESS, PORT, {"yta": tree, "foljer": tree + "\nfollow symlinks = yes"}, options=("follow symlinks = no",)) as server:
            USER = server.user
            same_as_path(tree)
            marker(tree)
            explain()
            incremental(tree)
            not_let_in(tree)
            no_rights(tree)
            broken_off(server)
            helpers_end(server)
            on_the_wire(server)
            links(tree)
        dfs()
        weak_servers(tree)
        kerberos(tree)
    finally:
        shutil.rmtree(tree)


main()
sys.exit(1 if failed else 0)
