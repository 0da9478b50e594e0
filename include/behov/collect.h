/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collect.h - the directory and the HR file, as one snapshot.
 *
 * In:      conf.directory (live LDAP or an LDIF export) and conf.hr.
 * Out:     accounts, groups, edges, with what is not known marked as unknown, and a completeness certificate.
 * Promise: reading a directory over LDAP and reading its LDIF export give the same snapshot (but the certificate).
 *          The certificate says source, base, entries, references and what could not be read, over LDAP also the server, its
 *          highestCommittedUSN before and after, filter, pages and ranges; its digest covers all that the snapshot says, and
 *          is the same both ways.  It is stored with the night and stands in no plan.
 *          A source that cannot be reached, bound to or parsed is a failure (-1): nothing is judged tonight.
 *          A source that stops short (no last newline, no `result: 0`, too many members that lead nowhere) is a gap.
 */
#ifndef BEHOV_COLLECT_H
#define BEHOV_COLLECT_H

#include "nouns.h"

/* night: what changed may do where conf says so (directory.full-read), and a copy is kept in conf.work; else all is read. */
int collect_all(struct arena *mem, const struct rules *rules, bool night, struct snapshot *out, struct error *err);

#endif
