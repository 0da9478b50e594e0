/* SPDX-License-Identifier: GPL-3.0-or-later */
/* version.h - which behov this is. */
#ifndef BEHOV_VERSION_H
#define BEHOV_VERSION_H

#define BEHOV_VERSION "0.1"

#endif
