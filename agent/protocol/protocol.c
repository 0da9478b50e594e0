/* SPDX-License-Identifier: GPL-3.0-or-later */
/* protocol.c - gallringsprotokoll: issued once, in one transaction with their row of the chain; then their files are put in place. */
#include "behov/file.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/template.h"
#include "protocol_p.h"

#include <errno.h>
#include <unistd.h>

#define PAGE_MOST ((size_t)64 << 20)

bool
protocol_names(const struct series *series)
{
	return series && !series->evidence_digest;
}

/* Letters and digits of its dnr, and '-' for what stands between them. */
const char *
protocol_name(struct arena *mem, const char *dnr)
{
	char *name = arena_text(mem, dnr);

	for (char *c = name; *c; c++) {
		unsigned char u = (unsigned char)*c;

		if (!(u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'A' && u <= 'Z') || (u >= 'a' && u <= 'z') || u == '_'))
			*c = '-';
	}
	return name;
}

static const char *
dnr_of(struct arena *mem, const char *pattern, int year, long long number)
{
	struct text t;
	char *out;

	text_open(&t, 200);
	while (*pattern) {
		if (strncmp(pattern, "{year}", 6) == 0) {
			text_print(&t, "%04d", year);
			pattern += 6;
		} else if (strncmp(pattern, "{number}", 8) == 0) {
			text_print(&t, "%lld", number);
			pattern += 8;
		} else {
			text_char(&t, *pattern++);
		}
	}
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

/* ------------------------------------------------------------------ issued */

static int
note_issued(const struct report_input *in, const struct protocol *p, const char *list, const char *actor, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "protocol", p->dnr);
	json_put(payload, "proposal", p->proposal);
	json_put(payload, "digest", p->digest);
	json_put(payload, "list", list);
	rc = audit_add(in->store, in->now, actor, "protocol-issued", payload, err);
	json_decref(payload);
	return rc;
}

/* May the names of what is gone stay in the store?  Only a series that is in the rules, and says so, has them go. */
static bool
is_to_be_forgotten(const struct report_input *in, const struct stored *s)
{
	const struct series *series = rules_series(in->rules, s->p.series);

	return series && series->evidence_digest;
}

/* Inside a transaction.  What of it lies in quarantine still can come back, and keeps its names until a later run. */
static int
forget_in(const struct report_input *in, const struct stored *s, const char *dnr, const char *actor, bool *over, struct error *err)
{
	json_t *payload;
	int rc;

	*over = false;
	if (!is_to_be_forgotten(in, s))
		return 0;
	if (store_names_forget(in->store, s->id, in->now, over, err) < 0)
		return -1;
	if (!*over)
		return 0;
	payload = json_object();
	json_put(payload, "protocol", dnr);
	json_put(payload, "proposal", s->id);
	json_put(payload, "manifest", s->p.manifest);
	rc = audit_add(in->store, in->now, actor, "names-forgotten", payload, err);
	json_decref(payload);
	return rc;
}

/* Inside a transaction: its number is taken here, and lost with it. */
static int
issue_in(struct arena *mem, const struct report_input *in, const struct stored *s, const struct fates *fates, int year, const char *actor,
	 struct protocol *p, struct error *err)
{
	json_t *body = NULL;
	bool over;
	int rc;

	*p = (struct protocol){ .proposal = s->id, .year = year, .at = in->now,
				.nameless = !protocol_names(rules_series(in->rules, s->p.series)) };
	if (store_protocol_next(in->store, year, &p->number, err) < 0)
		return -1;
	p->dnr = dnr_of(mem, in->rules->conf.protocol.dnr, year, p->number);
	if (protocol_body(mem, in, s, p, fates, &body, err) < 0)
		return -1;
	p->body = json_pretty(mem, body);
	p->digest = digest_text(mem, p->body);
	json_decref(body);
	rc = store_protocol_add(in->store, p, err);
	if (rc == 0)
		rc = note_issued(in, p, fates->list, actor, err);
	return rc < 0 ? -1 : forget_in(in, s, p->dnr, actor, &over, err);
}

