/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digest.h - SHA-256, HMAC, random bytes, hex and base64url.
 */
#ifndef BEHOV_DIGEST_H
#define BEHOV_DIGEST_H

#include "arena.h"
#include <stdbool.h>

#define DIGEST_SIZE 32

struct digest;                          /* a SHA-256 under way */

struct digest *digest_open(void);
void digest_add(struct digest *d, const void *bytes, size_t len);
/* A text and its NUL, so that ("ab","c") and ("a","bc") differ.  NULL counts as 0x01 and a NUL, and a text that itself
 * starts with 0x01 gets one more in front: no two lists of fields give the same bytes. */
void digest_field(struct digest *d, const char *text);
void digest_close(struct digest *d, unsigned char out[DIGEST_SIZE]);    /* frees d */

/* One text after another with one digest, which is open for the next: where there are millions. */
void digest_each(struct digest *d, const void *bytes, size_t len, unsigned char out[DIGEST_SIZE]);
void digest_of(const void *bytes, size_t len, unsigned char out[DIGEST_SIZE]);
char *digest_hex(struct arena *mem, const void *bytes, size_t len);     /* lower case hex */
/* Bytes from lower case hex: false when it is not exactly so many. */
bool digest_unhex(const char *hex, void *out, size_t len);
/* The hex SHA-256 of a text. */
char *digest_text(struct arena *mem, const char *text);
void digest_hmac(const void *key, size_t key_len, const void *bytes, size_t len, unsigned char out[DIGEST_SIZE]);
char *digest_base64url(struct arena *mem, const void *bytes, size_t len);       /* RFC 4648 5, no padding */
bool digest_equal(const char *a, const char *b);        /* constant time for equal lengths; NULL is never equal */
void digest_random(void *out, size_t len);              /* ends the process if the system has no randomness */

#endif
