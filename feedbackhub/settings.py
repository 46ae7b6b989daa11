"""One settings file for every mode, driven by the environment (see `.env.example`).

Nothing set: the embedded mode, SQLite and an in-process broker and cache. `DATABASE_URL` and
`REDIS_URL` set: production, the same code.
"""

from __future__ import annotations

import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from feedbackhub import environment as env
from feedbackhub import theme

BASE_DIR = Path(__file__).resolve().parent.parent
env.load(Path(env.text("ENV_FILE", str(BASE_DIR / ".env"))))

# --- the place and its secrets -------------------------------------------------------------------
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "var")
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEFAULT_SECRET = "insecure-default-secret-change-me"


def _own_secret(path: Path) -> str:
    """The embedded mode's secret: random, made once, readable by its owner alone."""
    if not path.exists() or not path.read_text(encoding="ascii").strip():
        # Whole or absent: killed in between, the next start must not find an empty one.
        fresh = path.with_name(f"{path.name}.{os.getpid()}.part")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
        fresh.replace(path)
    return path.read_text(encoding="ascii").strip()


_debug = env.flag("DEBUG", None)
DEBUG = bool(_debug)
SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY and _debug is None:
    # Neither DEBUG nor SECRET_KEY said: the embedded default, which needs no set-up.
    SECRET_KEY = _own_secret(DATA_DIR / "secret_key")
SECRET_KEY = SECRET_KEY or DEFAULT_SECRET
if not DEBUG and (SECRET_KEY == DEFAULT_SECRET or len(SECRET_KEY) < 32):
    raise ImproperlyConfigured(
        "SECRET_KEY: with DEBUG off a secret of your own of at least 32 characters is needed"
    )
SUBJECT_KEY = env.text("SUBJECT_KEY") or SECRET_KEY
"""Keys the hash of a caller's `subject`: a change makes earlier subjects unfindable."""

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
# A container asks itself whether it is healthy.
ALLOWED_HOSTS += [] if "127.0.0.1" in ALLOWED_HOSTS else ["127.0.0.1"]
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
SECURE_PROXY = env.flag("BEHIND_TLS_PROXY", False)
if SECURE_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# The admin theme makes its own code (unsafe-eval); the review desk, whose texts come from anybody,
# has a policy without any of that (reviews/admin/desk.py).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- applications --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "import_export",
    "axes",
    "reviews",
    "tuning",
    "feedbackhub",
]
MIDDLEWARE = [
    "feedbackhub.middleware.RequestLog",
    # Calls of the API go straight on to their view; the rest is for pages.
    "feedbackhub.pages.Security",
    "feedbackhub.pages.StaticFiles",
    "feedbackhub.pages.Sessions",
    "feedbackhub.pages.Languages",
    "feedbackhub.pages.Common",
    "feedbackhub.pages.Csrf",
    "feedbackhub.pages.Users",
    "feedbackhub.pages.Messages",
    "feedbackhub.pages.Frames",
    "feedbackhub.pages.ContentPolicy",
    "feedbackhub.pages.Lockouts",
]
ROOT_URLCONF = "feedbackhub.urls"
WSGI_APPLICATION = "feedbackhub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Five failures of one name from one address lock the two together (feedbackhub/logins.py).
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "feedbackhub.logins.address"
AXES_USERNAME_CALLABLE = "feedbackhub.logins.name"
AXES_LOCKOUT_CALLABLE = "feedbackhub.logins.locked"
AXES_RESET_ON_SUCCESS = True
# The page says when to try again: trying before that must not make it untrue.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Who logged in when and from where is kept nowhere: nothing needs it.
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_VERBOSE = False
# Our own (feedbackhub/admin.py) shows it in the hub's look.
AXES_ENABLE_ADMIN = False
# It looks for its middleware by name; ours steps aside for the API (feedbackhub/pages.py).
SILENCED_SYSTEM_CHECKS = ["axes.W002"]

# --- database ------------------------------------------------------------------------------------
_database = env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'hub.sqlite3'}")
# Read in every mode: a wrong value must not wait for PostgreSQL to be told.
_conn_max_age = env.integer("CONN_MAX_AGE", 600, 0, 86_400)
_pool_size = env.integer("DATABASE_POOL_SIZE", 0, 0, 1000)
SQLITE = _database["ENGINE"].endswith("sqlite3")
if SQLITE:
    # IMMEDIATE takes the write lock at the start of a transaction, where waiting is possible;
    # taken in its middle SQLite can only answer 'database is locked'.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    _database["CONN_HEALTH_CHECKS"] = True
    if _pool_size:
        # A pool and connections kept by a thread exclude each other. A server that is away must
        # become a 503 soon; and given up early, a lost connection is tried anew by the next
        # request, where the pool by itself would wait twice as long each time.
        _waits = {"timeout": 3, "reconnect_timeout": 1}
        _database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": _pool_size, **_waits}}
    else:
        _database["CONN_MAX_AGE"] = _conn_max_age
DATABASES = {"default": _database}

# --- cache and broker ----------------------------------------------------------------------------
REDIS_URL = env.redis_url("REDIS_URL")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "feedbackhub.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "hub",
            # A cache that hangs must become a 503, not a stuck worker.
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # LocMem culls at 300 entries unless told otherwise: contexts must not vanish.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_timeout": 5, "socket_connect_timeout": 2} if REDIS_URL else {"polling_interval": 0.05}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
# No results, so no nightly row that would clean them up.
CELERY_RESULT_EXPIRES = None
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "tuning.export_nightly": {"queue": "export"},
    "tuning.write_exports": {"queue": "export"},
    "tuning.reconcile_runs": {"queue": "tuning"},
    "tuning.retrain_weekly": {"queue": "tuning"},
}

