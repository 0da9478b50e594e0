/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity.h - SIDs and GUIDs as texts, as a directory gives them: bytes, or written already. */
#ifndef BEHOV_IDENTITY_H
#define BEHOV_IDENTITY_H

#include <stddef.h>

#define SID_MOST 192
#define GUID_MOST 37
/* `out`, or NULL when it is none. */
const char *sid_text(const char *bytes, size_t len, char out[SID_MOST]);
const char *guid_text(const char *bytes, size_t len, char out[GUID_MOST]);

#endif
