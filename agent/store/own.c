/* SPDX-License-Identifier: GPL-3.0-or-later */
/* own.c - what behov itself keeps, as records: of each kind the rows of one day, and their end. */
#include "store_p.h"

#include <assert.h>
#include <dirent.h>

/*
 * Rows about proposals that live are no records yet: what is decided about them rests on those rows.  A row that something else
 * points to, or that keeps it from being done twice, stays as a husk that says nothing; such a one is no record any more.
 */
#define ENDED "('done', 'withdrawn', 'superseded')"
#define OF_ENDED(column) "coalesce(" column ", '') not in (select p.id from proposal p where p.state not in " ENDED ")"  /* they are few */
#define SIZE(column) "coalesce(length(cast(" column " as blob)), 0)"

/* Never among them: what proves a disposal, a transfer, or that a series was in force. */
#define CHAIN_KEPT "|protocol-issued|" OWN_DISPOSED "|series-activated|delivery-packaged|delivery-receipt|delivery-refused|"
#define CHAIN "audit a join audit_payload y on y.seq = a.seq where "
#define CHAIN_OTHER "instr('" CHAIN_KEPT "', '|' || a.event || '|') = 0 and a.event not in ('night-published', 'report-made')" \
	" and " OF_ENDED("json_extract(y.payload, '$.proposal')")

#define LETTER "letter where sent is not null and key <> ''"
#define GRANT "access_grant where last_seen is not null"
#define MARK "account_mark where last_seen is not null"
#define DECISION "decision d where coalesce(d.key, d.name, d.reason, d.proof) is not null and " OF_ENDED("d.proposal")
#define QUESTION "question q where q.by_key <> '' and (q.closed is not null or q.answered is not null) and " OF_ENDED("q.proposal")
#define NIGHT "night where state <> 'running' and summary is not null"

/*
 * Of one table: which rows, when, how large; which of them are of one day (?1 and ?2 its first moment and that of the next day, ?3 and
 * ?4 the same as the chain writes them), and what ends those; before: what rests on them, first.
 */
struct part { const char *rows, *moment, *bytes, *of_day, *end; bool chain; const char *before; };
#define OF_DAY(column) column " >= ?1 and " column " < ?2"
#define CHAIN_DAY "a.at >= ?3 and a.at < ?4"
#define CHAIN_PART(which) \
	{ CHAIN which, "unixepoch(a.at)", SIZE("y.payload"), CHAIN_DAY, \
	  "delete from audit_payload where seq in (select a.seq from " CHAIN which " and " CHAIN_DAY ")", true, NULL }
#define NO_MORE { NULL, NULL, NULL, NULL, NULL, false, NULL }

static const struct part letters[] = {
	{ LETTER, "sent", SIZE("key") " + " SIZE("name") " + " SIZE("display") " + " SIZE("mail") " + " SIZE("token_hash") " + " SIZE("problem"),
	  OF_DAY("sent"), "update letter set key = '', name = null, display = null, mail = null, token_hash = null, problem = null"
	  " where id in (select id from " LETTER " and " OF_DAY("sent") ")", false, NULL }, NO_MORE };
static const struct part access_rows[] = {
	{ GRANT, "last_seen", SIZE("system") " + " SIZE("role") " + " SIZE("key") " + " SIZE("account") " + " SIZE("via") " + " SIZE("added_by"),
	  OF_DAY("last_seen"), "delete from " GRANT " and " OF_DAY("last_seen"), false,
	  "delete from need_past where access_grant in (select id from " GRANT " and " OF_DAY("last_seen") ")" },
	{ MARK, "last_seen", SIZE("kind") " + " SIZE("system") " + " SIZE("role") " + " SIZE("key") " + " SIZE("account") " + " SIZE("note"),
	  OF_DAY("last_seen"), "delete from " MARK " and " OF_DAY("last_seen"), false,
	  "delete from mark_past where mark in (select id from " MARK " and " OF_DAY("last_seen") ")" }, NO_MORE };
