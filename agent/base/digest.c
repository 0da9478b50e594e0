/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.c - SHA-256, HMAC and randomness, all from libcrypto. */
#include <behov/digest.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <sys/random.h>
#include <errno.h>

/* Fields are short and many: they are handed on a block at a time. */
#define BLOCK 4096
struct digest { EVP_MD_CTX *ctx; size_t waiting; unsigned char block[BLOCK]; };

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "behov: %s failed: cannot go on\n", what);
	abort();
}

static EVP_MD *found;

static void find_sha256(void)
{
	found = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!found)
		broken("SHA-256");
}

/* Found once: to look for it is as dear as to hash a short text. */
static const EVP_MD *sha256(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_sha256);
	return found;
}

struct digest *digest_open(void)
{
	struct digest *d = malloc(sizeof(*d));

	if (!d)
		broken("malloc");
	d->waiting = 0;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex(d->ctx, sha256(), NULL) != 1)
		broken("SHA-256");
	return d;
}

static void hand_on(struct digest *d, const void *bytes, size_t len)
{
	if (EVP_DigestUpdate(d->ctx, bytes, len) != 1)
		broken("SHA-256");
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
	if (len > BLOCK - d->waiting) {
		hand_on(d, d->block, d->waiting);
		d->waiting = 0;
	}
	if (len > BLOCK) {
		hand_on(d, bytes, len);
	} else if (len) {
		memcpy(d->block + d->waiting, bytes, len);
		d->waiting += len;
	}
}

void digest_field(struct digest *d, const char *text)
{
	/* A text that starts with 0x01 gets one more, so that none is what stands for NULL. */
	if (!text || *text == '\1')
		digest_add(d, "\1", 1);
	digest_add(d, text ? text : "", text ? strlen(text) + 1 : 1);
}

void digest_close(struct digest *d, unsigned char out[DIGEST_SIZE])
{
	hand_on(d, d->block, d->waiting);
	if (EVP_DigestFinal_ex(d->ctx, out, NULL) != 1)
		broken("SHA-256");
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void digest_next(struct digest *d, unsigned char out[DIGEST_SIZE])
{
	hand_on(d, d->block, d->waiting);
	d->waiting = 0;
	if (EVP_DigestFinal_ex(d->ctx, out, NULL) != 1 || EVP_DigestInit_ex(d->ctx, NULL, NULL) != 1)
		broken("SHA-256");
}

void digest_each(struct digest *d, const void *bytes, size_t len, unsigned char out[DIGEST_SIZE])
{
	if (EVP_DigestUpdate(d->ctx, bytes, len) != 1 || EVP_DigestFinal_ex(d->ctx, out, NULL) != 1 ||
	    EVP_DigestInit_ex(d->ctx, NULL, NULL) != 1)
		broken("SHA-256");
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
	char *out = arena_take(mem, len * 2 + 1);

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
	if (key_len > 4096 || !HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL))
		broken("HMAC");
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
	return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
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
