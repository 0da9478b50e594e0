/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-manifest.c - no bytes make the reader of manifests do anything but refuse, or give what writes the same bytes again. */
#include <behov/retain.h>

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	struct record *records;
	const char *digest;
	size_t count, out;
	char *text;

	if (retain_manifest_read(mem, (const char *)bytes, len, &records, &count, &err) == 0) {
		retain_manifest(mem, records, count, &text, &out, &digest);
		if (out != len || memcmp(text, bytes, len) != 0)
			abort();
	} else if (!err.text[0]) {
		abort();
	}
	arena_close(mem);
	return 0;
}
