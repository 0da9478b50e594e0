/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr-read.c - an HR export from where it lies, CSV or JSON, as one table. */
#include "hr_p.h"

#include <behov/fetch.h>
#include <behov/file.h>

#define MOST ((size_t)1 << 30)

static int
read_bytes(struct arena *mem, const struct conf *conf, const char *source, char **bytes, size_t *len, struct error *err)
{
	struct fetch what = {
		.url = source, .user = conf->hr.user, .password_file = conf->hr.password_file,
		.token_file = conf->hr.token_file, .identity_file = conf->hr.identity_file,
		.known_hosts = conf->hr.known_hosts, .ca_file = conf->hr.ca_file, .timeout = conf->hr.timeout, .most = MOST,
	};

	return fetch_is_url(source) ? fetch_url(mem, &what, bytes, len, err) : file_read(mem, source, MOST, bytes, len, err);
}

/* No table has a header that begins like this; one that does is refused as JSON. */
static bool
looks_like_json(const char *bytes)
{
	if (strncmp(bytes, "\xef\xbb\xbf", 3) == 0)
		bytes += 3;
	bytes += strspn(bytes, " \t\r\n");
	return *bytes == '[' || *bytes == '{';
}

int
hr_read(struct arena *mem, const struct conf *conf, const char *source, const char *list, struct csv *out,
	struct error *err)
{
	const char *name = fetch_is_url(source) ? fetch_shown(mem, source) : source;
	char *bytes;
	size_t len;

	if (read_bytes(mem, conf, source, &bytes, &len, err) < 0)
		return -1;
	if (looks_like_json(bytes) ? hr_json(mem, name, list, bytes, len, out, err) < 0
				   : csv_read(mem, name, bytes, len, out, err) < 0)
		return -1;
	if (out->rows.count < 2)
		return error_set(err, ERROR_SOURCE, "'%s' holds no rows", name);
	return 0;
}
