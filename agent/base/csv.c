/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - RFC 4180 as real exports write it, strictly: half a file is never a whole one. */
#include <behov/csv.h>
#include <behov/text.h>

struct reader {
	struct arena *mem;
	const char *name;
	const char *p, *end;
	char comma;
	int line;
	struct error *err;
};

/* Windows-1252 0x80..0x9f (Unicode's BESTFIT-free table); 0 = undefined. */
static const unsigned short high[32] = {
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
	0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};

static size_t put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 63));
	out[2] = (char)(0x80 | (c & 63));
	return 3;
}

static int from_windows(struct reader *r)
{
	size_t len = (size_t)(r->end - r->p), used = 0;
	char *out = arena_many(r->mem, len + 1, 3);
	int line = 1;

	for (const char *p = r->p; p < r->end; p++) {
		unsigned c = (unsigned char)*p;

		line += c == '\n';
		if (c >= 0x80 && c < 0xa0)
			c = high[c - 0x80];
		if (c == 0)
			return error_set(r->err, ERROR_SOURCE, "%s:%d: a byte that is neither UTF-8 nor Windows-1252",
					 r->name, line);
		used += put_utf8(out + used, c);
	}
	r->p = out;
	r->end = out + used;
	return 0;
}

/* The separator is what stands most often, outside quotes, in the first line. */
static char separator(const char *p, const char *end)
{
	static const char candidates[] = ",;\t";
	int seen[3] = { 0 }, best = 0;
	bool quoted = false;

	for (; p < end && (*p != '\n' || quoted); p++) {
		const char *at = *p ? strchr(candidates, *p) : NULL;

		if (*p == '"')
			quoted = !quoted;
		else if (at && !quoted)
			seen[at - candidates]++;
	}
	for (int i = 1; i < 3; i++)
		if (seen[i] > seen[best])
			best = i;
	return candidates[best];
}

static int complain(struct reader *r, const char *what)
{
	return error_set(r->err, ERROR_SOURCE, "%s:%d: %s", r->name, r->line, what);
}

static int quoted_cell(struct reader *r, const char **out)
{
	const char *from = ++r->p;
	size_t used = 0;
	int line = r->line;
	const char *p;
	char *cell;

	for (p = from; p < r->end; p++) {
		if (*p == '"' && p + 1 < r->end && p[1] == '"')
			p++;
		else if (*p == '"')
			break;
		line += *p == '\n';
	}
	if (p == r->end)
		return complain(r, "a quote that is never closed");
	cell = arena_take(r->mem, (size_t)(p - from) + 1);
	for (const char *q = from; q < p; q++) {
		cell[used++] = *q;
		if (*q == '"')
			q++;
	}
	r->p = p + 1;
	r->line = line;
	if (r->p < r->end && *r->p != r->comma && *r->p != '\n' && *r->p != '\r')
		return complain(r, "text after a closing quote");
	*out = cell;
	return 0;
}

static int plain_cell(struct reader *r, const char **out)
{
	const char *from = r->p;

	while (r->p < r->end && *r->p != r->comma && *r->p != '\n' && *r->p != '\r') {
		if (*r->p == '"')
			return complain(r, "a quote inside a cell that does not start with one");
		r->p++;
	}
	*out = arena_copy(r->mem, from, (size_t)(r->p - from));
	return 0;
}

static int read_row(struct reader *r, struct csv *csv, int *room)
{
	struct csv_row row = { .line = r->line };
	int expect = csv->rows.count ? csv->rows.items[0].count : 0;

	*room = expect ? expect : 64;
	row.cells = arena_array(r->mem, const char *, (size_t)*room);
	for (;;) {
		if (row.count == *room) {
			const char **more = arena_array(r->mem, const char *, (size_t)*room * 2);

			memcpy(more, row.cells, sizeof(*more) * (size_t)*room);
			row.cells = more;
			*room *= 2;
		}
		if ((r->p < r->end && *r->p == '"' ? quoted_cell(r, &row.cells[row.count])
						   : plain_cell(r, &row.cells[row.count])) < 0)
			return -1;
		row.count++;
		if (r->p < r->end && *r->p == r->comma)
			r->p++;
		else
			break;
	}
	if (r->p < r->end && *r->p == '\r')
		r->p++;
	if (r->p >= r->end || *r->p != '\n')
		return complain(r, "a carriage return inside a line");
	r->p++;
	if (expect && row.count != expect) {
		return error_set(r->err, ERROR_SOURCE, "%s:%d: %d cells, but the header has %d", r->name, row.line,
				 row.count, expect);
	}
	r->line++;
	*(struct csv_row *)arena_push(r->mem, &csv->rows) = row;
	return 0;
}

static bool blank(struct reader *r)
{
	const char *p = r->p;

	if (p < r->end && *p == '\r')
		p++;
	if (p >= r->end || *p != '\n')
		return false;
	r->p = p + 1;
	r->line++;
	return true;
}

int csv_read(struct arena *mem, const char *name, const char *bytes, size_t len, struct csv *out, struct error *err)
{
	struct reader r = { mem, name, bytes, bytes + len, ',', 1, err };
	int room = 0;

	*out = (struct csv){ 0 };
	if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
		return error_set(err, ERROR_SOURCE, "%s: is UTF-16: save it as UTF-8", name);
	if (len > (size_t)1 << 30)
		return error_set(err, ERROR_SOURCE, "%s: is larger than 1 GiB", name);
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		r.p += 3;
	if (r.p == r.end)
		return error_set(err, ERROR_SOURCE, "%s: is empty", name);
	if (memchr(r.p, '\0', (size_t)(r.end - r.p)))
		return error_set(err, ERROR_SOURCE, "%s: holds a NUL byte", name);
	if (r.end[-1] != '\n')
		return error_set(err, ERROR_SOURCE, "%s: does not end in a newline: was it cut short?", name);
	if (!text_is_utf8(r.p, (size_t)(r.end - r.p)) && from_windows(&r) < 0)
		return -1;
	r.comma = separator(r.p, r.end);
	while (r.p < r.end)
		if (!blank(&r) && read_row(&r, out, &room) < 0)
			return -1;
	return out->rows.count ? 0 : error_set(err, ERROR_SOURCE, "%s: has no header", name);
}

int csv_column(const struct csv *csv, const char *name)
{
	struct arena *mem;
	int found = -1;

	if (!csv->rows.count)
		return -1;
	for (int i = 0; i < csv->rows.items[0].count; i++)
		if (strcmp(csv->rows.items[0].cells[i], name) == 0)
			return i;
	mem = arena_open();
	for (int i = 0; i < csv->rows.items[0].count && found < 0; i++)
		if (strcmp(text_fold(mem, csv->rows.items[0].cells[i]), text_fold(mem, name)) == 0)
			found = i;
	arena_close(mem);
	return found;
}
