/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libraries.c - stands where cairo, Pango, fontconfig and qpdf would: forty libraries, opened when the first PDF is made.
 *
 * CALL and DO are what gives a value and what gives none; a line that is not as the library's header says does not compile.
 */
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <qpdf/qpdf-c.h>
#include <stdarg.h>

#include "late-names.h"
#include "behov/late.h"
#include "pdf_p.h"

#define DRAWING(CALL, DO) \
	CALL(FcCharSet *, FcCharSetCopy, (FcCharSet *a), (a)) \
	DO(FcCharSetDestroy, (FcCharSet *a), (a)) \
	CALL(FcBool, FcCharSetHasChar, (const FcCharSet *a, FcChar32 b), (a, b)) \
	CALL(FcCharSet *, FcCharSetIntersect, (const FcCharSet *a, const FcCharSet *b), (a, b)) \
	CALL(FcCharSet *, FcCharSetUnion, (const FcCharSet *a, const FcCharSet *b), (a, b)) \
	CALL(FcBool, FcConfigAppFontAddFile, (FcConfig *a, const FcChar8 *b), (a, b)) \
	CALL(FcConfig *, FcConfigCreate, (void), ()) \
	DO(FcConfigDestroy, (FcConfig *a), (a)) \
	CALL(FcConfig *, FcConfigGetCurrent, (void), ()) \
	CALL(FcPattern *, FcFontMatch, (FcConfig *a, FcPattern *b, FcResult *c), (a, b, c)) \
	CALL(FcBool, FcInit, (void), ()) \
	CALL(FcConfig *, FcInitLoadConfigAndFonts, (void), ()) \
	DO(FcPatternDestroy, (FcPattern *a), (a)) \
	CALL(FcResult, FcPatternGetCharSet, (const FcPattern *a, const char *b, int c, FcCharSet **d), (a, b, c, d)) \
	CALL(FcResult, FcPatternGetInteger, (const FcPattern *a, const char *b, int c, int *d), (a, b, c, d)) \
	CALL(FcResult, FcPatternGetString, (const FcPattern *a, const char *b, int c, FcChar8 **d), (a, b, c, d)) \
	DO(cairo_arc, (cairo_t *a, double b, double c, double d, double e, double f), (a, b, c, d, e, f)) \
	DO(cairo_clip, (cairo_t *a), (a)) \
	CALL(cairo_t *, cairo_create, (cairo_surface_t *a), (a)) \
	DO(cairo_destroy, (cairo_t *a), (a)) \
	DO(cairo_fill, (cairo_t *a), (a)) \
	DO(cairo_fill_preserve, (cairo_t *a), (a)) \
	CALL(cairo_font_options_t *, cairo_font_options_create, (void), ()) \
	DO(cairo_font_options_destroy, (cairo_font_options_t *a), (a)) \
	DO(cairo_font_options_set_antialias, (cairo_font_options_t *a, cairo_antialias_t b), (a, b)) \
	DO(cairo_font_options_set_hint_metrics, (cairo_font_options_t *a, cairo_hint_metrics_t b), (a, b)) \
	DO(cairo_font_options_set_hint_style, (cairo_font_options_t *a, cairo_hint_style_t b), (a, b)) \
	DO(cairo_line_to, (cairo_t *a, double b, double c), (a, b, c)) \
	DO(cairo_move_to, (cairo_t *a, double b, double c), (a, b, c)) \
	DO(cairo_new_path, (cairo_t *a), (a)) \
	CALL(int, cairo_pdf_surface_add_outline, (cairo_surface_t *a, int b, const char *c, const char *d, cairo_pdf_outline_flags_t e), \
		(a, b, c, d, e)) \
	CALL(cairo_surface_t *, cairo_pdf_surface_create_for_stream, (cairo_write_func_t a, void *b, double c, double d), \
		(a, b, c, d)) \
	DO(cairo_pdf_surface_set_metadata, (cairo_surface_t *a, cairo_pdf_metadata_t b, const char *c), (a, b, c)) \
	DO(cairo_pdf_surface_set_size, (cairo_surface_t *a, double b, double c), (a, b, c)) \
	DO(cairo_rectangle, (cairo_t *a, double b, double c, double d, double e), (a, b, c, d, e)) \
	DO(cairo_restore, (cairo_t *a), (a)) \
	DO(cairo_save, (cairo_t *a), (a)) \
	DO(cairo_scale, (cairo_t *a, double b, double c), (a, b, c)) \
	DO(cairo_set_dash, (cairo_t *a, const double *b, int c, double d), (a, b, c, d)) \
	DO(cairo_set_line_join, (cairo_t *a, cairo_line_join_t b), (a, b)) \
	DO(cairo_set_line_width, (cairo_t *a, double b), (a, b)) \
	DO(cairo_set_source_rgb, (cairo_t *a, double b, double c, double d), (a, b, c, d)) \
	DO(cairo_show_page, (cairo_t *a), (a)) \
	CALL(cairo_status_t, cairo_status, (cairo_t *a), (a)) \
	CALL(const char *, cairo_status_to_string, (cairo_status_t a), (a)) \
	DO(cairo_stroke, (cairo_t *a), (a)) \
	DO(cairo_surface_destroy, (cairo_surface_t *a), (a)) \
	DO(cairo_surface_finish, (cairo_surface_t *a), (a)) \
	CALL(cairo_status_t, cairo_surface_status, (cairo_surface_t *a), (a)) \
	DO(cairo_tag_begin, (cairo_t *a, const char *b, const char *c), (a, b, c)) \
	DO(cairo_tag_end, (cairo_t *a, const char *b), (a, b)) \
	DO(cairo_translate, (cairo_t *a, double b, double c), (a, b, c)) \
	DO(g_object_unref, (gpointer a), (a)) \
	CALL(PangoAttribute *, pango_attr_insert_hyphens_new, (gboolean a), (a)) \
	DO(pango_attr_list_insert, (PangoAttrList *a, PangoAttribute *b), (a, b)) \
	CALL(PangoAttrList *, pango_attr_list_new, (void), ()) \
	DO(pango_attr_list_unref, (PangoAttrList *a), (a)) \
	DO(pango_cairo_context_set_font_options, (PangoContext *a, const cairo_font_options_t *b), (a, b)) \
	DO(pango_cairo_context_set_resolution, (PangoContext *a, double b), (a, b)) \
	CALL(PangoFontMap *, pango_cairo_font_map_new_for_font_type, (cairo_font_type_t a), (a)) \
	DO(pango_cairo_show_layout, (cairo_t *a, PangoLayout *b), (a, b)) \
	DO(pango_cairo_show_layout_line, (cairo_t *a, PangoLayoutLine *b), (a, b)) \
	DO(pango_context_set_base_dir, (PangoContext *a, PangoDirection b), (a, b)) \
	DO(pango_context_set_language, (PangoContext *a, PangoLanguage *b), (a, b)) \
	DO(pango_context_set_round_glyph_positions, (PangoContext *a, gboolean b), (a, b)) \
	DO(pango_fc_font_map_set_config, (PangoFcFontMap *a, FcConfig *b), (a, b)) \
	CALL(gboolean, pango_font_description_equal, (const PangoFontDescription *a, const PangoFontDescription *b), (a, b)) \
	DO(pango_font_description_free, (PangoFontDescription *a), (a)) \
	CALL(PangoFontDescription *, pango_font_description_new, (void), ()) \
	DO(pango_font_description_set_absolute_size, (PangoFontDescription *a, double b), (a, b)) \
	DO(pango_font_description_set_family_static, (PangoFontDescription *a, const char *b), (a, b)) \
	DO(pango_font_description_set_weight, (PangoFontDescription *a, PangoWeight b), (a, b)) \
	CALL(PangoContext *, pango_font_map_create_context, (PangoFontMap *a), (a)) \
	CALL(PangoLanguage *, pango_language_from_string, (const char *a), (a)) \
	CALL(int, pango_layout_get_baseline, (PangoLayout *a), (a)) \
	CALL(const PangoFontDescription *, pango_layout_get_font_description, (PangoLayout *a), (a)) \
	CALL(PangoLayoutIter *, pango_layout_get_iter, (PangoLayout *a), (a)) \
	DO(pango_layout_get_size, (PangoLayout *a, int *b, int *c), (a, b, c)) \
	CALL(const char *, pango_layout_get_text, (PangoLayout *a), (a)) \
	CALL(int, pango_layout_get_width, (PangoLayout *a), (a)) \
	DO(pango_layout_iter_free, (PangoLayoutIter *a), (a)) \
	CALL(int, pango_layout_iter_get_baseline, (PangoLayoutIter *a), (a)) \
	CALL(PangoLayoutLine *, pango_layout_iter_get_line_readonly, (PangoLayoutIter *a), (a)) \
	DO(pango_layout_iter_get_line_yrange, (PangoLayoutIter *a, int *b, int *c), (a, b, c)) \
	CALL(gboolean, pango_layout_iter_next_line, (PangoLayoutIter *a), (a)) \
	CALL(PangoLayout *, pango_layout_new, (PangoContext *a), (a)) \
	DO(pango_layout_set_alignment, (PangoLayout *a, PangoAlignment b), (a, b)) \
	DO(pango_layout_set_attributes, (PangoLayout *a, PangoAttrList *b), (a, b)) \
	DO(pango_layout_set_auto_dir, (PangoLayout *a, gboolean b), (a, b)) \
	DO(pango_layout_set_ellipsize, (PangoLayout *a, PangoEllipsizeMode b), (a, b)) \
	DO(pango_layout_set_font_description, (PangoLayout *a, const PangoFontDescription *b), (a, b)) \
	DO(pango_layout_set_height, (PangoLayout *a, int b), (a, b)) \
	DO(pango_layout_set_spacing, (PangoLayout *a, int b), (a, b)) \
	DO(pango_layout_set_text, (PangoLayout *a, const char *b, int c), (a, b, c)) \
	DO(pango_layout_set_width, (PangoLayout *a, int b), (a, b)) \
	DO(pango_layout_set_wrap, (PangoLayout *a, PangoWrapMode b), (a, b))

