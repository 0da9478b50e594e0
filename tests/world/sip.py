# SPDX-License-Identifier: GPL-3.0-or-later
"""A package for an e-archive, held against what is published: E-ARK CSIP 2.1.0 and E-ARK SIP 2.1.0 (together FGS Paketstruktur
2.0), requirement by requirement and by number, the METS schema (order of elements, attributes), and every checksum anew.

The numbers and texts are those of the profiles E-ARK-CSIP.xml and E-ARK-SIP-v2-1-0.xml of the DILCIS Board.  They are read
here on their own: nothing of the program that writes the package is used.
"""
import datetime
import hashlib
import os
import re
import tarfile
import urllib.parse
import xml.etree.ElementTree as tree

METS, XLINK = "{http://www.loc.gov/METS/}", "{http://www.w3.org/1999/xlink}"
CSIP, XSI = "{https://DILCIS.eu/XML/METS/CSIPExtensionMETS}", "{http://www.w3.org/2001/XMLSchema-instance}"
PREMIS = "{http://www.loc.gov/premis/v3}"
LINK = {"LOCTYPE", XLINK + "type", XLINK + "href"}
FILE = {"MIMETYPE", "SIZE", "CREATED", "CHECKSUM", "CHECKSUMTYPE"}
# mets.xsd, of what a package of ours may hold: children in their order, and attributes.
SCHEMA = {
    "mets": (["metsHdr", "dmdSec", "amdSec", "fileSec", "structMap"],
             {"OBJID", "LABEL", "TYPE", "PROFILE", CSIP + "CONTENTINFORMATIONTYPE", XSI + "schemaLocation"}),
    "metsHdr": (["agent", "altRecordID"], {"CREATEDATE", "LASTMODDATE", "RECORDSTATUS", CSIP + "OAISPACKAGETYPE"}),
    "agent": (["name", "note"], {"ROLE", "OTHERROLE", "TYPE", "OTHERTYPE"}),
    "name": ([], set()), "note": ([], {CSIP + "NOTETYPE"}), "altRecordID": ([], {"TYPE"}),
    "dmdSec": (["mdRef"], {"ID", "CREATED", "STATUS"}), "amdSec": (["digiprovMD"], {"ID"}),
    "digiprovMD": (["mdRef"], {"ID", "CREATED", "STATUS"}),
    "mdRef": ([], LINK | FILE | {"MDTYPE", "OTHERMDTYPE", "MDTYPEVERSION"}),
    "fileSec": (["fileGrp"], {"ID"}), "fileGrp": (["file"], {"ID", "USE", "ADMID", CSIP + "CONTENTINFORMATIONTYPE"}),
    "file": (["FLocat"], FILE | {"ID"}), "FLocat": ([], LINK),
    "structMap": (["div"], {"ID", "TYPE", "LABEL"}), "div": (["div", "fptr"], {"ID", "LABEL", "DMDID", "ADMID"}),
    "fptr": ([], {"FILEID"}),
}
ROLES = {"CREATOR", "EDITOR", "ARCHIVIST", "PRESERVATION", "DISSEMINATOR", "CUSTODIAN", "IPOWNER", "OTHER"}
MDTYPES = {"MARC", "MODS", "EAD", "DC", "PREMIS", "OTHER"}
STATUS = {"CURRENT", "SUPERSEDED"}
MIME = re.compile(r"^(application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*$")


class Faults(list):
    def must(self, number, holds, *detail):
        if not holds:
            self.append((number, *detail))


def tag(name):
    return METS + name


