/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * register.c - loads the configuration and every rules file, sorts them, and checks what refers to what.
 */
#include "register_p.h"
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MOST 16
#define SERIES_AHEAD 20000              /* room that may be kept for more than are known */

/* Below `folder`: the rest of path; else NULL. */
static const char *
below(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

/*
 * The configuration's own name, and a rules file from the folder that holds the rules: "rules/systems/treserva.cfg".
 * The current folder plays no part, so that the same rules give the same bytes wherever we are started.
 */
const char *
shown_path(struct reader *r, const char *path)
{
	const char *rules = r->rules->conf.rules, *name = rules ? strrchr(rules, '/') : NULL;
	const char *rest = name ? below(rules, path) : NULL;
	char *folder = arena_text(r->mem, r->conf), *slash = strrchr(folder, '/');

	if (rest)
		return arena_print(r->mem, "%s/%s", name + 1, rest);
	if (slash)
		*slash = '\0';
	rest = below(folder, path);
	return rest ? rest : path;
}

static void
each(struct reader *r, const config_setting_t *root, const char *key,
     void (*read)(struct reader *, config_setting_t *))
{
	config_setting_t *list = get_groups(r, root, key);

	for (int i = 0; i < list_count(list); i++)
		read(r, list_item(list, i));
}

/* There may be ten thousand, of some size, which would be copied to grow: as many may stand in each file that is left. */
static void
room_for_series(struct reader *r, size_t count)
{
	size_t more = count * r->files_left;

	arena_room(r->mem, &r->series, more < SERIES_AHEAD ? more : count > SERIES_AHEAD ? count : SERIES_AHEAD);
}

static void
read_rules(struct reader *r, const config_setting_t *root)
{
	static const char *const keys[] = { "system", "systems", "series", "shares", "holds", "sets", "needs", "cases", "events", NULL };

	check_keys(r, root, keys);
	each(r, root, "system", read_system);
	each(r, root, "systems", read_system);
	room_for_series(r, (size_t)list_count(setting_of(r, root, "series")));
	each(r, root, "series", read_series);
	each(r, root, "shares", read_share);
	each(r, root, "holds", read_hold);
	each(r, root, "cases", read_case_list);
	each(r, root, "events", read_event);
	each(r, root, "sets", read_set);
	each(r, root, "needs", read_needs_of);
}

bool
ends_in_cfg(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".cfg") == 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct paths { LIST(const char *) list; };

static void
list_folder(struct reader *r, const char *folder, int depth, struct paths *out)
{
	struct dirent **names = NULL;
	int count = scandir(folder, &names, NULL, by_bytes);

	r->file = shown_path(r, folder);
	if (count < 0 || depth > DEPTH_MOST)
		complain(r, NULL, "the folder '%s' cannot be listed", folder);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name, *path = arena_print(r->mem, "%s/%s", folder, name);
		struct stat st;

		if (*name == '.' || (depth == 0 && strcmp(name, LIBRARY_FOLDER) == 0) || depth > DEPTH_MOST)
			;
		else if (stat(path, &st) < 0)
			complain_at(r, (struct place){ shown_path(r, path), 1 }, "cannot be read");
		else if (S_ISDIR(st.st_mode))
			list_folder(r, path, depth + 1, out);
		else if (ends_in_cfg(name))
			*arena_push(r->mem, &out->list) = path;
		free(names[i]);
	}
	free(names);
}

static void
read_folder(struct reader *r, const char *folder)
{
	struct paths paths = { 0 };

	list_folder(r, folder, 0, &paths);
	read_files(r, paths.list.items, paths.list.count, read_rules);
}

