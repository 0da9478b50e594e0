/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paging.c - which of thousands of proposals are shown, and what was chosen on other pages.
 *
 * Going to another page posts the form, so that nothing that somebody has chosen is lost: what is about a row that is not
 * shown follows along in hidden fields, page after page, until all of it is confirmed at once.
 */
#include "decide_p.h"

#include <behov/json.h>

#include <microhttpd.h>

static bool
waits(const struct asked *a)
{
	return a->may & MAY(VERDICT_APPROVE);
}

/* What waits has its room whatever was answered already. */
static size_t
page_of(const struct asked *a, size_t waiting, size_t others)
{
	return waits(a) ? waiting / ROWS_MOST + 1 : others / OTHERS_MOST + 1;
}

static void
number_rows(struct view *view)
{
	size_t waiting = 0, others = 0;

	view->pages = 1;
	for (size_t i = 0; i < view->rows.count; i++) {
		struct asked *a = &view->rows.items[i];

		a->page = a->question ? 1 : page_of(a, waiting, others);
		if (!a->question)
			*(waits(a) ? &waiting : &others) += 1;
		if (a->page > view->pages)
			view->pages = a->page;
	}
}

/* ------------------------------------------------------------------ what was said elsewhere */

/* Is something said about it in the form?  Its version alone says nothing. */
static bool
is_said(const struct request *r, const char *id)
{
	for (const char *letter = FORM_LETTERS; *letter; letter++)
		if (*form_get(&r->form, arena_print(r->mem, "%c-%s", *letter, id)))
			return true;
	return false;
}

/* Rows of other pages than that one, which follow along. */
static size_t
carried(const struct request *r, const struct view *view, size_t page)
{
	size_t count = 0;

	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];
		count += c->on && c->on->page != page && is_said(r, c->id);
	}
	return count;
}

static void
put_field(json_t *list, const char *name, const char *value)
{
	json_t *one = json_object();

	json_put(one, "name", name);
	json_put(one, "value", value);
	json_array_append_new(list, one);
}

static json_t *
carry(struct request *r, const struct view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];

		if (!c->on || c->on->page == view->page || !is_said(r, c->id))
			continue;
		put_field(list, arena_print(r->mem, "v-%s", c->id), c->version);
		for (const char *letter = FORM_LETTERS; *letter; letter++) {
			const char *name = arena_print(r->mem, "%c-%s", *letter, c->id);

			if (*form_get(&r->form, name))
				put_field(list, name, form_get(&r->form, name));
		}
	}
	return list;
}

/* ------------------------------------------------------------------ where we are */

static size_t
number(const char *text)
{
	return text && strlen(text) <= 6 && text[strspn(text, "0123456789")] == '\0' ? (size_t)strtoul(text, NULL, 10) : 0;
}

/* The first row that must be mended, unless somebody wants to see another page. */
static size_t
wrong_page(const struct view *view)
{
	for (size_t i = 0; i < view->choices.count; i++)
		if (view->choices.items[i].problem && view->choices.items[i].on)
			return view->choices.items[i].on->page;
	return 0;
}

static size_t
wanted_page(const struct request *r, struct view *view)
{
	size_t here = number(form_get(&r->form, "pa")), next = number(form_get(&r->form, "sida")), wrong;

	if (strcmp(r->method, "POST") != 0)
		return number(MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, "sida"));
	if (next) {
		view->crowded = carried(r, view, next) > CARRY_MOST;
		return view->crowded ? here : next;
	}
	wrong = wrong_page(view);
	return wrong ? wrong : here;
}

int
paging_turn(struct request *r, struct view *view, struct error *err)
{
	number_rows(view);
	view->page = wanted_page(r, view);
	if (view->page < 1)
		view->page = 1;
	if (view->page > view->pages)
		view->page = view->pages;
	for (size_t i = 0; i < view->rows.count; i++) {
		struct asked *a = &view->rows.items[i];

		a->shown = a->page == view->page;
		if (a->shown && view_whole(r, view, a, err) < 0)
			return -1;
	}
	return 0;
}

void
paging_chosen(struct view *view)
{
	for (size_t i = 0; i < view->rows.count; i++)
		view->rows.items[i].shown = false;
	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];

		if (c->on && c->made && !c->problem)
			view->rows.items[c->on - view->rows.items].shown = true;
	}
}

void
paging_put(struct request *r, const struct view *view, json_t *data)
{
	json_t *list = carry(r, view);
	size_t elsewhere = carried(r, view, view->page);

	json_object_set_new(data, "paged", json_boolean(view->pages > 1));
	json_put(data, "page", arena_print(r->mem, "%zu", view->page));
	json_put(data, "pages", arena_print(r->mem, "%zu", view->pages));
	json_put(data, "earlier", view->page > 1 ? arena_print(r->mem, "%zu", view->page - 1) : NULL);
	json_put(data, "later", view->page < view->pages ? arena_print(r->mem, "%zu", view->page + 1) : NULL);
	rows_put(data, "elsewhere", elsewhere ? text_count(r->mem, (long long)elsewhere) : NULL);
	json_object_set_new(data, "elsewhere_one", json_boolean(elsewhere == 1));
	json_object_set_new(data, "carried", list);
}
