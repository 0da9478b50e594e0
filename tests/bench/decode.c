/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode.c - the least that a reader on libldap pays: takes every answer apart, page after page, and forgets it.
 *
 *     decode ADDRESS BASE FILTER ATTRIBUTE ...
 */
#include <ldap.h>

#include <stdio.h>
#include <stdlib.h>

static void
must(int rc, const char *what)
{
	if (rc == LDAP_SUCCESS)
		return;
	fprintf(stderr, "decode: %s: %s\n", what, ldap_err2string(rc));
	exit(1);
}

static void
take_apart(LDAP *ld, LDAPMessage *m)
{
	struct berval dn, name, *values = NULL;
	BerElement *ber = NULL;

	must(ldap_get_dn_ber(ld, m, &ber, &dn), "cannot read an entry");
	while (ldap_get_attribute_ber(ld, m, ber, &name, &values) == LDAP_SUCCESS && name.bv_val) {
		ber_memfree(values);
		values = NULL;
	}
	ber_free(ber, 0);
}

static void
follow(LDAP *ld, LDAPMessage *m, struct berval *cookie)
{
	LDAPControl **controls = NULL, *paged;
	ber_int_t estimate;
	int code = LDAP_OTHER;

	must(ldap_parse_result(ld, m, &code, NULL, NULL, NULL, &controls, 0), "cannot read a result");
	must(code, "cannot search");
	paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	ber_memfree(cookie->bv_val);
	must(paged ? ldap_parse_pageresponse_control(ld, paged, &estimate, cookie) : LDAP_OTHER, "cannot read what follows");
	ldap_controls_free(controls);
}

static void
read_page(LDAP *ld, char **words, struct berval *cookie)
{
	LDAPControl *page = NULL, *controls[2] = { NULL, NULL };
	LDAPMessage *m = NULL;
	int id, type = 0;

	must(ldap_create_page_control(ld, 1000, cookie->bv_val ? cookie : NULL, 1, &page), "cannot ask for pages");
	controls[0] = page;
	must(ldap_search_ext(ld, words[0], LDAP_SCOPE_SUBTREE, words[1], words + 2, 0, controls, NULL, NULL, 0, &id), "cannot ask");
	ldap_control_free(page);
	while (type != LDAP_RES_SEARCH_RESULT) {
		type = ldap_result(ld, id, LDAP_MSG_ONE, NULL, &m);
		if (type <= 0)
			must(LDAP_SERVER_DOWN, "cannot read");
		if (type == LDAP_RES_SEARCH_ENTRY)
			take_apart(ld, m);
		else if (type == LDAP_RES_SEARCH_RESULT)
			follow(ld, m, cookie);
		ldap_msgfree(m);
	}
}

int
main(int argc, char **argv)
{
	struct berval cookie = { 0, NULL };
	LDAP *ld = NULL;
	int version = LDAP_VERSION3, size = 256 << 10;
	Sockbuf *wire = NULL;

	if (argc < 4)
		return 2;
	must(ldap_initialize(&ld, argv[1]), "no such address");
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	must(ldap_connect(ld), "cannot connect");
	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &wire) == LDAP_SUCCESS && wire)
		ber_sockbuf_add_io(wire, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_PROVIDER, &size);
	do
		read_page(ld, argv + 2, &cookie);
	while (cookie.bv_len);
	ber_memfree(cookie.bv_val);
	ldap_unbind_ext_s(ld, NULL, NULL);
	return 0;
}
