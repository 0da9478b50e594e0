/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.c - the verb audit: the chain checked, written out, and its head signed. */
#include "run_p.h"
#include "verbs_p.h"
#include <behov/audit.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/register.h>
#include <behov/report.h>

/* ------------------------------------------------------------------ checking */

/* What is found, and against which heads. */
struct check { struct audit_result chain; struct seals seals; bool sealed; };

static json_t *
check_json(const struct check *c)
{
	json_t *o = json_object(), *behind = json_array(), *disposals = json_array();

	json_object_set_new(o, "rows", json_integer(c->chain.rows));
	json_object_set_new(o, "disposed", json_integer(c->chain.disposed));
	for (size_t i = 0; i < c->chain.disposals.count; i++)
		json_array_append_new(disposals, json_pack("{s:s, s:I}", "dnr", c->chain.disposals.items[i].dnr, "rows",
							   (json_int_t)c->chain.disposals.items[i].rows));
	json_object_set_new(o, "disposals", disposals);
	json_put(o, "head", c->chain.head);
	json_object_set_new(o, "broken", json_integer(c->chain.broken));
	json_put(o, "why", c->chain.why);
	json_object_set_new(o, "sealed", json_integer(c->chain.sealed));
	json_object_set_new(o, "epoch", json_integer(c->seals.epoch));
	json_object_set_new(o, "heads", json_integer((json_int_t)c->seals.list.count));
	json_object_set_new(o, "stamps", json_integer(c->seals.stamps));
	json_put(o, "key", c->seals.list.count ? c->seals.list.items[0].public : NULL);
	for (int i = 0; i < c->seals.behind_count; i++)
		json_array_append_new(behind, json_string(c->seals.behind[i]));
	json_object_set_new(o, "behind", behind);
	return o;
}

static const char *
disposals_text(struct arena *mem, const struct audit_result *chain)
{
	const char *out = "";

	for (size_t i = 0; i < chain->disposals.count; i++)
		out = arena_print(mem, "%sVad %lld av raderna sa är gallrat efter beslut %s.\n", out, chain->disposals.items[i].rows,
				  chain->disposals.items[i].dnr);
	return out;
}

static const char *
seals_text(struct arena *mem, const struct check *c)
{
	const struct seal *last = c->seals.last;
	const char *out;

	if (!c->sealed)
		return "Inga undertecknade huvuden: att kedjan är hel säger inte att ingen har bytt ut den.\n";
	if (!last)
		return "Ännu är inget huvud undertecknat.\n";
	out = arena_print(mem, "Undertecknad till och med rad %lld, senast %s, epok %lld, %lld tidsstämplar.\n"
			  "Listan börjar med nyckeln %s: jämför med den som arkivet har.\n", c->chain.sealed, last->at,
			  c->seals.epoch, c->seals.stamps, c->seals.list.items[0].public);
	if (last->kind == SEAL_EPOCH)
		out = arena_print(mem, "%sEpoken började då %s godtog kedjan som den var: %s\n", out, last->by, last->why);
	for (int i = 0; i < c->seals.behind_count; i++)
		out = arena_print(mem, "%sKopian %s saknar de senaste huvudena.\n", out, c->seals.behind[i]);
	return out;
}

static int
say_check(struct arena *mem, const struct options *options, const struct check *c, struct error *err)
{
	const struct audit_result *chain = &c->chain;
	json_t *json = check_json(c);
	int rc;

	if (options->json)
		rc = say_json(mem, json, err);
	else if (options->head)
		rc = say(arena_print(mem, "%s\n", chain->head ? chain->head : "-"), err);
	else if (chain->broken)
		rc = say(arena_print(mem, "Kedjan är bruten vid rad %lld: %s\n", chain->broken, chain->why), err);
	else
		rc = say(arena_print(mem, "Kedjan är hel: %lld rader, huvud %s\n%s%s", chain->rows, chain->head ? chain->head : "-",
				     disposals_text(mem, chain), seals_text(mem, c)), err);
	json_decref(json);
	if (rc < 0)
		return -1;
	if (chain->broken)
		return error_set(err, ERROR_STORE, "the audit chain does not verify at row %lld: %s", chain->broken, chain->why);
	return c->seals.behind_count ? EXIT_GAPS : EXIT_DONE;
}

static int
verify_store(struct arena *mem, const struct options *options, struct error *err)
{
	struct check c = { 0 };
	struct rules rules;
	struct store *store = NULL;
	int rc = -1;

	if (options->key)
		return error_set(err, ERROR_USAGE, "--key is for an export: the configuration has audit.key");
	if (open_look(mem, options, &rules, &store, err) < 0)
		goto out;
	c.sealed = rules.conf.audit.heads != NULL;
	if (c.sealed && seals_agree(mem, &rules.conf, &c.seals, err) < 0)
		goto out;
	if (rules.conf.audit.stamp.ca_file && seals_stamped(&rules.conf, &c.seals, err) < 0)
		goto out;
	if (audit_verify(mem, store, &c.seals, &c.chain, err) == 0)
		rc = say_check(mem, options, &c, err);
out:
	store_close(store);
	return rc;
}

