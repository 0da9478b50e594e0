# SPDX-License-Identifier: GPL-3.0-or-later
#
# make            builds build/behov
# make demo       installs what is missing, builds, lives a year and a night on the example municipality, serves the page
# make check      installs what is missing, builds, runs every test; ends with "N passed, N failed"
# make bench      behov beside find, ldapsearch, grep, WeasyPrint, openpyxl and Python (FILES=1000000 PEOPLE=1000000 TURNS=5 ONLY=slapd)
# make pot        the texts for people, for who translates them: build/behov.pot, and into each conf/po/*.po
# make install    into DESTDIR and PREFIX (/usr/local): the program, manual pages, units, examples
# make deb        a Debian package of the same, in build/deb/
# make attack     wapiti, a scanner of web applications, against a page of its own (ATTACK_SECONDS=120 for each of its modules)
# make soak       an hour of everything at once against the page, with what it holds each minute (MINUTES=60)
# make fuzz       libFuzzer on everything that parses what we did not write (FUZZ_SECONDS=60)
#
# CC=clang, SAN=address,undefined and SAN=thread build into folders of their own under build/.

ifeq ($(origin CC),default)
CC       = gcc
endif
SAN     ?=
PACKAGES = ldap lber libsasl2 sqlite3 libconfig libmicrohttpd nettle hogweed jansson libzstd libutf8proc zlib libseccomp
# Opened when they are needed (include/behov/late.h), and not linked with.
LATE     = curl xml2 crypto pangocairo-1.0 qpdf
DRAWING  = pangocairo pangoft2 libqpdf fontconfig

empty   :=
comma   := ,
O       := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))$(if $(filter clang%,$(notdir $(CC))),$(if $(SAN),-clang,/clang))

WARN    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE $(CFLAGS) $(WARN) -Iinclude -MMD -MP -pthread \
	-fno-strict-aliasing -fstack-protector-strong $(if $(SAN),-fsanitize=$(SAN) -DSANITIZED $(SAN_MORE) $(SAN_STILL:%=-fno-pie),-D_FORTIFY_SOURCE=2) \
	$(shell pkg-config --cflags $(PACKAGES) libcurl libxml-2.0 libcrypto 2>/dev/null) \
	$(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(DRAWING) 2>/dev/null))
# Whatever it finds ends the program, or a test that does not look would pass.  gcc's flow warnings take its checks for ours, and its
# `undefined` leaves out what clang's has: a double that no whole number can hold.
SAN_MORE = $(if $(findstring undefined,$(SAN)),-fsanitize=float-cast-overflow) -fno-sanitize-recover=all -fno-omit-frame-pointer \
	$(if $(filter gcc%,$(notdir $(CC))),-Wno-format-truncation -Wno-maybe-uninitialized)
# Of each of the tests' thousands of processes half the time was a sanitizer's start and end: 230,000 of its addresses relocated,
# and two libraries' empty memory searched for what points at what was leaked.  A program that stays where it was linked has neither.
SAN_STILL = $(if $(filter gcc%,$(notdir $(CC))),$(findstring address,$(SAN)))
LIBS    = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm -pthread
# What stands in for a library of LATE is for us alone: a library that we are linked with may use that one, too.
ALL_LDFLAGS = -Wl,--exclude-libs,libbehov.a $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN)) $(if $(SAN_STILL),-no-pie -static-libasan $(if $(findstring undefined,$(SAN)),-static-libubsan))

