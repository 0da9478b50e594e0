/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-handbook.c - whatever a plan holds, what comes out is a rules file, or nothing; and nothing in it has a decision. */
#include <behov/suggest.h>

#include <libconfig.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	long long refused;
	char *text = suggest_handbook(mem, "fuzz", (const char *)bytes, len, &refused, &err);
	config_t config;

	if (!text && !err.text[0])
		abort();
	if (text) {
		const config_setting_t *root;

		config_init(&config);
		/* Many series of one name are many files' worth: here each stands for itself. */
		for (char *at = text, *next; at; at = next) {
			next = strstr(at + 1, "\nseries = {");
			next = next ? next + 1 : NULL;
			if (!config_read_string(&config, next ? arena_copy(mem, at, (size_t)(next - at)) : at))
				abort();
			root = config_root_setting(&config);
			if (config_setting_length(root) > 1 || config_lookup(&config, "series.decision"))
				abort();
		}
		config_destroy(&config);
	}
	arena_close(mem);
	return 0;
}
