/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-template.c - no template makes the renderer do anything but write within its maximum, or refuse with a word. */
#include "behov/json.h"
#include "behov/template.h"

#include <stdint.h>

#define DATA                                                                                       \
	"{\"name\":\"<b>&\\u0007\\u202e\\n\",\"list\":[{\"name\":\"a\"},{\"x\":null}],\"no\":false,\"none\":[],\"n\":12,\"o\":{\"y\":\"{{name}}\"}}"

static void
render(const struct language *language, enum template_kind kind, const char *source, const json_t *data)
{
	struct error err = { 0 };
	struct text out;

	text_open(&out, 20000);
	if (template_in(language, kind, "fuzz", source, data, &out, &err) < 0 && !err.text[0])
		abort();
	if (out.len > 20000 || strlen(out.data) != out.len)
		abort();
	text_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	const char *source = arena_copy(mem, bytes, len);
	json_t *data = NULL;

	if (json_read(DATA, strlen(DATA), &data, NULL) < 0)
		abort();
	render(NULL, TEMPLATE_TEXT, source, data);
	render(NULL, TEMPLATE_HTML, source, data);
	render(speak_language("en"), TEMPLATE_HTML, source, data);
	json_decref(data);
	arena_close(mem);
	return 0;
}