MAKEFLAGS += --no-print-directory
ROOMS   = base store register collect reconcile suggest scan duplicates retain propose notify decide take apply audit measure report document quarter protocol plot pdf
SOURCES = $(sort $(wildcard $(ROOMS:%=agent/%/*.c)) $(filter-out agent/main.c,$(wildcard agent/*.c)))
OBJECTS = $(SOURCES:%.c=$O/%.o)

all: $O/behov $O/behov-smb

$O/libbehov.a: $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$O/behov: $O/agent/main.o $O/libbehov.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Samba's libraries stay out of the program: its helper for shares on SMB is one of its own.
$O/behov-smb: $O/agent/smb/behov-smb.o $O/agent/base/wire.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell pkg-config --libs smbclient)
$O/agent/smb/behov-smb.o: ALL_CFLAGS += $(shell pkg-config --cflags smbclient)

$O/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# What each of LATE is called on this machine: what the linker would have written into the program.
$O/late-names.h: Makefile
	@mkdir -p $(@D)
	@for l in $(LATE); do readelf -d $$($(CC) -print-file-name=lib$$l.so) | \
		sed -n "s/.*(SONAME).*\[\(.*\)\]/#define LATE_$$(echo $$l | tr .- __) \"\1\"/p"; done >$@
$O/agent/base/curl.o $O/agent/apply/libxml.o $O/agent/audit/libcrypto.o $O/agent/pdf/libraries.o: $O/late-names.h
$O/agent/base/curl.o $O/agent/apply/libxml.o $O/agent/audit/libcrypto.o $O/agent/pdf/libraries.o: ALL_CFLAGS += -I$O

# conf/templates/ is carried inside the program: a changed, new or removed one builds that object again.
TEMPLATES = $(sort $(wildcard conf/templates/*.txt conf/templates/*.html conf/templates/*.css conf/templates/*.xsd))
$O/templates.list: $(TEMPLATES) conf/templates
	@mkdir -p $(@D)
	@for f in $(notdir $(TEMPLATES)); do echo "TEMPLATE(template_$$(echo $$f | tr .- __), \"$$f\")"; done >$@
$O/agent/base/templates.o: $O/templates.list
$O/agent/base/templates.o: ALL_CFLAGS += -I$O

# conf/po/TAG.po is a language: checked, made into a catalog, and carried inside the program, too.
LANGUAGES = $(sort $(patsubst conf/po/%.po,%,$(wildcard conf/po/*.po)))
$O/po/%.mo: conf/po/%.po
	@mkdir -p $(@D)
	msgfmt --check --no-hash --endianness=little -o $@ $<
$O/languages.list: $(LANGUAGES:%=$O/po/%.mo) conf/po
	@for l in $(LANGUAGES); do echo "LANGUAGE(language_$$(echo $$l | tr - _), \"$$l\", \"$O/po/$$l.mo\")"; done >$@
$O/agent/base/speak.o: $O/languages.list
$O/agent/base/speak.o: ALL_CFLAGS += -I$O

# What say(), speak(), N_() and {{#_}} get; a format is one for the function around it.
$O/behov.pot: FORCE
	@mkdir -p $O
	conf/po/texts $(filter %.html %.txt,$(TEMPLATES)) >$O/texts.c
	xgettext --from-code=UTF-8 --language=C --keyword --keyword=say:2 --keyword=speak:2 --keyword=N_ \
		--keyword=TEXT --flag=say:2:pass-c-format --flag=speak:2:pass-c-format --flag=arena_print:2:c-format \
		--add-comments=TRANSLATORS --package-name=behov --sort-by-file -o $@ $O/texts.c $(SOURCES)
	sed -i '/^"POT-Creation-Date/d' $@
pot: $O/behov.pot
	for l in $(LANGUAGES); do msgmerge --quiet --update --backup=none --no-fuzzy-matching --no-wrap --sort-by-file --add-location=file \
		conf/po/$$l.po $< || exit 1; done

# A unit test may include the .c it tests; the rest comes from the library.
$O/tests/unit/%: tests/unit/%.c tests/unit/check.h $O/libbehov.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $O/libbehov.a $(ALL_LDFLAGS) $(LIBS)

UNITS = $(patsubst %.c,$O/%,$(sort $(wildcard tests/unit/test-*.c)))
units: $(UNITS)


# Small programs that an oracle in Python drives.
ORACLES = $(patsubst %.c,$O/%,$(sort $(wildcard tests/unit/oracle-*.c)))
$O/tests/unit/oracle-%: tests/unit/oracle-%.c $O/libbehov.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $O/libbehov.a $(ALL_LDFLAGS) $(LIBS)

# As the program and an oracle, but each step may be their last: see tests/crash/step.c.
STEPS = $O/behov-steps $O/tests/crash/apply-steps
$O/behov-steps: $O/agent/main.o $O/tests/crash/step.o $O/libbehov.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
$O/tests/crash/apply-steps: tests/unit/oracle-apply.c $O/tests/crash/step.o $O/libbehov.a
	$(CC) $(ALL_CFLAGS) -o $@ $< $O/tests/crash/step.o $O/libbehov.a $(ALL_LDFLAGS) $(LIBS)

# A fuzzer's corpus is a test, too: tests/fuzz/replay.c runs it through the same function.
FUZZERS = $(patsubst tests/fuzz/fuzz-%.c,%,$(sort $(wildcard tests/fuzz/fuzz-*.c)))
REPLAYS = $(FUZZERS:%=$O/tests/fuzz/replay-%)
$O/tests/fuzz/replay-%: tests/fuzz/fuzz-%.c tests/fuzz/replay.c $O/libbehov.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< tests/fuzz/replay.c $O/libbehov.a $(ALL_LDFLAGS) $(LIBS)

# File systems that fail on purpose; they are no part of behov, and are not watched by a sanitizer of ours.
$O/tests/service/broken $O/tests/service/mirror: $O/tests/service/%: tests/service/%.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 $(WARN) -D_FILE_OFFSET_BITS=64 $$(pkg-config --cflags fuse3) -o $@ $< $$(pkg-config --libs fuse3)

# In the place of the helper for SMB, when a test is to speak for it.
$O/tests/service/standin: tests/service/standin.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 $(WARN) -o $@ $<

SCRIPTS = $(sort $(wildcard tests/unit/test-*.py tests/scenario/*/test-*.py tests/service/test-*.py tests/crash/test-*.py))
# What looks at pages with a browser's eyes, boots a machine, or reads the house itself tells nothing more of a build that is watched.
ONCE = $(addprefix tests/unit/test-,house.py install.py manual.py speak.py) tests/scenario/60-year/test-year.py \
	$(addprefix tests/service/test-,accessibility.py boot.py proxy.py scanner.py)
test: $O/behov $O/behov-smb $(UNITS) $(ORACLES) $(REPLAYS) $(STEPS) $O/tests/service/broken $O/tests/service/mirror $O/tests/service/standin
	BUILD=$O tests/run $(UNITS) $(REPLAYS) $(if $(SAN),$(filter-out $(ONCE),$(SCRIPTS)),$(SCRIPTS))

# Three builds prove more than one: clang (it warns about other things), gcc with sanitizers, gcc as shipped.
check: deps-check
	$(MAKE) -j2 all
	$(MAKE) -j2 CC=clang all
	$(MAKE) -j2 SAN=address,undefined test
	$(MAKE) -j2 test

deps-check:
	packaging/install-deps check
	packaging/install-deps axe
deps-%: FORCE
	packaging/install-deps $*

# The example municipality: 2,000 invented people and 10,000 files, with four quarters of nights in which its owners decided, a
# night of today, and the page where they decide on.  YEAR=0 begins with an empty store instead.  The store is a test store, so
# that --now may be any day; all of it is made anew each time, in build/demo/.
SERVE    = 1
YEAR     = 1
DEMO_NOW = 2026-11-24T02:00+01:00
DEMO     = $O/behov --config conf/behov.cfg --now $(DEMO_NOW)
QUARTERS = 2025Q4 2026Q1 2026Q2 2026Q3
demo: deps-demo
	$(MAKE) -j2 all
ifeq ($(YEAR),0)
	tests/world/make-world build/demo
	$O/behov --config conf/behov.cfg store create --test
else
	BUILD=$O tests/world/year.py .
endif
	$(DEMO) run; code=$$?; test $$code -eq 0 -o $$code -ge 3
	$(if $(filter-out 0,$(YEAR)),for quarter in $(QUARTERS); do $(DEMO) report quarter $$quarter || exit 1; done)
	tests/world/show-letters build/demo/outbox
	$(if $(filter-out 0,$(SERVE)),$(DEMO) serve)

fuzz: deps-fuzz
	@set -e; for f in $(FUZZERS); do \
		$(MAKE) -s CC=clang SAN=fuzzer-no-link,address,undefined build/fuzz-$$f FUZZER=$$f; \
		mkdir -p build/corpus-$$f; \
		build/fuzz-$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 build/corpus-$$f tests/fuzz/corpus/$$f; done
FUZZ_SECONDS = 60
build/fuzz-$(FUZZER): tests/fuzz/fuzz-$(FUZZER).c $O/libbehov.a
	clang $(filter-out -fsanitize=%,$(ALL_CFLAGS)) -fsanitize=fuzzer,address,undefined -Wl,--exclude-libs,libbehov.a -o $@ $^ $(LIBS)

# Not part of check: its worlds stay in build/bench/ and are used again.
FILES  = 1000000
PEOPLE = 1000000
TURNS  = 5
ONLY   =
BENCHES = $(addprefix $O/tests/bench/,mover remover collect decode history judge manifest slow visitors walker) $(addprefix $O/tests/unit/oracle-,apply pdf)
bench: deps-bench
	$(MAKE) -j2 all $(BENCHES)
	BUILD=$O FILES=$(FILES) PEOPLE=$(PEOPLE) TURNS=$(TURNS) tests/bench/bench $(ONLY)
$O/tests/bench/slow: tests/bench/slow.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $$(pkg-config --cflags fuse3) -D_FILE_OFFSET_BITS=64 $(ALL_LDFLAGS) -o $@ $< $$(pkg-config --libs fuse3)
$O/tests/bench/%: tests/bench/%.c $O/libbehov.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $O/libbehov.a $(ALL_LDFLAGS) $(LIBS)

# Not part of check: it takes its time.  Fails on what nobody has explained in tests/attack/attack.
attack: deps-attack
	$(MAKE) -j2 $O/behov
	BUILD=$O tests/attack/attack

# Not part of check, either.  Fails when memory, open files or threads grew steadily, or when the page could not answer.
MINUTES = 60
soak: deps-demo
	$(MAKE) -j2 $O/behov
	BUILD=$O MINUTES=$(MINUTES) tests/attack/soak

# Nothing is started and nothing in /etc is made: see behov-powers(7).
DESTDIR =
PREFIX  = /usr/local
UNITDIR = $(PREFIX)/lib/systemd/system
SHARE   = $(DESTDIR)$(PREFIX)/share
install: $O/behov $O/behov-smb
	install -D -m 755 $O/behov "$(DESTDIR)$(PREFIX)/bin/behov"
	install -D -m 755 $O/behov-smb "$(DESTDIR)$(PREFIX)/libexec/behov/behov-smb"
	for n in 1 5 7; do install -d "$(SHARE)/man/man$$n" && install -m 644 packaging/man/*.$$n "$(SHARE)/man/man$$n" || exit 1; done
	install -d "$(DESTDIR)$(UNITDIR)" "$(SHARE)/behov/rules/library" "$(SHARE)/behov/schema" "$(SHARE)/doc/behov/examples"
	for u in packaging/systemd/*; do sed 's|/usr/bin/behov|$(PREFIX)/bin/behov|' $$u >"$(DESTDIR)$(UNITDIR)/$${u##*/}" || exit 1; done
	chmod 644 "$(DESTDIR)$(UNITDIR)"/behov-*
	install -D -m 644 packaging/sysusers.d/behov.conf "$(DESTDIR)$(PREFIX)/lib/sysusers.d/behov.conf"
	install -D -m 644 packaging/tmpfiles.d/behov.conf "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/behov.conf"
	install -m 644 rules/library/* "$(SHARE)/behov/rules/library"
	install -m 644 conf/schema/* "$(SHARE)/behov/schema"
	install -m 644 README.md "$(SHARE)/doc/behov"
	install -m 644 conf/behov.cfg packaging/installed.cfg packaging/nginx-behov.conf packaging/apache-behov.conf packaging/prometheus/behov.rules.yml "$(SHARE)/doc/behov/examples"

deb: deps-deb
	$(MAKE) -j2 all
	packaging/make-deb $O

clean:
	rm -rf build

FORCE:
.PHONY: FORCE all units test check demo bench attack soak fuzz pot install deb clean
.SECONDARY:
-include $(shell find $O -name '*.d' -type f 2>/dev/null)
