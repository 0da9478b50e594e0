/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail-send.c - delivers one message: into a maildir, or by SMTP through libcurl. */
#include "behov/file.h"
#include "behov/mail.h"
#include "behov/step.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------ a maildir */

/* `path` and what is missing above it. */
static int
make_folder(const char *path, struct error *err)
{
	char part[4096];

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return error_set(err, ERROR_SOURCE, "cannot make the maildir '%s': the path is too long", path);
	for (char *p = part + 1;; p++) {
		char kept = *p;

		if (kept && kept != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return error_sys(err, ERROR_SOURCE, "cannot make the maildir '%s'", part);
		if (!kept)
			return 0;
		*p = kept;
	}
}

static int
make_folders(struct arena *mem, const char *box, struct error *err)
{
	static const char *const parts[] = { "tmp", "new", "cur" };

	for (size_t i = 0; i < 3; i++)
		if (make_folder(arena_print(mem, "%s/%s", box, parts[i]), err) < 0)
			return -1;
	return 0;
}

/* A reader moves it from new/ to cur/ and puts flags after its name. */
static bool
has_it(struct arena *mem, const char *box, const char *name)
{
	static const char *const parts[] = { "new", "cur" };
	bool found = false;

	for (size_t i = 0; i < 2 && !found; i++) {
		DIR *dir = opendir(arena_print(mem, "%s/%s", box, parts[i]));
		const struct dirent *e;

		while (dir && !found && (e = readdir(dir)))
			found = strncmp(e->d_name, name, strlen(name)) == 0 && (!e->d_name[strlen(name)] || e->d_name[strlen(name)] == ':');
		if (dir)
			closedir(dir);
	}
	return found;
}

/* One that was left by a run that ended half-way is taken away, not written over: it may be in new/ by now. */
static int
put_file(const char *path, const char *bytes, size_t len, struct error *err)
{
	int fd, rc;

	if (unlink(path) < 0 && errno != ENOENT)
		return error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
	rc = file_put(fd, bytes, len);
	if (rc < 0)
		error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
	close(fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

static int
to_maildir(struct arena *mem, const char *box, const struct mail *mail, const char *bytes, size_t len,
	   struct error *err)
{
	const char *name = arena_print(mem, "behov-%s", mail->id), *draft = arena_print(mem, "%s/tmp/%s", box, name);
	const char *place = arena_print(mem, "%s/new/%s", box, name);
	int rc = 0;

	if (make_folders(mem, box, err) < 0)
		return -1;
	if (!has_it(mem, box, name)) {
		if (put_file(draft, bytes, len, err) < 0)
			return -1;
		if ((link(draft, place) < 0 && errno != EEXIST) || file_sync_folder(place) < 0)
			rc = error_sys(err, ERROR_SOURCE, "cannot deliver into '%s/new'", box);
	}
	unlink(draft);
	return rc;
}

/* ------------------------------------------------------------------ SMTP */

#define PATIENCE 120L                   /* seconds */
#define CONNECT_MOST 15L

struct upload { const char *bytes; size_t left; };

static size_t
give(char *out, size_t size, size_t count, void *self)
{
	struct upload *up = self;
	size_t n = size * count < up->left ? size * count : up->left;

	memcpy(out, up->bytes, n);
	up->bytes += n;
	up->left -= n;
	return n;
}

/* Where we are in the conversation, from the words we say.  Never more of a line than its first word: it may be a secret. */
static int
listen_in(CURL *curl, curl_infotype what, char *data, size_t size, void *self)
{
	static const char *const steps[] = { "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA" };
	const char **now = self;

	(void)curl;
	for (size_t i = 0; what == CURLINFO_HEADER_OUT && i < sizeof(steps) / sizeof(*steps); i++)
		if (size > strlen(steps[i]) && strncmp(data, steps[i], strlen(steps[i])) == 0 && strchr(" \r", data[strlen(steps[i])]))
			*now = steps[i];
	return 0;
}

static int
set_login(struct arena *mem, CURL *curl, const struct conf *conf, struct error *err)
{
	char *password;
	size_t len;

	if (!conf->mail.user)
		return 0;
	if (!conf->mail.password_file)
		return error_set(err, ERROR_CONFIG, "mail.user '%s' has no password-file", conf->mail.user);
	if (file_secret(mem, conf->mail.password_file, &password, &len, err) < 0)
		return -1;
	curl_easy_setopt(curl, CURLOPT_USERNAME, conf->mail.user);
	curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
	return 0;
}

/* No proxy, whatever the environment says; with a CA of our own, no other one. */
static void
set_server(CURL *curl, const struct conf *conf, long patience)
{
	curl_easy_setopt(curl, CURLOPT_URL, conf->mail.server);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, patience < CONNECT_MOST ? patience : CONNECT_MOST);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, patience);
	curl_easy_setopt(curl, CURLOPT_USE_SSL, conf->mail.starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (conf->mail.ca_file) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, conf->mail.ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
}

/* A no to the sender, the address or the text, not one to us or to everybody. */
static bool
is_refusal(const char *step, long answer)
{
	return answer >= 400 && (strcmp(step, "MAIL") == 0 || strcmp(step, "RCPT") == 0 || strcmp(step, "DATA") == 0);
}

static int
perform(struct arena *mem, CURL *curl, const struct conf *conf, bool *refused, struct error *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	const char *now = "connect";
	long answer = 0;
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &now);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	code = curl_easy_perform(curl);
	if (code == CURLE_OK)
		return 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
	if (refused)
		*refused = is_refusal(now, answer);
	return error_set(err, ERROR_SOURCE, "mail server '%s' at %s: %s%s", conf->mail.server, now,
			 *detail ? detail : curl_easy_strerror(code),
			 answer >= 400 ? arena_print(mem, " (it answered %ld)", answer) : "");
}

static int
to_server(struct arena *mem, const struct conf *conf, const struct mail *mail, const char *bytes, size_t len,
	  struct error *err)
{
	struct upload up = { bytes, len };
	struct curl_slist *to;
	CURL *curl;
	int rc = -1;

	if (strchr(conf->mail.server, '@'))     /* it would be shown in errors */
		return error_set(err, ERROR_CONFIG, "mail.server must not hold a user or password: use user and password-file");
	curl = curl_easy_init();
	if (!curl)
		return error_set(err, ERROR_SOURCE, "cannot start libcurl");
	to = curl_slist_append(NULL, arena_print(mem, "<%s>", mail->to));
	set_server(curl, conf, mail->patience ? mail->patience : PATIENCE);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, arena_print(mem, "<%s>", conf->mail.from));
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, &up);
	if (set_login(mem, curl, conf, err) == 0)
		rc = perform(mem, curl, conf, mail->refused, err);
	curl_easy_cleanup(curl);
	curl_slist_free_all(to);
	return rc;
}

int
mail_send(struct arena *mem, const struct conf *conf, const struct mail *mail, struct error *err)
{
	static const char maildir[] = "maildir:";
	char *bytes;
	size_t len;
	int rc;

	if (mail_build(mem, conf, mail, &bytes, &len, err) < 0)
		return -1;
	rc = strncmp(conf->mail.server, maildir, strlen(maildir)) == 0
		     ? to_maildir(mem, conf->mail.server + strlen(maildir), mail, bytes, len, err)
		     : to_server(mem, conf, mail, bytes, len, err);
	if (rc == 0)
		step("mail");
	return rc;
}
