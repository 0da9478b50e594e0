/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide.h - an owner decides on a page; what was decided there counts when a night has verified it (take.h).
 *
 * serve reads the store, writes the inbox, sends code mails and asks a directory about passwords: nothing else.  What it
 * could do to those who are there stands in behov-proposals(7).
 */
#ifndef BEHOV_DECIDE_H
#define BEHOV_DECIDE_H

#include "inbox.h"
#include "store.h"

/*
 * `behov serve`: until SIGTERM.  ready: called once when the socket listens, with the port (for port 0 in conf).
 * Promise: GET and HEAD change nothing and use nothing up.  Before proof of person a page shows the organisation, how
 *          many items wait, the contact and a sign-in.
 */
int decide_serve(const struct rules *rules, void (*ready)(int port), struct error *err);

#endif
