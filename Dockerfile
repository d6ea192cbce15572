# syntax=docker/dockerfile:1

# Both stages are Debian 12, so that the binary finds the C library that it was linked with.
FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches outlive the build, the binary must not lie in one. Polars takes some minutes.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin streamlab --features polars \
    && install -D target/release/streamlab /out/streamlab \
    && mkdir /out/data

# With a Spark, for `docker compose --profile spark up`: master, workers and streamlab run the same image.
FROM debian:bookworm-slim AS spark
RUN apt-get update \
    && apt-get install -y --no-install-recommends default-jre-headless procps python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/streamlab /usr/local/bin/streamlab
ENV LANG=C.UTF-8 STREAMLAB_SPARK_HOME=/opt/spark PATH=/opt/spark/bin:$PATH
RUN streamlab spark setup
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/data /checkpoint
# Hadoop's libraries ask for the name of the user.
RUN useradd --uid 65532 --create-home streamlab
USER 65532:65532
WORKDIR /data
CMD ["streamlab", "spark", "doctor"]

# No shell, no package manager: the C library, the binary, and the user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="streamlab" \
      org.opencontainers.image.description="Live answers from streams of JSON logs"
COPY --from=build /out/streamlab /usr/local/bin/streamlab
# A new volume mounted here takes this owner, so that `generate` may write to it.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/streamlab"]
CMD ["--help"]
