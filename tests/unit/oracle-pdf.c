/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-pdf.c - writes PDFs for test-pdf.py, bench and eyes to look at.
 *
 *     oracle-pdf protocol|access|hostile FILE          a gallringsprotokoll, a list of access, names that mean harm
 *     oracle-pdf rows N FILE                           a table of N rows
 */
#include <behov/clock.h>
#include <behov/file.h>
#include <behov/pdf.h>
#include <behov/text.h>

#include <cairo.h>

#define NOW 1795500000          /* 2026-11-24 */
#define COUNT(list) (sizeof(list) / sizeof(*list))

static struct arena *mem;

static void bars(struct pdf_canvas *canvas, void *data)
{
	static const struct { const char *year, *said; double files; } bar[] = {
		{ "2013", "311 filer", 311 }, { "2014", "402 filer", 402 }, { "2015", "205 filer", 205 }, { "2016", "286 filer", 286 },
	};
	double row = canvas->height / (double)COUNT(bar), most = canvas->width - 150;

	(void)data;
	for (size_t i = 0; i < COUNT(bar); i++) {
		double y = row * (double)i, width = most * bar[i].files / 402;

		cairo_set_source_rgb(canvas->cairo, 0.30, 0.45, 0.62);
		cairo_rectangle(canvas->cairo, 46, y + 3, width, row - 6);
		cairo_fill(canvas->cairo);
		cairo_set_source_rgb(canvas->cairo, 0.1, 0.11, 0.13);
		pdf_canvas_text(canvas, 40, y + row / 2 + 3, PDF_UPTO, 9, false, bar[i].year);
		pdf_canvas_text(canvas, 46 + width + 6, y + row / 2 + 3, PDF_FROM, 9, false, bar[i].said);
	}
}

static void add_decisions(struct pdf *doc)
{
	pdf_heading(doc, 2, "Beslut");
	pdf_facts(doc, (struct pdf_fact[]){
		{ "Gallringsbeslut", "Arkivnämnden 2019-05-14, § 41, dnr AN 2019/118" },
		{ "Tillämpningsbeslut", "Kommunstyrelsen 2026-09-08, § 212, dnr KS 2026/0671" },
		{ "Lagrum", "10 § arkivlagen (1990:782); 7 kap. 2 § bokföringslagen (1999:1078)" },
		{ "Klassificering", "2.4.1 Hantera leverantörsfakturor" },
		{ "Handlingsserie", "Verifikationer, leverantörsfakturor (ekonomi-verifikationer)" },
		{ "Frist", "7 år räknat från utgången av räkenskapsåret; får gallras från och med 2024-01-01" },
		{ "Urval", "Verifikationer för investeringar har undantagits och bevaras (mappen Investeringar)" },
		{ "Sekretessmarkering", NULL },
	}, 8);
	pdf_heading(doc, 2, "Godkännande och verkställande");
	pdf_facts(doc, (struct pdf_fact[]){
		{ "Gallringsstopp kontrollerat", "2026-11-23 02:14, inget stopp gällde; kontrollerat på nytt vid varje fil" },
		{ "Godkänt av", "Åsa Öberg, informationsägare, 2026-10-19 09:12, legitimerad med e-legitimation" },
		{ "Medgivande av", "Björn Ek, arkivansvarig, 2026-10-20 15:40, legitimerad med e-legitimation" },
		{ "Flyttat till karantän", "2026-10-21 02:31" },
		{ "Verkställd gallring", "2026-11-23 02:16" },
		{ "Metod", "Filerna har avlänkats ur filsystemet efter 33 dagar i karantän. Lagringsytan har inte skrivits över." },
		{ "Utfört av", "behov, på uppdrag av kommunstyrelsen" },
	}, 7);
}

