/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.c - reads conf/behov.cfg into struct conf: its keys, their defaults, and what a value may be; see register_p.h for those
 * groups that have a file of their own.
 */
#include "behov/fetch.h"
#include "behov/speak.h"
#include "register_p.h"
#include <sys/stat.h>

/* What systemd gives to one unit and not to another (LoadCredential=): each verb has its own, so that it lacks is told by who
 * opens it. */
static const char *
get_credential(struct reader *r, const config_setting_t *group, const char *key, const char *name)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (!*name || *name == '.' || strchr(name, '/'))
		complain(r, group, "%s 'credential:%s' is not the name of a credential", key, name);
	return arena_print(r->mem, "%s/%s", folder ? folder : "/run/credentials", name);
}

/* Who owns it is checked when it is opened: each verb runs as an account of its own. */
const char *
get_secret(struct reader *r, const config_setting_t *group, const char *key)
{
	const char *path = get_text(r, group, key, OPTIONAL);
	struct stat st;

	if (!path)
		return NULL;
	if (strncmp(path, "credential:", 11) == 0)
		return get_credential(r, group, key, path + 11);
	path = file_beside(r->mem, r->conf, path);
	if (lstat(path, &st) < 0)
		complain(r, group, "%s '%s' cannot be found", key, path);
	else if (!S_ISREG(st.st_mode))
		complain(r, group, "%s '%s' is not a regular file", key, path);
	else if (st.st_mode & 077)
		complain(r, group, "%s '%s' can be read by others: chmod 600 it", key, path);
	return path;
}

const char *
get_path(struct reader *r, const config_setting_t *group, const char *key, const char *otherwise)
{
	const char *path = get_text(r, group, key, OPTIONAL);

	return path ? file_beside(r->mem, r->conf, path) : otherwise;
}

const char *
get_address(struct reader *r, const config_setting_t *group, const char *key, const char *const *schemes)
{
	const char *text = get_text(r, group, key, REQUIRED), *all = "";

	if (!text)
		return "";
	for (int i = 0; schemes[i]; i++) {
		size_t len = strlen(schemes[i]);

		all = arena_print(r->mem, "%s%s%s", all, i ? ", " : "", schemes[i]);
		if (strncmp(text, schemes[i], len) != 0 || !text[len])
			continue;
		if (i > 0)
			return text;
		return arena_print(r->mem, "%s%s", schemes[0], file_beside(r->mem, r->conf, text + len));
	}
	complain(r, group, "'%s' is '%s', it must begin with %s", key, text, all);
	return text;
}

bool
is_loopback(const char *address)
{
	const char *host = strstr(address, "://");
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; host && i < 3; i++) {
		size_t len = strlen(names[i]);

		if (strncmp(host + 3, names[i], len) == 0 && (!host[3 + len] || strchr(":/", host[3 + len])))
			return true;
	}
	return false;
}

void
read_attributes(struct reader *r, const config_setting_t *at, bool hr)
{
	for (int i = 0; at && i < config_setting_length(at); i++) {
		const char *name = config_setting_name(config_setting_get_elem(at, (unsigned)i));
		const char *value = get_text(r, at, name, REQUIRED);
		struct attribute *a = NULL;

		if (is_word_of_need(name)) {
			complain(r, at, "an attribute cannot be called '%s': needs use that word themselves", name);
			continue;
		}
		for (size_t k = 0; k < r->attributes.count; k++)
			if (strcmp(r->attributes.items[k].name, name) == 0)
				a = &r->attributes.items[k];
		if (!a && r->attributes.count == ATTRIBUTE_MOST) {
			complain(r, at, "more than %d attributes", ATTRIBUTE_MOST);
			return;
		}
		if (!a)
			a = arena_push(r->mem, &r->attributes);
		a->name = arena_text(r->mem, name);
		a->label = a->label ? a->label : a->name;
		*(hr ? &a->hr : &a->ad) = value;
	}
}

/* A file beside the configuration, or an address without a password in it. */
static const char *
get_feed(struct reader *r, const config_setting_t *at, const char *key)
{
	const char *text = get_text(r, at, key, REQUIRED), *host;

	if (!text || !fetch_is_url(text))
		return text ? file_beside(r->mem, r->conf, text) : NULL;
	host = strstr(text, "://") + 3;
	if (memchr(host, '@', strcspn(host, "/?#")))
		complain(r, at, "'%s' must not hold a user or password: use user and password-file", key);
	if (strncmp(text, "http://", 7) == 0 && !is_loopback(text))
		complain(r, at, "'%s': http:// is for loopback only", key);
	if (!*host || text[strlen(text) - 1] == '/')
		complain(r, at, "'%s' names no file: '%s'", key, text);
	return text;
}