static const struct part decisions[] = {
	{ DECISION, "d.at", SIZE("d.key") " + " SIZE("d.name") " + " SIZE("d.reason") " + " SIZE("d.proof"), OF_DAY("d.at"),
	  "update decision set key = null, name = null, reason = null, proof = null where id in (select d.id from " DECISION
	  " and " OF_DAY("d.at") ")", false, NULL },
	{ QUESTION, "q.at", SIZE("q.by_key") " + " SIZE("q.by_name") " + " SIZE("q.typed") " + " SIZE("q.text") " + " SIZE("q.key") " + "
	  SIZE("q.name") " + " SIZE("q.display") " + " SIZE("q.mail") " + " SIZE("q.answer"), OF_DAY("q.at"),
	  "update question set by_key = '', by_name = null, typed = null, text = '', key = null, name = null, display = null, mail = null,"
	  " problem = null, answer = null where id in (select q.id from " QUESTION " and " OF_DAY("q.at") ")", false, NULL }, NO_MORE };
static const struct part nights[] = {
	{ NIGHT, "started", SIZE("summary"), OF_DAY("started"),
	  "update night set summary = null where id in (select id from " NIGHT " and " OF_DAY("started") ")", false, NULL },
	CHAIN_PART("a.event = 'night-published'"), NO_MORE };
static const struct part reports[] = { CHAIN_PART("a.event = 'report-made'"), NO_MORE };
static const struct part chain[] = { CHAIN_PART(CHAIN_OTHER), NO_MORE };

const char *const own_word[] = { "behorigheter", "beslut", "brev", "kedja", "natter", "rapporter", NULL };
static const struct part *const parts[OWNS] = {
	[OWN_ACCESS] = access_rows, [OWN_DECISIONS] = decisions, [OWN_LETTERS] = letters, [OWN_CHAIN] = chain, [OWN_NIGHTS] = nights,
	[OWN_REPORTS] = reports,
};

bool
own_is_kept(const char *event)
{
	struct arena *mem = arena_open();
	bool kept = strstr(CHAIN_KEPT, arena_print(mem, "|%s|", event)) != NULL;

	arena_close(mem);
	return kept;
}

/* ------------------------------------------------------------------ where it is said to lie */

char *
own_path(struct arena *mem, enum own kind, day_t day)
{
	return arena_print(mem, "%s/%04d/%s", own_word[kind], day_year(day), day_text(mem, day));
}

bool
own_read(const char *path, enum own *kind, day_t *day)
{
	struct arena *mem = arena_open();
	const char *last = strrchr(path, '/');
	bool ours = false;

	*day = last ? day_parse(last + 1) : DAY_NONE;
	for (int i = 0; i < OWNS && *day != DAY_NONE && !ours; i++)
		if (strcmp(own_path(mem, (enum own)i, *day), path) == 0) {
			*kind = (enum own)i;
			ours = true;
		}
	arena_close(mem);
	return ours;
}

void
own_entry(const struct own_record *r, const char *name, struct entry *out)
{
	*out = (struct entry){ .name = name, .type = DT_REG, .stated = true, .size = (uint64_t)r->bytes, .ino = (uint64_t)r->rows,
			       .nlink = 1, .mtime_s = r->last, .ctime_s = r->last, .btime_s = INT64_MIN };
}

/* ------------------------------------------------------------------ what there is */

/* All parts of a kind as one query, by day; of one day when `one`. */
static const char *
select_all(struct arena *mem, enum own kind, bool one)
{
	const char *all = NULL;

	for (const struct part *p = parts[kind]; p->rows; p++) {
		const char *sql = arena_print(mem, "select civil_day(%s) as day, %s as bytes, %s as moment from %s%s%s", p->moment, p->bytes,
					      p->moment, p->rows, one ? " and " : "", one ? p->of_day : "");

		all = all ? arena_print(mem, "%s union all %s", all, sql) : sql;
	}
	return arena_print(mem, "select day, count(*), sum(bytes), max(moment) from (%s) where day is not null group by day order by day", all);
}

