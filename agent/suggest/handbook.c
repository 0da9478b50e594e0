/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handbook.c - a dokumenthanteringsplan as CSV, into drafts of series; what cannot be told is said, with its line. */
#include "suggest_p.h"
#include "behov/csv.h"
#include "behov/frist.h"
#include "behov/text.h"

#include <string.h>

#define TEXT_MOST (64u << 20)

struct heads { int what, code, frist, note; bool plain; };

static bool
begins(struct arena *mem, const char *head, const char *const *words)
{
	const char *low = text_fold(mem, head);

	for (; *words; words++)
		if (strncmp(low, *words, strlen(*words)) == 0)
			return true;
	return false;
}

/* The columns by what they are called; the first that fits. */
static void
find_heads(struct arena *mem, const struct csv_row *head, struct heads *out)
{
	static const char *const what[] = { "handlingstyp", "handlingsslag", "handling", "typ av handling", NULL };
	static const char *const code[] = { "klassificering", "klass", "kod", "diarieplan", "process", "punktnotation", NULL };
	static const char *const frist[] = { "bevaras/gallras", "bevara/gallra", "bevarande/gallring", "gallringsfrist", "gallras", "gallring",
					     "frist", NULL };
	static const char *const plain[] = { "gallringsfrist", "gallras efter", NULL };
	static const char *const note[] = { "anm", "kommentar", "notering", NULL };

	*out = (struct heads){ -1, -1, -1, -1, false };
	for (int i = head->count; i-- > 0;) {
		if (begins(mem, head->cells[i], what))
			out->what = i;
		if (begins(mem, head->cells[i], code))
			out->code = i;
		if (begins(mem, head->cells[i], frist)) {
			out->frist = i;
			out->plain = begins(mem, head->cells[i], plain);
		}
		if (begins(mem, head->cells[i], note))
			out->note = i;
	}
}

/* "Ej antagna anbud" -> "ej-antagna-anbud"; a number behind keeps those apart that come out the same. */
static const char *
id_of(struct arena *mem, const char *name, int line)
{
	const char *bare = text_bare(mem, text_fold(mem, name));
	char *id = arena_take(mem, strlen(bare) + 1);
	size_t len = 0;

	for (; *bare && len < 40; bare++) {
		bool plain = (*bare >= 'a' && *bare <= 'z') || (*bare >= '0' && *bare <= '9');

		if (plain)
			id[len++] = *bare;
		else if (len && id[len - 1] != '-')
			id[len++] = '-';
	}
	while (len && id[len - 1] == '-')
		len--;
	return arena_print(mem, "%.*s%srad-%d", (int)len, id, len ? "-" : "", line);
}

static void
add_period(struct text *t, struct period p)
{
	static const char *const units[] = { "days", "months", "years" };

	text_print(t, "%d %s", p.count, units[p.unit]);
}

static void
add_series(struct arena *mem, struct text *t, const struct heads *h, const struct csv_row *row, const struct frist *f)
{
	static const char *const actions[] = { "destroy", "preserve", "deliver" };
	static const char *const clocks[] = { [CLOCK_MODIFIED] = "modified", [CLOCK_EVENT] = "event" };
	static const char *const froms[] = { "year-end", "month-end", "day", "fiscal-year-end" };
	const char *id = id_of(mem, row->cells[h->what], row->line);

	draft_comment(mem, t, arena_print(mem, "rad %d: %s%s%s", row->line, row->cells[h->frist], h->note >= 0 && *row->cells[h->note] ?
					  " – " : "", h->note >= 0 ? row->cells[h->note] : ""));
	text_print(t, "series = {\n\tid = \"%s\";  name = ", id);
	draft_string(t, row->cells[h->what]);
	if (h->code >= 0 && *row->cells[h->code]) {
		text_add(t, ";  code = ");
		draft_string(t, row->cells[h->code]);
	}
	text_print(t, ";\n\taction = \"%s\";", actions[f->action]);
	if (f->action != ACTION_PRESERVE) {
		/* Which list of cases is not ours to know: until it is written, nothing is due that nobody has said is closed. */
		bool listed = f->clock == CLOCK_CASE_CLOSED;

		text_add(t, "  keep = \"");
		add_period(t, f->keep);
		text_print(t, "\";  clock = \"%s\";  count-from = \"%s\";", listed ? "event" : clocks[f->clock], froms[f->count_from]);
		if (listed)
			text_add(t, "\n\t# räknas från avslutat ärende: skriv clock = \"case-closed\", cases = ... och {case} i path");
		else if (f->clock == CLOCK_MODIFIED)
			text_add(t, "\n\t# planen säger inte vilken dag tiden räknas från: här är det när filen ändrades senast");
	}
	text_print(t, "\n\t# skriv var de ligger, vem som äger dem, och beslutet: decision = { dnr; date; body }\n"
		   "\twhere = { share = \"*\";  path = \"SKRIV-VAR/%s/**\"; };\n};\n", id);
}

char *
suggest_handbook(struct arena *mem, const char *name, const char *bytes, size_t len, long long *refused, struct error *err)
{
	struct heads h;
	struct csv csv;
	struct text t;
	char *out;

	*refused = 0;
	if (csv_read(mem, name, bytes, len, &csv, err) < 0)
		return NULL;
	if (csv.rows.count)
		find_heads(mem, &csv.rows.items[0], &h);
	if (!csv.rows.count || h.what < 0 || h.frist < 0) {
		error_set(err, ERROR_SOURCE, "'%s' has no column for the %s: call it '%s'", name, csv.rows.count && h.what >= 0 ? "time" : "kind of records",
			  csv.rows.count && h.what >= 0 ? "Gallringsfrist" : "Handlingstyp");
		return NULL;
	}
	text_open(&t, TEXT_MOST);
	draft_comment(mem, &t, "Utkast ur en dokumenthanteringsplan. Ingenting gallras förrän var och en har fått en plats och ett beslut.");
	for (size_t i = 1; i < csv.rows.count; i++) {
		const struct csv_row *row = &csv.rows.items[i];
		struct frist f;
		const char *why;

		if (!*row->cells[h.what])
			continue;
		why = frist_read(mem, row->cells[h.frist], h.plain, &f);
		if (!why) {
			add_series(mem, &t, &h, row, &f);
			continue;
		}
		++*refused;
		draft_comment(mem, &t, arena_print(mem, "rad %d: %s: \"%s\": %s", row->line, row->cells[h.what], row->cells[h.frist], why));
	}
	out = arena_text(mem, t.data);
	text_close(&t);
	return out;
}
