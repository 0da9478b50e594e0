/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin-work.c - /status/arbete: who has not answered yet, the one whose oldest question is oldest first; and what they were asked. */
#include "admin_p.h"

#define NOBODY "-"                      /* in a link: those that nobody can answer */

/* One who is asked, and what they have not answered: indices into the open ones. */
struct asked_one {
	const char *key, *display;
	LIST(size_t) waiting;
	LIST(const char *) about;       /* systems and series by name, each once, in order */
	int64_t oldest;
};
struct asked_all { LIST(struct asked_one) list; };

static const char *
thing_name(const struct rules *rules, const struct proposal *p)
{
	const struct system *system = rules_system(rules, p->system);
	const struct series *series = rules_series(rules, p->series);

	if (p->series)
		return series && series->name ? series->name : p->series;
	return system && system->name ? system->name : p->system ? p->system : "";
}

static void
note(struct request *r, struct asked_all *all, const char *key, const char *display, const struct stored *s, size_t at)
{
	const char *name = thing_name(r->server->rules, &s->p);
	struct asked_one *one = NULL;

	for (size_t i = 0; i < all->list.count && !one; i++)
		if (strcmp(all->list.items[i].key, key) == 0)
			one = &all->list.items[i];
	if (!one) {
		one = arena_push(r->mem, &all->list);
		*one = (struct asked_one){ .key = key, .display = display, .oldest = s->opened };
	}
	*arena_push(r->mem, &one->waiting) = at;
	if (s->opened < one->oldest)
		one->oldest = s->opened;
	for (size_t i = 0; i < one->about.count; i++)
		if (strcmp(one->about.items[i], name) == 0)
			return;
	*arena_push(r->mem, &one->about) = name;
	for (size_t i = one->about.count - 1; i > 0 && strcmp(one->about.items[i - 1], name) > 0; i--) {
		one->about.items[i] = one->about.items[i - 1];
		one->about.items[i - 1] = name;
	}
}

static int
by_oldest(const void *a, const void *b)
{
	const struct asked_one *x = a, *y = b;

	if (x->oldest != y->oldest)
		return x->oldest < y->oldest ? -1 : 1;
	return strcmp(x->key, y->key);
}

static int
read_asked(struct request *r, const struct stored_list *open, struct asked_all *all, struct error *err)
{
	for (size_t i = 0; i < open->list.count; i++) {
		const struct stored *s = &open->list.items[i];
		struct decisions given = { 0 };

		if (!s->p.approvers.count)
			note(r, all, NOBODY, say(r, "Ingen kan svara"), s, i);
		else if (store_decisions(r->mem, r->server->store, s->id, INT64_MIN, &given, err) < 0)
			return -1;
		for (size_t k = 0; k < s->p.approvers.count; k++) {
			const struct approver *a = &s->p.approvers.items[k];
			bool again = k && strcmp(a->key, a[-1].key) == 0;       /* in another seat of theirs */
			if (!again && seats_wait_for(&given, s, a->key))
				note(r, all, a->key, a->display ? a->display : a->name, s, i);
		}
	}
	if (all->list.count)
		qsort(all->list.items, all->list.count, sizeof(*all->list.items), by_oldest);
	return 0;
}

/* ------------------------------------------------------------------ the pages */

/* The key of an account in a link: a GUID, a SID or a DN. */
static const char *
escaped(struct arena *mem, const char *key)
{
	struct text out;
	const char *text;

	text_open(&out, 4096);
	for (const unsigned char *c = (const unsigned char *)key; *c; c++) {
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-')
			text_char(&out, (char)*c);
		else
			text_print(&out, "%%%02X", *c);
	}
	text = arena_text(mem, out.data);
	text_close(&out);
	return text;
}

static int
page_owners(struct request *r, const struct asked_all *all, struct error *err)
{
	json_t *data = admin_page(r, N_("Öppet arbete"), "arbete"), *list = json_array();
	struct admin_rows rows = admin_pager(r, data, "/status/arbete", "", all->list.count);

	for (size_t i = rows.from; i < rows.to; i++) {
		const struct asked_one *one = &all->list.items[i];
		const char *about = "";
		json_t *row = json_object();

		for (size_t k = 0; k < one->about.count && k < 5; k++)
			about = arena_print(r->mem, "%s%s%s", about, k ? ", " : "", one->about.items[k]);
		if (one->about.count > 5)
			about = arena_print(r->mem, say(r, "%s och %zu till"), about, one->about.count - 5);
		rows_put(row, "name", one->display);
		json_put(row, "link", arena_print(r->mem, "/status/arbete?vem=%s", escaped(r->mem, one->key)));
		admin_count(r, row, "count", (long long)one->waiting.count);
		rows_put(row, "about", about);
		admin_age(r, row, one->oldest);
		json_object_set_new(row, "nobody", json_boolean(strcmp(one->key, NOBODY) == 0));
		json_array_append_new(list, row);
	}
	json_object_set_new(data, "some", json_boolean(all->list.count > 0));
	json_object_set_new(data, "rows", list);
	return page_render(r, 200, "admin-work.html", data, err);
}

static int
page_items(struct request *r, const struct asked_one *one, const struct stored_list *open, struct error *err)
{
	json_t *data = admin_page(r, arena_print(r->mem, say(r, "Väntar på svar: %s"), one->display), "arbete"), *list = json_array();
	struct admin_rows rows = admin_pager(r, data, "/status/arbete", arena_print(r->mem, "vem=%s&", escaped(r->mem, one->key)),
					     one->waiting.count);

	for (size_t i = rows.from; i < rows.to; i++) {
		const struct stored *s = &open->list.items[one->waiting.items[i]];
		json_t *row = json_object();

		rows_put(row, "name", admin_may_name(s->p.konfidentialitet) ? rows_name(r, &s->p) : say(r, ADMIN_UNNAMED));
		rows_put(row, "about", thing_name(r->server->rules, &s->p));
		rows_put(row, "id", s->id);
		rows_put(row, "opened", day_text(r->mem, clock_day(s->opened)));
		admin_age(r, row, s->opened);
		json_array_append_new(list, row);
	}
	json_object_set_new(data, "rows", list);
	return page_render(r, 200, "admin-items.html", data, err);
}

static int
by_opened(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	if (x->opened != y->opened)
		return x->opened < y->opened ? -1 : 1;
	return strcmp(x->id, y->id);
}

int
admin_work(struct request *r, struct error *err)
{
	const struct proposal_filter asked = { .states = STATES_ANSWERABLE };
	const char *who = admin_argument(r, "vem");
	const struct asked_one *one = NULL;
	struct stored_list open = { 0 };
	struct asked_all all = { 0 };
	int rc = -1;

	if (store_proposals(r->mem, r->server->store, &asked, &open, err) < 0)
		return -1;
	if (open.list.count)
		qsort(open.list.items, open.list.count, sizeof(*open.list.items), by_opened);
	if (read_asked(r, &open, &all, err) < 0)
		goto out;
	for (size_t i = 0; who && i < all.list.count; i++)
		if (strcmp(all.list.items[i].key, who) == 0)
			one = &all.list.items[i];
	rc = one ? page_items(r, one, &open, err) : page_owners(r, &all, err);
out:
	stored_free(&open);
	return rc;
}
