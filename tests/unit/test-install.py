#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed: by packaging/install-deps before anything is built; into a folder, as a Debian package into a root of its own,
and the units, held to a mark by systemd itself."""
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("BUILD", "build")
UNITS = ("behov-apply.service", "behov-apply.timer", "behov-audit-seal.service", "behov-audit-seal.timer", "behov-run.service", "behov-run.timer",
         "behov-serve.service")
EXPOSURE = 2.0                  # systemd's mark: 0 is shut, 10 is open
failed = False


def check(name, holds, *detail):
    global failed
    failed |= not holds
    print(("ok " if holds else "not ok ") + name, *([] if holds else detail), flush=True)


def call(*words, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    return subprocess.run(words, cwd=TOP, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)


CONF = """organisation = "K"; store = "sqlite:b.db"; rules = "rules";
directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; }; mail = { server = "maildir:o"; from = "b@kalmar.example"; };
web = { listen = "127.0.0.1:0"; url = "http://127.0.0.1"; };
"""
SHARE = 'shares = ( { id = "s"; path = "smb://fil1.kalmar.example/s"; user = "a"; password-file = "password"; owner = "a"; identity = "none"; } );\n'


def tree(room):
    done = call("make", "-s", "install", f"DESTDIR={room}/a", "PREFIX=/usr")
    check("it is installed into a folder", done.returncode == 0, done.stdout)
    program = room + "/a/usr/bin/behov"
    done = call(program, "--version")
    check("and runs from there", done.returncode == 0 and re.fullmatch(r"behov \d[\d.]*\n", done.stdout), done.stdout)
    pages = sorted(os.path.basename(p) for p in glob.glob(room + "/a/usr/share/man/man?/*"))
    check("every page of the manual is there", pages == sorted(os.listdir(TOP + "/packaging/man")) and "behov.cfg.5" in pages, pages)
    if shutil.which("man"):
        found = call("man", "-M", room + "/a/usr/share/man", "-w", "5", "behov.cfg")
        check("and found by man", found.stdout.strip().endswith("man5/behov.cfg.5"), found.stdout)
    check("all units, accounts and folders are there", sorted(os.listdir(room + "/a/usr/lib/systemd/system")) == sorted(UNITS)
          and os.path.exists(room + "/a/usr/lib/sysusers.d/behov.conf") and os.path.exists(room + "/a/usr/lib/tmpfiles.d/behov.conf"))
    check("nothing is laid in /etc", not os.path.exists(room + "/a/etc"))
    os.makedirs(room + "/c/rules")
    for name, text in (("behov.cfg", CONF), ("password", "x\n"), ("rules/r.cfg", SHARE)):
        with open(f"{room}/c/{name}", "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(f"{room}/c/{name}", 0o600)
    done = subprocess.run([program, "--config", room + "/c/behov.cfg", "powers", "run", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    starts = json.loads(done.stdout)[0].get("starts") if done.stdout else None
    check("the helper for SMB is found", starts and os.path.realpath(starts) == room + "/a/usr/libexec/behov/behov-smb", starts, done.stderr)
    done = call(program, "--config", room + "/a/usr/share/doc/behov/examples/installed.cfg", "check")
    check("the example for an installation lacks nothing but its rules", os.path.exists("/etc/behov/rules") or done.returncode == 2 and "/etc/behov/rules" in done.stdout
          and "1 complaints" in done.stdout, done.stdout)
    done = call("make", "-s", "install", f"DESTDIR={room}/å b")
    check("into a folder of any name", done.returncode == 0, done.stdout)
    with open(room + "/å b/usr/local/lib/systemd/system/behov-run.service", encoding="utf-8") as f:
        check("with another prefix units say so", "ExecStart=/usr/local/bin/behov run\n" in f.read())


def units(room):
    if not shutil.which("systemd-analyze"):
        print("skip systemd is not installed: units are not looked at")
        return
    os.mkdir(room + "/units")
    for name in UNITS:
        with open(f"{TOP}/packaging/systemd/{name}", encoding="utf-8") as f:
            text = f.read()
        with open(f"{room}/units/{name}", "w", encoding="utf-8") as f:
            f.write(text.replace("/usr/bin/behov", room + "/a/usr/bin/behov"))
    done = call("systemd-analyze", "verify", "--man=no", *(f"{room}/units/{name}" for name in UNITS))
    ours = [line for line in done.stdout.splitlines() if "behov" in line]
    check("systemd finds nothing wrong with the units", done.returncode == 0 and not ours, ours or done.stdout)
    for name in UNITS:
        if name.endswith(".service"):
            done = call("systemd-analyze", "security", "--offline=true", f"{room}/units/{name}")
            mark = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
            check(f"{name} is exposed to no more than {EXPOSURE}", mark and float(mark.group(1)) <= EXPOSURE, done.stdout[-300:])


def of(path):
    st = os.stat(path)
    return st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)


def accounts(root):
    with open(root + "/etc/passwd", encoding="utf-8") as f:
        users = {line.split(":")[0]: int(line.split(":")[2]) for line in f}
    with open(root + "/etc/group", encoding="utf-8") as f:
        lines = [line.strip().split(":") for line in f]
    groups, members = {g[0]: int(g[2]) for g in lines}, {g[0]: set(filter(None, g[3].split(","))) for g in lines}
    check("there are four accounts, and who writes and who reads", {"behov", "behov-web", "behov-apply", "behov-audit"} <= set(users)
          and members["behov"] | {"behov"} == {"behov", "behov-apply"} and members["behov-read"] == {"behov", "behov-web", "behov-apply", "behov-audit"}, members)
    wanted = {"var/lib/behov": ("root", "behov-read", 0o750), "var/lib/behov/store": ("behov", "behov", 0o2775), "var/lib/behov/work": ("behov", "behov", 0o2770),
              "var/lib/behov/key": ("behov", "behov", 0o700), "var/lib/behov/web": ("behov-web", "behov", 0o2750),
              "var/lib/behov-audit": ("behov-audit", "behov", 0o2750), "etc/behov/secret": ("root", "root", 0o700)}
    users["root"], groups["root"] = 0, 0
    got = {name: of(f"{root}/{name}") for name in wanted}
    check("their folders are as they should be", got == {name: (users[u], groups[g], mode) for name, (u, g, mode) in wanted.items()}, got)


def package(room):
    if not shutil.which("dpkg-shlibdeps"):
        print("skip dpkg-dev is not installed: no package is made")
        return
    done = call("make", "-s", "deb")
    deb = f"{TOP}/{BUILD}/deb/" + os.path.basename(done.stdout.strip())
    check("a package is made", done.returncode == 0 and os.path.isfile(deb), done.stdout)
    needs = call("dpkg-deb", "-f", deb, "Depends").stdout
    check("it says what it needs", all(re.search(rf"\b{name}", needs) for name in ("libldap", "libsqlite3-0", "libseccomp2", "libsmbclient", "tzdata", "fonts-liberation", "fonts-dejavu-core")), needs)
    check("and what is only opened when it is needed", all(re.search(rf"\b{name}\d", needs) for name in
          ("libcurl", "libxml", "libqpdf", "libpangocairo-1.0-")), needs)
    done = call("packaging/make-deb", os.path.relpath(room, TOP))
    check("without the names of those none is made", done.returncode != 0 and "late-names.h" in done.stdout, done.stdout)
    call("dpkg-deb", "-x", deb, room + "/x")
    done = call(room + "/x/usr/bin/behov", "--version")
    check("and what is in it runs", done.returncode == 0 and done.stdout.startswith("behov "), done.stdout)
    check("the library of drafts stands where rules are", os.readlink(room + "/x/etc/behov/rules/library") == "/usr/share/behov/rules/library")
    if shutil.which("lintian"):
        done = call("lintian", "--no-cfg", "--fail-on", "error,warning", deb)
        check("lintian has nothing to say", done.returncode == 0 and not re.search(r"^[EW]:", done.stdout, re.M), done.stdout)
    else:
        print("skip lintian is not installed")
    done = subprocess.run(["/bin/sh", TOP + "/packaging/debian/postinst", "configure", ""], env={"PATH": room + "/nowhere", "DPKG_ROOT": room + "/nowhere"},
                          stderr=subprocess.PIPE, text=True, check=False)
    check("without systemd it is said that there are no accounts", done.returncode == 0 and "are yours to make" in done.stderr, done.stderr)
    if os.geteuid() != 0:
        print("skip only root installs a package")
    elif not shutil.which("systemd-sysusers") or not shutil.which("systemd-tmpfiles"):
        print("skip systemd is not installed: no accounts are made")
    else:
        installed(room + "/root", deb)


def installed(root, deb):
    """In a root of its own, by dpkg; its scripts are told so by DPKG_ROOT, and touch nothing else."""
    for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "tmp"):
        os.makedirs(f"{root}/{name}")
    for name in ("status", "available"):
        open(f"{root}/var/lib/dpkg/{name}", "w", encoding="ascii").close()
    dpkg = ("dpkg", "--root=" + root, "--force-script-chrootless", "--force-depends", "--log=/dev/null")
    before = call("getent", "passwd").stdout
    done = call(*dpkg, "-i", deb)
    check("it is installed", done.returncode == 0 and os.path.exists(root + "/usr/bin/behov"), done.stdout)
    accounts(root)
    check("and nothing is enabled", not glob.glob(root + "/etc/systemd/system/**/behov*", recursive=True))
    store = root + "/var/lib/behov/store/behov.db"
    for path in (store, root + "/etc/behov/behov.cfg", root + "/var/lib/behov-audit/heads"):
        open(path, "w", encoding="ascii").close()
    done = call(*dpkg, "-i", deb)
    check("and once more over itself", done.returncode == 0 and os.path.exists(store), done.stdout)
    done = call(*dpkg, "--purge", "behov")
    check("purged, it leaves the store, the heads and what was written, and says so", done.returncode == 0 and not os.path.exists(root + "/usr/bin/behov")
          and os.path.exists(store) and os.path.exists(root + "/var/lib/behov-audit/heads") and os.path.exists(root + "/etc/behov/behov.cfg")
          and "is left" in done.stdout, done.stdout)
    check("this machine's accounts are as they were", call("getent", "passwd").stdout == before)


SUDO = """#!/bin/sh
echo "$*" >>"$SAID"
case $* in
'-n true') exit "$MAY" ;;
*' tee '*) cat >/dev/null ;;
*' install '*) exit "$GETS" ;;
esac
"""
POLICY = "/usr/sbin/policy-rc.d"


def needs(room):
    """packaging/install-deps on a machine that has nothing, by somebody who is not root: nothing is installed, it only says what it would."""
    tools, said = room + "/tools", room + "/said"
    os.mkdir(tools)
    for name, text in (("id", "#!/bin/sh\necho 1000\n"), ("dpkg-query", "#!/bin/sh\nexit 1\n"), ("sudo", SUDO)):
        with open(f"{tools}/{name}", "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(f"{tools}/{name}", 0o755)
    for name in ("cat", "dirname"):
        os.symlink(shutil.which(name), f"{tools}/{name}")

    def install(what, may, gets=0):
        open(said, "w", encoding="ascii").close()
        done = subprocess.run(["packaging/install-deps", what], cwd=TOP, env={"PATH": tools, "SAID": said, "MAY": str(may), "GETS": str(gets)},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        with open(said, encoding="ascii") as f:
            return done.returncode, done.stdout.splitlines(), [line.strip().removeprefix("-n ") for line in f][1:]

    lists = {}
    for what in ("build", "demo", "deb", "check", "bench", "attack", "fuzz"):
        code, lines, did = install(what, 1)
        lists[what] = set(lines[0].partition(f"missing for {what}: ")[2].split())
        check(f"who may not install for {what} is told one line that does", code == 1 and lists[what] and lines[2:] == ["sudo packaging/install-deps " + what]
              and not did, lines)
    check("what is for less is for more, too", lists["build"] < lists["demo"] < lists["check"] and lists["build"] < lists["deb"] < lists["check"]
          and lists["build"] < lists["fuzz"] < lists["check"] and lists["demo"] < lists["bench"] and lists["demo"] < lists["attack"], lists)
    lay, take = ([f"tee {POLICY}", f"chmod 755 {POLICY}"], [f"rm -f {POLICY}"]) if not os.path.lexists(POLICY) else ([], [])
    for gets in (0, 100):
        code, lines, did = install("check", 0, gets)
        check(f"who may, installs; no server starts meanwhile{', and none is kept from it after a failure' if gets else ''}", code == gets
              and did[:len(lay) + 1] == lay + ["apt-get -q update"] and did[len(did) - len(take):] == take, lines, did)
        words = did[len(did) - len(take) - 1].split()
        check("all of it at once, and nothing is removed for it", "--no-remove" in words and set(words[words.index("install") + 1:]) == lists["check"], words)
    os.remove(tools + "/sudo")
    code, lines, did = install("demo", 1)
    check("and where there is no sudo it is su that does", code == 1 and lines[2:] == ["su -c 'packaging/install-deps demo'"], lines)


def main():
    if BUILD != "build":
        print("skip what is installed is the program as shipped")
        return 0
    room = os.path.realpath(tempfile.mkdtemp(prefix="behov-install-"))
    os.chmod(room, 0o755)
    try:
        needs(room)
        tree(room)
        units(room)
        package(room)
    finally:
        shutil.rmtree(room)
    return failed


sys.exit(main())