static int
issue(struct arena *mem, const struct report_input *in, const struct ended_batch *b, const char *actor, struct error *err)
{
	struct stored_list list = { 0 };
	const struct stored *s;
	struct protocol p;
	struct fates fates;
	int rc = -1;

	if (store_proposals(mem, in->store, &(struct proposal_filter){ .id = b->proposal }, &list, err) < 0)
		return -1;
	s = list.list.items;            /* it was found there just now */
	if (fates_read(mem, in->store, s, protocol_names(rules_series(in->rules, s->p.series)), NULL, &fates, err) < 0 ||
	    store_begin(in->store, err) < 0)
		goto out;
	if (issue_in(mem, in, s, &fates, day_year(clock_day(b->at)), actor, &p, err) < 0 || store_commit(in->store, err) < 0) {
		store_rollback(in->store);
		goto out;
	}
	log_info("protocol issued dnr='%s' proposal='%s' files=%lld", p.dnr, s->id, fates.by[OUTCOME_GONE].files);
	rc = 0;
out:
	stored_free(&list);
	return rc < 0 ? error_in(err, "the gallringsprotokoll of '%s'", b->proposal) : 0;
}

/* ------------------------------------------------------------------ its files */

/* What people read is made of. */
struct shown {
	struct arena *mem;
	const struct protocol *p;
	const json_t *body, *shown;
	const char *list;               /* where the list of files is, or NULL */
};

/* *there, and whether its bytes have that sha256. */
static int
look(const char *path, const char *digest, bool *there, bool *same, struct error *err)
{
	struct arena *mem = arena_open();
	unsigned char sum[DIGEST_SIZE];
	char *bytes = arena_take(mem, 1 << 16);
	struct digest *d;
	ssize_t n = 0;
	int fd;

	*there = access(path, F_OK) == 0;
	*same = false;
	fd = *there ? file_open(path, err) : -1;
	if (fd >= 0) {
		d = digest_open();
		while ((n = read(fd, bytes, 1 << 16)) > 0 || (n < 0 && errno == EINTR))
			digest_add(d, bytes, n > 0 ? (size_t)n : 0);
		digest_close(d, sum);
		*same = strcmp(digest_hex(mem, sum, sizeof(sum)), digest) == 0;
		close(fd);
	}
	arena_close(mem);
	return *there && (fd < 0 || n < 0) ? error_sys(err, ERROR_SOURCE, "cannot read '%s'", path) : 0;
}

/* Needed: true when it has to be written; what is there and is another is never touched. */
static int
wanted(const char *path, const char *digest, bool *needed, struct error *err)
{
	bool there, same;

	if (look(path, digest, &there, &same, err) < 0)
		return -1;
	*needed = !there;
	return there && !same ? error_set(err, ERROR_SOURCE, "'%s' is not as it was issued (sha256 %s): it is left as it is", path, digest) : 0;
}

static int
write_body(const struct protocol *p, const char *path, struct error *err)
{
	bool needed;

	if (wanted(path, p->digest, &needed, err) < 0)
		return -1;
	if (!needed)
		return 0;
	if (file_write(path, p->body, strlen(p->body), err) < 0)
		return -1;
	step("protocol");
	return 0;
}

/* Written as it is read, and put in place only when it is the list whose digest was issued. */
static int
write_list(struct arena *mem, const struct report_input *in, const struct stored *s, const char *digest, const char *path, struct error *err)
{
	struct file_draft draft;
	struct fates fates;
	bool needed;
	int rc;

	if (wanted(path, digest, &needed, err) < 0)
		return -1;
	if (!needed)
		return 0;
	if (file_draft_open(&draft, path, err) < 0)
		return -1;
	rc = fates_read(mem, in->store, s, true, draft.out, &fates, err);
	if (rc == 0 && strcmp(fates.list, digest) != 0)
		rc = error_set(err, ERROR_STORE, "the journal of '%s' is not what it was when its protocol was issued, and so '%s' cannot be "
			       "written again", s->id, path);
	if (file_draft_close(&draft, rc == 0, err) < 0)
		rc = -1;
	if (rc == 0)
		step("protocol");
	return rc;
}

static int
write_page(const struct shown *as, const char *path, struct error *err)
{
	struct text t;
	int rc;

	text_open(&t, PAGE_MOST);
	rc = template_named("report-protocol.html", as->shown, &t, err);
	if (rc == 0 && t.full)
		rc = error_set(err, ERROR_SOURCE, "'%s' would be too long", path);
	if (rc == 0)
		rc = file_write(path, t.data, t.len, err);
	text_close(&t);
	return rc;
}

