"""Short English texts that every Debian machine can get: sentences of package descriptions, and of
the manual pages that are installed.

apt is asked for the archive's descriptions in a folder of its own, so that the machine's package
lists stay as they are and no privileges are needed. The texts change with the archive and with the
machine: `digest` tells whether two runs had the same.
"""

import gzip
import hashlib
import pathlib
import re
import subprocess

# A sentence ends before a capital letter; abbreviations cost a wrong end now and then, no more.
SENTENCE_END = re.compile(r'(?<=[.!?])["\')]*\s+(?=[A-Z"(])')
# Changes of the font and zero-width marks; a text with any other escape is left out.
ROFF_MARKS = re.compile(r"\\f(?:\[\w*\]|\(\w\w|\w)|\\[&|^/,]")
WORDS = range(3, 37)
QUERIES = 2000
MANUAL = pathlib.Path("/usr/share/man")


def texts(folder, count):
    """At most `count` rows, and queries: two lists without duplicates.

    A query is the first sentence of a package's description, chosen by a hash, where no other text
    says the same: not a copy of a row, but seldom without rows about the same thing.
    """
    rows, first_sentences, seen = [], {}, {}
    for source in [*map(sentences, descriptions(folder)), *map(page_sentences, manual_pages())]:
        if len(rows) >= count + QUERIES:
            break
        for number, text in enumerate(source):
            key = text.casefold()
            seen[key] = seen.get(key, 0) + 1
            if seen[key] == 1:
                rows.append(text)
            if number == 1 and source.__name__ == "sentences":
                first_sentences[key] = text
    unique = [key for key in first_sentences if seen[key] == 1]
    chosen = set(sorted(unique, key=lambda key: hashlib.sha256(key.encode()).digest())[:QUERIES])
    queries = [first_sentences[key] for key in unique if key in chosen]
    return [text for text in rows if text.casefold() not in chosen][:count], queries


def descriptions(folder):
    """The English description of each package: a title, then paragraphs."""
    for file in translations(pathlib.Path(folder)):
        # The helper reads whichever compression apt keeps its lists in.
        text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", file],
                              check=True, capture_output=True).stdout.decode()
        for entry in text.split("\n\n"):
            head, mark, description = entry.partition("\nDescription-en: ")
            if mark:
                yield description


def translations(folder):
    lists, cache = folder / "lists", folder / "cache"
    if not sorted(lists.glob("*Translation-en*")):
        for made in [lists / "partial", cache]:
            made.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["apt-get", "update", "-qq", "-o", f"Dir::State::lists={lists}",
             "-o", f"Dir::Cache={cache}", "-o", "Acquire::Languages=en"],
            check=True, stderr=subprocess.DEVNULL)
    return sorted(lists.glob("*Translation-en*"))


def sentences(description):
    """The title, then each sentence of suitable length; lists and examples keep no sentence."""
    title, *lines = description.split("\n")
    found = [title.strip()]
    paragraph = []
    for line in [*lines, " ."]:
        # Two blanks before a line mean "as it stands": a list or an example.
        if line.strip() == "." or line.startswith("  "):
            found += SENTENCE_END.split(" ".join(paragraph))
            paragraph = []
        elif line.strip().startswith(("*", "-", "+", "o ")):
            found += SENTENCE_END.split(" ".join(paragraph))
            paragraph = [line.strip().lstrip("*-+o ")]
        else:
            paragraph.append(line.strip())
    yield from suitable(found)


def suitable(found):
    for text in found:
        words = text.split()
        if len(words) in WORDS:
            yield " ".join(words)


def manual_pages():
    """The source of each English manual page, in a fixed order."""
    for path in sorted(MANUAL.glob("man[1-8]/*.gz")):
        if not path.is_symlink():
            yield gzip.decompress(path.read_bytes()).decode(errors="replace")


def page_sentences(page):
    """Running text of a page in roff: lines that are no requests, between lines that are."""
    paragraph = []
    for line in [*page.split("\n"), "."]:
        if line.startswith((".", "'")):
            yield from suitable(
                text for text in SENTENCE_END.split(" ".join(paragraph))
                if text[:1].isupper() and text.endswith(".") and "\\" not in text)
            paragraph = []
        else:
            paragraph.append(ROFF_MARKS.sub("", line).replace("\\-", "-").strip())


def digest(rows, queries):
    """SHA-256 over all texts, a line each, queries after an empty line."""
    return hashlib.sha256("\n".join([*rows, "", *queries, ""]).encode()).hexdigest()
