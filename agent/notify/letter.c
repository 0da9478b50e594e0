/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letter.c - what stands in an owner's letter: never more than the class of its system or share allows. */
#include "notify_p.h"
#include "behov/template.h"
#include "behov/text.h"

#define NAMED_MOST 20                   /* in one letter */
#define LETTER_MOST ((size_t)4 << 20)

static bool is_files(const struct proposal *p) { return p->kind == KIND_DESTROY || p->kind == KIND_DELIVER; }

/* Above 2, or unknown, neither people nor files are named (DESIGN 7). */
bool
letter_may_name(int konfidentialitet)
{
	return konfidentialitet >= 0 && konfidentialitet < 3;
}

/* ------------------------------------------------------------------ headings and rows */

const struct language *
letter_language(const struct notify_input *in)
{
	return speak_language(in->rules->conf.language);
}

const char *
letter_heading(struct arena *mem, const struct rules *rules, const struct language *l, const struct proposal *p)
{
	const struct system *system;
	const struct series *series;
	const struct share *share;

	if (!is_files(p)) {
		system = rules_system(rules, p->system);
		return arena_print(mem, speak(l, "Behörigheter i %s"), system && system->name ? system->name : p->system);
	}
	series = rules_series(rules, p->series);
	share = rules_share(rules, p->share);
	return arena_print(mem, "%s: %s (%s)", p->kind == KIND_DESTROY ? speak(l, "Gallring") : speak(l, "Leverans till arkivet"),
			   series && series->name ? series->name : p->series, share && share->name ? share->name : p->share);
}

struct heading *
letter_under(struct arena *mem, struct headings *all, const char *title)
{
	struct heading *h;

	for (size_t i = 0; i < all->list.count; i++)
		if (strcmp(all->list.items[i].title, title) == 0)
			return &all->list.items[i];
	h = arena_push(mem, &all->list);
	*h = (struct heading){ .title = title, .rows = json_array() };
	return h;
}

/* One line is one line, whatever a name holds. */
void
letter_put(struct arena *mem, json_t *o, const char *key, const char *text)
{
	char *line = text ? text_is_utf8(text, strlen(text)) ? text_straight(mem, text) : name_show(mem, text) : NULL;

	for (char *c = line; c && *c; c++)
		if (strchr("\t\r\n", *c))
			*c = ' ';
	if (line)
		text_plain(line);
	json_put(o, key, line);
}

void
letter_row(struct arena *mem, json_t *rows, const char *text)
{
	json_t *o = json_object();

	letter_put(mem, o, "text", text);
	json_array_append_new(rows, o);
}

/* "1 förslag" is as it is in Swedish, but not in every language. */
const char *
letter_count(struct arena *mem, const struct language *l, long long count)
{
	return count == 1 ? speak(l, "1 förslag") : arena_print(mem, speak(l, "%s förslag"), text_count(mem, count));
}

static const char *
files_text(struct arena *mem, const struct language *l, long long files)
{
	return arena_print(mem, files == 1 ? speak(l, "%s fil") : speak(l, "%s filer"), text_count(mem, files));
}

/* A series without batches has one proposal for each day on which something is due. */
const char *
letter_batch(struct arena *mem, const struct language *l, const struct proposal *p)
{
	if (p->batch && *p->batch)
		return p->batch;
	return arena_print(mem, p->kind == KIND_DELIVER ? speak(l, "allt att lämna från %s") : speak(l, "allt att gallra från %s"),
			   p->due == DAY_NONE ? "-" : day_text(mem, p->due));
}

const char *
letter_line(struct arena *mem, const struct rules *rules, const struct language *l, const struct proposal *p)
{
	const struct role *role = rules_role(rules, p->system, p->role);
	const char *as = role && role->name ? role->name : p->role;

	if (p->kind == KIND_REMOVE_MEMBER)
		return arena_print(mem, "%s (%s)", p->display ? p->display : p->account, as ? as : "");
	if (p->kind == KIND_CUT_NESTING)
		return arena_print(mem, speak(l, "%s personer genom en grupp i gruppen (%s)"), text_count(mem, p->accounts), as ? as : "");
	return arena_print(mem, "%s: %s, %s", letter_batch(mem, l, p),
			   files_text(mem, l, p->files), text_size_in(mem, l, p->bytes));
}

/* What an owner's letter says in numbers. */
struct sums {
	long long of[4];                /* by kind */
	LIST(const char *) reasons;     /* of access: what differs from one group of rows to the next */
	long long more;                 /* access whose reason another has already */
	long long passed, taken, urgent;        /* others were asked, too; came here because others are silent; for so long */
	int named;
	long long lists;                /* of a quarter, to be reviewed */
	long long news;                 /* answers that have come to what they asked */
	int64_t oldest;
	day_t due;
};

