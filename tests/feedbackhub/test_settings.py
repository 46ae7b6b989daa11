"""A wrong variable stops the start and is named; with nothing set the hub works (H2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from feedbackhub import environment
from tests.feedbackhub import processes
from tests.feedbackhub.processes import Place

EXAMPLE = Path(settings.BASE_DIR) / ".env.example"
OWN_SECRET = "a-secret-of-our-own-that-is-long-enough"
WRONG = {
    "DEBUG": ["maybe", "2"],
    "BEHIND_TLS_PROXY": ["ja"],
    "CSRF_TRUSTED_ORIGINS": ["hub.example.com", "https://a.example,b.example"],
    "DATA_DIR": ["/dev/null", "/dev/null/hub"],
    "FEEDBACK_EXPORT_DIR": ["/dev/null"],
    "TUNING_DIR": ["/dev/null/tuning"],
    "DATABASE_URL": ["hub", "mysql://a@b/c", "postgres://a@b", "postgres://a@b:x/c"],
    "CONN_MAX_AGE": ["-1", "forever"],
    "REDIS_URL": ["localhost:6379", "http://a", "redis://", "redis://a:x/0", "redis://a:1/b"],
    "LANGUAGE_CODE": ["fr", "ID"],
    "TIME_ZONE": ["Asia/Djakarta", "WIB", "../etc"],
    "FEEDBACK_CACHE_TTL": ["0", "15m", "900.0", "86401"],
    "FEEDBACK_EXPORT_SCHEDULE": ["2:00", "0 2 * *", "60 2 * * *", "0 2 * * senin"],
    "FEEDBACK_EXPORT_ENABLED": ["enabled"],
    "FEEDBACK_AUTO_TUNE_ENABLED": ["perhaps"],
    "FEEDBACK_MIN_SAMPLES_FOR_TUNE": ["0", "hundred"],
    "TUNING_RUN_TIMEOUT_HOURS": ["0", "721"],
    "TUNING_SUCCESSION_DAYS": ["0", "soon"],
    "TUNING_COST_LIMIT": ["-1", "ten", "1.5"],
    "LORA_PYTHON": ["/nowhere/python", "'"],
    "LORA_LAUNCH": ["no-such-launcher --num_processes 2"],
    "LORA_GGUF_COMMAND": ["python3 convert.py {model}", "no-such-converter {model} {out}"],
    "LORA_GGUF_TIMEOUT_SECONDS": ["0", "1h"],
    "LORA_ALLOW_HUB": ["offline"],
    "GATEWAY_MAX_PROMPT_CHARS": ["99"],
    "GATEWAY_TIMEOUT_SECONDS": ["0", "1m"],
    "GATEWAY_MAX_OPEN": ["0", "many"],
    "DATABASE_POOL_SIZE": ["-1", "8.5"],
    "PROVIDER_API_KEYS": ["sk-1", "https://a.example=", "a.example=k", "https://a.example/v1=k"],
    "GEMINI_ADDRESSES": ["us", "https://a.example=", "https://a.example/v1=us"],
    "TUNING_EPOCH_COUNT": ["0", "101", "2.5"],
    "TUNING_LEARNING_RATE": ["0", "0.2", "nan", "small"],
    "TUNING_BATCH_SIZE": ["0", "257", "4.5"],
    "ANSWER_RETENTION_DAYS": ["1"],
    "LOG_LEVEL": ["info", "LOUD"],
    "LOG_FORMAT": ["xml"],
    # Only in company: see the tests of the secret.
    "SECRET_KEY": [],
}
ANYTHING = {
    "ALLOWED_HOSTS",
    "ENV_FILE",
    "FEEDBACK_SEGMENTS",
    "GEMINI_API_KEY",
    "GEMINI_BUCKET",
    "GEMINI_MODEL",
    "GEMINI_PROJECT_ID",
    "METRICS_KEY",
    "SUBJECT_KEY",
    "TUNING_BASE_MODEL",
}
"""Variables for which no value is wrong."""


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


def told(place: Place, name: str) -> str:
    """What the hub says of a setting once it has started."""
    return processes.ask(place, f"from django.conf import settings; print(settings.{name})")


def refusal(folder: Path, **variables: str) -> list[str]:
    """The lines with which the start is refused."""
    done = processes.manage(Place(folder, variables), "prepare", check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_every_variable_has_its_wrong_values_here():
    assert set(WRONG) | ANYTHING == set(environment.seen)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_stops_the_start_with_one_line_that_names_it(tmp_path, name, value):
    [line] = refusal(tmp_path, **{name: value})
    assert line.startswith(f"Configuration error: {name}: ")
    assert " is not " in line


def test_a_program_below_the_home_folder_is_found(tmp_path):
    python = tmp_path / "lora" / "python"
    python.parent.mkdir()
    python.touch(mode=0o755)
    place = Place(tmp_path, {"HOME": str(tmp_path), "LORA_PYTHON": "~/lora/python"})
    assert told(place, "LORA_PYTHON") == str(python)


def test_a_password_in_a_wrong_address_is_not_told(tmp_path):
    [line] = refusal(tmp_path, DATABASE_URL="postgres://hub:rahasia@host:x/hub")
    assert "rahasia" not in line


# --- the secret ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "variables",
    [
        {"DEBUG": "false"},
        {"DEBUG": "false", "SECRET_KEY": "insecure-default-secret-change-me"},
        {"DEBUG": "false", "SECRET_KEY": "too short"},
        {"SECRET_KEY": "too short"},
    ],
)
def test_without_debug_a_secret_of_ones_own_is_needed(tmp_path, variables):
    assert refusal(tmp_path, **variables) == [
        "Configuration error: SECRET_KEY: with DEBUG off a secret of your own of at least "
        "32 characters is needed"
    ]


@pytest.mark.parametrize(
    ("variables", "secret", "debug"),
    [
        ({"DEBUG": "false", "SECRET_KEY": OWN_SECRET}, OWN_SECRET, "False"),
        ({"SECRET_KEY": OWN_SECRET}, OWN_SECRET, "False"),
        ({"DEBUG": "true"}, "insecure-default-secret-change-me", "True"),
    ],
)
def test_the_secret_that_is_said_is_used(tmp_path, variables, secret, debug):
    found = told(Place(tmp_path, variables), "SECRET_KEY, settings.DEBUG, settings.SUBJECT_KEY")
    assert found == f"{secret} {debug} {secret}"
    assert not (tmp_path / "secret_key").exists()


def test_with_nothing_set_the_hub_keeps_a_secret_that_it_made(place):
    first = told(place, "SECRET_KEY, settings.DEBUG")
    file = place.folder / "secret_key"
    assert first == f"{file.read_text()} False"
    assert len(file.read_text()) >= 48
    assert file.stat().st_mode & 0o777 == 0o600
    assert told(place, "SECRET_KEY, settings.DEBUG") == first


def test_two_places_have_two_secrets(tmp_path):
    places = [Place(tmp_path / name) for name in ("a", "b")]
    assert told(places[0], "SECRET_KEY") != told(places[1], "SECRET_KEY")


# --- what stands where ---------------------------------------------------------------------------
def test_with_nothing_set_it_is_the_embedded_mode(place):
    engines = "DATABASES['default']['NAME'], settings.CACHES['default']['BACKEND']"
    assert told(place, f"{engines}, settings.CELERY_BROKER_URL") == (
        f"{place.folder}/hub.sqlite3 "
        "django.core.cache.backends.locmem.LocMemCache memory://localhost/"
    )


def test_with_servers_set_it_is_production(tmp_path):
    servers = {
        "DATABASE_URL": "postgres://hub:rahasia@db:5433/hub",
        "REDIS_URL": "redis://cache:6379/3",
        "SECRET_KEY": OWN_SECRET,
    }
    found = told(
        Place(tmp_path, servers),
        "DATABASES['default']['HOST'], settings.DATABASES['default']['CONN_MAX_AGE'], "
        "settings.CACHES['default']['LOCATION'], settings.CELERY_BROKER_URL",
    )
    assert found == "db 600 redis://cache:6379/3 redis://cache:6379/3"


def test_real_variables_win_over_the_file(tmp_path):
    file = tmp_path / "my.env"
    file.write_text("FEEDBACK_CACHE_TTL=60\nLANGUAGE_CODE=it\n")
    place = Place(tmp_path, {"ENV_FILE": str(file), "LANGUAGE_CODE": "en"})
    assert told(place, "FEEDBACK_CACHE_TTL, settings.LANGUAGE_CODE") == "60 en"


def test_an_empty_variable_is_an_unset_one(tmp_path):
    empty = Place(tmp_path, dict.fromkeys(set(environment.seen) - {"DATA_DIR"}, " "))
    assert told(empty, "FEEDBACK_CACHE_TTL, settings.TIME_ZONE") == "900 Asia/Jakarta"


# --- the example ---------------------------------------------------------------------------------
def example() -> dict[str, str]:
    lines = EXAMPLE.read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _equals, value in pairs}


def test_every_variable_stands_in_the_example():
    assert set(example()) == set(environment.seen)


def test_the_example_is_the_default(tmp_path):
    """Copied as it is, it changes nothing."""
    names = (
        "DEBUG ALLOWED_HOSTS CSRF_TRUSTED_ORIGINS CACHES TIME_ZONE LANGUAGE_CODE LOG_LEVEL "
        "LOG_FORMAT FEEDBACK_CACHE_TTL FEEDBACK_SEGMENTS FEEDBACK_EXPORT_DIR TUNING_DIR "
        "FEEDBACK_EXPORT_SCHEDULE FEEDBACK_EXPORT_ENABLED FEEDBACK_AUTO_TUNE_ENABLED "
        "FEEDBACK_MIN_SAMPLES_FOR_TUNE TUNING_BASE_MODEL TUNING_RUN_TIMEOUT_HOURS "
        "TUNING_COST_LIMIT TUNING_SUCCESSION_DAYS TUNING_EPOCH_COUNT "
        "TUNING_LEARNING_RATE TUNING_BATCH_SIZE "
        "GEMINI_BUCKET GEMINI_ADDRESSES "
        "LORA_PYTHON LORA_LAUNCH LORA_GGUF_COMMAND LORA_GGUF_TIMEOUT_SECONDS LORA_ALLOW_HUB "
        "GATEWAY_MAX_PROMPT_CHARS ANSWER_RETENTION_DAYS METRICS_KEY SECRET_KEY"
    ).split()
    code = f"from django.conf import settings; print([getattr(settings, n) for n in {names}])"
    copied = Place(tmp_path, {"ENV_FILE": str(EXAMPLE)})
    assert processes.ask(copied, code) == processes.ask(Place(tmp_path), code)
