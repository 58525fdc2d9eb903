"""How a chat becomes a model's prompt: the rules of its template, and of what a text inside it may not do.

A template is written once with placeholders where the turns' texts go. Its own markers (`<|im_start|>`, `<s>`) become
special tokens; the texts are put in afterwards and are only ever tokenized as plain text, so that nobody's question can
end its own turn. Markers that are plain text in the template (`[/INST]`) are broken up in the texts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import ModelError
from bot.messages import Turn

_PLACEHOLDER = "\ue000{}\ue001"  # private-use characters, taken out of the texts
_PLACED = re.compile("\ue000(\\d+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")

Writer = Callable[[Sequence[Turn]], str]
"""Writes a chat as one text, with the model's markers, up to where the assistant's words begin; ValueError if it
cannot."""


class Vocabulary(Protocol):
    """What a prompt needs to know of a model's vocabulary."""

    @property
    def special(self) -> Mapping[str, int]:
        """The tokens that structure a prompt, by their text."""
        ...

    @property
    def bos(self) -> int | None:
        """The token that every prompt begins with, if the model wants one."""
        ...

    def tokenize(self, text: str) -> list[int]:
        """The tokens of plain text; special tokens' texts in it stay plain text."""
        ...


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A way of writing chats; `markers` are its plain-text markers, `stop` ends the assistant's turn."""

    write: Writer
    markers: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()

    def tokens(self, turns: Sequence[Turn], vocabulary: Vocabulary) -> list[int]:
        """The prompt's tokens; the same beginning of a chat always gives the same first tokens."""
        turns = merged(turns)
        texts = [_defused(turn.text, [*self.markers, *vocabulary.special]) for turn in turns]
        skeleton = self._skeleton([Turn(turn.role, _PLACEHOLDER.format(at)) for at, turn in enumerate(turns)])
        tokens: list[int] = []
        for part in _parts(skeleton, vocabulary.special):
            if part in vocabulary.special:
                tokens.append(vocabulary.special[part])
            elif part:
                tokens.extend(vocabulary.tokenize(_PLACED.sub(lambda place: texts[int(place[1])], part)))
        if vocabulary.bos is not None and tokens[:1] != [vocabulary.bos]:
            tokens.insert(0, vocabulary.bos)
        return tokens

    def _skeleton(self, turns: Sequence[Turn]) -> str:
        try:
            return self.write(turns)
        except ValueError:
            pass
        try:  # some templates know no system turn
            return self.write(merged(_without_system(turns)))
        except ValueError as error:
            raise ModelError(f"The model's chat template refuses this conversation: {_one_line(error)}") from error


def llama2_template(bos: str = "<s>", eos: str = "</s>") -> ChatTemplate:
    """Llama 2's form: the system's words inside the first `[INST]`, each exchange between BOS and EOS."""

    def write(turns: Sequence[Turn]) -> str:
        system, text, is_open = "", "", False
        for turn in turns:
            if turn.role == "system":
                system = f"<<SYS>>\n{turn.text}\n<</SYS>>\n\n"
                continue
            if turn.role == "user" or not is_open:
                said = turn.text if turn.role == "user" else ""
                text += f"{bos}[INST] {system}{said} [/INST]"
                system, is_open = "", True
            if turn.role == "assistant":
                text += f" {turn.text} {eos}"
                is_open = False
        return text if is_open else f"{text}{bos}[INST] {system} [/INST]"

    return ChatTemplate(write, markers=("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"))


def plain_template() -> ChatTemplate:
    """For a model that names no template: `User:` and `Assistant:`."""

    def write(turns: Sequence[Turn]) -> str:
        names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
        return "".join(f"{names[turn.role]}{turn.text}\n\n" for turn in turns) + "Assistant:"

    return ChatTemplate(write, markers=("User:", "Assistant:"), stop=("\nUser:", "\nAssistant:"))


def merged(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with neighbours of one role joined, as templates want them, and blanks around them dropped."""
    result: list[Turn] = []
    for turn in turns:
        text = turn.text.strip()
        if result and result[-1].role == turn.role:
            result[-1] = Turn(turn.role, f"{result[-1].text}\n\n{text}")
        else:
            result.append(Turn(turn.role, text))
    return result


def _without_system(turns: Sequence[Turn]) -> list[Turn]:
    return [Turn("user", turn.text) if turn.role == "system" else turn for turn in turns]


def _parts(skeleton: str, special: Mapping[str, int]) -> list[str]:
    """The skeleton, cut before and after each special token's text."""
    if not special:
        return [skeleton]
    longest_first = sorted(special, key=len, reverse=True)
    return re.split(f"({'|'.join(map(re.escape, longest_first))})", skeleton)


def _defused(text: str, markers: Sequence[str]) -> str:
    """The text with a space after the first character of each marker in it."""
    text = _PRIVATE.sub("", text)
    found = "|".join(re.escape(marker) for marker in markers if len(marker) > 1)
    return re.sub(f"(?=(?:{found}))(.)", r"\1 ", text, flags=re.DOTALL) if found else text


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