static int
write_document(const struct shown *as, const char *path, struct error *err)
{
	const char *bytes;
	size_t len;

	return protocol_pdf(as->mem, as->shown, as->body, as->p, as->list, &bytes, &len, err) < 0 ? -1 : file_write(path, bytes, len, err);
}

/* One that is there was made by the version of its day, and stays. */
static int
write_shown(const struct shown *as, const char *path, int (*write)(const struct shown *as, const char *path, struct error *err), struct error *err)
{
	if (access(path, F_OK) == 0)
		return 0;
	if (write(as, path, err) < 0)
		return -1;
	step("protocol");
	return 0;
}

static int
write_list_of(struct arena *mem, const struct report_input *in, const struct protocol *p, const json_t *list, const char *path, struct error *err)
{
	struct stored_list found = { 0 };
	int rc = -1;

	if (store_proposals(mem, in->store, &(struct proposal_filter){ .id = p->proposal }, &found, err) < 0)
		return -1;
	if (found.list.count)
		rc = write_list(mem, in, found.list.items, json_text(list, "digest"), path, err);
	else
		error_set(err, ERROR_STORE, "there is no proposal '%s' any more", p->proposal);
	stored_free(&found);
	return rc;
}

/* files: where they are, { "json", "csv" or null, "html", "pdf" }; the caller's to free. */
static int
write_files(struct arena *mem, const struct report_input *in, const struct protocol *p, json_t **files, struct error *err)
{
	const char *folder, *base;
	json_t *body = NULL, *list, *shown = NULL;
	struct shown as;
	bool names;
	int rc = -1;

	*files = json_object();
	if (json_read(p->body, strlen(p->body), &body, err) < 0 ||
	    file_folder(mem, in->rules->conf.work, "protokoll", &folder, err) < 0)
		goto out;
	base = arena_print(mem, "%s/%s", folder, protocol_name(mem, p->dnr));
	list = json_object_get(body, "list");
	names = json_text(list, "file") != NULL;
	json_put(*files, "json", arena_print(mem, "%s.json", base));
	json_put(*files, "csv", names ? arena_print(mem, "%s.csv", base) : NULL);
	json_put(*files, "html", arena_print(mem, "%s.html", base));
	json_put(*files, "pdf", arena_print(mem, "%s.pdf", base));
	shown = protocol_show(mem, body, p->digest);
	as = (struct shown){ mem, p, body, shown, json_text(*files, "csv") };
	if (write_body(p, json_text(*files, "json"), err) == 0 &&
	    (!names || write_list_of(mem, in, p, list, json_text(*files, "csv"), err) == 0) &&
	    write_shown(&as, json_text(*files, "html"), write_page, err) == 0 &&
	    write_shown(&as, json_text(*files, "pdf"), write_document, err) == 0)
		rc = 0;
out:
	json_decref(shown);
	json_decref(body);
	if (rc < 0) {
		json_decref(*files);
		*files = NULL;
	}
	return rc < 0 ? error_in(err, "the gallringsprotokoll '%s'", p->dnr) : 0;
}

/* ------------------------------------------------------------------ forgotten */

/* One that cannot be made must not stop the night, nor the others. */
static void
missed(struct arena *mem, struct protocols_done *out, const struct error *why)
{
	log_error("%s", why->text);
	if (!out->unwritten++)
		out->why = arena_text(mem, why->text);
}

/* Those that were not over when their protocol was issued, or whose series has said it since. */
static int
forget_late(const struct report_input *in, const struct protocol *p, const char *actor, struct error *err)
{
	struct arena *mem = arena_open();
	struct stored_list found = { 0 };
	bool over = false;
	int rc = store_proposals(mem, in->store, &(struct proposal_filter){ .id = p->proposal }, &found, err);

	if (rc == 0 && found.list.count && is_to_be_forgotten(in, found.list.items)) {
		rc = store_begin(in->store, err);
		if (rc == 0 && (forget_in(in, found.list.items, p->dnr, actor, &over, err) < 0 || store_commit(in->store, err) < 0)) {
			store_rollback(in->store);
			rc = -1;
		}
	}
	stored_free(&found);
	arena_close(mem);
	return rc;
}

static int
forget_all(struct arena *mem, const struct report_input *in, const char *actor, struct protocols_done *out, struct error *err)
{
	struct protocols named = { 0 };
	struct error why = { 0 };
	bool done = true;

	if (store_protocols_named(mem, in->store, &named, err) < 0)
		return -1;
	for (size_t i = 0; i < named.list.count; i++)
		if (forget_late(in, &named.list.items[i], actor, err) < 0)
			return -1;
	if (store_names_scrub(in->store, &done, &why) < 0)
		missed(mem, out, &why);
	else if (!done)
		log_warn("names of files that are gone are in the store's WAL still, as another program reads it: the next run tries again");
	return 0;
}

