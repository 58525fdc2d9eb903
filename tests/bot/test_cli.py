"""The command line: what it prints, where, and with which exit status."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bot import cli, cli_answers
from bot.doctor import examine
from bot.errors import ModelServerError, QuestionError
from knowledge.loading import Library
from tests.command_line import Herald, Result
from tests.desks import FakeApp
from tests.fakes import ANSWERED, ScriptedAnswerer, Step

if TYPE_CHECKING:
    from bot.adapters.opening import Report
    from bot.app import App
    from bot.settings import Settings

HEAVY = (
    "torch",
    "chromadb",
    "llama_cpp",
    "sentence_transformers",
    "pydantic_settings",
    "prompt_toolkit",
    "httpx",
    "numpy",
)


pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedAnswerer]:
    """Put a scripted answerer in the place of the App that `ask` and `chat` open."""

    def script(**steps: list[Step]) -> ScriptedAnswerer:
        answerer = ScriptedAnswerer({text.replace("_", " ") + "?": said for text, said in steps.items()})

        @asynccontextmanager
        async def opened(settings: "Settings", report: "Report") -> AsyncIterator["App"]:
            report("Indexing", 1, 2)
            yield cast("App", FakeApp(answerer))

        monkeypatch.setattr(cli_answers, "opened_app", opened)
        return answerer

    return script


def in_process(code: str, *, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


class TestLightCommands:
    @pytest.mark.parametrize(
        "arguments",
        [["license", "2"], ["license", "can i sue"], ["sources"], ["explain", "why"], ["--help"], ["--version"]],
    )
    def test_they_import_nothing_heavy(self, arguments: list[str], tmp_path: Path) -> None:
        code = (
            "import sys\nfrom bot.cli import main\n"
            f"try:\n    main({arguments!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules])"
        )
        done = in_process(code, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "[]"

    def test_license_is_printed_byte_for_byte(self, herald: Herald) -> None:
        text = Library.open().document("llama-2-license").text
        result = herald("license", "1.b.iii")
        start = text.index("iii. You must retain")
        assert result.status == 0
        assert text[start : text.index('Reserved."', start) + 10] in result.out
        assert result.out.endswith("This is not legal advice.\n")

    def test_license_as_json(self, herald: Herald) -> None:
        text = Library.open().document("llama-2-license").text
        printed = json.loads(herald("license", "1b(iii)", "--json").out)
        assert list(printed) == ["clause", "title", "text", "start", "end", "definitions", "source"]
        assert printed["clause"] == "1.b.iii"
        assert printed["text"] == text[printed["start"] : printed["end"]]
        for term in printed["definitions"]:
            assert term["text"] == text[term["start"] : term["end"]]

    def test_words_need_no_quotes(self, herald: Herald) -> None:
        assert herald("license", "can", "i", "sue").out.startswith("§ 5.c")
        assert herald("license", "section", "2").out.startswith("§ 2 · Additional Commercial Terms\n")

    def test_an_unknown_clause_is_wrong_usage_with_offers(self, herald: Herald) -> None:
        result = herald("license", "9.z")
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("herald: ")
        assert result.err.count("\n") == 1

    def test_the_contents(self, herald: Herald) -> None:
        assert "\n      1.b.iii  Attribution notice\n" in herald("license").out
        assert json.loads(herald("license", "--json").out)["licenses"][0]["source"] == "llama-2-license"

    def test_explain(self, herald: Herald) -> None:
        printed = json.loads(herald("explain", "--json").out)
        assert printed["points"][0]["topic"] == "announcement"
        assert "The takeaway for investors\n" in herald("explain", "investors").out
        assert herald("explain", "gardening").status == 2

    def test_sources_on_a_pipe_are_separated_by_tabs(self, herald: Herald) -> None:
        rows = [line.split("\t") for line in herald("sources").out.splitlines()]
        assert [row[0] for row in rows] == ["transcript", "llama-2-license"]
        assert {len(row) for row in rows} == {5}

    def test_sources_as_json_count_the_characters_of_raw(self, herald: Herald) -> None:
        for entry in json.loads(herald("sources", "--json").out):
            assert entry["characters"] == len(herald("sources", entry["id"], "--raw").out)

    def test_raw_is_the_text_byte_for_byte(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        with pytest.raises(SystemExit):
            cli.main(["sources", "transcript", "--raw"])
        assert capfdbinary.readouterr().out == Library.open().document("transcript").text.encode()

    def test_a_source_is_read_by_paragraph(self, herald: Herald) -> None:
        assert "\n¶ 10  What this basically means" in herald("sources", "transcript").out

    @pytest.mark.parametrize("arguments", [["sources", "nope"], ["sources", "--raw"], ["nope"], ["license", "--nope"]])
    def test_wrong_usage(self, herald: Herald, arguments: list[str]) -> None:
        result = herald(*arguments)
        assert (result.status, result.out) == (2, "")
        assert result.err

    def test_a_users_sources_are_read(self, herald: Herald, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "notes.md").write_text("# Notes\n\nHello.\n", encoding="utf-8")
        own = tmp_path / "own.toml"
        own.write_text('[[source]]\nid = "notes"\ntitle = "Notes"\nkind = "markdown"\nfile = "notes.md"\n')
        monkeypatch.setenv("HERALD_KNOWLEDGE__SOURCES", str(own))
        assert "notes\tmarkdown" in herald("sources").out
        monkeypatch.delenv("HERALD_KNOWLEDGE__SOURCES")
        (tmp_path / "herald.toml").write_text(f'[knowledge]\nsources = "{own}"\n', encoding="utf-8")
        assert "notes\tmarkdown" in herald("sources").out
        (tmp_path / "notes.md").unlink()
        result = herald("sources")
        assert result.status == 1
        assert "cannot read" in result.err
        assert "transcript\t" in result.out


class TestAsk:
    def test_an_answer(self, herald: Herald, answers: Callable[..., ScriptedAnswerer]) -> None:
        answers(Who=[ANSWERED])
        result = herald("ask", "Who?")
        assert (result.status, result.err) == (0, "")
        assert result.out.startswith("Companies like Apple, Snap and TikTok cannot use it freely. [1]\n")
        assert "\x1b" not in result.out

    def test_a_refusal_is_an_answer(self, herald: Herald, answers: Callable[..., ScriptedAnswerer]) -> None:
        answers()
        result = herald("ask", "--json", "Who?")
        assert result.status == 0
        assert json.loads(result.out)["outcome"] == "unknown"

    def test_words_need_no_quotes(self, herald: Herald, answers: Callable[..., ScriptedAnswerer]) -> None:
        answers(Who_is_it=[ANSWERED])
        assert json.loads(herald("ask", "Who", "is", "it?", "--json").out)["outcome"] == "answered"

    def test_a_wrong_question_is_wrong_usage(self, herald: Herald, answers: Callable[..., ScriptedAnswerer]) -> None:
        answers(Who=[QuestionError("The question is empty.")])
        assert herald("ask", "Who?") == Result(2, "", "herald: The question is empty.\n")

    def test_a_failure_is_one_line(self, herald: Herald, answers: Callable[..., ScriptedAnswerer]) -> None:
        answers(Who=[ModelServerError("There is no model server\nat http://x.")])
        assert herald("ask", "Who?") == Result(1, "", "herald: There is no model server at http://x.\n")

    def test_a_fault_is_one_line_and_logged(
        self, herald: Herald, answers: Callable[..., ScriptedAnswerer], tmp_path: Path
    ) -> None:
        answers(Who=[KeyError("Who? is secret")])
        log = tmp_path / "data" / "herald.log"
        expected = f"herald: An unexpected fault (KeyError); the details are in {log}.\n"
        assert herald("ask", "Who?") == Result(1, "", expected)
        assert "secret" not in log.read_text(encoding="utf-8")

    def test_a_fault_without_a_log(
        self,
        herald: Herald,
        answers: Callable[..., ScriptedAnswerer],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("HERALD_DATA_DIR", str(tmp_path / "file"))
        answers(Who=[KeyError("x")])
        assert (
            herald("ask", "Who?").err == "herald: An unexpected fault (KeyError); set HERALD_DEBUG=1 for a traceback.\n"
        )
        monkeypatch.setenv("HERALD_DEBUG", "1")
        assert "Traceback (most recent call last)" in herald("ask", "Who?").err

    def test_ctrl_c_is_130_without_a_traceback(self, herald: Herald, answers: Callable[..., ScriptedAnswerer]) -> None:
        async def interrupt() -> None:
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()

        answerer = answers(Who=[interrupt])
        assert herald("ask", "Who?") == Result(130, "", "")
        assert answerer.stopped == ["Who?"]

    def test_neither_or_both_of_question_and_batch(self, herald: Herald) -> None:
        assert herald("ask", "--json").status == 2
        assert herald("ask", "Who?", "--batch", "x").status == 2
        assert (
            herald("ask", "--batch", "not-there").err == "herald: Cannot read not-there: No such file or directory.\n"
        )

    def test_settings_are_reported_all_at_once(self, herald: Herald, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODELS__THREADS", "none")
        monkeypatch.setenv("HERALD_MODELS__QUEUE_LIMIT", "0")
        result = herald("ask", "Who?")
        assert result.status == 1
        assert "HERALD_MODELS__THREADS" in result.err
        assert "HERALD_MODELS__QUEUE_LIMIT" in result.err
        assert result.err.count("\n") == 1


class TestBatch:
    def test_each_line_has_its_answer_in_order(
        self, herald: Herald, answers: Callable[..., ScriptedAnswerer], tmp_path: Path
    ) -> None:
        answerer = answers(Who=[ANSWERED], Fails=[ModelServerError("It is gone.")], Odd=[KeyError("Odd?")])
        lines = [
            b'{"id": "a", "question": "Who?", "history": [{"role": "user", "text": "Hi"}]}',
            b'{"id": 7, "question": "\xff"}',
            b"Who?",
            b"",
            b'{"id": "b", "question": 3}',
            b'{"question": "Who?", "history": "no"}',
            b'{"id": "c", "question": "Fails?"}',
            b'{"id": [1], "question": "Who?"}',
            b'{"question": "Odd?"}',
            b'["Who?"]',
            b'{"id": "d", "question": "Who else?"}',
        ]
        (tmp_path / "batch.jsonl").write_bytes(b"\n".join(lines))
        result = herald("ask", "--json", "--batch", "batch.jsonl")
        printed = [json.loads(line) for line in result.out.splitlines()]
        assert [(it.get("id"), it.get("outcome"), it.get("line")) for it in printed] == [
            ("a", "answered", None),
            (None, None, 2),
            (None, None, 3),
            (None, None, 4),
            ("b", None, 5),
            (None, None, 6),
            ("c", None, 7),
            (None, None, 8),
            (None, None, 9),
            (None, None, 10),
            ("d", "unknown", None),
        ]
        assert printed[1]["error"] == "The line is not UTF-8 (byte 24)."
        assert printed[2]["error"] == 'The line is not JSON; expected {"question": "…"}.'
        assert printed[3]["error"] == "The line is empty."
        assert printed[6]["error"] == "It is gone."
        assert result.status == 1
        assert [line.split(": ")[1] for line in result.err.splitlines()] == [f"line {n}" for n in range(2, 11)]
        assert answerer.asked[0].history[0].text == "Hi"

    def test_all_well(self, herald: Herald, answers: Callable[..., ScriptedAnswerer], tmp_path: Path) -> None:
        answers(Who=[ANSWERED])
        (tmp_path / "batch.jsonl").write_text('{"question": "Who?"}\n{"question": "Who?"}\n', encoding="utf-8")
        result = herald("ask", "--batch", "batch.jsonl")
        assert (result.status, result.err, len(result.out.splitlines())) == (0, "", 2)


class TestModels:
    def test_list_says_which_is_used(self, herald: Herald) -> None:
        rows = [line.split("\t") for line in herald("models", "list").out.splitlines()]
        assert {row[0]: row[3] for row in rows} == {
            "llama-2-7b-chat": "herald models pull llama-2-7b-chat",
            "smollm2-135m": "in use",
        }

    def test_show(self, herald: Herald) -> None:
        printed = herald("models", "show", "llama-2-7b-chat").out
        assert "08a5566d61d7cb6b420c3e4387a39e0078e1f2fe5f055f3a03887385304d4bfa" in printed
        assert "LLAMA 2 Community License" in printed
        assert herald("models", "show", "llama").status == 2

    def test_pull_needs_the_license_to_be_accepted(self, herald: Herald, monkeypatch: pytest.MonkeyPatch) -> None:
        with open(os.devnull, encoding="utf-8") as nothing:
            monkeypatch.setattr(sys, "stdin", nothing)
            result = herald("models", "pull", "llama-2-7b-chat")
        assert (result.status, result.out) == (2, "")
        assert "All Rights Reserved" in result.err
        assert result.err.endswith("herald: To accept the license, add --accept-license.\n")

    def test_pull_of_a_model_that_comes_in_a_package(self, herald: Herald) -> None:
        assert herald("models", "pull", "smollm2-135m").out.startswith("SmolLM2 135M Instruct is ready: ")

    def test_pull_without_a_hub(self, herald: Herald, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODELS__HUB_URL", "http://127.0.0.1:9")
        result = herald("models", "pull", "llama-2-7b-chat", "--accept-license")
        assert result.status == 1
        assert "127.0.0.1 cannot be reached" in result.err or "disk is full" in result.err


class TestDoctor:
    def test_it_can_answer_out_of_the_box(self) -> None:
        found = {finding.what: finding.level for finding in examine()}
        assert "problem" not in found.values()
        assert found["index"] == "note"

    def test_problems_are_named_with_what_to_do(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        (tmp_path / "no.gguf").write_text("no model")
        monkeypatch.setenv("HERALD_DATA_DIR", str(tmp_path / "file"))
        monkeypatch.setenv("HERALD_MODEL", str(tmp_path / "no.gguf"))
        monkeypatch.setenv("HERALD_KNOWLEDGE__SOURCES", str(tmp_path / "gone.toml"))
        monkeypatch.setenv("HERALD_MODDEL", "x")
        monkeypatch.setenv("DISCORD_TOKEN", "very-secret")
        monkeypatch.setenv("HERALD_DISCORD__API_URL", "http://127.0.0.1:9/api/v10")
        findings = list(examine())
        assert {finding.what for finding in findings if finding.level == "problem"} == {
            "data folder",
            "sources",
            "model",
            "Discord",
        }
        assert [finding.found for finding in findings if finding.level == "note"] == [
            "HERALD_MODDEL is no setting, so nothing reads it"
        ]
        assert "DISCORD_TOKEN is set" in [finding.found for finding in findings]
        assert "very-secret" not in str(findings)

    def test_servers_that_are_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODEL", "http://user:password@127.0.0.1:9/v1")
        monkeypatch.setenv("HERALD_KNOWLEDGE__CHROMA_URL", "http://127.0.0.1:9")
        problems = [finding for finding in examine() if finding.level == "problem"]
        assert [finding.what for finding in problems] == ["Chroma server", "model server (without a key)"]
        assert "password" not in str(problems)

    def test_wrong_settings_are_the_last_finding(self, herald: Herald, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODELS__THREADS", "none")
        result = herald("doctor")
        assert result.status == 1
        assert "problem settings: Settings to correct: HERALD_MODELS__THREADS" in result.out
        assert result.out.endswith("Herald cannot answer yet.\n")


class TestProcess:
    def test_a_closed_pipe_is_quiet(self, tmp_path: Path) -> None:
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        reader, writer = os.pipe()
        os.close(reader)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "bot", "sources", "transcript"],
                cwd=tmp_path,
                env=env,
                stdout=writer,
                stderr=subprocess.PIPE,
                timeout=60,
            )
        finally:
            os.close(writer)
        assert done.stderr == b""

    @pytest.mark.parametrize(
        ("redirection", "status", "message"),
        [
            (">/dev/full", 1, "herald: Cannot write the output: the disk is full.\n"),
            (">&-", 2, "herald: Standard output is closed: there is nowhere to answer.\n"),
        ],
    )
    def test_output_that_cannot_be_written(self, tmp_path: Path, redirection: str, status: int, message: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = f"{sys.executable} -m bot license 2 {redirection}"
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (status, message)

    def test_an_encoding_that_lacks_a_character_is_no_error(self, tmp_path: Path) -> None:
        done = in_process("from bot.cli import main; main(['license', '2'])", cwd=tmp_path, PYTHONIOENCODING="ascii")
        assert done.returncode == 0
        assert "\\xa7 2" in done.stdout

    def test_python_m_bot_is_herald(self, tmp_path: Path) -> None:
        code = "import runpy, sys; sys.argv = ['x', '--version']; runpy.run_module('bot', run_name='__main__')"
        assert in_process(code, cwd=tmp_path).stdout.startswith("herald ")

    def test_chat_with_a_pipe_needs_no_model_for_the_license(self, herald: Herald, tmp_path: Path) -> None:
        code = "from bot.cli import main; main(['chat'])"
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "HERALD_MODEL": "http://127.0.0.1:9"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=b"/license 1.b.v\n/quit\n",
            cwd=tmp_path,
            env=env,
            capture_output=True,
            timeout=120,
        )
        assert b"to improve any other large language model" in done.stdout
        assert b"\x1b" not in done.stdout
        assert (done.returncode, done.stderr) == (0, b"")


def test_help_names_every_command(herald: Herald) -> None:
    printed = herald("--help").out
    for name in ("ask", "chat", "license", "explain", "sources", "index", "models", "doctor", "eval"):
        assert f"\n  {name}  " in printed