/* Why somebody is asked.  It may name the one they stand in for. */
static const char *
asked_as(struct arena *mem, const struct proposal *p, const char *key)
{
	return letter_may_name(p->konfidentialitet) ? seats_as(mem, p, key) : NULL;
}

/* Role, and why without whom it is about: those that are alike are answered together. */
static void
add_reason(struct arena *mem, const struct proposal *p, struct sums *sums)
{
	const char *name = p->display ? p->display : p->account, *why = p->why ? p->why : "";
	size_t len = name ? strlen(name) : 0;
	const char *reason = arena_print(mem, "%d %s/%s %s", (int)p->kind, p->system, p->role ? p->role : "",
					 p->kind == KIND_REMOVE_MEMBER && strncmp(why, name ? name : "", len) == 0 ? why + len : why);

	for (size_t i = 0; i < sums->reasons.count; i++)
		if (strcmp(sums->reasons.items[i], reason) == 0) {
			sums->more++;
			return;
		}
	*arena_push(mem, &sums->reasons) = reason;
}

/* Silence brings people into a seat: is this person one of them, or did somebody come to theirs? */
static void
who_came(const struct proposal *p, const char *key, bool *they, bool *to_them)
{
	*they = *to_them = false;
	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *mine = &p->approvers.items[i];

		if (strcmp(mine->key, key) != 0)
			continue;
		*they |= mine->waited > 0;
		for (size_t k = 0; k < p->approvers.count && !mine->waited; k++)
			*to_them |= p->approvers.items[k].seat == mine->seat && p->approvers.items[k].waited;
	}
}

static void
add_late(const struct rules *rules, const struct proposal *p, const char *key, int late, struct sums *sums)
{
	bool they, to_them;

	who_came(p, key, &they, &to_them);
	sums->taken += late && they;
	sums->passed += late && to_them;
	sums->urgent += late && late >= rules->conf.escalate[1];
}

/* What has come of the last thing that this person asked about it, or NULL. */
static const char *
news_of(const struct language *l, const struct people *people, const struct stored *s, const char *key)
{
	size_t count;
	const struct question *const *asked = people_asked(people, s->id, key, &count);

	while (count-- > 0)
		if (asked[count]->closed != INT64_MIN)
			return asked[count]->answered != INT64_MIN ? speak(l, "svar har kommit") : speak(l, "inget svar kom");
	return NULL;
}

static void
tell(struct arena *mem, const struct notify_input *in, const struct stored *s, const char *key, const struct people *people,
     struct headings *all, struct sums *sums)
{
	const struct language *l = letter_language(in);
	const char *news = news_of(l, people, s, key), *line;
	struct heading *h = letter_under(mem, all, letter_heading(mem, in->rules, l, &s->p));

	h->as = asked_as(mem, &s->p, key);
	h->count++;
	h->files += s->p.files;
	sums->of[s->p.kind]++;
	if (!is_files(&s->p))
		add_reason(mem, &s->p, sums);
	if (s->opened < sums->oldest)
		sums->oldest = s->opened;
	if (is_files(&s->p) && s->p.due != DAY_NONE && (sums->due == DAY_NONE || s->p.due < sums->due))
		sums->due = s->p.due;
	sums->news += news != NULL;
	if (letter_may_name(s->p.konfidentialitet) && sums->named < NAMED_MOST) {
		line = letter_line(mem, in->rules, l, &s->p);
		letter_row(mem, h->rows, news ? arena_print(mem, "%s – %s", line, news) : line);
		sums->named++;
	} else {
		h->hidden++;
	}
}

static json_t *
groups_json(struct arena *mem, const struct language *l, struct headings *all)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < all->list.count; i++) {
		struct heading *h = &all->list.items[i];
		json_t *o = json_object();

		if (h->hidden && h->hidden < h->count)
			letter_row(mem, h->rows, arena_print(mem, speak(l, "och %s till"), text_count(mem, h->hidden)));
		letter_put(mem, o, "title", h->title);
		letter_put(mem, o, "as", h->as);
		json_put(o, "count", letter_count(mem, l, h->count));
		json_put(o, "files", h->files ? files_text(mem, l, h->files) : NULL);
		json_object_set_new(o, "unnamed", json_boolean(h->hidden == h->count));
		json_object_set_new(o, "some", json_boolean(json_array_size(h->rows) > 0));
		json_object_set_new(o, "rows", h->rows);
		json_array_append_new(groups, o);
	}
	return groups;
}

