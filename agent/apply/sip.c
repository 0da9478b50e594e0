/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip.c - what a package for an e-archive says of itself: METS.xml, PREMIS, where the records come from, and how to read it.
 *
 * One METS.xml in the root, as CSIP allows; the numbers (CSIP1, SIP1, …) are those of E-ARK CSIP and E-ARK SIP 2.1.0.
 * The original name of a record is its bytes on the share: in the package it has the same, and wherever XML names it those
 * are escaped, as a URL (CSIP79) or as name_show() does.
 */
#include "apply_p.h"
#include "behov/template.h"
#include "behov/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGENT "behov " BEHOV_VERSION
#define EACH 1000               /* records between two arenas */

static const char *const paths[SHEETS] = {
	[SHEET_METS] = "METS.xml", [SHEET_DESCRIPTION] = "metadata/descriptive/leverans.xml",
	[SHEET_PREMIS] = "metadata/preservation/premis.xml", [SHEET_SCHEMA] = "schemas/behov-leverans.xsd",
	[SHEET_README] = "documentation/las-mig.txt",
};

static char *
now_text(struct arena *mem, const struct delivery *d)
{
	return clock_text(mem, d->b->a->in->now);
}

static char *
number(struct arena *mem, unsigned long long n)
{
	return arena_print(mem, "%llu", n);
}

/* What does not call itself a day of our time is as old as the package. */
static int64_t
known(const struct delivery *d, int64_t moment)
{
	return moment != INT64_MIN && clock_day(moment) != DAY_NONE ? moment : d->b->a->in->now;
}

/* A copy keeps when it was last changed and is born anew; so the earlier of the two is what is known of its birth. */
static char *
created(struct arena *mem, const struct delivery *d, const struct record *r)
{
	int64_t born = known(d, r->btime_s), changed = known(d, r->mtime_s);

	return clock_text(mem, born < changed ? born : changed);
}

static char *
record_id(struct arena *mem, size_t n)
{
	return arena_print(mem, "fil-%08zu", n);
}

/* Calls one() for each that was copied, with an arena of its own for some of them at a time. */
static void
each_record(const struct delivery *d, void (*one)(struct xml *x, struct arena *mem, const struct delivery *d, size_t n), struct xml *x)
{
	struct arena *mem = arena_open();

	for (size_t n = 1; n <= d->b->count; n++) {
		if (d->files[n].state == COPY_DONE)
			one(x, mem, d, n);
		if (n % EACH == 0) {
			arena_close(mem);
			mem = arena_open();
		}
	}
	arena_close(mem);
}

/* ------------------------------------------------------------------ where the records come from */

static void
describe_series(struct xml *x, const struct series *s)
{
	xml_start(x, "serie");
	xml_put(x, "id", s->id);
	xml_put(x, "namn", s->name);
	xml_put(x, "klassificering", s->code);
	xml_put(x, "lagrum", s->law);
	xml_end(x);
	xml_start(x, "beslut");
	xml_put(x, "dnr", s->decision.dnr);
	xml_put(x, "datum", s->decision.date);
	xml_put(x, "instans", s->decision.body);
	xml_put(x, "paragraf", s->decision.paragraph);
	xml_end(x);
}

static void
describe_approvals(struct xml *x, struct arena *mem, const struct delivery *d)
{
	const struct proposal *p = &d->b->s->p;

	for (size_t i = 0; i < d->given.list.count; i++) {
		const struct decision *one = &d->given.list.items[i];

		if (one->refused || one->verdict != VERDICT_APPROVE || !one->version || strcmp(one->version, p->version) != 0)
			continue;
		xml_start(x, "godkannande");
		xml_put(x, "namn", one->name);
		for (size_t k = 0; k < p->approvers.count; k++)
			if (one->key && strcmp(p->approvers.items[k].key, one->key) == 0)
				xml_put(x, "egenskap", p->approvers.items[k].as);
		xml_put(x, "tid", clock_text(mem, one->at));
		xml_end(x);
	}
}

