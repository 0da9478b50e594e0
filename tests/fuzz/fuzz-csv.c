/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-csv.c - no bytes make the CSV reader do anything but give whole rows, or refuse with a place. */
#include <behov/csv.h>
#include <behov/text.h>

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	struct csv csv;

	if (csv_read(mem, "fuzz", (const char *)bytes, len, &csv, &err) == 0) {
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
	return 0;
}
