#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nights with a mail server that does not want a letter, or takes it and is gone before it says so.

The server (aiosmtpd) listens on a port of its own choice on loopback, and hears no TLS: conf says so.
"""
import asyncio
import datetime
import email
import logging
import os
import sys
import threading
import warnings
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import town
from town import Town, check

from aiosmtpd.smtp import SMTP

FIRST = datetime.datetime(2026, 11, 24, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Stockholm"))
NOBODY, HALF = "eva.lind@kalmar.example", "karin.dal@kalmar.example"


def at(day):
    return (FIRST + datetime.timedelta(days=day)).isoformat()


class Handler:
    def __init__(self):
        self.day, self.tried, self.got, self.refuses, self.drops = 0, [], [], True, True

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address == NOBODY:
            self.tried.append(self.day)
            if self.refuses:
                return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        for to in envelope.rcpt_tos:
            self.got.append((to, email.message_from_bytes(envelope.original_content)["Message-ID"]))
        if self.drops and HALF in envelope.rcpt_tos:
            self.drops = False
            server.transport.abort()
        return "250 OK"


class Server:
    def __enter__(self):
        self.handler, self.loop = Handler(), asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            self.loop.create_server(lambda: SMTP(self.handler, loop=self.loop, hostname="mail.example"), "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


def main():
    warnings.simplefilter("ignore")
    logging.disable()
    with Town("--people", "600", "--files", "200") as t, Server() as server:
        mail = server.handler
        t.change("conf/behov.cfg", 'server = "maildir:../build/demo/outbox";',
                 f'server = "smtp://127.0.0.1:{server.port}"; starttls = false;')
        t.create()
        told = []
        for day in range(17):
            mail.day = day
            mail.refuses = day < 12
            done = t.call(at(day), "run")
            assert done.returncode in (0, 3, 4), (day, done.stderr.decode())
            told.append(bool(t.rows("select 1 from finding where kind = 'mail-refused' and account = 'eva.lind'")))
            if day == 8:
                status = t.call(at(day), "status").stdout.decode()
                check("status says what could not be sent, and why", f"inte skickat: {NOBODY}" in status and "550" in status, status)
        check("a letter that is refused is tried after 1, 2, 4 and 8 nights", mail.tried[:5] == [0, 1, 3, 7, 15], mail.tried)
        check("after four times it is a finding, until it has been sent", told == [day in range(8, 16) for day in range(17)], told)
        check("and administrators are written to about it", any(to == "it.admin@kalmar.example" for to, _ in mail.got))
        mine = [ident for to, ident in mail.got if to == NOBODY]
        check("then it comes, once", len(mine) == 1, mine)
        twice = [ident for to, ident in mail.got if to == HALF]
        check("what was taken without a word comes again, with the same Message-ID", len(twice) >= 2 and twice[0] == twice[1], twice)
        check("the others get theirs the first night", t.rows("select count(*) from letter where sent is not null and date(created, 'unixepoch')"
                                                              " = '2026-11-24'")[0][0] > 4)
    return 1 if town.failures else 0


sys.exit(main())
