/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libcrypto.c - stands where OpenSSL's libcrypto would: it is opened by who asks for a stamp of time, or judges one. */
#include "late-names.h"
#include "audit_p.h"
#include "behov/late.h"

#include <openssl/err.h>
#include <openssl/ts.h>

#define STAMPING(CALL, DO) \
	CALL(int, ASN1_INTEGER_cmp, (const ASN1_INTEGER *a, const ASN1_INTEGER *b), (a, b)) \
	DO(ASN1_INTEGER_free, (ASN1_INTEGER *a), (a)) \
	CALL(int, ASN1_TIME_to_tm, (const ASN1_TIME *a, struct tm *b), (a, b)) \
	DO(BN_free, (BIGNUM *a), (a)) \
	CALL(BIGNUM *, BN_new, (void), ()) \
	CALL(int, BN_rand, (BIGNUM *a, int b, int c, int d), (a, b, c, d)) \
	CALL(ASN1_INTEGER *, BN_to_ASN1_INTEGER, (const BIGNUM *a, ASN1_INTEGER *b), (a, b)) \
	DO(CRYPTO_free, (void *a, const char *b, int c), (a, b, c)) \
	CALL(void *, CRYPTO_memdup, (const void *a, size_t b, const char *c, int d), (a, b, c, d)) \
	DO(ERR_clear_error, (void), ()) \
	CALL(unsigned long, ERR_peek_last_error, (void), ()) \
	CALL(const char *, ERR_reason_error_string, (unsigned long a), (a)) \
	CALL(ASN1_OBJECT *, OBJ_nid2obj, (int a), (a)) \
	DO(PKCS7_free, (PKCS7 *a), (a)) \
	CALL(TS_TST_INFO *, PKCS7_to_TS_TST_INFO, (PKCS7 *a), (a)) \
	DO(TS_MSG_IMPRINT_free, (TS_MSG_IMPRINT *a), (a)) \
	CALL(TS_MSG_IMPRINT *, TS_MSG_IMPRINT_new, (void), ()) \
	CALL(int, TS_MSG_IMPRINT_set_algo, (TS_MSG_IMPRINT *a, X509_ALGOR *b), (a, b)) \
	CALL(int, TS_MSG_IMPRINT_set_msg, (TS_MSG_IMPRINT *a, unsigned char *b, int c), (a, b, c)) \
	DO(TS_REQ_free, (TS_REQ *a), (a)) \
	CALL(const ASN1_INTEGER *, TS_REQ_get_nonce, (const TS_REQ *a), (a)) \
	CALL(TS_REQ *, TS_REQ_new, (void), ()) \
	CALL(int, TS_REQ_set_cert_req, (TS_REQ *a, int b), (a, b)) \
	CALL(int, TS_REQ_set_msg_imprint, (TS_REQ *a, TS_MSG_IMPRINT *b), (a, b)) \
	CALL(int, TS_REQ_set_nonce, (TS_REQ *a, const ASN1_INTEGER *b), (a, b)) \
	CALL(int, TS_REQ_set_version, (TS_REQ *a, long b), (a, b)) \
	DO(TS_RESP_free, (TS_RESP *a), (a)) \
	CALL(PKCS7 *, TS_RESP_get_token, (TS_RESP *a), (a)) \
	CALL(TS_TST_INFO *, TS_RESP_get_tst_info, (TS_RESP *a), (a)) \
	CALL(int, TS_RESP_verify_token, (TS_VERIFY_CTX *a, PKCS7 *b), (a, b)) \
	DO(TS_TST_INFO_free, (TS_TST_INFO *a), (a)) \
	CALL(const ASN1_INTEGER *, TS_TST_INFO_get_nonce, (const TS_TST_INFO *a), (a)) \
	CALL(const ASN1_GENERALIZEDTIME *, TS_TST_INFO_get_time, (const TS_TST_INFO *a), (a)) \
	DO(TS_VERIFY_CTX_free, (TS_VERIFY_CTX *a), (a)) \
	CALL(TS_VERIFY_CTX *, TS_VERIFY_CTX_new, (void), ()) \
	CALL(int, TS_VERIFY_CTX_set_flags, (TS_VERIFY_CTX *a, int b), (a, b)) \
	CALL(unsigned char *, TS_VERIFY_CTX_set_imprint, (TS_VERIFY_CTX *a, unsigned char *b, long c), (a, b, c)) \
	CALL(X509_STORE *, TS_VERIFY_CTX_set_store, (TS_VERIFY_CTX *a, X509_STORE *b), (a, b)) \
	DO(X509_ALGOR_free, (X509_ALGOR *a), (a)) \
	CALL(X509_ALGOR *, X509_ALGOR_new, (void), ()) \
	CALL(int, X509_ALGOR_set0, (X509_ALGOR *a, ASN1_OBJECT *b, int c, void *d), (a, b, c, d)) \
	DO(X509_STORE_free, (X509_STORE *a), (a)) \
	CALL(X509_VERIFY_PARAM *, X509_STORE_get0_param, (const X509_STORE *a), (a)) \
	CALL(int, X509_STORE_load_file, (X509_STORE *a, const char *b), (a, b)) \
	CALL(X509_STORE *, X509_STORE_new, (void), ()) \
	DO(X509_VERIFY_PARAM_set_time, (X509_VERIFY_PARAM *a, time_t b), (a, b)) \
	CALL(PKCS7 *, d2i_PKCS7, (PKCS7 **a, const unsigned char **b, long c), (a, b, c)) \
	CALL(TS_RESP *, d2i_TS_RESP, (TS_RESP **a, const unsigned char **b, long c), (a, b, c)) \
	CALL(int, i2d_PKCS7, (const PKCS7 *a, unsigned char **b), (a, b)) \
	CALL(int, i2d_TS_REQ, (const TS_REQ *a, unsigned char **b), (a, b))

STAMPING(LATE_POINTER, LATE_POINTER_DO)
STAMPING(LATE_FORWARD, LATE_FORWARD_DO)

int
libcrypto_open(struct error *err)
{
	static const struct late_call stamping[] = { STAMPING(LATE_LISTED, LATE_LISTED_DO) };
	static bool open;

	if (late_open(LATE_crypto, stamping, sizeof(stamping) / sizeof(*stamping), &open))
		return 0;
	return error_set(err, ERROR_CONFIG, "stamps of time need a library that is missing: %s", LATE_crypto);
}