/* "12 behörigheter, 1 gruppkoppling och 3 gallringar" */
static const char *
summary(struct arena *mem, const struct language *l, const struct sums *sums)
{
	static const char *const one[] = { N_("behörighet"), N_("gruppkoppling"), N_("gallring"), N_("leverans") };
	static const char *const many[] = { N_("behörigheter"), N_("gruppkopplingar"), N_("gallringar"), N_("leveranser") };
	const char *out = "";
	int left = 0;

	for (int k = 0; k < 4; k++)
		left += sums->of[k] > 0;
	for (int k = 0; k < 4; k++) {
		if (!sums->of[k])
			continue;
		left--;
		out = arena_print(mem, "%s%s%s %s", out, !*out ? "" : left ? ", " : speak(l, " och "), text_count(mem, sums->of[k]),
				  speak(l, sums->of[k] == 1 ? one[k] : many[k]));
	}
	return out;
}

/* ------------------------------------------------------------------ the whole letter */

int
letter_render(struct arena *mem, const struct language *l, const char *name, json_t *data, struct mail *out, struct error *err)
{
	struct text text, html;
	int rc;

	json_put(data, "language", l ? l->tag : "sv");
	text_open(&text, LETTER_MOST);
	text_open(&html, LETTER_MOST);
	rc = template_spoken(l, arena_print(mem, "%s.txt", name), data, &text, err);
	if (rc == 0)
		rc = template_spoken(l, arena_print(mem, "%s.html", name), data, &html, err);
	out->text = arena_copy(mem, text.data, text.len);
	out->html = arena_copy(mem, html.data, html.len);
	text_close(&text);
	text_close(&html);
	return rc;
}

int
letter_put_head(struct arena *mem, const struct notify_input *in, json_t *o, struct error *err)
{
	struct audit_row last;

	if (store_audit_last(mem, in->store, &last, err) < 0)
		return -1;
	json_put(o, "row", last.seq ? arena_print(mem, "%lld", last.seq) : NULL);
	json_put(o, "head", last.seq ? last.hash : NULL);
	return 0;
}

static bool
is_about(const struct letter *letter, const char *id)
{
	for (int i = 0; i < letter->proposal_count; i++)
		if (strcmp(letter->proposals[i], id) == 0)
			return true;
	return false;
}

/* What the letter was about, and still waits for this person. */
static void
collect(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct stored_list *open,
	const struct people *people, struct headings *all, struct sums *sums)
{
	const struct person *p;
	size_t at;

	*sums = (struct sums){ .oldest = INT64_MAX, .due = DAY_NONE };
	if (!keyed_find(&people->list_at, letter->key, &at))
		return;
	p = &people->list.items[at];
	for (size_t k = 0; k < p->lists.count; k++)
		sums->lists += is_about(letter, p->lists.items[k]);
	for (size_t k = 0; k < p->waiting.count; k++) {
		const struct stored *s = &open->list.items[p->waiting.items[k]];

		if (!is_about(letter, s->id))
			continue;
		tell(mem, in, s, letter->key, people, all, sums);
		add_late(in->rules, &s->p, letter->key, people->late[p->waiting.items[k]], sums);
	}
}

static const char *
link_of(struct arena *mem, const struct conf *conf, const char *token)
{
	size_t len = strlen(conf->web.url);

	while (len && conf->web.url[len - 1] == '/')
		len--;
	return arena_print(mem, "%.*s/b/%s", (int)len, conf->web.url, token);
}

json_t *
letter_data(struct arena *mem, const struct conf *conf, const struct letter *letter, const char *token)
{
	json_t *data = json_object();

	letter_put(mem, data, "display", letter->display ? letter->display : letter->name);
	letter_put(mem, data, "organisation", conf->organisation);
	letter_put(mem, data, "contact", conf->mail.contact);
	json_put(data, "expires", day_text(mem, clock_day(letter->expires) - 1));
	json_put(data, "link", link_of(mem, conf, token));
	return data;
}

/* How long it takes to answer, in whole minutes: behov.1 says how it is reckoned. */
#define SECONDS_REASON 20
#define SECONDS_MORE 3
#define SECONDS_BATCH 120
#define SECONDS_LIST 180
static long long
minutes(const struct sums *sums)
{
	long long seconds = (long long)sums->reasons.count * SECONDS_REASON + sums->more * SECONDS_MORE +
			    (sums->of[KIND_DESTROY] + sums->of[KIND_DELIVER]) * SECONDS_BATCH + sums->lists * SECONDS_LIST;

	return (seconds + 59) / 60;
}

