/* SPDX-License-Identifier: GPL-3.0-or-later */
/* late.c - a library that is opened when it is needed. */
#include "behov/late.h"
#include "behov/log.h"
#include <dlfcn.h>
#include <pthread.h>

/*
 * AddressSanitizer guesses from an address alone that a thread's variables of a library opened late are laid out as a glibc
 * of 2014 did; once in 25 of our reports it is so by chance, and its search for leaks dies of it (google/sanitizers issue
 * 1322; gcc until 13).
 */
#ifdef SANITIZED
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "intercept_tls_get_addr=0";
}
#endif

static bool
find_all(const char *library, const struct late_call *calls, size_t count)
{
	void *opened = dlopen(library, RTLD_NOW | RTLD_LOCAL), *found = NULL;

	for (size_t i = 0; opened && i < count; i++) {
		found = dlsym(opened, calls[i].name);
		if (!found)
			break;
		*(void **)calls[i].at = found;
	}
	if (!found)
		log_warn("a library cannot be used: %s", dlerror());
	if (!found && opened)
		dlclose(opened);        /* or another that takes its place would never be looked for */
	return found;
}

bool
late_open(const char *library, const struct late_call *calls, size_t count, bool *open)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	bool opened;

	pthread_mutex_lock(&lock);
	if (!*open)
		*open = find_all(library, calls, count);
	opened = *open;
	pthread_mutex_unlock(&lock);
	return opened;
}