static void add_outcome(struct pdf *doc)
{
	static const struct pdf_column columns[] = {
		{ .head = "Format", .strong = true }, { .head = "Gallrade filer", .number = true },
		{ .head = "Byte", .number = true }, { .head = "Återställda", .number = true }, { .head = "Inte gallrade", .number = true },
	};
	static const struct pdf_column failed[] = { { .head = "Fil", .share = 3, .strong = true }, { .head = "Varför den inte har gallrats", .share = 2 } };

	pdf_heading(doc, 2, "Omfattning");
	pdf_picture(doc, &(struct pdf_picture){
		.alt = "Stapeldiagram över gallrade filer per räkenskapsår: 311 från 2013, 402 från 2014, 205 från 2015 och 286 från 2016.",
		.caption = "Gallrade filer efter räkenskapsår.", .height = 96, .draw = bars });
	pdf_table(doc, columns, COUNT(columns), "Efter format");
	pdf_row(doc, (const char *[]){ "PDF", "1 038", "3 410 221 870", "2", "1" });
	pdf_row(doc, (const char *[]){ "Kalkylblad (xlsx, xls)", "154", "212 004 118", "0", "1" });
	pdf_row(doc, (const char *[]){ "E-post (msg)", "12", "9 118 204", "0", "0" });
	pdf_total(doc, (const char *[]){ "Summa", "1 204", "3 631 344 192", "2", "2" });
	pdf_table(doc, failed, COUNT(failed), "Filer som inte har gallrats");
	pdf_row(doc, (const char *[]){ "Verifikationer/2014/Ankomna/2014-11-03 faktura 44871.pdf", "ändrad efter godkännandet: storleken är en annan" });
	pdf_row(doc, (const char *[]){ "Verifikationer/2016/avstämning kvartal 4 (Karins).xlsx", "öppen i ett annat program" });
	pdf_heading(doc, 2, "Vad som finns kvar");
	pdf_list(doc, (const char *[]){
		"Säkerhetskopior: den äldsta som innehåller filerna skrivs över senast 2027-02-21 (90 dagar).",
		"Ögonblicksbilder av lagringsytan: inga efter 2026-12-07.",
		"Karantän: tom för den här satsen.",
		"En hårdlänk till Verifikationer/2015/kontoplan.pdf finns kvar utanför området och har inte rörts.",
	}, 4);
}

static void protocol(struct pdf *doc)
{
	static const char csv[] = "fil;byte;sha256\r\nVerifikationer/2013/1.pdf;48211;9f86d081\r\n";

	pdf_heading(doc, 1, "Gallringsprotokoll");
	pdf_frame(doc, PDF_GOOD, "Gallringen är verkställd. 1 204 filer i serien Verifikationer, leverantörsfakturor har gallrats. "
		  "2 filer återställdes under karantänen och 2 kunde inte gallras; de redovisas nedan.");
	pdf_figures(doc, (struct pdf_fact[]){
		{ "gallrade filer", "1 204" }, { "lagringsyta", "3,6 GB" }, { "äldsta – yngsta", "2013–2016" }, { "inte gallrade", "2" },
	}, 4);
	pdf_facts(doc, (struct pdf_fact[]){
		{ "Diarienummer", "KS-GALLR 2026/17" },
		{ "Nämnd", "Kommunstyrelsen" },
		{ "Arkivbildare", "Kommunstyrelsen, ekonomiavdelningen" },
		{ "Informationsägare", "Åsa Öberg, ekonomichef" },
		{ "Arkivansvarig", "Björn Ek" },
		{ "Plats", "Ekonomi (\\\\fs1.example\\ekonomi), mappen Verifikationer/2013–2016" },
		{ "Äldsta och yngsta handling", "2013-01-07 – 2016-12-30" },
	}, 7);
	add_decisions(doc);
	add_outcome(doc);
	pdf_heading(doc, 2, "Bevis");
	pdf_facts(doc, (struct pdf_fact[]){
		{ "Filförteckningens kontrollsumma", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },
		{ "Reglernas kontrollsumma", "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752" },
		{ "Rad i behandlingskedjan", "48 112, huvud 7 av 2026-11-23" },
	}, 3);
	pdf_note(doc, "Filförteckningen finns som bilaga i den här filen (filer.csv). Kontrollsumman ovan är beräknad över den.");
	pdf_heading(doc, 2, "Underskrift");
	pdf_signatures(doc, (struct pdf_signature[]){ { "Arkivansvarig", "Björn Ek" }, { "Informationsägare", NULL } }, 2);
	pdf_attach(doc, &(struct pdf_file){ "filer.csv", "text/csv", "Förteckning över gallrade filer", PDF_SOURCE, csv, sizeof(csv) - 1 });
}

static void rows(struct pdf *doc, int count)
{
	static const struct pdf_column columns[] = {
		{ .head = "Namn", .share = 2, .strong = true }, { .head = "Konto" }, { .head = "Roll", .share = 1.3 },
		{ .head = "Behov", .share = 2 }, { .head = "Sedan" }, { .head = "Dagar", .number = true },
	};
	static const char *const first[] = { "Anna", "Björn", "Cecilia", "David", "Åsa", "Örjan", "Maryam", "Łukasz" };
	static const char *const last[] = { "Åberg", "Ek", "Lindqvist", "Öberg", "Andersson", "Nowak", "Hosseini" };
	static const char *const role[] = { "läsare", "handläggare", "attestant", "systemförvaltare" };

	pdf_table(doc, columns, COUNT(columns), "Vilka som har åtkomst, och varför");
	for (int i = 0; i < count; i++)
		pdf_row(doc, (const char *[]){
			arena_print(mem, "%s %s", first[i % 8], last[i % 7]), arena_print(mem, "%.2s%04d", &"anbjcedaasor"[i % 6 * 2], i * 7919 % 9973),
			role[i % 4], i % 11 == 3 ? "ingår i ekonomiavdelningen och har attesträtt enligt delegationsordningen" : "anställd på enheten",
			arena_print(mem, "20%02d-%02d-%02d", 10 + i % 16, 1 + i % 12, 1 + i % 28), text_count(mem, i * 37 % 4000) });
}

