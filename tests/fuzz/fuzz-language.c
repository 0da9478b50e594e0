/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-language.c - whatever an Accept-Language says, it is answered with a language of ours, always with the same. */
#include "../../agent/decide/decide_p.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	const char *accept = arena_copy(mem, bytes, len);
	size_t count;
	const struct language *all = speak_languages(&count);

	for (size_t i = 0; i < count; i++) {
		const struct language *got = language_asked(accept, &all[i]);

		if (got < all || got >= all + count || got != language_asked(accept, &all[i]))
			abort();
		/* What somebody else than `otherwise` wins is wanted: it wins whatever the default is, or ties with it. */
		if (got != &all[i] && language_asked(accept, got) != got)
			abort();
	}
	arena_close(mem);
	return 0;
}
