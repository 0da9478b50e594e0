/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manifest.c - the list of a batch's files as text, one line each, packed in frames. */
#include <behov/manifest.h>
#include <behov/text.h>

#include <zstd.h>

#define HEADER "behov-manifest 1: size mtime ctime btime dev ino nlink anchor due path\n"
#define NUMBERS 256                     /* bytes that the numbers of a line take at most */
#define LINE_LEAST 50                   /* and a whole line at least: what says more lines than fit is not believed */
#define LEVEL 1                         /* of zstd: random nanoseconds gain nothing from a higher one */

/* ------------------------------------------------------------------ a line */

/* A million lines are written each night: printf would take most of the time. */
static char *
digits(char *at, uint64_t value, int least)
{
	char turned[24];
	int n = 0;

	do
		turned[n++] = (char)('0' + value % 10);
	while ((value /= 10) || n < least);
	while (n)
		*at++ = turned[--n];
	return at;
}

static char *
number(char *at, int64_t value)
{
	if (value < 0)
		*at++ = '-';
	at = digits(at, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
	*at++ = ' ';
	return at;
}

static char *
moment(char *at, int64_t s, uint32_t ns)
{
	at = number(at, s);
	at[-1] = '.';
	at = digits(at, ns, 9);
	*at++ = ' ';
	return at;
}

static char *
numbers(char *at, const struct record *r)
{
	at = digits(at, r->size, 1);
	*at++ = ' ';
	at = moment(at, r->mtime_s, r->mtime_ns);
	at = moment(at, r->ctime_s, r->ctime_ns);
	at = moment(at, r->btime_s, r->btime_ns);
	at = digits(at, r->dev, 1);
	*at++ = ' ';
	at = digits(at, r->ino, 1);
	*at++ = ' ';
	at = number(at, r->nlink);
	at = number(at, r->anchor);
	return number(at, r->due);
}

/* ------------------------------------------------------------------ reading a line: nothing but what we would write */

static bool
read_digits(const char **at, const char *end, uint64_t most, uint64_t *out)
{
	const char *p = *at;
	uint64_t value = 0;

	while (p < end && *p >= '0' && *p <= '9') {
		uint64_t d = (uint64_t)(*p++ - '0');
		if (value > (most - d) / 10)
			return false;
		value = value * 10 + d;
	}
	if (p == *at || (**at == '0' && p - *at > 1))
		return false;
	*at = p;
	*out = value;
	return true;
}

static bool
read_char(const char **at, const char *end, char c)
{
	return *at < end && *(*at)++ == c;
}

static bool
read_signed(const char **at, const char *end, uint64_t most, int64_t *out)
{
	bool below = *at < end && **at == '-';
	uint64_t value;

	*at += below;
	if (!read_digits(at, end, below ? most + 1 : most, &value) || (below && !value))
		return false;
	*out = (int64_t)(below ? -value : value);
	return true;
}

static bool
read_moment(const char **at, const char *end, int64_t *s, uint32_t *ns)
{
	uint32_t value = 0;

	if (!read_signed(at, end, INT64_MAX, s) || !read_char(at, end, '.') || end - *at < 9)
		return false;
	for (int i = 0; i < 9; i++) {
		char c = *(*at)++;
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (uint32_t)(c - '0');
	}
	*ns = value;
	return read_char(at, end, ' ');
}

static bool
read_number(const char **at, const char *end, uint64_t most, uint64_t *out)
{
	return read_digits(at, end, most, out) && read_char(at, end, ' ');
}

static bool
read_day(const char **at, const char *end, day_t *out)
{
	int64_t value;

	if (!read_signed(at, end, INT32_MAX, &value) || !read_char(at, end, ' '))
		return false;
	*out = (day_t)value;
	return true;
}

static const char *
read_path(struct arena *mem, const char *at, const char *end)
{
	char *shown = arena_copy(mem, at, (size_t)(end - at)), *path;

	if (!*shown || name_is_plain(at, (size_t)(end - at)))
		return *shown ? shown : NULL;
	path = strlen(shown) == (size_t)(end - at) ? name_read(mem, shown) : NULL;
	return path && strcmp(name_show(mem, path), shown) == 0 ? path : NULL;
}

static bool
read_line(struct arena *mem, const char *at, const char *end, struct record *r)
{
	uint64_t nlink;

	if (!read_number(&at, end, UINT64_MAX, &r->size) || !read_moment(&at, end, &r->mtime_s, &r->mtime_ns) ||
	    !read_moment(&at, end, &r->ctime_s, &r->ctime_ns) || !read_moment(&at, end, &r->btime_s, &r->btime_ns) ||
	    !read_number(&at, end, UINT64_MAX, &r->dev) || !read_number(&at, end, UINT64_MAX, &r->ino) ||
	    !read_number(&at, end, UINT32_MAX, &nlink) || !read_day(&at, end, &r->anchor) || !read_day(&at, end, &r->due))
		return false;
	r->nlink = (uint32_t)nlink;
	r->path = read_path(mem, at, end);
	return r->path != NULL;
}

/* ------------------------------------------------------------------ packing */

struct manifest_packer {
	struct manifest_frame frame;
	char *text, *packed;
	size_t room, packed_room;
	ZSTD_CCtx *zstd;                /* NULL: only the sum is wanted */
	struct digest *sum;
	int (*put)(void *self, const struct manifest_frame *frame, struct error *err);
	void *self;
	struct arena *mem;              /* of what is made */
	char *first;                    /* path of the frame's first file */
	size_t first_room;
	struct manifest_frame *frames;
	size_t frame_count, frame_room;
	long long bytes;
};

static void
make_room(char **buffer, size_t *room, size_t wanted)
{
	if (wanted <= *room)
		return;
	*room = wanted + wanted / 2;
	*buffer = realloc(*buffer, *room);
	if (!*buffer)
		abort();
}

static void
add_line(struct manifest_packer *p, const struct record *r)
{
	size_t len = strlen(r->path);
	struct arena *mem = NULL;
	const char *shown = r->path;
	char *at;

	if (!name_is_plain(shown, len)) {
		mem = arena_open();
		shown = name_show(mem, r->path);
		len = strlen(shown);
	}
	make_room(&p->text, &p->room, p->frame.size + NUMBERS + len + 1);
	at = numbers(p->text + p->frame.size, r);
	memcpy(at, shown, len);
	at[len] = '\n';
	p->frame.size = (size_t)(at + len + 1 - p->text);
	arena_close(mem);
}

static void
count(struct manifest_frame *f, const struct record *r)
{
	if (!f->files++)
		f->path = r->path;
	f->bytes = sizes_add(f->bytes, r->size);
	if (r->anchor == DAY_NONE)
		return;
	f->oldest = f->oldest == DAY_NONE || r->anchor < f->oldest ? r->anchor : f->oldest;
	f->newest = f->newest == DAY_NONE || r->anchor > f->newest ? r->anchor : f->newest;
}

static struct manifest_frame
empty_frame(long long first)
{
	return (struct manifest_frame){ .first = first, .oldest = DAY_NONE, .newest = DAY_NONE };
}

static int
pack_frame(struct manifest_packer *p, struct error *err)
{
	struct manifest_frame *f = &p->frame;

	if (f->size > MANIFEST_TEXT_MOST)
		return error_set(err, ERROR_STORE, "a path is too long for a manifest");
	make_room(&p->packed, &p->packed_room, ZSTD_compressBound(f->size));
	f->packed_size = ZSTD_compress2(p->zstd, p->packed, p->packed_room, p->text, f->size);
	if (ZSTD_isError(f->packed_size))
		return error_set(err, ERROR_STORE, "cannot pack a manifest: %s", ZSTD_getErrorName(f->packed_size));
	f->packed = p->packed;
	return p->put(p->self, f, err);
}

static int
close_frame(struct manifest_packer *p, struct error *err)
{
	long long next = p->frame.first + p->frame.files;
	int rc = 0;

	if (!p->frame.files)
		return 0;
	digest_add(p->sum, p->text, p->frame.size);
	if (p->zstd)
		rc = pack_frame(p, err);
	p->frame = empty_frame(next);
	return rc;
}

/* The path of a frame's first file has to last as long as the frame, and the record need not. */
static void
keep_first(struct manifest_packer *p, const struct record *r)
{
	size_t len = strlen(r->path) + 1;

	make_room(&p->first, &p->first_room, len);
	memcpy(p->first, r->path, len);
	p->frame.path = p->first;
}

int
manifest_packer_add(struct manifest_packer *p, const struct record *r, struct error *err)
{
	if (p->frame.files == MANIFEST_LINES || p->frame.size >= MANIFEST_TEXT)
		if (close_frame(p, err) < 0)
			return -1;
	add_line(p, r);
	count(&p->frame, r);
	if (p->frame.files == 1)
		keep_first(p, r);
	return 0;
}

static int
add_all(struct manifest_packer *p, const struct record *records, size_t total, struct error *err)
{
	p->frame = empty_frame(0);
	for (size_t i = 0; i < total; i++)
		if (manifest_packer_add(p, &records[i], err) < 0)
			return -1;
	return close_frame(p, err);
}

struct manifest_packer *
manifest_packer_open(void)
{
	struct manifest_packer *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->zstd = ZSTD_createCCtx();
	if (!p->zstd)
		abort();
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	return p;
}

void
manifest_packer_close(struct manifest_packer *p)
{
	if (!p)
		return;
	if (p->sum)
		digest_close(p->sum, (unsigned char[DIGEST_SIZE]){ 0 });
	ZSTD_freeCCtx(p->zstd);
	free(p->text);
	free(p->packed);
	free(p->first);
	free(p->frames);
	free(p);
}

int
manifest_pack(const struct record *records, size_t total, struct digest *sum,
	      int (*put)(void *self, const struct manifest_frame *frame, struct error *err), void *self, struct error *err)
{
	struct manifest_packer *p = manifest_packer_open();
	int rc;

	p->sum = sum;
	p->put = put;
	p->self = self;
	rc = add_all(p, records, total, err);
	p->sum = NULL;                  /* the caller's */
	manifest_packer_close(p);
	return rc;
}

/* ------------------------------------------------------------------ a manifest that is kept in memory */

static int
keep_frame(void *self, const struct manifest_frame *f, struct error *err)
{
	struct manifest_packer *p = self;
	struct manifest_frame *kept;

	(void)err;
	if (p->frame_count == p->frame_room) {
		p->frame_room = p->frame_room ? p->frame_room * 2 : 16;
		p->frames = reallocarray(p->frames, p->frame_room, sizeof *p->frames);
		if (!p->frames)
			abort();
	}
	kept = &p->frames[p->frame_count++];
	*kept = *f;
	kept->path = arena_text(p->mem, f->path);
	kept->packed = arena_copy(p->mem, f->packed, f->packed_size);
	p->bytes = (long long)((unsigned long long)p->bytes + (unsigned long long)f->bytes);
	return 0;
}

void
manifest_packer_start(struct manifest_packer *p, struct arena *mem)
{
	p->mem = mem;
	p->put = keep_frame;
	p->self = p;
	p->sum = manifest_sum_open();
	p->frame = empty_frame(0);
	p->frame_count = 0;
	p->bytes = 0;
}

int
manifest_packer_end(struct manifest_packer *p, const struct manifest **out, struct error *err)
{
	struct manifest *m = arena_new(p->mem, struct manifest);

	if (close_frame(p, err) < 0)
		return -1;
	*m = (struct manifest){ .digest = manifest_sum_close(p->mem, p->sum), .files = p->frame.first, .bytes = p->bytes,
				.frames = arena_array(p->mem, struct manifest_frame, p->frame_count), .count = p->frame_count };
	if (p->frame_count)
		memcpy(m->frames, p->frames, p->frame_count * sizeof *m->frames);
	p->sum = NULL;
	*out = m;
	return 0;
}

int
manifest_make(struct arena *mem, const struct record *records, size_t total, const struct manifest **out, struct error *err)
{
	struct manifest_packer *p = manifest_packer_open();
	int rc;

	manifest_packer_start(p, mem);
	rc = add_all(p, records, total, err);
	if (rc == 0)
		rc = manifest_packer_end(p, out, err);
	manifest_packer_close(p);
	return rc;
}

/* ------------------------------------------------------------------ the sum */

struct digest *
manifest_sum_open(void)
{
	struct digest *sum = digest_open();

	digest_add(sum, HEADER, sizeof HEADER - 1);
	return sum;
}

const char *
manifest_sum_close(struct arena *mem, struct digest *sum)
{
	unsigned char out[DIGEST_SIZE];

	digest_close(sum, out);
	return arena_print(mem, "sha256:%s", digest_hex(mem, out, sizeof out));
}

const char *
manifest_digest(struct arena *mem, const struct record *records, size_t total)
{
	struct manifest_packer p = { .sum = manifest_sum_open() };
	struct error never;

	(void)add_all(&p, records, total, &never);      /* nothing is packed, and so nothing can fail */
	free(p.text);
	free(p.first);
	return manifest_sum_close(mem, p.sum);
}

/* ------------------------------------------------------------------ unpacking */

/* Just one frame of zstd's, of the size that was said. */
static char *
unpack_text(struct arena *mem, const struct manifest_frame *f)
{
	char *text;

	if (f->size > MANIFEST_TEXT_MOST || f->files < 1 || f->files > MANIFEST_LINES ||
	    f->size / LINE_LEAST < (size_t)f->files ||
	    ZSTD_findFrameCompressedSize(f->packed, f->packed_size) != f->packed_size ||
	    ZSTD_getFrameContentSize(f->packed, f->packed_size) != f->size)
		return NULL;
	text = arena_take(mem, f->size + 1);
	return ZSTD_decompress(text, f->size, f->packed, f->packed_size) == f->size ? text : NULL;
}

static bool
as_said(const struct manifest_frame *said, const struct manifest_frame *seen)
{
	return said->files == seen->files && said->bytes == seen->bytes && said->oldest == seen->oldest &&
	       said->newest == seen->newest && strcmp(said->path, seen->path) == 0;
}

int
manifest_sum_frame(struct digest *sum, const struct manifest_frame *f, struct error *err)
{
	struct arena *mem = arena_open();
	const char *text = unpack_text(mem, f);

	if (text)
		digest_add(sum, text, f->size);
	arena_close(mem);
	return text ? 0 : error_set(err, ERROR_STORE, "a frame of a manifest cannot be unpacked");
}

int
manifest_unpack(struct arena *mem, const struct manifest_frame *frame, struct digest *sum, struct record **records,
		struct error *err)
{
	const char *at = unpack_text(mem, frame), *stop = at ? at + frame->size : NULL, *end;
	struct manifest_frame seen = empty_frame(frame->first);
	struct record *list;

	if (!at)
		return error_set(err, ERROR_STORE, "a frame of a manifest cannot be unpacked");
	if (sum)
		digest_add(sum, at, frame->size);
	list = arena_array(mem, struct record, (size_t)frame->files);
	for (; at < stop; at = end + 1) {
		struct record *r = &list[seen.files];

		end = memchr(at, '\n', (size_t)(stop - at));
		if (!end || seen.files == frame->files || !read_line(mem, at, end, r) ||
		    (seen.files && strcmp(r[-1].path, r->path) >= 0))
			return error_set(err, ERROR_STORE, "a manifest has a broken line %lld", frame->first + seen.files + 1);
		count(&seen, r);
	}
	if (!as_said(frame, &seen))
		return error_set(err, ERROR_STORE, "a frame of a manifest is not what its index says");
	*records = list;
	return 0;
}

int
manifest_read(struct arena *mem, const char *text, size_t len, struct record **records, size_t *total, struct error *err)
{
	const char *at = text + sizeof HEADER - 1, *stop = text + len, *end;
	LIST(struct record) list = { 0 };

	if (len < sizeof HEADER - 1 || memcmp(text, HEADER, sizeof HEADER - 1) != 0)
		return error_set(err, ERROR_STORE, "a manifest does not begin as one");
	for (; at < stop; at = end + 1) {
		struct record *r = arena_push(mem, &list);

		end = memchr(at, '\n', (size_t)(stop - at));
		if (!end)
			return error_set(err, ERROR_STORE, "a manifest stops short");
		if (!read_line(mem, at, end, r) || (list.count > 1 && strcmp(r[-1].path, r->path) >= 0))
			return error_set(err, ERROR_STORE, "a manifest has a broken line %zu", list.count);
	}
	*records = list.items;
	*total = list.count;
	return 0;
}
