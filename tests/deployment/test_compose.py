"""compose.yaml and the Dockerfile: valid by the Compose specification's schema, and safe to leave alone on a server."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import describe

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SECRETS = {
    "DISCORD_TOKEN",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_CLIENT_SECRET",
    "HF_TOKEN",
    "HERALD_MODELS__API_KEY",
}
PROFILES = {
    "embedded": {"herald"},
    "full": {"herald-full", "chroma", "llama"},
    "gpu": {"herald-gpu", "chroma", "vllm"},
}


@cache
def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


@cache
def services() -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"]
    return found


every_service = pytest.mark.parametrize("name", services())
every_herald = pytest.mark.parametrize("name", [name for name in services() if name.startswith("herald")])


def valid(path: Path) -> subprocess.CompletedProcess[str]:
    """Validate a file against the Compose specification's schema, which check-jsonschema carries."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_it_is_valid_by_the_specification() -> None:
    done = valid(ROOT / "compose.yaml")
    assert done.returncode == 0, done.stdout


def test_what_is_not_valid_would_be_noticed(tmp_path: Path) -> None:
    wrong = compose() | {"services": {"herald": services()["herald"] | {"restart_policy": "always"}}}
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(wrong))
    done = valid(tmp_path / "compose.yaml")
    assert done.returncode == 1 and "restart_policy" in done.stdout


@pytest.mark.parametrize(("profile", "members"), PROFILES.items())
def test_a_profile_starts_what_it_needs_and_one_bot(profile: str, members: set[str]) -> None:
    started = {name for name, service in services().items() if profile in service["profiles"]}
    assert started == members
    assert sum(name.startswith("herald") for name in started) == 1, "two bots of one token answer everything twice"
    for name in started:
        assert set(services()[name].get("depends_on", {})) <= started


def test_every_service_is_in_a_profile() -> None:
    assert set().union(*PROFILES.values()) == set(services())


@every_service
def test_it_is_watched_limited_and_restarted(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
    assert {"cpus", "memory", "pids"} == set(service["deploy"]["resources"]["limits"])
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"]["max-size"], "logs would fill the disk"


@every_service
def test_it_is_not_root_and_gets_no_rights(name: str) -> None:
    service = services()[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service and service.get("network_mode") is None
    assert service["read_only"] or name == "vllm"


@every_service
def test_what_it_waits_for_is_healthy(name: str) -> None:
    waits = services()[name].get("depends_on", {})
    assert all(condition == {"condition": "service_healthy"} for condition in waits.values())
    assert set(waits) <= set(services())


@every_service
def test_its_volumes_and_networks_are_declared(name: str) -> None:
    service = services()[name]
    mounted = {volume.partition(":")[0] for volume in service["volumes"]}
    assert mounted and mounted <= set(compose()["volumes"])
    assert set(service.get("networks", ["default"])) <= {*compose()["networks"], "default"}


def test_only_the_bots_port_is_opened_and_only_to_this_machine() -> None:
    opened = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert all(name.startswith("herald") for name in opened)
    assert all(port.startswith("127.0.0.1:") for ports in opened.values() for port in ports)
    for name in ("chroma", "llama"):
        assert services()[name]["networks"] == ["inside"] and compose()["networks"]["inside"]["internal"]


@every_service
def test_secrets_come_from_the_environment(name: str) -> None:
    for variable, value in services()[name].get("environment", {}).items():
        if variable in SECRETS or re.search(r"TOKEN|SECRET|KEY|PASSWORD", variable):
            assert value == f"${{{variable}:-}}"


def test_no_secret_is_written_anywhere_here() -> None:
    for name in ("compose.yaml", "Dockerfile", ".dockerignore"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"xox[a-z]-|xapp-|hf_[A-Za-z]{8}|[\w-]{24}\.[\w-]{6}\.[\w-]{27}", text)


@every_herald
def test_its_settings_exist(name: str) -> None:
    named = {variable for variable in services()[name]["environment"] if variable.startswith("HERALD_")}
    assert named <= set(describe())
    assert SECRETS - {"HF_TOKEN", "HERALD_MODELS__API_KEY"} <= set(services()[name]["environment"])


def test_settings_of_the_image_exist() -> None:
    assert set(re.findall(r"\bHERALD_\w+", DOCKERFILE)) <= set(describe())


class TestDockerfile:
    def stages(self) -> dict[str, str]:
        parts = re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]
        return {match[1]: part for part in parts if (match := re.match(r"\S+ AS (\w+)", part))}

    def test_llama_cpp_is_compiled_in_a_stage_that_is_not_shipped(self) -> None:
        stages = self.stages()
        assert list(stages) == ["builder", "runtime", "vllm"]
        assert "pip wheel" in stages["builder"] and "g++" in stages["builder"]
        assert "g++" not in stages["runtime"] and "pip install" not in stages["runtime"]
        assert "slim" in stages["runtime"].splitlines()[0]
        assert DOCKERFILE.rstrip().endswith("FROM runtime")

    def test_the_compiled_version_is_the_one_that_is_required(self) -> None:
        (version,) = re.findall(r"llama-cpp-python==([\d.]+)", DOCKERFILE)
        assert f'"llama-cpp-python=={version}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    @pytest.mark.parametrize("stage", ["runtime", "vllm"])
    def test_nothing_runs_as_root(self, stage: str) -> None:
        (user,) = re.findall(r"^USER (\d+):\d+$", self.stages()[stage], re.M)
        assert int(user) > 0
        assert services()["herald"]["user"] == f"{user}:{user}"

    def test_its_health_is_asked_without_curl(self) -> None:
        (command,) = re.findall(r"HEALTHCHECK .*\\\n +CMD (\[.*\])", DOCKERFILE)
        _, *arguments = yaml.safe_load(command)
        assert arguments[:2] == ["-m", "bot.operations.probe"]
        assert services()["herald"]["healthcheck"]["test"] == ["CMD", "python", *arguments]
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "HERALD_OPERATIONS__PORT is not set" in done.stdout
        assert "curl" not in DOCKERFILE

    def test_data_is_on_volumes(self) -> None:
        assert 'VOLUME ["/data"]' in self.stages()["runtime"]
        assert "HERALD_DATA_DIR=/data" in self.stages()["runtime"]
        assert services()["herald"]["volumes"] == ["data:/data"]

    def test_what_is_copied_exists_and_is_not_left_out(self) -> None:
        copied = {
            source for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M) for source in line.split()[:-1]
        }
        allowed = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.M))
        assert copied == allowed
        assert all((ROOT / source).exists() for source in copied)
