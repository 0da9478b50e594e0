/* SPDX-License-Identifier: GPL-3.0-or-later */
/* refusals.c - why an answer did not count, as people read it. */
#include "store_p.h"
#include "behov/speak.h"

/* told: of them, to others, where what is said to who answered would not do. */
static const struct { const char *fault, *said, *told; } refusals[] = {
	{ "a code is not enough to approve it",
	  N_("det kräver en starkare inloggning än en kod: du får frågan igen"),
	  "det kräver en starkare inloggning än en kod" },
	{ "a code is not enough to review it",
	  N_("det kräver en starkare inloggning än en kod"), NULL },
	{ "a hold needs a reason", N_("ett skäl saknades"), NULL },
	{ "a keep needs a reason", N_("ett skäl saknades"), NULL },
	{ "a question needs its words", N_("frågan saknades"), NULL },
	{ "a reminder needs a day within thirty days",
	  N_("påminnelsen ska ligga framåt i tiden, och inom 30 dagar"),
	  "en påminnelse ska ligga inom 30 dagar" },
	{ "another version was shown",
	  N_("förslaget hade ändrats sedan sidan visades: du får frågan igen"),
	  "förslaget hade ändrats sedan sidan visades" },
	{ "destruction is approved within fifteen minutes of signing in",
	  N_("gallring kräver att du nyss har loggat in: du får frågan igen"),
	  "gallring kräver en ny inloggning" },
	{ "files rest on no written need", N_("handlingar bedöms inte efter behovsregler"), NULL },
	{ REFUSAL_APPROVED, N_("det var redan godkänt av någon annan"), NULL },
	{ "it has been said to be done already", N_("det var redan sagt, och i natt ser behov efter"), "det var redan sagt" },
	{ "it has been undone since", N_("det hade ångrats efteråt"), NULL },
	{ "it is being carried out already", N_("det höll redan på att utföras"), NULL },
	{ "it is not asked about any longer", N_("frågan var inte längre aktuell"), NULL },
	{ "it is not carried out by hand", N_("det görs inte för hand"), NULL },
	{ "its date had passed already", N_("datumet hade redan passerat"), NULL },
	{ "its words cannot be read", N_("texten gick inte att läsa"), NULL },
	{ "no such list lay before anybody then",
	  N_("det var en annan lista som gällde när du sparade"),
	  "det var en annan lista som gällde då" },
	{ "nobody decides on their own access", N_("ingen beslutar om sin egen behörighet"), NULL },
	{ "nobody waits for this advice any longer", N_("frågan var inte längre aktuell"), NULL },
	{ "nobody was named to ask", N_("det stod inte vem som skulle tillfrågas"), NULL },
	{ "only files can be held", N_("gallringsstopp finns bara för handlingar"), NULL },
	{ "somebody has stopped it meanwhile",
	  N_("någon annan har satt gallringsstopp: du får frågan igen när det hävs"),
	  "någon annan hade satt gallringsstopp" },
	{ "that is no advice", N_("rådet saknades"), NULL },
	{ "that is no name of anybody to ask", N_("det som stod som namn går inte att fråga"), NULL },
	{ "the account or address of this owner has changed in the last seven days",
	  N_("ditt konto eller din adress har ändrats den senaste veckan: försök igen om några dagar"),
	  "kontot eller adressen hade ändrats den senaste veckan" },
	{ "the code was used too late", N_("koden var för gammal"), NULL },
	{ "the configuration no longer allows that way of signing in",
	  N_("sättet du loggade in på godtas inte längre: du får frågan igen"),
	  "sättet att logga in godtas inte längre" },
	{ "the coordinator is who finds another owner",
	  N_("det är samordnaren som finner rätt ägare: rätta reglerna, så går frågan dit"),
	  "det är samordnaren som finner rätt ägare" },
	{ "the link had expired", N_("länken hade gått ut"), NULL },
	{ "the quarter was not over", N_("kvartalet var inte slut"), NULL },
	{ "the remarks cannot be read", N_("anmärkningarna gick inte att läsa"), NULL },
	{ "the same person has approved it already", N_("du hade redan godkänt det"), "samma person hade redan godkänt det" },
	{ "the same person has reviewed it already", N_("du hade redan granskat den"), "samma person hade redan granskat den" },
	{ "the same person has stopped it already",
	  N_("du hade redan satt gallringsstopp, och det gäller"),
	  "samma person hade redan satt gallringsstopp" },
	{ "the sign-in was too old", N_("du hade varit inloggad för länge"), "inloggningen var för gammal" },
	{ "the time for undoing had passed", N_("ångerfristen hade gått ut"), NULL },
	{ "there is nothing to undo", N_("det fanns inget att ångra"), NULL },
	{ "this person does not review that system, or their account or address has changed in the last seven days",
	  N_("systemet är inte ditt att granska, eller så har ditt konto eller din adress ändrats den senaste veckan"),
	  "systemet är inte personens att granska, eller så hade kontot eller adressen ändrats den senaste veckan" },
	{ "this person has answered too often",
	  N_("du har svarat så många gånger att inget mer räknas: hör av dig"),
	  "personen hade svarat för många gånger" },
	{ "this person has said that it is not theirs", N_("du har svarat att det inte är ditt"), "personen hade svarat att det inte är deras" },
	{ "this person is not asked about it", N_("frågan ställs inte till dig"), "frågan ställs inte till personen" },
	{ "too many have been asked already", N_("flera väntar redan på svar om det"), NULL },
	{ "what is wrong with the rule was not said", N_("det stod inte vad som är fel med regeln"), NULL },
	{ "what the same person asked has no answer yet", N_("du väntar redan på ett svar om det"), "personens förra fråga hade inget svar än" },
};

static size_t
refusal_at(const char *fault)
{
	size_t i = 0;

	while (i < sizeof(refusals) / sizeof(*refusals) && strcmp(refusals[i].fault, fault) != 0)
		i++;
	return i;
}

const char *
refusal_said(const char *fault)
{
	size_t i = refusal_at(fault);

	return i < sizeof(refusals) / sizeof(*refusals) ? refusals[i].said : NULL;
}

const char *
refusal_told(const char *fault)
{
	size_t i = refusal_at(fault);

	if (i >= sizeof(refusals) / sizeof(*refusals))
		return fault;
	return refusals[i].told ? refusals[i].told : refusals[i].said;
}
