/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyed.h - where in a list something stands that has a key, however long the list is.
 *
 * Owner:   it borrows the keys, and lives in the arena given.  One that is zeroed is empty.
 * Promise: finding and putting cost the same of a hundred thousand as of ten.
 */
#ifndef BEHOV_KEYED_H
#define BEHOV_KEYED_H

#include "arena.h"
#include <stdbool.h>

struct keyed_slot { const char *key; size_t at; };
struct keyed { struct keyed_slot *slots; size_t room, count; };

/* False, and *at untouched: there is none. */
bool keyed_find(const struct keyed *keyed, const char *key, size_t *at);
/* A key that is not there yet. */
void keyed_put(struct arena *mem, struct keyed *keyed, const char *key, size_t at);

#endif
