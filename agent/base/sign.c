/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sign.c - Ed25519 from nettle. */
#include <behov/digest.h>
#include <behov/sign.h>

#include <nettle/eddsa.h>

_Static_assert(ED25519_KEY_SIZE * 2 == SIGN_KEY && ED25519_SIGNATURE_SIZE * 2 == SIGN_SIZE, "two digits a byte");

char *sign_public(struct arena *mem, const char *secret)
{
	unsigned char bytes[ED25519_KEY_SIZE], public[ED25519_KEY_SIZE];

	if (!digest_unhex(secret, bytes, sizeof(bytes)))
		return NULL;
	ed25519_sha512_public_key(public, bytes);
	explicit_bzero(bytes, sizeof(bytes));
	return digest_hex(mem, public, sizeof(public));
}

char *sign_text(struct arena *mem, const char *secret, const char *text)
{
	unsigned char bytes[ED25519_KEY_SIZE], public[ED25519_KEY_SIZE], signature[ED25519_SIGNATURE_SIZE];

	if (!digest_unhex(secret, bytes, sizeof(bytes)))
		return NULL;
	ed25519_sha512_public_key(public, bytes);
	ed25519_sha512_sign(public, bytes, strlen(text), (const unsigned char *)text, signature);
	explicit_bzero(bytes, sizeof(bytes));
	return digest_hex(mem, signature, sizeof(signature));
}

bool sign_holds(const char *public, const char *text, const char *signature)
{
	unsigned char key[ED25519_KEY_SIZE], bytes[ED25519_SIGNATURE_SIZE];

	return digest_unhex(public, key, sizeof(key)) && digest_unhex(signature, bytes, sizeof(bytes)) &&
	       ed25519_sha512_verify(key, strlen(text), (const unsigned char *)text, bytes) == 1;
}
