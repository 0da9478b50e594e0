/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.c - the files of a batch, for who is asked about it: folder by folder, searched, or all of them in one list. */
#include "decide_p.h"
#include "listing_p.h"

#include <behov/json.h>

/* Where in the list somebody is.  Folders are named by a row and a depth: no path stands in an address, and so in no log. */
struct spot {
	long long row, depth;           /* the folder: so many components of that row's path; depth -1 = where it branches */
	long long from;                 /* the page begins here; -1 = where the folder does */
	const char *word;               /* NULL: folders */
};

struct sight {
	struct request *r;
	const struct proposal *p;
	const char *id;
	struct listing l;
	struct spot at;
	const char *path;               /* of the folder */
	struct stretch s;
};

/* ------------------------------------------------------------------ what was asked for */

static long long
number(const char *text, long long otherwise)
{
	long long value = 0;

	if (!text || !*text || strlen(text) > 15)
		return otherwise;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return otherwise;
		value = value * 10 + (*text - '0');
	}
	return value;
}

static const char *
argument(struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

static struct spot
spot_of_address(struct request *r)
{
	return (struct spot){ number(argument(r, "rad"), 0), number(argument(r, "djup"), -1), number(argument(r, "fran"), -1), NULL };
}

/* A button says where the page begins, or somebody typed the number of a file, from 1. */
static struct spot
spot_of_form(struct request *r)
{
	long long typed = number(form_get(&r->form, "nr"), 0);
	char *word = arena_text(r->mem, form_get(&r->form, "sok"));
	size_t len = strlen(word);

	while (len > WORD_MOST || (word[len] & 0xc0) == 0x80)
		len--;
	word[len] = '\0';
	return (struct spot){ number(form_get(&r->form, "rad"), 0), number(form_get(&r->form, "djup"), -1),
			      number(form_get(&r->form, "fran"), typed - 1), word };
}

/* *found false: there is no such folder. */
static int
go_there(struct sight *s, bool *found, struct error *err)
{
	struct spot *at = &s->at;

	*found = at->row < s->l.manifest.files;
	if (!*found)
		return 0;
	if (at->depth < 0 && listing_common(&s->l, &at->depth, err) < 0)
		return -1;
	if (listing_folder(s->r->mem, &s->l, at->row, at->depth, &s->path, &s->s, found, err) < 0)
		return -1;
	if (at->from < s->s.from || at->from >= s->s.to)
		at->from = s->s.from;
	return 0;
}

/* ------------------------------------------------------------------ what is shown */

static void
put_number(json_t *o, const char *key, struct arena *mem, long long value)
{
	json_put(o, key, arena_print(mem, "%lld", value));
}

static void
put_amount(struct sight *s, json_t *o, const struct amount *a)
{
	struct arena *mem = s->r->mem;

	rows_put(o, "files", text_count(mem, a->files));
	rows_put(o, "size", text_size_in(mem, s->r->language, a->bytes));
	rows_put(o, "oldest", day_text(mem, a->oldest));
	rows_put(o, "newest", day_text(mem, a->newest));
	rows_put(o, "until", a->newest != a->oldest ? day_text(mem, a->newest) : NULL);
}

/* The folders that this one lies in, from the share's root, with itself last. */
static json_t *
crumbs(struct sight *s)
{
	const struct request *r = s->r;
	struct arena *mem = r->mem;
	json_t *list = json_array();
	const char *at = s->path;

	for (long long depth = 0; depth <= s->at.depth; depth++) {
		size_t len = strcspn(at, "/");
		json_t *one = json_object();

		rows_put(one, "name", depth ? name_show(mem, arena_copy(mem, at, len)) : say(r, "Lagringsplatsen"));
		put_number(one, "depth", mem, depth);
		json_object_set_new(one, "here", json_boolean(depth == s->at.depth));
		json_array_append_new(list, one);
		if (depth)
			at += len + (at[len] == '/');
	}
	return list;
}

static int
put_things(struct sight *s, json_t *data, struct error *err)
{
	struct arena *mem = s->r->mem;
	struct things *things = arena_new(mem, struct things);
	json_t *list = json_array();
	long long before;

	json_object_set_new(data, "things", list);
	if (listing_things(mem, &s->l, s->path, s->s, s->at.from, things, err) < 0 ||
	    listing_before(&s->l, s->path, s->s, things->items[0].row, &before, err) < 0)
		return -1;
	for (size_t i = 0; i < things->count; i++) {
		const struct thing *t = &things->items[i];
		json_t *one = json_object();

		json_object_set_new(one, "folder", json_boolean(t->folder));
		rows_put(one, "name", name_show(mem, t->name));
		put_number(one, "row", mem, t->row);
		put_number(one, "depth", mem, s->at.depth + 1);
		put_amount(s, one, &t->amount);
		json_array_append_new(list, one);
	}
	json_object_set_new(data, "paged", json_boolean(things->items[0].row > s->s.from || things->next < s->s.to));
	put_number(data, "before", mem, before);
	json_object_set_new(data, "is_before", json_boolean(things->items[0].row > s->s.from));
	put_number(data, "next", mem, things->next);
	json_object_set_new(data, "is_next", json_boolean(things->next < s->s.to));
	return 0;
}

static int
put_found(struct sight *s, json_t *data, struct error *err)
{
	struct arena *mem = s->r->mem;
	struct found *found = arena_new(mem, struct found);
	json_t *list = json_array();
	bool all = !*s->at.word;
	long long before = s->at.from - PAGE_ROWS > s->s.from ? s->at.from - PAGE_ROWS : s->s.from;

	json_object_set_new(data, "rows", list);
	if (listing_find(mem, &s->l, s->s, s->at.from, s->at.word, found, err) < 0)
		return -1;
	for (size_t i = 0; i < found->count; i++) {
		const struct record *f = &found->items[i];
		json_t *one = json_object();

		rows_put(one, "number", text_count(mem, found->rows[i] + 1));
		rows_put(one, "path", name_show(mem, f->path + (*s->path ? strlen(s->path) + 1 : 0)));
		rows_put(one, "size", text_size_in(mem, s->r->language, (long long)f->size));
		rows_put(one, "anchor", day_text(mem, f->anchor));
		rows_put(one, "due", day_text(mem, f->due));
		json_array_append_new(list, one);
	}
	json_object_set_new(data, "none", json_boolean(found->count == 0));
	json_object_set_new(data, "all", json_boolean(all));
	put_number(data, "start", mem, s->s.from);
	put_number(data, "before", mem, before);
	json_object_set_new(data, "is_before", json_boolean(all && s->at.from > s->s.from));
	json_object_set_new(data, "is_late", json_boolean(s->at.from > s->s.from));
	put_number(data, "next", mem, found->next);
	json_object_set_new(data, "is_next", json_boolean(found->next < s->s.to));
	put_number(data, "last", mem, s->s.to);
	put_number(data, "first", mem, s->s.from + 1);
	return 0;
}

static int
show(struct sight *s, struct error *err)
{
	struct request *r = s->r;
	json_t *data = page_own(r, N_("Filer i förslaget")), *here = json_object();
	struct amount sum;
	int rc;

	rows_put(data, "name", rows_name(r, s->p));
	json_put(data, "id", s->id);
	json_object_set_new(data, "deliver", json_boolean(s->p->kind == KIND_DELIVER));
	json_object_set_new(data, "batch_files", rows_files(r, s->p));
	json_object_set_new(data, "crumbs", crumbs(s));
	put_number(data, "row", r->mem, s->s.from);
	put_number(data, "depth", r->mem, s->at.depth);
	rows_put(data, "folder_name", *s->path ? name_show(r->mem, s->path) : NULL);
	rows_put(data, "word", s->at.word ? s->at.word : "");
	json_object_set_new(data, "flat", json_boolean(s->at.word != NULL));
	json_object_set_new(data, "here", here);
	rc = listing_sum(&s->l, s->s, &sum, err);
	put_amount(s, here, &sum);
	if (rc == 0)
		rc = s->at.word ? put_found(s, data, err) : put_things(s, data, err);
	if (rc == 0)
		return page_render(r, 200, s->at.word ? "page-found.html" : "page-folder.html", data, err);
	json_decref(data);
	return -1;
}

/* ------------------------------------------------------------------ who may look */

static int
gone(struct request *r, struct error *err)
{
	return page_notice(r, 404, N_("Listan finns inte"),
			   N_("Förslaget finns inte längre bland dem som väntar på dig, eller så finns ingen lista över dess "
			      "filer. Gå tillbaka till dina beslut."), err);
}

static int
look(struct request *r, const struct stored *s, struct spot at, struct error *err)
{
	struct sight sight = { .r = r, .p = &s->p, .id = s->id, .at = at };
	bool found = false;
	int rc = listing_open(r->server->store, s->p.manifest, &sight.l, err);

	if (rc == 0)
		rc = go_there(&sight, &found, err);
	if (rc == 0)
		rc = found ? show(&sight, err) : gone(r, err);
	listing_close(&sight.l);
	return rc;
}

/* Theirs to decide or to advise on: as what /beslut shows. */
static int
find(struct request *r, struct spot at, struct error *err)
{
	struct stored_list list = { 0 };
	int rc = view_may_see(r, r->path + strlen("/filer/"), &list, err);

	if (rc == 0)
		rc = list.list.count == 1 && list.list.items[0].p.manifest ? look(r, &list.list.items[0], at, err) : gone(r, err);
	stored_free(&list);
	return rc;
}

static int
not_in(struct request *r, struct error *err)
{
	return page_notice(r, 401, N_("Du är inte inloggad"), N_("Öppna länken i det senaste brevet från oss och begär en ny kod."), err);
}

int
files_get(struct request *r, struct error *err)
{
	enum session_state state;

	if (session_find(r, &state, err) < 0)
		return -1;
	return state == SESSION_PROVED ? find(r, spot_of_address(r), err) : not_in(r, err);
}

int
files_post(struct request *r, struct error *err)
{
	enum session_state state;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (state != SESSION_PROVED)
		return not_in(r, err);
	if (!session_nonce(r))
		return page_notice(r, 403, N_("Sökningen gick inte att göra"),
				   N_("Gå tillbaka till listan, ladda om den och sök igen."), err);
	return session_touch(r, err) < 0 ? -1 : find(r, spot_of_form(r), err);
}
