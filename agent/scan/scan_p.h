/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scan_p.h - what the files of the scan room share. */
#ifndef BEHOV_SCAN_P_H
#define BEHOV_SCAN_P_H

#include "behov/scan.h"

/* As scan_open_root(); *marked: the marker was there and names this share. */
int root_open(const struct share *share, bool *marked, struct error *err);

#endif
