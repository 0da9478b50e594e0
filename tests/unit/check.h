/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - a unit test is a sentence: a static function whose name says what holds.
 *
 *     static void a_holder_we_did_not_see_is_left_alone(void) { CHECK(verdict == UNKNOWN); }
 *     int main(void) { TEST(a_holder_we_did_not_see_is_left_alone); return check_done(); }
 *
 * Prints "ok NAME" or "not ok NAME" for each; tests/run counts them.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int check_failed_here, check_failed_all;

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);   \
			check_failed_here++;                                                       \
		}                                                                                  \
	} while (0)
#define CHECK_TEXT(a, b)                                                                           \
	do {                                                                                       \
		const char *check_a = (a), *check_b = (b);                                         \
		if (!check_a || !check_b || strcmp(check_a, check_b) != 0) {                       \
			fprintf(stderr, "%s:%d: %s is '%s', not '%s'\n", __FILE__, __LINE__, #a,   \
				check_a ? check_a : "(null)", check_b ? check_b : "(null)");       \
			check_failed_here++;                                                       \
		}                                                                                  \
	} while (0)
#define TEST(name)                                                                                 \
	do {                                                                                       \
		check_failed_here = 0;                                                             \
		name();                                                                            \
		printf("%s %s\n", check_failed_here ? "not ok" : "ok", #name);                     \
		fflush(stdout);                                                                    \
		check_failed_all += check_failed_here != 0;                                        \
	} while (0)

static inline int check_done(void)
{
	return check_failed_all ? 1 : 0;
}

#endif
