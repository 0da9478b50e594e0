/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin-nights.c - /status/natter: the last sixty nights, as plots and as a table; and what one night saw.
 */
#include "admin_p.h"

#include <behov/certificate.h>

#include <math.h>

#define NIGHTS 60
#define LOOK_BACK ((int64_t)120 * 86400)        /* seconds */

struct night_row {
	const struct night *night;
	long long open, decided, milliseconds, gaps;    /* -1 = not known */
};
struct night_rows { LIST(struct night_row) list; };

static struct night_row
read_row(const struct night *n)
{
	struct night_row row = { n, -1, -1, -1, -1 };
	json_t *summary = NULL;
	const json_t *work;

	if (!n->summary || json_read(n->summary, strlen(n->summary), &summary, NULL) < 0)
		return row;
	work = json_object_get(summary, "work");
	row.open = json_number(work, "open", -1);
	row.decided = json_number(work, "decided", -1);
	row.milliseconds = json_number(work, "milliseconds", -1);
	row.gaps = json_number(work, "gaps", -1);
	json_decref(summary);
	return row;
}

static int
read_rows(struct request *r, struct night_rows *out, struct error *err)
{
	struct nights all = { 0 };
	size_t first;

	if (store_nights(r->mem, r->server->store, "run", r->now - LOOK_BACK, r->now + 1, &all, err) < 0)
		return -1;
	first = all.list.count > NIGHTS ? all.list.count - NIGHTS : 0;
	for (size_t i = first; i < all.list.count; i++)
		*arena_push(r->mem, &out->list) = read_row(&all.list.items[i]);
	return 0;
}

static const char *
state_word_of(const struct night *n)
{
	if (strcmp(n->state, "published") == 0)
		return n->complete ? N_("Fullständig") : N_("Med luckor");
	return strcmp(n->state, "running") == 0 ? N_("Pågår") : strcmp(n->state, "failed") == 0 ? N_("Misslyckades") : N_("Avbröts");
}

/* "40 ms", "1,2 s", "14 min", "2 h 05 min" */
static const char *
took(struct arena *mem, long long ms)
{
	if (ms < 0)
		return "";
	if (ms < 1000)
		return arena_print(mem, "%lld ms", ms);
	if (ms < 60000)
		return arena_print(mem, "%lld,%lld s", ms / 1000, ms % 1000 / 100);
	if (ms < 3600000)
		return arena_print(mem, N_("%lld min"), ms / 60000);
	return arena_print(mem, N_("%lld h %02lld min"), ms / 3600000, ms % 3600000 / 60000);
}

/* ------------------------------------------------------------------ plots */

struct kind_of_plot {
	const char *id, *title;
	long long (*value)(const struct night_row *row);
	const char *(*word)(struct arena *mem, long long value);
};

static long long open_of(const struct night_row *row) { return row->open; }
static long long decided_of(const struct night_row *row) { return row->decided; }
static long long took_of(const struct night_row *row) { return row->milliseconds; }
static const char *count_word(struct arena *mem, long long value) { return value < 0 ? "" : text_count(mem, value); }

static const char *
word_of(struct request *r, const void *self, double value)
{
	const struct kind_of_plot *kind = self;

	return kind->word(r->mem, (long long)value);
}

static json_t *
plot_json(struct request *r, const struct kind_of_plot *kind, const struct night_rows *rows)
{
	struct admin_point *points = arena_array(r->mem, struct admin_point, rows->list.count + 1);

	for (size_t i = 0; i < rows->list.count; i++) {
		const struct night_row *row = &rows->list.items[i];
		long long value = kind->value(row);

		points[i] = (struct admin_point){ row->night->started, value < 0 ? NAN : (double)value, row->night->complete };
	}
	return admin_plot(r, &(struct admin_plot){ .id = kind->id, .title = say(r, kind->title), .points = points, .count = rows->list.count,
						   .target = NAN, .word = word_of, .self = kind });
}

/* ------------------------------------------------------------------ the pages */

static json_t *
row_json(struct request *r, const struct night_row *row)
{
	const struct night *n = row->night;
	json_t *o = json_object();

	json_put(o, "at", clock_local(r->mem, n->started));
	json_put(o, "link", arena_print(r->mem, "/status/natt?nr=%lld", n->id));
	json_put(o, "state", say(r, state_word_of(n)));
	json_object_set_new(o, "good", json_boolean(n->complete));
	json_put(o, "open", count_word(r->mem, row->open));
	json_put(o, "decided", count_word(r->mem, row->decided));
	json_put(o, "gaps", count_word(r->mem, row->gaps));
	json_put(o, "took", took(r->mem, row->milliseconds));
	return o;
}