static void access_list(struct pdf *doc)
{
	pdf_heading(doc, 1, "Åtkomst till Ekonomisystemet, tredje kvartalet 2026");
	pdf_frame(doc, PDF_ALERT, "Tre personer har åtkomst som ingen regel förklarar. Ta ställning senast 2026-12-15.");
	pdf_figures(doc, (struct pdf_fact[]){ { "har åtkomst", "122" }, { "utan behov", "3" }, { "borttagna under kvartalet", "9" } }, 3);
	pdf_paragraph(doc, "Listan visar alla som hade åtkomst natten till den 1 oktober 2026. Varje rad säger vilket behov som "
		      "förklarar åtkomsten. Personer med skyddade personuppgifter står som Skyddad person och ett nummer.");
	pdf_heading(doc, 2, "Alla med åtkomst");
	rows(doc, 122);
}

static void hostile(struct pdf *doc)
{
	static const struct pdf_column columns[] = {
		{ .head = "Namn", .strong = true }, { .head = "Vad", .share = 0.4 }, { .head = "Tal", .number = true }, { .head = "Sökväg" },
	};
	char *word = arena_take(mem, 10001), *number = arena_take(mem, 301);

	memset(word, 'W', 10000);
	memset(number, '9', 300);
	pdf_heading(doc, 1, "Namn som vill illa");
	pdf_heading(doc, 2, word);
	pdf_paragraph(doc, word);
	pdf_figures(doc, (struct pdf_fact[]){ { word, number }, { "två", "2" } }, 2);
	pdf_facts(doc, (struct pdf_fact[]){ { word, word }, { "arabiska", "محمد علی" }, { "tomt", "" } }, 3);
	pdf_frame(doc, PDF_CALM, word);
	pdf_list(doc, (const char *[]){ word, "\xff\xfe", "a\nb" }, 3);
	pdf_table(doc, columns, COUNT(columns), word);
	pdf_row(doc, (const char *[]){ word, "ett långt ord", number, "C:\\Användare\\Rapporter\\2026\\Kvartal 3\\Slutlig version (2).docx" });
	pdf_row(doc, (const char *[]){ "Anna\xe2\x80\xae gnp.exe", "bidi", "1", "a\tb\nc\rd\x1b[31m" });
	pdf_row(doc, (const char *[]){ "محمد علی", "arabiska", "2", "/P << /MCID 0 >> BDC (x) Tj EMC" });
	pdf_row(doc, (const char *[]){ "👩‍👩‍👧 😀 王小明", "emoji, kinesiska", "3", "\xc3\x28 \xed\xa0\x80 \xf8\x88" });
	pdf_row(doc, (const char *[]){ "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "högar", "4", "﷽ ﷽" });
	pdf_row(doc, (const char *[]){ NULL, "", NULL, "" });
	pdf_signatures(doc, (struct pdf_signature[]){ { word, word } }, 1);
	pdf_attach(doc, &(struct pdf_file){ "../../etc/\xff passwd\xe2\x80\xae", "text/x (weird)\n", word, PDF_DATA, "", 0 });
	pdf_attach(doc, &(struct pdf_file){ "../../etc/\xff passwd\xe2\x80\xae", "a/b", NULL, PDF_DATA, "x", 1 });
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *bytes;
	struct error err = { 0 };
	struct pdf *doc;
	size_t len;

	mem = arena_open();
	doc = pdf_open(mem, &(struct pdf_about){
		.title = !strcmp(what, "protocol") ? "Gallringsprotokoll: verifikationer 2013–2016" : !strcmp(what, "hostile") ? "<&\"'\x01\xff" : "Åtkomst",
		.author = "Kommunstyrelsen & co", .mark = "KS-GALLR 2026/17", .now = NOW });
	if (!strcmp(what, "protocol"))
		protocol(doc);
	else if (!strcmp(what, "access"))
		access_list(doc);
	else if (!strcmp(what, "hostile"))
		hostile(doc);
	else if (!strcmp(what, "rows") && argc > 3)
		rows(doc, atoi(argv[2]));
	else
		return 2;
	if (pdf_make(doc, &bytes, &len, &err) < 0 || file_write(argv[argc - 1], bytes, len, &err) < 0) {
		printf("%s\n", err.text);
		return 1;
	}
	arena_close(mem);
	return 0;
}
