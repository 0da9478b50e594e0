/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sign.h - Ed25519 (RFC 8032) from nettle, all in lower case hex.
 *
 * A secret is 64 digits, as file_key() makes them; the public key that belongs to it 64, and a signature 128.
 */
#ifndef BEHOV_SIGN_H
#define BEHOV_SIGN_H

#include "arena.h"
#include <stdbool.h>

#define SIGN_KEY 64
#define SIGN_SIZE 128

/* NULL when the secret is not 64 hex digits. */
char *sign_public(struct arena *mem, const char *secret);
char *sign_text(struct arena *mem, const char *secret, const char *text);
/* Anything that is not a signature of that text by that key is false; NULL is, too. */
bool sign_holds(const char *public, const char *text, const char *signature);

#endif