/* Without configuration and store: on whatever machine somebody has taken the files to. */
static int
verify_files(struct arena *mem, const struct options *options, const char *export, const char *heads, struct error *err)
{
	struct check c = { .sealed = heads != NULL };

	if (options->key && !heads)
		return error_set(err, ERROR_USAGE, "--key says how a list of heads begins: name that list, too");
	if (heads && seals_read(mem, heads, options->key, &c.seals, err) < 0)
		return -1;
	if (heads && !c.seals.list.count)
		return error_set(err, ERROR_SOURCE, "the list of heads '%s' is empty, or not there", heads);
	if (audit_verify_export(mem, export, &c.seals, &c.chain, err) < 0)
		return -1;
	return say_check(mem, options, &c, err);
}

/* ------------------------------------------------------------------ writing out, and signing */

static int
export_store(struct arena *mem, const struct options *options, struct error *err)
{
	struct rules rules;
	struct store *store = NULL;
	int rc = -1;

	if (open_look(mem, options, &rules, &store, err) == 0)
		rc = audit_export(store, rules.conf.organisation, clock_now(), stdout, err);
	store_close(store);
	return rc;
}

static int
say_sealed(struct arena *mem, const struct options *options, const struct sealed *s, struct error *err)
{
	json_t *json = json_pack("{s:s?, s:b, s:I, s:s?, s:I, s:s?}", "key", s->key, "born", (int)s->born, "rows", (json_int_t)s->rows,
				 "head", s->head, "sent", (json_int_t)s->sent, "unstamped", s->unstamped);
	const char *text = s->head ? arena_print(mem, "Undertecknat: %lld rader, huvud %s\n", s->rows, s->head) : "";
	int rc;

	if (s->born)
		text = arena_print(mem, "%sNyckeln är ny: %s\nSkriv in den hos arkivet och som audit.key: mot den prövas allt som "
				   "undertecknas.\n", text, s->key);
	rc = options->json ? say_json(mem, json, err) : say(text, err);
	json_decref(json);
	if (rc < 0)
		return -1;
	if (s->unstamped)
		log_warn("the head has no stamp of time yet: %s", s->unstamped);
	return s->unstamped ? EXIT_GAPS : EXIT_DONE;
}

static int
need_archivist_here(const struct conf *conf, const struct options *options, struct error *err)
{
	if (need_names(options, false, "audit epoch", err) < 0)
		return -1;
	if (!conf->people.archivist || strcmp(options->by, conf->people.archivist) != 0)
		return error_set(err, ERROR_USAGE, "'audit epoch' is the archivist's to decide: --by %s",
				 conf->people.archivist ? conf->people.archivist : "NAME, when people.archivist is written");
	return 0;
}

static int
check_now(const struct store *store, struct error *err)
{
	if (!clock_frozen() || store_is_test(store))
		return 0;
	return error_set(err, ERROR_USAGE, "--now is for plan, report, explain and check; this store is not a test store");
}

static int
sign(struct arena *mem, const struct options *options, const char *what, struct error *err)
{
	struct sealed sealed = { 0 };
	struct rules rules;
	struct store *store = NULL;
	int rc = -1;

	if (open_look(mem, options, &rules, &store, err) < 0 || check_now(store, err) < 0 ||
	    give_up(mem, POWERS_SEAL, &rules, err) < 0)
		goto out;
	if (strcmp(what, "seal") == 0)
		rc = seal_now(mem, &rules.conf, store, clock_now(), &sealed, err);
	else if (strcmp(what, "rotate") == 0)
		rc = seal_rotate(mem, &rules.conf, clock_now(), &sealed, err);
	else if (need_archivist_here(&rules.conf, options, err) == 0)
		rc = seal_epoch(mem, &rules.conf, store, actor(mem, options), options->reason, clock_now(), &sealed, err);
	if (rc == 0)
		rc = say_sealed(mem, options, &sealed, err);
out:
	store_close(store);
	return rc;
}

static int
trail(struct arena *mem, const struct options *options, const char *what, struct error *err)
{
	struct rules rules;
	struct store *store = NULL;
	json_t *json = NULL;
	int rc = -1;

	if (open_look(mem, options, &rules, &store, err) == 0)
		rc = report_trail(mem, &(struct report_input){ &rules, store, clock_now() }, what, &json, err);
	if (rc == 0)
		rc = options->json ? say_json(mem, json, err) : say(report_trail_text(mem, json), err);
	json_decref(json);
	store_close(store);
	return rc;
}

int verb_audit(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	const char *what = count ? words[0] : "";

	if (strcmp(what, "verify") == 0 && count <= 3)
		return count == 1 ? verify_store(mem, options, err)
				  : verify_files(mem, options, words[1], count == 3 ? words[2] : NULL, err);
	if (strcmp(what, "trail") == 0 && count == 2)
		return trail(mem, options, words[1], err);
	if (strcmp(what, "export") == 0 && count == 1)
		return export_store(mem, options, err);
	if ((strcmp(what, "seal") == 0 || strcmp(what, "rotate") == 0 || strcmp(what, "epoch") == 0) && count == 1)
		return sign(mem, options, what, err);
	return error_set(err, ERROR_USAGE, "use: behov audit verify [EXPORT [HEADS]] [--key HEX] [--head] [--json], behov audit trail ID|ACCOUNT|DNR|QUARTER@SYSTEM, "
			 "behov audit export, "
			 "or behov audit seal|rotate|epoch");
}
