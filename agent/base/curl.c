/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curl.c - stands where libcurl would: it is opened when something is first fetched or sent.
 *
 * It brings thirty libraries, and most commands fetch and send nothing.  Where it is missing, curl_easy_init() gives NULL; the
 * others are called with what that gave.
 */
#include "late-names.h"
#include "behov/late.h"
#include <curl/curl.h>
#include <stdarg.h>

#undef curl_easy_setopt                 /* the macros that check what is given call these */
#undef curl_easy_getinfo

static struct {
	__typeof__(curl_easy_init) *init;
	__typeof__(curl_easy_cleanup) *cleanup;
	__typeof__(curl_easy_perform) *perform;
	__typeof__(curl_easy_setopt) *setopt;
	__typeof__(curl_easy_getinfo) *getinfo;
	__typeof__(curl_easy_header) *header;
	__typeof__(curl_easy_strerror) *strerror;
	__typeof__(curl_slist_append) *append;
	__typeof__(curl_slist_free_all) *free_all;
} curl;

static bool
open_library(void)
{
	static bool open;
	static const struct late_call calls[] = {
		{ "curl_easy_init", &curl.init }, { "curl_easy_cleanup", &curl.cleanup }, { "curl_easy_perform", &curl.perform },
		{ "curl_easy_setopt", &curl.setopt }, { "curl_easy_getinfo", &curl.getinfo }, { "curl_easy_header", &curl.header },
		{ "curl_easy_strerror", &curl.strerror }, { "curl_slist_append", &curl.append }, { "curl_slist_free_all", &curl.free_all },
	};

	return late_open(LATE_curl, calls, sizeof(calls) / sizeof(*calls), &open);
}

CURL *
curl_easy_init(void)
{
	return open_library() ? curl.init() : NULL;
}

void
curl_easy_cleanup(CURL *handle)
{
	curl.cleanup(handle);
}

CURLcode
curl_easy_perform(CURL *handle)
{
	return curl.perform(handle);
}

/* What kind of value follows is told by the option's number: the header's CURLOPTTYPE_. */
CURLcode
curl_easy_setopt(CURL *handle, CURLoption option, ...)
{
	CURLcode code;
	va_list more;

	va_start(more, option);
	if ((int)option < CURLOPTTYPE_OBJECTPOINT)
		code = curl.setopt(handle, option, va_arg(more, long));
	else if ((int)option >= CURLOPTTYPE_OFF_T && (int)option < CURLOPTTYPE_BLOB)
		code = curl.setopt(handle, option, va_arg(more, curl_off_t));
	else
		code = curl.setopt(handle, option, va_arg(more, void *));
	va_end(more);
	return code;
}

CURLcode
curl_easy_getinfo(CURL *handle, CURLINFO what, ...)
{
	CURLcode code;
	va_list more;

	va_start(more, what);
	code = curl.getinfo(handle, what, va_arg(more, void *));
	va_end(more);
	return code;
}

CURLHcode
curl_easy_header(CURL *handle, const char *name, size_t index, unsigned origin, int request, struct curl_header **out)
{
	return curl.header(handle, name, index, origin, request, out);
}

const char *
curl_easy_strerror(CURLcode code)
{
	return curl.strerror(code);
}

struct curl_slist *
curl_slist_append(struct curl_slist *list, const char *text)
{
	return curl.append(list, text);
}

void
curl_slist_free_all(struct curl_slist *list)
{
	if (list)                       /* none, and libcurl may never have been opened */
		curl.free_all(list);
}
