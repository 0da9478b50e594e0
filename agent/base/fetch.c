/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fetch.c - one whole file over HTTPS or SFTP through libcurl; an answer that may be half of one is none. */
#include <behov/fetch.h>
#include <behov/file.h>

#include <curl/curl.h>
#include <strings.h>
#include <unistd.h>

#define CONNECT_MOST 15L                /* seconds */

struct answer { struct arena *mem; char *bytes; size_t used, room, most; bool large; };

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool
fetch_is_url(const char *source)
{
	return begins(source, "https://") || begins(source, "http://") || begins(source, "sftp://");
}

char *
fetch_shown(struct arena *mem, const char *url)
{
	return arena_copy(mem, url, strcspn(url, "?#"));
}

/* What we outgrow is wiped: it may hold what nobody may find later. */
static size_t
take(char *bytes, size_t size, size_t count, void *self)
{
	struct answer *a = self;
	size_t n = size * count;

	if (n > a->most - a->used) {
		a->large = true;
		return 0;
	}
	if (a->used + n > a->room) {
		size_t room = a->room ? a->room : 65536;
		char *grown;

		while (room < a->used + n)
			room *= 2;
		grown = arena_take(a->mem, room + 1);
		if (a->used) {
			memcpy(grown, a->bytes, a->used);
			explicit_bzero(a->bytes, a->used);
		}
		a->bytes = grown;
		a->room = room;
	}
	memcpy(a->bytes + a->used, bytes, n);
	a->used += n;
	return n;
}

/* Asked for every host key once known_hosts was read; nothing else than the key that stands there will do. */
static int
host_key(CURL *curl, const struct curl_khkey *known, const struct curl_khkey *found, enum curl_khmatch match, void *self)
{
	bool *refused = self;

	(void)curl, (void)known, (void)found;
	*refused = match != CURLKHMATCH_OK;
	return *refused ? CURLKHSTAT_REJECT : CURLKHSTAT_FINE;
}

/* ------------------------------------------------------------------ what we show, and to whom */

static int
secret(struct arena *mem, const char *file, char **out, struct error *err)
{
	size_t len;

	if (file_secret(mem, file, out, &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)(*out)[i] < ' ')
			return error_set(err, ERROR_CONFIG, "secret '%s' must be one line of text", file);
	return 0;
}

static int
set_http(struct arena *mem, CURL *curl, const struct fetch *what, struct curl_slist **headers, struct error *err)
{
	char *text;

	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	for (int i = 0; what->headers && what->headers[i]; i++)
		*headers = curl_slist_append(*headers, what->headers[i]);
	if (what->type) {
		*headers = curl_slist_append(*headers, arena_print(mem, "Content-Type: %s", what->type));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->body_len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, what->body);
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
	if (what->ca_file) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, what->ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (what->token_file) {
		if (secret(mem, what->token_file, &text, err) < 0)
			return -1;
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, text);
		explicit_bzero(text, strlen(text));
	} else if (what->user) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	}
	return 0;
}

/* Without known_hosts, or with one that cannot be read, libcurl would talk to anybody. */
static int
set_sftp(CURL *curl, const struct fetch *what, bool *refused, struct error *err)
{
	if (!what->known_hosts)
		return error_set(err, ERROR_CONFIG, "sftp:// needs known-hosts");
	if (access(what->known_hosts, R_OK) < 0)
		return error_sys(err, ERROR_CONFIG, "cannot read known-hosts '%s'", what->known_hosts);
	curl_easy_setopt(curl, CURLOPT_SSH_KNOWNHOSTS, what->known_hosts);
	curl_easy_setopt(curl, CURLOPT_SSH_KEYFUNCTION, host_key);
	curl_easy_setopt(curl, CURLOPT_SSH_KEYDATA, refused);
	curl_easy_setopt(curl, CURLOPT_SSH_AUTH_TYPES,
			 what->identity_file ? (long)CURLSSH_AUTH_PUBLICKEY : (long)CURLSSH_AUTH_PASSWORD);
	if (what->identity_file)
		curl_easy_setopt(curl, CURLOPT_SSH_PRIVATE_KEYFILE, what->identity_file);
	return 0;
}

