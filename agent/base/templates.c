/* SPDX-License-Identifier: GPL-3.0-or-later */
/* templates.c - the files of conf/templates/, carried inside the program: it needs no folder at run time. */
#include "behov/template.h"

/*
 * The assembler includes each file as it is, with a NUL after it.  templates.list is made by the Makefile from what lies
 * in the folder: one TEMPLATE(symbol, "file") a line.
 */
#define TEMPLATE(symbol, file)                                                                     \
	__asm__(".pushsection .rodata\n" #symbol ":\n.incbin \"conf/templates/" file "\"\n.byte 0\n.popsection\n"); \
	extern const char symbol[] __attribute__((visibility("hidden")));
#include "templates.list"
#undef TEMPLATE

static const struct { const char *name, *source; } carried[] = {
#define TEMPLATE(symbol, file) { file, symbol },
#include "templates.list"
#undef TEMPLATE
};

const char *
template_source(const char *name)
{
	for (size_t i = 0; i < sizeof(carried) / sizeof(*carried); i++)
		if (strcmp(carried[i].name, name) == 0)
			return carried[i].source;
	return NULL;
}
