/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nouns.h - the things that phases hand to each other.
 *
 *     rules.h      what is written: systems, roles, needs, series, shares, holds, the configuration
 *     snapshot.h   what is: people, groups, memberships; gaps and findings
 *     entries.h    files, and who judges them while scan walks
 *     plan.h       what should change, and why
 *
 * Owner: everything lives in the arena of the phase that made it; run.c closes arenas when nobody needs them.
 * Texts: NUL-terminated UTF-8 unless a line says bytes.  NULL is absent.  Lists may be empty, never NULL-terminated.
 * Order: what makes output is sorted before it is handed on, so that -j1 and -j8 give the same bytes.
 */
#ifndef BEHOV_NOUNS_H
#define BEHOV_NOUNS_H

#include "entries.h"
#include "plan.h"
#include "rules.h"
#include "snapshot.h"
#include "version.h"

#endif
