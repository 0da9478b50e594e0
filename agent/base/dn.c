/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dn.c - DNs as keys: the same name is the same text, however it is written (RFC 4514). */
#include "behov/nouns.h"
#include "behov/text.h"
#include <ldap.h>
#include <stdlib.h>
#include <string.h>

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One "type=value", with what could be taken for structure escaped. */
static char *
ava_key(struct arena *mem, const LDAPAVA *ava)
{
	char *type = text_fold(mem, arena_copy(mem, ava->la_attr.bv_val, ava->la_attr.bv_len));
	const char *raw = ava->la_value.bv_val;
	size_t len = ava->la_value.bv_len;
	struct text t;

	text_open(&t, 16 * len + 64);
	if (len && !text_is_utf8(raw, len)) {             /* a NUL byte, too */
		text_char(&t, '#');
		for (size_t i = 0; i < len; i++)
			text_print(&t, "%02x", (unsigned char)raw[i]);
	} else {
		const char *folded = text_fold(mem, arena_copy(mem, len ? raw : "", len));

		for (const char *p = folded; *p; p++) {
			if ((unsigned char)*p < 0x20) {
				text_print(&t, "\\%02x", (unsigned char)*p);
				continue;
			}
			if (strchr(",+=\\#\";<>", *p) || (*p == ' ' && (p == folded || !p[1])))
				text_char(&t, '\\');
			text_char(&t, *p);
		}
	}
	type = arena_print(mem, "%s=%s", type, t.data);
	text_close(&t);
	return type;
}

/*
 * Most names are plain: letters, digits and single spaces inside, in type=value,type=value.  What they mean takes no parser.
 * NULL when there is anything else in it.
 */
static char *
plain_key(struct arena *mem, const char *dn)
{
	bool type = true;               /* before the '=' */
	char *key, *to;
	char was = ',';

	for (const char *p = dn; *p; was = *p++) {
		bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-';

		if (*p == '=' ? !type || was == ',' : *p == ',' ? type || was == '=' || was == ' ' :
		    type ? !word || (was == ',' && *p <= '9') : !word && *p != '.' && *p != '_' && (*p != ' ' || was == '=' || was == ' '))
			return NULL;
		type = *p == ',' || (type && *p != '=');
	}
	if (type || was == '=' || was == ' ')
		return NULL;
	for (key = to = arena_text(mem, dn); *to; to++)
		if (*to >= 'A' && *to <= 'Z')
			*to = (char)(*to + 32);
	return key;
}

char *
dn_key(struct arena *mem, const char *dn)
{
	LDAPDN parsed = NULL;
	char *key = NULL;

	if (dn && *dn && (key = plain_key(mem, dn)))
		return key;
	if (!dn || !*dn)                /* RFC 4514; and quotes and semicolons as RFC 1779 had them, which people still write */
		return NULL;
	if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS &&
	    (strpbrk(dn, "<>") || ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV2) != LDAP_SUCCESS))
		return NULL;
	if (!parsed)
		return NULL;
	for (int r = 0; parsed[r]; r++) {
		int count = 0;
		char **avas;

		while (parsed[r][count])
			count++;
		avas = arena_array(mem, char *, (size_t)count + 1);
		for (int a = 0; a < count; a++)
			avas[a] = ava_key(mem, parsed[r][a]);
		qsort(avas, (size_t)count, sizeof(*avas), by_text);
		for (int a = 0; a < count; a++)
			key = key ? arena_print(mem, "%s%c%s", key, a ? '+' : ',', avas[a]) : avas[a];
	}
	ldap_dnfree(parsed);
	return key;
}

char *
accounts_group(struct arena *mem, const char *system, const char *name)
{
	size_t len = strlen(name);
	struct text t;
	char *out;

	text_open(&t, 4 * len + strlen(system) + 64);
	text_add(&t, "cn=");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (strchr(",+=\\#;<>\"", c) || c < 0x20 || c == 0x7f || (c == ' ' && (i == 0 || i + 1 == len)))
			text_print(&t, "\\%02x", c);
		else
			text_char(&t, name[i]);
	}
	text_print(&t, ",o=%s,o=accounts", system);
	out = arena_text(mem, t.data);
	text_close(&t);
	return out;
}
