/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.c - SHA-256 and HMAC from nettle (which libldap brings along, and which need not be set up), and randomness. */
#include <behov/digest.h>

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <sys/random.h>
#include <errno.h>

/* Fields are short and many: they are handed on a block at a time. */
#define BLOCK 4096
struct digest { struct sha256_ctx sum; size_t waiting; unsigned char block[BLOCK]; };

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "behov: %s failed: cannot go on\n", what);
	abort();
}

struct digest *digest_open(void)
{
	struct digest *d = malloc(sizeof(*d));

	if (!d)
		broken("malloc");
	d->waiting = 0;
	sha256_init(&d->sum);
	return d;
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
	if (len > BLOCK - d->waiting) {
		sha256_update(&d->sum, d->waiting, d->block);
		d->waiting = 0;
	}
	if (len > BLOCK) {
		sha256_update(&d->sum, len, bytes);
	} else if (len) {
		memcpy(d->block + d->waiting, bytes, len);
		d->waiting += len;
	}
}

void digest_field(struct digest *d, const char *text)
{
	/* A text that starts with 0x01 gets one more, so that none is what stands for NULL. */
	if (text && *text == '\1')
		digest_add(d, "\1", 1);
	digest_add(d, text ? text : "\1", text ? strlen(text) + 1 : 2);
}

void digest_close(struct digest *d, unsigned char out[DIGEST_SIZE])
{
	sha256_update(&d->sum, d->waiting, d->block);
	sha256_digest(&d->sum, DIGEST_SIZE, out);
	explicit_bzero(d, sizeof(*d));  /* it may have been of a secret */
	free(d);
}

void digest_each(struct digest *d, const void *bytes, size_t len, unsigned char out[DIGEST_SIZE])
{
	sha256_update(&d->sum, len, bytes);
	sha256_digest(&d->sum, DIGEST_SIZE, out);
}

void digest_of(const void *bytes, size_t len, unsigned char out[DIGEST_SIZE])
{
	struct digest *d = digest_open();

	digest_add(d, bytes, len);
	digest_close(d, out);
}

char *digest_hex(struct arena *mem, const void *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = bytes;
	char *out = arena_bytes(mem, len * 2 + 1);

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[p[i] >> 4];
		out[2 * i + 1] = hex[p[i] & 15];
	}
	return out;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_unhex(const char *hex, void *out, size_t len)
{
	unsigned char *p = out;

	if (!hex || strlen(hex) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

char *digest_text(struct arena *mem, const char *text)
{
	unsigned char sum[DIGEST_SIZE];

	digest_of(text, strlen(text), sum);
	return digest_hex(mem, sum, sizeof(sum));
}

void digest_hmac(const void *key, size_t key_len, const void *bytes, size_t len, unsigned char out[DIGEST_SIZE])
{
	struct hmac_sha256_ctx sum;

	hmac_sha256_set_key(&sum, key_len, key);
	hmac_sha256_update(&sum, len, bytes);
	hmac_sha256_digest(&sum, DIGEST_SIZE, out);
	explicit_bzero(&sum, sizeof(sum));
}

char *digest_base64url(struct arena *mem, const void *bytes, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = bytes;
	char *out = arena_take(mem, len * 4 / 3 + 4);
	size_t used = 0;

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)p[i] << 16;
		size_t left = len - i;

		v |= left > 1 ? (unsigned)p[i + 1] << 8 : 0;
		v |= left > 2 ? (unsigned)p[i + 2] : 0;
		for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
			out[used++] = alphabet[v >> (18 - 6 * k) & 63];
	}
	return out;
}

bool digest_equal(const char *a, const char *b)
{
	size_t len;

	if (!a || !b)
		return false;
	len = strlen(a);
	return len == strlen(b) && memeql_sec(a, b, len);
}

void digest_random(void *out, size_t len)
{
	unsigned char *p = out;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno != EINTR)
			broken("getrandom");
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}
