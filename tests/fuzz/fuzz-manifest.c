/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-manifest.c - no bytes make the reader of manifests do anything but refuse, or give what is written the same again. */
#include <behov/retain.h>

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	struct record *records, *again;
	const char *digest;
	size_t count, most, out;
	char *text;

	if (retain_manifest_read(mem, (const char *)bytes, len, &records, &count, &err) == 0) {
		retain_manifest(mem, records, count, &text, &out, &digest);
		if (retain_manifest_read(mem, text, out, &again, &most, &err) < 0 || most != count)
			abort();
		for (size_t i = 0; i < count; i++)
			if (strcmp(records[i].path, again[i].path) != 0 || records[i].size != again[i].size ||
			    records[i].mtime_s != again[i].mtime_s || records[i].mtime_ns != again[i].mtime_ns ||
			    records[i].ino != again[i].ino || records[i].due != again[i].due)
				abort();
	} else if (!err.text[0]) {
		abort();
	}
	arena_close(mem);
	return 0;
}
