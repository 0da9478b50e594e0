# SPDX-License-Identifier: GPL-3.0-or-later
"""A private SMB server (Samba's smbd) for tests and benchmarks: a loopback address and port of its own, ended by its process group.

    with smbd.Server(loopback.address(), 4450, {"yta": "/folder"}) as server: ... server.user, server.password ...

It runs as whoever we are: as root it lets in an account that is not root, so that rights count; else ourselves.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

PASSWORD = "Losenord.1"


def missing():
    """Why it cannot be run here; or None."""
    for program in ("smbd", "pdbedit"):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"):
            return program + " is not here"
    return None


class Server:
    """`more`: lines for [global]; `options`: lines for each share."""

    def __init__(self, address, port, shares, more=(), options=()):
        self.address, self.port, self.server = address, port, None
        self.user = "bin" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.password = PASSWORD
        self.home = tempfile.mkdtemp(prefix="bs-", dir="/tmp")
        os.chmod(self.home, 0o755)
        for name in ("priv", "ncalrpc"):
            os.mkdir(f"{self.home}/{name}", 0o755)
        places = ["private dir", "lock directory", "state directory", "cache directory", "pid directory"]
        lines = ["[global]", "workgroup = KALMAR", "server role = standalone server", "netbios name = FIL1", f"interfaces = {address}/8",
                 "bind interfaces only = yes", f"smb ports = {port}", "disable netbios = yes", "load printers = no", "printing = bsd",
                 "disable spoolss = yes", "map to guest = never", "restrict anonymous = 2", "log level = 0", f"log file = {self.home}/log",
                 f"ncalrpc dir = {self.home}/ncalrpc", f"passdb backend = tdbsam:{self.home}/priv/passdb.tdb", *more]
        lines += [f"{place} = {self.home}/priv" for place in places]
        for name, path in shares.items():
            lines += [f"[{name}]", "read only = yes", *options, f"path = {path}"]
        with open(self.home + "/smb.conf", "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")

    def __enter__(self):
        try:
            subprocess.run(["pdbedit", "-s", self.home + "/smb.conf", "-t", "-a", "-u", self.user], input=f"{PASSWORD}\n{PASSWORD}\n",
                           text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"})
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        with open(self.home + "/out", "wb") as log:
            self.server = subprocess.Popen(["smbd", "-F", "--no-process-group", "-s", self.home + "/smb.conf"], stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, start_new_session=True,
                                           env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"})
        for _ in range(300):
            if self.server.poll() is not None:
                break
            with socket.socket() as s:
                if s.connect_ex((self.address, self.port)) == 0:
                    return
            time.sleep(0.05)        # a server says nothing when it is up: asking is all there is
        with open(self.home + "/out", errors="replace") as log:
            raise RuntimeError("smbd does not answer: " + log.read()[-1000:])

    def stop(self):
        if self.server:
            try:
                os.killpg(self.server.pid, signal.SIGKILL)      # one process for each connection
            except ProcessLookupError:
                pass
            self.server.wait()
            self.server = None


class Between:
    """A wire to a server that is cut, or falls silent, or calls somebody, when so many bytes have come from the server.
    What goes over it is kept in `kept`, when that is a bytearray."""

    def __init__(self, server, limit, what):
        self.to, self.left, self.what, self.pairs = (server.address, server.port), limit, what, []
        self.lock, self.happened, self.kept = threading.Lock(), False, None
        self.listener = socket.create_server((server.address, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
                server = socket.create_connection(self.to)
            except OSError:
                return
            with self.lock:
                self.pairs.append((client, server))
            for one, other, counts in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.carry, args=(one, other, counts), daemon=True).start()

    def carry(self, one, other, counts):
        try:
            while data := one.recv(65536):
                if self.kept is not None:
                    self.kept += data
                if counts and not self.may_pass(len(data)):
                    return
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def may_pass(self, count):
        with self.lock:
            self.left -= count
            if self.left > 0:
                return True
            first, self.happened = not self.happened, True
            if self.what == "silence":
                return False
            if self.what == "cut":
                self.close()
                return False
            if first:
                self.what()
            return True

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)    # or who waits in accept() keeps it open
        except OSError:
            pass
        self.listener.close()
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