int
admin_nights(struct request *r, struct error *err)
{
	static const struct kind_of_plot plots[] = { { "oppna", N_("Öppna förslag"), open_of, count_word }, { "beslut", N_("Beslut sedan natten före"), decided_of, count_word },
					     { "tid", N_("Hur länge natten tog"), took_of, took } };
	json_t *data = admin_page(r, N_("Nätter"), "natter"), *list = json_array(), *drawn = json_array();
	struct night_rows rows = { 0 };
	struct admin_rows shown;

	json_object_set_new(data, "plots", drawn);
	json_object_set_new(data, "rows", list);
	if (read_rows(r, &rows, err) < 0) {
		json_decref(data);
		return -1;
	}
	shown = admin_pager(r, data, "/status/natter", "", rows.list.count);
	for (size_t i = 0; i < sizeof(plots) / sizeof(*plots); i++)
		json_array_append_new(drawn, plot_json(r, &plots[i], &rows));
	for (size_t i = shown.from; i < shown.to; i++)  /* the last one first */
		json_array_append_new(list, row_json(r, &rows.list.items[rows.list.count - 1 - i]));
	json_object_set_new(data, "some", json_boolean(rows.list.count > 0));
	return page_render(r, 200, "admin-nights.html", data, err);
}

static void
put_number(struct request *r, json_t *list, const char *word, const json_t *from, const char *key)
{
	json_t *o;

	if (!json_is_integer(json_object_get(from, key)))
		return;
	o = json_object();
	json_put(o, "word", say(r, word));
	admin_count(r, o, "count", json_number(from, key, 0));
	json_array_append_new(list, o);
}

static json_t *
numbers(struct request *r, const char *text)
{
	json_t *list = json_array(), *summary = NULL;
	const json_t *access, *files;

	if (!text || json_read(text, strlen(text), &summary, NULL) < 0)
		return list;
	access = json_object_get(summary, "access");
	files = json_object_get(summary, "files");
	put_number(r, list, N_("Personer"), access, "people");
	put_number(r, list, N_("Grupper"), access, "groups");
	put_number(r, list, N_("Medlemskap"), access, "memberships");
	put_number(r, list, N_("Rader från personalregistret"), access, "hr_rows");
	put_number(r, list, N_("Filer"), files, "files");
	put_number(r, list, N_("Mappar"), files, "folders");
	put_number(r, list, N_("Filer utan gallringsbeslut"), files, "ungoverned");
	put_number(r, list, N_("Filer under gallringsstopp"), files, "held");
	put_number(r, list, N_("Filer som får gallras"), files, "due");
	put_number(r, list, N_("Saknar behörighet de behöver"), summary, "missing");
	put_number(r, list, N_("Behörigheter som strider mot varandra"), summary, "conflicts");
	json_decref(summary);
	return list;
}

/* The completeness certificate: what was asked, what came, what could not be seen. */
static int
page_night(struct request *r, const struct night *n, struct error *err)
{
	json_t *data = admin_page(r, arena_print(r->mem, say(r, "Natten %s"), clock_local(r->mem, n->started)), "natter");
	json_t *sources = certificate_rows(r->mem, n->summary);
	struct night_row row = read_row(n);

	json_put(data, "state", say(r, state_word_of(n)));
	json_object_set_new(data, "good", json_boolean(n->complete));
	json_put(data, "gaps", row.gaps > 0 ? count_word(r->mem, row.gaps) : NULL);
	json_put(data, "took", row.milliseconds < 0 ? NULL : took(r->mem, row.milliseconds));
	rows_put(data, "rules", n->rules);
	rows_put(data, "digest", certificate_digest(r->mem, n->summary));
	json_object_set_new(data, "numbers", numbers(r, n->summary));
	json_object_set_new(data, "some_sources", json_boolean(json_array_size(sources) > 0));
	json_object_set_new(data, "sources", sources);
	return page_render(r, 200, "admin-night.html", data, err);
}

int
admin_night(struct request *r, struct error *err)
{
	const char *number = admin_argument(r, "nr");
	struct nights all = { 0 };

	if (store_nights(r->mem, r->server->store, "run", r->now - LOOK_BACK, r->now + 1, &all, err) < 0)
		return -1;
	for (size_t i = 0; number && i < all.list.count; i++)
		if (strcmp(arena_print(r->mem, "%lld", all.list.items[i].id), number) == 0)
			return page_night(r, &all.list.items[i], err);
	return page_notice(r, 404, N_("Natten finns inte"), N_("Här visas nätter från de senaste fyra månaderna."), err);
}