#define ARCHIVING(CALL, DO) \
	DO(qpdf_cleanup, (qpdf_data *a), (a)) \
	CALL(const unsigned char *, qpdf_get_buffer, (qpdf_data a), (a)) \
	CALL(size_t, qpdf_get_buffer_length, (qpdf_data a), (a)) \
	CALL(qpdf_error, qpdf_get_error, (qpdf_data a), (a)) \
	CALL(const char *, qpdf_get_error_full_text, (qpdf_data a, qpdf_error b), (a, b)) \
	CALL(int, qpdf_get_num_pages, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_get_page_n, (qpdf_data a, size_t b), (a, b)) \
	CALL(qpdf_oh, qpdf_get_root, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_get_trailer, (qpdf_data a), (a)) \
	CALL(QPDF_BOOL, qpdf_has_error, (qpdf_data a), (a)) \
	CALL(qpdf_data, qpdf_init, (void), ()) \
	CALL(QPDF_ERROR_CODE, qpdf_init_write_memory, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_make_indirect_object, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(QPDF_BOOL, qpdf_more_warnings, (qpdf_data a), (a)) \
	CALL(qpdf_error, qpdf_next_warning, (qpdf_data a), (a)) \
	DO(qpdf_oh_append_item, (qpdf_data a, qpdf_oh b, qpdf_oh c), (a, b, c)) \
	DO(qpdf_oh_begin_dict_key_iter, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(QPDF_BOOL, qpdf_oh_dict_more_keys, (qpdf_data a), (a)) \
	CALL(const char *, qpdf_oh_dict_next_key, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_oh_get_array_item, (qpdf_data a, qpdf_oh b, int c), (a, b, c)) \
	CALL(qpdf_oh, qpdf_oh_get_dict, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(int, qpdf_oh_get_int_value_as_int, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(qpdf_oh, qpdf_oh_get_key, (qpdf_data a, qpdf_oh b, const char *c), (a, b, c)) \
	CALL(int, qpdf_oh_get_object_id, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(QPDF_ERROR_CODE, qpdf_oh_get_page_content_data, (qpdf_data a, qpdf_oh b, unsigned char **c, size_t *d), \
		(a, b, c, d)) \
	CALL(QPDF_BOOL, qpdf_oh_has_key, (qpdf_data a, qpdf_oh b, const char *c), (a, b, c)) \
	CALL(QPDF_BOOL, qpdf_oh_is_array, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(QPDF_BOOL, qpdf_oh_is_dictionary, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(QPDF_BOOL, qpdf_oh_is_stream, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(qpdf_oh, qpdf_oh_new_array, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_oh_new_dictionary, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_oh_new_integer, (qpdf_data a, long long b), (a, b)) \
	CALL(qpdf_oh, qpdf_oh_new_null, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_oh_new_stream, (qpdf_data a), (a)) \
	CALL(qpdf_oh, qpdf_oh_new_string, (qpdf_data a, const char *b), (a, b)) \
	CALL(qpdf_oh, qpdf_oh_parse, (qpdf_data a, const char *b), (a, b)) \
	DO(qpdf_oh_replace_key, (qpdf_data a, qpdf_oh b, const char *c, qpdf_oh d), (a, b, c, d)) \
	DO(qpdf_oh_replace_stream_data, (qpdf_data a, qpdf_oh b, const unsigned char *c, size_t d, qpdf_oh e, qpdf_oh f), \
		(a, b, c, d, e, f)) \
	CALL(const char *, qpdf_oh_unparse, (qpdf_data a, qpdf_oh b), (a, b)) \
	CALL(QPDF_ERROR_CODE, qpdf_read_memory, (qpdf_data a, const char *b, const char *c, unsigned long long d, const char *e), \
		(a, b, c, d, e)) \
	DO(qpdf_set_compress_streams, (qpdf_data a, QPDF_BOOL b), (a, b)) \
	DO(qpdf_set_deterministic_ID, (qpdf_data a, QPDF_BOOL b), (a, b)) \
	DO(qpdf_set_minimum_pdf_version, (qpdf_data a, const char *b), (a, b)) \
	DO(qpdf_set_newline_before_endstream, (qpdf_data a, QPDF_BOOL b), (a, b)) \
	DO(qpdf_set_object_stream_mode, (qpdf_data a, enum qpdf_object_stream_e b), (a, b)) \
	DO(qpdf_silence_errors, (qpdf_data a), (a)) \
	CALL(QPDF_ERROR_CODE, qpdf_write, (qpdf_data a), (a))

DRAWING(LATE_POINTER, LATE_POINTER_DO)
ARCHIVING(LATE_POINTER, LATE_POINTER_DO)
static __typeof__(FcPatternVaBuild) *late_FcPatternVaBuild;

DRAWING(LATE_FORWARD, LATE_FORWARD_DO)
ARCHIVING(LATE_FORWARD, LATE_FORWARD_DO)

FcPattern *
FcPatternBuild(FcPattern *pattern, ...)
{
	va_list more;

	va_start(more, pattern);
	pattern = late_FcPatternVaBuild(pattern, more);
	va_end(more);
	return pattern;
}

int
libraries_open(struct error *err)
{
	static const struct late_call drawing[] = { DRAWING(LATE_LISTED, LATE_LISTED_DO) { "FcPatternVaBuild", &late_FcPatternVaBuild } };
	static const struct late_call archiving[] = { ARCHIVING(LATE_LISTED, LATE_LISTED_DO) };
	static bool draws, archives;

	if (late_open(LATE_pangocairo_1_0, drawing, sizeof(drawing) / sizeof(*drawing), &draws) &&      /* Pango knows all that draws */
	    late_open(LATE_qpdf, archiving, sizeof(archiving) / sizeof(*archiving), &archives))
		return 0;
	return error_set(err, ERROR_CONFIG, "a library that makes PDF is missing: %s and %s are needed", LATE_pangocairo_1_0, LATE_qpdf);
}
