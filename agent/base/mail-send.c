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

static int
make_folders(struct arena *mem, const char *box, struct error *err)
{
	static const char *const parts[] = { "", "/tmp", "/new", "/cur" };

	for (size_t i = 0; i < 4; i++) {
		const char *path = arena_print(mem, "%s%s", box, parts[i]);

		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return error_sys(err, ERROR_SOURCE, "cannot make the maildir '%s'", path);
	}
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

static int
put_file(const char *path, const char *bytes, size_t len, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t done = 0;

	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
	while (done < len) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	if (fsync(fd) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
		close(fd);
		return -1;
	}
	return close(fd) < 0 ? error_sys(err, ERROR_SOURCE, "cannot write '%s'", path) : 0;
}

static int
to_maildir(struct arena *mem, const char *box, const struct mail *mail, const char *bytes, size_t len,
	   struct error *err)
{
	const char *name = arena_print(mem, "behov-%s", mail->id), *draft = arena_print(mem, "%s/tmp/%s", box, name);

	if (make_folders(mem, box, err) < 0)
		return -1;
	if (has_it(mem, box, name))
		return 0;
	if (put_file(draft, bytes, len, err) < 0)
		return -1;
	if (link(draft, arena_print(mem, "%s/new/%s", box, name)) < 0 && errno != EEXIST)
		return error_sys(err, ERROR_SOURCE, "cannot deliver into '%s/new'", box);
	unlink(draft);
	return 0;
}

/* ------------------------------------------------------------------ SMTP */

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

static int
set_login(struct arena *mem, CURL *curl, const struct conf *conf, struct error *err)
{
	char *password;
	size_t len;

	if (!conf->mail.user)
		return 0;
	curl_easy_setopt(curl, CURLOPT_USERNAME, conf->mail.user);
	if (!conf->mail.password_file)
		return 0;
	if (file_secret(mem, conf->mail.password_file, &password, &len, err) < 0)
		return -1;
	curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
	return 0;
}

static int
to_server(struct arena *mem, const struct conf *conf, const struct mail *mail, const char *bytes, size_t len,
	  struct error *err)
{
	struct upload up = { bytes, len };
	struct curl_slist *to = NULL;
	char detail[CURL_ERROR_SIZE] = "";
	CURL *curl;
	CURLcode code;
	long answer = 0;
	int rc = -1;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	if (!curl)
		return error_set(err, ERROR_SOURCE, "cannot start libcurl");
	to = curl_slist_append(NULL, arena_print(mem, "<%s>", mail->to));
	curl_easy_setopt(curl, CURLOPT_URL, conf->mail.server);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(curl, CURLOPT_USE_SSL, conf->mail.starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	if (conf->mail.ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, conf->mail.ca_file);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, arena_print(mem, "<%s>", conf->mail.from));
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, &up);
	if (set_login(mem, curl, conf, err) < 0)
		goto out;
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
	if (code == CURLE_OK)
		rc = 0;
	else
		error_set(err, ERROR_SOURCE, "mail server '%s': %s%s", conf->mail.server, *detail ? detail : curl_easy_strerror(code),
			  answer ? arena_print(mem, " (it answered %ld)", answer) : "");
out:
	curl_slist_free_all(to);
	curl_easy_cleanup(curl);
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
