/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallring.c - what was due, decided, destroyed, delivered and held, of each series on each share; and what no series covers. */
#include "quarter_p.h"

static const struct document_column gallring_columns[] = {
	{ "series", "Serie", CELL_TEXT }, { "share", "Yta", CELL_TEXT }, { "action", "Ska", CELL_TEXT }, { "decision", "Gallringsbeslut", CELL_TEXT },
	{ "files", "Filer", CELL_NUMBER }, { "due", "Att gallra eller leverera", CELL_NUMBER }, { "decided", "Godkända i kvartalet", CELL_NUMBER },
	{ "destroyed", "Gallrade i kvartalet", CELL_NUMBER }, { "delivered", "Levererade i kvartalet", CELL_NUMBER },
	{ "held", "Stoppade", CELL_NUMBER }, { "overdue", "Över sista dag", CELL_NUMBER }, { "overdue_since", "Sista dag var", CELL_DAY },
};

struct pair {
	const char *series, *share, *overdue_since;
	long long files, due, decided, destroyed, delivered, held, overdue;
};
/* sorted: so many of the list, those of the rules, stand in the order of their names; the others are few. */
struct pairs { struct quarter *q; LIST(struct pair) list; size_t sorted; };

static int
by_names(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = strcmp(x->series, y->series);

	return c ? c : strcmp(x->share, y->share);
}

static struct pair *
pair_of(struct pairs *all, const char *series, const char *share)
{
	const struct pair one = { .series = series, .share = share };
	struct pair *found = all->sorted ? bsearch(&one, all->list.items, all->sorted, sizeof(one), by_names) : NULL;

	if (found)
		return found;
	for (size_t i = all->sorted; i < all->list.count; i++)
		if (strcmp(all->list.items[i].series, series) == 0 && strcmp(all->list.items[i].share, share) == 0)
			return &all->list.items[i];
	*arena_push(all->q->mem, &all->list) = (struct pair){ .series = arena_text(all->q->mem, series), .share = arena_text(all->q->mem, share) };
	return &all->list.items[all->list.count - 1];
}

/* ------------------------------------------------------------------ gathered */

static void
gather_rules(struct pairs *all)
{
	const struct rules *r = all->q->in->rules;

	for (size_t i = 0; i < r->series_count; i++)
		for (size_t k = 0; k < r->share_count; k++)
			if (series_lies_on(&r->series[i], r->shares[k].id) && is_mine(all->q, NULL, r->series[i].id, r->shares[k].id))
				*arena_push(all->q->mem, &all->list) = (struct pair){ .series = r->series[i].id, .share = r->shares[k].id };
	if (all->list.count)
		qsort(all->list.items, all->list.count, sizeof(*all->list.items), by_names);
	all->sorted = all->list.count;
}

/* A row of a night's summary that is about a series on a share, in scope. */
static struct pair *
pair_in(struct pairs *all, const json_t *row)
{
	const char *series = json_text(row, "series"), *share = json_text(row, "share");

	return series && share && is_mine(all->q, NULL, series, share) ? pair_of(all, series, share) : NULL;
}

static void
gather_night(struct pairs *all)
{
	const json_t *summary = all->q->last ? all->q->last->summary : NULL, *review = json_object_get(summary, "review"), *row;
	struct pair *p;
	size_t i;

	json_array_foreach(json_object_get(summary, "stock"), i, row)
		if ((p = pair_in(all, row)))
			p->files = json_number(row, "files", 0);
	json_array_foreach(json_object_get(review, "due"), i, row)
		if ((p = pair_in(all, row)))
			p->due = json_number(row, "files", 0);
	json_array_foreach(json_object_get(review, "late"), i, row)
		if ((p = pair_in(all, row))) {
			p->overdue = json_number(row, "files", 0);
			p->overdue_since = arena_text(all->q->mem, json_text(row, "since"));
		}
}

/* In the quarter, by all whom it needs: so it is on its way, or done. */
static bool
was_approved(const struct quarter *q, const struct stored *s)
{
	long at = mine_at(q, s->id);

	return q->said[at] == STATE_SCHEDULED && within(q, q->said_at[at]) &&
	       STATES(state_then(q, s)) & (STATES_GOING | STATES(STATE_DONE) | STATES(STATE_FAILED));
}

static void
gather_proposals(struct pairs *all)
{
	struct quarter *q = all->q;

	for (size_t i = 0; i < q->mine.count; i++) {
		const struct stored *s = q->mine.items[i];
		struct pair *p;

		if (is_access(&s->p) || !s->p.series || !s->p.share)
			continue;
		p = pair_of(all, s->p.series, s->p.share);
		p->decided += was_approved(q, s) ? s->p.files : 0;
		p->held += state_then(q, s) == STATE_HELD ? s->p.files : 0;
		if (state_then(q, s) == STATE_DONE && within(q, since_then(q, s)))
			*(s->p.kind == KIND_DELIVER ? &p->delivered : &p->destroyed) += s->p.files;
	}
}

