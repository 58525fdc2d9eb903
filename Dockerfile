# syntax=docker/dockerfile:1
# One image for the bot and, with another command, for its Chroma server and its llama server (see compose.yaml).
#
#   docker build --tag herald .
#   docker run --env DISCORD_TOKEN --volume herald:/data herald
#
# Build arguments: PIP_EXTRA_INDEX_URL names an index with CPU builds of PyTorch, which saves gigabytes; CMAKE_ARGS is
# for llama.cpp. By default that is built for any processor with AVX2, not for the one it is built on.

ARG PYTHON=3.12

FROM python:${PYTHON}-slim-bookworm AS builder
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG CMAKE_ARGS="-DGGML_NATIVE=OFF"
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
WORKDIR /source
# What takes long comes first, each in a layer that a change of Herald's code does not touch.
RUN /venv/bin/pip wheel --no-deps --wheel-dir /wheels llama-cpp-python==0.3.36
COPY pyproject.toml ./
RUN /venv/bin/python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
print(*project['dependencies'], *project['optional-dependencies']['server'], sep='\n')" > /wheels/requirements.txt \
    && /venv/bin/pip install --find-links /wheels --requirement /wheels/requirements.txt
COPY README.md LICENSE ./
COPY bot bot
COPY knowledge knowledge
RUN /venv/bin/pip install --no-deps .

FROM python:${PYTHON}-slim-bookworm AS runtime
# llama.cpp and PyTorch compute with OpenMP.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /tmp herald \
    && install --directory --owner herald --group herald /data /chroma
COPY --from=builder /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HERALD_DATA_DIR=/data \
    HERALD_OPERATIONS__HOST=0.0.0.0 \
    HERALD_OPERATIONS__PORT=8080 \
    HERALD_OPERATIONS__LOGS=json
USER 10001:10001
WORKDIR /tmp
VOLUME ["/data"]
EXPOSE 8080
# Alive, not ready: while a model loads or a platform is away there is nothing that a restart would mend.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-m", "bot.operations.probe", "healthz"]
ENTRYPOINT ["herald"]
CMD ["serve"]

# vLLM for GPUs, with a user of its own instead of root; only the profile gpu of compose.yaml builds this.
FROM vllm/vllm-openai:v0.11.0 AS vllm
RUN useradd --uid 10001 --create-home vllm && install --directory --owner vllm --group vllm /models
ENV HF_HOME=/models HOME=/home/vllm
USER 10001:10001
VOLUME ["/models"]

# What `docker build .` makes.
FROM runtime
