/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retention.c - what lies on a share, and drafts of series that fit it, as a rules file that a person reads first. */
#include "survey_p.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MOST (64u << 20)
#define GAPS_MOST 20
#define LINES_MOST 100                  /* folders in the list */
#define TOP_MOST 60
#define BELOW_MOST 12
#define SERIES_MOST 5                   /* that govern one folder, told by name */
#define TYPES_MOST 4
#define PRECIOUS_MOST 20                /* folders */

struct page {
	struct survey *survey;
	struct arena *mem;
	struct text t;
	int lines;
};

static void
line(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
line(struct page *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	draft_comment(p->mem, &p->t, arena_vprint(p->mem, format, args));
	va_end(args);
}

static void
head(struct page *p, const char *title)
{
	text_add(&p->t, "#\n");
	line(p, "%s", title);
}

static const char *
files(struct page *p, long long n)
{
	return arena_print(p->mem, "%s fil%s", text_count(p->mem, n), n == 1 ? "" : "er");
}

static const char *
folders(struct page *p, long long n)
{
	return arena_print(p->mem, "%s mapp%s", text_count(p->mem, n), n == 1 ? "" : "ar");
}

static int
percent(long long part, long long all)
{
	return all ? (int)((200.0 * (double)part / (double)all + 1) / 2) : 0;
}

/* ------------------------------------------------------------------ which folders are listed */

static int
by_files(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;

	return x->all.files != y->all.files ? x->all.files < y->all.files ? 1 : -1 : x->number - y->number;
}

/* The largest below a folder that is listed itself, down to `least` files. */
static void
open_node(struct page *p, struct node *n, int most, long long least)
{
	struct node **list = arena_array(p->mem, struct node *, (size_t)n->children + 1);
	size_t count = 0;

	n->opened = true;
	for (struct node *c = n->first; c; c = c->next)
		list[count++] = c;
	if (count > 1)
		qsort(list, count, sizeof(*list), by_files);
	for (size_t i = 0; i < count && (int)i < most && list[i]->all.files >= least && p->lines < LINES_MOST; i++) {
		list[i]->listed = true;
		p->lines++;
	}
}

static void
find_largest(struct node *n, struct node **best)
{
	if (!n->listed && n->parent)
		return;
	if (!n->opened && n->first && (!*best || n->all.files > (*best)->all.files))
		*best = n;
	for (struct node *c = n->first; c; c = c->next)
		find_largest(c, best);
}

/* As deep as tells something: what is largest is opened first, until the list is full or what is left is small. */
static void
choose(struct page *p)
{
	struct node *root = p->survey->root, *best;
	long long small = root->all.files / 100 + 1;

	open_node(p, root, TOP_MOST, 0);
	for (;;) {
		best = NULL;
		find_largest(root, &best);
		if (!best || p->lines >= LINES_MOST || best->all.files < small)
			return;
		open_node(p, best, BELOW_MOST, best->all.files / 20 + 1);
	}
}

/* ------------------------------------------------------------------ one folder in words */

static const char *
years(struct page *p, const struct sums *s)
{
	if (!s->oldest)
		return "";
	return s->oldest == s->newest ? arena_print(p->mem, ", ändrade %d", s->oldest) :
					arena_print(p->mem, ", ändrade %d–%d", s->oldest, s->newest);
}

static const char *
ages(struct page *p, const struct sums *s)
{
	static const char *const band[BANDS] = { "högst 1 år", "1–2 år", "2–5 år", "5–10 år", "över 10 år" };
	const char *out = "";

	for (int i = 0; i < BANDS; i++)
		if (s->bands[i])
			out = arena_print(p->mem, "%s%s%d %% %s", out, *out ? ", " : "", percent(s->bands[i], s->files), band[i]);
	return out;
}

static const char *
types(struct page *p, const struct sums *s)
{
	const char *out = "";
	bool told[TYPES] = { false };

	for (int n = 0; n < TYPES_MOST; n++) {
		int best = -1;

		for (int i = 0; i < TYPES; i++)
			if (!told[i] && s->types[i] && (best < 0 || s->types[i] > s->types[best]))
				best = i;
		if (best < 0)
			break;
		told[best] = true;
		out = arena_print(p->mem, "%s%s%s %d %%", out, *out ? ", " : "", types_shown[best], percent(s->types[best], s->files));
	}
	return out;
}

static const char *
governed(struct page *p, const struct node *n)
{
	const char *out = "";
	int count = 0;

	for (const struct under *u = n->under_all; u; u = u->next) {
		if (count++ == SERIES_MOST) {
			out = arena_print(p->mem, "%s, och flera", out);
			break;
		}
		out = arena_print(p->mem, "%s%s%s%s (%s)", out, *out ? ", " : "", u->series->id,
				  u->series->decided || u->series->action == ACTION_PRESERVE ? "" : ", utan beslut", files(p, u->files));
	}
	return out;
}

static void
tell_node(struct page *p, const struct node *n)
{
	const struct sums *s = &n->all;

	line(p, "  %s%s", node_path(p->mem, n, true), n->folders > 1 ? arena_print(p->mem, "   [%s]", folders(p, n->folders)) : "");
	line(p, "      %s, %s%s", files(p, s->files), text_size(p->mem, s->bytes), years(p, s));
	if (!s->files)
		return;
	line(p, "      ålder: %s", ages(p, s));
	line(p, "      slag: %s", types(p, s));
	if (n->under_all)
		line(p, "      omfattas av: %s", governed(p, n));
	line(p, "      omfattas inte av någon serie: %s", files(p, s->ungoverned));
}

static void
tell_nodes(struct page *p, const struct node *n)
{
	long long count = 0, rest = 0;
	bool same = false;

	for (const struct node *c = n->first; c; c = c->next)
		same |= c->listed && c->all.files == n->all.files;
	if (n->parent && !same)         /* else the one below it says it all */
		tell_node(p, n);
	for (const struct node *c = n->first; c; c = c->next) {
		if (c->listed) {
			tell_nodes(p, c);
			continue;
		}
		count += n->opened;
		rest += n->opened ? c->all.files : 0;
	}
	if (count)
		line(p, "  %s%soch %s till: %s", node_path(p->mem, n, true), n->parent ? "/ " : "", folders(p, count), files(p, rest));
}

/* ------------------------------------------------------------------ the parts of the page */

static void
tell_start(struct page *p, bool visited, const struct gap *gaps, size_t count)
{
	const struct survey_input *in = &p->survey->input;

	line(p, "Filytan %s (%s), den %s: vad som ligger där, och utkast till serier som kan passa.", in->share->name, in->share->id,
	     day_text(p->mem, p->survey->today));
	line(p, "Ingenting gallras av detta. Ingen serie här har ett beslut, och att en mapp heter som ett utkast bevisar inte vad som ligger i den.");
	line(p, "Läs, stryk det som inte stämmer, lägg resten i rules/retention/ och pröva: behov check, behov explain SÖKVÄG, behov plan.");
	if (!visited)
		line(p, "LUCKA: filytan kunde inte läsas alls.");
	if (count)
		head(p, arena_print(p->mem, "Luckor: %s gick inte att läsa, och det som finns där är inte med.", text_count(p->mem, (long long)count)));
	for (size_t i = 0; i < count && i < GAPS_MOST; i++)
		line(p, "  %s: %s", gaps[i].path && *gaps[i].path ? gaps[i].path : "/", gaps[i].text);
	if (count > GAPS_MOST)
		line(p, "  och %zu till", count - GAPS_MOST);
	if (in->drafts_missing)
		line(p, "Utkast att jämföra med saknas: mappen rules/library finns inte.");
	if (in->drafts_broken)
		line(p, "LUCKA: utkast i rules/library kunde inte läsas (se loggen), och är inte med i jämförelsen.");
}

static void
tell_found(struct page *p)
{
	struct survey *s = p->survey;
	const struct sums *all = &s->root->all;

	head(p, arena_print(p->mem, "Vad som ligger här: %s i %s, %s%s.", files(p, all->files), folders(p, s->folders),
			    text_size(p->mem, all->bytes), years(p, all)));
	if (s->wild)
		line(p, "  %s har en ändringstid som inte kan stämma.", files(p, s->wild));
	if (s->depth_most < 12)
		line(p, "  Så många mappar är olika att de som ligger djupare än %d nivåer räknas där de ligger.", s->depth_most);
	line(p, "  {year}, {date} och {case} är mappar som heter ett årtal, ett datum, ett ärende; * är vilka som helst.");
	if (s->root->own.files)
		line(p, "  Direkt i roten: %s.", files(p, s->root->own.files));
	choose(p);
	tell_nodes(p, s->root);
}

static void
tell_shapes(struct page *p)
{
	static const char *const what[SHAPES] = { "årtal ({year})", "datum ({date})", "ärendenummer ({case})", "bara siffror",
						  "något som liknar ett personnummer (visas inte)" };
	const struct survey *s = p->survey;

	head(p, "Hur mappar och filer heter:");
	for (int i = 0; i < SHAPES; i++)
		if (s->shapes[i].folders || s->shapes[i].files)
			line(p, "  %s: %s, %s%s%s", what[i], folders(p, s->shapes[i].folders), files(p, s->shapes[i].files),
			     s->shapes[i].example ? ", t.ex. " : "", s->shapes[i].example ? name_show(p->mem, s->shapes[i].example) : "");
}

static void
tell_governed(struct page *p)
{
	const struct node *root = p->survey->root;

	head(p, "Vad som redan omfattas av en serie:");
	for (const struct under *u = root->under_all; u; u = u->next)
		line(p, "  %s (%s)%s: %s", u->series->id, u->series->name,
		     u->series->decided || u->series->action == ACTION_PRESERVE ? "" : ", ett utkast utan beslut", files(p, u->files));
	line(p, "  ingen serie: %s (%d %%)", files(p, root->all.ungoverned), percent(root->all.ungoverned, root->all.files));
}

static const char *
said(struct page *p, unsigned bits)
{
	const char *out = "";

	for (int i = 0; i < PRECIOUS; i++)
		if (bits >> i & 1)
			out = arena_print(p->mem, "%s%s%s", out, *out ? ", " : "", precious_shown[i]);
	return out;
}

struct few { const struct node *items[PRECIOUS_MOST]; int count; long long left; };

/* Where most of them lie; of equals what comes first. */
static void
find_precious(const struct node *n, struct few *out)
{
	int at = out->count;

	for (const struct node *c = n->first; c; c = c->next)
		find_precious(c, out);
	if (!n->own.precious)
		return;
	at = out->count;
	while (at && (out->items[at - 1]->own.precious < n->own.precious ||
		      (out->items[at - 1]->own.precious == n->own.precious && out->items[at - 1]->number > n->number)))
		at--;
	if (at == PRECIOUS_MOST) {
		out->left++;
		return;
	}
	out->left += out->count == PRECIOUS_MOST;
	out->count += out->count < PRECIOUS_MOST;
	memmove(out->items + at + 1, out->items + at, (size_t)(out->count - at - 1) * sizeof(*out->items));
	out->items[at] = n;
}

static void
tell_precious(struct page *p)
{
	const struct sums *all = &p->survey->root->all;
	struct few few = { .count = 0 };

	if (!all->precious)
		return;
	find_precious(p->survey->root, &few);
	head(p, arena_print(p->mem, "VARNING: %s heter som sådant som ofta ska bevaras (%s). Gör inget förhastat med dem:", files(p, all->precious),
			    said(p, all->precious_words)));
	for (int i = 0; i < few.count; i++)
		line(p, "  %s: %s (%s)", few.items[i]->parent ? node_path(p->mem, few.items[i], true) : "/",
		     files(p, few.items[i]->own.precious), said(p, few.items[i]->own.precious_words));
	if (few.left)
		line(p, "  och %s till", folders(p, few.left));
}

static void
tell_fleeting(struct page *p)
{
	const struct survey *s = p->survey;
	long long all = 0;

	for (int i = 0; i < FLEETING; i++)
		all += s->fleeting[i];
	if (!all)
		return;
	head(p, "Kanske av tillfällig eller ringa betydelse. Om de får gallras avgör ert eget beslut; inget utkast föreslår det:");
	for (int i = 0; i < FLEETING; i++)
		if (s->fleeting[i])
			line(p, "  %s: %s, %s", fleeting_shown[i], files(p, s->fleeting[i]), text_size(p->mem, s->fleeting_bytes[i]));
}

/* ------------------------------------------------------------------ drafts */

/* An id that no series has: "avtal", "avtal-2". */
static const char *
new_id(struct page *p, const char *id, const char *const *taken, size_t count)
{
	const struct rules *rules = p->survey->input.rules;
	const char *one = id;

	for (int n = 2;; n++) {
		bool free = !rules_series(rules, one);

		for (size_t i = 0; i < count && free; i++)
			free = strcmp(taken[i], one) != 0;
		if (free)
			return one;
		one = arena_print(p->mem, "%s-%d", id, n);
	}
}

static void
tell_fit(struct page *p, const struct fit *fit, bool first)
{
	const struct sums *s = &fit->node->all;

	text_add(&p->t, "\n");
	if (first)
		line(p, "%s (%s)", node_path(p->mem, fit->node, true), files(p, s->files));
	line(p, "  %s: %s. %s", fit->draft->id, fit->score >= FIT_WELL ? "stämmer väl" : fit->score >= FIT_LIKELY ? "passar troligen" :
	     "passar kanske", fit->why);
	if (fit->draft->action == ACTION_DESTROY && s->precious)
		line(p, "  VARNING: %s här heter som sådant som ofta ska bevaras (%s).", files(p, s->precious), said(p, s->precious_words));
	if (fit->draft->action == ACTION_PRESERVE)
		line(p, "  En serie som bevarar skyddar från gallring redan som utkast.");
	if (s->ungoverned < s->files)
		line(p, "  %s här omfattas redan av en serie.", files(p, s->files - s->ungoverned));
}

static void
tell_fits(struct page *p)
{
	struct fit *list;
	const char **taken;
	size_t count, left;

	fit_find(p->survey, &list, &count, &left);
	head(p, count ? "Utkast ur rules/library som kan passa. Flera kan passa en mapp: välj, och stryk de andra." :
		"Inget utkast ur rules/library passar det som inte redan omfattas av en serie.");
	if (left)
		line(p, "%s till heter som ett utkast som redan visas för andra mappar.", folders(p, (long long)left));
	if (!count)
		return;
	taken = arena_array(p->mem, const char *, count);
	text_add(&p->t, "series = (");
	for (size_t i = 0; i < count; i++) {
		taken[i] = new_id(p, list[i].draft->id, taken, i);
		if (i)
			text_char(&p->t, ',');
		tell_fit(p, &list[i], !i || list[i].node != list[i - 1].node);
		adapt_series(p->survey, &p->t, &list[i], taken[i]);
	}
	text_add(&p->t, "\n);\n");
}

static int
by_path(const void *a, const void *b)
{
	const struct gap *x = a, *y = b;
	int path = strcmp(x->path ? x->path : "", y->path ? y->path : "");

	return path ? path : strcmp(x->text, y->text);
}

char *
suggest_retention(struct survey *s, bool visited, const struct gap *gaps, size_t count)
{
	struct page p = { .survey = s, .mem = s->mem };
	struct gap *sorted = arena_array(s->mem, struct gap, count + 1);
	char *out;

	for (size_t i = 0; i < count; i++)
		sorted[i] = gaps[i];
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_path);
	text_open(&p.t, TEXT_MOST);
	survey_sum(s);
	tell_start(&p, visited, sorted, count);
	if (visited) {
		tell_found(&p);
		tell_shapes(&p);
		tell_governed(&p);
		tell_precious(&p);
		tell_fleeting(&p);
		tell_fits(&p);
	}
	out = arena_text(s->mem, p.t.data);
	text_close(&p.t);
	return out;
}
