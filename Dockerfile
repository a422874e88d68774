# The server and the browser UI in one image: `serve` or `ui` says which (compose.yaml starts both).
#
# For an NVIDIA card, with the architecture of that card (docs/containers.md):
#   --build-arg BUILD_IMAGE=nvidia/cuda:13.0.1-devel-ubuntu24.04
#   --build-arg RUN_IMAGE=nvidia/cuda:13.0.1-runtime-ubuntu24.04
#   --build-arg CMAKE_ARGS="-DGGML_CUDA=on -DCMAKE_CUDA_ARCHITECTURES=86-real"
ARG BUILD_IMAGE=debian:trixie-slim
ARG RUN_IMAGE=debian:trixie-slim

FROM ${BUILD_IMAGE} AS build
# Versions are the base image's: it is what one pins.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/shelfmark
COPY requirements.txt requirements-build.txt requirements-llama.txt requirements-dev.txt \
    requirements-smollm2.txt pyproject.toml README.md LICENSE THIRD_PARTY_NOTICES ./
COPY kb kb
COPY ingest ingest
COPY ui ui
COPY data/samples data/samples
# llama.cpp is compiled for the processor of the machine that builds the image; its wheel stays in
# the cache mount, so the next build compiles nothing. Both secrets are optional: pip's settings
# and certificates of your own (docs/containers.md).
ARG CMAKE_ARGS=""
# hadolint ignore=DL3042
RUN --mount=type=cache,target=/root/.cache \
    --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=certificates \
    HOME=/root python3 kb/install \
    && .venv/bin/python -m pip uninstall --yes cmake ninja scikit-build-core \
    && .venv/bin/python -m compileall -q kb ingest ui \
    && rm -rf .cache

FROM ${RUN_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libgomp1 python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 shelfmark \
    && useradd --uid 10001 --gid shelfmark --no-create-home --home-dir /tmp shelfmark \
    && install --directory --owner shelfmark --group shelfmark /data
COPY --from=build /opt/shelfmark /opt/shelfmark
# Everything that is kept is below /data; the rest of the file system may be read-only.
ENV PATH=/opt/shelfmark/.venv/bin:$PATH \
    HOME=/tmp \
    KB_DATA_DIR=/data \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8600 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8600/healthz', timeout=5)"]
ENTRYPOINT ["kb"]
CMD ["serve", "--host", "0.0.0.0"]