static void
describe_records(struct xml *x, struct arena *mem, const struct delivery *d)
{
	day_t oldest = DAY_NONE, newest = DAY_NONE;

	for (size_t n = 1; n <= d->b->count; n++) {
		day_t day = d->b->records[n - 1].anchor;

		if (d->files[n].state != COPY_DONE || day == DAY_NONE)
			continue;
		oldest = oldest == DAY_NONE || day < oldest ? day : oldest;
		newest = newest == DAY_NONE || day > newest ? day : newest;
	}
	xml_start(x, "handlingar");
	xml_put(x, "antal", number(mem, d->copied));
	xml_put(x, "byte", number(mem, d->bytes));
	xml_put(x, "aldsta", day_text(mem, oldest));
	xml_put(x, "nyaste", day_text(mem, newest));
	xml_end(x);
	for (size_t n = 1; n <= d->b->count; n++) {
		if (d->files[n].state != COPY_DROPPED)
			continue;
		xml_start(x, "utelamnad");
		xml_put(x, "namn", name_show(mem, d->b->records[n - 1].path));
		xml_put(x, "skal", d->files[n].why ? d->files[n].why : "-");
		xml_end(x);
	}
}

static int
write_description(const struct delivery *d, struct sheet *out)
{
	struct xml *x = xml_open(d->root, paths[SHEET_DESCRIPTION]);
	const struct proposal *p = &d->b->s->p;
	struct arena *mem;

	if (!x)
		return -1;
	mem = arena_open();
	xml_start(x, "leverans");
	xml_set(x, "xmlns", "urn:behov:leverans:1");
	xml_set(x, "id", d->b->s->id);
	xml_put(x, "skapad", now_text(mem, d));
	xml_put(x, "arkivbildare", d->b->a->conf->organisation);
	xml_put(x, "informationsagare", p->owner);
	xml_put(x, "system", AGENT);
	xml_start(x, "lagringsyta");
	xml_put(x, "id", d->b->share->id);
	xml_put(x, "namn", d->b->share->name);
	xml_put(x, "mapp", p->batch);
	xml_end(x);
	describe_series(x, d->b->series);
	xml_start(x, "forslag");
	xml_put(x, "version", p->version);
	xml_put(x, "forteckning", p->manifest);
	xml_end(x);
	describe_approvals(x, mem, d);
	describe_records(x, mem, d);
	arena_close(mem);
	return xml_close(x, out);
}

/* ------------------------------------------------------------------ PREMIS 3 */

static void
identify(struct xml *x, const char *of, const char *kind, const char *value)
{
	char name[64];

	snprintf(name, sizeof name, "premis:%sIdentifier", of);
	xml_start(x, name);
	snprintf(name, sizeof name, "premis:%sIdentifierType", of);
	xml_put(x, name, kind);
	snprintf(name, sizeof name, "premis:%sIdentifierValue", of);
	xml_put(x, name, value);
	xml_end(x);
}

static void
premis_object(struct xml *x, struct arena *mem, const struct delivery *d, size_t n)
{
	const struct record *r = &d->b->records[n - 1];

	xml_start(x, "premis:object");
	xml_set(x, "xsi:type", "premis:file");
	identify(x, "object", "local", record_id(mem, n));
	xml_start(x, "premis:objectCharacteristics");
	xml_start(x, "premis:fixity");
	xml_put(x, "premis:messageDigestAlgorithm", "SHA-256");
	xml_put(x, "premis:messageDigest", digest_hex(mem, d->files[n].sum, DIGEST_SIZE));
	xml_put(x, "premis:messageDigestOriginator", AGENT);
	xml_end(x);
	xml_put(x, "premis:size", number(mem, r->size));
	xml_start(x, "premis:format");
	xml_start(x, "premis:formatDesignation");
	xml_put(x, "premis:formatName", mime_type(r->path));
	xml_end(x);
	xml_put(x, "premis:formatNote", "efter filnamnets ändelse");
	xml_end(x);
	xml_start(x, "premis:creatingApplication");
	xml_put(x, "premis:dateCreatedByApplication", clock_text(mem, known(d, r->mtime_s)));
	xml_end(x);
	xml_end(x);
	xml_put(x, "premis:originalName", name_show(mem, r->path));
	xml_end(x);
}

static void
premis_event(struct xml *x, struct arena *mem, const struct delivery *d)
{
	xml_start(x, "premis:event");
	identify(x, "event", "local", "kopiering");
	xml_put(x, "premis:eventType", "message digest calculation");
	xml_put(x, "premis:eventDateTime", now_text(mem, d));
	xml_start(x, "premis:eventDetailInformation");
	xml_put(x, "premis:eventDetail", arena_print(mem, "%zu filer kopierade från lagringsytan '%s', var och en jämförd med den "
						     "godkända förteckningen före och efter; %zu utelämnade", d->copied,
						     d->b->share->id, d->dropped));
	xml_end(x);
	xml_start(x, "premis:eventOutcomeInformation");
	xml_put(x, "premis:eventOutcome", d->dropped ? "warning" : "success");
	xml_end(x);
	identify(x, "linkingAgent", "local", "behov");
	xml_end(x);
	xml_start(x, "premis:agent");
	identify(x, "agent", "local", "behov");
	xml_put(x, "premis:agentName", "behov");
	xml_put(x, "premis:agentType", "software");
	xml_put(x, "premis:agentVersion", BEHOV_VERSION);
	xml_end(x);
}

