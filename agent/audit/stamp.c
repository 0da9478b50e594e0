/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stamp.c - RFC 3161: an authority of time saw a digest; libcrypto makes the question and judges the answer. */
#include "audit_p.h"
#include "behov/digest.h"
#include "behov/fetch.h"

#include <openssl/err.h>
#include <openssl/ts.h>

#define TOKEN_MOST ((size_t)1 << 20)
#define NONCE_BITS 64

/* ------------------------------------------------------------------ the question */

static bool
set_imprint(TS_REQ *req, const unsigned char *sum)
{
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	bool good = imprint && algorithm && X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
		    TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
		    TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *)(uintptr_t)sum, DIGEST_SIZE) == 1 &&
		    TS_REQ_set_msg_imprint(req, imprint) == 1;

	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	return good;
}

static bool
set_nonce(TS_REQ *req)
{
	BIGNUM *number = BN_new();
	ASN1_INTEGER *nonce = number && BN_rand(number, NONCE_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
		? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	bool good = nonce && TS_REQ_set_nonce(req, nonce) == 1;

	ASN1_INTEGER_free(nonce);
	BN_free(number);
	return good;
}

static TS_REQ *
question(const unsigned char *sum)
{
	TS_REQ *req = TS_REQ_new();

	if (req && TS_REQ_set_version(req, 1) == 1 && set_imprint(req, sum) && set_nonce(req) && TS_REQ_set_cert_req(req, 1) == 1)
		return req;
	TS_REQ_free(req);
	return NULL;
}

/* ------------------------------------------------------------------ the answer */

/* Who may stamp: whoever that file's certificates vouch for, at the moment that the stamp says. */
static X509_STORE *
authorities(const struct conf *conf, const TS_TST_INFO *info, struct error *err)
{
	X509_STORE *store = X509_STORE_new();
	struct tm tm = { 0 };

	if (!store || X509_STORE_load_file(store, conf->audit.stamp.ca_file) != 1) {
		error_set(err, ERROR_CONFIG, "audit.stamp.ca-file '%s' holds no certificate that can be read", conf->audit.stamp.ca_file);
		X509_STORE_free(store);
		return NULL;
	}
	if (ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &tm) == 1)
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), timegm(&tm));
	return store;
}

/* A context takes over the store and the imprint it is given. */
static TS_VERIFY_CTX *
judge(const struct conf *conf, const TS_TST_INFO *info, const unsigned char *sum, struct error *err)
{
	TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	X509_STORE *store = authorities(conf, info, err);
	unsigned char *imprint = OPENSSL_memdup(sum, DIGEST_SIZE);

	if (!ctx || !store || !imprint) {
		TS_VERIFY_CTX_free(ctx);
		X509_STORE_free(store);
		OPENSSL_free(imprint);
		return NULL;
	}
	TS_VERIFY_CTX_set_store(ctx, store);
	TS_VERIFY_CTX_set_imprint(ctx, imprint, DIGEST_SIZE);
	TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_IMPRINT);
	return ctx;
}

static const char *
last_reason(struct arena *mem)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return arena_text(mem, reason ? reason : "it does not hold");
}

static int
verify_token(const struct conf *conf, PKCS7 *token, const unsigned char *sum, struct error *err)
{
	TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(token);
	TS_VERIFY_CTX *ctx = info ? judge(conf, info, sum, err) : NULL;
	struct arena *mem = arena_open();
	int rc = 0;

	if (!info)
		rc = error_set(err, ERROR_SOURCE, "it is no stamp of time");
	else if (!ctx)
		rc = -1;
	else if (TS_RESP_verify_token(ctx, token) != 1)
		rc = error_set(err, ERROR_SOURCE, "it does not hold: %s", last_reason(mem));
	TS_VERIFY_CTX_free(ctx);
	TS_TST_INFO_free(info);
	arena_close(mem);
	return rc;
}

/* Ours has the number that we made up: an old answer, played again, has not. */
static int
check_nonce(const TS_REQ *req, TS_RESP *answer, struct error *err)
{
	const TS_TST_INFO *info = TS_RESP_get_tst_info(answer);
	const ASN1_INTEGER *said = info ? TS_TST_INFO_get_nonce(info) : NULL;

	if (!said || ASN1_INTEGER_cmp(said, TS_REQ_get_nonce(req)) != 0)
		return error_set(err, ERROR_SOURCE, "the answer is not to our question");
	return 0;
}

static int
read_answer(struct arena *mem, const struct conf *conf, const TS_REQ *req, const unsigned char *sum, const char *bytes,
	    size_t len, const char **out, struct error *err)
{
	const unsigned char *at = (const unsigned char *)bytes;
	TS_RESP *answer = d2i_TS_RESP(NULL, &at, (long)len);
	PKCS7 *token = answer ? TS_RESP_get_token(answer) : NULL;
	unsigned char *der = NULL;
	int size, rc = -1;

	if (!token)
		error_set(err, ERROR_SOURCE, answer ? "it refused to stamp" : "the answer is no answer of RFC 3161");
	else if (check_nonce(req, answer, err) == 0 && verify_token(conf, token, sum, err) == 0)
		rc = 0;
	size = rc == 0 ? i2d_PKCS7(token, &der) : 0;
	if (size > 0)
		*out = digest_hex(mem, der, (size_t)size);
	else if (rc == 0)
		rc = error_set(err, ERROR_SOURCE, "the stamp cannot be kept");
	OPENSSL_free(der);
	TS_RESP_free(answer);
	ERR_clear_error();
	return rc;
}

/* ------------------------------------------------------------------ the doors */

int
stamp_ask(struct arena *mem, const struct conf *conf, const char *digest, const char **token, struct error *err)
{
	struct fetch fetch = { .url = conf->audit.stamp.url, .ca_file = conf->audit.stamp.tls_ca_file, .most = TOKEN_MOST,
			       .timeout = conf->audit.stamp.timeout, .type = "application/timestamp-query" };
	unsigned char sum[DIGEST_SIZE], *der = NULL;
	TS_REQ *req;
	char *answer;
	size_t len;
	int size, rc = -1;

	if (libcrypto_open(err) < 0)
		return -1;
	req = digest_unhex(digest, sum, sizeof(sum)) ? question(sum) : NULL;
	size = req ? i2d_TS_REQ(req, &der) : 0;
	fetch.body = der;
	fetch.body_len = size > 0 ? (size_t)size : 0;
	if (size <= 0)
		error_set(err, ERROR_SOURCE, "the question cannot be made");
	else if (fetch_url(mem, &fetch, &answer, &len, err) == 0)
		rc = read_answer(mem, conf, req, sum, answer, len, token, err);
	OPENSSL_free(der);
	TS_REQ_free(req);
	return rc < 0 ? error_in(err, "'%s'", fetch_shown(mem, conf->audit.stamp.url)) : 0;
}

int
stamp_verify(const struct conf *conf, const char *digest, const char *token, struct error *err)
{
	struct arena *mem = arena_open();
	size_t len = strlen(token) / 2;
	unsigned char sum[DIGEST_SIZE], *der = arena_take(mem, len + 1);
	const unsigned char *at = der;
	PKCS7 *read;
	int rc = libcrypto_open(err);

	if (rc == 0) {
		read = digest_unhex(digest, sum, sizeof(sum)) && digest_unhex(token, der, len) ? d2i_PKCS7(NULL, &at, (long)len) : NULL;
		rc = read ? verify_token(conf, read, sum, err) : error_set(err, ERROR_SOURCE, "it is no stamp of time");
		PKCS7_free(read);
		ERR_clear_error();
	}
	arena_close(mem);
	return rc;
}
