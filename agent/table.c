/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - what a plan, a night and an apply came to, as tables for people. */
#include "run_p.h"
#include <behov/measure.h>
#include <behov/text.h>

/* "  label      1 234": numbers in one column, though å, ä and ö are two bytes each. */
static void row(struct text *t, struct arena *mem, const char *label, long long n)
{
	int width = 0;

	for (const char *p = label; *p; p++)
		width += ((unsigned char)*p & 0xc0) != 0x80;
	text_print(t, "  %s%*s", label, width < 36 ? 36 - width : 1, "");
	label = text_count(mem, n);
	for (width = 0; *label; label++)
		width += ((unsigned char)*label & 0xc0) != 0x80;
	text_print(t, "%*s%s\n", width < 9 ? 9 - width : 0, "", text_count(mem, n));
}

static void count_kind(struct text *t, struct arena *mem, const struct plan *plan, enum kind kind, const char *word)
{
	long long count = 0, files = 0, bytes = 0;

	for (size_t i = 0; i < plan->proposals.count; i++) {
		const struct proposal *p = &plan->proposals.items[i];

		if (p->kind != kind)
			continue;
		count++;
		files += p->files;
		bytes = sizes_add(bytes, (uint64_t)p->bytes);
	}
	row(t, mem, word, count);
	if (files)
		text_print(t, "    %s, %s\n", text_many(mem, files, "fil", "filer"), text_size(mem, bytes));
}

/* One line is one line, whatever the names in it hold: nobody writes a finding of their own into the answer. */
static void end_line(struct text *t, size_t from)
{
	text_plain(t->data + from);
	t->len = from + strlen(t->data + from);
	text_char(t, '\n');
}

static void table_lists(struct text *t, struct arena *mem, const struct plan *plan)
{
	for (size_t i = 0; i < plan->brakes.count; i++) {
		const struct brake *b = &plan->brakes.items[i];
		size_t from = t->len;

		if (!b->stands)
			text_print(t, "  broms: %s (%lld av %lld)", b->scope, b->opened, b->of);
		else
			text_print(t, "  broms som står: %s", measure_brake_text(mem, b->scope, b->stands, b->opened));
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
		const char *where = f->series ? f->series : f->share ? f->share : f->system;
		size_t from = t->len;

		text_print(t, "  iakttagelse: %s%s%s: %s", f->kind, where ? " " : "", where ? where : "", f->text);
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
	text_add(t, "\nDessutom\n");
	row(t, mem, "behöver men saknar behörighet", (long long)plan->missing.count);
	row(t, mem, "behörigheter i konflikt", (long long)plan->conflicts.count);
	row(t, mem, "kan inte kapas rent", (long long)plan->structural.count);
	row(t, mem, "filer utan gallringsbeslut", plan->filed.ungoverned);
	row(t, mem, "filer under gallringsstopp", plan->filed.held);
	row(t, mem, "iakttagelser", (long long)plan->findings.count);
	row(t, mem, "luckor", (long long)plan->gaps.count);
	text_char(t, '\n');
	table_lists(t, mem, plan);
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

static void compare_rows(struct text *t, const json_t *difference, const char *key, char sign)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(difference, key), i, one) {
		size_t from = t->len;

		text_print(t, "  %c %s (%s)", sign, json_string_value(json_object_get(one, "why")),
			   json_string_value(json_object_get(one, "rule")));
		end_line(t, from);
	}
}

char *run_compare_table(struct arena *mem, const json_t *difference)
{
	static const char *const rows[][2] = { { "opened", "nya förslag" }, { "withdrawn", "förslag som försvinner" },
		{ "changed", "förslag efter ändrade ord" }, { "missing", "fler behöver men saknar behörighet" },
		{ "not_missing", "saknar den inte längre" } };
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	text_print(&t, "Med reglerna i %s i stället för dem som gäller (inget är ändrat)\n",
		   json_string_value(json_object_get(difference, "rules")));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row(&t, mem, rows[i][1], (long long)json_array_size(json_object_get(difference, rows[i][0])));
	text_char(&t, '\n');
	compare_rows(&t, difference, "opened", '+');
	compare_rows(&t, difference, "withdrawn", '-');
	compare_rows(&t, difference, "changed", '~');
	if (!json_is_true(json_object_get(difference, "complete")))
		text_add(&t, "  lucka: något kunde inte läsas; behov plan säger vad\n");
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

static void decided_rows(struct text *t, struct arena *mem, const struct night_result *night)
{
	const struct take_result *d = &night->decided;

	if (!d->taken && !d->refused)
		return;
	text_add(t, "\nSvar sedan förra natten\n");
	row(t, mem, "godkända", d->approved);
	row(t, mem, "behålls", d->kept);
	row(t, mem, "ångrade", d->undone);
	row(t, mem, "gällde inte", d->refused);
}

char *run_night_table(struct arena *mem, const struct night_result *night)
{
	const struct propose_result *p = &night->proposed;
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	text_add(&t, "Natten\n");
	table_plan(&t, mem, &night->plan);
	decided_rows(&t, mem, night);
	text_add(&t, "\nJämfört med förra natten\n");
	row(&t, mem, "nya förslag", p->opened);
	row(&t, mem, "som förut", p->same);
	row(&t, mem, "ändrade", p->changed);
	row(&t, mem, "återtagna", p->withdrawn);
	row(&t, mem, "orörda, för att något inte syns", p->held);
	row(&t, mem, "frågas igen, godkännaren har slutat", p->undone);
	row(&t, mem, "väntar på att en broms släpps", night->braked);
	row(&t, mem, "väntar på sin tur", night->queued);
	text_add(&t, "\nBrev\n");
	row(&t, mem, "skrivna i natt", night->letters);
	row(&t, mem, "skickade", night->sent);
	row(&t, mem, "kunde inte skickas", night->unsent);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

char *run_apply_table(struct arena *mem, const struct apply_result *done)
{
	struct text t;
	char *out;

	text_open(&t, 4096);
	text_add(&t, "Verkställt\n");
	row(&t, mem, "medlemskap borttagna", done->removed);
	row(&t, mem, "till arbetslista eller LDIF", done->exported);
	row(&t, mem, "paket för e-arkiv", done->packaged);
	row(&t, mem, "filer i karantän", done->quarantined);
	row(&t, mem, "filer gallrade", done->unlinked);
	row(&t, mem, "väntar", done->waiting);
	row(&t, mem, "väntar på nästa körning (broms)", done->braked);
	row(&t, mem, "lämnade orörda", done->left);
	row(&t, mem, "misslyckade", done->failed);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}