/* ------------------------------------------------------------------ the doors */

static int
write_one(const struct report_input *in, const struct protocol *p, struct error *err)
{
	struct arena *mem = arena_open();
	json_t *files = NULL;
	int rc = write_files(mem, in, p, &files, err);

	if (rc == 0)
		rc = store_protocol_written(in->store, p->proposal, in->now, err);
	json_decref(files);
	arena_close(mem);
	return rc;
}

int
protocols_issue(struct arena *mem, const struct report_input *in, const char *actor, struct protocols_done *out, struct error *err)
{
	struct ended_batches due = { 0 };
	struct protocols unwritten = { 0 };

	*out = (struct protocols_done){ 0 };
	if (store_protocols_due(mem, in->store, &due, err) < 0)
		return -1;
	for (size_t i = 0; i < due.list.count; i++) {
		struct arena *each = arena_open();
		struct error why = { 0 };

		if (issue(each, in, &due.list.items[i], actor, &why) == 0)
			out->issued++;
		else
			missed(mem, out, &why);
		arena_close(each);
	}
	if (store_protocols(mem, in->store, NULL, true, &unwritten, err) < 0)
		return -1;
	for (size_t i = 0; i < unwritten.list.count; i++) {
		struct error why = { 0 };

		if (write_one(in, &unwritten.list.items[i], &why) == 0)
			out->written++;
		else
			missed(mem, out, &why);
	}
	return forget_all(mem, in, actor, out, err);
}

static json_t *
protocol_row(struct arena *mem, const struct protocol *p, json_t *files, struct error *err)
{
	json_t *o = json_object(), *body = NULL;

	if (json_read(p->body, strlen(p->body), &body, err) < 0) {
		json_decref(o);
		return NULL;
	}
	json_put(o, "dnr", p->dnr);
	json_put(o, "proposal", p->proposal);
	put_moment(mem, o, "issued", p->at);
	json_put(o, "digest", p->digest);
	json_object_set(o, "files", files);
	json_object_set_new(o, "protocol", body);
	return o;
}

static int
none_found(struct arena *mem, const struct report_input *in, const char *what, struct error *err)
{
	struct stored_list list = { 0 };
	size_t count;

	if (store_proposals(mem, in->store, &(struct proposal_filter){ .id = what, .brief = true }, &list, err) < 0)
		return -1;
	count = list.list.count;
	stored_free(&list);
	return error_set(err, ERROR_USAGE, count ? "nothing of '%s' has been destroyed to its end, so it has no gallringsprotokoll"
						  : "'%s' is neither a proposal nor the dnr of a gallringsprotokoll", what);
}

int
protocols_read(struct arena *mem, const struct report_input *in, const char *what, json_t **out, struct error *err)
{
	struct protocols all = { 0 };
	json_t *rows;

	*out = NULL;
	if (store_protocols(mem, in->store, what, false, &all, err) < 0)
		return -1;
	if (what && !all.list.count)
		return none_found(mem, in, what, err);
	*out = json_object();
	rows = put_list(*out, "protocols");
	for (size_t i = 0; i < all.list.count; i++) {
		json_t *files = NULL, *o = NULL;

		if (write_files(mem, in, &all.list.items[i], &files, err) == 0)
			o = protocol_row(mem, &all.list.items[i], files, err);
		json_decref(files);
		if (!o) {
			json_decref(*out);
			*out = NULL;
			return -1;
		}
		json_array_append_new(rows, o);
	}
	return 0;
}

char *
protocols_text(struct arena *mem, const json_t *protocols)
{
	const json_t *one, *list = json_object_get(protocols, "protocols");
	struct text t;
	char *out;
	size_t i;

	text_open(&t, (size_t)64 << 20);
	json_array_foreach(list, i, one)
		text_print(&t, "%s  %s\n  %s\n", plain(mem, json_text(one, "dnr")), plain(mem, json_text(one, "proposal")),
			   plain(mem, json_text(json_object_get(one, "files"), "html")));
	if (!json_array_size(list))
		text_add(&t, "Inga gallringsprotokoll är utfärdade.\n");
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}
