/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-ahead.c - a page of answers is the same with ahead.c between libldap and the connection as without it: cut anywhere,
 * with any byte bent, and with messages in it that are no entries.
 */
#include "../../agent/collect/build_p.h"
#include "../../agent/collect/pages.c"
#include "check.h"

#include <errno.h>
#include <openldap.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUESTION 1                      /* the first of a connection */

/* libldap forgets to free some messages that it could not decode, with us and without. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:liblber"; }

static struct arena *mem;
static struct text stream, said;
static int taken;                       /* entries that libldap did not see */

/* ------------------------------------------------------------------ what a server sends */

static void
clear(struct text *t)
{
	t->len = 0;
	*t->data = '\0';
}

static void
send_ber(BerElement *ber)
{
	struct berval bytes;

	CHECK(ber_flatten2(ber, &bytes, 0) == 0);
	text_bytes(&stream, bytes.bv_val, bytes.bv_len);
	ber_free(ber, 1);
}

static void
entry(int id, const char *dn, const char *member)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	ber_printf(ber, "{it{s{{s[ss]}{s[]}{s[s]}}}}", (ber_int_t)id, (ber_tag_t)LDAP_RES_SEARCH_ENTRY, dn, "objectClass", "top",
		   "group", "description", member, "CN=Anna");
	send_ber(ber);
}

/* Its length takes two bytes. */
static void
long_entry(int id)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	ber_printf(ber, "{it{s{{s[", (ber_int_t)id, (ber_tag_t)LDAP_RES_SEARCH_ENTRY, "CN=Alla", "member");
	for (int i = 0; i < 12; i++)
		ber_printf(ber, "s", arena_print(mem, "CN=Person %d", i));
	ber_printf(ber, "]}}}}");
	send_ber(ber);
}

static void
other(int id, ber_tag_t tag)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	if (tag == LDAP_RES_SEARCH_REFERENCE)
		ber_printf(ber, "{it{s}}", (ber_int_t)id, tag, "ldap://other.example/CN=X");
	else if (tag == LDAP_RES_EXTENDED)
		ber_printf(ber, "{it{essts}}", (ber_int_t)id, tag, (ber_int_t)LDAP_UNAVAILABLE, "", "", (ber_tag_t)LDAP_TAG_EXOP_RES_OID,
			   LDAP_NOTICE_OF_DISCONNECTION);
	else                            /* liblber reads eight bytes at once, and takes a shorter message for a broken one */
		ber_printf(ber, "{it{s}}", (ber_int_t)id, tag, "1.2.3");
	send_ber(ber);
}

static void
done(int id, int code)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval nothing_more = { 7, "\x30\x05\x02\x01\x00\x04\x00" };

	ber_printf(ber, "{it{ess}t{{sO}}}", (ber_int_t)id, (ber_tag_t)LDAP_RES_SEARCH_RESULT, (ber_int_t)code, "", "",
		   (ber_tag_t)LDAP_TAG_CONTROLS, LDAP_CONTROL_PAGEDRESULTS, &nothing_more);
	send_ber(ber);
}

static void
raw(const char *bytes, size_t len)
{
	text_bytes(&stream, bytes, len);
}

/* ------------------------------------------------------------------ who reads it */

static int
take_down(struct reader *r, const struct source_entry *e)
{
	(void)r;
	text_print(&said, "entry %.*s", (int)e->dn.bv_len, e->dn.bv_val);
	for (size_t i = 0; i < e->attributes.count; i++) {
		const struct source_attribute *a = &e->attributes.items[i];

		text_print(&said, " | %.*s;%s:", (int)a->name.bv_len, a->name.bv_val, a->options ? a->options : "");
		for (size_t v = 0; v < a->count; v++)
			text_print(&said, " %zu'%.*s'", (size_t)a->values[v].bv_len, (int)a->values[v].bv_len, a->values[v].bv_val);
	}
	text_add(&said, "\n");
	return 0;
}

struct line { struct reader r; struct error err; struct directory directory; struct rules rules; int far; struct builder *b; };

