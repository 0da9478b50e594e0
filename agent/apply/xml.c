/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xml.c - an XML file under way: written, hashed and counted as it comes, so that it takes no memory, however long it is. */
#include <libxml/xmlwriter.h>

#include "apply_p.h"
#include "behov/text.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct xml {
	xmlTextWriter *writer;
	struct digest *sum;
	unsigned long long size;
	int fd, trouble;                /* errno of the first write that failed */
	const char *path;
};

static int
put(void *self, const char *bytes, int len)
{
	struct xml *x = self;

	if (!x->trouble && deliver_write(x->fd, bytes, (size_t)len) < 0)
		x->trouble = errno;
	if (x->trouble)
		return -1;
	digest_add(x->sum, bytes, (size_t)len);
	x->size += (unsigned long long)len;
	return len;
}

static void
none_left(void)
{
	fputs("behov: no memory for XML\n", stderr);
	abort();
}

/* libxml2 is opened when the first file is: it may be missing. */
static struct xml *
give_up(struct xml *x)
{
	int why = errno;

	close(x->fd);
	digest_close(x->sum, (unsigned char[DIGEST_SIZE]){ 0 });
	free(x);
	errno = why;
	return NULL;
}

struct xml *
xml_open(int folder, const char *path)
{
	int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	xmlOutputBuffer *buffer;
	struct xml *x;

	if (fd < 0)
		return NULL;
	x = calloc(1, sizeof *x);
	if (!x)
		none_left();
	*x = (struct xml){ .fd = fd, .sum = digest_open(), .path = path };
	buffer = xmlOutputBufferCreateIO(put, NULL, x, NULL);
	if (!buffer)
		return give_up(x);
	x->writer = xmlNewTextWriter(buffer);
	if (!x->writer)
		none_left();
	xmlTextWriterSetIndent(x->writer, 1);
	xmlTextWriterSetIndentString(x->writer, BAD_CAST "\t");
	xmlTextWriterStartDocument(x->writer, "1.0", "UTF-8", NULL);
	return x;
}

/* XML 1.0 has no control characters, not even escaped, and neither U+FFFE nor U+FFFF. */
static bool
is_foreign(const unsigned char *at)
{
	return (*at < ' ' && *at != '\t' && *at != '\n' && *at != '\r') ||
	       (at[0] == 0xef && at[1] == 0xbf && (at[2] == 0xbe || at[2] == 0xbf));
}

/* The caller frees it. */
static char *
safe(const char *value)
{
	struct arena *mem = arena_open();
	const char *from = text_is_utf8(value, strlen(value)) ? value : name_show(mem, value);
	struct text t;

	text_open(&t, (size_t)1 << 30);
	for (const unsigned char *at = (const unsigned char *)from; *at; at++) {
		int bytes = !is_foreign(at) ? 0 : *at < ' ' ? 1 : 3;

		if (!bytes)
			text_char(&t, (char)*at);
		for (int i = 0; i < bytes; i++)
			text_print(&t, "%%%02X", at[i]);
		at += bytes ? bytes - 1 : 0;
	}
	arena_close(mem);
	return t.data;
}

void
xml_start(struct xml *x, const char *element)
{
	xmlTextWriterStartElement(x->writer, BAD_CAST element);
}

void
xml_end(struct xml *x)
{
	xmlTextWriterEndElement(x->writer);
}

void
xml_set(struct xml *x, const char *attribute, const char *value)
{
	char *clean = value ? safe(value) : NULL;

	if (clean)
		xmlTextWriterWriteAttribute(x->writer, BAD_CAST attribute, BAD_CAST clean);
	free(clean);
}

void
xml_text(struct xml *x, const char *value)
{
	char *clean = safe(value);

	xmlTextWriterWriteString(x->writer, BAD_CAST clean);
	free(clean);
}

void
xml_put(struct xml *x, const char *element, const char *value)
{
	if (!value)
		return;
	xml_start(x, element);
	xml_text(x, value);
	xml_end(x);
}

int
xml_close(struct xml *x, struct sheet *out)
{
	int trouble;

	xmlTextWriterEndDocument(x->writer);
	xmlFreeTextWriter(x->writer);           /* writes what is left */
	trouble = x->trouble;
	*out = (struct sheet){ .path = x->path, .size = x->size };
	digest_close(x->sum, out->sum);
	if (close(x->fd) < 0 && !trouble)
		trouble = errno;
	free(x);
	errno = trouble;
	return trouble ? -1 : 0;
}
