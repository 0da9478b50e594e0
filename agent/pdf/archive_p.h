/* SPDX-License-Identifier: GPL-3.0-or-later */
/* archive_p.h - what archive.c and pages.c share: a PDF open in qpdf. */
#ifndef ARCHIVE_P_H
#define ARCHIVE_P_H

#include "pdf_p.h"

#include <qpdf/qpdf-c.h>

/* value is PDF: "<</Marked true>>". */
void archive_set(qpdf_data q, qpdf_oh dict, const char *key, const char *value);
/* dict: what its dictionary has besides; NULL: nothing. */
qpdf_oh archive_stream(qpdf_data q, const void *bytes, size_t len, const char *dict);
/* Says what qpdf says; -1. */
int archive_failed(qpdf_data q, const char *what, struct error *err);

/* Before qpdf reads it. */
void pages_forget_tree(struct text *drawn);
int pages_mend(qpdf_data q, struct sheet *sheet, struct error *err);

#endif
