/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proposals.c - the list of proposals: who is asked, who has answered, when it goes. */
#include "report_p.h"

static void
put_names(struct arena *mem, json_t *o, const struct stored *s, const struct decisions *given)
{
	json_t *asked = put_list(o, "approvers"), *approved = put_list(o, "approved_by");

	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];
		bool again = i && strcmp(a->key, a[-1].key) == 0;
		json_t *one = json_object();

		json_put(one, "name", a->name);
		json_put(one, "as", a->as);
		put_number(one, "seat", a->seat);
		put_number(one, "waited", a->waited);
		put_moment(mem, one, "asked", a->asked ? a->asked : INT64_MIN);
		json_array_append_new(asked, one);
		if (!again && seats_has_approved(given, s, a->key))
			json_array_append_new(approved, json_string(a->name ? a->name : a->key));
	}
}

int
proposal_row(struct arena *mem, struct store *store, const struct stored *s, bool evidence, json_t **out,
	     struct error *err)
{
	struct decisions given;
	json_t *o;

	*out = NULL;
	if (store_decisions(mem, store, s->id, INT64_MIN, &given, err) < 0)
		return -1;
	o = proposal_json(&s->p, s->episode);
	json_put(o, "state", state_word[s->state]);
	json_put(o, "scope", s->p.scope);
	json_put(o, "version", s->p.version);
	json_put(o, "display", s->p.display);
	json_put(o, "note", s->note);
	put_number(o, "needs", s->p.needs);
	put_moment(mem, o, "opened", s->opened);
	put_moment(mem, o, "since", s->since);
	put_moment(mem, o, "go_at", s->go_at);
	put_day(mem, o, "until", s->until);
	put_names(mem, o, s, &given);
	if (evidence && s->p.evidence)
		json_object_set(o, "evidence", s->p.evidence);
	*out = o;
	return 0;
}

int
report_proposals(struct arena *mem, const struct report_input *in, unsigned states, json_t **out, struct error *err)
{
	struct stored_list list;
	json_t *rows;
	int rc = 0;

	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = states ? states : STATES_LIVE }, &list, err) < 0)
		return -1;
	*out = json_object();
	put_moment(mem, *out, "now", in->now);
	rows = put_list(*out, "proposals");
	for (size_t i = 0; i < list.list.count && rc == 0; i++) {
		json_t *row;

		rc = proposal_row(mem, in->store, &list.list.items[i], true, &row, err);
		if (rc == 0)
			json_array_append_new(rows, row);
	}
	stored_free(&list);
	if (rc < 0) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

char *
report_proposals_text(struct arena *mem, const json_t *proposals)
{
	const json_t *rows = json_object_get(proposals, "proposals");
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *p = json_array_get(rows, i);
		const json_t *who = json_object_get(p, "approvers");

		text_add(&t, in_column(mem, json_text(p, "id"), 18));
		text_add(&t, in_column(mem, worded(json_text(p, "state"), state_word, state_text, STATE_SUPERSEDED + 1), 26));
		text_add(&t, in_column(mem, worded(json_text(p, "kind"), kind_word, kind_text, KIND_DELIVER + 1), 19));
		if (json_text(p, "system"))
			text_print(&t, "%s/%s %s", json_text(p, "system"), json_text(p, "role"),
				   plain(mem, json_text(p, "account") ? json_text(p, "account") : json_text(p, "member")));
		else
			text_print(&t, "%s@%s %s (%s)", json_text(p, "series"), json_text(p, "share"),
				   plain(mem, json_text(p, "batch")), text_many(mem, json_number(p, "files", 0), "fil", "filer"));
		text_add(&t, "  frågade:");
		for (size_t k = 0; k < json_array_size(who); k++) {
			const char *name = json_text(json_array_get(who, k), "name");

			if (!k || strcmp(name, json_text(json_array_get(who, k - 1), "name")) != 0)
				text_print(&t, " %s", plain(mem, name));
		}
		text_print(&t, " (%zu svar)", json_array_size(json_object_get(p, "approved_by")));
		if (json_text(p, "go_at"))
			text_print(&t, "  tidigast %s", local(mem, json_text(p, "go_at")));
		if (json_text(p, "until"))
			text_print(&t, "  behålls till %s", json_text(p, "until"));
		if (json_text(p, "note"))
			text_print(&t, "  %s", plain(mem, json_text(p, "note")));
		text_char(&t, '\n');
	}
	if (!json_array_size(rows))
		text_add(&t, "Inga förslag.\n");
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}
