/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * show.c - what is in force, as text for a person and as JSON for a program.
 */
#include "behov/json.h"
#include "behov/register.h"

static void
put_new(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void
put_texts(json_t *object, const char *key, const char *const *texts, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(list, json_string(texts[i]));
	put_new(object, key, list);
}

static json_t *
one_directory(const struct directory *d)
{
	static const char *const schemas[] = { "ad", "rfc2307bis", "rfc2307" };
	json_t *o = json_object();

	json_put(o, "name", d->name);
	json_put(o, "source", d->source);
	json_put(o, "base", d->base);
	json_put(o, "bind-dn", d->bind_dn);
	json_put(o, "password-file", d->password_file);
	json_put(o, "keytab", d->keytab);
	json_put(o, "principal", d->principal);
	json_put(o, "sasl", d->gssapi ? "gssapi" : "none");
	put_new(o, "starttls", json_boolean(d->starttls));
	json_put(o, "ca-file", d->ca_file);
	put_new(o, "page-size", json_integer(d->page_size));
	put_new(o, "connections", json_integer(d->connections));
	put_new(o, "timeout", json_integer(d->timeout));
	json_put(o, "schema", schemas[d->schema]);
	return o;
}

/* One as it is, several as a list; what is about all of them stands beside. */
static json_t *
directory_json(const struct conf *c)
{
	json_t *o = c->directory_count == 1 ? one_directory(c->directories) : json_object(), *list = json_array();

	for (int i = 0; i < c->directory_count && c->directory_count > 1; i++)
		json_array_append_new(list, one_directory(&c->directories[i]));
	if (json_array_size(list))
		json_object_set(o, "directories", list);
	json_decref(list);
	put_texts(o, "access-groups", c->directory.access_groups, c->directory.access_group_count);
	put_texts(o, "service-accounts", c->directory.service_accounts, c->directory.service_account_count);
	put_new(o, "dangling-ratio", json_real(c->directory.dangling_ratio));
	put_new(o, "shrink-ratio", json_real(c->directory.shrink_ratio));
	return o;
}

static json_t *
mail_json(const struct conf *c)
{
	json_t *o = json_object();

	json_put(o, "server", c->mail.server);
	json_put(o, "from", c->mail.from);
	json_put(o, "user", c->mail.user);
	json_put(o, "password-file", c->mail.password_file);
	json_put(o, "ca-file", c->mail.ca_file);
	put_new(o, "starttls", json_boolean(c->mail.starttls));
	json_put(o, "contact", c->mail.contact);
	json_put(o, "words", c->mail.words);
	return o;
}

static json_t *
audit_json(const struct conf *c)
{
	json_t *o = json_object(), *stamp = json_object();

	json_put(o, "heads", c->audit.heads);
	json_put(o, "key-file", c->audit.key_file);
	json_put(o, "key", c->audit.key);
	put_texts(o, "anchors", c->audit.anchors, c->audit.anchor_count);
	json_put(o, "syslog", c->audit.syslog);
	json_put(stamp, "url", c->audit.stamp.url);
	json_put(stamp, "ca-file", c->audit.stamp.ca_file);
	json_put(stamp, "tls-ca-file", c->audit.stamp.tls_ca_file);
	put_new(stamp, "timeout", json_integer(c->audit.stamp.timeout));
	put_new(o, "stamp", stamp);
	return o;
}

static void
put_archive(json_t *object, const struct archive *a)
{
	json_t *o = json_object();

	json_put(o, "board", a->board);
	json_put(o, "creator", a->creator);
	json_put(o, "responsible", a->responsible);
	put_new(object, "archive", o);
}

/* "90 days", as it is written. */
static void
put_period(json_t *object, const char *key, struct period period)
{
	static const char *const units[] = { "days", "months", "years" };

	put_new(object, key, period.count ? json_sprintf("%d %s", period.count, units[period.unit]) : json_null());
}

static void
put_copies(json_t *object, const struct copies *copies)
{
	put_period(object, "backups", copies->backups);
	put_period(object, "snapshots", copies->snapshots);
}

static json_t *
protocol_json(const struct conf *c)
{
	json_t *o = json_object();

	json_put(o, "dnr", c->protocol.dnr);
	put_copies(o, &c->protocol.copies);
	return o;
}

static json_t *
report_json(const struct conf *c)
{
	json_t *o = json_object();

	json_put(o, "dnr", c->report.dnr);
	json_put(o, "keep", c->report.keep);
	json_object_set_new(o, "review-days", json_integer(c->report.review_days));
	put_texts(o, "shared-accounts", c->report.shared, c->report.shared_count);
	put_texts(o, "break-glass-accounts", c->report.break_glass, c->report.break_glass_count);
	put_texts(o, "consultant-accounts", c->report.consultants, c->report.consultant_count);
	return o;
}

static json_t *
limits_json(const struct conf *c)
{
	return json_pack("{s:{s:i,s:f},s:{s:i,s:i,s:f},s:{s:i,s:i},s:i,s:i,s:i,s:[ii],s:i}", "brake", "count", c->brake.count, "ratio",
			 c->brake.ratio, "apply-brake", "memberships", c->apply_brake.memberships, "files", c->apply_brake.files,
			 "ratio", c->apply_brake.ratio, "grace-days", "access", c->grace.access_days, "files", c->grace.file_days,
			 "quarantine-days", c->quarantine_days, "link-days", c->link_days, "reminder-days",
			 c->reminder_days, "escalate-days", c->escalate[0], c->escalate[1], "weekly", c->weekly);
}

static json_t *
hr_json(const struct conf *c)
{
	json_t *hr = json_object(), *units = json_object();

	json_put(units, "file", c->hr.units.file);
	json_put(units, "list", c->hr.units.list);
	json_put(units, "column", c->hr.units.column);
	json_put(units, "id", c->hr.units.id);
	json_put(units, "parent", c->hr.units.parent);
	json_put(units, "name", c->hr.units.name);
	put_new(hr, "units", units);
	json_put(hr, "file", c->hr.file);
	json_put(hr, "list", c->hr.list);
	json_put(hr, "key", c->hr.key);
	json_put(hr, "directory-key", c->hr.directory_key);
	put_new(hr, "key-hash", json_boolean(c->hr.key_hash));
	json_put(hr, "key-file", c->hr.key_hash ? c->hr.key_file : NULL);
	json_put(hr, "protected", c->hr.protected);
	json_put(hr, "from", c->hr.from);
	json_put(hr, "to", c->hr.to);
	json_put(hr, "user", c->hr.user);
	json_put(hr, "password-file", c->hr.password_file);
	json_put(hr, "token-file", c->hr.token_file);
	json_put(hr, "identity-file", c->hr.identity_file);
	json_put(hr, "known-hosts", c->hr.known_hosts);
	json_put(hr, "ca-file", c->hr.ca_file);
	put_new(hr, "timeout", json_integer(c->hr.timeout));
	return hr;
}

static json_t *
web_json(const struct conf *c)
{
	json_t *web = json_object(), *proofs = json_array(), *strong = json_array(), *ldap = json_object();

	json_put(web, "listen", c->web.listen);
	json_put(web, "url", c->web.url);
	json_put(web, "typed", c->web.typed);
	for (int i = 0; i < c->web.proof_count; i++)
		json_array_append_new(proofs, json_string(proof_word[c->web.proofs[i]]));
	put_new(web, "proof", proofs);
	if (c->web.strong_destroy)
		json_array_append_new(strong, json_string("destroy"));
	if (c->web.strong_class3)
		json_array_append_new(strong, json_string("class3"));
	put_new(web, "strong", strong);
	if (conf_proves(c, PROOF_LDAP)) {
		json_put(ldap, "server", c->web.ldap.at.source);
		json_put(ldap, "ca-file", c->web.ldap.at.ca_file);
		put_new(ldap, "starttls", json_boolean(c->web.ldap.at.starttls));
		json_put(ldap, "name", c->web.ldap.name);
		put_new(ldap, "tries", json_integer(c->web.ldap.tries));
	}
	put_new(web, "ldap", ldap);
	if (c->web.proxy.user)
		json_put(web, "proxy-user", c->web.proxy.user);
	if (conf_proves(c, PROOF_PROXY)) {
		json_put(web, "proxy-header", c->web.proxy.header);
		put_texts(web, "proxy-realms", c->web.proxy.realms, c->web.proxy.realm_count);
	}
	json_put(web, "administrators", c->web.administrators);
	return web;
}

static json_t *
conf_json(const struct conf *c)
{
	static const char *const modes[] = { "observe", "propose", "apply" };
	json_t *o = limits_json(c), *people = json_object();

	json_put(o, "organisation", c->organisation);
	json_put(o, "store", c->store);
	json_put(o, "inbox", c->inbox);
	json_put(o, "key-file", c->key_file);
	json_put(o, "work", c->work);
	json_put(o, "rules", c->rules);
	json_put(o, "mode", modes[c->mode]);
	json_put(o, "zone", c->zone);
	json_put(o, "language", c->language);
	put_new(o, "directory", directory_json(c));
	put_new(o, "mail", mail_json(c));
	put_new(o, "web", web_json(c));
	put_new(o, "webhook", json_pack("{s:s?,s:s?,s:s?,s:i}", "url", c->webhook.url, "secret-file", c->webhook.secret_file, "ca-file",
					c->webhook.ca_file, "timeout", c->webhook.timeout));
	put_new(o, "audit", audit_json(c));
	put_new(o, "hr", hr_json(c));
	put_archive(o, &c->archive);
	put_new(o, "protocol", protocol_json(c));
	put_new(o, "report", report_json(c));
	put_new(o, "metrics", json_pack("{s:s?,s:b,s:s?}", "file", c->metrics.file, "page", (int)c->metrics.page, "token-file",
					c->metrics.token_file));
	put_new(o, "targets", json_pack("{s:i,s:i,s:i,s:i,s:f,s:f,s:f,s:f}", "night-hours", c->targets.night_hours, "answer",
					c->targets.answer_days, "gaps", c->targets.gaps, "brakes", c->targets.brakes, "complete",
					c->targets.complete, "systems", c->targets.systems, "groups", c->targets.groups, "files",
					c->targets.files));
	json_put(people, "coordinator", c->people.coordinator);
	json_put(people, "archivist", c->people.archivist);
	json_put(people, "registrar", c->people.registrar);
	put_texts(people, "administrators", c->people.administrators, c->people.administrator_count);
	put_new(o, "people", people);
	return o;
}

static json_t *
thing_json(const char *id, const char *owner, struct place at)
{
	json_t *o = json_object();

	json_put(o, "id", id);
	json_put(o, "owner", owner);
	json_put(o, "file", at.file);
	put_new(o, "line", json_integer(at.line));
	return o;
}

static json_t *
system_json(const struct system *s)
{
	json_t *o = thing_json(s->id, s->owner, s->at), *roles = json_array();

	json_put(o, "name", s->name);
	for (int i = 0; i < s->role_count; i++) {
		const struct role *role = &s->roles[i];
		json_t *one = thing_json(role->id, s->owner, role->at), *needs = json_array();

		put_texts(one, "groups", role->groups, role->group_count);
		for (int k = 0; k < role->need_count; k++)
			json_array_append_new(needs, json_string(role->needs[k].text));
		put_new(one, "needs", needs);
		json_array_append_new(roles, one);
	}
	put_new(o, "roles", roles);
	return o;
}

/* null: there is none. */
static json_t *
decision_json(const char *dnr, const char *date, const char *paragraph, const char *body)
{
	json_t *o;

	if (!dnr)
		return json_null();
	o = json_object();
	json_put(o, "dnr", dnr);
	json_put(o, "date", date);
	json_put(o, "paragraph", paragraph);
	json_put(o, "body", body);
	return o;
}

static json_t *
series_json(struct arena *mem, const struct series *s)
{
	static const char *const actions[] = { "destroy", "preserve", "deliver" };
	json_t *o = thing_json(s->id, s->owner, s->at);

	json_put(o, "name", s->name);
	json_put(o, "action", actions[s->action]);
	json_put(o, "digest", series_digest(mem, s));
	put_new(o, "decided", json_boolean(s->decided));
	json_put(o, "law", s->law);
	json_put(o, "code", s->code);
	json_put(o, "secrecy", s->secrecy);
	put_archive(o, &s->archive);
	put_new(o, "decision", decision_json(s->decision.dnr, s->decision.date, s->decision.paragraph, s->decision.body));
	put_new(o, "application", decision_json(s->application.dnr, s->application.date, s->application.paragraph, s->application.body));
	put_texts(o, "source", s->sources, s->source_count);
	put_texts(o, "decide", s->decide, s->decide_count);
	return o;
}

static json_t *
share_json(const struct share *s)
{
	static const char *const disposals[] = { "none", "quarantine", "destroy" };
	json_t *o = thing_json(s->id, s->owner, s->at);

	json_put(o, "path", s->path);
	json_put(o, "case", s->fold ? "fold" : "exact");
	if (s->smb) {
		json_put(o, "user", s->smb->user);
		json_object_set_new(o, "kerberos", json_boolean(s->smb->kerberos));
		json_put(o, "encrypt", s->smb->encrypted ? "required" : "offered");
		json_object_set_new(o, "timeout", json_integer(s->smb->timeout));
	}
	json_put(o, "dispose", disposals[s->dispose]);
	json_object_set_new(o, "shrink-ratio", json_real(s->shrink_ratio));
	if (s->hands)
		put_new(o, "hands", json_integer(s->hands));
	if (s->rate)
		put_new(o, "rate", json_integer(s->rate));
	if (s->window.from != s->window.to)
		put_new(o, "window", json_sprintf("%02d:%02d-%02d:%02d", s->window.from / 60, s->window.from % 60, s->window.to / 60,
						  s->window.to % 60));
	json_object_set_new(o, "duplicates", json_boolean(s->duplicates));
	put_archive(o, &s->archive);
	put_copies(o, &s->copies);
	return o;
}

json_t *
register_json(const struct rules *rules)
{
	struct arena *mem = arena_open();
	json_t *o = json_object(), *attributes = json_object(), *systems = json_array(), *series = json_array(),
	       *shares = json_array(), *holds = json_array();

	for (int i = 0; i < rules->attributes_known; i++)
		json_put(attributes, rules->attributes[i].name,
			 rules->attributes[i].hr ? rules->attributes[i].hr : rules->attributes[i].ad);
	for (size_t i = 0; i < rules->system_count; i++)
		json_array_append_new(systems, system_json(&rules->systems[i]));
	for (size_t i = 0; i < rules->series_count; i++)
		json_array_append_new(series, series_json(mem, &rules->series[i]));
	for (size_t i = 0; i < rules->share_count; i++)
		json_array_append_new(shares, share_json(&rules->shares[i]));
	for (size_t i = 0; i < rules->hold_count; i++)
		json_array_append_new(holds, thing_json(rules->holds[i].id, rules->holds[i].by, rules->holds[i].at));
	put_new(o, "conf", conf_json(&rules->conf));
	put_new(o, "attributes", attributes);
	put_new(o, "systems", systems);
	put_new(o, "series", series);
	put_new(o, "shares", shares);
	put_new(o, "holds", holds);
	json_put(o, "digest", rules->digest);
	arena_close(mem);
	return o;
}

/* Objects become "name = value" lines with a dotted name, lists are numbered. */
static void
show_value(const char *name, json_t *value, FILE *out)
{
	struct arena *mem = arena_open();
	const char *key;
	json_t *one;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, key, one)
			show_value(*name ? arena_print(mem, "%s.%s", name, key) : key, one, out);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, one)
			show_value(arena_print(mem, "%s.%zu", name, i + 1), one, out);
	} else {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

		fprintf(out, "%s = %s\n", name, text ? text : "null");
		free(text);
	}
	arena_close(mem);
}

void
register_show(const struct rules *rules, FILE *out)
{
	json_t *all = register_json(rules);

	show_value("", all, out);
	json_decref(all);
}
