#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package in a machine that is booted for it: its units under systemd, with all that they shut.  boot.py is what is done inside.

The machine is this one's root, with what is written to it in memory and thrown away, and a network of its own.  Needs root, systemd-nspawn,
and a kernel that lets both be; where one is missing that is said, and nothing is tried.
"""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("BUILD", "build")
SERVICE = """[Unit]
After=basic.target dbus.service
Wants=dbus.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'exec /usr/bin/python3 /run/source/tests/service/boot.py /run/source /run/behov.deb >/run/said/said 2>&1'
ExecStopPost=/usr/bin/systemctl poweroff --no-block
"""
TARGET = "[Unit]\nRequires=basic.target\nWants=behov-boot.service\nAfter=basic.target\nAllowIsolate=yes\n"


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def missing():
    if os.geteuid() != 0:
        return "only root can boot a machine"
    for program in ("systemd-nspawn", "dpkg-deb", "dpkg-shlibdeps"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if not os.path.exists("/lib/systemd/systemd"):
        return "systemd is not installed"
    return None


def package(room):
    """In the room, as another test may be making one in the build folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    shutil.copy(os.path.join(TOP, BUILD, "late-names.h"), room)
    done = subprocess.run(["packaging/make-deb", os.path.relpath(room, TOP)], cwd=TOP, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    path = os.path.join(TOP, done.stdout.strip().split("\n")[-1])
    assert done.returncode == 0 and os.path.isfile(path), done.stdout
    return os.path.realpath(path)


def lay(room):
    """This machine's root, and all that is written to it in memory.  Why not, or None."""
    os.mkdir(room + "/laid")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", room + "/laid"], stderr=subprocess.PIPE, check=False)
    if done.returncode == 0:
        for name in ("upper", "work", "root"):
            os.mkdir(f"{room}/laid/{name}")
        done = subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir=/,upperdir={room}/laid/upper,workdir={room}/laid/work", "overlay",
                               room + "/laid/root"], stderr=subprocess.PIPE, check=False)
    return done.stderr.decode("utf-8", "replace").strip() if done.returncode else None


def boot(room, deb):
    """What the machine said of itself, and what nspawn and its systemd did."""
    for name in ("said", "srv"):                # files on an overlay have no identity that lasts
        os.mkdir(f"{room}/{name}")
    write(room + "/behov-boot.service", SERVICE)
    write(room + "/behov-boot.target", TARGET)
    units = [f"--bind-ro={room}/{name}:/etc/systemd/system/{name}" for name in ("behov-boot.service", "behov-boot.target")]
    try:
        done = subprocess.run(["systemd-nspawn", "--quiet", f"--directory={room}/laid/root", "--register=no", "--keep-unit",
                               "--private-network", f"--machine=behov-{os.getpid()}", f"--bind-ro={TOP}:/run/source", f"--bind-ro={deb}:/run/behov.deb",
                               f"--bind={room}/said:/run/said", f"--bind={room}/srv:/srv", *units, "--boot", "systemd.unit=behov-boot.target"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
        told = done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as stopped:
        told = (stopped.stdout or b"").decode("utf-8", "replace") + "\nit did not end"
    said = room + "/said/said"
    return open(said, encoding="utf-8").read() if os.path.exists(said) else "", told


def main():
    why = missing()
    if why:
        print("skip no machine is booted:", why)
        return 0
    room = tempfile.mkdtemp(prefix="behov-boot-", dir="/tmp")
    try:
        deb, why = package(room), lay(room)
        said, told = boot(room, deb) if not why else ("", why)
    finally:
        for name in ("/laid/root", "/laid"):
            subprocess.run(["umount", "-l", room + name], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(room, ignore_errors=True)
    if not said and "Welcome to" not in told:
        print("skip no machine can be booted here:", " ".join(told.split())[-300:])
        return 0
    print(said, end="")
    whole = said.rstrip().endswith("the end") and "not ok" not in said
    print("ok the machine was booted and lived through it" if whole else f"not ok the machine was booted and lived through it\n{told[-3000:]}")
    return 0 if whole else 1


sys.exit(main())