static int
set_login(struct arena *mem, CURL *curl, const struct fetch *what, struct error *err)
{
	char *text;

	if (!what->user)
		return 0;
	curl_easy_setopt(curl, CURLOPT_USERNAME, what->user);
	if (what->identity_file)        /* opened by libssh2 itself: that others cannot read it is checked here */
		return file_secret(mem, what->identity_file, &text, &(size_t){ 0 }, err);
	if (!what->password_file)
		return error_set(err, ERROR_CONFIG, "user '%s' has no password-file", what->user);
	if (secret(mem, what->password_file, &text, err) < 0)
		return -1;
	curl_easy_setopt(curl, CURLOPT_PASSWORD, text);
	explicit_bzero(text, strlen(text));
	return 0;
}

/* ------------------------------------------------------------------ the answer */

/* HTTP may end an answer by hanging up; then a connection that broke looks like a file that ended. */
static bool
says_its_end(CURL *curl)
{
	struct curl_header *h;
	curl_off_t length = -1;

	curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length >= 0 || (curl_easy_header(curl, "Transfer-Encoding", 0, CURLH_HEADER, -1, &h) == CURLHE_OK
			       && strcasecmp(h->value, "chunked") == 0);
}

static int
perform(CURL *curl, const struct fetch *what, const char *shown, struct answer *a, const bool *refused, struct error *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	bool sftp = begins(what->url, "sftp://");
	CURLcode code;
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (a->large)
		return error_set(err, ERROR_SOURCE, "'%s' is larger than %zu bytes", shown, a->most);
	if (*refused)
		return error_set(err, ERROR_SOURCE, "'%s': the key of that host does not stand in '%s'", shown,
				 what->known_hosts);
	if (code != CURLE_OK)
		return error_set(err, ERROR_SOURCE, "cannot fetch '%s': %s", shown,
				 *detail ? detail : curl_easy_strerror(code));
	if (what->status) {
		*what->status = status;
		return 0;
	}
	if (!sftp && status != 200)
		return error_set(err, ERROR_SOURCE, "'%s' answered %ld and not 200", shown, status);
	if (!sftp && !says_its_end(curl))
		return error_set(err, ERROR_SOURCE, "'%s' does not say how long it is: it may stop short", shown);
	return 0;
}

static void
set_transfer(CURL *curl, const struct fetch *what, struct answer *a)
{
	bool sftp = begins(what->url, "sftp://"), http = begins(what->url, "http://");

	curl_easy_setopt(curl, CURLOPT_URL, what->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, sftp ? "sftp" : http ? "http" : "https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, what->timeout < CONNECT_MOST ? (long)what->timeout : CONNECT_MOST);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)what->timeout);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
}

int
fetch_url(struct arena *mem, const struct fetch *what, char **out, size_t *len, struct error *err)
{
	struct answer a = { .mem = mem, .most = what->most };
	const char *shown = fetch_shown(mem, what->url);
	struct curl_slist *headers = NULL;
	bool refused = false;
	CURL *curl = curl_easy_init();
	int rc = -1;

	if (!curl)
		return error_set(err, ERROR_SOURCE, "cannot start libcurl");
	set_transfer(curl, what, &a);
	if (begins(what->url, "sftp://") ? set_sftp(curl, what, &refused, err) < 0 : set_http(mem, curl, what, &headers, err) < 0)
		goto out;
	if (set_login(mem, curl, what, err) < 0 || perform(curl, what, shown, &a, &refused, err) < 0)
		goto out;
	*out = a.bytes ? a.bytes : arena_text(mem, "");
	*len = a.used;
	rc = 0;
out:
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return rc;
}
