# One image for every process of duepost; the target `flower` is the same with Flower in it, whose plug-in would slow
# each start of a worker. Settings and secrets come from the environment, none is in here.

FROM python:3.12-slim AS install
WORKDIR /build
COPY pyproject.toml constraints.txt README.md ./
COPY src src
RUN python -m venv /opt/duepost \
 && /opt/duepost/bin/pip install --no-cache-dir --constraint constraints.txt ".[channels]"

FROM install AS install-flower
RUN /opt/duepost/bin/pip install --no-cache-dir --constraint constraints.txt ".[server,flower]"

# The rooms beside the installed package: only `duepost` is in the wheel.
FROM python:3.12-slim AS rooms
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin duepost \
 && install --directory --owner duepost --group duepost /var/lib/duepost/documents /var/lib/duepost/handover
ENV PATH=/opt/duepost/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DUEPOST_DOCUMENTS=/var/lib/duepost/documents
WORKDIR /app
COPY config config
COPY scheduler scheduler
COPY worker worker
COPY gateway gateway
USER duepost
STOPSIGNAL SIGTERM

FROM rooms AS flower
COPY --from=install-flower /opt/duepost /opt/duepost
CMD ["python", "-m", "celery", "-A", "config.observe", "flower", "--conf=config/flowerconfig.py"]

FROM rooms AS duepost
COPY --from=install /opt/duepost /opt/duepost
CMD ["duepost", "--help"]