def is_time(text):
    """xs:dateTime, with its zone."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text or "") and
                    datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))
    except ValueError:
        return False


def schema(faults, element):
    name = element.tag[len(METS):]
    known = SCHEMA.get(name) if element.tag.startswith(METS) else None
    faults.must("mets.xsd", known is not None, element.tag)
    if not known:
        return
    children, attributes = known
    order = [children.index(c.tag[len(METS):]) if c.tag[len(METS):] in children else -1 for c in element]
    faults.must("mets.xsd", -1 not in order and order == sorted(order), name, [c.tag for c in element][:9])
    faults.must("mets.xsd", set(element.attrib) <= attributes, name, set(element.attrib) - attributes)
    for child in element:
        schema(faults, child)


def reference(faults, numbers, element):
    """mdRef, by the numbers of: LOCTYPE, type, href, MDTYPE, MIMETYPE, SIZE, CREATED, CHECKSUM, CHECKSUMTYPE."""
    at = element.attrib
    holds = (at.get("LOCTYPE") == "URL", at.get(XLINK + "type") == "simple", at.get(XLINK + "href"), at.get("MDTYPE") in MDTYPES,
             MIME.match(at.get("MIMETYPE", "")), at.get("SIZE", "").isdigit(), is_time(at.get("CREATED")),
             re.fullmatch("[0-9a-f]{64}", at.get("CHECKSUM", "")), at.get("CHECKSUMTYPE") == "SHA-256")
    for number, held in zip(numbers, holds):
        faults.must(f"CSIP{number}", held, at)
    faults.must("mets.xsd", at.get("MDTYPE") != "OTHER" or at.get("OTHERMDTYPE"), at)


def head(faults, mets, name):
    at = mets.attrib
    faults.must("CSIP1", at.get("OBJID") == name, at.get("OBJID"))
    faults.must("CSIP2", at.get("TYPE") == "Mixed", at.get("TYPE"))
    faults.must("CSIP4", at.get(CSIP + "CONTENTINFORMATIONTYPE") == "MIXED", at)
    faults.must("CSIP6", at.get("PROFILE") == "https://earksip.dilcis.eu/profile/E-ARK-SIP.xml", at.get("PROFILE"))
    faults.must("SIP2", at.get("PROFILE") == "https://earksip.dilcis.eu/profile/E-ARK-SIP.xml", at.get("PROFILE"))
    faults.must("SIP1", at.get("LABEL"), at)
    headers = mets.findall(tag("metsHdr"))
    faults.must("CSIP117", len(headers) == 1)
    for header in headers:
        at = header.attrib
        faults.must("CSIP7", is_time(at.get("CREATEDATE")), at)
        faults.must("CSIP8", is_time(at.get("LASTMODDATE")), at)
        faults.must("CSIP9", at.get(CSIP + "OAISPACKAGETYPE") in {"SIP", "AIP", "DIP", "AIU", "AIC"}, at)
        faults.must("SIP4", at.get(CSIP + "OAISPACKAGETYPE") == "SIP", at)
        faults.must("SIP3", at.get("RECORDSTATUS") == "NEW", at)
        agents(faults, header)
        codes = header.findall(tag("altRecordID"))
        faults.must("SIP7", len(codes) <= 1 and all(c.get("TYPE") == "REFERENCECODE" and c.text for c in codes))


def agents(faults, header):
    found = header.findall(tag("agent"))
    faults.must("CSIP10", found)
    faults.must("mets.xsd", all(a.get("ROLE") in ROLES and a.get("TYPE") in {"INDIVIDUAL", "ORGANIZATION", "OTHER"} and
                                (a.get("ROLE") == "OTHER") == ("OTHERROLE" in a.attrib) and
                                (a.get("TYPE") == "OTHER") == ("OTHERTYPE" in a.attrib) for a in found), [a.attrib for a in found])
    software = [a for a in found if (a.get("ROLE"), a.get("TYPE"), a.get("OTHERTYPE")) == ("CREATOR", "OTHER", "SOFTWARE")]
    faults.must("CSIP11", any(a.get("ROLE") == "CREATOR" for a in found))
    faults.must("CSIP12", any(a.get("TYPE") == "OTHER" for a in found))
    faults.must("CSIP13", len(software) == 1)
    for a in software:
        faults.must("CSIP14", [n.text for n in a.findall(tag("name"))] == ["behov"])
        notes = a.findall(tag("note"))
        faults.must("CSIP15", len(notes) == 1 and notes[0].text)
        faults.must("CSIP16", notes and notes[0].get(CSIP + "NOTETYPE") == "SOFTWARE VERSION")
    creators = [a for a in found if a.get("ROLE") == "ARCHIVIST"]
    faults.must("SIP9", len(creators) == 1)
    faults.must("SIP11", all(a.get("TYPE") in {"ORGANIZATION", "INDIVIDUAL"} for a in creators))
    faults.must("SIP12", all(a.findtext(tag("name")) for a in creators))
    submitters = [a for a in found if (a.get("ROLE"), a.get("TYPE")) == ("CREATOR", "ORGANIZATION")]
    faults.must("SIP15", len(submitters) == 1)
    faults.must("SIP16", all(a.get("ROLE") == "CREATOR" for a in submitters))
    faults.must("SIP17", all(a.get("TYPE") == "ORGANIZATION" for a in submitters))
    faults.must("SIP18", all(a.findtext(tag("name")) for a in submitters))


def sections(faults, mets):
    described = mets.findall(tag("dmdSec"))
    faults.must("CSIP17", len(described) == 1)
    for part in described:
        faults.must("CSIP18", part.get("ID"))
        faults.must("CSIP19", is_time(part.get("CREATED")))
        faults.must("CSIP20", part.get("STATUS") in STATUS)
        faults.must("CSIP21", len(part.findall(tag("mdRef"))) == 1)
        for one in part.findall(tag("mdRef")):
            reference(faults, range(22, 31), one)
    administered = mets.findall(tag("amdSec"))
    faults.must("CSIP31", len(administered) == 1)
    for part in administered:
        faults.must("CSIP32", len(part.findall(tag("digiprovMD"))) == 1)
        for proof in part.findall(tag("digiprovMD")):
            faults.must("CSIP33", proof.get("ID"))
            faults.must("CSIP34", proof.get("STATUS") in STATUS)
            faults.must("CSIP35", len(proof.findall(tag("mdRef"))) == 1)
            for one in proof.findall(tag("mdRef")):
                reference(faults, range(36, 45), one)
                faults.must("CSIP39", one.get("MDTYPE") == "PREMIS")


def files(faults, mets):
    parts = mets.findall(tag("fileSec"))
    faults.must("CSIP58", len(parts) == 1)
    for part in parts:
        groups = part.findall(tag("fileGrp"))
        faults.must("CSIP59", part.get("ID"))
        faults.must("CSIP60", any(g.get("USE") == "Documentation" for g in groups))
        faults.must("CSIP113", any(g.get("USE") == "Schemas" for g in groups))
        faults.must("CSIP114", any(g.get("USE") == "Representations" for g in groups))
        for group in groups:
            faults.must("CSIP61", "ADMID" not in group.attrib or mets.find(f".//*[@ID='{group.get('ADMID')}']") is not None)
            faults.must("CSIP62", group.get("USE") != "Representations" or group.get(CSIP + "CONTENTINFORMATIONTYPE") == "MIXED")
            faults.must("CSIP64", group.get("USE"))
            faults.must("CSIP65", group.get("ID"))
            faults.must("CSIP66", len(group.findall(tag("file"))) >= 1)
            for one in group.findall(tag("file")):
                at = one.attrib
                for number, held in ((67, at.get("ID")), (68, MIME.match(at.get("MIMETYPE", ""))), (69, at.get("SIZE", "").isdigit()),
                                     (70, is_time(at.get("CREATED"))), (71, re.fullmatch("[0-9a-f]{64}", at.get("CHECKSUM", ""))),
                                     (72, at.get("CHECKSUMTYPE") == "SHA-256"), (76, len(one.findall(tag("FLocat"))) == 1)):
                    faults.must(f"CSIP{number}", held, at)
                for place in one.findall(tag("FLocat")):
                    faults.must("CSIP77", place.get("LOCTYPE") == "URL")
                    faults.must("CSIP78", place.get(XLINK + "type") == "simple")
                    faults.must("CSIP79", re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", place.get(XLINK + "href", "")), place.attrib)


def structure(faults, mets, name):
    maps = [m for m in mets.findall(tag("structMap")) if m.get("LABEL") == "CSIP"]
    faults.must("CSIP80", len(maps) == 1)
    faults.must("CSIP82", len(maps) == len(mets.findall(tag("structMap"))))
    groups = {g.get("USE"): g.get("ID") for g in mets.iter(tag("fileGrp"))}
    for one in maps:
        faults.must("CSIP81", one.get("TYPE") == "PHYSICAL")
        faults.must("CSIP83", one.get("ID"))
        tops = one.findall(tag("div"))
        faults.must("CSIP84", len(tops) == 1)
        for top in tops:
            faults.must("CSIP85", top.get("ID"))
            faults.must("CSIP86", top.get("LABEL") == name)
            divisions = {d.get("LABEL"): d for d in top.findall(tag("div"))}
            faults.must("CSIP90", len(divisions) == len(top.findall(tag("div"))) == 4, list(divisions))
            meta = divisions.get("Metadata", tree.Element("none"))
            faults.must("CSIP88", "Metadata" in divisions)
            faults.must("CSIP89", meta.get("ID"))
            faults.must("CSIP91", meta.get("ADMID", "").split() == [e.get("ID") for e in mets.iter(tag("digiprovMD"))])
            faults.must("CSIP92", meta.get("DMDID", "").split() == [e.get("ID") for e in mets.iter(tag("dmdSec"))])
            for label, there, identified, pointed, reached in (("Documentation", 93, 94, 96, 116), ("Schemas", 97, 98, 100, 118),
                                                               ("Representations", 101, 102, 104, 119)):
                part = divisions.get(label, tree.Element("none"))
                faults.must(f"CSIP{there}", label in divisions)
                faults.must(f"CSIP{identified}", part.get("ID"))
                faults.must(f"CSIP{pointed}", len(part.findall(tag("fptr"))) == 1)
                faults.must(f"CSIP{reached}", [p.get("FILEID") for p in part.findall(tag("fptr"))] == [groups.get(label)])
    ids = [e.get("ID") for e in mets.iter() if "ID" in e.attrib]
    faults.must("CSIP18/33/65/67/83-106: unique", len(ids) == len(set(ids)))
    faults.must("mets.xsd: xs:ID", all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", i) for i in ids))


def sum_of(path):
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def listed(mets):
    """{path below the package, as bytes: (SHA-256, size)} of all that METS.xml names."""
    out = {}
    for holder in mets.iter():
        place = holder if holder.tag == tag("mdRef") else holder.find(tag("FLocat")) if holder.tag == tag("file") else None
        if place is not None:
            out[urllib.parse.unquote_to_bytes(place.get(XLINK + "href"))] = (holder.get("CHECKSUM"), int(holder.get("SIZE")))
    return out


def contents(folder):
    folder = os.fsencode(folder)
    return {os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names}


def premis(faults, folder, told):
    """Object for object what METS.xml says, and the names can be read back."""
    doc = tree.parse(os.path.join(folder, "metadata/preservation/premis.xml")).getroot()
    faults.must("premis", doc.tag == PREMIS + "premis" and doc.get("version") == "3.0")
    order = {"object": 0, "event": 1, "agent": 2}
    kinds = [order.get(e.tag[len(PREMIS):], -1) for e in doc]
    faults.must("premis", -1 not in kinds and kinds == sorted(kinds) and {1, 2} <= set(kinds))
    said = {}
    for one in doc.iter(PREMIS + "object"):
        faults.must("premis", [e.tag[len(PREMIS):] for e in one] == ["objectIdentifier", "objectCharacteristics", "originalName"])
        name = b"representations/rep1/data/" + urllib.parse.unquote_to_bytes(one.findtext(PREMIS + "originalName"))
        said[name] = (one.findtext(f".//{PREMIS}messageDigest"), int(one.findtext(f".//{PREMIS}size")))
    wanted = {path: value for path, value in told.items() if path.startswith(b"representations/")}
    faults.must("premis", said == wanted, set(said) ^ set(wanted))


def check_folder(folder):
    """What is wrong with a package: a list, empty when nothing is.  And what METS.xml tells of."""
    faults = Faults()
    name = os.path.basename(folder.rstrip("/"))
    faults.must("CSIPSTR4", os.path.isfile(folder + "/METS.xml"))
    if faults:
        return faults, {}
    for number, path in (("CSIPSTR5", "metadata"), ("CSIPSTR6", "metadata/preservation"), ("CSIPSTR7", "metadata/descriptive"),
                         ("CSIPSTR9", "representations"), ("CSIPSTR10", "representations/rep1"), ("CSIPSTR11", "representations/rep1/data"),
                         ("CSIPSTR15", "schemas"), ("CSIPSTR16", "documentation")):
        faults.must(number, os.path.isdir(f"{folder}/{path}"))
    mets = tree.parse(folder + "/METS.xml").getroot()
    schema(faults, mets)
    head(faults, mets, name)
    faults.must("CSIPSTR2", mets.get("OBJID") == name)
    sections(faults, mets)
    files(faults, mets)
    structure(faults, mets, name)
    told = listed(mets)
    faults.must("each file once", contents(folder) == set(told) | {b"METS.xml"}, contents(folder) ^ (set(told) | {b"METS.xml"}))
    for path, (digest, size) in told.items():
        place = os.path.join(os.fsencode(folder), path)
        faults.must("CSIP71/43/29: checksum", os.path.isfile(place) and sum_of(place) == (digest, size), path)
    premis(faults, folder, told)
    return faults, told


def check_tar(path, folder):
    """The same files with the same bytes, below one folder (CSIPSTR1), METS.xml first."""
    faults, seen = Faults(), {}
    name = os.path.basename(folder.rstrip("/"))
    with tarfile.open(path, encoding="utf-8", errors="surrogateescape") as tar:
        for number, member in enumerate(tar):
            inside = os.fsencode(member.name)
            faults.must("CSIPSTR1", member.isfile() and inside.startswith(os.fsencode(name) + b"/"), inside)
            faults.must("METS.xml first", number or inside.endswith(b"/METS.xml"), inside)
            digest = hashlib.sha256()
            with tar.extractfile(member) as f:
                while block := f.read(1 << 20):
                    digest.update(block)
            seen[inside[len(name) + 1:]] = (digest.hexdigest(), member.size)
    there = {p: sum_of(os.path.join(os.fsencode(folder), p)) for p in contents(folder)}
    faults.must("tar", seen == there, set(seen) ^ set(there))
    return faults
