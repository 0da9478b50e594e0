# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses for servers that must have the ports of their kind (a domain controller): on loopback, and each process's own.

Two tests, or two checks of two copies on one machine, never meet on them.
"""
import os
import socket


def address(which=0):
    """The one of this process; `which`: another one of it, 0 to 2."""
    pid = os.getpid()           # 22 bits (PID_MAX_LIMIT)
    return f"127.{16 + 64 * which + (pid >> 16)}.{pid >> 8 & 255}.{pid & 255}"


def port(at):
    """One that nobody has just now, where the address is not our own."""
    with socket.socket() as s:
        s.bind((at, 0))
        return s.getsockname()[1]