/* ------------------------------------------------------------------ told */

static void
tell_pair(struct quarter *q, const struct pair *p, struct kept_rows *rows, json_t *page)
{
	static const char *const action[] = { "gallras", "bevaras", "levereras" };
	const struct series *s = rules_series(q->in->rules, p->series);
	const long long numbers[] = { p->files, p->due, p->decided, p->destroyed, p->delivered, p->held, p->overdue };
	const char *decision = s && s->decided ? arena_print(q->mem, "%s, %s, %s", s->decision.dnr, s->decision.date, s->decision.body) : NULL;
	const char *cells[12] = { series_name(q, p->series), share_name(q, p->share), s ? action[s->action] : NULL, straight(q->mem, decision) };
	json_t *o = json_object();

	for (int i = 0; i < 7; i++) {
		cells[4 + i] = number_text(q->mem, numbers[i]);
		json_put(o, gallring_columns[4 + i].id, numbers[i] ? text_count(q->mem, numbers[i]) : NULL);
	}
	cells[11] = p->overdue_since;
	rows_add(rows, cells);
	for (int i = 0; i < 4; i++)
		json_put(o, gallring_columns[i].id, cells[i]);
	json_put(o, "overdue_since", p->overdue_since);
	json_array_append_new(page, o);
}

static void
tell_pairs(struct quarter *q, struct pairs *all)
{
	struct kept_rows *rows = rows_keep(q, "gallring", "Gallring och leverans", COLUMNS(gallring_columns));
	json_t *page = put_list(q->page, "gallring");
	struct pair sum = { 0 };

	if (all->list.count)
		qsort(all->list.items, all->list.count, sizeof(*all->list.items), by_names);
	for (size_t i = 0; i < all->list.count; i++) {
		const struct pair *p = &all->list.items[i];

		tell_pair(q, p, rows, page);
		sum.destroyed += p->destroyed;
		sum.delivered += p->delivered;
		sum.overdue += p->overdue;
		sum.due += p->due;
	}
	if (sum.overdue)
		conclude(q, "red", many(q->mem, sum.overdue, "fil har passerat den sista dag då den skulle ha gallrats eller levererats.",
					"filer har passerat den sista dag då de skulle ha gallrats eller levererats."),
			 "Lagen eller beslutet anger en yttersta gräns.", "#gallring");
	if (sum.destroyed || sum.delivered)
		conclude(q, "note", !sum.delivered ? arena_print(q->mem, "%s gallrades.", many(q->mem, sum.destroyed, "fil", "filer"))
			 : !sum.destroyed ? arena_print(q->mem, "%s levererades till e-arkivet.", many(q->mem, sum.delivered, "fil", "filer"))
			 : arena_print(q->mem, "%s gallrades och %s levererades till e-arkivet.", many(q->mem, sum.destroyed, "fil", "filer"),
				       text_count(q->mem, sum.delivered)), NULL, "#gallring");
}

/* ------------------------------------------------------------------ protocols */

static const struct document_column protocol_columns[] = {
	{ "dnr", "Diarienummer", CELL_TEXT }, { "issued", "Utfärdat", CELL_DAY }, { "series", "Serie", CELL_TEXT }, { "share", "Yta", CELL_TEXT },
	{ "files", "Filer i förslaget", CELL_NUMBER }, { "bytes", "Byte", CELL_NUMBER }, { "digest", "SHA-256", CELL_TEXT },
	{ "proposal", "Förslag", CELL_TEXT },
};

static int
tell_protocol(struct quarter *q, const struct protocol *p, struct kept_rows *rows, json_t *page, struct error *err)
{
	struct stored_list found;
	json_t *o;

	if (store_proposals(q->mem, q->in->store, &(struct proposal_filter){ .id = p->proposal, .brief = true }, &found, err) < 0)
		return -1;
	if (!found.list.count || !proposal_is_mine(q, &found.list.items[0].p))
		return 0;
	rows_add(rows, (const char *[]){ straight(q->mem, p->dnr), day_of(q->mem, p->at), series_name(q, found.list.items[0].p.series),
					 share_name(q, found.list.items[0].p.share), number_text(q->mem, found.list.items[0].p.files),
					 number_text(q->mem, found.list.items[0].p.bytes), p->digest, p->proposal });
	o = json_object();
	json_put(o, "dnr", straight(q->mem, p->dnr));
	json_put(o, "day", day_of(q->mem, p->at));
	json_put(o, "about", where_of(q, &found.list.items[0].p));
	json_put(o, "files", text_count(q->mem, found.list.items[0].p.files));
	json_array_append_new(page, o);
	stored_free(&found);
	return 0;
}

