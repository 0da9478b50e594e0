/* SPDX-License-Identifier: GPL-3.0-or-later */
/* refusal.c - what a server said to a removal, for the owner who waits for it and for whoever has to mend it. */
#include "ldap_p.h"

/* Of a DN the part above: behind its first comma that is not escaped. */
static const char *
above(const char *dn)
{
	for (; *dn && *dn != ','; dn++)
		if (*dn == '\\' && dn[1])
			dn++;
	return *dn ? dn + 1 : dn;
}

/* "behov-apply@kalmar.example", of a DN; NULL when it has no such name. */
static const char *
principal_of(struct arena *mem, struct link *l, const char *dn)
{
	char attribute[] = "sAMAccountName", *wanted[] = { attribute, NULL }, *domain = NULL;
	LDAPMessage *answer = NULL, *entry = NULL;
	struct berval **names = NULL;
	const char *out = NULL;

	if (ldap_search_ext_s(l->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL, NULL, 1, &answer) == LDAP_SUCCESS)
		entry = ldap_first_entry(l->ld, answer);
	if (entry)
		names = ldap_get_values_len(l->ld, entry, attribute);
	if (names && names[0] && ldap_dn2domain(l->directory->base, &domain) == LDAP_SUCCESS && domain)
		out = arena_print(mem, "%.*s@%s", (int)names[0]->bv_len, names[0]->bv_val, domain);
	ldap_memfree(domain);
	ldap_value_free_len(names);
	ldap_msgfree(answer);
	return out;
}

/* Asked once: all of a run may be refused. */
static const char *
our_name(struct arena *mem, struct link *l)
{
	const char *name = l->directory->bind_dn;
	struct berval *who = NULL;

	if (l->us || !l->ld)
		return l->us;
	if (ldap_whoami_s(l->ld, &who, NULL, NULL) == LDAP_SUCCESS && who && who->bv_len > 2)
		name = arena_copy(mem, who->bv_val + 2, who->bv_len - 2);       /* "u:KALMAR\behov-apply" */
	ber_bvfree(who);
	l->us = name && strchr(name, '=') ? principal_of(mem, l, name) : name;
	return l->us;
}

/* Which right is missing, as the line that gives it in a domain. */
static const char *
delegation(struct arena *mem, struct link *l, const struct edge_now *e)
{
	const char *name = our_name(mem, l), *place = above(e->group), *line = "";

	if (name && *place && !strpbrk(name, "\"\n") && !strpbrk(place, "\"\n"))
		line = arena_print(mem, "; den som styr domänen ger den med: dsacls \"%s\" /I:S /G \"%s:WP;member;group\"", place, name);
	return arena_print(mem, "behov har inte rätt att ändra gruppen: rättigheten \"Write member\" på grupper saknas%s", line);
}

const char *
refusal(struct arena *mem, struct link *l, const struct edge_now *e, int code, const char *words, bool *later)
{
	*later = true;
	if (code == LDAP_SUCCESS || LDAP_API_ERROR(code))
		return "medlemmen är kvar fast katalogen inte sade nej; nästa körning försöker igen";
	if (code == LDAP_BUSY || code == LDAP_UNAVAILABLE)
		return "katalogen är upptagen; nästa körning försöker igen";
	if (code == LDAP_UNWILLING_TO_PERFORM)
		return arena_print(mem, "katalogen vill inte (%s); nästa körning försöker igen", words);
	if (code == LDAP_NO_SUCH_OBJECT)        /* both were found again by their keys */
		return "gruppen eller medlemmen bytte namn under tiden; nästa körning försöker igen";
	if (code == LDAP_REFERRAL)
		return "servern ändrar inget utan hänvisar till en annan: en läskopia?  directory.source ska leda till en som går att ändra i";
	*later = false;
	if (code == LDAP_INSUFFICIENT_ACCESS)
		return delegation(mem, l, e);
	if (code == LDAP_CONSTRAINT_VIOLATION || code == LDAP_OBJECT_CLASS_VIOLATION)
		return arena_print(mem, "katalogens egna regler hindrar det (%s); någon får göra det för hand", words);
	return arena_print(mem, "katalogen nekade: %s", words);
}
