/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fonts.c - the two families that everything is set in, found by name; nothing else that the machine has is ever used. */
/* FreeType names some of what banned.h bans, so it comes first. */
#include <pango/pangofc-fontmap.h>

#include "pdf_p.h"

/* Liberation Sans reads well in print; what it lacks (Arabic, signs) is in DejaVu Sans. */
static const struct font { const char *family, *package; int weight; } wanted[] = {
	{ "Liberation Sans", "fonts-liberation", FC_WEIGHT_REGULAR },
	{ "Liberation Sans", "fonts-liberation", FC_WEIGHT_BOLD },
	{ "DejaVu Sans", "fonts-dejavu-core", FC_WEIGHT_REGULAR },
	{ "DejaVu Sans", "fonts-dejavu-core", FC_WEIGHT_BOLD },
};
#define FONTS (sizeof(wanted) / sizeof(*wanted))

/* fontconfig always finds something: it must be the one asked for, and upright, of that weight and whole. */
static bool is_it(FcPattern *found, const struct font *font)
{
	FcChar8 *family = NULL;
	int weight = -1, slant = -1, width = -1;

	FcPatternGetString(found, FC_FAMILY, 0, &family);
	FcPatternGetInteger(found, FC_WEIGHT, 0, &weight);
	FcPatternGetInteger(found, FC_SLANT, 0, &slant);
	FcPatternGetInteger(found, FC_WIDTH, 0, &width);
	return family && strcmp((const char *)family, font->family) == 0 && weight == font->weight &&
	       slant == FC_SLANT_ROMAN && width == FC_WIDTH_NORMAL;
}

/* The file of a font and what it can show, among those of the machine. */
static int find(FcConfig *machine, const struct font *font, FcConfig *config, FcCharSet **has, struct error *err)
{
	FcPattern *pattern = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, font->family, FC_WEIGHT, FcTypeInteger, font->weight,
					    FC_SLANT, FcTypeInteger, FC_SLANT_ROMAN, FC_WIDTH, FcTypeInteger, FC_WIDTH_NORMAL,
					    FC_LANG, FcTypeString, "sv", (char *)NULL);
	FcResult result;
	FcPattern *found = FcFontMatch(machine, pattern, &result);
	FcChar8 *file = NULL;
	FcCharSet *chars = NULL;
	int rc = -1;

	if (found && is_it(found, font) && FcPatternGetString(found, FC_FILE, 0, &file) == FcResultMatch &&
	    FcPatternGetCharSet(found, FC_CHARSET, 0, &chars) == FcResultMatch && FcConfigAppFontAddFile(config, file)) {
		*has = FcCharSetCopy(chars);
		rc = 0;
	} else {
		error_set(err, ERROR_CONFIG, "the font '%s'%s is missing: it is in Debian's package '%s'", font->family,
			  font->weight == FC_WEIGHT_BOLD ? " in bold" : "", font->package);
	}
	if (found)
		FcPatternDestroy(found);
	FcPatternDestroy(pattern);
	return rc;
}

/* What can be shown both upright and bold, in one family or the other. */
static FcCharSet *shown(FcCharSet *const has[FONTS])
{
	FcCharSet *regular = FcCharSetUnion(has[0], has[2]), *bold = FcCharSetUnion(has[1], has[3]);
	FcCharSet *both = FcCharSetIntersect(regular, bold);

	FcCharSetDestroy(regular);
	FcCharSetDestroy(bold);
	return both;
}

static PangoContext *context_of(PangoFontMap *map)
{
	PangoContext *context = pango_font_map_create_context(map);
	cairo_font_options_t *options = cairo_font_options_create();

	/* A printer's grid is not known here: no letter is moved to fit one. */
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	pango_cairo_context_set_font_options(context, options);
	pango_cairo_context_set_resolution(context, 72);
	pango_context_set_round_glyph_positions(context, FALSE);
	pango_context_set_base_dir(context, PANGO_DIRECTION_LTR);
	cairo_font_options_destroy(options);
	return context;
}

/* Finds all of them among those of the machine. */
static int find_all(FcConfig *machine, struct fonts *fonts, struct error *err)
{
	FcCharSet *has[FONTS] = { NULL };
	int rc = -1;

	if (!machine || !fonts->config) {
		error_set(err, ERROR_CONFIG, "fontconfig cannot be opened");
		goto out;
	}
	for (size_t i = 0; i < FONTS; i++)
		if (find(machine, &wanted[i], fonts->config, &has[i], err) < 0)
			goto out;
	fonts->has = shown(has);
	rc = 0;
out:
	for (size_t i = 0; i < FONTS; i++)
		if (has[i])
			FcCharSetDestroy(has[i]);
	return rc;
}

static void forget(struct fonts *fonts)
{
	if (fonts->has)
		FcCharSetDestroy(fonts->has);
	if (fonts->config)
		FcConfigDestroy(fonts->config);
	*fonts = (struct fonts){ 0 };
}

/* fontconfig keeps offsets where others keep pointers: to a sanitizer all that it holds is lost. */
#ifdef SANITIZED
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}
#endif

/* Kept until the process ends: Pango and cairo keep what they have seen of a font, too, and never give all of it back. */
int fonts_use(const char *language, struct fonts **out, struct error *err)
{
	static struct fonts kept;

	if (libraries_open(err) < 0)
		return -1;
	if (!kept.context) {
		FcInit();               /* or Pango would, in a thread of its own */
		kept.config = FcConfigCreate();
		if (find_all(FcConfigGetCurrent(), &kept, err) < 0) {
			forget(&kept);
			return -1;
		}
		kept.map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
		pango_fc_font_map_set_config((PangoFcFontMap *)kept.map, kept.config);
		kept.context = context_of(kept.map);
	}
	pango_context_set_language(kept.context, pango_language_from_string(language));
	*out = &kept;
	return 0;
}

int pdf_check(struct error *err)
{
	struct fonts fonts = { 0 };
	FcConfig *machine;
	int rc;

	if (libraries_open(err) < 0)
		return -1;
	fonts.config = FcConfigCreate();
	machine = FcInitLoadConfigAndFonts();
	rc = find_all(machine, &fonts, err);
	forget(&fonts);
	if (machine)
		FcConfigDestroy(machine);
	return rc;
}