static int
write_premis(const struct delivery *d, struct sheet *out)
{
	struct xml *x = xml_open(d->root, paths[SHEET_PREMIS]);
	struct arena *mem;

	if (!x)
		return -1;
	mem = arena_open();
	xml_start(x, "premis:premis");
	xml_set(x, "xmlns:premis", "http://www.loc.gov/premis/v3");
	xml_set(x, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
	xml_set(x, "xsi:schemaLocation", "http://www.loc.gov/premis/v3 https://www.loc.gov/standards/premis/premis.xsd");
	xml_set(x, "version", "3.0");
	each_record(d, premis_object, x);
	premis_event(x, mem, d);
	arena_close(mem);
	return xml_close(x, out);
}

/* ------------------------------------------------------------------ METS */

static void
root(struct xml *x, struct arena *mem, const struct delivery *d)
{
	const struct proposal *p = &d->b->s->p;
	const struct series *s = d->b->series;

	xml_start(x, "mets:mets");
	xml_set(x, "xmlns:mets", "http://www.loc.gov/METS/");
	xml_set(x, "xmlns:xlink", "http://www.w3.org/1999/xlink");
	xml_set(x, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
	xml_set(x, "xmlns:csip", "https://DILCIS.eu/XML/METS/CSIPExtensionMETS");
	xml_set(x, "xmlns:sip", "https://DILCIS.eu/XML/METS/SIPExtensionMETS");
	xml_set(x, "xsi:schemaLocation", "http://www.loc.gov/METS/ http://www.loc.gov/standards/mets/mets.xsd "
		"http://www.w3.org/1999/xlink http://www.loc.gov/standards/mets/xlink.xsd "
		"https://DILCIS.eu/XML/METS/CSIPExtensionMETS https://earkcsip.dilcis.eu/schema/DILCISExtensionMETS.xsd "
		"https://DILCIS.eu/XML/METS/SIPExtensionMETS https://earksip.dilcis.eu/schema/DILCISExtensionSIPMETS.xsd");
	xml_set(x, "OBJID", d->b->s->id);                                               /* CSIP1 */
	xml_set(x, "LABEL", arena_print(mem, "%s %s%s%s", s->code ? s->code : "", s->name ? s->name : s->id,   /* SIP1 */
					p->batch && *p->batch ? ", " : "", p->batch ? p->batch : ""));
	xml_set(x, "TYPE", "Mixed");                                                    /* CSIP2 */
	xml_set(x, "csip:CONTENTINFORMATIONTYPE", "MIXED");                             /* CSIP4 */
	xml_set(x, "PROFILE", "https://earksip.dilcis.eu/profile/E-ARK-SIP.xml");       /* CSIP6, SIP2 */
}

static void
agent(struct xml *x, const char *role, const char *type, const char *other, const char *name, const char *note, const char *note_type)
{
	xml_start(x, "mets:agent");
	xml_set(x, "ROLE", role);
	xml_set(x, "OTHERROLE", strcmp(role, "OTHER") == 0 ? "SOURCE" : NULL);
	xml_set(x, "TYPE", type);
	xml_set(x, "OTHERTYPE", other);
	xml_put(x, "mets:name", name);
	if (note) {
		xml_start(x, "mets:note");
		xml_set(x, "csip:NOTETYPE", note_type);
		xml_text(x, note);
		xml_end(x);
	}
	xml_end(x);
}

static void
header(struct xml *x, struct arena *mem, const struct delivery *d)
{
	const char *organisation = d->b->a->conf->organisation ? d->b->a->conf->organisation : "-";
	const struct share *share = d->b->share;

	xml_start(x, "mets:metsHdr");
	xml_set(x, "CREATEDATE", now_text(mem, d));                                     /* CSIP7 */
	xml_set(x, "LASTMODDATE", now_text(mem, d));                                    /* CSIP8 */
	xml_set(x, "RECORDSTATUS", "NEW");                                              /* SIP3 */
	xml_set(x, "csip:OAISPACKAGETYPE", "SIP");                                      /* CSIP9, SIP4 */
	agent(x, "CREATOR", "OTHER", "SOFTWARE", "behov", BEHOV_VERSION, "SOFTWARE VERSION");   /* CSIP10-16 */
	agent(x, "ARCHIVIST", "ORGANIZATION", NULL, organisation, NULL, NULL);          /* SIP9-12: arkivbildare */
	agent(x, "CREATOR", "ORGANIZATION", NULL, organisation, NULL, NULL);            /* SIP15-18: who delivers */
	agent(x, "OTHER", "OTHER", "SOFTWARE", share->name ? share->name : share->id, NULL, NULL);      /* the system they were in */
	if (d->b->series->code) {
		xml_start(x, "mets:altRecordID");                                       /* SIP7 */
		xml_set(x, "TYPE", "REFERENCECODE");
		xml_text(x, d->b->series->code);
		xml_end(x);
	}
	xml_end(x);
}

static void
set_file(struct xml *x, struct arena *mem, const char *mime, unsigned long long size, const char *when, const unsigned char sum[DIGEST_SIZE])
{
	xml_set(x, "MIMETYPE", mime);
	xml_set(x, "SIZE", number(mem, size));
	xml_set(x, "CREATED", when);
	xml_set(x, "CHECKSUM", digest_hex(mem, sum, DIGEST_SIZE));
	xml_set(x, "CHECKSUMTYPE", "SHA-256");
}

static void
metadata(struct xml *x, struct arena *mem, const struct delivery *d, const struct sheet *sheet, const char *type)
{
	xml_start(x, "mets:mdRef");
	xml_set(x, "LOCTYPE", "URL");
	xml_set(x, "xlink:type", "simple");
	xml_set(x, "xlink:href", url_path(mem, sheet->path));
	xml_set(x, "MDTYPE", type);
	xml_set(x, "OTHERMDTYPE", strcmp(type, "OTHER") == 0 ? "behov-leverans" : NULL);
	xml_set(x, "MDTYPEVERSION", strcmp(type, "PREMIS") == 0 ? "3.0" : "1");
	set_file(x, mem, mime_type(sheet->path), sheet->size, now_text(mem, d), sheet->sum);
	xml_end(x);
}

static void
sections(struct xml *x, struct arena *mem, const struct delivery *d, const struct sheet sheets[SHEETS])
{
	xml_start(x, "mets:dmdSec");                                                    /* CSIP17-30 */
	xml_set(x, "ID", "dmd-leverans");
	xml_set(x, "CREATED", now_text(mem, d));
	xml_set(x, "STATUS", "CURRENT");
	metadata(x, mem, d, &sheets[SHEET_DESCRIPTION], "OTHER");
	xml_end(x);
	xml_start(x, "mets:amdSec");                                                    /* CSIP31-44 */
	xml_set(x, "ID", "amd");
	xml_start(x, "mets:digiprovMD");
	xml_set(x, "ID", "amd-premis");
	xml_set(x, "CREATED", now_text(mem, d));
	xml_set(x, "STATUS", "CURRENT");
	metadata(x, mem, d, &sheets[SHEET_PREMIS], "PREMIS");
	xml_end(x);
	xml_end(x);
}

static void
locate(struct xml *x, struct arena *mem, const char *path)
{
	xml_start(x, "mets:FLocat");                                                    /* CSIP76-79 */
	xml_set(x, "LOCTYPE", "URL");
	xml_set(x, "xlink:type", "simple");
	xml_set(x, "xlink:href", url_path(mem, path));
	xml_end(x);
}

static void
file_of_record(struct xml *x, struct arena *mem, const struct delivery *d, size_t n)
{
	const struct record *r = &d->b->records[n - 1];

	xml_start(x, "mets:file");                                                      /* CSIP66-75 */
	xml_set(x, "ID", record_id(mem, n));
	set_file(x, mem, mime_type(r->path), r->size, created(mem, d, r), d->files[n].sum);
	locate(x, mem, arena_print(mem, DELIVERY_DATA "/%s", r->path));
	xml_end(x);
}

static void
group_of_sheet(struct xml *x, struct arena *mem, const struct delivery *d, const char *use, const char *id, const struct sheet *sheet)
{
	xml_start(x, "mets:fileGrp");
	xml_set(x, "ID", arena_print(mem, "grupp-%s", id));
	xml_set(x, "USE", use);
	xml_start(x, "mets:file");
	xml_set(x, "ID", arena_print(mem, "fil-%s", id));
	set_file(x, mem, mime_type(sheet->path), sheet->size, now_text(mem, d), sheet->sum);
	locate(x, mem, sheet->path);
	xml_end(x);
	xml_end(x);
}

static void
files(struct xml *x, struct arena *mem, const struct delivery *d, const struct sheet sheets[SHEETS])
{
	xml_start(x, "mets:fileSec");                                                   /* CSIP58-65, 113, 114 */
	xml_set(x, "ID", "filer");
	group_of_sheet(x, mem, d, "Documentation", "dokumentation", &sheets[SHEET_README]);
	group_of_sheet(x, mem, d, "Schemas", "scheman", &sheets[SHEET_SCHEMA]);
	xml_start(x, "mets:fileGrp");
	xml_set(x, "ID", "grupp-handlingar");
	xml_set(x, "USE", "Representations");
	xml_set(x, "csip:CONTENTINFORMATIONTYPE", "MIXED");
	xml_set(x, "ADMID", "amd-premis");
	each_record(d, file_of_record, x);
	xml_end(x);
	xml_end(x);
}

static void
division(struct xml *x, const char *id, const char *label, const char *group)
{
	xml_start(x, "mets:div");
	xml_set(x, "ID", id);
	xml_set(x, "LABEL", label);
	if (group) {
		xml_start(x, "mets:fptr");
		xml_set(x, "FILEID", group);
		xml_end(x);
	} else {
		xml_set(x, "DMDID", "dmd-leverans");
		xml_set(x, "ADMID", "amd-premis");
	}
	xml_end(x);
}

static void
structure(struct xml *x, const struct delivery *d)
{
	xml_start(x, "mets:structMap");                                                 /* CSIP80-104, 116-119 */
	xml_set(x, "ID", "struktur");
	xml_set(x, "TYPE", "PHYSICAL");
	xml_set(x, "LABEL", "CSIP");
	xml_start(x, "mets:div");
	xml_set(x, "ID", "div");
	xml_set(x, "LABEL", d->b->s->id);
	division(x, "div-metadata", "Metadata", NULL);
	division(x, "div-dokumentation", "Documentation", "grupp-dokumentation");
	division(x, "div-scheman", "Schemas", "grupp-scheman");
	division(x, "div-handlingar", "Representations", "grupp-handlingar");
	xml_end(x);
	xml_end(x);
}

static int
write_mets(const struct delivery *d, struct sheet sheets[SHEETS])
{
	struct xml *x = xml_open(d->root, paths[SHEET_METS]);
	struct arena *mem;

	if (!x)
		return -1;
	mem = arena_open();
	root(x, mem, d);
	header(x, mem, d);
	sections(x, mem, d, sheets);
	files(x, mem, d, sheets);
	structure(x, d);
	arena_close(mem);
	return xml_close(x, &sheets[SHEET_METS]);
}

/* ------------------------------------------------------------------ all of it */

/* What the program carries as it is. */
static int
write_carried(const struct delivery *d, const char *path, const char *source, struct sheet *out)
{
	size_t len = strlen(source);
	int fd = openat(d->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640), rc, trouble;

	if (fd < 0)
		return -1;
	*out = (struct sheet){ .path = path, .size = len };
	digest_of(source, len, out->sum);
	rc = deliver_write(fd, source, len);
	trouble = errno;
	if (close(fd) < 0 && rc == 0) {
		rc = -1;
		trouble = errno;
	}
	errno = trouble;
	return rc;
}

int
sip_write(const struct delivery *d, struct sheet sheets[SHEETS])
{
	static const char *const folders[] = { "metadata", "metadata/descriptive", "metadata/preservation", "schemas", "documentation" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (mkdirat(d->root, folders[i], 0750) < 0 && errno != EEXIST)
			return -1;
	return write_carried(d, paths[SHEET_SCHEMA], template_source("behov-leverans.xsd"), &sheets[SHEET_SCHEMA]) < 0 ||
	       write_carried(d, paths[SHEET_README], template_source("leverans-las-mig.txt"), &sheets[SHEET_README]) < 0 ||
	       write_description(d, &sheets[SHEET_DESCRIPTION]) < 0 || write_premis(d, &sheets[SHEET_PREMIS]) < 0 ||
	       write_mets(d, sheets) < 0 ? -1 : 0;
}
