/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mime.c - what a file is called, by what its name ends in; nothing looks into it. */
#include "apply_p.h"
#include <strings.h>

static const struct { const char *end, *type; } types[] = {
	{ "7z", "application/x-7z-compressed" }, { "aac", "audio/aac" }, { "accdb", "application/vnd.ms-access" },
	{ "avi", "video/x-msvideo" }, { "bmp", "image/bmp" }, { "csv", "text/csv" }, { "doc", "application/msword" },
	{ "docm", "application/vnd.ms-word.document.macroEnabled.12" },
	{ "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "dot", "application/msword" }, { "dwg", "image/vnd.dwg" }, { "dxf", "image/vnd.dxf" }, { "eml", "message/rfc822" },
	{ "epub", "application/epub+zip" }, { "flac", "audio/flac" }, { "geojson", "application/geo+json" }, { "gif", "image/gif" },
	{ "gml", "application/gml+xml" }, { "gz", "application/gzip" }, { "heic", "image/heic" }, { "htm", "text/html" },
	{ "html", "text/html" }, { "ics", "text/calendar" }, { "jp2", "image/jp2" }, { "jpeg", "image/jpeg" }, { "jpg", "image/jpeg" },
	{ "json", "application/json" }, { "m4a", "audio/mp4" }, { "mbox", "application/mbox" }, { "mdb", "application/vnd.ms-access" },
	{ "mkv", "video/x-matroska" }, { "mov", "video/quicktime" }, { "mp3", "audio/mpeg" }, { "mp4", "video/mp4" },
	{ "mpeg", "video/mpeg" }, { "mpg", "video/mpeg" }, { "mpp", "application/vnd.ms-project" },
	{ "msg", "application/vnd.ms-outlook" }, { "odg", "application/vnd.oasis.opendocument.graphics" },
	{ "odp", "application/vnd.oasis.opendocument.presentation" }, { "ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "odt", "application/vnd.oasis.opendocument.text" }, { "ogg", "audio/ogg" }, { "pdf", "application/pdf" },
	{ "png", "image/png" }, { "pps", "application/vnd.ms-powerpoint" }, { "ppt", "application/vnd.ms-powerpoint" },
	{ "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" }, { "ps", "application/postscript" },
	{ "pst", "application/vnd.ms-outlook" }, { "rtf", "application/rtf" }, { "siard", "application/zip" },
	{ "svg", "image/svg+xml" }, { "tar", "application/x-tar" }, { "tif", "image/tiff" }, { "tiff", "image/tiff" },
	{ "txt", "text/plain" }, { "vsd", "application/vnd.visio" }, { "wav", "audio/vnd.wave" }, { "webm", "video/webm" },
	{ "webp", "image/webp" }, { "wmv", "video/x-ms-wmv" }, { "xls", "application/vnd.ms-excel" },
	{ "xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" }, { "xml", "application/xml" },
	{ "xsd", "application/xml" }, { "zip", "application/zip" },
};

const char *
mime_type(const char *path)
{
	const char *slash = strrchr(path, '/'), *leaf = slash ? slash + 1 : path, *dot = strrchr(leaf, '.');

	for (size_t i = 0; dot && dot > leaf && i < sizeof types / sizeof *types; i++)
		if (strcasecmp(dot + 1, types[i].end) == 0)
			return types[i].type;
	return "application/octet-stream";
}

char *
url_path(struct arena *mem, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/", hex[] = "0123456789ABCDEF";
	char *out = arena_take(mem, 3 * strlen(path) + 1), *to = out;

	for (const unsigned char *at = (const unsigned char *)path; *at; at++) {
		if (strchr(plain, *at)) {
			*to++ = (char)*at;
			continue;
		}
		*to++ = '%';
		*to++ = hex[*at >> 4];
		*to++ = hex[*at & 15];
	}
	return out;
}
