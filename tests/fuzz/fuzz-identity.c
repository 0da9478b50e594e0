/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-identity.c - SIDs, GUIDs, times and names as servers write them: right, or none; a name has one key, however quickly it is found. */
#include "../../agent/collect/build_p.h"

#include <behov/text.h>

#include <stdint.h>

static void names(struct arena *mem, const struct rules *rules, const char *text, size_t len)
{
	struct builder *b = build_open(mem, rules);
	struct error err = { 0 };
	const char *quick, *slow;

	if (build_source(b, rules->conf.directories, "fuzz", &err) < 0)
		abort();
	quick = name_key(b, text, len);
	slow = memchr(text, 0, len) ? NULL : dn_key(mem, text);
	if (!quick != !slow || (quick && strcmp(quick, slow) != 0))
		abort();
	if (slow && (!dn_key(mem, slow) || strcmp(dn_key(mem, slow), slow) != 0))
		abort();                /* a key is its own key */
	build_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct directory directory = { .base = "DC=kalmar,DC=example" };
	struct rules rules = { .conf = { .directories = &directory, .directory_count = 1 } };
	struct arena *mem = arena_open();
	char *text = arena_copy(mem, bytes, len), sid[SID_MOST], guid[GUID_MOST], again[GUID_MOST];
	struct berval value = { len, text }, member;
	int64_t when;

	if (sid_text(text, len, sid) && (strncmp(sid, "S-1-", 4) != 0 || !sid_text(sid, strlen(sid), (char[SID_MOST]){ 0 })))
		abort();
	if (guid_text(text, len, guid) && (!guid_text(guid, strlen(guid), again) || strcmp(guid, again) != 0))
		abort();
	if (added_read(mem, &value, &member, &when) && strlen(member.bv_val) > member.bv_len)
		abort();
	(void)clock_generalized(text, &when);
	if (len >= 8) {
		int64_t filetime;

		memcpy(&filetime, bytes, 8);
		(void)clock_filetime(filetime, &when);
	}
	if (text_is_utf8(text, len))
		names(mem, &rules, text, len);
	arena_close(mem);
	return 0;
}
