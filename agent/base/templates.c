/* SPDX-License-Identifier: GPL-3.0-or-later */
/* templates.c - the files of conf/templates/, carried inside the program: it needs no folder at run time. */
#include "behov/template.h"

/* The assembler includes the file as it is, with a NUL after it. */
#define CARRY(symbol, file)                                                                        \
	__asm__(".pushsection .rodata\n" #symbol ":\n.incbin \"conf/templates/" file "\"\n.byte 0\n.popsection\n"); \
	extern const char symbol[] __attribute__((visibility("hidden")))

CARRY(template_style_html, "style.html");
CARRY(template_digest_txt, "digest.txt");
CARRY(template_digest_html, "digest.html");
CARRY(template_administrator_txt, "administrator.txt");
CARRY(template_administrator_html, "administrator.html");
CARRY(template_code_txt, "code.txt");
CARRY(template_code_html, "code.html");
CARRY(template_report_quarter_html, "report-quarter.html");

static const struct { const char *name, *source; } carried[] = {
	{ "style.html", template_style_html },
	{ "digest.txt", template_digest_txt },
	{ "digest.html", template_digest_html },
	{ "administrator.txt", template_administrator_txt },
	{ "administrator.html", template_administrator_html },
	{ "code.txt", template_code_txt },
	{ "code.html", template_code_html },
	{ "report-quarter.html", template_report_quarter_html },
};

const char *
template_source(const char *name)
{
	for (size_t i = 0; i < sizeof(carried) / sizeof(*carried); i++)
		if (strcmp(carried[i].name, name) == 0)
			return carried[i].source;
	return NULL;
}
