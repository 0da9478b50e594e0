/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sign.c - Ed25519 from libcrypto. */
#include <behov/digest.h>
#include <behov/sign.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define KEY_BYTES (SIGN_KEY / 2)
#define SIGNATURE_BYTES (SIGN_SIZE / 2)

static EVP_PKEY *secret_key(const char *secret)
{
	unsigned char bytes[KEY_BYTES];
	EVP_PKEY *key;

	if (!digest_unhex(secret, bytes, sizeof(bytes)))
		return NULL;
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, sizeof(bytes));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return key;
}

char *sign_public(struct arena *mem, const char *secret)
{
	unsigned char bytes[KEY_BYTES];
	size_t len = sizeof(bytes);
	EVP_PKEY *key = secret_key(secret);
	char *out = key && EVP_PKEY_get_raw_public_key(key, bytes, &len) == 1 ? digest_hex(mem, bytes, len) : NULL;

	EVP_PKEY_free(key);
	return out;
}

char *sign_text(struct arena *mem, const char *secret, const char *text)
{
	unsigned char bytes[SIGNATURE_BYTES];
	size_t len = sizeof(bytes);
	EVP_PKEY *key = secret_key(secret);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestSign(ctx, bytes, &len, (const unsigned char *)text, strlen(text)) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good ? digest_hex(mem, bytes, len) : NULL;
}

bool sign_holds(const char *public, const char *text, const char *signature)
{
	unsigned char key_bytes[KEY_BYTES], bytes[SIGNATURE_BYTES];
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	bool good;

	if (!digest_unhex(public, key_bytes, sizeof(key_bytes)) || !digest_unhex(signature, bytes, sizeof(bytes)))
		return false;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key_bytes, sizeof(key_bytes));
	ctx = EVP_MD_CTX_new();
	good = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, bytes, sizeof(bytes), (const unsigned char *)text, strlen(text)) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}
