/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link.c - the directories that are written to: each opened once, and no other server of it asked in the same run. */
#include "ldap_p.h"
#include "behov/log.h"

void
writer_open(struct writer *w, struct apply *a)
{
	w->a = a;
	w->links = arena_array(a->mem, struct link, (size_t)a->conf->directory_count + 1);
	for (int i = 0; i < a->conf->directory_count; i++)
		w->links[i].directory = &a->conf->directories[i];
}

void
writer_close(struct writer *w)
{
	for (int i = 0; i < w->a->conf->directory_count; i++)
		directory_close(w->links[i].ld);
}

struct link *
writer_reach(struct writer *w, const char *dn, const char **why, struct error *err)
{
	const struct directory *d = directory_of(w->a->mem, w->a->conf, dn);
	struct link *link = d ? &w->links[d - w->a->conf->directories] : NULL;
	struct error trouble = { 0 };

	if (!link) {
		*why = arena_print(w->a->mem, "'%s' ligger inte under någon av katalogerna i behov.cfg", dn);
		error_set(err, ERROR_USAGE, "'%s' lies below the base of no directory", dn);
	} else if (!directory_is_live(d)) {
		*why = "katalogen läses ur en fil, så det går inte att ändra i den (apply = \"ldap\")";
		error_set(err, ERROR_USAGE, "the directory is read from a file, so nothing can be put back in it");
	} else if (link->refused || (!link->ld && directory_open(w->a->mem, d, &link->ld, &trouble) < 0)) {
		*why = "katalogen går inte att nå";
		error_set(err, trouble.kind, "%s", trouble.text);
		if (!link->refused)
			log_error("apply cannot reach the directory: %s", trouble.text);
		link->refused = true;
	} else {
		/* A wish to stop is no reason to take a connection for lost: what is under way is waited for. */
		ldap_set_option(link->ld, LDAP_OPT_RESTART, LDAP_OPT_ON);
		return link;
	}
	return NULL;
}

void
link_lose(struct link *l, int code)
{
	if (!LDAP_API_ERROR(code) || !l->ld)
		return;
	directory_close(l->ld);
	l->ld = NULL;
	l->refused = l->lost;
	l->lost = true;
}