static int
open_of_day(struct store *store, struct query *q, const char *sql, day_t day, struct error *err)
{
	struct arena *mem = arena_open();
	const int64_t first = clock_midnight(day), next = clock_midnight(day + 1);
	int rc = query_open(&store->base, q, sql, err), count = rc < 0 ? 0 : sqlite3_bind_parameter_count(q->statement);

	for (int i = 1; i <= count && i <= 2; i++)
		bind_number(q, i == 1 ? first : next);
	for (int i = 3; i <= count; i++)
		bind_text(q, clock_text(mem, i == 3 ? first : next));
	arena_close(mem);
	return rc;
}

static struct own_record
read_own(struct query *q, enum own kind)
{
	return (struct own_record){ kind, (day_t)column_number(q, 0), column_number(q, 1), column_number(q, 2), column_number(q, 3) };
}

int
store_own_each(struct store *store, enum own kind, int (*each)(void *self, const struct own_record *record, struct error *err), void *self,
	       struct error *err)
{
	struct arena *mem = arena_open();
	struct query q;
	int rc = query_open(&store->base, &q, select_all(mem, kind, false), err);

	arena_close(mem);
	if (rc < 0)
		return -1;
	while (rc == 0 && query_row(&q, err)) {
		const struct own_record r = read_own(&q, kind);

		rc = each(self, &r, err);
	}
	return query_close(&q, err) < 0 ? -1 : rc;
}

int
store_own_look(struct store *store, enum own kind, day_t day, struct own_record *out, struct error *err)
{
	struct arena *mem = arena_open();
	struct query q;
	int rc = open_of_day(store, &q, select_all(mem, kind, true), day, err);

	arena_close(mem);
	*out = (struct own_record){ kind, day, 0, 0, 0 };
	if (rc < 0)
		return -1;
	if (query_row(&q, err))
		*out = read_own(&q, kind);
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ its end */

static int
note_chain(struct arena *mem, struct store *store, const struct part *p, day_t day, struct own_gone *gone, struct error *err)
{
	struct query q;

	if (open_of_day(store, &q, arena_print(mem, "select a.seq from %s and %s", p->rows, p->of_day), day, err) < 0)
		return -1;
	while (query_row(&q, err))
		*arena_push(mem, &gone->chain) = column_number(&q, 0);
	return query_close(&q, err);
}

int
store_own_dispose(struct arena *mem, struct store *store, enum own kind, day_t day, struct own_gone *gone, struct error *err)
{
	struct query q;

	assert(store->within);
	for (const struct part *p = parts[kind]; p->rows; p++) {
		if (p->before && (open_of_day(store, &q, p->before, day, err) < 0 || query_done(store, &q, err) < 0))
			return -1;
		if ((p->chain && note_chain(mem, store, p, day, gone, err) < 0) || open_of_day(store, &q, p->end, day, err) < 0 ||
		    query_done(store, &q, err) < 0)
			return -1;
		gone->rows += sqlite3_changes(store->base.db);
	}
	return store_set(store, SCRUB_VALUE, "yes", err);
}

/* ------------------------------------------------------------------ what is known to be gone */

/* "2024-03-05 KS 2026/1" under the kind's name. */
static const char *
value_of(struct arena *mem, enum own kind)
{
	return arena_print(mem, "disposed:%s", own_word[kind]);
}

int
store_own_until(struct arena *mem, struct store *store, enum own kind, struct own_until *out, struct error *err)
{
	const char *text = NULL;

	*out = (struct own_until){ DAY_NONE, NULL };
	if (store_get(mem, store, value_of(mem, kind), &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	out->until = day_parse(arena_copy(mem, text, strcspn(text, " ")));
	out->dnr = text + strcspn(text, " ");
	out->dnr += *out->dnr == ' ';
	return out->until == DAY_NONE ? error_set(err, ERROR_STORE, "the store's '%s' is not a day and a decision", value_of(mem, kind)) : 0;
}

int
store_own_remember(struct store *store, enum own kind, day_t day, const char *dnr, struct error *err)
{
	struct arena *mem = arena_open();
	struct own_until known;
	int rc = store_own_until(mem, store, kind, &known, err);

	if (rc == 0 && (known.until == DAY_NONE || known.until < day))
		rc = store_set(store, value_of(mem, kind), arena_print(mem, "%s %s", day_text(mem, day), dnr ? dnr : "-"), err);
	arena_close(mem);
	return rc;
}
