# SPDX-License-Identifier: GPL-3.0-or-later
#
# make            builds build/behov
# make demo       installs what is missing, builds, runs the night on the example municipality, serves the page
# make check      installs what is missing, builds, runs every test; ends with "N passed, N failed"
# make bench      speed beside real peers, as a table
# make fuzz       libFuzzer on everything that parses what we did not write (FUZZ_SECONDS=60)
# make install    DESTDIR= PREFIX=/usr
#
# CC=clang, SAN=address,undefined and SAN=thread build into folders of their own under build/.

CC      ?= gcc
SAN     ?=
SERVE   ?= 1
PREFIX  ?= /usr
PACKAGES = ldap lber sqlite3 libconfig libcurl libmicrohttpd libcrypto jansson libzstd libutf8proc

empty   :=
comma   := ,
O       := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))$(if $(filter clang%,$(notdir $(CC))),$(if $(SAN),-clang,/clang))

WARN    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE $(CFLAGS) $(WARN) -Iinclude -MMD -MP -pthread \
	-fno-strict-aliasing -fstack-protector-strong $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2) \
	$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LIBS    = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -pthread
ALL_LDFLAGS = $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN))

ROOMS   = base store register collect reconcile scan retain propose notify decide apply audit report
SOURCES = $(sort $(wildcard $(ROOMS:%=agent/%/*.c)) $(wildcard agent/run.c))
OBJECTS = $(SOURCES:%.c=$O/%.o)

all: $O/behov

$O/libbehov.a: $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$O/behov: $O/agent/main.o $O/libbehov.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$O/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# A unit test may include the .c it tests; the rest comes from the library.
$O/tests/unit/%: tests/unit/%.c tests/unit/check.h $O/libbehov.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $O/libbehov.a $(ALL_LDFLAGS) $(LIBS)

UNITS = $(patsubst %.c,$O/%,$(sort $(wildcard tests/unit/test-*.c)))
units: $(UNITS)

.PHONY: all units
.SECONDARY:
-include $(shell find $O -name '*.d' 2>/dev/null)
