# SPDX-License-Identifier: GPL-3.0-or-later
"""A share on an SMB server, listed and judged without a mount, beside Samba's own client that only lists it."""
import os
import queue
import socket
import sys
import threading
import time

from common import ROOM, TURNS, goal, once, table, turns, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../service"))
import smbd

FILES = min(int(os.environ.get("FILES", "1000000")), 100000)
PUBLISHED = 1306                # entries a second, of a commercial scanner over CIFS

RULES = """shares = {{ id = "yta"; path = "smb://{address}:{port}/yta"; owner = "person0"; identity = "none";
user = "{user}"; password-file = "password"; }};
series = {{ id = "alla"; owner = "person0"; decision = {{ dnr = "KS 1"; date = "2019-02-12"; body = "KS"; }}; action = "destroy";
keep = "90 years"; clock = "modified"; where = {{ share = "yta"; path = "**"; }}; }};
"""


def make_tree(root):
    """Years, in them cases, in each case a hundred papers."""
    for case in range(FILES // 100):
        path = f"{root}/{2000 + case % 25}/Ärende {case:05}"
        os.makedirs(path)
        fd = os.open(path, os.O_RDONLY)
        for i in range(100):
            os.close(os.open(f"Verifikation {i:04} faktura.pdf", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd))
        os.close(fd)


class Far:
    """A wire to a server that is so many seconds long, there and back."""

    def __init__(self, server, seconds):
        self.to, self.half, self.address = (server.address, server.port), seconds / 2, server.address
        self.listener = socket.create_server((server.address, 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, server = self.listener.accept()[0], socket.create_connection(self.to)
            for one, other in ((client, server), (server, client)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line = queue.SimpleQueue()
                threading.Thread(target=self.take, args=(one, line), daemon=True).start()
                threading.Thread(target=self.give, args=(line, other), daemon=True).start()

    def take(self, one, line):
        try:
            while data := one.recv(1 << 20):
                line.put((time.monotonic() + self.half, data))
        except OSError:
            pass
        line.put((0, b""))

    @staticmethod
    def give(line, other):
        try:
            while (got := line.get())[1]:
                time.sleep(max(0, got[0] - time.monotonic()))
                other.sendall(got[1])
            other.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Share:
    """What is listed, by whom and where from; `plan` is the command that plans with it."""

    def __init__(self, server, folder, plan):
        self.server, self.folder, self.plan = server, folder, plan
        self.entries = FILES + FILES // 100 + 25
        write(folder + "/password", server.password)
        os.chmod(folder + "/password", 0o600)

    def listing(self, port, *more):
        return ["smbclient", "-s", "/dev/null", "-p", str(port), "-U", f"{self.server.user}%{self.server.password}",
                f"//{self.server.address}/yta", "-c", "recurse;ls", *more]

    def measure(self, title, port, hands, count):
        """In turns with Samba's client; gives how many times as fast the best of ours is, and its entries a second."""
        write(self.folder + "/rules/files.cfg", RULES.format(address=self.server.address, port=port, user=self.server.user))
        peer = "smbclient recurse;ls, not encrypted"
        commands = {peer: self.listing(port), "smbclient recurse;ls, encrypted": self.listing(port, "--client-protection=encrypt")}
        commands.update({f"behov -j {n}, encrypted": self.plan + ["-j", str(n)] for n in hands})
        took = turns(commands, count=count)
        table(title, took, peer)
        for name, t in took.items():
            print(f"  {name}: {self.entries / t.wall:,.0f} entries a second")
        # The server, too, is here, and takes most of what it takes: the least of the turns is when others left it alone.
        best = min(t.least for name, t in took.items() if name.startswith("behov"))
        return took[peer].least / best, self.entries / best


def share(world, behov):
    """`world` and `behov` are bench's: a configuration, and the command that plans with it."""
    why = smbd.missing()
    if why:
        print(f"\nskip a share on SMB: {why}")
        return
    tree, folder = f"{ROOM}/smb-{FILES}", world("smb", 1, 1, 1)
    once(tree, lambda: make_tree(tree))
    options = ("force user = root",) if os.geteuid() == 0 else ()       # the tree may lie where only we may go
    with smbd.Server("127.0.0.82", 14460, {"yta": tree}, options=options) as server:
        one = Share(server, folder, behov(folder, "2026-11-24"))
        times, rate = one.measure(f"A share of {one.entries} entries on SMB, over loopback", server.port, (1, 2, 4), TURNS)
        goal("beside smbclient", f"{times:.2f} times as fast", "1.3 times", times >= 1.3)
        goal(f"beside the {PUBLISHED:,} entries a second that are published of a commercial scanner over CIFS",
             f"{rate / PUBLISHED:.0f} times", "20 times", rate / PUBLISHED >= 20)
        times, _ = one.measure("The same, one millisecond away", Far(server, 0.001).port, (2, 8, 16), 1)
        goal("beside smbclient", f"{times:.2f} times as fast", "1.3 times", times >= 1.3)
