/* SPDX-License-Identifier: GPL-3.0-or-later */
/* error.c - the first cause, and where we were. */
#include <behov/error.h>

#include <errno.h>
#include <stdarg.h>

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	err->kind = kind;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -1;
}

int error_sys(struct error *err, enum error_kind kind, const char *format, ...)
{
	int saved = errno;
	size_t len;
	va_list args;
	char why[128];

	if (!err)
		return -1;
	err->kind = kind;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror_r(saved, why, sizeof(why)));
	return -1;
}

int error_in(struct error *err, const char *format, ...)
{
	char front[sizeof(err->text)];
	size_t len, kept;
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	vsnprintf(front, sizeof(front), format, args);
	va_end(args);

	/* The cause matters more than the place: when both do not fit, the place is cut. */
	kept = strlen(err->text);
	len = strlen(front);
	if (len + 2 + kept >= sizeof(err->text))
		len = kept + 3 < sizeof(err->text) ? sizeof(err->text) - kept - 3 : 0;
	if (len == 0)
		return -1;
	memmove(err->text + len + 2, err->text, kept + 1);
	memcpy(err->text, front, len);
	memcpy(err->text + len, ": ", 2);
	return -1;
}

int error_exit(const struct error *err)
{
	return err->kind == ERROR_USAGE || err->kind == ERROR_CONFIG ? 2 : 1;
}