static void
put_urgency(struct arena *mem, const struct language *l, const struct conf *conf, const struct sums *sums, json_t *data)
{
	json_put(data, "urgent", sums->urgent ? arena_print(mem, speak(l, "Brådskar: %s förslag har väntat i mer än %d dagar."),
				text_count(mem, sums->urgent), conf->escalate[1]) : NULL);
	json_put(data, "passed", sums->passed ? arena_print(mem, speak(l, "%s har gått vidare till fler, eftersom du inte har svarat på "
				"%d dagar. Du kan fortfarande svara."), text_count(mem, sums->passed), conf->escalate[0]) : NULL);
	json_put(data, "taken", sums->taken ? arena_print(mem, speak(l, "%s kommer till dig för att den som tillfrågades först inte har "
				"svarat på %d dagar."), text_count(mem, sums->taken), conf->escalate[0]) : NULL);
	json_put(data, "time", arena_print(mem, minutes(sums) == 1 ? speak(l, "%lld minut") : speak(l, "%lld minuter"), minutes(sums)));
}

static const char *
days(struct arena *mem, const struct language *l, int count)
{
	return arena_print(mem, count == 1 ? speak(l, "%d dags ångerfrist") : speak(l, "%d dagars ångerfrist"), count);
}

/* What it is about, in one line. */
static const char *
subject(struct arena *mem, const struct language *l, const struct letter *letter, const struct sums *sums)
{
	const char *of = summary(mem, l, sums);
	bool reminder = strcmp(letter->kind, "reminder") == 0;

	if (!*of)
		return arena_print(mem, reminder ? speak(l, "Påminnelse: %s väntar på din granskning") : speak(l, "Behov: %s väntar på din granskning"),
				   letter_lists(mem, l, sums->lists));
	return arena_print(mem, sums->urgent ? speak(l, "Brådskar: %s väntar på ditt beslut") :
				reminder ? speak(l, "Påminnelse: %s väntar på ditt beslut") : speak(l, "Behov: %s väntar på ditt beslut"), of);
}

static json_t *
digest_json(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct headings *all,
	    const struct sums *sums, const char *token)
{
	const struct conf *conf = &in->rules->conf;
	const struct language *l = letter_language(in);
	day_t today = clock_day(in->now), oldest = all->list.count ? clock_day(sums->oldest) : today;
	json_t *data = letter_data(mem, conf, letter, token);

	json_object_set_new(data, "decides", json_boolean(all->list.count > 0));
	json_put(data, "lists", sums->lists ? letter_lists(mem, l, sums->lists) : NULL);
	letter_put(mem, data, "words", conf->mail.words);
	letter_put(mem, data, "typed", conf->web.typed);
	put_urgency(mem, l, conf, sums, data);
	json_put(data, "summary", summary(mem, l, sums));
	json_put(data, "news", sums->news ? text_count(mem, sums->news) : NULL);
	json_object_set_new(data, "one_news", json_boolean(sums->news == 1));
	json_put(data, "oldest", oldest < today ? day_text(mem, oldest) : NULL);
	json_put(data, "due", sums->due != DAY_NONE && sums->due <= today ? day_text(mem, sums->due) : NULL);
	json_object_set_new(data, "reminder", json_boolean(strcmp(letter->kind, "reminder") == 0));
	json_object_set_new(data, "access", json_boolean(sums->of[KIND_REMOVE_MEMBER] + sums->of[KIND_CUT_NESTING] > 0));
	json_object_set_new(data, "destroy", json_boolean(sums->of[KIND_DESTROY] > 0));
	json_put(data, "grace_access", days(mem, l, conf->grace.access_days));
	json_put(data, "grace_files", days(mem, l, conf->grace.file_days));
	json_object_set_new(data, "groups", groups_json(mem, l, all));
	return data;
}

int
letter_digest(struct arena *mem, const struct notify_input *in, const struct letter *letter,
	      const struct stored_list *open, const struct people *people, struct mail *out, struct error *err)
{
	const struct language *l = letter_language(in);
	struct headings all = { 0 };
	struct sums sums;
	const char *token;
	json_t *data;
	int rc;

	if (notify_token(mem, &in->rules->conf, letter->id, &token, err) < 0)
		return -1;
	collect(mem, in, letter, open, people, &all, &sums);
	if (!all.list.count && !sums.lists)
		return 0;
	data = digest_json(mem, in, letter, &all, &sums, token);
	rc = letter_render(mem, l, "digest", data, out, err);
	json_decref(data);
	out->subject = subject(mem, l, letter, &sums);
	return rc;
}
