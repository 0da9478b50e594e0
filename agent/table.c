/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - what a plan, a night and an apply came to, as tables for people. */
#include "run_p.h"
#include <behov/text.h>

static void count_kind(struct text *t, struct arena *mem, const struct plan *plan, enum kind kind, const char *word)
{
	long long count = 0, files = 0, bytes = 0;

	for (size_t i = 0; i < plan->proposals.count; i++) {
		const struct proposal *p = &plan->proposals.items[i];

		if (p->kind != kind)
			continue;
		count++;
		files += p->files;
		bytes += p->bytes;
	}
	text_print(t, "  %-34s %8lld", word, count);
	if (files)
		text_print(t, "   %s filer, %s", text_count(mem, files), text_size(mem, bytes));
	text_char(t, '\n');
}

/* One line is one line, whatever the names in it hold: nobody writes a finding of their own into the answer. */
static void end_line(struct text *t, size_t from)
{
	text_plain(t->data + from);
	t->len = from + strlen(t->data + from);
	text_char(t, '\n');
}

static void table_lists(struct text *t, const struct plan *plan)
{
	for (size_t i = 0; i < plan->brakes.count; i++) {
		const struct brake *b = &plan->brakes.items[i];
		size_t from = t->len;

		text_print(t, "  broms: %s (%lld av %lld)", b->scope, b->opened, b->of);
		end_line(t, from);
	}
	for (size_t i = 0; i < plan->gaps.count; i++) {
		const struct gap *g = &plan->gaps.items[i];
		size_t from = t->len;

		text_print(t, "  lucka: %s %s%s%s: %s", g->what, g->id, g->path ? "/" : "", g->path ? g->path : "", g->text);
		end_line(t, from);
	}
	for (size_t i = 0; i < plan->findings.count; i++) {
		const struct finding *f = &plan->findings.items[i];
		size_t from = t->len;

		text_print(t, "  iakttagelse: %s: %s", f->kind, f->text);
		end_line(t, from);
	}
}

static void table_plan(struct text *t, struct arena *mem, const struct plan *plan)
{
	text_print(t, "  personer %lld, grupper %lld, system %lld, roller %lld\n", plan->access.people,
		   plan->access.groups, plan->access.systems, plan->access.roles);
	text_print(t, "  filer %lld i %lld mappar\n\nFörslag\n", plan->filed.files, plan->filed.folders);
	count_kind(t, mem, plan, KIND_REMOVE_MEMBER, "ta bort medlem i grupp");
	count_kind(t, mem, plan, KIND_CUT_NESTING, "kapa grupp i grupp");
	count_kind(t, mem, plan, KIND_DESTROY, "gallra");
	count_kind(t, mem, plan, KIND_DELIVER, "leverera till e-arkiv");
	text_print(t, "\nDessutom\n  behöver men saknar behörighet %10zu\n  behörigheter i konflikt %16zu\n"
		   "  kan inte kapas rent %20zu\n  filer utan gallringsbeslut %13lld\n  filer under gallringsstopp %13lld\n"
		   "  iakttagelser %27zu\n  luckor %33zu\n\n",
		   plan->missing.count, plan->conflicts.count, plan->structural.count, plan->filed.ungoverned,
		   plan->filed.held, plan->findings.count, plan->gaps.count);
	table_lists(t, plan);
}

char *run_table(struct arena *mem, const struct plan *plan)
{
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	text_add(&t, "Läget just nu (inget är ändrat)\n");
	table_plan(&t, mem, plan);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

static void decided_rows(struct text *t, const struct night_result *night)
{
	const struct decide_result *d = &night->decided;

	if (!d->taken && !d->refused)
		return;
	text_print(t, "\nSvar sedan förra natten\n  godkända %28lld\n  behålls %29lld\n  ångrade %29lld\n"
		   "  gällde inte längre %18lld\n", d->approved, d->kept, d->undone, d->refused);
}

char *run_night_table(struct arena *mem, const struct night_result *night)
{
	const struct propose_result *p = &night->proposed;
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	text_add(&t, "Natten\n");
	table_plan(&t, mem, &night->plan);
	decided_rows(&t, night);
	text_print(&t, "\nJämfört med förra natten\n  nya förslag %25lld\n  som förut %27lld\n  ändrade %29lld\n"
		   "  återtagna %27lld\n  orörda för att något inte syns %6lld\n  väntar på att en broms släpps %8lld\n",
		   p->opened, p->same, p->changed, p->withdrawn, p->held, night->braked);
	text_print(&t, "\nBrev\n  skrivna i natt %22lld\n  skickade %28lld\n  kunde inte skickas %18lld\n",
		   night->letters, night->sent, night->unsent);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

char *run_apply_table(struct arena *mem, const struct apply_result *done)
{
	return arena_print(mem, "Verkställt\n  medlemskap borttagna %16lld\n  till arbetslista eller LDIF %9lld\n"
			   "  filer i karantän %20lld\n  filer gallrade %22lld\n  väntar %30lld\n  lämnade orörda %22lld\n"
			   "  misslyckade %25lld\n", done->removed, done->exported, done->quarantined, done->unlinked,
			   done->waiting, done->left, done->failed);
}
