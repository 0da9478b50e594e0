/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * banned.h - calls that have hurt other people, refused by the compiler.
 *
 * Included by nouns.h and by every door of base/.
 */
#ifndef BEHOV_BANNED_H
#define BEHOV_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef gets
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets
#pragma GCC poison gmtime localtime ctime asctime popen mktemp tmpnam

#endif
