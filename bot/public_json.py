"""The public JSON: what `herald … --json` prints. Keys and their order are an interface, described in README.md."""

from bot.messages import Answer, Citation, Sentence, marked_text
from bot.replies import ClauseReply, ContentsReply, ExplainReply, SourcesReply
from knowledge.documents import Document

Json = dict[str, object]


def answer_json(question: str, answer: Answer, id: str | int | None = None) -> Json:
    """An answer, with its question and the id that came with it, if one did."""
    return {
        **({} if id is None else {"id": id}),
        "question": question,
        "outcome": answer.outcome,
        "text": marked_text(answer.sentences) or " ".join(answer.notes),
        "sentences": [_sentence(sentence) for sentence in answer.sentences],
        "citations": [_citation(citation) for citation in answer.citations],
        "model": answer.model,
        "seconds": {
            "search": round(answer.timings.search, 3),
            "first_sentence": round(answer.timings.first_sentence, 3),
            "total": round(answer.timings.total, 3),
        },
    }


def failure_json(line: int, error: str, id: str | int | None = None) -> Json:
    """What stands in the place of an answer that could not be given, in a batch."""
    return {**({} if id is None else {"id": id}), "line": line, "error": error}


def clause_json(reply: ClauseReply) -> Json:
    """A clause with the defined terms that it uses; offsets index the raw text of its source."""
    return {
        "clause": reply.number,
        "title": reply.title,
        "text": reply.text,
        "start": reply.start,
        "end": reply.end,
        "definitions": [
            {"names": list(term.names), "text": term.text, "start": term.start, "end": term.end}
            for term in reply.definitions
        ],
        "source": reply.source,
    }


def contents_json(reply: ContentsReply) -> Json:
    """The tables of contents of all licenses; `clause` is what `herald license` takes."""
    return {
        "licenses": [
            {
                "source": contents.source,
                "title": contents.title,
                "clauses": [{"clause": line.key, "title": line.title, "depth": line.depth} for line in contents.lines],
            }
            for contents in reply.licenses
        ]
    }


def explain_json(reply: ExplainReply) -> Json:
    """The brief: its points, and the citations that their sentences name by number."""
    return {
        "points": [
            {
                "topic": point.topic,
                "heading": point.heading,
                "sentences": [_sentence(sentence) for sentence in point.sentences],
            }
            for point in reply.points
        ],
        "citations": [_citation(citation) for citation in reply.answer.citations],
        "notes": list(reply.answer.notes),
    }


def sources_json(reply: SourcesReply) -> list[Json]:
    """The documents; `characters` is the length of what `herald sources ID --raw` prints."""
    return [
        {
            "id": entry.id,
            "title": entry.title,
            "kind": entry.kind,
            "characters": entry.characters,
            "file": entry.file,
            "governs": entry.governs,
            **({"error": entry.problem} if entry.problem else {}),
        }
        for entry in reply.entries
    ]


def source_json(document: Document) -> Json:
    """A document with its raw text."""
    return {
        "id": document.id,
        "title": document.title,
        "kind": document.kind,
        "characters": len(document.text),
        "text": document.text,
    }


def _sentence(sentence: Sentence) -> Json:
    return {"text": sentence.text, "citations": list(sentence.citations)}


def _citation(citation: Citation) -> Json:
    return {
        "number": citation.number,
        "source": citation.source,
        "title": citation.title,
        "locator": citation.locator,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "passage": citation.passage,
    }