/* All kinds begin with their id. */
static int
by_id(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define SORT(r, list, what)                                                                        \
	do {                                                                                       \
		if ((list)->count > 1)                                                             \
			qsort((list)->items, (list)->count, sizeof(*(list)->items), by_id);        \
		for (size_t i_ = 1; i_ < (list)->count; i_++)                                      \
			if (strcmp((list)->items[i_ - 1].id, (list)->items[i_].id) == 0)           \
				complain_at((r), (list)->items[i_].at, "%s '%s' is written twice", \
					    what, (list)->items[i_].id);                           \
	} while (0)

static bool
knows_share(const struct reader *r, const char *id)
{
	for (size_t i = 0; i < r->shares.count; i++)
		if (strcmp(r->shares.items[i].id, id) == 0)
			return true;
	return false;
}

static bool
knows_series(const struct reader *r, const char *id)
{
	for (size_t i = 0; i < r->series.count; i++)
		if (strcmp(r->series.items[i].id, id) == 0)
			return true;
	return false;
}

static void
check_event(struct reader *r, const struct event *e)
{
	if (e->share && !knows_share(r, e->share))
		complain_at(r, e->at, "the share '%s' is not known", e->share);
	for (size_t i = 0; e->series && i < r->series.count; i++)
		if (strcmp(r->series.items[i].id, e->series) == 0) {
			if (r->series.items[i].clock != CLOCK_EVENT)
				complain_at(r, e->at, "series '%s' does not count from an event", e->series);
			return;
		}
	complain_at(r, e->at, "the series '%s' is not known", e->series ? e->series : "");
}

static int
count_spares(const struct reader *r)
{
	int count = 0;

	for (size_t i = 0; i < r->series.count; i++)
		count += r->series.items[i].spare.column != NULL;
	return count;
}

static bool
knows_cases(const struct reader *r, const char *id)
{
	for (size_t i = 0; i < r->cases.count; i++)
		if (strcmp(r->cases.items[i].id, id) == 0)
			return true;
	return false;
}

static bool
knows_role(const struct reader *r, const struct system *home, const char *name)
{
	const char *slash = strchr(name, '/'), *role = slash ? slash + 1 : name;

	for (size_t i = 0; i < r->systems.count; i++) {
		const struct system *s = &r->systems.items[i];

		if (slash ? strlen(s->id) != (size_t)(slash - name) || strncmp(s->id, name, strlen(s->id)) != 0 :
			    s != home)
			continue;
		for (int k = 0; k < s->role_count; k++)
			if (strcmp(s->roles[k].id, role) == 0)
				return true;
	}
	return false;
}

/* Needs that stand in a file of their own come after those that stand with the role. */
static void
place_needs(struct reader *r, const struct needs_of *n)
{
	for (size_t i = 0; i < r->systems.count; i++)
		for (int k = 0; k < r->systems.items[i].role_count; k++) {
			struct role *role = &r->systems.items[i].roles[k];
			struct clause *all;

			if (strcmp(r->systems.items[i].id, n->system) != 0 || strcmp(role->id, n->role) != 0)
				continue;
			all = arena_array(r->mem, struct clause, (size_t)(role->need_count + n->count) + 1);
			if (role->need_count)
				memcpy(all, role->needs, (size_t)role->need_count * sizeof(*all));
			if (n->count)
				memcpy(all + role->need_count, n->needs, (size_t)n->count * sizeof(*all));
			role->needs = all;
			role->need_count += n->count;
			return;
		}
	complain_at(r, n->at, "needs of '%s/%s', which is not known", n->system, n->role);
}

static void
check_system(struct reader *r, struct system *s)
{
	for (int i = 0; i < s->role_count; i++) {
		s->roles[i].system = s;
		for (int k = 0; k < s->roles[i].need_count; k++)
			finish_clause(r, &s->roles[i].needs[k]);
	}
	for (int i = 0; i < s->conflict_count; i++) {
		struct conflict *c = &s->conflicts[i];

		c->system = s;
		for (int k = 0; k < c->count; k++)
			if (!knows_role(r, s, c->roles[k]))
				complain_at(r, c->at, "the role '%s' in a conflict is not known", c->roles[k]);
	}
}

const char *
without_slashes(struct reader *r, const char *path, size_t least)
{
	size_t len = strlen(path);

	while (len > least && path[len - 1] == '/')
		len--;
	return arena_copy(r->mem, path, len);
}

/* A hold, or a series that preserves, is of one share: the same files would go by the rules of the other. */
static void
check_shares(struct reader *r)
{
	for (size_t i = 0; i < r->shares.count; i++)
		for (size_t k = 0; k < r->shares.count; k++) {
			const struct share *a = &r->shares.items[i], *b = &r->shares.items[k];

			if (i == k || !a->path || !b->path)
				continue;
			if (below(strcmp(a->path, "/") == 0 ? "" : a->path, b->path) || (i < k && strcmp(a->path, b->path) == 0))
				complain_at(r, b->at, "share '%s' lies in share '%s': what is held or preserved in the one could be destroyed in "
					    "the other", b->id, a->id);
		}
}

static void
check_references(struct reader *r)
{
	check_sets(r);
	check_shares(r);
	check_own(r);
	for (size_t i = 0; i < r->needs.count; i++)
		place_needs(r, &r->needs.items[i]);
	for (size_t i = 0; i < r->systems.count; i++)
		check_system(r, &r->systems.items[i]);
	for (size_t i = 0; i < r->series.count; i++)
		for (int k = 0; k < r->series.items[i].where_count; k++) {
			const struct where *w = &r->series.items[i].where[k];

			if (w->share && strcmp(w->share, "*") != 0 && !is_placeholder(w->share) && !knows_share(r, w->share))
				complain_at(r, w->at, "the share '%s' is not known", w->share);
		}
	for (size_t i = 0; i < r->series.count; i++)
		if (r->series.items[i].cases && !is_placeholder(r->series.items[i].cases) &&
		    !knows_cases(r, r->series.items[i].cases))
			complain_at(r, r->series.items[i].at, "the list of cases '%s' is not known", r->series.items[i].cases);
	for (size_t i = 0; i < r->events.count; i++)
		check_event(r, &r->events.items[i]);
	if (count_spares(r) > 64)
		complain_at(r, r->series.items[0].at, "more than 64 series have 'spare'");
	for (size_t i = 0; i < r->holds.count; i++) {
		const struct hold *h = &r->holds.items[i];

		if (h->share && !knows_share(r, h->share))
			complain_at(r, h->at, "the share '%s' is not known", h->share);
		if (h->series && !knows_series(r, h->series))
			complain_at(r, h->at, "the series '%s' is not known", h->series);
	}
}

/*
 * The attributes that needs name come first: the others are not read, nor kept for each of a hundred thousand people.
 * place[] is where each comes to stand; round 0 finds those that are named, round 1 tells the conditions.
 */
static void
place_conditions(struct condition *list, int count, int *place, int round)
{
	for (int i = 0; i < count; i++) {
		if (list[i].attribute == ATTRIBUTE_GROUP)
			continue;
		if (round == 0)
			place[list[i].attribute] = 1;
		else
			list[i].attribute = place[list[i].attribute];
	}
}

static void
place_all(struct reader *r, int *place, int round)
{
	for (size_t s = 0; s < r->systems.count; s++)
		for (int k = 0; k < r->systems.items[s].role_count; k++)
			for (int n = 0; n < r->systems.items[s].roles[k].need_count; n++) {
				struct clause *c = &r->systems.items[s].roles[k].needs[n];

				place_conditions(c->all, c->alls, place, round);
				place_conditions(c->none, c->nones, place, round);
			}
}

static void
order_attributes(struct reader *r, struct rules *out)
{
	int count = (int)r->attributes.count, next = 0;
	int *named = arena_array(r->mem, int, (size_t)count + 1), *place = arena_array(r->mem, int, (size_t)count + 1);

	out->attributes = arena_array(r->mem, struct attribute, (size_t)count + 1);
	place_all(r, named, 0);
	for (int wanted = 1; wanted >= 0; wanted--) {
		for (int i = 0; i < count; i++)
			if (named[i] == wanted) {
				place[i] = next;
				out->attributes[next++] = r->attributes.items[i];
			}
		if (wanted)
			out->attribute_count = next;
	}
	out->attributes_known = count;
	place_all(r, place, 1);
}

static void
give(struct reader *r, struct rules *out)
{
	order_attributes(r, out);
	out->systems = r->systems.items;
	out->system_count = r->systems.count;
	out->series = r->series.items;
	out->series_count = r->series.count;
	out->shares = r->shares.items;
	out->share_count = r->shares.count;
	out->holds = r->holds.items;
	out->hold_count = r->holds.count;
	out->events = r->events.items;
	out->event_count = r->events.count;
	out->cases = r->cases.items;
	out->case_count = r->cases.count;
}

int
register_load_edited(struct arena *mem, const char *path, const char *folder, struct rules *out, struct error *err)
{
	struct reader r = { .mem = mem, .rules = out };
	unsigned char sum[DIGEST_SIZE];
	char *real = realpath(path, NULL);

	if (!real)
		return error_sys(err, ERROR_CONFIG, "cannot read '%s'", path);
	*out = (struct rules){ .conf.file = arena_text(mem, path) };
	r.conf = arena_text(mem, real);
	free(real);
	r.digest = digest_open();
	read_files(&r, &r.conf, 1, read_settings);
	if (folder)
		out->conf.rules = folder;
	if (out->conf.rules) {
		real = realpath(out->conf.rules, NULL);
		if (real)
			out->conf.rules = arena_text(mem, real);
		free(real);
		read_folder(&r, out->conf.rules);
	}
	digest_close(r.digest, sum);
	out->digest = digest_hex(mem, sum, sizeof(sum));
	SORT(&r, &r.systems, "system");
	SORT(&r, &r.series, "series");
	SORT(&r, &r.shares, "share");
	SORT(&r, &r.holds, "hold");
	SORT(&r, &r.cases, "list of cases");
	SORT(&r, &r.events, "event");
	check_references(&r);
	give(&r, out);
	if (r.complaints)
		return error_set(err, ERROR_CONFIG, "%d complaints in the configuration", r.complaints);
	return 0;
}

int
register_load(struct arena *mem, const char *path, struct rules *out, struct error *err)
{
	return register_load_edited(mem, path, NULL, out, err);
}
