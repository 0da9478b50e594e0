/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ldif.c - what other people carry out: an LDIF for an administrator, work lists for a person. */
#include "apply_p.h"
#include "behov/digest.h"
#include "behov/file.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MOST ((size_t)1 << 30)
#define EXPIRY_DAYS 14

/* ------------------------------------------------------------------ one file, journaled */

static int
intend_all(struct apply *a, struct stored *const *list, size_t count, const char *shown)
{
	long long id;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (apply_intend(a, list[i]->id, "export", 0, shown, NULL, &id) < 0)
			goto undo;
	if (store_commit(a->in->store, a->err) == 0)
		return 0;
undo:
	store_rollback(a->in->store);
	return -1;
}

/* `shown` is the file's name as the store and people see it. */
static int
record(struct apply *a, struct stored *s, const char *shown)
{
	struct effect *e;

	if (apply_effect(a, s->id, "export", &e) < 0 || store_begin(a->in->store, a->err) < 0)
		return -1;
	if (apply_end(a, e->id, EFFECT_DONE, NULL, shown) < 0 ||
	    apply_move_in(a, s, PROPOSAL_EXPORTED, INT64_MIN, DAY_NONE, shown, "apply") < 0 ||
	    store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	a->out->exported++;
	log_info("apply exported proposal='%s' file='%s'", s->id, shown);
	return 0;
}

static int
export(struct apply *a, struct stored *const *list, size_t count, const char *name, const struct text *t)
{
	const char *path = arena_print(a->mem, "%s/%s", a->conf->work, name), *shown = name_show(a->mem, path);

	if (t->full)
		return error_set(a->err, ERROR_SOURCE, "cannot write '%s': it would be too long", path);
	if (mkdir(a->conf->work, 0750) < 0 && errno != EEXIST)
		return error_sys(a->err, ERROR_SOURCE, "cannot make the folder '%s'", a->conf->work);
	if (intend_all(a, list, count, shown) < 0 || file_write(path, t->data, t->len, a->err) < 0)
		return -1;
	step("export");
	for (size_t i = 0; i < count; i++)
		if (record(a, list[i], shown) < 0)
			return -1;
	return 0;
}

/* The file is put in place whole or not at all: where it is, somebody may have read it, and it counts as exported. */
int
export_finish(struct apply *a, struct stored *s, bool *done)
{
	struct effect *e;
	const char *path;

	*done = false;
	if (apply_effect(a, s->id, "export", &e) < 0)
		return -1;
	path = e && e->state == EFFECT_INTENDED && e->target ? name_read(a->mem, e->target) : NULL;
	if (!path || access(path, F_OK) < 0)
		return 0;
	*done = true;
	return record(a, s, e->target);
}

/* ------------------------------------------------------------------ LDIF */

/* RFC 2849: SAFE-STRING, and no blank at the end, which editors eat. */
static bool
is_safe(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || strchr(" :<", value[0]) || value[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] > 126 || (unsigned char)value[i] < 32)
			return false;
	return true;
}

static void
base64(struct text *t, const char *bytes, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		unsigned long three = (unsigned long)(unsigned char)bytes[i] << 16;

		three |= i + 1 < len ? (unsigned long)(unsigned char)bytes[i + 1] << 8 : 0;
		three |= i + 2 < len ? (unsigned long)(unsigned char)bytes[i + 2] : 0;
		for (size_t k = 0; k < 4; k++)
			text_char(t, i + k <= len ? letters[three >> (18 - 6 * k) & 63] : '=');
	}
}

static void
line(struct text *t, const char *name, const char *value)
{
	if (is_safe(value)) {
		text_print(t, "%s: %s\n", name, value);
		return;
	}
	text_print(t, "%s:: ", name);
	base64(t, value, strlen(value));
	text_char(t, '\n');
}

/* One line, whatever the names in it hold. */
static const char *
one_line(struct apply *a, const char *value)
{
	char *plain = arena_text(a->mem, value);

	text_plain(plain);
	return plain;
}

static void
comment(struct apply *a, struct text *t, const char *what, const char *value)
{
	text_print(t, "# %s%s\n", what, one_line(a, value));
}

static void
head(struct apply *a, struct text *t, const char *name, size_t count)
{
	day_t today = clock_day(a->in->now);

	text_add(t, "version: 1\n");
	comment(a, t, "", arena_print(a->mem, "%s: behörigheter att ta bort, för %s.", name, a->conf->organisation));
	text_print(t, "# Skapad %s. Gäller till och med %s; kör den inte senare, för då kan den vara fel.\n",
		   day_text(a->mem, today), day_text(a->mem, today + EXPIRY_DAYS));
	text_print(t, "# %zu ändring%s. Informationsägarna har godkänt dem, och ångerfristen är slut.\n", count,
		   count == 1 ? "" : "ar");
	text_add(t, "#\n# Kör i Windows:     ldifde -i -k -f FILEN\n"
		   "# Kör i Linux:       ldapmodify -c -H ldaps://DOMÄNKONTROLLANT -D DITT-KONTO -W -f FILEN\n"
		   "# En medlem som redan är borta ger ett fel som inte gör något (-k och -c går vidare).\n"
		   "# Medlemmen anges med sin identitet (objectGUID): ett nytt konto med samma namn berörs inte.\n"
		   "# Nästa natt ser behov efter att det är gjort. Ändra inte i filen.\n");
}

