/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-form.c - no bytes make the form reader give anything but clean texts with names of their own, or refuse. */
#include "../../agent/decide/decide_p.h"

#include <stdint.h>

static void
clean(const char *text)
{
	if (!text || !text_is_utf8(text, strlen(text)))
		abort();
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && !strchr("\t\r\n", *text)) || *text == 127)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	struct form form = { 0 };

	if (form_parse(mem, (const char *)bytes, len, &form) == 0) {
		for (size_t i = 0; i < form.fields.count; i++) {
			clean(form.fields.items[i].name);
			clean(form.fields.items[i].value);
			if (form_get(&form, form.fields.items[i].name) != form.fields.items[i].value)
				abort();        /* a name that stands twice */
		}
		if (form.fields.count > FORM_MOST)
			abort();
	}
	arena_close(mem);
	return 0;
}