# --- language and time ---------------------------------------------------------------------------
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English"), ("it", "Italiano")]
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "id", tuple(code for code, _name in LANGUAGES))
# The second holds what the admin theme and the scheduler leave untranslated.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "theme"]
TIME_ZONE = env.time_zone("TIME_ZONE", "Asia/Jakarta")
USE_TZ = True
CELERY_TIMEZONE = TIME_ZONE
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- static files --------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
# Served from the apps themselves in the embedded mode, so that nothing has to be collected first.
WHITENOISE_USE_FINDERS = True

# --- FeedbackHub itself --------------------------------------------------------------------------
FEEDBACK_CACHE_TTL = env.integer("FEEDBACK_CACHE_TTL", 900, 1, 86_400)
FEEDBACK_SEGMENTS = env.words("FEEDBACK_SEGMENTS", ["investor", "business", "free-tier"])
FEEDBACK_EXPORT_DIR = env.folder("FEEDBACK_EXPORT_DIR", DATA_DIR / "exports")
FEEDBACK_EXPORT_SCHEDULE = env.crontab("FEEDBACK_EXPORT_SCHEDULE", "0 2 * * *")
FEEDBACK_EXPORT_ENABLED = env.flag("FEEDBACK_EXPORT_ENABLED", True)
FEEDBACK_AUTO_TUNE_ENABLED = env.flag("FEEDBACK_AUTO_TUNE_ENABLED", False)
FEEDBACK_MIN_SAMPLES_FOR_TUNE = env.integer("FEEDBACK_MIN_SAMPLES_FOR_TUNE", 100, 1)
TUNING_BASE_MODEL = env.text("TUNING_BASE_MODEL", "exemplar")
TUNING_DIR = env.folder("TUNING_DIR", DATA_DIR / "tuning")
TUNING_RUN_TIMEOUT_HOURS = env.integer("TUNING_RUN_TIMEOUT_HOURS", 24, 1, 720)
# US dollars: a run that is estimated above it waits for a person's word.
TUNING_COST_LIMIT = env.integer("TUNING_COST_LIMIT", 10, 0, 1_000_000)
TUNING_SUCCESSION_DAYS = env.integer("TUNING_SUCCESSION_DAYS", 60, 1, 3650)
# LoRA on own hardware (docs/lora.md). The Python that has the extra `lora`, if not this one.
LORA_PYTHON = env.command("LORA_PYTHON", [sys.executable])[0]
LORA_LAUNCH = env.command("LORA_LAUNCH", [])
LORA_GGUF_COMMAND = env.command("LORA_GGUF_COMMAND", [], ("{model}", "{out}"))
LORA_GGUF_TIMEOUT_SECONDS = env.integer("LORA_GGUF_TIMEOUT_SECONDS", 3600, 1, 86_400)
LORA_ALLOW_HUB = env.flag("LORA_ALLOW_HUB", False)
GATEWAY_MAX_PROMPT_CHARS = env.integer("GATEWAY_MAX_PROMPT_CHARS", 50_000, 100)
GATEWAY_TIMEOUT_SECONDS = env.integer("GATEWAY_TIMEOUT_SECONDS", 60, 1, 3600)
GATEWAY_MAX_OPEN = env.integer("GATEWAY_MAX_OPEN", 4, 1, 10_000)
GEMINI_API_KEY = env.text("GEMINI_API_KEY")
GEMINI_MODEL = env.text("GEMINI_MODEL")
GEMINI_PROJECT_ID = env.text("GEMINI_PROJECT_ID")
GEMINI_BUCKET = env.text("GEMINI_BUCKET")
# By location, or `storage`; written the other way round, as the keys of servers are.
GEMINI_ADDRESSES = {place: at for at, place in env.keys_by_origin("GEMINI_ADDRESSES").items()}
# Of LoRA runs that name none; empty: the preset's. Gemini takes neither.
TUNING_LEARNING_RATE = env.optional("TUNING_LEARNING_RATE", float, 1e-7, 0.1)
TUNING_BATCH_SIZE = env.optional("TUNING_BATCH_SIZE", int, 1, 256)
TUNING_EPOCH_COUNT = env.integer("TUNING_EPOCH_COUNT", 5, 1, 100)
PROVIDER_API_KEYS = env.keys_by_origin("PROVIDER_API_KEYS")
ANSWER_RETENTION_DAYS = env.integer("ANSWER_RETENTION_DAYS", 30, 2, 3650)
METRICS_KEY = env.text("METRICS_KEY")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "json", ("json", "plain"))

# One request body at most; the payload of a whole conversation with room to spare.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "feedbackhub.logs.JsonFormatter"},
        "plain": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": "WARNING"},
        # RequestLog writes the line of a request; from here only what broke, with its traceback.
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        # They would log each call of a provider with its address.
        "httpx2": {"level": "WARNING"},
        "google_genai": {"level": "WARNING"},
    },
}

# --- the HTTP API --------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["feedbackhub.api.authentication.ClientKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["feedbackhub.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["feedbackhub.api.throttling.PerKey"],
    "DEFAULT_PARSER_CLASSES": ["feedbackhub.api.json.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["feedbackhub.api.json.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "feedbackhub.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    # `format` is a parameter of the export, not of DRF's negotiation.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "FeedbackHub",
    "VERSION": "1",
    "DESCRIPTION": "Capture answers and votes, ask through the gateway, read statistics.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {},
    "PATH_CONVERTER_OVERRIDES": {"any_uuid": {"type": "string", "format": "uuid"}},
}

# --- the admin -----------------------------------------------------------------------------------
UNFOLD = theme.UNFOLD
