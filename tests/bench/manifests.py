# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of a batch's files: what it costs to write it, to keep it, and to look at any page of it."""
import json
import os
import statistics
import subprocess
import tempfile

from common import MANIFEST, ROOM, TURNS, goal

KINDS = {"made": "never changed since they were made", "copied": "copied from another file system", "wild": "three times of their own each"}


def once(files, kind):
    with tempfile.TemporaryDirectory(dir=ROOM) as folder:
        out = subprocess.run([MANIFEST, str(files), kind, os.path.join(folder, "behov.db")], stdout=subprocess.PIPE, check=True)
        return json.loads(out.stdout)


def manifest():
    files = int(os.environ.get("FILES", "1000000"))
    print(f"\nThe manifest of {files} files, in a store\n{'':38}{'files/s':>10}{'bytes/file':>11}{'ms/page':>9}{'most':>7}{'ms/folder':>10}"
          f"{'most':>7}{'ms/search':>10}{'MiB':>5}")
    for kind, words in KINDS.items():
        turns = [once(files, kind) for _ in range(TURNS)]
        one = {key: statistics.median(turn[key] for turn in turns) for key in turns[0]}
        rate, size = files / one["wrote"], one["bytes"] / files
        print(f"{words:38}{rate:10.0f}{size:11.1f}{one['page']:9.2f}{one['page_most']:7.2f}{one['folder']:10.1f}{one['folder_most']:7.1f}"
              f"{one['search'] * 1000:10.0f}{max(one['writing_mb'], one['reading_mb']):5.0f}")
        goal("written", f"{rate:.0f} files/s", "500000", rate >= 500000)
        goal("on disk", f"{size:.1f} bytes a file", "40", size <= 40)
        goal("any page of 50 rows", f"{one['page']:.2f} ms", "5 ms", one["page"] <= 5)
