/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * smb.c - reads where a share is that is not mounted, and how we are let in there.
 */
#include "register_p.h"
#include <ctype.h>

static const char *const words[] = { "user", "password-file", "kerberos", "encrypt", "timeout" };

/* A host's name or address, and perhaps ":port". */
static bool
read_server(struct reader *r, const char *text, size_t len, struct smb_place *p)
{
	const char *colon = memchr(text, ':', len);
	size_t host = colon ? (size_t)(colon - text) : len;

	p->server = arena_copy(r->mem, text, host);
	p->port = 445;
	if (colon) {
		const char *digits = arena_copy(r->mem, colon + 1, len - host - 1);

		if (!*digits || strlen(digits) > 5 || digits[strspn(digits, "0123456789")])
			return false;
		p->port = atoi(digits);
	}
	for (const char *c = p->server; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(".-", *c))
			return false;
	return *p->server && p->port > 0 && p->port < 65536;
}

/* Components that SMB can name: none empty, none that leads up, no '\', ':', '*', '?', '"', '<', '>', '|' or control characters. */
static bool
are_names(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "/");

		if (!len || (len == 1 && text[0] == '.') || (len == 2 && text[0] == '.' && text[1] == '.'))
			return false;
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)text[i] < ' ' || strchr("\\:*?\"<>|", text[i]))
				return false;
		text += len + (text[len] == '/');
	}
	return true;
}

/* smb://server[:port]/share[/folder], written as the names are: nothing is escaped. */
static void
read_place(struct reader *r, const config_setting_t *at, struct share *s, struct smb_place *p)
{
	const char *rest = s->path + 6;
	size_t server = strcspn(rest, "/"), len;

	s->path = without_slashes(r, s->path, 6);
	len = strlen(s->path);
	p->folder = p->share = "";
	if (memchr(rest, '@', server)) {
		complain(r, at, "path '%s' must not hold a user or password: use user and password-file", s->path);
		return;
	}
	if (read_server(r, rest, server, p) && len > 6 + server) {
		const char *share = s->path + 6 + server + 1;

		p->share = arena_copy(r->mem, share, strcspn(share, "/"));
		p->folder = share + strlen(p->share) + (share[strlen(p->share)] == '/');
	}
	if (!*p->share || !are_names(p->share) || !are_names(p->folder))
		complain(r, at, "path '%s' is not smb://server/share or smb://server/share/folder", s->path);
}

/* "name", "DOMAIN\name" or "name@REALM".  Samba would be nobody where no user is named, and asks no Kerberos without a realm. */
static void
read_login(struct reader *r, const config_setting_t *at, struct smb_place *p)
{
	const char *user = get_text(r, at, "user", OPTIONAL), *slash = user ? strchr(user, '\\') : NULL;

	p->domain = slash ? arena_copy(r->mem, user, (size_t)(slash - user)) : "";
	p->user = slash ? slash + 1 : user ? user : "";
	p->password_file = get_secret(r, at, "password-file");
	p->kerberos = get_bool(r, at, "kerberos", false);
	if (p->kerberos && p->password_file)
		complain(r, at, "kerberos and password-file do not go together");
	else if (!p->kerberos && (!*p->user || !p->password_file))
		complain(r, at, "a share on smb:// needs user and password-file, or user and kerberos = true");
	else if (p->kerberos && (!strchr(p->user, '@') || slash))
		complain(r, at, "kerberos = true needs user = \"name@REALM\", whose tickets KRB5CCNAME names");
}

/* What is seen there is carried out by a person: we write nothing to it, and nothing of it has an identity that lasts. */
static void
check_use(struct reader *r, const config_setting_t *at, const struct share *s)
{
	const config_setting_t *dispose = setting_of(r, at, "dispose"), *identity = setting_of(r, at, "identity");

	if (s->dispose != DISPOSE_NONE)
		complain(r, dispose, "dispose must be \"none\" on smb://: what is approved there becomes a work list for a person; mount the "
			 "share to have it carried out");
	if (s->duplicates)
		complain(r, setting_of(r, at, "duplicates"), "duplicates = true is for a path: no file is opened on smb://");
	if (s->identity == IDENTITY_FILESYSTEM)
		complain(r, identity, "identity = \"filesystem\" is for a path: on smb:// it is \"marker\" or \"none\"");
}

void
read_smb(struct reader *r, const config_setting_t *at, struct share *s)
{
	static const char *const encryption[] = { "offered", "required", NULL };
	struct smb_place *p;

	if (!s->path || strncmp(s->path, "smb://", 6) != 0) {
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (setting_of(r, at, words[i]))
				complain(r, setting_of(r, at, words[i]), "'%s' is for a share on smb://", words[i]);
		return;
	}
	p = arena_new(r->mem, struct smb_place);
	read_place(r, at, s, p);
	read_login(r, at, p);
	p->encrypted = get_word(r, at, "encrypt", encryption, 0) == 1;
	p->timeout = get_number(r, at, "timeout", 1, 3600, 60);
	check_use(r, at, s);
	s->smb = p;
}