static void
read_login(struct reader *r, const config_setting_t *at, struct conf *c)
{
	bool sftp = c->hr.file && strncmp(c->hr.file, "sftp://", 7) == 0;

	c->hr.user = get_text(r, at, "user", OPTIONAL);
	c->hr.password_file = get_secret(r, at, "password-file");
	c->hr.token_file = get_secret(r, at, "token-file");
	c->hr.identity_file = get_secret(r, at, "identity-file");
	c->hr.known_hosts = get_path(r, at, "known-hosts", NULL);
	c->hr.ca_file = get_path(r, at, "ca-file", NULL);
	c->hr.timeout = get_number(r, at, "timeout", 1, 3600, 60);
	if (c->hr.user && !c->hr.password_file && !c->hr.identity_file)
		complain(r, at, "user '%s' has neither password-file nor identity-file", c->hr.user);
	if (c->hr.token_file && (sftp || c->hr.user))
		complain(r, at, "token-file is for https:// without a user");
	if (c->hr.identity_file && !sftp)
		complain(r, at, "identity-file is for sftp://");
	if (sftp && (!c->hr.user || !c->hr.known_hosts))
		complain(r, at, "sftp:// needs user and known-hosts");
}

static void
read_units(struct reader *r, const config_setting_t *hr, struct conf *c)
{
	static const char *const keys[] = { "file", "list", "column", "id", "parent", "name", NULL };
	config_setting_t *at = get_group(r, hr, "units", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	c->hr.units.file = get_feed(r, at, "file");
	c->hr.units.list = get_text(r, at, "list", OPTIONAL);
	c->hr.units.column = get_text(r, at, "column", REQUIRED);
	c->hr.units.id = get_text(r, at, "id", REQUIRED);
	c->hr.units.parent = get_text(r, at, "parent", REQUIRED);
	c->hr.units.name = get_text(r, at, "name", OPTIONAL);
}

/* The copy that a full reading leaves for the nights after it holds the numbers as they stand. */
static void
check_copies(struct reader *r, const config_setting_t *at, const struct conf *c)
{
	for (int i = 0; i < c->directory_count; i++)
		if (c->hr.key_hash && c->directories[i].full_days)
			complain(r, at, "key-hash and directory.full-read do not go together: the copy would hold every personnummer");
}

static void
read_hr(struct reader *r, const config_setting_t *root, const char *file, struct conf *c)
{
	static const char *const keys[] = { "file", "list", "key", "directory-key", "key-hash",
		"key-file", "protected", "units", "from", "to", "attributes", "user", "password-file", "token-file",
		"identity-file", "known-hosts", "ca-file", "timeout", NULL };
	config_setting_t *at = get_group(r, root, "hr", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	c->hr.file = get_feed(r, at, "file");
	c->hr.list = get_text(r, at, "list", OPTIONAL);
	c->hr.key = get_text(r, at, "key", REQUIRED);
	c->hr.directory_key = get_text(r, at, "directory-key", OPTIONAL);
	c->hr.key_hash = get_bool(r, at, "key-hash", false);
	c->hr.key_file = get_path(r, at, "key-file", arena_print(r->mem, "%s.hr-key", file));
	check_copies(r, at, c);
	read_units(r, at, c);
	c->hr.protected = get_text(r, at, "protected", OPTIONAL);
	c->hr.from = get_text(r, at, "from", OPTIONAL);
	c->hr.to = get_text(r, at, "to", OPTIONAL);
	read_login(r, at, c);
	read_attributes(r, get_group(r, at, "attributes", OPTIONAL), true);
}

static void
read_mail(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "server", "from", "user", "password-file", "ca-file", "starttls",
		"contact", "words", NULL };
	static const char *const schemes[] = { "maildir:", "smtp://", "smtps://", NULL };
	config_setting_t *at = get_group(r, root, "mail", REQUIRED);
	bool smtp;

	if (!at)
		return;
	check_keys(r, at, keys);
	c->mail.server = get_address(r, at, "server", schemes);
	c->mail.from = get_text(r, at, "from", REQUIRED);
	c->mail.user = get_text(r, at, "user", OPTIONAL);
	c->mail.password_file = get_secret(r, at, "password-file");
	c->mail.ca_file = get_path(r, at, "ca-file", NULL);
	c->mail.contact = get_text(r, at, "contact", OPTIONAL);
	c->mail.words = get_text(r, at, "words", OPTIONAL);
	smtp = strncmp(c->mail.server, "smtp://", 7) == 0;
	c->mail.starttls = get_bool(r, at, "starttls", smtp);
	if (smtp && !c->mail.starttls && !is_loopback(c->mail.server))
		complain(r, at, "smtp:// without starttls is for loopback only");
}

/* Two periods, the second longer. */
static void
read_escalate(struct reader *r, const config_setting_t *root, struct conf *c)
{
	const config_setting_t *at = setting_of(r, root, "escalate");
	const char **texts = NULL;
	int count = get_texts(r, root, "escalate", &texts);

	c->escalate[0] = 14;
	c->escalate[1] = 28;
	if (!at)
		return;
	for (int i = 0; i < count && count == 2; i++) {
		struct period period;

		if (period_parse(texts[i], &period) == 0 && period.unit == DAY_DAYS)
			c->escalate[i] = period.count;
		else
			c->escalate[i] = 0;
	}
	if (count != 2 || c->escalate[0] < 1 || c->escalate[1] <= c->escalate[0])
		complain(r, at, "'escalate' must be two periods in days, the second longer: ( \"14 days\", \"28 days\" )");
}

static void
read_small(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const people[] = { "coordinator", "archivist", "registrar", "administrators", NULL };
	static const char *const brake[] = { "count", "ratio", NULL };
	static const char *const apply_brake[] = { "memberships", "files", "ratio", NULL };
	static const char *const grace[] = { "access", "files", NULL };
	config_setting_t *at = get_group(r, root, "people", OPTIONAL);

	if (at)
		check_keys(r, at, people);
	c->people.coordinator = get_text(r, at, "coordinator", OPTIONAL);
	c->people.archivist = get_text(r, at, "archivist", OPTIONAL);
	c->people.registrar = get_text(r, at, "registrar", OPTIONAL);
	c->people.administrator_count = get_texts(r, at, "administrators", &c->people.administrators);
	at = get_group(r, root, "brake", OPTIONAL);
	if (at)
		check_keys(r, at, brake);
	c->brake.count = get_number(r, at, "count", 0, 1000000, 10);
	c->brake.ratio = get_ratio(r, at, "ratio", 0.20);
	at = get_group(r, root, "apply-brake", OPTIONAL);
	if (at)
		check_keys(r, at, apply_brake);
	c->apply_brake.memberships = get_number(r, at, "memberships", 0, 100000000, 500);
	c->apply_brake.files = get_number(r, at, "files", 0, 1000000000, 100000);
	c->apply_brake.ratio = get_ratio(r, at, "ratio", 0.10);
	at = get_group(r, root, "grace", OPTIONAL);
	if (at)
		check_keys(r, at, grace);
	c->grace.access_days = get_days(r, at, "access", 3);
	c->grace.file_days = get_days(r, at, "files", 7);
	c->quarantine_days = get_days(r, root, "quarantine", 30);
	c->link_days = get_days(r, root, "link", 30);
	c->reminder_days = get_days(r, root, "reminder", 7);
	c->weekly = get_number(r, root, "weekly", 0, 1000000, 30);
	read_escalate(r, root, c);
}

/* A stamp is worth what its authority is, so the authority is named; its server may be another's to vouch for. */
static void
read_stamp(struct reader *r, const config_setting_t *audit, struct conf *c)
{
	static const char *const keys[] = { "url", "ca-file", "tls-ca-file", "timeout", NULL };
	config_setting_t *at = get_group(r, audit, "stamp", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	c->audit.stamp.url = get_text(r, at, "url", REQUIRED);
	c->audit.stamp.tls_ca_file = get_path(r, at, "tls-ca-file", NULL);
	c->audit.stamp.ca_file = get_path(r, at, "ca-file", NULL);
	c->audit.stamp.timeout = get_number(r, at, "timeout", 1, 3600, 30);
	if (c->audit.stamp.url && strncmp(c->audit.stamp.url, "https://", 8) != 0 && !is_loopback(c->audit.stamp.url))
		complain(r, at, "'url' must be https:// (http:// is for loopback only)");
	if (!c->audit.stamp.ca_file)
		complain(r, at, "'ca-file' is missing: the certificates that vouch for the authority's stamps");
}

static void
read_audit(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "heads", "key-file", "key", "anchors", "syslog", "stamp", NULL };
	config_setting_t *at = get_group(r, root, "audit", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	get_text(r, at, "heads", REQUIRED);
	c->audit.heads = get_path(r, at, "heads", NULL);
	c->audit.key_file = get_path(r, at, "key-file", c->audit.heads ? arena_print(r->mem, "%s.key", c->audit.heads) : NULL);
	c->audit.key = get_text(r, at, "key", OPTIONAL);
	if (c->audit.key && (strlen(c->audit.key) != 64 || strspn(c->audit.key, "0123456789abcdef") != 64))
		complain(r, at, "'key' must be the 64 hex digits that 'behov audit seal' printed first");
	c->audit.anchor_count = get_texts(r, at, "anchors", &c->audit.anchors);
	for (int i = 0; i < c->audit.anchor_count; i++)
		c->audit.anchors[i] = file_beside(r->mem, r->conf, c->audit.anchors[i]);
	c->audit.syslog = get_text(r, at, "syslog", OPTIONAL);
	read_stamp(r, at, c);
}

/* What is sent there says who loses what: it goes to nobody else, and nobody else can have it done. */
static void
read_webhook(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "url", "secret-file", "ca-file", "timeout", NULL };
	config_setting_t *at = get_group(r, root, "webhook", OPTIONAL);
	const char *host;

	if (!at)
		return;
	check_keys(r, at, keys);
	c->webhook.url = get_text(r, at, "url", REQUIRED);
	c->webhook.secret_file = get_secret(r, at, "secret-file");
	c->webhook.ca_file = get_path(r, at, "ca-file", NULL);
	c->webhook.timeout = get_number(r, at, "timeout", 1, 3600, 30);
	if (!c->webhook.secret_file)
		complain(r, at, "'secret-file' is missing: what is sent is signed with it");
	if (!c->webhook.url)
		return;
	if (strncmp(c->webhook.url, "https://", 8) != 0 && (strncmp(c->webhook.url, "http://", 7) != 0 || !is_loopback(c->webhook.url)))
		complain(r, at, "'url' must be https:// (http:// is for loopback only)");
	host = strstr(c->webhook.url, "://");
	if (host && memchr(host, '@', strcspn(host + 3, "/?#") + 3))
		complain(r, at, "'url' must not hold a user or password");
}

/* One that behov was built with. */
static const char *
read_language(struct reader *r, const config_setting_t *root)
{
	size_t count;
	const struct language *all = speak_languages(&count);
	const char **tags = arena_array(r->mem, const char *, count + 1);

	for (size_t i = 0; i < count; i++)
		tags[i] = all[i].tag;
	return tags[get_word(r, root, "language", tags, 0)];
}

void
read_settings(struct reader *r, const config_setting_t *root)
{
	static const char *const keys[] = { "organisation", "store", "inbox", "key-file", "work", "rules", "mode",
		"zone", "directory", "hr", "mail", "web", "people", "brake", "apply-brake", "grace", "quarantine", "link",
		"reminder", "escalate", "weekly", "language", "webhook", "audit", "archive", "protocol", "report", "metrics", "targets", NULL };
	static const char *const schemes[] = { "sqlite:", NULL };
	static const char *const modes[] = { "observe", "propose", "apply", NULL };
	static const char *const builtin[][3] = { { "title", "titel", "title" }, { "department", "avdelning", "department" },
		{ "company", "förvaltning", "company" }, { "employeeType", "anställningsform", "employeeType" },
		{ "manager", "chef", "manager" }, { "office", "kontor", "physicalDeliveryOfficeName" },
		{ "division", "område", "division" }, { "description", "beskrivning", "description" },
		{ "employeeID", "anställningsnummer", "employeeID" }, { "city", "ort", "l" }, { "country", "land", "co" } };
	struct conf *c = &r->rules->conf;
	struct error err = { 0 };
	const char *file;

	for (size_t i = 0; i < sizeof(builtin) / sizeof(*builtin); i++)
		*arena_push(r->mem, &r->attributes) = (struct attribute){ builtin[i][0], builtin[i][1], builtin[i][2], NULL };
	check_keys(r, root, keys);
	c->organisation = get_text(r, root, "organisation", REQUIRED);
	c->store = get_address(r, root, "store", schemes);
	file = strncmp(c->store, "sqlite:", 7) == 0 ? c->store + 7 : r->conf;
	c->inbox = get_path(r, root, "inbox", arena_print(r->mem, "%s.inbox", file));
	c->key_file = get_path(r, root, "key-file", arena_print(r->mem, "%s.key", file));
	c->work = get_path(r, root, "work", file_beside(r->mem, file, "work"));
	get_text(r, root, "rules", REQUIRED);
	c->rules = get_path(r, root, "rules", NULL);
	c->mode = (enum mode)get_word(r, root, "mode", modes, MODE_OBSERVE);
	c->zone = get_text(r, root, "zone", OPTIONAL);
	if (!c->zone)
		c->zone = "Europe/Stockholm";
	if (clock_zone(c->zone, &err) < 0)
		complain(r, setting_of(r, root, "zone"), "%s", err.text);
	c->language = read_language(r, root);
	read_directories(r, root, c);
	read_hr(r, root, file, c);
	read_mail(r, root, c);
	read_web(r, root, c);
	read_small(r, root, c);
	read_webhook(r, root, c);
	read_audit(r, root, c);
	read_protocol(r, root, c);
	read_report(r, root, c);
	read_metrics(r, root, c);
	read_targets(r, root, c);
}
