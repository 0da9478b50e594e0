/* SPDX-License-Identifier: GPL-3.0-or-later */
/* late.c - a library that is opened when it is needed. */
#include "behov/late.h"
#include "behov/log.h"
#include <dlfcn.h>

bool
late_open(const char *library, const struct late_call *calls, size_t count)
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
	return found;
}
