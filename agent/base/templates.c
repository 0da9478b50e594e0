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
CARRY(template_page_access_html, "page-access.html");
CARRY(template_page_clauses_html, "page-clauses.html");
CARRY(template_page_code_html, "page-code.html");
CARRY(template_page_confirm_html, "page-confirm.html");
CARRY(template_page_decide_html, "page-decide.html");
CARRY(template_page_end_html, "page-end.html");
CARRY(template_page_expired_html, "page-expired.html");
CARRY(template_page_files_html, "page-files.html");
CARRY(template_page_group_html, "page-group.html");
CARRY(template_page_link_html, "page-link.html");
CARRY(template_page_notice_html, "page-notice.html");
CARRY(template_page_problems_html, "page-problems.html");
CARRY(template_page_receipt_html, "page-receipt.html");
CARRY(template_page_row_html, "page-row.html");
CARRY(template_page_top_html, "page-top.html");
CARRY(template_page_css, "page.css");

static const struct { const char *name, *source; } carried[] = {
	{ "style.html", template_style_html },
	{ "digest.txt", template_digest_txt },
	{ "digest.html", template_digest_html },
	{ "administrator.txt", template_administrator_txt },
	{ "administrator.html", template_administrator_html },
	{ "code.txt", template_code_txt },
	{ "code.html", template_code_html },
	{ "report-quarter.html", template_report_quarter_html },
	{ "page-access.html", template_page_access_html },
	{ "page-clauses.html", template_page_clauses_html },
	{ "page-code.html", template_page_code_html },
	{ "page-confirm.html", template_page_confirm_html },
	{ "page-decide.html", template_page_decide_html },
	{ "page-end.html", template_page_end_html },
	{ "page-expired.html", template_page_expired_html },
	{ "page-files.html", template_page_files_html },
	{ "page-group.html", template_page_group_html },
	{ "page-link.html", template_page_link_html },
	{ "page-notice.html", template_page_notice_html },
	{ "page-problems.html", template_page_problems_html },
	{ "page-receipt.html", template_page_receipt_html },
	{ "page-row.html", template_page_row_html },
	{ "page-top.html", template_page_top_html },
	{ "page.css", template_page_css },
};

const char *
template_source(const char *name)
{
	for (size_t i = 0; i < sizeof(carried) / sizeof(*carried); i++)
		if (strcmp(carried[i].name, name) == 0)
			return carried[i].source;
	return NULL;
}
