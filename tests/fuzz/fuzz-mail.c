/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-mail.c - no name, subject or text makes a header we did not write, a line that is too long or a bare CR or LF. */
#include "behov/mail.h"

#include <stdint.h>

static void
check_lines(const char *bytes, size_t len)
{
	static const char *const ours[] = { "Date: ", "From: ", "To: ", "Subject: ", "Message-ID: ", "MIME-Version: ",
					    "Auto-Submitted: ", "Content-Type: ", " " };
	bool head = true;
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		bool known = false;

		if (!bytes[i] || (unsigned char)bytes[i] > 0x7e || (bytes[i] == '\r' && bytes[i + 1] != '\n'))
			abort();
		if (bytes[i] != '\n')
			continue;
		if (i == 0 || bytes[i - 1] != '\r' || i - start > 300)
			abort();
		head = head && i - start > 1;
		for (size_t k = 0; head && k < sizeof(ours) / sizeof(*ours); k++)
			known |= strncmp(bytes + start, ours[k], strlen(ours[k])) == 0;
		if ((head && !known) || (!head && i - start > 77 + 1))
			abort();
		start = i + 1;
	}
	if (head || start != len)
		abort();
}

/* The input is cut at NULs into name, subject, text and HTML. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	const char *at = arena_copy(mem, bytes, len), *end = at + len, *part[4] = { "", "", "", "" };
	struct conf conf = { .organisation = "x", .mail = { .from = "behov@kalmar.example" } };
	struct error err = { 0 };
	char *out;
	size_t size;

	for (int i = 0; i < 4 && at <= end; i++) {
		part[i] = at;
		at += strlen(at) + 1;
	}
	conf.organisation = part[1];
	if (mail_build(mem, &conf, &(struct mail){ .id = "1", .to = "a@b.example", .to_name = part[0], .subject = part[1],
						   .text = part[2], .html = part[3] }, &out, &size, &err) < 0)
		abort();
	check_lines(out, size);
	mail_address(part[0]);
	arena_close(mem);
	return 0;
}