/* The file is run days later, and by then somebody else may have the name.  AD takes the key as the value (MS-ADTS
 * 3.1.1.3.1.2.4); a key that is neither GUID nor SID is the DN itself. */
static const char *
value_of(struct apply *a, const struct stored *s)
{
	const char *key = s->p.guid;

	if (strncmp(key, "S-1-", 4) == 0)
		return arena_print(a->mem, "<SID=%s>", key);
	if (strlen(key) == 36 && strspn(key, "0123456789abcdefABCDEF-") == 36)
		return arena_print(a->mem, "<GUID=%s>", key);
	return s->dn ? s->dn : s->p.member;
}

/* What people call it: of somebody with protected identity, not the name. */
static const char *
member_now(struct apply *a, const struct stored *s)
{
	return s->dn && dn_key(a->mem, s->p.member) ? s->dn : s->p.member;
}

static void
change(struct apply *a, struct text *t, const struct stored *s)
{
	text_char(t, '\n');
	comment(a, t, "Förslag ", s->id);
	comment(a, t, "Medlem: ", s->p.display ? s->p.display : s->p.account ? s->p.account : s->p.member);
	comment(a, t, "Heter: ", member_now(a, s));
	comment(a, t, "Identitet: ", s->p.guid);
	comment(a, t, "Skäl: ", s->p.why ? s->p.why : "-");
	line(t, "dn", s->group_dn ? s->group_dn : s->p.group);
	text_add(t, "changetype: modify\ndelete: member\n");
	line(t, "member", value_of(a, s));
	text_add(t, "-\n");
}

int
export_ldif(struct apply *a, struct stored *const *list, size_t count)
{
	struct text t, ids;
	const char *name;
	int rc;

	text_open(&ids, TEXT_MOST);
	for (size_t i = 0; i < count; i++)
		text_print(&ids, "%s\n", list[i]->id);
	name = arena_print(a->mem, "behov-%.12s.ldif", digest_text(a->mem, ids.data));
	text_close(&ids);
	text_open(&t, TEXT_MOST);
	head(a, &t, name, count);
	for (size_t i = 0; i < count; i++)
		change(a, &t, list[i]);
	rc = export(a, list, count, name, &t);
	text_close(&t);
	return rc;
}

/* ------------------------------------------------------------------ work lists */

int
export_by_hand(struct apply *a, struct stored *s)
{
	struct text t;
	int rc;

	text_open(&t, TEXT_MOST);
	text_print(&t, "Arbetslista från behov, %s\n\nTa bort en medlem ur en grupp, för hand.\n\n",
		   day_text(a->mem, clock_day(a->in->now)));
	text_print(&t, "Förslag:  %s\nGrupp:    %s\nMedlem:   %s\n", s->id, one_line(a, s->group_dn ? s->group_dn : s->p.group),
		   one_line(a, member_now(a, s)));
	if (s->p.account)
		text_print(&t, "Konto:    %s\n", one_line(a, s->p.account));
	text_print(&t, "Identitet: %s (gäller bara det konto som har den; ett nytt med samma namn ska vara kvar)\n", one_line(a, s->p.guid));
	text_print(&t, "Skäl:     %s\n\n%s\n", one_line(a, s->p.why ? s->p.why : "-"),
		   s->p.by_hand ? "Kontot eller gruppen är skyddad (adminCount). Därför ändrar behov den aldrig själv:\n"
				  "två personer gör det tillsammans."
				: "Systemet är registrerat så att en människa gör ändringen.");
	text_add(&t, "Det är godkänt av dem som ska godkänna det. Nästa natt ser behov efter att det är gjort.\n"
		 "Den som godkände kan också markera det som utfört på sin sida.\n");
	rc = export(a, &s, 1, arena_print(a->mem, WORK_LIST "%s.txt", s->id), &t);
	text_close(&t);
	return rc;
}

static struct entry
entry_of(const struct record *r)
{
	const char *slash = strrchr(r->path, '/');

	return (struct entry){
		.name = slash ? slash + 1 : r->path, .type = DT_REG, .stated = true, .size = r->size, .ino = r->ino,
		.dev = r->dev, .nlink = r->nlink, .mtime_s = r->mtime_s, .ctime_s = r->ctime_s, .btime_s = r->btime_s,
		.mtime_ns = r->mtime_ns, .ctime_ns = r->ctime_ns, .btime_ns = r->btime_ns,
	};
}

