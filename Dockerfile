# syntax=docker/dockerfile:1

# Both stages are Debian 12, so that the binary finds the C library that it was linked with.
FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches outlive the build, the binary must not lie in one.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin streamlab \
    && install -D target/release/streamlab /out/streamlab \
    && mkdir /out/data

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
