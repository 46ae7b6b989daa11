FROM python:3.11-slim AS build
WORKDIR /hub
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
RUN useradd --system --uid 10001 hub && install -d -o hub /data /hub
COPY --from=build /venv /venv
WORKDIR /hub
COPY --chown=hub . .
USER hub
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "feedbackhub.wsgi:application", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
