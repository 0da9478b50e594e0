/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-powers.c - what a verb gives up, on a kernel that has less than this one. */
#include "check.h"

#include <behov/log.h>
#include <behov/pdf.h>
#include <behov/powers.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rules
some_rules(void)
{
	return (struct rules){ .conf = { .store = "sqlite:/nonexistent/b.db", .inbox = "/nonexistent/inbox", .work = "/nonexistent/work",
					 .key_file = "/nonexistent/key", .mail.server = "smtp://mail.kalmar.example:2525",
					 .web.listen = "127.0.0.1:8440" } };
}

/* As a kernel without that call, or a container that refuses it. */
static void
lose(int call, unsigned error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	CHECK(filter && seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), call, 0) == 0 && seccomp_load(filter) == 0);
	seccomp_release(filter);
}

/* In a child, for there is no way back; *out is what it says of itself. */
static int
give_up_with(int lost, unsigned error, struct powers *out)
{
	int ends[2], status = 0;
	pid_t child;

	*out = (struct powers){ 0 };
	if (pipe(ends) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		struct arena *mem = arena_open();
		struct rules rules = some_rules();
		struct powers powers;
		struct error err = { 0 };
		int rc;

		log_open(LOG_LEVEL_ERROR);
		if (lost >= 0)
			lose(lost, error);
		rc = powers_give_up(mem, POWERS_SERVE, &rules, &(struct powers_how){ .look = true }, &powers, &err);
		if (write(ends[1], &powers, sizeof(powers)) != (ssize_t)sizeof(powers))
			rc = -1;
		_exit(rc < 0 ? 1 : 0);
	}
	close(ends[1]);
	CHECK(child > 0 && read(ends[0], out, sizeof(*out)) == (ssize_t)sizeof(*out));
	close(ends[0]);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_kernel_without_landlock_is_gone_without(void)
{
	static const unsigned errors[] = { ENOSYS, EOPNOTSUPP, EPERM };
	struct powers p;

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		CHECK(give_up_with(SCMP_SYS(landlock_create_ruleset), errors[i], &p) == 0);
		CHECK(p.landlock == 0 && !p.files && !p.ports && !p.signals && p.calls && p.no_new_privs);
	}
}

static void
what_the_kernel_has_and_refuses_is_an_error(void)
{
	struct powers p;

	CHECK(give_up_with(-1, 0, &p) == 0);
	if (!p.files)
		return;
	CHECK(give_up_with(SCMP_SYS(landlock_restrict_self), EPERM, &p) == 1 && !p.files);
	CHECK(give_up_with(SCMP_SYS(landlock_add_rule), ENOMEM, &p) == 1 && !p.files);
}

static void
a_kernel_without_seccomp_still_gives_up_files(void)
{
	struct powers p, all;

	CHECK(give_up_with(-1, 0, &all) == 0 && all.calls);
	CHECK(give_up_with(SCMP_SYS(prctl), EINVAL, &p) == 0);
	CHECK(!p.calls && !p.no_new_privs && !p.undumpable);
}

/* Fonts lie outside of all that the configuration names; a library that misses its settings complains on stderr. */
static void
who_may_write_a_report_can_still_make_it_a_pdf(void)
{
	char said[500] = "";
	int ends[2], status = 0;
	pid_t child;

	CHECK(pipe(ends) == 0);
	child = fork();
	if (child == 0) {
		struct arena *mem = arena_open();
		struct rules rules = some_rules();
		struct powers powers;
		struct error err = { 0 };
		const char *bytes;
		struct pdf *doc;
		size_t len;

		dup2(ends[1], STDERR_FILENO);
		log_open(LOG_LEVEL_ERROR);
		if (powers_give_up(mem, POWERS_APPLY, &rules, &(struct powers_how){ .look = true }, &powers, &err) < 0)
			_exit(1);
		doc = pdf_open(mem, &(struct pdf_about){ .title = "Gallringsprotokoll" });
		pdf_paragraph(doc, "Åsa, محمد");
		if (pdf_make(doc, &bytes, &len, &err) == 0)
			_exit(0);
		fprintf(stderr, "%s\n", err.text);
		_exit(2);
	}
	close(ends[1]);
	CHECK(child > 0 && read(ends[0], said, sizeof(said) - 1) >= 0);
	close(ends[0]);
	CHECK_TEXT(said, "");
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
	TEST(a_kernel_without_landlock_is_gone_without);
	TEST(what_the_kernel_has_and_refuses_is_an_error);
	TEST(a_kernel_without_seccomp_still_gives_up_files);
	TEST(who_may_write_a_report_can_still_make_it_a_pdf);
	return check_done();
}