static int
put_protocols(struct quarter *q, struct error *err)
{
	struct kept_rows *rows = rows_keep(q, "protocols", "Gallringsprotokoll", COLUMNS(protocol_columns));
	json_t *page = put_list(q->page, "protocols");
	struct protocols all;

	if (store_protocols(q->mem, q->in->store, NULL, false, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		if (within(q, all.list.items[i].at) && tell_protocol(q, &all.list.items[i], rows, page, err) < 0)
			return -1;
	return 0;
}

/* ------------------------------------------------------------------ shares and holds */

/* How many files no series covered there, in the picture that is compared with; -1 = not known. */
static long long
ungoverned_before(const struct quarter *q, const char *share)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(q->before ? q->before->summary : NULL, "stock"), i, row)
		if (json_text(row, "share") && strcmp(json_text(row, "share"), share) == 0 && !json_text(row, "series") && !json_text(row, "folder"))
			return json_number(row, "ungoverned", 0);
	return -1;
}

static void
put_shares(struct quarter *q)
{
	json_t *rows = stock_rows(q->mem, q->in->rules, q->last ? q->last->night->summary : NULL), *row;
	long long now = 0, then = 0;
	bool known = true;

	json_object_set_new(q->page, "shares", rows);
	for (size_t i = json_array_size(rows); i-- > 0; ) {
		long long before;

		row = json_array_get(rows, i);
		if (!is_mine(q, NULL, NULL, json_text(row, "id"))) {
			json_array_remove(rows, i);
			continue;
		}
		before = ungoverned_before(q, json_text(row, "id"));
		json_put(row, "before", before < 0 ? NULL : text_count(q->mem, before));
		now += json_number(row, "ungoverned_files", 0);
		then += before < 0 ? 0 : before;
		known = known && before >= 0;
	}
	if (now)
		conclude(q, known && now > then ? "act" : "note", arena_print(q->mem, "%s täcks inte av något gallringsbeslut%s.",
			 many(q->mem, now, "fil", "filer"), known ? arena_print(q->mem, " (%s när kvartalet började)", text_count(q->mem, then)) : ""),
			 now > then && known ? "De blir fler. Arkivarien behöver ta fram beslut för dem." : NULL, "#ytor");
}

static int
put_holds(struct quarter *q, struct error *err)
{
	json_t *rows = put_list(q->page, "holds");
	struct holds holds;
	long long count = 0;

	if (store_holds(q->mem, q->in->store, true, &holds, err) < 0)
		return -1;
	for (size_t i = 0; i < holds.list.count; i++) {
		const struct stored_hold *h = &holds.list.items[i];
		bool named = h->hold.share || h->hold.series, stands = h->lifted == INT64_MIN || h->lifted >= q->span.end;
		json_t *o;

		if (h->set >= q->span.end || (!stands && h->lifted < q->span.from) ||
		    !(named ? is_mine(q, NULL, h->hold.series, h->hold.share) : is_whole(q)))
			continue;
		count += stands;
		o = json_object();
		json_put(o, "id", straight(q->mem, h->hold.id));
		json_put(o, "what", straight(q->mem, arena_print(q->mem, "%s%s%s", h->hold.share ? h->hold.share : "alla ytor", h->hold.path ? "/" : "",
								 h->hold.path ? h->hold.path : "")));
		json_put(o, "reason", written(q->mem, h->hold.reason ? h->hold.reason : "-"));
		json_put(o, "set", day_of(q->mem, h->set));
		json_put(o, "lifted", stands ? NULL : straight(q->mem, arena_print(q->mem, "hävt %s av %s: %s", day_of(q->mem, h->lifted),
			 h->lifted_by ? h->lifted_by : "-", h->lifted_why ? h->lifted_why : "-")));
		json_array_append_new(rows, o);
	}
	if (count)
		conclude(q, "note", many(q->mem, count, "gallringsstopp gäller.", "gallringsstopp gäller."), NULL, "#stopp");
	return 0;
}

int
put_gallring(struct quarter *q, struct error *err)
{
	struct pairs all = { .q = q };

	gather_rules(&all);
	gather_night(&all);
	gather_proposals(&all);
	tell_pairs(q, &all);
	put_shares(q);
	return put_protocols(q, err) < 0 ? -1 : put_holds(q, err);
}
