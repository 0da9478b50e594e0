/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-text.c - a name survives being shown, quoting gives valid text, folding is stable, globs end. */
#include <behov/clock.h>
#include <behov/text.h>

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	char *name = arena_copy(mem, bytes, len), *shown = name_show(mem, name), *back = name_read(mem, shown);
	struct period period;
	struct text t;
	int64_t moment;

	if (!back || strcmp(back, name) != 0 || !text_is_utf8(shown, strlen(shown)))
		abort();
	name_read(mem, name);
	if (strcmp(text_fold(mem, text_fold(mem, name)), text_fold(mem, name)) != 0)
		abort();
	if (!text_glob("*", name) || text_glob(name, "") != (strspn(name, "*") == strlen(name)))
		abort();
	text_glob(name, shown);
	text_open(&t, 200);
	html_text(&t, name);
	csv_cell(&t, name);
	ldap_value(&t, name, strlen(name));
	if (strlen(t.data) != t.len || t.len > 200)
		abort();
	text_close(&t);
	clock_parse(name, &moment);
	clock_generalized(name, &moment);
	period_parse(name, &period);
	day_parse(name);
	arena_close(mem);
	return 0;
}
