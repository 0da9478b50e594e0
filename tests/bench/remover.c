/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remover.c - the least that removing memberships can cost: the same requests as apply sends, one after the other on one connection,
 * without a look before or after and without a journal.
 *
 *     remover URI BASE BIND-DN PASSWORD-FILE CA-FILE LIST      (as oracle-apply removals)
 */
#include <ldap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES 50
#define LINE 2000

static void
must(int rc, const char *what)
{
	if (rc == LDAP_SUCCESS)
		return;
	fprintf(stderr, "remover: %s: %s\n", what, ldap_err2string(rc));
	exit(1);
}

static LDAP *
connect_to(char **words)
{
	char password[200] = "";
	FILE *in = fopen(words[3], "re");
	struct berval secret;
	int version = LDAP_VERSION3, client = 0;
	LDAP *ld;

	if (!in || !fgets(password, sizeof password, in))
		exit(1);
	fclose(in);
	password[strcspn(password, "\n")] = '\0';
	secret = (struct berval){ strlen(password), password };
	must(ldap_initialize(&ld, words[0]), "initialize");
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, words[4]);
	ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
	must(ldap_sasl_bind_s(ld, words[2], LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL), "bind");
	return ld;
}

static void
take_away(LDAP *ld, const char *group, char (*members)[LINE], size_t count)
{
	struct berval value[VALUES], *values[VALUES + 1] = { NULL };
	char type[] = "member";
	LDAPMod mod = { .mod_op = LDAP_MOD_DELETE | LDAP_MOD_BVALUES, .mod_type = type, .mod_vals.modv_bvals = values };
	LDAPMod *mods[] = { &mod, NULL };

	if (!count)
		return;
	for (size_t i = 0; i < count; i++) {
		value[i] = (struct berval){ strlen(members[i]), members[i] };
		values[i] = &value[i];
	}
	must(ldap_modify_ext_s(ld, group, mods, NULL, NULL), group);
}

/* The group of a line, and its member, which are its second and fourth words, or its only two. */
static char *
split(char *line, char **member)
{
	char *words[4] = { line };
	size_t n = 1;

	line[strcspn(line, "\n")] = '\0';
	for (; n < 4 && (words[n] = strchr(words[n - 1], '\t')); n++)
		*words[n]++ = '\0';
	*member = n == 4 ? words[3] : words[1];
	return n == 4 ? words[1] : words[0];
}

int
main(int argc, char **argv)
{
	static char line[LINE], group[LINE], members[VALUES][LINE];
	FILE *in = argc == 7 ? fopen(argv[6], "re") : NULL;
	size_t count = 0;
	LDAP *ld;

	if (!in)
		return 2;
	ld = connect_to(argv + 1);
	while (fgets(line, sizeof line, in)) {
		char *member, *of = split(line, &member);

		if (count == VALUES || strcmp(of, group) != 0) {
			take_away(ld, group, members, count);
			count = 0;
			snprintf(group, sizeof group, "%s", of);
		}
		snprintf(members[count++], LINE, "%s", member);
	}
	take_away(ld, group, members, count);
	fclose(in);
	ldap_unbind_ext_s(ld, NULL, NULL);
	return 0;
}
