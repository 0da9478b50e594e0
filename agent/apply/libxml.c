/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libxml.c - stands where libxml2 would: it is opened when a package for the e-archive is written, and brings 30 MB of Unicode. */
#include "late-names.h"
#include "behov/late.h"
#include <errno.h>
#include <libxml/xmlwriter.h>

static struct {
	__typeof__(xmlOutputBufferCreateIO) *buffer;
	__typeof__(xmlNewTextWriter) *writer;
	__typeof__(xmlFreeTextWriter) *free;
	__typeof__(xmlTextWriterSetIndent) *indent;
	__typeof__(xmlTextWriterSetIndentString) *indent_with;
	__typeof__(xmlTextWriterStartDocument) *start_document;
	__typeof__(xmlTextWriterEndDocument) *end_document;
	__typeof__(xmlTextWriterStartElement) *start_element;
	__typeof__(xmlTextWriterEndElement) *end_element;
	__typeof__(xmlTextWriterWriteAttribute) *attribute;
	__typeof__(xmlTextWriterWriteString) *string;
} xml;

static bool
open_library(void)
{
	static bool open;
	static const struct late_call calls[] = {
		{ "xmlOutputBufferCreateIO", &xml.buffer }, { "xmlNewTextWriter", &xml.writer }, { "xmlFreeTextWriter", &xml.free },
		{ "xmlTextWriterSetIndent", &xml.indent }, { "xmlTextWriterSetIndentString", &xml.indent_with },
		{ "xmlTextWriterStartDocument", &xml.start_document }, { "xmlTextWriterEndDocument", &xml.end_document },
		{ "xmlTextWriterStartElement", &xml.start_element }, { "xmlTextWriterEndElement", &xml.end_element },
		{ "xmlTextWriterWriteAttribute", &xml.attribute }, { "xmlTextWriterWriteString", &xml.string },
	};

	return late_open(LATE_xml2, calls, sizeof(calls) / sizeof(*calls), &open);
}

/* The first to be called: the others are called with what came of it.  NULL with errno. */
xmlOutputBufferPtr
xmlOutputBufferCreateIO(xmlOutputWriteCallback write, xmlOutputCloseCallback close, void *self, xmlCharEncodingHandlerPtr encoder)
{
	bool opened = open_library();

	errno = opened ? ENOMEM : ELIBACC;
	return opened ? xml.buffer(write, close, self, encoder) : NULL;
}

xmlTextWriterPtr
xmlNewTextWriter(xmlOutputBufferPtr out)
{
	return xml.writer(out);
}

void
xmlFreeTextWriter(xmlTextWriterPtr writer)
{
	xml.free(writer);
}

int
xmlTextWriterSetIndent(xmlTextWriterPtr writer, int indent)
{
	return xml.indent(writer, indent);
}

int
xmlTextWriterSetIndentString(xmlTextWriterPtr writer, const xmlChar *text)
{
	return xml.indent_with(writer, text);
}

int
xmlTextWriterStartDocument(xmlTextWriterPtr writer, const char *version, const char *encoding, const char *standalone)
{
	return xml.start_document(writer, version, encoding, standalone);
}

int
xmlTextWriterEndDocument(xmlTextWriterPtr writer)
{
	return xml.end_document(writer);
}

int
xmlTextWriterStartElement(xmlTextWriterPtr writer, const xmlChar *name)
{
	return xml.start_element(writer, name);
}

int
xmlTextWriterEndElement(xmlTextWriterPtr writer)
{
	return xml.end_element(writer);
}

int
xmlTextWriterWriteAttribute(xmlTextWriterPtr writer, const xmlChar *name, const xmlChar *text)
{
	return xml.attribute(writer, name, text);
}

int
xmlTextWriterWriteString(xmlTextWriterPtr writer, const xmlChar *text)
{
	return xml.string(writer, text);
}