static int
open_line(struct line *l, bool with)
{
	int pair[2], version = LDAP_VERSION3, id = 0;

	*l = (struct line){ .directory = { .name = "test", .timeout = 60 } };
	l->b = build_open(mem, &l->rules);
	CHECK(build_source(l->b, &l->directory, "test", &l->err) == 0);
	l->r = (struct reader){ .mem = mem, .rules = &l->rules, .directory = &l->directory, .builder = l->b, .take = take_down,
				.answer.mem = mem, .err = &l->err };
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	l->far = pair[1];
	CHECK(ldap_init_fd(pair[0], LDAP_PROTO_IPC, "ldapi://test", &l->r.ld) == LDAP_SUCCESS);
	ldap_set_option(l->r.ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(l->r.ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	l->r.ahead[0] = with ? ahead_open(mem, l->r.ld) : NULL;
	CHECK(!with || l->r.ahead[0]);
	CHECK(ldap_search_ext(l->r.ld, "", LDAP_SCOPE_BASE, "(objectClass=*)", NULL, 0, NULL, NULL, NULL, 0, &id) == LDAP_SUCCESS);
	CHECK(id == QUESTION);
	clear(&said);
	return id;
}

static void
close_line(struct line *l)
{
	ldap_unbind_ext_s(l->r.ld, NULL, NULL);
	close(l->far);
	build_free(l->b);
}

static void
send_far(const struct line *l, const char *bytes, size_t len)
{
	CHECK(send(l->far, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
}

/*
 * All that was read, and how it ended: what was sent up to its end, and then the connection is lost.  What was read of a page
 * that failed is thrown away (libldap takes any answer of another kind for the last one, and tosses what still comes).
 */
static char *
outcome(bool with)
{
	struct berval cookie = { 0, NULL };
	struct line l;
	int id = open_line(&l, with), rc;

	send_far(&l, stream.data, stream.len);
	shutdown(l.far, SHUT_WR);
	rc = take_page(&l.r, l.r.ahead[0], id, &cookie);
	if (rc < 0)
		clear(&said);
	text_print(&said, "%s references=%lld parted=%zu\n", rc ? "failed" : "done", rc ? 0 : l.b->at->references,
		   rc ? 0 : l.r.parted.count);
	CHECK(rc == 0 || l.err.text[0]);
	ber_memfree(cookie.bv_val);
	close_line(&l);
	return arena_text(mem, said.data);
}

static bool
same_both_ways(void)
{
	char *without = outcome(false), *with = outcome(true);

	if (strcmp(without, with) == 0)
		return true;
	fprintf(stderr, "without:\n%swith:\n%s", without, with);
	return false;
}

static void
whole_page(void)
{
	clear(&stream);
	entry(QUESTION, "CN=A", "member;lang-sv");
	long_entry(QUESTION);
	other(QUESTION, LDAP_RES_SEARCH_REFERENCE);
	entry(QUESTION, "CN=C", "member;range=0-1");
	done(QUESTION, LDAP_SUCCESS);
}

/* ------------------------------------------------------------------ */

static void a_page_is_the_same(void)
{
	whole_page();
	CHECK(same_both_ways());
	CHECK(strstr(said.data, "entry CN=A | objectClass;: 3'top' 5'group' | description;: | member;lang-sv: 7'CN=Anna'\n"));
	CHECK(strstr(said.data, "entry CN=Alla | member;: 11'CN=Person 0' 11'CN=Person 1'"));
	CHECK(strstr(said.data, "done references=1 parted=1"));
}

/* Everything that has come, by whoever may read it. */
static bool
drain(struct line *l, int id)
{
	struct timeval now = { 0, 0 };
	LDAPMessage *m;
	int type;

	for (;;) {
		long long before = l->r.page_entries;

		CHECK(take_ahead(&l->r, l->r.ahead[0], id) == 0);
		taken += (int)(l->r.page_entries - before);
		m = NULL;
		type = ldap_result(l->r.ld, id, LDAP_MSG_ONE, &now, &m);
		if (type == LDAP_RES_SEARCH_ENTRY)
			CHECK(take_entry(&l->r, m) == 0);
		else if (type == LDAP_RES_SEARCH_REFERENCE)
			text_add(&said, "reference\n");
		ldap_msgfree(m);
		if (type <= 0 || type == LDAP_RES_SEARCH_RESULT)
			return type == LDAP_RES_SEARCH_RESULT;
	}
}

#define CLOSELY 90                      /* the first entry, and the head of the next */

static void a_page_may_be_cut_anywhere(void)
{
	whole_page();
	for (size_t cut = 0; cut < stream.len; cut += cut < CLOSELY ? 1 : 7) {
		struct line l;
		int id = open_line(&l, true);

		taken = 0;
		send_far(&l, stream.data, cut);
		CHECK(!drain(&l, id));
		send_far(&l, stream.data + cut, stream.len - cut);
		CHECK(drain(&l, id) && l.r.page_entries == 3 && taken >= 2);
		CHECK(strncmp(said.data, "entry CN=A |", 12) == 0 && strstr(said.data, "lang-sv: 7'CN=Anna'\nentry CN=Alla"));
		CHECK(strstr(said.data, "'CN=Person 11'\nreference\n") && l.r.parted.count == 1);
		close_line(&l);
	}
}

static void what_libldap_has_begun_is_left_to_it(void)
{
	struct berval message;
	struct line l;
	int id = open_line(&l, true);

	whole_page();
	send_far(&l, stream.data, 20);
	CHECK(!drain(&l, id) && !ahead_message(l.r.ahead[0], &message));
	send_far(&l, stream.data + 20, stream.len - 20);
	CHECK(!ahead_message(l.r.ahead[0], &message));
	taken = 0;
	CHECK(drain(&l, id) && taken == 2);
	close_line(&l);
}

static void one_bent_byte_is_the_same(void)
{
	static const int odd[] = { 0x00, 0x02, 0x80, 0xff };

	for (size_t at = 0, n = 0; n == 0 || at < n; at++)
		for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
			clear(&stream);
			entry(QUESTION, "CN=A", "member");
			n = stream.len;
			entry(QUESTION, "CN=B", "member");
			done(QUESTION, LDAP_SUCCESS);
			stream.data[at] = (char)odd[i];
			CHECK(same_both_ways());
		}
}

static void other_messages_are_the_same(void)
{
	static const struct { int id; ber_tag_t tag; const char *word; } messages[] = {
		{ 0, LDAP_RES_EXTENDED, NULL }, { QUESTION, LDAP_RES_EXTENDED, NULL }, { QUESTION, LDAP_RES_INTERMEDIATE, NULL },
		{ QUESTION + 1, LDAP_RES_SEARCH_ENTRY, NULL }, { 99, LDAP_RES_SEARCH_RESULT, NULL }, { -1, LDAP_RES_SEARCH_ENTRY, NULL },
		{ QUESTION, LDAP_RES_SEARCH_ENTRY, "failed" }, { QUESTION, LDAP_RES_BIND, NULL }, { QUESTION, 0x7f, NULL },
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		clear(&stream);
		entry(QUESTION, "CN=A", "member");
		other(messages[i].id, messages[i].tag);
		entry(QUESTION, "CN=B", "member");
		done(QUESTION, LDAP_SUCCESS);
		CHECK(same_both_ways());
		CHECK(!messages[i].word || strstr(said.data, messages[i].word));
	}
}

static void an_entry_of_another_question_is_not_ours(void)
{
	clear(&stream);
	entry(QUESTION + 1, "CN=B", "member");
	long_entry(QUESTION);
	done(QUESTION, LDAP_SUCCESS);
	CHECK(same_both_ways());
	CHECK(!strstr(said.data, "CN=B") && strstr(said.data, "CN=Alla") && strstr(said.data, "parted=0"));
}

/* Bytes that are no message, or of a length that nobody has. */
static void what_is_no_message_is_the_same(void)
{
	static const struct { const char *bytes; size_t len; } bad[] = {
		{ "\x30\x84\x7f\xff\xff\xff\x02\x01\x01", 9 }, { "\x30\x84\xff\xff\xff\xff\x02\x01\x01", 9 }, { "\x30\x80\x02\x01\x01\0\0", 7 },
		{ "\x30\x85\0\0\0\0\5", 7 }, { "\x30\0", 2 }, { "\x30", 1 }, { "\x30\x82\x01", 3 }, { "HTTP/1.1 400", 12 }, { "\x1f\x81", 2 },
		{ "\x30\x05\x02\x03\x01", 5 }, { "\x30\x81", 2 }, { "\x30\x84\0\0\0\x0c\x02\x01\x01\x64\x84\0\0\0\x06\x04\0\x30\0", 18 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		for (int more = 0; more < 2; more++) {
			clear(&stream);
			entry(QUESTION, "CN=A", "member");
			raw(bad[i].bytes, bad[i].len);
			if (more)
				done(QUESTION, LDAP_SUCCESS);
			CHECK(same_both_ways());
		}
}

/* Lengths in more bytes than they need, as Active Directory writes them. */
static void long_lengths_are_taken_at_once(void)
{
	static const char entry_bytes[] = "\x30\x84\0\0\0\x21\x02\x01\x01\x64\x84\0\0\0\x18\x04\x04" "CN=A" "\x30\x84\0\0\0\x0c"
					  "\x30\x84\0\0\0\x06\x04\x02" "cn" "\x31\0";
	struct berval message;
	struct line l;
	int id = open_line(&l, true);
	struct source_entry e;

	clear(&stream);
	raw(entry_bytes, sizeof(entry_bytes) - 1);
	CHECK(same_both_ways());
	send_far(&l, stream.data, stream.len);
	CHECK(ahead_message(l.r.ahead[0], &message) && message.bv_len == stream.len);
	CHECK(answer_entry(&l.r.answer, id, message.bv_val, message.bv_len, &e) && e.attributes.count == 1 && e.dn.bv_len == 4);
	CHECK(!answer_entry(&l.r.answer, id + 1, message.bv_val, message.bv_len, &e));
	close_line(&l);
}

/* Larger than what is read ahead: libldap reads it, and what comes behind it is ours again. */
static void a_message_that_is_too_large_is_libldaps(void)
{
	static char large[3 << 20];
	struct berval message;
	struct line l;
	int id = open_line(&l, true);
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	size_t sent = 0;

	memset(large, 'x', sizeof(large) - 1);
	ber_printf(ber, "{it{s{{s[s]}}}}", (ber_int_t)id, (ber_tag_t)LDAP_RES_SEARCH_ENTRY, "CN=L", "member", large);
	clear(&stream);
	send_ber(ber);
	long_entry(id);
	done(id, LDAP_SUCCESS);
	taken = 0;
	while (sent < stream.len) {
		ssize_t n = send(l.far, stream.data + sent, stream.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		CHECK(n > 0 || !ahead_message(l.r.ahead[0], &message));
		if (sent < stream.len)
			CHECK(!drain(&l, id));
	}
	CHECK(drain(&l, id) && l.r.page_entries == 2 && taken == 1);
	close_line(&l);
}

static void a_lost_connection_is_told_after_what_came(void)
{
	clear(&stream);
	entry(QUESTION, "CN=A", "member");
	long_entry(QUESTION);
	CHECK(same_both_ways());
	CHECK(strncmp(said.data, "failed", 6) == 0);
}

/* A layer below, as SASL is: one packet cannot be unsealed, and it would go on with the next. */
struct broken { size_t good; bool told; };

static int
broken_begin(Sockbuf_IO_Desc *io, void *self)
{
	io->sbiod_pvt = self;
	return 0;
}

static ber_slen_t
broken_read(Sockbuf_IO_Desc *io, void *to, ber_len_t len)
{
	struct broken *b = io->sbiod_pvt;
	ber_slen_t n;

	if (!b->good && !b->told) {
		b->told = true;
		errno = EIO;
		return -1;
	}
	n = LBER_SBIOD_READ_NEXT(io, to, b->told || len < b->good ? len : b->good);
	if (n > 0 && !b->told)
		b->good -= (size_t)n;
	return n;
}

static ber_slen_t broken_write(Sockbuf_IO_Desc *io, void *from, ber_len_t len) { return LBER_SBIOD_WRITE_NEXT(io, from, len); }
static int broken_control(Sockbuf_IO_Desc *io, int option, void *arg) { return LBER_SBIOD_CTRL_NEXT(io, option, arg); }
static int broken_nothing(Sockbuf_IO_Desc *io) { (void)io; return 0; }

static void a_failure_from_below_is_not_passed_over(void)
{
	static Sockbuf_IO layer = { .sbi_setup = broken_begin, .sbi_remove = broken_nothing, .sbi_ctrl = broken_control,
				    .sbi_read = broken_read, .sbi_write = broken_write, .sbi_close = broken_nothing };
	struct berval cookie = { 0, NULL };
	struct broken broken = { 0, false };
	Sockbuf *wire = NULL;
	struct line l;
	int id = open_line(&l, false);

	whole_page();
	broken.good = (size_t)((char *)memmem(stream.data, stream.len, "\x30\x81", 2) - stream.data);        /* the long entry follows */
	CHECK(ldap_get_option(l.r.ld, LDAP_OPT_SOCKBUF, &wire) == LDAP_SUCCESS);
	CHECK(ber_sockbuf_add_io(wire, &layer, LBER_SBIOD_LEVEL_APPLICATION, &broken) == 0);
	l.r.ahead[0] = ahead_open(mem, l.r.ld);
	send_far(&l, stream.data, stream.len);
	CHECK(take_page(&l.r, l.r.ahead[0], id, &cookie) < 0 && l.r.again && broken.told);
	CHECK(strncmp(said.data, "entry CN=A |", 12) == 0 && !strstr(said.data, "CN=Alla"));
	close_line(&l);
}

/* A layer below that takes all that has come, and gives a little of it at a time, as TLS and SASL do with their packets. */
struct holding { char bytes[1 << 18]; size_t at, end, most; };

static int
holding_begin(Sockbuf_IO_Desc *io, void *self)
{
	io->sbiod_pvt = self;
	return 0;
}

static ber_slen_t
holding_read(Sockbuf_IO_Desc *io, void *to, ber_len_t len)
{
	struct holding *h = io->sbiod_pvt;
	ber_slen_t n;

	if (h->at == h->end) {
		n = LBER_SBIOD_READ_NEXT(io, h->bytes, sizeof(h->bytes));
		if (n <= 0)
			return n;
		h->at = 0;
		h->end = (size_t)n;
	}
	len = len < h->most ? len : h->most;
	len = len < h->end - h->at ? len : h->end - h->at;
	memcpy(to, h->bytes + h->at, len);
	h->at += len;
	return (ber_slen_t)len;
}

static int
holding_control(Sockbuf_IO_Desc *io, int option, void *arg)
{
	struct holding *h = io->sbiod_pvt;

	return option == LBER_SB_OPT_DATA_READY && h->at < h->end ? 1 : LBER_SBIOD_CTRL_NEXT(io, option, arg);
}

static struct holding holding;

static void
hold_back(struct line *l, size_t most)
{
	static Sockbuf_IO layer = { .sbi_setup = holding_begin, .sbi_remove = broken_nothing, .sbi_ctrl = holding_control,
				    .sbi_read = holding_read, .sbi_write = broken_write, .sbi_close = broken_nothing };
	Sockbuf *wire = NULL;

	holding.at = holding.end = 0;
	holding.most = most;
	CHECK(ldap_get_option(l->r.ld, LDAP_OPT_SOCKBUF, &wire) == LDAP_SUCCESS);
	CHECK(ber_sockbuf_add_io(wire, &layer, LBER_SBIOD_LEVEL_APPLICATION, &holding) == 0);
	l->r.ahead[0] = ahead_open(mem, l->r.ld);
}

/* Nothing more comes over the wire: who waited for that would wait for ever. */
static void what_lies_below_is_not_waited_for(void)
{
	whole_page();
	for (size_t most = 1; most < 300; most *= 3)
		for (size_t cut = 0; cut < stream.len; cut += 17) {
			struct line l;
			int id = open_line(&l, false);

			hold_back(&l, most);
			send_far(&l, stream.data, cut);
			CHECK(!drain(&l, id));
			send_far(&l, stream.data + cut, stream.len - cut);
			CHECK(drain(&l, id) && l.r.page_entries == 3 && holding.at == holding.end);
			close_line(&l);
		}
}

/* Members by the thousand: more than is read at once when there is something to do, and still it is taken where it lies. */
static void a_large_message_is_read_to_its_end(void)
{
	static char large[150000];
	struct berval message;
	struct line l;
	int id = open_line(&l, false);
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	memset(large, 'x', sizeof(large) - 1);
	clear(&stream);
	entry(id, "CN=A", "CN=B");
	ber_printf(ber, "{it{s{{s[s]}}}}", (ber_int_t)id, (ber_tag_t)LDAP_RES_SEARCH_ENTRY, "CN=L", "member", large);
	send_ber(ber);
	hold_back(&l, 1000);
	send_far(&l, stream.data, stream.len);
	CHECK(ahead_message(l.r.ahead[0], &message) && message.bv_len < 100);
	CHECK(holding.end == stream.len && holding.at < sizeof(large) / 2);    /* there is something to do */
	ahead_taken(l.r.ahead[0], &message);
	CHECK(ahead_message(l.r.ahead[0], &message) && message.bv_len > sizeof(large));
	close_line(&l);
}

int
main(void)
{
	mem = arena_open();
	text_open(&stream, (size_t)16 << 20);
	text_open(&said, (size_t)16 << 20);
	TEST(a_page_is_the_same);
	TEST(a_page_may_be_cut_anywhere);
	TEST(what_libldap_has_begun_is_left_to_it);
	TEST(one_bent_byte_is_the_same);
	TEST(other_messages_are_the_same);
	TEST(an_entry_of_another_question_is_not_ours);
	TEST(what_is_no_message_is_the_same);
	TEST(long_lengths_are_taken_at_once);
	TEST(a_message_that_is_too_large_is_libldaps);
	TEST(a_lost_connection_is_told_after_what_came);
	TEST(a_failure_from_below_is_not_passed_over);
	TEST(what_lies_below_is_not_waited_for);
	TEST(a_large_message_is_read_to_its_end);
	text_close(&stream);
	text_close(&said);
	arena_close(mem);
	return check_done();
}
