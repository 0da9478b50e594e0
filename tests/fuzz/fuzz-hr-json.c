/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-hr-json.c - no bytes make HR's JSON anything but a whole table of texts, or refused with a reason. */
#include "../../agent/collect/hr_p.h"
#include <behov/text.h>

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void try(const char *list, const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	struct csv csv;

	if (hr_json(mem, "fuzz", list, (const char *)bytes, len, &csv, &err) == 0) {
		for (size_t r = 0; r < csv.rows.count; r++) {
			if (csv.rows.items[r].count != csv.rows.items[0].count)
				abort();
			for (int c = 0; c < csv.rows.items[r].count; c++)
				if (!text_is_utf8(csv.rows.items[r].cells[c], strlen(csv.rows.items[r].cells[c])))
					abort();
		}
	} else if (!err.text[0]) {
		abort();
	}
	arena_close(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	try(NULL, bytes, len);
	try("rader", bytes, len);
	return 0;
}