/* A share on SMB is opened by nobody here: what was approved is judged anew, as it was then. */
static const char *
objection_unseen(struct batch *b, size_t number)
{
	struct entry then = entry_of(&b->records[number - 1]);

	return b->s->p.kind == KIND_DESTROY ? batch_objection(b, number, &then) : NULL;
}

/* As it is now. */
static const char *
look_at(struct batch *b, size_t number)
{
	const struct record *r = &b->records[number - 1];
	struct entry now;
	const char *name;
	int parent = walk_parent(b->mem, b->root, r->path, &name), rc = parent < 0 ? -1 : walk_look(parent, name, b->dev, &now), why = errno;
	const char *other = rc < 0 || !batch_as_approved(b, r, &now) ? NULL : delivered_differs(b, number, parent, name);

	if (parent >= 0)
		close(parent);
	if (rc < 0 && batch_lost(b, why))
		return b->lost;
	if (rc < 0)
		return why == ENOENT ? "filen är borta" : arena_print(b->mem, "filen går inte att läsa av: %s", strerror(why));
	if (!batch_as_approved(b, r, &now))
		return "filen har ändrats sedan den godkändes";
	return other ? other : b->s->p.kind == KIND_DESTROY ? batch_objection(b, number, &now) : NULL;
}

static const char *
in_the_way(struct batch *b, size_t number)
{
	return b->share->smb ? objection_unseen(b, number) : look_at(b, number);
}

/* Of each, by number.  What one record stands in the way of, all of a whole batch does: that is what is returned. */
static const char *
all_in_the_way(struct batch *b, const char **each)
{
	const char *why = b->s->p.whole && !b->share->smb ? batch_census(b) : NULL;

	for (size_t n = 1; n <= b->count && !why && !b->lost; n++) {
		each[n] = in_the_way(b, n);
		why = b->s->p.whole ? each[n] : NULL;
	}
	return why;
}

/* When what may not go is gone one night all the same, it did not go by that decision: see journal_handled(). */
static int
note_one(struct batch *b, size_t number, const char *why)
{
	long long id;

	if (apply_intend(b->a, b->s->id, BY_HAND_ACT, (long long)number, name_show(b->mem, b->records[number - 1].path), NULL, &id) < 0)
		return -1;
	return apply_end(b->a, id, why ? EFFECT_FAILED : EFFECT_UNDONE, NULL, why);
}

/* A run that was ended before its list was written may have said another thing. */
static int
note_those(struct batch *b, const char *const *each)
{
	bool *before = arena_array(b->mem, bool, b->count + 1);
	struct store *store = b->a->in->store;
	struct effects list = { 0 };

	if (store_effects(b->mem, store, b->s->id, BY_HAND_ACT, &list, b->a->err) < 0 || store_begin(store, b->a->err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++)
		if (list.list.items[i].number >= 1 && (size_t)list.list.items[i].number <= b->count)
			before[list.list.items[i].number] = true;
	for (size_t n = 1; n <= b->count; n++)
		if ((each[n] || before[n]) && note_one(b, n, each[n]) < 0)
			goto undo;
	if (store_commit(store, b->a->err) == 0)
		return 0;
undo:
	store_rollback(store);
	return -1;
}

/* Files that may not go any longer are named all the same, with what stands in the way: whoever works through the
 * list must not destroy them. */
static void
rows(struct batch *b, struct text *t, const char *const *each)
{
	for (size_t n = 1; n <= b->count; n++) {
		const struct record *r = &b->records[n - 1];
		const char *due = day_text(b->mem, r->due), *why = each[n];

		csv_cell(t, name_show(b->mem, r->path));
		text_print(t, ";%llu;%s;", (unsigned long long)r->size, due ? due : "");
		csv_cell(t, why ? why : b->s->p.kind == KIND_DESTROY ? "gallra" : "leverera");
		text_add(t, "\r\n");
	}
}

int
export_files(struct batch *b)
{
	const char **each = arena_array(b->mem, const char *, b->count + 1), *why = all_in_the_way(b, each);
	struct apply *a = b->a;
	struct text t;
	int rc;

	if (b->lost)
		return batch_leave(b);
	if (why) {                      /* the night asks again about what is there now */
		a->out->failed++;
		return apply_move(a, b->s, PROPOSAL_FAILED, INT64_MIN,
				  arena_print(a->mem, "volymen är inte densamma som godkändes (%s)", why));
	}
	if (b->s->p.kind == KIND_DESTROY && note_those(b, each) < 0)
		return -1;
	text_open(&t, TEXT_MOST);
	text_add(&t, "\xef\xbb\xbf" "fil;byte;får gallras från;att göra\r\n");
	rows(b, &t, each);
	rc = export(a, &b->s, 1, arena_print(a->mem, WORK_LIST "%s.csv", b->s->id), &t);
	text_close(&t);
	return rc;
}
