/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-table.c - what a person reads at a terminal says what we say, whatever the names in it hold. */
#include "check.h"
#include "../../agent/table.c"

static void
a_name_forges_no_line_and_commands_no_terminal(void)
{
	struct arena *mem = arena_open();
	struct plan plan = { 0 };
	char *out;

	*arena_push(mem, &plan.gaps) = (struct gap){ "group", "CN=x\n  iakttagelse: allt är bra", NULL, "\033]0;x\007" };
	*arena_push(mem, &plan.findings) = (struct finding){ .kind = "k", .text = "ett\rtv\xc3\xa5" };
	out = run_table(mem, &plan);
	CHECK(strstr(out, "  lucka: group CN=x?  iakttagelse: allt är bra: ?]0;x?\n"));
	CHECK(strstr(out, "  iakttagelse: k: ett?två\n"));
	arena_close(mem);
}

int
main(void)
{
	TEST(a_name_forges_no_line_and_commands_no_terminal);
	return check_done();
}
